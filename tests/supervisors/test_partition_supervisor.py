from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import process
from actors.agent import Agent
from actors.errors import BadArgument, NoProcess, StartError
from actors.gen_server import GenServer
from actors.naming import Via
from actors.pid import Pid
from actors.process import is_alive, send_exit, sleep
from supervisors import ChildCounts, Supervisor, which_children
from supervisors.child_spec import BadOption, BadSpec
from supervisors.dynamic_supervisor import DynamicSupervisor
from supervisors.partition_supervisor import PartitionSupervisor
from supervisors.registry import Registry
from tests.supervisors.kids import OK, kid, play, starts

PS = PartitionSupervisor


def via(key: object, name: object = "ps") -> Via:
    return Via(PS, (name, key))


def zero() -> int:
    return 0


def numbered(args: list[object], partition: int) -> list[object]:
    return [lambda: (partition, args)]


def up(count: int = 3, **options: object) -> Pid:
    start: Callable[..., Pid] = PS.start_link
    return start((Agent, zero), **{"name": "ps", "partitions": count, **options})


def pid_of(partition: int, name: str = "ps") -> object:
    return next(info.pid for info in PS.which_children(name) if info.id == partition)


def test_integers_go_to_the_partition_of_their_remainder() -> None:
    def main() -> list[object]:
        up()
        keys = [0, 1, 2, 3, 4, -1, -4]
        return [PS.whereis_name(("ps", key)) is pid_of(abs(key) % 3) for key in keys]

    assert play(main) == [True] * 7


def test_children_are_spread_over_all_partitions_by_their_keys() -> None:
    def main() -> object:
        PS.start_link(DynamicSupervisor, name="ps", partitions=4)
        for n in range(100):
            DynamicSupervisor.start_child(via(f"user {n}"), (Agent, zero))
        counts = [
            DynamicSupervisor.count_children(info.pid).active
            for info in PS.which_children("ps")
            if isinstance(info.pid, Pid)
        ]
        return sum(counts), all(counts)

    assert play(main) == (100, True)


def test_the_same_key_always_finds_the_same_process() -> None:
    def main() -> object:
        up()
        keys: list[object] = ["a", ("b", 1), None, 2.5, Pid(9)]
        for key in keys:
            Agent[int].update(via(key), lambda n: n + 1)
        found = [PS.whereis_name(("ps", key)) for key in keys]
        return found == [PS.whereis_name(("ps", key)) for key in keys]

    assert play(main)


def test_each_partition_may_have_arguments_of_its_own() -> None:
    def main() -> object:
        up(with_arguments=numbered)
        return [Agent.get(via(n), lambda state: state) for n in (0, 1, 2, 3)]

    assert play(main) == [(n, [zero]) for n in (0, 1, 2, 0)]


def test_a_restarted_partition_keeps_its_keys_and_arguments() -> None:
    def main() -> object:
        up(with_arguments=numbered)
        old = PS.whereis_name(("ps", 1))
        assert old is not None
        send_exit(old, "kill")
        sleep(0.1)
        new = PS.whereis_name(("ps", 1))
        return new is not old, Agent.get(via(1), lambda state: state)

    assert play(main) == (True, (1, [zero]))


def test_a_partition_whose_start_wants_no_process_is_nobody() -> None:
    def main() -> object:
        PS.start_link(kid("a", lambda _: None), name="ps", partitions=2)
        with pytest.raises(NoProcess):
            PS.send(("ps", 0), "hello")
        return PS.whereis_name(("ps", 0))

    assert play(main) is None


def test_an_answer_with_a_word_about_it_counts_as_a_process() -> None:
    def start() -> tuple[Pid, str]:
        return process.spawn_link(process.receive, lambda _: False), "info"

    def main() -> object:
        PS.start_link({"id": "x", "start": (start, ())}, name="ps", partitions=1)
        return isinstance(PS.whereis_name(("ps", "any")), Pid)

    assert play(main)


def test_messages_and_casts_and_calls_go_through_the_address() -> None:
    def main() -> object:
        up()
        Agent[int].cast(via("k"), lambda n: n + 1)
        PS.send(("ps", "k"), "dropped by an agent")
        return Agent.get(via("k"), lambda n: n)

    assert play(main) == 1


def test_it_may_itself_be_found_by_a_via() -> None:
    def main() -> object:
        Registry.start_link(keys="unique", name="reg")
        name = Via(Registry, ("reg", "ps"))
        PS.start_link((Agent, zero), name=name, partitions=2)
        seen = [PS.partitions(name), PS.count_children(name).active]
        seen.append(Agent.get(Via(PS, (name, "k")), lambda n: n))
        PS.stop(name)
        with pytest.raises(NoProcess):
            PS.partitions(name)
        return seen

    assert play(main) == [2, 2, 0]


def test_nobody_can_be_registered_as_a_partition() -> None:
    def main() -> object:
        up()
        with pytest.raises(StartError) as taken:
            Agent.start(zero, name=via(1))
        with pytest.raises(BadArgument, match="does not name"):
            PS.register_name(("ps", 1), process.self())
        PS.unregister_name(("ps", 1))
        return taken.value.reason == ("already_started", pid_of(1))

    assert play(main)


@pytest.mark.parametrize("name", ["nope", Via(PS, ("nope", 1))])
def test_who_is_unknown_is_told_with_the_call(name: str) -> None:
    def main() -> object:
        reasons = []
        asks: list[Callable[[], object]] = [
            lambda: PS.partitions("nope"),
            lambda: PS.whereis_name(("nope", 1)),
            lambda: GenServer.call(via(1, "nope"), "x"),
        ]
        for ask in asks:
            with pytest.raises(NoProcess) as caught:
                ask()
            reasons.append(caught.value.reason)
        with pytest.raises(NoProcess):
            PS.count_children(name)
        return reasons

    expected = ("noproc", ("PartitionSupervisor", "partitions", ["nope"]))
    assert play(main) == [expected] * 3


def test_somebody_else_is_no_partition_supervisor() -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="a partition supervisor"):
            PS.partitions(Agent.start(zero))
        with pytest.raises(BadArgument, match="name of a partition supervisor"):
            PS.whereis_name("just a key")

    play(main)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"partitions": 0}, "partitions"),
        ({"partitions": -1}, "partitions"),
        ({"partitions": True}, "partitions"),
        ({"partitions": 1.5}, "partitions"),
        ({"name": None}, "name"),
        ({"with_arguments": 1}, "with_arguments"),
        ({"strategy": "odd"}, "strategy"),
        ({"max_restarts": -1}, "max_restarts"),
    ],
)
def test_options_are_refused_before_anything_starts(options: dict[str, object], named: str) -> None:
    with pytest.raises(BadArgument, match=named):
        play(lambda: up(**options))  # type: ignore[arg-type]


def test_without_a_name_or_a_child_there_is_no_start() -> None:
    start: Callable[..., object] = PS.start_link
    with pytest.raises(TypeError, match="name"):
        play(lambda: start((Agent, zero)))
    with pytest.raises(TypeError, match="child"):
        play(lambda: start(name="ps"))


def test_it_cannot_end_because_a_partition_did() -> None:
    with pytest.raises(TypeError, match="auto_shutdown"):
        play(lambda: up(auto_shutdown="any_significant"))


def test_what_stands_for_no_child_is_refused() -> None:
    with pytest.raises(BadSpec):
        play(lambda: PS.start_link(5, name="ps"))  # type: ignore[arg-type]
    assert issubclass(BadOption, BadArgument)


def test_a_partition_that_does_not_start_fails_all() -> None:
    def plan(number: int) -> object:
        if number == 3:
            raise StartError("no")
        return OK

    def main() -> object:
        with pytest.raises(StartError) as caught:
            PS.start_link(kid("a", plan), name="ps", partitions=3)
        return caught.value.reason, process.whereis("ps"), starts["a"]

    reason = ("shutdown", ("failed_to_start_child", 2, "no"))
    assert play(main) == (reason, None, 3)


def test_children_are_listed_and_counted_by_partition() -> None:
    def main() -> object:
        up(2)
        PS.start_link(DynamicSupervisor, name="supervisors", partitions=2)
        infos = PS.which_children("ps")
        return (
            [(info.id, info.type) for info in infos],
            PS.count_children("ps"),
            PS.count_children("supervisors"),
        )

    assert play(main) == (
        [(1, "worker"), (0, "worker")],
        ChildCounts(2, 2, 0, 2),
        ChildCounts(2, 2, 2, 0),
    )


def test_a_stop_waits_and_frees_the_name() -> None:
    def main() -> object:
        sup = up()
        PS.stop("ps")
        return is_alive(sup), process.whereis("ps")

    assert play(main) == (False, None)


def test_without_a_number_there_is_one_for_each_core() -> None:
    import os

    def main() -> int:
        PS.start_link((Agent, zero), name="ps")
        return PS.partitions("ps")

    assert play(main) == os.cpu_count()


def test_fewer_partitions_may_be_used_and_all_of_them_again() -> None:
    def main() -> object:
        up(with_arguments=numbered)
        seen: list[object] = []
        for size in (1, 3, 2, 0, 3):
            before = PS.resize("ps", size)
            active = PS.count_children("ps").active
            keys = [Agent.get(via(n), lambda state: state[0]) for n in range(4) if size]
            seen.append((before, PS.partitions("ps"), active, keys))
        return seen

    assert play(main) == [
        (3, 1, 1, [0, 0, 0, 0]),
        (1, 3, 3, [0, 1, 2, 0]),
        (3, 2, 2, [0, 1, 0, 1]),
        (2, 0, 0, []),
        (0, 3, 3, [0, 1, 2, 0]),
    ]


@pytest.mark.parametrize("size", [4, -1, True, 1.5, None])
def test_a_size_that_there_cannot_be_is_refused(size: int) -> None:
    def main() -> int:
        up()
        with pytest.raises(BadArgument, match="partitions"):
            PS.resize("ps", size)
        return PS.partitions("ps")

    assert play(main) == 3


def test_without_partitions_nobody_is_found() -> None:
    def main() -> None:
        up()
        PS.resize("ps", 0)
        with pytest.raises(BadArgument, match="has partitions"):
            PS.whereis_name(("ps", 1))

    play(main)


class Pool(PartitionSupervisor, restart="transient", shutdown=1.0):
    pass


def test_it_can_be_supervised_and_is_identified_by_its_name() -> None:
    def main() -> object:
        top = Supervisor.start_link([PS.child_spec((Agent, zero), name="ps", partitions=2)])
        return [(info.id, info.type) for info in which_children(top)], PS.partitions("ps")

    assert play(main) == ([("ps", "supervisor")], 2)


def test_a_child_specification_has_what_the_class_says_unless_told_otherwise() -> None:
    spec = Pool.child_spec((Agent, zero), name="pool")
    other = Pool.child_spec((Agent, zero), name="p", id="x", restart="permanent", shutdown=None)

    assert (spec.id, spec.restart, spec.shutdown) == ("pool", "transient", 1.0)
    assert (other.id, other.restart, other.shutdown) == ("x", "permanent", None)
    assert PS.child_spec(Agent, name=Via(Registry, ("r", "k"))).id == ("r", "k")
    with pytest.raises(BadArgument, match="often"):
        type("Odd", (PartitionSupervisor,), {}, often=True)
