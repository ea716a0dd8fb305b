"""gen_statem: events postponed over enter calls, timeouts set anew, updated, cancelled; inserted events; ends."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug
from actors.exits import Stack
from actors.outcomes import Ignore, Stop
from actors.pid import Pid
from actors.process import monitor, self, send, spawn, trap_exit
from actors.state_machine import StateMachine
from actors.transitions import (
    Actions,
    Begin,
    Called,
    Casted,
    Enter,
    Event,
    EventTimedOut,
    EventTimeout,
    Info,
    Internal,
    KeepState,
    NamedTimedOut,
    NamedTimeout,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    ReplyTo,
    StateTimedOut,
    StateTimeout,
    StopAndReply,
)
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    is_down,
    out,
    result,
    settle,
    show_flush,
    started,
    strip,
    tell,
)


class M(StateMachine[str, Term], state_enter=True):
    """A machine that does what it is told; its data are the actions of enter calls to come."""

    def init(self, begin: object) -> object:
        return begin

    def handle_event(self, event: Event, state: str, data: Term) -> Term:
        match event:
            case Enter(previous):
                tell(("enter", previous, state))
                if state in data:
                    return KeepState({}, data[state])
                return KeepState()
            case Called(caller, ("do", answer)):
                StateMachine.reply(caller, "done")
                return answer
            case Called(caller, function) if callable(function):
                return function(caller, state, data)
            case Casted(("do", answer)):
                return answer
            case Casted(("later", when, content)):
                if when != state:
                    return KeepState(actions=Postpone())
                tell(("took", content, state))
                return KeepState()
            case _:
                tell((kind(event), content_of(event), state))
                return KeepState()

    def terminate(self, reason: object, state: str, data: Term) -> None:
        tell(("terminate", reason, state))


KINDS: dict[type, str] = {
    Internal: "internal",
    Info: "info",
    StateTimedOut: "state_timeout",
    EventTimedOut: "timeout",
}


def kind(event: Event) -> object:
    match event:
        case NamedTimedOut(label, _):
            return ("timeout", label)
        case _:
            return KINDS[type(event)]


def content_of(event: Term) -> object:
    return event.content


def do(m: Pid, answer: object) -> None:
    StateMachine.call(m, ("do", answer))


def keep(m: Pid, *actions: Term) -> None:
    do(m, KeepState({}, list(actions)))


def main() -> None:
    trap_exit(True)
    m = started(
        M.start(
            begin(NextEvent(Internal("first")), StateTimeout(0, "zero"), EventTimeout(0, "event"))
        )
    )
    show_flush("start", 0.01)
    postponed(m)
    entered(m)
    replaced(m)
    kept(m)
    idle(m)
    called(m)
    for label, answer in ENDS.items():
        ended(label, answer)
    out("init ignore", result(M.start, Ignore()))
    out("init stop", result(M.start, Stop("no")))
    out("init junk", result(M.start, "junk"))


def begin(*actions: Term) -> Begin[str, Term]:
    return Begin("a", {}, list(actions))


def postponed(m: Pid) -> None:
    for number in (1, 2, 3):
        StateMachine.cast(m, ("later", "b", number))
    keep(m)
    show_flush("kept", 0.005)
    do(m, RepeatState({}))
    show_flush("repeated", 0.005)
    do(m, NextState("a", {}))
    show_flush("same state", 0.005)
    debug.suspend(m)
    inserted = [NextEvent(Internal("inserted")), NextEvent(Casted(("later", "b", 0)))]
    StateMachine.cast(m, ("do", NextState("b", {}, inserted)))
    StateMachine.cast(m, ("later", "b", 4))
    debug.resume(m)
    show_flush("changed", 0.01)


def entered(m: Pid) -> None:
    actions: Actions = [StateTimeout(0.02, "of_d"), NamedTimeout("n", 0.03, "named")]
    do(m, NextState("c", {"d": actions}))
    do(m, NextState("d", {"d": actions}))
    settle(0.01)
    do(m, NextState("e", {}))
    show_flush("left before the state timeout", 0.04)


def replaced(m: Pid) -> None:
    keep(m, StateTimeout(0.02, 1))
    keep(m, StateTimeout(0.03, 2))
    show_flush("replaced", 0.05)
    keep(m, StateTimeout(0.02, 1))
    keep(m, StateTimeout(None))
    show_flush("cancelled", 0.03)
    keep(m, StateTimeout(0.02, 1), NamedTimeout("x", 0.01, "x"))
    keep(m, StateTimeout("update", "new"), NamedTimeout("x", None, "never"))
    show_flush("updated", 0.03)
    keep(m, StateTimeout("update", "none_runs"))
    show_flush("updated without any", 0.005)


def kept(m: Pid) -> None:
    keep(m, StateTimeout(0.01, 1))
    do(m, RepeatState({}))
    show_flush("repeat_state keeps the state timeout", 0.02)
    keep(m, StateTimeout(0.01, 1))
    do(m, NextState("e", {}))
    show_flush("next_state to the same keeps it", 0.02)


def idle(m: Pid) -> None:
    keep(m, EventTimeout(0.02, "idle"))
    send(m, "info")
    show_flush("event timeout ended", 0.03)
    keep(m, EventTimeout(0.01, 10))
    show_flush("a number", 0.02)
    keep(m, EventTimeout(0, "zero"), NextEvent(Internal("queued")))
    show_flush("zero and queued", 0.01)
    keep(
        m,
        NamedTimeout("b", 0, "b"),
        StateTimeout(0, "s"),
        NamedTimeout("a", 0, "a"),
        NextEvent(Internal("i")),
    )
    show_flush("zeros in order", 0.01)
    keep(m, EventTimeout(0.02, "idle"))
    debug.get_state(m)
    show_flush("a look does not end it", 0.03)


def called(m: Pid) -> None:
    spawn(asks, self(), m)
    show_flush("a call postponed", 0.01)
    do(m, NextState("f", {}))
    show_flush("  then", 0.01)

    def silent(*_: object) -> object:
        return KeepState()

    match strip(attempt(lambda: StateMachine.call(m, silent, 0.01))):
        case ("exit", (reason, (module, function))):
            out("call too late", (reason, module, function))
        case other:
            out("call too late", other)
    out("two replies", asked(m, lambda caller, _, __: KeepState(actions=[ReplyTo(caller, 1)])))
    bye = asked(m, lambda caller, _, data: StopAndReply("normal", ReplyTo(caller, "bye"), data))
    out("stop_and_reply", bye)
    show_flush("  said", 0.005)


def asked(m: Pid, function: Callable[..., object]) -> object:
    return StateMachine.call(m, function)


def asks(teller: Pid, m: Pid) -> None:
    def in_f(caller: Term, state: str, _: object) -> object:
        return KeepState(actions=ReplyTo(caller, "in_f") if state == "f" else Postpone())

    send(teller, ("answer", StateMachine.call(m, in_f)))


ENDS: dict[str, object] = {
    "value": "bad",
    "action": KeepState({}, ["bad"]),  # type: ignore[list-item]
    "timeout": KeepState({}, [StateTimeout(-0.001, 1)]),
    "stop": Stop("why"),
    "stop_shutdown": Stop(("shutdown", 1), {}),
    "just_stop": Stop("normal"),
}
"""What a callback answers, and the machine ends."""


def ended(label: str, answer: object) -> None:
    m = started(M.start(begin()))
    ref = monitor(m)
    StateMachine.cast(m, ("do", answer))
    for message in flush(0.01):
        match message:
            case ("terminate", reason, state):
                out(f"{label}: terminate", (short(reason), state))
            case _ if is_down(message, ref):
                out(f"{label}: down", short(message.reason))
            case _:
                out(label, message)


def short(reason: Term) -> object:
    """Return a reason without its stack, with a refused timeout in OTP's words."""
    match reason:
        case (why, Stack()):
            return short(why)
        case (why, StateTimeout(seconds=float() as seconds, content=content)):
            return (why, ("state_timeout", round(seconds * 1000), content))
        case _:
            return reason
