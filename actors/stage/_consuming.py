"""A stage's process as a consumer: subscriptions, batches, when to ask for more, and lost producers.

    subscribe ──> producer <── ask for all it may
    events ──> a batch ──> handle_events ──> ask for what is missing, when it is time

Source: https://hexdocs.pm/gen_stage/GenStage.html#c:handle_events/3
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from actors import naming, process, telemetry
from actors._coroutines import settled
from actors.exits import NOPROC, Exit, Reason, is_clean, means
from actors.outcomes import KEEP, Stop
from actors.pid import Pid, Ref
from actors.stage._steps import Steps, Stopped
from actors.stage.protocol import (
    TO_PRODUCER,
    Automatic,
    CancelMode,
    Demand,
    EndKind,
    Kind,
    Manual,
    SubscribeTo,
    Subscription,
)

__all__ = ["ALREADY_SUBSCRIBED", "Consuming"]

_EXCESS: telemetry.Event = ("actors", "stage", "excess")
_NOT_SUBSCRIBED: telemetry.Event = ("actors", "stage", "not_subscribed")
_STOPPING: telemetry.Event = ("actors", "stage", "stopping")

ALREADY_SUBSCRIBED = "already_subscribed"
"""Why a broadcast cancels the second subscription of a process, which lives on."""


@dataclass(slots=True)
class _Upstream:
    """One producer of this stage."""

    pid: Pid
    mode: CancelMode
    demand: Demand | None
    """`None` for manual demand."""


class Consuming(Steps):
    """The half of a stage's process that has producers."""

    kind: Kind

    def _start_consuming(self) -> None:
        self._upstream: dict[Ref, _Upstream] = {}
        self._queue: deque[tuple[str, Any]] = deque()
        """What a producer-consumer has got and not handled."""

    def _subscribe(self, current: object, to: SubscribeTo) -> tuple[str, object]:
        if self.kind == "producer":
            self._misused("a producer cannot be subscribed to another stage", to)
            return "error", "not_a_consumer"
        pid = naming.whereis(to.to)
        if pid is None:
            ref = Ref()
            if to.cancel != "temporary":
                self._report("error", _NOT_SUBSCRIBED, producer=to.to, reason=NOPROC)
                raise Stopped(Stop(NOPROC, reply=("ok", ref)))
            return "ok", ref
        peer = Subscription(pid, process.monitor(pid))
        self._tell_producer(peer, ("subscribe", current, to.options))
        match settled(self.callbacks.handle_subscribe("producer", to.options, peer, self.state)):
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
            self._report("error", _EXCESS, producer=peer.pid, count=demand.excess)
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
        if is_last and not means(reason, ALREADY_SUBSCRIBED):
            self._report("info", _STOPPING, producer=peer.pid, reason=reason)
            raise Stopped(Stop(reason))

    def _tell_producer(self, peer: Subscription, what: tuple[object, ...]) -> None:
        process.inform(peer.pid, (TO_PRODUCER, (self.me, peer.ref), what))
