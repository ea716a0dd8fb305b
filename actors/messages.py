"""What the runtime itself sends to user code: a closed set of plain, frozen values.

A `receive` or a `handle_info` matches on them next to the user's own messages:

    match receive(timeout=1.0):
        case Down(process=pid, reason=reason): ...
        case Exited(pid, reason): ...
        case TimedOut(): ...

Source: https://www.erlang.org/doc/apps/erts/erlang.html#monitor/2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from actors.exits import Reason
from actors.pid import Pid, Ref

__all__ = ["Down", "Exited", "Message", "TimedOut"]

Message: TypeAlias = object
"""Anything one process sends another. Its type is known to the two of them, not to the runtime."""


@dataclass(frozen=True, slots=True)
class Down:
    """A monitored process has ended, or was not there. OTP's `{:DOWN, ref, :process, object, reason}`."""

    ref: Ref
    """The reference that `monitor` returned."""
    process: Pid | tuple[str, str]
    """The pid; `(name, node)` when the monitor was set by name."""
    reason: Reason
    """The exit reason; `"noproc"` when there was no such process."""


@dataclass(frozen=True, slots=True)
class Exited:
    """A linked process has ended, seen by a process that traps exits. OTP's `{:EXIT, pid, reason}`."""

    pid: Pid
    """Who ended, or who sent the exit signal."""
    reason: Reason
    """Why."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Time has passed: a `receive` found nothing, a server's timeout is over, a timer of `start_timer` fired."""

    ref: Ref | None = None
    """The timer, for `start_timer`; `None` for a `receive` and for a server's timeout."""
    message: Message = None
    """The message of `start_timer`; `None` for the others."""


def reference_of(message: Message) -> object:
    """Return what `(ref, value)` and a `Down` carry in the place of a reference; `None` for any other message."""
    if type(message) is Down:
        return message.ref
    if type(message) is tuple and len(message) == 2:  # noqa: PLR2004 - a reference and a value
        return message[0]
    return None
