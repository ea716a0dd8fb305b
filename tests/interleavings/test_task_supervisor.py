from __future__ import annotations

from functools import partial

from actors.errors import CallFailed
from actors.messages import Exited
from actors.process import processes, sleep
from actors.task import Task
from supervisors import TaskSupervisor, TooManyTasks
from tests.interleavings.support import all_of, mail, under_choices
from tests.watching import Seen


def work(number: int) -> int:
    sleep(number % 3 / 10)
    if number % 4 == 3:
        raise RuntimeError(number)
    return number


@under_choices(200)
def test_every_task_ends_for_its_owner_once_and_there_is_never_one_too_many() -> None:
    top = TaskSupervisor.start_link(max_children=3)
    most: list[int] = Seen()

    def owner(numbers: range) -> object:
        ends: list[object] = Seen()
        for number in numbers:
            try:
                task = TaskSupervisor.async_nolink(top, work, number)
            except TooManyTasks:
                ends.append("full")
                sleep(0.1)
                continue
            most.append(len(TaskSupervisor.children(top)))
            outcome = Task.yield_(task)
            assert outcome is not None
            ends.append(outcome[1] if outcome[0] == "ok" else "failed")
        assert mail(1.0) == []
        return ends

    ends = all_of(*[partial(owner, range(n, 12, 4)) for n in range(4)])
    assert max(most) <= 3
    for number, end in enumerate(ends):
        fits = {"full", "failed"} if number == 3 else {"full", *range(number, 12, 4)}
        assert isinstance(end, list)
        assert set(end) <= fits
    assert TaskSupervisor.children(top) == []


@under_choices(200)
def test_the_end_of_the_supervisor_ends_every_task_and_is_told_to_every_owner() -> None:
    before = set(processes())
    top = TaskSupervisor.start_link()

    def owner() -> object:
        try:
            tasks = [TaskSupervisor.async_nolink(top, sleep, None) for _ in range(3)]
        except CallFailed as error:
            return {error.why}
        return {outcome[1] for _, outcome in Task.yield_many(tasks) if outcome is not None}

    def end() -> None:
        sleep(0)
        TaskSupervisor.stop(top)

    one, other, _ = all_of(owner, owner, end)
    assert isinstance(one, set)
    assert isinstance(other, set)
    # Those that are still hiring when it ends hear of its end; the others of that of their tasks.
    assert one | other <= {"shutdown", "noproc", "normal"}
    assert one
    assert other
    assert set(processes()) <= before
    assert all(isinstance(message, Exited) for message in mail())
