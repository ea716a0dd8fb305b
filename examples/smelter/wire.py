"""What the processes of the pipeline say to each other, and the names they are found by.

All of it is sent by `tell`, which never waits and never fails: a worker that is dead just now is
told again what matters when its successor comes up. Values are frozen; pictures and samples are
read-only and shared, not copied.

    source --Read--> feeder --Offer--> queue      one track of an input after the other

    queue --Job, Order----> compositor --Draw--> video end --Packets--> muxer
    queue --Chunk, Order--> mixer ------Sing--> audio end --Packets--> muxer

There is a muxer, a video end and an audio end for each output; mostly the ends are encoders. An end
says `EncoderUp` when it has come up, takes what `Ready` is followed by, leaves out what it has had
(some come twice, after a crash), and its muxer says `Written`.
Orders (what is connected, what it shows) go the same way as the sets, so they count from the very
next one on.

Against the stream flows permission: `Tracks` and `Grant` (queue to feeder), `Begin` and `More`
(feeder to source), `Taken` and `Done` (consumers to queue), `Written` (muxer to compositor and mixer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from actors import GenServer, Pid
from actors.isolation import shareable
from examples.smelter.compose import Shading
from examples.smelter.encode import Packet
from examples.smelter.half import Credit
from examples.smelter.inputs import Item, Supply
from examples.smelter.mix import MixChange, OutputMix
from examples.smelter.offsets import CHUNK, Media, Ns, Offset
from examples.smelter.pictures import Picture, Samples, Sound
from examples.smelter.requests import InputPlan, OutputPlan, TrackPlan
from examples.smelter.scene import Component
from examples.smelter.sets import Batch, Frame
from examples.smelter.sprites import Still

__all__ = [
    "ASSETS",
    "COMPOSITOR",
    "CONTROL",
    "DIRECTOR",
    "FILM",
    "INPUTS",
    "MIXER",
    "OUTPUTS",
    "QUEUE",
    "STAGE",
    "AddTrack",
    "AssetsUp",
    "AssetsWanted",
    "Attach",
    "Attaching",
    "Begin",
    "Broken",
    "Chunk",
    "Command",
    "Connect",
    "ConsumerUp",
    "Disconnect",
    "Done",
    "Draw",
    "EncoderUp",
    "Ended",
    "Finish",
    "FinishNow",
    "Finished",
    "Gone",
    "Grant",
    "InputGone",
    "Job",
    "More",
    "NextTrack",
    "Offer",
    "Order",
    "Packets",
    "PauseInput",
    "Piece",
    "QueueUp",
    "Read",
    "Ready",
    "RemoveInput",
    "ResumeInput",
    "Running",
    "SeekInput",
    "SetMix",
    "SetScene",
    "Sing",
    "SourceUp",
    "Taken",
    "Together",
    "Tracks",
    "What",
    "Written",
    "audio_end_of",
    "consumer_of",
    "encoders_of",
    "feeder_of",
    "input_of",
    "muxer_of",
    "output_of",
    "source_of",
    "tell",
    "video_end_of",
]

QUEUE = "smelter.queue"
COMPOSITOR = "smelter.compositor"
MIXER = "smelter.mixer"
CONTROL = "smelter.control"
ASSETS = "smelter.assets"
DIRECTOR = "smelter.director"
STAGE = "smelter.stage"
INPUTS = "smelter.inputs"
OUTPUTS = "smelter.outputs"

FILM = "film"
"""The id of the one output of a run of the command."""


def output_of(output_id: str) -> str:
    """Return the name of an output's supervisor."""
    return f"smelter.output.{output_id}"


def encoders_of(output_id: str) -> str:
    """Return the name of the supervisor of an output's encoders."""
    return f"smelter.encoders.{output_id}"


def video_end_of(output_id: str) -> str:
    """Return the name of who takes the pictures of an output."""
    return f"smelter.video_encoder.{output_id}"


def audio_end_of(output_id: str) -> str:
    """Return the name of who takes the sound of an output."""
    return f"smelter.audio_encoder.{output_id}"


def muxer_of(output_id: str) -> str:
    """Return the name of who takes the packets of an output."""
    return f"smelter.muxer.{output_id}"


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


@shareable
@dataclass(frozen=True, slots=True)
class Offer:
    """Items of one half of a track of an input."""

    input: str
    track: int
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
    serial: int


@dataclass(frozen=True, slots=True)
class Done:
    """A consumer has handed on what it made of a set, or carried out an order."""

    media: Media
    serial: int


@dataclass(frozen=True, slots=True)
class ConsumerUp:
    """A consumer has come up, maybe after a crash."""

    media: Media


@dataclass(frozen=True, slots=True)
class FinishNow:
    """Let the output end with what has been sent so far."""


# -- to a feeder and its source ----------------------------------------------------------------


@shareable
@dataclass(frozen=True, slots=True)
class Tracks:
    """What an input plays from now on: the current track, and those that wait, in order."""

    tracks: tuple[TrackPlan, ...]


@shareable
@dataclass(frozen=True, slots=True)
class Grant:
    """What the queue still needs of one half of a track, and how much of it may come."""

    queue: Pid
    track: int
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


@shareable
@dataclass(frozen=True, slots=True)
class Read:
    """What a source has read."""

    source: Pid
    track: int
    items: tuple[Item, ...]
    is_end: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """A source is about to die of what its file holds at a place; its successor should go on behind it."""

    track: int
    at: Ns


@shareable
@dataclass(frozen=True, slots=True)
class Begin:
    """Open what a track comes from, and go to a place."""

    track: int
    supply: Supply
    start: Ns


@dataclass(frozen=True, slots=True)
class More:
    """Read some more."""


# -- to the consumers --------------------------------------------------------------------------


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One tick to draw."""

    serial: int
    """Counts what this consumer is given."""
    number: int
    """The tick, counted from the start."""
    pts: Ns
    """Of the tick, from the start."""
    pictures: Mapping[str, Frame[Picture] | None]
    """What each input shows; pts count from the start."""
    ended: frozenset[str] = frozenset()
    """Inputs of which this is the last picture."""
    inputs: frozenset[str] = frozenset()
    """All that have pictures."""

    @property
    def media(self) -> Media:
        """The channel it goes through."""
        return "video"


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Twenty milliseconds to mix."""

    serial: int
    """Counts what this consumer is given."""
    number: int
    """Counted from the start."""
    sounds: Mapping[str, tuple[Samples, ...]]
    """What came of each input; starts count from the start."""
    ended: frozenset[str] = frozenset()
    """Inputs of which these are the last samples."""
    inputs: frozenset[str] = frozenset()
    """All that have sound."""

    @property
    def media(self) -> Media:
        """The channel it goes through."""
        return "audio"

    @property
    def pts(self) -> Ns:
        """Where it begins, from the start."""
        return self.number * CHUNK


# -- orders ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connect:
    """An output takes part from here on."""

    plan: OutputPlan
    origin: int
    """The tick that is its own zero."""
    audio_from: Ns
    """Where its sound begins, from the start; what is between the origin and that is silence."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """An output ends here."""

    output: str


@dataclass(frozen=True, slots=True)
class SetScene:
    """An output shows something else."""

    output: str
    scene: Component
    words: str | None = None
    """The same as it was asked for, for people who look."""


@dataclass(frozen=True, slots=True)
class SetMix:
    """An output consists of other sounds."""

    output: str
    mix: OutputMix | MixChange


@dataclass(frozen=True, slots=True)
class Gone:
    """An input was unregistered."""

    input: str


What: TypeAlias = Connect | Disconnect | SetScene | SetMix | Gone


@shareable
@dataclass(frozen=True, slots=True)
class Order:
    """Something to be done between two sets."""

    serial: int
    media: Media
    """Whose it is."""
    at: Ns
    """Pts of the last picture before it, from the start."""
    what: What

    @property
    def pts(self) -> Ns:
        """The same as `at`."""
        return self.at


# -- images and shaders ------------------------------------------------------------------------


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class AssetsUp:
    """All images and shaders there are now."""

    images: Mapping[str, Still]
    shaders: Mapping[str, Shading]


@dataclass(frozen=True, slots=True)
class AssetsWanted:
    """A compositor has come up and knows none."""


# -- commands of the queue ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attaching:
    """Connect an output; the queue knows where it begins."""

    plan: OutputPlan


@dataclass(frozen=True, slots=True)
class RemoveInput:
    """Unregister an input."""

    input: str


@dataclass(frozen=True, slots=True)
class PauseInput:
    """Hold an input still."""

    input: str


@dataclass(frozen=True, slots=True)
class ResumeInput:
    """Let a paused input go on."""

    input: str


@dataclass(frozen=True, slots=True)
class Together:
    """Change what an output shows and what it sounds like at one place, or neither."""

    scene: SetScene
    mix: SetMix


@shareable
@dataclass(frozen=True, slots=True)
class AddTrack:
    """Let an input play something else when it has come to the end."""

    input: str
    supply: Supply
    offset: Offset
    epoch: Ns
    """When it was asked for, on the runtime's clock."""


@dataclass(frozen=True, slots=True)
class NextTrack:
    """Let an input go on to the track that waits, without playing the current one to its end."""

    input: str


@dataclass(frozen=True, slots=True)
class SeekInput:
    """Let an input go on from another place of what it plays."""

    input: str
    place: Ns
    """In the time of the file."""


Command: TypeAlias = (
    Attaching
    | Disconnect
    | SetScene
    | SetMix
    | Together
    | RemoveInput
    | PauseInput
    | ResumeInput
    | AddTrack
    | NextTrack
    | SeekInput
)
"""What can be done at once or scheduled for a place between the sets."""


# -- to the consumers and from the outputs -----------------------------------------------------


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

    output: str
    media: Media
    end: int
    """The first tick, or sample, that is not in the file."""


@dataclass(frozen=True, slots=True)
class Written:
    """The file has grown."""

    output: str
    media: Media
    end: int
    """The first tick, or sample, that is not in it."""
    safe: int
    """The first one that would be missing if the muxer were killed now."""


# -- to the encoders and the muxer -------------------------------------------------------------


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A picture to encode."""

    tick: int
    """Counted from the origin of the output."""
    picture: Picture


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Sing:
    """Samples to encode."""

    position: int
    """Number of the first one, counted from the origin of the output."""
    sound: Sound


@shareable
@dataclass(frozen=True, slots=True)
class Packets:
    """Encoded media for the file."""

    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """An encoder has given everything."""

    media: Media


# -- to the director and control ----------------------------------------------------------------


@shareable
@dataclass(frozen=True, slots=True)
class InputGone:
    """An input takes part no more; its processes are of no use."""

    plan: InputPlan


@dataclass(frozen=True, slots=True)
class Running:
    """What there is below the supervisors of inputs and outputs: ids of children."""

    inputs: frozenset[str]
    outputs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finished:
    """An output is complete."""

    output: str
    path: str
    """Where it went."""
    ticks: int
    """The tick after the last picture."""
    pictures: int
    """How many pictures there are."""
    samples: int
    """How many samples there are, per channel."""
