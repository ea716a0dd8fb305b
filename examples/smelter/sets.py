"""Words of the queue: what goes in, what comes out. Frozen, and blind to what a payload is.

A payload is whatever the pipeline carries (a picture, an array of samples, a number in a replay);
the queue looks at times only. What comes out is a closed set, `Emission`, to be matched on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from actors.isolation import shareable
from examples.smelter.offsets import CHUNK, Framerate, Media, Ns

__all__ = [
    "AudioSet",
    "Batch",
    "Dropped",
    "Emission",
    "Entry",
    "Frame",
    "Notice",
    "Options",
    "Ran",
    "VideoSet",
    "What",
]

P_co = TypeVar("P_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)
V = TypeVar("V")
A = TypeVar("A")


@shareable
@dataclass(frozen=True, slots=True)
class Frame(Generic[P_co]):
    """One picture."""

    pts: Ns
    """When it begins to be current: in track time when it goes in, in queue time when it is out."""
    payload: P_co
    """The picture itself."""

    @property
    def edge(self) -> Ns:
        """Up to where it fills a buffer. A frame lasts until the next one, so: its beginning."""
        return self.pts

    def at(self, pts: Ns) -> Frame[P_co]:
        """Return the same picture at another time."""
        return Frame(pts, self.payload)


@shareable
@dataclass(frozen=True, slots=True)
class Batch(Generic[P_co]):
    """Some samples in a row."""

    pts: Ns
    """When the first sample sounds; track time going in, queue time coming out."""
    duration: Ns
    """How long the samples last."""
    payload: P_co
    """The samples themselves."""

    @property
    def edge(self) -> Ns:
        """Up to where it fills a buffer: when its last sample is over."""
        return self.pts + self.duration

    def at(self, pts: Ns) -> Batch[P_co]:
        """Return the same samples at another time."""
        return Batch(pts, self.duration, self.payload)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T_co]):
    """What one input contributes to one set."""

    items: tuple[T_co, ...] = ()
    """At most one frame in a video set, any number of whole batches in an audio set."""
    eos: bool = False
    """True once in the life of a half of a track: on the set with its last items."""


@dataclass(frozen=True, slots=True)
class VideoSet(Generic[V]):
    """All pictures of one tick."""

    pts: Ns
    """The tick."""
    required: bool
    """Never to be dropped."""
    entries: Mapping[str, Entry[Frame[V]]]
    """By input. An input whose current track has no picture has no key."""

    @property
    def media(self) -> Media:
        """The channel it goes through."""
        return "video"


@dataclass(frozen=True, slots=True)
class AudioSet(Generic[A]):
    """All batches of one chunk."""

    pts: Ns
    """Where the chunk begins."""
    required: bool
    """Never to be dropped."""
    entries: Mapping[str, Entry[Batch[A]]]
    """By input. An input whose current track has no sound has no key."""

    @property
    def media(self) -> Media:
        """The channel it goes through."""
        return "audio"

    @property
    def end(self) -> Ns:
        """Where the chunk ends."""
        return self.pts + CHUNK


What: TypeAlias = Literal["delivered", "playing", "paused", "eos"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened to one half of an input's current track."""

    input: str
    """Id of the input."""
    media: Media
    """Which half."""
    what: What
    """First item seen; first item in a set (again after a pause); paused; last item in a set."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A scheduled command has come to its place between the sets: carry it out now."""

    time: Ns
    """The time it was scheduled for, counted from the start."""
    command: object
    """What was handed to `schedule`."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A set found no place in its channel in time. Its pts is used up all the same."""

    media: Media
    """Which channel was full."""
    pts: Ns
    """The pts nobody will see."""


Emission: TypeAlias = VideoSet[V] | AudioSet[A] | Notice | Ran | Dropped


@dataclass(frozen=True, slots=True)
class Options:
    """How the queue treats time."""

    framerate: Framerate = Framerate(30)  # noqa: RUF009 - frozen, so it may be shared
    """Ticks per second; every output gets this rate."""
    ahead_of_time: bool = False
    """Emit a set as soon as its inputs are ready, not before its time only."""
    never_drop: bool = False
    """Wait for slow consumers instead of dropping sets."""
    run_late_scheduled_events: bool = False
    """Run a command scheduled for a time that has passed, instead of refusing it."""
    video_places: int = 2
    """Video sets that may wait for the consumer; the one it works on does not count."""
    audio_places: int = 100
    """Audio sets that may wait for the consumer."""

    @property
    def keeps_every_tick(self) -> bool:
        """Whether output is a file in the making, for which no tick may be skipped."""
        return self.ahead_of_time or self.never_drop
