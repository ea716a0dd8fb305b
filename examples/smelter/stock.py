"""What a feeder keeps of one track: what has been read, what the queue still needs of it. Pure.

A stock is filled by whoever reads and emptied by what the queue may have; it says when it is low, and
from which place a new source has to go on. If one medium of a file stops long before the other, it is
filled up, with the last picture or with silence: somebody may be waiting for it, and what has been read
of the other must not pile up. Whatever the times of a source are, an item costs a bounded number of pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from actors import Pid
from actors.isolation import shareable
from examples.smelter.inputs import Item
from examples.smelter.offsets import MILLISECOND, FromStart, Media, Ns
from examples.smelter.pictures import BLACK, RATE, SECOND, Picture, Samples
from examples.smelter.pictures import Frame as Shown
from examples.smelter.requests import TrackPlan
from examples.smelter.sessions import Sessions
from examples.smelter.sets import Batch, Frame
from examples.smelter.wire import Grant, Offer, Piece
from examples.smelter.work import TRIES

__all__ = ["APART", "LEAP", "SKIP", "Kept", "Stock"]

AHEAD: Ns = 250 * MILLISECOND
"""How much media is kept beyond what the queue has."""

LIVE_AHEAD: Ns = 5 * SECOND
"""The same for a live one, besides its head start: what is not read piles up at the sender."""

APART: Ns = 2 * SECOND
"""How far one medium of a file may fall behind the other before it is filled up."""

FILL: Ns = 100 * MILLISECOND
"""How much at a time."""

LEAP: Ns = 10 * SECOND
"""A longer way is bridged with one piece at its end, however long it is: a time stamp may say anything."""

SKIP: Ns = SECOND // 2
"""How much of a file is left out at first when sources die of it."""

_SILENCE = np.zeros((FILL * RATE // SECOND, 2), np.float32)
_SILENCE.flags.writeable = False


@shareable
@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger remembers of a stock, so that a new feeder goes on without a seam."""

    track: int
    asked_at: Ns
    """When the track was asked for: what another one has left under its name is not its own."""
    halves: tuple[tuple[Media, int, Ns], ...] = ()
    """Of each medium: number of the oldest item that is needed, and up to where those before it go."""
    epoch: Ns | None = None
    """Where the zero of a live one is, on the runtime's clock."""


@dataclass(slots=True)
class _Half:
    """What is kept of one half of the track."""

    base: int = 0
    """Number of the oldest item kept."""
    reached: Ns = -1
    """Time up to which items have been read."""
    gone: Ns = -1
    """Time up to which items have been forgotten."""
    items: deque[Piece] = field(default_factory=deque)
    sent: int = 0
    """Number of the first item that was not sent."""
    queue: Pid | None = None
    """To whom."""
    is_ended: bool = False
    grant: Grant | None = None

    @property
    def end(self) -> int:
        return self.base + len(self.items)

    def is_low(self, ahead: Ns) -> bool:
        """Tell whether there is too little to send."""
        if self.is_ended:
            return False
        unsent = self.end - max(self.sent, self.base)
        if unsent <= 0 or not self.items:
            return True
        first = self.items[len(self.items) - unsent].pts
        return self.items[-1].edge - first < ahead

    def add(self, piece: Piece, is_new_from: Ns) -> None:
        # A source that was started again begins a little before where the last one stopped.
        if not self.is_ended and is_new_from > self.reached:
            self.items.append(piece)
            self.reached = piece.edge

    def forget(self, needed_from: int) -> bool:
        """Let go of what is not needed; tell whether there was anything."""
        before = self.base
        while self.items and self.base < needed_from:
            self.gone = self.items.popleft().edge
            self.base += 1
        return self.base != before


class Stock:
    """The stock of one track.

    Args:
        input: whose it is.
        plan: the track.
        kept: what is remembered of it, if there was a feeder before.
    """

    def __init__(self, input: str, plan: TrackPlan, kept: Kept | None = None) -> None:
        self.plan = plan
        self._input = input
        if kept is None or kept.asked_at != plan.epoch:
            kept = Kept(plan.number, plan.epoch)
        supply = plan.supply
        halves: tuple[tuple[Media, bool], ...] = (("video", supply.video), ("audio", supply.audio))
        self._halves: dict[Media, _Half] = {
            media: _Half() for media, is_there in halves if is_there
        }
        for media, number, reached in kept.halves:
            self._halves[media] = _Half(number, reached, reached, sent=number)
        self.sessions = self._sessions(kept.epoch) if supply.is_live else None
        self._begun_at: Ns | None = None
        self._deaths = 0
        self._shown = Picture.solid(2, 2, BLACK)

    def _sessions(self, known: Ns | None) -> Sessions:
        if known is None and not isinstance(self.plan.offset, FromStart):
            known = self.plan.epoch
        return Sessions(self.plan.supply.buffer, known)

    @property
    def is_ended(self) -> bool:
        """Whether all of it has been read."""
        return all(half.is_ended for half in self._halves.values())

    @property
    def is_low(self) -> bool:
        """Whether more should be read."""
        ahead = AHEAD if self.sessions is None else self.plan.supply.buffer + LIVE_AHEAD
        return any(half.is_low(ahead) for half in self._halves.values())

    @property
    def kept(self) -> Kept:
        """What is to be remembered."""
        halves = tuple((media, one.base, one.gone) for media, one in self._halves.items())
        epoch = None if self.sessions is None else self.sessions.epoch
        return Kept(self.plan.number, self.plan.epoch, halves, epoch)

    # -- in ----------------------------------------------------------------------------------------

    def begin(self) -> tuple[Ns, Ns]:
        """Return where a source has to begin, and how much before that is left out.

        What two sources have died of, without getting any further, is poison.
        """
        reached = (half.reached for half in self._halves.values() if not half.is_ended)
        start = max(0, min(reached, default=0))
        self._deaths = self._deaths + 1 if start == self._begun_at else 0
        self._begun_at = start
        if self._deaths < TRIES:
            return start, 0
        # Longer each time: a decoder begins at a key frame, which may lie before the poison.
        return start, SKIP << 2 * (self._deaths - TRIES)

    def broken(self, at: Ns) -> None:
        """Go on behind a place that cannot be read."""
        for half in self._halves.values():
            half.reached = max(half.reached, at)

    def keep(self, items: tuple[Item, ...], now: Ns) -> bool:
        """Take in what was read; tell whether a live session has begun with it."""
        has_begun = bool(items) and self.sessions is not None and self.sessions.is_fresh
        if self.sessions is not None:
            items = self._on_track(items, self.sessions, now)
        for item in items:
            if isinstance(item, Shown):
                self._shown = item.picture
                self._add("video", Frame(item.pts, item.picture), item.pts)
            else:
                self._add("audio", Batch(item.start, item.duration, item), item.end - 1)
        self._fill_up()
        return has_begun

    def end(self) -> None:
        """Take note that nothing is to come."""
        for half in self._halves.values():
            half.is_ended = True

    def _on_track(self, items: tuple[Item, ...], sessions: Sessions, now: Ns) -> tuple[Item, ...]:
        if items and sessions.is_fresh:
            first = min(one.pts if isinstance(one, Shown) else one.start for one in items)
            reached = max(half.reached for half in self._halves.values())
            sessions.begin(first, now, reached)
        return tuple(
            Shown(sessions.track_time("video", one.pts, now), one.picture)
            if isinstance(one, Shown)
            else replace(one, start=sessions.track_time("audio", one.start, now))
            for one in items
        )

    def _add(self, media: Media, piece: Piece, is_new_from: Ns) -> None:
        if (half := self._halves.get(media)) is not None:
            half.add(piece, is_new_from)

    def _fill_up(self) -> None:
        """Bring a medium along that has fallen too far behind the other."""
        furthest = max(half.reached for half in self._halves.values())
        for media, half in self._halves.items():
            while not half.is_ended and furthest - half.reached > APART:
                begin = max(0, half.reached)
                if furthest - begin > LEAP:
                    # A piece proves that there is nothing before it; what is between is no picture
                    # after a while, and silence.
                    begin = furthest - APART
                half.add(self._filler(media, begin), begin + FILL)

    def _filler(self, media: Media, begin: Ns) -> Piece:
        if media == "audio":
            return Batch(begin, FILL, Samples(begin, _SILENCE))
        return Frame(begin + FILL, self._shown)

    # -- out ---------------------------------------------------------------------------------------

    def granted(self, grant: Grant) -> bool:
        """Take note of what the queue needs and allows; tell whether something was forgotten by it."""
        half = self._halves.get(grant.media)
        if half is None:
            return False
        if half.queue is not grant.queue:
            half.queue = grant.queue
            half.sent = grant.next
            if self.sessions is not None and not half.items:
                # What comes live is not what went before; it is not to be taken for that.
                half.base = max(half.base, grant.next)
        half.grant = grant
        return half.forget(grant.needed_from)

    def offers(self, *media: Media) -> Iterator[Offer]:
        """Yield what may be sent now of some media, and count it as sent."""
        for one in media:
            half = self._halves.get(one)
            offer = None if half is None else self._offer(one, half)
            if offer is not None:
                yield offer

    def _offer(self, media: Media, half: _Half) -> Offer | None:
        grant = half.grant
        if grant is None:
            return None
        skipped = max(0, grant.next - half.base)
        # Looked at one by one, since few of many may go: a grant comes with every tick.
        limit = grant.next + grant.credit.admits(islice(half.items, skipped, None))
        first = max(half.sent, half.base)
        items = tuple(islice(half.items, first - half.base, max(0, limit - half.base)))
        half.sent = max(half.sent, first + len(items))
        is_last = half.is_ended and half.sent >= half.end
        if not (items or is_last):
            return None
        return Offer(self._input, self.plan.number, media, first, items, is_last)
