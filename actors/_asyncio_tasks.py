"""Which process stands for which task of an event loop, and how a task has it do something.

A task gets a process when it first needs one; the process ends with the task. A task in which a coroutine of a
process runs stands for that process. Code that is none of a task, such as the callback of a timer, shares one
process with all such code of its loop.

Source: https://docs.python.org/3/library/asyncio-task.html#task-object
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar
from typing import cast as typed
from weakref import WeakKeyDictionary, finalize

from actors import _asyncio_loops as loops
from actors import hosting
from actors.errors import NotInProcess, WouldBlock
from actors.hosting import Away, Job
from actors.pid import Pid
from actors.runtime import Runtime

__all__ = [
    "caller",
    "do",
    "do_as",
    "forget_runtime",
    "have_done",
    "leave",
    "lend",
    "owner_of",
    "settable",
    "who",
]

R = TypeVar("R")

_LOOK_UP = 0.25

_standing: dict[asyncio.Task[Any], Away] = {}
"""Who acts for which task."""
_beside: WeakKeyDictionary[asyncio.AbstractEventLoop, Away] = WeakKeyDictionary()
"""Who acts for code that is none of a task, such as the callback of a timer."""


def caller() -> asyncio.Task[Any] | None:
    """Return the task that calls; `None` if none does."""
    loop = loops.running()
    return None if loop is None else asyncio.current_task(loop)


def _known(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any] | None) -> Away | None:
    """Return who stands for a task, or for code of the loop that is none; `None` if somebody must be made.

    Raises:
        Exit: The one that stood for it was ended by an exit signal, which is told once.
    """
    away = _beside.get(loop) if task is None else _standing.get(task)
    if away is None:
        return None
    if not away.is_gone:
        return away
    if task is None:
        del _beside[loop]
    elif not away.is_inmate:
        # The coroutine of a process that has ended is nobody any more, and goes on being that.
        del _standing[task]
    away.check()
    return None


async def _made(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any] | None) -> Away:
    made: asyncio.Future[Away] = loop.create_future()

    def tell(away: Away) -> None:
        if scheduler.is_here() and host is not None:
            made.set_result(away)
            return
        try:
            loop.call_soon_threadsafe(_set, made, away)
        except RuntimeError:
            # The loop is closed, and the task that was to have this process with it.
            away.end()

    host = loops.host_of(loop)
    scheduler = hosting.serving() if host is None else host
    hosting.appear(scheduler, _name(task), tell)
    try:
        away = made.result() if made.done() else await made
    except asyncio.CancelledError:
        if not made.cancelled():
            made.result().end()
        raise
    if (sooner := _known(loop, task)) is not None:
        # Two awaited for one task: the other one was quicker.
        away.end()
        return sooner
    _stand(loop, task, away)
    return away


def _set(made: asyncio.Future[Away], away: Away) -> None:
    if made.cancelled():
        away.end()
    else:
        made.set_result(away)


def _of_caller() -> Away | None:
    """Return who stands for the calling code, making it if need be; `None` where no loop runs."""
    loop = loops.blocked()
    if loop is None:
        return None
    task = asyncio.current_task(loop)
    away = _known(loop, task)
    if away is not None:
        return away
    made: list[Away] = []
    done = threading.Event()

    def tell(away: Away) -> None:
        made.append(away)
        done.set()

    scheduler = loops.host_of(loop) or hosting.serving()
    hosting.appear(scheduler, _name(task), tell)
    while not done.wait(_LOOK_UP) and not scheduler.ended:
        pass
    if not made:
        return None
    _stand(loop, task, made[0])
    return made[0]


def _stand(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any] | None, away: Away) -> None:
    if task is None:
        _beside[loop] = away
        finalize(loop, away.end).atexit = False
    else:
        _standing[task] = away
        task.add_done_callback(_fall)


def _fall(task: asyncio.Task[Any]) -> None:
    away = _standing.pop(task, None)
    if away is not None:
        away.end()


def _name(task: asyncio.Task[Any] | None) -> str:
    return "asyncio event loop" if task is None else f"asyncio {task.get_name()}"


def lend(task: asyncio.Task[Any], away: Away) -> None:
    """Let a task stand for a process that awaits it."""
    _standing[task] = away


def leave(task: asyncio.Task[Any]) -> None:
    """Let a task stand for nobody any more."""
    _standing.pop(task, None)


def forget_runtime(runtime: Runtime) -> None:
    """Forget who stood for whom in a runtime that has ended in order: that is no news for any task."""
    scheduler = runtime.scheduler
    for task in [task for task, away in _standing.items() if away.cell.scheduler is scheduler]:
        del _standing[task]
    for loop in [loop for loop, away in _beside.items() if away.cell.scheduler is scheduler]:
        del _beside[loop]


async def do(fn: Callable[[], R], *, gives_back: bool = False) -> R:
    """Do a job; a message that it has brought when it is too late goes back into the mailbox."""
    return await do_as(await who(), fn, gives_back=gives_back)


async def who(task: asyncio.Task[Any] | None = None) -> Away:
    """Return who stands for a task of the running loop; by default for the calling one."""
    loop = asyncio.get_running_loop()
    if task is None or task.get_loop() is not loop:
        task = asyncio.current_task(loop)
    return _known(loop, task) or await _made(loop, task)


async def owner_of(pid: Pid) -> Away:
    """Return who stands for the task whose process this is; if it is none of this loop, for the calling one."""
    loop = asyncio.get_running_loop()
    away = _known(loop, asyncio.current_task(loop))
    if away is not None and away.cell.pid == pid:
        return away
    for task, other in list(_standing.items()):
        if other.cell.pid == pid and task.get_loop() is loop:
            return other
    return away or await who()


def have_done(away: Away, fn: Callable[[], object]) -> None:
    """Have something done by the process that stands for another task, perhaps; nobody awaits it."""
    with suppress(NotInProcess):  # its runtime has ended, and all processes with it
        away.ask(Job(fn, copy_context(), _forget, gives_back=False))


def _forget(value: object, error: BaseException | None) -> None:
    """Take no notice of what came of a job."""


async def do_as(away: Away, fn: Callable[[], R], *, gives_back: bool = False) -> R:
    """Do a job as the process that stands for another task, perhaps."""
    loop = asyncio.get_running_loop()
    if away.cell.scheduler.is_here():
        # It may be done when `ask` returns: most are, and then there is nothing to await.
        job = Job(fn, copy_context(), None, gives_back)
        away.ask(job)
        if job.outcome is not None:
            value, error = job.outcome
            if error is not None:
                raise settable(error)
            return typed("R", value)
        future: asyncio.Future[R] = loop.create_future()
        job.done = partial(_settle, future)
    else:
        future = loop.create_future()
        job = Job(fn, copy_context(), _from_outside(loop, partial(_settle, future)), gives_back)
        away.ask(job)
    try:
        return await future
    except asyncio.CancelledError as cancelled:
        away.interrupt(job, asyncio.CancelledError(*cancelled.args))
        raise


def _settle(future: asyncio.Future[R], value: R, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(settable(error))


def _from_outside(
    loop: asyncio.AbstractEventLoop, settle: Callable[[object, BaseException | None], object]
) -> Callable[[object, BaseException | None], object]:
    """Return what settles a future on its loop, from the thread of the runtime."""

    def done(value: object, error: BaseException | None) -> None:
        # Of a closed loop nobody awaits anything any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, value, error)

    return done


def settable(error: BaseException) -> BaseException:
    """Return an exception that a future takes, which StopIteration is none of."""
    if isinstance(error, StopIteration):
        wrapped = RuntimeError("the function raised StopIteration")
        wrapped.__cause__ = error
        return wrapped
    return error


def _guard() -> None:
    if loops.blocked() is not None:
        message = (
            "this would wait, and stop the event loop of its thread meanwhile: "
            "await as_process(function, *arguments) instead, from actors.asyncio_bridge"
        )
        raise WouldBlock(message)


hosting.connect(_of_caller, _guard)
