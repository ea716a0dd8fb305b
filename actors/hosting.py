"""For bridges to other loops: take turns with one, and act as a process for the code that it runs.

The kernel's door for a room such as `asyncio_bridge`, which is what programs use.

* `Turns(host)` is a wake-up: `Runtime(wakeup=…)` then lives on the thread of another loop.
* `appear` makes a process for code that another loop runs; `depart` lets the calling process act for such code.
* `connect` says who stands for the code that calls, and when such code must not wait.

Source: https://trio.readthedocs.io/en/stable/reference-lowlevel.html#using-guest-mode-to-run-trio-on-top-of-other-event-loops
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, copy_context

from actors._kernel.away import Away, Job
from actors._kernel.current import default_scheduler, me, tenants, without_waiting
from actors._kernel.outside import guards
from actors._kernel.scheduler import Scheduler
from actors._kernel.switch import current_stack
from actors._kernel.turns import Host, Turns

__all__ = [
    "Away",
    "Host",
    "Job",
    "Scheduler",
    "Turns",
    "appear",
    "connect",
    "depart",
    "serving",
    "variables",
    "without_waiting",
]


def connect(of_caller: Callable[[], Away | None], guard: Callable[[], object]) -> None:
    """Open a bridge to the kernel.

    Args:
        of_caller: Asked on a thread that is neither a loop nor a process; returns who stands for the code
            that calls, or `None` if the bridge does not know it.
        guard: Called before such a thread waits; raises if it must not.

    Source: https://trio.readthedocs.io/en/stable/reference-lowlevel.html
    """
    tenants.append(lambda: None if (away := of_caller()) is None else away.shadow)
    guards.append(guard)


def serving() -> Scheduler:
    """Return the runtime that serves foreign threads; it is started in the background if there is none.

    Returns:
        Its loop.

    Source: https://trio.readthedocs.io/en/stable/reference-lowlevel.html
    """
    return default_scheduler()


def appear(scheduler: Scheduler, doing: str, made: Callable[[Away], object]) -> None:
    """Make a process for code that came from elsewhere.

    Does not wait.

    Args:
        scheduler: Where.
        doing: The initial call, for people to read.
        made: Told who it is: at once on the thread of the runtime's loop, else soon and on that thread.

    Source: https://trio.readthedocs.io/en/stable/reference-lowlevel.html
    """

    def make() -> None:
        made(Away.appear(scheduler, doing))

    if scheduler.is_here():
        make()
        scheduler.wakeup.wake()
    else:
        scheduler.post(make)


def depart() -> Away:
    """Let the calling process act for code elsewhere, which it then serves, until that ends.

    Returns:
        What that code asks for what has to wait.

    Source: https://trio.readthedocs.io/en/stable/reference-lowlevel.html
    """
    cell = me()
    if cell.port is not None:
        cell.port.check_wait()
    away = Away(cell)
    away.depart()
    return away


def variables() -> Context:
    """Return the context variables of the calling process: its own where possible, else a copy.

    Returns:
        What a task may be made with.

    Source: https://docs.python.org/3/library/contextvars.html
    """
    stack = current_stack()
    context = stack.gr_context
    if context is None:
        context = Context()
        stack.gr_context = context
    try:
        # Somebody's `Context.run` stands further up on this stack: entered twice it cannot be.
        context.run(int)
    except RuntimeError:
        return copy_context()
    return context
