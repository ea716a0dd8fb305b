"""An input's processes: the source reads and decodes on its own thread, the feeder keeps and counts.

The feeder owns what has been read and is still needed, so neither the source's crash nor the
queue's loses anything: a new source is told to go on behind what was read last, a new queue gets
everything again that it has not used. Where the oldest needed item stands is in the ledger; so even
a new feeder goes on without a seam.

A source reads only when it is asked, a little at a time, and looks at its mailbox in between. If one
medium of a file stops long before the other, the feeder fills it up, with the last picture or with
silence: somebody may be waiting for it, and what has been read of the other must not pile up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from actors import GenServer, Message, Pid, process
from examples.smelter import events
from examples.smelter.complaints import MediaBroken
from examples.smelter.inputs import Item, Nothing
from examples.smelter.inputs import Source as Reader
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import MILLISECOND, FromStart, Media, Ns
from examples.smelter.pictures import BLACK, RATE, SECOND, Picture, Samples
from examples.smelter.pictures import Frame as Shown
from examples.smelter.requests import InputPlan
from examples.smelter.sessions import Link, Sessions, link_of, nanoseconds
from examples.smelter.sets import Batch, Frame
from examples.smelter.wire import (
    QUEUE,
    Attach,
    Begin,
    Broken,
    Grant,
    More,
    Offer,
    Piece,
    Read,
    SourceUp,
    feeder_of,
    tell,
)
from examples.smelter.work import TRIES

__all__ = ["Feeder", "Source"]

AHEAD: Ns = 250 * MILLISECOND
"""How much media a feeder keeps beyond what the queue has."""

LIVE_AHEAD: Ns = 5 * SECOND
"""The same for a live one, besides its head start: what is not read piles up at the sender."""

APART: Ns = 2 * SECOND
"""How far one medium of a file may fall behind the other before it is filled up."""

FILL: Ns = 100 * MILLISECOND
"""How much at a time."""

SKIP: Ns = SECOND // 2
"""How much of a file is left out at first when sources die of it."""

ITEMS = 4
"""How many items a source reads before it looks at its mailbox again."""


_SILENCE = np.zeros((FILL * RATE // SECOND, 2), np.float32)
_SILENCE.flags.writeable = False


class Source(GenServer[None], host="thread"):
    """Reads one input. It keeps its state on itself."""

    def init(self, plan: InputPlan) -> None:
        """Wait to be told where to begin."""
        self.plan = plan
        self.reader: Reader | None = None
        tell(feeder_of(plan.id), SourceUp(process.self()))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a source is told."""
        match request:
            case Begin(start):
                self._close()
                self.reader = self.plan.spec.supply.open(start)
                self._read(self.reader)
            case More():
                if self.reader is not None:
                    self._read(self.reader)
            case _:
                raise TypeError(f"a source is not told {request!r}")

    def _read(self, reader: Reader) -> None:
        items: list[Item] = []
        is_end = False
        try:
            while len(items) < ITEMS and not is_end:
                item = reader.read()
                if isinstance(item, Nothing):
                    break
                if item is None:
                    is_end = True
                else:
                    items.append(item)
        except MediaBroken as broken:
            self._tell_feeder(Read(process.self(), tuple(items), is_end=False))
            self._tell_feeder(Broken(broken.at))
            raise
        except Exception as error:
            # What came before the connection was lost, or whatever happened, has come.
            self._tell_feeder(Read(process.self(), tuple(items), is_end=False))
            if self.plan.spec.supply.is_live:
                self._lost(error)
            raise
        self._tell_feeder(Read(process.self(), tuple(items), is_end=is_end))

    def _lost(self, error: Exception) -> None:
        key = link_of("input", self.plan.id)
        before = Ledger.get(LEDGER, key)
        attempts = before.attempts if isinstance(before, Link) else 1
        Ledger.put(LEDGER, key, Link("lost", attempts, str(error)))
        events.publish(events.InputLost(self.plan.id, str(error)))

    def _tell_feeder(self, message: object) -> None:
        tell(feeder_of(self.plan.id), message)

    def _close(self) -> None:
        if self.reader is not None:
            self.reader.close()

    def terminate(self, reason: object, state: None) -> None:
        """Close the file."""
        self._close()


@dataclass(slots=True)
class _Half:
    """What a feeder keeps of one half of its input."""

    base: int = 0
    """Number of the oldest item kept."""
    reached: Ns = -1
    """Time up to which items have been read."""
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


class Feeder(GenServer[None]):
    """Keeps what one input has read until the queue needs it no more. It keeps its state on itself."""

    def init(self, plan: InputPlan) -> None:
        """Go on where the ledger says the last feeder stopped."""
        self.plan = plan
        self.source: Pid | None = None
        self.is_reading = False
        self.halves: dict[Media, _Half] = {}
        supply = plan.spec.supply
        halves: tuple[tuple[Media, bool], ...] = (("video", supply.video), ("audio", supply.audio))
        for media, is_there in halves:
            if is_there:
                self.halves[media] = self._remembered(media)
        self.sessions = self._remembered_sessions() if supply.is_live else None
        self.queue: Pid | None = None
        self.begun_at: Ns | None = None
        self.deaths = 0
        self.shown = Picture.solid(2, 2, BLACK)
        self._attach()

    def _attach(self) -> None:
        tell(QUEUE, Attach(self.plan.id, _guardian()))

    def _key(self, media: Media) -> str:
        return f"feeder.{self.plan.id}.{media}"

    def _remembered(self, media: Media) -> _Half:
        match Ledger.get(LEDGER, self._key(media)):
            case (int() as number, int() as reached):
                return _Half(base=number, sent=number, reached=reached)
            case _:
                return _Half()

    def _remembered_sessions(self) -> Sessions:
        found = Ledger.get(LEDGER, f"feeder.{self.plan.id}.epoch")
        floats = not isinstance(self.plan.spec.offset, FromStart)
        epoch = found if isinstance(found, int) else self.plan.epoch if floats else None
        return Sessions(self.plan.spec.supply.buffer, epoch)

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a feeder is told."""
        match request:
            case Grant(media=media):
                half = self.halves.get(media)
                if half is not None:
                    self._granted(media, half, request)
            case SourceUp(source):
                self.source = source
                self._begin()
            case Read(source, items, is_end) if source is self.source:
                self.is_reading = False
                self._keep(items, is_end=is_end)
            case Broken(at):
                for half in self.halves.values():
                    half.reached = max(half.reached, at)
            case Read():
                return
            case _:
                raise TypeError(f"a feeder is not told {request!r}")
        self._ask()

    # -- the source -------------------------------------------------------------------------------

    def handle_info(self, message: Message, state: None) -> None:
        """Begin a session whose time has come."""
        match message:
            case ("begin", Pid() as source) if source is self.source:
                self.is_reading = True
                GenServer.cast(source, Begin(0))
            case _:
                pass

    def _begin(self) -> None:
        if self.sessions is not None:
            wait = self.sessions.next_wait(process.monotonic())
            self._link("trying")
            # Not asked for more meanwhile.
            self.is_reading = True
            process.send_after(process.self(), ("begin", self.source), wait)
            return
        start = min((h.reached for h in self.halves.values() if not h.is_ended), default=None)
        if start is not None and self.source is not None:
            self.is_reading = True
            GenServer.cast(self.source, Begin(self._beyond_poison(max(0, start))))

    def _link(self, state: Literal["trying", "up"]) -> None:
        assert self.sessions is not None
        key = link_of("input", self.plan.id)
        before = Ledger.get(LEDGER, key)
        why = before.why if isinstance(before, Link) else ""
        Ledger.put(LEDGER, key, Link(state, self.sessions.attempts, why))

    def _beyond_poison(self, start: Ns) -> Ns:
        """Return where to begin: behind what two sources have died of without getting any further."""
        self.deaths = self.deaths + 1 if start == self.begun_at else 0
        self.begun_at = start
        if self.deaths < TRIES:
            return start
        # Longer each time: a decoder begins at a key frame, which may lie before the poison.
        skipped = SKIP << 2 * (self.deaths - TRIES)
        events.publish(events.InputSkipped(self.plan.id, start, skipped))
        return start + skipped

    def _ask(self) -> None:
        ahead = AHEAD if self.sessions is None else self.plan.spec.supply.buffer + LIVE_AHEAD
        is_low = any(half.is_low(ahead) for half in self.halves.values())
        if self.source is not None and not self.is_reading and is_low:
            self.is_reading = True
            GenServer.cast(self.source, More())

    def _keep(self, items: tuple[Item, ...], *, is_end: bool) -> None:
        if self.sessions is not None:
            items = self._on_track(items, self.sessions)
            if is_end:
                # A session is over; what is live has no end.
                self._begin()
                is_end = False
        for item in items:
            if isinstance(item, Shown):
                self.shown = item.picture
                self._add("video", Frame(item.pts, item.picture), is_new_from=item.pts)
            else:
                piece = Batch(item.start, item.duration, item)
                self._add("audio", piece, is_new_from=item.end - 1)
        self._fill_up()
        for half in self.halves.values():
            half.is_ended = half.is_ended or is_end
        for media, half in self.halves.items():
            self._send(media, half)

    def _on_track(self, items: tuple[Item, ...], sessions: Sessions) -> tuple[Item, ...]:
        if items and sessions.is_fresh:
            first = min(one.pts if isinstance(one, Shown) else one.start for one in items)
            reached = max(half.reached for half in self.halves.values())
            sessions.track_time(first, nanoseconds(process.monotonic()), reached)
            Ledger.put(LEDGER, f"feeder.{self.plan.id}.epoch", sessions.epoch)
            self._link("up")
            events.publish(events.InputConnected(self.plan.id))
        now = nanoseconds(process.monotonic())
        return tuple(
            Shown(sessions.track_time(one.pts, now, 0), one.picture)
            if isinstance(one, Shown)
            else replace(one, start=sessions.track_time(one.start, now, 0))
            for one in items
        )

    def _add(self, media: Media, piece: Piece, is_new_from: Ns) -> None:
        half = self.halves.get(media)
        # A source that was started again begins a little before where the last one stopped.
        if half is not None and not half.is_ended and is_new_from > half.reached:
            half.items.append(piece)
            half.reached = piece.edge

    def _fill_up(self) -> None:
        """Bring a medium along that has fallen too far behind the other."""
        furthest = max(half.reached for half in self.halves.values())
        for media, half in self.halves.items():
            while not half.is_ended and furthest - half.reached > APART:
                begin = max(0, half.reached)
                self._add(media, self._filler(media, begin), is_new_from=begin + FILL)

    def _filler(self, media: Media, begin: Ns) -> Piece:
        if media == "audio":
            return Batch(begin, FILL, Samples(begin, _SILENCE))
        return Frame(begin + FILL, self.shown)

    # -- the queue --------------------------------------------------------------------------------

    def _granted(self, media: Media, half: _Half, grant: Grant) -> None:
        if half.queue is not grant.queue:
            half.queue = grant.queue
            half.sent = grant.next
            if self.sessions is not None and not half.items:
                # What comes live is not what went before; it is not to be taken for that.
                half.base = max(half.base, grant.next)
        if self.queue is not grant.queue:
            self.queue = grant.queue
            self._attach()
        half.grant = grant
        self._forget(media, half, grant.needed_from)
        self._send(media, half)

    def _forget(self, media: Media, half: _Half, needed_from: int) -> None:
        before = half.base
        reached = None
        while half.items and half.base < needed_from:
            reached = half.items.popleft().edge
            half.base += 1
        if half.base != before and reached is not None:
            Ledger.put(LEDGER, self._key(media), (half.base, reached))

    def _send(self, media: Media, half: _Half) -> None:
        grant = half.grant
        if grant is None:
            return
        skipped = max(0, grant.next - half.base)
        waiting = [half.items[n] for n in range(skipped, len(half.items))]
        limit = grant.next + grant.credit.admits(waiting)
        first = max(half.sent, half.base)
        items = tuple(half.items[n - half.base] for n in range(first, min(limit, half.end)))
        half.sent = max(half.sent, first + len(items))
        is_last = half.is_ended and half.sent >= half.end
        if items or is_last:
            tell(QUEUE, Offer(self.plan.id, media, first, items, is_last))


def _guardian() -> Pid:
    info = process.info(process.self())
    assert info is not None
    assert info.parent is not None
    return info.parent
