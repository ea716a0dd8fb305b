"""What all behaviours share: the start handshake, calls and their failures, and the order of an end.

A behaviour is a process whose body runs `init` and then gives itself a handler. Starting one is an exchange
like a call: the starter waits for the new process's acknowledgement, its death, or the end of time.

    starter: start()  -> process.launch -> waits
    child:   _boot()  -> takes its name -> init -> acknowledges -> has a handler from now on
    starter: Pid, None (ignore) or StartError

Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html, https://www.erlang.org/doc/apps/stdlib/gen_server.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from actors import naming, process, telemetry
from actors._envelopes import CALL, CAST, SYSTEM, Caller
from actors._kernel.cell import Cell
from actors._kernel.current import me
from actors._kernel.scheduler import Scheduler
from actors.errors import (
    BadArgument,
    CallCycle,
    CallFailed,
    CallingSelf,
    CallTimeout,
    NoProcess,
    ServerExited,
    StartError,
)
from actors.exits import KILL, NOPROC, TIMEOUT, Crash, Exit, Reason, is_clean, reason_of
from actors.messages import Message
from actors.naming import Address, Name
from actors.outcomes import Ignore, Stop
from actors.pid import Pid, Ref

if TYPE_CHECKING:
    from actors.process import Host

__all__ = [
    "Failure",
    "Server",
    "StartOptions",
    "call",
    "cast",
    "report_crash",
    "reply",
    "start",
    "stop",
]

Function = tuple[str, str]


class Server(Protocol):
    """One behaviour's half of its process."""

    initial_call: str

    def init(self) -> object:
        """Run the user's `init`; return `Ignore`, `Stop`, or anything else for "it lives"."""

    def begin(self, outcome: object) -> None:
        """Take the outcome of `init` up; the starter has been told by now."""

    def handle(self, message: Message) -> None:
        """Handle one message."""


@dataclass(frozen=True, slots=True)
class StartOptions:
    """How a behaviour is started."""

    link: bool
    """Whether it is linked to the starter."""
    name: Name | None = None
    """Its name."""
    timeout: float | None = None
    """Seconds that `init` may take."""
    host: Host = None
    """Where its code runs."""


# -- starting --------------------------------------------------------------------------------------


def start(make: Callable[[Pid], Server], initial_call: str, options: StartOptions) -> Pid | None:
    """Start a behaviour and wait until its `init` is done.

    Args:
        make: Makes the server half, in its process, given the parent (itself when it is not linked).
        initial_call: What to show people.
        options: How.

    Returns:
        The pid; `None` when `init` said `Ignore`.

    Raises:
        StartError: `init` failed, refused or took too long, or the name is taken.
        BadArgument: An option is none.
    """
    process.check_timeout("timeout", options.timeout)
    _check_name(options.name)
    holder = None if options.name is None else naming.whereis(options.name)
    if holder is not None:
        raise StartError(("already_started", holder))
    starter = me()
    boot = _Boot(make, starter, options)
    launched = process.launch(
        boot.run, initial_call, link=options.link, host=options.host, before=boot.expect
    )
    kind, value = _await(starter, options.timeout)
    if kind == "timeout":
        process.unlink(launched.pid)
        process.send_exit(launched.pid, KILL)
        raise StartError(TIMEOUT)
    if kind == "down":
        raise StartError(value)
    match value:
        case ("error", reason):
            raise StartError(reason)
        case ("ignore", _):
            return None
        case _:
            return launched.pid


def _check_name(name: object) -> None:
    if name is None or isinstance(name, naming.Via):
        return
    if not isinstance(name, str) or name in {"", "nil", "undefined"}:
        raise BadArgument(
            "name", name, "a non-empty string other than 'nil' and 'undefined', or a Via"
        )


def _await(cell: Cell, timeout: float | None) -> tuple[str, object]:
    if cell.port is None:
        return cell.scheduler.await_answer(cell, timeout)
    if timeout is not None:
        cell.port.ask(_arm, timeout)
    return cell.port.await_answer()


def _arm(scheduler: Scheduler, cell: Cell, timeout: float) -> None:
    if cell.awaiting is not None:
        scheduler.deadlines.arm(cell, scheduler.clock.now() + timeout)


class _Boot:
    """The body of a behaviour's process, until it has a handler."""

    __slots__ = ("_make", "_options", "_ref", "_starter")

    def __init__(self, make: Callable[[Pid], Server], starter: Cell, options: StartOptions) -> None:
        self._make = make
        self._starter = starter
        self._options = options
        self._ref = Ref()

    def expect(self, scheduler: Scheduler, child: Cell) -> None:
        """Have the starter wait for the child, before the child can run."""
        scheduler.expect(self._starter, child, self._ref)

    def run(self) -> None:
        cell = me()
        options = self._options
        if options.name is not None:
            holder = naming.take_name(options.name)
            if holder is not None:
                self._acknowledge(cell, ("error", ("already_started", holder)))
                return
        parent = self._starter.pid if options.link else cell.pid
        server = self._make(parent)
        try:
            outcome = server.init()
        except BaseException as error:
            if cell.exiting is not None:
                raise
            reason = reason_of(error)
            report_crash(cell, server.initial_call, reason)
            self._fail(cell, reason)
        match outcome:
            case Ignore():
                self._release_name()
                self._acknowledge(cell, ("ignore", None))
            case Stop(reason=reason):
                self._fail(cell, reason)
            case _:
                self._acknowledge(cell, ("ok", None))
                cell.handler = server.handle
                server.begin(outcome)

    def _fail(self, cell: Cell, reason: Reason) -> None:
        # The name must be free, and a trapping starter unlinked, before the starter hears of it (OTP 26).
        self._release_name()
        starter = self._starter
        if self._options.link and starter.traps:
            process.unlink(starter.pid)
        self._acknowledge(cell, ("error", reason))
        raise Exit(reason)

    def _release_name(self) -> None:
        if self._options.name is not None:
            naming.give_back_name(self._options.name)

    def _acknowledge(self, cell: Cell, value: tuple[str, object]) -> None:
        scheduler = cell.scheduler
        if cell.port is None:
            scheduler.answer(self._starter, self._ref, "reply", value)
        else:
            cell.port.post(scheduler.answer, self._starter, self._ref, "reply", value)


# -- calls -----------------------------------------------------------------------------------------


def call(
    server: Address,
    request: Message,
    timeout: float | None,
    function: Function = ("GenServer", "call"),
) -> object:
    """Send a request and wait for the reply, in the calling process.

    Raises:
        CallFailed: One of its leaves; see `actors.errors`.
        BadArgument: The timeout is none.
    """
    # The corridor of every call; `tests.bench` names: call, ring, fan-in.
    if timeout != 5.0:
        process.check_timeout("timeout", timeout)
    cell = me()
    target = server._cell if type(server) is Pid else naming.locate(server)
    if target is None or target is cell or target.calling is not None:
        _refuse(cell, target, server, request, timeout, function)
    assert target is not None
    if cell.port is None:
        if target.scheduler is not cell.scheduler:
            cell.scheduler.own(target)
        kind, value = cell.scheduler.exchange(cell, target, CALL, request, timeout)
    else:
        kind, value = cell.port.exchange(target, CALL, request, timeout)
    if kind == "reply":
        return value
    raise _failure(kind, value, server, request, timeout, function)


def _refuse(
    cell: Cell,
    target: Cell | None,
    server: Address,
    request: Message,
    timeout: float | None,
    function: Function,
) -> None:
    if target is None:
        raise NoProcess(NOPROC, server, request, timeout, function)
    if target is cell:
        raise CallingSelf("calling_self", server, request, timeout, function)
    chain = cell.scheduler.circle(cell, target)
    if chain is not None:
        raise CallCycle(("call_cycle", chain), server, request, timeout, function)


def _failure(
    kind: str,
    why: Reason,
    server: Address,
    request: Message,
    timeout: float | None,
    function: Function,
    arguments: Sequence[object] | None = None,
) -> CallFailed:
    if kind == "timeout":
        return CallTimeout(TIMEOUT, server, request, timeout, function, arguments)
    if isinstance(why, str) and why == NOPROC:
        return NoProcess(why, server, request, timeout, function, arguments)
    failure = ServerExited(why, server, request, timeout, function, arguments)
    if isinstance(why, Crash):
        failure.__cause__ = why.exception
    return failure


def cast(server: Address | tuple[str, str], request: Message) -> None:
    """Send a request that nobody answers; never waits, never fails."""
    if type(server) is Pid:
        process.send(server, (CAST, request))
        return
    target = naming.whereis(server)
    if target is not None:
        process.send(target, (CAST, request))


def reply(caller: Caller, value: object) -> None:
    """Answer a caller; from any process, and too late is no error."""
    pid, ref = caller
    waiting = pid._cell
    if waiting is None:
        return
    here = me()
    if here.port is None and waiting.scheduler is here.scheduler:
        here.scheduler.answer(waiting, ref, "reply", value)
    else:
        waiting.scheduler.post(waiting.scheduler.answer, waiting, ref, "reply", value)


def stop(
    server: Address,
    reason: Reason,
    timeout: float | None,
    function: Function = ("GenServer", "stop"),
) -> None:
    """Ask a behaviour to end and wait until it has.

    Raises:
        CallFailed: It is not there, ended with another reason, or did not end in time (and still may).
    """
    process.check_timeout("timeout", timeout)
    cell = me()
    arguments = [server, reason, timeout]
    target = naming.locate(server)
    if target is None:
        raise NoProcess(NOPROC, server, "stop", timeout, function, arguments)
    if target is cell:
        raise CallingSelf("calling_self", server, "stop", timeout, function, arguments)
    kind, why = process.exchange(target, SYSTEM, ("terminate", reason), timeout)
    if kind == "timeout" or why != reason:
        raise _failure(kind, why, server, "stop", timeout, function, arguments)


# -- ends ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """What a behaviour knows when it ends, for the reports."""

    behaviour: str
    """The name of the behaviour, as it stands in the event."""
    initial_call: str
    """What it was started as."""
    last_message: Message
    """What it was handling."""
    state: object
    """Its state before that."""


def end(reason: Reason, terminate: Callable[[Reason], object] | None, failure: Failure) -> None:
    """End the calling process in OTP's order: `terminate`, then the reports, then the exit.

    Raises:
        Exit: Always.
    """
    cell = me()
    if terminate is not None:
        try:
            terminate(reason)
        except BaseException as error:
            if cell.exiting is not None:
                raise
            reason = reason_of(error)
    if not is_clean(reason):
        fields = {
            "pid": cell.pid,
            "name": cell.name,
            "initial_call": failure.initial_call,
            "reason": reason,
            "last_message": failure.last_message,
            "state": failure.state,
            "parent": cell.parent,
        }
        telemetry.report(("actors", failure.behaviour, "terminate"), "error", fields)
        report_crash(cell, failure.initial_call, reason)
    raise Exit(reason)


def report_crash(cell: Cell, initial_call: str, reason: Reason) -> None:
    """Report a process that ends with a reason that is not clean."""
    if is_clean(reason):
        return
    event = ("actors", "process", "crash")
    fields: dict[str, object] = {
        "pid": cell.pid,
        "name": cell.name,
        "initial_call": initial_call,
        "reason": reason,
        "parent": cell.parent,
        "message_queue_len": len(cell.mail or ()),
        "links": tuple(cell.links or ()),
        "trap_exit": cell.traps,
    }
    telemetry.report(event, "error", fields)
