"""Processes that await coroutines: `await_`, and callbacks that are written as `async def`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import partial

import pytest

import actors
from actors import (
    Agent,
    Crash,
    Down,
    EventHandler,
    EventManager,
    Exit,
    GenServer,
    NoReply,
    Pid,
    Ref,
    Reply,
    StateMachine,
    Stop,
    Task,
    call,
    cast,
    process,
    receive,
    send,
    spawn,
    spawn_monitor,
)
from actors.asyncio_bridge import as_process, await_, hosted
from actors.errors import BadArgument, CallCycle, WouldBlock
from actors.event_manager import RemoveHandler
from actors.exits import reason_of
from actors.outcomes import Continue
from actors.state_machine import Transition
from actors.testing import VirtualClock
from actors.transitions import (
    Begin,
    Called,
    Event,
    KeepState,
    NextState,
    ReplyTo,
)
from tests.watching import Flag

word: ContextVar[str] = ContextVar("word", default="none")

Play = Callable[[Callable[[], object]], object]


def on_a_loop(main: Callable[[], object]) -> object:
    async def whole() -> object:
        async with hosted():
            return await as_process(main)

    return asyncio.run(whole())


HOMES: dict[str, Play] = {"on a loop": on_a_loop, "with a loop beside": actors.run}


@pytest.fixture(params=HOMES)
def play(request: pytest.FixtureRequest) -> Play:
    return HOMES[request.param]


async def later(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def fails(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


def ended(ref: Ref) -> object:
    down = receive(lambda message: isinstance(message, Down) and message.ref is ref, 5.0)
    assert isinstance(down, Down)
    return down.reason


# -- awaiting --------------------------------------------------------------------------------------


def test_a_coroutine_runs_as_a_task_and_others_go_on_meanwhile(play: Play) -> None:
    async def asks(boss: Pid) -> object:
        send(boss, asyncio.current_task() is not None)
        return await as_process(receive)

    def main() -> list[object]:
        boss = process.self()
        pid = spawn(lambda: send(boss, await_(asks(boss))))
        is_task = receive()
        send(pid, "done")
        return [is_task, receive(timeout=60.0)]

    assert play(main) == [True, "done"]


def test_what_it_raises_is_raised_where_it_is_awaited(play: Play) -> None:
    def main() -> None:
        with pytest.raises(ValueError, match="inside"):
            await_(fails(ValueError("inside")))

    play(main)


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError(), Exit("bored")]
)
def test_whatever_a_coroutine_raises_ends_its_process_alone(
    play: Play, error: BaseException
) -> None:
    def main() -> object:
        pid, _ = spawn_monitor(lambda: await_(fails(error)))
        down = receive(Down, 5.0)
        assert isinstance(down, Down)
        assert down.process is pid
        assert await_(later("the loop lives")) == "the loop lives"
        return down.reason

    reason = play(main)
    assert reason == "bored" if isinstance(error, Exit) else isinstance(reason, Crash)


def test_a_coroutine_that_somebody_else_cancels_raises_that_in_its_process(play: Play) -> None:
    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    def main() -> object:
        with pytest.raises(asyncio.CancelledError):
            await_(cancels_itself())
        pid, _ = spawn_monitor(lambda: await_(cancels_itself()))
        down = receive(Down, 5.0)
        assert isinstance(down, Down)
        assert down.process is pid
        return down.reason

    reason = play(main)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, asyncio.CancelledError)
    assert reason_of(reason.exception) is not None


def test_a_process_that_is_killed_cancels_its_coroutine(play: Play) -> None:
    async def lasts(boss: Pid, over: Flag) -> None:
        send(boss, "begun")
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    def main() -> object:
        boss, over = process.self(), Flag()
        pid, ref = spawn_monitor(lambda: await_(lasts(boss, over)))
        receive()
        process.send_exit(pid, "kill")
        reason = ended(ref)
        await_(asyncio.sleep(0))
        assert over.wait(60.0)
        return reason

    assert play(main) == "killed"


def test_a_coroutine_acts_as_the_process_that_awaits_it(play: Play) -> None:
    class Echo(GenServer[None]):
        @call
        def who(self, state: None) -> Reply[Pid, None]:
            return Reply(self.caller[0])

    async def acts(pid: Pid) -> list[object]:
        with pytest.raises(WouldBlock):
            Echo.who(pid)
        send(process.self(), "to itself")
        return [process.self(), await as_process(Echo.who, pid), await as_process(receive)]

    def main() -> object:
        me = process.self()
        return await_(acts(Echo.start())) == [me, me, "to itself"]

    assert play(main) is True


def test_a_circle_of_calls_through_a_coroutine_is_found(play: Play) -> None:
    class Round(GenServer[None]):
        @call
        async def go(self, state: None, other: Pid, back: Pid) -> Reply[str, None]:
            try:
                await as_process(Round.go, other, back, back)
            except CallCycle:
                return Reply("a circle")
            return Reply("no circle")

    def main() -> object:
        one, other = Round.start(), Round.start()
        assert one is not None
        assert other is not None
        return Round.go(one, other, one)

    assert play(main) == "no circle"


def test_a_process_on_a_thread_of_its_own_awaits_too(play: Play) -> None:
    def works(boss: Pid) -> None:
        async def asks() -> object:
            return await as_process(receive)

        send(boss, process.self())
        send(boss, await_(asks()))

    def main() -> object:
        spawn(works, process.self(), host="thread")
        pid = receive(Pid, 5.0)
        assert isinstance(pid, Pid)
        send(pid, "mail")
        return receive(timeout=60.0)

    assert play(main) == "mail"


def test_time_stands_still_while_a_coroutine_works() -> None:
    def main() -> float:
        spawn(process.sleep, 60.0)
        before = process.monotonic()
        await_(asyncio.sleep(0.001))
        return process.monotonic() - before

    assert actors.run(main, clock=VirtualClock()) == 0.0


def test_what_cannot_be_awaited_is_refused(play: Play) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="awaitable"):
            await_(3)  # type: ignore[arg-type]

    play(main)


def test_a_coroutine_says_await_itself() -> None:
    async def main() -> None:
        async with hosted():
            with pytest.raises(WouldBlock):
                await_(later(1))

    asyncio.run(main())


# -- context variables -----------------------------------------------------------------------------


def test_a_coroutine_sees_and_sets_the_variables_of_its_process(play: Play) -> None:
    async def sets() -> str:
        before = word.get()
        await asyncio.sleep(0)
        word.set("of the coroutine")
        return before

    def main() -> list[str]:
        def works() -> None:
            word.set("of the process")
            send(boss, [await_(sets()), word.get()])

        boss = process.self()
        spawn(works)
        return [*receive(list, 5.0), word.get()]  # type: ignore[misc]

    assert play(main) == ["of the process", "of the coroutine", "none"]


# -- callbacks -------------------------------------------------------------------------------------


class Everything(GenServer[list[object]]):
    async def init(self, boss: Pid) -> actors.Started[list[object]]:
        return actors.Started([await later(boss)], Continue("first"))

    async def handle_continue(self, term: object, state: list[object]) -> NoReply[list[object]]:
        return NoReply([*state, await later(term)])

    async def handle_call(
        self, request: object, caller: object, state: list[object]
    ) -> Reply[object, list[object]]:
        return Reply(await later((request, state[1:])))

    async def handle_cast(self, request: object, state: list[object]) -> NoReply[list[object]]:
        return NoReply([*state, await later(request)])

    async def handle_info(self, message: object, state: list[object]) -> NoReply[list[object]]:
        return NoReply([*state, await later(message)])

    async def terminate(self, reason: object, state: list[object]) -> None:
        send(state[0], await later(("terminated", reason)))  # type: ignore[arg-type]


def test_every_callback_of_a_server_may_be_a_coroutine(play: Play) -> None:
    def main() -> list[object]:
        pid = Everything.start(process.self())
        assert pid is not None
        GenServer.cast(pid, "cast")
        send(pid, "info")
        answer = GenServer.call(pid, "call")
        GenServer.stop(pid)
        return [answer, receive(timeout=60.0)]

    assert play(main) == [("call", ["first", "cast", "info"]), ("terminated", "normal")]


class Typed(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    async def value(self, state: int) -> Reply[int, int]:
        await asyncio.sleep(0)
        return Reply(state, state)

    @cast
    async def add(self, state: int, by: int = 1) -> NoReply[int]:
        await asyncio.sleep(0)
        return NoReply(state + by)

    @call
    async def leave(self, state: int) -> Stop[str, int]:
        await asyncio.sleep(0)
        return Stop("left", reply="bye")

    @call
    async def crash(self, state: int) -> Reply[int, int]:
        await asyncio.sleep(0)
        raise ValueError(state)


def test_methods_of_a_protocol_may_be_coroutines_one_message_at_a_time(play: Play) -> None:
    def main() -> list[object]:
        pid = Typed.start(1)
        assert pid is not None
        for _ in range(3):
            Typed.add(pid)
        ref = process.monitor(pid)
        return [Typed.value(pid), Typed.leave(pid), ended(ref)]

    assert play(main) == [4, "bye", "left"]


def test_a_crash_in_a_coroutine_is_the_servers_crash(play: Play) -> None:
    def main() -> object:
        pid = Typed.start()
        with pytest.raises(actors.ServerExited) as failed:
            Typed.crash(pid)
        return failed.value.why

    reason = play(main)
    assert isinstance(reason, Crash)
    assert "crash" in [entry[2] for entry in reason.stack.entries]


class Door(StateMachine[str, int]):
    async def init(self, data: int) -> Begin[str, int]:
        await asyncio.sleep(0)
        return Begin("closed", data)

    async def handle_event(self, event: Event, state: str, data: int) -> Transition[str, int]:
        await asyncio.sleep(0)
        match event:
            case Called(caller, "open"):
                return NextState("open", data + 1, actions=[ReplyTo(caller, (state, data))])
            case _:
                return KeepState()


def test_a_state_machine_may_be_written_in_coroutines(play: Play) -> None:
    def main() -> list[object]:
        pid = Door.start(1)
        assert pid is not None
        return [Door.call(pid, "open"), Door.call(pid, "open")]

    assert play(main) == [("closed", 1), ("open", 2)]


class Listener(EventHandler[Pid]):
    async def init(self, boss: Pid) -> Pid:
        await asyncio.sleep(0)
        return boss

    async def handle_event(self, event: object, state: Pid) -> object:
        send(state, await later(event))
        return RemoveHandler() if event == "enough" else None

    async def terminate(self, reason: object, state: Pid) -> None:
        send(state, await later("gone"))


def test_a_handler_of_events_may_be_written_in_coroutines(play: Play) -> None:
    def main() -> list[object]:
        manager = EventManager.start()
        assert manager is not None
        EventManager.add_handler(manager, Listener, process.self())
        EventManager.notify(manager, "event")
        EventManager.notify(manager, "enough")
        return [receive(timeout=60.0) for _ in range(3)]

    assert play(main) == ["event", "enough", "gone"]


def test_agents_tasks_and_bodies_take_coroutine_functions(play: Play) -> None:
    async def plus(value: int, by: int) -> int:
        await asyncio.sleep(0)
        return value + by

    async def speaks(boss: Pid) -> None:
        send(boss, await later("spoken"))

    def main() -> list[object]:
        agent = Agent.start(partial(later, 1))
        values: list[object] = [Agent.get(agent, plus, 10), Task.await_(Task.async_(plus, 1, 2))]
        values += [value for _, value in Task.async_stream([1, 2], plus, 1)]
        spawn(speaks, process.self())
        return [*values, receive(timeout=60.0)]

    assert play(main) == [11, 3, 2, 3, "spoken"]


def test_a_loop_with_tasks_of_its_own_making_awaits_for_processes_too() -> None:
    def makes(
        loop: asyncio.AbstractEventLoop, work: Coroutine[object, None, object], **named: object
    ) -> asyncio.Task[object]:
        return asyncio.Task(work, loop=loop, **named)  # type: ignore[arg-type]

    async def main() -> object:
        asyncio.get_running_loop().set_task_factory(makes)  # type: ignore[arg-type]
        async with hosted():
            pid = await as_process(Typed.start, 3)
            assert pid is not None
            killed = spawn(lambda: await_(asyncio.sleep(600.0)))
            process.send_exit(killed, "kill")
            return await as_process(Typed.value, pid)

    assert asyncio.run(main()) == 3
