"""Who holds the loop: a thread that looks now and then whether the loop still turns.

A callback that computes or blocks for long keeps everybody else waiting. The watchdog cannot stop that; it
says who it is: the process, and the file and line where its code stands.

It looks at a counter of the loop, which costs the loop nothing more than counting.

C code that keeps the interpreter's lock keeps the watchdog from looking, too. It is then told afterwards, as the
BEAM's `long_schedule` does: the watchdog sees that it comes late, and, by the processor time that the loop's
thread has used meanwhile, that it was this thread which kept it and not a busy machine. Where a system does not
tell that time, such code is not reported.

Source: https://www.erlang.org/doc/apps/erts/erlang.html#system_monitor/2
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, final

from actors import telemetry
from actors._kernel.clock import MonotonicClock, meter_of, spent
from actors._kernel.frames import uncollected
from actors._kernel.outside import place

if TYPE_CHECKING:
    from actors._kernel.cell import Cell
    from actors._kernel.scheduler import Scheduler

__all__ = ["Watchdog"]

_now = MonotonicClock.now

_PATIENCE = 1.0
"""Seconds that the end of a watch waits for a report that is being told."""
_FEW = 16
"""So many turns cannot have kept a watchdog waiting one after the other: it gets the lock between two lines."""
_MOST = 0.8
"""More processor time than a thread gets on a machine that is too busy for a watchdog."""
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
        self._meter = meter_of(self._watched)
        self._thread = threading.Thread(target=self._watch, name="actors-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch; who listens to a report and does not come back is not waited for."""
        self._over.set()
        self._thread.join(_PATIENCE)

    def _watch(self) -> None:
        scheduler = self._scheduler
        seen = told = -1
        at, used = _now(), spent(self._meter)
        while not self._over.wait(self._limit):
            turns = scheduler.turns
            cell = scheduler.collecting or scheduler.current
            seconds, more = _now() - at, spent(self._meter) - used
            is_held = turns == seen or self._was_kept(seconds, more, turns - seen)
            if is_held and turns != told and cell is not None and not scheduler.resting:
                told = turns
                if not telemetry.is_loading():
                    self._tell(cell, seconds)
            seen, at, used = turns, _now(), spent(self._meter)

    def _was_kept(self, seconds: float, used: float, turns: int) -> bool:
        """Tell whether the loop's thread has kept the watchdog from looking for so long, in its present turn."""
        if seconds < 2 * self._limit or used < self._limit:
            return False
        return turns <= _FEW or used > _MOST * seconds

    def _tell(self, cell: Cell, seconds: float) -> None:
        with uncollected():
            frame = sys._current_frames().get(self._watched)
        fields = {
            "pid": cell.pid,
            "name": cell.name,
            "initial_call": cell.doing,
            "where": place(frame),
            "seconds": round(seconds, 3),
            "limit": self._limit,
            "advice": _ADVICE,
        }
        telemetry.report(("actors", "loop", "held"), "warning", fields)
