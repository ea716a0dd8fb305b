"""Guests: threads from elsewhere that act as a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from actors import (
    Down,
    Exit,
    Exited,
    GenServer,
    Pid,
    Reply,
    Runtime,
    TimedOut,
    process,
    receive,
    send,
    spawn,
    spawn_link,
)
from actors._kernel.current import guest_of, running
from actors.errors import BadArgument, NotInProcess
from tests.actors.probes import end_of, inside, mail, probe

T = TypeVar("T")


class Echo(GenServer[None]):
    def handle_call(self, request: object, caller: object, state: None) -> object:
        if request == "crash":
            raise ValueError("asked to")
        return Reply((request, process.self()))


class Served:
    """A runtime on a thread of its own, without a main process."""

    def __init__(self) -> None:
        self.runtime = Runtime(held=None, grace=1.0)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.runtime.serve, args=(ready.set,), daemon=True)
        self.thread.start()
        assert ready.wait(60.0)

    def stop(self) -> None:
        self.runtime.stop()
        self.thread.join(60.0)
        assert not self.thread.is_alive()


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()


def in_thread(fn: Callable[[], T]) -> T:
    """Run a function on a foreign thread and return or raise what it did."""
    results: list[T] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(fn())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join(60.0)
    assert not thread.is_alive(), "the thread hangs"
    if errors:
        raise errors[0]
    return results[0]


def test_a_foreign_thread_can_do_what_a_process_can(served: Served) -> None:
    def guest() -> None:
        me = process.self()
        assert process.self() is me
        pid = probe("worker", trap=True)
        assert inside(pid, lambda: 5) == 5
        process.link(pid)
        ref = process.monitor(pid)
        process.trap_exit(True)
        process.send_exit(pid, "kill")
        found = mail(0.02)
        assert Down(ref, pid, "killed") in found
        assert Exited(pid, "killed") in found
        process.put("k", 1)
        assert process.get("k") == 1
        process.register(me, "guest")
        assert process.whereis("guest") is me
        timer = process.send_after("guest", "tick", 0.005)
        assert receive(timeout=60.0) == "tick"
        assert process.read_timer(timer) is None
        assert receive(timeout=0.005) == TimedOut()
        info = process.info(me)
        assert info is not None
        assert info.status == "running"

    in_thread(guest)


def test_calls_from_a_foreign_thread_end_as_any_call_does(served: Served) -> None:
    def guest() -> None:
        server = Echo.start()
        assert server is not None
        assert GenServer.call(server, 1) == (1, server)
        GenServer.cast(server, "unknown")
        with pytest.raises(Exception, match="ended before it answered"):
            GenServer.call(server, "crash")
        with pytest.raises(Exception, match="no such process"):
            GenServer.call(server, 2)

    in_thread(guest)


def test_two_foreign_threads_are_two_processes(served: Served) -> None:
    first, second = in_thread(process.self), in_thread(process.self)

    assert first is not second


def test_a_guest_ends_with_its_thread_and_its_links_hear_of_it(served: Served) -> None:
    def watch() -> object:
        process.trap_exit(True)
        pids: list[Pid] = []

        def short() -> None:
            pids.append(process.self())
            send(boss, "linked")

        boss = process.self()
        in_thread(short)
        assert receive(timeout=60.0) == "linked"
        return end_of(pids[0])

    assert in_thread(watch) in {"normal", "noproc"}


def test_many_short_lived_threads_leave_no_guests_behind(served: Served) -> None:
    for _ in range(100):
        in_thread(process.self)
    deadline = time.monotonic() + 10.0
    while len(served.runtime.scheduler.cells) and time.monotonic() < deadline:
        time.sleep(0.001)

    assert len(served.runtime.scheduler.cells) == 0


def test_a_guest_that_is_killed_by_a_link_gets_a_fresh_process(served: Served) -> None:
    def fails_soon() -> None:
        process.sleep(0.02)
        process.exit("boom")

    def guest() -> tuple[Pid, Pid]:
        before = process.self()
        spawn_link(fails_soon)
        with pytest.raises(Exit) as ended:
            receive(timeout=60.0)
        assert ended.value.reason == "boom"
        after = process.self()
        assert not process.is_alive(before)
        assert process.is_alive(after)
        assert receive(timeout=0) == TimedOut()
        assert inside(probe("helper"), lambda: 1) == 1
        return before, after

    before, after = in_thread(guest)
    assert before is not after


def test_a_guest_that_sends_and_starts_loses_nothing_and_keeps_the_order(served: Served) -> None:
    def guest() -> list[object]:
        boss = process.self()

        def forward() -> None:
            while True:
                send(boss, receive())

        pid = spawn(forward)
        for number in range(500):
            send(pid, number)
        return [receive(timeout=60.0) for _ in range(500)]

    assert in_thread(guest) == list(range(500))


def test_a_guest_waiting_when_the_runtime_ends_is_told_to_end() -> None:
    served = Served()
    waiting = threading.Event()
    reasons: list[object] = []

    def guest() -> None:
        process.self()
        waiting.set()
        try:
            receive()
        except Exit as end:
            reasons.append(end.reason)

    thread = threading.Thread(target=guest)
    thread.start()
    waiting.wait(60.0)
    served.stop()
    thread.join(60.0)

    assert not thread.is_alive()
    assert reasons == ["shutdown"]


def test_nobody_waits_for_a_runtime_that_has_ended() -> None:
    served = Served()
    scheduler = served.runtime.scheduler
    served.stop()
    with pytest.raises(NotInProcess, match="has ended"):
        in_thread(lambda: guest_of(scheduler))


def test_asking_a_runtime_that_ends_meanwhile_does_not_hang() -> None:
    served = Served()

    def guest() -> None:
        here = guest_of(served.runtime.scheduler)
        served.stop()
        port = here.port
        assert port is not None
        with pytest.raises((Exit, NotInProcess)):
            port.ask(lambda scheduler, cell: cell.pid)

    in_thread(guest)


def test_a_process_of_another_runtime_can_be_sent_to_but_not_called(served: Served) -> None:
    server = in_thread(Echo.start)
    worker = in_thread(lambda: probe("worker"))
    assert server is not None
    other = Served()
    try:

        def guest() -> None:
            assert running() is other.runtime.scheduler
            with pytest.raises(BadArgument, match="own runtime"):
                GenServer.call(server, 1)
            boss = process.self()
            send(worker, ("run", process.alias(), lambda: send(boss, "across")))
            assert receive(timeout=60.0) == "across"
            process.send_exit(worker, "kill")
            deadline = time.monotonic() + 10.0
            while process.is_alive(worker) and time.monotonic() < deadline:
                time.sleep(0.001)
            assert not process.is_alive(worker)

        in_thread(guest)
    finally:
        other.stop()


def test_code_on_the_loop_itself_is_no_process(served: Served) -> None:
    seen: list[object] = []
    done = threading.Event()

    def posted() -> None:
        try:
            process.self()
        except NotInProcess as error:
            seen.append(error)
        done.set()

    served.runtime.scheduler.post(posted)

    assert done.wait(60.0)
    assert len(seen) == 1


def test_spawning_from_a_foreign_thread_inherits_its_context(served: Served) -> None:
    import contextvars

    var = contextvars.ContextVar("var", default="unset")

    def guest() -> object:
        var.set("guest")
        boss = process.self()
        spawn(lambda: send(boss, var.get()))
        return receive(timeout=60.0)

    assert in_thread(guest) == "guest"
