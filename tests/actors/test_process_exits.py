"""Exit signals and the reasons of death: OTP's table, and what hostile code may try.

Source: https://www.erlang.org/doc/system/ref_man_processes.html
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from actors import (
    Crash,
    Down,
    Exit,
    Exited,
    Pid,
    TimedOut,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)
from actors.errors import BadArgument, CallFailed
from actors.exits import Reason
from tests.actors.probes import end_of, ended, inside, mail, probe, simulate
from tests.watching import Flag, Seen


def reason_after(body: Callable[[], object]) -> Reason:
    spawn_monitor(body)
    down = receive(Down, 60.0)
    assert isinstance(down, Down)
    return down.reason


def test_exit_normal_is_ignored_by_others_told_to_trappers_and_deadly_to_oneself() -> None:
    """Point 1: `exit(p, normal)`."""

    def main() -> None:
        plain, trap = probe("plain"), probe("trap", trap=True)
        process.send_exit(plain, "normal")
        process.send_exit(trap, "normal")
        assert mail() == [("got", "trap", Exited(process.self(), "normal"))]
        assert process.is_alive(plain)
        assert process.is_alive(trap)

        alone = probe("alone")
        assert inside(alone, lambda: process.send_exit(alone, "normal")) == ("died", "normal")
        both = probe("both", trap=True)
        assert inside(both, lambda: process.send_exit(both, "normal")) is None
        assert mail() == [("got", "both", Exited(both, "normal"))]
        assert inside(both, lambda: process.send_exit(both, "boom")) is None
        assert mail() == [("got", "both", Exited(both, "boom"))]

        process.send_exit(plain, "boom")
        assert end_of(plain) == "noproc"

    simulate(main)


def test_the_normal_end_of_a_linked_process_is_told_to_trappers_only() -> None:
    def main() -> None:
        plain, trap, peer = probe("plain"), probe("trap", trap=True), probe("peer")
        inside(plain, lambda: process.link(peer))
        inside(trap, lambda: process.link(peer))
        assert inside(peer, lambda: process.exit("normal")) == ("died", "normal")
        assert mail() == [("got", "trap", Exited(peer, "normal"))]
        assert process.is_alive(plain)

    simulate(main)


def test_kill_by_a_signal_becomes_killed_and_kill_by_oneself_stays_kill() -> None:
    """Point 2: only `exit(p, kill)` is untrappable; links see `killed`, or `kill` of one's own."""

    def main() -> None:
        victim, plain, trap = probe("victim", trap=True), probe("plain"), probe("trap", trap=True)
        inside(plain, lambda: process.link(victim))
        inside(trap, lambda: process.link(victim))
        down = process.monitor(plain)
        assert ended(victim, "kill") == "killed"
        assert receive(Down) == Down(down, plain, "killed")
        assert mail() == [("got", "trap", Exited(victim, "killed"))]

        suicide, plain = probe("suicide"), probe("plain")
        inside(plain, lambda: process.link(suicide))
        inside(trap, lambda: process.link(suicide))
        down = process.monitor(plain)
        assert inside(suicide, lambda: process.exit("kill")) == ("died", "kill")
        assert receive(Down) == Down(down, plain, "kill")
        assert mail() == [("got", "trap", Exited(suicide, "kill"))]

        oneself = probe("oneself", trap=True)
        assert inside(oneself, lambda: process.send_exit(oneself, "kill")) == ("died", "killed")
        process.send_exit(trap, "killed")
        assert mail() == [("got", "trap", Exited(process.self(), "killed"))]

    simulate(main)


def test_exit_unwinds_through_code_that_catches_exceptions_and_runs_finally() -> None:
    """Point 3: `exit(self, r)` cannot be caught by the caller's own error handling."""
    seen: list[str] = Seen()

    def body() -> None:
        try:
            try:
                process.exit("mine")
            except Exception:
                seen.append("swallowed")
            finally:
                seen.append("inner")
        finally:
            seen.append("outer")

    assert simulate(lambda: reason_after(body)) == "mine"
    assert seen == ["inner", "outer"]


def test_names_aliases_and_mail_are_gone_when_the_death_is_told() -> None:
    """Point 6: a supervisor may register the same name again at once."""

    def named() -> None:
        process.register(process.self(), "it")
        receive(lambda m: m == "never")

    def main() -> list[object]:
        process.trap_exit(True)
        seen: list[object] = []
        for told_by in ("link", "monitor"):
            pid = spawn_link(named) if told_by == "link" else spawn_monitor(named)[0]
            process.sleep(0.0)
            send(pid, "unread")
            process.send_exit(pid, "boom")
            receive((Exited, Down))
            seen.append(process.whereis("it"))
            process.register(process.self(), "it")
            process.unregister("it")
        return seen

    assert simulate(main) == [None, None]


def test_messages_and_exit_signals_of_one_sender_keep_their_order() -> None:
    """Point 7: separate queues for messages and signals would break this."""

    def main() -> list[object]:
        trap = probe("trap", trap=True)
        send(trap, 1)
        process.send_exit(trap, "sig")
        send(trap, 2)
        send(trap, 3)
        process.send_exit(trap, "kill")
        send(trap, 4)
        assert end_of(trap) == "noproc"
        return [process.is_alive(trap), mail()]

    # Killed before it had a turn, so it has seen none of them.
    assert simulate(main) == [False, []]

    def patient() -> list[object]:
        trap = probe("trap", trap=True)
        send(trap, 1)
        process.send_exit(trap, "sig")
        send(trap, 2)
        return [message[2] for message in mail() if isinstance(message, tuple)]

    first, told, second = simulate(patient)
    assert (first, second) == (1, 2)
    assert isinstance(told, Exited)


def test_last_words_come_before_the_death() -> None:
    def main() -> list[object]:
        process.trap_exit(True)
        boss = process.self()

        def speak() -> None:
            send(boss, "last words")
            send(boss, "really last")
            raise SystemExit

        pid = spawn_link(speak)
        ref = process.monitor(pid)
        process.sleep(1.0)
        found = [receive(), receive(), receive(), receive()]
        assert {type(each) for each in found[2:]} == {Down, Exited}
        assert process.demonitor(ref) is False
        return found[:2]

    assert simulate(main) == ["last words", "really last"]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt

    __repr__ = __str__


@dataclass(frozen=True)
class Frozen(Exception):
    field: int


class Touchy(BaseException):
    @property
    def __cause__(self) -> BaseException | None:  # type: ignore[override]
        raise RuntimeError("hands off")


def recurse() -> None:
    recurse()


def deep_chain() -> None:
    error: BaseException = ValueError(0)
    for number in range(20_000):
        other = ValueError(number)
        other.__cause__ = error
        error = other
    raise error


def stop() -> None:
    raise StopIteration(1)


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(3),
        MemoryError(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopIteration(1),
        StopAsyncIteration(),
        Unprintable(),
        Frozen(1),
        Touchy(),
        BaseExceptionGroup("several", [KeyboardInterrupt(), Frozen(2)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_body_raises_ends_that_process_alone(error: BaseException) -> None:
    def boom() -> None:
        raise error

    def main() -> Reason:
        bystander = probe("bystander")
        reason = reason_after(boom)
        assert inside(bystander, lambda: 1) == 1
        return reason

    reason = simulate(main)

    assert isinstance(reason, Crash)
    assert type(reason.exception) is type(error)


@pytest.mark.parametrize(
    ("body", "kind"), [(recurse, RecursionError), (deep_chain, ValueError), (stop, StopIteration)]
)
def test_deep_recursion_and_deep_causes_end_one_process(
    body: Callable[[], None], kind: type[BaseException]
) -> None:
    reason = simulate(lambda: reason_after(body))

    assert isinstance(reason, Crash)
    assert type(reason.exception) is kind


def test_greenlets_own_exit_raised_by_a_user_ends_that_process_alone() -> None:
    from greenlet import GreenletExit

    def body() -> None:
        process.sleep(1.0)
        raise GreenletExit

    reason = simulate(lambda: reason_after(body))

    assert isinstance(reason, Crash)


def test_the_reasons_of_an_end_are_those_of_otp() -> None:
    def fails() -> None:
        raise ValueError("oops")

    def links_to_a_dead_one() -> None:
        pid = spawn(lambda: None)
        process.sleep(1.0)
        process.link(pid)

    def main() -> list[Reason]:
        return [
            reason_after(each)
            for each in (
                lambda: "value",
                lambda: process.exit("why"),
                lambda: process.exit(("shutdown", 1)),
                lambda: process.exit("normal"),
                fails,
                links_to_a_dead_one,
            )
        ]

    normal, why, shut, clean, crash, noproc = simulate(main)
    assert (normal, why, shut, clean) == ("normal", "why", ("shutdown", 1), "normal")
    assert isinstance(crash, Crash)
    assert "oops" in str(crash.exception)
    assert crash.stack.entries[-1][2] == "fails"
    assert crash.exception.__traceback__ is None
    assert isinstance(noproc, tuple)
    assert noproc[0] == "noproc"


def test_a_process_that_swallows_its_end_is_dead_all_the_same() -> None:
    """Kernel: its pid is dead, its mail is dropped, and every further wait raises again."""
    seen: list[object] = Seen()

    def swallow() -> None:
        process.register(process.self(), "swallower")
        while len(seen) < 5:
            try:
                seen.append(receive())
            except BaseException as error:
                seen.append(type(error))

    def main() -> object:
        pid, _ = spawn_monitor(swallow)
        process.sleep(0.0)
        process.send_exit(pid, "kill")
        alive, name = process.is_alive(pid), process.whereis("swallower")
        send(pid, "unheard")
        down = receive(Down)
        assert isinstance(down, Down)
        return alive, name, down.reason

    assert simulate(main) == (False, None, "killed")
    assert seen == [Exit] * 5


@pytest.mark.parametrize("wait", [receive, lambda: process.sleep(1.0), lambda: probe("never")])
def test_a_process_that_swallows_its_end_for_ever_is_given_up(wait: Callable[[], object]) -> None:
    def stubborn() -> None:
        while True:
            with suppress(BaseException):
                wait()

    def main() -> object:
        process.trap_exit(True)
        pid = spawn_link(stubborn)
        process.sleep(0.0)
        process.send_exit(pid, "over")
        assert receive(Exited) == Exited(pid, "over")
        bystander = probe("bystander")
        return inside(bystander, lambda: 1)

    assert simulate(main) == 1


def test_a_killed_process_runs_all_its_finally_blocks_and_cannot_wait_in_them() -> None:
    seen: list[object] = Seen()

    def nested(depth: int) -> None:
        try:
            if depth:
                nested(depth - 1)
            else:
                receive()
        finally:
            try:
                process.sleep(60.0)
            except Exit as error:
                seen.append((depth, error.reason))

    def main() -> object:
        pid, ref = spawn_monitor(nested, 3)
        process.sleep(1.0)
        before = process.monotonic()
        process.send_exit(pid, "kill")
        assert receive(Down) == Down(ref, pid, "killed")
        return process.monotonic() - before

    assert simulate(main) == 0.0
    assert seen == [(depth, "killed") for depth in range(4)]


def test_finally_blocks_may_send_and_start_and_are_done_when_the_death_is_told() -> None:
    seen: list[object] = Seen()

    def main() -> list[object]:
        boss = process.self()

        def body() -> None:
            try:
                receive()
            finally:
                send(boss, ("goodbye", process.self()))
                process.monitor(boss)
                process.alias()
                spawn_link(receive)
                seen.append("cleaned")

        pid, _ = spawn_monitor(body)
        process.sleep(0.0)
        process.send_exit(pid, "stop")
        first, second = receive(), receive()
        assert isinstance(second, Down)
        assert seen == ["cleaned"]
        info = process.info(boss)
        assert info is not None
        process.sleep(0.0)
        return [first == ("goodbye", pid), info.monitored_by, len(process.processes())]

    assert simulate(main) == [True, (), 1]


def test_the_first_of_two_exit_signals_counts() -> None:
    def main() -> Reason:
        pid = probe("it")
        ref = process.monitor(pid)
        process.send_exit(pid, "first")
        process.send_exit(pid, "second")
        process.send_exit(pid, "kill")
        down = receive(Down)
        assert down == Down(ref, pid, "first")
        process.send_exit(pid, "third")
        return "done"

    assert simulate(main) == "done"


def test_trapping_is_looked_at_when_the_signal_is_handled() -> None:
    def main() -> list[object]:
        pid = probe("late")
        inside(pid, lambda: process.trap_exit(True))
        process.send_exit(pid, "one")
        assert inside(pid, lambda: process.trap_exit(False)) is True
        process.send_exit(pid, "two")
        return [process.is_alive(pid), *(type(m) for m in mail())]

    assert simulate(main) == [False, tuple]


def test_a_chain_of_ten_thousand_links_dies_without_recursion() -> None:
    length = 10_000
    ends: list[Reason] = Seen()

    def chain(left: int, boss: Pid) -> None:
        if left:
            spawn_link(chain, left - 1, boss)
        else:
            send(boss, "ready")
        try:
            receive()
        except Exit as error:
            ends.append(error.reason)
            raise

    def main() -> object:
        process.trap_exit(True)
        first = spawn_link(chain, length - 1, process.self())
        receive(lambda m: m == "ready")
        last = process.processes()[-1]
        ref = process.monitor(last)
        process.send_exit(first, ("boom", 1))
        assert receive(Down) == Down(ref, last, ("boom", 1))
        receive(Exited)
        return len(process.processes())

    assert simulate(main) == 1
    assert ends == [("boom", 1)] * length


def test_doors_refuse_what_is_no_pid() -> None:
    def main() -> bool:
        for act in (process.link, process.unlink, process.is_alive, process.info):
            with pytest.raises(BadArgument, match="a Pid"):
                act("nobody")  # type: ignore[arg-type,call-overload]
        with pytest.raises(BadArgument, match="a Pid"):
            process.send_exit("nobody", "kill")  # type: ignore[arg-type]
        return True

    assert simulate(main)


def test_a_call_that_failed_is_an_exit_of_the_caller() -> None:
    def body() -> None:
        raise CallFailed("noproc", "x", None, None, ("Process", "link"), ["x"])

    assert simulate(lambda: reason_after(body)) == ("noproc", ("Process", "link", ["x"]))


@pytest.mark.parametrize("links", [1, 2, 9, 10])
def test_a_kill_goes_through_chains_of_links_as_killed_and_ones_own_as_kill(links: int) -> None:
    """Point 2, further down the chain."""

    def chained(left: int, end: Pid) -> None:
        if left:
            spawn_link(chained, left - 1, end)
        else:
            send(end, "ready")
        receive(lambda m: m == "end")
        process.exit("kill")

    def main() -> list[object]:
        process.trap_exit(True)
        reasons: list[object] = []
        for own in (False, True):
            first = spawn_link(chained, links, process.self())
            assert receive() == "ready"
            last = process.processes()[-1]
            ref = process.monitor(last)
            if own:
                send(first, "end")
            else:
                process.send_exit(first, "kill")
            told, down = receive(Exited), receive(Down)
            assert isinstance(told, Exited)
            assert isinstance(down, Down)
            assert (told.pid, down.ref) == (first, ref)
            reasons += [told.reason, down.reason]
        return reasons

    assert simulate(main) == ["killed", "killed", "kill", "kill"]


def test_large_reasons_arrive_whole() -> None:
    reason = ("large", [{"number": number, "text": "x" * number} for number in range(500)])

    def main() -> None:
        process.trap_exit(True)
        pid = spawn_link(process.exit, reason)
        ref = process.monitor(pid)
        assert receive(Exited) == Exited(pid, reason)
        assert receive(Down) == Down(ref, pid, reason)
        other, ref = spawn_monitor(receive)
        process.send_exit(other, reason)
        assert mail() == [Down(ref, other, reason)]

    simulate(main)


def test_an_exit_signal_to_oneself_cannot_be_caught() -> None:
    def body() -> None:
        try:
            process.send_exit(process.self(), "own")
        except Exception:
            process.exit("was caught")
        process.exit("went on")

    def swallows() -> None:
        with suppress(BaseException):
            process.send_exit(process.self(), "own")
        process.exit("went on")

    assert simulate(lambda: [reason_after(body), reason_after(swallows)]) == ["own", "own"]


@pytest.mark.parametrize("seed", range(20))
def test_an_exit_signal_at_the_very_time_of_a_timeout_ends_the_process(seed: int) -> None:
    def main() -> object:
        def waits() -> None:
            receive(timeout=1.0)
            process.sleep(1.0)
            process.exit("lived on")

        pid, ref = spawn_monitor(waits)

        def kills() -> None:
            process.sleep(1.0)
            process.send_exit(pid, "signal")

        spawn(kills)
        assert mail(5.0) == [Down(ref, pid, "signal")]
        return process.monotonic() == 5.0

    assert simulate(main, seed)


def test_what_was_sent_before_an_exit_signal_is_received_and_what_came_after_is_not() -> None:
    def main() -> list[object]:
        p = probe("p")
        for number in range(100):
            send(p, number)
        process.sleep(0.0)
        process.send_exit(p, "enough")
        for number in range(100, 200):
            send(p, number)
        return mail()

    assert simulate(main) == [("got", "p", number) for number in range(100)]


@pytest.mark.parametrize("on", [None, 1, "yes"])
def test_whether_to_trap_is_true_or_false(on: object) -> None:
    def main() -> bool:
        with pytest.raises(BadArgument, match="on: got"):
            process.trap_exit(on)  # type: ignore[arg-type]
        return process.trap_exit(False)

    assert simulate(main) is False


def test_a_touchy_reason_is_carried_and_never_compared() -> None:
    class Reasonless:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("do not compare me")

        __hash__ = None  # type: ignore[assignment]

    reason = Reasonless()

    def main() -> bool:
        process.trap_exit(True)
        pid = spawn_link(process.exit, reason)
        told = receive(Exited)
        assert isinstance(told, Exited)
        threaded, _ = spawn_monitor(receive, host="thread")
        process.send_exit(threaded, reason)
        down = receive(Down)
        assert isinstance(down, Down)
        assert type(down.reason) is Reasonless
        return told.pid is pid and type(told.reason) is Reasonless

    assert simulate(main)
    assert TimedOut() == TimedOut()


def test_a_kill_from_another_thread_reaches_who_computes_for_ever_on_its_way_out() -> None:
    computes = Flag()
    unhurt: list[object] = Seen()

    def cleans_up_for_ever() -> None:
        try:
            process.sleep(None)
        finally:
            computes.set()
            give_up = time.monotonic() + 30.0
            while time.monotonic() < give_up:
                pass
            unhurt.append("computed to its end")

    def main() -> object:
        pid, _ = spawn_monitor(cleans_up_for_ever)
        process.sleep(0.0)

        def kill() -> None:
            computes.wait(30.0)
            process.send_exit(pid, "kill")
            send(boss, "sent")

        boss = process.self()
        threading.Thread(target=kill).start()
        process.send_exit(pid, "boom")
        down = receive(Down)
        receive(str)
        assert isinstance(down, Down)
        return down.reason

    assert run(main, held=None) == "boom"
    assert unhurt == []
