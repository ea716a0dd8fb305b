"""What the queue hands on to its consumers: numbered, and kept until they have done it.

    order, job, chunk     put something into the line
    pack                  take note of all that is in line; the owner writes it down, then sends
    again                 what a new consumer gets: all that the one before it did not finish

Sets and orders for a consumer go through one line, so an order counts from exactly the next set on.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from examples.smelter.offsets import CHUNK, Media, Ns
from examples.smelter.pictures import Picture, Samples
from examples.smelter.queue_words import chunk_of, job_of
from examples.smelter.sets import AudioSet, VideoSet
from examples.smelter.wire import Chunk, Job, Order, What, consumer_of, tell
from examples.smelter.work import Again, Work

__all__ = ["BOTH", "Deliveries", "Delivery", "send"]

BOTH: tuple[Media, ...] = ("video", "audio")

Delivery: TypeAlias = Job | Chunk | Order


def send(things: Iterable[Delivery]) -> None:
    """Tell the consumers, in order."""
    for thing in things:
        tell(consumer_of(thing.media), thing)


def _works() -> dict[Media, Work[Delivery]]:
    return {media: Work() for media in BOTH}


@dataclass(slots=True)
class Deliveries:
    """All that is under way to the consumers."""

    serial: int = 0
    """Of the last thing that was put into the line."""
    drawn: Ns = 0
    """Pts of the last picture in it, from the start."""
    _work: dict[Media, Work[Delivery]] = field(default_factory=_works)
    _line: list[Delivery] = field(default_factory=list)

    @classmethod
    def restored(cls, serial: int, drawn: Ns, orders: Iterable[Order]) -> Deliveries:
        """Go on where a queue stopped; its sets are lost, its orders are not."""
        found = cls(serial, drawn)
        for order in orders:
            found._work[order.media].give([order], is_set=False)
        return found

    def order(self, what: What, *media: Media) -> None:
        """Put an order into the line of each of these consumers."""
        for one in media:
            self.serial += 1
            self._line.append(Order(self.serial, one, self.drawn, what))

    def job(
        self, tick: int, emission: VideoSet[Picture], start: Ns, going_on: Container[str]
    ) -> None:
        """Put a tick into the line of the compositor; see `job_of`."""
        self.serial += 1
        self.drawn = emission.pts - start
        self._line.append(job_of(self.serial, tick, emission, start, going_on))

    def chunk(self, emission: AudioSet[Samples], start: Ns, going_on: Container[str]) -> None:
        """Put a chunk into the line of the mixer."""
        self.serial += 1
        number = (emission.pts - start) // CHUNK
        self._line.append(chunk_of(self.serial, number, emission, start, going_on))

    def pack(self) -> list[Delivery]:
        """Empty the line into what is under way, and return what is to be sent."""
        packed, self._line = self._line, []
        for thing in packed:
            self._work[thing.media].give([thing], is_set=not isinstance(thing, Order))
        return packed

    def taken(self, media: Media, serial: int) -> bool:
        """Take note that a consumer has begun on something; tell whether a place is free by that."""
        return self._work[media].take(serial)

    def done(self, media: Media, serial: int) -> None:
        """Forget what is done."""
        self._work[media].finish(serial)

    def again(self, media: Media) -> Again[Delivery]:
        """Decide what a new consumer gets."""
        return self._work[media].again()

    def orders(self) -> tuple[Order, ...]:
        """Return the orders that nobody has carried out yet."""
        return tuple(
            one for work in self._work.values() for one in work.orders() if isinstance(one, Order)
        )
