"""Timers. Source: https://www.erlang.org/doc/apps/erts/erlang.html#send_after/4"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from actors import Ref, TimedOut, process, receive, run, send, spawn
from actors._kernel.current import running
from actors.errors import BadArgument
from tests.actors.probes import ended, inside, mail, probe, simulate


def test_a_timer_can_be_read_and_cancelled_until_it_fires() -> None:
    def main() -> None:
        ref = process.send_after(process.self(), "hello", 0.03)
        assert process.read_timer(ref) == pytest.approx(0.03)
        process.sleep(0.01)
        assert process.read_timer(ref) == pytest.approx(0.02)
        assert mail(0.08) == ["hello"]
        assert process.read_timer(ref) is None
        assert process.cancel_timer(ref) is None

        ref = process.send_after(process.self(), "never", 1.0)
        process.sleep(0.25)
        assert process.cancel_timer(ref) == pytest.approx(0.75)
        assert process.cancel_timer(ref) is None
        assert mail(2.0) == []
        assert process.cancel_timer(Ref()) is None

    simulate(main)


def test_a_cancel_without_waiting_tells_what_was_left_by_a_message() -> None:
    def main() -> None:
        me = process.self()
        ref = process.send_after(me, "never", 1.0)
        process.sleep(0.25)
        process.cancel_timer_nowait(ref)
        assert receive(timeout=0) == ("cancel_timer", ref, pytest.approx(0.75))
        process.cancel_timer_nowait(ref)
        assert mail(2.0) == [("cancel_timer", ref, None)]
        with pytest.raises(BadArgument, match="ref"):
            process.cancel_timer_nowait(3)  # type: ignore[arg-type]

    simulate(main)


def test_start_timer_says_which_timer_it_was() -> None:
    def main() -> None:
        ref = process.start_timer(process.self(), "content", 0.02)
        assert receive() == TimedOut(ref, "content")

    simulate(main)


def test_a_cancel_that_comes_too_late_leaves_the_message() -> None:
    def main() -> None:
        ref = process.send_after(process.self(), "in the mailbox", 0.01)
        process.sleep(0.04)
        assert process.cancel_timer(ref) is None
        assert receive(timeout=0) == "in the mailbox"

    simulate(main)


def test_time_zero_goes_behind_what_is_there() -> None:
    def main() -> None:
        send(process.self(), "earlier")
        process.send_after(process.self(), "zero", 0)
        assert receive(timeout=0) == "earlier"
        assert receive(timeout=0) == TimedOut()
        assert mail(0.03) == ["zero"]

    simulate(main)


def test_timers_fire_by_due_time_and_equal_ones_in_order_of_setting() -> None:
    def main() -> None:
        for milliseconds in (90, 30, 60, 30):
            process.send_after(process.self(), milliseconds, milliseconds / 1000)
        assert mail(0.15) == [30, 30, 60, 90]

    simulate(main)


def test_a_name_is_looked_up_when_the_timer_fires() -> None:
    def main() -> None:
        process.send_after("late_name", "to the name", 0.05)
        process.send_after("nobody", "lost", 0.01)
        process.register(probe("p"), "late_name")
        assert mail(0.1) == [("got", "p", "to the name")]

    simulate(main)


def test_a_timer_goes_with_its_receiver_and_outlives_its_starter() -> None:
    def main() -> None:
        receiver, starter, boss = probe("receiver"), probe("starter"), process.self()
        waiting = process.send_after(receiver, "x", 1000.0)
        inside(starter, lambda: process.send_after(boss, "from the dead", 0.06))
        ended(starter)
        ended(receiver)
        assert process.read_timer(waiting) is None
        assert process.cancel_timer(waiting) is None
        never_set = process.send_after(receiver, "x", 1000.0)
        assert process.cancel_timer(never_set) is None
        assert mail(0.1) == ["from the dead"]

    simulate(main)


def test_timers_of_the_dead_do_not_pile_up() -> None:
    def main() -> None:
        def short() -> None:
            process.send_after(process.self(), "tick", 3600.0)

        for _ in range(2_000):
            spawn(short)
        process.sleep(0.0)
        scheduler = running()
        assert len(scheduler.timers) == 0
        assert len(scheduler.deadlines) < 200

    run(main)


def test_an_absolute_time_is_one_of_the_runtimes_clock() -> None:
    def main() -> None:
        process.sleep(10.0)
        process.send_after(process.self(), "at 12", 12.0, absolute=True)
        process.send_after(process.self(), "past", -1.0, absolute=True)
        process.start_timer(process.self(), "at 11", 11.0, absolute=True)
        first, second, third = receive(), receive(), receive()
        assert first == "past"
        assert isinstance(second, TimedOut)
        assert third == "at 12"
        assert process.monotonic() == 12.0

    simulate(main)


@pytest.mark.parametrize(
    "seconds", [-1, -0.001, float("nan"), float("inf"), None, "1", True, 1e300]
)
def test_what_is_no_duration_is_refused(seconds: object) -> None:
    acts: list[Callable[[float], object]] = [
        lambda s: process.send_after(process.self(), "x", s),
        lambda s: process.start_timer(process.self(), "x", s),
    ]
    if seconds is not None:
        acts += [process.sleep, lambda s: receive(timeout=s)]

    def main() -> None:
        for act in acts:
            with pytest.raises(BadArgument, match="seconds"):
                act(seconds)  # type: ignore[arg-type]
        assert mail(5.0) == []

    simulate(main)


@pytest.mark.parametrize("dest", [None, 3, ("name", "node")])
def test_what_is_no_receiver_is_refused(dest: object) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="dest"):
            process.send_after(dest, "x", 1.0)  # type: ignore[arg-type]
        with pytest.raises(BadArgument, match="seconds"):
            process.send_after(process.self(), "x", "soon", absolute=True)  # type: ignore[arg-type]
        with pytest.raises(BadArgument, match="ref"):
            process.cancel_timer(3)  # type: ignore[arg-type]
        with pytest.raises(BadArgument, match="ref"):
            process.read_timer("x")  # type: ignore[arg-type]

    simulate(main)


def test_a_hundred_thousand_cancelled_timers_leave_nothing_behind() -> None:
    def main() -> None:
        me = process.self()
        for _ in range(100_000):
            process.cancel_timer(process.send_after(me, "x", 60.0))
        scheduler = running()
        assert len(scheduler.deadlines) < 200
        assert not scheduler.timers

    run(main, held=None)


@pytest.mark.parametrize("seconds", [0, 2**32 / 1000 + 1])
def test_a_sleep_may_be_as_short_as_nothing_and_as_long_as_months(seconds: float) -> None:
    def main() -> float:
        process.sleep(seconds)
        return process.monotonic()

    assert simulate(main) == seconds


def test_sleep_leaves_the_mail_alone() -> None:
    def main() -> None:
        process.send_after(process.self(), "meanwhile", 1.0)
        process.sleep(5.0)
        assert process.monotonic() == 5.0
        assert receive(timeout=0) == "meanwhile"

    simulate(main)


def test_very_long_timers_can_be_read_and_cancelled_and_come_in_the_end() -> None:
    years = 30 * 365 * 86400.0

    def main() -> None:
        me = process.self()
        plain, wrapped = (
            process.send_after(me, "old", years),
            process.start_timer(me, "older", years),
        )
        dropped = process.send_after(me, "never", 10 * years)
        assert process.read_timer(plain) == years
        assert process.cancel_timer(dropped) == 10 * years
        assert mail(2 * years) == ["old", TimedOut(wrapped, "older")]

    simulate(main)


def test_an_unknown_timer_has_no_time_left() -> None:
    def main() -> None:
        assert process.read_timer(Ref()) is None
        assert process.read_timer(process.monitor(process.self())) is None
        assert process.cancel_timer(Ref()) is None

    simulate(main)


def test_how_long_a_timer_has_can_be_told_by_a_message_behind_what_is_there() -> None:
    def main() -> None:
        me, unknown = process.self(), Ref()
        timer = process.send_after(me, "fired", 3.0)
        process.sleep(1.0)
        send(me, "earlier")
        process.read_timer_nowait(timer)
        process.read_timer_nowait(unknown)
        assert mail(0.0) == ["earlier", ("read_timer", timer, 2.0), ("read_timer", unknown, None)]
        with pytest.raises(BadArgument, match="ref"):
            process.read_timer_nowait("x")  # type: ignore[arg-type]
        assert mail(5.0) == ["fired"]

    simulate(main)


def test_thousands_of_timers_set_in_any_order_come_in_the_order_of_their_time() -> None:
    lots = random.Random(1)  # noqa: S311 - a game
    times = [lots.randrange(1, 500) / 10 for _ in range(5_000)]

    def main() -> None:
        timers = [
            process.send_after(process.self(), (seconds, number), seconds)
            for number, seconds in enumerate(times)
        ]
        cancelled = set(lots.sample(range(len(times)), 1_000))
        for number in cancelled:
            assert process.cancel_timer(timers[number]) == times[number]
        due = sorted((t, number) for number, t in enumerate(times) if number not in cancelled)
        assert mail(60.0) == due

    simulate(main)


@pytest.mark.parametrize("by_another", [False, True])
def test_of_many_timers_for_one_instant_all_come_that_were_not_cancelled(by_another: bool) -> None:
    def main() -> None:
        me = process.self()
        timers = [process.send_after(me, number, 1.0) for number in range(3_000)]

        def cancel() -> list[object]:
            return [process.cancel_timer(ref) for ref in timers[1::2]]

        process.sleep(0.5)
        left = inside(probe("another"), cancel) if by_another else cancel()
        assert left == [0.5] * 1_500
        assert mail(1.0) == list(range(0, 3_000, 2))

    simulate(main)


def test_many_timers_for_one_instant_go_with_the_process_they_are_for() -> None:
    def main() -> None:
        pid = probe("short-lived")
        timers = [process.send_after(pid, number, 1.0) for number in range(3_000)]
        for number in range(3):
            process.send_after(process.self(), number, 1.0)
        ended(pid)
        assert {process.read_timer(ref) for ref in timers} == {None}
        assert mail(2.0) == [0, 1, 2]

    simulate(main)


def test_timers_of_no_time_set_when_a_timer_fires_fire_too() -> None:
    def main() -> None:
        me = process.self()
        process.start_timer(me, 100, 1.0)
        fired = []
        while isinstance(told := receive(timeout=1.0), TimedOut) and told.ref is not None:
            assert isinstance(told.message, int)
            fired.append(told.message)
            if told.message:
                process.start_timer(me, told.message - 1, 0)
                assert receive(lambda m: m == "never", timeout=0) == TimedOut()
        assert fired == list(range(100, -1, -1))
        assert process.monotonic() == 2.0

    simulate(main)
