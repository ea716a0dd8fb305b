"""What a consumer has been given and has not finished; decides what its successor gets. Pure.

Everything stays here, in order, until the consumer says it is done, and is given again to a new
consumer. What was in hand when two consumers died is poison: it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from examples.smelter.offsets import Ns

__all__ = ["TRIES", "Again", "Work"]

TRIES = 2
"""How many consumers may die with a thing in hand."""


class Thing(Protocol):
    """What can be given to a consumer."""

    @property
    def serial(self) -> int: ...

    @property
    def pts(self) -> Ns: ...


T = TypeVar("T", bound=Thing)


@dataclass(slots=True)
class _Given(Generic[T]):
    thing: T
    is_set: bool
    taken: bool = False
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class Again(Generic[T]):
    """What becomes of unfinished work when a new consumer comes."""

    things: tuple[T, ...]
    """To be given again, in order."""
    poison: tuple[T, ...]
    """Left out for good."""
    occupied: int
    """Places of the channel that are taken again by sets that had been taken out."""


@dataclass(slots=True)
class Work(Generic[T]):
    """The unfinished work of one consumer."""

    given: dict[int, _Given[T]] = field(default_factory=dict)

    def give(self, things: Iterable[T], *, is_set: bool) -> None:
        """Take note of what is given; a set takes a place of its channel, an order none."""
        for thing in things:
            self.given[thing.serial] = _Given(thing, is_set)

    def take(self, serial: int) -> bool:
        """Take note that it is in hand; tell whether a place has become free by that."""
        found = self.given.get(serial)
        if found is None or found.taken:
            return False
        found.taken = True
        return found.is_set

    def finish(self, serial: int) -> None:
        """Forget what is done; what is not known was given by a queue before this one."""
        self.given.pop(serial, None)

    def again(self) -> Again[T]:
        """Decide what a new consumer gets."""
        poison: list[T] = []
        occupied = 0
        for serial, one in list(self.given.items()):
            if not one.taken:
                continue
            one.deaths += 1
            one.taken = False
            if one.deaths >= TRIES:
                poison.append(one.thing)
                del self.given[serial]
            else:
                occupied += one.is_set
        return Again(tuple(one.thing for one in self.given.values()), tuple(poison), occupied)

    def orders(self) -> Iterator[T]:
        """Yield what is not a set: few and small, so a queue's successor can be told of them."""
        return (one.thing for one in self.given.values() if not one.is_set)
