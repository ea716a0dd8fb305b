"""Sleeping until a deadline, woken from another thread.

A plain lock: the loop sleeps by acquiring it, anybody wakes the loop by releasing it. Waking a loop that is
awake makes its next sleep return at once, so no wake-up is lost; waking twice is the same as once.

A signal is not like that. Python notes it at once and runs its handler in the main thread when that one is
between two lines; a signal that comes in the moment before the lock is waited for does not end the wait. So a
loop that has signals to hear does not sleep for long.
"""

from __future__ import annotations

import threading
from typing import Protocol, final

__all__ = ["LOOK", "LockWakeup", "Wakeup"]

LOOK = 1.0
"""Seconds that a loop sleeps at most which has signals to hear."""
_LONGEST = 3600.0


class Wakeup(Protocol):
    """How a loop sleeps."""

    def sleep(self, seconds: float | None) -> None:
        """Sleep until woken, at most so long; `None` for no limit."""

    def wake(self) -> None:
        """End the present sleep, or the next one; from any thread or signal handler."""


@final
class LockWakeup:
    """Sleep on a lock."""

    __slots__ = ("_lock", "longest")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.longest = _LONGEST
        """Seconds after which it looks up, even if nobody has woken it."""

    def sleep(self, seconds: float | None) -> None:
        """Sleep until woken, at most so long; may return early after `longest`."""
        limit = self.longest if seconds is None else min(seconds, self.longest)
        if limit > 0.0:
            self._lock.acquire(timeout=limit)
        else:
            self._lock.acquire(blocking=False)

    def wake(self) -> None:
        """End the present sleep, or the next one."""
        try:
            self._lock.release()
        except RuntimeError:
            # Somebody else has just woken the loop: one wake-up is enough for both of us.
            return
