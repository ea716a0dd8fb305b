"""What the queue's process says of itself, and how its sets become jobs and chunks."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import TypeAlias

from actors.isolation import shareable
from examples.smelter import events
from examples.smelter.checkpoint import Checkpoint
from examples.smelter.offsets import Ns
from examples.smelter.pictures import Picture, Samples
from examples.smelter.sets import AudioSet, Notice, VideoSet
from examples.smelter.timeline import Timeline
from examples.smelter.wire import Chunk, Job, Order

__all__ = ["Line", "QueueStats", "Saved", "announced", "chunk_of", "job_of"]

Line: TypeAlias = Timeline[Picture, Samples]


@dataclass(frozen=True, slots=True)
class QueueStats:
    """What the queue has done so far, over all its lives."""

    ticks: int = 0
    """Video ticks that are past, sent or not."""
    video_sets: int = 0
    """Video sets handed on."""
    audio_sets: int = 0
    """Audio sets handed on."""
    dropped: int = 0
    """Sets that found no place in time."""
    poisoned: int = 0
    """Sets and orders given up because two consumers died with them in hand."""
    failed_inputs: tuple[str, ...] = ()
    """Inputs that were given up."""
    ended_inputs: tuple[str, ...] = ()
    """These, and those whose last track has ended."""
    paused_inputs: tuple[str, ...] = ()
    """Inputs that are held still."""
    is_over: bool = False
    """Whether the last set has been handed on."""


@shareable
@dataclass(frozen=True, slots=True)
class Saved:
    """What the ledger keeps of a queue."""

    origin: Ns
    """When the line was built, on the runtime's clock."""
    checkpoint: Checkpoint
    stats: QueueStats
    limit: tuple[int, int] | None
    serial: int
    """Of the last thing given to a consumer."""
    drawn: Ns
    """Pts of the last picture handed on, from the start."""
    orders: tuple[Order, ...]
    """Orders that no consumer has carried out yet."""


def job_of(
    serial: int, tick: int, emission: VideoSet[Picture], start: Ns, going_on: Container[str] = ()
) -> Job:
    """Turn a set into what the compositor is given, with times from the start.

    An input that is `going_on` with another track has not ended with the one it had.
    """
    pictures = {
        name: entry.items[0].at(entry.items[0].pts - start) if entry.items else None
        for name, entry in emission.entries.items()
    }
    ended = _ended(emission, going_on)
    return Job(serial, tick, emission.pts - start, pictures, ended, frozenset(pictures))


def chunk_of(
    serial: int, number: int, emission: AudioSet[Samples], start: Ns, going_on: Container[str] = ()
) -> Chunk:
    """Turn a set into what the mixer is given; as `job_of`."""
    sounds = {
        name: tuple(replace(batch.payload, start=batch.pts - start) for batch in entry.items)
        for name, entry in emission.entries.items()
    }
    ended = _ended(emission, going_on)
    return Chunk(serial, number, sounds, ended, frozenset(sounds))


def _ended(
    emission: VideoSet[Picture] | AudioSet[Samples], going_on: Container[str]
) -> frozenset[str]:
    at_the_end = [name for name, entry in emission.entries.items() if entry.eos]
    return frozenset(name for name in at_the_end if name not in going_on)


def announced(notice: Notice) -> events.Event:
    """Turn what happened to a half of a track into an event."""
    match notice.what:
        case "delivered":
            return events.InputDelivered(notice.input, notice.media)
        case "playing":
            return events.InputPlaying(notice.input, notice.media)
        case "paused":
            return events.InputPaused(notice.input, notice.media)
        case "eos":
            return events.InputEos(notice.input, notice.media)
