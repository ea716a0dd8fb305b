"""Who holds the loop: a thread that looks now and then whether the loop still turns.

A callback that computes or blocks for long keeps everybody else waiting. The watchdog cannot stop that; it
says who it is: the process, and the file and line where its code stands.

It looks at a counter of the loop, which costs the loop nothing more than counting.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, final

from actors import telemetry
from actors._kernel.frames import uncollected
from actors._kernel.outside import place

if TYPE_CHECKING:
    from actors._kernel.scheduler import Scheduler

__all__ = ["Watchdog"]

_ADVICE = "nobody else runs meanwhile; wait with process.sleep, and block with host='thread'"


@final
class Watchdog:
    """Report callbacks that hold a loop longer than a limit.

    Args:
        scheduler: The loop to watch; the watchdog is made on its thread.
        limit: Seconds.
    """

    def __init__(self, scheduler: Scheduler, limit: float) -> None:
        self._scheduler = scheduler
        self._limit = limit
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="actors-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        seen = -1
        told = -1
        while not self._over.wait(self._limit):
            scheduler = self._scheduler
            turns = scheduler.turns
            cell = scheduler.current
            if turns == seen and turns != told and cell is not None and not scheduler.resting:
                told = turns
                if telemetry.is_loading():
                    continue
                with uncollected():
                    frame = sys._current_frames().get(self._watched)
                where = place(frame)
                fields = {
                    "pid": cell.pid,
                    "name": cell.name,
                    "initial_call": cell.doing,
                    "where": where,
                    "limit": self._limit,
                    "advice": _ADVICE,
                }
                telemetry.report(("actors", "loop", "held"), "warning", fields)
            seen = turns
