"""What happens to the others when one output of three is not read any more: two answers.

`Threads` is a small compositor as most are built: a renderer thread that puts each picture into the
bounded queue of every output, one after the other, and waits where one is full. Ours has credit
instead. Both get the same ticks and outputs; after a third of the time one output stops taking, and
after two thirds it dies.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from actors import GenServer, Message, process, run
from examples.smelter import control, tree
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import SECOND, Framerate
from examples.smelter.queue_words import Saved
from examples.smelter.requests import OutputPlan, OutputSpec, Settings, VideoPart
from examples.smelter.scene import View
from examples.smelter.wire import video_end_of
from tests.examples.smelter.rigs import WATCHER, Eye, Saw

__all__ = ["Result", "compared"]

RATE = 50
NAMES = ("one", "stuck", "two")


@dataclass(frozen=True, slots=True)
class Result:
    """What the two outputs that are read have got."""

    share: float
    """Of the ticks that were due."""
    p99: float
    """Lateness in milliseconds."""
    worst: float


def _result(arrivals: dict[str, list[tuple[int, float]]], started: float, seconds: float) -> Result:
    late = sorted(
        (at - started - tick / RATE) * 1000
        for name in ("one", "two")
        for tick, at in arrivals.get(name, [])
    )
    due = 2 * RATE * seconds
    return Result(min(1.0, len(late) / due), late[len(late) * 99 // 100], late[-1])


# -- threads and blocking sends --------------------------------------------------------------------


class Threads:
    """A renderer and an encoder for each output, each a thread."""

    def __init__(self) -> None:
        self.channels: dict[str, queue.Queue[int]] = {name: queue.Queue(5) for name in NAMES}
        self.arrivals: dict[str, list[tuple[int, float]]] = {name: [] for name in NAMES}
        self.is_stuck = threading.Event()
        self.is_over = threading.Event()

    def render(self, started: float) -> None:
        tick = 0
        while not self.is_over.is_set():
            wait = started + tick / RATE - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            for name, channel in self.channels.items():
                # As a blocking send has it: until there is room, whatever becomes of the others.
                while not self.is_over.is_set():
                    try:
                        channel.put(tick, timeout=0.05)
                        break
                    except queue.Full:
                        continue
                self.arrivals[name].append((tick, time.monotonic()))
            tick += 1

    def encode(self, name: str) -> None:
        while not self.is_over.is_set():
            if name == "stuck" and self.is_stuck.is_set():
                return
            try:
                self.channels[name].get(timeout=0.05)
            except queue.Empty:
                continue

    def run(self, seconds: float) -> Result:
        started = time.monotonic()
        threads = [threading.Thread(target=self.render, args=(started,))]
        threads += [threading.Thread(target=self.encode, args=(name,)) for name in NAMES]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 3)
        self.is_stuck.set()
        time.sleep(2 * seconds / 3)
        self.is_over.set()
        for thread in threads:
            thread.join()
        return _result(self.arrivals, started, seconds)


# -- processes with credit -------------------------------------------------------------------------


class Watcher(GenServer[dict[str, list[tuple[int, float]]]]):
    """Notes what every output gets."""

    def init(self) -> dict[str, list[tuple[int, float]]]:
        return {}

    def handle_info(self, message: Message, state: dict[str, list[tuple[int, float]]]) -> None:
        if isinstance(message, Saw):
            state.setdefault(message.output, []).append((message.tick, message.at))


def _ours(seconds: float) -> Result:
    registered: dict[tuple[str, str], object] = {}
    for name in NAMES:
        spec = OutputSpec(Eye(stuck=name == "stuck"), VideoPart(64, 36, View()))
        registered["output", name] = OutputPlan(name, spec)

    def body() -> Result:
        from actors import debug

        process.trap_exit(True)
        watcher = Watcher.start_link(name=WATCHER)
        tree.start(Settings(Framerate(RATE)), registered)
        control.start()
        process.sleep(2 * seconds / 3)
        victim = process.whereis(video_end_of("stuck"))
        if victim is not None:
            process.send_exit(victim, "kill")
        process.sleep(seconds / 3)
        saved = Ledger.get(LEDGER, "queue")
        assert isinstance(saved, Saved)
        started = (saved.origin + (saved.checkpoint.start or 0)) / SECOND
        seen = debug.get_state(watcher)
        assert isinstance(seen, dict)
        return _result(seen, started, seconds)

    kept: list[Result] = []
    run(lambda: kept.append(body()), held=None)
    return kept[0]


def compared(seconds: float) -> Iterator[tuple[str, Result]]:
    """Yield what each way gives to the two outputs that are read."""
    yield "threads, blocking sends", Threads().run(seconds)
    yield "processes, credit", _ours(seconds)
