"""Tasks: who owns them, what kills whom, late answers, tasks of supervisors, many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from actors import process
from actors.messages import Exited
from actors.pid import Pid
from actors.process import is_alive, monitor, receive, send_exit, sleep, spawn, trap_exit, unlink
from actors.task import Task
from supervisors.dynamic_supervisor import DynamicSupervisor
from supervisors.task_supervisor import TaskSupervisor
from tests.conformance.kid import asked
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    flush,
    kill,
    milliseconds,
    name,
    out,
    proc,
    run,
    settle,
    show_flush,
    started,
    strip,
    tell,
)
from tests.conformance.traces.task_await import ended
from tests.conformance.traces.task_stream_rules import in_milliseconds, nap

_runs: Counter[str] = Counter()


def main() -> None:
    _runs.clear()
    owners()
    awaited()
    late()
    trap_exit(True)
    shut_down()
    over_before()
    many()
    trap_exit(False)
    supervised()
    restarted()


def pid_of(task: Task[Term]) -> Pid:
    assert task.pid is not None
    return task.pid


def owners() -> None:
    for trap in (False, True):
        o = proc("owner")

        def work(trap: bool = trap) -> str:
            trap_exit(trap)
            tell("up")
            tell(("told", receive()))
            sleep(0.002)
            return "done"

        task = run(o, lambda work=work: Task.async_(work))  # type: ignore[misc]
        name(pid_of(task), "task")
        flush(0.02)
        kill(o)
        show_flush(f"owner killed, trap {str(trap).lower()}", 0.02)
        out("  task alive", is_alive(pid_of(task)))
        settle(0.03)
    o = proc("owner")

    def finishes() -> object:
        sleep(0.06)
        tell("finished")
        return "finished"

    run(o, lambda: Task.async_(finishes))
    send_exit(o, "normal")
    settle(0.01)
    out("normal signal does not end the owner", is_alive(o))
    show_flush("  finished", 0.08)
    kill(o)


def awaited() -> None:
    task: Task[Term] = Task.async_(lambda: 1)
    out("await", Task.await_(task))
    out("again", strip(attempt(lambda: Task.await_(task, 0.03))))
    other: Task[Term] = Task.async_(lambda: 1)
    match run(proc("other"), lambda: ended(lambda: Task.await_(other))):
        case ("error", "ArgumentError"):
            out("by another", "ArgumentError")
        case came:
            out("by another", came)
    out("yield", Task.yield_(other))
    out("yield again", Task.yield_(other, 0.02))


def napping(seconds: float = 0.04) -> Task[Term]:
    return Task.async_(nap, seconds)


def late() -> None:
    task = napping()
    out("too late", strip(attempt(lambda: Task.await_(task, 0.01))))
    show_flush("  mailbox", 0.06)
    task = napping()
    out("yield too early", Task.yield_(task, 0.01))
    out("  yield later", in_milliseconds(Task.yield_(task, 0.06)))
    out("shutdown", Task.shutdown(napping()))
    show_flush("  mailbox", 0.06)


def told_to_end(then: Callable[[], object]) -> Callable[[], object]:
    """Return a task that traps exits and does something when it is told to end."""

    def work() -> object:
        trap_exit(True)
        receive(lambda each: isinstance(each, Exited) and each.reason == "shutdown")
        return then()

    return work


def deaf() -> None:
    trap_exit(True)
    sleep(0.2)


TASKS: dict[str, Callable[[], object]] = {
    "untrapping": lambda: sleep(0.2),
    "replies": told_to_end(lambda: "saved"),
    "deaf": deaf,
    "crashes": told_to_end(lambda: process.exit("ugly")),
    "normal": told_to_end(lambda: process.exit("normal")),
}


def shut_down() -> None:
    for label, work in TASKS.items():
        hows: tuple[Term, ...] = (0.03, "brutal_kill")
        for how in hows:
            task: Task[Term] = Task.async_(work)
            settle(0.01)
            shown = how if isinstance(how, str) else milliseconds(how)
            came = attempt(lambda task=task, how=how: Task.shutdown(task, how))  # type: ignore[misc]
            out(f"{label}, {shown}", strip(came))
            show_flush("  mailbox", 0.02)


def over_before() -> None:
    ends: dict[str, Callable[[], object]] = {
        "value": lambda: "v",
        "crash": lambda: process.exit("boom"),
        "normal": lambda: process.exit("normal"),
        "shutdown": lambda: process.exit("shutdown"),
    }
    for label, work in ends.items():
        task: Task[Term] = Task.async_(work)
        settle(0.01)
        out(f"ended before, {label}", attempt(lambda task=task: Task.shutdown(task)))  # type: ignore[misc]
        left = flush(0.01)
        out("  mailbox", [("exit", e.reason) if isinstance(e, Exited) else e for e in left])


def many() -> None:
    tasks = [napping(seconds) for seconds in (0.04, 0, 0.02)]
    out("await_many", in_milliseconds(Task.await_many(tasks)))
    slow = [napping(seconds) for seconds in (0, 0.1)]
    out("await_many too late", strip(attempt(lambda: Task.await_many(slow, 0.03))))
    flush(0.12)
    three: list[Task[Term]] = [napping(0), Task.async_(process.exit, "boom"), napping(0.1)]
    out("yield_many", [in_milliseconds(each) for _, each in Task.yield_many(three, 0.04)])
    last = Task.yield_many(three[2:], 0.1)
    out("  the last one", [in_milliseconds(each) for _, each in last])
    flush(0.01)

    def fails() -> None:
        sleep(0.01)
        process.exit("boom")

    pair: list[Task[Term]] = [napping(0.06), Task.async_(fails)]
    out("await_many, one fails", strip(attempt(lambda: Task.await_many(pair))))
    flush(0.08)
    out("none", (Task.await_many([]), Task.yield_many([])))


def supervised() -> None:
    sup = name(started(TaskSupervisor.start_link()), "sup")
    task: Task[Term] = TaskSupervisor.async_nolink(sup, process.exit, "boom")
    out("nolink crash", Task.yield_(task, 0.05))
    o = proc("owner")

    def finishes() -> None:
        sleep(0.04)
        tell("finished")

    def starts() -> str:
        TaskSupervisor.async_nolink(sup, finishes)
        return "ok"

    run(o, starts)
    kill(o)
    show_flush("nolink, owner killed")

    first: Task[Term] = TaskSupervisor.async_nolink(sup, sleep, None)

    def saves() -> object:
        trap_exit(True)
        message = receive(Exited)
        assert isinstance(message, Exited)
        return ("saved", message.reason)

    second: Task[Term] = TaskSupervisor.async_nolink(sup, saves)
    settle(0.01)
    unlink(sup)

    def stops() -> None:
        sleep(0.01)
        TaskSupervisor.stop(sup)

    spawn(stops)
    out("supervisor stops", (Task.yield_(first, 0.1), Task.yield_(second, 0.1)))
    settle(0.02)
    match attempt(lambda: TaskSupervisor.async_nolink(sup, sleep, 0.0)):
        case ("exit", (reason, _)):
            out("asked after its end", reason)
        case other:
            out("asked after its end", other)


def restarted() -> None:
    sup = name(started(TaskSupervisor.start_link()), "sup")
    o = proc("owner")
    crash = lambda: Task.await_(TaskSupervisor.async_(sup, process.exit, "boom"))  # noqa: E731
    out("linked crash", run(o, crash))
    out("supervisor lives", is_alive(sup))
    out("children", len(TaskSupervisor.children(sup)))
    restarts: tuple[Term, ...] = ("temporary", "transient", "permanent")
    for restart in restarts:
        s = started(TaskSupervisor.start_link(max_restarts=5))

        def work(restart: str = restart) -> None:
            _runs[restart] += 1
            if _runs[restart] < 3:
                process.exit("boom")
            sleep(None)

        TaskSupervisor.start_child(s, work, restart=restart)
        settle()
        runs = (_runs[restart], len(TaskSupervisor.children(s)))
        out(f"start_child {restart}, runs", runs)
        TaskSupervisor.stop(s)
    pid = started(TaskSupervisor.start_child(sup, sleep, None))
    ref = monitor(pid)
    out("terminate_child", asked(DynamicSupervisor.terminate_child, sup, pid))
    out("  reason", await_down(ref))
    out("  again", asked(DynamicSupervisor.terminate_child, sup, pid))
    show_flush("nothing left")
