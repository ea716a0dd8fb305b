"""What a state machine is told, and what it answers: events, outcomes and actions, all frozen.

| OTP | here |
|---|---|
| `{call, From}`, `cast`, `info`, `internal` | `Called`, `Casted`, `Info`, `Internal` |
| `enter` | `Enter(previous)` |
| `timeout`, `state_timeout`, `{timeout, Name}` | `EventTimedOut`, `StateTimedOut`, `NamedTimedOut` |
| `{next_state, S, D[, As]}` | `NextState(S, D[, As])` |
| `{keep_state, D[, As]}`, `keep_state_and_data` | `KeepState(D[, As])`, `KeepState()` |
| `{repeat_state, D[, As]}`, `repeat_state_and_data` | `RepeatState(D[, As])`, `RepeatState()` |
| `{stop, R[, D]}` | `Stop(R[, D])`, that of `actors.outcomes` |
| `{stop_and_reply, R, Replies[, D]}` | `StopAndReply(R, Replies[, D])` |
| `{reply, From, V}`, `postpone` | `ReplyTo(caller, V)`, `Postpone()` |
| `{next_event, Type, Content}` | `NextEvent(event)` |
| `{timeout, T, C}`, `{state_timeout, T, C}` | `EventTimeout(T, C)`, `StateTimeout(T, C)` |
| `{{timeout, Name}, T, C}` | `NamedTimeout(Name, T, C)` |
| `{change_callback_module, M}` | `ChangeCallbacks(M)` |
| `{push_callback_module, M}`, `pop_callback_module` | `PushCallbacks(M)`, `PopCallbacks()` |

Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar, final

from actors._envelopes import Caller
from actors.exits import NORMAL, Reason
from actors.messages import Message
from actors.outcomes import KEEP, Hibernate, Keep, sealed

__all__ = [
    "Action",
    "Actions",
    "Begin",
    "CallbacksAction",
    "Called",
    "Casted",
    "ChangeCallbacks",
    "Enter",
    "Event",
    "EventTimedOut",
    "EventTimeout",
    "Info",
    "Internal",
    "KeepState",
    "NamedTimedOut",
    "NamedTimeout",
    "NextEvent",
    "NextState",
    "PopCallbacks",
    "Postpone",
    "PushCallbacks",
    "RepeatState",
    "ReplyTo",
    "Seconds",
    "StateTimedOut",
    "StateTimeout",
    "StopAndReply",
    "TimeoutAction",
]

S = TypeVar("S", covariant=True)
D = TypeVar("D", covariant=True)


# -- events ----------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Called:
    """Somebody waits for an answer: `ReplyTo(caller, value)`."""

    caller: Caller
    """Who waits."""
    content: Message
    """What was asked."""


@final
@dataclass(frozen=True, slots=True)
class Casted:
    """Somebody has cast, and waits for nothing."""

    content: Message
    """What was cast."""


@final
@dataclass(frozen=True, slots=True)
class Info:
    """Any other message: plain sends, `Down`, `Exited`."""

    content: Message
    """The message."""


@final
@dataclass(frozen=True, slots=True)
class Internal:
    """The machine has told itself something, by `NextEvent`."""

    content: object
    """What it told."""


@final
@dataclass(frozen=True, slots=True)
class Enter:
    """The machine has come into its present state; only with `state_enter`."""

    previous: object
    """The state before; at the start the present one."""


@final
@dataclass(frozen=True, slots=True)
class EventTimedOut:
    """No event has come for so long: an `EventTimeout` is over."""

    content: object
    """What was given with it."""


@final
@dataclass(frozen=True, slots=True)
class StateTimedOut:
    """The machine has been in its state for so long: a `StateTimeout` is over."""

    content: object
    """What was given with it."""


@final
@dataclass(frozen=True, slots=True)
class NamedTimedOut:
    """A `NamedTimeout` is over."""

    name: Hashable
    """Which."""
    content: object
    """What was given with it."""


Event: TypeAlias = (
    Called | Casted | Info | Internal | Enter | EventTimedOut | StateTimedOut | NamedTimedOut
)
"""What a machine is told, one at a time."""


# -- actions ---------------------------------------------------------------------------------------

Seconds: TypeAlias = float | Literal["update"] | None
"""How long, 0 or more; `None` takes the timeout back; `"update"` changes only its content."""


@final
@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Answer a caller, now."""

    caller: Caller
    """Who waits."""
    value: object
    """What the call returns."""


@final
@dataclass(frozen=True, slots=True)
class Postpone:
    """Keep this event, and handle it anew when the machine has come into another state."""


@final
@dataclass(frozen=True, slots=True)
class NextEvent:
    """Handle an event next, before all that waits; several in the order in which they are given."""

    event: Event
    """Any event but `Enter`."""


@final
@dataclass(frozen=True, slots=True)
class EventTimeout:
    """Tell `EventTimedOut` if no event comes for so long."""

    seconds: Seconds
    """How long. With 0 it is told if no event waits within the machine; mail does not count."""
    content: object = None
    """What `EventTimedOut` carries."""
    absolute: bool = False
    """Whether `seconds` is a time of `process.monotonic` and not a duration."""


@final
@dataclass(frozen=True, slots=True)
class StateTimeout:
    """Tell `StateTimedOut` if the machine is still in the same state after so long."""

    seconds: Seconds
    """How long."""
    content: object = None
    """What `StateTimedOut` carries."""
    absolute: bool = False
    """Whether `seconds` is a time of `process.monotonic` and not a duration."""


@final
@dataclass(frozen=True, slots=True)
class NamedTimeout:
    """Tell `NamedTimedOut` after so long, whatever happens meanwhile."""

    name: Hashable
    """What it can be set anew or taken back by."""
    seconds: Seconds
    """How long."""
    content: object = None
    """What `NamedTimedOut` carries."""
    absolute: bool = False
    """Whether `seconds` is a time of `process.monotonic` and not a duration."""


@final
@dataclass(frozen=True, slots=True)
class ChangeCallbacks:
    """Have another class of machines handle what comes, with the state and data that there are."""

    machine: type
    """A subclass of `StateMachine`."""


@final
@dataclass(frozen=True, slots=True)
class PushCallbacks:
    """Like `ChangeCallbacks`, and remember the present class for `PopCallbacks`."""

    machine: type
    """A subclass of `StateMachine`."""


@final
@dataclass(frozen=True, slots=True)
class PopCallbacks:
    """Go back to the class that the last `PushCallbacks` has replaced; without one the machine fails."""


TimeoutAction: TypeAlias = EventTimeout | StateTimeout | NamedTimeout
"""What sets a timeout; one of the same kind and name that runs is replaced."""
CallbacksAction: TypeAlias = ChangeCallbacks | PushCallbacks | PopCallbacks
"""What has another class go on."""
Action: TypeAlias = (
    ReplyTo | Postpone | NextEvent | Hibernate | TimeoutAction | CallbacksAction | float
)
"""What a machine wants done; a bare number n stands for `EventTimeout(n, n)`."""
Actions: TypeAlias = Sequence[Action] | Action
"""Several actions, done in order, or one."""


# -- outcomes --------------------------------------------------------------------------------------


@final
@sealed
@dataclass(frozen=True, slots=True)
class Begin(Generic[S, D]):
    """The outcome of an `init`: where the machine begins."""

    state: S
    """The first state."""
    data: D
    """The first data."""
    actions: Actions = ()
    """What to do first; `Postpone()` is none of it."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class NextState(Generic[S, D]):
    """Go into a state. Only if it differs from the present one, that is a change of state."""

    state: S
    """The next state."""
    data: D | Keep = KEEP
    """The next data; left out, it stays as it was."""
    actions: Actions = ()
    """What else is to be done, in order."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class KeepState(Generic[D]):
    """Stay in the present state."""

    data: D | Keep = KEEP
    """The next data; left out, it stays as it was."""
    actions: Actions = ()
    """What else is to be done, in order."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class RepeatState(Generic[D]):
    """Stay in the present state and enter it anew: `Enter` is told once more."""

    data: D | Keep = KEEP
    """The next data; left out, it stays as it was."""
    actions: Actions = ()
    """What else is to be done, in order."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class StopAndReply(Generic[D]):
    """Answer callers, then end: here the replies come before `terminate`."""

    reason: Reason = NORMAL
    """The exit reason."""
    replies: Sequence[ReplyTo] | ReplyTo = ()
    """The answers, given in order."""
    data: D | Keep = KEEP
    """The data that `terminate` sees; left out, the present one."""
