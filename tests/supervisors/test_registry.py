from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import process
from actors.agent import Agent
from actors.errors import BadArgument, NoProcess, StartError
from actors.gen_server import GenServer
from actors.messages import Down, Exited, TimedOut
from actors.naming import Via
from actors.pid import Pid
from actors.process import is_alive, receive, send, send_exit, sleep
from actors.task import Task
from actors.testing import SeededChoice
from supervisors import ChildInfo, Supervisor, which_children
from supervisors.patterns import ANY, Clause, Var
from supervisors.registry import AlreadyRegistered, KeysOption, Registry, TypedRegistry
from tests.supervisors.kids import play
from tests.watching import Seen

T = TypeVar("T")

KINDS: list[KeysOption] = ["unique", "duplicate", ("duplicate", "pid"), ("duplicate", "key")]
DUPLICATES: list[KeysOption] = ["duplicate", ("duplicate", "key")]
kinds = pytest.mark.parametrize("keys", KINDS)
duplicates = pytest.mark.parametrize("keys", DUPLICATES)
sizes = pytest.mark.parametrize("partitions", [1, 8])


def up(keys: KeysOption = "unique", partitions: int = 1, **options: object) -> Pid:
    start: Callable[..., Pid] = Registry.start_link
    return start(keys=keys, name="reg", partitions=partitions, **options)


def probe() -> Pid:
    """Start a process that runs the functions it is sent."""

    def serve() -> None:
        while True:
            message = receive(tuple)
            assert isinstance(message, tuple)
            to, fn = message
            send(to, ("ran", process.self(), fn()))

    return process.spawn(serve)


def run_in(pid: Pid, fn: Callable[[], T]) -> T:
    send(pid, (process.self(), fn))
    message = receive(lambda m: isinstance(m, tuple) and m[:2] == ("ran", pid))
    assert isinstance(message, tuple)
    value: T = message[2]
    return value


def reg(pid: Pid, key: object, value: object = None) -> object:
    """Register a process; return `True`, or who has the key."""

    def register() -> object:
        try:
            return Registry.register("reg", key, value) is not None
        except AlreadyRegistered as error:
            return error.pid

    return run_in(pid, register)


def kill(pid: Pid, settle: float = 0.1) -> None:
    process.monitor(pid)
    send_exit(pid, "kill")
    receive(Down)
    sleep(settle)


def pid_of(info: ChildInfo) -> Pid:
    assert isinstance(info.pid, Pid)
    return info.pid


def links_of(pid: Pid) -> tuple[Pid, ...]:
    info = process.info(pid)
    assert info is not None
    return info.links


def mail(seconds: float = 0.1) -> list[object]:
    sleep(seconds)
    messages = []
    while not isinstance(message := receive(timeout=0), TimedOut):
        messages.append(message)
    return messages


# -- keys of every kind ----------------------------------------------------------------------------


@kinds
@sizes
def test_a_registry_is_a_tree_with_a_process_for_each_partition(
    keys: KeysOption, partitions: int
) -> None:
    def main() -> object:
        return len(which_children(up(keys, partitions))), Registry.count("reg")

    assert play(main) == (partitions, 0)


@kinds
@sizes
def test_what_was_registered_is_found_until_it_is_taken_out(
    keys: KeysOption, partitions: int
) -> None:
    def main() -> object:
        up(keys, partitions)
        here = process.self()
        Registry.register("reg", "a", 1)
        Registry.register("reg", ("b", 2), 2)
        seen: list[object] = [
            Registry.lookup("reg", "a") == [(here, 1)],
            Registry.lookup("reg", "none"),
            Registry.keys("reg", here),
            Registry.values("reg", "a", here),
            Registry.values("reg", "a", probe()),
            Registry.count("reg"),
        ]
        Registry.unregister("reg", "a")
        Registry.unregister("reg", "never there")
        return [*seen, Registry.lookup("reg", "a"), Registry.keys("reg", here)]

    assert play(main) == [True, [], ["a", ("b", 2)], [1], [], 2, [], [("b", 2)]]


@kinds
@sizes
def test_the_dead_are_taken_out_of_every_table(keys: KeysOption, partitions: int) -> None:
    def main() -> object:
        up(keys, partitions)
        owners = [probe() for _ in range(8)]
        for number, owner in enumerate(owners):
            reg(owner, f"key {number}")
        before = Registry.count("reg")
        for owner in owners:
            kill(owner)
        left = [Registry.keys("reg", owner) for owner in owners]
        return before, Registry.count("reg"), left, Registry.select("reg", Clause())

    assert play(main) == (8, 0, [[]] * 8, [])


@kinds
@sizes
def test_keys_are_told_apart_by_their_kind(keys: KeysOption, partitions: int) -> None:
    def main() -> list[object]:
        up(keys, partitions)
        names: list[object] = [1, 1.0, True, "1", (1,), [1], {"a": 1}, {"a": 1.0}, None, ANY]
        for name in names:
            Registry.register("reg", name, repr(name))
        return [
            [value for _, value in Registry.lookup("reg", name)] == [repr(name)] for name in names
        ]

    assert play(main) == [True] * 10


@kinds
def test_keys_that_look_like_patterns_are_exact(keys: KeysOption) -> None:
    def main() -> object:
        up(keys)
        strange = ("_", Var("x"), ANY)
        Registry.register("reg", "a", 1)
        Registry.register("reg", strange, 2)
        seen = [len(Registry.lookup("reg", ANY)), Registry.count_match("reg", ANY, ANY)]
        seen += [len(Registry.match("reg", strange, ANY)), Registry.count_match("reg", strange, 2)]
        Registry.unregister("reg", ANY)
        Registry.unregister_match("reg", strange, 2)
        return seen, Registry.keys("reg", process.self())

    assert play(main) == ([0, 0, 1, 1], ["a"])


@kinds
@sizes
def test_owners_are_linked_as_long_as_they_have_an_entry(keys: KeysOption, partitions: int) -> None:
    def main() -> object:
        up(keys, partitions)
        owner = probe()
        cleaner = run_in(owner, lambda: Registry.register("reg", "a", 1))
        run_in(owner, lambda: Registry.register("reg", "b", 1))
        linked = [links_of(owner) == (cleaner,)]
        for key in ("a", "b"):
            run_in(owner, lambda key=key: Registry.unregister("reg", key))  # type: ignore[misc]
            linked.append(links_of(owner) == (cleaner,))
        return linked

    assert play(main) == [True, True, False]


@kinds
def test_a_registry_that_ends_takes_the_registered_along(keys: KeysOption) -> None:
    def main() -> object:
        sup = up(keys, 2)
        owner = probe()
        reg(owner, "k")
        process.monitor(owner)
        Supervisor.stop(sup, "shutdown")
        down = receive(Down)
        return isinstance(down, Down) and down.reason

    assert play(main) == "shutdown"


@kinds
def test_listeners_are_told_of_entries_and_not_of_deaths(keys: KeysOption) -> None:
    def main() -> object:
        process.register(process.self(), "listener")
        up(keys, listeners=["listener", "nobody"])
        owner = probe()
        reg(owner, "k", "v")
        run_in(owner, lambda: Registry.unregister("reg", "k"))
        run_in(owner, lambda: Registry.unregister("reg", "none"))
        reg(owner, "l", "w")
        kill(owner)
        return mail() == [
            ("register", "reg", "k", owner, "v"),
            ("unregister", "reg", "k", owner),
            ("unregister", "reg", "none", owner),
            ("register", "reg", "l", owner, "w"),
        ]

    assert play(main)


@kinds
def test_a_listener_hears_of_unregister_match_when_nothing_of_the_key_is_left(
    keys: KeysOption,
) -> None:
    def main() -> object:
        process.register(process.self(), "listener")
        up(keys, listeners=["listener"])
        here = process.self()
        Registry.register("reg", "k", 1)
        Registry.unregister_match("reg", "k", 7)
        Registry.unregister_match("reg", "k", 1)
        return mail() == [("register", "reg", "k", here, 1), ("unregister", "reg", "k", here)]

    assert play(main)


@kinds
def test_values_are_matched_by_patterns_and_guards(keys: KeysOption) -> None:
    def big(n: int) -> bool:
        return n > 1

    def main() -> list[object]:
        up(keys)
        here = process.self()
        Registry.register("reg", "k", ("a", 2, 2))
        pattern = ("a", Var("n"), Var("n"))
        return [
            Registry.match("reg", "k", pattern) == [(here, ("a", 2, 2))],
            Registry.match("reg", "k", pattern, big) == [(here, ("a", 2, 2))],
            Registry.match("reg", "k", pattern, lambda n: n > 2),
            Registry.match("reg", "k", ("a", 2.0, ANY)),
            Registry.match("reg", "none", ANY),
            Registry.count_match("reg", "k", tuple),
            Registry.count_match("reg", "k", lambda value: value[1] == 2),
        ]

    assert play(main) == [True, True, [], [], [], 1, 1]


@kinds
@sizes
def test_entries_of_all_keys_are_selected_by_clauses(keys: KeysOption, partitions: int) -> None:
    def main() -> list[object]:
        up(keys, partitions)
        here = process.self()
        empty = Registry.select("reg", Clause())
        for key, value in (("a", 1), ("b", 2), ("c", "x")):
            Registry.register("reg", key, value)
        by_value = Clause((Var("k"), ANY, Var("v")), body=lambda k, v: (k, v))
        numbers = Clause((Var("k"), ANY, int), body=lambda k: k)
        return [
            empty,
            set(Registry.select("reg", Clause()))
            == {("a", here, 1), ("b", here, 2), ("c", here, "x")},
            sorted(map(str, Registry.select("reg", by_value))),
            sorted(map(str, Registry.select("reg", [numbers, Clause(("c", ANY, ANY), None, int)]))),
            Registry.count_select("reg", numbers),
            Registry.count_select("reg", Clause((ANY, here, ANY))),
            Registry.count_select("reg", Clause((ANY, probe(), ANY))),
        ]

    assert play(main) == [
        [],
        True,
        ["('a', 1)", "('b', 2)", "('c', 'x')"],
        ["0", "a", "b"],
        2,
        3,
        0,
    ]


@kinds
@sizes
def test_guards_narrow_down_what_is_counted_selected_and_taken_out(
    keys: KeysOption, partitions: int
) -> None:
    def big(n: float) -> bool:
        return n > 1

    def main() -> list[object]:
        up(keys, partitions)
        here, n = process.self(), Var("n")
        for key, value in (("a", 1), ("b", 2), ("c", 3.0)):
            Registry.register("reg", key, ("v", value))
        matched = [Registry.count_match("reg", key, ("v", n), big) for key in ("a", "b", "none")]
        clause = Clause((Var("k"), ANY, ("v", n)), lambda k, n: n > 1, lambda k, n: (k, n))
        others = [clause, Clause(("a", here, ANY))]
        for key in ("a", "b"):
            Registry.unregister_match("reg", key, ("v", n), lambda n: n > 1.5)
        return [
            matched,
            Registry.keys("reg", here),
            Registry.select("reg", clause),
            Registry.count_select("reg", clause),
            Registry.count_select("reg", others),
        ]

    assert play(main) == [[0, 1, 0], ["a", "c"], [("c", 3.0)], 1, 2]


@kinds
def test_parts_of_a_value_decide_whether_it_is_taken_out(keys: KeysOption) -> None:
    def main() -> list[object]:
        up(keys)
        user = {"name": "ann", "age": 7}
        Registry.register("reg", "k", user)
        Registry.register("reg", "l", ("x", 1))
        found = [
            Registry.count_match("reg", "k", {"name": "ann"}),
            Registry.count_match("reg", "k", {"name": "bob"}),
            Registry.count_match("reg", "l", (Var("a"), Var("a"))),
        ]
        Registry.unregister_match("reg", "k", {"name": "bob"})
        Registry.unregister_match("reg", "l", ("x", ANY))
        return [found, Registry.keys("reg", process.self())]

    assert play(main) == [[1, 0, 0], ["k"]]


@kinds
def test_entries_of_keys_that_look_like_patterns_are_selected_by_guard(keys: KeysOption) -> None:
    def named(key: object) -> Clause:
        return Clause((Var("k"), ANY, Var("v")), lambda k, v: v == repr(key), lambda k, v: v)

    strange: list[object] = ["_", "$1", ("_", 1), ["_"], {"_": "$1"}, Var("k")]

    def main() -> object:
        up(keys)
        for key in strange:
            Registry.register("reg", key, repr(key))
        chosen = [Registry.select("reg", named(key)) for key in strange]
        counted = Registry.count_select("reg", Clause((Var("k"), ANY, ANY), lambda k: k == "$1"))
        for key in strange:
            assert Registry.lookup("reg", key) == [(process.self(), repr(key))]
            assert Registry.count_match("reg", key, ANY) == 1
            Registry.unregister("reg", key)
        return chosen, counted, Registry.count("reg")

    assert play(main) == ([[repr(key)] for key in strange], 1, 0)


def raising(_: object) -> None:
    raise KeyError("x")


@kinds
def test_what_raises_in_a_dispatch_is_the_caller_s(keys: KeysOption) -> None:
    def main() -> object:
        up(keys)
        Registry.register("reg", "k", 1)
        seen: list[object] = []
        Registry.dispatch("reg", "none", seen.append)
        Registry.dispatch("reg", "k", lambda entries: seen.append((process.self(), entries)))
        with pytest.raises(KeyError):
            Registry.dispatch("reg", "k", raising)
        return seen == [(process.self(), [(process.self(), 1)])]

    assert play(main)


def test_values_that_go_with_the_registry_itself() -> None:
    def main() -> list[object]:
        up(meta={"a": 1})
        Registry.put_meta("reg", "b", 2)
        seen = [Registry.meta("reg", key) for key in ("a", "b", "c")]
        Registry.delete_meta("reg", "b")
        Registry.delete_meta("reg", "never there")
        return [*seen, Registry.meta("reg", "b", "default")]

    assert play(main) == [1, 2, None, "default"]


@kinds
def test_owners_may_live_on_threads(keys: KeysOption) -> None:
    def own(n: int) -> bool:
        with suppress(AlreadyRegistered):
            Registry.register("reg", n % 3, threading.get_ident())
        return True

    def main() -> object:
        up(keys, 2)
        done = [Task.await_(t) for t in [Task.async_(own, n, host="thread") for n in range(6)]]
        sleep(0.5)
        return all(done), Registry.count("reg")

    assert play(main) == (True, 0)


# -- unique keys -----------------------------------------------------------------------------------


@sizes
def test_a_key_has_one_owner(partitions: int) -> None:
    def main() -> object:
        up("unique", partitions)
        owner, other = probe(), probe()
        return [
            reg(owner, "k", 1),
            reg(owner, "k", 2) is owner,
            reg(other, "k", 3) is owner,
            links_of(other),
            Registry.keys("reg", other),
            Registry.lookup("reg", "k") == [(owner, 1)],
            Registry.count("reg"),
        ]

    assert play(main) == [True, True, True, (), [], True, 1]


@sizes
def test_an_attempt_that_is_refused_leaves_nothing_behind(partitions: int) -> None:
    def main() -> object:
        up("unique", partitions)
        owner, other = probe(), probe()
        reg(owner, "k", 1)
        for _ in range(3):
            assert reg(owner, "k", 2) is owner
            assert reg(other, "k", 2) is owner
        run_in(owner, lambda: Registry.unregister("reg", "k"))
        left = [Registry.keys("reg", pid) for pid in (owner, other)]
        return left, links_of(owner), links_of(other), Registry.select("reg", Clause())

    assert play(main) == ([[], []], (), (), [])


def test_who_has_the_key_is_told() -> None:
    def main() -> object:
        up()
        Registry.register("reg", "k", 1)
        with pytest.raises(AlreadyRegistered, match="nobody has") as caught:
            Registry.register("reg", "k", 2)
        return caught.value.reason == ("already_registered", process.self())

    assert play(main)


def hold_cleaners(sup: Pid) -> Callable[[], None]:
    """Keep the partitions busy, as if they were far behind; return what lets them go on."""
    released: list[bool] = Seen()

    for info in which_children(sup):
        GenServer.cast(pid_of(info), ("unlock", Hold(released), sup))
    return lambda: released.append(True)


class Hold:
    """A key of a lock that takes its time to be looked up."""

    def __init__(self, released: list[bool]) -> None:
        self.released = released

    def __hash__(self) -> int:
        while not self.released:
            sleep(0.01)
        return 1


@sizes
def test_the_cleanup_after_a_dead_owner_spares_the_new_one(partitions: int) -> None:
    def main() -> list[object]:
        release = hold_cleaners(up("unique", partitions))
        old, new = probe(), probe()
        reg(old, "k", 1)
        kill(old)
        seen: list[object] = [
            Registry.lookup("reg", "k") == [(old, 1)],
            Registry.whereis_name(("reg", "k")),
            reg(new, "k", 2),
            Registry.lookup("reg", "k") == [(new, 2)],
            Registry.keys("reg", old),
            Registry.count("reg"),
        ]
        release()
        sleep(0.1)
        return [*seen, Registry.lookup("reg", "k") == [(new, 2)], Registry.keys("reg", old)]

    assert play(main) == [True, None, True, True, ["k"], 1, True, []]


def test_whatever_the_order_of_turns_the_new_owner_stays() -> None:
    def main() -> object:
        up("unique", 2)

        def own() -> None:
            Registry.register("reg", "k", "old")
            sleep(0.1)

        old = process.spawn(own)
        sleep(0.05)

        def take_over() -> None:
            while True:
                try:
                    Registry.register("reg", "k", "new")
                except AlreadyRegistered:
                    sleep(0.01)
                else:
                    receive(lambda _: False)

        new = process.spawn(take_over)
        process.spawn(send_exit, old, "kill")
        sleep(1.0)
        return Registry.lookup("reg", "k") == [(new, "new")], Registry.count("reg")

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == (True, 1), seed


def test_many_want_one_key_and_one_gets_it() -> None:
    def main() -> object:
        up("unique", 4)
        here = process.self()

        def want() -> None:
            try:
                Registry.register("reg", "k", None)
                send(here, "mine")
            except AlreadyRegistered as error:
                send(here, error.pid)
            receive(lambda _: False)

        for _ in range(5):
            process.spawn(want)
        answers = mail()
        [(owner, _)] = Registry.lookup("reg", "k")
        return answers.count("mine"), answers.count(owner)

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == (1, 4), seed


def test_only_the_owner_may_change_its_value() -> None:
    def main() -> list[object]:
        up()
        owner = probe()
        reg(owner, "k", 1)
        by_owner = run_in(
            owner, lambda: TypedRegistry[str, int].update_value("reg", "k", lambda n: n + 1)
        )
        by_other = Registry.update_value("reg", "k", lambda _: 9)
        unknown = Registry.update_value("reg", "none", lambda _: 9)
        return [by_owner, by_other, unknown, Registry.lookup("reg", "k") == [(owner, 2)]]

    assert play(main) == [(2, 1), None, None, True]


def test_processes_are_started_and_found_by_their_keys() -> None:
    def main() -> object:
        up()
        name = Via(Registry, ("reg", "k", "value"))
        agent = Agent.start_link(lambda: 5, name=name)
        with pytest.raises(StartError) as taken:
            Agent.start_link(lambda: 5, name=name)
        Registry.send(("reg", "k"), "hello")
        return [
            taken.value.reason == ("already_started", agent),
            Registry.lookup("reg", "k") == [(agent, "value")],
            Registry.whereis_name(("reg", "k")) is agent,
            Agent.get(name, lambda n: n),
        ]

    assert play(main) == [True, True, True, 5]


def test_a_start_that_fails_leaves_its_key_free() -> None:
    def fail() -> int:
        raise RuntimeError("x")

    def main() -> object:
        up()
        with pytest.raises(StartError):
            Agent.start(fail, name=Via(Registry, ("reg", "k")))
        return Registry.whereis_name(("reg", "k")), Registry.count("reg")

    assert play(main) == (None, 0)


def test_via_finds_nobody_among_unknown_keys() -> None:
    def main() -> object:
        up()
        with pytest.raises(NoProcess):
            Agent.get(Via(Registry, ("reg", "none")), lambda n: n)
        GenServer.cast(Via(Registry, ("reg", "none")), "dropped")
        with pytest.raises(BadArgument, match="registered under"):
            Registry.send(("reg", "none"), "hello")
        with pytest.raises(BadArgument, match="each registers itself"):
            Registry.register_name(("reg", "k"), probe())
        first = Registry.register_name(("reg", "k"), process.self())
        again = Registry.register_name(("reg", "k"), process.self())
        Registry.unregister_name(("reg", "k"))
        return first, again, Registry.whereis_name(("reg", "k"))

    assert play(main) == (True, False, None)


# -- duplicate keys --------------------------------------------------------------------------------


@duplicates
def test_a_key_may_have_many_owners_and_an_owner_many_entries(keys: KeysOption) -> None:
    def main() -> list[object]:
        up(keys)
        a, b = probe(), probe()
        for owner, value in ((a, 1), (b, 2), (a, 3), (a, 1)):
            reg(owner, "t", value)
        seen: list[object] = [
            Registry.lookup("reg", "t") == [(a, 1), (b, 2), (a, 3), (a, 1)],
            Registry.keys("reg", a),
            Registry.values("reg", "t", a),
            Registry.count("reg"),
            Registry.count_match("reg", "t", 1),
        ]
        run_in(a, lambda: Registry.unregister_match("reg", "t", 1))
        seen.append(Registry.lookup("reg", "t") == [(b, 2), (a, 3)])
        run_in(a, lambda: Registry.unregister("reg", "t"))
        return [*seen, Registry.lookup("reg", "t") == [(b, 2)]]

    assert play(main) == [True, ["t"] * 3, [1, 3, 1], 4, 2, True, True]


@pytest.mark.parametrize("keys", KINDS[1:])
@pytest.mark.parametrize("parallel", [True, False])
@sizes
def test_dispatch_reaches_every_owner_once(
    keys: KeysOption, partitions: int, parallel: bool
) -> None:
    def main() -> object:
        up(keys, partitions)
        owners = {probe() for _ in range(16)}
        for owner in owners:
            reg(owner, "t", 1)
        here = process.self()
        Registry.dispatch(
            "reg",
            "t",
            lambda entries: send(here, (process.self(), [pid for pid, _ in entries])),
            parallel=parallel,
        )
        calls = [m for m in mail() if isinstance(m, tuple)]
        reached = [pid for _, pids in calls for pid in pids]
        elsewhere = sum(caller is not here for caller, _ in calls)
        return sorted(reached) == sorted(owners), len(calls), elsewhere

    split = partitions if keys != ("duplicate", "key") else 1
    assert play(main) == (True, split, split if parallel and split > 1 else 0)


@duplicates
def test_duplicate_keys_stand_for_nobody(keys: KeysOption) -> None:
    def main() -> None:
        up(keys)
        with pytest.raises(BadArgument, match="unique"):
            Registry.update_value("reg", "k", lambda n: n)
        with pytest.raises(BadArgument, match="unique"):
            Agent.start(lambda: 0, name=Via(Registry, ("reg", "k")))

    play(main)


# -- locks -----------------------------------------------------------------------------------------


def take(key: object, seconds: float, log: list[str], name: str) -> str:
    def work() -> str:
        log.append(f"{name} in")
        sleep(seconds)
        log.append(f"{name} out")
        return name

    return Registry.lock("reg", key, work)


@kinds
@sizes
def test_locks_on_the_same_key_wait_and_on_different_keys_do_not(
    keys: KeysOption, partitions: int
) -> None:
    def main() -> object:
        up(keys, partitions)
        log: list[str] = Seen()
        tasks = [Task.async_(take, "k", 0.2, log, n) for n in ("a", "b")]
        tasks.append(Task.async_(take, "other", 0.1, log, "c"))
        return Task.await_many(tasks), [line for line in log if "c" not in line], log.index("c out")

    assert play(main) == (["a", "b", "c"], ["a in", "a out", "b in", "b out"], 2)


@pytest.mark.parametrize("end", ["raise", "exit", "kill"])
def test_a_lock_is_given_back_however_its_holder_ends(end: str) -> None:
    def fall() -> None:
        sleep(0.1)
        match end:
            case "raise":
                raise RuntimeError("x")
            case "exit":
                process.exit("why")
            case _:
                send_exit(process.self(), "kill")

    def main() -> object:
        up()
        process.spawn(lambda: Registry.lock("reg", "k", fall))
        sleep(0.05)
        return Registry.lock("reg", "k", lambda: "got it")

    assert play(main) == "got it"


def test_a_waiter_that_is_killed_leaves_the_lock_usable() -> None:
    def main() -> object:
        up()
        log: list[str] = Seen()
        first = Task.async_(take, "k", 0.3, log, "a")
        sleep(0.05)
        waiter = process.spawn(take, "k", 0.1, log, "killed")
        sleep(0.05)
        last = Task.async_(take, "k", 0.1, log, "b")
        send_exit(waiter, "kill")
        return Task.await_many([first, last]), log

    assert play(main) == (["a", "b"], ["a in", "a out", "b in", "b out"])


def test_who_has_the_lock_already_is_told_instead_of_waiting_for_itself() -> None:
    def main() -> object:
        up()
        with pytest.raises(BadArgument, match="already"):
            Registry.lock("reg", "k", lambda: Registry.lock("reg", "k", lambda: 1))
        nested = Registry.lock("reg", "k", lambda: Registry.lock("reg", "l", lambda: 2))
        return nested, Registry.lock("reg", "k", lambda: 3)

    assert play(main) == (2, 3)


def test_whatever_the_order_of_turns_nobody_is_in_together() -> None:
    def main() -> int:
        up("unique", 2)
        inside: list[int] = Seen()
        numbers: list[int] = Seen()

        def work() -> None:
            inside.append(1)
            numbers.append(len(inside))
            try:
                sleep(0.01)
            finally:
                inside.pop()

        def want() -> None:
            Registry.lock("reg", "k", work)

        victims = [process.spawn(want) for _ in range(2)]
        tasks = [Task.async_(want) for _ in range(3)]
        for victim in victims:
            process.spawn(send_exit, victim, "kill")
        Task.await_many(tasks)
        return max(numbers)

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == 1, seed


# -- the door --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda: Registry.register("unknown", "k", 1),
        lambda: Registry.unregister("unknown", "k"),
        lambda: Registry.unregister_match("unknown", "k", ANY),
        lambda: Registry.update_value("unknown", "k", lambda n: n),
        lambda: Registry.lookup("unknown", "k"),
        lambda: Registry.match("unknown", "k", ANY),
        lambda: Registry.count_match("unknown", "k", ANY),
        lambda: Registry.select("unknown", Clause()),
        lambda: Registry.count_select("unknown", Clause()),
        lambda: Registry.keys("unknown", process.self()),
        lambda: Registry.values("unknown", "k", process.self()),
        lambda: Registry.count("unknown"),
        lambda: Registry.dispatch("unknown", "k", print),
        lambda: Registry.meta("unknown", "k"),
        lambda: Registry.put_meta("unknown", "k", 1),
        lambda: Registry.delete_meta("unknown", "k"),
        lambda: Registry.lock("unknown", "k", lambda: 1),
        lambda: Registry.whereis_name(("unknown", "k")),
        lambda: Registry.send(("unknown", "k"), 1),
    ],
)
def test_an_unknown_registry_is_named(use: Callable[[], object]) -> None:
    with pytest.raises(BadArgument, match="unknown"):
        play(use)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"keys": "foo"}, "keys"),
        ({"keys": ("duplicate", "odd")}, "keys"),
        ({"keys": ("unique", "key")}, "keys"),
        ({"name": 5}, "name"),
        ({"partitions": 0}, "partitions"),
        ({"partitions": True}, "partitions"),
        ({"listeners": [1]}, "listeners"),
        ({"listeners": "listener"}, "listeners"),
        ({"meta": [1]}, "meta"),
    ],
)
def test_options_are_refused_before_anything_starts(options: dict[str, object], named: str) -> None:
    start: Callable[..., object] = Registry.start_link
    with pytest.raises(BadArgument, match=named):
        play(lambda: start(**{"keys": "unique", "name": "reg", **options}))


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (lambda: Registry.match("reg", "k", ANY, 5), "guard"),  # type: ignore[arg-type]
        (lambda: Registry.unregister_match("reg", "k", ANY, 5), "guard"),  # type: ignore[arg-type]
        (lambda: Registry.select("reg", "k"), "clauses"),  # type: ignore[arg-type]
        (lambda: Registry.dispatch("reg", "k", 5), "fn"),  # type: ignore[arg-type]
        (lambda: Registry.whereis_name("reg"), "key"),
        (lambda: Registry.register("reg", bytearray(), 1), "key"),
    ],
)
def test_arguments_are_refused_by_name(use: Callable[[], object], named: str) -> None:
    def main() -> None:
        up()
        with pytest.raises(BadArgument, match=named):
            use()

    play(main)


def test_a_name_that_is_taken_fails_the_start() -> None:
    def main() -> object:
        first = up()
        with pytest.raises(StartError) as caught:
            up()
        return caught.value.reason == ("already_started", first)

    assert play(main)


def test_a_partition_that_crashes_begins_anew_and_with_it_all_its_owners_end() -> None:
    def main() -> object:
        sup = up("unique", 2)
        owner = probe()
        reg(owner, "k")
        [cleaner] = links_of(owner)
        process.monitor(owner)
        send_exit(cleaner, "kill")
        down = receive(Down)
        sleep(0.1)
        fresh = probe()
        return isinstance(down, Down) and down.reason, is_alive(sup), reg(fresh, "k")

    assert play(main) == ("killed", True, True)


def test_forged_messages_harm_nobody() -> None:
    def main() -> object:
        sup = up()
        owner = probe()
        reg(owner, "k", 1)
        [cleaner] = map(pid_of, which_children(sup))
        for message in (Exited(owner, "forged"), "hello", ("unlock", "k", owner)):
            send(cleaner, message)
        GenServer.cast(cleaner, "hello")
        answer = GenServer.call(cleaner, "hello")
        return answer, Registry.lookup("reg", "k") == [(owner, 1)]

    assert play(main) == (("error", "unexpected"), True)


class Rooms(TypedRegistry[str, int], restart="transient", shutdown=1.0):
    pass


def test_it_can_be_supervised_and_is_identified_by_its_name() -> None:
    def main() -> object:
        specs = [Registry.child_spec(keys="unique", name="reg"), Rooms.child_spec(id="x")]
        top = Supervisor.start_link(specs[:1])
        Rooms.register("reg", "kitchen", 2)
        ids = [(info.id, info.type) for info in which_children(top)]
        return ids, Rooms.lookup("reg", "kitchen") == [(process.self(), 2)], specs[1].restart

    assert play(main) == ([("reg", "supervisor")], True, "transient")


def test_unknown_class_keywords_are_refused() -> None:
    with pytest.raises(BadArgument, match="often"):
        type("Odd", (TypedRegistry,), {}, often=True)


# -- the law ---------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    st.sampled_from(KINDS),
    st.integers(1, 3),
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["in", "out", "die"])),
        max_size=25,
    ),
)
def test_the_tables_say_what_a_simple_model_says(
    keys: KeysOption, partitions: int, steps: list[tuple[int, int, str]]
) -> None:
    def main() -> None:
        up(keys, partitions)
        owners = [probe() for _ in range(4)]
        model: list[tuple[Pid, int, int]] = []
        for number, (who, key, step) in enumerate(steps):
            owner = owners[who]
            match step:
                case "in":
                    taken = keys == "unique" and any(k == key for _, k, _ in model)
                    assert (reg(owner, key, number) is True) is not taken
                    model += [] if taken else [(owner, key, number)]
                case "out":
                    run_in(owner, lambda key=key: Registry.unregister("reg", key))  # type: ignore[misc]
                    model = [row for row in model if row[:2] != (owner, key)]
                case _:
                    kill(owner, 0.01)
                    owners[who] = probe()
                    model = [row for row in model if row[0] is not owner]
            for name in range(3):
                rows = [(pid, value) for pid, k, value in model if k == name]
                assert sorted(Registry.lookup("reg", name), key=lambda row: str(row[1])) == sorted(
                    rows, key=lambda row: str(row[1])
                )
            assert Registry.count("reg") == len(model)
            for pid in owners:
                assert Registry.keys("reg", pid) == [k for p, k, _ in model if p is pid]

    play(main)
