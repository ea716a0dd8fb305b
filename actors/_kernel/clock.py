"""Reading time: the only room that looks at a clock.

A runtime asks its clock and nothing else does. A virtual clock stands still while anything runs and is
moved to the next deadline when everybody waits.
"""

from __future__ import annotations

import time
from typing import Protocol, final

__all__ = ["Choice", "Clock", "MonotonicClock", "meter_of", "spent", "wall_time"]


class Clock(Protocol):
    """What a runtime needs of a clock."""

    is_virtual: bool
    """Whether time moves only when the runtime says so."""

    def now(self) -> float:
        """Return the present time in seconds from an arbitrary origin; never goes back."""

    def advance_to(self, deadline: float) -> None:
        """Move a virtual clock to a deadline."""


class Choice(Protocol):
    """Which of several ready processes runs next."""

    def pick(self, ready: int) -> int:
        """Return the index of the next of `ready` processes, counted from the longest waiting."""


@final
class MonotonicClock:
    """The machine's monotonic clock."""

    is_virtual = False
    now = staticmethod(time.monotonic)

    def advance_to(self, deadline: float) -> None:
        """Refuse: real time passes by itself."""
        message = f"real time cannot be moved to {deadline}"
        raise RuntimeError(message)


def wall_time() -> float:
    """Return the wall time in seconds since 1970, for people to read; never for decisions."""
    return time.time()


def meter_of(thread: int) -> int | None:
    """Return the meter of the processor time of a thread that lives; `None` where the system has none."""
    of_thread = getattr(time, "pthread_getcpuclockid", None)
    return None if of_thread is None else of_thread(thread)


def spent(meter: int | None) -> float:
    """Return the seconds of processor time on a meter; always 0 without one."""
    return 0.0 if meter is None else time.clock_gettime(meter)
