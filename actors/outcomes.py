"""What callbacks return: a closed set of values, one for each of OTP's return tuples.

| OTP | here |
|---|---|
| `{:ok, state}` | any value that is no outcome |
| `{:ok, state, extra}` | `Started(state, extra)` |
| `{:reply, value, state[, extra]}` | `Reply(value, state[, extra])` |
| `{:noreply, state[, extra]}` | `NoReply(state[, extra])` |
| `{:stop, reason, [reply,] state}` | `Stop(reason[, state][, reply=value])` |
| `{:noreply, events, state[, extra]}` | `Emit(events[, state][, extra])`, of a `Stage` only |
| `{:reply, value, events, state[, extra]}` | `Emit(events[, state][, extra], reply=value)` |
| `:ignore` | `Ignore()` |

`extra` is a timeout in seconds, `Hibernate()` or `Continue(term)`. A state that is left out stays
as it was, so a server that keeps its data on `self` returns `Reply(value)` and `NoReply()`.

They are values: nobody changes one. The two that every message needs are not frozen, because Python
takes three times as long to make a frozen one.

Source: https://hexdocs.pm/elixir/GenServer.html#callbacks
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass
from enum import Enum
from typing import Generic, Literal, TypeAlias, TypeVar, final

from actors.exits import Reason

__all__ = [
    "KEEP",
    "NO_REPLY",
    "Continue",
    "Emit",
    "Extra",
    "Hibernate",
    "Ignore",
    "Keep",
    "NoReply",
    "Reply",
    "Started",
    "Stop",
]

V = TypeVar("V", covariant=True)
S = TypeVar("S", covariant=True)
C = TypeVar("C", bound=type)


def sealed(cls: C) -> C:
    """Refuse subclasses of an outcome, and let a generic one be made by its typed name: `Stop[str, int]("why")`.

    An outcome is known by its very class, as in the compiled form: one of a subclass would be taken for a state.

    Python 3.11 notes the types on the new value and expects an AttributeError where that cannot be; what a
    dataclass with slots raises then is a TypeError, because it still means the class that it was made from.
    """

    def refuse(self: object, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def refuse_subclass(_: type, /, **__: object) -> None:
        message = f"{cls.__name__} is an outcome and cannot be subclassed: put what it carries in its fields"
        raise TypeError(message)

    type.__setattr__(cls, "__setattr__", refuse)
    type.__setattr__(cls, "__init_subclass__", classmethod(refuse_subclass))
    return cls


class _Keep(Enum):
    KEEP = "KEEP"

    def __repr__(self) -> str:
        return self.value


class _NoReply(Enum):
    NO_REPLY = "NO_REPLY"

    def __repr__(self) -> str:
        return self.value


Keep: TypeAlias = Literal[_Keep.KEEP]
"""The type of `KEEP`."""
KEEP: Keep = _Keep.KEEP
"""The state stays as it was."""
NO_REPLY: Literal[_NoReply.NO_REPLY] = _NoReply.NO_REPLY
"""A `Stop` or an `Emit` that answers nobody."""


@final
@dataclass(frozen=True, slots=True)
class Continue:
    """Run `handle_continue(term, state)` next, before any message that is already waiting."""

    term: object
    """What `handle_continue` is given."""


@final
@dataclass(frozen=True, slots=True)
class Hibernate:
    """Rest as small as possible until the next message. It never changes a result."""


Extra: TypeAlias = Continue | Hibernate | float | None
"""What happens after a callback: continue, hibernate, a timeout in seconds, or nothing."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class Started(Generic[S]):
    """The outcome of an `init` that wants something to happen next."""

    state: S
    """The first state."""
    then: Extra = None
    """A timeout in seconds, `Hibernate()` or `Continue(term)`."""


@final
@dataclass(slots=True)
class Reply(Generic[V, S]):
    """Answer the caller and go on."""

    value: V
    """What the `call` returns."""
    state: S | Literal[_Keep.KEEP] = KEEP
    """The next state; left out, it stays as it was."""
    then: Extra = None
    """A timeout in seconds, `Hibernate()` or `Continue(term)`."""


@final
@dataclass(slots=True)
class NoReply(Generic[S]):
    """Go on without an answer; a caller waits until somebody calls `reply`."""

    state: S | Literal[_Keep.KEEP] = KEEP
    """The next state; left out, it stays as it was."""
    then: Extra = None
    """A timeout in seconds, `Hibernate()` or `Continue(term)`."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class Emit(Generic[V, S]):
    """Send events to the consumers of a stage and go on; a reply goes out after the events."""

    events: Sequence[object]
    """A list, a tuple or a range, in order; what nobody has asked for is buffered."""
    state: S | Literal[_Keep.KEEP] = KEEP
    """The next state; left out, it stays as it was."""
    then: Extra = None
    """A timeout in seconds, `Hibernate()` or `Continue(term)`."""
    reply: V | Literal[_NoReply.NO_REPLY] = NO_REPLY
    """What the caller of a `call` gets; left out, somebody will `reply`."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class Stop(Generic[V, S]):
    """End the server: `terminate` runs, then the reply is sent, then the process exits."""

    reason: Reason
    """The exit reason."""
    state: S | Literal[_Keep.KEEP] = KEEP
    """The state that `terminate` sees; left out, the present one."""
    reply: V | Literal[_NoReply.NO_REPLY] = NO_REPLY
    """What the caller of a `call` gets instead of an exit."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class Ignore:
    """The outcome of an `init` that wants no process: its start returns `None`."""
