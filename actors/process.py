"""Processes: spawn, send, receive, link, monitor, exit, names, timers and what one may ask about them.

What holds, in MUST and MAY:

* Signals of all kinds (messages, exits, links, monitors) from one process to one other arrive in the
  order in which they were sent, also across threads. Nothing is promised between different senders.
* `send` to a pid never fails and never waits, unless the receiver was given a bounded mailbox that says
  otherwise. A message to a dead process vanishes, and is counted (`dead_letters`).
* A process that ends MUST have lost its name, aliases and mail before anybody hears of its death. Links and
  monitors are told after its `finally` blocks have run.
* An exit signal takes effect at the next waiting point of a process that is running: any `receive`, `sleep`,
  `call` or start. Code that computes without waiting is only reached by a kill from another thread.
* A process that was told to end MAY run `finally` blocks; it cannot wait any more.

All functions act on the calling process. Called on a thread that is no process, such as a REPL or a web
handler, they act on a process that stands for that thread.

Source: https://hexdocs.pm/elixir/Process.html, https://www.erlang.org/doc/apps/erts/erlang.html
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Concatenate,
    Literal,
    NoReturn,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    TypeVarTuple,
    Unpack,
    cast,
    overload,
)

from actors._coroutines import is_coroutine_function, settled
from actors._kernel.bounds import Bounded, BoundedMail, MailboxStats, WhenFull, force
from actors._kernel.cell import LABEL, Ancestors, Body, Cell, Handler, Outcome
from actors._kernel.current import enter, here, holder_of, me, running
from actors._kernel.mailbox import Match, check_match
from actors._kernel.outside import Port
from actors._kernel.press import press
from actors._kernel.relations import AliasKind
from actors._kernel.scheduler import Scheduler, own_context
from actors._kernel.signals import link as make_link
from actors._kernel.timers import Timer
from actors.errors import BadArgument, MailboxFull, SendCycle
from actors.exits import KILL, NOPROC, Exit, Reason, means
from actors.isolation import SHARED, witnessed
from actors.messages import Message, TimedOut
from actors.pid import LOCAL_NODE, Pid, Ref

if TYPE_CHECKING:
    from contextvars import Context

__all__ = [
    "Bounded",
    "Host",
    "MailboxStats",
    "Match",
    "ProcessInfo",
    "WhenFull",
    "alias",
    "cancel_timer",
    "cancel_timer_nowait",
    "dead_letters",
    "delete",
    "demonitor",
    "exit",
    "get",
    "get_keys",
    "get_label",
    "info",
    "is_alive",
    "link",
    "monitor",
    "monotonic",
    "processes",
    "put",
    "read_timer",
    "read_timer_nowait",
    "receive",
    "register",
    "registered",
    "self",
    "send",
    "send_after",
    "send_exit",
    "set_label",
    "sleep",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "start_timer",
    "trap_exit",
    "unalias",
    "unlink",
    "unregister",
    "whereis",
]

M = TypeVar("M")
P = ParamSpec("P")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

Host: TypeAlias = Literal["thread", "pool"] | None
"""Where a process's code runs: on the loop (`None`), on an OS thread of its own (`"thread"`), or on one of
those that `actors.threads` keeps for short work (`"pool"`)."""

_LONGEST = 1e15
_CARRIERS = {"pool": "actors.threads", "thread": "actors.threads"}
_ALIASES = ("explicit", "reply")
_MONITOR_ALIASES = ("explicit_unalias", "demonitor", "reply_demonitor")


# -- helpers that every function below uses --------------------------------------------------------


def _do(what: Callable[Concatenate[Scheduler, Cell, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Have the loop do something for the calling process, wherever that one runs."""
    cell = me()
    if cell.port is None:
        return what(cell.scheduler, cell, *args, **kwargs)
    return cell.port.ask(what, *args, **kwargs)


def crossed(value: object, what: str) -> object:
    """Return what another process gets when the caller gives it a value; see `actors.isolation`.

    Args:
        value: The value.
        what: What to call it in errors.

    Raises:
        NotSendable: It may not cross.
    """
    kind = type(value)
    is_shared = type(kind) is type and kind in SHARED
    return value if is_shared else me().scheduler.cross(value, what)


def check_timeout(what: str, seconds: object) -> None:
    """Refuse what is no duration.

    Raises:
        BadArgument: It is not `None`, and not a finite number of seconds of at least 0.
    """
    if seconds is None or (type(seconds) is float and 0.0 <= seconds < _LONGEST):
        return
    if type(seconds) is int and 0 <= seconds < _LONGEST:
        return
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    # NaN and the infinities fail the comparison; an integer too large for a float survives it.
    if not number or not 0 <= seconds < _LONGEST:  # type: ignore[operator]
        raise BadArgument(what, seconds, "seconds, 0 or more and finite, or None for no limit")


def check_host(host: object, *others: str) -> None:
    """Refuse what is no host, naming also the `others` that the caller has taken already.

    Raises:
        BadArgument: It is neither `None`, `"thread"` nor `"pool"`.
    """
    if host is not None and not (isinstance(host, str) and host in _CARRIERS):
        raise BadArgument("host", host, f"None or one of {sorted([*_CARRIERS, *others])}")


def check_mailbox(mailbox: object) -> None:
    """Refuse what is no bound of a mailbox.

    Raises:
        BadArgument: It is neither `None` nor a `Bounded`.
    """
    if mailbox is not None and not isinstance(mailbox, Bounded):
        raise BadArgument("mailbox", mailbox, "Bounded(limit, when_full), or None for no bound")


# -- starting --------------------------------------------------------------------------------------


def spawn(
    fn: Callable[[Unpack[Ts]], object],
    *args: *Ts,
    host: Host = None,
    mailbox: Bounded | None = None,
) -> Pid:
    """Start a process that runs a function and ends with it.

    Does not wait: the function runs when the new process has its first turn.

    Args:
        fn: The body. What it returns is thrown away; what it raises is the exit reason.
        args: Passed on.
        host: `"thread"` to run it on an OS thread of its own.
        mailbox: A bound for its mailbox, which has none by default.

    Returns:
        The new pid.

    Raises:
        BadArgument: `fn` cannot be called, or there is no such host or bound.
        NotSendable: `fn` or what it is given may not cross; nothing was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     parent = self()
        ...     spawn(lambda: send(parent, "hello"))
        ...     return receive()
        >>> run(main)
        'hello'

    Source: https://hexdocs.pm/elixir/Kernel.html#spawn/1
    """
    return launch(bound(fn, args), _named(fn), host=host, mailbox=mailbox).pid


def spawn_link(
    fn: Callable[[Unpack[Ts]], object],
    *args: *Ts,
    host: Host = None,
    mailbox: Bounded | None = None,
) -> Pid:
    """Start a process linked to the caller: the link is there before its first line runs.

    Runs in the caller. Does not wait. The end of either is told to the other.

    Args:
        fn: The body. What it returns is thrown away; what it raises is the exit reason.
        args: Passed on.
        host: `"thread"` to run it on an OS thread of its own; by default the loop.
        mailbox: A bound for its mailbox, which has none by default.

    Returns:
        The new pid.

    Raises:
        BadArgument: `fn` cannot be called, or there is no such host or bound.
        NotSendable: `fn` or what it is given may not cross; nothing was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     trap_exit(True)
        ...     spawn_link(exit, "bored")
        ...     return receive().reason
        >>> run(main)
        'bored'

    Source: https://hexdocs.pm/elixir/Kernel.html#spawn_link/1
    """
    return launch(bound(fn, args), _named(fn), link=True, host=host, mailbox=mailbox).pid


def spawn_monitor(
    fn: Callable[[Unpack[Ts]], object],
    *args: *Ts,
    host: Host = None,
    mailbox: Bounded | None = None,
) -> tuple[Pid, Ref]:
    """Start a process monitored by the caller, so that its death is never missed.

    Runs in the caller. Does not wait.

    Args:
        fn: The body. What it returns is thrown away; what it raises is the exit reason.
        args: Passed on.
        host: `"thread"` to run it on an OS thread of its own; by default the loop.
        mailbox: A bound for its mailbox, which has none by default.

    Returns:
        The pid and the reference that its `Down` will carry.

    Raises:
        BadArgument: `fn` cannot be called, or there is no such host or bound.
        NotSendable: `fn` or what it is given may not cross; nothing was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid, ref = spawn_monitor(exit, "bored")
        ...     down = receive()
        ...     return down.ref is ref, down.reason
        >>> run(main)
        (True, 'bored')

    Source: https://hexdocs.pm/elixir/Kernel.html#spawn_monitor/1
    """
    launched = launch(bound(fn, args), _named(fn), monitor=True, host=host, mailbox=mailbox)
    assert launched.ref is not None  # noqa: S101 - a monitor was asked for
    return launched.pid, launched.ref


@dataclass(slots=True)
class Launched:
    """What `launch` has started. Not frozen: made for every process, and a frozen one takes 0.3 us longer."""

    pid: Pid
    """The new process."""
    ref: Ref | None
    """Its monitor, if one was asked for."""


def launch(
    body: Body,
    doing: str,
    link: bool = False,
    monitor: bool = False,
    alias: Ref | None = None,
    host: Host = None,
    mailbox: Bounded | None = None,
    heir: bool = False,
    before: Callable[[Scheduler, Cell], object] | None = None,
) -> Launched:
    """Start a process: the one way in which any of them begins.

    Args:
        body: What it runs; it may give itself a handler with `become` before it returns.
        doing: The initial call, for people to read.
        link: Link it to the caller before it runs.
        monitor: Monitor it before it runs.
        alias: Monitor it under this fresh reference, which is an alias of the caller's as long as the monitor.
        host: `"thread"` for an OS thread of its own.
        mailbox: A bound for its mailbox.
        heir: Tell it who its ancestors are, as behaviours do.
        before: Called on the loop with the new process's record, before it can run.

    Raises:
        BadArgument: There is no such host or bound.
    """
    if mailbox is not None:
        check_mailbox(mailbox)
    if host is not None:
        check_host(host)
        importlib.import_module(_CARRIERS[host])
    cell = me()
    ref = Ref() if monitor else alias
    is_alias = alias is not None
    if cell.port is not None:
        how = (body, doing, link, ref, is_alias, host, mailbox, heir, before)
        return cell.port.ask(launch_on, own_context(), *how)
    scheduler = cell.scheduler
    context = scheduler.inherited()
    return launch_on(
        scheduler, cell, context, body, doing, link, ref, is_alias, host, mailbox, heir, before
    )


BaseHandler: TypeAlias = Handler
"""What a handler is best derived from: any other one is reached by a step more."""


class Handling(Protocol):
    """What can be a process's handler."""

    def handle(self, message: Message) -> object:
        """Handle one message."""


class _Handler(Handler):
    """Stands for one that a user has written, who knows of no `Handler`."""

    def __init__(self, handling: Handling) -> None:
        self._handling = handling

    def handle(self, message: Message) -> object:
        return self._handling.handle(message)


def become(handler: Handling) -> None:
    """Let the calling process's messages go to another handler, from the next one on."""
    me().handler = handler if isinstance(handler, Handler) else _Handler(handler)


def launch_on(
    scheduler: Scheduler,
    parent: Cell,
    context: Context | None,
    body: Body,
    doing: str,
    link: bool,
    ref: Ref | None,
    is_alias: bool,
    host: Host,
    mailbox: Bounded | None,
    heir: bool,
    before: Callable[[Scheduler, Cell], object] | None,
) -> Launched:
    """Do on the loop what `launch` does, for a parent and in a context of its own; nothing is checked."""
    cell = scheduler.spawn(body, doing, parent, context)
    if mailbox is not None:
        cell.mail = BoundedMail(cell, mailbox)
    if heir:
        cell.ancestors = _lineage(parent)
    if link:
        cell.kin = True
        make_link(parent, cell)
    if ref is not None:
        if is_alias:
            scheduler.add_alias(parent, ref, "demonitor")
        scheduler.watch(parent, cell, ref)
    if before is not None:
        before(scheduler, cell)
    if host is None:
        scheduler.begin(cell)
    else:
        _carry(scheduler, cell, host)
    return Launched(cell.pid, ref)


def _lineage(parent: Cell) -> Ancestors:
    """Return the ancestors of a process's children: itself, by name if it has one, and its own."""
    who = parent.pid if parent.name is None else parent.name
    if parent.lineage is None or parent.lineage[0] is not who:
        parent.lineage = (who, *(parent.ancestors or ()))
    return parent.lineage


carriers: dict[str, Callable[[Callable[[], None]], bool]] = {}
"""Filled by `actors.threads` when it is imported: how code gets onto a thread, and whether it begins now."""


def _carry(scheduler: Scheduler, cell: Cell, host: str) -> None:
    port = Port(cell, carried=True)
    cell.port = port

    def on_its_thread() -> None:
        enter(None, cell)
        if cell.context is None:
            port.carry()
        else:
            cell.context.run(port.carry)

    try:
        if not carriers[host](on_its_thread) and port.thread is None:
            # Nobody works for it yet: whoever waits for time may have the thread that it waits for.
            port.running = False
    except BaseException:
        scheduler.discard(cell)
        raise
    scheduler.carried[cell] = None


def bound(fn: Callable[[Unpack[Ts]], object], args: tuple[*Ts]) -> Body:
    """Return the body of a new process, which shares nothing with the caller: captured variables are its own.

    Raises:
        BadArgument: `fn` cannot be called.
        NotSendable: It or what it is given may not cross.
    """
    if not callable(fn):
        raise BadArgument(
            "fn", fn, "a function, not called yet: spawn(work, 1), not spawn(work(1))"
        )
    fn, args = given(fn, args)
    if is_coroutine_function(fn):
        return lambda: settled(fn(*args))
    return partial(fn, *args)


def given(
    fn: Callable[[Unpack[Ts]], R], args: tuple[*Ts]
) -> tuple[Callable[[Unpack[Ts]], R], tuple[*Ts]]:
    """Return what another process gets when the caller gives it a function and its arguments.

    Raises:
        NotSendable: They may not cross.
    """
    if _crosses_as_it_is(fn, args):
        return fn, args
    cross = me().scheduler.cross
    if not args:
        return cast("Callable[[Unpack[Ts]], R]", cross(fn, "fn")), args
    # In one: what both hold stays one.
    crossing = cross((fn, args), "(fn, args)")
    return cast("tuple[Callable[[Unpack[Ts]], R], tuple[*Ts]]", crossing)


def _crosses_as_it_is(fn: Callable[..., object], args: tuple[object, ...]) -> bool:
    """Tell at a glance whether there is nothing to copy and nothing to refuse, whatever the runtime's policy.

    If not, `cross` looks closer. Here and not with the isolation, which is never compiled: every task asks this.
    """
    kind = type(fn)
    if kind is FunctionType:
        if fn.__closure__ or fn.__defaults__ or fn.__kwdefaults__ or fn.__dict__:
            return False
    elif type(kind) is not type or kind not in SHARED:
        return False
    return are_shared(args)


def are_shared(values: Iterable[object]) -> bool:
    """Tell at a glance whether nothing of some values can change; what cannot be told is to be looked at."""
    for each in values:
        kind = type(each)
        if type(kind) is not type or kind not in SHARED:
            return False
    return True


def _named(fn: Callable[..., object]) -> str:
    return f"{getattr(fn, '__module__', '?')}.{getattr(fn, '__qualname__', type(fn).__name__)}"


# -- messages --------------------------------------------------------------------------------------


def self() -> Pid:
    """Return the pid of the calling process.

    Does not wait. On a thread that is no process, that of the one that stands for it.

    Returns:
        The pid.

    Example:
        >>> from actors import run
        >>> run(lambda: is_alive(self()))
        True

    Source: https://hexdocs.pm/elixir/Kernel.html#self/0
    """
    return me().pid


def send(dest: Pid | str | Ref | tuple[str, str], message: Message) -> Message:
    """Send a message; never waits, unless the receiver's mailbox is bounded so that its senders do.

    Runs in the sender, where the message is copied as far as it can change; see `actors.isolation`.

    Args:
        dest: A pid, a registered name, `(name, node)` or an active alias.
        message: Anything that may cross.

    Returns:
        The message.

    Raises:
        BadArgument: No process of that name is registered. (A dead pid or alias is no error.)
        MailboxFull: The receiver has a bounded mailbox, which is full, and wants its senders to know.
        SendCycle: It has one whose senders wait, and waits, through others, for this very sender.
        NotSendable: The message may not cross; nothing was sent.

    Example:
        >>> from actors import run
        >>> def main():
        ...     send(self(), "hello")
        ...     return receive()
        >>> run(main)
        'hello'

    Source: https://hexdocs.pm/elixir/Kernel.html#send/2
    """
    kind = type(message)
    if type(kind) is type and kind in SHARED:
        deliver(dest, message)
    else:
        deliver(dest, me().scheduler.cross(message, "message"))
    return message


def deliver(dest: Pid | str | Ref | tuple[str, str], message: Message) -> None:
    """Send what the machinery has made, and keeps no part of; otherwise like `send`."""
    cell = me()
    scheduler = cell.scheduler
    if isinstance(dest, Pid):
        target = dest._cell
        if target is None:
            _lost(cell, dest, message)
            return
        if cell.port is None and target.scheduler is scheduler:
            scheduler.deliver(target, message)
        elif type(target.mail) is BoundedMail and target.mail.bound.when_full in _TOLD:
            _send_and_hear(cell, target, message)
        elif cell.port is None or target.scheduler is not scheduler:
            target.scheduler.post(_deliver_to, target.scheduler, dest, message)
        elif dest is cell.pid:
            # Waits for the loop: what one has sent oneself must be there at once.
            cell.port.ask(_deliver_to_itself, message)
        else:
            cell.port.post(_deliver_to, scheduler, dest, message)
    elif isinstance(dest, Ref):
        _send_to_alias(cell, dest, message)
    else:
        pid = _do(_named_process, dest)
        if pid is not None:
            deliver(pid, message)


def inform(dest: Pid, message: Message) -> None:
    """Tell a process what a server of the library has to say, which no bound of a mailbox holds up.

    For servers whose work is to tell many: none of them may fail, wait or lose a word because one listener
    is slow. Runs in the caller and does not wait.
    """
    message = crossed(message, "message")
    cell = me()
    target = dest._cell
    if target is None:
        _lost(cell, dest, message)
    elif cell.port is None and target.scheduler is cell.scheduler:
        force(target, message)
    else:
        target.scheduler.post(_inform, target.scheduler, dest, message)


def _inform(scheduler: Scheduler, dest: Pid, message: Message) -> None:
    target = dest._cell
    if target is not None:
        force(target, message)
    else:
        scheduler.dead_letter(dest, message, NOPROC)


def _deliver_to(scheduler: Scheduler, dest: Pid, message: Message) -> None:
    target = dest._cell
    if target is not None:
        scheduler.deliver(target, message)
    else:
        scheduler.dead_letter(dest, message, NOPROC)


def _lost(cell: Cell, dest: Pid, message: Message) -> None:
    """Count a message to a process that is dead."""
    scheduler = cell.scheduler
    if cell.port is None:
        scheduler.dead_letter(dest, message, NOPROC)
    else:
        cell.port.post(scheduler.dead_letter, dest, message, NOPROC)


_TOLD = ("raise", "wait")


def _send_and_hear(cell: Cell, target: Cell, message: Message) -> None:
    """Send from another thread to a process whose senders are told when its mailbox is full.

    Raises:
        MailboxFull: It is, and the sender is to know.
        SendCycle: The sender would wait, through others, for itself.
        BadArgument: The process is one of another runtime, which cannot tell.
    """
    cell.scheduler.own(target)
    if cell.port is None:
        return
    match cell.port.send(target, message):
        case ("full", int(limit)):
            raise MailboxFull(target.pid, limit)
        case ("circle", (int(limit), list() as chain)):
            raise SendCycle(target.pid, limit, chain)


def _deliver_to_itself(scheduler: Scheduler, cell: Cell, message: Message) -> None:
    if cell.exiting is None:
        scheduler.deliver(cell, message)


def _send_to_alias(cell: Cell, alias: Ref, message: Message) -> None:
    if cell.port is None:
        scheduler = cell.scheduler
        scheduler.send_alias(alias, message)
    elif cell.aliases is not None and alias in cell.aliases:
        cell.port.ask(_send_to_own_alias, alias, message)
    else:
        cell.port.post(cell.scheduler.send_alias, alias, message)


def _send_to_own_alias(scheduler: Scheduler, _: Cell, alias: Ref, message: Message) -> None:
    scheduler.send_alias(alias, message)


def _named_process(scheduler: Scheduler, _: Cell, dest: str | tuple[str, str]) -> Pid | None:
    match dest:
        case str():
            target = scheduler.names.find(dest)
            if target is None:
                raise BadArgument("dest", dest, "a registered name, and nobody has this one")
        case (str() as name, str() as node):
            target = scheduler.names.find(name) if node == LOCAL_NODE else None
        case _:
            raise BadArgument("dest", dest, "a pid, a registered name, (name, node) or an alias")
    return None if target is None else target.pid


def dead_letters() -> int:
    """Tell how many messages of the runtime were sent to nobody, or found no room.

    Messages to dead processes, and those that a bounded mailbox has dropped. Each is also told by the
    event `("actors", "mailbox", "dead_letter")`. Mail that a process had not read when it ended is not
    counted.

    Runs in the caller and does not wait.

    Returns:
        How many, since the runtime was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid, _ = spawn_monitor(exit, "bored")
        ...     receive()
        ...     send(pid, "hello")
        ...     return dead_letters()
        >>> run(main)
        1

    Source: https://doc.akka.io/docs/akka/current/general/message-delivery-reliability.html#dead-letters
    """
    return _do(_dead_letters)


def _dead_letters(scheduler: Scheduler, _: Cell) -> int:
    return scheduler.dead_letters


@overload
def receive(match: type[M] | tuple[type[M], ...], timeout: None = None) -> M: ...
@overload
def receive(match: type[M] | tuple[type[M], ...], timeout: float) -> M | TimedOut: ...
@overload
def receive(match: Match = None, timeout: float | None = None) -> Message: ...
def receive(match: Match = None, timeout: float | None = None) -> Message:
    """Take the oldest message of the mailbox that matches, waiting for it if need be.

    Runs in the caller. Messages that do not match stay, in order. The time begins with the call and
    is not begun anew by messages that do not match.

    Args:
        match: A predicate, a type, a tuple of types, or `None` for any message. What a predicate raises
            comes out of `receive`, and the message stays.
        timeout: Seconds; 0 looks once and never waits; `None` waits for ever.

    Returns:
        The message, or `TimedOut()` when the time is over. For type checkers that of a type is of this type.

    Raises:
        BadArgument: `match` or `timeout` is not accepted.
        Exit: The process was told to end.

    Example:
        >>> from actors import run
        >>> def main():
        ...     for number in (1, 2, 3):
        ...         send(self(), number)
        ...     return receive(lambda n: n > 1), receive(), receive(timeout=0), receive(timeout=0)
        >>> run(main)
        (2, 1, 3, TimedOut(ref=None, message=None))

    Source: https://hexdocs.pm/elixir/Kernel.SpecialForms.html#receive/1
    """
    if timeout is not None:
        check_timeout("timeout", timeout)
    if match is not None:
        check_match(match)
    cell = me()
    if cell.port is None:
        return cell.scheduler.receive(cell, match, timeout)
    return cell.port.receive(match, timeout)


def receive_of(ref: Ref, timeout: float | None) -> Message:
    """Take the oldest `(ref, value)` or `Down` of a reference, waiting as `receive` does."""
    cell = me()
    if cell.port is None:
        return cell.scheduler.receive(cell, ref, timeout)
    return cell.port.receive(ref, timeout)


def sleep(seconds: float | None) -> None:
    """Wait, letting others run; messages that arrive meanwhile stay in the mailbox.

    Blocks the calling process, not the loop.

    Args:
        seconds: How long; `None` for ever.

    Raises:
        Exit: The process was told to end.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     before = monotonic()
        ...     sleep(60.0)
        ...     return monotonic() - before
        >>> run(main, clock=VirtualClock())
        60.0

    Source: https://hexdocs.pm/elixir/Process.html#sleep/1
    """
    check_timeout("seconds", seconds)
    cell = me()
    if cell.port is None:
        scheduler = cell.scheduler
        scheduler.sleep(cell, seconds)
    else:
        cell.port.sleep(seconds)


def exchange(target: Cell, tag: str, request: Message, timeout: float | None) -> Outcome:
    """Send a request in an envelope and wait for its end; what `call` is made of."""
    cell = me()
    if cell.port is None:
        return cell.scheduler.exchange(cell, target, tag, request, timeout)
    return cell.port.exchange(target, tag, request, timeout)


def begin_waiting(pids: Iterable[Pid]) -> list[Pid] | None:
    """Note that the caller waits for processes that do not answer it, but end: for its tasks.

    Whoever of them calls the caller now, or has done so before, would wait for it in vain.

    Returns:
        Who waits for whom, if one of them waits for the caller already; nothing is noted then.
    """
    cell = me()
    if cell.port is None:
        return _begin_waiting(cell.scheduler, cell, pids)
    return cell.port.ask(_begin_waiting, [*pids])


def _begin_waiting(scheduler: Scheduler, cell: Cell, pids: Iterable[Pid]) -> list[Pid] | None:
    first = None
    for pid in pids:
        target = pid._cell
        if target is None:
            continue
        if target.calling is not None and target.scheduler is scheduler:
            chain = scheduler.circle(cell, target)
            if chain is not None:
                return chain
        if first is None:
            first = target
    if first is not None:
        cell.calling = first
    return None


def end_waiting() -> None:
    """Note that the caller waits no longer."""
    me().calling = None


# -- links, monitors, exits ------------------------------------------------------------------------


def link(pid: Pid) -> None:
    """Link the caller to another process: the end of either is told to the other.

    Runs in the caller. Does not wait, and does nothing if they are linked already.

    Args:
        pid: The other process; the caller itself is no error.

    Raises:
        CallFailed: The process is dead and the caller does not trap exits. A caller that does gets
            `Exited(pid, "noproc")` instead.

    Example:
        >>> from actors import run
        >>> def main():
        ...     trap_exit(True)
        ...     link(spawn(lambda: exit("bored")))
        ...     return receive().reason
        >>> run(main)
        'bored'

    Source: https://hexdocs.pm/elixir/Process.html#link/1
    """
    _do(Scheduler.link, _pid(pid))


def unlink(pid: Pid) -> None:
    """Take the link away; afterwards no `Exited` of that process arrives, but one may be there already.

    Runs in the caller. Does not wait, and does nothing if they are not linked.

    Args:
        pid: The other process; a dead one is no error.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid = spawn_link(sleep, None)
        ...     unlink(pid)
        ...     return info(self(), "links")
        >>> run(main)
        ('links', ())

    Source: https://hexdocs.pm/elixir/Process.html#unlink/1
    """
    _do(Scheduler.unlink, _pid(pid))


def monitor(target: Pid | str, *, alias: AliasKind | None = None) -> Ref:
    """Have the death of a process told to the caller by one `Down` message.

    Runs in the caller. Does not wait. Monitoring twice makes two references and two messages.

    Args:
        target: A pid or a registered name; if nobody is there, `Down` comes at once, with `"noproc"`.
        alias: Make the reference an alias too: `"explicit_unalias"`, `"demonitor"` or `"reply_demonitor"`.

    Returns:
        The reference that `Down` will carry, for `demonitor`.

    Raises:
        BadArgument: The target is neither a pid nor a name, or there is no such kind of
            alias.

    Example:
        >>> from actors import run
        >>> def main():
        ...     monitor("nobody")
        ...     return receive().reason
        >>> run(main)
        'noproc'

    Source: https://hexdocs.pm/elixir/Process.html#monitor/1
    """
    if not isinstance(target, Pid | str):
        raise BadArgument("target", target, "a Pid or a registered name")
    if alias is not None and not (isinstance(alias, str) and alias in _MONITOR_ALIASES):
        raise BadArgument("alias", alias, f"None or one of {_MONITOR_ALIASES}")
    cell = me()
    if cell.port is None:
        return cell.scheduler.monitor(cell, target, alias)
    return cell.port.ask(Scheduler.monitor, target, alias)


def demonitor(ref: Ref, *, flush: bool = False) -> bool:
    """Stop monitoring; afterwards no `Down` of it arrives.

    Runs in the caller. Does not wait.

    Args:
        ref: What `monitor` returned.
        flush: Also remove a `Down` that is in the mailbox already.

    Returns:
        Whether the monitor was active: `False` means that the `Down` had been delivered.

    Raises:
        BadArgument: `ref` is no reference.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid, ref = spawn_monitor(sleep, None)
        ...     return demonitor(ref), demonitor(ref)
        >>> run(main)
        (True, False)

    Source: https://hexdocs.pm/elixir/Process.html#demonitor/2
    """
    if not isinstance(flush, bool):
        raise BadArgument("flush", flush, "True or False")
    return unwatch(_ref(ref), flush)


def unwatch(ref: Ref, flush: bool) -> bool:
    """Stop monitoring by a reference of which the caller knows that it is one; otherwise like `demonitor`."""
    cell = me()
    if cell.port is None:
        scheduler = cell.scheduler
        return scheduler.demonitor(cell, ref, flush)
    return cell.port.ask(Scheduler.demonitor, ref, flush)


def exit(reason: Reason) -> NoReturn:
    """End the calling process; `finally` blocks run, `except Exception` does not stop it.

    Args:
        reason: Any term; `"normal"`, `"shutdown"` and `("shutdown", term)` are no failures.

    Raises:
        Exit: Always.

    Example:
        >>> from actors import run
        >>> def main():
        ...     spawn_monitor(exit, "bored")
        ...     return receive().reason
        >>> run(main)
        'bored'

    Source: https://hexdocs.pm/elixir/Kernel.html#exit/1
    """
    raise Exit(reason)


def send_exit(pid: Pid, reason: Reason) -> None:
    """Send an exit signal: OTP's `Process.exit/2`.

    Runs in the caller. Does not wait for the other to end.

    Args:
        pid: To whom; a dead one is no error.
        reason: `"kill"` cannot be trapped and arrives as `"killed"`; `"normal"` is ignored by a process that
            does not trap, except when it sends it to itself.

    Raises:
        NotSendable: The reason may not cross; nothing was sent.
        Exit: The signal went to the caller and ends it.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid, _ = spawn_monitor(sleep, None)
        ...     send_exit(pid, "kill")
        ...     return receive().reason
        >>> run(main)
        'killed'

    Source: https://hexdocs.pm/elixir/Process.html#exit/2
    """
    there = _pid(pid)
    target = there._cell
    reason = crossed(reason, "reason")
    _press_if_it_computes(pid, target, reason)
    cell = me()
    if target is not None and target.scheduler is not cell.scheduler:
        target.scheduler.post(_signal, target.scheduler, cell, pid, reason)
        return
    if cell.port is None:
        _signal(cell.scheduler, cell, pid, reason)
    else:
        cell.port.ask(_signal, pid, reason)
    if cell.exiting is not None and pid is cell.pid:
        raise Exit(cell.exiting[0])


def _press_if_it_computes(pid: Pid, target: Cell | None, reason: Reason) -> None:
    if reason != KILL if type(reason) is str else not means(reason, KILL):
        return
    if target is not None:
        scheduler = target.scheduler
        current = scheduler.current
        # A double has the turn for it while a report is written.
        is_there = current is not None and current.pid is pid
        if not is_there and scheduler.collecting is not target:
            return
    # Asked before anything is asked of the loop: it would not answer. Whoever is on its way out is gone from its
    # pid, and may hold the loop all the same.
    holder = holder_of(pid)
    if holder is not None and here.scheduler is not holder.scheduler:
        press(holder)


def _signal(scheduler: Scheduler, sender: Cell, pid: Pid, reason: Reason) -> None:
    # Not through the pid: whoever is on its way out is gone from it, and a kill still hurries it.
    target = scheduler.cells.get(pid.serial)
    if target is not None and target.pid is pid:
        scheduler.signal(target, sender.pid, reason, False)


def trap_exit(on: bool) -> bool:
    """Say whether exit signals become `Exited` messages; return how it was before.

    Acts on the calling process and does not wait.

    Args:
        on: `True` for messages; `False`, as every process begins, to end with linked ones
            that fail.

    Returns:
        Whether they did before.

    Raises:
        BadArgument: It is neither `True` nor `False`.

    Example:
        >>> from actors import run
        >>> def main():
        ...     return trap_exit(True), trap_exit(False)
        >>> run(main)
        (False, True)

    Source: https://hexdocs.pm/elixir/Process.html#flag/2
    """
    if not isinstance(on, bool):
        raise BadArgument("on", on, "True or False")
    return _do(_trap, on)


def _trap(_: Scheduler, cell: Cell, on: bool) -> bool:
    before, cell.traps = cell.traps, on
    return before


def alias(kind: Literal["explicit", "reply"] = "explicit") -> Ref:
    """Return a reference that others may send to, until it is given up.

    It belongs to the calling process; does not wait. What is sent to one given up vanishes.

    Args:
        kind: `"explicit"` lasts until `unalias`; `"reply"` lets exactly one message through.

    Returns:
        The alias, for `send` and `unalias`.

    Raises:
        BadArgument: There is no such kind.

    Example:
        >>> from actors import run
        >>> def main():
        ...     ref = alias("reply")
        ...     send(ref, 1)
        ...     send(ref, 2)
        ...     return receive(), receive(timeout=0)
        >>> run(main)
        (1, TimedOut(ref=None, message=None))

    Source: https://hexdocs.pm/elixir/Process.html#alias/1
    """
    if not (isinstance(kind, str) and kind in _ALIASES):
        raise BadArgument("kind", kind, f"one of {_ALIASES}")
    return _do(Scheduler.make_alias, kind)


def unalias(ref: Ref) -> bool:
    """Deactivate an alias of the caller.

    Runs in the caller. Does not wait. Messages that have come through it stay in the mailbox.

    Args:
        ref: What `alias` returned, or `monitor` with an alias.

    Returns:
        Whether it was active.

    Raises:
        BadArgument: `ref` is no reference.

    Example:
        >>> from actors import run
        >>> def main():
        ...     ref = alias()
        ...     return unalias(ref), unalias(ref)
        >>> run(main)
        (True, False)

    Source: https://hexdocs.pm/elixir/Process.html#unalias/1
    """
    return _do(Scheduler.unalias, _ref(ref))


def is_alive(pid: Pid) -> bool:
    """Tell whether a process is alive; one that was told to end is not.

    Runs in the caller and does not wait.

    Args:
        pid: Whom to look at.

    Returns:
        Whether it lives at this moment.

    Raises:
        BadArgument: `pid` is no pid.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid = spawn(sleep, None)
        ...     before = is_alive(pid)
        ...     send_exit(pid, "kill")
        ...     return before, is_alive(pid)
        >>> run(main)
        (True, False)

    Source: https://hexdocs.pm/elixir/Process.html#alive?/1
    """
    return _pid(pid)._cell is not None


def _pid(pid: Pid) -> Pid:
    if not isinstance(pid, Pid):
        raise BadArgument("pid", pid, "a Pid, as process.whereis(name) finds it")
    return pid


def _ref(ref: Ref) -> Ref:
    if not isinstance(ref, Ref):
        raise BadArgument("ref", ref, "a Ref")
    return ref


# -- names -----------------------------------------------------------------------------------------


def register(pid: Pid, name: str) -> None:
    """Give a process a name; it is free again before anybody hears of the process's death.

    Runs in the caller. Does not wait.

    Args:
        pid: A living process.
        name: A string that nobody has.

    Raises:
        NameTaken: Somebody has the name, or the process has one.
        BadArgument: The process is dead, or the name is not accepted.

    Example:
        >>> from actors import run
        >>> def main():
        ...     register(self(), "me")
        ...     return whereis("me") is self()
        >>> run(main)
        True

    Source: https://hexdocs.pm/elixir/Process.html#register/2
    """
    _do(_register, _pid(pid), name)


def _register(scheduler: Scheduler, _: Cell, pid: Pid, name: str) -> None:
    target = pid._cell
    if target is None:
        raise BadArgument("pid", pid, "a living process")
    scheduler.own(target)
    scheduler.names.register(target, name)


def unregister(name: str) -> None:
    """Take a name back.

    Runs in the caller. Does not wait. Its process lives on without one.

    Args:
        name: A registered name, of whatever process.

    Raises:
        BadArgument: Nobody has it.

    Example:
        >>> from actors import run
        >>> def main():
        ...     register(self(), "me")
        ...     unregister("me")
        ...     return whereis("me")
        >>> run(main)

    Source: https://hexdocs.pm/elixir/Process.html#unregister/1
    """
    _do(_unregister, name)


def _unregister(scheduler: Scheduler, _: Cell, name: str) -> None:
    scheduler.names.unregister(name)


def whereis(name: str) -> Pid | None:
    """Return who has a name.

    Runs in the caller and does not wait.

    Args:
        name: A name; `actors.naming` finds other kinds of addresses.

    Returns:
        The pid; `None` if nobody has it.

    Example:
        >>> from actors import run
        >>> def main():
        ...     register(self(), "me")
        ...     return whereis("me") is self(), whereis("nobody")
        >>> run(main)
        (True, None)

    Source: https://hexdocs.pm/elixir/Process.html#whereis/1
    """
    if not isinstance(name, str):
        raise BadArgument("name", name, "a string")
    cell = running().names.find(name)
    return None if cell is None else cell.pid


def registered() -> list[str]:
    """Return all names, the oldest first.

    Runs in the caller and does not wait.

    Returns:
        The names of living processes.

    Example:
        >>> from actors import run
        >>> def main():
        ...     register(self(), "me")
        ...     return registered()
        >>> run(main)
        ['me']

    Source: https://hexdocs.pm/elixir/Process.html#registered/0
    """
    return running().names.all()


# -- timers ----------------------------------------------------------------------------------------


def send_after(dest: Pid | str, message: Message, seconds: float, *, absolute: bool = False) -> Ref:
    """Send a message later.

    Runs in the caller. The timer outlives the caller. A name is looked up when the time has come; a
    message to a dead pid is dropped.

    Does not wait.

    Args:
        dest: A pid or a registered name.
        message: Anything.
        seconds: From now, 0 or more; or a time of `monotonic()`, with `absolute`.
        absolute: Whether `seconds` is a time and not a duration.

    Returns:
        The timer, for `cancel_timer` and `read_timer`.

    Raises:
        BadArgument: `seconds` is not accepted.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     send_after(self(), "late", 60.0)
        ...     return receive()
        >>> run(main, clock=VirtualClock())
        'late'

    Source: https://hexdocs.pm/elixir/Process.html#send_after/4
    """
    when = _when(seconds, absolute=absolute)
    return _do(_set_timer, Ref(), dest, crossed(message, "message"), when)


def start_timer(
    dest: Pid | str, message: Message, seconds: float, *, absolute: bool = False
) -> Ref:
    """Send `TimedOut(ref, message)` later, so that one can tell which timer it was.

    Runs in the caller. Does not wait. In all else it is `send_after`.

    Args:
        dest: A pid or a registered name.
        message: Anything; it comes wrapped.
        seconds: From now, 0 or more; or a time of `monotonic()`, with `absolute`.
        absolute: Whether `seconds` is a time and not a duration.

    Returns:
        The timer, which the message carries.

    Raises:
        BadArgument: `seconds` or `dest` is not accepted.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     ref = start_timer(self(), "late", 60.0)
        ...     return receive() == TimedOut(ref, "late")
        >>> run(main, clock=VirtualClock())
        True

    Source: https://www.erlang.org/doc/apps/erts/erlang.html#start_timer/4
    """
    ref, when = Ref(), _when(seconds, absolute=absolute)
    return _do(_set_timer, ref, dest, TimedOut(ref, crossed(message, "message")), when)


def _when(seconds: float, *, absolute: bool) -> float:
    if seconds is None:
        raise BadArgument("seconds", seconds, "a number of seconds")
    if not isinstance(absolute, bool):
        raise BadArgument("absolute", absolute, "True or False")
    is_past = absolute and isinstance(seconds, int | float) and seconds < 0
    check_timeout("seconds", 0.0 if is_past else seconds)
    return seconds if absolute else monotonic() + seconds


def _set_timer(
    scheduler: Scheduler, _: Cell, ref: Ref, dest: Pid | str, message: Message, when: float
) -> Ref:
    if not isinstance(dest, Pid | str):
        raise BadArgument("dest", dest, "a pid or a registered name")
    scheduler.set_timer(Timer(ref, when, dest, message))
    return ref


def cancel_timer(ref: Ref) -> float | None:
    """Cancel a timer.

    Any process may; does not wait.

    Args:
        ref: What `send_after` or `start_timer` returned.

    Returns:
        The seconds that were left; `None` when it had fired, was cancelled before, or is unknown. A
        message that has been sent already stays in the mailbox.

    Raises:
        BadArgument: `ref` is no reference.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     ref = send_after(self(), "late", 60.0)
        ...     return cancel_timer(ref), cancel_timer(ref)
        >>> run(main, clock=VirtualClock())
        (60.0, None)

    Source: https://hexdocs.pm/elixir/Process.html#cancel_timer/2
    """
    return _do(_cancel, _ref(ref))


def cancel_timer_nowait(ref: Ref) -> None:
    """Cancel a timer and be told by a message.

    Runs in the caller. The caller gets `("cancel_timer", ref, left)`, where `left` is what
    `cancel_timer` returns.

    Does not wait.

    Args:
        ref: What `send_after` or `start_timer` returned.

    Raises:
        BadArgument: `ref` is no reference.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     cancel_timer_nowait(send_after(self(), "late", 60.0))
        ...     match receive():
        ...         case ("cancel_timer", _, left):
        ...             return left
        >>> run(main, clock=VirtualClock())
        60.0

    Source: https://hexdocs.pm/elixir/Process.html#cancel_timer/2, its option `async`
    """
    send(self(), ("cancel_timer", ref, cancel_timer(ref)))


def _cancel(scheduler: Scheduler, cell: Cell, ref: Ref) -> float | None:
    left = _read(scheduler, cell, ref)
    timer = scheduler.drop_timer(ref)
    if timer is not None:
        scheduler.deadlines.cancel(timer)
    return left


def read_timer(ref: Ref) -> float | None:
    """Tell how long a timer still has.

    Any process may; does not wait.

    Args:
        ref: What `send_after` or `start_timer` returned.

    Returns:
        The seconds until it fires; `None` if it does not any more, or is unknown.

    Raises:
        BadArgument: `ref` is no reference.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     return read_timer(send_after(self(), "late", 60.0))
        >>> run(main, clock=VirtualClock())
        60.0

    Source: https://hexdocs.pm/elixir/Process.html#read_timer/1
    """
    return _do(_read, _ref(ref))


def read_timer_nowait(ref: Ref) -> None:
    """Be told by a message how long a timer still has.

    Runs in the caller. The caller gets `("read_timer", ref, left)`, where `left` is what
    `read_timer` returns.

    Does not wait.

    Args:
        ref: What `send_after` or `start_timer` returned.

    Raises:
        BadArgument: `ref` is no reference.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> def main():
        ...     read_timer_nowait(send_after(self(), "late", 60.0))
        ...     match receive():
        ...         case ("read_timer", _, left):
        ...             return left
        >>> run(main, clock=VirtualClock())
        60.0

    Source: https://www.erlang.org/doc/apps/erts/erlang.html#read_timer/2, its option `async`
    """
    send(self(), ("read_timer", ref, read_timer(ref)))


def _read(scheduler: Scheduler, _: Cell, ref: Ref) -> float | None:
    timer = scheduler.timers.get(ref)
    return None if timer is None else max(timer.when - scheduler.clock.now(), 0.0)


def monotonic() -> float:
    """Return the time of the runtime's clock in seconds, from an arbitrary origin.

    Runs in the caller and does not wait. It never goes back.

    Returns:
        Seconds, as a float.

    Example:
        >>> from actors import run
        >>> from actors.testing import VirtualClock
        >>> run(monotonic, clock=VirtualClock(start=5.0))
        5.0

    Source: https://hexdocs.pm/elixir/System.html#monotonic_time/0
    """
    scheduler = running()
    return scheduler.now()


# -- the dictionary --------------------------------------------------------------------------------
#
# A process of a behaviour finds two things in it: `$ancestors`, who started it, who started that one and
# so on, by name where they had one, and `$initial_call`. A label is kept in it too.


def put(key: object, value: object) -> object:
    """Store a value in the calling process's own dictionary.

    Does not wait. The dictionary ends with its process.

    Args:
        key: Anything that can be hashed.
        value: Anything.

    Returns:
        What was there before; `None` if nothing was.

    Example:
        >>> from actors import run
        >>> def main():
        ...     return put("x", 1), put("x", 2), get("x")
        >>> run(main)
        (None, 1, 2)

    Source: https://hexdocs.pm/elixir/Process.html#put/2
    """
    dictionary = _dictionary(me())
    before = dictionary.get(key)
    dictionary[key] = value
    return before


def get(key: object, default: object = None) -> object:
    """Return a value of the calling process's own dictionary.

    Does not wait.

    Args:
        key: Anything that can be hashed.
        default: What to return if nothing is there.

    Returns:
        The value, or the default.

    Example:
        >>> from actors import run
        >>> run(lambda: get("x", "nothing"))
        'nothing'

    Source: https://hexdocs.pm/elixir/Process.html#get/2
    """
    return _dictionary(me()).get(key, default)


def delete(key: object) -> object:
    """Remove a value from the calling process's own dictionary.

    Does not wait.

    Args:
        key: Anything that can be hashed; one that is not there is no error.

    Returns:
        What was there; `None` if nothing was.

    Example:
        >>> from actors import run
        >>> def main():
        ...     put("x", 1)
        ...     return delete("x"), delete("x")
        >>> run(main)
        (1, None)

    Source: https://hexdocs.pm/elixir/Process.html#delete/1
    """
    return _dictionary(me()).pop(key, None)


def get_keys(*value: object) -> list[object]:
    """Return all keys of the dictionary, or those that have a given value.

    Looks at the calling process and does not wait.

    Args:
        value: At most one: only keys of values equal to it.

    Returns:
        The keys, in the order of their first storing.

    Example:
        >>> from actors import run
        >>> def main():
        ...     put("x", 1)
        ...     put("y", 2)
        ...     return get_keys(), get_keys(2)
        >>> run(main)
        (['x', 'y'], ['y'])

    Source: https://hexdocs.pm/elixir/Process.html#get_keys/1
    """
    dictionary = _dictionary(me())
    return [key for key, each in dictionary.items() if not value or each == value[0]]


def set_label(label: object) -> None:
    """Give the calling process a label, any value that tells people which one it is.

    Reports show it, and `info`. Many processes may have the same; nobody is found by it.

    Does not wait.

    Args:
        label: Anything; `None` for none.

    Example:
        >>> from actors import run
        >>> def main():
        ...     set_label(("decoder", 3))
        ...     print(get_label(self()))
        >>> run(main)
        ('decoder', 3)

    Source: https://hexdocs.pm/elixir/Process.html#set_label/1
    """
    put(LABEL, label)


def get_label(pid: Pid) -> object:
    """Return the label of a process; `None` if it has none or is dead.

    Runs in the caller. Does not wait for it.

    Args:
        pid: Whom to look at.

    Returns:
        The label.

    Raises:
        BadArgument: `pid` is no pid.

    Example:
        >>> from actors import run
        >>> def main():
        ...     before = get_label(self())
        ...     set_label("decoder")
        ...     return before, get_label(self())
        >>> run(main)
        (None, 'decoder')

    Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html#get_label/1
    """
    return seen(_do(_label, _pid(pid)))


def _label(_: Scheduler, __: Cell, pid: Pid) -> object:
    cell = pid._cell
    return None if cell is None else cell.label


def _dictionary(cell: Cell) -> dict[object, object]:
    """Return the dictionary of a process, made when it is first asked for."""
    # A million servers that never look into theirs need not have one for what every server is given.
    if cell.dictionary is None:
        cell.dictionary = _given(cell)
    return cell.dictionary


def _given(cell: Cell) -> dict[object, object]:
    if cell.ancestors is None:
        return {}
    return {"$ancestors": [*cell.ancestors], "$initial_call": cell.doing}


# -- looking ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What can be seen of a living process from outside."""

    pid: Pid
    """Who."""
    registered_name: str | None
    """Its name."""
    initial_call: str
    """What it was started to run."""
    status: Literal["running", "runnable", "waiting"]
    """Whether it runs now, would like to, or waits."""
    message_queue_len: int
    """How many messages wait in its mailbox."""
    links: tuple[Pid, ...]
    """To whom it is linked."""
    monitors: tuple[Pid, ...]
    """Whom it monitors."""
    monitored_by: tuple[Pid, ...]
    """Who monitors it."""
    trap_exit: bool
    """Whether exit signals become messages."""
    parent: Pid | None
    """Who started it."""
    host: Host
    """Where its code runs."""
    dictionary: tuple[object, ...]
    """The keys of its dictionary."""
    label: object
    """What `set_label` gave it."""
    mailbox: MailboxStats | None
    """How its bounded mailbox stands; `None` for a mailbox without a bound."""


@overload
def info(pid: Pid) -> ProcessInfo | None: ...
@overload
def info(pid: Pid, items: str) -> tuple[str, object] | None: ...
@overload
def info(pid: Pid, items: list[str] | tuple[str, ...]) -> list[tuple[str, object]] | None: ...
def info(
    pid: Pid, items: str | list[str] | tuple[str, ...] | None = None
) -> ProcessInfo | tuple[str, object] | list[tuple[str, object]] | None:
    """Return what can be seen of a process, `None` if it is dead; does not wait for it.

    Runs in the caller.

    Args:
        pid: Whom to look at.
        items: One field of `ProcessInfo`, a list or tuple of them, or `"messages"`: the mail that waits, oldest
            first. Without it all fields.

    Returns:
        `(item, value)` for one item, a list of these in the order asked for, or a `ProcessInfo`.

    Raises:
        BadArgument: There is no such item.

    Example:
        >>> from actors import run
        >>> def main():
        ...     send(self(), "hello")
        ...     return info(self(), ["message_queue_len", "messages"])
        >>> run(main)
        [('message_queue_len', 1), ('messages', ('hello',))]

    Source: https://hexdocs.pm/elixir/Process.html#info/2
    """
    if items is None:
        return seen(_do(_info, _pid(pid)))
    if not isinstance(items, str | list | tuple):
        raise BadArgument("items", items, f"one of {_ITEMS}, or a list of these")
    for item in (items,) if isinstance(items, str) else items:
        if item not in _ITEMS:
            raise BadArgument("items", item, f"one of {_ITEMS}")
    return seen(_do(_items, _pid(pid), items))


def seen(value: R) -> R:
    """Return what the caller may see of what is another process's: what may not cross is withheld."""
    return cast("R", witnessed(value, me().scheduler.cross))


_ITEMS = (*(field.name for field in fields(ProcessInfo)), "messages")


def _items(
    scheduler: Scheduler, asker: Cell, pid: Pid, items: str | list[str] | tuple[str, ...]
) -> tuple[str, object] | list[tuple[str, object]] | None:
    seen, cell = _info(scheduler, asker, pid), pid._cell
    if seen is None or cell is None:
        return None
    mail = tuple(cell.mail or ())
    found: list[tuple[str, object]] = [
        (item, mail if item == "messages" else getattr(seen, item))
        for item in ((items,) if isinstance(items, str) else items)
    ]
    return found[0] if isinstance(items, str) else found


def _info(scheduler: Scheduler, _: Cell, pid: Pid) -> ProcessInfo | None:
    cell = pid._cell
    if cell is None:
        return None
    return ProcessInfo(
        pid=pid,
        registered_name=cell.name,
        initial_call=cell.doing,
        status=_status(scheduler, cell),
        message_queue_len=len(cell.mail or ()),
        links=tuple(cell.links or ()),
        monitors=tuple(each.pid for each in (cell.monitors or {}).values()),
        monitored_by=tuple(each.pid for each in (cell.watchers or {}).values()),
        trap_exit=cell.traps,
        parent=cell.parent,
        host="thread" if cell in scheduler.carried else None,
        dictionary=tuple(_given(cell) if cell.dictionary is None else cell.dictionary),
        label=cell.label,
        mailbox=cell.mail.stats if isinstance(cell.mail, BoundedMail) else None,
    )


def _status(scheduler: Scheduler, cell: Cell) -> Literal["running", "runnable", "waiting"]:
    if cell is scheduler.current or (cell.port is not None and cell.port.running):
        return "running"
    return "waiting" if cell.idle or cell.awaiting is not None else "runnable"


def processes() -> list[Pid]:
    """Return all living processes of the runtime, the oldest first.

    Runs in the caller. Does not wait.

    Returns:
        Their pids.

    Example:
        >>> from actors import run
        >>> def main():
        ...     pid = spawn(sleep, None)
        ...     return pid in processes()
        >>> run(main)
        True

    Source: https://hexdocs.pm/elixir/Process.html#list/0
    """
    return _do(_processes)


def _processes(scheduler: Scheduler, _: Cell) -> list[Pid]:
    return [cell.pid for cell in scheduler.cells.values() if cell.exiting is None]
