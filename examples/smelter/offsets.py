"""Time of the compositor: whole nanoseconds, the grid of ticks and chunks, where a track begins.

Every pts inside the queue counts from the moment the queue was built, so none is negative; only
what people see (schedules, vectors) counts from the start. A track carries times of its own, from
its own zero; its `Anchor` says where that zero lies on the queue's line. Picture and sound of a
track share one anchor, so they cannot drift apart.

Nothing here is added up over time: tick n is computed from n, so an hour has no drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "CHUNK",
    "LOOK_AHEAD",
    "MILLISECOND",
    "SECOND",
    "SPAN",
    "Anchor",
    "AtPts",
    "Floating",
    "Framerate",
    "FromStart",
    "Media",
    "Ns",
    "Offset",
    "chunk_start",
    "first_chunk_from",
    "minus",
]

Ns: TypeAlias = int
"""Whole nanoseconds. Binary floats would round differently on the two sides of a comparison."""

Media: TypeAlias = Literal["video", "audio"]

MILLISECOND: Ns = 1_000_000
SECOND: Ns = 1_000 * MILLISECOND
CHUNK: Ns = 20 * MILLISECOND
"""Length of an audio set."""
LOOK_AHEAD: Ns = 80 * MILLISECOND
"""How far beyond the end of its chunk an audio set reaches, so that the mixer can resample."""
SPAN: Ns = 100 * MILLISECOND
"""How much media one half of a track may hold before its producer has to wait."""


def minus(later: Ns, earlier: Ns) -> Ns:
    """Subtract, and stop at zero: a track has no time before its own beginning.

    Example:
        >>> minus(5, 3), minus(3, 5)
        (2, 0)
    """
    return later - earlier if later > earlier else 0


@dataclass(frozen=True, slots=True)
class Framerate:
    """Frames per second as an exact fraction.

    Raises:
        ValueError: a part is not a positive whole number.

    Example:
        >>> [Framerate(30).tick(n) for n in range(4)]
        [0, 33333333, 66666667, 100000000]
        >>> Framerate(30_000, 1_001).tick(1_000_000)
        33366666666667
    """

    num: int
    """Frames …"""
    den: int = 1
    """… in so many seconds."""

    def __post_init__(self) -> None:
        if self.num < 1 or self.den < 1:
            raise ValueError(f"a framerate is two positive whole numbers, got {self!r}")

    def tick(self, n: int) -> Ns:
        """Return when tick `n` falls after tick 0, rounded to a nanosecond (half to even)."""
        whole, rest = divmod(n * self.den * SECOND, self.num)
        return whole + (2 * rest + (whole & 1) > self.num)

    def first_tick_from(self, elapsed: Ns) -> int:
        """Return the number of the first tick that is not before `elapsed`.

        Example:
            >>> rate = Framerate(30)
            >>> rate.first_tick_from(33_333_333), rate.first_tick_from(33_333_334)
            (1, 2)
        """
        if elapsed <= 0:
            return 0
        # Rounding moves a tick by half a nanosecond at most: the estimate is right or one short.
        n = elapsed * self.num // (self.den * SECOND)
        while self.tick(n) < elapsed:
            n += 1
        return n


def chunk_start(m: int) -> Ns:
    """Return when audio chunk `m` begins, counted from chunk 0."""
    return m * CHUNK


def first_chunk_from(elapsed: Ns) -> int:
    """Return the number of the first chunk that does not begin before `elapsed`.

    Example:
        >>> first_chunk_from(20 * MILLISECOND), first_chunk_from(20 * MILLISECOND + 1)
        (1, 2)
    """
    return max(0, -(-elapsed // CHUNK))


@dataclass(frozen=True, slots=True)
class FromStart:
    """The track begins at a fixed distance from the start of the queue."""

    delay: Ns
    """Distance from the start."""


@dataclass(frozen=True, slots=True)
class AtPts:
    """The track begins at a known place of the queue's line: a source with a clock of its own."""

    pts: Ns
    """Distance from the moment the queue was built."""


@dataclass(frozen=True, slots=True)
class Floating:
    """The track begins wherever its first item is seen."""


Offset: TypeAlias = FromStart | AtPts | Floating


class Anchor:
    """Where the zero of a track lies; one cell for both halves of the track."""

    __slots__ = ("offset", "value")

    def __init__(self, offset: Offset, value: Ns | None = None) -> None:
        self.offset = offset
        self.value = offset.pts if value is None and isinstance(offset, AtPts) else value

    def fix(self, start: Ns | None, seen_at: Ns) -> Ns:
        """Return the anchor, and decide it now if nobody has: the first half to see an item does.

        Args:
            start: the start of the queue; None before it.
            seen_at: the place of the line that is being evaluated.
        """
        if self.value is None:
            match self.offset:
                case FromStart(delay) if start is not None:
                    self.value = start + delay
                case _:
                    self.value = seen_at
        return self.value

    def shift(self, by: Ns) -> None:
        """Move the track later. One that nobody has seen yet is nowhere, and stays nowhere."""
        if self.value is not None:
            self.value += by
