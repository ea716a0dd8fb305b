"""TaskSupervisor: async links caller and task, async_nolink does not."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.agent import Agent
from actors.pid import Pid
from actors.process import is_alive, sleep
from actors.task import Task
from supervisors.dynamic_supervisor import DynamicSupervisor
from supervisors.task_supervisor import TaskSupervisor
from tests.conformance.kid import asked
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    kill,
    name,
    out,
    proc,
    run,
    settle,
    started,
    strip,
)
from tests.conformance.traces.monitor_semantics import raises


def main() -> None:
    sup = name(started(TaskSupervisor.start_link(max_children=3)), "tsup")

    def nolink(function: Callable[[], object]) -> Task[Term]:
        return TaskSupervisor.async_nolink(sup, function)

    out("nolink, yield", Task.yield_(nolink(why)))
    failing = nolink(raises(RuntimeError("oops")))
    out("nolink, await", strip(attempt(lambda: Task.await_(failing))))
    out("caller lives, mailbox", flush())
    nolink(soon)
    out("nolink messages", flush(0.08))

    def awaits() -> object:
        task: Task[Term] = TaskSupervisor.async_(sup, why)
        sleep(0.05)
        return strip(attempt(lambda: Task.await_(task)))

    out("async, untrapping caller", run(proc("caller"), awaits))
    out("supervisor alive", is_alive(sup))
    p = proc("caller")
    t1: Task[Term] = run(p, lambda: TaskSupervisor.async_(sup, forever))
    t2: Task[Term] = run(p, lambda: nolink(forever))
    kill(p)
    settle()
    alive = tuple(task.pid is not None and is_alive(task.pid) for task in (t1, t2))
    out("caller died: linked task, nolink task", alive)
    out("children", len(TaskSupervisor.children(sup)))
    out("terminate_child", terminated(sup, t2))
    out("terminate_child again", terminated(sup, t2))
    t = nolink(forever)
    terminated(sup, t)
    out("terminated task, yield", Task.yield_(t))

    tasks = [nolink(forever) for _ in range(3)]
    out("start_child over the limit", asked(TaskSupervisor.start_child, sup, one))
    out("async over the limit", over_the_limit(lambda: nolink(one)))
    for task in tasks:
        Task.shutdown(task, "brutal_kill")
    settle(0.02)
    out("children", TaskSupervisor.children(sup))

    counter = Agent.start(lambda: 0)

    def runs(restart: Term, function: Callable[[], object]) -> object:
        def counted() -> None:
            Agent.update(counter, lambda number: number + 1)
            function()

        Agent.update(counter, lambda _: 0)
        TaskSupervisor.start_child(sup, counted, restart=restart)
        settle()
        return Agent.get(counter, lambda number: number)

    def fails_once() -> None:
        if Agent.get(counter, lambda number: number) == 1:
            process.exit("x")

    out("temporary (default) that crashes runs", runs("temporary", lambda: process.exit("x")))
    out("transient that returns runs", runs("transient", lambda: "ok"))
    out("transient that fails once runs", runs("transient", fails_once))
    out("supervisor alive", is_alive(sup))
    flush(0.0)


def why() -> object:
    process.exit("why")


def soon() -> str:
    sleep(0.02)
    return "v"


def forever() -> None:
    sleep(None)


def one() -> int:
    return 1


def terminated(sup: Pid, task: Task[Term]) -> object:
    assert task.pid is not None
    return asked(DynamicSupervisor.terminate_child, sup, task.pid)


def over_the_limit(function: Callable[[], object]) -> object:
    """Return the class of what was raised, of which Elixir's is one."""
    try:
        function()
    except RuntimeError:
        return ("error", RuntimeError)
    return "started"
