"""The process half of a task: wait for an errand, run it, bring the result back.

    owner: engages a process -----> linked, monitored with an alias; runs the function
                                    (ref, value) ----> the alias: dropped if nobody waits any more

Where a supervisor, or the helper of a stream, starts the process, whoever gives the errand is another one:

    starter: recruits a process --> waits, linked, or watching the owner
    owner: monitors it with an alias
    owner: sends the Errand ------> runs the function
                                    (tag, value) ----> the alias, or a pid

In both, the monitor is there before the function runs, so that no failure is missed.

A failure is told to the logs and becomes the exit reason; nothing is sent back then.

Source: https://hexdocs.pm/elixir/Task.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVarTuple, Unpack

from actors import process, telemetry
from actors._coroutines import settled
from actors.exits import SHUTDOWN, Exit, Reason, is_clean, reason_of
from actors.messages import Down, Message
from actors.pid import Pid, Ref
from actors.process import deliver, get, given, launch, put
from actors.process import self as myself

if TYPE_CHECKING:
    from actors.process import Host

__all__ = [
    "CALLERS",
    "Errand",
    "Job",
    "callers",
    "engage",
    "named",
    "packed",
    "recruit",
    "run",
    "send_off",
]

Ts = TypeVarTuple("Ts")

CALLERS = "$callers"
"""Where a task's dictionary keeps who started it, the nearest first."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a task does, and for whom."""

    fn: Callable[..., object]
    """The function."""
    args: tuple[object, ...]
    """What it is given."""
    callers: tuple[Pid, ...]
    """Who asked for it, the nearest first."""


@dataclass(frozen=True, slots=True)
class Errand:
    """The message that a waiting task is sent."""

    sender: Pid
    """Who gives it; a task takes its errand from one process only."""
    tag: object
    """What the result is sent back with."""
    reply_to: Pid | Ref
    """Where to: an alias, or a pid."""
    job: Job
    """What to do."""


def callers() -> tuple[Pid, ...]:
    """Return the caller and those who started it, for a task that it starts.

    Runs in the caller and does not wait.

    Returns:
        Their pids, the nearest first.

    Example:
        >>> from actors import run
        >>> run(lambda: callers() == (process.self(),))
        True

    Source: https://hexdocs.pm/elixir/Task.html#module-ancestor-and-caller-tracking
    """
    before = get(CALLERS)
    here = myself()
    if before is None:
        return (here,)
    above = tuple(before) if isinstance(before, list | tuple) else ()
    return (here, *above)


def named(fn: object) -> str:
    """Return the name of a function, as people know it.

    Pure.

    Args:
        fn: A function, or a `functools.partial` of one.

    Returns:
        Its module and its name in it.

    Example:
        >>> named(print)
        'builtins.print'

    Source: https://hexdocs.pm/elixir/Task.html#t:t/0
    """
    while isinstance(fn, partial):
        fn = fn.func
    name = getattr(fn, "__qualname__", None)
    return f"{getattr(fn, '__module__', '?')}.{type(fn).__name__ if name is None else name}"


def recruit(sender: Pid, doing: str, *, watch: bool, host: Host = None) -> Pid:
    """Start a process that waits for an errand, linked to the caller.

    Runs in the caller. Does not wait.

    Args:
        sender: Who will send the errand.
        doing: The initial call, for people to read.
        watch: Whether to give up when the sender ends; one that is linked to it ends anyway.
        host: `"thread"` for an OS thread of its own.

    Returns:
        Its pid.

    Example:
        >>> from actors import run
        >>> run(lambda: process.is_alive(recruit(process.self(), "work", watch=False)))
        True

    Source: https://hexdocs.pm/elixir/Task.html#async/3
    """
    return process.launch(partial(_wait, sender, watch), doing, link=True, host=host, heir=True).pid


def engage(
    fn: Callable[[Unpack[Ts]], object], args: tuple[*Ts], doing: str, host: Host = None
) -> tuple[Pid, Ref]:
    """Start a process that runs a function and brings its result to the caller, to whom it is linked.

    Runs in the caller. Does not wait.

    Args:
        fn: The function.
        args: What it is given.
        doing: The initial call, for people to read.
        host: `"thread"` for an OS thread of its own.

    Returns:
        Its pid, and the reference that the result comes with: a monitor of the caller's, and an alias.

    Raises:
        NotSendable: The function or what it is given may not cross; nothing was started.

    Example:
        >>> from actors import run
        >>> def main():
        ...     _, ref = engage(pow, (2, 3), "power")
        ...     return process.receive(lambda message: message[0] is ref)[1]
        >>> run(main)
        8

    Source: https://hexdocs.pm/elixir/Task.html#async/3
    """
    fn, args = given(fn, args)
    ref = Ref()
    body = partial(_bring, fn, args, callers(), ref, ref)
    # In their order, so that it is called in C; `tests.bench` name: task.
    launched = launch(body, doing, True, False, ref, host, None, True)
    return launched.pid, ref


def packed(fn: Callable[..., object], args: tuple[object, ...], asked_by: tuple[Pid, ...]) -> Job:
    """Make a job of the caller's, as it is given away.

    Does not wait.

    Args:
        fn: The function.
        args: What it is given.
        asked_by: On whose behalf, the nearest first.

    Returns:
        The job, which shares nothing with the caller.

    Raises:
        NotSendable: It may not cross.

    Example:
        >>> from actors import run
        >>> run(lambda: packed(pow, (2, 3), ()).args)
        (2, 3)

    Source: https://hexdocs.pm/elixir/Task.html#async/3
    """
    return Job(*given(fn, args), asked_by)


def send_off(job: Job, doing: str, *, link: bool, host: Host = None) -> Pid:
    """Start a process that does a job and tells nobody."""
    body = partial(run, job.fn, job.args, job.callers)
    return process.launch(body, doing, link=link, host=host, heir=True).pid


def _wait(sender: Pid, watch: bool) -> None:
    ref = process.monitor(sender) if watch else None

    def is_mine(message: Message) -> bool:
        if type(message) is Errand:
            return message.sender is sender
        return type(message) is Down and message.ref is ref

    match process.receive(is_mine):
        case Errand() as errand:
            if ref is not None:
                process.demonitor(ref, flush=True)
            job = errand.job
            _bring(job.fn, job.args, job.callers, errand.tag, errand.reply_to)
        case Down(reason=reason):
            raise Exit((SHUTDOWN, reason))


def _bring(
    fn: Callable[..., object],
    args: tuple[object, ...],
    asked_by: tuple[Pid, ...],
    tag: object,
    reply_to: Pid | Ref,
) -> None:
    """Run a function as `run` does, and send what it returns, with a tag."""
    result = run(fn, args, asked_by)
    result = process.crossed(result, "result")
    deliver(reply_to, (tag, result))


def run(fn: Callable[..., object], args: tuple[object, ...], asked_by: tuple[Pid, ...]) -> object:
    """Run a function in the calling process; if it fails, say so and end.

    Raises:
        Exit: It failed, or the process was told to end.
    """
    put(CALLERS, [*asked_by])
    try:
        return settled(fn(*args))
    except BaseException as error:
        if not process.is_alive(process.self()):
            raise
        reason = reason_of(error)
        _report(fn, args, asked_by, reason)
        raise Exit(reason) from None


_ENDS: Final = ("actors", "task", "terminate")
_CRASH: Final = ("actors", "process", "crash")


def _report(
    fn: Callable[..., object], args: tuple[object, ...], asked_by: tuple[Pid, ...], reason: Reason
) -> None:
    """Tell the logs as OTP does: what failed first, then which process ends with it."""
    if is_clean(reason) or not any(
        telemetry.is_reported(each, "error") for each in (_ENDS, _CRASH)
    ):
        return
    about = process.info(process.self())
    if about is None:
        return
    who = {"pid": about.pid, "name": about.registered_name, "label": about.label}
    task = {
        "starter": asked_by[0],
        "function": about.initial_call,
        "args": args,
        "reason": reason,
    }
    telemetry.report(_ENDS, "error", {**who, **task})
    crash = {
        "initial_call": about.initial_call,
        "reason": reason,
        "parent": about.parent,
        "message_queue_len": about.message_queue_len,
        "links": about.links,
        "trap_exit": about.trap_exit,
    }
    telemetry.report(_CRASH, "error", {**who, **crash})
