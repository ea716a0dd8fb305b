from __future__ import annotations

from functools import partial

from actors import process
from actors.messages import TimedOut
from actors.pid import Pid, Ref
from actors.process import receive, self, send, send_after, sleep, spawn
from tests.interleavings.support import all_of, each, mail, under_choices
from tests.watching import Seen


@under_choices(200)
def test_timers_of_many_processes_fire_in_the_order_of_their_deadlines() -> None:
    boss = self()
    tenths = [5, 1, 4, 1, 3, 2, 5, 2]

    each(*[partial(send_after, boss, tenth, tenth / 10) for tenth in tenths])

    assert mail() == sorted(tenths)


def send_late(target: Pid) -> None:
    sleep(1.0)
    send(target, "just in time")


@under_choices(200)
def test_a_message_at_the_very_end_of_a_receive_is_taken_or_left_and_never_lost() -> None:
    def wait() -> object:
        target = self()
        spawn(send_late, target)
        first = receive(str, 1.0)
        if first == "just in time":
            return mail(1.0) == []
        assert isinstance(first, TimedOut)
        return mail(1.0) == ["just in time"]

    assert all_of(wait, wait, wait) == [True] * 3


@under_choices(200)
def test_a_timer_is_cancelled_once_or_fires_once_whoever_is_first() -> None:
    boss = self()
    refs: list[Ref] = Seen()

    def owner() -> object:
        ref = send_after(boss, "fired", 1.0)
        refs.append(ref)
        sleep(1.0)
        return process.cancel_timer(ref)

    def stranger() -> object:
        sleep(1.0)
        return [process.cancel_timer(ref) for ref in refs]

    own, others = all_of(owner, stranger)
    assert isinstance(others, list)
    cancelled = [left for left in (own, *others) if left is not None]
    assert len(cancelled) + len(mail(1.0)) == 1


@under_choices(200)
def test_sleepers_wake_in_time_and_a_timer_to_a_dead_process_is_nothing() -> None:
    woken: list[float] = Seen()

    def sleeper(seconds: float) -> None:
        sleep(seconds)
        woken.append(process.monotonic())

    dead = spawn(lambda: None)
    send_after(dead, "nobody", 0.2)
    process.send_after("no such name", "nobody", 0.2)
    all_of(*[partial(sleeper, n / 10) for n in (3, 1, 2, 3, 1)])

    assert woken == [0.1, 0.1, 0.2, 0.3, 0.3]
