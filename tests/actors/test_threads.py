"""Processes with an OS thread of their own."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import pykka
import pytest

from actors import (
    Agent,
    CallTimeout,
    Crash,
    Down,
    EventHandler,
    EventManager,
    Exit,
    Exited,
    GenServer,
    NoReply,
    Pid,
    Reply,
    StateMachine,
    Stop,
    Task,
    TimedOut,
    call,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    telemetry,
    threads,
)
from actors.errors import BadArgument
from actors.exits import Killed
from actors.testing import VirtualClock
from actors.transitions import Begin, Called, Event, KeepState, ReplyTo
from supervisors import Supervisor, TaskSupervisor
from tests.actors.probes import inside, mail, probe, simulate
from tests.watching import Flag, Seen

STUCK = ("actors", "process", "stuck")


class Adder(GenServer[int]):
    def init(self, start: int) -> int:
        return start

    def handle_call(self, request: object, caller: object, state: int) -> object:
        match request:
            case ("add", int() as by):
                return Reply(state + by, state + by)
            case "thread":
                return Reply(threading.get_ident())
            case _:
                raise ValueError(request)

    def handle_cast(self, request: object, state: int) -> None:
        send(request, ("cast seen by", process.self()))  # type: ignore[arg-type]


def carrier() -> str:
    """Return the name of the calling thread, which pykka gives it."""
    return threading.current_thread().name


def test_the_code_runs_on_a_thread_of_its_own_carried_by_pykka() -> None:
    def main() -> None:
        here = threading.get_ident()
        worker = probe("worker", host="thread")
        assert inside(worker, threading.get_ident) != here
        assert inside(worker, process.self) is worker
        assert str(inside(worker, carrier)).startswith("Carrier")
        info = process.info(worker)
        assert info is not None
        assert info.host == "thread"

    simulate(main)


def carriers() -> int:
    """Count the threads that carry a process of their own."""
    return sum(thread.name.startswith("Carrier") for thread in threading.enumerate())


def test_the_carrier_stops_with_its_process() -> None:
    def main() -> None:
        before = carriers()
        pids = [spawn_monitor(receive, host="thread")[0] for _ in range(5)]
        for pid in pids:
            send(pid, "go")
            assert isinstance(receive(Down, 10.0), Down)
        deadline = time.monotonic() + 10.0
        while carriers() > before and time.monotonic() < deadline:
            time.sleep(0.001)
        assert carriers() <= before

    run(main, held=None)


def test_eight_threads_send_without_loss_and_each_in_order() -> None:
    senders, each = 8, 2_000

    def sends(boss: Pid, name: int) -> None:
        for number in range(each):
            send(boss, (name, number))

    def main() -> dict[int, list[int]]:
        for name in range(senders):
            spawn_link(sends, process.self(), name, host="thread")
        got: dict[int, list[int]] = {name: [] for name in range(senders)}
        for _ in range(senders * each):
            message = receive(timeout=30.0)
            assert isinstance(message, tuple)
            got[message[0]].append(message[1])
        assert receive(timeout=0) == TimedOut()
        return got

    got = run(main, held=None)
    assert got == {name: list(range(each)) for name in range(senders)}


def test_messages_exit_signals_and_deaths_keep_their_order_across_threads() -> None:
    def main() -> list[object]:
        boss = process.self()

        def speaks() -> None:
            for number in range(50):
                send(boss, number)
            process.send_exit(boss, "signal")
            send(boss, "last")

        process.trap_exit(True)
        pid, ref = spawn_monitor(speaks, host="thread")
        got = [receive(timeout=60.0) for _ in range(53)]
        assert got[50:] == [Exited(pid, "signal"), "last", Down(ref, pid, "normal")]
        return got[:50]

    assert run(main) == list(range(50))


def test_a_threads_crash_is_a_reason_with_its_place() -> None:
    def fails() -> None:
        raise ValueError("on a thread")

    def main() -> object:
        process.trap_exit(True)
        spawn_link(fails, host="thread")
        told = receive(Exited, 10.0)
        assert isinstance(told, Exited)
        return told.reason

    reason = run(main)
    assert isinstance(reason, Crash)
    assert reason.stack.entries[-1][2] == "fails"


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
def test_whatever_a_thread_raises_ends_that_process_alone(error: BaseException) -> None:
    def fails() -> None:
        raise error

    def main() -> object:
        spawn_monitor(fails, host="thread")
        down = receive(Down, 10.0)
        assert isinstance(down, Down)
        assert isinstance(down.reason, Crash)
        return down.reason.exception

    assert type(run(main)) is type(error)


def test_an_exit_signal_ends_a_waiting_thread_and_its_finally_blocks_may_send() -> None:
    def main() -> list[object]:
        boss = process.self()

        def waits() -> None:
            try:
                receive()
            except Exit as end:
                send(boss, ("cleaning", end.reason))
                helper = spawn(lambda: None)
                process.monitor(helper)
                with pytest.raises(Exit):
                    process.sleep(60.0)
                send(boss, "cleaned")
                raise

        pid, ref = spawn_monitor(waits, host="thread")
        process.sleep(1.0)
        process.send_exit(pid, "stop")
        got = [receive(timeout=60.0) for _ in range(3)]
        assert got[2] == Down(ref, pid, "stop")
        return got[:2]

    assert simulate(main) == [("cleaning", "stop"), "cleaned"]


def test_a_thread_that_only_sends_is_ended_at_a_send() -> None:
    def main() -> object:
        def floods() -> None:
            while True:
                send(boss, "x")

        boss = probe("sink")
        pid, ref = spawn_monitor(floods, host="thread")
        process.sleep(0.01)
        process.send_exit(pid, "enough")
        return receive(lambda m: isinstance(m, Down), 10.0) == Down(ref, pid, "enough")

    assert run(main)


def test_a_process_that_is_killed_before_its_thread_runs_never_runs() -> None:
    seen: list[int] = []

    def main() -> list[object]:
        launched = process.launch(
            lambda: seen.append(1),
            "never",
            monitor=True,
            host="thread",
            before=lambda scheduler, cell: scheduler.doom(cell, "killed"),
        )
        assert launched.ref is not None
        return [receive(Down, 10.0) == Down(launched.ref, launched.pid, "killed"), *seen]

    assert run(main) == [True]


def test_a_killed_thread_that_blocks_is_buried_with_a_report_while_the_rest_goes_on() -> None:
    reports: list[Mapping[str, object]] = []

    def blocks() -> None:
        process.register(process.self(), "blocked")
        send("boss", "blocking")
        time.sleep(3.0)

    def main() -> tuple[float, int]:
        process.register(process.self(), "boss")
        pid, ref = spawn_monitor(blocks, host="thread")
        receive()
        began = time.monotonic()
        process.send_exit(pid, "kill")
        assert process.whereis("blocked") is None
        turns = 0
        while True:
            message = receive(timeout=0.01)
            if message == Down(ref, pid, "killed"):
                return time.monotonic() - began, turns
            turns += 1

    telemetry.attach("stuck", STUCK, lambda event, numbers, fields: reports.append(fields))
    try:
        result = run(main)
    finally:
        telemetry.detach("stuck")
    assert result is not None
    seconds, turns = result
    assert 0.5 < seconds < 5.0
    assert turns > 10
    (report,) = reports
    assert str(report["initial_call"]).endswith("blocks")
    assert "test_threads.py:" in str(report["where"])
    assert str(report["where"]).endswith("in blocks")


def test_a_killed_thread_that_computes_for_ever_is_buried_and_stopped() -> None:
    """Left alone it would take its share of the interpreter from everybody until the program ends."""
    left = Flag()
    rounds: list[BaseException] = Seen()

    def computes() -> None:
        send("boss", "computing")
        try:
            while len(rounds) < 3:
                try:
                    while True:
                        pass
                except BaseException as error:
                    rounds.append(error)
        finally:
            left.set()

    def main() -> object:
        process.register(process.self(), "boss")
        pid, ref = spawn_monitor(computes, host="thread")
        receive()
        process.send_exit(pid, "kill")
        return receive(Down, 10.0) == Down(ref, pid, "killed")

    assert run(main)
    assert left.wait(60.0)
    assert [type(error) for error in rounds] == [Killed] * 3


def test_a_kill_hurries_a_thread_that_was_told_to_shut_down_and_does_not() -> None:
    """A supervisor asks with `shutdown`, then kills; the kill must not be lost on the dying."""
    free = Flag()

    def blocks() -> None:
        send("boss", "blocking")
        free.wait(30.0)

    def main() -> object:
        process.register(process.self(), "boss")
        pid, ref = spawn_monitor(blocks, host="thread")
        receive()
        process.send_exit(pid, "shutdown")
        assert receive(Down, 0.05) == TimedOut()
        process.send_exit(pid, "kill")
        return receive(Down, 10.0) == Down(ref, pid, "shutdown")

    try:
        assert run(main)
    finally:
        free.set()


def test_a_thread_that_swallows_its_end_for_ever_is_buried_and_stands_still() -> None:
    tries: list[int] = []

    def stubborn() -> None:
        while True:
            try:
                receive()
            except BaseException:
                tries.append(1)

    def main() -> object:
        pid, ref = spawn_monitor(stubborn, host="thread")
        process.sleep(1.0)
        process.send_exit(pid, "over")
        return receive(Down, 10.0) == Down(ref, pid, "over")

    assert simulate(main)
    assert len(tries) <= 200


def test_a_thread_ends_its_waits_in_time_while_a_callback_holds_the_loop() -> None:
    """The loop keeps everybody's deadlines, and does not turn; a thread of its own need not care."""
    free = Flag()

    class Holder(GenServer[int]):
        def init(self) -> int:
            return 0

        def handle_call(self, request: object, caller: object, state: int) -> Reply[object, int]:
            return Reply(request)

        def handle_cast(self, request: object, state: int) -> None:
            free.wait(30.0)

    def calls(server: Pid, heard: list[object]) -> None:
        GenServer.cast(server, "hold")
        for request in ("late", "later"):
            with pytest.raises(CallTimeout):
                heard.append(GenServer.call(server, request, 0.05))
            heard.append(receive(timeout=0.05))
        free.set()
        heard.append(GenServer.call(server, "in time", 10.0))
        heard.append(receive(timeout=0.0))

    def main() -> list[object]:
        server = Holder.start_link()
        heard: list[object] = Seen()
        _, ref = spawn_monitor(calls, server, heard, host="thread")
        assert receive(Down, 20.0) != TimedOut(), ref
        return heard

    assert run(main, held=None) == [TimedOut(), TimedOut(), "in time", TimedOut()]


def test_time_does_not_jump_while_a_thread_computes() -> None:
    def computes(boss: Pid) -> None:
        assert receive(timeout=1000.0) == "go"
        end = time.perf_counter() + 0.05
        while time.perf_counter() < end:
            pass
        send(boss, process.monotonic())

    def main() -> tuple[object, float]:
        pid = spawn_link(computes, process.self(), host="thread")
        send(pid, "go")
        return receive(timeout=500.0), process.monotonic()

    assert simulate(main) == (0.0, 0.0)


def test_time_does_not_jump_while_a_killed_thread_cleans_up() -> None:
    def cleans() -> None:
        try:
            receive()
        finally:
            time.sleep(0.05)

    def main() -> float:
        pid, _ = spawn_monitor(cleans, host="thread")
        process.sleep(1.0)
        process.send_exit(pid, "shutdown")
        assert isinstance(receive(Down, 5.0), Down)
        return process.monotonic()

    assert simulate(main) == 1.0


def test_a_thread_waits_on_virtual_time() -> None:
    def main() -> list[object]:
        boss = process.self()

        def ticks() -> None:
            for number in range(5):
                assert receive(timeout=10.0) == TimedOut()
                send(boss, (number, process.monotonic()))

        spawn_link(ticks, host="thread")
        return [receive(timeout=60.0) for _ in range(5)]

    assert simulate(main) == [(number, 10.0 * (number + 1)) for number in range(5)]


def test_the_time_of_a_call_that_was_answered_is_forgotten() -> None:
    """A deadline left behind would make virtual time jump to it for nothing."""

    def main() -> float:
        server = Adder.start_link(1)
        assert server is not None
        boss = process.self()

        def calls() -> None:
            assert GenServer.call(server, ("add", 1), 100.0) == 2
            send(boss, "done")
            receive()

        pid = spawn_link(calls, host="thread")
        assert receive(timeout=1.0) == "done"
        process.sleep(1.0)
        send(pid, "go")
        process.sleep(1.0)
        from actors._kernel.current import running

        assert running().deadlines.soonest() is None
        return process.monotonic()

    assert simulate(main) == 2.0


def test_servers_on_threads_are_called_and_call() -> None:
    def main() -> None:
        boss = process.self()
        server = Adder.start_link(1, host="thread")
        assert server is not None
        assert GenServer.call(server, ("add", 2)) == 3
        assert GenServer.call(server, "thread") != threading.get_ident()
        GenServer.cast(server, boss)
        assert receive(timeout=60.0) == ("cast seen by", server)
        worker = probe("worker", host="thread")
        assert inside(worker, lambda: GenServer.call(server, ("add", 4))) == 7
        other = Adder.start_link(0)
        assert other is not None
        assert inside(worker, lambda: GenServer.call(other, ("add", 4))) == 4

    simulate(main)


def test_an_unknown_host_is_refused_and_nothing_is_started() -> None:
    def main() -> int:
        with pytest.raises(BadArgument, match="host"):
            spawn(receive, host="moon")  # type: ignore[arg-type]
        return len(process.processes())

    assert simulate(main) == 1


def test_when_no_thread_can_be_started_there_is_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module("actors.threads")

    def no_more(code: object) -> None:
        raise RuntimeError("can't start new thread")

    def main() -> tuple[int, object]:
        monkeypatch.setitem(process.carriers, "thread", no_more)
        for start in (spawn, spawn_link, spawn_monitor):
            with pytest.raises(RuntimeError, match="can't start"):
                start(receive, host="thread")
        info = process.info(process.self())
        assert info is not None
        assert (info.links, info.monitors) == ((), ())
        return len(process.processes()), mail()

    assert simulate(main) == (1, [])


def test_the_switch_interval_is_left_alone() -> None:
    before = sys.getswitchinterval()
    simulate(lambda: inside(probe("worker", host="thread"), lambda: 1))

    assert sys.getswitchinterval() == before


def thread_of() -> int:
    return threading.get_ident()


def told(boss: Pid) -> None:
    send(boss, threading.get_ident())


class Hosted(GenServer[None], host="thread"):
    @call
    def thread(self, state: None) -> Reply[int, None]:
        return Reply(threading.get_ident())


class Machine(StateMachine[str, int], host="thread"):
    def init(self) -> Begin[str, int]:
        return Begin("on", threading.get_ident())

    def handle_event(self, event: Event, state: str, data: int) -> KeepState[int]:
        match event:
            case Called(caller, _):
                return KeepState(actions=[ReplyTo(caller, data)])
            case _:
                return KeepState()


class Listener(EventHandler[Pid]):
    def init(self, boss: Pid) -> Pid:
        return boss

    def handle_event(self, event: object, state: Pid) -> None:
        told(state)


def of_server() -> object:
    return Hosted.thread(Hosted.start_link())


def of_child() -> object:
    Supervisor.start_link([Hosted.child_spec(name="hosted")])
    return Hosted.thread("hosted")


def of_agent() -> object:
    return Agent.get(Agent.start_link(lambda: 0, host="thread"), lambda _: threading.get_ident())


def of_machine() -> object:
    pid = Machine.start_link()
    assert pid is not None
    return Machine.call(pid, "thread")


def of_manager() -> object:
    manager = EventManager.start_link(host="thread")
    assert manager is not None
    EventManager.add_handler(manager, Listener, process.self())
    EventManager.notify(manager, "say")
    return receive(int, 10.0)


def of_task() -> object:
    return Task.await_(Task.async_(thread_of, host="thread"))


def of_supervised_task() -> object:
    top = TaskSupervisor.start_link()
    return Task.await_(TaskSupervisor.async_(top, thread_of, host="thread"))


def of_stream() -> object:
    ((_, value),) = Task.async_stream([1], lambda _: threading.get_ident(), host="thread")
    return value


def of_body() -> object:
    spawn(told, process.self(), host="thread")
    return receive(int, 10.0)


EVERY_KIND = [
    of_server,
    of_child,
    of_agent,
    of_machine,
    of_manager,
    of_task,
    of_supervised_task,
    of_stream,
    of_body,
]


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Let the pool have two."""
    before = threads.pool_size()
    threads.set_pool_size(2)
    yield
    threads.set_pool_size(before)


@pytest.mark.usefixtures("two_threads")
def test_work_of_the_pool_shares_a_few_threads_and_all_of_it_is_done() -> None:
    def main() -> list[int]:
        return Task.await_many([Task.async_(thread_of, host="pool") for _ in range(20)])

    found = run(main)
    assert found is not None
    assert len(found) == 20
    assert len(set(found)) <= 2
    assert threading.get_ident() not in found


@pytest.mark.usefixtures("two_threads")
def test_who_finds_no_thread_waits_for_one_and_time_may_pass_meanwhile() -> None:
    def main() -> tuple[float, list[object]]:
        boss = process.self()

        def works(name: str) -> None:
            process.sleep(60.0)
            send(boss, name)

        for name in "abc":
            spawn(works, name, host="pool")
        got = sorted(str(receive()) for _ in range(3))
        return process.monotonic(), list(got)

    assert run(main, clock=VirtualClock()) == (120.0, ["a", "b", "c"])


@pytest.mark.usefixtures("two_threads")
def test_who_is_killed_while_it_waits_for_a_thread_never_runs_and_is_buried_at_once() -> None:
    def main() -> object:
        boss = process.self()
        for _ in range(2):
            spawn(holds, boss, host="pool")
        pids = [receive(Pid, 10.0) for _ in range(2)]
        waits, ref = spawn_monitor(told, boss, host="pool")
        process.send_exit(waits, "kill")
        down = receive(timeout=60.0)
        for pid in pids:
            send(pid, "go")  # type: ignore[arg-type]
        assert Task.await_(Task.async_(thread_of, host="pool"), 10.0)
        return down == Down(ref, waits, "killed"), mail()

    def holds(boss: Pid) -> None:
        send(boss, process.self())
        receive()

    assert run(main) == (True, [])


@pytest.mark.parametrize("host", ["thread", "pool"])
def test_whoever_stops_all_actors_of_pykka_stops_no_process(
    host: Literal["thread", "pool"],
) -> None:
    def main() -> object:
        pid, ref = spawn_monitor(receive, host=host)
        theirs = pykka.ThreadingActor.start()
        pykka.ActorRegistry.stop_all(timeout=10.0)
        ours = process.is_alive(pid), theirs.is_alive()
        send(pid, "go")
        return ours, receive(Down, 10.0) == Down(ref, pid, "normal")

    assert run(main, held=None) == ((True, False), True)


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "2", None])
def test_a_size_that_is_none_is_refused(size: object) -> None:
    with pytest.raises(BadArgument, match="size"):
        threads.set_pool_size(size)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_any_kind_of_process_may_have_a_thread_of_its_own(kind: Callable[[], object]) -> None:
    found = run(kind, clock=VirtualClock())

    assert isinstance(found, int)
    assert found != threading.get_ident()


class Leaves(GenServer[int]):
    """Counts what it is sent, and ends when it is told; what has been delivered by then, it counts too."""

    def init(self) -> int:
        return 0

    def handle_info(self, message: object, state: int) -> object:
        return Stop("shutdown", state + 1) if message == "leave" else NoReply(state + 1)

    def terminate(self, reason: object, state: int) -> None:
        while not isinstance(receive(timeout=0), TimedOut):
            state += 1
        send("boss", ("counted", state))


def test_a_message_sent_while_its_receiver_ends_is_delivered_or_counted_as_a_dead_letter() -> None:
    senders, each, rounds = 8, 50, 40

    everybody = threading.Barrier(senders)

    def floods(pid: Pid, number: int) -> None:
        # Known to the loop, and all there, before the end: whoever came later would wait for a loop that joins it.
        process.self()
        everybody.wait(30.0)
        for n in range(each):
            send(pid, "leave" if (number, n) == (3, 20) else n)

    def main() -> list[tuple[int, int]]:
        process.register(process.self(), "boss")
        return [counted() for _ in range(rounds)]

    def counted() -> tuple[int, int]:
        """Return how many messages were delivered, and how many were dead letters."""
        before = process.dead_letters()
        pid = Leaves.start()
        assert pid is not None
        crowd = [threading.Thread(target=floods, args=(pid, number)) for number in range(senders)]
        for thread in crowd:
            thread.start()
        told = receive(lambda message: type(message) is tuple, 30.0)
        assert isinstance(told, tuple)
        for thread in crowd:
            # It goes on to post while the loop waits for its end; all of that comes before what follows.
            thread.join()
        process.sleep(0)
        return int(told[1]), process.dead_letters() - before

    found = run(main, held=None)
    assert found is not None
    assert [delivered + dead for delivered, dead in found] == [senders * each] * rounds
    assert sum(dead for _, dead in found) > 0, "nobody was late"
