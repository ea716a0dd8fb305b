"""Several things at once, and all their results: tasks for what waits, threads and interpreters for what works.

What is `join!` in Rust, `Promise.all` in JavaScript, `asyncio.gather` in Python and `Task.await_many` in
Elixir. A task is a process that runs one function; whoever started it awaits the result. Nothing is
marked as async: a function that waits looks like any other.

A task of the usual kind shares the thread with all others, and may wait as long as it likes with
`process.sleep`, `receive` or a call. For code that blocks, `host="thread"` gives a task a thread of its
own; for Python code that computes, `host="process"` gives it an interpreter of its own on another core.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable

from actors import Crash, Task, TaskExited, process, run, telemetry

SHORT = 0.2


def fetch(page: str, seconds: float) -> str:
    process.sleep(seconds)  # stands for a network
    return page.upper()


def everything() -> list[str]:
    """Wait for all: the results come in the order of the tasks, in the time of the slowest."""
    tasks = [Task.async_(fetch, page, SHORT) for page in ("news", "weather", "sports")]
    return Task.await_many(tasks)


def what_is_ready() -> list[str]:
    """Wait for as long as one likes, take what is there, and end the rest."""
    tasks = [Task.async_(fetch, "quick", 0.0), Task.async_(fetch, "slow", 3600.0)]
    outcomes = Task.yield_many(tasks, SHORT, on_timeout="kill_task")
    return ["fetch: not ready" if got is None else str(got[1]) for _, got in outcomes]


def one_that_fails() -> str:
    """A task that fails takes along whoever awaits it, who would otherwise wait for nothing.

    A process that traps exits survives that, and finds out at `await_`.
    """
    process.trap_exit(True)
    task = Task.async_(int, "many")
    try:
        return str(Task.await_(task))
    except TaskExited as error:
        match error.reason:
            case (Crash(exception=failure), _):  # why, and who awaited whom
                return repr(failure)
        return str(error)


def blocking() -> float:
    """Code that blocks in two tasks at once: each has a thread, and the loop goes on."""
    before = time.perf_counter()
    Task.await_many([Task.async_(time.sleep, SHORT, host="thread") for _ in range(2)])
    return time.perf_counter() - before


def computing() -> int:
    """Python code that computes: return in how many interpreters two tasks and we have run."""
    tasks = [Task.async_(os.getpid, host="process") for _ in range(2)]
    return len({os.getpid(), *Task.await_many(tasks, timeout=60.0)})


def timed(way: Callable[[], object]) -> str:
    before = process.monotonic()
    result = way()
    return f"{result}, after {process.monotonic() - before:.1f} s"


def show() -> None:
    print("await_many:", timed(everything))
    print("yield_many:", timed(what_is_ready))
    print("a failure: ", one_that_fails())
    print(f"threads:    twice {SHORT} s of time.sleep took {blocking():.1f} s")
    print(f"processes:  two tasks and we ran in {computing()} interpreters")


def main(argv: list[str]) -> int:
    ArgumentParser("await_many").parse_args(argv)
    telemetry.set_reporter(None)  # the log would tell of the task that failed; here we do
    run(show)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
