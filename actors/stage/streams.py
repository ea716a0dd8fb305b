"""Iterables as producers, and producers as iterators.

    from_iterable(file) ──> a producer that takes the next elements when there is demand
    for event in stream([producer]): …   a consumer that asks for more as the loop goes on

Of `from_iterable` the iterator lives in the producer's process; what it waits for holds that one only if
it waits as a process does, or is asynchronous: then each element is awaited, as `actors.asyncio_bridge`
tells, and goes out as soon as it is there. In a coroutine, `iterate(stream, subscriptions)` of that room is
the way back. Of `stream` a consumer of its own does the asking, the *tap*: so whatever
comes late, when the loop has been left, is nobody's mail. It ends with the process that made it.

Source: https://hexdocs.pm/gen_stage/GenStage.html#stream/2
"""

from __future__ import annotations

from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, final
from typing import cast as typed

from actors import _behaviour, naming, process
from actors._behaviour import Server, StartOptions
from actors._coroutines import settled
from actors._envelopes import Caller
from actors.errors import BadArgument, CallFailed, NoProcess, ServerExited, StartError
from actors.exits import NOPROC, NORMAL, SHUTDOWN, Exit, Reason, is_clean, means
from actors.gen_server import GenServer
from actors.messages import Down, Message
from actors.naming import Address, Name
from actors.outcomes import Emit, NoReply, Stop
from actors.pid import Pid, Ref
from actors.stage._engine import Engine
from actors.stage.dispatchers import Dispatcher
from actors.stage.protocol import (
    Consumer,
    Demand,
    DemandMode,
    EndKind,
    Manual,
    Producer,
    SubscribeTo,
    Subscription,
    producers_of,
)
from actors.stage.stage import Stage

if TYPE_CHECKING:
    from actors.process import Host

__all__ = ["EventStream", "from_iterable", "stream"]

OnCancel: TypeAlias = Literal["continue", "stop"]


# -- iterables as producers ------------------------------------------------------------------------


def from_iterable(
    iterable: Iterable[object] | AsyncIterable[object],
    *,
    link: bool = True,
    name: Name | None = None,
    on_cancel: OnCancel = "continue",
    demand: DemandMode = "forward",
    dispatcher: Dispatcher | None = None,
    host: Host = None,
) -> Pid:
    """Start a producer of what an iterable yields. Waits until it is up.

    Runs in the caller. The iterable is handed over, not copied: nobody else may go on with it. The
    producer ends with `"normal"` when all has been sent, and with whatever the iterable raises.

    Args:
        iterable: Iterated in the producer's process, as events are asked for; one that is asynchronous is
            awaited there, element by element.
        link: Whether it is linked to the caller.
        name: A name to register, or a `Via`.
        on_cancel: `"stop"` to end when the last consumer goes; `"continue"` to wait for others.
        demand: `"accumulate"` to begin when `Stage.demand(producer, "forward")` says so.
        dispatcher: Who gets which event; `DemandDispatcher()` by default.
        host: `"thread"` for an OS thread of its own, for an iterable that blocks.

    Returns:
        The producer.

    Raises:
        BadArgument: It cannot be iterated, or an option is not accepted; nothing was started.
        StartError: The name is taken.

    Example:
        >>> from actors import run
        >>> def main():
        ...     numbers = from_iterable(range(10))
        ...     return sum(stream([SubscribeTo(numbers, cancel="transient")]))
        >>> run(main)
        45

    Source: https://hexdocs.pm/gen_stage/GenStage.html#from_enumerable/2
    """
    if not isinstance(iterable, Iterable | AsyncIterable):
        raise BadArgument("iterable", iterable, "what can be iterated")
    if not (isinstance(on_cancel, str) and on_cancel in {"continue", "stop"}):
        raise BadArgument("on_cancel", on_cancel, "'continue' or 'stop'")
    process.check_host(host)
    first: Producer[None] = Producer(None, demand, dispatcher)

    def make(parent: Pid) -> Server:
        args = (iterable, first, on_cancel == "stop")
        streamer = _Streamer() if isinstance(iterable, Iterable) else _Awaiter()
        return Engine._otp_make(_INITIAL_CALL, parent, (streamer, args, {}), {})  # noqa: SLF001 - as `Stage` does

    # Not through `start_link`, which would copy its arguments: an iterator has no copy.
    pid = _behaviour.start(make, _INITIAL_CALL, StartOptions(link, name, None, host))
    return typed("Pid", pid)


_INITIAL_CALL = f"{__name__}.from_iterable"


class _Source(Stage[None]):
    """What the producers of both kinds of iterables do about their consumers and their end."""

    def begin(self, *, stops: bool) -> None:
        self.stops = stops
        self.consumers: set[Ref] = set()

    def handle_subscribe(
        self, kind: str, options: Mapping[str, object], peer: Subscription, state: None
    ) -> None:
        self.consumers.add(peer.ref)

    def handle_cancel(
        self, reason: tuple[EndKind, Reason], peer: Subscription, state: None
    ) -> Stop[object, None] | None:
        self.consumers.discard(peer.ref)
        return Stop(NORMAL) if self.stops and not self.consumers else None

    def handle_info(self, message: Message, state: None) -> object:
        if message == _END:
            return Stop(NORMAL)
        return super().handle_info(message, state)


@final
class _Streamer(_Source):
    """The producer of an iterable."""

    def init(
        self, iterable: Iterable[object], first: Producer[None], stops: bool
    ) -> Producer[None]:
        self.begin(stops=stops)
        self.iterator: Iterator[object] | None = iter(iterable)
        return first

    def terminate(self, reason: Reason, state: None) -> None:
        if isinstance(self.iterator, Generator):
            self.iterator.close()

    def handle_demand(self, demand: int, state: None) -> Emit[object, None] | None:
        if self.iterator is None:
            return None
        events = list(islice(self.iterator, demand))
        if len(events) < demand:
            self.iterator = None
            # Behind what is buffered, so that all of it is sent before the end.
            Stage.async_info(process.self(), _END)
        return Emit(events)


@final
class _Awaiter(_Source):
    """The producer of an asynchronous iterable, whose elements go out one by one."""

    def init(
        self, iterable: AsyncIterable[object], first: Producer[None], stops: bool
    ) -> Producer[None]:
        self.begin(stops=stops)
        self.iterator: AsyncIterator[object] | None = aiter(iterable)
        self.owed = 0
        return first

    def terminate(self, reason: Reason, state: None) -> None:
        if isinstance(self.iterator, AsyncGenerator):
            settled(_closed(self.iterator))

    def handle_demand(self, demand: int, state: None) -> None:
        if not self.owed:
            # By a message, so that who comes and goes meanwhile is heard between two elements.
            process.send(process.self(), _MORE)
        self.owed += demand

    def handle_info(self, message: Message, state: None) -> object:
        if message != _MORE:
            return super().handle_info(message, state)
        element = _NOTHING if self.iterator is None else settled(_following(self.iterator))
        if element is _NOTHING:
            self.iterator = None
            Stage.async_info(process.self(), _END)
            return None
        self.owed -= 1
        if self.owed:
            process.send(process.self(), _MORE)
        return Emit([element])


async def _following(iterator: AsyncIterator[object]) -> object:
    return await anext(iterator, _NOTHING)


async def _closed(generator: AsyncGenerator[object, None]) -> None:
    await generator.aclose()


_END = "$end_of_stream"
_MORE = "$next_of_stream"
_NOTHING = object()


# -- producers as iterators ------------------------------------------------------------------------


def stream(
    subscriptions: Sequence[Address | SubscribeTo],
    *,
    demand: DemandMode = "forward",
    producers: Sequence[Address] | None = None,
) -> EventStream:
    """Return an iterator over the events of some producers, for the calling process.

    It asks for events as the loop goes on, and waits for them as a process does. When the loop has been
    left, `close` it (or use it in a `with`), so that the producers hear of it at once; otherwise they
    hear when it is collected or its process ends.

    A subscription that is permanent, the default, or transient makes the iterator raise at its end, as it
    would end a consumer; all events that came before are seen before. The iterator ends when no
    subscription is left.

    Args:
        subscriptions: The producers, as addresses or `SubscribeTo`.
        demand: What to set the demand of the producers to when all is subscribed.
        producers: Of whom to set the demand, if not of those: of the sources behind them.

    Returns:
        The iterator.

    Raises:
        BadArgument: The subscriptions or an option are not accepted.
        NoProcess: A producer is not there, and its subscription is not temporary.

    Example:
        >>> from actors import run
        >>> def main():
        ...     letters = SubscribeTo(from_iterable("abcdef"), max_demand=2, cancel="transient")
        ...     with stream([letters]) as events:
        ...         return [letter.upper() for letter in events]
        >>> run(main)
        ['A', 'B', 'C', 'D', 'E', 'F']

    Source: https://hexdocs.pm/gen_stage/GenStage.html#stream/2
    """
    wanted = producers_of(subscriptions)
    if not (isinstance(demand, str) and demand in {"forward", "accumulate"}):
        raise BadArgument("demand", demand, "'forward' or 'accumulate'")
    try:
        tap = _Tap.start(process.self(), wanted)
    except StartError as error:
        raise _ended(error.reason, "init_stream", wanted) from None
    for each in [one.to for one in wanted] if producers is None else producers:
        Stage.demand(each, demand)
    return EventStream(tap, wanted)


@final
class EventStream(Iterator[Any]):
    """What `stream` returns.

    Source: https://hexdocs.pm/gen_stage/GenStage.html#stream/2
    """

    def __init__(self, tap: Pid, subscriptions: list[SubscribeTo]) -> None:
        self._tap: Pid | None = tap
        self._subscriptions = subscriptions
        self._events: deque[object] = deque()

    def __next__(self) -> Any:  # noqa: ANN401 - events are whatever the producers make
        while not self._events:
            if self._tap is None:
                raise StopIteration
            match GenServer.call(self._tap, "next", None):
                case ("events", list() as events):
                    self._events.extend(events)
                case ("exit", why):
                    self.close()
                    raise _ended(why, "close_stream", self._subscriptions)
                case _:
                    self.close()
        return self._events.popleft()

    def close(self) -> None:
        """End the subscriptions and wait until that is done; harmless when it is closed already.

        Runs in the caller.

        Example:
            >>> from actors import run
            >>> def main():
            ...     events = stream([from_iterable("abc")])
            ...     first = next(events)
            ...     events.close()
            ...     return first, list(events)
            >>> run(main)
            ('a', [])

        Source: https://hexdocs.pm/gen_stage/GenStage.html#stream/2
        """
        tap, self._tap = self._tap, None
        self._events.clear()
        if tap is not None:
            with suppress(CallFailed):
                GenServer.stop(tap)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Wherever the collector runs: without waiting, and perhaps in nobody's turn.
        if self._tap is not None:
            with suppress(Exception, Exit):
                process.send_exit(self._tap, SHUTDOWN)


def _ended(why: Reason, function: str, subscriptions: list[SubscribeTo]) -> CallFailed:
    kind = NoProcess if means(why, NOPROC) else ServerExited
    return kind(why, "stream", None, None, ("GenStage", function), [subscriptions])


@final
class _Tap(Stage[None]):
    """The consumer behind a stream: holds what has come until the loop takes it."""

    def init(
        self, owner: Pid, subscriptions: list[SubscribeTo]
    ) -> Consumer[None] | Stop[object, None]:
        process.monitor(owner)
        self.ready: deque[tuple[object, ...]] = deque()
        self.demands: dict[Ref, tuple[Demand, SubscribeTo]] = {}
        self.waiting: Caller | None = None
        self.due: tuple[Subscription, int] | None = None
        """What to ask for when the batch that the loop has is done with."""
        there = [each for each in subscriptions if naming.whereis(each.to) is not None]
        if any(each.cancel != "temporary" for each in subscriptions if each not in there):
            return Stop(NOPROC)
        self.coming = deque(there)
        # The end of a subscription is told to the loop, in its turn, and ends it and not the tap.
        return Consumer(None, [SubscribeTo(e.to, **{**e.options, **_LASTING}) for e in there])  # type: ignore[arg-type]

    def handle_subscribe(
        self, kind: str, options: Mapping[str, object], peer: Subscription, state: None
    ) -> Manual[None]:
        to = self.coming.popleft()
        self.demands[peer.ref] = Demand(to.min_demand, to.max_demand, to.max_demand), to
        Stage.ask(peer, to.max_demand)
        return Manual()

    def handle_events(self, events: list[object], peer: Subscription, state: None) -> object:
        demand, _ = self.demands[peer.ref]
        self.ready.extend(("events", *each, peer) for each in demand.batches(events))
        return self.feed()

    def handle_cancel(
        self, reason: tuple[EndKind, Reason], peer: Subscription, state: None
    ) -> Stop[object, None] | None:
        _, to = self.demands.pop(peer.ref)
        _, why = reason
        if to.cancel == "permanent" or (to.cancel == "transient" and not is_clean(why)):
            self.ready.append(("exit", why))
        return self.feed()

    def handle_call(self, request: Message, caller: Caller, state: None) -> object:
        self.waiting = caller
        due, self.due = self.due, None
        if due is not None and due[0].ref in self.demands:
            Stage.ask(*due)
        return self.feed() or NoReply()

    def handle_info(self, message: Message, state: None) -> Stop[object, None] | None:
        return Stop(NORMAL) if isinstance(message, Down) else None

    def feed(self) -> Stop[object, None] | None:
        """Give the loop what it waits for, if it is there."""
        if self.waiting is None or (self.demands and not self.ready):
            return None
        caller, self.waiting = self.waiting, None
        match self.ready.popleft() if self.ready else ("done",):
            case ("events", batch, int() as ask, Subscription() as peer):
                self.due = (peer, ask)
                Stage.reply(caller, ("events", batch))
                return None
            case answer:
                Stage.reply(caller, answer)
                return Stop(NORMAL)


_LASTING: Mapping[str, object] = {"cancel": "temporary"}
