"""The thirty points of OTP that are most easily got wrong in Python, each with a small scene.

A scene returns what was seen, with processes shown by name. It is played on the virtual clock, first in
plain order and then by lot, and has to show the same each time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

import pytest

from actors import GenServer, debug, process, run, telemetry
from actors.agent import Agent
from actors.errors import CallTimeout
from actors.messages import Exited
from actors.outcomes import Continue, Ignore, NoReply, Reply, Started, Stop
from actors.pid import Pid, Ref
from actors.process import (
    is_alive,
    monitor,
    receive,
    self,
    send,
    send_exit,
    sleep,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    whereis,
)
from actors.state_machine import StateMachine, Transition
from actors.task import Task
from actors.testing import SeededChoice, VirtualClock
from actors.transitions import (
    Begin,
    Called,
    Casted,
    Enter,
    Event,
    EventTimeout,
    Internal,
    KeepState,
    NamedTimedOut,
    NamedTimeout,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    ReplyTo,
    StateTimedOut,
    StateTimeout,
    StopAndReply,
)
from supervisors import (
    AlreadyRegistered,
    DynamicSupervisor,
    PartitionSupervisor,
    Registry,
    Supervisor,
    TaskSupervisor,
)
from tests.conformance import kid, srv, support
from tests.conformance.kid import spec, starts
from tests.conformance.support import Term, attempt, await_down, fmt, proc, result, strip, tell
from tests.watching import Seen

T = TypeVar("T")
SEEDS = range(10)


def everywhere(scene: Callable[[], T]) -> T:
    """Play a scene in plain order and by lot; return what it showed, which has to be the same."""
    first = play(scene)
    for seed in SEEDS:
        assert play(scene, seed) == first, f"seed {seed}"
    return first


def play(scene: Callable[[], T], seed: int | None = None) -> T:
    def body() -> list[T]:
        support.init()
        kid.init_table()
        trap_exit(True)
        return [scene()]

    before = telemetry.set_reporter(None)
    try:
        choice = None if seed is None else SeededChoice(seed)
        played = run(body, clock=VirtualClock(), choice=choice)
    finally:
        telemetry.set_reporter(before)
    assert played is not None
    return played[0]


def seen(seconds: float = 0.06) -> list[str]:
    """Let things settle, and return what came, as it is shown."""
    return [fmt(message) for message in support.flush(seconds)]


def ending(body: Callable[[], object]) -> str:
    """Run a body in a process of its own; return its exit reason, as it is shown."""
    _, ref = spawn_monitor(body)
    return fmt(await_down(ref))


def taken_of(kind: type[T]) -> T:
    """Take the oldest message of a type."""
    message = receive(kind)
    assert isinstance(message, kind)
    return message


def took(what: Callable[[], object]) -> float:
    """Return how many seconds of virtual time something takes."""
    before = process.monotonic()
    what()
    return round(process.monotonic() - before, 3)


# -- signals, links, monitors ----------------------------------------------------------------------


def test_normal_does_nothing_to_another_is_mail_for_a_trapper_and_ends_oneself() -> None:
    """Point 1: the reason `normal` sent from outside is no end, and sent to oneself it is one."""

    def scene() -> object:
        plain, trapper = proc("plain"), proc("trapper", trap=True)
        send_exit(plain, "normal")
        send_exit(trapper, "normal")
        mail = seen()

        def to_oneself() -> None:
            send_exit(self(), "normal")
            tell("still here")

        return mail, is_alive(plain), is_alive(trapper), ending(to_oneself), seen()

    mail = ["(got, trapper, (EXIT, <main>, normal))"]
    assert everywhere(scene) == (mail, True, True, "normal", [])


def test_kill_cannot_be_trapped_and_reaches_links_as_killed_or_as_kill() -> None:
    """Point 2: a kill from outside becomes `killed` for the links; one's own `kill` stays `kill`."""

    def scene() -> object:
        victim = proc("victim", trap=True)
        watcher, bystander = proc("watcher", trap=True), proc("bystander")
        support.link(watcher, victim)
        support.link(bystander, victim)
        ref = monitor(bystander)
        killed = support.kill(victim)
        by_others = killed, await_down(ref), seen()

        def suicide() -> None:
            process.link(bystander)
            process.link(watcher)
            process.exit("kill")

        bystander = proc("bystander")
        ref = monitor(bystander)
        own = ending(suicide)
        return by_others, (own, await_down(ref), seen())

    by_others = ("killed", "killed", ["(got, watcher, (EXIT, <victim>, killed))"])
    own = ("kill", "kill", ["(got, watcher, (EXIT, <pid>, kill))"])
    assert everywhere(scene) == (by_others, own)


@pytest.mark.parametrize("leave", [process.exit, lambda reason: send_exit(self(), reason)])
def test_an_exit_goes_through_code_that_catches_exceptions_and_through_finally(
    leave: Callable[[object], object],
) -> None:
    """Point 3: no `except Exception` keeps a process that exits, and every `finally` runs."""

    def scene() -> object:
        def stubborn() -> None:
            try:
                try:
                    leave("done")
                except Exception:
                    tell("swallowed")
                tell("went on")
            finally:
                tell("finally")

        return ending(stubborn), seen()

    assert everywhere(scene) == ("done", ["finally"])


def test_a_link_to_a_dead_process_is_never_silent() -> None:
    """Point 4: who traps finds `noproc` in the mailbox, who does not has an error raised."""

    def scene() -> object:
        dead = spawn(lambda: None)
        support.down(dead)
        support.name(dead, "dead")
        trapping = attempt(lambda: process.link(dead)), seen()
        trap_exit(False)
        return trapping, attempt(lambda: process.link(dead)), seen()

    trapping = (("value", None), ["(EXIT, <dead>, noproc)"])
    assert everywhere(scene) == (trapping, ("error", "noproc"), [])


def test_what_is_in_the_mailbox_stays_there_after_unlink_and_demonitor() -> None:
    """Point 5: they promise that nothing comes later; what came before goes only by `flush`."""

    def scene() -> object:
        one = support.name(spawn_link(process.exit, "x"), "one")
        ref, flushed = monitor(one), monitor(one)
        sleep(0.1)
        process.unlink(one)
        process.demonitor(ref)
        process.demonitor(flushed, flush=True)
        before = sorted(seen())
        other = spawn_link(receive)
        ref = monitor(other)
        process.unlink(other)
        process.demonitor(ref)
        send_exit(other, "y")
        return before, seen(), is_alive(other)

    before = ["(DOWN, <ref>, process, <one>, x)", "(EXIT, <one>, x)"]
    assert everywhere(scene) == (before, [], False)


def test_names_and_aliases_are_free_when_a_death_is_told() -> None:
    """Point 6: who hears of the end can take the name at once; nothing of the dead is left."""

    def scene() -> object:
        def named() -> None:
            process.register(self(), "service")
            tell(process.alias())
            receive(lambda message: message == "never")

        ends: list[object] = []
        for _ in range(3):
            pid = spawn_link(named)
            alias = taken_of(Ref)
            send(pid, "unread")
            send_exit(pid, "x")
            receive(Exited)
            process.register(self(), "service")
            process.unregister("service")
            send(alias, "late")
            ends.append((whereis("service"), process.info(pid)))
        top = kid.supervise([{"id": "n", "start": (Agent.start_link, (int,), {"name": "n"})}])
        first = whereis("n")
        assert first is not None
        support.kill(first)
        sleep(0.1)
        second = whereis("n")
        return ends, second is not None and second is not first, is_alive(top), seen()

    assert everywhere(scene) == ([(None, None)] * 3, True, True, [])


def test_messages_and_exits_of_one_sender_come_in_the_order_of_sending() -> None:
    """Point 7: there is one order for all that one process sends to another."""

    def scene() -> object:
        trapper = proc("t", trap=True)
        for number in range(3):
            send(trapper, number)
            send_exit(trapper, number)
        mail = seen()

        def forward() -> None:
            while True:
                tell(receive())

        told = spawn(forward)
        send(told, "before")
        send_exit(told, "over")
        send(told, "after")
        return mail, support.down(told) in {"over", "noproc"}, set(seen()) <= {"before"}

    mail = [line for n in range(3) for line in (f"(got, t, {n})", f"(got, t, (EXIT, <main>, {n}))")]
    assert everywhere(scene) == (mail, True, True)


def test_a_receive_takes_the_oldest_that_fits_and_counts_its_time_from_its_start() -> None:
    """Point 8: age goes before the order of the clauses, and what does not fit gives no more time."""

    def scene() -> object:
        for message in ("skipped", 2, 1.0, 1):
            send(self(), message)
        taken = [receive((float, int)), receive(lambda m: m in {1, 2}), receive(), receive()]
        for tenths in range(1, 9):
            process.send_after(self(), "noise", tenths / 10)
        waited = took(lambda: receive(int, 0.45))
        return taken, waited, seen(1.0)

    assert everywhere(scene) == ([2, 1.0, "skipped", 1], 0.45, ["noise"] * 8)


# -- servers ---------------------------------------------------------------------------------------


class Slow(GenServer[list[object]]):
    """Takes its time over each request, and remembers it."""

    def init(self) -> list[object]:
        return []

    def handle_call(self, request: object, caller: object, state: list[object]) -> object:
        match request:
            case "all":
                return Reply(list(state))
            case seconds:
                assert isinstance(seconds, float)
                sleep(seconds)
                return Reply("late", [*state, seconds])


def give_up(server: Pid, seconds: float) -> str:
    try:
        GenServer.call(server, seconds, 0.1)
    except CallTimeout as error:
        return str(error.why)
    return "answered"


def test_a_late_reply_is_never_seen_and_a_call_does_not_look_at_old_mail() -> None:
    """Point 9: what a call waits for is known to nobody after its time, nor looked for in old mail."""

    def scene() -> object:
        slow = support.started(Slow.start_link())
        return give_up(slow, 0.3), seen(1.0)

    assert everywhere(scene) == ("timeout", [])

    def calls() -> float:
        slow = support.started(Slow.start_link())

        def hundred() -> float:
            before = perf_counter()
            for _ in range(100):
                GenServer.call(slow, "all")
            return perf_counter() - before

        empty = min(hundred() for _ in range(3))
        for number in range(20_000):
            send(self(), number)
        return min(hundred() for _ in range(3)) / empty

    assert play(calls) < 20


def test_a_server_works_on_a_request_whose_caller_has_given_up() -> None:
    """Point 10: nothing takes a request back, neither a timeout nor the caller's death."""

    def scene() -> object:
        slow = support.started(Slow.start_link())
        gone = give_up(slow, 0.3), give_up(slow, 0.2)
        support.kill(spawn(GenServer.call, slow, 0.4))
        dying = spawn(GenServer.call, slow, 0.5)
        sleep(0.01)
        support.kill(dying)
        served = GenServer.call(slow, "all", None)
        assert isinstance(served, list)
        return gone, served[:2], 0.5 in served

    assert everywhere(scene) == (("timeout", "timeout"), [0.3, 0.2], True)


def test_any_message_ends_a_timeout_and_a_system_message_begins_it_anew() -> None:
    """Point 11: only looking into a server leaves its timeout; 0 fires when there is no mail."""

    def scene() -> object:
        srv.start("plain", lambda: Started(0, 0.1))
        fired = took(receive)
        busy = srv.start("busy", lambda: Started(0, 0.1))
        sleep(0.05)
        srv.cast(busy, lambda _: NoReply())
        ended = seen(1.0)
        looked = srv.start("looked", lambda: Started(0, 0.1))
        sleep(0.05)
        debug.get_state(looked)
        again = took(receive)
        zero = srv.start("zero", 0)

        def with_mail(_: Term) -> object:
            send(self(), "mail")
            return NoReply(then=0.0)

        srv.cast(zero, with_mail)
        mail = seen()
        srv.cast(zero, lambda _: NoReply(then=0.0))
        return fired, ended, again, mail, seen()

    expected: object = (0.1, [], 0.1, ["(info, zero, mail)"], ["(info, zero, timeout)"])
    assert everywhere(scene) == expected


def test_a_continue_comes_before_all_mail_also_what_init_sent_itself() -> None:
    """Point 12: between a callback and its `Continue` nothing is handled, however old it is."""

    def scene() -> object:
        def begin() -> object:
            send(self(), "early")
            return Started(0, Continue(first))

        def first(_: Term) -> object:
            tell("first")
            return NoReply(then=Continue(second))

        def second(_: Term) -> object:
            tell("second")
            return NoReply()

        server = srv.start("s", begin)
        send(server, "later")
        return seen()

    assert everywhere(scene) == ["first", "second", "(info, s, early)", "(info, s, later)"]


def junk(*_: object) -> object:
    return "junk"


ASKS: dict[str, Callable[[Pid], object]] = {
    "call": lambda server: spawn(srv.call, server, junk),
    "cast": lambda server: srv.cast(server, junk),
    "info": lambda server: send(server, ("do", junk)),
    "continue": lambda server: srv.cast(server, lambda _: NoReply(then=Continue(junk))),
}


@pytest.mark.parametrize("how", ASKS)
def test_what_no_callback_may_return_runs_terminate_and_is_the_reason(how: str) -> None:
    """Point 13: a bad outcome ends a server in order. (Python has no throw that would return one.)"""

    def scene() -> object:
        server = srv.start("s", 0)
        ref = monitor(server)
        ASKS[how](server)
        return seen(), fmt(process.demonitor(ref))

    reason = "(bad_return_value, junk)"
    mail = [f"(terminate, s, {reason})", f"(DOWN, <ref>, process, <s>, {reason})"]
    assert everywhere(scene) == (mail, "false")


class Ending(StateMachine[str, None]):
    """Replies as it ends."""

    def init(self) -> Begin[str, None]:
        return Begin("only", None)

    def handle_event(self, event: Event, state: str, data: None) -> Transition[str, None]:
        assert isinstance(event, Called)
        return StopAndReply("over", ReplyTo(event.caller, "bye"))

    def terminate(self, reason: object, state: str, data: None) -> None:
        sleep(0.1)


def test_a_server_that_stops_replies_after_terminate_and_a_machine_before_it() -> None:
    """Point 14: whoever calls a stopping server waits for its `terminate`; a machine's caller does not."""

    def scene() -> object:
        def stop(_: Term, __: Term) -> object:
            return Stop("over", ("terminate", lambda _: sleep(0.1)), "bye")

        server, machine = srv.start("s", 0), support.started(Ending.start())
        refs = [monitor(server), monitor(machine)]
        said: list[object] = []
        times = [
            took(lambda: said.append(srv.call(server, stop))),
            took(lambda: said.append(StateMachine.call(machine, "end"))),
            took(lambda: said.append([await_down(ref) for ref in refs])),
        ]
        return said, times

    assert everywhere(scene) == (["bye", "bye", ["over", "over"]], [0.1, 0.0, 0.1])


def test_terminate_runs_for_failures_stops_and_a_parents_end_and_for_nothing_else() -> None:
    """Point 15: no signal that ends a process, no kill and no failed `init` asks for `terminate`."""

    def boom(*_: object) -> object:
        raise RuntimeError

    def begun(*, trap: bool) -> Callable[[], object]:
        return lambda: [trap_exit(trap)]

    def told(end: Callable[[Pid], object], *, trap: bool = False) -> int:
        parent = proc("parent")
        server = support.run(parent, lambda: srv.start_link("s", begun(trap=trap)))
        ref = monitor(server)
        end(server)
        sleep(0.02)
        support.kill(parent, "over")
        await_down(ref, 1.0)
        return sum(line.startswith("(terminate") for line in seen())

    def scene() -> object:
        runs = [
            told(lambda s: srv.cast(s, boom)),
            told(lambda s: srv.cast(s, lambda _: Stop("normal"))),
            told(GenServer.stop),
            told(lambda _: None, trap=True),
        ]
        never = [
            told(lambda _: None),
            told(lambda s: send_exit(s, "x")),
            told(lambda s: send_exit(s, "kill"), trap=True),
        ]
        failed = result(srv.start, "s", lambda: Stop("no")), seen()
        return runs, never, failed

    assert everywhere(scene) == ([1, 1, 1, 1], [0, 0, 0], (("error", "no"), []))


@pytest.mark.parametrize("reason", ["normal", "shutdown", "x"])
def test_a_trapping_server_ends_with_its_parent_and_is_told_of_all_others(reason: str) -> None:
    """Point 16: the parent's end is an order, also a normal one; anybody else's end is a message."""

    def scene() -> object:
        parent = proc("parent")
        server = support.run(parent, lambda: srv.start_link("s", lambda: [trap_exit(True)]))
        ref = monitor(server)
        send_exit(server, reason)
        other = seen(), is_alive(server)
        send(parent, ("run", process.alias(), lambda: process.exit(reason)))
        return other, await_down(ref), seen()

    other = ([f"(info, s, (EXIT, <main>, {reason}))"], True)
    assert everywhere(scene) == (other, reason, [f"(terminate, s, {reason})"])


def raised(reason: object) -> Callable[[], object]:
    return lambda: process.exit(reason)


INITS: dict[str, tuple[Callable[[], object], object, str]] = {
    "stop": (lambda: Stop("no"), ("error", "no"), "no"),
    "exit": (raised("no"), ("error", "no"), "no"),
    "normal": (lambda: Stop("normal"), ("error", "normal"), "alive"),
    "ignore": (Ignore, "ignore", "alive"),
}


@pytest.mark.parametrize("how", INITS)
def test_a_failing_init_is_an_error_and_ends_a_caller_that_does_not_trap(how: str) -> None:
    """Point 17: not for normal and not for ignore; and in every case the name is free by then."""
    init, answer, fate = INITS[how]

    def scene() -> object:
        def start() -> object:
            value = result(srv.start_link, "s", init, name="taken")
            return value, whereis("taken")

        trapping = start()
        plain = proc("plain")
        ref = monitor(plain)
        value = support.run(plain, start)
        end = "alive" if is_alive(plain) else await_down(ref)
        return trapping, value if end == "alive" else value[0], end

    value = (answer, None) if fate == "alive" else "died"
    assert everywhere(scene) == ((answer, None), value, fate)


# -- supervisors -----------------------------------------------------------------------------------


def refused(number: int) -> object:
    return ("error", "no")


def test_a_child_that_does_not_start_takes_the_others_back_and_the_reason_is_nested() -> None:
    """Point 18: those before it are stopped, the newest first; those after it are never started."""

    def scene() -> object:
        children = [spec("a"), spec("b"), spec("c", {"plan": refused}), spec("d")]
        return result(Supervisor.start_link, children), [m for m in seen() if "stop" in m], starts

    reason = ("shutdown", ("failed_to_start_child", "c", "no"))
    stops = ["(stop, b.1, shutdown)", "(stop, a.1, shutdown)"]
    assert everywhere(scene) == (("error", reason), stops, {"a": 1, "b": 1, "c": 1})


def test_children_start_inside_the_supervisor_which_answers_nobody_meanwhile() -> None:
    """Point 19: one after the other, by the supervisor's own hand, and all before it says a word."""

    def scene() -> object:
        here: list[object] = Seen()

        def slowly(_: int) -> str:
            here.append((self() is whereis("top"), process.monotonic()))
            sleep(0.1)
            return "ok"

        def ask() -> None:
            sleep(0.05)
            count = Supervisor.count_children("top").active
            here.append((count, round(process.monotonic(), 3)))

        spawn(ask)
        Supervisor.start_link([spec(n, {"plan": slowly}) for n in "abc"], name="top")
        sleep(0.1)
        return here

    asked_at = (3, 0.3)
    assert everywhere(scene) == [(True, 0.0), (True, 0.1), (True, 0.2), asked_at]


def test_children_stop_one_by_one_or_all_at_once() -> None:
    """Point 20: a Supervisor, also one of partitions, stops in reverse order, a dynamic one all at once."""

    def scene() -> object:
        slow = {"stop_after": 0.1}
        children = [spec(name, slow) for name in "abc"]
        plain = Supervisor.start_link(children)
        dynamic = support.started(DynamicSupervisor.start_link())
        for name in "xyz":
            DynamicSupervisor.start_child(dynamic, spec(name, slow))
        parts = PartitionSupervisor.start_link(spec("p", slow), name="parts", partitions=3)
        seen()
        times = [
            took(lambda: Supervisor.stop(plain)),
            took(lambda: DynamicSupervisor.stop(dynamic)),
            took(lambda: Supervisor.stop(parts)),
        ]
        stops = [line[7:10] for line in seen() if line.startswith("(stop")]
        return times, stops[:3], sorted(stops[3:6]), stops[6:]

    stops = ["c.1", "b.1", "a.1"], ["x.1", "y.1", "z.1"], ["p.3", "p.2", "p.1"]
    assert everywhere(scene) == ([0.3, 0.1, 0.3], *stops)


def test_children_are_told_shutdown_whatever_ends_the_supervisor() -> None:
    """Point 21: its own reason is its own; and what a child makes of the order changes nothing."""

    def scene() -> object:
        seen_by: list[object] = []
        for reason in ("normal", "odd"):
            top = kid.supervise([spec("a", {"stop_exit": "strange"})])
            ref = monitor(top)
            attempt(lambda top=top, reason=reason: Supervisor.stop(top, reason))  # type: ignore[misc]
            seen_by.append((await_down(ref), [line for line in seen() if "stop" in line]))
        return seen_by

    ends = [("normal", ["(stop, a.1, shutdown)"]), ("odd", ["(stop, a.2, shutdown)"])]
    assert everywhere(scene) == ends


def crashes(times: list[float], **options: Term) -> str:
    """Crash the only child of a supervisor at these times; say how many of them it survived."""
    top = kid.supervise([spec("a", {"trap": False})], **options)
    ref = monitor(top)
    begun = process.monotonic()
    for number, time in enumerate(times):
        sleep(begun + time - process.monotonic())
        if not is_alive(top):
            return f"{number - 1}, {await_down(ref)}"
        kid.crash("a", "boom")
    sleep(0.01)
    return f"{len(times) - 1}, {await_down(ref)}" if not is_alive(top) else "all"


def test_n_restarts_are_allowed_and_one_more_within_the_seconds_is_the_end() -> None:
    """Point 22: the bound is inclusive, seconds are whole, the default is three in five."""

    def scene() -> object:
        return [
            crashes([0.0, 0.1, 0.2], max_seconds=5.0),
            crashes([0.0, 0.1, 0.2, 0.3, 0.4]),
            crashes([0.0, 0.1, 0.2, 6.0, 6.1, 6.2]),
            crashes([0.0, 0.1], max_restarts=0),
            crashes([0.0, 5.0], max_restarts=1),
            crashes([0.0, 7.0, 14.0], max_restarts=1),
        ]

    expected = ["all", "3, shutdown", "all", "0, shutdown", "1, shutdown", "all"]
    assert everywhere(scene) == expected


def test_every_attempt_counts_and_requests_get_through_between_them() -> None:
    """Point 23: a restart that fails is tried again by and by, and the child is shown as restarting."""

    def scene() -> object:
        def plan(number: int) -> object:
            if number == 1:
                return "ok"
            sleep(0.01)
            return ("error", "no")

        patient = kid.supervise([spec("a", {"plan": plan})], max_restarts=1000)
        kid.crash("a", "boom")
        sleep(0.055)
        shown = [child.pid for child in Supervisor.which_children(patient)]
        added = Supervisor.start_child(patient, spec("b")) is not None
        Supervisor.terminate_child(patient, "a")
        Supervisor.stop(patient)
        top = kid.supervise([spec("c", {"plan": plan})], max_restarts=3)
        ref = monitor(top)
        kid.crash("c", "boom")
        return shown, added, await_down(ref), starts["c"]

    assert everywhere(scene) == (["restarting"], True, "shutdown", 4)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_siblings_that_had_ended_start_again_and_temporary_ones_vanish(strategy: str) -> None:
    """Point 24: a restart of the group brings back who was done for good or was terminated."""

    def scene() -> object:
        children = [
            spec("a"),
            spec("done", restart="transient"),
            spec("stopped"),
            spec("passing", restart="temporary"),
        ]
        top = kid.supervise(children, strategy=strategy)
        kid.crash("done", "normal")
        Supervisor.terminate_child(top, "stopped")
        sleep(0.1)
        kid.crash("a", "boom")
        sleep(0.1)
        return [(child.id, child.pid is not None) for child in Supervisor.which_children(top)]

    assert everywhere(scene) == [("stopped", True), ("done", True), ("a", True)]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("one_for_all", ["start a 2", "start b 2", "stop a.2", "start a 3", "start b 3"]),
        ("rest_for_one", ["start a 2", "start b 2", "start b 3"]),
    ],
)
def test_a_sibling_that_does_not_come_back_is_tried_as_its_strategy_says(
    strategy: str, expected: list[str]
) -> None:
    """Point 25: one_for_all stops all once more, rest_for_one goes on from the child that failed."""

    def scene() -> object:
        def second_fails(number: int) -> object:
            return ("error", "no") if number == 2 else "ok"

        children = [spec("a"), spec("b", {"plan": second_fails}), spec("c")]
        kid.supervise(children, strategy=strategy)
        seen()
        kid.crash("a", "boom")
        lines = [line.strip("()").replace(", shutdown", "") for line in seen()]
        return [line.replace(",", "") for line in lines if "boom" not in line]

    stops = ["stop c.1", "stop b.1"]
    assert everywhere(scene) == [*stops, *expected, "start c 2"]


def test_what_counts_as_a_failure_depends_on_the_kind_of_child() -> None:
    """Point 26: normal and shutdown are fine for a transient child, killed and noproc are not."""
    reasons: list[object] = ["normal", "shutdown", ("shutdown", "x"), "killed", "noproc", "x"]

    def scene() -> object:
        kinds = {}
        for kind in ("permanent", "transient", "temporary"):
            back = []
            for reason in reasons:
                top = kid.supervise([spec("a", {}, restart=kind)])
                before = starts["a"]
                kid.crash("a", reason)
                sleep(0.05)
                back.append(starts["a"] > before)
                Supervisor.stop(top)
            kinds[kind] = back
        return kinds

    assert everywhere(scene) == {
        "permanent": [True] * 6,
        "transient": [False, False, False, True, True, True],
        "temporary": [False] * 6,
    }


def test_only_a_significant_child_that_ends_by_itself_shuts_its_supervisor_down() -> None:
    """Point 27: neither `terminate_child` nor the restart of siblings does; the reason is shutdown."""

    def tree(**options: Term) -> Pid:
        def key(name: str) -> Term:
            return spec(name, restart="transient", significant=True)

        children = [spec("a"), key("s"), key("b")]
        return kid.supervise(children, auto_shutdown="any_significant", **options)

    def scene() -> object:
        top = tree(strategy="one_for_all")
        kid.crash("a", "boom")
        sleep(0.1)
        Supervisor.terminate_child(top, "s")
        sleep(0.1)
        survived = is_alive(top)
        ref = monitor(top)
        kid.crash("b", "normal")
        return survived, await_down(ref)

    assert everywhere(scene) == (True, "shutdown")


# -- names, tasks, machines ------------------------------------------------------------------------


def test_the_key_of_a_dead_owner_is_free_at_once_and_its_cleanup_spares_the_next() -> None:
    """Point 28: and a registry that ends takes its registered processes along, by links."""

    def scene() -> object:
        top = Registry.start_link(keys="unique", name="names")

        def owner(number: int) -> None:
            try:
                Registry.register("names", "key", number)
            except AlreadyRegistered:
                tell("refused")
            tell("registered")
            sleep(None)

        first = spawn(owner, 1)
        receive(lambda message: message == "registered")
        ref = monitor(first)
        send_exit(first, "kill")
        await_down(ref)
        second = spawn(owner, 2)
        mail = seen(0.2)
        found = [(pid is second, value) for pid, value in Registry.lookup("names", "key")]
        ref = monitor(second)
        Supervisor.stop(top)
        return mail, found, await_down(ref)

    assert everywhere(scene) == (["registered"], [(True, 2)], "shutdown")


def failing() -> None:
    process.exit("bad")


def test_a_task_fails_its_owner_by_the_link_and_is_awaited_by_its_owner_alone() -> None:
    """Point 29: only a trapping owner, or one of an unlinked task, learns of a failure by awaiting."""

    def scene() -> object:
        top = TaskSupervisor.start_link()

        def linked() -> None:
            try:
                Task.await_(Task.async_(failing))
            except Exception:
                tell("awaited")

        def unlinked() -> object:
            trap_exit(False)
            return strip(attempt(lambda: Task.await_(TaskSupervisor.async_nolink(top, failing))))

        plain = ending(linked), seen()
        trapping = strip(attempt(lambda: Task.await_(Task.async_(failing))))
        seen()
        unlinked_task = unlinked()
        task = Task.async_(int)
        helper = proc("helper")
        stranger = support.run(helper, lambda: attempt(lambda: Task.await_(task)))
        return plain, trapping, unlinked_task, stranger, Task.await_(task)

    failed = ("exit", ("bad", ("Task", "await")))
    assert everywhere(scene) == (("bad", []), failed, failed, ("error", "badarg"), 0)


TIMEOUTS = (EventTimeout(0.1), StateTimeout(0.1), NamedTimeout("n", 0.1))


class Door(StateMachine[str, list[object]]):
    """Notes in which state it is told what."""

    def init(self, *actions: Term) -> Begin[str, list[object]]:
        return Begin("shut", [], actions)

    def handle_event(
        self, event: Event, state: str, data: list[object]
    ) -> Transition[str, list[object]]:
        match event:
            case Called(caller=caller):
                return KeepState(actions=ReplyTo(caller, list(data)))
            case Casted("again"):
                return RepeatState(actions=NextEvent(Internal("inserted")))
            case Casted("open"):
                return NextState("open", actions=NextEvent(Internal("inserted")))
            case Casted(("later", _)) if state == "shut":
                return KeepState(actions=Postpone())
            case Casted("set"):
                return KeepState(actions=TIMEOUTS)
            case Enter():
                return KeepState()
            case _:
                return KeepState([*data, (state, event)])


def test_postponed_events_wait_for_another_state_and_each_timeout_has_its_own_end() -> None:
    """Point 30: they come back before newer events and after inserted ones, not when a state repeats.

    An event timeout ends with any event, a state timeout with a change, a named one with neither.
    """

    def scene() -> object:
        door = support.started(Door.start())
        for event in (("later", 1), "again", ("later", 2), "open", "new"):
            StateMachine.cast(door, event)
        order = StateMachine.call(door, "notes")
        timed = support.started(Door.start())
        StateMachine.cast(timed, "set")
        StateMachine.cast(timed, "event")
        sleep(0.5)
        same = StateMachine.call(timed, "notes")
        changed = support.started(Door.start())
        StateMachine.cast(changed, "set")
        StateMachine.cast(changed, "open")
        sleep(0.5)
        return order, same, StateMachine.call(changed, "notes")

    inserted = Internal("inserted")
    order = [
        ("shut", inserted),
        ("open", inserted),
        ("open", Casted(("later", 1))),
        ("open", Casted(("later", 2))),
        ("open", Casted("new")),
    ]
    same = [
        ("shut", Casted("event")),
        ("shut", StateTimedOut(None)),
        ("shut", NamedTimedOut("n", None)),
    ]
    changed = [("open", inserted), ("open", NamedTimedOut("n", None))]
    assert everywhere(scene) == (order, same, changed)


def test_every_point_has_one_test() -> None:
    tests = [each for name, each in globals().items() if name.startswith("test_")]
    named = [re.match(r"Point (\d+): ", each.__doc__ or "") for each in tests]

    assert [int(point[1]) for point in named if point is not None] == [*range(1, 31)]
