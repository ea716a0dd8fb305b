"""Stages: events through producer, producer-consumer and consumer, beside GenStage on the BEAM.

GenStage is no part of Elixir: `GEN_STAGE_EBIN` names a folder with the compiled package, and without it
the row has no such reference.
"""

from __future__ import annotations

from actors import Pid, process, receive, send
from actors.outcomes import Emit
from actors.stage import Consumer, Producer, ProducerConsumer, Stage, SubscribeTo, Subscription
from tests.bench.measures import Elixir, Measure, clocked, in_process, started

__all__ = ["ROWS"]

BATCH = 1000


class Numbers(Stage[int]):
    """As many numbers as are asked for."""

    def init(self) -> Producer[int]:
        return Producer(0)

    def handle_demand(self, demand: int, state: int) -> Emit[object, int]:
        return Emit(range(state, state + demand), state + demand)


class Doubler(Stage[None]):
    """Each number doubled."""

    def init(self, to: SubscribeTo) -> ProducerConsumer[None]:
        return ProducerConsumer(None, [to])

    def handle_events(
        self, events: list[int], peer: Subscription, state: None
    ) -> Emit[object, None]:
        return Emit([2 * event for event in events])


class Counter(Stage[int]):
    """Tells when it has got so many."""

    def init(self, boss: Pid, count: int) -> Consumer[int]:
        self.boss = boss
        return Consumer(count)

    def handle_events(
        self, events: list[int], peer: Subscription, state: int
    ) -> Emit[object, int] | None:
        left = state - len(events)
        if left <= 0:
            send(self.boss, "done")
            process.sleep(None)
        return Emit([], left)


def batched(to: Pid) -> SubscribeTo:
    return SubscribeTo(to, max_demand=2 * BATCH, min_demand=BATCH)


def _stages(scale: int) -> float:
    count = 2_000_000 * scale // 100
    doubler = started(Doubler.start(batched(started(Numbers.start()))))
    counter = started(Counter.start(process.self(), count))

    def loop() -> None:
        Stage.sync_subscribe(counter, batched(doubler))
        receive()

    return clocked(count, loop)


ROWS = (
    Measure(
        "stages",
        in_process(_stages),
        {"beam": Elixir("stage.exs", "stages"), "limit": 1e6 / 300_000},
    ),
)
