from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any, cast

import pytest

from actors import process
from actors.errors import BadArgument, CallTimeout, NoProcess, StartError
from actors.exits import Crash, Exit
from actors.gen_server import GenServer
from actors.messages import Down, Exited, Message, TimedOut
from actors.naming import Via
from actors.outcomes import Ignore, NoReply, Reply, Stop
from actors.pid import Pid
from supervisors import (
    BadOption,
    BadSpec,
    ChildCounts,
    ChildError,
    ChildInfo,
    ChildSpec,
    Supervised,
    Supervisor,
    count_children,
    delete_child,
    get_childspec,
    override,
    restart_child,
    start_child,
    stop,
    terminate_child,
    which_children,
)
from supervisors.child_spec import AutoShutdown, ChildLike, Restart
from supervisors.strategy import Strategy
from tests.supervisors.kids import (
    OK,
    Kid,
    Plan,
    crash,
    heard,
    kid,
    names,
    pids,
    play,
    starts,
)
from tests.watching import Seen

STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


def fails_at(*numbers: int, reason: object = "no") -> Plan:
    def plan(number: int) -> str:
        if number in numbers:
            raise StartError(reason)
        return OK

    return plan


def fails_after(last: int, seconds: float = 0.0) -> Plan:
    def plan(number: int) -> str:
        if number > last:
            process.sleep(seconds)
            raise StartError("no")
        return OK

    return plan


def raises(error: BaseException) -> Plan:
    def plan(_: int) -> object:
        raise error

    return plan


def nobody(_: int) -> None:
    return None


def shown(top: Pid | str) -> list[tuple[object, object]]:
    """Return id and process of every child, newest first, with the names of the kids."""
    return [
        (info.id, names.get(info.pid) if isinstance(info.pid, Pid) else info.pid)
        for info in which_children(top)
    ]


def reason_of_end(pid: Pid, seconds: float | None = None) -> object:
    ref = process.monitor(pid)
    down = process.receive(lambda m: isinstance(m, Down) and m.ref is ref, seconds)
    return down.reason if isinstance(down, Down) else "alive"


def refusal(ask: Callable[..., object], *args: object) -> Any:  # noqa: ANN401 - a reason is anything
    with pytest.raises(ChildError) as refused:
        ask(*args)
    return refused.value.reason


def failure(start: Callable[[], object]) -> object:
    with pytest.raises(StartError) as failed:
        start()
    return failed.value.reason


class Tree(Supervisor, restart="transient", shutdown=7.0):
    def init(self, *children: ChildLike, **options: object) -> Supervised:
        return Supervised(children, **options)  # type: ignore[arg-type] # whatever a test wants


class Answers(Supervisor):
    def init(self, answer: object) -> object:
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Table:
    """A table of names, as short as it can be."""

    def __init__(self, names: dict[object, Pid]) -> None:
        self.names = names

    def register_name(self, key: object, pid: Pid) -> bool:
        return self.names.setdefault(key, pid) is pid

    def unregister_name(self, key: object) -> None:
        self.names.pop(key, None)

    def whereis_name(self, key: object) -> Pid | None:
        return self.names.get(key)

    def send(self, key: object, message: Message) -> None:
        process.send(self.names[key], message)


class HostileEquality:
    def __hash__(self) -> int:
        return hash("a")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compare somebody else")


# -- the start -------------------------------------------------------------------------------------


def test_children_start_in_order_inside_the_supervisor_one_at_a_time() -> None:
    """Point 19: it cannot answer meanwhile."""

    def main() -> None:
        def slow(_: int) -> str:
            process.sleep(1.0)
            seen.append(process.self())
            return OK

        seen: list[Pid] = Seen()
        before = process.monotonic()
        top = Supervisor.start_link([kid("a", slow), kid("b", slow)])

        assert process.monotonic() - before == pytest.approx(2.0)
        assert heard() == [("start", "a", 1), ("start", "b", 1)]
        assert seen == [top, top]

        def impatient() -> None:
            with pytest.raises(CallTimeout):
                GenServer.call(top, "count_children", 0.5)
            process.send(parent, "gave up")

        parent = process.self()
        process.spawn(impatient)
        start_child(top, kid("c", slow))
        assert "gave up" in heard()

    play(main)


def test_a_failing_child_rolls_back_in_reverse_order_with_a_nested_reason() -> None:
    """Point 18."""

    def main() -> None:
        kids = [kid("a"), kid("b"), kid("c", fails_at(1)), kid("d")]

        reason = failure(lambda: Supervisor.start_link(kids))

        assert reason == ("shutdown", ("failed_to_start_child", "c", "no"))
        assert heard() == [
            ("start", "a", 1),
            ("start", "b", 1),
            ("start", "c", 1),
            ("stop", "b.1", "shutdown"),
            ("stop", "a.1", "shutdown"),
        ]

    play(main)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (fails_at(1), "no"),
        (lambda _: "junk", "junk"),
        (raises(Exit("why")), ("EXIT", "why")),
        (raises(StartError(("already_started", "pid"))), ("already_started", "pid")),
    ],
)
def test_every_way_to_fail_has_its_reason(plan: Plan, reason: object) -> None:
    def main() -> object:
        return failure(lambda: Supervisor.start_link([kid("a", plan)]))

    assert play(main) == ("shutdown", ("failed_to_start_child", "a", reason))


def test_a_start_function_that_raises_is_an_exit_with_the_exception() -> None:
    def main() -> object:
        return failure(lambda: Supervisor.start_link([kid("a", raises(ValueError("oops")))]))

    match play(main):
        case ("shutdown", (_, "a", ("EXIT", Crash(ValueError(args=("oops",)), _)))):
            pass
        case other:
            pytest.fail(f"{other!r}")


def test_a_child_that_wants_no_process_is_kept_unless_it_is_temporary() -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [kid("a"), kid("i", nobody), kid("t", nobody, restart="temporary"), kid("z")]
        )

        assert shown(top) == [("z", "z.1"), ("i", None), ("a", "a.1")]
        assert count_children(top) == ChildCounts(specs=3, active=2, supervisors=0, workers=3)
        assert restart_child(top, "i") is None

    play(main)


def test_a_process_with_a_word_about_it_is_accepted() -> None:
    def main() -> None:
        top = Supervisor.start_link([])
        spec = {"id": "x", "start": (lambda: (process.spawn_link(process.sleep, None), "word"), ())}

        answer = start_child(top, spec)

        assert isinstance(answer, tuple)
        pid, word = answer
        assert word == "word"
        assert which_children(top)[0].pid is pid
        process.send_exit(pid, "odd")
        heard()
        assert isinstance(which_children(top)[0].pid, Pid)

    play(main)


def test_a_word_about_a_process_comes_with_every_start_by_hand() -> None:
    def main() -> None:
        words = iter(range(10))

        def start() -> tuple[Pid, int]:
            return process.spawn_link(process.sleep, None), next(words)

        def pid() -> Pid:
            found = which_children(top)[0].pid
            assert isinstance(found, Pid)
            return found

        top = Supervisor.start_link([])
        assert start_child(top, {"id": "x", "start": (start, ())}) == (pid(), 0)
        process.send_exit(pid(), "boom")
        heard()
        terminate_child(top, "x")
        again = restart_child(top, "x")

        assert again == (pid(), 2)
        assert process.is_alive(pid())

    play(main)


def test_a_bad_child_is_refused_in_the_caller_before_anything_starts() -> None:
    def main() -> None:
        with pytest.raises(BadSpec) as refused:
            Supervisor.start_link([kid("a"), {"id": "b"}])

        assert refused.value.reason == "missing_start"
        assert heard() == []

    play(main)


def test_a_bad_option_is_refused_in_the_caller_too() -> None:
    def main() -> None:
        with pytest.raises(BadOption, match="strategy: got 'all_for_none', accepted is"):
            Supervisor.start_link([kid("a")], strategy=cast("Strategy", "all_for_none"))
        assert heard() == []

    play(main)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"strategy": "x", "max_restarts": -1, "max_seconds": 0, "auto_shutdown": "x"},
            ("invalid_strategy", "x"),
        ),
        (
            {"max_restarts": -1, "max_seconds": 0, "auto_shutdown": "x"},
            ("invalid_intensity", -1),
        ),
        ({"max_seconds": 0, "auto_shutdown": "x"}, ("invalid_period", 0)),
        ({"auto_shutdown": "x"}, ("invalid_auto_shutdown", "x")),
    ],
)
def test_options_are_checked_in_the_order_of_otp(
    options: dict[str, object], reason: object
) -> None:
    def main() -> object:
        return failure(partial(Tree.start_link, {"id": "bad"}, **options))

    assert play(main) == ("supervisor_data", reason)


@pytest.mark.parametrize(
    ("children", "reason"),
    [
        ([kid("a"), kid("a")], ("duplicate_child_name", "a")),
        ([{"id": "a"}], "missing_start"),
        ([17], ("invalid_child_spec", 17)),
    ],
)
def test_an_init_that_asks_for_bad_children_is_a_bad_start(
    children: list[ChildLike], reason: object
) -> None:
    assert play(lambda: failure(lambda: Tree.start_link(*children))) == ("start_spec", reason)


def test_an_init_may_say_ignore() -> None:
    assert play(lambda: Answers.start_link(Ignore())) is None


def test_an_init_that_says_junk_is_a_bad_return() -> None:
    reason = play(lambda: failure(lambda: Answers.start_link("junk")))

    assert reason == ("bad_return", (Answers, "init", "junk"))


def test_an_init_that_says_what_only_claims_to_be_ignore_is_a_bad_return() -> None:
    liar = type("Liar", (), {"__class__": property(lambda _: Ignore)})
    reason = play(lambda: failure(lambda: Answers.start_link(liar())))

    assert isinstance(reason, tuple)
    assert reason[0] == "bad_return"


def test_an_init_that_raises_is_a_failed_start() -> None:
    reason = play(lambda: failure(lambda: Answers.start_link(ValueError("oops"))))

    assert isinstance(reason, Crash)


def test_a_class_of_trees_records_how_it_is_to_be_supervised() -> None:
    spec = Tree.child_spec(kid("a"), strategy="one_for_all")

    assert (spec.id, spec.type, spec.restart, spec.shutdown) == (Tree, "supervisor", "transient", 7)
    assert Supervisor.child_spec([]).shutdown is None
    assert Tree.child_spec(id="t", restart="temporary", shutdown=None) == ChildSpec(
        "t", (Tree.start_link, (), {}), restart="temporary", shutdown=None, type="supervisor"
    )


def test_a_class_of_trees_refuses_a_keyword_that_means_nothing() -> None:
    with pytest.raises(BadArgument, match="'colour'"):
        type("Coloured", (Supervisor,), {}, colour="red")


def test_servers_and_trees_are_children_by_their_class() -> None:
    class Echo(GenServer[int], restart="temporary"):
        pass

    def main() -> None:
        top = Supervisor.start_link([Echo, (Tree, kid("a")), override(Echo, id="second")])

        infos = which_children(top)
        assert [info.id for info in infos] == ["second", Tree, Echo]
        assert [info.type for info in infos] == ["worker", "supervisor", "worker"]
        assert infos[2].modules == (Echo,)
        assert count_children(top) == ChildCounts(specs=3, active=3, supervisors=1, workers=2)
        assert get_childspec(top, Echo).restart == "temporary"

    play(main)


def test_a_supervisor_may_have_a_name() -> None:
    def main() -> None:
        Supervisor.start_link([kid("a")], name="top")

        assert shown("top") == [("a", "a.1")]
        taken = failure(lambda: Supervisor.start_link([], name="top"))
        assert taken == ("already_started", process.whereis("top"))

    play(main)


@pytest.mark.parametrize("name", ["", "nil", 5, ("a", "b"), Via("no table", "k")])  # type: ignore[arg-type]
def test_a_name_that_is_none_is_refused_before_anything_starts(name: object) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="name"):
            Supervisor.start_link([kid("a")], name=cast("str", name))
        assert heard() == []

    play(main)


def test_a_supervisor_may_be_found_through_a_table_of_names() -> None:
    table: dict[object, Pid] = {}
    via = Via(Table(table), "top")

    def main() -> None:
        top = Supervisor.start_link([kid("a")], name=via)

        assert table == {"top": top}
        assert count_children(via).active == 1
        stop(via)
        assert not process.is_alive(top)

    play(main)


def test_what_a_tree_leaves_out_is_as_in_elixir() -> None:
    asked = Supervised([])

    assert (asked.strategy, asked.max_restarts, asked.max_seconds) == ("one_for_one", 3, 5)
    assert asked.auto_shutdown == "never"


def test_what_a_tree_asks_for_is_what_it_gets() -> None:
    """The options of an `init` become the rules of the supervisor."""

    def main() -> None:
        top = Tree.start_link(kid("a"), kid("b"), strategy="one_for_all", max_restarts=1)
        assert top is not None
        heard()
        crash("a")
        assert heard() == [
            ("stop", "a.1", "boom"),
            ("stop", "b.1", "shutdown"),
            ("start", "a", 2),
            ("start", "b", 2),
        ]
        crash("b")
        assert Exited(top, "shutdown") in heard()

    play(main)


def test_a_named_child_that_ends_normally_comes_back_with_its_first_state() -> None:
    class Stack(GenServer[list[object]]):
        def init(self, first: object) -> list[object]:
            return [first]

        def handle_call(self, request: Message, caller: object, state: list[object]) -> object:
            if request == "pop":
                return Reply(state[0], state[1:])
            return Stop("normal", reply="stopped")

        def handle_cast(self, request: Message, state: list[object]) -> object:
            return NoReply([request, *state])

    def main() -> None:
        Supervisor.start_link([Stack.child_spec("hello", name="stack")])
        assert GenServer.call("stack", "pop") == "hello"
        GenServer.cast("stack", "world")
        assert GenServer.call("stack", "stop") == "stopped"
        heard()
        assert GenServer.call("stack", "pop") == "hello"

    play(main)


# -- the end ---------------------------------------------------------------------------------------


def test_children_stop_one_at_a_time_in_reverse_order() -> None:
    """Point 20."""

    def main() -> None:
        top = Supervisor.start_link(
            [kid("a", stop_after=3.0), kid("b"), kid("c", stop_after=4.0), kid("d")]
        )
        heard(0)
        before = process.monotonic()

        stop(top)

        assert process.monotonic() - before == pytest.approx(7.0)
        assert heard() == [
            ("stop", "d.1", "shutdown"),
            ("stop", "c.1", "shutdown"),
            ("stop", "b.1", "shutdown"),
            ("stop", "a.1", "shutdown"),
            Exited(top, "normal"),
        ]

    play(main)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (kid("a", trap=False), "shutdown"),
        (kid("a", stop_after=100.0, shutdown=None), "shutdown"),
        (kid("a", stop_after=2.0, shutdown=1.0), "killed"),
        (kid("a", shutdown="brutal_kill"), "killed"),
        (kid("a", stop_exit="strange"), "strange"),
        (kid("a", stop_after=1.0, shutdown=0.0), "killed"),
    ],
)
def test_every_shutdown_value_has_its_end(spec: ChildSpec, reason: object) -> None:
    """S4."""

    def main() -> object:
        top = Supervisor.start_link([spec])
        ref = process.monitor(pids["a"])
        stop(top)
        down = process.receive(lambda m: isinstance(m, Down) and m.ref is ref)
        assert isinstance(down, Down)
        return down.reason

    assert play(main) == reason


@pytest.mark.parametrize("reason", ["normal", "shutdown", "broken"])
@pytest.mark.parametrize("by_signal", [True, False])
def test_children_are_told_shutdown_whatever_the_supervisor_s_own_reason(
    reason: str, by_signal: bool
) -> None:
    """Point 21; a signal of the parent ends a supervisor with any reason, normal too."""

    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        heard(0)

        if by_signal:
            process.send_exit(top, reason)
        else:
            stop(top, reason)

        assert heard() == [("stop", "a.1", "shutdown"), Exited(top, reason)]

    play(main)


def test_a_killed_supervisor_takes_its_children_along() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        heard(0)

        process.send_exit(top, "kill")

        assert sorted(map(repr, heard())) == sorted(
            map(repr, [("stop", "a.1", "killed"), Exited(top, "killed")])
        )

    play(main)


def test_an_exit_signal_of_a_stranger_is_ignored() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        process.spawn(process.send_exit, top, "shutdown")
        heard()

        assert shown(top) == [("a", "a.1")]

    play(main)


def test_an_inner_supervisor_is_given_all_the_time_it_needs() -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [
                kid("before"),
                Tree.child_spec(
                    kid("i1", stop_after=60.0, shutdown=None),
                    kid("i2", stop_after=60.0, shutdown=None),
                    shutdown=None,
                ),
                kid("after"),
            ]
        )
        heard(0)

        stop(top)

        assert [message[1] for message in heard() if isinstance(message, tuple)] == [
            "after.1",
            "i2.1",
            "i1.1",
            "before.1",
        ]

    play(main)


def test_a_child_that_took_its_link_away_does_not_hang_the_supervisor() -> None:
    """S13."""

    def main() -> None:
        def start() -> Pid:
            parent = process.self()

            def body() -> None:
                process.unlink(parent)
                process.trap_exit(True)
                process.sleep(None)

            return process.spawn_link(body)

        top = Supervisor.start_link([{"id": "u", "start": (start, ()), "shutdown": 1.0}])
        heard()

        stop(top)

        assert heard() == [Exited(top, "normal")]

    play(main)


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@pytest.mark.parametrize("own", ["normal", "shutdown", ("shutdown", "own"), "boom"])
def test_children_that_end_while_a_slow_one_is_stopped_show_their_own_reasons(
    restart: Restart, own: object
) -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [kid("a", restart=restart), kid("slow", stop_after=1.0), kid("z")]
        )
        ref = process.monitor(pids["a"])
        heard(0)

        def interfere() -> None:
            process.sleep(0.5)
            crash("a", own)

        process.spawn(interfere)
        stop(top)

        told = heard()
        assert [each for each in told if isinstance(each, Down) and each.ref is ref] == [
            Down(ref, pids["a"], own)
        ]
        assert [each for each in told if isinstance(each, tuple)] == [
            ("stop", "z.1", "shutdown"),
            ("stop", "a.1", own),
            ("stop", "slow.1", "shutdown"),
        ]
        assert starts["a"] == 1

    play(main)


# -- restarts --------------------------------------------------------------------------------------

QUIET = ("normal", "shutdown", ("shutdown", "why"))
FAILED = ("noproc", "killed", "boom", ("boom", 1))


def restart_rows() -> Iterator[tuple[Restart, object, int, object]]:
    for reason in (*QUIET, *FAILED):
        yield "permanent", reason, 2, [("a", "a.2")]
        yield "temporary", reason, 1, []
    for reason in QUIET:
        yield "transient", reason, 1, [("a", None)]
    for reason in FAILED:
        yield "transient", reason, 2, [("a", "a.2")]


@pytest.mark.parametrize(("restart", "reason", "runs", "left"), [*restart_rows()])
def test_restart_type_against_reason(
    restart: Restart, reason: object, runs: int, left: object
) -> None:
    """Point 26, and the table of S5."""

    def main() -> None:
        top = Supervisor.start_link([kid("a", restart=restart)])
        crash("a", reason)
        heard()

        assert (starts["a"], shown(top)) == (runs, left)

    play(main)


@pytest.mark.parametrize("reason", QUIET)
def test_a_transient_child_that_ended_quietly_can_be_brought_back_by_hand(reason: object) -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a", restart="transient")])
        crash("a", reason)
        heard()

        assert refusal(start_child, top, kid("a")) == "already_present"
        assert restart_child(top, "a") is pids["a"]
        assert shown(top) == [("a", "a.2")]

    play(main)


@pytest.mark.parametrize("way", ["normal", "shutdown", "boom", "kill", "terminated"])
def test_however_a_temporary_child_ends_its_id_can_be_used_again(way: str) -> None:
    def main() -> None:
        spec = kid("t", restart="temporary")
        top = Supervisor.start_link([spec, kid("p"), kid("n", restart="transient")])
        if way == "terminated":
            terminate_child(top, "t")
        elif way == "kill":
            process.send_exit(pids["t"], "kill")
        else:
            crash("t", way)
        crash("n", "normal")
        heard()

        assert refusal(get_childspec, top, "t") == "not_found"
        assert start_child(top, spec) is pids["t"]
        assert refusal(start_child, top, spec) == ("already_started", pids["t"])
        assert refusal(start_child, top, kid("p")) == ("already_started", pids["p"])
        assert refusal(start_child, top, kid("n")) == "already_present"

    play(main)


@pytest.mark.parametrize(
    ("restart", "signal", "runs"),
    [
        ("permanent", "normal", 1),
        ("permanent", "shutdown", 2),
        ("permanent", "kill", 2),
        ("transient", "shutdown", 1),
        ("transient", "kill", 2),
        ("temporary", "kill", 1),
    ],
)
def test_exit_signals_count_as_what_they_bring_about(
    restart: Restart, signal: str, runs: int
) -> None:
    def main() -> None:
        Supervisor.start_link([kid("a", trap=False, restart=restart)])
        process.send_exit(pids["a"], signal)
        heard()

        assert starts["a"] == runs

    play(main)


@pytest.mark.parametrize("allowed", [0, 1, 3, 4])
def test_one_crash_more_than_allowed_ends_the_supervisor_with_shutdown(allowed: int) -> None:
    """Point 22, the first half."""

    def main() -> None:
        top = Supervisor.start_link(
            [kid("a"), kid("other")], max_restarts=allowed, max_seconds=60.0
        )
        heard(0)
        for _ in range(allowed):
            crash("a")
            heard()
            assert process.is_alive(top)
        crash("a")

        assert heard() == [
            ("stop", f"a.{allowed + 1}", "boom"),
            ("stop", "other.1", "shutdown"),
            Exited(top, "shutdown"),
        ]

    play(main)


def test_the_default_is_three_restarts_in_five_seconds() -> None:
    assert (Supervised([]).max_restarts, Supervised([]).max_seconds) == (3, 5.0)


def test_the_window_slides_and_all_children_share_it() -> None:
    """Point 22, the second half."""

    def main() -> None:
        top = Supervisor.start_link([kid("a"), kid("b")], max_restarts=2, max_seconds=1.0)
        for _ in range(4):
            crash("a")
            heard()
            crash("b")
            heard(2.2)
        assert (process.is_alive(top), starts["a"]) == (True, 5)
        for name in ("a", "b", "a"):
            crash(name)
            heard(0.02)
        assert not process.is_alive(top)

    play(main)


def test_one_restart_of_all_costs_one() -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [kid(name) for name in "abcde"], strategy="one_for_all", max_restarts=1
        )
        crash("a")
        heard()

        assert process.is_alive(top)

    play(main)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_third_crash_ends_a_supervisor_that_allows_two_whatever_its_strategy(
    strategy: Strategy,
) -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [kid("a"), kid("b"), kid("c")], strategy=strategy, max_restarts=2
        )
        alive = []
        for _ in range(3):
            crash("b")
            heard()
            alive.append(process.is_alive(top))

        assert alive == [True, True, False]
        assert starts["b"] == 3
        assert not any(process.is_alive(pid) for pid in pids.values())

    play(main)


def test_a_tree_restarts_only_what_must_and_forgets_what_was_added() -> None:
    def main() -> None:
        branches = [
            Tree.child_spec(
                kid(f"{name}1"), kid(f"{name}2"), id=name, restart="permanent", max_restarts=1
            )
            for name in ("left", "right")
        ]
        top = Supervisor.start_link(branches, max_restarts=1)
        left = next(info.pid for info in which_children(top) if info.id == "left")
        assert isinstance(left, Pid)
        start_child(left, kid("added"))
        crash("left1")
        heard()
        assert dict(starts) == {"left1": 2, "left2": 1, "right1": 1, "right2": 1, "added": 1}

        crash("left2")
        heard()

        assert not process.is_alive(left)
        assert dict(starts) == {"left1": 3, "left2": 2, "right1": 1, "right2": 1, "added": 1}
        assert not process.is_alive(pids["added"])
        left = next(info.pid for info in which_children(top) if info.id == "left")
        assert isinstance(left, Pid)
        assert shown(left) == [("left2", "left2.2"), ("left1", "left1.3")]

    play(main)


def test_giving_up_counts_as_one_failure_in_the_tree_above() -> None:
    """S7."""

    def main() -> None:
        inner = Tree.child_spec(kid("leaf"), restart="permanent", max_restarts=1)
        top = Supervisor.start_link([inner], max_restarts=1)
        crashes = 0
        while process.is_alive(top):
            crash("leaf")
            heard()
            crashes += 1

        assert (crashes, starts["leaf"]) == (4, 4)

    play(main)


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("one_for_one", ["stop b.1", "start b"]),
        ("rest_for_one", ["stop b.1", "stop d.1", "stop c.1", "start b", "start c", "start d"]),
        (
            "one_for_all",
            [
                "stop b.1",
                "stop d.1",
                "stop c.1",
                "stop a.1",
                "start a",
                "start b",
                "start c",
                "start d",
            ],
        ),
    ],
)
def test_each_strategy_stops_and_starts_in_its_order(strategy: Strategy, told: list[str]) -> None:
    """S8."""

    def main() -> None:
        Supervisor.start_link([kid(name) for name in "abcd"], strategy=strategy)
        heard(0)
        crash("b")

        assert brief(heard()) == told

    play(main)


def brief(messages: list[Message]) -> list[str]:
    return [f"{message[0]} {message[1]}" for message in messages if isinstance(message, tuple)]


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_siblings_come_back_though_they_had_ended_and_temporary_ones_vanish(
    strategy: Strategy,
) -> None:
    """Point 24; a child that was added counts as last."""

    def main() -> None:
        top = Supervisor.start_link(
            [
                kid("a"),
                kid("ended", restart="transient"),
                kid("t", restart="temporary"),
                kid("terminated"),
            ],
            strategy=strategy,
        )
        start_child(top, kid("late"))
        crash("ended", "normal")
        terminate_child(top, "terminated")
        heard()
        assert shown(top)[1] == ("terminated", None)

        crash("a")
        heard()

        assert shown(top) == [
            ("late", "late.2"),
            ("terminated", "terminated.2"),
            ("ended", "ended.2"),
            ("a", "a.2"),
        ]

    play(main)


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("one_for_all", ["start x", "start y", "stop x.2", "start x", "start y", "start z"]),
        ("rest_for_one", ["start x", "start y", "start y", "start z"]),
    ],
)
def test_after_a_failed_sibling_the_strategies_go_on_differently(
    strategy: Strategy, told: list[str]
) -> None:
    """Point 25."""

    def main() -> None:
        Supervisor.start_link([kid("x"), kid("y", fails_at(2)), kid("z")], strategy=strategy)
        heard(0)
        crash("x")

        assert brief(heard()) == ["stop x.1", "stop z.1", "stop y.1", *told]

    play(main)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_restart_that_always_fails_is_tried_as_often_as_allowed(strategy: Strategy) -> None:
    """Point 23: every attempt counts."""

    def main() -> None:
        top = Supervisor.start_link(
            [kid("x"), kid("y", fails_after(1)), kid("z")], strategy=strategy, max_restarts=3
        )
        crash("y")
        messages = heard()

        assert starts["y"] == 1 + 3
        assert messages[-1] == Exited(top, "shutdown")
        assert not any(process.is_alive(pid) for pid in pids.values())

    play(main)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_a_sibling_that_cannot_be_started_again_ends_the_supervisor(strategy: Strategy) -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [kid("w"), kid("x"), kid("y", fails_after(1))], strategy=strategy, max_restarts=3
        )
        crash("x")

        assert heard()[-1] == Exited(top, "shutdown")
        assert starts["w"] == (1 if strategy == "rest_for_one" else 1 + 3)
        assert starts["y"] == 1 + 3
        assert not any(process.is_alive(pid) for pid in pids.values())

    play(main)


def test_children_behind_one_that_does_not_start_stay_stopped() -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [kid("a"), kid("busy", fails_after(1, 0.02)), kid("z")],
            strategy="rest_for_one",
            max_restarts=1000,
        )
        crash("busy")
        process.sleep(0.1)

        assert shown(top) == [("z", None), ("busy", "restarting"), ("a", "a.1")]
        assert count_children(top) == ChildCounts(specs=3, active=1, supervisors=0, workers=3)
        assert refusal(start_child, top, kid("busy")) == "already_present"
        assert refusal(restart_child, top, "busy") == "restarting"
        assert refusal(delete_child, top, "busy") == "restarting"
        terminate_child(top, "busy")
        assert shown(top) == [("z", None), ("busy", None), ("a", "a.1")]
        stop(top)

    play(main)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_requests_get_through_between_attempts(strategy: Strategy) -> None:
    """Point 23: `which_children` shows "restarting", and `terminate_child` stops the retrying."""

    def main() -> None:
        top = Supervisor.start_link(
            [kid("a"), kid("busy", fails_after(1, 0.02))], strategy=strategy, max_restarts=1000
        )
        crash("busy")
        process.sleep(0.1)

        assert which_children(top)[0] == ChildInfo("busy", "restarting", "worker", (Kid,))
        assert count_children(top).active == 1
        assert refusal(start_child, top, kid("busy")) == "already_present"
        assert refusal(restart_child, top, "busy") == "restarting"
        assert refusal(delete_child, top, "busy") == "restarting"
        terminate_child(top, "busy")
        assert shown(top)[0] == ("busy", None)
        tried = starts["busy"]
        process.sleep(1.0)
        assert starts["busy"] == tried
        delete_child(top, "busy")

    play(main)


def test_a_supervisor_can_be_stopped_while_a_restart_fails_over_and_over() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a", fails_after(1, 0.02))], max_restarts=1000)
        crash("a")
        process.sleep(0.1)
        stop(top)

        assert not process.is_alive(top)

    play(main)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_restart_that_wants_no_process_is_no_failure(strategy: Strategy) -> None:
    def main() -> None:
        def none_again(number: int) -> object:
            return OK if number == 1 else None

        top = Supervisor.start_link(
            [kid("a"), kid("b", none_again), kid("c")], strategy=strategy, max_restarts=1
        )
        crash("b")
        heard()

        assert shown(top)[1] == ("b", None)
        assert [pid for _, pid in shown(top)].count(None) == 1

    play(main)


def test_a_name_is_free_again_when_its_owner_is_restarted() -> None:
    """Point 6."""

    class Named(GenServer[None]):
        pass

    def main() -> None:
        Supervisor.start_link([Named.child_spec(name="named")])
        first = process.whereis("named")
        assert first is not None
        process.send_exit(first, "kill")
        heard()

        second = process.whereis("named")
        assert isinstance(second, Pid)
        assert second is not first

    play(main)


def test_many_that_end_at_once_are_each_restarted_once() -> None:
    def main() -> None:
        everybody = [f"k{number}" for number in range(50)]
        top = Supervisor.start_link([kid(name) for name in everybody], max_restarts=50)
        for name in everybody:
            process.send_exit(pids[name], "kill")
        heard()

        assert {starts[name] for name in everybody} == {2}
        assert count_children(top).active == 50

    play(main)


# -- auto_shutdown ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auto_shutdown", "restart", "reason", "ends_after"),
    [
        ("any_significant", "transient", "normal", 1),
        ("any_significant", "transient", ("shutdown", 1), 1),
        ("any_significant", "transient", "boom", None),
        ("any_significant", "transient", "killed", None),
        ("any_significant", "temporary", "normal", 1),
        ("any_significant", "temporary", "boom", 1),
        ("all_significant", "transient", "normal", 2),
        ("all_significant", "transient", "boom", None),
        ("all_significant", "temporary", "normal", 2),
        ("all_significant", "temporary", "killed", 2),
    ],
)
def test_the_end_of_significant_children_ends_the_supervisor(
    auto_shutdown: AutoShutdown, restart: Restart, reason: object, ends_after: int | None
) -> None:
    """Point 27 and S12: it ends with "shutdown", and the others are stopped."""

    def main() -> None:
        top = Supervisor.start_link(
            [
                kid("plain", restart="temporary"),
                kid("bystander"),
                kid("a", restart=restart, significant=True),
                kid("b", restart=restart, significant=True),
            ],
            auto_shutdown=auto_shutdown,
        )
        crash("plain", "normal")
        heard()
        ends = None
        for number, name in enumerate("ab", 1):
            if process.is_alive(top):
                crash(name, reason)
                messages = heard()
                if not process.is_alive(top):
                    ends = number
                    assert messages[-2:] == [
                        ("stop", "bystander.1", "shutdown"),
                        Exited(top, "shutdown"),
                    ]

        assert ends == ends_after

    play(main)


@pytest.mark.parametrize("auto_shutdown", ["never", "any_significant", "all_significant"])
@pytest.mark.parametrize("restart", ["transient", "temporary"])
@pytest.mark.parametrize("reason", ["normal", ("shutdown", 1), "boom", "killed"])
def test_the_end_of_children_that_are_not_significant_never_ends_the_supervisor(
    auto_shutdown: AutoShutdown, restart: Restart, reason: object
) -> None:
    def main() -> None:
        names = ("a", "b")
        top = Supervisor.start_link(
            [kid(name, restart=restart) for name in names], auto_shutdown=auto_shutdown
        )
        for name in names:
            crash(name, reason)
            heard()
        for name in names:
            if restart == "transient":
                terminate_child(top, name)

        assert process.is_alive(top)
        assert count_children(top).active == 0

    play(main)


@pytest.mark.parametrize("auto_shutdown", ["any_significant", "all_significant"])
@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_terminating_the_only_significant_child_does_not_end_the_supervisor(
    auto_shutdown: AutoShutdown, restart: Restart
) -> None:
    def main() -> None:
        spec = kid("s", restart=restart, significant=True)
        top = Supervisor.start_link([spec], auto_shutdown=auto_shutdown)
        terminate_child(top, "s")
        heard()
        assert process.is_alive(top)

        (restart_child if restart == "transient" else start_child)(
            top,
            "s" if restart == "transient" else spec,  # type: ignore[arg-type] # each its own
        )
        crash("s", "normal")
        heard()
        assert not process.is_alive(top)

    play(main)


@pytest.mark.parametrize("auto_shutdown", ["any_significant", "all_significant"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_significant_children_that_are_stopped_do_not_count(
    strategy: Strategy, auto_shutdown: AutoShutdown
) -> None:
    """Point 27: neither `terminate_child` nor a sibling's restart."""

    def main() -> None:
        top = Supervisor.start_link(
            [
                kid("p"),
                kid("t", restart="temporary", significant=True),
                kid("n", restart="transient", significant=True),
            ],
            strategy=strategy,
            auto_shutdown=auto_shutdown,
        )
        terminate_child(top, "n")
        crash("p")
        heard()
        assert process.is_alive(top)
        terminate_child(top, "n")
        heard()
        assert process.is_alive(top)

    play(main)


def test_a_significant_child_that_is_being_restarted_is_not_over() -> None:
    def main() -> None:
        top = Supervisor.start_link(
            [
                kid("a", fails_after(1, 0.01), restart="transient", significant=True),
                kid("b", restart="transient", significant=True),
            ],
            auto_shutdown="all_significant",
            max_restarts=10**6,
        )
        crash("a")
        process.sleep(0.05)
        crash("b", "normal")
        process.sleep(0.05)

        assert process.is_alive(top)

    play(main)


def test_an_inner_supervisor_that_shut_down_counts_only_if_it_is_significant() -> None:
    def main(significant: bool) -> Callable[[], bool]:
        def body() -> bool:
            inner = override(
                Tree.child_spec(
                    kid("leaf", restart="temporary", significant=True),
                    auto_shutdown="any_significant",
                ),
                significant=significant,
            )
            top = Supervisor.start_link([inner], auto_shutdown="any_significant")
            crash("leaf")
            heard()
            return process.is_alive(top)

        return body

    assert [play(main(True)), play(main(False))] == [False, True]


# -- the child functions ---------------------------------------------------------------------------


def test_the_values_of_the_child_functions_for_a_running_child() -> None:
    """S10."""

    def main() -> None:
        top = Supervisor.start_link([])
        pid = start_child(top, kid("a"))

        assert pid is pids["a"]
        assert refusal(start_child, top, kid("a")) == ("already_started", pid)
        assert refusal(delete_child, top, "a") == "running"
        assert refusal(restart_child, top, "a") == "running"
        terminate_child(top, "a")
        terminate_child(top, "a")
        assert which_children(top) == [ChildInfo("a", None, "worker", (Kid,))]

    play(main)


def test_the_values_of_the_child_functions_for_a_stopped_child() -> None:
    """S10."""

    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        terminate_child(top, "a")

        assert refusal(start_child, top, kid("a")) == "already_present"
        assert restart_child(top, "a") is pids["a"]
        terminate_child(top, "a")
        delete_child(top, "a")
        assert which_children(top) == []
        assert start_child(top, kid("a")) is pids["a"]

    play(main)


@pytest.mark.parametrize("ask", [terminate_child, restart_child, delete_child, get_childspec])
@pytest.mark.parametrize("by_pid", [True, False])
def test_an_unknown_id_is_not_found_and_a_pid_is_no_id(
    ask: Callable[..., object], by_pid: bool
) -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        assert refusal(ask, top, pids["a"] if by_pid else "nope") == "not_found"

    play(main)


def test_a_temporary_child_that_is_terminated_is_forgotten() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("t", restart="temporary")])
        terminate_child(top, "t")
        assert refusal(restart_child, top, "t") == "not_found"

    play(main)


def test_a_child_whose_start_fails_is_not_kept_by_start_child() -> None:
    def main() -> None:
        top = Supervisor.start_link([])
        spec = kid("a", fails_at(1))

        why, kept = refusal(start_child, top, spec)
        assert why == "no"
        assert (kept.id, kept.restart) == (spec.id, spec.restart)
        assert which_children(top) == []
        assert start_child(top, spec) is pids["a"]

    play(main)


def test_a_child_that_wants_no_process_is_kept_by_start_child_unless_it_is_temporary() -> None:
    def main() -> None:
        top = Supervisor.start_link([])
        assert start_child(top, kid("i", nobody)) is None
        assert start_child(top, kid("t", nobody, restart="temporary")) is None
        assert shown(top) == [("i", None)]

    play(main)


def test_a_child_whose_restart_by_hand_fails_stays_stopped() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a", fails_at(2, reason="second"))])
        terminate_child(top, "a")

        assert refusal(restart_child, top, "a") == "second"
        assert shown(top) == [("a", None)]
        assert restart_child(top, "a") is pids["a"]

    play(main)


def test_starts_by_hand_are_no_restarts() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a")], max_restarts=0)
        for _ in range(5):
            terminate_child(top, "a")
            restart_child(top, "a")
        assert process.is_alive(top)

    play(main)


def test_a_bad_specification_is_refused_by_start_child() -> None:
    def main() -> None:
        top = Supervisor.start_link([])
        with pytest.raises(BadSpec, match="restart: got 'often'"):
            start_child(top, {"id": "a", "start": (print, ()), "restart": "often"})
        clash = [("auto_shutdown", "never"), ("significant", True)]
        assert refusal(start_child, top, kid("a", restart="temporary", significant=True)) == (
            "bad_combination",
            clash,
        )
        assert heard() == []

    play(main)


def test_a_child_may_be_started_from_a_mapping_or_a_class_with_its_arguments() -> None:
    class Echo(GenServer[str]):
        def init(self, word: str) -> str:
            return word

        def handle_call(self, request: Message, caller: object, state: str) -> object:
            return Reply(state)

    def main() -> None:
        top = Supervisor.start_link([])
        first = start_child(top, {"id": "mapped", "start": (Echo.start_link, ("one",))})
        second = start_child(top, (Echo, "two"))

        assert isinstance(first, Pid)
        assert isinstance(second, Pid)
        assert [GenServer.call(pid, "?") for pid in (first, second)] == ["one", "two"]
        assert [info.id for info in which_children(top)] == [Echo, "mapped"]

    play(main)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({}, "missing_id"),
        ({"id": "a", "start": "start"}, ("invalid_mfa", "start")),
        ({"id": "a", "start": (Kid.up, "a")}, ("invalid_mfa", (Kid.up, "a"))),
        ({"id": "a", "start": (Kid.up, ("a",)), "shutdown": -1}, ("invalid_shutdown", -1)),
    ],
)
def test_each_fault_of_a_specification_is_named_by_start_child(
    wrong: ChildLike, reason: object
) -> None:
    def main() -> None:
        top = Supervisor.start_link([])
        with pytest.raises(BadSpec) as refused:
            start_child(top, wrong)
        assert refused.value.reason == reason
        assert which_children(top) == []

    play(main)


@pytest.mark.parametrize("shutdown", [0, 1])
def test_a_started_child_of_any_valid_shutdown_hears_signals_as_ever(shutdown: float) -> None:
    def main() -> None:
        top = Supervisor.start_link([], max_restarts=0)
        spec = kid("a", trap=False, restart="temporary", shutdown=shutdown)
        pid = start_child(top, spec)
        assert isinstance(pid, Pid)
        ref = process.monitor(pid)
        process.send_exit(pid, "shutdown")
        assert process.receive(Down) == Down(ref, pid, "shutdown")
        assert which_children(top) == []

    play(main)


def test_the_life_of_a_child_in_the_values_of_its_functions() -> None:
    """Which children there are, and how many, at each step from the start to the deletion."""

    def main() -> None:
        top = Supervisor.start_link([])
        assert (which_children(top), count_children(top)) == ([], ChildCounts(0, 0, 0, 0))
        pid = start_child(top, kid("a"))
        assert refusal(start_child, top, kid("a")) == ("already_started", pid)
        assert shown(top) == [("a", "a.1")]
        assert count_children(top) == ChildCounts(specs=1, active=1, supervisors=0, workers=1)
        assert refusal(delete_child, top, "a") == "running"
        assert refusal(restart_child, top, "a") == "running"
        terminate_child(top, "a")
        assert shown(top) == [("a", None)]
        assert count_children(top) == ChildCounts(specs=1, active=0, supervisors=0, workers=1)
        assert restart_child(top, "a") is pids["a"]
        assert shown(top) == [("a", "a.2")]
        terminate_child(top, "a")
        delete_child(top, "a")
        assert refusal(terminate_child, top, "a") == "not_found"
        assert (which_children(top), count_children(top)) == ([], ChildCounts(0, 0, 0, 0))

    play(main)


def test_the_specification_of_a_child_can_be_seen() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a", shutdown=1.0)])
        assert get_childspec(top, "a") == kid("a", shutdown=1.0)

    play(main)


def test_nobody_answers_for_a_supervisor_that_is_gone() -> None:
    def main() -> None:
        top = Supervisor.start_link([])
        stop(top)
        with pytest.raises(NoProcess) as failed:
            which_children(top)
        assert failed.value.reason == (
            "noproc",
            ("GenServer", "call", [top, "which_children", None]),
        )

    play(main)


def test_the_functions_are_also_those_of_the_class() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        Supervisor.terminate_child(top, "a")
        assert Supervisor.count_children(top).active == 0
        Supervisor.stop(top)

    play(main)


def test_a_server_that_is_no_supervisor_is_told_apart() -> None:
    class Echo(GenServer[None]):
        def handle_call(self, request: Message, caller: object, state: None) -> object:
            return Reply(request)

    def main() -> None:
        echo = Echo.start_link()
        assert echo is not None
        with pytest.raises(BadArgument, match="accepted is a supervisor"):
            count_children(echo)

    play(main)


# -- what a supervisor survives --------------------------------------------------------------------


STRANGE: tuple[Message, ...] = (
    "hello",
    ("hello", 1),
    ("start_child", "no specification"),
    ("which_children",),
    (HostileEquality(), 1),
    HostileEquality(),
    MappingProxyType({}),
    [],
    None,
    Exited(cast("Pid", []), "forged"),
    Exited(cast("Pid", HostileEquality()), "forged"),
    TimedOut(),
)


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
def test_what_no_supervisor_understands_is_dropped(strange: Message) -> None:
    """S13."""

    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        process.send(top, strange)
        GenServer.cast(top, strange)
        assert GenServer.call(top, strange) == ("error", "unexpected")
        assert shown(top) == [("a", "a.1")]

    play(main)


@pytest.mark.parametrize("ask", [terminate_child, restart_child, delete_child, get_childspec])
def test_an_id_that_cannot_be_compared_is_nobody_s(ask: Callable[..., object]) -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a")])
        assert refusal(ask, top, HostileEquality()) == "not_found"
        what, strange = refusal(start_child, top, kid("b", id=HostileEquality()))
        assert what == "invalid_id"
        assert type(strange) is HostileEquality
        assert shown(top) == [("a", "a.1")]

    play(main)


def test_a_forged_exit_of_a_child_that_lives_leaves_nobody_behind() -> None:
    def main() -> None:
        top = Supervisor.start_link([kid("a"), kid("b")])
        process.send_exit(pids["b"], "kill")
        process.send(top, Exited(pids["a"], "forged"))
        first = pids["a"]
        stop(top)
        heard(10.0)

        assert not process.is_alive(first)

    play(main)


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), RecursionError(), MemoryError()]
)
def test_nothing_that_a_start_function_raises_ends_a_supervisor(error: BaseException) -> None:
    def main() -> None:
        def once(number: int) -> str:
            if number == 2:
                raise error
            return OK

        top = Supervisor.start_link([kid("a", once), kid("b")])
        crash("a")
        heard()

        assert shown(top) == [("b", "b.1"), ("a", "a.3")]

    play(main)


def test_ten_thousand_children_start_and_stop() -> None:
    def main() -> None:
        def start() -> Pid:
            return process.spawn_link(process.sleep, None)

        children = [ChildSpec(number, (start, ())) for number in range(10_000)]
        top = Supervisor.start_link(children, strategy="one_for_all", max_restarts=1)
        first = which_children(top)
        for info in first:
            assert isinstance(info.pid, Pid)
            process.send_exit(info.pid, "kill")
        heard()
        second = which_children(top)

        assert count_children(top).active == 10_000
        assert not {info.pid for info in first} & {info.pid for info in second}
        stop(top)
        assert reason_of_end(top) == "noproc"

    play(main)
