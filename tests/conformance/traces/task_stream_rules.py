"""Task.async_stream: order, places, timeouts, failures, early halt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from actors import process
from actors.exits import Crash
from actors.process import monotonic, sleep, trap_exit
from actors.task import Task
from supervisors import TaskSupervisor, TooManyTasks
from tests.conformance.support import (
    Term,
    Throw,
    attempt,
    milliseconds,
    name,
    out,
    proc,
    run,
    settle,
    show_flush,
    tell,
)


def main() -> None:
    out("in order", stream([0.12, 0.06, 0], nap, max_concurrency=3))
    out("as completed", stream([0.12, 0.06, 0], nap, max_concurrency=3, ordered=False))
    out("one place", stream([0.08, 0.04, 0], nap, max_concurrency=1, ordered=False))
    slow = took(lambda: stream([0.3, 0.1, 0.1, 0.1], nap, max_concurrency=2))
    out("a slow one holds up no place", slow)
    out("nothing", stream([], nap))

    lazy = Task.async_stream(pulled(), later, max_concurrency=2)
    show_flush("not asked yet")
    out("take one", [*islice(lazy, 1)])
    lazy.close()
    show_flush("pulled for one")
    out("all", [*Task.async_stream(pulled(), later, max_concurrency=2)])
    show_flush("pulled for all")

    late = attempt(lambda: stream([0.2, 0], nap, timeout=0.04))
    out("timeout", in_milliseconds(late))
    show_flush("nothing left")
    kill: dict[str, Term] = {"on_timeout": "kill_task"}
    out("kill_task", stream([0.2, 0, 0.2], nap, timeout=0.05, **kill))
    zipped = [*Task.async_stream([0.2, 0], nap, timeout=0.05, zip_input_on_exit=True, **kill)]
    out("zip", [(kind, in_milliseconds(value)) for kind, value in zipped])
    last = stream([0.2, 0, 0.02], nap, timeout=0.06, ordered=False, max_concurrency=3, **kill)
    out("late ones come last", last)
    out("each has its own time", stream([0.06] * 3, nap, timeout=0.1, max_concurrency=1))

    out("untrapping, exit", run(proc("untrapping"), lambda: stream([0, 1], fail)))
    out("untrapping, normal", run(proc("untrapping"), lambda: stream([0, 2], fail)))
    trap_exit(True)
    out("trapping", stream([0, 1, 2, 3, 4, 5], fail))
    out("trapping, zip", stream([1, 5], fail, zip_input_on_exit=True))
    show_flush("nothing left")

    halt()
    supervised()


def halt() -> None:
    before = links()
    for number in (1, 2):
        outcomes = Task.async_stream([0, 0.02, 5, 5], nap, max_concurrency=4)
        taken = [*islice(outcomes, number)]
        outcomes.close()
        out(f"take {number}", [(kind, in_milliseconds(value)) for kind, value in taken])
        out("links left", [pid for pid in links() if pid not in before])
    show_flush("nothing left")
    out("an input that raises", attempt(lambda: stream(broken(), nap, max_concurrency=4)))
    show_flush("nothing left")


def supervised() -> None:
    sup = name(TaskSupervisor.start_link(max_children=2), "tsup")
    nolink = TaskSupervisor.async_stream_nolink
    out("nolink", [*nolink(sup, [0, 1, 3], fail, max_concurrency=2)])
    trap_exit(False)
    out("nolink, untrapping", [*nolink(sup, [0, 1], fail, max_concurrency=2)])
    full = attempt(
        lambda: [*TaskSupervisor.async_stream(sup, [0.5, 0.5, 0.5], nap, max_concurrency=3)]
    )
    refused = isinstance(full[1], TooManyTasks) and isinstance(full[1], RuntimeError)
    out("full", "RuntimeError" if refused else full)
    settle(0.03)
    out("children", TaskSupervisor.children(sup))
    show_flush("nothing left")


def stream(inputs: Iterable[Term], fn: Callable[[Term], Term], **options: Term) -> list[object]:
    """Return all outcomes of a stream, times in milliseconds."""
    outcomes = [*Task.async_stream(inputs, fn, **options)]
    return [(kind, in_milliseconds(value) if fn is nap else value) for kind, value in outcomes]


def in_milliseconds(value: Term) -> object:
    """Return a value with the seconds in it as the trace writes them."""
    match value:
        case int() | float():
            return milliseconds(value)
        case Crash():
            return value
        case tuple() | list():
            return type(value)(in_milliseconds(each) for each in value)
        case _:
            return value


def took(function: Callable[[], object]) -> tuple[object, int]:
    """Return a value and how many tenths of a second it took."""
    began = monotonic()
    value = function()
    return value, int((monotonic() - began + 0.03) * 10)


def nap(seconds: float) -> float:
    sleep(seconds)
    return seconds


def later(number: int) -> int:
    sleep(number * 0.02)
    return number


def pulled() -> Iterator[int]:
    for number in (1, 2, 3, 4):
        tell(("pulled", number))
        yield number


def broken() -> Iterator[int]:
    yield 1
    raise RuntimeError("x")


def fail(number: int) -> int:
    if number == 1:
        process.exit("why")
    if number == 2:
        process.exit("normal")
    if number == 3:
        raise RuntimeError("oops")
    if number == 4:
        raise Throw("ball")
    return number


def links() -> tuple[object, ...]:
    info = process.info(process.self())
    return () if info is None else info.links
