"""Task: ownership, await, yield, shutdown, links."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.errors import BadArgument
from actors.messages import Exited
from actors.process import receive, self, send_exit, sleep, trap_exit
from actors.task import Task
from tests.conformance.support import (
    Term,
    Throw,
    attempt,
    flush,
    name,
    out,
    proc,
    run,
    settle,
    show_flush,
    strip,
)
from tests.conformance.traces.monitor_semantics import raises


def main() -> None:
    trap_exit(True)
    awaiting()
    failing()
    yielding()
    shutting_down()
    many()
    raw()


def ended(function: Callable[[], object]) -> object:
    """Return how a function ended; a wrong argument is Elixir's ArgumentError."""
    try:
        return strip(attempt_itself(function))
    except BadArgument:
        return ("error", "ArgumentError")


def attempt_itself(function: Callable[[], object]) -> tuple[object, ...]:
    refused: list[BadArgument] = []

    def watched() -> object:
        try:
            return function()
        except BadArgument as error:
            refused.append(error)
            raise

    came = attempt(watched)
    if refused:
        raise refused[0]
    return came


def awaited(task: Task[Term], seconds: float | None = 5.0) -> object:
    return ended(lambda: Task.await_(task, seconds))


def after(seconds: float | None, value: Term) -> Task[Term]:
    def function() -> Term:
        sleep(seconds)
        return value

    return Task.async_(function)


def awaiting() -> None:
    t = Task.async_(lambda: "done")
    out("await", awaited(t, 1.0))
    show_flush("left behind: the EXIT of the linked task only, and only because we trap")
    out("await again", awaited(t, 0.02))

    t = after(0.1, "late")
    out("await timeout", awaited(t, 0.02))
    show_flush("late reply is not delivered", 0.15)

    theirs = run(proc("other"), lambda: after(0.05, 1))
    out("not the owner: await", awaited(theirs, 0.1))
    out("not the owner: yield", ended(lambda: Task.yield_(theirs, 0.0)))
    out("not the owner: shutdown", ended(lambda: Task.shutdown(theirs)))


ENDS: dict[str, Callable[[], object]] = {
    "normal": lambda: process.exit("normal"),
    "exit": lambda: process.exit("why"),
    "raise": raises(RuntimeError("oops")),
    "throw": raises(Throw("ball")),
    "shutdown": lambda: process.exit("shutdown"),
    "killed": lambda: send_exit(self(), "kill"),
}


def failing() -> None:
    for label, function in ENDS.items():
        t = Task.async_(function)
        out(f"await, task ends by {label}", awaited(t, 1.0))
        settle(0.01)
        flush(0.0)

    for label in ("normal", "raise", "exit"):
        out(f"untrapping caller, task ends by {label}", untrapping(ENDS[label]))


def untrapping(function: Callable[[], object]) -> object:
    def body() -> object:
        task = Task.async_(function)
        sleep(0.04)
        return awaited(task)

    return run(proc("caller"), body)


def yielding() -> None:
    t = after(0.06, "v")
    out("yield, not yet", Task.yield_(t, 0.01))
    out("yield, then", Task.yield_(t, 0.5))
    out("yield, consumed", Task.yield_(t, 0.01))
    t = Task.async_(ENDS["exit"])
    out("yield of a failed one", Task.yield_(t))
    flush(0.02)


def stubborn() -> None:
    trap_exit(True)
    sleep(None)


def asked_to() -> object:
    trap_exit(True)
    exited = receive(Exited)
    assert isinstance(exited, Exited)
    return ("asked_to", exited.reason)


def shutting_down() -> None:
    out("shutdown", Task.shutdown(after(None, "never")))
    show_flush("no message", 0.02)
    t: Task[Term] = Task.async_(lambda: "quick")
    settle(0.02)
    out("shutdown after it replied", Task.shutdown(t))
    flush(0.0)
    t = Task.async_(ENDS["exit"])
    settle(0.02)
    out("shutdown after it failed", Task.shutdown(t))
    flush(0.0)
    t = Task.async_(stubborn)
    settle(0.02)
    out("shutdown of one that traps, 30 ms", Task.shutdown(t, 0.03))
    t = Task.async_(stubborn)
    settle(0.02)
    out("brutal_kill", Task.shutdown(t, "brutal_kill"))
    t = Task.async_(asked_to)
    settle(0.02)
    out("a trapping task may still answer", Task.shutdown(t))
    flush(0.02)


def bad() -> None:
    process.exit("bad")


def kill_all(tasks: list[Task[Term]]) -> None:
    for task in tasks:
        Task.shutdown(task, "brutal_kill")
    flush(0.02)


def many() -> None:
    values = Task.await_many([after(0.06, "a"), after(0.01, "b"), after(0.03, "c")])
    out("await_many keeps the input order", values)
    flush(0.02)
    tasks: list[Task[Term]] = [after(0.5, "slow"), Task.async_(bad)]
    out("await_many fails at once", ended(lambda: Task.await_many(tasks, 0.4)))
    kill_all(tasks)
    mixed: list[Task[Term]] = [after(0.0, "quick"), after(0.4, "slow"), Task.async_(bad)]
    out("yield_many", [outcome for _, outcome in Task.yield_many(mixed, 0.08)])
    kill_all(mixed)
    out("await_many of nothing", Task.await_many([]))
    out("completed", Task.await_(Task.completed("v")))


def raw() -> None:
    Task.async_(lambda: "value")
    out("messages", [message for message in flush() if not isinstance(message, Exited)])
    name(Task.start(lambda: "nobody_gets_this"), "started")
    show_flush("start")
    name(Task.start_link(ENDS["exit"]), "started")
    show_flush("start_link")
    out("callers", Task.await_(Task.async_(lambda: process.get("$callers"))))
