"""Event loops: which one a runtime lives on, which one a wait would stop, and one beside for whoever has none.

Source: https://docs.python.org/3/library/asyncio-eventloop.html
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from asyncio.tasks import _enter_task, _leave_task  # documented for those who extend asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import final
from weakref import WeakKeyDictionary

from actors import telemetry
from actors.errors import BadArgument
from actors.hosting import Scheduler, Turns
from actors.runtime import Choice, Clock, Runtime

__all__ = ["allow", "blocked", "companion", "home_of", "host_of", "living", "made"]

_LIMIT = 5.0

_hosts: WeakKeyDictionary[asyncio.AbstractEventLoop, Scheduler] = WeakKeyDictionary()
_homes: WeakKeyDictionary[Scheduler, asyncio.AbstractEventLoop] = WeakKeyDictionary()
_allowed: WeakKeyDictionary[asyncio.AbstractEventLoop, None] = WeakKeyDictionary()


def running() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in the calling thread."""
    return asyncio._get_running_loop()  # noqa: SLF001 - the one way to ask that raises nothing


def blocked() -> asyncio.AbstractEventLoop | None:
    """Return the loop that a wait of the calling thread would stop, unless that is allowed."""
    loop = running()
    return None if loop is None or loop in _allowed else loop


def allow() -> None:
    """Let the code of the running loop wait.

    Raises:
        BadArgument: The loop hosts a runtime.
    """
    loop = running()
    if loop in _hosts:
        raise BadArgument("the running loop", loop, "a loop that hosts no runtime")
    if loop is not None:
        _allowed[loop] = None


def host_of(loop: asyncio.AbstractEventLoop) -> Scheduler | None:
    """Return the runtime that lives on a loop."""
    return _hosts.get(loop)


def home_of(scheduler: Scheduler) -> asyncio.AbstractEventLoop:
    """Return the loop on which a runtime's coroutines run: the one it lives on, or the one beside."""
    return _homes.get(scheduler) or companion()


# -- a runtime on a loop ---------------------------------------------------------------------------


@final
class _Host:
    """An event loop as a host."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # What our loop sets must not be what the code around it sees, nor the reverse.
        self._context = Context()

    def soon(self, what: Callable[[], object]) -> None:
        self._loop.call_soon(what, context=self._context)

    def soon_threadsafe(self, what: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(what, context=self._context)

    def is_closed(self) -> bool:
        return self._loop.is_closed()

    def aside(self, what: Callable[[], object]) -> None:
        loop = self._loop
        task = asyncio.current_task(loop)
        if task is None:
            what()
            return
        # Code of processes must not take itself for the task that waits for it.
        _leave_task(loop, task)
        try:
            what()
        finally:
            _enter_task(loop, task)

    def later(self, seconds: float, what: Callable[[], object]) -> Callable[[], object]:
        return self._loop.call_later(seconds, what, context=self._context).cancel


def made(
    clock: Clock | None, choice: Choice | None, grace: float, held: float | None
) -> tuple[Runtime, Turns]:
    """Make a runtime for the running loop.

    Raises:
        BadArgument: An option is not accepted, or a runtime lives on this loop already.
    """
    loop = asyncio.get_running_loop()
    if loop in _hosts:
        raise BadArgument("the running loop", loop, "a loop that hosts no runtime yet")
    telemetry.prepare()
    turns = Turns(_Host(loop))
    return Runtime(clock=clock, choice=choice, wakeup=turns, grace=grace, held=held), turns


@contextmanager
def living(runtime: Runtime) -> Iterator[None]:
    """Have a runtime live on the running loop."""
    loop, scheduler = asyncio.get_running_loop(), runtime.scheduler
    _hosts[loop], _homes[scheduler] = scheduler, loop
    try:
        yield
    finally:
        del _hosts[loop], _homes[scheduler]


# -- a loop beside ---------------------------------------------------------------------------------


@final
class _Companion:
    """The loop for coroutines of runtimes that live on none; in a thread of its own, from the first use on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __call__(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                name = "actors-asyncio"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
                atexit.register(self.stop)
            return self._loop

    def _run(self) -> None:
        loop = self._loop
        if loop is None:
            return
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            if left := asyncio.all_tasks(loop):
                for task in left:
                    task.cancel()
                loop.run_until_complete(asyncio.wait(left, timeout=_LIMIT))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    def stop(self) -> None:
        """Cancel what runs and end the loop; at the interpreter's exit."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(2 * _LIMIT)
            atexit.unregister(self.stop)

    def forget(self) -> None:
        """Begin anew in a forked child, which has no other thread."""
        self._lock = threading.Lock()
        self._loop = self._thread = None


companion = _Companion()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=companion.forget)
