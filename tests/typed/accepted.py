"""What both type checkers accept, with the types they must find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_type

from actors import (
    Caller,
    Continue,
    GenServer,
    Ignore,
    NoReply,
    Reply,
    Started,
    Stop,
    Via,
    call,
    cast,
)
from actors.messages import Message
from actors.pid import Pid


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
        assert_type(outcome, Reply[str, int] | NoReply[int] | Stop[str, int])
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
