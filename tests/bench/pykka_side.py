"""pykka's side of the measures that it has; its actors are OS threads."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import pykka

from tests.bench.measures import Figure, clocked, resident

__all__ = ["BY_THE_WALL", "FIGURES", "MANY", "Counter"]

MANY = 2_000
"""So many threads may live at the same time on most machines."""


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


Clock: TypeAlias = Callable[[], float]


def _call(scale: int, clock: Clock = time.process_time) -> float:
    actor = Counter.start()
    count = 10_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.ask("value")

    actor.ask("value")
    return clocked(count, loop, clock)


def _cast(scale: int, clock: Clock = time.process_time) -> float:
    actor = Counter.start()
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.tell("add")
        actor.ask("value")

    return clocked(count, loop, clock)


def _start_stop(scale: int, clock: Clock = time.process_time) -> float:
    count = 2_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.start().stop()

    return clocked(count, loop, clock)


def _start_many(scale: int, clock: Clock = time.process_time) -> float:
    """Start many that live at the same time; stop them all."""
    count = MANY * scale // 100

    def loop() -> None:
        refs = [Counter.start() for _ in range(count)]
        for ref in refs:
            ref.stop()

    return clocked(count, loop, clock)


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
    "thread_call": partial(_call, clock=time.perf_counter),
}

BY_THE_WALL: dict[str, Figure] = {
    name: partial(figure, clock=time.perf_counter)
    for name, figure in {
        "call": _call,
        "cast": _cast,
        "start_stop": _start_stop,
        "start_many": _start_many,
    }.items()
}
"""In the time that passes, for rows of which one side waits for threads: then both are timed like this."""
