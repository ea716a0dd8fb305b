"""What both type checkers accept, with the types they must find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, assert_type

from actors import (
    Agent,
    Bounded,
    Caller,
    Continue,
    Down,
    GenServer,
    Ignore,
    NoReply,
    Reply,
    Started,
    Stop,
    Task,
    TimedOut,
    Via,
    asyncio_bridge,
    call,
    cast,
    process,
)
from actors.messages import Message
from actors.outcomes import Emit
from actors.pid import Pid, Ref
from actors.stage import (
    Consumer,
    PartitionDispatcher,
    Producer,
    Stage,
    SubscribeTo,
    Subscription,
    from_iterable,
    stream,
)
from actors.testing import assert_receive
from supervisors import DynamicSupervisor, Registry, TaskSupervisor, TypedRegistry


class Counter(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state, state)

    @call
    def describe(self, state: int, prefix: str, *, width: int = 0) -> Reply[str, int]:
        return Reply(f"{prefix}{state:{width}}", then=5.0)

    @call
    def maybe(self, state: int) -> Reply[str, int] | NoReply[int] | Stop[str, int]:
        match state:
            case 0:
                return Stop("shutdown", reply="over")
            case 1:
                return NoReply()
            case _:
                return Reply("more", state - 1, Continue("on"))

    @cast
    def add(self, state: int, by: int = 1) -> NoReply[int]:
        return NoReply(state + by)

    @cast
    def forget(self, state: int) -> None:
        return None


class Raw(GenServer[int]):
    def init(self, start: int) -> Started[int] | Ignore | Stop[None, int]:
        return Started(start, Continue("begin")) if start else Ignore()

    def handle_call(self, request: Message, caller: Caller, state: int) -> Reply[int, int]:
        assert_type(caller, Caller)
        return Reply(state)

    def handle_cast(self, request: Message, state: int) -> NoReply[int] | None:
        match request:
            case ("add", int(by)):
                return NoReply(state + by)
            case _:
                return None

    def handle_info(self, message: Message, state: int) -> None:
        return None

    def handle_continue(self, term: object, state: int) -> NoReply[int]:
        return NoReply(state, 1.5)

    def terminate(self, reason: object, state: int) -> None:
        return None


class Loud(Counter, restart="transient", shutdown=2.0):
    @call
    def describe(self, state: int, prefix: str, *, width: int = 0) -> Reply[str, int]:
        outcome = super().describe(state, prefix, width=width)
        assert_type(outcome, Reply[str, int] | Emit[str, int] | NoReply[int] | Stop[str, int])
        return Reply("LOUD")


def uses(via: Via) -> None:
    pid = Counter.start_link(3, name="counter")
    assert_type(pid, Pid | Any)
    assert_type(Raw.start(0), Pid | Any)
    assert_type(Counter.value(pid), int)
    assert_type(Counter.value("counter"), int)
    assert_type(Counter.value(via), int)
    assert_type(Counter.value.within(None)(pid), int)
    assert_type(Counter.describe(pid, "n=", width=3), str)
    assert_type(Counter.describe.within(1)(pid, "n="), str)
    assert_type(Counter.maybe(pid), str)
    assert_type(Loud.describe(Loud.start(), "n="), str)
    assert_type(Loud.value(pid), int)
    Counter.add(pid)
    Counter.add(pid, 2)
    Counter.add(pid, by=2)
    Counter.forget(pid)
    assert_type(GenServer.call(pid, "x"), object)
    assert_type(GenServer.whereis("counter"), Pid | None)
    assert_type(GenServer.whereis(("counter", "node")), Pid | tuple[str, str] | None)
    ask: Callable[[Pid], int] = Counter.value
    tell: Callable[[Pid, int], None] = Counter.add
    tell(pid, ask(pid))


class Hits(Agent[int], restart="transient"):
    pass


class Rooms(TypedRegistry[str, int]):
    pass


def double(number: int) -> str:
    return str(2 * number)


def times(number: int, factor: int) -> int:
    return number * factor


def agents(via: Via) -> None:
    pid = Hits.start_link(lambda: 0, name="hits")
    assert_type(pid, Pid)
    assert_type(Hits.get(pid, lambda n: n + 1), int)
    assert_type(Hits.get("hits", double), str)
    assert_type(Hits.get(via, times, 2), int)
    assert_type(Hits.get_and_update(pid, lambda n: (str(n), n + 1)), str)
    assert_type(Agent[int].get(pid, lambda n: [n]), list[int])
    assert_type(Agent.get(pid, double), str)
    Hits.update(pid, lambda n: n + 1)
    Hits.cast(pid, lambda n, by: n + by, 2)


def tasks(supervisor: Pid) -> None:
    task = Task.async_(double, 2)
    assert_type(task, Task[str])
    assert_type(Task.await_(task), str)
    assert_type(Task.await_many([task, task]), list[str])
    match Task.yield_(task):
        case ("ok", value):
            assert_type(value, str)
        case ("exit", reason):
            assert_type(reason, object)
        case None:
            pass
    assert_type(Task.await_(TaskSupervisor.async_(supervisor, double, 2)), str)
    assert_type(Task.await_(TaskSupervisor.async_nolink(supervisor, double, 2)), str)
    assert_type(TaskSupervisor.start_child(supervisor, double, 2), Pid)
    for outcome in Task.async_stream([1, 2], double, max_concurrency=2):
        if outcome[0] == "ok":
            assert_type(outcome[1], str)


def tables(pid: Pid) -> None:
    Rooms.register("rooms", "kitchen", 2)
    assert_type(Rooms.lookup("rooms", "kitchen"), list[tuple[Pid, int]])
    assert_type(Rooms.keys("rooms", pid), list[str])
    assert_type(Rooms.update_value("rooms", "kitchen", lambda n: n + 1), tuple[int, int] | None)
    Registry.register("any", ("kitchen", 2), object())
    assert_type(Registry.lookup("any", 1.5), list[tuple[Pid, object]])
    assert_type(DynamicSupervisor.start_link(max_children=2), Pid)
    assert_type(Registry.lock("any", 1, lambda: 5), int)


class Numbers(Stage[int]):
    def init(self, first: int) -> Producer[int]:
        return Producer(first, buffer_size=None, dispatcher=PartitionDispatcher(2))

    def handle_demand(self, demand: int, state: int) -> Emit[object, int]:
        return Emit(range(state, state + demand), state + demand)

    @call
    def put(self, state: int, event: str) -> Emit[int, int]:
        return Emit([event], state + 1, reply=state)

    @cast
    def push(self, state: int, *events: str) -> Emit[object, int]:
        return Emit(events)


class Sink(Stage[None]):
    def init(self) -> Consumer[None]:
        return Consumer(None, [SubscribeTo("numbers", max_demand=10, partition=0), "others"])

    def handle_events(self, events: list[int], peer: Subscription, state: None) -> None:
        Stage.ask(peer, len(events))


def stages(pid: Pid) -> None:
    assert_type(Numbers.put(pid, "event"), int)
    assert_type(Numbers.push(pid, "one", "two"), None)
    assert_type(Stage.sync_subscribe(pid, pid, max_demand=3), Ref)
    assert_type(Stage.demand(pid), Literal["forward", "accumulate"])
    assert_type(Stage.demand(pid, "forward"), None)
    assert_type(Stage.stats(pid).buffered, int)
    assert_type(from_iterable([1, 2]), Pid)
    assert_type(list(stream([pid])), list[Any])


class Renamed(GenServer[int]):
    """What a callback gets has whatever names its author likes."""

    def handle_continue(self, what: object, number: int) -> None: ...

    def handle_info(self, news: Message, number: int) -> None: ...

    def terminate(self, why: object, number: int) -> None: ...


def mail(seconds: float) -> None:
    assert_type(process.receive(Down), Down)
    assert_type(process.receive(int, seconds), int | TimedOut)
    assert_type(process.receive(lambda number: number == 1), object)
    assert_type(assert_receive(Down), Down)


async def awaited_mail(seconds: float) -> None:
    assert_type(await asyncio_bridge.receive(Down), Down)
    assert_type(await asyncio_bridge.receive(int, seconds), int | TimedOut)
    assert_type([word async for word in asyncio_bridge.messages(str)], list[str])
    Sink.start_link(mailbox=None)
    Counter.start(1, mailbox=Bounded(10, "drop_oldest"))
    process.spawn(print, mailbox=Bounded(10))
