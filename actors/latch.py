"""A latch: something that is no message, that happens once, and that anybody can wait for.

A process on the loop that waits has its stack set aside, so that others go on; it takes no message out of its
mailbox and looks at none. A process with a thread of its own, and any other thread, blocks that thread
alone. Whoever opens the latch may be on any thread and needs no process that stands for it.

    waiter: wait()  -> enters itself -> looks once more -> its stack is set aside
    opener: open()  -> marks it open -> takes out whoever has entered, one by one, and wakes each

Both write first and look afterwards, so that one of them sees the other, whatever the interleaving; and because
taking one out of a list is one step, nobody is woken twice.
(`test_a_latch_that_opens_between_the_two_looks_is_seen`)

Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/concurrent/CountDownLatch.html
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from actors._kernel.clock import MonotonicClock
from actors._kernel.current import default_scheduler, here, me
from actors._kernel.scheduler import own_context
from actors.errors import NotInProcess
from actors.isolation import shareable
from actors.pid import Pid, Ref
from actors.process import alias, check_timeout, receive, unalias

if TYPE_CHECKING:
    from contextvars import Context

    from actors._kernel.cell import Body, Cell
    from actors._kernel.scheduler import Scheduler
    from actors.messages import Message

__all__ = ["Answer", "ExcInfo", "Latch", "Waited", "post_to", "start_outside"]

ExcInfo: TypeAlias = "tuple[type[BaseException] | None, BaseException | None, TracebackType | None]"
"""What `sys.exc_info()` returns."""

Waited: TypeAlias = tuple[Literal["open", "timeout", "down", "self", "circle"], object]
"""How a wait ended: `("open", None)`, `("timeout", None)`; and, of a wait for somebody, `("down", None)` when that
one is dead, `("self", pid)` and `("circle", [pids])` when nobody could ever open it."""

_OPEN: Waited = ("open", None)
_TIMEOUT: Waited = ("timeout", None)
_DOWN: Waited = ("down", None)
_LOOK_UP = 0.25
_CLOCK = MonotonicClock()


@final
@shareable
class Latch:
    """Closed until it is opened, once and for all.

    Example:
        >>> from actors import process, run, spawn
        >>> def main():
        ...     latch = Latch()
        ...     spawn(latch.open)
        ...     return latch.is_open, latch.wait(), latch.is_open
        >>> run(main)
        (False, ('open', None), True)
    """

    __slots__ = ("_entered", "is_open")

    def __init__(self) -> None:
        self.is_open = False
        """Whether it was opened."""
        self._entered: list[tuple[Cell, Ref] | Callable[[], object]] = []

    def open(self) -> None:
        """Open it and wake everybody who waits; from any thread, any number of times, without waiting.

        Example:
            >>> latch = Latch()
            >>> latch.open()
            >>> latch.is_open
            True

        Source: https://docs.python.org/3/library/threading.html#threading.Event.set
        """
        self.is_open = True
        entered = self._entered
        while entered:
            try:
                one = entered.pop(0)
            except IndexError:
                return
            if isinstance(one, tuple):
                _wake(*one)
            else:
                one()

    def wait(self, timeout: float | None = None, whom: Pid | None = None) -> Waited:
        """Wait until it is open: blocks the calling process, or the calling thread if that is no process.

        Args:
            timeout: Seconds; 0 looks once; `None` for no limit.
            whom: The process that will open it, if that is known: a circle of waiting is refused
                at once, and its death ends the wait.

        Returns:
            How the wait ended.

        Raises:
            BadArgument: The timeout is not accepted.
            Exit: The calling process was told to end.
            NotInProcess: The caller is no process and would hold the loop that it waits for.

        Example:
            >>> from actors import run
            >>> run(Latch().wait, 0)
            ('timeout', None)

        Source: https://docs.python.org/3/library/threading.html#threading.Event.wait
        """
        if self.is_open:
            return _OPEN
        check_timeout("timeout", timeout)
        if timeout is not None and timeout <= 0:
            return _TIMEOUT
        target = None if whom is None else whom._cell  # noqa: SLF001 - a door
        if whom is not None and target is None:
            return _DOWN
        if here.scheduler is not None:
            return self._wait_on_loop(me(), target, timeout)
        if here.carried is not None:
            return self._wait_as_mail(timeout)
        return self._block(target, timeout)

    def then(self, what: Callable[[], object]) -> None:
        """Have something done when it opens, at once if it is open.

        From any thread, without waiting. It runs wherever the latch is opened.

        Args:
            what: Called once; must neither wait nor raise.

        Example:
            >>> latch = Latch()
            >>> latch.then(lambda: print("open"))
            >>> latch.open()
            open

        Source: https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.add_done_callback
        """
        self._entered.append(what)
        if self.is_open:
            self.open()

    def forget(self, what: Callable[[], object]) -> None:
        """Take back what `then` was given; no error if it has been called, or never was given.

        From any thread or process; does not wait.

        Args:
            what: The same function.

        Example:
            >>> latch = Latch()
            >>> latch.then(print)
            >>> latch.forget(print)
            >>> latch.open()

        Source: https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.remove_done_callback
        """
        self._leave(what)

    # -- the three ways to wait -------------------------------------------------------------------

    def _wait_on_loop(self, cell: Cell, target: Cell | None, timeout: float | None) -> Waited:
        scheduler = cell.scheduler
        ref = Ref()
        if target is not None and target.scheduler is scheduler:
            refusal = _expect(cell, target, ref, is_patient=timeout is None)
            if refusal is not None:
                return refusal
        else:
            if cell.exiting is not None:
                scheduler.refuse(cell)
            cell.awaiting = ref
        entry = (cell, ref)
        self._entered.append(entry)
        if self.is_open:
            # Opened by another thread meanwhile: it may have looked before we had entered.
            self.open()
        try:
            kind, _ = scheduler.await_answer(cell, timeout)
        finally:
            self._leave(entry)
        if self.is_open:
            return _OPEN
        return _TIMEOUT if kind == "timeout" else _DOWN

    def _wait_as_mail(self, timeout: float | None) -> Waited:
        """Wait as a process with a thread of its own waits for everything, so that it can be ended."""
        ref = alias("reply")
        scheduler = me().scheduler
        speak = partial(scheduler.post, _speak, scheduler, ref)
        self.then(speak)
        try:
            receive(lambda message: _is_word(message, ref), timeout)
        finally:
            self._leave(speak)
            unalias(ref)
            receive(lambda message: _is_word(message, ref), 0)
        return _OPEN if self.is_open else _TIMEOUT

    def _block(self, target: Cell | None, timeout: float | None) -> Waited:
        """Block a thread that is no process."""
        if target is not None and target.scheduler.thread == threading.get_ident():
            message = (
                "its process lives on the loop that runs in this very thread: await it instead"
            )
            raise NotInProcess(message)
        gate = threading.Lock()
        gate.acquire()
        release = gate.release
        self.then(release)
        until = None if timeout is None else _CLOCK.now() + timeout
        try:
            while True:
                left = _LOOK_UP if until is None else min(until - _CLOCK.now(), _LOOK_UP)
                if gate.acquire(timeout=max(left, 0.0)):
                    return _OPEN
                if until is not None and _CLOCK.now() >= until:
                    return _TIMEOUT
                if target is not None and target.scheduler.ended and not self.is_open:
                    return _DOWN
        finally:
            self._leave(release)

    def _leave(self, entry: tuple[Cell, Ref] | Callable[[], object]) -> None:
        """Take out who has given up, so that a latch that never opens does not grow."""
        with suppress(ValueError):
            self._entered.remove(entry)


@final
@shareable
class Answer:
    """A value that one process on a loop waits for, made by that process: a latch for the shortest way.

    Who will wait is known beforehand and it can be only one, so there is no list and no lock: half the time
    of an `ask` (`tests.bench pykka_ask`).

    Args:
        whom: The process that will give the answer.

    Example:
        >>> from actors import process, run, spawn
        >>> def main():
        ...     answer = Answer(process.self())
        ...     spawn(answer.set, 7)
        ...     process.sleep(0)
        ...     return answer.wait(), answer.outcome
        >>> run(main)
        (('open', None), (7, None))
    """

    __slots__ = ("_cell", "_ref", "_whom", "outcome")

    def __init__(self, whom: Pid) -> None:
        self._cell = me()
        self._ref = Ref()
        self._whom = whom
        self.outcome: tuple[Any, ExcInfo | None] | None = None
        """The value, or how `sys.exc_info()` tells of an exception, once it is there."""

    @staticmethod
    def suits(whom: Pid | None) -> bool:
        """Tell whether the caller is a process on the loop of another one.

        Runs in the caller and does not wait.

        Args:
            whom: The other.

        Returns:
            Whether it may wait here for an answer of that one.

        Example:
            >>> Answer.suits(None)
            False

        Source: https://hexdocs.pm/elixir/Kernel.html#self/0
        """
        scheduler = here.scheduler
        if scheduler is None or whom is None or scheduler.current is None:
            return False
        target = whom._cell  # noqa: SLF001 - a door
        return target is not None and target.scheduler is scheduler

    def set(self, value: object) -> None:
        """Give the answer; from any thread, without waiting. The first one counts.

        Args:
            value: Anything.

        Example:
            >>> from actors import process, run
            >>> def main():
            ...     answer = Answer(process.self())
            ...     answer.set(7)
            ...     return answer.outcome
            >>> run(main)
            (7, None)

        Source: https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.set_result
        """
        if self.outcome is None:
            self.outcome = (value, None)
            _wake(self._cell, self._ref)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Give an exception for an answer; from any thread, without waiting. The first one counts.

        Args:
            exc_info: As `sys.exc_info()` returns it; `None` for the one that is being handled.

        Example:
            >>> from actors import process, run
            >>> def main():
            ...     answer = Answer(process.self())
            ...     answer.set_exception((ValueError, ValueError("x"), None))
            ...     return answer.outcome[1][1]
            >>> run(main)
            ValueError('x')

        Source: https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.set_exception
        """
        if self.outcome is None:
            self.outcome = (None, sys.exc_info() if exc_info is None else exc_info)
            _wake(self._cell, self._ref)

    def wait(self, timeout: float | None = None) -> Waited:
        """Wait until the answer is there; blocks the calling process, which has made it.

        Args:
            timeout: Seconds; 0 looks once; `None` for no limit.

        Returns:
            How the wait ended.

        Raises:
            BadArgument: The timeout is not accepted.
            Exit: The calling process was told to end.

        Example:
            >>> from actors import process, run
            >>> run(lambda: Answer(process.self()).wait()[0])
            'self'

        Source: https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.result
        """
        return self._await(timeout) if self.outcome is None else _OPEN

    def _await(self, timeout: float | None) -> Waited:
        if timeout is not None:
            check_timeout("timeout", timeout)
            if timeout <= 0:
                return _TIMEOUT
        cell, target = self._cell, self._whom._cell  # noqa: SLF001 - a door
        if target is None:
            return _DOWN
        refusal = _expect(cell, target, self._ref, is_patient=timeout is None)
        if refusal is not None:
            return refusal
        kind, _ = cell.scheduler.await_answer(cell, timeout)
        if self.outcome is not None:
            return _OPEN
        return _TIMEOUT if kind == "timeout" else _DOWN


def _expect(cell: Cell, target: Cell, ref: Ref, *, is_patient: bool) -> Waited | None:
    """Have a process wait for another, unless both would wait for ever; then say how."""
    scheduler = cell.scheduler
    if cell.exiting is not None:
        scheduler.refuse(cell)
    if is_patient:
        # A circle of waiting ends by itself if somebody in it gives up in time.
        if target is cell:
            return ("self", cell.pid)
        chain = None if target.calling is None else scheduler.circle(cell, target)
        if chain is not None:
            return ("circle", chain)
    scheduler.expect(cell, target, ref)
    return None


def _speak(scheduler: Scheduler, ref: Ref) -> None:
    scheduler.send_alias(ref, ("latch", ref))


def _is_word(message: object, ref: Ref) -> bool:
    return type(message) is tuple and len(message) == 2 and message[1] is ref  # noqa: PLR2004


def _wake(cell: Cell, ref: Ref) -> None:
    scheduler = cell.scheduler
    if here.scheduler is scheduler:
        scheduler.answer(cell, ref, "reply", None)
    else:
        scheduler.post(scheduler.answer, cell, ref, "reply", None)


def start_outside(body: Body, doing: str, otherwise: Callable[[], object]) -> bool:
    """Start a process in the runtime that serves threads, without waiting for it.

    From any thread, also one that must not wait for a loop, such as that of coroutines. It has no parent
    and no link.

    Args:
        body: What it runs; it is shared with the caller, not copied.
        doing: The initial call, for people to read.
        otherwise: Called if it never runs because the runtime ends.

    Returns:
        Whether it will be started; a process on a loop, or with a thread of its own, uses `spawn` instead.

    Example:
        >>> from actors import run
        >>> begun = Latch()
        >>> start_outside(begun.open, "example", print), begun.wait()
        (True, ('open', None))
        >>> run(start_outside, begun.open, "example", print)
        False

    Source: https://hexdocs.pm/elixir/Kernel.html#spawn/1
    """
    if here.scheduler is not None or here.carried is not None:
        return False
    scheduler = default_scheduler()
    scheduler.post(_start, scheduler, body, doing, own_context(), otherwise)
    if scheduler.ended:
        otherwise()
    return True


def _start(
    scheduler: Scheduler,
    body: Body,
    doing: str,
    context: Context | None,
    otherwise: Callable[[], object],
) -> None:
    if scheduler.closed:
        otherwise()
    else:
        scheduler.begin(scheduler.spawn(body, doing, None, context))


def post_to(pid: Pid, message: Message) -> bool:
    """Send from any thread without a process that stands for it, and without a copy; never waits.

    For words that cannot change, from code that is nobody's: a callback of a foreign library, say.

    Args:
        pid: To whom.
        message: A value that nobody can change.

    Returns:
        Whether the process was alive.

    Example:
        >>> from actors import process, receive, run
        >>> def main():
        ...     post_to(process.self(), "hello")
        ...     return receive()
        >>> run(main)
        'hello'

    Source: https://hexdocs.pm/elixir/Kernel.html#send/2
    """
    cell = pid._cell  # noqa: SLF001 - a door
    if cell is None:
        return False
    scheduler = cell.scheduler
    if here.scheduler is scheduler:
        scheduler.deliver(cell, message)
    else:
        scheduler.post(_deliver, scheduler, pid, message)
    return True


def _deliver(scheduler: Scheduler, pid: Pid, message: Message) -> None:
    cell = pid._cell  # noqa: SLF001 - a door
    if cell is not None:
        scheduler.deliver(cell, message)
