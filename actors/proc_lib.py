"""Start a process of one's own and wait until it says that it is ready: OTP's proc_lib.

For processes that are no behaviour, or become one later. The body prepares itself, says so, and goes on:

    def greeter(word):
        process.register(process.self(), "greeter")
        proc_lib.init_ack(process.self())             # what `start_link` returns
        while True:
            process.send(process.receive(Pid), word)

    proc_lib.start_link(greeter, "hello")

A body that ends before it has acknowledged has failed to start, and its exit reason is the error. One that
has prepared itself may become a server by `GenServer.enter_loop` or `StateMachine.enter_loop`.

Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVarTuple, Unpack, final

from actors import _behaviour, process
from actors._behaviour import Cell, StartOptions, await_start, me, part
from actors.errors import BadArgument, StartError
from actors.exits import KILL, NORMAL, TIMEOUT, Crash, Exit, Reason
from actors.pid import Ref
from actors.process import Host

__all__ = ["init_ack", "init_fail", "start", "start_link", "start_monitor"]

Ts = TypeVarTuple("Ts")

_STARTER = "$starter"
"""Where a process's dictionary keeps who waits for its acknowledgement."""


# -- the starter's half ----------------------------------------------------------------------------


def start(
    body: Callable[[Unpack[Ts]], object],
    *args: *Ts,
    timeout: float | None = None,
    host: Host = None,
) -> object:
    """Start a process that is linked to nobody, and wait for its acknowledgement.

    Waits in the calling process; the body runs in the new one.

    Args:
        body: What it runs.
        args: Passed on.
        timeout: Seconds until the acknowledgement; `None` for no limit. A process that is late is killed.
        host: `"thread"` to run it on an OS thread of its own.

    Returns:
        What the process gave to `init_ack`.

    Raises:
        StartError: It ended before, refused with `init_fail`, or took too long.
        BadArgument: An option is not accepted; nothing was started.

    Example:
        >>> from actors import run
        >>> run(lambda: start(lambda word: init_ack(word.upper()), "ready"))
        'READY'

    Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html#start/5
    """
    return _start(StartOptions(False, None, timeout, host), body, args)[0]


def start_link(
    body: Callable[[Unpack[Ts]], object],
    *args: *Ts,
    timeout: float | None = None,
    host: Host = None,
) -> object:
    """Start a process linked to the caller, and wait for its acknowledgement; otherwise like `start`.

    Waits in the calling process; the body runs in the new one.

    Args:
        body: What it runs.
        args: Passed on.
        timeout: Seconds until the acknowledgement; `None` for no limit. A process that is late is killed.
        host: `"thread"` to run it on an OS thread of its own.

    Returns:
        What the process gave to `init_ack`.

    Raises:
        StartError: It ended before, refused with `init_fail`, or took too long. A caller that does not
            trap exits is ended by the link as well, unless the reason is `"normal"`.
        BadArgument: An option is not accepted; nothing was started.

    Example:
        >>> from actors import run
        >>> run(lambda: start_link(lambda word: init_ack(word.upper()), "ready"))
        'READY'

    Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html#start_link/5
    """
    return _start(StartOptions(True, None, timeout, host), body, args)[0]


def start_monitor(
    body: Callable[[Unpack[Ts]], object],
    *args: *Ts,
    timeout: float | None = None,
    host: Host = None,
) -> tuple[object, Ref]:
    """Start a process that the caller monitors from before its first line; otherwise like `start`.

    Waits in the calling process; the body runs in the new one. The monitor stays whatever comes of the
    start: when it fails, the `Down` is in the caller's mailbox, or will soon be.

    Args:
        body: What it runs.
        args: Passed on.
        timeout: Seconds until the acknowledgement; `None` for no limit. A process that is late is killed.
        host: `"thread"` to run it on an OS thread of its own.

    Returns:
        What the process gave to `init_ack`, and the reference that its `Down` will carry.

    Raises:
        StartError: It ended before, refused with `init_fail`, or took too long; the reference is in the
            error's `monitor`.
        BadArgument: An option is not accepted; nothing was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     _, ref = start_monitor(lambda: init_ack("ready"))
        ...     down = process.receive()
        ...     return down.ref is ref, down.reason
        >>> run(main)
        (True, 'normal')

    Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html#start_monitor/5
    """
    value, ref = _start(StartOptions(False, None, timeout, host, monitor=True), body, args)
    assert ref is not None  # noqa: S101 - for the type checker: it was asked for
    return value, ref


def _start(
    options: StartOptions, body: Callable[[Unpack[Ts]], object], args: tuple[*Ts]
) -> tuple[object, Ref | None]:
    process.check_timeout("timeout", options.timeout)
    if not callable(body):
        raise BadArgument("body", body, "a function for the new process to run")
    starter = me()
    boot = _Boot(process.bound(body, args), starter)
    doing = f"{getattr(body, '__module__', '?')}.{getattr(body, '__qualname__', repr(body))}"
    launched = process.launch(
        boot.run,
        doing,
        link=options.link,
        monitor=options.monitor,
        host=options.host,
        heir=True,
        before=lambda scheduler, child: scheduler.expect(starter, child, boot.ref),
    )
    kind, reason = await_start(starter, options.timeout)
    if kind == "reply":
        return reason, launched.ref
    if options.link:
        part(launched, options)
    if kind == "timeout":
        reason = TIMEOUT
        process.send_exit(launched.pid, KILL)
    elif boot.refusal:
        reason = boot.refusal[0]
    error = StartError(reason)
    error.monitor = launched.ref
    raise error from reason.exception if type(reason) is Crash else None


@final
class _Boot:
    """A process's body, and who waits for it."""

    __slots__ = ("_body", "_starter", "ref", "refusal")

    def __init__(self, body: Callable[[], object], starter: Cell) -> None:
        self._body = body
        self._starter = starter
        self.ref = Ref()
        """Of the exchange that the acknowledgement ends."""
        self.refusal: list[Reason] = []
        """What the starter is to hear instead of the exit reason."""

    def run(self) -> None:
        process.put(_STARTER, self)
        self._body()

    def acknowledge(self, value: object) -> None:
        _behaviour.acknowledge(me(), self._starter, self.ref, value)


# -- the process's half ----------------------------------------------------------------------------


def init_ack(value: object) -> None:
    """Tell whoever started the calling process that it is ready, and go on.

    Does not wait.

    Args:
        value: What `start`, `start_link` or `start_monitor` returns there; often the pid.

    Raises:
        BadArgument: Nobody waits: the process was not started by this module, or has acknowledged.

    Example:
        >>> from actors import run
        >>> run(lambda: start_link(lambda: init_ack("ready")))
        'ready'

    Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html#init_ack/2
    """
    _boot("init_ack").acknowledge(process.crossed(value, "value"))


def init_fail(error: Reason, reason: Reason = NORMAL) -> NoReturn:
    """End the calling process, whose start has failed; the starter hears of it when it is gone.

    Does not wait.

    Args:
        error: The `reason` of the `StartError` there.
        reason: What the process ends with.

    Raises:
        Exit: Always.
        BadArgument: Nobody waits: the process was not started by this module, or has acknowledged.

    Example:
        >>> from actors import run
        >>> def main():
        ...     try:
        ...         start(lambda: init_fail("no room"))
        ...     except StartError as error:
        ...         return error.reason
        >>> run(main)
        'no room'

    Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html#init_fail/2
    """
    _boot("init_fail").refusal.append(process.crossed(error, "error"))
    raise Exit(reason)


def _boot(function: str) -> _Boot:
    boot = process.delete(_STARTER)
    if not isinstance(boot, _Boot):
        accepted = "called once, by a process that was started by actors.proc_lib"
        raise BadArgument(function, process.self(), accepted)
    return boot
