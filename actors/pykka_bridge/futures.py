"""Futures and events that know where they are waited for.

pykka's `ThreadingFuture.get` blocks the thread that calls it, and `await` of one blocks the event loop. Here
`get` waits as its caller can: a process has its stack set aside while others go on, a thread
blocks itself alone, and `await` gives the event loop back until the value is there.

    ask:     a future is made, and travels with the message
    get:     the value is there, or the caller waits at a `Latch`
    actor:   set  -> the value is kept -> the latch opens -> whoever waits goes on

A value is set once and handed over as it is; whoever sets it must not change it afterwards.

Source: https://pykka.readthedocs.io/stable/api/futures/
"""

from __future__ import annotations

import importlib
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Any, TypeVar, cast, final

import pykka

from actors.errors import CallCycle, CallingSelf
from actors.isolation import shareable
from actors.latch import ExcInfo, Latch
from actors.pid import Pid

__all__ = ["Event", "ProcessFuture", "failure_of", "raised"]

T = TypeVar("T")
M = TypeVar("M")
R = TypeVar("R")

_lock = threading.Lock()
"""Held for a few lines at a time: a lock for each future would cost more than all futures' turns at one."""


@shareable
class ProcessFuture(pykka.Future[T]):
    """A pykka future that processes, threads and coroutines can wait for, each in their own way.

    Example:
        >>> from actors import run, spawn
        >>> def main():
        ...     future = ProcessFuture()
        ...     spawn(future.set, 7)
        ...     return future.get()
        >>> run(main)
        7
    """

    _asked: Pid | None = None
    _request: object = None
    _latch: Latch | None = None
    outcome: tuple[Any, ExcInfo | None] | None = None
    """The value, or how `sys.exc_info()` tells of an exception, once it is set."""
    _sources: tuple[pykka.Future[Any], ...] | None = None
    _hooking: Latch | None = None

    def get(self, *, timeout: float | None = None) -> T:
        """Return the value, or raise the exception, waiting for it if need be.

        Blocks the calling process and not the loop; on a thread that is no process, that thread.

        Args:
            timeout: Seconds; 0 looks once; `None` for no limit.

        Returns:
            The value.

        Raises:
            pykka.Timeout: The time is over.
            pykka.ActorDeadError: The actor has ended without an answer.
            CallFailed: The caller is the actor that was asked, or that one waits for the caller:
                without a timeout both would wait for ever.

        Example:
            >>> future = ProcessFuture()
            >>> future.set(7)
            >>> future.get(timeout=0)
            7

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.get
        """
        if self._get_hook is not None:
            return self._get_hooked(timeout)
        outcome = self.outcome
        if outcome is None:
            outcome = self._await_outcome(timeout)
        value, failure = outcome
        if failure is None:
            return cast("T", value)
        raise raised(failure)

    def then(self, what: Callable[[], object]) -> None:
        """Have something done when it is set, at once if it is.

        From any thread or process; does not wait.

        Args:
            what: Called once, wherever it is set; must neither wait nor raise.

        Example:
            >>> future = ProcessFuture()
            >>> future.then(lambda: print("set"))
            >>> future.set(7)
            set

        Source: https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.add_done_callback
        """
        latch = self._closed_latch()
        if latch is None:
            what()
        else:
            latch.then(what)

    def ask_of(self, whom: Pid | None, request: object) -> None:
        """Note who will answer and what was asked, so that circles of waiting are found.

        From any thread or process; does not wait.

        Args:
            whom: The process.
            request: What it was sent, for people to read.

        Example:
            >>> ProcessFuture().ask_of(None, "hello")

        Source: https://pykka.readthedocs.io/stable/guides/deadlocks/
        """
        self._asked = whom
        self._request = request

    def _await_outcome(self, timeout: float | None) -> tuple[Any, ExcInfo | None]:
        latch = self._closed_latch()
        if latch is not None:
            kind, detail = latch.wait(timeout, self._asked)
            if self.outcome is None and self._get_hook is None:
                raise failure_of(kind, detail, timeout, self._asked, self._request)
        if self.outcome is None:
            # Somebody has given it a hook while we waited.
            return self.get(timeout=timeout), None
        return self.outcome

    def _closed_latch(self) -> Latch | None:
        """Return what to wait at, `None` if there is no need any more."""
        with _lock:
            if self.outcome is not None or self._get_hook is not None:
                return None
            latch = self._latch
            if latch is None:
                latch = self._latch = Latch()
            return latch

    def _get_hooked(self, timeout: float | None) -> T:
        """Have the hook called by one caller at a time, and no more once it has returned."""
        mine = Latch()
        while True:
            with _lock:
                other = self._hooking
                if other is None:
                    self._hooking = mine
            if other is None:
                break
            other.wait()
        try:
            return super().get(timeout=timeout)
        finally:
            self._hooking = None
            mine.open()

    def set(self, value: T | None = None) -> None:
        """Set the value and let everybody who waits go on.

        From any thread or process; does not wait.

        Args:
            value: What `get` will return.

        Raises:
            queue.Full: It has a value, an exception or a hook already.

        Example:
            >>> future = ProcessFuture()
            >>> future.set(7)
            >>> future.set(8)
            Traceback (most recent call last):
                ...
            queue.Full

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.set
        """
        self._settle((value, None))

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Set an exception, which `get` will raise.

        From any thread or process; does not wait.

        Args:
            exc_info: As `sys.exc_info()` returns it; `None` for the one that is being handled.

        Raises:
            queue.Full: It has a value, an exception or a hook already.

        Example:
            >>> future = ProcessFuture()
            >>> try:
            ...     1 / 0
            ... except ZeroDivisionError:
            ...     future.set_exception()
            >>> future.get()
            Traceback (most recent call last):
                ...
            ZeroDivisionError: division by zero

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.set_exception
        """
        self._settle((None, sys.exc_info() if exc_info is None else exc_info))

    def fail(self, error: BaseException) -> None:
        """Set an exception that nobody has raised yet, unless something is set already.

        From any thread or process; does not wait.

        Args:
            error: What `get` will raise.

        Example:
            >>> future = ProcessFuture()
            >>> future.set(7)
            >>> future.fail(ValueError("too late"))
            >>> future.get()
            7

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.set_exception
        """
        if self.outcome is None and self._get_hook is None:
            try:
                self._settle((None, (type(error), error, error.__traceback__)))
            except queue.Full:
                return

    def _settle(self, outcome: tuple[Any, ExcInfo | None]) -> None:
        with _lock:
            if self.outcome is not None or self._get_hook is not None:
                raise queue.Full
            self.outcome = outcome
            latch = self._latch
        if latch is not None:
            latch.open()

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Set a function that `get` calls, once, for its value.

        From any thread or process; does not wait.

        Args:
            func: Called with the timeout of `get`, in whoever calls that first.

        Raises:
            queue.Full: It has a value or an exception already.

        Example:
            >>> future = ProcessFuture()
            >>> future.set_get_hook(lambda timeout: 7)
            >>> future.get()
            7

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.set_get_hook
        """
        with _lock:
            if self.outcome is not None:
                raise queue.Full
            super().set_get_hook(func)
            latch = self._latch
        if latch is not None:
            latch.open()

    # -- made of other futures --------------------------------------------------------------------

    def depends_on(self, *sources: pykka.Future[Any]) -> ProcessFuture[T]:
        """Say of which futures the hook will ask the value, so that `await` can wait for these.

        From any thread or process; does not wait.

        Args:
            sources: The futures.

        Returns:
            The future itself.

        Example:
            >>> first, second = ProcessFuture(), ProcessFuture()
            >>> second.set_get_hook(first.get)
            >>> second.depends_on(first) is second
            True

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.set_get_hook
        """
        self._sources = sources
        return self

    def filter(
        self: ProcessFuture[Iterable[M]], func: Callable[[M], bool]
    ) -> pykka.Future[Iterable[M]]:
        """Return a future of those of the values that a function accepts.

        From any thread or process; does not wait.

        Args:
            func: Called in whoever gets the result first.

        Returns:
            The new future.

        Example:
            >>> future = ProcessFuture()
            >>> future.set([1, 2, 3])
            >>> future.filter(lambda number: number > 1).get()
            [2, 3]

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.filter
        """
        return _made(super().filter(func), self)

    def join(self, *futures: pykka.Future[Any]) -> pykka.Future[Iterable[Any]]:
        """Return a future of the list of this one's value and those of others.

        From any thread or process; does not wait.

        Args:
            futures: The others.

        Returns:
            The new future.

        Example:
            >>> one, two = ProcessFuture(), ProcessFuture()
            >>> one.set(1)
            >>> two.set(2)
            >>> one.join(two).get()
            [1, 2]

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.join
        """
        return _made(super().join(*futures), self, *futures)

    def map(self, func: Callable[[T], M]) -> pykka.Future[M]:
        """Return a future of what a function makes of the value.

        From any thread or process; does not wait.

        Args:
            func: Called in whoever gets the result first.

        Returns:
            The new future.

        Example:
            >>> future = ProcessFuture()
            >>> future.set(7)
            >>> future.map(str).get()
            '7'

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.map
        """
        return _made(super().map(func), self)

    def reduce(
        self: ProcessFuture[Iterable[M]], func: Callable[[R, M], R], *args: R
    ) -> pykka.Future[R]:
        """Return a future of the values put together, two by two, from the left.

        From any thread or process; does not wait.

        Args:
            func: Called in whoever gets the result first.
            args: At most one: where to begin.

        Returns:
            The new future.

        Example:
            >>> future = ProcessFuture()
            >>> future.set([1, 2, 3])
            >>> future.reduce(lambda one, other: one + other).get()
            6

        Source: https://pykka.readthedocs.io/stable/api/futures/#pykka.Future.reduce
        """
        return _made(super().reduce(func, *args), self)

    # -- coroutines -------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, T]:
        yield from self.arrived()
        return self.get(timeout=None if self._is_foreign() else 0)

    __iter__ = __await__

    def _is_foreign(self) -> bool:
        return self._get_hook is not None and self._sources is None

    def arrived(self) -> Generator[Any, None, None]:
        """Give the event loop back until there is something to get.

        Runs in the coroutine that waits.

        Yields:
            What asyncio waits for.

        Example:
            >>> future = ProcessFuture()
            >>> future.set(7)
            >>> list(future.arrived())
            []

        Source: https://docs.python.org/3/reference/datamodel.html#object.__await__
        """
        for source in self._sources or ():
            if isinstance(source, ProcessFuture):
                yield from source.arrived()
            else:
                yield from _until_done(source.get)
        if self._is_foreign():
            # Nobody knows what this hook waits for.
            yield from _until_done(self.get)
        latch = self._closed_latch()
        if latch is not None:
            yield from _until_open(latch)
            yield from self.arrived()


def _until_open(latch: Latch) -> Generator[Any, None, None]:
    """Give the event loop back until a latch is open; who is cancelled leaves nothing at it."""
    calls: list[Callable[[], None]] = []

    def register(call: Callable[[], None]) -> None:
        calls.append(call)
        latch.then(call)

    # By name, because asyncio is loaded for those who await and for nobody else.
    until = importlib.import_module("actors.asyncio_bridge").until
    try:
        yield from until(register).__await__()
    finally:
        for call in calls:
            latch.forget(call)


def _until_done(blocks: Callable[[], object]) -> Generator[Any, None, None]:
    """Give the event loop back until something is done that blocks its thread; what it raises is dropped."""
    done = Latch()

    def silently() -> None:
        try:
            with suppress(BaseException):
                blocks()
        finally:
            done.open()

    threading.Thread(target=silently, daemon=True).start()
    yield from _until_open(done)


def _made(made: pykka.Future[M], *sources: pykka.Future[Any]) -> pykka.Future[M]:
    return made.depends_on(*sources) if isinstance(made, ProcessFuture) else made


def failure_of(
    kind: str, detail: object, timeout: float | None, whom: object, request: object
) -> Exception:
    """Return what is to be raised for a wait that brought no answer. Pure.

    Args:
        kind: How the wait ended.
        detail: What belongs to that.
        timeout: How long it was to last.
        whom: The actor.
        request: What it was asked.

    Returns:
        The exception.

    Example:
        >>> failure_of("timeout", None, 1.0, None, None)
        Timeout('1.0 seconds')

    Source: https://pykka.readthedocs.io/stable/api/exceptions/
    """
    match kind:
        case "self":
            return CallingSelf("calling_self", whom, request, timeout)
        case "circle":
            return CallCycle(("call_cycle", detail), whom, request, timeout)
        case "down":
            return pykka.ActorDeadError(f"{whom} ended before it answered")
        case _:
            return pykka.Timeout(f"{timeout} seconds")


def raised(failure: ExcInfo) -> BaseException:
    """Return the exception of a `sys.exc_info()`, with the lines that it came from. Pure.

    Args:
        failure: The three.

    Returns:
        The exception, to be raised.

    Example:
        >>> raised((ValueError, ValueError("x"), None))
        ValueError('x')

    Source: https://docs.python.org/3/library/sys.html#sys.exc_info
    """
    kind, error, traceback = failure
    if error is None:
        error = RuntimeError("an exception without a type") if kind is None else kind()
    return error if error.__traceback__ is traceback else error.with_traceback(traceback)


@final
@shareable
class Event:
    """What `threading.Event` is, for processes too: a wait in one lets the others go on.

    Example:
        >>> from actors import run, spawn
        >>> def main():
        ...     event = Event()
        ...     spawn(event.set)
        ...     return event.wait()
        >>> run(main)
        True
    """

    __slots__ = ("_latch",)

    def __init__(self) -> None:
        self._latch: Latch | None = None

    def is_set(self) -> bool:
        """Tell whether it is set.

        From any thread or process; does not wait.

        Returns:
            Whether it is.

        Example:
            >>> Event().is_set()
            False

        Source: https://docs.python.org/3/library/threading.html#threading.Event.is_set
        """
        latch = self._latch
        return latch is not None and latch.is_open

    def set(self) -> None:
        """Set it and let everybody who waits go on.

        From any thread or process; does not wait.

        Example:
            >>> event = Event()
            >>> event.set()
            >>> event.is_set()
            True

        Source: https://docs.python.org/3/library/threading.html#threading.Event.set
        """
        with _lock:
            latch, self._latch = self._latch, _opened
        if latch is not None:
            latch.open()

    def clear(self) -> None:
        """Take it back.

        From any thread or process; does not wait.

        Example:
            >>> event = Event()
            >>> event.set()
            >>> event.clear()
            >>> event.is_set()
            False

        Source: https://docs.python.org/3/library/threading.html#threading.Event.clear
        """
        with _lock:
            if self.is_set():
                self._latch = None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set.

        Blocks the calling process and not the loop; on a thread that is no process, that thread.

        Args:
            timeout: Seconds; `None` for no limit.

        Returns:
            Whether it is set.

        Example:
            >>> Event().wait(0)
            False

        Source: https://docs.python.org/3/library/threading.html#threading.Event.wait
        """
        return self._awaited().wait(timeout)[0] == "open"

    def _awaited(self) -> Latch:
        with _lock:
            if self._latch is None:
                self._latch = Latch()
            return self._latch


_opened = Latch()
_opened.open()
