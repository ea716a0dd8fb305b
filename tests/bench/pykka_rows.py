"""pykka's actors on lightweight processes beside the same on pykka's threads, and a thread that asks a process.

All times here are those that pass, on both sides: threads that wait for each other work little and take long.
"""

from __future__ import annotations

import gc
import threading
import time

import pykka

from actors import process
from actors.pykka_bridge import ProcessActor, ProcessRef, ref_of, start_link
from tests.bench import pykka_side
from tests.bench.measures import Measure, clocked, in_process, resident

__all__ = ["ROWS"]

PROCESSES = 10_000


class Counter(ProcessActor):
    """The counter of `pykka_side`, with another base class."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: object) -> int:
        if message == "add":
            self.count += 1
        return self.count

    def value(self) -> int:
        return self.count


class ThreadCounter(pykka_side.Counter):
    """The same on a thread."""

    def value(self) -> int:
        return self.count


def _ask(scale: int) -> float:
    actor = Counter.start()
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.ask("value")

    actor.ask("value")
    return clocked(count, loop, time.perf_counter)


def _tell(scale: int) -> float:
    actor = Counter.start()
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            actor.tell("add")
        actor.ask("value")

    return clocked(count, loop, time.perf_counter)


def _proxy(kind: type[pykka.Actor], scale: int) -> float:
    proxy = kind.start().proxy()
    count = 10_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            proxy.value().get()

    loop()
    return clocked(count, loop, time.perf_counter)


def _start_stop(scale: int) -> float:
    count = 5_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.start().stop()

    return clocked(count, loop, time.perf_counter)


def _start_many(scale: int) -> float:
    """Start many that live at the same time; stop them all."""
    count = pykka_side.MANY * scale // 100

    def loop() -> None:
        refs = [Counter.start() for _ in range(count)]
        for ref in refs:
            ref.stop()

    return clocked(count, loop, time.perf_counter)


def _memory(scale: int) -> float:
    count = PROCESSES * scale // 100
    gc.collect()
    before = resident()
    refs = [Counter.start() for _ in range(count)]
    refs[-1].ask("value")
    gc.collect()
    return (resident() - before) / count


def _ask_from_thread(scale: int) -> float:
    """From an OS thread that is no process, into the loop."""
    actor = Counter.start()
    count = 5_000 * scale // 100
    took: list[float] = []

    def asks() -> None:
        actor.ask("value")
        before = time.perf_counter()
        for _ in range(count):
            actor.ask("value")
        took.append((time.perf_counter() - before) / count * 1e6)

    thread = threading.Thread(target=asks)
    thread.start()
    while not took:
        process.sleep(0.01)
    thread.join()
    return took[0]


def _ask_thread(scale: int) -> float:
    """From a process, to an unmodified actor on a thread, without holding the loop."""
    ref = ProcessRef.of(ref_of(start_link(pykka_side.Counter)))
    count = 5_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            ref.ask("value")

    ref.ask("value")
    took = clocked(count, loop, time.perf_counter)
    ref.stop()
    return took


_PYKKA = pykka_side.BY_THE_WALL

ROWS = (
    Measure("pykka_ask", in_process(_ask), {"pykka": _PYKKA["call"]}, aim=0.1),
    Measure("pykka_tell", in_process(_tell), {"pykka": _PYKKA["cast"]}),
    Measure(
        "pykka_proxy",
        in_process(lambda scale: _proxy(Counter, scale)),
        {"pykka": lambda scale: _proxy(ThreadCounter, scale)},
    ),
    Measure("pykka_start_stop", in_process(_start_stop), {"pykka": _PYKKA["start_stop"]}),
    Measure("pykka_start_many", in_process(_start_many), {"pykka": _PYKKA["start_many"]}),
    Measure(
        "pykka_memory", in_process(_memory), {"pykka": pykka_side.FIGURES["memory"]}, unit="bytes"
    ),
    Measure("pykka_ask_from_thread", in_process(_ask_from_thread), {"pykka": _PYKKA["call"]}),
    Measure("pykka_ask_of_thread", in_process(_ask_thread), {"pykka": _PYKKA["call"]}),
)
