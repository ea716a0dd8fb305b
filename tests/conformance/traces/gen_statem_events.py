"""gen_statem: postpone, next_event, enter calls and the order among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple

from actors import debug, process
from actors.outcomes import Ignore, Stop
from actors.pid import Pid
from actors.process import monitor, sleep, spawn, trap_exit
from actors.state_machine import StateMachine, Transition
from actors.transitions import (
    Begin,
    Called,
    Casted,
    Enter,
    Event,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    ReplyTo,
    StopAndReply,
)
from tests.conformance import support
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    flush,
    out,
    result,
    show_flush,
    tell,
)

Function = Callable[[Event, str, Term], Term]
FIRST = Begin("a", 0)


class M(StateMachine[str, Term]):
    """A machine given as a function; every event is told to the tracer first."""

    def init(self, begin: object, function: Function) -> object:
        self.function = function
        return begin

    def handle_event(self, event: Event, state: str, data: Term) -> Transition[str, Term]:
        tell((state, TYPES[type(event)], astuple(event)[-1]))
        answer: Transition[str, Term] = self.function(event, state, data)
        return answer

    def terminate(self, reason: object, state: str, data: Term) -> None:
        tell(("terminate", reason, state, data))


class Entering(M, state_enter=True):
    """The same with enter calls."""


TYPES = {Called: "call", Casted: "cast", Internal: "internal", Enter: "enter"}


def main() -> None:
    trap_exit(True)
    postponed()
    inserted()
    entered()
    repeated()
    called()
    failed()


def start(begin: object, function: Function, kind: type[M] = M) -> Pid:
    return support.name(kind.start_link(begin, function), "m")


def cast(m: Pid, *events: object) -> None:
    for event in events:
        StateMachine.cast(m, event)


def stop(m: Pid) -> None:
    StateMachine.stop(m)
    flush()


def postponed() -> None:
    def function(event: Event, state: str, data: int) -> object:
        match event, state:
            case Casted("go"), "a":
                return NextState("b")
            case Casted("same"), "a":
                return NextState("a")
            case Casted("keep"), "a":
                return KeepState(data + 1)
            case Casted(), "a":
                return KeepState(actions=Postpone())
            case Casted("back"), "b":
                return NextState("a")
            case _:
                return KeepState()

    m = start(FIRST, function)
    cast(m, 1, 2, "keep", "same", 3, "go", 4)
    show_flush("postpone")
    cast(m, "back", 5, 6, "go", 7)
    show_flush("postpone again")
    stop(m)


def inserted() -> None:
    def function(event: Event, state: str, _: int) -> object:
        match event, state:
            case Casted("go"), "a":
                events = (Internal("i1"), Casted("i2"), Internal("i3"))
                return NextState("b", actions=[NextEvent(each) for each in events])
            case Internal("i1"), "b":
                return KeepState(actions=[NextEvent(Internal("nested"))])
            case Casted(int()), "a":
                return KeepState(actions=Postpone())
            case _:
                return KeepState()

    m = start(FIRST, function)
    cast(m, 1, 2, "go", 3)
    show_flush("next_event")
    stop(m)


def entered() -> None:
    def function(event: Event, state: str, data: int) -> object:
        match event:
            case Enter():
                return KeepState(data + 1)
            case Casted("same"):
                return NextState(state)
            case Casted("repeat"):
                return RepeatState()
            case Casted("keep"):
                return KeepState()
            case Casted(to):
                return NextState(to, actions=[NextEvent(Internal("after_enter"))])
            case _:
                return KeepState()

    m = start(FIRST, function, Entering)
    show_flush("enter at start", 0.02)
    cast(m, "b", "same", "keep", "repeat", "a")
    show_flush("enter")
    out("data", debug.get_state(m))
    stop(m)


def repeated() -> None:
    def function(event: Event, state: str, _: int) -> object:
        match event, state:
            case Casted("repeat"), "a":
                return RepeatState()
            case Casted("go"), "a":
                return NextState("b")
            case Casted(), "a":
                return KeepState(actions=Postpone())
            case _:
                return KeepState()

    m = start(FIRST, function, Entering)
    cast(m, 1, "repeat", 2, "go")
    show_flush("repeat_state")
    stop(m)


def called() -> None:
    def function(event: Event, state: str, data: object) -> object:
        match event, state:
            case Called(caller, "get"), "open":
                return KeepState(data, ReplyTo(caller, "open_now"))
            case Called(_, "get"), "closed":
                return KeepState(actions=Postpone())
            case Casted("open"), "closed":
                return NextState("open")
            case Called(caller, "stop"), _:
                return StopAndReply("normal", [ReplyTo(caller, "bye")], data)
            case _:
                return KeepState()

    m = start(Begin("closed", []), function)

    def open_later() -> None:
        sleep(0.04)
        cast(m, "open")

    spawn(open_later)
    out("postponed call", StateMachine.call(m, "get"))
    show_flush("events", 0.01)
    out("stop_and_reply", StateMachine.call(m, "stop"))
    show_flush("then")
    out("call after", attempt(lambda: StateMachine.call(m, "get")))


def failed() -> None:
    outcomes: dict[str, object] = {
        "stop": Stop("normal"),
        "stop_reason": Stop("why"),
        "bad_return": "junk",
        "bad_action": KeepState(actions=["junk"]),  # type: ignore[list-item] # what it is there for
    }
    for label, outcome in outcomes.items():
        m = start(FIRST, lambda *_, outcome=outcome: outcome)
        ref = monitor(m)
        cast(m, "x")
        out(f"{label} down", await_down(ref, None))
        flush(0.01)
    begins: dict[str, object] = {
        "ok": Begin("s", 0),
        "actions": Begin("s", 0, [NextEvent(Internal("first"))]),
        "ignore": Ignore(),
        "stop": Stop("why"),
        "junk": "junk",
    }
    for label, begin in begins.items():
        named: Term = result(M.start_link, begin, lambda *_: KeepState())
        if named[0] == "ok":
            support.name(named[1], "m")
        out(f"init {label}", named)
        show_flush("  saw", 0.02)
    assert process.is_alive(process.self())
