"""How a live source's sessions lie on its one track, and when the next one is tried. Pure.

`Link` says how a connection stands; whoever keeps one writes it into the ledger under `link_of`.

A session begins at a time of its own; the first item that comes is put where the track is at that
moment, and a little later, so that what is late on the network is still in time. When the session
breaks off, the next one goes on where the track is *then*: a gap, and nobody's offset has moved.

So it is when the times of a medium leap, by more than the clock explains: whoever sends has begun anew,
or has lost count. Taken at its word, a time of tomorrow would keep everything away that comes before.
A source without a head start has no network before it; whoever pushes into it means what he says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from examples.smelter.offsets import SECOND, Media, Ns

__all__ = ["LASTED", "LEAP", "LONGEST_WAIT", "Leaps", "Link", "Sessions", "link_of", "wait_before"]

FIRST_WAIT = 0.5
LONGEST_WAIT = 10.0
LASTED = 10.0
"""Seconds after which a session counts as one that has worked."""

LEAP: Ns = 10 * SECOND
"""How far a time may be from what the one before it and the clock make of it."""


@dataclass(frozen=True, slots=True)
class Link:
    """How a connection to the outside stands."""

    state: Literal["trying", "up", "lost"]
    """``"trying"`` until something has come, or been taken; ``"lost"`` until it is tried again."""
    attempts: int = 1
    """How many, since it was up for a while."""
    why: str = ""
    """Why it was lost last; empty if it never was."""


def link_of(kind: Literal["input", "output"], id: str) -> tuple[str, str]:
    """Return where the ledger keeps the `Link` of an input or output."""
    return f"link of {kind}", id


def wait_before(attempt: int) -> float:
    """Return how long to wait before an attempt, in seconds.

    Example:
        >>> [wait_before(n) for n in range(7)]
        [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    """
    return 0.0 if attempt == 0 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1))


class Leaps:
    """Notices when the times of a medium leap."""

    def __init__(self) -> None:
        self._last: dict[Media, tuple[Ns, Ns]] = {}
        self._first: tuple[Ns, Ns] | None = None

    def begin(self, time: Ns, now: Ns) -> None:
        """Begin anew, with what the first item of each medium is to follow; without, it may be any."""
        self._last.clear()
        self._first = time, now

    def is_one(self, media: Media, time: Ns, now: Ns) -> bool:
        """Tell whether a time follows neither the one before it nor the clock; take note of it."""
        before, then = self._last.get(media, self._first or (time, now))
        self._last[media] = time, now
        # Between the two everything is in order: what was held up comes late, and all at once.
        return not before - LEAP <= time <= before + max(0, now - then) + LEAP


class Sessions:
    """The sessions of one live source.

    Args:
        buffer: head start of every session.
        epoch: when the track's zero is, on the runtime's clock; None until the first item says it.
    """

    def __init__(self, buffer: Ns, epoch: Ns | None) -> None:
        self.epoch = epoch
        self._buffer = buffer
        self._shift: Ns | None = None
        self._shifts: dict[Media, Ns] = {}
        self._leaps = Leaps()
        self._attempts = 0
        self._begun: float | None = None

    def next_wait(self, now: float) -> float:
        """Return how many seconds to wait before a session is begun; counts it as begun then."""
        if self._begun is not None and now - self._begun >= LASTED:
            self._attempts = 1
        wait = wait_before(self._attempts)
        self._attempts += 1
        self._begun = now + wait
        self._shift = None
        return wait

    def begin(self, time: Ns, now: Ns, reached: Ns) -> None:
        """Put the first item of a session on the track.

        Args:
            time: in the session.
            now: on the runtime's clock.
            reached: up to where the track has media already.
        """
        self._shifts.clear()
        self._leaps.begin(time, now)
        if self.epoch is None:
            self.epoch = now - time
            self._shift = 0
        else:
            self._shift = max(now - self.epoch + self._buffer, reached) - time

    def track_time(self, media: Media, time: Ns, now: Ns) -> Ns:
        """Put a time of a session that has begun on the track."""
        assert self._shift is not None
        if self._buffer and self._leaps.is_one(media, time, now):
            self._shifts[media] = self._shift_after_leap(time, now)
        return max(0, time + self._shifts.get(media, self._shift))

    def _shift_after_leap(self, time: Ns, now: Ns) -> Ns:
        assert self._shift is not None
        assert self.epoch is not None
        expected = now - self.epoch + self._buffer
        # If another medium has leapt as far, both stay together.
        known = [*self._shifts.values(), self._shift]
        fitting = [one for one in known if abs(time + one - expected) <= LEAP]
        return fitting[0] if fitting else expected - time

    @property
    def attempts(self) -> int:
        """How many sessions were begun since one has lasted."""
        return self._attempts

    @property
    def is_fresh(self) -> bool:
        """Whether the session has given nothing yet."""
        return self._shift is None


def nanoseconds(seconds: float) -> Ns:
    """Convert a time of the runtime's clock."""
    return round(seconds * SECOND)
