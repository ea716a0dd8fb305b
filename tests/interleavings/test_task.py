from __future__ import annotations

from functools import partial

from actors import process
from actors.messages import Down, Exited
from actors.pid import Pid
from actors.process import self, send_exit, sleep
from actors.task import Task
from tests.interleavings.support import all_of, mail, under_choices
from tests.watching import Seen


def after(seconds: float, value: int) -> int:
    sleep(seconds)
    return value


def links() -> list[object]:
    info = process.info(self())
    assert info is not None
    return [*info.links]


@under_choices(200)
def test_a_task_that_is_shut_down_as_it_ends_gives_its_result_or_nothing() -> None:
    def owner(seconds: float) -> object:
        process.trap_exit(True)
        before = links()
        task = Task.async_(after, seconds, 7)
        sleep(1.0)
        outcome = Task.shutdown(task)
        assert outcome in {("ok", 7), None}
        # Trapping, it may have been told of the end by the link just before it was taken away.
        told = mail(1.0)
        assert all(isinstance(message, Exited) for message in told)
        assert links() == before
        return outcome, len(told)

    early, _, late = all_of(*[partial(owner, seconds) for seconds in (0.5, 1.0, 1.5)])
    assert early == (("ok", 7), 1)
    assert late == (None, 0)


@under_choices(200)
def test_results_come_in_the_order_of_the_tasks_whoever_is_done_first() -> None:
    def owner() -> object:
        tasks = [Task.async_(after, n % 3 / 10, n) for n in range(6)]
        return Task.await_many(tasks)

    def stream() -> object:
        return [*Task.async_stream(range(6), lambda n: after(n % 3 / 10, n), max_concurrency=3)]

    values, outcomes = all_of(owner, stream)
    assert values == [*range(6)]
    assert outcomes == [("ok", n) for n in range(6)]
    assert mail() == []


@under_choices(200)
def test_the_first_failure_ends_the_owner_and_all_of_its_tasks() -> None:
    pids: list[Pid] = Seen()

    def owner() -> None:
        tasks = [Task.async_(after, 1.0, n) for n in range(4)]
        pids.extend(task.pid for task in tasks if task.pid is not None)
        Task.await_many(tasks)

    def killer(number: int) -> None:
        sleep(0.5)
        send_exit(pids[number], f"killed {number}")

    process.spawn(killer, 1)
    process.spawn(killer, 2)
    _, ref = process.spawn_monitor(owner)
    down = process.receive(lambda message: getattr(message, "ref", None) is ref)
    assert isinstance(down, Down)
    assert down.reason in {"killed 1", "killed 2"}
    sleep(0.1)
    assert not any(map(process.is_alive, pids))
