"""The process of a stage: turns the messages of the protocol into calls of the stage's callbacks.

    producer:          ask ──> dispatcher ──> buffer ──> handle_demand ──> events ──> dispatcher
    producer-consumer: events ──> queue ──> (is somebody asking?) ──> handle_events ──> dispatcher
    consumer:          events ──> handle_events ──> ask for more

A stage is a `GenServer` whose callbacks are these, and which calls those of the user's class, as `_steps`
tells. So calls, casts, replies, `debug`, the end of the parent and `terminate` are those of every server.

Source: https://hexdocs.pm/gen_stage/GenStage.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from actors import process, telemetry
from actors._coroutines import settled
from actors._envelopes import Caller
from actors.errors import BadArgument
from actors.exits import Exit, Reason
from actors.messages import Down, Message
from actors.outcomes import (
    KEEP,
    NO_REPLY,
    Ignore,
    NoReply,
    Reply,
    Stop,
)
from actors.pid import Pid, Ref
from actors.stage._consuming import ALREADY_SUBSCRIBED, Consuming
from actors.stage._steps import Outcome, Stopped
from actors.stage.buffer import Buffer
from actors.stage.dispatchers import AlreadySubscribed, DemandDispatcher, Dispatcher
from actors.stage.protocol import (
    TO_CONSUMER,
    TO_PRODUCER,
    Automatic,
    Consumer,
    EndKind,
    Kind,
    Producer,
    ProducerConsumer,
    StageStats,
    SubscribeTo,
    Subscription,
    producers_of,
)

if TYPE_CHECKING:
    from actors.stage.stage import Stage

__all__ = [
    "DEMAND",
    "ESTIMATE",
    "INFO",
    "STATS",
    "SUBSCRIBE",
    "Engine",
]

DEMAND = "$demand"
ESTIMATE = "$estimate_buffered_count"
INFO = "$info"
STATS = "$stats"
SUBSCRIBE = "$subscribe"
"""The tags of what the client half of `Stage` asks for."""

_DISCARDED: telemetry.Event = ("actors", "stage", "discarded")

_REQUESTS = {DEMAND, ESTIMATE, INFO, STATS, SUBSCRIBE}


@dataclass(slots=True)
class _Downstream:
    """One consumer of this stage."""

    pid: Pid
    monitor: Ref


@final
class Engine(Consuming):
    """A stage's half of its process; the state and the class are the user's."""

    behaviour: ClassVar[str] = "gen_stage"

    def init(
        self, callbacks: Stage[Any], args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Ignore | Stop[Any, Any] | None:
        self._start_with(callbacks)
        self._start_consuming()
        self._downstream: dict[Ref, _Downstream] = {}
        self._monitors: dict[Ref, Ref] = {}
        """Which consumer a monitor is for."""
        self._held: deque[tuple[str, Any]] | None = None
        """Demand and events that are accumulated, `None` while demand is forwarded."""
        self._open = 0
        """What its consumers have asked a producer-consumer for."""
        self._discarded = 0
        outcome = settled(callbacks.init(*args, **kwargs))
        match outcome:
            case Producer() | ProducerConsumer() | Consumer():
                return self._begin(outcome)
            case Ignore() | Stop():
                return outcome
            case _:
                raise Exit(("bad_return_value", outcome))

    def _begin(
        self, outcome: Producer[object] | ProducerConsumer[object] | Consumer[object]
    ) -> Stop[Any, Any] | None:
        self.state = outcome.state
        self.kind: Kind = _KINDS[type(outcome)]
        if not isinstance(outcome, Consumer):
            self._buffer = Buffer(outcome.buffer_size, outcome.buffer_keep)
            self._dispatcher: Dispatcher = outcome.dispatcher or DemandDispatcher()
            self._dispatcher.open(self)
        if isinstance(outcome, Producer):
            self._held = deque() if outcome.demand == "accumulate" else None
            return None
        try:
            for each in producers_of(outcome.subscribe_to):
                self._subscribe(None, each)
        except Stopped as stopped:
            return stopped.outcome
        return None

    # -- messages of the protocol -----------------------------------------------------------------

    def handle_info(self, message: Message, state: None) -> Outcome:
        if type(message) is tuple and len(message) == 3:  # noqa: PLR2004 - tag, subscription, content
            match message:
                case (str() as tag, (Pid() as pid, Ref() as ref), what) if tag == TO_CONSUMER:
                    return self._step(self._from_producer, Subscription(pid, ref), what, message)
                case (str() as tag, (Pid() as pid, Ref() as ref), what) if tag == TO_PRODUCER:
                    return self._step(self._from_consumer, Subscription(pid, ref), what, message)
        elif type(message) is Down and type(message.ref) is Ref:
            if message.ref in self._upstream:
                return self._step(self._lose_producer, message.ref, "down", message.reason)
            if message.ref in self._monitors:
                ref = self._monitors[message.ref]
                return self._step(self._lose_consumer, ref, "down", message.reason)
        return self._step(self._take_info, message)

    def _from_producer(self, peer: Subscription, what: object, message: Message) -> None:
        match what:
            case _ if self.kind == "producer":
                self._misused("a producer received what is meant for consumers", message)
            case list() if peer.ref not in self._upstream:
                self._tell_producer(peer, ("cancel", "unknown_subscription"))
            case list() if self.kind == "consumer":
                self._handle_events(what, peer)
            case list():
                self._queue.append(("events", (what, peer)))
                self._take_queue()
            case ("cancel", reason):
                self._lose_producer(peer.ref, "cancel", reason)
            case _:
                self._take_info(message)

    def _from_consumer(self, peer: Subscription, what: object, message: Message) -> None:
        match what:
            case _ if self.kind == "consumer":
                self._misused("a consumer received what is meant for producers", message)
            case ("subscribe", current, Mapping() as options):
                self._take_in(peer, current, options, message)
            case ("ask", int() as count) if count >= 0:
                if peer.ref not in self._downstream:
                    self._tell_consumer(peer, ("cancel", "unknown_subscription"))
                elif count:
                    self._new_demand(self._dispatcher.ask(count, peer))
            case ("cancel", reason):
                self._lose_consumer(peer.ref, "cancel", reason)
            case _:
                self._take_info(message)

    # -- requests ---------------------------------------------------------------------------------

    def handle_call(self, request: Message, caller: Caller, state: None) -> object:
        if _is_ours(request):
            return self._answer(request)
        outcome = self._step(self._take_call, request, caller)
        value, self._reply = self._reply, NO_REPLY
        if value is NO_REPLY or isinstance(outcome, Stop):
            return outcome or NoReply()
        return Reply(value, KEEP, None if outcome is None else outcome.then)

    def handle_cast(self, request: Message, state: None) -> Outcome:
        if _is_ours(request):
            outcome = self._answer(request)
            return Stop(outcome.reason) if isinstance(outcome, Stop) else self._rested()
        return self._step(self._take_cast, request)

    def _answer(self, request: Message) -> Reply[object, None] | Stop[object, None]:
        try:
            match request:
                case (_, current, SubscribeTo() as to) if request[0] == SUBSCRIBE:
                    return Reply(self._subscribe(current, to))
                case (_, message) if request[0] == INFO:
                    self._place_info(message)
                    return Reply("ok")
                case (_, str() as mode) if request[0] == DEMAND:
                    return Reply(self._set_demand(mode))
                case (_,) if request[0] == DEMAND:
                    return Reply("forward" if self._held is None else "accumulate")
                case (_,) if request[0] == STATS:
                    return Reply(self._stats())
                case _:
                    return Reply(self._buffered())
        except Stopped as stopped:
            return stopped.outcome

    # -- a producer's side ------------------------------------------------------------------------

    def _take_in(
        self,
        peer: Subscription,
        current: object,
        options: Mapping[str, object],
        message: Message,
    ) -> None:
        if peer.ref in self._downstream:
            self._misused("a subscription that is there already", message)
            self._tell_consumer(peer, ("cancel", "duplicated_subscription"))
            return
        match current:
            case (Ref() as ref, reason):
                self._lose_consumer(ref, "cancel", reason)
        monitor = process.monitor(peer.pid)
        self._monitors[monitor] = peer.ref
        self._downstream[peer.ref] = _Downstream(peer.pid, monitor)
        match settled(self.callbacks.handle_subscribe("consumer", options, peer, self.state)):
            case None:
                pass
            case Automatic(state=state):
                self._keep(state, None)
            case Stop() as outcome:
                self._stop(outcome)
            case outcome:
                raise Exit(("bad_return_value", outcome))
        try:
            demand = self._dispatcher.subscribe(options, peer)
        except BadArgument as error:
            # The consumer's mistake: it is told, and the others' producer lives.
            is_second = isinstance(error, AlreadySubscribed)
            self._misused(str(error), message)
            reason = ALREADY_SUBSCRIBED if is_second else ("bad_opts", str(error))
            self._lose_consumer(peer.ref, "cancel", reason, is_known=False)
            return
        self._new_demand(demand)

    def _lose_consumer(
        self, ref: Ref, kind: EndKind, reason: Reason, *, is_known: bool = True
    ) -> None:
        downstream = self._downstream.pop(ref, None)
        if downstream is None:
            return
        peer = Subscription(downstream.pid, ref)
        del self._monitors[downstream.monitor]
        process.demonitor(downstream.monitor, flush=True)
        self._tell_consumer(peer, ("cancel", reason))
        self._take(self.callbacks.handle_cancel((kind, reason), peer, self.state))
        if is_known:
            self._new_demand(self._dispatcher.cancel(peer))

    def _new_demand(self, count: int) -> None:
        """Serve new demand from the buffer, and ask for the rest."""
        if self.kind == "producer_consumer":
            self._open += count
            self._drain(self._open)
            self._take_queue()
        else:
            self._serve(count)

    def _serve(self, count: int) -> None:
        left = self._drain(count)
        if not left:
            return
        if self._held is not None:
            self._held.append(("demand", left))
        else:
            self._take(self.callbacks.handle_demand(left, self.state))

    def _drain(self, count: int) -> int:
        """Send what is buffered, as far as it is asked for; return how much more is asked for."""
        while count > 0 and len(self._buffer):
            events, infos = self._buffer.take(count)
            count -= len(events)
            self._dispatch(events)
            for info in infos:
                self._dispatcher.info(info)
        return count

    def _dispatch(self, events: list[object]) -> None:
        """Send events to consumers; what nobody has asked for is buffered."""
        if not events:
            return
        if self.kind == "consumer":
            self._misused("a consumer cannot emit events", events)
            return
        if self._held is not None:
            self._held.append(("events", events))
            return
        left = self._dispatcher.dispatch(events)
        if self.kind == "producer_consumer":
            self._open = max(self._open - (len(events) - len(left)), 0)
        if left:
            self._store(left)

    def _store(self, events: Sequence[object]) -> None:
        excess, infos = self._buffer.store(events)
        if excess:
            self._discarded += excess
            if self.callbacks.format_discarded(excess, self.state):
                self._report("warning", _DISCARDED, count=excess)
        for info in infos:
            self._dispatcher.info(info)

    def _set_demand(self, mode: str) -> str:
        if self.kind != "producer":
            if (self.kind, mode) != ("producer_consumer", "forward"):
                self._misused("demand can be held by producers only", mode)
        elif mode == "accumulate":
            self._held = deque() if self._held is None else self._held
        elif self._held is not None:
            held, self._held = self._held, None
            for what, value in held:
                if what == "demand":
                    self._serve(value)
                else:
                    self._dispatch(value)
        return "ok"

    def _tell_consumer(self, peer: Subscription, what: object) -> None:
        process.inform(peer.pid, (TO_CONSUMER, (self.me, peer.ref), what))

    # The outlet of the dispatcher

    def events(self, to: Subscription, events: list[object]) -> None:
        self._tell_consumer(to, events)

    def info(self, message: Message) -> None:
        process.send(self.me, message)

    def ask_again(self, to: Subscription, count: int) -> None:
        process.send(self.me, (TO_PRODUCER, (to.pid, to.ref), ("ask", count)))

    # -- a producer-consumer's own ----------------------------------------------------------------

    def _take_queue(self) -> None:
        """Handle what has come, as long as somebody asks."""
        while self._open > 0 and self._queue:
            match self._queue.popleft():
                case ("events", (events, peer)):
                    self._handle_events(events, peer)
                case ("lost", lost):
                    self._cancelled(*lost)
                case (_, message):
                    self._buffer_info(message)

    def _place_info(self, message: Message) -> None:
        """Let a message through behind the events that are here already."""
        if self.kind == "consumer":
            process.send(self.me, message)
        elif self._queue:
            self._queue.append(("info", message))
        else:
            self._buffer_info(message)

    def _buffer_info(self, message: Message) -> None:
        if not self._buffer.store_info(message):
            self._dispatcher.info(message)

    # -- what people see --------------------------------------------------------------------------

    def _buffered(self) -> int:
        if self.kind == "consumer":
            self._misused("a consumer buffers nothing", "estimate_buffered_count")
            return 0
        return len(self._buffer)

    def _stats(self) -> StageStats:
        return StageStats(
            kind=self.kind,
            producers=tuple(each.pid for each in self._upstream.values()),
            consumers=tuple(each.pid for each in self._downstream.values()),
            buffered=0 if self.kind == "consumer" else len(self._buffer),
            waiting=sum(what == "events" for what, _ in self._queue),
            discarded=self._discarded,
        )


def _is_ours(request: Message) -> bool:
    """Tell whether a request is one of the client half's own."""
    return (
        type(request) is tuple
        and len(request) > 0
        and type(request[0]) is str
        and request[0] in _REQUESTS
    )


_KINDS: Mapping[type, Kind] = {
    Producer: "producer",
    ProducerConsumer: "producer_consumer",
    Consumer: "consumer",
}
