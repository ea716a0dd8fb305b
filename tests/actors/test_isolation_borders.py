"""Every border between two processes: what changes on one side of it is never seen on the other.

Each test gives something that can change away, changes what it has kept, and asks the other side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import pytest

from actors import (
    Agent,
    Caller,
    Crash,
    Down,
    EventHandler,
    EventManager,
    Exited,
    GenServer,
    Moved,
    NoReply,
    NotSendable,
    Pid,
    Reply,
    ServerExited,
    StartError,
    StateMachine,
    Stop,
    Task,
    TimedOut,
    call,
    cast,
    debug,
    proc_lib,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    telemetry,
)
from actors.errors import BadArgument
from actors.isolation import SHARED, Isolation, Withheld, crossing, shareable
from actors.process import Host
from actors.transitions import Begin, Called, Casted, Event, KeepState, ReplyTo
from supervisors import (
    ANY,
    BadSpec,
    ChildError,
    DynamicSupervisor,
    Registry,
    Supervisor,
    TaskSupervisor,
    start_child,
    which_children,
)
from tests.actors import gen_servers
from tests.watching import Seen

Box: TypeAlias = list[object]
Anything: TypeAlias = Any


def on(main: Callable[[], object]) -> Anything:
    """Run on a virtual clock; what comes out is looked at and not typed."""
    return gen_servers.on(main)


HOSTS = pytest.mark.parametrize("host", [None, "thread"])


class Keeper(GenServer[Box]):
    """Keeps the very object that it was given, and gives away the very object that it keeps."""

    def init(self, first: Box | None = None) -> Box:
        return [] if first is None else first

    @call
    def get(self, state: Box) -> Reply[Box, Box]:
        return Reply(state)

    @cast
    def put(self, state: Box, box: Box) -> NoReply[Box]:
        return NoReply(box)

    @call
    def swap(self, state: Box, box: Box, *, also: Box) -> Reply[Box, Box]:
        return Reply(also, box)

    @call
    def same(self, state: Box, box: Box, *, also: Box) -> Reply[bool, Box]:
        return Reply(box is also)

    @cast
    def put_two(self, state: Box, box: Box, *, also: Box) -> NoReply[Box]:
        return NoReply([box, also])

    @call
    def spoil(self, state: Box) -> Reply[None, Box]:
        state.append("spoilt")
        return Reply(None)

    @call
    def answer_later(self, state: Box) -> NoReply[Box]:
        caller = self.caller
        spawn(lambda: GenServer.reply(caller, LOCK))
        GenServer.reply(caller, state)
        state.append("spoilt")
        return NoReply()

    @call
    def leave(self, state: Box) -> Stop[Box, Box]:
        return Stop(("shutdown", state), reply=state)

    def handle_call(self, request: object, caller: Caller, state: Box) -> Reply[object, Box]:
        return Reply(state, request)  # type: ignore[arg-type]

    def handle_info(self, message: object, state: Box) -> NoReply[Box]:
        return NoReply(message)  # type: ignore[arg-type]


LOCK = threading.Lock()


def keeper(host: Host = None, first: Box | None = None) -> Pid:
    pid = Keeper.start(first, host=host)
    assert pid is not None
    return pid


# -- messages --------------------------------------------------------------------------------------


@HOSTS
@pytest.mark.parametrize(
    "give",
    [
        send,
        lambda pid, box: process.send_after(pid, box, 0.0),
        Keeper.put,
        lambda pid, box: Keeper.swap(pid, box, also=box),
        GenServer.call,
        GenServer.send_request,
    ],
    ids=["send", "send_after", "cast", "call", "raw_call", "send_request"],
)
def test_a_message_is_the_receivers_own(give: Callable[[Pid, Box], object], host: Host) -> None:
    def main() -> tuple[Box, Box]:
        pid, box = keeper(host), Box([1])
        give(pid, box)
        box.append("changed")
        process.sleep(0.1)
        kept = Keeper.get(pid)
        Keeper.spoil(pid)
        return kept, box

    assert on(main) == ([1], [1, "changed"])


def test_a_message_through_an_alias_or_a_name_is_the_receivers_own() -> None:
    def main() -> object:
        process.register(process.self(), "me")
        box: Box = [1]
        for dest in (process.alias(), "me", process.self()):
            send(dest, box)
        box.append("changed")
        return [receive() for _ in range(3)]

    assert on(main) == [[1]] * 3


def test_a_timer_holds_what_was_said_when_it_was_set() -> None:
    def main() -> object:
        box: Box = [1]
        process.send_after(process.self(), box, 1.0)
        ref = process.start_timer(process.self(), box, 2.0)
        box.append("changed")
        first, second = receive(), receive()
        return first, second == TimedOut(ref, [1])

    assert on(main) == ([1], True)


def test_messages_from_another_thread_are_copied_there() -> None:
    pids: list[Pid] = []
    ready, given = threading.Event(), threading.Event()
    seen: list[object] = []

    def main() -> None:
        pids.append(process.self())
        ready.set()
        box = receive()
        given.wait(60.0)
        seen.append(box)
        receive()

    thread = threading.Thread(target=run, args=(main,))
    thread.start()
    ready.wait(60.0)
    box: Box = [1]
    send(pids[0], box)
    box.append("changed")
    with pytest.raises(NotSendable):
        send(pids[0], LOCK)
    given.set()
    send(pids[0], "end")
    thread.join(60.0)

    assert seen == [[1]]


# -- replies ---------------------------------------------------------------------------------------


@HOSTS
@pytest.mark.parametrize(
    "ask", [Keeper.get, Keeper.answer_later, lambda pid: GenServer.call(pid, [])]
)
def test_a_reply_is_the_callers_own(ask: Callable[[Pid], Box], host: Host) -> None:
    def main() -> object:
        pid = keeper(host, [1])
        answer = ask(pid)
        answer.append("changed")
        return answer, Keeper.get(pid)

    answer, kept = on(main)

    assert answer == [1, "changed"]
    assert "changed" not in kept


def test_what_is_given_twice_in_one_call_stays_one() -> None:
    def main() -> object:
        box: Box = [1]
        pid = keeper()
        answer = Keeper.swap(pid, box, also=box)
        return answer == [1], Keeper.same(pid, box, also=box), Keeper.same(pid, box, also=[1])

    assert on(main) == (True, True, False)


def test_a_call_that_is_refused_has_moved_nothing_and_left_nothing() -> None:
    def main() -> object:
        pid, shell = keeper(), Moved([1])
        before = process.info(process.self())
        for give in (Keeper.same, Keeper.put_two):
            with pytest.raises(NotSendable, match=r"^arguments\['also'\] is a lock"):
                give(pid, shell, also=LOCK)  # type: ignore[arg-type]
        with pytest.raises(NotSendable, match=r"^args\[1\] is a lock"):
            spawn(print, shell, LOCK)
        return shell.value, process.info(process.self()) == before

    assert on(main) == ([1], True)


def test_a_reply_by_mail_is_the_askers_own() -> None:
    def main() -> object:
        pid = keeper(None, [1])
        request = GenServer.send_request(pid, [2])
        answered = GenServer.receive_response(request)
        answered.value.append("changed")  # type: ignore[union-attr]
        return Keeper.get(pid)

    assert on(main) == [2]


def test_a_last_reply_and_the_reason_after_it_are_the_callers_own() -> None:
    def main() -> object:
        pid = keeper(None, [1])
        process.monitor(pid)
        answer = Keeper.leave(pid)
        answer.append("changed")
        down = receive(Down)
        assert isinstance(down, Down)
        return down.reason

    assert on(main) == ("shutdown", [1])


def test_who_answers_with_what_may_not_cross_ends_and_the_caller_is_told() -> None:
    class Bad(GenServer[None]):
        @call
        def lock(self, state: None) -> Reply[object, None]:
            return Reply({"lock": LOCK})

    def main() -> object:
        with pytest.raises(ServerExited) as failed:
            Bad.lock(Bad.start())
        crash = failed.value.why
        assert isinstance(crash, Crash)
        return type(crash.exception), crash.exception.args[0]

    kind, text = on(main)

    assert kind is NotSendable
    assert text.startswith("reply['lock'] is a lock")


# -- ends ------------------------------------------------------------------------------------------


def test_a_reason_is_everybodys_own() -> None:
    def main() -> object:
        process.trap_exit(True)
        box: Box = [1]
        kept: Box = Seen()

        def ends() -> None:
            kept.append(box)
            process.exit(box)

        pid = spawn_link(ends)
        process.monitor(pid)
        down, exited = receive(Down), receive(Exited)
        assert isinstance(down, Down)
        assert isinstance(exited, Exited)
        down.reason.append("changed")  # type: ignore[attr-defined]
        return exited.reason, kept[0]

    assert on(main) == ([1], [1])


def test_a_reason_that_was_sent_is_the_receivers_own() -> None:
    def main() -> object:
        box: Box = [1]
        pid, _ = spawn_monitor(receive)
        process.send_exit(pid, box)
        box.append("changed")
        with pytest.raises(NotSendable, match="reason is a lock"):
            process.send_exit(process.self(), LOCK)
        down = receive(Down)
        assert isinstance(down, Down)
        return down.reason

    assert on(main) == [1]


def test_a_death_is_told_whatever_its_reason_holds() -> None:
    def main() -> object:
        spawn_monitor(lambda: process.exit(("failed", [LOCK], 1)))
        down = receive(Down)
        assert isinstance(down, Down)
        spawn_monitor(fails)
        crashed = receive(Down)
        assert isinstance(crashed, Down)
        assert isinstance(crashed.reason, Crash)
        return down.reason, crashed.reason.exception.args

    withheld = Withheld("a lock, which cannot be shared or copied")
    assert on(main) == (("failed", [withheld], 1), ("no", withheld))


def fails() -> None:
    raise ValueError("no", LOCK)


def test_an_exception_is_everybodys_own_and_keeps_its_kind_and_place() -> None:
    kept: list[BaseException] = Seen()

    def fail() -> None:
        error = ValueError("no", [1])
        kept.append(error)
        raise error

    def main() -> object:
        _, ref = spawn_monitor(fail)
        down = receive(Down)
        assert isinstance(down, Down)
        assert isinstance(down.reason, Crash)
        down.reason.exception.args[1].append("changed")
        assert down.ref is ref
        return str(down.reason.stack).count("raise error")

    assert on(main) == 1
    assert kept[0].args == ("no", [1])


# -- starts ----------------------------------------------------------------------------------------


@HOSTS
def test_what_a_process_is_started_with_is_its_own(host: Host) -> None:
    def main() -> object:
        boss, box, captured = process.self(), Box([1]), Box([1])

        def body(given: Box) -> None:
            send(boss, (given, captured))

        spawn(body, box, host=host)
        box.append("changed")
        captured.append("changed")
        return receive()

    assert on(main) == ([1], [1])


def test_a_variable_that_is_assigned_in_a_process_is_its_own() -> None:
    def main() -> object:
        boss, count = process.self(), 0

        def body() -> None:
            nonlocal count
            count += 1
            send(boss, count)

        spawn(body)
        spawn(body)
        return [receive(), receive()], count

    assert on(main) == ([1, 1], 0)


@HOSTS
def test_what_a_server_is_started_with_is_its_own(host: Host) -> None:
    def main() -> object:
        box: Box = [1]
        pid = keeper(host, box)
        box.append("changed")
        return Keeper.get(pid)

    assert on(main) == [1]


def test_a_start_that_is_refused_starts_nothing() -> None:
    def main() -> object:
        before = process.processes()
        for start in (
            lambda: spawn(print, LOCK),
            lambda: spawn(lambda: LOCK_OF(inner)),
            lambda: Keeper.start([LOCK]),
            lambda: Task.async_(print, LOCK),
            lambda: Task.start(print, LOCK),
            lambda: Agent.start(lambda: inner),
            lambda: proc_lib.start(print, LOCK),
        ):
            with pytest.raises(NotSendable):
                start()
        return process.processes() == before

    inner = threading.Lock()
    assert on(main)


def LOCK_OF(lock: object) -> object:  # noqa: N802 - it only takes it
    return lock


def test_a_child_that_is_started_again_gets_what_the_first_one_got() -> None:
    def main() -> object:
        box: Box = [1]
        top = Supervisor.start_link([Keeper.child_spec(box, name="kept")], strategy="one_for_one")
        assert top is not None
        box.append("changed")
        seen = []
        for _ in range(3):
            Keeper.spoil("kept")
            seen.append(Keeper.get("kept"))
            process.send_exit(process.whereis("kept") or process.self(), "kill")
            process.sleep(0.1)
        return seen, Keeper.get("kept")

    assert on(main) == ([[1, "spoilt"]] * 3, [1])


def start_and_spoil(box: Box, *, also: Box) -> Pid | None:
    pid = Keeper.start_link((tuple(box), tuple(also)))
    box.append("spoilt")
    also.append("spoilt")
    return pid


@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
def test_a_start_function_that_changes_its_arguments_gets_the_old_ones_at_the_next_start(
    kind: type[Supervisor | DynamicSupervisor],
) -> None:
    def main() -> object:
        spec = {"id": "odd", "start": (start_and_spoil, ([1],), {"also": [2]})}
        if kind is Supervisor:
            top = Supervisor.start_link([spec], strategy="one_for_one")
            assert top is not None
        else:
            top = DynamicSupervisor.start_link()
            DynamicSupervisor.start_child(top, spec)
        process.send_exit(which_children(top)[0].pid, "kill")  # type: ignore[arg-type]
        process.sleep(0.1)
        return Keeper.get(which_children(top)[0].pid)

    assert on(main) == ((1,), (2,))


def test_a_child_of_a_dynamic_supervisor_is_given_its_own() -> None:
    def main() -> object:
        top = DynamicSupervisor.start_link()
        box: Box = [1]
        DynamicSupervisor.start_child(top, Keeper.child_spec(box, name="kept"))
        box.append("changed")
        return Keeper.get("kept")

    assert on(main) == [1]


def test_arguments_that_can_be_given_once_only_are_refused_before_they_have_moved() -> None:
    def main() -> object:
        tasks, shell = TaskSupervisor.start_link(), Moved(number for number in [1])
        with pytest.raises(BadSpec, match="what can only be moved is sent to the child"):
            TaskSupervisor.start_child(tasks, print, shell)
        with pytest.raises(BadSpec, match="what can only be moved is sent to the child"):
            DynamicSupervisor.start_child(tasks, Keeper.child_spec(shell))
        listed: Anything = list
        job = TaskSupervisor.async_(tasks, listed, shell)
        return Task.await_(job), repr(shell)

    assert on(main) == ([1], "Moved(<gone>)")


def no_start(how: str) -> object:
    match how:
        case "answer":
            return [LOCK]
        case "pair":
            return spawn_link(receive), LOCK
        case "raise":
            raise ValueError(LOCK)
        case _:
            raise StartError(("why", LOCK))


@pytest.mark.parametrize("how", ["answer", "pair", "raise", "start_error"])
@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
def test_a_supervisor_outlives_a_start_function_whose_answer_may_not_cross(
    kind: type[Supervisor | DynamicSupervisor], how: str
) -> None:
    def main() -> object:
        top = (
            Supervisor.start_link([], strategy="one_for_one")
            if kind is Supervisor
            else DynamicSupervisor.start_link()
        )
        assert top is not None
        start = start_child if kind is Supervisor else DynamicSupervisor.start_child
        spec = {"id": "odd", "start": (no_start, (how,)), "restart": "temporary"}
        try:
            said = repr(start(top, spec))
        except ChildError as error:
            said = repr(error.reason)
        return "<withheld: a lock" in said, process.is_alive(top)

    assert on(main) == (True, True)


def test_a_process_written_by_hand_is_given_its_own_and_gives_away_its_own() -> None:
    def main() -> object:
        box: Box = [1]
        seen: Box = Seen()

        def body(given: Box) -> None:
            proc_lib.init_ack(given)
            seen.append(given)
            receive()

        answer = proc_lib.start_link(body, box)
        answer.append("changed")  # type: ignore[attr-defined]
        process.sleep(0.1)
        return box, seen[0]

    assert on(main) == ([1], [1])


# -- tasks and agents ------------------------------------------------------------------------------


@HOSTS
def test_the_function_of_a_task_and_its_result_are_copies(host: Host) -> None:
    def main() -> object:
        captured, given, kept = Box([1]), Box([2]), Box(Seen())

        def work(box: Box) -> Box:
            captured.append("changed")
            kept.append(box)
            return box

        result = Task.await_(Task.async_(work, given, host=host))
        result.append("changed")
        return captured, given, result

    assert on(main) == ([1], [2], [2, "changed"])


def test_a_result_that_may_not_cross_is_called_so() -> None:
    def main() -> object:
        process.trap_exit(True)
        match Task.yield_(Task.async_(lambda: [LOCK])):
            case ("exit", reason):
                return str(reason)
            case other:
                return other

    assert "result[0] is a lock" in str(on(main))


def test_the_inputs_and_results_of_a_stream_are_copies() -> None:
    kept: list[Box] = Seen()

    def work(box: Box) -> Box:
        box.append("changed")
        kept.append(box)
        return box

    def main() -> object:
        inputs: list[Box] = [[1], [2]]
        outcomes = list(Task.async_stream(inputs, work))
        sup = TaskSupervisor.start_link()
        outcomes += list(TaskSupervisor.async_stream_nolink(sup, inputs, work))
        return inputs, outcomes

    inputs, outcomes = on(main)

    assert inputs == [[1], [2]]
    assert outcomes == [("ok", [1, "changed"]), ("ok", [2, "changed"])] * 2
    assert all(result is not box for (_, result), box in zip(outcomes, kept, strict=True))


def test_an_agents_functions_and_what_they_return_are_copies() -> None:
    def main() -> object:
        captured: Box = [1]
        agent = Agent.start(lambda: captured)
        captured.append("changed")
        seen = Agent.get(agent, lambda state: state)
        seen.append("changed")
        added: Box = [2]
        Agent.update(agent, lambda state: [*state, added])
        Agent.cast(agent, lambda state: [*state, added])
        added.append("changed")
        before = Agent.get_and_update(agent, lambda state: (state, state))
        before.append("changed")
        return Agent.get(agent, lambda state: state)

    assert on(main) == [1, [2], [2]]


# -- other behaviours ------------------------------------------------------------------------------


class Door(StateMachine[str, Box]):
    def init(self, box: Box) -> Begin[str, Box]:
        return Begin("open", box)

    def handle_event(self, event: Event, state: str, data: Box) -> KeepState[Box]:
        match event:
            case Called(caller=caller):
                return KeepState(actions=[ReplyTo(caller, data)])
            case Casted(content=list() as content):
                return KeepState(content)
            case _:
                return KeepState()


def test_the_events_and_replies_of_a_state_machine_are_copies() -> None:
    def main() -> object:
        box: Box = [1]
        door = Door.start(box)
        box.append("changed")
        first = StateMachine.call(door, "get")
        first.append("changed")  # type: ignore[attr-defined]
        second = StateMachine.call(door, "get")
        other: Box = [2]
        StateMachine.cast(door, other)
        other.append("changed")
        return second, StateMachine.call(door, "get")

    assert on(main) == ([1], [2])


class Remembers(EventHandler[Box]):
    def init(self, box: Box) -> Box:
        return box

    def handle_event(self, event: object, state: Box) -> NoReply[Box]:
        return NoReply([*state, event])

    def handle_call(self, request: object, state: Box) -> object:
        return Reply(LOCK if request == "lock" else state)


def test_events_and_the_answers_of_handlers_are_copies() -> None:
    def main() -> object:
        manager = EventManager.start()
        box, event = Box([1]), Box([2])
        EventManager.add_handler(manager, Remembers, box)
        EventManager.notify(manager, event)
        EventManager.sync_notify(manager, event)
        box.append("changed")
        event.append("changed")
        answer = EventManager.call(manager, Remembers, "get")
        answer.append("changed")  # type: ignore[attr-defined]
        return EventManager.call(manager, Remembers, "get")

    assert on(main) == [1, [2], [2]]


def test_a_handler_that_answers_with_what_may_not_cross_is_taken_out_and_no_other() -> None:
    def main() -> object:
        manager = EventManager.start()
        EventManager.add_handler(manager, Remembers, [])
        EventManager.add_handler(manager, (Remembers, 2), [1])
        with pytest.raises(Exception, match="reply is a lock"):
            EventManager.call(manager, Remembers, "lock")
        return EventManager.which_handlers(manager), EventManager.call(
            manager, (Remembers, 2), "get"
        )

    assert on(main) == ([(Remembers, 2)], [1])


def test_the_values_of_a_registry_are_copied_in_and_out() -> None:
    def main() -> object:
        Registry.start_link(keys="unique", name="reg")
        box: Box = [1]
        Registry.register("reg", "k", box)
        Registry.put_meta("reg", "m", box)
        box.append("changed")
        seen = [
            Registry.lookup("reg", "k")[0][1],
            Registry.values("reg", "k", process.self())[0],
            Registry.match("reg", "k", ANY)[0][1],
            Registry.meta("reg", "m"),
        ]
        Registry.dispatch("reg", "k", lambda pairs: seen.append(pairs[0][1]))
        for each in seen:
            each.append("changed")  # type: ignore[attr-defined]
        new = Registry.update_value("reg", "k", lambda value: [*value, 2])  # type: ignore[misc]
        assert new is not None
        new[0].append("changed")  # type: ignore[attr-defined]
        with pytest.raises(NotSendable):
            Registry.register("reg", "other", LOCK)
        return Registry.lookup("reg", "k")[0][1], Registry.keys("reg", process.self())

    assert on(main) == ([1, 2], ["k"])


# -- looking ---------------------------------------------------------------------------------------


def test_what_debug_shows_is_a_copy_and_what_may_not_cross_is_withheld() -> None:
    def main() -> object:
        pid = keeper(None, [1])
        shown = debug.get_state(pid)
        shown.append("changed")  # type: ignore[attr-defined]
        status = debug.get_status(pid)
        added: Box = [2]
        replaced = debug.replace_state(pid, lambda state: [*state, added])
        added.append("changed")
        replaced.append("changed")  # type: ignore[attr-defined]
        send(pid, Moved([LOCK]))
        return status.state, Keeper.get.within(None), debug.get_state(pid)

    state, _, withheld = on(main)

    assert state == [1]
    assert withheld == [Withheld("a lock, which cannot be shared or copied")]


def test_the_function_that_watches_a_process_has_its_own_captured_variables() -> None:
    def main() -> object:
        pid, seen = keeper(None, [1]), []

        def watch(state: object, event: object, name: object) -> object:
            seen.append(event)
            return len(seen)

        debug.install(pid, watch, 0)
        Keeper.get(pid)
        debug.remove(pid, watch)
        return seen, debug.get_status(pid).debug

    assert on(main) == ([], ())


def test_mail_and_labels_that_are_looked_at_are_copies() -> None:
    def main() -> object:
        boss = process.self()

        def body() -> None:
            label: Box = ["a"]
            process.set_label(label)
            send(boss, "ready")
            process.sleep(1.0)
            send(boss, (label, receive()))

        pid = spawn(body)
        receive()
        send(pid, [1])
        label = process.get_label(pid)
        mail = process.info(pid, "messages")
        assert mail is not None
        label.append("changed")  # type: ignore[attr-defined]
        mail[1][0].append("changed")  # type: ignore[index]
        return receive()

    assert on(main) == (["a"], [1])


# -- policies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("isolation", "same"), [("copy", False), ("check", True), ("trust", True)])
def test_the_policy_is_an_argument_of_the_runtime(isolation: str, same: bool) -> None:
    def main() -> object:
        box: Box = [1]
        send(process.self(), box)
        return receive() is box

    assert run(main, isolation=isolation) is same  # type: ignore[arg-type]


def test_a_runtime_that_checks_refuses_and_one_that_trusts_does_not() -> None:
    def main() -> object:
        send(process.self(), LOCK)
        return receive() is LOCK

    with pytest.raises(NotSendable):
        run(main, isolation="check")
    assert run(main, isolation="trust") is True


def test_one_crossing_is_one_copy() -> None:
    class Counts:
        copies = 0

        def __deepcopy__(self, memo: object) -> Counts:
            Counts.copies += 1
            return Counts()

    def counted(what: Callable[[], object]) -> int:
        Counts.copies = 0
        what()
        return Counts.copies

    def main() -> object:
        pid, one = keeper(), Counts()
        agent = Agent.start(lambda: None)
        return {
            "send": counted(lambda: send(pid, one)),
            "cast": counted(lambda: Keeper.put(pid, [one])),
            "request": counted(lambda: GenServer.call(pid, "x")) + counted(lambda: None),
            "timer": counted(lambda: process.send_after(pid, one, 0.0)),
            "start": counted(lambda: Keeper.start([one])),
            "spawn": counted(lambda: spawn(print_nothing, one)),
            "task": counted(lambda: Task.await_(Task.async_(print_nothing, one))),
            "there and back": counted(lambda: Task.await_(Task.async_(back, one))),
            "stream": counted(lambda: list(Task.async_stream([one], print_nothing))),
            "agent": counted(lambda: Agent.update(agent, print_nothing, one)),
        }

    expected = {
        "send": 1,
        "cast": 1,
        "request": 1,  # the box of the cast before it comes back
        "timer": 1,
        "start": 1,
        "spawn": 1,
        "task": 1,
        "there and back": 2,
        "stream": 1,
        "agent": 1,
    }
    before = telemetry.set_reporter(None)
    try:
        assert run(main) == expected
    finally:
        telemetry.set_reporter(before)


def print_nothing(*_: object) -> None:
    return None


def back(value: object) -> object:
    return value


class Unhashable(type):
    def __hash__(cls) -> NoReturn:
        raise ValueError("hash of a class")


class OfUnhashableClass(metaclass=Unhashable):
    pass


@pytest.mark.parametrize("isolation", ["copy", "check"])
@pytest.mark.parametrize(
    "value", [OfUnhashableClass(), (1, OfUnhashableClass())], ids=["", "in a tuple"]
)
def test_a_value_whose_class_raises_when_it_is_looked_up_is_refused_in_the_sender(
    value: object, isolation: Isolation
) -> None:
    doors: list[Callable[[Pid], object]] = [
        lambda server: send(server, value),
        lambda server: GenServer.call(server, value),
        lambda server: GenServer.cast(server, value),
        lambda server: process.send_after(server, value, 1.0),
        lambda server: process.send_exit(server, value),
        lambda server: spawn(print, value),
        lambda server: Asked.start(value),
        lambda server: GenServer.stop(server, value),
    ]

    class Asked(GenServer[None]):
        def handle_call(self, request: object, caller: Caller, state: None) -> Reply[object, None]:
            return Reply(request)

    def main() -> object:
        server = Asked.start()
        for door in doors:
            with pytest.raises(NotSendable, match="own code raises ValueError"):
                door(server)
        return GenServer.call(server, "still there")

    assert run(main, isolation=isolation, held=None) == "still there"


def test_a_reply_whose_class_raises_when_it_is_looked_up_is_refused_like_any_other() -> None:
    class Answers(GenServer[None]):
        def handle_call(self, request: object, caller: Caller, state: None) -> Reply[object, None]:
            return Reply(OfUnhashableClass() if request == "bare" else (OfUnhashableClass(),))

    def main() -> list[type]:
        kinds = []
        for request in ("bare", "in a tuple"):
            with pytest.raises(ServerExited) as caught:
                GenServer.call(Answers.start(), request)
            kinds.append(type(caught.value.__cause__))
        return kinds

    assert run(main, held=None) == [NotSendable, NotSendable]


def test_a_value_whose_class_raises_is_refused_too_where_only_what_is_moved_is_looked_for() -> None:
    def main() -> None:
        unspent = Moved([1])
        with pytest.raises(NotSendable, match="own code raises ValueError"):
            send(process.self(), OfUnhashableClass())
        send(process.self(), unspent)

    run(main, isolation="trust", held=None)


class OfItsOwnMind(type):
    """Could answer anything when one of its classes is looked up."""

    def __eq__(cls, other: object) -> bool:
        return cls is other

    def __hash__(cls) -> int:
        return 12345


def test_a_class_that_another_could_be_taken_for_is_not_taken_in_among_the_shared() -> None:
    @dataclass(frozen=True)
    class Judged(metaclass=OfItsOwnMind):
        number: int

    with pytest.raises(BadArgument, match="no __eq__ or __hash__ of its own"):
        shareable(OfItsOwnMind("Declared", (), {}))
    sent = Judged(1)
    arrived = crossing("copy")(sent, "message")

    assert arrived == sent
    assert Judged not in SHARED
