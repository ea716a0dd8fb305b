from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from actors import debug, process, telemetry
from actors.errors import BadArgument, CallTimeout, NoProcess, StartError
from actors.event_manager import (
    EventHandler,
    EventManager,
    HandlerError,
    HandlerExited,
    HandlerId,
    RemoveHandler,
    SwapHandler,
)
from actors.exits import Crash
from actors.messages import Down, Exited, Message, TimedOut
from actors.outcomes import Hibernate, Ignore, NoReply, Reply, Started, Stop
from actors.pid import Pid
from actors.requests import Answered, Failed, Labelled, Requests
from tests.actors.schedules import every_schedule, heard, played
from tests.watching import Seen


@pytest.fixture(autouse=True)
def _unreported() -> Iterator[None]:
    """Handlers here fail because they are meant to."""
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)


class Eve(EventHandler[object]):
    """Tells the process registered as "watcher" what happens to it, and does what events say."""

    def init(self, number: object, swapped: object = None) -> object:
        match number:
            case "fail":
                return Stop("no")
            case "raise":
                raise RuntimeError("oops")
            case "junk":
                return Ignore()
        if swapped is not None:
            tell(("init", number, swapped))
        return number if number != "asleep" else Started(number, Hibernate())

    def handle_event(self, event: Message, state: object) -> object:
        match event:
            case ("die", number) if number == state:
                raise RuntimeError("oops")
            case ("exit", number) if number == state:
                process.exit("bye")
            case ("answer", number, outcome) if number == state:
                return outcome
        tell(("event", state, event))
        return NoReply(state)

    def handle_call(self, request: Message, state: object) -> object:
        match request:
            case "raise":
                raise RuntimeError("oops")
            case "remove":
                return RemoveHandler(("bye", state))
            case "junk":
                return "junk"
            case ("swap", to):
                return SwapHandler("a1", (Eve, to), to, reply="answer")
            case "slow":
                process.sleep(10.0)
        return Reply(("answer", state, request), Hibernate() if request == "hibernate" else state)

    def handle_info(self, message: Message, state: object) -> object:
        if message == "remove":
            return RemoveHandler()
        tell(("info", state, message))
        return None

    def terminate(self, reason: object, state: object) -> object:
        match reason:
            case ("error", ("EXIT", Crash(exception=exception))):
                tell(("terminate", state, ("error", type(exception).__name__)))
            case _:
                tell(("terminate", state, reason))
        return ("stopped", state)


def tell(message: Message) -> None:
    process.send("watcher", message)


def manager(*numbers: object) -> Pid:
    """Start a manager with handlers, and let the calling process be told what they see."""
    if process.whereis("watcher") is None:
        process.register(process.self(), "watcher")
    pid = EventManager.start()
    for number in numbers:
        EventManager.add_handler(pid, (Eve, number), number)
    assert isinstance(pid, Pid)
    return pid


def refusal(what: Callable[[], object]) -> object:
    with pytest.raises(HandlerError) as failed:
        what()
    return failed.value.reason


def test_the_latest_handler_is_told_first_and_an_id_may_be_there_twice() -> None:
    def main() -> None:
        pid = manager(1, 2, 3, 1)
        assert EventManager.which_handlers(pid) == [(Eve, 1), (Eve, 3), (Eve, 2), (Eve, 1)]
        EventManager.notify(pid, "hello")
        assert heard() == [("event", number, "hello") for number in (1, 3, 2, 1)]
        EventManager.sync_notify(pid, "again")
        assert len(heard(0)) == 4
        process.send(pid, "raw")
        assert heard() == [("info", number, "raw") for number in (1, 3, 2, 1)]

    played(main)


def test_a_handler_that_does_not_start_is_not_added() -> None:
    def main() -> None:
        pid = manager()
        assert refusal(lambda: EventManager.add_handler(pid, Eve, "fail")) == "no"
        reason = refusal(lambda: EventManager.add_handler(pid, Eve, "raise"))
        assert isinstance(reason, tuple)
        assert reason[0] == "EXIT"
        assert isinstance(reason[1], Crash)
        assert refusal(lambda: EventManager.add_handler(pid, Eve, "junk")) == Ignore()
        EventManager.add_handler(pid, Eve, "asleep")
        assert EventManager.which_handlers(pid) == [Eve]

    played(main)


@pytest.mark.parametrize("wrong", [Eve(), int, "Eve", (int, 1), (Eve,), (Eve, 1, 2), None])
def test_what_is_no_handler_is_refused(wrong: HandlerId) -> None:
    with pytest.raises(BadArgument, match="handler"):
        played(lambda: EventManager.add_handler(manager(), wrong))


def test_a_call_reaches_one_handler_by_its_id() -> None:
    def main() -> object:
        pid = manager(1, 2)
        answer = EventManager.call(pid, (Eve, 2), "q")
        return answer, refusal(lambda: EventManager.call(pid, (Eve, 9), "q"))

    assert played(main) == (("answer", 2, "q"), "bad_module")


def test_a_handler_that_fails_or_wishes_it_is_removed_and_the_others_go_on() -> None:
    def main() -> None:
        pid = manager(1, 2, 3)
        EventManager.notify(pid, ("die", 2))
        assert heard() == [
            ("event", 3, ("die", 2)),
            ("terminate", 2, ("error", "RuntimeError")),
            ("event", 1, ("die", 2)),
        ]
        EventManager.notify(pid, ("answer", 3, RemoveHandler()))
        assert heard()[0] == ("terminate", 3, "remove_handler")
        EventManager.notify(pid, ("answer", 1, "junk"))
        assert heard() == [("terminate", 1, ("error", "junk"))]
        assert EventManager.which_handlers(pid) == []
        assert process.is_alive(pid)

    played(main)


class Obeys(EventHandler[object]):
    """Returns what it is told, as an event or as any message; its state is a number."""

    def init(self, state: object, *swapped: object) -> object:
        return (state, *swapped) if swapped else state

    def handle_event(self, event: Message, state: object) -> object:
        assert callable(event)
        return event(state)

    def handle_info(self, message: Message, state: object) -> object:
        return self.handle_event(message, state)

    def handle_call(self, request: Message, state: object) -> object:
        return Reply(state)

    def terminate(self, reason: object, state: object) -> object:
        if state == "fails":
            raise RuntimeError("in terminate")
        return state


def bad(_: object) -> object:
    raise RuntimeError("oops")


WAYS = {
    "notify": EventManager.notify,
    "sync_notify": EventManager.sync_notify,
    "info": process.send,
}
STATES: dict[str, tuple[Callable[[object], object], object]] = {
    "a state": (lambda s: NoReply((s, 1)), (0, 1)),
    "no state": (lambda _: NoReply(), 0),
    "nothing": (lambda _: None, 0),
    "hibernate": (lambda s: NoReply((s, 1), Hibernate()), (0, 1)),
    "swap": (lambda _: SwapHandler("a1", Obeys, 7), (7, 0)),
    "remove": (lambda _: RemoveHandler(), "gone"),
    "a failure": (bad, "gone"),
    "an exit": (lambda _: process.exit("oops"), "gone"),
    "junk": (lambda _: "junk", "gone"),
    "a timeout": (lambda s: NoReply(s, 1.0), "gone"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", STATES)
def test_events_and_messages_have_the_same_outcomes(case: str, way: str) -> None:
    act, state = STATES[case]

    def main() -> None:
        pid = EventManager.start()
        EventManager.add_handler(pid, Obeys, 0)
        EventManager.add_handler(pid, (Obeys, "other"), 5)
        WAYS[way](pid, lambda s: act(s) if s == 0 else None)
        found = EventManager.which_handlers(pid)
        assert found == [(Obeys, "other"), *([] if state == "gone" else [Obeys])]
        if state == "gone":
            assert refusal(lambda: EventManager.call(pid, Obeys, "state")) == "bad_module"
        else:
            assert EventManager.call(pid, Obeys, "state") == state
        assert EventManager.call(pid, (Obeys, "other"), "state") == 5

    played(main)


def test_a_handler_that_fails_in_terminate_is_out_all_the_same() -> None:
    def main() -> None:
        pid = EventManager.start()
        EventManager.add_handler(pid, Obeys, "fails")
        EventManager.add_handler(pid, (Obeys, "other"), 5)
        EventManager.sync_notify(pid, lambda s: RemoveHandler() if s == "fails" else None)
        assert EventManager.which_handlers(pid) == [(Obeys, "other")]
        EventManager.add_handler(pid, Obeys, "fails")
        failed = EventManager.delete_handler(pid, Obeys)
        assert isinstance(failed, tuple)
        assert failed[0] == "EXIT"
        assert isinstance(failed[1], Crash)
        assert EventManager.which_handlers(pid) == [(Obeys, "other")]

    played(main)


class Bare(EventHandler[None]):
    """Has no callbacks."""


def test_a_handler_without_callbacks_lets_events_pass_and_fails_a_call() -> None:
    def main() -> None:
        pid = EventManager.start()
        EventManager.add_handler(pid, Bare)
        EventManager.sync_notify(pid, "event")
        process.send(pid, "message")
        assert debug.get_state(pid) == [(Bare, None, None)]
        assert EventManager.delete_handler(pid, Bare) is None
        EventManager.add_handler(pid, Bare)
        reason = refusal(lambda: EventManager.call(pid, Bare, "q"))
        assert isinstance(reason, tuple)
        assert isinstance(reason[1], Crash)
        assert "Bare has no handle_call" in str(reason[1].exception)
        assert EventManager.which_handlers(pid) == []

    played(main)


def test_calls_may_remove_fail_and_answer_what_is_none() -> None:
    def main() -> None:
        pid = manager(4, 5, 6)
        assert EventManager.call(pid, (Eve, 4), "remove") == ("bye", 4)
        assert heard() == [("terminate", 4, "remove_handler")]
        reason = refusal(lambda: EventManager.call(pid, (Eve, 5), "raise"))
        assert isinstance(reason, tuple)
        assert reason[0] == "EXIT"
        assert heard() == [("terminate", 5, ("error", "RuntimeError"))]
        assert refusal(lambda: EventManager.call(pid, (Eve, 6), "junk")) == "junk"
        assert heard() == [("terminate", 6, ("error", "junk"))]
        assert EventManager.which_handlers(pid) == []

    played(main)


def test_a_delete_returns_what_terminate_returns() -> None:
    def main() -> None:
        pid = manager(6)
        assert EventManager.delete_handler(pid, (Eve, 6), "args") == ("stopped", 6)
        unknown = refusal(lambda: EventManager.delete_handler(pid, (Eve, 6), "args"))
        assert unknown == "module_not_found"
        assert heard() == [("terminate", 6, "args")]

    played(main)


def test_a_slow_handler_makes_a_call_time_out() -> None:
    def main() -> None:
        pid = manager(1)
        with pytest.raises(CallTimeout):
            EventManager.call(pid, (Eve, 1), "slow", 1.0)
        with pytest.raises(BadArgument, match="timeout"):
            EventManager.call(pid, (Eve, 1), "q", -1)

    played(main)


def started(*numbers: object) -> tuple[Pid, Requests]:
    """Start a manager with handlers, and send a request to each, and to one that is not there."""
    pid, several = manager(*numbers), Requests()
    for number in numbers:
        several.add(EventManager.send_request(pid, (Eve, number), "q"), number)
    several.add(EventManager.send_request(pid, (Eve, "nobody"), "q"), "nobody")
    return pid, several


def plainly(found: object) -> object:
    """Return the label and the value of an answer, of an error its reason."""
    assert isinstance(found, Labelled)
    assert isinstance(found.response, Answered)
    value = found.response.value
    return found.label, value.reason if isinstance(value, HandlerError) else value


def test_the_answer_of_a_handler_can_be_taken_later() -> None:
    def main() -> None:
        pid = manager(1, 2)
        first = EventManager.send_request(pid, (Eve, 1), "q")
        gone = EventManager.send_request(pid, (Eve, 2), "remove")
        assert EventManager.receive_response(gone) == Answered(("bye", 2))
        assert EventManager.receive_response(first) == Answered(("answer", 1, "q"))
        junk = EventManager.receive_response(EventManager.send_request(pid, (Eve, 1), "junk"))
        assert isinstance(junk, Answered)
        assert isinstance(junk.value, HandlerError)
        assert junk.value.reason == "junk"
        dead = EventManager.send_request("nobody", (Eve, 1), "q")
        assert EventManager.receive_response(dead) == Failed("noproc", "nobody")
        with pytest.raises(BadArgument, match="handler"):
            EventManager.send_request(pid, "Eve", "q")  # type: ignore[arg-type]

    played(main)


@pytest.mark.parametrize("delete", [True, False])
@pytest.mark.parametrize("way", ["receive", "wait"])
def test_the_answers_of_many_handlers_come_in_the_order_of_their_arrival(
    way: str, delete: bool
) -> None:
    def main() -> None:
        _, several = started(1, 2, 3)
        take = several.receive_response if way == "receive" else several.wait_response
        assert [plainly(take(1.0, delete=delete)) for _ in range(4)] == [
            *((number, ("answer", number, "q")) for number in (1, 2, 3)),
            ("nobody", "bad_module"),
        ]
        assert take(1.0) == ("no_request" if delete else TimedOut())
        assert len(several) == (0 if delete else 4)

    played(main)


def test_when_the_time_is_over_a_receive_gives_all_handlers_up_and_a_wait_none() -> None:
    def main() -> None:
        pid, several = manager(1, 2), Requests()
        for number, request in ((1, "slow"), (2, "q")):
            several.add(EventManager.send_request(pid, (Eve, number), request), number)
        assert several.wait_response(1.0) == TimedOut()
        assert plainly(several.wait_response()) == (1, ("answer", 1, "slow"))
        several.add(EventManager.send_request(pid, (Eve, 1), "slow"), "late")
        assert plainly(several.receive_response()) == (2, ("answer", 2, "q"))
        assert several.receive_response(1.0) == TimedOut()
        assert heard(30.0) == []

    played(main)


def test_mail_is_checked_for_the_answer_of_a_handler() -> None:
    def main() -> None:
        _, several = started(1)
        tell("noise")
        found = [several.check_response(each) for each in heard()]
        assert found.pop(0) is None
        assert [plainly(each) for each in found] == [
            (1, ("answer", 1, "q")),
            ("nobody", "bad_module"),
        ]
        assert several.check_response("noise") == "no_request"

    played(main)


# Swapping


def test_a_swap_hands_over_what_terminate_returns() -> None:
    def main() -> None:
        pid = manager(1)
        EventManager.swap_handler(pid, (Eve, 1), "x", (Eve, 2), 2)
        assert heard() == [("terminate", 1, "x"), ("init", 2, ("stopped", 1))]
        EventManager.swap_handler(pid, (Eve, 99), "x", (Eve, 5), 5)
        assert heard() == [("init", 5, "error")]
        assert EventManager.which_handlers(pid) == [(Eve, 5), (Eve, 2)]
        swap = lambda: EventManager.swap_handler(pid, (Eve, 5), "x", Eve, "fail")  # noqa: E731
        assert refusal(swap) == "no"
        assert EventManager.which_handlers(pid) == [(Eve, 2)]

    played(main)


def test_a_handler_may_swap_itself_and_keeps_its_place() -> None:
    def main() -> None:
        pid = manager(1, 2, 3)
        swap: SwapHandler[object] = SwapHandler("a1", (Eve, 4), 4)
        EventManager.sync_notify(pid, ("answer", 2, swap))
        assert EventManager.which_handlers(pid) == [(Eve, 3), (Eve, 4), (Eve, 1)]
        assert heard()[1:3] == [("terminate", 2, "a1"), ("init", 4, ("stopped", 2))]
        assert EventManager.call(pid, (Eve, 4), ("swap", 7)) == "answer"
        assert EventManager.which_handlers(pid) == [(Eve, 3), (Eve, 7), (Eve, 1)]
        EventManager.sync_notify(pid, ("answer", 7, SwapHandler("a1", Eve, "fail")))
        assert EventManager.which_handlers(pid) == [(Eve, 3), (Eve, 1)]

    played(main)


# Supervised handlers


def supervised(pid: Pid, number: int) -> HandlerId:
    EventManager.add_sup_handler(pid, (Eve, number), number)
    return (Eve, number)


def test_the_owner_of_a_handler_is_told_how_it_ended() -> None:
    def main() -> None:
        pid = manager()
        ends: list[tuple[object, object]] = [
            (RemoveHandler(), "normal"),
            ("junk", "junk"),
            (SwapHandler("a1", (Eve, 99), 99), ("swapped", (Eve, 99), process.self())),
        ]
        for number, (outcome, reason) in enumerate(ends):
            handler = supervised(pid, number)
            EventManager.notify(pid, ("answer", number, outcome))
            assert HandlerExited(handler, reason) in heard()
        handler = supervised(pid, 11)
        EventManager.notify(pid, ("exit", 11))
        assert HandlerExited(handler, ("EXIT", "bye")) in heard()
        handler = supervised(pid, 12)
        EventManager.delete_handler(pid, handler, "d")
        assert heard() == [("terminate", 12, "d"), HandlerExited(handler, "normal")]

    played(main)


def test_a_swapped_handler_keeps_its_owner_and_another_may_take_it_over() -> None:
    def main() -> None:
        pid, me = manager(), process.self()
        first = supervised(pid, 1)
        EventManager.swap_handler(pid, first, "x", (Eve, 2), 2)
        assert HandlerExited(first, ("swapped", (Eve, 2), me)) in heard()
        EventManager.swap_sup_handler(pid, (Eve, 2), "x", (Eve, 3), 3)
        assert HandlerExited((Eve, 2), ("swapped", (Eve, 3), me)) in heard()
        EventManager.delete_handler(pid, (Eve, 3))
        assert HandlerExited((Eve, 3), "normal") in heard()

    played(main)


def test_the_end_of_the_owner_ends_its_handlers_and_no_others() -> None:
    def main() -> None:
        pid = manager(1)

        def own() -> None:
            supervised(pid, 8)
            supervised(pid, 9)
            process.receive()

        owner = process.spawn(own)
        process.sleep(0.1)
        process.send_exit(owner, "why")
        assert heard() == [("terminate", 9, ("stop", "why")), ("terminate", 8, ("stop", "why"))]
        assert EventManager.which_handlers(pid) == [(Eve, 1)]

    played(main)


def test_an_owner_is_linked_only_while_it_owns_a_handler() -> None:
    def main() -> object:
        pid, links = manager(), []

        def linked() -> bool:
            found = process.info(pid)
            return found is not None and process.self() in found.links

        for number in (1, 2):
            supervised(pid, number)
        for number in (1, 2):
            links.append(linked())
            EventManager.delete_handler(pid, (Eve, number))
        refusal(lambda: EventManager.add_sup_handler(pid, Eve, "fail"))
        return [*links, linked()]

    assert played(main) == [True, True, False]


def test_a_parent_stays_linked_when_it_owns_nothing_any_more() -> None:
    def main() -> object:
        process.register(process.self(), "watcher")
        pid = EventManager.start_link()
        assert isinstance(pid, Pid)
        EventManager.delete_handler(pid, supervised(pid, 1))
        process.send_exit(pid, "kill")
        return Exited(pid, "killed") in heard()

    assert played(main)


# Ends


def test_a_stop_ends_the_handlers_first_the_latest_first() -> None:
    def main() -> None:
        pid = manager(9)
        handler = supervised(pid, 10)
        EventManager.stop(pid)
        assert heard() == [
            ("terminate", 10, "stop"),
            HandlerExited(handler, "shutdown"),
            ("terminate", 9, "stop"),
        ]
        EventManager.notify(pid, "nobody hears")
        with pytest.raises(NoProcess):
            EventManager.sync_notify(pid, "x")
        with pytest.raises(NoProcess):
            EventManager.add_handler(pid, Eve, 1)
        with pytest.raises(NoProcess):
            EventManager.stop(pid)
        with pytest.raises(NoProcess) as failed:
            EventManager.call(pid, Eve, "q")
        assert failed.value.reason[1][:2] == ("gen_event", "call")

    played(main)


def test_the_end_of_the_parent_ends_the_manager() -> None:
    def main() -> object:
        process.register(process.self(), "watcher")
        pids: list[Pid] = Seen()

        def parent() -> None:
            pids.append(EventManager.start_link(name="events"))
            process.receive()

        above = process.spawn(parent)
        process.sleep(0.1)
        EventManager.add_handler("events", (Eve, 1), 1)
        ref = process.monitor(pids[0])
        process.send_exit(above, "bye")
        terminated, down = heard()
        return terminated, getattr(down, "reason", None), getattr(down, "ref", None) is ref

    assert played(main) == (("terminate", 1, "stop"), "bye", True)


def test_a_manager_has_a_name_of_its_own_and_is_a_child_of_a_supervisor() -> None:
    def main() -> None:
        EventManager.start_link(name="events")
        with pytest.raises(StartError, match="already_started"):
            EventManager.start(name="events")

    played(main)
    assert EventManager.child_spec(name="events") == {
        "id": (EventManager, "events"),
        "start": (EventManager.start_link, (), {"name": "events"}),
        "modules": "dynamic",
    }


# Debugging


def test_the_states_of_the_handlers_are_told_and_replaced_one_by_one() -> None:
    def main() -> object:
        pid = manager(1, 2)
        EventManager.add_handler(pid, Eve, 3)

        def replace(handler: object) -> object:
            match handler:
                case (module, 1, _):
                    return (module, 1, "new")
                case (_, 2, _):
                    raise ValueError
                case other:
                    return ("junk", other)

        before = debug.get_state(pid)
        return before, debug.replace_state(pid, replace), debug.get_status(pid).module

    assert played(main) == (
        [(Eve, None, 3), (Eve, 2, 2), (Eve, 1, 1)],
        [(Eve, None, 3), (Eve, 2, 2), (Eve, 1, "new")],
        "gen_event",
    )


def test_a_failing_handler_is_reported() -> None:
    seen: list[object] = []

    def main() -> None:
        EventManager.sync_notify(manager(2), ("answer", 2, "junk"))

    event = ("actors", "event_manager", "handler_failed")
    telemetry.attach("test", event, lambda _, __, data: seen.append(dict(data)))
    try:
        played(main)
    finally:
        telemetry.detach("test")
    [report] = seen
    assert isinstance(report, dict)
    assert (report["handler"], report["reason"], report["state"]) == ((Eve, 2), "junk", 2)


class Discreet(EventHandler[object]):
    """Shows nobody its state, and no message; one that holds `"broken"` cannot even say that."""

    def init(self, state: object) -> object:
        return state

    def handle_event(self, event: Message, state: object) -> object:
        return event

    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        if status["state"] == "broken":
            raise RuntimeError("oops")
        return {key: "hidden" for key in status if key != "reason"}


def test_the_status_shows_the_states_as_the_handlers_want_them_seen() -> None:
    def main() -> object:
        pid = manager(1)
        for state in ("secret", "broken"):
            EventManager.add_handler(pid, (Discreet, state), state)
        return debug.get_status(pid).state, debug.get_state(pid)

    text = "Discreet.format_status failed"
    assert played(main) == (
        [(Discreet, "broken", text), (Discreet, "secret", "hidden"), (Eve, 1, 1)],
        [(Discreet, "broken", "broken"), (Discreet, "secret", "secret"), (Eve, 1, 1)],
    )


def test_a_report_shows_state_and_event_as_the_handler_wants_them_seen() -> None:
    seen: list[dict[str, object]] = []

    def main() -> None:
        pid = manager()
        EventManager.add_handler(pid, Discreet, "secret")
        EventManager.sync_notify(pid, "junk")

    event = ("actors", "event_manager", "handler_failed")
    telemetry.attach("test", event, lambda _, __, data: seen.append(dict(data)))
    try:
        played(main)
    finally:
        telemetry.detach("test")
    [report] = seen
    assert [report[key] for key in ("state", "last_message", "reason")] == [
        "hidden",
        "hidden",
        "junk",
    ]


def test_a_monitored_manager_tells_of_its_end() -> None:
    def main() -> object:
        started = EventManager.start_monitor(name="events")
        pid, ref = started
        EventManager.stop("events")
        return process.receive() == Down(ref, pid, "normal")

    assert played(main)


def test_an_answer_of_a_handler_may_be_waited_for_again() -> None:
    def main() -> object:
        pid = manager(1)
        request = EventManager.send_request(pid, (Eve, 1), "slow")
        early = EventManager.wait_response(request, 1.0)
        process.sleep(20.0)
        return early, EventManager.check_response(process.receive(), request)

    assert played(main) == (TimedOut(), Answered(("answer", 1, "slow")))


def test_all_handlers_see_all_events_of_one_sender_in_order_in_every_schedule() -> None:
    def main() -> object:
        pid = manager(1, 2)

        def sends(who: str) -> None:
            for number in range(3):
                EventManager.notify(pid, (who, number))

        process.spawn(sends, "a")
        process.spawn(sends, "b")
        events = [each for each in heard() if isinstance(each, tuple)]
        return [
            [event[2] for event in events if event[1] == number and event[2][0] == who]
            for number in (1, 2)
            for who in ("a", "b")
        ]

    one, other = ([(who, number) for number in range(3)] for who in ("a", "b"))
    assert every_schedule(main) == [[one, other, one, other]]
