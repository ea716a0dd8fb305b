from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import debug, process, telemetry
from actors.errors import BadArgument, CallTimeout, NoProcess, ServerExited, StartError
from actors.exits import Crash, Stack
from actors.messages import Down, Exited, Message, TimedOut
from actors.naming import Name, Via
from actors.outcomes import Hibernate, Ignore, Stop
from actors.pid import LOCAL_NODE, Pid
from actors.requests import Answered, Failed, Labelled, Requests
from actors.state_machine import StateMachine, Transition
from actors.transitions import (
    Action,
    Begin,
    Called,
    Casted,
    ChangeCallbacks,
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
    PopCallbacks,
    Postpone,
    PushCallbacks,
    RepeatState,
    ReplyTo,
    StateTimedOut,
    StateTimeout,
    StopAndReply,
)
from tests.actors.schedules import every_schedule, heard, played

Answer: TypeAlias = Callable[[Event, str, int], object]


@pytest.fixture(autouse=True)
def _unreported() -> Iterator[None]:
    """Many ends here are failures, and meant."""
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)


class Told(StateMachine[str, int]):
    """Tells the first process every event, and answers what a function says."""

    def init(self, watcher: Pid, answer: Answer, begin: object = None) -> object:
        self.watcher, self.answer = watcher, answer
        return Begin("a", 0) if begin is None else begin

    def handle_event(self, event: Event, state: str, data: int) -> Transition[str, int]:
        shown = (event.content,) if isinstance(event, Called) else event
        process.send(self.watcher, (state, shown))
        return self.answer(event, state, data)  # type: ignore[return-value]

    def terminate(self, reason: object, state: str, data: int) -> None:
        process.send(self.watcher, ("terminate", reason, state, data))


class Entering(Told, state_enter=True):
    pass


def start(answer: Answer, begin: object = None, kind: type[Told] = Told) -> Pid:
    pid = kind.start_link(process.self(), answer, begin)
    assert pid is not None
    return pid


def obey(event: Event, state: str, data: int) -> object:
    """Do what the event's content says, and nothing if it says nothing."""
    content = event.previous if isinstance(event, Enter) else event.content
    is_outcome = isinstance(content, NextState | KeepState | RepeatState | Stop | StopAndReply)
    return content if is_outcome else KeepState()


def do(*actions: Action) -> KeepState[int]:
    return KeepState(actions=actions)


def told(*contents: object, answer: Answer = obey, wait: float = 10.0) -> list[object]:
    """Cast to a machine that obeys, all at once, and return what it was told in each state."""

    def main() -> list[object]:
        pid = start(answer)
        for each in contents:
            StateMachine.cast(pid, each)
        return [_bare(each) for each in heard(wait)]

    return played(main)


def _bare(message: Message) -> object:
    """Leave out what a command contains, it is known."""
    match message:
        case (state, Casted(content)):
            is_command = not isinstance(content, str | int)
            return (state, "cast", "…" if is_command else content)
        case (state, event):
            return (state, event)
        case _:
            return message


GO = "…"


# Postponed and inserted events


def keeper(event: Event, state: str, data: int) -> object:
    match event, state:
        case Casted("go"), "a":
            return NextState("b")
        case Casted("same"), "a":
            return NextState("a")
        case Casted("keep"), "a":
            return KeepState(data + 1)
        case Casted("back"), "b":
            return NextState("a")
        case _, "a":
            return KeepState(actions=Postpone())
        case _:
            return KeepState()


def test_postponed_events_come_back_oldest_first_when_the_state_changes() -> None:
    seen = told(1, 2, "keep", "same", 3, "go", 4, answer=keeper)

    assert seen == [
        *(("a", "cast", each) for each in (1, 2, "keep", "same", 3, "go")),
        *(("b", "cast", each) for each in (1, 2, 3, 4)),
    ]


def test_an_event_may_be_postponed_again() -> None:
    seen = told("go", "back", 5, 6, "go", 7, answer=keeper)

    assert seen[1:] == [
        ("b", "cast", "back"),
        *(("a", "cast", each) for each in (5, 6, "go")),
        *(("b", "cast", each) for each in (5, 6, 7)),
    ]


def test_inserted_events_go_before_all_others_in_the_order_given() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        match event, state:
            case Casted("go"), "a":
                inserted = Internal("i1"), Casted("i2"), Internal("i3")
                return NextState("b", actions=[NextEvent(each) for each in inserted])
            case Internal("i1"), _:
                return KeepState(actions=NextEvent(Internal("nested")))
            case Casted(int()), "a":
                return KeepState(actions=Postpone())
            case _:
                return KeepState()

    assert told(1, 2, "go", 3, answer=answer) == [
        ("a", "cast", 1),
        ("a", "cast", 2),
        ("a", "cast", "go"),
        ("b", Internal("i1")),
        ("b", Internal("nested")),
        ("b", "cast", "i2"),
        ("b", Internal("i3")),
        ("b", "cast", 1),
        ("b", "cast", 2),
        ("b", "cast", 3),
    ]


def test_an_event_may_be_postponed_while_it_inserts_another() -> None:
    command = do(Postpone(), NextEvent(Internal("i")))

    assert told(command, "x", NextState("b"), "y") == [
        ("a", "cast", GO),
        ("a", Internal("i")),
        ("a", "cast", "x"),
        ("a", "cast", GO),
        ("b", "cast", GO),
        ("b", Internal("i")),
        ("b", "cast", "y"),
    ]


def test_every_kind_of_event_can_be_inserted() -> None:
    events: list[Event] = [
        EventTimedOut("e"),
        StateTimedOut("s"),
        NamedTimedOut("n", "c"),
        Info("i"),
        Internal("x"),
        Casted("c"),
    ]

    seen = told(do(*(NextEvent(each) for each in events)))

    assert seen[1:] == [("a", event) for event in events[:-1]] + [("a", "cast", "c")]


@given(st.lists(st.sampled_from(["go", "back", "same", 1, 2, 3]), max_size=12))
@settings(max_examples=100, deadline=None)
def test_each_event_is_told_until_it_is_accepted_in_the_order_of_a_queue(
    casts: list[object],
) -> None:
    state, waiting, queue = "a", list[object](), deque(casts)
    expected: list[object] = []
    while queue:
        event = queue.popleft()
        expected.append((state, "cast", event))
        match state, event:
            case ("a", "go") | ("b", "back"):
                state = "b" if state == "a" else "a"
                queue.extendleft(reversed(waiting))
                waiting.clear()
            case "a", _ if event != "same":
                waiting.append(event)

    assert told(*casts, answer=keeper) == expected


# Entering states


def test_enter_is_told_at_the_start_on_each_change_and_on_repeat_only() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        match event:
            case Enter():
                return KeepState(data + 1)
            case Casted("same"):
                return NextState(state)
            case Casted("repeat"):
                return RepeatState()
            case Casted("keep"):
                return KeepState()
            case Casted(str() as to):
                return NextState(to, actions=NextEvent(Internal("after")))
            case _:
                return KeepState()

    def main() -> object:
        pid = start(answer, kind=Entering)
        for each in ("b", "same", "keep", "repeat", "a"):
            StateMachine.cast(pid, each)
        return [_bare(each) for each in heard()], debug.get_state(pid)

    assert played(main) == (
        [
            ("a", Enter("a")),
            ("a", "cast", "b"),
            ("b", Enter("a")),
            ("b", Internal("after")),
            ("b", "cast", "same"),
            ("b", "cast", "keep"),
            ("b", "cast", "repeat"),
            ("b", Enter("b")),
            ("b", "cast", "a"),
            ("a", Enter("b")),
            ("a", Internal("after")),
        ],
        ("a", 4),
    )


def test_repeat_state_does_not_retry_what_was_postponed() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        match event, state:
            case Casted("repeat"), "a":
                return RepeatState()
            case Casted("go"), "a":
                return NextState("b")
            case Casted(_), "a":
                return KeepState(actions=Postpone())
            case _:
                return KeepState()

    def main() -> object:
        pid = start(answer, kind=Entering)
        for each in (1, "repeat", 2, "go"):
            StateMachine.cast(pid, each)
        return [_bare(each) for each in heard()]

    assert played(main) == [
        ("a", Enter("a")),
        ("a", "cast", 1),
        ("a", "cast", "repeat"),
        ("a", Enter("a")),
        ("a", "cast", 2),
        ("a", "cast", "go"),
        ("b", Enter("a")),
        ("b", "cast", 1),
        ("b", "cast", 2),
    ]


def test_an_enter_that_repeats_is_told_again_with_the_same_previous_state() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        if isinstance(event, Enter):
            return KeepState(data + 1) if data % 3 == 2 else RepeatState(data + 1)
        return NextState("b")

    def main() -> object:
        pid = start(answer, kind=Entering)
        StateMachine.cast(pid, "x")
        return [_bare(each) for each in heard()], debug.get_state(pid)

    assert played(main) == (
        [*[("a", Enter("a"))] * 3, ("a", "cast", "x"), *[("b", Enter("a"))] * 3],
        ("b", 6),
    )


def test_a_timeout_set_on_entering_replaces_that_of_the_event() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        match event:
            case Enter():
                return KeepState(actions=StateTimeout(2.0, "of enter"))
            case Casted():
                return NextState("b", actions=StateTimeout(5.0, "of the event"))
            case _:
                return KeepState()

    def main() -> object:
        begin = Begin("a", 0, StateTimeout(3.0, "of init"))
        pid = start(answer, begin, Entering)
        first = heard(4.0)
        StateMachine.cast(pid, "x")
        return [_bare(each) for each in (*first, *heard(10.0))]

    assert played(main) == [
        ("a", Enter("a")),
        ("a", StateTimedOut("of enter")),
        ("a", "cast", "x"),
        ("b", Enter("a")),
        ("b", StateTimedOut("of enter")),
    ]


# Timeouts, as measured on the BEAM: what is set, what is cast, what is told after the first cast


def after(*actions: Action) -> tuple[object, ...]:
    return (do(*actions),)


E, S, N = EventTimedOut, StateTimedOut, NamedTimedOut
X = ("a", "cast", "x")
CHANGE: NextState[str, int] = NextState("b")

TIMEOUTS: dict[str, tuple[tuple[object, ...], list[object]]] = {
    "an event timeout fires": (after(EventTimeout(2, "e")), [("a", E("e"))]),
    "any event ends an event timeout": ((*after(EventTimeout(2, "e")), "x"), [X]),
    "an event leaves a state timeout": (
        (*after(StateTimeout(4, "s")), "x"),
        [X, ("a", S("s"))],
    ),
    "a change ends a state timeout": (
        (*after(StateTimeout(4, "s")), CHANGE),
        [("a", "cast", GO)],
    ),
    "a change to the same state leaves it": (
        (*after(StateTimeout(4, "s")), NextState("a")),
        [("a", "cast", GO), ("a", S("s"))],
    ),
    "a change leaves a named one": (
        (*after(NamedTimeout("n", 4, "c")), CHANGE),
        [("a", "cast", GO), ("b", N("n", "c"))],
    ),
    "two named ones run side by side": (
        (*after(NamedTimeout("n", 6, 1), NamedTimeout("k", 2, 2)), CHANGE),
        [("a", "cast", GO), ("b", N("k", 2)), ("b", N("n", 1))],
    ),
    "zero: state before event ends the event's": (
        (*after(StateTimeout(0, "s"), EventTimeout(0, "e")), "x"),
        [("a", S("s")), X],
    ),
    "zero: event before state": (
        (*after(EventTimeout(0, "e"), StateTimeout(0, "s")), "x"),
        [("a", E("e")), ("a", S("s")), X],
    ),
    "zero: state, named, event": (
        (*after(StateTimeout(0, "s"), NamedTimeout("n", 0, 1), EventTimeout(0, "e")), "x"),
        [("a", S("s")), ("a", N("n", 1)), X],
    ),
    "zero: event, named, state": (
        (*after(EventTimeout(0, "e"), NamedTimeout("n", 0, 1), StateTimeout(0, "s")), "x"),
        [("a", E("e")), ("a", N("n", 1)), ("a", S("s")), X],
    ),
    "an inserted event ends a zero event timeout": (
        (*after(EventTimeout(0, "e"), NextEvent(Internal("i"))), "x"),
        [("a", Internal("i")), X],
    ),
    "inserted events come before a zero state timeout": (
        (*after(StateTimeout(0, "s"), NextEvent(Internal("i")), NextEvent(Internal("j"))), "x"),
        [("a", Internal("i")), ("a", Internal("j")), ("a", S("s")), X],
    ),
    "an inserted change ends a zero state timeout": (
        (*after(StateTimeout(0, "s"), NextEvent(Internal(CHANGE))), "x"),
        [("a", Internal(CHANGE)), ("b", "cast", "x")],
    ),
    "an inserted change leaves a zero named timeout": (
        (*after(NamedTimeout("n", 0, 1), NextEvent(Internal(CHANGE))), "x"),
        [("a", Internal(CHANGE)), ("b", N("n", 1)), ("b", "cast", "x")],
    ),
    "of two of a kind the last counts": (
        after(StateTimeout(2, "first"), StateTimeout(4, "second")),
        [("a", S("second"))],
    ),
    "of two zeros of a kind the last counts, in its place": (
        after(StateTimeout(0, 1), NamedTimeout("n", 0, 2), StateTimeout(0, 3)),
        [("a", N("n", 2)), ("a", S(3))],
    ),
    "a later one replaces": (
        (*after(StateTimeout(4, 1)), *after(StateTimeout(8, 2))),
        [("a", "cast", GO), ("a", S(2))],
    ),
    "it is taken back": (
        (*after(StateTimeout(4, 1)), *after(StateTimeout(None))),
        [("a", "cast", GO)],
    ),
    "taking back and setting": (after(StateTimeout(None), StateTimeout(2, 1)), [("a", S(1))]),
    "setting and taking back": (after(StateTimeout(0, 1), StateTimeout(None)), []),
    "an update changes the content": (
        (*after(StateTimeout(4, 1)), *after(StateTimeout("update", 2)), "x"),
        [("a", "cast", GO), X, ("a", S(2))],
    ),
    "an update of a named one": (
        (*after(NamedTimeout("n", 4, 1)), *after(NamedTimeout("n", "update", 2)), "x"),
        [("a", "cast", GO), X, ("a", N("n", 2))],
    ),
    "an update of nothing fires at once": (
        (*after(StateTimeout("update", 2)), "x"),
        [("a", S(2)), X],
    ),
    "an update of an event timeout comes too late and fires at once": (
        (*after(EventTimeout(4, 1)), *after(EventTimeout("update", 2)), "x"),
        [("a", "cast", GO), ("a", E(2)), X],
    ),
    "an update in the same list replaces what it was to change": (
        (*after(StateTimeout(4, 1), StateTimeout("update", 2)), "x"),
        [("a", S(2)), X],
    ),
    "a bare number is an event timeout": (after(2.5), [("a", E(2.5))]),
    "a bare zero too": ((KeepState(actions=0), "x"), [("a", E(0)), X]),
    "a timeout set with a change": (
        (NextState("b", actions=StateTimeout(2, "in b")),),
        [("b", S("in b"))],
    ),
    "zeros set by a zero come after it": (
        (
            *after(
                StateTimeout(0, do(NamedTimeout("k", 0, 1), NextEvent(Internal("i")))),
                NamedTimeout("n", 0, 2),
            ),
            "x",
        ),
        [
            ("a", S(do(NamedTimeout("k", 0, 1), NextEvent(Internal("i"))))),
            ("a", Internal("i")),
            ("a", N("n", 2)),
            ("a", N("k", 1)),
            X,
        ],
    ),
    "a time that is over comes after the mail": (
        (*after(StateTimeout(-1.0, "s", absolute=True)), "x"),
        [X, ("a", S("s"))],
    ),
    "an absolute time": (after(StateTimeout(3.0, "s", absolute=True)), [("a", S("s"))]),
}


@pytest.mark.parametrize("name", TIMEOUTS)
def test_timeouts(name: str) -> None:
    contents, expected = TIMEOUTS[name]

    seen = told(*contents, wait=20.0)

    assert seen[0] == ("a", "cast", GO)
    assert seen[1:] == expected


def test_a_timer_that_has_fired_into_the_mailbox_is_taken_back_too() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        match event:
            case Casted("set"):
                return do(StateTimeout(1, "s"), NamedTimeout("n", 1, 1), EventTimeout(1, "e"))
            case Casted("block"):
                process.sleep(6.0)
                return NextState("b", actions=NamedTimeout("n", None))
            case _:
                return KeepState()

    assert told("set", "block", answer=answer) == [("a", "cast", "set"), ("a", "cast", "block")]


def test_a_timeout_runs_its_full_time() -> None:
    def main() -> object:
        start(lambda event, state, data: KeepState(), Begin("a", 0, StateTimeout(3.5)))
        heard(3.4)
        early = heard(0.05)
        return early, heard(0.1)

    assert played(main) == ([], [("a", StateTimedOut(None))])


def test_a_strange_timer_message_is_an_info() -> None:
    def main() -> object:
        pid = start(obey)
        process.start_timer(pid, "x", 1.0)
        [message] = heard(2.0)
        assert isinstance(message, tuple)
        return type(message[1])

    assert played(main) is Info


# Calls and replies


def door(event: Event, state: str, data: int) -> object:
    match event, state:
        case Called(caller, "get"), "open":
            return KeepState(actions=ReplyTo(caller, "open now"))
        case Called(_, "get"), "closed":
            return KeepState(actions=Postpone())
        case Casted("open"), "closed":
            return NextState("open")
        case Called(caller, "stop"), _:
            return StopAndReply("normal", ReplyTo(caller, "bye"))
        case Called(caller, "twice"), _:
            return KeepState(actions=[ReplyTo(caller, 1), ReplyTo(caller, 2)])
        case _:
            return KeepState()


def closed() -> Pid:
    return start(door, Begin("closed", 0))


def test_a_postponed_call_is_answered_in_a_later_state() -> None:
    def main() -> object:
        pid = closed()

        def open_later() -> None:
            process.sleep(4.0)
            StateMachine.cast(pid, "open")

        process.spawn(open_later)
        return StateMachine.call(pid, "get"), process.monotonic()

    assert played(main) == ("open now", 4.0)


def test_a_stop_with_replies_answers_before_it_terminates() -> None:
    def main() -> None:
        pid = closed()
        assert StateMachine.call(pid, "stop") == "bye"
        assert heard() == [
            ("closed", ("stop",)),
            ("terminate", "normal", "closed", 0),
            Exited(pid, "normal"),
        ]
        with pytest.raises(NoProcess) as failed:
            StateMachine.call(pid, "get")
        assert failed.value.reason == ("noproc", ("gen_statem", "call", [pid, "get", None]))

    played(main)


def test_a_stop_and_reply_is_heard_before_the_end_in_every_schedule() -> None:
    def main() -> object:
        pid = closed()
        for _ in range(2):
            process.spawn(lambda: StateMachine.cast(pid, "open"))
        answer = StateMachine.call(pid, "stop")
        return answer, [each for each in heard() if isinstance(each, Exited)] == [
            Exited(pid, "normal")
        ]

    assert every_schedule(main) == [("bye", True)]


def test_only_the_first_of_two_replies_counts_and_a_late_one_is_never_seen() -> None:
    def main() -> object:
        pid = closed()
        assert StateMachine.call(pid, "twice") == 1
        with pytest.raises(CallTimeout):
            StateMachine.call(pid, "get", 1.0)
        StateMachine.cast(pid, "open")
        return [each for each in heard() if not isinstance(each, tuple)]

    assert played(main) == []


def test_a_request_may_be_answered_by_mail() -> None:
    def main() -> object:
        pid = closed()
        request = StateMachine.send_request(pid, "get")
        StateMachine.cast(pid, "open")
        return StateMachine.receive_response(request)

    assert played(main) == Answered("open now")


@pytest.mark.parametrize("delete", [True, False])
def test_the_answers_of_many_requests_come_in_the_order_of_their_arrival(delete: bool) -> None:
    def main() -> None:
        several = Requests()
        shut, opened = closed(), start(door, Begin("open", 0))
        several.send_request(shut, "get", "late")
        several.send_request(opened, "get", "early")
        several.send_request("nobody", "get", "lost")
        assert several.receive_response(delete=delete) == Labelled(
            Failed("noproc", "nobody"), "lost"
        )
        early = Labelled(Answered("open now"), "early")
        assert several.wait_response(delete=delete) == early
        assert several.wait_response(1.0, delete=delete) == TimedOut()
        StateMachine.cast(shut, "open")
        late = Labelled(Answered("open now"), "late")
        assert several.wait_response(delete=delete) == late
        assert several.receive_response(1.0) == ("no_request" if delete else TimedOut())

    played(main)


def test_a_collection_of_requests_is_given_up_or_looked_for_in_the_mail() -> None:
    def main() -> None:
        several, shut = Requests(), closed()
        several.send_request(shut, "get", 1)
        assert several.receive_response(1.0) == TimedOut()
        StateMachine.cast(shut, "open")
        assert [each for each in heard() if not isinstance(each, tuple)] == []

        several = Requests()
        several.send_request(shut, "get", 2)
        several.send_request(shut, "get", 3)
        found = [several.check_response(each) for each in heard()]
        assert [each for each in found if isinstance(each, Labelled)] == [
            Labelled(Answered("open now"), number) for number in (2, 3)
        ]
        assert several.check_response("anything") == "no_request"

    played(main)


def test_a_reply_may_come_from_anybody() -> None:
    def answer(event: Event, state: str, data: int) -> object:
        if isinstance(event, Called):
            process.spawn(StateMachine.reply, event.caller, "from elsewhere")
        return KeepState()

    assert played(lambda: StateMachine.call(start(answer), "x")) == "from elsewhere"


def test_a_stop_waits_for_the_end_and_is_refused_for_a_wrong_timeout() -> None:
    def main() -> None:
        pid = closed()
        with pytest.raises(BadArgument, match="timeout"):
            StateMachine.stop(pid, "normal", -1)
        StateMachine.stop(pid, "shutdown")
        assert heard() == [("terminate", "shutdown", "closed", 0), Exited(pid, "shutdown")]
        with pytest.raises(NoProcess):
            StateMachine.stop(pid)

    played(main)


# Starts


def test_a_machine_starts_by_name_and_is_found_by_it() -> None:
    def main() -> object:
        pid = Told.start(process.self(), door, Begin("open", 0), name="door")
        with pytest.raises(StartError) as failed:
            Told.start_link(process.self(), door, name="door")
        assert failed.value.reason == ("already_started", pid)
        return StateMachine.call("door", "get")

    assert played(main) == "open now"


@pytest.mark.parametrize("name", [None, "door"])
@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), "why"])
@pytest.mark.parametrize("form", ["start", "start_link", "start_monitor", "both"])
def test_every_form_of_start_tells_of_the_end_as_it_was_asked_to(
    form: str, reason: object, name: str | None
) -> None:
    def main() -> None:
        watcher = process.self()
        if form == "start_monitor":
            pid, ref = Told.start_monitor(watcher, door, Begin("open", 0), name=name)
        else:
            begin = Told.start if form == "start" else Told.start_link
            pid = begin(watcher, door, Begin("open", 0), name=name)
            ref = process.monitor(pid) if form == "both" else None
        if name is not None:
            for again in (Told.start, Told.start_link, Told.start_monitor):
                with pytest.raises(StartError) as failed:
                    again(watcher, door, name=name)
                assert failed.value.reason == ("already_started", pid)
        address = pid if name is None else name
        assert StateMachine.call(address, "get") == "open now"
        heard()

        StateMachine.stop(address, reason)

        expected = {repr(("terminate", reason, "open", 0))}
        if form in {"start_link", "both"}:
            expected.add(repr(Exited(pid, reason)))
        if form in {"start_monitor", "both"}:
            assert ref is not None
            expected.add(repr(Down(ref, pid, reason)))
        assert {repr(message) for message in heard()} == expected
        with pytest.raises(NoProcess):
            StateMachine.stop(address)
        assert process.registered() == []

    played(main)


class Table:
    """A table of names."""

    def __init__(self) -> None:
        self.names: dict[object, Pid] = {}

    def register_name(self, key: object, pid: Pid) -> bool:
        return self.names.setdefault(key, pid) is pid

    def unregister_name(self, key: object) -> None:
        self.names.pop(key, None)

    def whereis_name(self, key: object) -> Pid | None:
        pid = self.names.get(key)
        return pid if pid is not None and process.is_alive(pid) else None

    def send(self, key: object, message: Message) -> None:
        process.send(self.names[key], message)


def test_a_machine_is_found_and_stopped_by_its_name_in_a_table_and_on_its_node() -> None:
    def main() -> None:
        via = Via(Table(), "k")
        addresses: list[tuple[Name, object]] = [(via, via), ("door", ("door", LOCAL_NODE))]
        for name, address in addresses:
            pid = Told.start(process.self(), door, Begin("open", 0), name=name)
            with pytest.raises(StartError) as failed:
                Told.start(process.self(), door, name=name)
            assert failed.value.reason == ("already_started", pid)
            assert StateMachine.call(address, "get") == "open now"  # type: ignore[arg-type]
            StateMachine.stop(address)  # type: ignore[arg-type]
            assert not process.is_alive(pid)

    played(main)


@pytest.mark.parametrize("form", ["start", "start_link", "start_monitor"])
def test_a_start_that_takes_too_long_leaves_no_machine(form: str) -> None:
    class Slow(Told):
        def init(self, *args: object) -> object:
            process.sleep(5.0)
            return super().init(*args)  # type: ignore[arg-type]

    def main() -> object:
        with pytest.raises(StartError) as failed:
            getattr(Slow, form)(process.self(), obey, name="slow", timeout=1.0)
        assert heard() == []
        assert process.processes() == [process.self()]
        return failed.value.reason, process.whereis("slow")

    assert played(main) == ("timeout", None)


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (Stop("why"), "why"),
        ("junk", ("bad_return_from_init", "junk")),
        (Stop("why", reply=1), ("bad_return_from_init", Stop("why", reply=1))),
    ],
)
def test_a_start_that_fails_says_why(begin: object, reason: object) -> None:
    def main() -> object:
        with pytest.raises(StartError) as failed:
            start(obey, begin)
        return failed.value.reason

    assert played(main) == reason


def test_a_machine_that_ignores_its_start_is_none() -> None:
    assert played(lambda: Told.start_link(process.self(), obey, Ignore())) is None


def test_the_first_actions_run_before_any_message() -> None:
    def main() -> object:
        start(obey, Begin("a", 0, [NextEvent(Internal("first")), Postpone(), Hibernate()]))
        return heard()

    assert played(main) == [("a", Internal("first"))]


def test_a_machine_is_a_child_of_a_supervisor() -> None:
    class Sturdy(Told, restart="transient", shutdown=1.0):
        pass

    spec = Sturdy.child_spec(1, id="x", name="sturdy")

    assert spec == {
        "id": "x",
        "start": (Sturdy.start_link, (1,), {"name": "sturdy"}),
        "restart": "transient",
        "shutdown": 1.0,
    }


@pytest.mark.parametrize(
    "keywords",
    [{"callback_mode": "both"}, {"state_enter": "yes"}, {"state_enter": 1}, {"colour": "red"}],
)
def test_a_wrong_class_keyword_is_refused(keywords: dict[str, object]) -> None:
    with pytest.raises(BadArgument):
        type("Wrong", (StateMachine,), {}, **keywords)


# Ends


def end_of(answer: object, kind: type[Told] = Told) -> object:
    def main() -> object:
        def given(event: Event, state: str, data: int) -> object:
            if isinstance(event, Enter):
                return answer if data else KeepState(1)
            return NextState("b") if kind is Entering else answer

        pid = start(given, kind=kind)
        StateMachine.cast(pid, "x")
        ends = [each for each in heard() if isinstance(each, Exited)]
        return ends[0].reason if ends else "alive"

    return played(main)


NEGATIVE = StateTimeout(-1, "x")
SOON = EventTimeout("soon", "x")  # type: ignore[arg-type]
NAN = StateTimeout(float("nan"))
HUGE = StateTimeout(10**300)
TRUE = StateTimeout(True)
UNHASHABLE = NamedTimeout([], 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "action",
    [
        "junk",
        NEGATIVE,
        SOON,
        NAN,
        HUGE,
        TRUE,
        UNHASHABLE,
        NextEvent(Enter("x")),
        NextEvent("junk"),  # type: ignore[arg-type]
        -1,
        True,
        float("nan"),
    ],
)
def test_a_bad_action_ends_the_machine(action: object) -> None:
    reason = end_of(KeepState(actions=[action]))  # type: ignore[list-item]

    assert isinstance(reason, tuple)
    (name, bad), stack = reason
    assert name == "bad_action_from_state_function"
    assert repr(bad) == repr(action)
    assert isinstance(stack, Stack)


@pytest.mark.parametrize(
    "outcome", ["junk", None, Begin("a", 0), Stop("why", reply=1), Hibernate()]
)
def test_a_bad_return_ends_the_machine(outcome: object) -> None:
    reason = end_of(outcome)

    assert isinstance(reason, tuple)
    assert reason[0] == ("bad_return_from_state_function", outcome)


def test_what_must_not_be_done_on_entering_ends_the_machine() -> None:
    internal = NextEvent(Internal("x"))
    answers: list[object] = [
        NextState("c"),
        KeepState(actions=Postpone()),
        KeepState(actions=internal),
        "junk",
        NextState("b"),
    ]
    ends = [end_of(answer, Entering) for answer in answers]

    assert [each[0] if isinstance(each, tuple) else each for each in ends] == [
        ("bad_state_enter_return_from_state_function", NextState("c")),
        ("bad_state_enter_action_from_state_function", Postpone()),
        ("bad_state_enter_action_from_state_function", internal),
        ("bad_return_from_state_function", "junk"),
        "alive",
    ]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Stop("normal"), "normal"),
        (Stop(("shutdown", "x")), ("shutdown", "x")),
        (Stop("why", 7), "why"),
        (StopAndReply("why", [], 7), "why"),
    ],
)
def test_a_stop_ends_with_its_reason(outcome: object, reason: object) -> None:
    assert end_of(outcome) == reason


def test_several_replies_on_stopping_go_out_in_order_before_the_end() -> None:
    waiting: list[ReplyTo] = []

    def answer(event: Event, state: str, data: int) -> object:
        if isinstance(event, Called):
            number = len(waiting) + 1
            waiting.append(ReplyTo(event.caller, number))
        return StopAndReply(("shutdown", "r"), list(waiting)) if len(waiting) == 3 else KeepState()

    def main() -> None:
        requests = Requests()
        pid = start(answer)
        for number in (1, 2, 3):
            requests.send_request(pid, "x", number)
        mail = [each for each in heard() if not (isinstance(each, tuple) and each[0] in STATES)]
        ends = [requests.check_response(each, delete=False) for each in mail]
        assert ends == [*(Labelled(Answered(number), number) for number in (1, 2, 3)), None]
        assert mail[-1] == Exited(pid, ("shutdown", "r"))

    played(main)


STATES = {"a", "terminate"}


@pytest.mark.parametrize(
    ("reason", "times"), [("normal", 0), ("shutdown", 0), (("shutdown", "r"), 0), ("why", 2)]
)
def test_an_orderly_end_is_not_reported(reason: object, times: int) -> None:
    reports: list[object] = []

    def main() -> None:
        pid = start(obey)
        StateMachine.cast(pid, Stop(reason))
        heard()
        with pytest.raises(NoProcess):
            StateMachine.call(pid, "x")

    telemetry.set_reporter(lambda event, _, data: reports.append(event))
    played(main)

    assert len(reports) == times


class Bare(StateMachine[str, int]):
    """Has no terminate and no code_change."""

    def init(self) -> Begin[str, int]:
        return Begin("a", 0)

    def handle_event(self, event: Event, state: str, data: int) -> KeepState[int]:
        return KeepState(data + 1, Hibernate())


@pytest.mark.parametrize("reason", ["normal", "why"])
def test_a_machine_without_terminate_ends_with_the_reason_it_is_given(reason: str) -> None:
    def main() -> None:
        pid = Bare.start_link()
        StateMachine.stop(pid, reason)
        assert heard() == [Exited(pid, reason)]

    played(main)


def test_a_machine_that_sleeps_wakes_for_every_kind_of_event_and_keeps_its_data() -> None:
    def main() -> None:
        pid = Bare.start_link()
        StateMachine.cast(pid, "x")
        process.send(pid, "y")
        with pytest.raises(CallTimeout):
            StateMachine.call(pid, "z", 1.0)
        debug.suspend(pid)
        StateMachine.cast(pid, "x")
        assert debug.get_state(pid) == ("a", 3)
        debug.change_code(pid, Bare, "old", "extra")
        debug.resume(pid)
        assert debug.get_state(pid) == ("a", 4)

    played(main)


def test_a_bad_reply_on_stopping_ends_with_that() -> None:
    reason = end_of(StopAndReply("normal", ["junk"]))  # type: ignore[list-item]

    assert isinstance(reason, tuple)
    assert reason[0] == ("bad_reply_action_from_state_function", "junk")


def test_a_callback_that_raises_or_exits_ends_with_that_after_terminate() -> None:
    def main() -> None:
        def raises(event: Event, state: str, data: int) -> object:
            raise ValueError("oops")

        def exits(event: Event, state: str, data: int) -> object:
            process.exit("oops")

        for answer in (raises, exits):
            pid = start(answer)
            StateMachine.cast(pid, "x")
            _, terminated, ended = heard()
            assert isinstance(ended, Exited)
            assert terminated == ("terminate", ended.reason, "a", 0)
            assert ended.reason == "oops" or isinstance(ended.reason, Crash)

    played(main)


def test_a_stop_with_data_shows_it_to_terminate() -> None:
    def main() -> object:
        start(lambda event, state, data: Stop("shutdown", 9), Begin("a", 0, NextEvent(Internal(1))))
        return [each for each in heard() if isinstance(each, tuple)][1]

    assert played(main) == ("terminate", "shutdown", "a", 9)


def test_the_end_of_its_parent_ends_a_machine_that_traps() -> None:
    class Trapping(Told):
        def init(self, *args: object) -> object:
            process.trap_exit(True)
            return super().init(*args)  # type: ignore[arg-type]

    def main() -> object:
        watcher = process.self()
        parent = process.spawn(lambda: (Trapping.start_link(watcher, obey), process.receive()))
        process.sleep(0.1)
        process.send_exit(parent, "bye")
        return heard()

    assert played(main) == [("terminate", "bye", "a", 0)]


def test_other_exits_and_messages_are_infos() -> None:
    def main() -> object:
        pid = start(obey)
        process.send(pid, "hello")
        stranger = process.spawn(lambda: None)
        process.send(pid, Exited(stranger, "x"))
        return heard() == [("a", Info("hello")), ("a", Info(Exited(stranger, "x")))]

    assert played(main)


# One method for each state


class Switch(StateMachine[str, int], callback_mode="state_functions", state_enter=True):
    log: ClassVar[list[tuple[str, Event]]] = []

    def init(self) -> Begin[str, int]:
        self.log.clear()
        return Begin("off", 0)

    def off(self, event: Event, count: int) -> Transition[str, int]:
        self.log.append(("off", event))
        match event:
            case Casted("push"):
                return NextState("on", count + 1)
            case Casted("call"):
                return NextState("call")
            case Casted("nowhere"):
                return NextState("nowhere")
            case _:
                return KeepState()

    def on(self, event: Event, count: int) -> Transition[str, int]:
        self.log.append(("on", event))
        match event:
            case Casted("push"):
                return NextState("off")
            case Called(caller, "count"):
                return KeepState(actions=ReplyTo(caller, count))
            case _:
                return KeepState()


def test_a_machine_may_have_a_method_for_each_state() -> None:
    def main() -> tuple[object, list[type]]:
        pid = Switch.start_link()
        assert pid is not None
        for _ in range(3):
            StateMachine.cast(pid, "push")
        return StateMachine.call(pid, "count"), [type(event) for _, event in Switch.log]

    assert played(main) == (2, [Enter, Casted, Enter, Casted, Enter, Casted, Enter, Called])


def test_a_state_without_a_method_ends_the_machine() -> None:
    def main() -> list[object]:
        reasons = []
        for state in ("call", "nowhere"):
            pid = Switch.start_link()
            assert pid is not None
            StateMachine.cast(pid, state)
            [ended] = heard()
            assert isinstance(ended, Exited)
            reasons.append(ended.reason)
        return reasons

    bad, missing = played(main)
    assert isinstance(bad, tuple)
    assert bad[0] == ("bad_state_from_state_function", "call")
    assert isinstance(missing, Crash)
    assert isinstance(missing.exception, AttributeError)


# Debugging


class Discreet(Told):
    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        return {"data": "hidden"}

    def code_change(
        self, old_version: object, state: str, data: int, extra: object
    ) -> tuple[str, int]:
        assert extra != "fail"
        return state + "'", data + 1


def test_state_and_data_are_told_and_replaced() -> None:
    def main() -> object:
        pid = start(obey)
        replaced = debug.replace_state(pid, lambda both: ("z", 5))
        with pytest.raises(debug.SystemFailure):
            debug.replace_state(pid, lambda both: "junk")
        StateMachine.cast(pid, "x")
        return replaced, debug.get_state(pid), [_bare(each) for each in heard()]

    assert played(main) == (("z", 5), ("z", 5), [("z", "cast", "x")])


def test_code_changes_while_suspended() -> None:
    def main() -> object:
        pid = start(obey)
        debug.suspend(pid)
        StateMachine.cast(pid, "x")
        debug.change_code(pid, Discreet)
        with pytest.raises(debug.SystemFailure):
            debug.change_code(pid, None, None, "fail")
        debug.resume(pid)
        status = debug.get_status(pid)
        return status.module, status.state, debug.get_state(pid), [_bare(each) for each in heard()]

    assert played(main) == ("gen_statem", ("a'", "hidden"), ("a'", 1), [("a'", "cast", "x")])


def test_a_timeout_that_fires_while_suspended_waits_until_it_is_resumed() -> None:
    def main() -> object:
        pid = start(obey, Begin("a", 0, StateTimeout(1.0, "s")))
        debug.suspend(pid)
        silent = heard(5.0)
        debug.resume(pid)
        return silent, heard()

    assert played(main) == ([], [("a", StateTimedOut("s"))])


def test_what_goes_in_and_out_can_be_watched() -> None:
    def main() -> object:
        pid = start(door, Begin("open", 0))
        debug.log(pid, True)
        StateMachine.call(pid, "get")
        StateMachine.cast(pid, "x")
        process.sleep(0.1)
        return [event[0] for event in debug.log(pid, "get")]

    assert played(main) == ["in", "out", "in", "noreply"]


def test_a_machine_that_fails_is_reported_with_what_may_be_seen() -> None:
    reports: list[Mapping[str, object]] = []

    def main() -> None:
        pid = start(lambda event, state, data: Stop("oops"), kind=Discreet)
        ref = process.monitor(pid)
        StateMachine.cast(pid, "x")
        process.receive(lambda each: isinstance(each, Down) and each.ref is ref)

    event = ("actors", "state_machine", "terminate")
    telemetry.attach("test", event, lambda _, __, data: reports.append(data))
    try:
        played(main)
    finally:
        telemetry.detach("test")
    assert [(each["reason"], each["state"]) for each in reports] == [("oops", ("a", "hidden"))]


def test_a_machine_that_fails_in_terminate_ends_with_that_and_shows_what_may_be_seen() -> None:
    reports: list[Mapping[str, object]] = []

    class Fails(Discreet):
        def terminate(self, reason: object, state: str, data: int) -> None:
            raise ValueError("in terminate")

    def main() -> object:
        pid = start(obey, kind=Fails)
        StateMachine.cast(pid, Stop("normal"))
        ended = heard()[-1]
        assert isinstance(ended, Exited)
        assert isinstance(ended.reason, Crash)
        return str(ended.reason.exception)

    event = ("actors", "state_machine", "terminate")
    telemetry.attach("test", event, lambda _, __, data: reports.append(data))
    try:
        assert played(main) == "in terminate"
    finally:
        telemetry.detach("test")
    assert [each["state"] for each in reports] == [("a", "hidden")]


# Many schedules


def test_events_of_one_sender_keep_their_order_in_every_schedule() -> None:
    def main() -> tuple[list[int], list[int]]:
        pid = start(keeper)

        def sends(*events: object) -> None:
            for each in events:
                StateMachine.cast(pid, each)

        for several in ((1, 2, 3), (11, 12, 13), ("go",)):
            process.spawn(sends, *several)
        seen = [each for each in map(_bare, heard()) if isinstance(each, tuple)]
        in_b = [each[2] for each in seen if each[0] == "b" and isinstance(each[2], int)]
        return [each for each in in_b if each < 10], [each for each in in_b if each > 10]

    assert every_schedule(main) == [([1, 2, 3], [11, 12, 13])]


# Classes of callbacks


class Shown(StateMachine[str, int]):
    """Says its class, and does the action that it is asked for."""

    def init(self, *actions: Action) -> Begin[str, int]:
        return Begin("a", 0, actions)

    def handle_event(self, event: Event, state: str, data: int) -> Transition[str, int]:
        assert isinstance(event, Called)
        actions = event.content if isinstance(event.content, tuple) else ()
        return KeepState(data + 1, (*actions, ReplyTo(event.caller, (type(self).__name__, data))))


class Other(Shown, callback_mode="state_functions"):
    def a(self, event: Event, data: int) -> Transition[str, int]:
        return self.handle_event(event, "a", data)


def shown(*asked: object, begin: tuple[Action, ...] = ()) -> list[object]:
    def main() -> list[object]:
        machine = Shown.start_link(*begin)
        assert machine is not None
        return [StateMachine.call(machine, each) for each in asked]

    return played(main)


def test_other_callbacks_go_on_from_the_next_event_with_state_and_data() -> None:
    changed = shown((ChangeCallbacks(Other),), "who", (ChangeCallbacks(Shown),), "who")

    assert changed == [("Shown", 0), ("Other", 1), ("Other", 2), ("Shown", 3)]


def test_pushed_callbacks_are_popped_in_reverse_order() -> None:
    push, pop = (PushCallbacks(Other),), (PopCallbacks(),)

    assert shown(push, push, pop, pop, "who") == [
        ("Shown", 0),
        ("Other", 1),
        ("Other", 2),
        ("Other", 3),
        ("Shown", 4),
    ]


def test_a_machine_may_begin_with_other_callbacks() -> None:
    assert shown("who", begin=(PushCallbacks(Other),)) == [("Other", 0)]


@pytest.mark.parametrize(
    "action",
    [PopCallbacks(), ChangeCallbacks(int), PushCallbacks("Other")],  # type: ignore[arg-type]
)
def test_a_pop_too_many_and_what_is_no_machine_end_the_machine(action: Action) -> None:
    def main() -> object:
        machine, _ = Shown.start_monitor()
        with pytest.raises(ServerExited) as caught:
            StateMachine.call(machine, (action,))
        assert isinstance(caught.value.why, tuple)
        return caught.value.why[0]

    assert played(main) == ("bad_action_from_state_function", action)
