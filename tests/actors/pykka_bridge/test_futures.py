"""Futures and events, waited for by processes, threads and coroutines."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import pykka
import pytest

from actors import NotInProcess, process, receive, run, send, spawn
from actors.asyncio_bridge import as_process, hosted
from actors.pykka_bridge import Event, ProcessActor, ProcessFuture
from tests.actors.probes import simulate

HOSTS: list[process.Host] = [None, None, "thread"]


class Slow(ProcessActor):
    def wait_for(self, event: Event) -> str:
        event.wait()
        return "done"

    def fail(self) -> None:
        raise ValueError("slow")


def test_a_get_in_a_process_lets_the_others_go_on() -> None:
    def main() -> list[object]:
        future: ProcessFuture[int] = ProcessFuture()
        boss = process.self()

        def other() -> None:
            send(boss, "the other goes on")
            future.set(7)

        spawn(other)
        return [future.get(), receive(timeout=0)]

    assert simulate(main) == [7, "the other goes on"]


def test_many_wait_for_one_future() -> None:
    def main() -> list[object]:
        future: ProcessFuture[int] = ProcessFuture()
        boss = process.self()
        for host in HOSTS:
            spawn(lambda: send(boss, future.get()), host=host)
        process.sleep(1.0)
        future.set(7)
        return [receive() for _ in range(3)]

    assert run(main) == [7, 7, 7]


def test_a_get_ends_with_its_time_on_the_clock_of_the_runtime() -> None:
    def main() -> float:
        with pytest.raises(pykka.Timeout, match=r"60\.0 seconds"):
            ProcessFuture[int]().get(timeout=60.0)
        return process.monotonic()

    assert simulate(main) == 60.0


def test_of_many_who_set_it_one_succeeds() -> None:
    future: ProcessFuture[int] = ProcessFuture()
    failed: list[int] = []
    barrier = threading.Barrier(4)

    def sets(number: int) -> None:
        barrier.wait()
        try:
            future.set(number)
        except queue.Full:
            failed.append(number)

    threads = [threading.Thread(target=sets, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {*failed, future.get()} == {0, 1, 2, 3}


def test_a_hook_is_called_once_though_two_get_at_the_same_time() -> None:
    def main() -> list[object]:
        calls: list[int] = []
        future: ProcessFuture[int] = ProcessFuture()

        def hook(_: float | None) -> int:
            process.sleep(1.0)
            calls.append(1)
            return 7

        future.set_get_hook(hook)
        boss = process.self()
        for _ in range(2):
            spawn(lambda: send(boss, future.get()))
        return [receive(), receive(), calls]

    assert simulate(main) == [7, 7, [1]]


def test_a_failure_does_not_replace_what_is_set() -> None:
    future: ProcessFuture[int] = ProcessFuture()
    future.set(7)
    future.fail(ValueError("late"))

    assert future.get() == 7


def test_an_awaited_call_of_a_proxy_leaves_the_event_loop_free() -> None:
    async def handler() -> list[object]:
        proxy = Slow.start().proxy()
        event = Event()
        turns: list[str] = []

        async def other() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            turns.append("the loop goes on")
            event.set()

        task = asyncio.ensure_future(other())
        answer = await proxy.wait_for(event)
        await task
        await proxy.actor_ref.stop(block=False)
        return [answer, turns]

    assert asyncio.run(handler()) == ["done", ["the loop goes on"]]


def test_on_the_very_loop_of_the_runtime_an_answer_is_awaited_and_never_waited_for() -> None:
    async def handler() -> list[object]:
        async with hosted():
            ref = Slow.start()
            event = Event()
            asyncio.get_running_loop().call_soon(event.set)
            got: list[object] = [await ref.proxy().wait_for(event)]
            with pytest.raises(NotInProcess, match="await it instead"):
                ref.ask("held up")
            return [*got, await as_process(ref.ask, "nothing")]

    assert asyncio.run(handler()) == ["done", None]


def test_what_is_made_of_futures_can_be_awaited_too() -> None:
    async def handler() -> list[object]:
        first: ProcessFuture[Any] = ProcessFuture()
        second: ProcessFuture[Any] = ProcessFuture()
        made: list[pykka.Future[Any]] = [
            first.map(lambda value: [*value, 0]),
            first.filter(lambda value: value > 1),
            first.reduce(lambda one, other: one + other),
            first.join(second),
        ]
        loop = asyncio.get_running_loop()
        loop.call_soon(first.set, [1, 2])
        loop.call_soon(second.set, 3)
        return [await future for future in made]

    assert asyncio.run(handler()) == [[1, 2, 0], [2], 3, [[1, 2], 3]]


def test_an_awaited_exception_is_raised_where_it_is_awaited() -> None:
    async def handler() -> None:
        ref = Slow.start()
        try:
            await ref.proxy().fail()
        finally:
            ref.stop()

    with pytest.raises(ValueError, match="slow"):
        asyncio.run(handler())


def test_a_hook_of_which_nothing_is_known_is_awaited_on_a_thread() -> None:
    event = threading.Event()

    async def handler() -> object:
        future: ProcessFuture[bool] = ProcessFuture()
        future.set_get_hook(event.wait)
        asyncio.get_running_loop().call_soon(event.set)
        return await future

    assert asyncio.run(handler()) is True


def test_a_cancelled_await_leaves_nothing_at_the_future() -> None:
    async def handler() -> ProcessFuture[int]:
        future: ProcessFuture[int] = ProcessFuture()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(_value(future), 0.01)
        return future

    future = asyncio.run(handler())
    assert future._latch is not None  # noqa: SLF001 - what it must not hold is inside
    assert future._latch._entered == []  # noqa: SLF001 - the same
    future.set(7)


async def _value(future: ProcessFuture[int]) -> int:
    return await future


def test_an_event_is_set_cleared_and_waited_for() -> None:
    def main() -> list[object]:
        event = Event()
        first = event.wait(1.0)
        spawn(event.set)
        second = event.wait()
        event.clear()
        return [first, second, event.is_set(), event.wait(0)]

    assert simulate(main) == [False, True, False, False]
