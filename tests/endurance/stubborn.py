"""Kill what does not want to die: it ends, or people are told where it stands, and the rest goes on.

On the real clock and from outside, since whoever holds the loop lets nobody on it look. What holds the
interpreter itself, C code that never lets go of its lock, nobody can look at; only a process of the
operating system helps there.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from actors import (
    Down,
    Exit,
    GenServer,
    Pid,
    Reply,
    process,
    receive,
    run,
    send,
    spawn_monitor,
    telemetry,
)
from actors._kernel.press import press
from actors.exits import Killed
from tests.endurance.tally import Tally, case

__all__: list[str] = []

HELD: Final = ("actors", "loop", "held")
STUCK: Final = ("actors", "process", "stuck")

_SECOND = 1.0
_PATIENCE = 10.0
"""Seconds that a busy machine may add to what should take one."""

Host = Literal["thread"] | None


class Echo(GenServer[None]):
    """Somebody else on the loop."""

    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        return Reply(request)


# -- who does not want to die ----------------------------------------------------------------------


def spins(until: float) -> None:
    while time.monotonic() < until:
        pass


def spins_and_swallows(until: float) -> None:
    while time.monotonic() < until:
        with suppress(BaseException):
            while time.monotonic() < until:
                pass


def waits_and_swallows(until: float) -> None:
    while time.monotonic() < until:
        try:
            receive()
        except Exit:
            continue


def sleeps_in_c(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def waits_for_a_lock(until: float) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=max(0.0, until - time.monotonic()))


def computes_in_c(until: float) -> None:
    rounds = 1_000_000
    while time.monotonic() < until:
        hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)


STUBBORN: Final[tuple[tuple[Callable[[float], None], Host, bool], ...]] = (
    (spins, None, True),
    (spins, "thread", True),
    (spins_and_swallows, None, False),
    (spins_and_swallows, "thread", True),
    (waits_and_swallows, None, True),
    (waits_and_swallows, "thread", True),
    (sleeps_in_c, None, False),
    (sleeps_in_c, "thread", True),
    (waits_for_a_lock, None, False),
    (waits_for_a_lock, "thread", True),
    (computes_in_c, None, False),
    (computes_in_c, "thread", True),
)
"""Who, where, and whether a kill ends it before it ends by itself."""


def what_happened(body: Callable[[float], None], host: Host, *, ends: bool) -> str | None:
    told: list[Mapping[str, object]] = []
    for event in (HELD, STUCK):
        telemetry.attach("stubborn", event, lambda _, __, fields: told.append(fields))
    before = telemetry.set_reporter(None)
    try:
        return _watched(body, host, told, ends=ends)
    finally:
        telemetry.set_reporter(before)
        telemetry.detach("stubborn")


def _watched(
    body: Callable[[float], None],
    host: Host,
    told: list[Mapping[str, object]],
    *,
    ends: bool,
) -> str | None:
    echo = Echo.start()
    assert echo is not None
    lasts = 60.0 if ends else 1.5
    pid, ref = spawn_monitor(body, time.monotonic() + lasts, host=host)
    began = time.monotonic()
    process.send_exit(pid, "kill")
    down = receive(lambda m: isinstance(m, Down) and m.ref is ref, _SECOND + _PATIENCE)
    took = time.monotonic() - began
    # Whoever swallows the kill on the loop comes to its own end before the loop can bury it.
    accepted = {"killed"} if ends else {"killed", "normal"}
    if not isinstance(down, Down) or down.reason not in accepted:
        return f"it did not end: {down!r} after {took:.1f} s"
    if GenServer.call(echo, "there?", _SECOND + _PATIENCE) != "there?":
        return "somebody else was harmed"
    GenServer.stop(echo)
    if not ends and not any(_tells(fields, pid) for fields in told):
        return f"nobody was told where it stands: {told!r}"
    return None


def _tells(fields: Mapping[str, object], pid: Pid) -> bool:
    return fields.get("pid") is pid and Path(__file__).name in str(fields.get("where"))


@case(short=1, long=20)
def what_does_not_want_to_die(size: int, tally: Tally) -> None:
    """What spins, swallows, sleeps, is locked or in C ends, or is told of with file and line."""
    for number in range(size):
        for body, host, ends in STUBBORN:
            failed = what_happened(body, host, ends=ends)
            where = "on the loop" if host is None else "on a thread"
            tally.check(failed is None, f"{body.__name__} {where}, round {number}: {failed}")


# -- where an exception may come -------------------------------------------------------------------

GUARDED: Final = "actors._kernel.mailbox"
"""Calls the predicates of users."""


def innermost(trace: TracebackType | None) -> str:
    """Return the room of the line that something was raised at."""
    room = ""
    while trace is not None:
        room = trace.tb_frame.f_globals["__name__"]
        trace = trace.tb_next
    return room


def in_and_out(boss: Pid) -> None:
    """Be in the kernel and out of it all the time until a kill comes, and tell where it came."""
    cell = process.self()._cell  # noqa: SLF001 - what is pressed is a record of the kernel
    assert cell is not None
    press(cell)
    try:
        while True:
            send(cell.pid, "mail")
            receive()
    except Killed as kill:
        send(boss, ("raised in", innermost(kill.__traceback__)))


def pressed(size: int) -> list[str]:
    """Press one process after another; return the rooms where the exceptions came."""
    rooms: list[str] = []
    for _ in range(size):
        _, ref = spawn_monitor(in_and_out, process.self())
        receive(lambda m, ref=ref: isinstance(m, Down) and m.ref is ref)  # type: ignore[misc]
        # One that was pressed again before it could tell has told nothing.
        match receive(timeout=0):
            case ("raised in", str(room)):
                rooms.append(room)
    return rooms


@case(short=2, long=500)
def kills_that_come_in_the_kernel(size: int, tally: Tally) -> None:
    """Who computes is ended in its own code, never between two lines of the kernel, on a busy machine too."""
    done = threading.Event()

    def busy() -> None:
        while not done.is_set():
            sum(range(50))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        rooms = run(pressed, size, held=None) or []
    finally:
        done.set()
        sys.setswitchinterval(before)
        for thread in threads:
            thread.join()
    for room in rooms:
        held = room == GUARDED or not room.startswith("actors._kernel.")
        tally.check(held, f"raised in {room}")
    tally.check(rooms, "nobody was pressed")
