"""Restart intensity: how many restarts in how many seconds are bad luck, and when it is a fault.

A supervisor asks its `RestartWindow` before every attempt to start a child again, and gives up when
the answer is no. Time is counted in whole seconds and the bound is inclusive, as in OTP: of
`max_seconds=5.0` the window is between five and six seconds long.

OTP keeps the time of every restart in a list that is filtered at each one. Here restarts within
the same second are one entry with a count, and entries leave at the old end, so a restart costs the
same whatever the limit is, and the record has no more entries than the window has seconds.

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#maximum-restart-intensity
"""

from __future__ import annotations

from collections import deque
from math import floor

from supervisors.child_spec import BadOption

__all__ = ["RestartWindow", "check_max_restarts", "check_max_seconds"]


class RestartWindow:
    """The restarts of one supervisor, as far as they still count.

    Args:
        max_restarts: How many restarts are allowed within the window; 0 allows none.
        max_seconds: The length of the window, in seconds.

    Example:
        >>> window = RestartWindow(max_restarts=2, max_seconds=5.0)
        >>> [window.allow(now) for now in (0.0, 5.9, 6.0, 6.1)]
        [True, True, True, False]

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#maximum-restart-intensity
    """

    __slots__ = ("_counts", "_newest", "_total", "max_restarts", "max_seconds")

    def __init__(self, max_restarts: int, max_seconds: float) -> None:
        self.max_restarts = max_restarts
        self.max_seconds = max_seconds
        self._counts: deque[list[int]] = deque()
        self._newest: list[int] | None = None
        """The last of these, if it was written by the present limits: a second, and how many in it."""
        self._total = 0

    def resize(self, max_restarts: int, max_seconds: float) -> None:
        """Take other limits; the restarts that are still known count on."""
        self.max_restarts = max_restarts
        self.max_seconds = max_seconds
        # Those that have become too old are forgotten at the next one.
        self._newest = None

    def allow(self, now: float) -> bool:
        """Count one more restart and tell whether it is still within the limit.

        Args:
            now: The monotonic time, in seconds; never less than at the call before.

        Returns:
            Whether there were at most `max_restarts` restarts in the window, this one included.
        """
        second = floor(now)
        newest = self._newest
        if newest is None or newest[0] != second:
            self._forget(second - self.max_seconds)
            if not self._counts or self._counts[-1][0] != second:
                self._counts.append([second, 0])
            self._newest = newest = self._counts[-1]
        newest[1] += 1
        self._total += 1
        return self._total <= self.max_restarts

    def _forget(self, oldest: float) -> None:
        while self._counts and self._counts[0][0] < oldest:
            self._total -= self._counts.popleft()[1]


_LONGEST = 1e15


def check_max_restarts(value: object) -> int:
    """Return a limit of restarts, or refuse it.

    Raises:
        BadOption: It is no whole number, or less than 0.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    accepted = "a whole number, 0 or more"
    raise BadOption("max_restarts", value, accepted, ("invalid_intensity", value))


def check_max_seconds(value: object) -> float:
    """Return the length of a window in seconds, or refuse it.

    Raises:
        BadOption: It is no number, or not above 0.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _LONGEST:
        return value
    raise BadOption("max_seconds", value, "seconds, more than 0", ("invalid_period", value))
