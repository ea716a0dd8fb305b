"""An exception in somebody else's code: how a kill reaches a process that computes and never waits.

Everybody else is told to end at the next waiting point. Code that reaches none, on the loop or on a thread
of its own, gets an exception between two of its lines, set from another thread; and again if it is swallowed.

The look whether the code still runs and the call that sets the exception are one step: nothing between
them gives the interpreter's lock away, so the thread cannot have gone on to something else in between.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING

from actors.exits import Killed

if TYPE_CHECKING:
    from actors._kernel.cell import Cell
    from actors._kernel.outside import Port

__all__ = ["press", "press_thread"]

_LOOK = 0.1
_LOOKS = 50


def press(cell: Cell) -> None:
    """Kill a process that holds the loop, if it still does so after a short while.

    The kill that was sent to it waits in front of a loop that does not turn.
    """
    threading.Thread(target=_press, args=(cell,), name="actors-press", daemon=True).start()


def press_thread(port: Port) -> None:
    """Unwind the thread of a process that was buried without it, so that it does not compute for ever."""
    thread = threading.Thread(target=_press_thread, args=(port,), name="actors-press", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        # The interpreter is ending and starts no more threads; those it has end with it.
        return


def _press(cell: Cell) -> None:
    scheduler = cell.scheduler
    set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    thread, kind = ctypes.c_ulong(scheduler.thread or 0), ctypes.py_object(Killed)
    never = threading.Event()
    for _ in range(_LOOKS):
        never.wait(_LOOK)
        if cell.pid.serial not in scheduler.cells:
            return
        if scheduler.current is cell:
            set_exception(thread, kind)


def _press_thread(port: Port) -> None:
    set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
    thread, kind = ctypes.c_ulong(port.thread or 0), ctypes.py_object(Killed)
    never = threading.Event()
    for _ in range(_LOOKS):
        if not port.in_body:
            return
        never.wait(_LOOK)
        if port.in_body:
            set_exception(thread, kind)
