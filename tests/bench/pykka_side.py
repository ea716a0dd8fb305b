"""pykka's side of the measures that it has; its actors are OS threads."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pykka

from tests.bench.measures import Figure, clocked, resident

__all__ = ["FIGURES", "Counter"]


class Counter(pykka.ThreadingActor):
    """The counter of `ours`, as pykka's users write it."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: object) -> int:
        if message == "add":
            self.count += 1
        return self.count


def _thread_call(scale: int) -> float:
    return _call(scale, time.perf_counter)


def _call(scale: int, clock: Callable[[], float] = time.process_time) -> float:
    actor = Counter.start()
    count = 10_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.ask("value")

    actor.ask("value")
    return clocked(count, loop, clock)


def _cast(scale: int) -> float:
    actor = Counter.start()
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.tell("add")
        actor.ask("value")

    return clocked(count, loop)


def _start_stop(scale: int) -> float:
    count = 2_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.start().stop()

    return clocked(count, loop)


def _memory(scale: int) -> float:
    count = 2_000 * scale // 100

    gc.collect()
    before = resident()
    actors = [Counter.start() for _ in range(count)]
    size = (resident() - before) / count
    actors[-1].ask("value")
    return size


FIGURES: dict[str, Figure] = {
    "call": _call,
    "cast": _cast,
    "start_stop": _start_stop,
    "memory": _memory,
    "thread_call": _thread_call,
}
