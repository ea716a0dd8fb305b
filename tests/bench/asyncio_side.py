"""Bare asyncio's side: a Queue and a task for each actor, a Future for each reply, and no promises."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TypeAlias

from tests.bench.measures import Figure, resident

__all__ = ["FIGURES"]

Reply: TypeAlias = "asyncio.Future[int] | None"
Mail: TypeAlias = "asyncio.Queue[tuple[str, Reply]]"


async def _server(mail: Mail) -> None:
    count = 0
    while True:
        message, reply = await mail.get()
        if message == "add":
            count += 1
        elif message == "stop":
            return
        if reply is not None:
            reply.set_result(count)


def _start() -> tuple[Mail, asyncio.Task[None]]:
    mail: Mail = asyncio.Queue()
    return mail, asyncio.create_task(_server(mail))


async def _ask(mail: Mail) -> int:
    reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    mail.put_nowait(("value", reply))
    return await reply


def _on_a_loop(figure: Callable[[int], Coroutine[None, None, float]]) -> Figure:
    @wraps(figure)
    def run_it(scale: int) -> float:
        return asyncio.run(figure(scale))

    return run_it


def _now() -> float:
    gc.collect()
    return time.process_time()


def _since(before: float, count: int) -> float:
    return (time.process_time() - before) / count * 1e6


@_on_a_loop
async def _call(scale: int) -> float:
    mail, _ = _start()
    count = 20_000 * scale // 100
    await _ask(mail)
    before = _now()
    for _ in range(count):
        await _ask(mail)
    return _since(before, count)


@_on_a_loop
async def _cast(scale: int) -> float:
    mail, _ = _start()
    count = 100_000 * scale // 100
    before = _now()
    for _ in range(count):
        mail.put_nowait(("add", None))
    await _ask(mail)
    return _since(before, count)


@_on_a_loop
async def _start_stop(scale: int) -> float:
    count = 10_000 * scale // 100
    before = _now()
    for _ in range(count):
        mail, task = _start()
        mail.put_nowait(("stop", None))
        await task
    return _since(before, count)


@_on_a_loop
async def _fan_in(scale: int) -> float:
    mail, _ = _start()
    calls = 200 * scale // 100

    async def caller() -> None:
        for _ in range(calls):
            await _ask(mail)

    before = _now()
    await asyncio.gather(*[caller() for _ in range(100)])
    return _since(before, 100 * calls)


@_on_a_loop
async def _memory(scale: int) -> float:
    count = 100_000 * scale // 100
    gc.collect()
    before = resident()
    actors = [_start() for _ in range(count)]
    await asyncio.sleep(0)
    gc.collect()
    size = (resident() - before) / count
    await _ask(actors[-1][0])
    return size


@_on_a_loop
async def _task(scale: int) -> float:
    async def work() -> int:
        return 0

    count = 20_000 * scale // 100
    before = _now()
    for _ in range(count):
        await asyncio.create_task(work())
    return _since(before, count)


FIGURES: dict[str, Figure] = {
    "call": _call,
    "cast": _cast,
    "start_stop": _start_stop,
    "fan_in": _fan_in,
    "memory": _memory,
    "task": _task,
}
