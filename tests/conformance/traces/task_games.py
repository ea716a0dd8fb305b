"""Tasks: yield, shutdown and ignore at odd times; streams out of order with inputs of the failed; limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from actors import process
from actors.pid import Pid
from actors.process import receive, self, send_exit, sleep, trap_exit
from actors.task import Task
from supervisors import Supervisor, TaskSupervisor
from supervisors.task_supervisor import TooManyTasks
from tests.conformance.kid import asked
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    out,
    proc,
    run,
    settle,
    show_flush,
    strip,
    tell,
)
from tests.conformance.traces.task_edges import pid_of


def main() -> None:
    ignored()
    over_and_again()
    many()
    streams()
    odd_streams()
    top = TaskSupervisor.start_link(max_children=2)
    consumers(top)
    limits(top)


def nap(ms: int) -> int:
    sleep(ms / 1000)
    return ms


def yielded(task: Task[Term], seconds: float) -> object:
    return Task.yield_(task, seconds)


def fails(reason: object) -> Callable[[], object]:
    return lambda: process.exit(reason)


# -- one task --------------------------------------------------------------------------------------


def ignored() -> None:
    t: Task[Term] = Task.async_(lambda: nap(20))
    out("ignore", Task.ignore(t))
    show_flush("  mail", 0.04)
    t = Task.async_(lambda: "here")
    settle(0.01)
    out("ignore what is there", Task.ignore(t))
    show_flush("  mail", 0.005)
    out("yield of an ignored one", yielded(t, 0.005))
    trap_exit(True)
    t = Task.async_(fails("bad"))
    settle(0.01)
    out("ignore what failed", Task.ignore(t))
    show_flush("  mail", 0.005)
    t = Task.async_(lambda: nap(20))
    Task.ignore(t)
    out("await of an ignored one", strip(attempt(lambda: Task.await_(t, 0.01))))
    show_flush("  mail", 0.03)
    completed = (Task.await_(Task.completed(3)), yielded(Task.completed(4), 5.0))
    out("completed", completed)


def over_and_again() -> None:
    t: Task[Term] = Task.async_(lambda: nap(60))
    out("yield or shutdown", yielded(t, 0.01) or Task.shutdown(t))
    out("again", Task.shutdown(t))
    show_flush("  mail", 0.06)
    t = Task.async_(lambda: "quick")
    settle(0.005)
    out("shutdown of the finished", Task.shutdown(t, "brutal_kill"))
    out("again", Task.shutdown(t, "brutal_kill"))
    t = Task.async_(fails("odd"))
    settle(0.005)
    out("shutdown of the failed", Task.shutdown(t))
    show_flush("  mail", 0.005)
    t = Task.async_(kills_itself)
    settle(0.005)
    out("shutdown of the killed", Task.shutdown(t, "brutal_kill"))
    show_flush("  mail", 0.005)
    t = Task.async_(lambda: nap(50))
    send_exit(pid_of(t), "kill")
    out("yield of the killed", yielded(t, 0.03))
    out("yield again", yielded(t, 0.005))
    show_flush("  mail", 0.005)


def kills_itself() -> int:
    send_exit(self(), "kill")
    return nap(50)


def many() -> None:
    tasks: list[Task[Term]] = [
        Task.async_(lambda: nap(10)),
        Task.async_(fails("x")),
        Task.async_(lambda: nap(80)),
        Task.completed("c"),
    ]
    out("yield_many", [outcome for _, outcome in Task.yield_many(tasks, 0.04)])
    out("again", [outcome for _, outcome in Task.yield_many(tasks, 0.06)])
    flush(0.005)
    out("await_many of nobody", Task.await_many([]))
    two: list[Task[Term]] = [Task.async_(lambda: nap(50)), Task.async_(fails("second"))]
    out("await_many", strip(attempt(lambda: Task.await_many(two))))
    flush(0.06)
    slow: list[Task[Term]] = [Task.async_(lambda: 1), Task.async_(lambda: nap(50))]
    out("await_many too long", strip(attempt(lambda: Task.await_many(slow, 0.02))))
    flush(0.06)


# -- streams ---------------------------------------------------------------------------------------


ENDS: Term = {"bad": "bad", "crash": ("shutdown", 1)}


def work(item: Term) -> int:
    if item in ENDS:
        process.exit(ENDS[item])
    return nap(200 if item == "late" else item)


def streams() -> None:
    items: list[Term] = [40, "bad", 10, "late", "crash", 20]
    for ordered in (True, False):
        for zipped in (True, False):
            stream = Task.async_stream(
                items,
                work,
                max_concurrency=3,
                ordered=ordered,
                timeout=0.09,
                on_timeout="kill_task",
                zip_input_on_exit=zipped,
            )
            label = f"ordered {ordered}, zip {zipped}".replace("True", "true")
            out(label.replace("False", "false"), list(stream))
            show_flush("  mail", 0.005)
    late = Task.async_stream([1, "late"], work, timeout=0.02)
    out("timeout exits", strip(attempt(lambda: list(late))))
    show_flush("  mail", 0.005)
    stream = Task.async_stream([1, 30, 50, 70], work, max_concurrency=4)
    first = list(islice(stream, 2))
    stream.close()
    out("halted early", first)
    show_flush("  mail", 0.08)
    stream = Task.async_stream([20, 1, 10], work, max_concurrency=1, ordered=False)
    out("one at a time, unordered", list(stream))
    out("nothing", list(Task.async_stream([], work)))


def odd_streams() -> None:
    def pulled() -> Iterator[int]:
        for number in range(1, 9):
            tell(("pulled", number))
            yield number

    def first() -> object:
        stream = Task.async_stream(pulled(), lambda n: n, max_concurrency=2)
        taken = list(islice(stream, 1))
        stream.close()
        return taken

    out("lazy", attempt(first))
    out("  pulled at most 3", len(flush(0.01)) <= 3)

    def broken() -> Iterator[int]:
        yield 1
        raise RuntimeError("in")

    kind, error = attempt(lambda: list(Task.async_stream(broken(), lambda n: n, max_concurrency=1)))
    out("input raises", type(error) if kind == "error" else kind)
    show_flush("  mail", 0.01)
    out("nested", list(Task.async_stream([1, 2], inner, max_concurrency=2)))


def inner(n: int) -> list[int]:
    stream = Task.async_stream([10, 5], lambda m: n * nap(m), ordered=False, max_concurrency=2)
    return [outcome[1] for outcome in stream]  # type: ignore[misc]


def consumers(top: Pid) -> None:
    def linked() -> object:
        return list(Task.async_stream([10, "bad", 10], work, max_concurrency=3))

    def alone() -> object:
        stream = TaskSupervisor.async_stream_nolink(top, [10, "bad", 10], work, max_concurrency=2)
        return list(stream)

    out("not trapping", run(proc("consumer"), linked))
    out("nolink", run(proc("consumer"), alone))
    out("children", len(TaskSupervisor.children(top)))


# -- limits ----------------------------------------------------------------------------------------


def limits(top: Pid) -> None:
    a: Task[Term] = TaskSupervisor.async_nolink(top, lambda: nap(30))
    b = TaskSupervisor.start_child(top, lambda: nap(200))
    out("full: start_child", asked(TaskSupervisor.start_child, top, lambda: 1))
    try:
        TaskSupervisor.async_nolink(top, lambda: 1)
    except TooManyTasks:
        out("full: async", "refused")
    out("first", Task.await_(a))
    out("terminate_child", asked(TaskSupervisor.terminate_child, top, b))
    out("terminate_child again", asked(TaskSupervisor.terminate_child, top, b))
    out("children", len(TaskSupervisor.children(top)))

    def trapping() -> str:
        trap_exit(True)
        tell(("told", receive()))
        return "done"

    a = TaskSupervisor.async_nolink(top, trapping)
    settle(0.005)
    out("terminate a task", asked(TaskSupervisor.terminate_child, top, pid_of(a)))
    for message in flush(0.01):
        out("  mail", message)
    a = TaskSupervisor.async_(top, lambda: nap(100))
    Supervisor.stop(top)
    out("its supervisor stopped", strip(attempt(lambda: Task.await_(a, 0.05))))
    match attempt(lambda: TaskSupervisor.async_nolink(top, lambda: 1)):
        case ("exit", (reason, (module, function, _))):
            out("async without it", (reason, module, function))
        case other:
            out("async without it", other)
