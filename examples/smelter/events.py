"""What happens in a pipeline, told to whoever wants to know.

    subscribe()                         from then on events arrive as messages of the process
    publish(InputEos("camera", "video"))

The bus knows its subscribers by monitors and forgets those that are gone. It is a process of the
pipeline like any other: after its own crash it knows nobody, so a subscriber monitors it (the name
`EVENTS`) and subscribes again; what was under way is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from actors import Down, GenServer, Message, NoReply, Pid, Ref, Reply, call, cast, process
from examples.smelter.offsets import Media, Ns

__all__ = [
    "EVENTS",
    "CommandFailed",
    "Event",
    "Events",
    "InputConnected",
    "InputDelivered",
    "InputEos",
    "InputError",
    "InputLost",
    "InputPaused",
    "InputPlaying",
    "InputSkipped",
    "OutputConnected",
    "OutputDone",
    "OutputError",
    "SetDropped",
    "SetPoisoned",
    "ShaderFailed",
    "publish",
    "subscribe",
]

EVENTS = "smelter.events"
"""The name of the bus."""


@dataclass(frozen=True, slots=True)
class InputDelivered:
    """The first item of one medium of an input has come."""

    input: str
    media: Media


@dataclass(frozen=True, slots=True)
class InputPlaying:
    """Its first item is in a set; again after a pause."""

    input: str
    media: Media


@dataclass(frozen=True, slots=True)
class InputPaused:
    """It holds still."""

    input: str
    media: Media


@dataclass(frozen=True, slots=True)
class InputEos:
    """Its last item is in a set."""

    input: str
    media: Media


@dataclass(frozen=True, slots=True)
class InputError:
    """It failed too often and is given up."""

    input: str


@dataclass(frozen=True, slots=True)
class InputSkipped:
    """Sources died of one place again and again, so some of the file is left out."""

    input: str
    at: Ns
    """Where, in the input's own time."""
    length: Ns


@dataclass(frozen=True, slots=True)
class InputConnected:
    """The other end of a live one has sent something that makes sense; again after each loss."""

    input: str


@dataclass(frozen=True, slots=True)
class InputLost:
    """The other end of a live one has gone, or is not to be reached; it is tried again."""

    input: str
    why: str


@dataclass(frozen=True, slots=True)
class OutputConnected:
    """The other end of a live one takes what is sent; again after each loss."""

    output: str


@dataclass(frozen=True, slots=True)
class OutputDone:
    """It is complete."""

    output: str


@dataclass(frozen=True, slots=True)
class OutputError:
    """It failed: ``critical`` is too often, and it is given up; ``transient`` is tried again."""

    output: str
    severity: str = "critical"
    why: str = ""


@dataclass(frozen=True, slots=True)
class SetDropped:
    """A set found no place in time."""

    media: Media
    pts: Ns
    """From the start."""


@dataclass(frozen=True, slots=True)
class SetPoisoned:
    """A set, or an order, was in hand when two consumers died, and is left out."""

    media: Media
    pts: Ns


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """What was scheduled came to nothing: its input, or whatever it was for, was not there."""

    command: str
    """What it was, such as `SeekInput`."""
    at: Ns
    """When it was to be done, from the start."""


@dataclass(frozen=True, slots=True)
class ShaderFailed:
    """A function raised, or made something else than pixels; its place stays clear."""

    shader: str
    why: str


Event: TypeAlias = (
    InputDelivered
    | InputPlaying
    | InputPaused
    | InputEos
    | InputError
    | InputConnected
    | InputLost
    | InputSkipped
    | OutputConnected
    | OutputDone
    | OutputError
    | SetDropped
    | SetPoisoned
    | CommandFailed
    | ShaderFailed
)


def publish(event: Event) -> None:
    """Tell all subscribers; never waits, and nobody is no error."""
    Events.tell(EVENTS, event)


def subscribe() -> Pid:
    """Let events arrive as messages of the calling process; return the bus, to be monitored.

    Raises:
        CallFailed: there is no bus just now.
    """
    return Events.add(EVENTS, process.self())


@dataclass(slots=True)
class _State:
    subscribers: dict[Pid, Ref] = field(default_factory=dict)


class Events(GenServer[_State]):
    """The bus."""

    def init(self) -> _State:
        """Begin with nobody."""
        return _State()

    @call
    def add(self, state: _State, who: Pid) -> Reply[Pid, _State]:
        """Tell somebody from now on; twice is once."""
        if who not in state.subscribers:
            state.subscribers[who] = process.monitor(who)
        return Reply(process.self())

    @cast
    def tell(self, state: _State, event: Event) -> NoReply[_State]:
        """Tell everybody."""
        for who in state.subscribers:
            process.send(who, event)
        return NoReply()

    def handle_info(self, message: Message, state: _State) -> None:
        """Forget a subscriber that is gone."""
        if isinstance(message, Down) and isinstance(message.process, Pid):
            state.subscribers.pop(message.process, None)
