"""Which runtime and which process is running: the answer to "who am I?" on every thread.

On a loop's thread it is the process whose turn it is. On a thread that carries a process it is that one. In
code that an event loop runs it is the process that stands for that code, such as a task of asyncio. On any
other thread a guest stands for the caller: a process made at the first use, in the runtime that runs in
this program, or in one that is started in the background then.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
import weakref
from collections.abc import Callable
from threading import get_ident
from typing import ParamSpec, TypeVar

from actors._kernel.cell import Cell
from actors._kernel.outside import Port, guards
from actors._kernel.scheduler import Scheduler
from actors.errors import NotInProcess, WouldBlock
from actors.exits import NORMAL
from actors.pid import Pid

__all__ = [
    "background",
    "default_scheduler",
    "enter",
    "forget_other_threads",
    "guest_of",
    "holder_of",
    "me",
    "no_forked_process",
    "running",
    "tenants",
    "use_default",
    "without_waiting",
]


P = ParamSpec("P")
R = TypeVar("R")
_LOOK_UP = 0.25


class _Here(threading.local):
    scheduler: Scheduler | None = None
    carried: Cell | None = None
    guests: dict[Scheduler, Cell] | None = None
    sentinel: object = None
    still = 0
    """How many things are being done on this thread that must not wait."""
    forked: str | None = None
    """In a child that a process has forked: that process."""


class _Sentinel:
    """Dies with the thread whose local data holds it."""

    __slots__ = ("__weakref__",)


class _Seen:
    """The loop that was asked about last, which is the only one in most programs."""

    __slots__ = ("loop",)

    def __init__(self) -> None:
        self.loop: Scheduler | None = None


here = _Here()
_seen = _Seen()
_default: list[Scheduler] = []
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    # Or it would stay taken in a child that is forked meanwhile, and the child wait for who is not there.
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )
background: list[Callable[[], Scheduler]] = []
"""Set by `runtime`: starts the runtime that serves threads which have none."""
tenants: list[Callable[[], Cell | None]] = []
"""Filled by a bridge to an event loop: who stands for the code that the loop runs in the calling thread."""


def me() -> Cell:
    """Return the record of the process that is calling.

    Raises:
        NotInProcess: The caller is the loop itself, such as a telemetry handler.
    """
    # Every message asks this. Data of a thread takes six times as long to read as these; `tests.bench cast`.
    scheduler = _seen.loop
    if scheduler is not None and scheduler.thread == get_ident():
        cell = scheduler.current
        if cell is not None:
            return cell
    scheduler = here.scheduler
    if scheduler is not None:
        _seen.loop = scheduler
        cell = scheduler.current
        if cell is None:
            message = "this code runs on the loop itself and in no process"
            raise NotInProcess(message)
        return cell
    carried = here.carried
    if carried is not None:
        return carried
    if "asyncio" in sys.modules:
        tenant = _tenant()
        if tenant is not None:
            return tenant
    return guest_of(default_scheduler())


def _tenant() -> Cell | None:
    """Return who stands for the code of an event loop, if one runs in the calling thread."""
    if not tenants:
        if sys.modules["asyncio"]._get_running_loop() is None:
            return None
        importlib.import_module("actors.asyncio_bridge")
    for of_caller in tenants:
        tenant = of_caller()
        if tenant is not None:
            return tenant
    return None


def running() -> Scheduler:
    """Return the scheduler of the caller, in a process or not."""
    scheduler = _seen.loop
    if scheduler is not None and scheduler.current is not None and scheduler.thread == get_ident():
        return scheduler
    if here.scheduler is not None:
        return here.scheduler
    return me().scheduler


def enter(scheduler: Scheduler | None, carried: Cell | None = None) -> None:
    """Say what the calling thread is from now on: a loop, the carrier of a process, or neither."""
    here.scheduler = scheduler
    here.carried = carried
    _seen.loop = None


def use_default(scheduler: Scheduler, *, on: bool) -> None:
    """Make a runtime the one that foreign threads use, the latest first, or stop doing so."""
    with _lock:
        if on:
            _default.append(scheduler)
        elif scheduler in _default:
            _default.remove(scheduler)


def default_scheduler() -> Scheduler:
    """Return the runtime that serves foreign threads, starting one in the background if need be.

    Raises:
        NotInProcess: The caller is a child that a process has forked.
    """
    if here.forked is not None:
        raise no_forked_process()
    with _lock:
        for scheduler in reversed(_default):
            if not scheduler.closed:
                return scheduler
    return background[0]()


def holder_of(pid: Pid) -> Cell | None:
    """Return the record of a process if it has its turn now, on any loop of the program and dead or alive."""
    for scheduler in tuple(_default):
        holder = scheduler.current or scheduler.collecting
        if holder is not None and holder.pid is pid:
            return holder
    return None


def without_waiting(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call something that may do all but wait, in whatever process calls."""
    scheduler = here.scheduler
    if scheduler is not None:
        return scheduler.without_waiting(function, *args, **kwargs)
    here.still += 1
    try:
        return function(*args, **kwargs)
    finally:
        here.still -= 1


def _check_still() -> None:
    if here.still:
        message = "what a report shows is written without waiting: no receive, call or sleep"
        raise WouldBlock(message)


guards.append(_check_still)


def no_forked_process() -> NotInProcess:
    """Return what a child that a process has forked is told."""
    message = (
        f"this is a child that {here.forked} has forked: its processes live in the parent only; "
        "end the child with os._exit, or start it with multiprocessing"
    )
    return NotInProcess(message)


def forget_other_threads() -> None:
    """Begin anew in a forked child, where only the thread that forked lives on.

    The runtimes that other threads ran are gone. Forked in a process, the child goes on in the middle of the
    callback; the process and all others stay with the parent, and the child may use none of them.
    """
    scheduler, carried = here.scheduler, here.carried
    process = carried if scheduler is None else scheduler.current
    if process is not None:
        here.forked = repr(process.pid)
    if scheduler is not None:
        scheduler.abandon()
    _default.clear()
    here.scheduler = here.carried = here.guests = _seen.loop = None


def _watch_collector(phase: str, _: dict[str, int]) -> None:
    """Let the finalizers that the collector calls run in no process's turn, so that they may send and not wait.

    What it finds was most often left by somebody else, such as a process that is dead: the one whose turn it is
    would wait in its own name for what it knows nothing of.
    """
    scheduler = here.scheduler
    if scheduler is None:
        return
    if phase == "start":
        scheduler.collecting, scheduler.current = scheduler.current, scheduler.nobody
    else:
        scheduler.current, scheduler.collecting = scheduler.collecting, None


gc.callbacks.append(_watch_collector)


def guest_of(scheduler: Scheduler) -> Cell:
    """Return the process that stands for the calling thread in a runtime."""
    guests = here.guests
    if guests is None:
        guests = here.guests = {}
    cell = guests.get(scheduler)
    if cell is None or cell.exiting is not None or scheduler.closed:
        cell = _make_guest(scheduler)
        guests[scheduler] = cell
        here.sentinel = here.sentinel or _Sentinel()
        weakref.finalize(here.sentinel, _leave, cell).atexit = False
    return cell


def _make_guest(scheduler: Scheduler) -> Cell:
    made: list[Cell] = []
    done = threading.Event()

    def make() -> None:
        if not scheduler.closed:
            made.append(begin())
        done.set()

    def begin() -> Cell:
        cell = scheduler.spawn(_nothing, f"thread {name}", None, None)
        cell.body = None
        cell.port = Port(cell, carried=False)
        cell.port.thread = ident
        return cell

    name, ident = threading.current_thread().name, threading.get_ident()
    scheduler.post(make)
    while not done.wait(_LOOK_UP) and not scheduler.ended:
        pass
    if not made:
        message = "the runtime has ended"
        raise NotInProcess(message)
    return made[0]


def _leave(cell: Cell) -> None:
    scheduler = cell.scheduler
    if not scheduler.closed:
        scheduler.post(scheduler.doom, cell, NORMAL)


def _nothing() -> None:
    return None
