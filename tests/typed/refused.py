"""Misuses: a type checker must refuse every line with an ignored code, and says so if it does not.

What no checker sees, and is refused when it runs:

* what `start_link` and `child_spec` pass to `init`: a class method cannot take the parameters of another
  method of its subclass;
* what `handle_call`, `handle_cast`, `handle_info` and `handle_continue` return: for a protocol of one's own they
  may hand on whatever a function gave them, so that they return `object`; what is typed is `@call` and `@cast`;
* the options of `Supervisor.start_link` and its like, which a subclass replaces by those of its `init`.
"""

from __future__ import annotations

from actors import Agent, GenServer, NoReply, Reply, StateMachine, Task, call, cast, process
from actors.outcomes import Started
from actors.pid import Pid
from actors.state_machine import Transition
from actors.transitions import Called, Enter, Event, KeepState, NextState, ReplyTo
from supervisors import DynamicSupervisor, TypedRegistry


class Counter(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state, state)

    @call
    def scaled(self, state: int, factor: int, *, offset: int = 0) -> Reply[int, int]:
        return Reply(state * factor + offset)

    @cast
    def add(self, state: int, by: int = 1) -> NoReply[int]:
        return NoReply(state + by)


class Begins(GenServer[int]):
    def init(self, text: str) -> str:  # type: ignore[override]
        return text


class BeginsLater(GenServer[int]):
    async def init(self) -> Started[str]:  # type: ignore[override]
        return Started("not a number")


class Wrong(GenServer[int]):
    @call  # type: ignore[arg-type]
    def bare(self, state: int) -> int:
        return state

    @call  # type: ignore[arg-type]
    def nothing(self, state: int) -> None:
        return None

    @cast  # type: ignore[arg-type]
    def replies(self, state: int) -> Reply[int, int]:
        return Reply(state)

    @call
    def other_value(self, state: int) -> Reply[str, int]:
        return Reply(state)  # type: ignore[arg-type]

    @call
    def other_state(self, state: int) -> Reply[str, int]:
        return Reply("x", "not a state")  # type: ignore[arg-type]

    @call
    def other_extra(self, state: int) -> Reply[str, int]:
        return Reply("x", then="soon")  # type: ignore[arg-type]

    @call
    def keeps_text(self, state: str) -> Reply[str, str]:
        return Reply(state)

    @cast
    def adds_text(self, state: str, more: str) -> NoReply[str]:
        return NoReply(state + more)

    def handle_info(self, message: int, state: int) -> None:  # type: ignore[override]
        return None

    def terminate(self, reason: object) -> None:  # type: ignore[override]
        return None


def misuses(pid: Pid) -> object:
    text: str = Counter.value(pid)  # type: ignore[assignment]
    done: None = Counter.value(pid)  # type: ignore[assignment]
    Counter.value(5)  # type: ignore[arg-type]
    Counter.value()  # type: ignore[call-arg]
    Counter.value(pid, 1)  # type: ignore[call-arg]
    Counter.value.within("soon")  # type: ignore[arg-type]
    Counter.scaled(pid)  # type: ignore[call-arg]
    Counter.scaled(pid, "2")  # type: ignore[arg-type]
    Counter.scaled(pid, 2, 3)  # type: ignore[call-arg]
    Counter.scaled(pid, 2, offset="3")  # type: ignore[arg-type]
    Counter.scaled(pid, 2, unknown=3)  # type: ignore[call-arg]
    Counter.add(pid, "2")  # type: ignore[arg-type]
    Counter.add(pid, to=2)  # type: ignore[call-arg]
    Counter.missing(pid)  # type: ignore[attr-defined]
    Counter.start_link(name=5)  # type: ignore[arg-type]
    Counter.start_link(timeout="5")  # type: ignore[arg-type]
    Counter.start_link(host="process")  # type: ignore[arg-type]
    Counter.child_spec(restart="always")  # type: ignore[arg-type]
    Wrong.keeps_text(pid)  # type: ignore[arg-type]
    Wrong.adds_text(pid, "more")  # type: ignore[arg-type]
    GenServer.call(pid)  # type: ignore[call-arg]
    GenServer.reply(pid, 1)  # type: ignore[arg-type]
    number: int = GenServer.call(pid, "x")  # type: ignore[assignment]
    process.monitor(GenServer.whereis("x"))  # type: ignore[arg-type]
    return text, done, number


class Door(StateMachine[str, int]):
    def handle_event(self, event: Event, state: str, data: int) -> Transition[str, int]:
        match event:
            case Called():
                return KeepState(actions=ReplyTo("caller", 1))  # type: ignore[arg-type]
            case Enter():
                return NextState(5, data)  # type: ignore[arg-type]
            case _:
                return NextState(state, "data")  # type: ignore[arg-type]


class Hits(Agent[int]):
    pass


class Rooms(TypedRegistry[str, int]):
    pass


def double(number: int) -> str:
    return str(2 * number)


def halves(number: int) -> tuple[int, int]:
    return divmod(number, 2)


def plus(number: int, other: int) -> int:
    return number + other


def agents(pid: Pid) -> None:
    Hits.start_link(str)  # type: ignore[arg-type]
    Hits.update(pid, str)  # type: ignore[arg-type]
    Hits.get(pid, len)  # type: ignore[arg-type]
    Hits.get(pid)  # type: ignore[call-arg]
    Hits.get_and_update(pid, double)  # type: ignore[arg-type]
    Hits.get(5, double)  # type: ignore[arg-type]


def tasks() -> None:
    Task.async_(double, "2")  # type: ignore[arg-type]
    Task.async_(double)  # type: ignore[arg-type, call-arg]
    Task.async_(double, 2, host="moon")  # type: ignore[call-overload]
    number: int = Task.await_(Task.async_(double, 2))  # type: ignore[assignment]
    Task.await_(number)  # type: ignore[arg-type]
    Task.async_stream(["x"], double)  # type: ignore[arg-type]
    Task.yield_many([], on_timeout="explode")  # type: ignore[arg-type]


def outcomes(pid: Pid) -> object:
    text: str = Task.await_many([Task.async_(len, "ab")])[0]  # type: ignore[assignment]
    Task.await_(double)  # type: ignore[arg-type]
    other: Task[int] = Task.async_(double, 2)  # type: ignore[arg-type]
    word: str = Hits.get_and_update(pid, halves)  # type: ignore[assignment]
    Hits.update(pid, plus)  # type: ignore[arg-type]
    Counter.start_link(host=5)  # type: ignore[arg-type]
    GenServer.call(pid, "x", "5")  # type: ignore[arg-type]
    GenServer.reply("caller", 1)  # type: ignore[arg-type]
    process.send_exit("name", "x")  # type: ignore[arg-type]
    return text, other, word


def tables(pid: Pid) -> object:
    Rooms.lookup("rooms", 5)  # type: ignore[arg-type]
    Rooms.unregister("rooms", b"kitchen")  # type: ignore[arg-type]
    found: list[tuple[Pid, str]] = Rooms.lookup("rooms", "kitchen")  # type: ignore[assignment]
    keys: list[int] = Rooms.keys("rooms", pid)  # type: ignore[assignment]
    Rooms.register("rooms", 5, 2)  # type: ignore[arg-type]
    Rooms.register("rooms", "kitchen", "two")  # type: ignore[arg-type]
    Rooms.update_value("rooms", "kitchen", str)  # type: ignore[arg-type]
    DynamicSupervisor.terminate_child(pid, "an id")  # type: ignore[arg-type]
    return found, keys
