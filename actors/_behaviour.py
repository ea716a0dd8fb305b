"""What all behaviours share: the start handshake, calls and how they fail, the order of an end.

A behaviour is a process whose body runs `init` and then gives itself a handler. Starting one is an
exchange like a call: the starter waits for the new process's acknowledgement, its death, or the end
of time.

    starter: start()      -> process.launch -> waits
    child:   _Boot.run()  -> takes its name -> init -> acknowledges -> has a handler from now on
    starter: Pid, None (ignore) or StartError

A start that fails is not acknowledged: the child's death tells the starter, so that the name is
free and the child is gone when `start` raises. Here OTP 26 is followed: a starter that traps exits
gets the error and finds no `Exited` of the failed child; one that does not is ended by the link,
unless the reason is `"normal"`.

Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html,
    https://www.erlang.org/doc/apps/stdlib/gen_server.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias
from typing import cast as typed

from actors import naming, process, telemetry
from actors._coroutines import settled
from actors._envelopes import (
    ASKED,
    CALL,
    CAST,
    REPLY,
    SYSTEM,
    Caller,
    request_as_seen,
    request_as_sent,
)
from actors._kernel.cell import Cell, Handler
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
    ServerFull,
    StartError,
)
from actors.exits import (
    KILL,
    NOPROC,
    TIMEOUT,
    Crash,
    Exit,
    Reason,
    Stack,
    is_clean,
    means,
    reason_of,
    tells,
)
from actors.isolation import SHARED, witnessed
from actors.messages import Exited, Message
from actors.naming import (
    NO_NAMES,
    Address,
    MaybeMonitored,
    MaybePid,
    Name,
    locate,
    take_name,
    whereis,
)
from actors.outcomes import Ignore, Stop
from actors.pid import LOCAL_NODE, Pid, Ref
from actors.process import launch_on

if TYPE_CHECKING:
    from actors.process import Host

__all__ = [
    "CALLED",
    "DEFAULT_TIMEOUT",
    "Cell",
    "Ended",
    "Failure",
    "Handler",
    "Server",
    "StartOptions",
    "acknowledge",
    "await_start",
    "call",
    "cast",
    "check_name",
    "enter_loop",
    "give",
    "is_ending",
    "me",
    "part",
    "reply",
    "report_crash",
    "show",
    "start",
    "start_monitor",
    "stop",
    "system",
]

Function = tuple[str, str]

CALLED: Function = ("GenServer", "call")
"""What the caller of a call has called."""
DEFAULT_TIMEOUT = 5.0
"""Seconds that a call waits unless told otherwise, as in OTP."""


class Server(Handler):
    """One behaviour's half of its process."""

    __slots__ = ()

    def init(self) -> object:
        """Run the user's `init`; return `Ignore`, `Stop`, or anything else for "it lives"."""
        raise NotImplementedError

    def begin(self, outcome: object) -> None:
        """Take the outcome of `init` up; the starter has been told by now."""
        raise NotImplementedError


Make: TypeAlias = Callable[..., Server]
Given: TypeAlias = "tuple[tuple[object, ...], Mapping[str, object]]"


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
    mailbox: process.Bounded | None = None
    """The bound of its mailbox."""
    monitor: bool = False
    """Whether the starter monitors it."""


# -- starting --------------------------------------------------------------------------------------


def start(
    make: Make, initial_call: str, options: StartOptions, given: Given | None = None
) -> MaybePid:
    """Start a behaviour and wait until its `init` is done.

    Args:
        make: Makes the server half, in its process, given the parent (itself when it is not
            linked).
        initial_call: What to show people.
        options: How.
        given: The arguments for `init`; `make` is called with the initial call, the parent and these then.

    Returns:
        The pid; `None` when `init` returned `Ignore()`.

    Raises:
        StartError: `init` failed, refused or took too long, or the name is taken.
        BadArgument: An option is not accepted.
    """
    launched = _start(make, initial_call, options, given)
    return None if launched is None else launched.pid


def start_monitor(
    make: Make, initial_call: str, options: StartOptions, given: Given | None = None
) -> MaybeMonitored:
    """Start a behaviour that the caller monitors from before its `init`; otherwise like `start`.

    A start that fails or is ignored leaves no monitor and no `Down` behind.
    """
    launched = _start(make, initial_call, replace(options, monitor=True), given)
    return None if launched is None else (launched.pid, launched.ref)


def _start(
    make: Make, initial_call: str, options: StartOptions, given: Given | None
) -> process.Launched | None:
    if options.timeout is not None:
        process.check_timeout("timeout", options.timeout)
    if options.name is not None:
        check_name(options.name)
        holder = whereis(options.name)
        if holder is not None:
            raise StartError(("already_started", holder))
    starter = me()
    if starter.port is not None:
        starter.port.check_wait()
    boot = _Boot(make, initial_call, starter, options, given)
    launched = _launched(boot, starter, options)
    kind, value = _answer_of(starter, launched, options)
    if value is _STARTED:
        return launched
    match kind, value:
        case "reply", ("ignore", _):
            _forget(launched)
            return None
        case "reply", ("declined", reason):
            _forget(launched)
        case "timeout", _:
            reason = TIMEOUT
            part(launched, options)
            process.send_exit(launched.pid, KILL)
        case _, reason:
            part(launched, options)
    raise StartError(reason) from reason.exception if isinstance(reason, Crash) else None


def _launched(boot: _Boot, starter: Cell, options: StartOptions) -> process.Launched:
    initial_call = boot.initial_call
    if starter.port is None and options.host is None and options.mailbox is None:
        # As `launch` does it, in fewer steps; `tests.bench start_stop`.
        scheduler = starter.scheduler
        ref = Ref() if options.monitor else None
        context = scheduler.inherited()
        launched = launch_on(
            scheduler,
            starter,
            context,
            boot.run,
            initial_call,
            options.link,
            ref,
            False,
            None,
            None,
            True,
            None,
        )
        pid = launched.pid
        scheduler.expect(starter, pid._cell, boot.ref)  # type: ignore[arg-type]  # noqa: SLF001 - it lives
        return launched
    return process.launch(
        boot.run,
        initial_call,
        link=options.link,
        monitor=options.monitor,
        host=options.host,
        mailbox=options.mailbox,
        heir=True,
        before=boot.expect,
    )


def _answer_of(
    starter: Cell, launched: process.Launched, options: StartOptions
) -> tuple[str, object]:
    try:
        return await_start(starter, options.timeout)
    except BaseException:
        # A coroutine's wait may be cancelled, and its process lives on: the child must not.
        if starter.exiting is None:
            part(launched, options)
            process.send_exit(launched.pid, KILL)
        raise


def _forget(launched: process.Launched) -> None:
    """Take back the monitor of a start that brought no process."""
    if launched.ref is not None:
        process.demonitor(launched.ref, flush=True)


def part(launched: process.Launched, options: StartOptions) -> None:
    """Leave no trace of a failed start in the starter, which ends here if the link ends it."""
    _forget(launched)
    child = launched.pid
    if options.link:
        process.unlink(child)
        process.receive(lambda each: isinstance(each, Exited) and each.pid is child, 0.0)


def check_name(name: object) -> None:
    """Refuse what is no name.

    Raises:
        BadArgument: It is not accepted.
    """
    if name is None or (type(name) is str and name not in NO_NAMES):
        return
    if isinstance(name, naming.Via):
        if not callable(getattr(name.module, "register_name", None)):
            raise BadArgument("name", name, "a Via whose module has the functions of ViaModule")
    elif not isinstance(name, str) or name in NO_NAMES:
        raise BadArgument(
            "name", name, "a non-empty string other than 'nil' and 'undefined', or a Via"
        )


def await_start(cell: Cell, timeout: float | None) -> tuple[str, object]:
    """Wait for the acknowledgement of a process that the caller has begun to expect, or its death."""
    if cell.port is None:
        scheduler = cell.scheduler
        return scheduler.await_answer(cell, timeout)
    if timeout is not None:
        cell.port.post(_arm, cell.scheduler, cell, timeout)
    return cell.port.await_answer(timeout)


def _arm(scheduler: Scheduler, cell: Cell, timeout: float) -> None:
    if cell.awaiting is not None:
        scheduler.deadlines.arm(cell, scheduler.clock.now() + timeout)


_STARTED = ("started", None)
"""The acknowledgement of a process that lives."""


class _Boot:
    """The body of a behaviour's process, until it has a handler."""

    __slots__ = ("_given", "_make", "_options", "_starter", "initial_call", "ref")

    def __init__(
        self,
        make: Make,
        initial_call: str,
        starter: Cell,
        options: StartOptions,
        given: Given | None,
    ) -> None:
        self._given = given
        self._make = make
        self.initial_call = initial_call
        self._starter = starter
        self._options = options
        self.ref = Ref.__new__(Ref)

    def expect(self, scheduler: Scheduler, child: Cell) -> None:
        """Have the starter wait for the child, before the child can run."""
        scheduler.expect(self._starter, child, self.ref)

    def run(self) -> None:
        cell = me()
        options = self._options
        if options.name is not None:
            holder = take_name(options.name)
            if holder is not None:
                self._decline(cell, ("declined", ("already_started", holder)))
                return
        try:
            parent = self._starter.pid if options.link else cell.pid
            given = self._given
            if given is None:
                server = self._make(parent)
            else:
                server = self._make(self.initial_call, parent, given[0], given[1])
            outcome = server.init()
        except BaseException as error:  # noqa: BLE001 - every end of an `init` goes one way
            self._fail(cell, error)
        if cell.exiting is not None:
            # It was killed and has swallowed that: nobody must take it for alive.
            raise Exit(cell.exiting[0])
        if type(outcome) is Ignore:
            self._release_name()
            self._decline(cell, ("ignore", None))
        elif type(outcome) is Stop:
            self._fail(cell, Exit(outcome.reason))
        else:
            acknowledge(cell, self._starter, self.ref, _STARTED)
            cell.handler = server
            server.begin(outcome)

    def _fail(self, cell: Cell, error: BaseException) -> NoReturn:
        """End without an acknowledgement: the death is what the starter hears."""
        if cell.exiting is not None:
            raise error
        stack = Stack.of(error.__traceback__)
        reason = reason_of(error)
        report_crash(cell, self.initial_call, reason, stack)
        self._release_name()
        raise Exit(reason) from None

    def _decline(self, cell: Cell, answer: tuple[str, object]) -> None:
        """Tell the starter that there will be no process, and end with `"normal"` after this."""
        if self._options.link:
            process.unlink(self._starter.pid)
        self._acknowledge(cell, answer)

    def _release_name(self) -> None:
        if self._options.name is not None:
            # A table of names that fails here will forget the process at its death.
            with suppress(Exception):
                naming.give_back_name(self._options.name)

    def _acknowledge(self, cell: Cell, value: tuple[str, object]) -> None:
        acknowledge(cell, self._starter, self.ref, value)


def acknowledge(cell: Cell, starter: Cell, ref: Ref, value: object) -> None:
    """Tell the starter of the calling process, which waits for that, how its start went."""
    if cell.port is None:
        scheduler = cell.scheduler
        scheduler.answer(starter, ref, "reply", value)
    else:
        cell.port.post(cell.scheduler.answer, starter, ref, "reply", value)


def enter_loop(make: Callable[[Pid], Server], outcome: object, name: Name | None) -> NoReturn:
    """Make the calling process a server of a behaviour; never returns.

    The code that has called stays where it is: its `finally` blocks run when the server ends.

    Args:
        make: Makes the server half, given the parent (itself when it is not linked).
        outcome: As if `init` had returned it.
        name: The name that the process has; `None` if that does not matter.

    Raises:
        BadArgument: The process does not have the name, or is a server already.
    """
    cell = me()
    check_name(name)
    if name is not None and naming.whereis(name) is not cell.pid:
        raise BadArgument("name", name, "a name that the calling process has, or None")
    if cell.handler is not None:
        raise BadArgument("enter_loop", cell.pid, "called by a process that is no server yet")
    server = make(cell.parent if cell.kin and cell.parent is not None else cell.pid)
    cell.handler = server
    server.begin(outcome)
    while True:
        # Looked up anew: a server that is debugged gives itself another one.
        cell.handler.handle(process.receive(None, cell.rest_for))


# -- calls -----------------------------------------------------------------------------------------


def call(
    server: Address | tuple[str, str] | None,
    request: Message,
    timeout: float | None,
    function: Function = CALLED,
    is_shared: bool = False,
) -> object:
    """Send a request and wait for the reply, in the calling process.

    Args:
        server: Whom to ask.
        request: What is asked.
        timeout: Seconds; `None` waits for ever.
        function: What the caller has called, for errors.
        is_shared: Whether it is known that nothing of the request can change.

    Raises:
        CallFailed: One of its leaves; see `actors.errors`.
        NotSendable: The request may not cross; nothing was sent.
        BadArgument: The timeout or the address is not accepted.
    """
    # The corridor of every call; `tests.bench` names: call, ring, fan_in.
    if timeout is not DEFAULT_TIMEOUT:
        process.check_timeout("timeout", timeout)
    cell = me()
    if type(server) is Pid:
        pid = server
        target = pid._cell  # noqa: SLF001 - the corridor
    else:
        target = _locate(server)
    if target is None or target is cell or target.calling is not None:
        why = _refusal(cell, target, server)
        if why is not None:
            raise _failure(*why, server, request, timeout, function)
    assert target is not None  # noqa: S101 - for the type checker: nobody there was refused
    scheduler = cell.scheduler
    if target.scheduler is not scheduler:
        scheduler.own(target)
    of = type(request)
    is_shared = is_shared or (type(of) is type and of in SHARED)
    sent = request if is_shared else _crossed(scheduler, request)
    if cell.port is None:
        kind, value = scheduler.exchange(cell, target, CALL, sent, timeout)
    else:
        kind, value = cell.port.exchange(target, CALL, sent, timeout)
    if kind == "reply":
        return value
    if kind == "full":
        # Answered before the wait began, which has set a deadline all the same.
        cell.deadline = None
    raise _failure(kind, value, server, request, timeout, function)


def _locate(server: Address | tuple[str, str] | None) -> Cell | None:
    if type(server) is Pid:
        pid = server
        return pid._cell  # noqa: SLF001 - the corridor
    return None if server is None else locate(server)


def _refusal(cell: Cell, target: Cell | None, server: object) -> tuple[str, Reason] | None:
    """Say how an exchange would fail before it has begun; `None` if it may begin."""
    if target is None:
        match server:
            case (str(), str() as node) if node != LOCAL_NODE:
                return "down", ("nodedown", node)
            case _:
                return "down", NOPROC
    if target is cell:
        return "self", "calling_self"
    chain = cell.scheduler.circle(cell, target)
    return None if chain is None else ("circle", ("call_cycle", chain))


def _failure(
    kind: str,
    why: Reason,
    server: object,
    request: Message,
    timeout: float | None,
    function: Function,
    arguments: Sequence[object] | None = None,
) -> CallFailed:
    rest = (server, request_as_seen(request), timeout, function, arguments)
    match kind:
        case "timeout":
            return CallTimeout(TIMEOUT, *rest)
        case "self":
            return CallingSelf(why, *rest)
        case "circle":
            return CallCycle(why, *rest)
        case "full":
            return ServerFull(("mailbox_full", typed("int", why)), *rest)
        case _:
            return _exited(why, *rest)


def _exited(why: Reason, *rest: Any) -> CallFailed:  # noqa: ANN401 - what every leaf takes
    # Not by patterns, which ask a reason for its class and its parts whether they are equal.
    if means(why, NOPROC) or (tells(why, "nodedown") and type(why[1]) is str):
        return NoProcess(why, *rest)
    failure = ServerExited(why, *rest)
    if type(why) is Crash:
        failure.__cause__ = why.exception
    return failure


def cast(
    server: Address | tuple[str, str] | None, request: Message, told: Message | None = None
) -> None:
    """Send a request that nobody answers; never waits, never fails for want of a server.

    Args:
        server: Whom to tell.
        request: What is to be done.
        told: In its place, the whole message, where that is always the same and nothing of it can change.

    Raises:
        NotSendable: The request may not cross; nothing was sent.
    """
    pid = server if type(server) is Pid or server is None else _found(server)
    if pid is None:
        return
    # What `process.deliver` does first, written out; `tests.bench` names: cast, ring.
    cell = me()
    scheduler = cell.scheduler
    if told is None:
        kind = type(request)
        is_shared = kind is not tuple and type(kind) is type and kind in SHARED
        told = (CAST, request if is_shared else _crossed(scheduler, request))
    there = pid._cell  # noqa: SLF001 - the corridor
    if there is not None and cell.port is None and there.scheduler is scheduler:
        scheduler.deliver(there, told)
    else:
        process.deliver(pid, told)


def _crossed(scheduler: Scheduler, request: Message) -> Message:
    """Return what the server gets for a request that is not shared as it is.

    Raises:
        NotSendable: The request may not cross.
    """
    if type(request) is tuple:
        # What every isolation does with it first, written out; `tests.bench` name: ring.
        parts = request
        for each in parts:
            kind = type(each)
            if type(kind) is not type or kind not in SHARED:
                break
        else:
            return request
    asked = request_as_sent(request)
    if asked is None:
        return scheduler.cross(request, "request")
    # The tuple was made for this request: only what is in it can need a copy.
    _, name, args, kwargs = asked
    shared = kwargs is None
    for each in args:
        kind = type(each)
        shared = shared and type(kind) is type and kind in SHARED
    if shared:
        return asked
    if kwargs is None:
        return (ASKED, name, scheduler.cross(args, "arguments"), None)
    # In one: what is given twice stays one, and if either is refused nothing of both has moved.
    crossed: Any = scheduler.cross((args, kwargs), "(arguments, arguments)")
    return (ASKED, name, *crossed)


def _found(server: Address | tuple[str, str]) -> Pid | None:
    try:
        return whereis(server)
    except Exception:
        # A table of names that is not there is like a server that is not; a wrong address is not.
        if isinstance(server, naming.Via):
            return None
        raise


def reply(caller: Caller, value: object) -> None:
    """Answer a caller; from any process, and too late is no error.

    Raises:
        NotSendable: The value may not cross; nothing was sent.
    """
    give(caller, process.crossed(value, "reply"))


def show(caller: Caller, value: object) -> None:
    """Answer a caller who only looks: what may not cross is withheld."""
    give(caller, witnessed(value, me().scheduler.cross))


def give(caller: Caller, value: object) -> None:
    """Answer a caller with what the machinery has made, and keeps no part of."""
    pid, ref = caller
    waiting = pid._cell  # noqa: SLF001 - the corridor
    if waiting is None:
        return
    here = me()
    if here.port is None and waiting.scheduler is here.scheduler:
        if not here.scheduler.answer(waiting, ref, "reply", value):
            here.scheduler.send_alias(ref, (REPLY, ref, value))
    else:
        waiting.scheduler.post(_answer, waiting.scheduler, waiting, ref, value)


def _answer(scheduler: Scheduler, waiting: Cell, ref: Ref, value: object) -> None:
    # Whoever does not wait for it has sent a request with an alias, or has given up.
    if not scheduler.answer(waiting, ref, "reply", value):
        scheduler.send_alias(ref, (REPLY, ref, value))


def stop(
    server: Address | tuple[str, str] | None,
    reason: Reason,
    timeout: float | None,
    function: Function = ("GenServer", "stop"),
) -> None:
    """Ask a behaviour to end and wait until it has.

    Raises:
        CallFailed: It is not there, ended with another reason, or did not end in time (and still
            may).
        NotSendable: The reason may not cross; nothing was sent.
        BadArgument: The timeout or the address is not accepted.
    """
    if timeout is not None:
        process.check_timeout("timeout", timeout)
    cell = me()
    asked = reason if type(reason) is str else process.crossed(reason, "reason")
    target = _locate(server)
    if target is None or target is cell or target.calling is not None:
        refusal = _refusal(cell, target, server)
        if refusal is not None:
            arguments = [server, reason, timeout]
            raise _failure(*refusal, server, "stop", timeout, function, arguments)
    assert target is not None  # noqa: S101 - for the type checker: nobody there was refused
    scheduler = cell.scheduler
    if target.scheduler is not scheduler:
        scheduler.own(target)
    if cell.port is None:
        kind, why = scheduler.exchange(cell, target, SYSTEM, ("terminate", asked), timeout)
    else:
        kind, why = cell.port.exchange(target, SYSTEM, ("terminate", asked), timeout)
    is_asked_for = kind == "down" and target.exiting is not None and target.exiting[0] is asked
    if kind != "down" or not (is_asked_for or _is_same(why, reason)):
        arguments = [server, reason, timeout]
        raise _failure(kind, why, server, "stop", timeout, function, arguments)


def _is_same(one: Reason, other: Reason) -> bool:
    try:
        return one is other or bool(one == other)
    except BaseException:  # equality is user code: not comparable is not the same
        if me().exiting is not None:
            raise
        return False


def system(
    server: Address,
    request: Message,
    timeout: float | None,
    function: Function,
    arguments: Sequence[object],
) -> object:
    """Send a system request to a process that answers them, and wait for the reply.

    Raises:
        CallFailed: One of its leaves; see `actors.errors`.
        BadArgument: The timeout is not accepted.
    """
    process.check_timeout("timeout", timeout)
    cell = me()
    target = _locate(server)
    refusal = _refusal(cell, target, server)
    if target is None or refusal is not None:
        raise _failure(
            *(refusal or ("down", NOPROC)), server, request, timeout, function, arguments
        )
    cell.scheduler.own(target)
    kind, value = process.exchange(target, SYSTEM, request, timeout)
    if kind == "reply":
        return value
    raise _failure(kind, value, server, request, timeout, function, arguments)


# -- the process half ------------------------------------------------------------------------------


def is_ending() -> bool:
    """Tell whether the calling process was told to end, so that its code must not go on."""
    cell = me()
    # Its double, which has the turn while something is done without waiting, only counts as dead.
    return cell.exiting is not None and cell.refusals >= 0


# -- ends ------------------------------------------------------------------------------------------


class Ended(Exit):
    """The end of a process for which `terminate` and the reports have been run."""


_CRASH: Final = ("actors", "process", "crash")


@dataclass(frozen=True, slots=True)
class Failure:
    """What a behaviour knows when it ends, for the reports."""

    initial_call: str
    """What it was started as."""
    last_message: Message
    """What it was handling."""
    state: object
    """Its state before that."""
    accepted: str | None = None
    """What its callback might have returned, if what it did return was refused."""


def end(
    behaviour: str,
    reason: Reason,
    terminate: Callable[[Reason], object],
    told: Callable[[Reason], Failure],
    stack: Stack | None = None,
) -> NoReturn:
    """End the calling process in OTP's order: `terminate`, then the reports, then the exit.

    Args:
        behaviour: Its name, as it stands in the event.
        reason: Why it ends.
        terminate: The callback.
        told: Says what stands in the reports; not asked when there are none, or nobody would see them.
        stack: Where its code raised, if it did.

    Raises:
        Ended: Always, unless the process is told to end meanwhile.
    """
    raise Ended(conclude(behaviour, reason, terminate, told, stack)) from None


def conclude(
    behaviour: str,
    reason: Reason,
    terminate: Callable[[Reason], object],
    told: Callable[[Reason], Failure],
    stack: Stack | None = None,
) -> Reason:
    """Do what comes before the exit of the calling process: `terminate`, then the reports.

    Args:
        behaviour: Its name, as it stands in the event.
        reason: Why it ends.
        terminate: The callback.
        told: Says what stands in the reports; not asked when there are none, or nobody would see them.
        stack: Where its code raised, if it did.

    Returns:
        Why it ends after all: for another reason if `terminate` raises.

    Raises:
        Exit: The process was told to end meanwhile.
    """
    cell = me()
    try:
        settled(terminate(reason))
    except BaseException as error:
        if cell.exiting is not None:
            raise
        stack = Stack.of(error.__traceback__)
        reason = reason_of(error)
    if cell.exiting is not None:
        raise Exit(cell.exiting[0])
    if is_clean(reason):
        return reason
    event = ("actors", behaviour, "terminate")
    # What stands in them is dear to find out; `tests.bench` name: telemetry_off.
    if telemetry.is_reported(event, "error") or telemetry.is_reported(_CRASH, "error"):
        failure = told(reason)
        fields: dict[str, object] = {
            **_who(cell, failure.initial_call),
            "reason": reason,
            "accepted": failure.accepted,
            "stack": stack,
            "last_message": failure.last_message,
            "state": failure.state,
        }
        telemetry.report(event, "error", fields)
        report_crash(cell, failure.initial_call, reason, stack, follows=event)
    return reason


def report_crash(
    cell: Cell,
    initial_call: str,
    reason: Reason,
    stack: Stack | None = None,
    *,
    follows: telemetry.Event | None = None,
) -> None:
    """Report a process that ends with a reason that is not clean.

    Args:
        cell: The process.
        initial_call: What it was started as.
        reason: Why it ends.
        stack: Where its code raised, if it did.
        follows: The event that has told the story of this end already.
    """
    if is_clean(reason) or not telemetry.is_reported(_CRASH, "error"):
        return
    fields: dict[str, object] = {
        **_who(cell, initial_call),
        "reason": reason,
        "stack": stack,
        "follows": follows,
        "message_queue_len": len(cell.mail or ()),
        "links": tuple(cell.links or ()),
        "trap_exit": cell.traps,
    }
    telemetry.report(_CRASH, "error", fields)


def _who(cell: Cell, initial_call: str) -> dict[str, object]:
    parent = cell.parent
    above = None if parent is None else naming.locate(parent)
    return {
        "pid": cell.pid,
        "name": cell.name,
        "label": cell.label,
        "initial_call": initial_call,
        "parent": parent,
        "parent_name": None if above is None else above.name,
    }
