"""What it costs to live beside others: coroutines that await calls, and interpreters of their own.

The reference of an awaited call is the least that asyncio itself needs for a question and an answer: a
queue, a task that reads it, and a future for each answer.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Coroutine

from actors import Down, GenServer, Reply, Task, call, process, receive
from actors.asyncio_bridge import as_process, hosted
from tests.bench.measures import Figure, Measure, in_process, started

__all__ = ["ROWS"]


class Counter(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state, state)

    @call
    async def slowly(self, state: int) -> Reply[int, int]:
        await asyncio.sleep(0.3)
        return Reply(state, state)


def _on_a_loop(main: Callable[[int], Coroutine[object, object, float]]) -> Figure:
    return lambda scale: asyncio.run(main(scale))


async def _clocked(
    count: int,
    ask: Callable[[], Coroutine[object, object, object]],
    clock: Callable[[], float] = time.process_time,
) -> float:
    await ask()
    gc.collect()
    before = clock()
    for _ in range(count):
        await ask()
    return (clock() - before) / count * 1e6


async def _await_call(scale: int) -> float:
    async with hosted(held=None):
        pid = started(await as_process(Counter.start))
        return await _clocked(20_000 * scale // 100, lambda: as_process(Counter.value, pid))


async def _await_call_beside(scale: int) -> float:
    """The runtime is on a thread of its own: timed is what passes, on both sides."""
    pid = started(await as_process(Counter.start))
    count = 5_000 * scale // 100
    return await _clocked(count, lambda: as_process(Counter.value, pid), time.perf_counter)


async def _bare_by_the_wall(scale: int) -> float:
    return await _bare(scale, time.perf_counter)


async def _bare(scale: int, clock: Callable[[], float] = time.process_time) -> float:
    loop = asyncio.get_running_loop()
    questions: asyncio.Queue[asyncio.Future[int]] = asyncio.Queue()

    async def answers() -> None:
        while True:
            (await questions.get()).set_result(1)

    async def ask() -> int:
        future: asyncio.Future[int] = loop.create_future()
        questions.put_nowait(future)
        return await future

    server = asyncio.create_task(answers())
    value = await _clocked(20_000 * scale // 100, ask, clock)
    server.cancel()
    return value


async def _lag(scale: int) -> float:
    """How late a timer of the loop is, at most, while a hundred handlers await a slow process; in ms."""
    async with hosted(held=None):
        pid = started(await as_process(Counter.start))
        waiting = [asyncio.create_task(_slowly(pid)) for _ in range(max(2, scale))]
        late = 0.0
        for _ in range(max(5, 50 * scale // 100)):
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            late = max(late, time.perf_counter() - before - 0.001)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return late * 1e3


async def _slowly(pid: object) -> None:
    await as_process(Counter.slowly.within(None), pid)  # type: ignore[arg-type]


# -- an interpreter of its own ---------------------------------------------------------------------


def _rounds(scale: int) -> int:
    return max(1, 10 * scale // 100)


def _child(scale: int) -> float:
    """Start an interpreter, run a function in it, and have its result; in ms."""
    before = time.perf_counter()
    for _ in range(_rounds(scale)):
        assert Task.await_(Task.async_(abs, -1, host="process"), 60.0) == 1
    return (time.perf_counter() - before) / _rounds(scale) * 1e3


def _bare_child(scale: int) -> float:
    before = time.perf_counter()
    for _ in range(_rounds(scale)):
        child = multiprocessing.get_context("spawn").Process(target=abs, args=(-1,))
        child.start()
        child.join()
    return (time.perf_counter() - before) / _rounds(scale) * 1e3


def _child_kill(scale: int) -> float:
    """From the kill of a task whose child sleeps in C to its Down; the median, in us."""
    took = []
    for _ in range(_rounds(scale)):
        pid = Task.start(time.sleep, 600.0, host="process")
        ref = process.monitor(pid)
        while not _works():
            process.sleep(0.001)
        before = time.perf_counter()
        process.send_exit(pid, "kill")
        down = receive(Down)
        took.append((time.perf_counter() - before) * 1e6)
        assert isinstance(down, Down)
        assert down.ref is ref
        while multiprocessing.active_children():
            process.sleep(0.001)
    return sorted(took)[len(took) // 2]


def _works() -> bool:
    return any(child.pid not in {None, os.getpid()} for child in multiprocessing.active_children())


ROWS = (
    Measure("await_call", _on_a_loop(_await_call), {"asyncio": _on_a_loop(_bare)}, at_most=1.5),
    Measure(
        "await_beside", _on_a_loop(_await_call_beside), {"asyncio": _on_a_loop(_bare_by_the_wall)}
    ),
    Measure("loop_lag", _on_a_loop(_lag), {"limit": 20.0}, unit="ms", at_most=1.0),
    Measure("child", in_process(_child), {"multiprocessing": _bare_child}, unit="ms", rounds=2),
    Measure("child_kill", in_process(_child_kill), {"limit": 100_000.0}, rounds=2),
)
