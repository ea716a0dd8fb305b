"""The protocol of stages: who may send what to whom, and the words that stand for it.

All is plain messages, so that a process which is no `Stage` can take part.

From a consumer to a producer, `(TO_PRODUCER, (consumer, ref), request)`, where `ref` is fresh for each
subscription and best the consumer's monitor of the producer:

* `("subscribe", current, options)`: the consumer MUST send this first. `current` is `None`, or
  `(ref, reason)` of a subscription that is cancelled for the new one. The producer MUST monitor the
  consumer. A second one with the same `ref` MUST be answered by `("cancel", "duplicated_subscription")`.
* `("ask", count)`: the consumer MAY ask for more events at any time; what it asks for adds up. A
  producer that does not know `ref` MUST answer `("cancel", "unknown_subscription")`.
* `("cancel", reason)`: the consumer MAY go; the producer MUST answer with a cancel of the same reason,
  after which it sends nothing for `ref`.

From a producer to a consumer, `(TO_CONSUMER, (producer, ref), what)`:

* a list of events: the producer MUST NOT send more than was asked for. A consumer that does not know
  `ref` MUST answer `("cancel", "unknown_subscription")`.
* `("cancel", reason)`: the producer MAY end the subscription at any time. The consumer goes on or ends,
  as its mode says.

A stage that gets what is meant for the other kind reports and drops it.

Source: https://hexdocs.pm/gen_stage/GenStage.html#module-stage-protocol
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar, final
from typing import cast as typed

from actors.errors import ActorsError, BadArgument, shown
from actors.exits import Reason
from actors.naming import Address, Via
from actors.outcomes import KEEP, Keep, sealed
from actors.pid import Pid, Ref

if TYPE_CHECKING:
    from actors.stage.buffer import Keep as KeepEnd
    from actors.stage.dispatchers import Dispatcher

__all__ = [
    "TO_CONSUMER",
    "TO_PRODUCER",
    "Automatic",
    "CancelMode",
    "Consumer",
    "Demand",
    "DemandMode",
    "EndKind",
    "Kind",
    "Manual",
    "Producer",
    "ProducerConsumer",
    "StageError",
    "StageStats",
    "SubscribeTo",
    "Subscription",
]

S = TypeVar("S", covariant=True)

TO_PRODUCER: Final = "$gen_producer"
"""The tag of what a consumer sends to a producer."""
TO_CONSUMER: Final = "$gen_consumer"
"""The tag of what a producer sends to a consumer."""

Kind: TypeAlias = Literal["producer", "producer_consumer", "consumer"]
"""What a stage is."""
CancelMode: TypeAlias = Literal["permanent", "transient", "temporary"]
"""Whether a consumer ends with its subscription: always, unless that ended cleanly, never."""
EndKind: TypeAlias = Literal["cancel", "down"]
"""How a subscription ended: one side ended it, or the process at the other end has ended."""
DemandMode: TypeAlias = Literal["forward", "accumulate"]
"""Whether demand reaches `handle_demand` at once, or is held until the mode changes."""

_MAX_DEMAND = 1000
_BUFFER_SIZE = 10_000


class StageError(ActorsError):
    """A stage could not do what it was asked to do; it lives on as it was.

    Args:
        reason: `"not_a_consumer"` for a producer that was to subscribe to something.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the stage refused: {shown(self.reason)}"


class Subscription(NamedTuple):
    """One subscription, as either side sees it: who is at the other end, and which one it is."""

    pid: Pid
    """The stage at the other end."""
    ref: Ref
    """The same at both ends; what `Stage.sync_subscribe` returns."""


# -- what a consumer asks for ----------------------------------------------------------------------


@final
class SubscribeTo:
    """A producer to subscribe to, and how. Checked when made.

    Args:
        to: A pid, a name or a `Via`.
        max_demand: How many events may be on their way at most.
        min_demand: How few of them are left when more is asked for; half of `max_demand` by default. So
            events are handled in batches of at most `max_demand - min_demand`.
        cancel: `"permanent"`: the consumer ends when the subscription does; `"transient"`: only if it did
            not end cleanly; `"temporary"`: never.
        options: What else the producer's dispatcher takes (`selector`, `partition`), and whatever the
            `handle_subscribe` of both sides understand.

    Raises:
        BadArgument: An option is not accepted.

    Example:
        >>> SubscribeTo("numbers", max_demand=10).min_demand
        5

    Source: https://hexdocs.pm/gen_stage/GenStage.html#sync_subscribe/3
    """

    __slots__ = ("cancel", "max_demand", "min_demand", "options", "to")

    def __init__(
        self,
        to: Address,
        *,
        max_demand: int = _MAX_DEMAND,
        min_demand: int | None = None,
        cancel: CancelMode = "permanent",
        **options: object,
    ) -> None:
        if not isinstance(to, Pid | str | Via):
            raise BadArgument("to", to, "a pid, a registered name or a Via")
        self.to: Address = to
        self.max_demand = _whole("max_demand", max_demand, least=1)
        half = self.max_demand // 2
        given = half if min_demand is None else min_demand
        self.min_demand = _whole("min_demand", given, least=0, most=max_demand - 1)
        self.cancel: CancelMode = typed(
            "CancelMode", _one_of("cancel", cancel, ("permanent", "transient", "temporary"))
        )
        self.options: Mapping[str, object] = {
            **options,
            "max_demand": self.max_demand,
            "min_demand": self.min_demand,
            "cancel": self.cancel,
        }

    def __repr__(self) -> str:
        named = ", ".join(f"{key}={value!r}" for key, value in self.options.items())
        return f"SubscribeTo({self.to!r}, {named})"


@final
@dataclass(slots=True)
class Demand:
    """What one subscription has asked for and not got yet, for a consumer that asks by itself.

    Example:
        >>> demand = Demand(least=5, most=10, pending=10)
        >>> list(demand.batches(list(range(7))))
        [([0, 1, 2, 3, 4], 5), ([5, 6], 0)]
        >>> demand.pending
        8

    Source: https://hexdocs.pm/gen_stage/GenStage.html#module-demand
    """

    least: int
    """More is asked for when so many are left, or fewer."""
    most: int
    """How many are asked for together."""
    pending: int
    """How many are on their way."""
    excess: int = 0
    """How many came in the last list that nobody had asked for."""

    def batches(self, events: list[object]) -> Iterator[tuple[list[object], int]]:
        """Cut a list that has come into batches, each with what to ask for when it is handled.

        Args:
            events: What has come; it is cut, not changed.

        Yields:
            A batch, and how many events to ask for after it, perhaps none.

        Example:
            >>> list(Demand(least=0, most=2, pending=2).batches(["a", "b"]))
            [(['a', 'b'], 2)]

        Source: https://hexdocs.pm/gen_stage/GenStage.html#module-demand
        """
        owed = self.pending
        self.excess = max(len(events) - owed, 0)
        size = self.most - self.least
        cut = []
        for start in range(0, len(events), size):
            batch = events[start : start + size]
            # What nobody asked for does not count as an answer to what is asked for.
            counted = min(len(batch), owed)
            owed -= counted
            left, ask = self.pending - counted, 0
            if left <= self.least:
                left, ask = self.most, self.most - left
            self.pending = left
            cut.append((batch, ask))
        return iter(cut)


# -- what the callbacks of a stage return ----------------------------------------------------------


@final
@sealed
@dataclass(frozen=True, slots=True)
class Automatic(Generic[S]):
    """The outcome of a `handle_subscribe` that leaves demand to the stage."""

    state: S | Keep = KEEP
    """The next state; left out, it stays as it was."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class Manual(Generic[S]):
    """The outcome of a `handle_subscribe` of a consumer that will call `Stage.ask` itself."""

    state: S | Keep = KEEP
    """The next state; left out, it stays as it was."""


@final
@sealed
@dataclass(frozen=True, slots=True)
class Producer(Generic[S]):
    """The outcome of an `init` of a stage that makes events. Checked when made."""

    state: S
    """The first state."""
    demand: DemandMode = "forward"
    """`"accumulate"` holds demand and events until `Stage.demand(stage, "forward")`."""
    dispatcher: Dispatcher | None = None
    """Who gets which event; `DemandDispatcher()` by default. One of its own for each stage."""
    buffer_size: int | None = _BUFFER_SIZE
    """How many events that nobody asked for are kept; `None` for no limit."""
    buffer_keep: KeepEnd = "last"
    """Which of them stay when there are more: the `"first"` that came, or the `"last"`."""

    def __post_init__(self) -> None:
        _one_of("demand", self.demand, ("forward", "accumulate"))
        _check_output(self.dispatcher, self.buffer_size, self.buffer_keep)


@final
@sealed
@dataclass(frozen=True, slots=True)
class ProducerConsumer(Generic[S]):
    """The outcome of an `init` of a stage that makes events out of events. Checked when made.

    It asks for events when it subscribes and handles them when somebody has asked it for some.
    """

    state: S
    """The first state."""
    subscribe_to: Sequence[Address | SubscribeTo] = ()
    """Its producers."""
    dispatcher: Dispatcher | None = None
    """Who gets which event; `DemandDispatcher()` by default. One of its own for each stage."""
    buffer_size: int | None = None
    """How many events that nobody asked for are kept; `None` for no limit."""
    buffer_keep: KeepEnd = "last"
    """Which of them stay when there are more: the `"first"` that came, or the `"last"`."""

    def __post_init__(self) -> None:
        producers_of(self.subscribe_to)
        _check_output(self.dispatcher, self.buffer_size, self.buffer_keep)


@final
@sealed
@dataclass(frozen=True, slots=True)
class Consumer(Generic[S]):
    """The outcome of an `init` of a stage that takes events and makes none. Checked when made."""

    state: S
    """The first state."""
    subscribe_to: Sequence[Address | SubscribeTo] = ()
    """Its producers."""

    def __post_init__(self) -> None:
        producers_of(self.subscribe_to)


@final
@dataclass(frozen=True, slots=True)
class StageStats:
    """What a stage tells of itself."""

    kind: Kind
    """What it is."""
    producers: tuple[Pid, ...]
    """To whom it is subscribed."""
    consumers: tuple[Pid, ...]
    """Who is subscribed to it."""
    buffered: int
    """How many events wait for somebody to ask for them."""
    waiting: int
    """How many lists of events of its producers a producer-consumer has not handled yet."""
    discarded: int
    """How many events did not fit into the buffer since it was started."""


# -- checks ----------------------------------------------------------------------------------------


def producers_of(subscribe_to: object) -> list[SubscribeTo]:
    """Return the subscriptions that a stage begins with, or refuse them.

    Raises:
        BadArgument: It is no list or tuple of addresses and `SubscribeTo`.
    """
    accepted = "a list or tuple of addresses and SubscribeTo(address, …)"
    if not isinstance(subscribe_to, list | tuple):
        raise BadArgument("subscribe_to", subscribe_to, accepted)
    items: Iterable[object] = subscribe_to
    return [each if isinstance(each, SubscribeTo) else SubscribeTo(each) for each in items]  # type: ignore[arg-type] # what it refuses


def _check_output(dispatcher: object, buffer_size: object, buffer_keep: object) -> None:
    methods = ("open", "subscribe", "cancel", "ask", "dispatch", "info")
    is_class = isinstance(dispatcher, type)
    if dispatcher is not None and (
        is_class or not all(callable(getattr(dispatcher, name, None)) for name in methods)
    ):
        raise BadArgument("dispatcher", dispatcher, "an object with the functions of Dispatcher")
    if buffer_size is not None:
        _whole("buffer_size", buffer_size, least=0)
    _one_of("buffer_keep", buffer_keep, ("first", "last"))


def _whole(what: str, value: object, *, least: int, most: int | None = None) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadArgument(what, value, "a whole number")
    if value < least:
        raise BadArgument(what, value, f"a whole number equal to or greater than {least}")
    if most is not None and value > most:
        raise BadArgument(what, value, f"a whole number equal to or less than {most}")
    return value


def _one_of(what: str, value: object, accepted: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in accepted:
        return value
    raise BadArgument(what, value, " or ".join(map(repr, accepted)))
