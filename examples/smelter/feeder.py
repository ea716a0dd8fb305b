"""An input's keeper: has its tracks read one after the other, and keeps what the queue still needs.

It owns what has been read, so neither the source's crash nor the queue's loses anything: a new source is
told to go on behind what was read last, a new queue gets everything again that it has not used. Where the
oldest needed item stands is in the ledger; so even a new feeder goes on without a seam.

What there is to play the queue says (`Tracks`). A track is read when the one before it has been read to
its end, so that it is there when its turn comes; one that cuts in is read at once.
"""

from __future__ import annotations

from typing import Literal

from actors import GenServer, Message, Pid, process
from examples.smelter import events
from examples.smelter.inputs import Item
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.requests import InputPlan, TrackPlan
from examples.smelter.sessions import Link, Sessions, link_of, nanoseconds
from examples.smelter.stock import Kept, Stock
from examples.smelter.wire import (
    QUEUE,
    Attach,
    Begin,
    Broken,
    Grant,
    More,
    Read,
    SourceUp,
    Tracks,
    tell,
)

__all__ = ["Feeder", "memory_of"]


def memory_of(input_id: str) -> str:
    """Return under which name the ledger keeps what a feeder has to remember."""
    return f"feeder.{input_id}"


class Feeder(GenServer[None]):
    """Keeps what one input has read until the queue needs it no more. It keeps its state on itself."""

    def init(self, plan: InputPlan) -> None:
        """Ask the queue what there is to play, and go on where the ledger says the last one stopped."""
        self.id = plan.id
        self.stocks: dict[int, Stock] = {}
        found = Ledger.get(LEDGER, memory_of(plan.id))
        known = found if isinstance(found, tuple) else ()
        self.known = {one.track: one for one in known if isinstance(one, Kept)}
        self.source: Pid | None = None
        self.reading: int | None = None
        self.is_asked = False
        self.queue: Pid | None = None
        self._attach()

    def _attach(self) -> None:
        tell(QUEUE, Attach(self.id, _guardian()))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a feeder is told."""
        match request:
            case Tracks(tracks):
                self._set(tracks)
            case Grant(track=number) if number in self.stocks:
                self._granted(self.stocks[number], request)
            case Grant():
                self._meet(request.queue)
            case SourceUp(source):
                self.source = source
                self.reading = None
            case Read(source, number) if source is self.source and number == self.reading:
                self._read(self.stocks[number], request.items, is_end=request.is_end)
            case Broken(number, at) if number in self.stocks:
                self.stocks[number].broken(at)
            case Read() | Broken():
                return
            case _:
                raise TypeError(f"a feeder is not told {request!r}")
        self._ask()

    def _set(self, tracks: tuple[TrackPlan, ...]) -> None:
        """Keep the stocks of these tracks, in their order, and no others."""
        self.stocks = {one.number: self._stock(one) for one in tracks}
        if self.reading not in self.stocks:
            self.reading = None

    def _stock(self, plan: TrackPlan) -> Stock:
        known = self.stocks.get(plan.number)
        if known is not None:
            known.plan = plan
            return known
        return Stock(self.id, plan, self.known.pop(plan.number, None))

    # -- the source -------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Have the source read, if there is too little of what it is to read."""
        wanted = self._wanted()
        if self.source is None or wanted is None:
            return
        if wanted.plan.number != self.reading:
            self._begin(self.source, wanted)
        elif not self.is_asked and wanted.is_low:
            self.is_asked = True
            GenServer.cast(self.source, More())

    def _wanted(self) -> Stock | None:
        """Return what is to be read: the first that is not at its end, of those since the last cut."""
        stocks = list(self.stocks.values())
        cuts = [place for place, one in enumerate(stocks) if one.plan.cuts_in]
        return next((one for one in stocks[cuts[-1] if cuts else 0 :] if not one.is_ended), None)

    def _begin(self, source: Pid, stock: Stock) -> None:
        self.reading = stock.plan.number
        self.is_asked = True
        if stock.sessions is not None:
            # Not asked for more meanwhile.
            wait = stock.sessions.next_wait(process.monotonic())
            self._link("trying", stock.sessions)
            process.send_after(process.self(), ("begin", source, self.reading), wait)
            return
        start, skipped = stock.begin()
        if skipped:
            events.publish(events.InputSkipped(self.id, start, skipped))
        GenServer.cast(source, Begin(self.reading, stock.plan.supply, start + skipped))

    def handle_info(self, message: Message, state: None) -> None:
        """Begin a session whose time has come."""
        match message:
            case ("begin", Pid() as source, int() as number) if (
                source is self.source and number == self.reading
            ):
                GenServer.cast(source, Begin(number, self.stocks[number].plan.supply, 0))
            case _:
                pass

    def _read(self, stock: Stock, items: tuple[Item, ...], *, is_end: bool) -> None:
        self.is_asked = False
        has_begun = stock.keep(items, nanoseconds(process.monotonic()))
        if has_begun and stock.sessions is not None:
            self._remember()
            self._link("up", stock.sessions)
            events.publish(events.InputConnected(self.id))
        if is_end and stock.sessions is not None:
            # A session is over; what is live has no end.
            self.reading = None
        elif is_end:
            stock.end()
        for offer in stock.offers("video", "audio"):
            tell(QUEUE, offer)

    def _link(self, state: Literal["trying", "up"], sessions: Sessions) -> None:
        key = link_of("input", self.id)
        before = Ledger.get(LEDGER, key)
        why = before.why if isinstance(before, Link) else ""
        Ledger.put(LEDGER, key, Link(state, sessions.attempts, why))

    # -- the queue --------------------------------------------------------------------------------

    def _granted(self, stock: Stock, grant: Grant) -> None:
        has_forgotten = stock.granted(grant)
        self._meet(grant.queue)
        if has_forgotten:
            self._remember()
        for offer in stock.offers(grant.media):
            tell(QUEUE, offer)

    def _meet(self, queue: Pid) -> None:
        if self.queue is not queue:
            self.queue = queue
            self._attach()

    def _remember(self) -> None:
        kept = tuple(one.kept for one in self.stocks.values())
        Ledger.put(LEDGER, memory_of(self.id), kept)


def _guardian() -> Pid:
    info = process.info(process.self())
    assert info is not None
    assert info.parent is not None
    return info.parent
