"""Sleeping until a deadline, woken from another thread.

A plain lock: the loop sleeps by acquiring it, anybody wakes the loop by releasing it. Waking a loop that is
awake makes its next sleep return at once, so no wake-up is lost; waking twice is the same as once.
"""

from __future__ import annotations

import threading
from typing import Protocol, final

__all__ = ["LockWakeup", "Wakeup"]

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

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def sleep(self, seconds: float | None) -> None:
        """Sleep until woken, at most so long; may return early after an hour."""
        limit = _LONGEST if seconds is None else min(seconds, _LONGEST)
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
