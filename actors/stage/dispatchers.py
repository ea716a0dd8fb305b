"""Which consumer gets which event, and how much a producer is asked for.

A dispatcher keeps the open demand of every consumer of one stage. The stage tells it of consumers that
come, go and ask, and it answers how much *new* demand that makes; the stage gives it events, and it
hands them to its *outlet* and returns those that nobody has asked for.

    ask ──> dispatcher ──> new demand ──> buffer, then `handle_demand`
    events ──> dispatcher ──> outlet ──> consumers
                         └──> what is left over ──> buffer

The demand of a consumer that goes is not taken back: the producer has been asked for it. It is
*pending*, and the next who asks is served from it first.

A dispatcher of one's own is any object with the functions of `Dispatcher`.

Source: https://hexdocs.pm/gen_stage/GenStage.Dispatcher.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, final
from zlib import crc32

from actors import telemetry
from actors.errors import BadArgument
from actors.messages import Message
from actors.stage.protocol import Subscription

__all__ = [
    "AlreadySubscribed",
    "BroadcastDispatcher",
    "DemandDispatcher",
    "Dispatcher",
    "Hash",
    "Outlet",
    "PartitionDispatcher",
]

Selector: TypeAlias = Callable[[object], object]
Hash: TypeAlias = Callable[[object], tuple[object, Hashable] | None]
"""Tells `(event, partition)` of an event, or `None` for an event that nobody is to get."""


class Outlet(Protocol):
    """What a dispatcher acts through; a stage has one."""

    def events(self, to: Subscription, events: list[object]) -> None:
        """Send events to a consumer."""

    def info(self, message: Message) -> None:
        """Have the stage handle a message that has waited for its place among the events."""

    def ask_again(self, to: Subscription, count: int) -> None:
        """Have the stage count events that a consumer did not want as asked for once more."""


class Dispatcher(Protocol):
    """What a stage asks of a dispatcher; all of it in the stage's process.

    Source: https://hexdocs.pm/gen_stage/GenStage.Dispatcher.html#callbacks
    """

    def open(self, outlet: Outlet) -> None:
        """Begin, for a stage that has no consumers yet."""

    def subscribe(self, options: Mapping[str, object], to: Subscription) -> int:
        """Take a consumer in.

        Returns:
            How many events to ask the producer for.

        Raises:
            BadArgument: The options are not accepted; the subscription is cancelled with
                `("bad_opts", text)`, or `"already_subscribed"`.
        """

    def cancel(self, to: Subscription) -> int:
        """Forget a consumer; return how many events to ask the producer for."""

    def ask(self, count: int, to: Subscription) -> int:
        """Note that a consumer wants more; return how many events to ask the producer for."""

    def dispatch(self, events: list[object]) -> list[object]:
        """Send events to whom they belong; return those that nobody has asked for."""

    def info(self, message: Message) -> None:
        """Let a message through, when the events before it have gone out."""


class AlreadySubscribed(BadArgument):
    """A process wants the same events twice, which a broadcast refuses; its first subscription stays."""


# -- to the neediest -------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Open:
    """One consumer and its open demand."""

    to: Subscription
    count: int = 0
    selector: Selector | None = None


@final
class DemandDispatcher:
    """Sends each batch to the consumer with the largest open demand; the default.

    All consumers should have the same `max_demand`, or the greedy ones get most of it.

    Args:
        max_demand: What no consumer should ask for more than, at once; one that does is reported. By
            default what was asked for first.

    Source: https://hexdocs.pm/gen_stage/GenStage.DemandDispatcher.html
    """

    def __init__(self, *, max_demand: int | None = None) -> None:
        self._max = max_demand
        self._open: list[_Open] = []
        """The largest demand first; of equal ones whoever has it longer."""
        self._pending = 0

    def open(self, outlet: Outlet) -> None:
        """Begin."""
        self._outlet = outlet

    def subscribe(self, options: Mapping[str, object], to: Subscription) -> int:
        """Take a consumer in; it has asked for nothing yet."""
        self._open.append(_Open(to))
        return 0

    def cancel(self, to: Subscription) -> int:
        """Forget a consumer; what it has asked for will come and belong to others."""
        self._pending += self._take_out(to).count
        return 0

    def ask(self, count: int, to: Subscription) -> int:
        """Note what a consumer asks for; return what of it is not on its way already."""
        if self._max is None:
            self._max = count
        elif count > self._max:
            fields = {"pid": to.pid, "demand": count, "max_demand": self._max}
            telemetry.report(("actors", "stage", "greedy"), "warning", fields)
        one = self._take_out(to)
        one.count += count
        self._put_in(one)
        already = min(self._pending, count)
        self._pending -= already
        return count - already

    def dispatch(self, events: list[object]) -> list[object]:
        """Send events to the neediest, then to the next; return what is left over."""
        start, size = 0, len(events)
        while start < size and self._open and self._open[0].count:
            one = self._open.pop(0)
            batch = events[start : start + one.count]
            start += len(batch)
            one.count -= len(batch)
            self._outlet.events(one.to, batch)
            self._put_in(one)
        self._pending = max(self._pending - (size - start), 0)
        return events[start:]

    def info(self, message: Message) -> None:
        """Let a message through at once."""
        self._outlet.info(message)

    def _take_out(self, to: Subscription) -> _Open:
        for index, one in enumerate(self._open):
            if one.to.ref is to.ref:
                return self._open.pop(index)
        return _Open(to)

    def _put_in(self, one: _Open) -> None:
        for index, other in enumerate(self._open):
            if one.count > other.count:
                self._open.insert(index, one)
                return
        self._open.append(one)


# -- to everybody ----------------------------------------------------------------------------------


@final
class BroadcastDispatcher:
    """Sends every event to every consumer, when all of them have asked for it.

    So the slowest consumer sets the pace. A consumer may subscribe with `selector=function`: it gets the
    events for which that is true, and others do not count as asked for. A process can subscribe once.

    The first consumer may get events before the second has subscribed: start the producer with
    `demand="accumulate"` to have all of them see all.

    Source: https://hexdocs.pm/gen_stage/GenStage.BroadcastDispatcher.html
    """

    def __init__(self) -> None:
        self._open: list[_Open] = []
        """Of each consumer what it has asked for beyond what all have."""
        self._common = 0
        """What all have asked for and not got."""
        self._asked = 0
        """What the producer was asked for and has not sent."""

    def open(self, outlet: Outlet) -> None:
        """Begin."""
        self._outlet = outlet

    def subscribe(self, options: Mapping[str, object], to: Subscription) -> int:
        """Take a consumer in, unless its process is one already."""
        selector = options.get("selector")
        if selector is not None and not callable(selector):
            raise BadArgument("selector", selector, "a function of one event")
        if any(one.to.pid is to.pid for one in self._open):
            raise AlreadySubscribed("subscription", to.pid, "one subscription of a process")
        # It has asked for nothing, so nothing is common any more.
        self._share(-self._common)
        self._common = 0
        self._open.insert(0, _Open(to, 0, selector))
        return 0

    def cancel(self, to: Subscription) -> int:
        """Forget a consumer; the others may have waited for it."""
        self._open = [one for one in self._open if one.to.ref is not to.ref]
        if not self._open:
            self._common = 0
            return 0
        return self._new_demand()

    def ask(self, count: int, to: Subscription) -> int:
        """Note what a consumer asks for; return what all have asked for and nobody has passed on."""
        for one in self._open:
            if one.to.ref is to.ref:
                one.count += count
        return self._new_demand()

    def dispatch(self, events: list[object]) -> list[object]:
        """Send to all what all have asked for; return the rest."""
        if not self._common:
            return events
        now, later = events[: self._common], events[self._common :]
        self._common -= len(now)
        self._asked -= len(now)
        for one in self._open:
            # A list each: what one of them does to it is not the others' business.
            wanted = now[:] if one.selector is None else [e for e in now if one.selector(e)]
            if len(wanted) < len(now):
                self._outlet.ask_again(one.to, len(now) - len(wanted))
            if wanted:
                self._outlet.events(one.to, wanted)
        return later

    def info(self, message: Message) -> None:
        """Let a message through at once."""
        self._outlet.info(message)

    def _new_demand(self) -> int:
        least = max(min((one.count for one in self._open), default=0), 0)
        self._share(least)
        self._common += least
        new = max(self._common - self._asked, 0)
        self._asked += new
        return new

    def _share(self, count: int) -> None:
        for one in self._open:
            one.count -= count


# -- each to its own -------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Partition:
    """One partition: its consumer, if there is one, and what it has asked for or is held for it."""

    to: Subscription | None = None
    open: int = 0
    held: deque[object] = field(default_factory=deque)
    fresh: list[object] = field(default_factory=list)
    """What the dispatch that is going on has for it."""


@final
class _Info:
    """A message that stands among the events held for some partitions, until all have let it through."""

    __slots__ = ("left", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.left = 0


@final
class PartitionDispatcher:
    """Sends each event to the consumer of its partition.

    A consumer subscribes with `partition=name`; a partition has one. Events for a partition whose
    consumer has asked for nothing, or is not there yet, are held for it. The producer does not know who
    asks, so one busy partition among idle ones may hold many.

    Args:
        partitions: How many, named 0, 1, 2 and so on; or their names.
        hash: Tells `(event, partition)` of an event, or `None` to drop it. By default the CRC of the
            event's `repr` decides, which is the same in every run.

    Raises:
        BadArgument: The partitions are not accepted, or are not numbers and there is no `hash`.

    Source: https://hexdocs.pm/gen_stage/GenStage.PartitionDispatcher.html
    """

    def __init__(self, partitions: int | Iterable[Hashable], *, hash: Hash | None = None) -> None:
        accepted = "a number of partitions, 1 or more, or their names"
        if isinstance(partitions, bool) or not isinstance(partitions, int | Iterable):
            raise BadArgument("partitions", partitions, accepted)
        names = list(range(partitions) if isinstance(partitions, int) else partitions)
        if not names:
            raise BadArgument("partitions", partitions, accepted)
        if hash is None and not all(isinstance(name, int) for name in names):
            raise BadArgument("hash", None, "a function, where partitions are not numbers")
        if hash is not None and not callable(hash):
            raise BadArgument("hash", hash, "a function of one event")
        self._partitions: dict[Hashable, _Partition] = {name: _Partition() for name in names}
        self._names = names
        self._hash = hash or self._spread
        self._waiting = 0
        """How many events the producer owes."""
        self._pending = 0

    def open(self, outlet: Outlet) -> None:
        """Begin."""
        self._outlet = outlet

    def subscribe(self, options: Mapping[str, object], to: Subscription) -> int:
        """Take the consumer of a partition in."""
        name = options.get("partition")
        accepted = f"a partition without a consumer, one of {self._names}"
        partition = self._partitions.get(name) if isinstance(name, Hashable) else None
        if "partition" not in options or partition is None or partition.to is not None:
            raise BadArgument("partition", name, accepted)
        partition.to = to
        return 0

    def cancel(self, to: Subscription) -> int:
        """Forget the consumer of a partition, and what was held for it: so much is asked for anew."""
        name, partition = self._of(to)
        self._partitions[name] = _Partition()
        self._pending += partition.open
        lost = 0
        for each in partition.held:
            if isinstance(each, _Info):
                self._let_through(each)
            else:
                lost += 1
        self._waiting += lost
        return lost

    def ask(self, count: int, to: Subscription) -> int:
        """Send what is held; note what is still open; return what is not on its way already."""
        _, partition = self._of(to)
        partition.open += count
        self._send_held(partition)
        already = min(self._pending, count)
        self._pending -= already
        self._waiting += count - already
        return count - already

    def dispatch(self, events: list[object]) -> list[object]:
        """Send each event to its partition, or hold it there; return what nobody has asked for."""
        index = 0
        for event in events:
            if not self._waiting:
                break
            index += 1
            self._sort(event)
        for partition in self._partitions.values():
            fresh, partition.fresh = partition.fresh, []
            if fresh:
                partition.held.extend(fresh)
                self._send_held(partition)
        return events[index:]

    def info(self, message: Message) -> None:
        """Let a message through when every event before it has gone out."""
        info = _Info(message)
        for partition in self._partitions.values():
            if partition.held:
                partition.held.append(info)
                info.left += 1
        if not info.left:
            self._outlet.info(message)

    def _sort(self, event: object) -> None:
        match self._hash(event):
            case None:
                return
            case (event, Hashable() as name) if name in self._partitions:
                self._partitions[name].fresh.append(event)
                self._waiting -= 1
            case (_, name):
                raise BadArgument("partition of an event", name, f"one of {self._names}")
            case other:
                raise BadArgument("answer of hash", other, "(event, partition), or None")

    def _send_held(self, partition: _Partition) -> None:
        """Send what is held as far as it is asked for, infos in their places."""
        held = partition.held
        batch: list[object] = []
        while held and (partition.open or isinstance(held[0], _Info)):
            each = held.popleft()
            if isinstance(each, _Info):
                self._send(partition, batch)
                batch = []
                self._let_through(each)
            else:
                batch.append(each)
                partition.open -= 1
        self._send(partition, batch)

    def _send(self, partition: _Partition, batch: list[object]) -> None:
        if batch and partition.to is not None:
            self._outlet.events(partition.to, batch)

    def _let_through(self, info: _Info) -> None:
        info.left -= 1
        if not info.left:
            self._outlet.info(info.message)

    def _of(self, to: Subscription) -> tuple[Hashable, _Partition]:
        for name, partition in self._partitions.items():
            if partition.to is not None and partition.to.ref is to.ref:
                return name, partition
        raise BadArgument("subscription", to, "one of this dispatcher's")

    def _spread(self, event: object) -> tuple[object, Hashable]:
        if type(event).__repr__ is object.__repr__:
            raise BadArgument("event", event, "one whose repr tells its value, or give a hash")
        number = crc32(repr(event).encode("utf-8", "surrogatepass"))
        return event, self._names[number % len(self._names)]
