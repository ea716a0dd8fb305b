"""Coroutines that stand for processes, and runtimes that live on an event loop."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import subprocess
import sys
import threading
from collections import Counter as Counts
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import ContextVar
from functools import partial

import pytest
import uvloop

from actors import (
    Agent,
    CallTimeout,
    Down,
    Exit,
    GenServer,
    MainExited,
    NoProcess,
    NoReply,
    Pid,
    Ref,
    Reply,
    ServerExited,
    Task,
    TaskTimeout,
    TimedOut,
    call,
    cast,
    naming,
    process,
    send,
    spawn,
    spawn_link,
)
from actors.asyncio_bridge import (
    allow_waiting,
    as_process,
    await_task,
    hosted,
    iterate,
    messages,
    receive,
    run,
    until,
)
from actors.errors import BadArgument, NotInProcess, WouldBlock
from actors.testing import SeededChoice, VirtualClock
from tests.watching import Seen

Main = Callable[[], Coroutine[object, object, object]]

word: ContextVar[str] = ContextVar("word", default="none")


class Counter(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state, state)

    @cast
    def add(self, state: int, by: int = 1) -> NoReply[int]:
        return NoReply(state + by)

    @call
    def crash(self, state: int) -> Reply[int, int]:
        raise ValueError(state)


class Later(GenServer[list[object]]):
    """Answers nobody until it is told to."""

    def init(self) -> list[object]:
        return []

    @call
    def wait(self, state: list[object]) -> NoReply[list[object]]:
        return NoReply([*state, self.caller])

    @call
    def waiting(self, state: list[object]) -> Reply[int, list[object]]:
        return Reply(len(state))

    @cast
    def answer(self, state: list[object], value: object) -> NoReply[list[object]]:
        for caller in state:
            GenServer.reply(caller, value)  # type: ignore[arg-type]
        return NoReply([])


@asynccontextmanager
async def beside() -> AsyncIterator[None]:
    """Use the runtime in the background."""
    yield


Home = Callable[[], AbstractAsyncContextManager[object]]

HOMES: dict[str, Home] = {"on the loop": hosted, "in a thread beside": beside}


@pytest.fixture(autouse=True, scope="module")
def what_was_there_before_is_not_searched() -> Iterator[None]:
    """Each test here collects garbage, which takes a second where a thousand tests have left their heap."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest) -> Home:
    return HOMES[request.param]


@pytest.fixture
def complaints() -> Iterator[list[object]]:
    """Collect what the loop has to complain of, such as exceptions that nobody has retrieved."""
    found: list[object] = []
    yield found
    gc.collect()
    assert found == []


def go(main: Main, kind: str = "asyncio", complaints: list[object] | None = None) -> object:
    async def whole() -> object:
        if complaints is not None:
            handler = complaints.append
            asyncio.get_running_loop().set_exception_handler(lambda _, what: handler(what))
        value = await main()
        gc.collect()
        return value

    make = uvloop.new_event_loop if kind == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(whole())


# -- a coroutine stands for a process --------------------------------------------------------------


def test_what_waits_is_awaited(home: Home, loop_kind: str, complaints: list[object]) -> None:
    async def main() -> list[object]:
        async with home():
            pid = await as_process(Counter.start_link, 1)
            Counter.add(pid, 2)
            value = await as_process(Counter.value, pid)
            send(process.self(), "mail")
            mail = await receive()
            result = await await_task(Task.async_(pow, 2, 3))
            await as_process(GenServer.stop, pid)
            return [value, mail, result, process.is_alive(pid)]

    assert go(main, loop_kind, complaints) == [3, "mail", 8, False]


def test_others_go_on_while_a_call_waits(home: Home, loop_kind: str) -> None:
    async def main() -> list[str]:
        said = []

        async def asks(pid: Pid) -> None:
            said.append(str(await as_process(Later.wait, pid)))

        async with home():
            pid = await as_process(Later.start_link)
            asking = asyncio.create_task(asks(pid))
            while await as_process(Later.waiting, pid) == 0:
                await asyncio.sleep(0)  # what it waits for is somebody's mail
            said.append("others")
            Later.answer(pid, "answer")
            await asking
        return said

    assert go(main, loop_kind) == ["others", "answer"]


def test_a_wait_without_await_is_refused_and_nothing_has_been_sent(home: Home) -> None:
    async def main() -> object:
        async with home():
            pid = await as_process(Later.start)
            with pytest.raises(WouldBlock, match="await as_process"):
                Later.wait(pid)
            with pytest.raises(WouldBlock):
                process.receive()
            with pytest.raises(WouldBlock):
                process.sleep(1.0)
            with pytest.raises(WouldBlock):
                Task.await_(Task.async_(int))
            with pytest.raises(WouldBlock):
                Counter.start_link(1, name="never started")
            assert process.whereis("never started") is None
            assert process.receive(str, timeout=0) == TimedOut()
            return await as_process(Later.waiting, pid)

    assert go(main) == 0


def test_what_does_not_wait_is_just_done(home: Home) -> None:
    async def main() -> object:
        async with home():
            boss = process.self()
            pid, ref = process.spawn_monitor(lambda: send(boss, "from a child"))
            process.register(boss, "the boss")
            found = process.whereis("the boss")
            got = [await receive(timeout=60.0) for _ in range(2)]
            assert got == ["from a child", Down(ref, pid, "normal")]
            return found is boss

    assert go(main)


def test_each_task_stands_for_a_process_of_its_own_that_ends_with_it(home: Home) -> None:
    async def main() -> None:
        async with home():
            mine = process.self()
            assert await as_process(process.self) is mine is process.self()
            others = await asyncio.gather(*[as_process(process.self) for _ in range(3)])
            assert len({mine, *others}) == 4
            refs = [process.monitor(pid) for pid in others]
            for ref in refs:
                down = await receive(partial(is_of, ref))
                assert isinstance(down, Down)
                assert down.reason in {"normal", "noproc"}
            assert process.is_alive(mine)

    go(main)


def is_of(ref: Ref, message: object) -> bool:
    return isinstance(message, Down) and message.ref is ref


def test_a_callback_of_the_loop_may_send_too(home: Home) -> None:
    async def main() -> object:
        async with home():
            boss = process.self()
            asyncio.get_running_loop().call_soon(send, boss, "from a callback")
            return await receive(timeout=60.0)

    assert go(main) == "from a callback"


def test_failures_are_raised_where_they_are_awaited(home: Home, complaints: list[object]) -> None:
    def stops() -> None:
        raise StopIteration

    async def main() -> None:
        async with home():
            pid = await as_process(Counter.start)
            with pytest.raises(ServerExited) as failed:
                await as_process(Counter.crash, pid)
            assert isinstance(failed.value.__cause__, ValueError)
            with pytest.raises(NoProcess):
                await as_process(Counter.value, pid)
            with pytest.raises(TypeError):
                await as_process(Counter.value, pid, 1, 2, 3)  # type: ignore[call-arg]
            with pytest.raises(RuntimeError, match="StopIteration"):
                await as_process(stops)

    go(main, complaints=complaints)


def test_an_exit_signal_is_raised_at_the_await_and_once(home: Home) -> None:
    async def main() -> list[object]:
        async with home():
            first = process.self()
            spawn_link(process.exit, "bored")
            with pytest.raises(Exit) as told:
                await receive()
            assert told.value.reason == "bored"
            send(first, "too late")
            second = process.self()
            return [second is first, await receive(timeout=0)]

    assert go(main) == [False, TimedOut()]


async def watches(pid: Pid) -> None:
    process.monitor(pid)
    await receive(Down)


def test_an_exit_signal_that_came_between_two_awaits_is_told_at_the_second(home: Home) -> None:
    async def main() -> object:
        async with home():
            watching = asyncio.create_task(watches(process.self()))
            spawn_link(process.exit, "bored")
            await watching
            with pytest.raises(Exit) as told:
                await receive()
            return told.value.reason

    assert go(main) == "bored"


def test_a_process_that_exits_itself_ends_and_its_task_hears_of_it(home: Home) -> None:
    def ends() -> None:
        process.exit("enough")

    async def main() -> object:
        async with home():
            pid = process.self()
            with pytest.raises(Exit) as told:
                await as_process(ends)

            assert not process.is_alive(pid)
            return told.value.reason

    assert go(main) == "enough"


# -- cancel and timeout ----------------------------------------------------------------------------


class Slow(GenServer[None]):
    """Begins when it is told to."""

    def init(self, boss: Pid) -> None:
        send(boss, process.self())
        process.receive()


def test_a_start_that_is_cancelled_leaves_no_process(home: Home, complaints: list[object]) -> None:
    async def main() -> object:
        async with home():
            starting = asyncio.create_task(as_process(Slow.start_link, process.self()))
            child = await receive(Pid)
            assert isinstance(child, Pid)
            ref = process.monitor(child)
            starting.cancel()
            down = await receive(Down)
            assert isinstance(down, Down)
            assert down.ref is ref
            return down.reason

    assert go(main, complaints=complaints) == "killed"


async def ask(pid: Pid) -> object:
    return await as_process(Later.wait, pid)


async def nothing_is_left(pid: Pid) -> None:
    info = await as_process(process.info, pid)
    assert info is not None
    assert info.monitored_by == ()
    cell = naming.locate(pid)
    assert cell is not None
    assert not [caller for caller in cell.callers or () if caller.calling is cell]


def test_a_call_that_is_cancelled_or_late_leaves_nothing(
    home: Home, loop_kind: str, complaints: list[object]
) -> None:
    async def main() -> None:
        async with home():
            pid = await as_process(Later.start)
            asking = asyncio.create_task(ask(pid))
            while await as_process(Later.waiting, pid) == 0:
                await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            with pytest.raises(CallTimeout):
                await as_process(Later.wait.within(0.0), pid)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await as_process(Later.wait, pid)
            Later.answer(pid, "too late")
            await as_process(Later.waiting, pid)
            await nothing_is_left(pid)
            assert await receive(timeout=0) == TimedOut()

    go(main, loop_kind, complaints)


def test_ten_thousand_random_cancels_leave_nothing(home: Home, complaints: list[object]) -> None:
    lots = random.Random(20)  # noqa: S311 - a schedule, not a secret
    count, many = 10_000, 50
    tally: Counts[bool] = Counts()

    async def main() -> None:
        async with home():
            pid = await as_process(Later.start)
            for _ in range(count // many):
                tasks = [asyncio.create_task(ask(pid)) for _ in range(many)]
                answers_at = lots.randrange(6)
                for step in range(4):
                    if step == answers_at:
                        Later.answer(pid, "answer")
                    for task in lots.sample(tasks, 12):
                        task.cancel()
                    if lots.random() < 0.5:
                        await as_process(Later.waiting, pid)
                    else:
                        await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
                for ended in await asyncio.gather(*tasks, return_exceptions=True):
                    assert ended == "answer" or isinstance(ended, asyncio.CancelledError)
                    tally[ended == "answer"] += 1
                Later.answer(pid, "too late")
            await as_process(Later.waiting, pid)
            await nothing_is_left(pid)

    go(main, complaints=complaints)
    assert tally[True] > 100
    assert tally[False] > 5_000


def test_cancels_leave_nothing_whoever_runs_next() -> None:
    async def main(seed: int) -> None:
        async with hosted(choice=SeededChoice(seed), held=None):
            pid = await as_process(Later.start)
            asking = [asyncio.create_task(ask(pid)) for _ in range(4)]
            for number, task in enumerate(asking):
                for _ in range((seed >> number) % 3):
                    await asyncio.sleep(0)
                task.cancel()
            Later.answer(pid, "answer")
            ended = await asyncio.gather(*asking, return_exceptions=True)
            assert {type(each) for each in ended} <= {str, asyncio.CancelledError}
            await as_process(Later.waiting, pid)
            await nothing_is_left(pid)

    for seed in range(100):
        asyncio.run(main(seed))


def test_a_message_is_never_lost_to_a_receive_that_is_cancelled(
    home: Home, complaints: list[object]
) -> None:
    lots = random.Random(7)  # noqa: S311 - the same

    async def main() -> None:
        async with home():
            got: list[object] = []
            task, loop = asyncio.current_task(), asyncio.get_running_loop()
            assert task is not None
            pid = process.self()
            sender = spawn(echoes, pid)
            for number in range(1_000):
                send(sender, number)
                cancels = lots.random() < 0.7
                if cancels:
                    after(loop, lots.randrange(4), task.cancel)
                try:
                    got.append(await receive())
                    if cancels:
                        await asyncio.Event().wait()
                except asyncio.CancelledError:
                    task.uncancel()
            while len(got) < 1_000:
                got.append(await receive(timeout=60.0))
            assert got == list(range(1_000))

    def echoes(pid: Pid) -> None:
        while True:
            send(pid, process.receive())

    def after(loop: asyncio.AbstractEventLoop, rounds: int, what: Callable[[], object]) -> None:
        if rounds:
            loop.call_soon(after, loop, rounds - 1, what)
        else:
            what()

    go(main, complaints=complaints)


# -- iterators and tasks ---------------------------------------------------------------------------


def test_messages_are_iterated_over(home: Home) -> None:
    async def main() -> list[object]:
        async with home():
            for each in (1, "other", 2, 3):
                send(process.self(), each)
            got: list[object] = []
            async for number in messages(int):
                got.append(number)
                if number == 3:
                    break
            return [*got, await receive()]

    assert go(main) == [1, 2, 3, "other"]


def squares(numbers: list[int]) -> Iterator[object]:
    return Task.async_stream(numbers, pow, 2)


def test_a_stream_of_tasks_is_iterated_over(home: Home) -> None:
    async def main() -> list[object]:
        async with home():
            return [each async for each in iterate(squares, [1, 2, 3])]

    assert go(main) == [("ok", 1), ("ok", 4), ("ok", 9)]


def test_a_stream_that_is_left_ends_its_tasks(home: Home) -> None:
    def works(boss: Pid, number: int) -> int:
        send(boss, process.self())
        if number:
            process.receive()
        return number

    async def main() -> None:
        async with home():
            stream = iterate(Task.async_stream, [0, 1, 2], partial(works, process.self()))
            assert await anext(stream) == ("ok", 0)
            pids = [await receive(Pid) for _ in range(2)]
            await stream.aclose()
            last = pids[-1]
            assert isinstance(last, Pid)
            ref = process.monitor(last)
            down = await receive(partial(is_of, ref), 5.0)
            assert isinstance(down, Down)

    go(main)


def test_a_stream_that_is_forgotten_half_way_leaves_nothing_in_the_mailbox(home: Home) -> None:
    async def main() -> object:
        async with home():
            async for _ in iterate(squares, list(range(20))):
                break
            gc.collect()
            # asyncio closes the iterator in a task of its own.
            await asyncio.sleep(0)
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
            return await receive(timeout=0)

    assert go(main) == TimedOut()


def test_a_task_whose_await_is_cancelled_is_killed(home: Home, complaints: list[object]) -> None:
    async def awaits(boss: Pid) -> None:
        task = Task.async_(process.receive)
        send(boss, task)
        await await_task(task, None)

    async def main() -> object:
        async with home():
            awaiting = asyncio.create_task(awaits(process.self()))
            task = await receive(Task)
            assert isinstance(task, Task)
            assert task.pid is not None
            ref = process.monitor(task.pid)
            await asyncio.sleep(0)
            awaiting.cancel()
            down = await receive(partial(is_of, ref), 5.0)
            assert isinstance(down, Down)
            return down.reason

    assert go(main, complaints=complaints) == "killed"


def test_a_task_that_is_late_is_told_so(home: Home) -> None:
    async def main() -> None:
        async with home():
            with pytest.raises(TaskTimeout):
                await await_task(Task.async_(process.receive), 0.0)

    go(main)


# -- context variables -----------------------------------------------------------------------------


def test_a_function_sees_the_variables_of_its_caller_and_keeps_its_own(home: Home) -> None:
    def sets() -> str:
        before = word.get()
        word.set("of the function")
        return before

    async def main() -> list[str]:
        async with home():
            word.set("of the task")
            pid = await as_process(Agent.start, word.get)
            inherited = await as_process(Agent.get, pid, str)
            return [await as_process(sets), word.get(), await as_process(sets), inherited]

    assert go(main) == ["of the task", "of the task", "of the task", "of the task"]


def test_what_processes_set_is_not_seen_by_the_loop() -> None:
    class Sets(GenServer[None]):
        @call
        def hear(self, state: None, value: str) -> Reply[str, None]:
            before = word.get()
            word.set(value)
            return Reply(before)

    async def main() -> list[str]:
        async with hosted():
            pid = await as_process(Sets.start)
            heard = [await as_process(Sets.hear, pid, each) for each in ("first", "second")]
            return [*heard, word.get()]

    assert go(main) == ["none", "first", "none"]


# -- a runtime on the loop -------------------------------------------------------------------------


def test_the_loop_goes_on_while_processes_never_rest() -> None:
    def plays(other: Pid) -> None:
        send(other, process.self())
        while True:
            peer = process.receive()
            send(peer, process.self())  # type: ignore[arg-type]

    async def main() -> int:
        async with hosted(held=None):
            spawn(plays, spawn(plays, process.self()))
            first = await receive(Pid)
            send(first, spawn(plays, first))
            rounds = 0
            while rounds < 20:
                await asyncio.sleep(0)
                rounds += 1
            return rounds

    assert go(main) == 20


def test_a_runtime_ends_its_trees_in_order_before_the_block_is_left(loop_kind: str) -> None:
    def ends(said: Seen[str]) -> None:
        try:
            process.receive()
        finally:
            said.append("child has ended")

    async def main() -> list[str]:
        said: Seen[str] = Seen()
        async with hosted():
            spawn(ends, said)
            await as_process(process.sleep, 0)
        return [*said, "block is left"]

    assert go(main, loop_kind) == ["child has ended", "block is left"]


def test_a_block_that_is_cancelled_or_fails_ends_its_runtime_too(complaints: list[object]) -> None:
    async def main() -> list[bool]:
        pids: list[Pid] = []

        async def fails() -> None:
            async with hosted():
                pids.append(await as_process(Counter.start))
                raise ValueError("in the block")

        async def lasts() -> None:
            async with hosted():
                pids.append(await as_process(Counter.start))
                await asyncio.Event().wait()

        with pytest.raises(ValueError, match="in the block"):
            await fails()
        lasting = asyncio.create_task(lasts())
        while len(pids) < 2:
            await asyncio.sleep(0)
        lasting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lasting
        return [process.is_alive(pid) for pid in pids]

    assert go(main, complaints=complaints) == [False, False]


def test_after_the_block_the_task_begins_anew() -> None:
    async def main() -> object:
        async with hosted():
            inside = process.self()
        async with hosted():
            return process.self() is inside

    assert go(main) is False


def test_only_one_runtime_lives_on_a_loop() -> None:
    async def main() -> None:
        async with hosted():
            with pytest.raises(BadArgument, match="hosts no runtime"):
                async with hosted():
                    pass

    go(main)


def test_threads_of_the_program_use_the_runtime_on_the_loop() -> None:
    async def main() -> object:
        async with hosted():
            pid = await as_process(Counter.start, 5)
            return await asyncio.to_thread(Counter.value, pid)

    assert go(main) == 5


def test_a_process_with_a_thread_of_its_own_works_beside_the_loop(home: Home) -> None:
    async def main() -> object:
        async with home():
            pid = await as_process(Counter.start, 5, host="thread")
            Counter.add(pid)
            return await as_process(Counter.value, pid)

    assert go(main) == 6


def test_two_loops_in_two_threads_have_a_runtime_each_and_send_to_each_other() -> None:
    async def answers(ready: list[Pid], began: threading.Event) -> None:
        async with hosted():
            ready.append(process.self())
            began.set()
            sender = await receive(Pid, 10.0)
            assert isinstance(sender, Pid)
            send(sender, "from the other loop")

    async def main() -> object:
        ready: list[Pid] = []
        began = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(answers(ready, began)))
        thread.start()
        async with hosted():
            await asyncio.to_thread(began.wait)
            send(ready[0], process.self())
            said = await receive(str, 10.0)
        await asyncio.to_thread(thread.join)
        return said

    assert go(main) == "from the other loop"


# The block that was never left is dropped with its loop, which Python says of it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_is_closed_under_its_runtime_is_told_to_whoever_asks() -> None:
    loop = asyncio.new_event_loop()
    pids: list[Pid] = []

    async def main() -> None:
        block = hosted(held=None)
        await block.__aenter__()
        pids.append(await as_process(Counter.start))

    loop.run_until_complete(main())
    loop.close()

    def asks() -> type[BaseException] | None:
        try:
            Counter.value(pids[0])
        except BaseException as error:
            return type(error)
        return None

    assert asks() in {NotInProcess, BadArgument}
    gc.collect()


def test_a_program_runs_its_main_on_the_loop(loop_kind: str) -> None:
    def begins(start: int) -> int:
        return Counter.value(Counter.start_link(start))

    assert go(lambda: run(begins, 5), loop_kind) == 5


def test_a_main_may_be_a_coroutine_and_its_failure_is_raised() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("main")

    async def ends() -> None:
        process.exit("badly")

    with pytest.raises(ValueError, match="main"):
        go(lambda: run(fails))
    with pytest.raises(MainExited, match="badly"):
        go(lambda: run(ends))


def test_a_main_that_is_cancelled_ends_in_order(complaints: list[object]) -> None:
    said: list[str] = []

    def begins() -> None:
        said.append("main has begun")
        try:
            process.receive()
        finally:
            said.append("main has ended")

    async def main() -> None:
        running = asyncio.create_task(run(begins))
        while "main has begun" not in said:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        said.append("cancelled")

    go(main, complaints=complaints)
    assert said == ["main has begun", "main has ended", "cancelled"]


def test_a_virtual_clock_jumps_on_a_loop_too() -> None:
    async def main() -> object:
        async with hosted(clock=VirtualClock()):
            before = await as_process(process.monotonic)
            await as_process(process.sleep, 3600.0)
            return await as_process(process.monotonic) - before

    assert go(main) == 3600.0


# -- consoles --------------------------------------------------------------------------------------


def test_a_console_may_wait_without_await() -> None:
    async def cell() -> object:
        allow_waiting()
        pid = Counter.start(4)
        return Counter.value(pid), await as_process(Counter.value, pid)

    assert go(cell) == (4, 4)


def test_where_no_loop_runs_one_may_wait_anyway() -> None:
    allow_waiting()

    assert Counter.value(Counter.start(4)) == 4


def test_where_a_runtime_lives_nobody_may_wait_without_await() -> None:
    async def cell() -> None:
        async with hosted():
            with pytest.raises(BadArgument):
                allow_waiting()

    go(cell)


# -- other people's callbacks ----------------------------------------------------------------------


def test_a_callback_from_another_thread_is_awaited_and_may_come_late(
    complaints: list[object],
) -> None:
    kept: list[Callable[[], None]] = []

    async def main() -> str:
        await until(lambda done: threading.Thread(target=done).start())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await until(kept.append)
        kept[0]()
        return "called"

    assert go(main, complaints=complaints) == "called"
    kept[0]()


# -- signals ---------------------------------------------------------------------------------------

INTERRUPTED = """
import asyncio, os, signal
from actors import process
from actors.asyncio_bridge import as_process, hosted

def child():
    process.trap_exit(True)
    process.register(process.self(), "child")
    print("child is told", process.receive().reason)

async def main():
    async with hosted():
        process.spawn(child)
        while process.whereis("child") is None:
            await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        try:
            await as_process(process.receive)
        finally:
            print("main is cancelled")

asyncio.run(main())
"""


def test_ctrl_c_cancels_the_main_task_and_ends_the_processes_in_order() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.splitlines() == ["main is cancelled", "child is told shutdown"]
    assert done.stderr.strip().endswith("KeyboardInterrupt")
    assert done.returncode in {130, -signal.SIGINT}


def test_tasks_that_are_cancelled_at_their_first_use_leave_no_process(home: Home) -> None:
    async def main() -> int:
        async with home():
            mine = await as_process(process.self)
            before = set(await as_process(process.processes))
            for rounds in range(60):
                task = asyncio.create_task(asks_who())
                for _ in range(rounds % 4):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            while set(await as_process(process.processes)) - before - {mine}:
                await asyncio.sleep(0)  # the last ones are on their way out
            return len(before)

    async def asks_who() -> Pid:
        return await as_process(process.self)

    assert go(main)


# -- what is called here and awaited elsewhere -----------------------------------------------------


def test_a_receive_is_of_the_task_that_called_it_whoever_awaits_it(home: Home) -> None:
    async def main() -> list[object]:
        async with home():
            send(process.self(), "for wait_for")
            found: list[object] = [await asyncio.wait_for(receive(), 5.0)]
            send(process.self(), 1)
            found += await asyncio.gather(receive(int), receive(str, timeout=0))
            send(process.self(), "for an iterator")
            iterator = messages(timeout=0)
            async with asyncio.timeout(5.0):
                found.append(await asyncio.create_task(anext(iterator)))  # type: ignore[arg-type]
            return found

    assert go(main) == ["for wait_for", 1, TimedOut(), "for an iterator"]


def test_a_task_that_races_its_mail_may_do_all_else_meanwhile(home: Home) -> None:
    async def main() -> list[object]:
        async with home():
            boss = process.self()
            mail = asyncio.create_task(receive(str, timeout=60.0))
            await asyncio.sleep(0)
            pid = await as_process(Counter.start)
            said: list[object] = [await as_process(Counter.value, pid), mail.done()]
            send(boss, "at last")
            return [*said, await mail]

    assert go(main) == [0, False, "at last"]


def test_nothing_is_lost_and_all_is_in_order_where_mail_and_calls_race(home: Home) -> None:
    async def takes(count: int) -> list[object]:
        taken: list[object] = []
        counter = await as_process(Counter.start)
        mail = asyncio.create_task(receive())
        while len(taken) < count:
            await asyncio.wait({mail, asyncio.create_task(as_process(Counter.value, counter))})
            await as_process(Counter.value, counter)
            taken.append(await mail)
            mail = asyncio.create_task(receive())
            await asyncio.sleep(0)
            assert await as_process(Counter.value, counter) == 0
        mail.cancel()
        return taken

    async def main() -> object:
        async with home():
            taking = asyncio.create_task(takes(50))
            await asyncio.sleep(0)
            while not (pid := standing_for(taking)):
                await asyncio.sleep(0)
            for number in range(50):
                send(pid, number)
                await asyncio.sleep(0)
            return await taking

    assert go(main) == [*range(50)]


def standing_for(task: asyncio.Task[object]) -> Pid | None:
    infos = [process.info(pid) for pid in process.processes()]
    named = f"asyncio {task.get_name()}"
    return next((each.pid for each in infos if each and each.initial_call == named), None)


def test_a_receive_that_was_put_off_is_cancelled_and_leaves_the_message(home: Home) -> None:
    async def main() -> object:
        async with home():
            mail = asyncio.create_task(receive(str))
            await asyncio.sleep(0)
            asking = asyncio.create_task(await_task(Task.async_(process.sleep, 0.01)))
            await asyncio.sleep(0)
            mail.cancel()
            await asking
            send(process.self(), "still here")
            with pytest.raises(asyncio.CancelledError):
                await mail
            return await receive(timeout=5.0)

    assert go(main) == "still here"


def test_a_receive_that_outlasts_its_task_ends_with_its_process(home: Home) -> None:
    left: list[asyncio.Task[object]] = []

    async def leaves() -> Pid:
        left.append(asyncio.create_task(receive()))
        await asyncio.sleep(0)
        return process.self()

    async def main() -> object:
        async with home():
            pid = await asyncio.create_task(leaves())
            ref = process.monitor(pid)
            assert await receive(Down, timeout=5.0) in {
                Down(ref, pid, "normal"),
                Down(ref, pid, "noproc"),
            }
            with pytest.raises(Exit) as ended:
                await left[0]
            return ended.value.reason

    assert go(main) == "normal"


def test_two_that_await_for_a_task_without_a_process_share_one(home: Home) -> None:
    async def main() -> bool:
        async with home():
            task = asyncio.current_task()
            assert task is not None
            task.set_name("that of two who await")
            await asyncio.gather(receive(timeout=0), receive(timeout=0))
            infos = [process.info(pid) for pid in process.processes()]
            named = f"asyncio {task.get_name()}"
            return [each.pid for each in infos if each and each.initial_call == named] == [
                process.self()
            ]

    assert go(main)


def test_tasks_of_one_owner_are_awaited_by_whichever_task_of_the_loop(home: Home) -> None:
    async def main() -> list[object]:
        async with home():
            squares = [Task.async_(pow, number, 2) for number in range(3)]
            found: list[object] = await asyncio.gather(*map(await_task, squares))
            one = await asyncio.wait_for(await_task(Task.async_(pow, 3, 2)), 5.0)
            return [*found, one]

    assert go(main) == [0, 1, 4, 9]


def test_a_task_that_is_awaited_elsewhere_is_killed_when_that_is_cancelled(home: Home) -> None:
    async def main() -> object:
        async with home():
            task = Task.async_(process.sleep, None)
            assert task.pid is not None
            ref = process.monitor(task.pid)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(await_task(task), 0.01)
            down = await receive(Down)
            assert down.ref is ref
            return down.reason, await receive(timeout=0)

    assert go(main) == ("killed", TimedOut())
