"""An exception in somebody else's code: how a kill reaches a process that computes and never waits.

Everybody else is told to end at the next waiting point. Code that reaches none, on the loop or on a thread
of its own, gets an exception between two of its lines, set from another thread; and again if it is swallowed.

The last look whether the code still runs and the call that sets the exception are one step: nothing between
them gives the interpreter's lock away, so the thread cannot have gone on to something else in between. The
interpreter may give it away at every call, return from one, and turn of a loop, and does so on a busy machine;
so what is looked at last are attributes, and they have to be what they were when the stack was read.
(`tests.endurance kills_that_come_in_the_kernel`)

Never between two lines of the kernel: raised there, the exception would leave somebody half delivered or half
buried, or a stack dropped that was about to go on. Whoever stands there soon stands elsewhere.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from _thread import start_new_thread
from typing import TYPE_CHECKING

from actors._kernel.frames import uncollected
from actors._kernel.scheduler import Scheduler
from actors.exits import Killed

if TYPE_CHECKING:
    from types import FrameType

    from actors._kernel.cell import Cell
    from actors._kernel.outside import Port

__all__ = ["is_open", "press", "press_thread"]

_LOOK = 0.1
_LOOKS = 50
_GUARDED = {"actors._kernel.mailbox", "actors.telemetry"}
"""Rooms that call what users have written and expect it to raise: predicates, listeners.

They are told by their frames, which a compiled room has not: `telemetry`, which plain rooms call, stays plain."""
_BELOW = {
    Scheduler._serve.__code__,
    Scheduler._begin.__code__,
    Scheduler.without_waiting.__code__,
}
"""What calls the code of a process on the loop."""


def is_open(frame: FrameType | None) -> bool:
    """Tell whether an exception may be raised where the loop's thread stands.

    It may in the code of a process, and in what that has called, up to the kernel's first line.
    """
    innermost = frame
    while frame is not None:
        room = frame.f_globals.get("__name__", "")
        if room in _GUARDED:
            return True
        if room.startswith("actors._kernel."):
            return frame is not innermost and frame.f_code in _BELOW
        frame = frame.f_back
    return innermost is not None


def press(cell: Cell) -> None:
    """Kill a process that holds the loop, if it still does so after a short while.

    The kill that was sent to it waits in front of a loop that does not turn.
    """
    # Bare, because a signal handler may ask for it, in the middle of whatever `threading` has locked.
    start_new_thread(_press, (cell,))


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
    loop = scheduler.thread or 0
    thread, kind = ctypes.c_ulong(loop), ctypes.py_object(Killed)
    never = threading.Event()
    for _ in range(_LOOKS):
        never.wait(_LOOK)
        if cell.pid.serial not in scheduler.cells:
            return
        with uncollected():
            frame = sys._current_frames().get(loop)
            line = None if frame is None else frame.f_lasti
            if frame is None or not is_open(frame) or sys._current_frames().get(loop) is not frame:
                continue
            # Innermost a moment ago, and if it stands where it stood, then now: no call from here on.
            holder = scheduler.current
            # By its pid: a double may have the turn for it, while a report is written.
            if holder is not None and holder.pid is cell.pid and frame.f_lasti == line:
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
