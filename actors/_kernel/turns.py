"""The loop in turns with another loop, such as asyncio's, on one thread.

A wake-up whose sleep gives the thread back: the stack that is the loop is set aside, and the other loop goes
on. It calls us again when somebody has woken us or a deadline has come.

    the other loop: callback --switch--> our loop: turns until nobody is ready
    our loop:       sleep    --switch--> the other loop goes on, with an alarm set

A loop that always has something to do gives way too, after a slice of time. So neither starves the other.

Source: https://trio.readthedocs.io/en/stable/reference-lowlevel.html#using-guest-mode-to-run-trio-on-top-of-other-event-loops
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Protocol, TypeVar, final

from actors._kernel.clock import MonotonicClock
from actors._kernel.current import here
from actors._kernel.switch import Stack, current_stack

__all__ = ["Host", "Turns"]

T = TypeVar("T")

_now = MonotonicClock.now

_SLICE = 0.002
"""Seconds of turns after which the other loop has its own."""

_stranded: list[Stack] = []
"""Loops whose host has gone. Dropped, they would be unwound wherever the collector runs."""


class Host(Protocol):
    """The other loop."""

    def soon(self, what: Callable[[], object]) -> None:
        """Call something soon; asked for on the loop's own thread."""

    def soon_threadsafe(self, what: Callable[[], object]) -> None:
        """Call something soon; asked for on any thread.

        Raises:
            RuntimeError: The loop is closed.
        """

    def is_closed(self) -> bool:
        """Tell whether it will never call anything again."""

    def aside(self, what: Callable[[], object]) -> None:
        """Call something now, that is no part of what the loop is doing."""

    def later(self, seconds: float, what: Callable[[], object]) -> Callable[[], object]:
        """Call something after so many seconds; return what cancels that."""


@final
class Turns:
    """Sleep by letting another loop go on.

    Args:
        host: The other loop; turns begin on its thread.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._thread = get_ident()
        self._stack: Stack | None = None
        """Where our loop stands while the other has the thread."""
        self._back = current_stack()
        self._is_booked = False
        self._is_woken = False
        self._is_over = False
        self._until = 0.0
        self._alarm: Callable[[], object] | None = None
        self._alarm_at = 0.0
        self.on_lost: Callable[[], object] = _nothing
        """Told when the other loop is closed and will never call again."""

    def begin(
        self, loop: Callable[[], T], ended: Callable[[T | None, BaseException | None], object]
    ) -> None:
        """Have our loop run from the other loop's next turn on.

        Args:
            loop: Runs until all is over.
            ended: Told what it has returned or raised, on the other loop's thread.
        """

        def whole() -> None:
            value, error = None, None
            try:
                value = loop()
            except BaseException as failure:  # noqa: BLE001 - it belongs to whoever waits for the end
                error = failure
            self._is_over = True
            ended(value, error)

        self._stack = Stack(whole)
        self._book()

    # -- our loop's side --------------------------------------------------------------------------

    def sleep(self, seconds: float | None) -> None:
        """Let the other loop go on until somebody wakes us, at most so long."""
        if not self._is_woken:
            if seconds is not None:
                self._set_alarm(max(seconds, 0.0))
            self._leave()
        self._is_woken = False

    def _set_alarm(self, seconds: float) -> None:
        # One that comes too early wakes us for nothing, and is cheaper than one for each sleep: most
        # deadlines are those of calls, which are answered long before.
        at = _now() + seconds
        if self._alarm is not None:
            if self._alarm_at <= at:
                return
            self._alarm()
        self._alarm_at = at
        self._alarm = self._host.later(seconds, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._turn()

    def give_way(self) -> None:
        """Let the other loop have a turn if ours has lasted long enough."""
        if _now() >= self._until:
            self._book()
            self._leave()

    def _leave(self) -> None:
        scheduler = here.scheduler
        self._stack = current_stack()
        here.scheduler = None
        self._back.switch()
        here.scheduler = scheduler

    # -- any thread -------------------------------------------------------------------------------

    def wake(self) -> None:
        """Have our loop go on soon; from any thread or signal handler."""
        self._is_woken = True
        # One that has the thread sees it before it sleeps.
        if self._stack is not None or get_ident() != self._thread:
            self._book()

    def _book(self) -> None:
        if self._is_booked and not self._host.is_closed():
            return
        self._is_booked = True
        try:
            if get_ident() == self._thread:
                self._host.soon(self._turn)
            else:
                self._host.soon_threadsafe(self._turn)
        except RuntimeError:
            if not self._is_over:
                self._is_over = True
                if self._stack is not None:
                    _stranded.append(self._stack)
                self.on_lost()

    # -- the other loop's side --------------------------------------------------------------------

    def _turn(self) -> None:
        # First, so that whoever wakes us from now on books another turn.
        self._is_booked = False
        stack, self._stack = self._stack, None
        if stack is None:
            return
        self._back = current_stack()
        self._until = _now() + _SLICE
        stack.switch()

    def hurry(self) -> None:
        """Have our loop's turn now, in the middle of the other loop's, unless that one is overdue.

        For code of the other loop that has something done and awaits it: without this each such thing would
        take two rounds of that loop.
        """
        stack = self._stack
        if stack is None or self._is_booked or _now() >= self._until:
            self.wake()
            return
        self._stack = None
        self._is_woken = False
        self._back = current_stack()
        self._host.aside(stack.switch)


def _nothing() -> None:
    return None
