"""Who holds the loop: a thread that looks now and then whether the loop still turns.

A callback that computes or blocks for long keeps everybody else waiting. The watchdog cannot stop that; it
says who it is: the process, and the file and line where its code stands.

It looks at a counter of the loop, which costs the loop nothing more than counting.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from typing import TYPE_CHECKING, final

from actors import telemetry
from actors._kernel.outside import place
from actors.exits import Killed

if TYPE_CHECKING:
    from actors._kernel.cell import Cell
    from actors._kernel.scheduler import Scheduler

__all__ = ["Watchdog", "press"]

_ADVICE = "nobody else runs meanwhile; wait with process.sleep, and block with host='thread'"
_LOOK = 0.1
_LOOKS = 50


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
                where = place(sys._current_frames().get(self._watched))
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


def press(cell: Cell) -> None:
    """Kill a process that computes and does not come to any waiting point, from another thread.

    The kill that was sent to it waits in front of a loop that does not turn. If the process is still
    the running one after a short while, an exception is set in the loop's thread, which is raised
    before that thread's next bytecode, in the process's own code; and again if it is swallowed.
    """
    thread = threading.Thread(target=_press, args=(cell,), name="actors-press", daemon=True)
    thread.start()


def _press(cell: Cell) -> None:
    scheduler = cell.scheduler
    set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    thread, kind = ctypes.c_ulong(scheduler.thread or 0), ctypes.py_object(Killed)
    never = threading.Event()
    for _ in range(_LOOKS):
        never.wait(_LOOK)
        if cell.pid.serial not in scheduler.cells:
            return
        # The look and the call are one step: nothing between them gives the interpreter's lock away,
        # so the loop cannot have gone on to another process in between.
        if scheduler.current is cell:
            set_exception(thread, kind)
