from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import ClassVar, NoReturn

import pytest

from actors import debug, process, telemetry
from actors.debug import SystemFailure
from actors.errors import BadArgument, CallCycle, CallFailed, CallingSelf, CallTimeout, NoProcess
from actors.exits import Crash
from actors.gen_server import Caller, GenServer
from actors.messages import Down, Exited, Message, TimedOut
from actors.outcomes import NoReply, Reply, Started, Stop
from actors.pid import Pid
from tests.actors.schedules import every_schedule, heard, played
from tests.watching import Seen


class Box(GenServer[object]):
    """Tells the first process of the runtime what comes, and adds to a number."""

    def init(self, watcher: Pid, state: object = 1, *, traps: bool = False) -> object:
        self.watcher = watcher
        process.trap_exit(traps)
        return state

    def handle_call(self, request: Message, caller: Caller, state: object) -> Reply[object, object]:
        return Reply(request)

    def handle_cast(self, request: Message, state: object) -> None:
        process.send(self.watcher, ("cast", request))

    def handle_info(self, message: Message, state: object) -> None:
        process.send(self.watcher, ("info", message))

    def terminate(self, reason: object, state: object) -> None:
        process.send(self.watcher, ("terminate", reason, state))


def box(state: object = 1, *, traps: bool = False) -> Pid:
    pid = Box.start(process.self(), state, traps=traps)
    assert pid is not None
    return pid


def refusal(what: Callable[[], object]) -> object:
    with pytest.raises(SystemFailure) as failed:
        what()
    reason = failed.value.reason
    return reason[0] if isinstance(reason, tuple) else reason


def add_one(state: object) -> object:
    assert isinstance(state, int)
    return state + 1


def fail(*_: object) -> NoReturn:
    raise ValueError("bad")


# Looking and replacing


def test_the_state_is_told_and_replaced() -> None:
    def main() -> object:
        pid = box()
        return debug.get_state(pid), debug.replace_state(pid, add_one), debug.get_state(pid)

    assert played(main) == (1, 2, 2)


def test_a_state_is_found_by_name_too() -> None:
    def main() -> object:
        Box.start(process.self(), name="box")
        return debug.get_state("box")

    assert played(main) == 1


@pytest.mark.parametrize("wrong", [fail, lambda _: process.exit("bad")])
def test_a_function_that_fails_leaves_the_state(wrong: Callable[[object], object]) -> None:
    def main() -> object:
        pid = box()
        return refusal(lambda: debug.replace_state(pid, wrong)), debug.get_state(pid)

    assert played(main) == ("callback_failed", 1)


def test_the_status_tells_who_where_and_how() -> None:
    def main() -> None:
        pid = box(5)
        process.send(pid, "x")
        status = debug.get_status(pid)
        assert (status.pid, status.module, status.mode) == (pid, "gen_server", "running")
        assert (status.parent, status.debug, status.state) == (pid, (), 5)
        debug.suspend(pid)
        assert debug.get_status(pid).mode == "suspended"
        linked = Box.start_link(process.self())
        assert linked is not None
        assert debug.get_status(linked).parent is process.self()

    played(main)


def test_a_dead_process_has_no_state_and_the_failure_names_the_request() -> None:
    def main() -> object:
        pid = box()
        GenServer.stop(pid)
        with pytest.raises(NoProcess) as failed:
            debug.get_state(pid)
        return failed.value.reason == ("noproc", ("sys", "get_state", [pid]))

    assert played(main)


def test_a_process_cannot_look_into_itself_nor_into_one_that_waits_for_it() -> None:
    class Curious(GenServer[None]):
        def init(self, *other: Pid) -> None:
            self.other = other

        def handle_call(self, request: Message, caller: Caller, state: None) -> Reply[object, None]:
            try:
                target = self.other[0] if self.other else process.self()
                return Reply(debug.get_state(target))
            except CallFailed as error:
                return Reply(type(error))

    def main() -> object:
        alone = Curious.start()
        waiting = Curious.start(process.self())
        assert alone is not None
        assert waiting is not None
        return GenServer.call(alone, "look"), GenServer.call(waiting, "look")

    assert played(main) == (CallingSelf, CallCycle)


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), True, "5", 10**300])
def test_a_wrong_timeout_is_refused_before_anything_is_asked(timeout: float) -> None:
    with pytest.raises(BadArgument, match="timeout"):
        played(lambda: debug.suspend(box(), timeout))


def test_a_busy_process_may_take_too_long() -> None:
    class Slow(GenServer[None]):
        def handle_cast(self, request: Message, state: None) -> None:
            process.sleep(10.0)

    def main() -> None:
        pid = Slow.start()
        assert pid is not None
        GenServer.cast(pid, "x")
        with pytest.raises(CallTimeout) as failed:
            debug.get_state(pid, 1.0)
        assert failed.value.reason == ("timeout", ("sys", "get_state", [pid, 1.0]))
        assert heard(20.0) == [], "a late answer is never seen"

    played(main)


# Suspending


def test_while_suspended_all_waits_in_order_but_system_requests() -> None:
    def main() -> None:
        pid = box()
        debug.suspend(pid)
        GenServer.cast(pid, 1)
        process.send(pid, 2)
        assert heard() == []
        with pytest.raises(CallTimeout):
            GenServer.call(pid, "x", 0.03)
        assert debug.get_state(pid) == 1
        debug.suspend(pid)
        GenServer.cast(pid, 3)
        debug.resume(pid)
        assert heard() == [("cast", 1), ("info", 2), ("cast", 3)]
        debug.resume(pid)
        assert GenServer.call(pid, "answers") == "answers"

    played(main)


def resume_later(pid: Pid) -> None:
    process.sleep(1.0)
    debug.resume(pid)


def test_a_suspension_that_takes_its_turn_keeps_order_in_every_schedule() -> None:
    def main() -> object:
        pid = box()
        for number in range(3):
            GenServer.cast(pid, number)
        process.spawn(lambda: debug.suspend(pid))
        process.spawn(resume_later, pid)
        for number in range(3, 6):
            GenServer.cast(pid, number)
        return [message for message in heard(2.0) if isinstance(message, tuple)]

    assert every_schedule(main) == [[("cast", number) for number in range(6)]]


def test_the_end_of_its_parent_ends_a_suspended_process() -> None:
    def main() -> None:
        watcher = process.self()
        started: list[Pid | None] = Seen()

        def parent() -> None:
            started.append(Box.start_link(watcher, traps=True))
            process.receive()

        above = process.spawn(parent)
        process.sleep(0.1)
        child = started[0]
        assert child is not None
        debug.suspend(child)
        process.send(child, "waits")
        ref = process.monitor(child)
        process.send_exit(above, "bye")
        assert heard() == [("terminate", "bye", 1), Down(ref, child, "bye")]

    played(main)


def test_another_exit_waits_while_suspended() -> None:
    def main() -> object:
        pid = box(traps=True)
        debug.suspend(pid)
        process.send_exit(pid, "somebody's")
        silence = heard()
        debug.resume(pid)
        return silence, [message[0] for message in heard() if isinstance(message, tuple)]

    assert played(main) == ([], ["info"])


def test_a_suspended_process_can_be_stopped_and_terminated() -> None:
    def main() -> None:
        for end in (GenServer.stop, debug.terminate):
            pid = box()
            ref = process.monitor(pid)
            debug.suspend(pid)
            end(pid, "shutdown")
            assert heard() == [("terminate", "shutdown", 1), Down(ref, pid, "shutdown")]

    played(main)


def test_terminate_does_not_wait_for_the_end() -> None:
    def main() -> None:
        pid = box()
        ref = process.monitor(pid)
        debug.terminate(pid, "as I say")
        assert heard() == [("terminate", "as I say", 1), Down(ref, pid, "as I say")]

    played(main)


class Timed(GenServer[float]):
    def init(self, watcher: Pid) -> Started[float]:
        self.watcher = watcher
        return Started(0.0, 1.0)

    def handle_info(self, message: Message, state: float) -> None:
        assert isinstance(message, TimedOut)
        process.send(self.watcher, process.monotonic())


def test_a_system_request_begins_a_timeout_anew_and_a_suspension_holds_it() -> None:
    def main() -> object:
        began = process.monotonic()
        pid = Timed.start(process.self())
        assert pid is not None
        process.sleep(0.75)
        debug.get_state(pid)
        process.sleep(0.75)
        debug.suspend(pid)
        process.sleep(10.0)
        debug.resume(pid)
        fired = process.receive(timeout=5.0)
        assert isinstance(fired, float)
        return fired - began

    assert played(main) == 12.5


# Watching


def test_messages_in_and_out_are_counted_until_that_is_switched_off() -> None:
    def main() -> None:
        pid = box()
        assert debug.statistics(pid, "get") is None
        debug.statistics(pid, True)
        for _ in range(3):
            GenServer.call(pid, "x")
        GenServer.cast(pid, "x")
        process.sleep(2.0)
        found = debug.statistics(pid, "get")
        assert found is not None
        assert (found.messages_in, found.messages_out) == (4, 3)
        assert found.current_time - found.start_time == 2.0
        debug.statistics(pid, False)
        assert debug.statistics(pid, "get") is None

    played(main)


def spy(watcher: Pid) -> debug.Spy:
    def seen(state: object, event: debug.Event, name: object) -> object:
        process.send(watcher, (state, event[0], name))
        return add_one(state)

    return seen


def test_an_installed_function_sees_what_goes_in_and_out_with_a_state_of_its_own() -> None:
    def main() -> None:
        pid = box()
        function = spy(process.self())
        debug.install(pid, function, 0)
        GenServer.call(pid, "x")
        GenServer.cast(pid, "y")
        assert heard() == [
            (0, "in", pid),
            (1, "out", pid),
            (2, "in", pid),
            ("cast", "y"),
            (3, "noreply", pid),
        ]
        assert len(debug.get_status(pid).debug) == 1
        debug.remove(pid, function)
        GenServer.call(pid, "x")
        assert heard() == []
        assert debug.get_status(pid).debug == ()

    played(main)


def test_a_watch_begins_with_the_very_next_message_also_of_a_full_mailbox() -> None:
    def main() -> object:
        watcher = process.self()
        pid = box()
        debug.suspend(pid)
        GenServer.cast(pid, 1)
        process.spawn(lambda: debug.install(pid, lambda *_: process.send(watcher, "spied"), 0))
        process.sleep(0.1)
        GenServer.cast(pid, 2)
        debug.resume(pid)
        return [message for message in heard() if isinstance(message, tuple | str)]

    assert played(main) == ["spied", ("cast", 1), "spied", "spied", ("cast", 2), "spied"]


def test_an_install_between_queued_messages_sees_those_behind_it() -> None:
    class Busy(GenServer[None]):
        def handle_cast(self, request: Message, state: None) -> None:
            if request == "wait":
                process.sleep(1.0)

    def main() -> object:
        seen: list[object] = Seen()
        pid = Busy.start()
        assert pid is not None
        GenServer.cast(pid, "wait")
        GenServer.cast(pid, "unseen")
        process.spawn(lambda: debug.install(pid, lambda _, e, __: seen.append(e), None))
        process.sleep(0.1)
        GenServer.cast(pid, "seen")
        process.sleep(2.0)
        return [event[1][1] for event in seen if isinstance(event, tuple) and event[0] == "in"]

    assert played(main) == ["seen"]


def test_a_function_is_installed_once_for_an_id_and_the_latest_is_told_first() -> None:
    def main() -> object:
        watcher, pid = process.self(), box()

        def teller(text: str) -> debug.Spy:
            return lambda *_: process.send(watcher, text)

        debug.install(pid, teller("a"), 0, id="first")
        debug.install(pid, teller("b"), 0, id="second")
        debug.install(pid, teller("c"), 0, id="first")
        assert debug.get_status(pid).debug == ("second", "first")
        GenServer.call(pid, "x")
        both = heard()
        debug.remove(pid, "second")
        GenServer.call(pid, "x")
        one = heard()
        debug.no_debug(pid)
        GenServer.call(pid, "x")
        return both, one, heard()

    assert played(main) == (["b", "a"] * 2, ["a"] * 2, [])


@pytest.mark.parametrize("last", [lambda *_: "done", fail, lambda *_: process.exit("oops")])
def test_a_function_that_is_done_or_fails_is_taken_out(last: debug.Spy) -> None:
    def main() -> object:
        pid = box()
        calls: list[object] = Seen()

        def once(state: object, event: debug.Event, name: object) -> object:
            calls.append(event)
            return last(state, event, name)

        debug.install(pid, once, 0)
        answers = [GenServer.call(pid, number) for number in (1, 2)]
        return answers, len(calls), debug.get_status(pid).debug

    assert played(main) == ([1, 2], 1, ())


def test_the_log_keeps_the_latest_events() -> None:
    def main() -> None:
        pid = box()
        assert debug.log(pid, "get") == []
        debug.log(pid, True)
        GenServer.call(pid, "x")
        assert [event[0] for event in debug.log(pid, "get")] == ["in", "out"]
        debug.no_debug(pid)
        debug.log(pid, (True, 3))
        for number in range(5):
            GenServer.call(pid, number)
        assert [event[1] for event in debug.log(pid, "get") if event[0] == "out"] == [3, 4]
        debug.log(pid, False)
        assert debug.log(pid, "get") == []

    played(main)


@pytest.mark.parametrize("flag", ["on", 1, None, (True, 0), (True, True), (True, "2")])
def test_a_wrong_flag_is_refused(flag: bool) -> None:
    with pytest.raises(BadArgument, match="flag"):
        played(lambda: debug.log(box(), flag))


def test_a_trace_prints_what_goes_in_and_out() -> None:
    def main() -> list[str]:
        Box.start(process.self(), name="box")
        text = io.StringIO()
        with redirect_stdout(text):
            debug.trace("box", True)
            GenServer.call("box", "x")
            GenServer.cast("box", "y")
            process.send("box", "z")
            process.sleep(0.1)
            debug.trace("box", False)
            GenServer.call("box", "unseen")
        me = repr(process.self())
        return [line.replace(me, "<main>") for line in text.getvalue().splitlines()]

    assert played(main) == [
        "*DBG* box got call 'x' from <main>",
        "*DBG* box sent 'x' to <main>, new state 1",
        "*DBG* box got cast 'y'",
        "*DBG* box new state 1",
        "*DBG* box got 'z'",
        "*DBG* box new state 1",
    ]


def test_a_trace_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "trace"

    def main() -> None:
        pid = box()
        debug.log_to_file(pid, path)
        GenServer.cast(pid, "y")
        process.sleep(0.1)
        debug.log_to_file(pid, None)
        GenServer.cast(pid, "unseen")
        process.sleep(0.1)
        with pytest.raises(OSError, match="nowhere"):
            debug.log_to_file(pid, tmp_path / "nowhere" / "trace")

    played(main)
    lines = [
        line.partition(" got ")[2] or line.partition(" new ")[2]
        for line in path.read_text().splitlines()
    ]
    assert lines == ["cast 'y'", "state 1"]


def test_a_server_on_a_thread_is_debugged_alike() -> None:
    class OnThread(Box, host="thread"):
        pass

    def main() -> None:
        pid = OnThread.start(process.self())
        assert pid is not None
        debug.statistics(pid, True)
        debug.suspend(pid)
        GenServer.cast(pid, 1)
        assert debug.replace_state(pid, add_one) == 2
        debug.resume(pid)
        assert GenServer.call(pid, "x") == "x"
        found = debug.statistics(pid, "get")
        assert found is not None
        assert (found.messages_in, found.messages_out) == (2, 1)

    played(main)


# Changing the code


class Doubled(Box):
    def code_change(self, old_version: object, state: object, extra: object) -> object:
        assert isinstance(state, int)
        return (old_version, state * 2, extra)

    def handle_call(self, request: Message, caller: Caller, state: object) -> Reply[object, object]:
        return Reply(("new", request))


def test_code_changes_only_while_suspended() -> None:
    def main() -> object:
        pid = box()
        refused = refusal(lambda: debug.change_code(pid))
        debug.suspend(pid)
        debug.change_code(pid)
        return refused, debug.get_state(pid)

    assert played(main) == ("unknown_system_msg", 1)


def test_a_change_of_code_transforms_the_state_and_switches_the_callbacks() -> None:
    def main() -> object:
        pid = box(4)
        debug.suspend(pid)
        debug.change_code(pid, Doubled, "v1", "extra")
        debug.resume(pid)
        return debug.get_state(pid), GenServer.call(pid, "x")

    assert played(main) == (("v1", 8, "extra"), ("new", "x"))


@pytest.mark.parametrize("module", [Doubled, int, "Doubled"])
def test_a_change_of_code_that_fails_leaves_everything_as_it_was(module: type) -> None:
    def main() -> object:
        pid = box("no number")
        debug.suspend(pid)
        failed = refusal(lambda: debug.change_code(pid, module))
        debug.resume(pid)
        return failed, debug.get_state(pid), GenServer.call(pid, "x")

    assert played(main) == ("callback_failed", "no number", "x")


# What is shown


class Discreet(Box):
    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        if status["state"] == "broken":
            fail()
        return {"state": "hidden"}


def test_the_status_shows_the_state_as_the_server_wants_it_seen() -> None:
    def main() -> object:
        pid = Discreet.start(process.self(), "secret")
        assert pid is not None
        return debug.get_status(pid).state, debug.get_state(pid)

    assert played(main) == ("hidden", "secret")


def test_a_failing_format_is_replaced_by_a_text() -> None:
    def main() -> object:
        pid = Discreet.start(process.self(), "broken")
        assert pid is not None
        return debug.get_status(pid).state

    assert played(main) == "Discreet.format_status failed"


class Careful(Discreet):
    """Shows neither its state nor the message that it failed with, and notes what it was asked."""

    asked: ClassVar[list[Mapping[str, object]]] = []

    def handle_cast(self, request: Message, state: object) -> None:
        process.exit(request)

    def format_status(self, status: Mapping[str, object]) -> Mapping[str, object]:
        self.asked.append(status)
        return {**super().format_status(status), "message": "a secret message"}

    def terminate(self, reason: object, state: object) -> None:
        if reason == "fails in terminate":
            fail()


def reported(state: object, request: str) -> tuple[list[object], object]:
    """Have a server end and return how it was reported, and its reason."""
    reports: list[object] = []

    def main() -> object:
        pid = Careful.start(process.self(), state)
        assert pid is not None
        ref = process.monitor(pid)
        GenServer.cast(pid, request)
        [down] = heard()
        assert isinstance(down, Down)
        assert down.ref is ref
        return down.reason

    event = ("actors", "gen_server", "terminate")
    telemetry.attach("test", event, lambda _, __, data: reports.append(dict(data)))
    before = telemetry.set_reporter(None)
    Careful.asked.clear()
    try:
        reason = played(main)
    finally:
        telemetry.detach("test")
        telemetry.set_reporter(before)
    return reports, reason


def test_a_report_shows_state_and_message_as_the_server_wants_them_seen() -> None:
    [report], reason = reported("secret", "boom")

    assert isinstance(report, dict)
    assert reason == report["reason"] == "boom"
    assert (report["state"], report["last_message"]) == ("hidden", "a secret message")
    [asked] = Careful.asked
    assert (asked["state"], asked["reason"]) == ("secret", "boom")
    assert "boom" in repr(asked["message"])


def test_a_report_shows_a_text_where_the_format_fails() -> None:
    [report], reason = reported("broken", "boom")

    assert isinstance(report, dict)
    assert (reason, report["state"]) == ("boom", "Careful.format_status failed")


def test_a_report_of_a_failing_terminate_has_its_reason_and_the_state_that_may_be_seen() -> None:
    [report], reason = reported("secret", "fails in terminate")

    assert isinstance(report, dict)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, ValueError)
    assert isinstance(report["reason"], Crash)
    assert report["state"] == "hidden"


# A process written by hand


class ByHand:
    """A process with a loop of its own that answers system requests."""

    module = "by_hand"

    def __init__(self, parent: Pid, state: object) -> None:
        self.parent = parent
        self.state = state
        self.watch: debug.Watch | None = None

    def loop(self) -> None:
        while True:
            message = process.receive()
            if debug.is_system(message):
                debug.serve(self, message)
            elif isinstance(message, Pid):
                process.send(message, self.state)

    def handle(self, message: Message) -> None:
        """Is never needed by a loop that asks `serve`."""

    def get_state(self) -> object:
        if self.state == "broken":
            fail()
        return self.state

    def replace_state(self, function: Callable[[object], object]) -> object:
        self.state = function(self.get_state())
        return self.state

    def status(self) -> object:
        return ("by hand", self.state)

    def change_code(self, module: type | None, old_version: object, extra: object) -> None:
        self.state = (old_version, self.state, extra)

    def end(self, reason: object, message: Message) -> NoReturn:
        process.exit(("ended", reason))


def by_hand(state: object = 1) -> Pid:
    parent = process.self()
    return process.spawn_link(lambda: ByHand(parent, state).loop())


def test_a_process_written_by_hand_answers_system_requests() -> None:
    def main() -> object:
        pid = by_hand()
        debug.suspend(pid)
        process.send(pid, process.self())
        debug.change_code(pid, None, "old", "extra")
        silent = heard()
        debug.resume(pid)
        said = heard()
        debug.terminate(pid, "bye")
        return silent, said, heard() == [Exited(pid, ("ended", "bye"))]

    assert played(main) == ([], [("old", 1, "extra")], True)


def test_failing_callbacks_of_a_process_written_by_hand_are_told_to_the_caller() -> None:
    def main() -> object:
        pid = by_hand("broken")
        failures = [
            refusal(lambda: debug.get_state(pid)),
            refusal(lambda: debug.replace_state(pid, lambda _: "x")),
        ]
        return failures, process.is_alive(pid)

    assert played(main) == (["callback_failed", "callback_failed"], True)


def test_the_end_of_its_parent_ends_a_suspended_process_written_by_hand() -> None:
    def main() -> object:
        started: list[Pid] = Seen()

        def child(parent: Pid) -> None:
            process.trap_exit(True)
            ByHand(parent, 1).loop()

        def parent() -> None:
            started.append(process.spawn_link(child, process.self()))
            process.receive()

        above = process.spawn(parent)
        process.sleep(0.1)
        debug.suspend(started[0])
        ref = process.monitor(started[0])
        process.send_exit(above, "gone")
        return heard() == [Down(ref, started[0], ("ended", "gone"))]

    assert played(main)


def test_a_stop_of_a_callback_is_told_to_the_watchers_too() -> None:
    class Leaver(GenServer[int]):
        def init(self) -> int:
            return 0

        def handle_call(self, request: Message, caller: Caller, state: int) -> object:
            return Stop("normal", state + 1, reply="bye")

        def handle_cast(self, request: Message, state: int) -> NoReply[int]:
            return NoReply(state + 1)

    def main() -> object:
        seen: list[object] = Seen()
        pid = Leaver.start()
        assert pid is not None
        debug.install(pid, lambda _, event, __: seen.append(event), None)
        GenServer.cast(pid, "x")
        assert GenServer.call(pid, "stop") == "bye"
        return [event[:1] + event[3:] for event in seen if isinstance(event, tuple)]

    assert played(main) == [("in",), ("noreply",), ("in",), ("out", 2)]
