"""What is left behind: nothing.

Each deed is done over and over. What counts is the second half of the repetitions: there, no more than
a handful of objects and a few pages may be added to what the first half has left warm.

Source: `reliability.md`'s figures are those of the case: at most 100 objects and 5 MB.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from actors import (
    Agent,
    Down,
    GenServer,
    Pid,
    Reply,
    Stop,
    Task,
    logs,
    process,
    receive,
    run,
    send,
    spawn_monitor,
    telemetry,
)
from actors.asyncio_bridge import as_process, await_, await_task, hosted
from actors.asyncio_bridge import receive as next_message
from actors.errors import CallFailed, TaskTimeout
from actors.messages import TimedOut
from actors.testing import VirtualClock
from supervisors import Supervisor
from tests.endurance.tally import Tally, case

__all__: list[str] = []

OBJECTS = 100
MEGABYTES = 5.0


class Server(GenServer[None]):
    """Answers, is late, or ends."""

    def handle_call(self, request: object, caller: object, state: None) -> object:
        match request:
            case ("late", float(seconds)):
                process.sleep(seconds)
        return Reply(request)

    def handle_cast(self, request: object, state: None) -> Stop[None, None]:
        return Stop(request)


class Value(Agent[int]):
    """A number."""


# -- ways of dying ---------------------------------------------------------------------------------


def after(pid: Pid | None, act: Callable[[Pid], object]) -> None:
    """Do something to a process and wait until it is dead."""
    assert pid is not None
    ref = process.monitor(pid)
    act(pid)
    receive(lambda m: isinstance(m, Down) and m.ref is ref)


def body_returns() -> None:
    spawn_monitor(int)
    receive(Down)


def body_raises() -> None:
    spawn_monitor(_raise)
    receive(Down)


def _raise() -> None:
    raise ValueError("broken")


def body_exits() -> None:
    spawn_monitor(process.exit, "bored")
    receive(Down)


def body_is_killed() -> None:
    pid, _ = spawn_monitor(process.sleep, None)
    process.send_exit(pid, "kill")
    receive(Down)


def link_breaks() -> None:
    pid, _ = spawn_monitor(_linked_pair)
    send(pid, "go")
    receive(Down)


def _linked_pair() -> None:
    process.spawn_link(process.sleep, None)
    receive()
    process.exit("boom")


def server_stops() -> None:
    after(Server.start(), lambda pid: GenServer.stop(pid, "normal"))


def server_crashes() -> None:
    after(Server.start(), lambda pid: GenServer.cast(pid, "crash"))


def tree_stops() -> None:
    tree = Supervisor.start_link([Server.child_spec(id=n) for n in range(2)])
    Supervisor.stop(tree)


WAYS: Final = (
    body_returns,
    body_raises,
    body_exits,
    body_is_killed,
    link_breaks,
    server_stops,
    server_crashes,
    tree_stops,
)


# -- other deeds -----------------------------------------------------------------------------------


def timer_is_cancelled() -> None:
    process.cancel_timer(process.send_after(process.self(), "late", 1000.0))


def timer_fires() -> None:
    process.send_after(process.self(), "now", 0.001)
    receive()


def receive_times_out() -> None:
    receive(timeout=0.001)


def reply_is_late(server: Pid) -> None:
    with suppress(CallFailed):
        GenServer.call(server, ("late", 0.002), timeout=0.001)
    GenServer.call(server, "in time")
    assert isinstance(receive(timeout=0), TimedOut), "the late reply was seen"


def task_is_given_up() -> None:
    task = Task.async_(process.sleep, None)
    assert Task.yield_(task, 0.001) is None
    Task.shutdown(task, "brutal_kill")


def task_is_awaited() -> None:
    assert Task.await_(Task.async_(int)) == 0


def name_comes_and_goes() -> None:
    process.register(process.self(), "name")
    process.unregister("name")


def call_is_answered(server: Pid) -> None:
    GenServer.call(server, "well?")


# -- looking for what is left ----------------------------------------------------------------------


def resident() -> float:
    """Return the resident memory of this interpreter, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path of ours
        return int(file.read().split()[1]) * 4096 / 1e6


@contextmanager
def the_rest_set_aside() -> Iterator[None]:
    """Leave out of every look what was there before: in a whole run of the suite that is millions.

    The list of two million objects is 16 MB itself, which the C library may keep.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def seen() -> tuple[int, float]:
    """Return how many objects there are, and how many MB."""
    gc.collect()
    return len(gc.get_objects()), resident()


def left_behind(deed: Callable[[], None], times: int) -> tuple[int, float]:
    """Do something many times; return the objects and the MB that the second half has added."""
    with the_rest_set_aside():
        for _ in range(times // 2):
            deed()
        objects, memory = seen()
        for _ in range(times - times // 2):
            deed()
        more_objects, more_memory = seen()
        return more_objects - objects, more_memory - memory


def look(tally: Tally, what: str, times: int, make: Callable[[], Callable[[], None]]) -> None:
    # Reports would be kept by whoever collects them.
    before = telemetry.set_reporter(None)
    try:
        left = run(lambda: left_behind(make(), times), clock=VirtualClock())
    finally:
        telemetry.set_reporter(before)
    assert left is not None
    weigh(tally, what, times, left)


def weigh(tally: Tally, what: str, times: int, left: tuple[int, float]) -> None:
    objects, megabytes = left
    held = objects <= OBJECTS and megabytes <= MEGABYTES
    for number in range(times):
        tally.check(held or number, f"{what}: {objects} objects and {megabytes:.1f} MB were left")
    tally.note(f"{what}: {objects:+} objects, {megabytes:+.1f} MB")


@case(short=1_000, long=100_000)
def eight_ways_of_dying(size: int, tally: Tally) -> None:
    """Processes that died in any of 8 ways leave nothing behind."""
    for way in WAYS:
        look(tally, way.__name__, size, lambda way=way: way)  # type: ignore[misc]


@case(short=50, long=10_000)
def eight_ways_of_dying_in_earnest(size: int, tally: Tally) -> None:
    """The same on the clock of the machine, and with every report written: nothing is left behind."""
    handler = logging.NullHandler()
    loggers = [logging.getLogger(name) for name in ("actors", "supervisors")]
    before = logs.set_burst_limit(None)
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False  # to whoever collects what tests write
    try:
        for way in WAYS:
            left = run(left_behind, way, size)
            assert left is not None
            weigh(tally, way.__name__, size, left)
    finally:
        logs.set_burst_limit(before)
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True


@case(short=10_000, long=1_000_000)
def calls(size: int, tally: Tally) -> None:
    """Calls that were answered leave nothing behind."""
    look(tally, "call_is_answered", size, lambda: partial(call_is_answered, _started()))


@case(short=1_000, long=100_000)
def timers_timeouts_and_late_replies(size: int, tally: Tally) -> None:
    """Timers, timeouts, late replies, tasks awaited and given up, and names leave nothing behind."""
    look(tally, "reply_is_late", size, lambda: partial(reply_is_late, _started()))
    for deed in (
        timer_is_cancelled,
        timer_fires,
        receive_times_out,
        task_is_given_up,
        task_is_awaited,
        name_comes_and_goes,
    ):
        look(tally, deed.__name__, size, lambda deed=deed: deed)  # type: ignore[misc]


def _started() -> Pid:
    server = Server.start()
    assert server is not None
    return server


# -- awaits that are given up ----------------------------------------------------------------------


async def cancelled(coroutine: Coroutine[object, object, object]) -> None:
    """Let a coroutine come to its waiting point, and cancel it."""
    task = asyncio.ensure_future(coroutine)
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def call_is_cancelled(server: Pid) -> None:
    await cancelled(as_process(GenServer.call, server, ("late", 0.001), timeout=None))


async def call_times_out(server: Pid) -> None:
    with suppress(CallFailed):
        await as_process(GenServer.call, server, ("late", 0.002), timeout=0.001)
    await as_process(GenServer.call, server, "in time")


async def receive_is_cancelled(_: Pid) -> None:
    await cancelled(next_message())


async def receive_is_limited_by_asyncio(_: Pid) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(next_message(), 0.001)


async def task_is_cancelled(_: Pid) -> None:
    async def owner() -> None:
        await await_task(Task.async_(process.sleep, None), None)

    await cancelled(owner())


async def task_times_out(_: Pid) -> None:
    async def owner() -> None:
        task = Task.async_(process.sleep, None)
        with suppress(TaskTimeout):
            await await_task(task, 0.001)
        await as_process(Task.shutdown, task, "brutal_kill")

    await asyncio.ensure_future(owner())


async def process_that_awaits_is_killed(_: Pid) -> None:
    def waits() -> None:
        await_(asyncio.sleep(1000.0))

    pid, ref = spawn_monitor(waits)
    await asyncio.sleep(0)
    process.send_exit(pid, "kill")
    await next_message(lambda m: isinstance(m, Down) and m.ref is ref)


AWAITS: Final = (
    call_is_cancelled,
    call_times_out,
    receive_is_cancelled,
    receive_is_limited_by_asyncio,
    task_is_cancelled,
    task_times_out,
    process_that_awaits_is_killed,
)


async def left_by(deed: Callable[[Pid], Awaitable[None]], times: int) -> tuple[int, float]:
    """Do on a hosted loop what `left_behind` does."""
    async with hosted():
        server = await as_process(Server.start)
        assert server is not None

        async def often(many: int) -> tuple[int, float]:
            for _ in range(many):
                await deed(server)
            await as_process(GenServer.call, server, "what was late is over", timeout=None)
            return seen()

        objects, memory = await often(times // 2)
        more_objects, more_memory = await often(times - times // 2)
        return more_objects - objects, more_memory - memory


@case(short=200, long=100_000)
def awaits_that_are_given_up(size: int, tally: Tally) -> None:
    """Awaits that were cancelled or timed out, and processes killed while they awaited, leave nothing behind."""
    before = telemetry.set_reporter(None)
    try:
        for deed in AWAITS:
            with the_rest_set_aside():
                weigh(tally, deed.__name__, size, asyncio.run(left_by(deed, size)))
    finally:
        telemetry.set_reporter(before)
