"""Every way to fail in every place where user code runs.

Whatever is raised, wherever: the right process dies with a typed reason, those linked to it and
those monitoring it hear of it, the report prints, and everybody else goes on.

Source: https://www.erlang.org/doc/system/ref_man_processes.html#errors
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final, Literal
from typing import cast as typed

from greenlet import GreenletExit

from actors import (
    Agent,
    Continue,
    Down,
    EventHandler,
    EventManager,
    Exited,
    GenServer,
    NoReply,
    Pid,
    Ref,
    Reply,
    StartError,
    StateMachine,
    Task,
    debug,
    logs,
    process,
    receive,
    run,
    send,
    spawn,
)
from actors.errors import ActorsError
from actors.exits import crash_in
from actors.testing import VirtualClock
from actors.transitions import Begin, KeepState
from supervisors import ChildError, Supervisor
from tests.endurance.tally import Tally, case

__all__ = ["KINDS", "PLACES", "Make", "Place", "everything_in"]

ROOT = Path(__file__).resolve().parents[2]


class Unprintable(Exception):
    """Neither its text nor its repr can be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Custom(BaseException):
    """What no `except Exception` catches, and is none of ours."""


KINDS: Final[dict[str, Callable[[], BaseException]]] = {
    "ValueError": lambda: ValueError("broken"),
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": lambda: SystemExit(3),
    "GeneratorExit": GeneratorExit,
    "GreenletExit": GreenletExit,
    "CancelledError": asyncio.CancelledError,
    "MemoryError": MemoryError,
    "RecursionError": RecursionError,
    "StopIteration": lambda: StopIteration(1),
    "Unprintable": Unprintable,
    "ExceptionGroup": lambda: ExceptionGroup("several", [ValueError("a"), OSError("b")]),
    "BaseException": lambda: Custom("of a user's own"),
}
"""The kinds, each made anew: an exception that was raised keeps its traceback."""


# -- the places ------------------------------------------------------------------------------------


class Fragile(GenServer[object]):
    """Raises in the callback it is told to."""

    def init(self, where: str, make: Callable[[], BaseException]) -> object:
        self.where = where
        self.make = make
        self.fail_in("init")
        return where

    def fail_in(self, here: str) -> None:
        if self.where == here:
            raise self.make()

    def handle_call(self, request: object, caller: object, state: object) -> object:
        self.fail_in("handle_call")
        return Reply("well")

    def handle_cast(self, request: object, state: object) -> object:
        self.fail_in("handle_cast")
        return NoReply(state, Continue("go")) if request == "continue" else NoReply()

    def handle_info(self, message: object, state: object) -> object:
        self.fail_in("handle_info")
        return NoReply()

    def handle_continue(self, term: object, state: object) -> object:
        self.fail_in("handle_continue")
        return NoReply()

    def terminate(self, reason: object, state: object) -> None:
        self.fail_in("terminate")

    def code_change(self, old_version: object, state: object, extra: object) -> object:
        self.fail_in("code_change")
        return state

    def format_status(self, status: object) -> dict[str, object]:
        self.fail_in("format_status")
        return {}


class Machine(StateMachine[str, None]):
    """Raises at its first event."""

    def init(self, make: Callable[[], BaseException]) -> Begin[str, None]:
        self.make = make
        return Begin("idle", None)

    def handle_event(self, event: object, state: str, data: None) -> KeepState[None]:
        raise self.make()


class Handler(EventHandler[None]):
    """Raises at its first event."""

    def init(self, make: Callable[[], BaseException]) -> None:
        self.make = make

    def handle_event(self, event: object, state: None) -> object:
        raise self.make()


class Value(Agent[int]):
    """A number."""


class Droppable:
    """Raises when it is collected."""

    def __init__(self, make: Callable[[], BaseException]) -> None:
        self.make = make

    def __del__(self) -> None:
        raise self.make()


Make = Callable[[], BaseException]
Deed = Callable[[Make], Pid | None]


def says(reason: object, make: Make) -> bool:
    """Tell whether a reason says what was raised."""
    crash = crash_in(reason)
    return crash is not None and type(crash.exception) is type(make())


@dataclass(frozen=True)
class Place:
    """Where something is raised, and what must come of it."""

    deed: Deed
    """Has it raised in a process, and returns that process; `None` if nobody is to die of it."""
    silent: str = ""
    """Why there is no report, if there is none."""
    reason: Callable[[object, Make], bool] = says
    """Tells whether a reason is the one to die of."""


def in_a_callback(
    where: str, trigger: Callable[[Pid], object], host: Literal["thread"] | None = None
) -> Deed:
    def place(make: Make) -> Pid | None:
        server = Fragile.start(where, make, host=host)
        assert server is not None
        watched(server)
        with suppress(ActorsError):
            trigger(server)
        return server

    return place


def in_init(make: Make) -> Pid | None:
    try:
        Fragile.start("init", make)
    except StartError as error:
        must(says(error.reason, make), error.reason)
        return None
    raise AssertionError("it was started")


def in_code_change(make: Make) -> Pid | None:
    server = Fragile.start("code_change", make)
    assert server is not None
    debug.suspend(server)
    try:
        debug.change_code(server, Fragile, "1", None)
    except ActorsError:
        debug.resume(server)
        still_there(server)
        return None
    raise AssertionError("the code was changed")


def in_format_status(make: Make) -> Pid | None:
    server = Fragile.start("format_status", make)
    assert server is not None
    debug.get_status(server)
    still_there(server)
    return None


def must(held: bool, why: object) -> None:
    if not held:
        raise AssertionError(why)


def still_there(server: Pid) -> None:
    assert GenServer.call(server, "how are you") == "well"
    GenServer.stop(server)


def in_a_machine(make: Make) -> Pid | None:
    machine = Machine.start(make)
    assert machine is not None
    watched(machine)
    StateMachine.cast(machine, "event")
    return machine


def in_a_handler(make: Make) -> Pid | None:
    manager = EventManager.start()
    assert manager is not None
    EventManager.add_handler(manager, Handler, make)
    EventManager.sync_notify(manager, "event")
    assert EventManager.which_handlers(manager) == []
    EventManager.stop(manager)
    return None


def in_a_body(make: Make) -> Pid | None:
    pid = spawn(raise_after_go, make)
    watched(pid)
    send(pid, "go")
    return pid


def raise_after_go(make: Make) -> None:
    receive()
    raise make()


def in_a_task(make: Make) -> Pid | None:
    task = Task.async_(raise_after_go, make)
    assert task.pid is not None
    watched(task.pid)
    send(task.pid, "go")
    return task.pid


def in_an_agent(make: Make) -> Pid | None:
    agent = Value.start(int)
    assert agent is not None
    watched(agent)
    Value.cast(agent, partial(raising, make))
    return agent


def raising(make: Make, _: int) -> int:
    raise make()


def in_a_finalizer(make: Make) -> Pid | None:
    pid = spawn(drop_and_live, make)
    watched(pid)
    send(pid, "go")
    return pid


def drop_and_live(make: Make) -> None:
    receive()
    Droppable(make)  # collected here, in its process's turn
    process.exit("lived on")


def in_a_start_of_a_child(make: Make) -> Pid | None:
    tree = Supervisor.start_link([], strategy="one_for_one")
    try:
        Supervisor.start_child(tree, {"id": "kid", "start": (raise_at_once, (make,), {})})
    except ChildError as error:
        why, _ = typed("tuple[object, object]", error.reason)
        must(says(why, make), error.reason)
    assert Supervisor.count_children(tree).active == 0
    Supervisor.stop(tree)
    return None


def raise_at_once(make: Make) -> Pid:
    raise make()


TOLD_TO_THE_STARTER: Final = "whoever started it is told, and nobody dies"
TOLD_TO_THE_CALLER: Final = "whoever asked is told, and nobody dies"
"""OTP and Elixir, played for each of these, write no report either."""

PLACES: Final[dict[str, Place]] = {
    "init": Place(in_init),
    "handle_call": Place(in_a_callback("handle_call", lambda pid: GenServer.call(pid, "x"))),
    "handle_cast": Place(in_a_callback("handle_cast", lambda pid: GenServer.cast(pid, "x"))),
    "handle_info": Place(in_a_callback("handle_info", lambda pid: send(pid, "x"))),
    "handle_continue": Place(
        in_a_callback("handle_continue", lambda pid: GenServer.cast(pid, "continue"))
    ),
    "terminate": Place(in_a_callback("terminate", lambda pid: GenServer.stop(pid, "shutdown"))),
    "code_change": Place(in_code_change, TOLD_TO_THE_CALLER),
    "format_status": Place(in_format_status, TOLD_TO_THE_CALLER),
    "state machine": Place(in_a_machine),
    "event handler": Place(in_a_handler),
    "body": Place(in_a_body),
    "task": Place(in_a_task),
    "agent": Place(in_an_agent),
    "finalizer": Place(
        in_a_finalizer,
        "what a finalizer raises Python hands to sys.unraisablehook, and nobody dies of it",
        lambda reason, _: reason == "lived on",
    ),
    "child's start": Place(in_a_start_of_a_child, TOLD_TO_THE_STARTER),
}


# -- who hears of it -------------------------------------------------------------------------------


def watched(victim: Pid) -> None:
    """Have somebody linked to the victim and monitoring it, who tells what it hears."""
    hears = Ref()
    spawn(hear, victim, process.self(), hears)
    receive(hears.__eq__)


def hear(victim: Pid, boss: Pid, hears: Ref) -> None:
    process.trap_exit(True)
    process.link(victim)
    process.monitor(victim)
    send(boss, hears)
    told = []
    for _ in range(2):
        match receive((Exited, Down)):
            case Exited(reason=reason):
                told.append(("Exited", reason))
            case Down(reason=reason):
                told.append(("Down", reason))
    send(boss, ("told", victim, tuple(told)))


def what_was_told(victim: Pid) -> list[tuple[str, object]]:
    match receive(lambda m: isinstance(m, tuple) and m[:2] == ("told", victim), 10.0):
        case ("told", _, tuple(told)):
            return list(told)
        case nothing:
            return [("nothing", nothing)]


class Echo(GenServer[None]):
    """Somebody else."""

    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        return Reply(request)


def play(place: Place, make: Make) -> str | None:
    """Raise one kind in one place; return what did not go as it must."""
    process.trap_exit(True)
    echo = Echo.start()
    assert echo is not None
    victim = place.deed(make)
    if victim is not None:
        told = what_was_told(victim)
        if sorted(word for word, _ in told) != ["Down", "Exited"]:
            return f"those around it heard {told!r}"
        if not all(place.reason(reason, make) for _, reason in told):
            return f"the reason is {told!r}"
        if process.is_alive(victim):
            return "it is still alive"
    if GenServer.call(echo, "there?") != "there?":
        return "somebody else was harmed"
    return None


def played(place: Place, make: Make) -> str | None:
    try:
        return run(play, place, make, clock=VirtualClock())
    except BaseException as error:  # whatever comes out of `run` has brought it down
        if type(error) is KeyboardInterrupt and type(make()) is not KeyboardInterrupt:
            raise
        return f"{type(error).__name__}: {error}"


@contextmanager
def what_finalizers_raise() -> Iterator[list[type[BaseException] | None]]:
    """Keep what a finalizer raises from pytest, which would call it a failure of the test; yield the kinds."""
    raised: list[type[BaseException] | None] = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda told: raised.append(told.exc_type)
    try:
        yield raised
    finally:
        sys.unraisablehook = before


@contextmanager
def printed() -> Iterator[StringIO]:
    """Collect what the logs print."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    loggers = [logging.getLogger(name) for name in ("actors", "supervisors")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    before = logs.set_burst_limit(None)
    try:
        yield out
    finally:
        logs.set_burst_limit(before)
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True


def wrong_with(where: str, place: Place, kind: str) -> str | None:
    """Raise one kind in one place, and look at what is printed; return what did not go as it must."""
    with printed() as out, what_finalizers_raise() as raised:
        failed = played(place, KINDS[kind])
    told = out.getvalue()
    if failed is not None:
        return failed
    if bool(told) is bool(place.silent):
        return f"was printed: {told[:300]!r}; expected to be silent: {place.silent or 'no'}"
    if "telemetry.failed" in told and "telemetry" not in where:
        return "the report failed"
    expected = [type(KINDS[kind]())] if where == "finalizer" else []
    return None if raised == expected else f"raised in finalizers: {raised}"


def everything_in(places: Mapping[str, Place], size: int, tally: Tally) -> None:
    """Raise every kind in each of some places."""
    for round_ in range(size):
        for where, place in places.items():
            for kind in KINDS:
                failed = wrong_with(where, place, kind)
                tally.check(failed is None, f"{kind} in {where}, round {round_}: {failed}")


@case(short=1, long=100)
def whatever_is_raised_wherever(size: int, tally: Tally) -> None:
    """12 kinds of exception in 15 places: the right one dies, all are told, the report prints."""
    everything_in(PLACES, size, tally)


# -- the machine's own limits ----------------------------------------------------------------------

_LIMITED = """
import resource, sys, threading
import actors.logs  # what a report needs must not be loaded with the last of the memory
from actors import Continue, Crash, Down, GenServer, NoReply, Reply, process, receive, run, send
from actors.errors import CallFailed
from supervisors import Supervisor

def at_the_limit(goes_on):
    try:
        return at_the_limit(goes_on)
    except RecursionError:
        return goes_on()  # at every depth of the last ones, until one has room enough

GOES_ON = {
    "sleep": lambda: process.sleep(0.001),
    "receive": lambda: receive(lambda message: False, 0.001),
    "call": lambda: GenServer.call("h2", "how are you", 60.0),
    "start": lambda: GenServer.stop(Hungry.start()),
}

def does(request):
    if request in GOES_ON:
        at_the_limit(GOES_ON[request])
    if request == "how are you":
        process.sleep(0.001)  # whoever was at a limit still hears when time is over
    if request == "eat":
        hoard = []
        while True:
            hoard.append(bytearray(1 << 20))
    if request == "dig":
        def deeper(n): return deeper(n + 1) + 1
        deeper(0)

class Hungry(GenServer):
    def init(self, *_):
        return None
    def handle_call(self, request, caller, state):
        does(request)
        return Reply("well")
    def handle_cast(self, request, state):
        return NoReply(state, Continue(request[1])) if request[0] == "later" else does(request[1])
    def handle_continue(self, request, state):
        does(request)
    def handle_info(self, request, state):
        does(request)

WAYS = {
    "handle_call": lambda what: GenServer.call("h1", what, 60.0),
    "handle_cast": lambda what: GenServer.cast("h1", ("now", what)),
    "handle_continue": lambda what: GenServer.cast("h1", ("later", what)),
    "handle_info": lambda what: send("h1", what),
}

def tried(where, what):
    ref = process.monitor("h1")
    try:
        WAYS[where](what)
    except CallFailed:
        pass
    down = receive(lambda m: isinstance(m, Down) and m.ref is ref, 60.0)
    if not isinstance(down, Down) or not isinstance(down.reason, Crash):
        return down
    while process.whereis("h1") is None:
        process.sleep(0.001)
    answers = [GenServer.call(f"h{n}", "how are you", 60.0) for n in range(3)]
    return "kept" if answers == ["well"] * 3 else answers

def caught(what):
    "Have a server catch what it has met at the limit, and wait there."
    try:
        GenServer.call("h1", what, 60.0)
    except CallFailed as failed:
        if not isinstance(failed.reason, Crash):
            return failed.reason
    while process.whereis("h1") is None:
        process.sleep(0.001)
    answers = [GenServer.call(f"h{n}", "how are you", 60.0) for n in range(3)]
    return "kept" if answers == ["well"] * 3 else answers

def main():
    tree = Supervisor.start_link(
        [Hungry.child_spec(None, id=n, name=f"h{n}") for n in range(3)],
        strategy="one_for_one", max_restarts=1000, max_seconds=1.0)
    limit = 512 << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for _ in range(int(sys.argv[1])):
        for where in WAYS:
            for what in ("eat", "dig"):
                print(where, what, tried(where, what), flush=True)
        for what in GOES_ON:
            print("caught", what, caught(what), flush=True)

# The stack of a thread is there from the beginning. That of the program grows, and the system ends
# whoever needs one page more of it under the limit.
threading.stack_size(64 << 20)
thread = threading.Thread(target=run, args=(main,))
thread.start()
thread.join()
"""


TRIALS: Final = (
    *(
        f"handle_{word} {what}"
        for word in ("call", "cast", "continue", "info")
        for what in ("eat", "dig")
    ),
    *(f"caught {what}" for what in ("sleep", "receive", "call", "start")),
)


@case(short=1, long=50)
def real_memory_and_real_depth(size: int, tally: Tally) -> None:
    """A server that eats all memory under a limit, or digs for ever, comes back or goes on; all others live."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _LIMITED, str(size)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=200 + 60 * size,
            check=False,
        )
    except subprocess.TimeoutExpired as hung:
        tally.check(False, f"it hung after {str(hung.stdout)[-300:]}")
        return
    lines = iter(done.stdout.splitlines())
    for number in range(size):
        for trial in TRIALS:
            line = next(lines, "nothing was told of it")
            tally.check(line == f"{trial} kept", f"{trial}, {number}: {line}")
    tally.check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-400:]}")
