"""Words of the ledger: what has to be remembered of a queue so that another can go on for it.

A checkpoint holds counters, anchors and flags, and no media at all: items that left no trace in a
set yet are still with their feeders, which offer them again from `HalfMark.needed_from` on. Write
a checkpoint down *before* the sets it accounts for are handed on. The other way round, a crash in
between would send a pts twice; this way it can only be missing, which every consumer can bear.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.isolation import shareable
from examples.smelter.offsets import Ns, Offset

__all__ = ["Checkpoint", "HalfMark", "InputMark", "TrackMark"]


@dataclass(frozen=True, slots=True)
class HalfMark:
    """One half of a track."""

    needed_from: int = 0
    """How many items its feeder may forget; the next one is to be offered again."""
    delivered: bool = False
    """Its first item has been announced."""
    playing: bool = False
    """Its first item in a set has been announced."""
    eos: bool = False
    """Its end has gone out with a set: nothing of it is needed any more."""
    frozen: bool = False
    """It is paused and shows a picture."""


@dataclass(frozen=True, slots=True)
class TrackMark:
    """One track, current or waiting."""

    number: int
    """Its place in the order in which tracks were queued, from 1."""
    offset: Offset
    """Where it was asked to begin."""
    anchor: Ns | None
    """Where it does begin; None while nobody has seen it."""
    video: HalfMark | None
    """Its pictures, if it has any."""
    audio: HalfMark | None
    """Its sound, if it has any."""


@dataclass(frozen=True, slots=True)
class InputMark:
    """One input."""

    id: str
    """Its name."""
    required: bool
    """Whether everybody waits for it."""
    issued: int
    """How many tracks it has been given."""
    current: TrackMark | None
    """The track being played."""
    waiting: tuple[TrackMark, ...]
    """The tracks after it."""
    paused_at: Ns | None
    """Place of the line at which it was paused; None if it runs."""


@shareable
@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole queue."""

    start: Ns | None = None
    """When it was started; None before."""
    ticks: int = 0
    """Number of the next video tick."""
    chunks: int = 0
    """Number of the next audio chunk."""
    position: Ns | None = None
    """The furthest place of the line that was attempted."""
    inputs: tuple[InputMark, ...] = ()
    """All registered inputs."""
    schedule: tuple[tuple[Ns, object], ...] = ()
    """Commands still to run with their times from the start, in running order."""
