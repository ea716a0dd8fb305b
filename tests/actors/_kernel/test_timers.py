from __future__ import annotations

import pytest

from actors import process, run
from actors._kernel import timers
from actors._kernel.cell import Cell
from actors._kernel.clock import MonotonicClock
from actors._kernel.scheduler import Scheduler
from actors._kernel.timers import Deadlines, Timer
from actors._kernel.wakeup import LockWakeup
from actors.pid import Pid, Ref


def timer(when: float, message: object = None) -> Timer:
    return Timer(Ref(), when, "nobody", message)


def cell() -> Cell:
    return Cell(Scheduler(MonotonicClock(), LockWakeup()), Pid(1), lambda: None, "test")


def test_timers_come_due_in_order_of_time_and_equal_ones_in_order_of_setting() -> None:
    deadlines = Deadlines()
    for when, message in ((2.0, "c"), (1.0, "a"), (2.0, "d"), (1.0, "b"), (9.0, "late")):
        deadlines.add(timer(when, message))

    due = []
    while isinstance(one := deadlines.due(2.0), Timer):
        due.append(one.message)

    assert due == ["a", "b", "c", "d"]
    assert deadlines.soonest() == 9.0


def test_a_hundred_thousand_cancelled_timers_leave_the_heap_small() -> None:
    deadlines = Deadlines()
    kept = timer(5.0)
    deadlines.add(kept)
    largest = 0
    for number in range(100_000):
        one = timer(10.0 + number)
        deadlines.add(one)
        deadlines.cancel(one)
        largest = max(largest, len(deadlines))

    assert largest < 200
    assert deadlines.due(5.0) is kept


def test_many_timers_cancelled_at_once_are_swept_out() -> None:
    deadlines = Deadlines()
    timers = [timer(float(number)) for number in range(5_000)]
    for one in timers:
        deadlines.add(one)
    for one in timers:
        deadlines.cancel(one)

    assert len(deadlines) < 200
    assert deadlines.soonest() is None


def test_a_deadline_that_is_set_later_again_and_again_is_one_entry() -> None:
    deadlines = Deadlines()
    waiting = cell()
    for number in range(10_000):
        deadlines.arm(waiting, 5.0 + number)
        waiting.deadline = None

    deadlines.arm(waiting, 20_000.0)

    assert len(deadlines) == 1
    assert deadlines.due(19_999.0) is None
    assert deadlines.due(20_000.0) is waiting


def test_an_earlier_deadline_comes_earlier_and_only_once() -> None:
    deadlines = Deadlines()
    waiting = cell()
    deadlines.arm(waiting, 10.0)
    deadlines.arm(waiting, 3.0)

    assert deadlines.due(3.0) is waiting
    assert deadlines.due(100.0) is None
    assert len(deadlines) == 0


def test_long_waits_between_short_ones_do_not_pile_up() -> None:
    deadlines = Deadlines()
    waiting = cell()
    for number in range(1_000):
        deadlines.arm(waiting, 5_000.0 + number)
        deadlines.arm(waiting, float(number))
        assert deadlines.due(float(number)) is waiting

    assert len(deadlines) < 200


def test_the_deadline_of_a_process_that_has_ended_is_forgotten() -> None:
    deadlines = Deadlines()
    for number in range(1_000):
        one = cell()
        deadlines.arm(one, 5.0 + number)
        deadlines.disarm(one)

    assert len(deadlines) < 200
    assert deadlines.soonest() is None


def test_timeouts_of_receive_do_not_pile_up() -> None:
    def main() -> int:
        for number in range(2_000):
            process.send(process.self(), number)
            process.receive(timeout=100.0 + number)
        return len(_deadlines())

    assert run(main) == 1


def _deadlines() -> Deadlines:
    from actors._kernel.current import running

    return running().deadlines


def test_who_could_not_be_pushed_for_want_of_memory_is_pushed_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(heap: object, entry: object) -> None:
        raise MemoryError

    deadlines = Deadlines()
    one = cell()
    with monkeypatch.context() as patch:
        patch.setattr(timers, "heappush", fail)
        with pytest.raises(MemoryError):
            deadlines.arm(one, 1.0)
    deadlines.arm(one, 2.0)

    assert deadlines.due(1.5) is None
    assert deadlines.due(2.0) is one
