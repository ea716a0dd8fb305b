"""Kill what does not want to die: it ends, or people are told where it stands, and the rest goes on.

On the real clock and from outside, since whoever holds the loop lets nobody on it look. What holds the
interpreter itself, C code that keeps its lock, nobody can look at meanwhile; people are told afterwards.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from actors import (
    Continue,
    Down,
    Exit,
    GenServer,
    NoReply,
    Pid,
    Ref,
    Reply,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_monitor,
    telemetry,
)
from actors._kernel.press import press
from actors.exits import Killed
from actors.isolation import shareable
from tests.endurance.tally import Tally, case
from tests.watching import Flag

__all__: list[str] = []

HELD: Final = ("actors", "loop", "held")
STUCK: Final = ("actors", "process", "stuck")

_SECOND = 1.0
"""Seconds within which people must be told; what was measured is held against it in the long form."""
_PATIENCE = 30.0
"""Seconds that a busy machine may take for what should take one."""
_OVER = "it was over before anybody was told"
_ROUNDS = 8
"""In one of so many it must not be: on a busy machine the loop may go on before the watchdog has had the lock."""

Host = Literal["thread"] | None


@shareable
class Over:
    """Whether it is over; looked at without a call, so that whoever looks stands in its own line."""

    up = False


Stubborn = Callable[[Over], None]
"""Goes on until the flag is up, or longer."""


class Echo(GenServer[None]):
    """Somebody else on the loop."""

    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        return Reply(request)


# -- who does not want to die ----------------------------------------------------------------------


def spins(over: Over) -> None:
    while not over.up:
        pass


def spins_and_swallows(over: Over) -> None:
    while not over.up:
        with suppress(BaseException):
            while not over.up:
                pass


def waits_and_swallows(over: Over) -> None:
    while not over.up:
        try:
            receive()
        except Exit:
            continue


def sleeps_in_c(over: Over) -> None:
    while not over.up:
        with suppress(BaseException):
            time.sleep(0.5)


def waits_for_a_lock(over: Over) -> None:
    lock = threading.Lock()
    lock.acquire()
    while not over.up:
        with suppress(BaseException):
            lock.acquire(timeout=0.5)


def computes_in_c(over: Over) -> None:
    while not over.up:
        with suppress(BaseException):
            hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000)


def keeps_the_lock(_: Over) -> None:
    sum(range(40_000_000))  # once: between two of these people could look


class Server(GenServer[None]):
    """Is stubborn in the callback it is told to."""

    def init(self, where: str, deed: Stubborn, begun: Flag, over: Over) -> None:
        self.where, self.deed, self.begun, self.over = where, deed, begun, over

    def come_to(self, here: str) -> None:
        if self.where == here:
            self.begun.set()
            self.deed(self.over)

    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        self.come_to("handle_call")
        return Reply(request)

    def handle_cast(self, request: object, state: None) -> NoReply[None]:
        self.come_to("handle_cast")
        return NoReply(state, Continue("go")) if request == "continue" else NoReply()

    def handle_info(self, message: object, state: None) -> NoReply[None]:
        self.come_to("handle_info")
        return NoReply()

    def handle_continue(self, term: object, state: None) -> NoReply[None]:
        self.come_to("handle_continue")
        return NoReply()

    def terminate(self, reason: object, state: None) -> None:
        self.come_to("terminate")


TRIGGERS: Final[Mapping[str, Callable[[Pid], object]]] = {
    "handle_call": lambda pid: spawn(GenServer.call, pid, "x", None),
    "handle_cast": lambda pid: GenServer.cast(pid, "x"),
    "handle_info": lambda pid: send(pid, "x"),
    "handle_continue": lambda pid: GenServer.cast(pid, "continue"),
    "terminate": lambda pid: spawn(GenServer.stop, pid, "shutdown"),
}


@dataclass(frozen=True)
class Trial:
    """Who is stubborn, where, and whether a kill ends it before it ends by itself."""

    deed: Stubborn
    host: Host
    ends: bool
    callback: str = ""
    """Of a server; a bare body if there is none."""
    passes: bool = False
    """Whether it is over by itself, after a while in which nobody could look."""

    def __str__(self) -> str:
        where = "on the loop" if self.host is None else "on a thread"
        return f"{self.deed.__name__} {where}" + (f" in {self.callback}" * bool(self.callback))

    def begin(self, begun: Flag, over: Over) -> tuple[Pid, Ref]:
        """Start it; it is monitored before it begins, for then the loop answers nobody."""
        if not self.callback:
            return spawn_monitor(_begin, self.deed, begun, over, host=self.host)
        server = Server.start(self.callback, self.deed, begun, over, host=self.host)
        assert server is not None
        ref = process.monitor(server)
        TRIGGERS[self.callback](server)
        return server, ref


def _begin(deed: Stubborn, begun: Flag, over: Over) -> None:
    begun.set()
    deed(over)


BODIES: Final = (
    Trial(spins, None, True),
    Trial(spins, "thread", True),
    Trial(spins_and_swallows, None, False),
    Trial(spins_and_swallows, "thread", True),
    Trial(waits_and_swallows, None, True),
    Trial(waits_and_swallows, "thread", True),
    Trial(sleeps_in_c, None, False),
    Trial(sleeps_in_c, "thread", True),
    Trial(waits_for_a_lock, None, False),
    Trial(waits_for_a_lock, "thread", True),
    Trial(computes_in_c, None, False),
    Trial(computes_in_c, "thread", True),
    Trial(keeps_the_lock, None, False, passes=True),
)
CALLBACKS: Final = tuple(
    trial
    for callback in TRIGGERS
    for trial in (
        Trial(spins, None, True, callback),
        Trial(spins, "thread", True, callback),
        Trial(spins_and_swallows, None, False, callback),
    )
)


@dataclass
class Told:
    """What people were told, and when."""

    reports: list[tuple[float, Mapping[str, object]]] = field(default_factory=list)

    def listen(self, _: object, __: object, fields: Mapping[str, object]) -> None:
        self.reports.append((time.monotonic(), fields))

    def of(self, pid: Pid) -> float | None:
        """Return when people were told where a process stands, if they were."""
        for moment, fields in list(self.reports):
            if _tells(fields, pid):
                return moment
        return None


def what_happened(trial: Trial, took: dict[str, list[float]]) -> str | None:
    """Kill somebody stubborn; return what did not go as it must, and note how long it took."""
    told, begun, over = Told(), Flag(), Over()
    for event in (HELD, STUCK):
        telemetry.attach("stubborn", event, told.listen)
    before = telemetry.set_reporter(None)
    try:
        return _watched(trial, begun, over, told, took)
    finally:
        over.up = True
        telemetry.set_reporter(before)
        telemetry.detach("stubborn")


def _watched(
    trial: Trial, begun: Flag, over: Over, told: Told, took: dict[str, list[float]]
) -> str | None:
    echo = Echo.start()
    assert echo is not None
    pid, ref = trial.begin(begun, over)
    if not begun.wait(_PATIENCE):
        return "it never began"
    began = time.monotonic()
    # By another thread, which waits for an answer of the loop: whoever swallows a kill on it gives none.
    killer = threading.Thread(target=process.send_exit, args=(pid, "kill"))
    killer.start()
    down: object = None
    until = began + _PATIENCE

    def look() -> None:
        moment = None if trial.ends else told.of(pid)
        if moment is not None and not over.up:
            # Whoever swallows the kill on the loop comes to its own end before the loop can bury it.
            took["told"].append(moment - began)
            over.up = True

    while not isinstance(down, Down) and time.monotonic() < until:
        look()
        down = receive(lambda m: isinstance(m, Down) and m.ref is ref, 0.01)
    # People may be told in the very moment in which what passes by itself is over.
    look()
    accepted = {"killed", "normal", "shutdown"} if over.up or trial.passes else {"killed"}
    if not isinstance(down, Down) or down.reason not in accepted:
        return f"it did not end: {down!r}, told {told.reports!r}, {time.monotonic() - began:.1f} s"
    if not over.up and not trial.passes:  # a kill may also come where nothing swallows it
        took["ended"].append(time.monotonic() - began)
    killer.join()
    if GenServer.call(echo, "there?", _PATIENCE) != "there?":
        return "somebody else was harmed"
    GenServer.stop(echo)
    return _OVER if trial.passes and not over.up else None


def _in_one_of_some_rounds(trial: Trial, took: dict[str, list[float]]) -> str | None:
    """Say what did not go as it must; of what is over by itself people need to be told in one of some rounds."""
    failed = None
    for _ in range(_ROUNDS):
        failed = what_happened(trial, took)
        if failed is not _OVER:
            break
    return failed


def _tells(fields: Mapping[str, object], pid: Pid) -> bool:
    return fields.get("pid") is pid and Path(__file__).name in str(fields.get("where"))


def all_die(trials: tuple[Trial, ...], size: int, tally: Tally) -> None:
    took: dict[str, list[float]] = {"told": [], "ended": []}
    for number in range(size):
        for trial in trials:
            failed = _in_one_of_some_rounds(trial, took)
            tally.check(failed is None, f"{trial}, round {number}: {failed}")
    if size > 1 and took["told"]:  # once, on a busy machine, says nothing
        usual = statistics.median(took["told"])
        tally.check(usual <= _SECOND, f"people were usually told after {usual:.2f} s")
    for what, times in took.items():
        if times:
            usual = statistics.median(times)
            tally.note(f"{what} after {usual:.2f} s usually, {max(times):.2f} s at most")


@case(short=1, long=20)
def what_does_not_want_to_die(size: int, tally: Tally) -> None:
    """What spins, swallows, sleeps, is locked or in C ends, or is told of with file and line within a second."""
    all_die(BODIES, size, tally)


@case(short=1, long=20)
def callbacks_that_do_not_want_to_die(size: int, tally: Tally) -> None:
    """A server that spins in any of 5 callbacks ends; one that swallows the kill is told of within a second."""
    all_die(CALLBACKS, size, tally)


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
