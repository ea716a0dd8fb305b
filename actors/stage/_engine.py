"""The process of a stage: turns the messages of the protocol into calls of the stage's callbacks.

    producer:          ask ──> dispatcher ──> buffer ──> handle_demand ──> events ──> dispatcher
    producer-consumer: events ──> queue ──> (is somebody asking?) ──> handle_events ──> dispatcher
    consumer:          events ──> handle_events ──> ask for more

A stage is a `GenServer` whose callbacks are these, and which calls those of the user's class. So calls,
casts, replies, `debug`, the end of the parent and `terminate` are those of every server.

Whatever a callback returns has its effect at once, in the order of OTP: first the state, then the
events go out, then the reply. A `Stop` deep inside is raised to the one place that answers the server.

Source: https://hexdocs.pm/gen_stage/GenStage.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias, final

from actors import naming, process, telemetry
from actors._behaviour import me
from actors._envelopes import Asked, Caller
from actors.errors import BadArgument
from actors.exits import NOPROC, Exit, Reason, is_clean
from actors.gen_server import GenServer
from actors.messages import Down, Message
from actors.outcomes import (
    KEEP,
    NO_REPLY,
    Emit,
    Extra,
    Ignore,
    NoReply,
    Reply,
    Stop,
)
from actors.pid import Pid, Ref
from actors.stage.buffer import Buffer
from actors.stage.dispatchers import AlreadySubscribed, DemandDispatcher, Dispatcher
from actors.stage.protocol import (
    TO_CONSUMER,
    TO_PRODUCER,
    Automatic,
    CancelMode,
    Consumer,
    Demand,
    EndKind,
    Kind,
    Manual,
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

_ALREADY_SUBSCRIBED = "already_subscribed"
_REQUESTS = {DEMAND, ESTIMATE, INFO, STATS, SUBSCRIBE}


_Outcome: TypeAlias = NoReply[None] | Stop[object, None] | None


class _Stopped(Exception):
    """A callback wants the stage to end; raised to where the server is answered."""

    def __init__(self, outcome: Stop[object, None]) -> None:
        super().__init__()
        self.outcome = outcome


@dataclass(slots=True)
class _Upstream:
    """One producer of this stage."""

    pid: Pid
    mode: CancelMode
    demand: Demand | None
    """`None` for manual demand."""


@dataclass(slots=True)
class _Downstream:
    """One consumer of this stage."""

    pid: Pid
    monitor: Ref


@final
class Engine(GenServer[None]):
    """A stage's half of its process; the state and the class are the user's."""

    behaviour: ClassVar[str] = "gen_stage"

    def init(
        self, callbacks: Stage[Any], args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Ignore | Stop[Any, Any] | None:
        self.callbacks = callbacks
        self.state: object = None
        self.me = process.self()
        self._then: Extra = None
        self._reply: object = NO_REPLY
        self._upstream: dict[Ref, _Upstream] = {}
        self._downstream: dict[Ref, _Downstream] = {}
        self._monitors: dict[Ref, Ref] = {}
        """Which consumer a monitor is for."""
        self._held: deque[tuple[str, Any]] | None = None
        """Demand and events that are accumulated, `None` while demand is forwarded."""
        self._queue: deque[tuple[str, Any]] = deque()
        """What a producer-consumer has got and not handled."""
        self._open = 0
        """What its consumers have asked a producer-consumer for."""
        self._discarded = 0
        outcome = callbacks.init(*args, **kwargs)
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
        except _Stopped as stopped:
            return stopped.outcome
        return None

    # -- messages of the protocol -----------------------------------------------------------------

    def handle_info(self, message: Message, state: None) -> _Outcome:
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

    def _take_info(self, message: Message) -> None:
        self._take(self.callbacks.handle_info(message, self.state))

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

    def handle_cast(self, request: Message, state: None) -> _Outcome:
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
        except _Stopped as stopped:
            return stopped.outcome

    def _take_call(self, request: Message, caller: Caller) -> None:
        callbacks = self.callbacks
        calls = callbacks._otp_calls  # noqa: SLF001 - one class in two parts
        if type(request) is Asked and request[0] in calls:
            name, args, kwargs = request
            callbacks._otp_caller = caller  # noqa: SLF001 - the same
            outcome = calls[name](callbacks, self.state, *args, **kwargs)
            callbacks._otp_caller = None  # noqa: SLF001 - the same
        else:
            outcome = callbacks.handle_call(request, caller, self.state)
        match outcome:
            case Reply(value=value):
                self._keep(outcome.state, outcome.then)
                self._reply = value
            case Emit(reply=value) if value is not NO_REPLY:
                self._emit(outcome)
                self._reply = value
            case Stop():
                self._stop(outcome)
            case NoReply() | Emit():
                self._take(outcome)
            case _:
                raise Exit(("bad_return_value", outcome))

    def _take_cast(self, request: Message) -> None:
        callbacks = self.callbacks
        casts = callbacks._otp_casts  # noqa: SLF001 - one class in two parts
        if type(request) is Asked and request[0] in casts:
            name, args, kwargs = request
            self._take(casts[name](callbacks, self.state, *args, **kwargs))
        else:
            self._take(callbacks.handle_cast(request, self.state))

    def handle_continue(self, term: object, state: None) -> object:
        return self._step(self._take_continue, term)

    def _take_continue(self, term: object) -> None:
        self._take(self.callbacks.handle_continue(term, self.state))

    # -- what callbacks return --------------------------------------------------------------------

    def _step(self, what: Callable[..., None], *args: object) -> _Outcome:
        """Do one thing, and say to the server how it ended."""
        try:
            what(*args)
        except _Stopped as stopped:
            return stopped.outcome
        return self._rested()

    def _rested(self) -> NoReply[None] | None:
        then, self._then = self._then, None
        return None if then is None else NoReply(KEEP, then)

    def _take(self, outcome: object) -> None:
        """Do what the outcome of a callback says that answers nobody."""
        match outcome:
            case None:
                pass
            case NoReply():
                self._keep(outcome.state, outcome.then)
            case Emit() if outcome.reply is NO_REPLY:
                self._emit(outcome)
            case Stop() if outcome.reply is NO_REPLY:
                self._stop(outcome)
            case _:
                raise Exit(("bad_return_value", outcome))

    def _keep(self, state: object, then: Extra) -> None:
        if state is not KEEP:
            self.state = state
        if then is not None:
            self._then = then

    def _emit(self, outcome: Emit[object, object]) -> None:
        events = outcome.events
        if not isinstance(events, list | tuple | range):
            raise Exit(("bad_return_value", outcome))
        self._keep(outcome.state, outcome.then)
        self._dispatch(events if type(events) is list else [*events])

    def _stop(self, outcome: Stop[object, object]) -> NoReturn:
        if outcome.state is not KEEP:
            self.state = outcome.state
        raise _Stopped(Stop(outcome.reason, reply=outcome.reply))

    # -- a consumer's side ------------------------------------------------------------------------

    def _subscribe(self, current: object, to: SubscribeTo) -> tuple[str, object]:
        if self.kind == "producer":
            self._misused("a producer cannot be subscribed to another stage", to)
            return "error", "not_a_consumer"
        pid = naming.whereis(to.to)
        if pid is None:
            ref = Ref()
            if to.cancel != "temporary":
                self._report("error", "not_subscribed", producer=to.to, reason=NOPROC)
                raise _Stopped(Stop(NOPROC, reply=("ok", ref)))
            return "ok", ref
        peer = Subscription(pid, process.monitor(pid))
        self._tell_producer(peer, ("subscribe", current, to.options))
        match self.callbacks.handle_subscribe("producer", to.options, peer, self.state):
            case None | Automatic() as outcome:
                demand: Demand | None = Demand(to.min_demand, to.max_demand, to.max_demand)
                self._tell_producer(peer, ("ask", to.max_demand))
            case Manual() as outcome:
                demand = None
            case Stop() as outcome:
                self._stop(outcome)
            case outcome:
                raise Exit(("bad_return_value", outcome))
        self._upstream[peer.ref] = _Upstream(pid, to.cancel, demand)
        self._keep(KEEP if outcome is None else outcome.state, None)
        return "ok", peer.ref

    def _handle_events(self, events: list[object], peer: Subscription) -> None:
        """Handle events in batches, and ask for more after each as far as it is due."""
        upstream = self._upstream.get(peer.ref)
        handle = self.callbacks.handle_events
        if upstream is None or upstream.demand is None:
            # Demand is manual, or the producer is gone and these events have waited.
            self._take(handle(events, peer, self.state))
            return
        demand = upstream.demand
        batches = demand.batches(events)
        if demand.excess:
            self._report("error", "excess", producer=peer.pid, count=demand.excess)
        for batch, ask in batches:
            self._take(handle(batch, peer, self.state))
            if ask:
                self._tell_producer(peer, ("ask", ask))

    def _lose_producer(self, ref: Ref, kind: EndKind, reason: Reason) -> None:
        upstream = self._upstream.pop(ref, None)
        if upstream is None:
            return
        process.demonitor(ref, flush=True)
        lost = (upstream, kind, reason, Subscription(upstream.pid, ref))
        if self._queue:
            # Events that came before are handled before.
            self._queue.append(("lost", lost))
        else:
            self._cancelled(*lost)

    def _cancelled(
        self, upstream: _Upstream, kind: EndKind, reason: Reason, peer: Subscription
    ) -> None:
        self._take(self.callbacks.handle_cancel((kind, reason), peer, self.state))
        is_last = upstream.mode == "permanent" or (
            upstream.mode == "transient" and not is_clean(reason)
        )
        if is_last and not (isinstance(reason, str) and reason == _ALREADY_SUBSCRIBED):
            self._report("info", "stopping", producer=peer.pid, reason=reason)
            raise _Stopped(Stop(reason))

    def _tell_producer(self, peer: Subscription, what: tuple[object, ...]) -> None:
        process.send(peer.pid, (TO_PRODUCER, (self.me, peer.ref), what))

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
        match self.callbacks.handle_subscribe("consumer", options, peer, self.state):
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
            reason = _ALREADY_SUBSCRIBED if is_second else ("bad_opts", str(error))
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
                self._report("warning", "discarded", count=excess)
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
        process.send(peer.pid, (TO_CONSUMER, (self.me, peer.ref), what))

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

    def _misused(self, problem: str, what: object) -> None:
        self._report("error", "misused", problem=problem, message=what)

    def _report(self, level: str, event: str, **fields: object) -> None:
        who = {"pid": self.me, "name": me().name}
        telemetry.report(("actors", "stage", event), level, {**who, **fields})

    def terminate(self, reason: Reason, state: None) -> object:
        return self.callbacks.terminate(reason, self.state)

    def code_change(self, old_version: object, state: None, extra: object) -> None:
        self.state = self.callbacks.code_change(old_version, self.state, extra)

    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        shown = {**status, "state": self.state, "stage": self._stats()}
        return self.callbacks.format_status(shown)

    def system_get_state(self, state: None) -> object:
        return self.state

    def system_replace_state(self, function: Callable[[object], object], state: None) -> None:
        self.state = function(self.state)


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
