"""gen_statem: which event ends which timeout, timeouts of no time, replaced, cancelled and updated ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actors import debug
from actors.pid import Pid
from actors.process import monotonic, send, trap_exit
from actors.state_machine import StateMachine, Transition
from actors.transitions import (
    Action,
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
    TimeoutAction,
)
from tests.conformance import support
from tests.conformance.support import Term, flush, out, settle, tell

START = Begin("a", "d")


class M(StateMachine[str, str]):
    """A machine that tells every event and does what the event says."""

    def init(self, begin: Begin[str, str]) -> Begin[str, str]:
        return begin

    def handle_event(self, event: Event, state: str, data: str) -> Transition[str, str]:
        match event:
            case Called(caller, "state"):
                return KeepState(actions=ReplyTo(caller, state))
            case Enter(previous):
                tell(("enter", previous, state))
                return do(StateTimeout(0.03, "on_enter")) if state == "timed" else KeepState()
            case _:
                return self.told(event, state)

    def told(self, event: Term, state: str) -> Transition[str, str]:
        match event.content:
            case ("do", label, answer):
                tell((state, kind(event), label))
                return answer  # type: ignore[no-any-return]
            case content:
                tell((state, kind(event), content))
                return KeepState()


class Entering(M, state_enter=True):
    """The same with enter calls."""


KINDS = {
    Casted: "cast",
    Info: "info",
    Internal: "internal",
    EventTimedOut: "timeout",
    StateTimedOut: "state_timeout",
}


def kind(event: Event) -> object:
    return ("timeout", event.name) if isinstance(event, NamedTimedOut) else KINDS[type(event)]


def main() -> None:
    trap_exit(True)
    for label, timeout in TIMEOUTS.items():
        for noise, act in noises(timeout).items():
            m = start()
            ask(m, "set", do(timeout(0.04, label[0])))
            settle(0.01)
            act(m)
            out(f"{label}, {noise}", flush(0.1))
            stop(m)
    no_time()
    changes()
    postponed()
    many()


def start(begin: Begin[str, str] = START, machine: type[M] = M) -> Pid:
    return support.name(machine.start_link(begin), "m")


def stop(m: Pid) -> None:
    StateMachine.stop(m)
    flush(0.01)


def ask(m: Pid, label: str, answer: object) -> None:
    StateMachine.cast(m, ("do", label, answer))


def do(*actions: Action) -> KeepState[str]:
    return KeepState(actions=actions)


def to(state: str, *actions: Action) -> NextState[str, str]:
    return NextState(state, actions=actions)


Timeout = Callable[[Term, object], TimeoutAction]
TIMEOUTS: dict[str, Timeout] = {
    "event": EventTimeout,
    "state": StateTimeout,
    "named": lambda seconds, content: NamedTimeout("n", seconds, content),
}


def noises(timeout: Timeout) -> dict[str, Callable[[Pid], object]]:
    def away_and_back(m: Pid) -> None:
        ask(m, "away", to("b"))
        ask(m, "back", to("a"))

    def asks(label: str, answer: object) -> Callable[[Pid], object]:
        return lambda m: ask(m, label, answer)

    return {
        "nothing": lambda _: None,
        "cast": asks("noise", KeepState()),
        "info": lambda m: send(m, "noise"),
        "call": lambda m: StateMachine.call(m, "state"),
        "same_state": asks("same", to("a")),
        "repeat": asks("repeat", RepeatState()),
        "change": asks("change", to("b")),
        "away_and_back": away_and_back,
        "system": debug.get_state,
        "cancel": asks("cancel", do(timeout(None, None))),
        "infinity": asks("infinity", do(timeout(None, "x"))),
        "update": asks("update", do(timeout("update", "new"))),
        "replace": asks("replace", do(timeout(0.06, "later"))),
    }


EVENT, STATE, NAMED = EventTimeout(0, "e"), StateTimeout(0, "s"), NamedTimeout("n", 0, "n")
INSERTED = NextEvent(Internal("i"))
OF_NO_TIME: dict[str, Sequence[Action]] = {
    "event0": [EVENT],
    "state0": [STATE],
    "named0": [NAMED],
    "all": [EVENT, STATE, NAMED],
    "all_turned": [NAMED, STATE, EVENT],
    "after_next_event": [EVENT, INSERTED],
    "after_next_event_state": [STATE, INSERTED],
    "twice": [StateTimeout(0, "first"), StateTimeout(0, "second")],
    "zero_then_cancel": [STATE, StateTimeout(None)],
    "zero_then_update": [STATE, StateTimeout("update", "u")],
    "update_of_none": [StateTimeout("update", "u")],
    "cancel_of_none": [NamedTimeout("none", None)],
    "bare_number": [0],
}


def no_time() -> None:
    m = start()
    for label, actions in OF_NO_TIME.items():
        ask(m, label, do(*actions))
        out(f"no time, {label}", flush(0.03))
    send(m, ("do", "first", do(EVENT, STATE)))
    send(m, "second")
    out("no time, with mail", flush(0.03))
    stop(m)


def changes() -> None:
    m = start()
    ask(m, "set", do(StateTimeout(0.03, "old")))
    ask(m, "go", to("b", StateTimeout(0.02, "new")))
    out("set with the change", flush(0.08))
    ask(m, "set", do(StateTimeout(0.03, "old")))
    ask(m, "same", to("b"))
    out("next state that is the same", flush(0.08))
    stop(m)
    m = start(machine=Entering)
    ask(m, "go", to("timed", StateTimeout(0.01, "from_event")))
    out("set on entering wins", flush(0.08))
    ask(m, "repeat", RepeatState())
    out("set again by repeat", flush(0.08))
    stop(m)


def postponed() -> None:
    m = start()
    ask(m, "later", do(Postpone(), StateTimeout(0.02, "s")))
    out("postponed once", flush(0.06))
    ask(m, "go", to("b", EventTimeout(0.03, "e")))
    out("a postponed event ends the event timeout", flush(0.08))
    stop(m)


def many() -> None:
    actions: list[Action] = [
        NamedTimeout("x", 0.02, 1),
        NamedTimeout("y", 0.04, 2),
        StateTimeout(0.06, 3),
    ]
    m = start(Begin("a", "d", actions))
    out("from init", flush(0.12))
    named = [NamedTimeout("y", 0.02, "y"), NamedTimeout("x", 0.04, "x")]
    ask(m, "set", do(*named, NamedTimeout("z", 0.03, "z")))
    ask(m, "cancel", do(NamedTimeout("z", None)))
    out("by time", flush(0.08))
    ask(m, "abs", do(StateTimeout(monotonic() + 0.02, "abs", absolute=True)))
    out("absolute", flush(0.06))
    ask(m, "past", do(StateTimeout(monotonic() - 1.0, "past", absolute=True)))
    out("in the past", flush(0.06))
    send(m, ("do", "busy", do(StateTimeout(0.01, "fired"))))
    settle(0.005)
    debug.suspend(m)
    settle(0.03)
    send(m, ("do", "cancel", do(StateTimeout(None))))
    debug.resume(m)
    out("fired while suspended, before the cancel", flush(0.06))
