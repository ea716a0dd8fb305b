"""pykka's side of the measures that it has: `python3 -m tests.bench.pykka_side NAME SCALE` prints one number."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pykka

__all__ = ["MEASURES"]


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


def _clocked(count: int, what: Callable[[], object]) -> float:
    gc.collect()
    before = time.perf_counter()
    what()
    return (time.perf_counter() - before) / count * 1e6


def _call(scale: int) -> float:
    actor = Counter.start()
    count = 10_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.ask("value")

    actor.ask("value")
    return _clocked(count, loop)


def _cast(scale: int) -> float:
    actor = Counter.start()
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.tell("add")
        actor.ask("value")

    return _clocked(count, loop)


def _start_stop(scale: int) -> float:
    count = 2_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.start().stop()

    return _clocked(count, loop)


def _memory(scale: int) -> float:
    count = 2_000 * scale // 100

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    gc.collect()
    before = resident()
    actors = [Counter.start() for _ in range(count)]
    size = (resident() - before) / count
    actors[-1].ask("value")
    return size


MEASURES: dict[str, Callable[[int], float]] = {
    "call": _call,
    "cast": _cast,
    "start_stop": _start_stop,
    "memory": _memory,
    "thread_call": _call,
}

if __name__ == "__main__":
    print(MEASURES[sys.argv[1]](int(sys.argv[2])))
    pykka.ActorRegistry.stop_all()
