from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import (
    BadArgument,
    Continue,
    Down,
    Exited,
    GenServer,
    NoReply,
    Pid,
    Reply,
    Started,
    StartError,
    StateMachine,
    TimedOut,
    debug,
    proc_lib,
    process,
    receive,
    send,
)
from actors.process import Host
from actors.transitions import (
    Called,
    Enter,
    Event,
    Info,
    KeepState,
    NextState,
    ReplyTo,
    StateTimedOut,
    StateTimeout,
)
from tests.actors.gen_servers import mail, on
from tests.actors.probes import end_of

HOSTS: list[Host] = [None, "thread"]


def ready() -> None:
    proc_lib.init_ack(process.self())
    process.sleep(None)


def refuses() -> None:
    proc_lib.init_fail("no room", "bored")


def bored() -> None:
    process.exit("bored")


def late() -> None:
    process.sleep(60.0)


def empty() -> None:
    """End without a word."""


def failure(start: Callable[..., object], body: Callable[[], object]) -> object:
    with pytest.raises(StartError) as caught:
        start(body, timeout=1.0)
    return caught.value.reason


# -- starting --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
def test_a_start_waits_for_the_acknowledgement_and_the_body_goes_on(host: Host) -> None:
    def body(boss: object, word: str) -> None:
        proc_lib.init_ack((process.self(), word))
        send(boss, "went on")  # type: ignore[arg-type]

    def main() -> None:
        match proc_lib.start(body, process.self(), "ready", host=host):
            case (Pid() as pid, "ready"):
                assert receive() == "went on"
                assert end_of(pid) in {"normal", "noproc"}
            case other:
                pytest.fail(f"{other} was acknowledged")

    on(main)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(bored, "bored"), (empty, "normal"), (late, "timeout"), (refuses, "no room")],
)
def test_a_body_that_does_not_acknowledge_has_failed_to_start(
    body: Callable[[], object], reason: str
) -> None:
    def main() -> None:
        process.trap_exit(True)

        assert failure(proc_lib.start, body) == reason
        assert failure(proc_lib.start_link, body) == reason
        assert failure(proc_lib.start_monitor, body) == reason
        assert [type(each) for each in mail()] == [Down]

    on(main)


def test_a_linked_start_that_fails_ends_a_starter_that_does_not_trap() -> None:
    def starter() -> None:
        proc_lib.start_link(bored)

    def main() -> None:
        _, ref = process.spawn_monitor(starter)

        down = receive(Down)

        assert isinstance(down, Down)
        assert (down.ref, down.reason) == (ref, "bored")

    on(main)


def test_a_linked_process_stays_linked_after_its_acknowledgement() -> None:
    def main() -> None:
        process.trap_exit(True)
        pid = proc_lib.start_link(ready)
        assert isinstance(pid, Pid)

        process.send_exit(pid, "enough")

        assert receive() == Exited(pid, "enough")

    on(main)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(bored, "bored"), (late, "killed"), (refuses, "bored"), (empty, "normal")],
)
def test_a_monitored_start_that_fails_keeps_its_down(
    body: Callable[[], object], reason: str
) -> None:
    def main() -> None:
        with pytest.raises(StartError) as caught:
            proc_lib.start_monitor(body, timeout=1.0)

        down = receive(Down)

        assert isinstance(down, Down)
        assert (down.ref, down.reason) == (caught.value.monitor, reason)

    on(main)


def test_a_monitored_start_gives_the_reference_of_its_down() -> None:
    def main() -> None:
        pid, ref = proc_lib.start_monitor(ready)
        assert isinstance(pid, Pid)

        process.send_exit(pid, "enough")

        assert receive() == Down(ref, pid, "enough")

    on(main)


def test_the_starter_hears_of_a_refusal_when_the_process_is_gone() -> None:
    def body() -> None:
        process.register(process.self(), "body")
        proc_lib.init_fail("no room")

    def main() -> None:
        assert failure(proc_lib.start, body) == "no room"
        assert process.whereis("body") is None

    on(main)


def test_only_who_is_waited_for_may_acknowledge_and_only_once() -> None:
    def twice() -> None:
        proc_lib.init_ack("once")
        proc_lib.init_ack("twice")

    def main() -> None:
        with pytest.raises(BadArgument, match="init_ack: got"):
            proc_lib.init_ack("nobody waits")
        with pytest.raises(BadArgument, match="init_fail: got"):
            proc_lib.init_fail("nobody waits")
        assert proc_lib.start(twice) == "once"

    on(main)


@pytest.mark.parametrize("start", [proc_lib.start, proc_lib.start_link, proc_lib.start_monitor])
def test_a_wrong_option_of_a_start_is_refused_before_anything_starts(
    start: Callable[..., object],
) -> None:
    def main() -> None:
        before = process.processes()
        with pytest.raises(BadArgument, match="body: got 5"):
            start(5)
        with pytest.raises(BadArgument, match="timeout: got -1"):
            start(ready, timeout=-1)
        with pytest.raises(BadArgument, match="host: got 'moon'"):
            start(ready, host="moon")
        assert process.processes() == before

    on(main)


# -- becoming a server -----------------------------------------------------------------------------


class Box(GenServer[int]):
    def handle_call(self, request: object, caller: object, state: int) -> object:
        match request:
            case "value":
                return Reply(state)
            case ("put", int() as value):
                return Reply("ok", value)
            case _:
                return Reply(self, state, 0.5)

    def handle_info(self, message: object, state: int) -> NoReply[int]:
        return NoReply(state + 100 if isinstance(message, TimedOut) else state + 1)

    def handle_continue(self, term: object, state: int) -> NoReply[int]:
        return NoReply(state * 2)

    def terminate(self, reason: object, state: int) -> None:
        boss = process.whereis("boss")
        if boss is not None:
            send(boss, ("terminated", reason, state))


def prepared(name: str | None = None, *, traps: bool = False) -> None:
    process.trap_exit(traps)
    if name is not None:
        process.register(process.self(), name)
    proc_lib.init_ack(process.self())
    try:
        Box.enter_loop(7, name=name)
    finally:
        boss = process.whereis("boss")
        if boss is not None:
            send(boss, "unwound")


def box(*args: object, host: Host = None) -> Pid:
    pid = proc_lib.start_link(prepared, *args, host=host)  # type: ignore[arg-type]
    assert isinstance(pid, Pid)
    return pid


@pytest.mark.parametrize("host", HOSTS)
def test_a_process_becomes_a_server_and_serves_to_its_end(host: Host) -> None:
    def main() -> None:
        process.register(process.self(), "boss")
        server = box("box", host=host)

        assert GenServer.call("box", ("put", 8)) == "ok"
        send(server, "anything")
        assert GenServer.call(server, "value") == 9
        GenServer.stop(server)
        assert mail() == [("terminated", "normal", 9), "unwound"]

    on(main)


def test_what_was_in_the_mailbox_is_handled_after_the_loop_was_entered() -> None:
    def body() -> None:
        send(process.self(), "early")
        proc_lib.init_ack(process.self())
        Box.enter_loop(7)

    def main() -> None:
        server = proc_lib.start(body)
        assert isinstance(server, Pid)

        assert GenServer.call(server, "value") == 8

    on(main)


def test_a_server_that_entered_its_loop_may_continue_and_time_out() -> None:
    def body(then: object) -> None:
        proc_lib.init_ack(process.self())
        Box.enter_loop(7, then)  # type: ignore[arg-type]

    def main() -> None:
        continued = proc_lib.start(body, Continue("twice"))
        timed = proc_lib.start(body, 0.5)
        assert isinstance(continued, Pid)
        assert isinstance(timed, Pid)
        process.sleep(1.0)

        assert GenServer.call(continued, "value") == 14
        assert GenServer.call(timed, "value") == 107

    on(main)


def test_the_end_of_its_starter_ends_a_server_that_traps_and_entered_its_loop() -> None:
    def main() -> None:
        process.register(process.self(), "boss")

        def trapping() -> None:
            prepared(traps=True)

        def parent() -> None:
            proc_lib.start_link(trapping)
            process.exit("enough")

        process.spawn(parent)

        assert receive() == ("terminated", "enough", 7)
        assert receive() == "unwound"

    on(main)


def test_a_server_that_entered_its_loop_can_be_looked_into_and_held() -> None:
    def main() -> None:
        server = box()

        assert debug.get_state(server) == 7
        debug.suspend(server)
        send(server, "waits")
        assert debug.replace_state(server, lambda state: state * 10) == 70
        debug.resume(server)
        assert GenServer.call(server, "value") == 71

    on(main)


def test_only_a_name_that_the_process_has_is_taken_for_its_own() -> None:
    def body(boss: Pid) -> None:
        with pytest.raises(
            BadArgument, match="name: got 'box', accepted is a name that the calling"
        ):
            Box.enter_loop(7, name="box")
        with pytest.raises(BadArgument, match="then: got -1"):
            Box.enter_loop(7, -1)
        send(boss, "refused")

    def main() -> None:
        process.spawn_link(body, process.self())

        assert receive() == "refused"

    on(main)


class Again(GenServer[None]):
    def init(self) -> Started[None]:
        return Started(None, 0.0)

    def handle_info(self, message: object, state: None) -> object:
        Again.enter_loop(None)


def test_a_server_cannot_become_one_once_more() -> None:
    def main() -> None:
        pid, _ = Again.start_monitor()

        down = receive(Down)

        assert isinstance(down, Down)
        assert "called by a process that is no server yet" in str(down.reason)
        assert down.process is pid

    on(main)


class Door(StateMachine[str, list[object]], state_enter=True):
    def handle_event(
        self, event: Event, state: str, data: list[object]
    ) -> NextState[str, list[object]] | KeepState[list[object]]:
        match event:
            case Enter():
                return KeepState([*data, ("entered", state)])
            case Called(caller, "data"):
                return KeepState(actions=ReplyTo(caller, data))
            case StateTimedOut():
                return NextState("locked")
            case Info(content):
                return KeepState([*data, content])
            case _:
                return KeepState()


@pytest.mark.parametrize("host", HOSTS)
def test_a_process_becomes_a_machine_and_its_state_is_entered(host: Host) -> None:
    def body() -> None:
        proc_lib.init_ack(process.self())
        Door.enter_loop("closed", [], StateTimeout(0.0))

    def main() -> None:
        machine = proc_lib.start_link(body, host=host)
        assert isinstance(machine, Pid)
        send(machine, "hello")

        data = StateMachine.call(machine, "data")
        StateMachine.stop(machine)

        assert data == [("entered", "closed"), ("entered", "locked"), "hello"]
        assert not process.is_alive(machine)

    on(main)
