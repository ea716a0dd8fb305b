"""What the processes of the pipeline say to each other, and the names they are found by.

All of it is sent by `tell`, which never waits and never fails: a worker that is dead just now is
told again what matters when its successor comes up. Values are frozen; pictures and samples are
read-only and shared, not copied.

    source --Read--> feeder --Offer--> queue

    queue --Job----> compositor --Draw--> video encoder --Packets--> muxer
    queue --Chunk--> mixer ------Sing--> audio encoder --Packets--> muxer

Against the stream flows permission: `Grant` (queue to feeder), `More` (feeder to source), `Taken`
and `Done` (consumers to queue), `Written` (muxer to compositor and mixer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from actors import GenServer, Pid
from examples.smelter.encode import Packet
from examples.smelter.half import Credit
from examples.smelter.inputs import Item
from examples.smelter.offsets import Media, Ns
from examples.smelter.pictures import Picture, Samples, Sound
from examples.smelter.sets import Batch, Frame

__all__ = [
    "AUDIO_ENCODER",
    "COMPOSITOR",
    "DIRECTOR",
    "ENCODERS",
    "INPUTS",
    "MIXER",
    "MUXER",
    "OUTPUT",
    "QUEUE",
    "STAGE",
    "VIDEO_ENCODER",
    "Attach",
    "Begin",
    "Broken",
    "Chunk",
    "ConsumerUp",
    "Done",
    "Draw",
    "EncoderUp",
    "Ended",
    "Finish",
    "FinishNow",
    "Finished",
    "Grant",
    "Job",
    "More",
    "Offer",
    "Packets",
    "QueueUp",
    "Read",
    "Ready",
    "Sing",
    "SourceUp",
    "Taken",
    "Written",
    "consumer_of",
    "feeder_of",
    "input_of",
    "source_of",
    "tell",
]

QUEUE = "smelter.queue"
COMPOSITOR = "smelter.compositor"
MIXER = "smelter.mixer"
VIDEO_ENCODER = "smelter.video_encoder"
AUDIO_ENCODER = "smelter.audio_encoder"
MUXER = "smelter.muxer"
DIRECTOR = "smelter.director"
STAGE = "smelter.stage"
OUTPUT = "smelter.output"
ENCODERS = "smelter.encoders"
INPUTS = "smelter.inputs"


def input_of(input_id: str) -> str:
    """Return the name of an input's supervisor."""
    return f"smelter.input.{input_id}"


def feeder_of(input_id: str) -> str:
    """Return the name of an input's feeder."""
    return f"smelter.feeder.{input_id}"


def source_of(input_id: str) -> str:
    """Return the name of an input's source."""
    return f"smelter.source.{input_id}"


def consumer_of(media: Media) -> str:
    """Return the name of who consumes the sets of a medium."""
    return COMPOSITOR if media == "video" else MIXER


def tell(name: str, message: object) -> None:
    """Send to whoever has a name now; nobody is no error."""
    GenServer.cast(name, message)


Piece: TypeAlias = Frame[Picture] | Batch[Samples]
"""One item in the queue's words."""


# -- to the queue ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attach:
    """A feeder has come up."""

    input: str
    guardian: Pid
    """The supervisor of the input: when it is gone, so is the input."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Items of one half of an input."""

    input: str
    media: Media
    first: int
    """Number of the first item, counted from the beginning of the half."""
    items: tuple[Piece, ...]
    is_last: bool
    """Whether none will follow."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A consumer has begun to work on a set: its place is free."""

    media: Media
    number: int


@dataclass(frozen=True, slots=True)
class Done:
    """A consumer has handed on what it made of a set."""

    media: Media
    number: int


@dataclass(frozen=True, slots=True)
class ConsumerUp:
    """A consumer has come up, maybe after a crash."""

    media: Media


@dataclass(frozen=True, slots=True)
class FinishNow:
    """Let the output end with what has been sent so far."""


# -- to a feeder and its source ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    """What the queue still needs of one half, and how much of it may come."""

    queue: Pid
    media: Media
    needed_from: int
    """Items before this number may be forgotten."""
    next: int
    """The number it expects next."""
    credit: Credit


@dataclass(frozen=True, slots=True)
class SourceUp:
    """A source has come up and waits to be told where to begin."""

    source: Pid


@dataclass(frozen=True, slots=True)
class Read:
    """What a source has read."""

    source: Pid
    items: tuple[Item, ...]
    is_end: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """A source is about to die of what its file holds at a place; its successor should go on behind it."""

    at: Ns


@dataclass(frozen=True, slots=True)
class Begin:
    """Open the file and go to a place."""

    start: Ns


@dataclass(frozen=True, slots=True)
class More:
    """Read some more."""


# -- to the consumers --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One tick to draw."""

    number: int
    """The tick, counted from the start."""
    pictures: Mapping[str, Picture | None]
    """What each input shows."""

    @property
    def media(self) -> Media:
        """The channel it goes through."""
        return "video"


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Twenty milliseconds to mix."""

    number: int
    """Counted from the start."""
    sounds: Mapping[str, tuple[Samples, ...]]
    """What came of each input; starts count from the start."""

    @property
    def media(self) -> Media:
        """The channel it goes through."""
        return "audio"


@dataclass(frozen=True, slots=True)
class QueueUp:
    """A queue has come up: say that you are there."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From here on nothing is missing: what had been lost with your predecessor follows first."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing comes after this."""

    end: int
    """How many ticks, or samples, the output has."""


@dataclass(frozen=True, slots=True)
class EncoderUp:
    """An encoder has come up and begins where the file ends."""

    end: int
    """The first tick, or sample, that is not in the file."""


@dataclass(frozen=True, slots=True)
class Written:
    """The file has grown."""

    end: int
    """The first tick, or sample, that is not in it."""
    safe: int
    """The first one that would be missing if the muxer were killed now."""


# -- to the encoders and the muxer -------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A picture to encode."""

    tick: int
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Sing:
    """Samples to encode."""

    position: int
    """Number of the first one, counted from the start."""
    sound: Sound


@dataclass(frozen=True, slots=True)
class Packets:
    """Encoded media for the file."""

    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """An encoder has given everything."""

    media: Media


# -- to the director ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finished:
    """The file is complete and has its name."""

    path: str
    ticks: int
    """The tick after the last picture."""
    pictures: int
    """How many pictures there are."""
    samples: int
    """How many samples there are, per channel."""
