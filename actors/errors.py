"""What can go wrong, as a tree: each leaf says whose fault it is and what to do.

    ActorsError
    ├── BadArgument (ValueError)     yours: a wrong option, name, spec or timeout; nothing was started
    │   ├── NameTaken                yours or bad luck: the name belongs to a living process
    │   └── NotSendable              yours: two processes may not share it, and it cannot be copied
    ├── MovedAway                    yours: the value was handed over, and is another process's now
    ├── NotInProcess                 yours: only a process can do this, and this code is not one
    ├── MailboxFull                  the receiver's: its mailbox is full, and its senders are to know
    │   ├── SendCycle                yours: it waits, through others, for this very sender
    │   └── ServerFull               a call found it full, or its request was dropped; also a CallFailed
    ├── WouldBlock                   yours: this wait would hold up the event loop around it; await it
    ├── StartError                   the child's: its start failed; `reason` says why
    └── CallFailed                   the server's: a call got no answer; uncaught it ends the caller
        ├── NoProcess                nobody of that name or pid is alive
        ├── CallTimeout              no answer in time; the server still works on the request
        │   └── TaskTimeout          the same of a task, which goes on unless it is linked
        ├── ServerExited             the server ended before it answered
        │   └── TaskExited           the same of a task
        ├── CallingSelf              yours: a process cannot answer itself while it waits
        └── CallCycle                yours: the server waits, through others, for this very caller

The signal that ends a process, `actors.exits.Exit`, is no error and not part of the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors import showing
from actors.exits import Crash, ExitsWith, Reason, Stack, crash_in, tells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.pid import Ref

__all__ = [
    "ActorsError",
    "BadArgument",
    "CallCycle",
    "CallFailed",
    "CallTimeout",
    "CallingSelf",
    "MailboxFull",
    "MovedAway",
    "NameTaken",
    "NoProcess",
    "NotInProcess",
    "NotSendable",
    "SendCycle",
    "ServerExited",
    "ServerFull",
    "StartError",
    "TaskExited",
    "TaskTimeout",
    "WouldBlock",
]

shown = showing.shown
"""How an error prints a value; here for those who raise errors."""

_MAY_RETURN = {
    "bad_return_value": "from a call Reply, NoReply or Stop; from other callbacks NoReply, Stop or nothing;"
    " from init the state, Started, Ignore or Stop; from the function of get_and_update (reply, state);"
    " a `then` is seconds, Hibernate() or Continue(term)",
    "bad_return_from_init": "Begin(state, data, actions), Ignore() or Stop(reason)",
    "bad_return_from_state_function": "NextState, KeepState, RepeatState, Stop or StopAndReply",
    "bad_action_from_state_function": "an action of actors.transitions; seconds are 0 or more and finite",
    "bad_reply_action_from_state_function": "ReplyTo(caller, value)",
    "bad_state_enter_action_from_state_function": "an action other than Postpone and NextEvent",
    "bad_return": "the rules, Supervised(children) or Dynamic(), or Ignore(); from an application, a pid",
}
"""What a callback may return, by the word with which OTP ends a process that returned something else."""


def explained(reason: Reason) -> str:
    """Return a reason as an error prints it, with what is accepted or taken beside OTP's word for it.

    Args:
        reason: Why a process ended or did not start.

    Returns:
        Its `repr`, cut if long, and what is accepted where a callback returned something else.

    Example:
        >>> explained(("bad_return_from_init", 5))
        "('bad_return_from_init', 5), accepted is Begin(state, data, actions), Ignore() or Stop(reason)"
        >>> explained("shutdown")
        "'shutdown'"
    """
    why = reason
    if type(why) is tuple and len(why) == 2 and type(why[1]) is Stack:  # noqa: PLR2004 - a pair
        why = why[0]
    word = why[0] if type(why) is tuple and len(why) == 2 else None  # noqa: PLR2004 - a pair
    if type(word) is str and word in _MAY_RETURN:
        return f"{shown(why)}, accepted is {_MAY_RETURN[word]}"
    if tells(reason, "already_started"):
        return f"{shown(reason)}, who has its name or id already"
    return shown(reason)


def told(what: str, reason: Reason) -> str:
    """Return what happened and, if a crash is behind it, the lines that raised."""
    crash = crash_in(reason)
    return what if crash is None or not crash.stack.entries else f"{what}\n{crash.stack}"


class ActorsError(Exception):
    """The root of the errors of this library."""

    def __reduce__(self) -> tuple[object, ...]:
        # Copied by what it holds: what `__init__` takes differs from class to class.
        return _restored, (type(self), self.args, vars(self))


def _restored(kind: type[ActorsError], args: tuple[object, ...], held: dict[str, object]) -> object:
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(held)
    return error


class BadArgument(ActorsError, ValueError):
    """A value was refused at the door; nothing was started, sent or changed.

    Args:
        what: The name of the argument or field.
        got: The value that came.
        accepted: What would have been accepted, in words.
    """

    def __init__(self, what: str, got: object, accepted: str) -> None:
        super().__init__(f"{what}: got {shown(got)}, accepted is {accepted}")
        self.what = what
        self.got = got
        self.accepted = accepted

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class NameTaken(BadArgument):
    """A name could not be registered because a living process has it, or the process has one."""


class NotSendable(BadArgument):
    """A value may not cross to another process; nothing was sent.

    Send what it says and not the thing, have one process own it and ask that one, or hand it over with
    `Moved`. The value itself is not kept here: it would have to cross with this error.

    Args:
        where: The way to it: `message[1]["conn"]`.
        why: What it is, in words.
        value: The value.
    """

    def __init__(self, where: str, why: str, value: object) -> None:
        accepted = "what cannot change, what can be copied, or Moved(value)"
        told = f"{where} is {why} (its class is {_class_of(value)}), accepted is {accepted}"
        ActorsError.__init__(self, told)
        self.what = where
        self.got = _class_of(value)
        self.accepted = accepted
        self.explanation = f"{where} is {why}"


def _class_of(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


class MovedAway(ActorsError):
    """A shell was touched whose value was handed over to another process."""

    def __init__(self) -> None:
        super().__init__("the value was moved to another process, and this shell of it is empty")


class NotInProcess(ActorsError):
    """A function that acts on the calling process was called where there is none."""


class MailboxFull(ActorsError):
    """A message found the bounded mailbox of a process full, and was not sent.

    Try again later, or leave the message out: the receiver asked to have its senders told.

    Args:
        pid: Whose mailbox it is.
        limit: How many messages it takes.
    """

    def __init__(self, pid: object, limit: int) -> None:
        super().__init__(pid, limit)
        self.pid = pid
        self.limit = limit

    def __str__(self) -> str:
        return f"the mailbox of {shown(self.pid)} is full: it takes {self.limit} messages"


class SendCycle(MailboxFull):
    """A sender would wait for room in a mailbox whose owner waits for the sender; nothing was sent.

    Args:
        pid: Whose mailbox it is.
        limit: How many messages it takes.
        chain: Who waits for whom, from the sender to the sender.
    """

    def __init__(self, pid: object, limit: int, chain: Sequence[object]) -> None:
        super().__init__(pid, limit)
        self.chain = list(chain)

    def __str__(self) -> str:
        return f"to wait for room would close a circle of waiting processes: {shown(self.chain)}"


class WouldBlock(ActorsError):
    """A coroutine was about to wait without `await`, and the whole event loop with it; nothing was sent.

    `await as_process(function, *arguments)` of `actors.asyncio_bridge` waits and lets the loop go on. Also
    raised in what writes a report, a `__repr__` or `format_status`: a process that crashes waits for nothing.
    """


class StartError(ActorsError):
    """A process could not be started: its `init` failed, refused, or took too long.

    Args:
        reason: Why; the exit reason of the child, as `{:error, reason}` carries it in OTP.
    """

    monitor: Ref | None = None
    """The reference whose `Down` tells of the end, after `proc_lib.start_monitor`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        if isinstance(self.reason, Crash):
            return told(f"init raised {shown(self.reason.exception)}", self.reason)
        return told(f"the process did not start: {explained(self.reason)}", self.reason)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self.reason)})"


class CallFailed(ActorsError, ExitsWith):
    """A call ended without a reply.

    Raised in the caller, whose process lives on if it catches this. Uncaught it ends the
    calling process with OTP's reason, `(why, ("GenServer", "call", [server, request, timeout]))`.

    Args:
        why: The cause alone: `"timeout"`, `"noproc"`, or the server's exit reason.
        server: Who was called, as the caller wrote it.
        request: What was asked.
        timeout: How long the caller would have waited, in seconds; `None` for ever.
        function: The module and function that made the call.
        arguments: What that function was given, if not server, request and timeout.
    """

    def __init__(
        self,
        why: Reason,
        server: object,
        request: object,
        timeout: float | None,
        function: tuple[str, str] = ("GenServer", "call"),
        arguments: Sequence[object] | None = None,
    ) -> None:
        given = [server, request, timeout] if arguments is None else list(arguments)
        # Not through OSError, the base of TimeoutError, which would take these for its errno and file.
        BaseException.__init__(self, why, server, request, timeout)
        self._what = None if arguments is None else function[1]
        self.why = why
        self.server = server
        self.request = request
        self.timeout = timeout
        self.reason: tuple[Reason, tuple[str, str, list[object]]] = (why, (*function, given))

    def __str__(self) -> str:
        what = f"call of {shown(self.request)}" if self._what is None else self._what
        return f"{self._fault()} ({what} to {shown(self.server)})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def _fault(self) -> str:
        return f"the call failed: {shown(self.why)}"


class NoProcess(CallFailed):
    """Nobody of that name or pid is alive."""

    def _fault(self) -> str:
        if isinstance(self.why, tuple):
            return f"its node is not connected: {shown(self.why)}"
        if isinstance(self.server, str):
            return "no process of this name is alive"
        return "no such process is alive"


class CallTimeout(CallFailed, TimeoutError):
    """The server did not answer in time. It still works on the request; its late reply is dropped."""

    def _fault(self) -> str:
        return f"no answer within {self.timeout} s"


class ServerExited(CallFailed):
    """The server ended before it answered; `why` is its exit reason."""

    def _fault(self) -> str:
        return f"the server ended before it answered: {explained(self.why)}"


class ServerFull(CallFailed, MailboxFull):
    """The request of a call found the server's bounded mailbox full, or was dropped from it.

    `why` is `("mailbox_full", limit)`. The server never sees the request.
    """

    def __init__(self, why: tuple[str, int], *call: Any, **named: Any) -> None:  # noqa: ANN401 - those of CallFailed
        CallFailed.__init__(self, why, *call, **named)
        self.pid = self.server
        self.limit = why[1]

    def __str__(self) -> str:
        return CallFailed.__str__(self)

    def _fault(self) -> str:
        return f"its mailbox is full: it takes {self.limit} messages"


class TaskTimeout(CallTimeout):
    """A task did not answer in time; its late reply is dropped.

    It goes on with its work. Uncaught, this error ends the owner, and the link the task with it.
    """

    def __str__(self) -> str:
        return f"{self._fault()}: {shown(self.server)}"


class TaskExited(ServerExited):
    """A task ended before it answered; `why` is its exit reason."""

    def __str__(self) -> str:
        return f"the task ended before it answered: {shown(self.why)} ({shown(self.server)})"


class CallingSelf(CallFailed):
    """A process called itself: it could never answer while it waits."""

    def _fault(self) -> str:
        return "a process cannot call itself"


class CallCycle(CallFailed):
    """The server waits, directly or through others, for the caller: nobody could ever answer.

    `why` is `("call_cycle", [pids in the order of waiting])`.
    """

    def _fault(self) -> str:
        return f"the call would close a circle of waiting processes: {shown(self.why)}"
