"""How many reports a second are for people to read; what comes beyond is counted.

A tree that crashes a thousand times a second would otherwise spend its time on telling so. The numbers
are those of OTP's log handler: 500 within a second, then silence until the second is over.

Source: https://www.erlang.org/doc/apps/kernel/logger_chapter.html#overload-protection
"""

from __future__ import annotations

import threading
from typing import Final, final

__all__ = ["BURST", "WINDOW", "Ration"]

BURST: Final = 500
"""Reports within one window."""
WINDOW: Final = 1.0
"""Seconds."""


@final
class Ration:
    """A window that opens with the first report and admits so many. From any thread.

    Args:
        burst: How many it admits; `None` for all.
        window: How long it is, in seconds.

    Example:
        >>> ration = Ration(burst=2, window=1.0)
        >>> [ration.ask(now) for now in (0.0, 0.1, 0.2, 0.3, 1.5)]
        [(True, 0), (True, 0), (False, 1), (False, 2), (True, 2)]
    """

    def __init__(self, burst: int | None = BURST, window: float = WINDOW) -> None:
        self.burst = burst
        self._window = window
        self._began = float("-inf")
        self._admitted = 0
        self._left_out = 0
        self._lock = threading.Lock()

    def ask(self, now: float) -> tuple[bool, int]:
        """Tell whether a report is admitted, and how many were left out of the present window or the last.

        Args:
            now: Seconds; a clock that was set back begins a new window.

        Returns:
            `(True, n)`: it is, and `n` were left out before it which nobody has been told of yet;
            `(False, n)`: it is not, and is the `n`-th.
        """
        with self._lock:
            # What came while all were admitted takes nothing from a limit that is set later.
            part = 0 if self.burst is None else 1
            if not 0.0 <= now - self._began < self._window:
                left_out, self._left_out = self._left_out, 0
                self._began, self._admitted = now, part
                return True, left_out
            if self.burst is None or self._admitted < self.burst:
                self._admitted += part
                return True, 0
            self._left_out += 1
            return False, self._left_out

    def left_out(self) -> int:
        """Return how many were left out since that was last told, and count them no more."""
        with self._lock:
            left_out, self._left_out = self._left_out, 0
            return left_out

    def begin_anew(self) -> None:
        """Forget what was counted, in a forked child: what the parent has left out it tells of itself."""
        self._lock = threading.Lock()
        self._began, self._admitted, self._left_out = float("-inf"), 0, 0
