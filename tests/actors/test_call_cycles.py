"""Circles of waiting: whoever would close one is told at once, with everybody who waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from actors import (
    CallCycle,
    CallFailed,
    GenServer,
    Pid,
    Reply,
    ServerExited,
    Task,
    call,
    process,
    receive,
    run,
    send,
    spawn,
)
from actors.process import Host
from actors.testing import VirtualClock
from supervisors import TaskSupervisor
from tests.actors.gen_servers import on

HOSTS = pytest.mark.parametrize("host", [None, "thread"])


class Link(GenServer[None]):
    """Asks the next one of a chain; the last one says what it is told to."""

    @call
    def ask(self, state: None, chain: tuple[Pid, ...]) -> Reply[object, None]:
        if not chain:
            return Reply("the end")
        following, *rest = chain
        try:
            return Reply(Link.ask.within(None)(following, tuple(rest)))
        except CallCycle as error:
            return Reply(error.why)


def links(count: int, host: Host = None) -> list[Pid]:
    started = [Link.start(host=host) for _ in range(count)]
    return [pid for pid in started if pid is not None]


@HOSTS
@pytest.mark.parametrize("length", [2, 3, 10, 50])
def test_a_circle_over_any_number_of_servers_is_named_at_once(length: int, host: Host) -> None:
    length = min(length, 10) if host else length

    def main() -> None:
        ring = links(length, host)
        before = process.monotonic()
        why = Link.ask(ring[0], (*ring[1:], ring[0]))
        assert process.monotonic() == before
        assert why == ("call_cycle", [ring[-1], *ring])

    on(main)


def test_a_circle_over_servers_and_threads_is_named_too() -> None:
    def main() -> None:
        ring = [pid for pair in zip(links(3), links(3, "thread"), strict=True) for pid in pair]
        assert Link.ask(ring[0], (*ring[1:], ring[0])) == ("call_cycle", [ring[-1], *ring])

    on(main)


def test_a_long_chain_that_closes_no_circle_is_served() -> None:
    def main() -> None:
        chain = links(100)
        assert Link.ask(chain[0], tuple(chain[1:])) == "the end"

    on(main)


def test_a_server_that_calls_back_a_thread_from_outside_is_told() -> None:
    """Who calls from a thread that is no process waits as one, and is named as one."""
    told: list[object] = []
    pids: list[Pid] = []
    up = threading.Event()

    def body() -> None:
        process.register(process.self(), "main")
        pids.extend(links(2))
        up.set()
        receive()

    thread = threading.Thread(target=run, args=(body,))
    thread.start()
    up.wait(60.0)
    guest = process.self()
    told.append((Link.ask(pids[0], (pids[1], guest)), [pids[1], guest, pids[0], pids[1]]))
    send("main", "end")
    thread.join(60.0)

    why, chain = told[0]  # type: ignore[misc]
    assert why == ("call_cycle", chain)  # type: ignore[has-type]


# -- tasks -----------------------------------------------------------------------------------------


class Owner(GenServer[None]):
    """Awaits a task that calls it."""

    @call
    def await_one(self, state: None, pause: float) -> Reply[object, None]:
        here = process.self()
        task = Task.async_(asks, here)
        process.sleep(pause)
        try:
            return Reply(Task.await_(task))
        except CallCycle as error:
            return Reply(("refused", error.why))

    @call
    def await_many(self, state: None, pause: float) -> Reply[object, None]:
        here = process.self()
        tasks = [Task.async_(rests), Task.async_(asks, here), Task.async_(rests)]
        process.sleep(pause)
        try:
            return Reply(Task.await_many(tasks)[1])
        except CallCycle as error:
            return Reply(("refused", error.why))

    @call
    def look(self, state: None) -> Reply[object, None]:
        here = process.self()
        task = Task.async_(lambda: Owner.name(here))
        seen = [Task.yield_(task, 0.1) for _ in range(3)]
        Task.ignore(task)
        return Reply(seen)

    @call
    def name(self, state: None) -> Reply[str, None]:
        return Reply("owner")


def asks(owner: Pid) -> object:
    try:
        return Owner.name(owner)
    except CallCycle as error:
        return error.why


def rests() -> None:
    process.sleep(1.0)


@pytest.mark.parametrize("wait", [Owner.await_one, Owner.await_many], ids=["one", "many"])
@HOSTS
def test_a_task_that_calls_whoever_awaits_it_is_told_at_once(
    wait: Callable[[Pid, float], object], host: Host
) -> None:
    def main() -> None:
        owner = Owner.start(host=host)
        assert owner is not None
        match wait(owner, 0.0):
            case ("call_cycle", [task, called, waits_for, *_]):
                assert called is owner
                assert isinstance(task, Pid)
                assert isinstance(waits_for, Pid)
            case ("refused", ("call_cycle", [first, *rest])):
                assert first is owner is rest[-1]
            case other:
                pytest.fail(f"{other}")
        assert process.monotonic() <= 1.0

    run(main, clock=VirtualClock())


@pytest.mark.parametrize("wait", [Owner.await_one, Owner.await_many], ids=["one", "many"])
def test_who_awaits_a_task_that_has_called_it_before_is_told_at_once(
    wait: Callable[[Pid, float], object],
) -> None:
    def main() -> None:
        owner = Owner.start()
        assert owner is not None
        kind, why = wait(owner, 0.5)  # type: ignore[misc]
        assert kind == "refused"  # type: ignore[has-type]
        assert why[0] == "call_cycle"  # type: ignore[has-type]
        assert why[1][0] is why[1][-1] is owner  # type: ignore[has-type]
        assert len(why[1]) == 3  # type: ignore[has-type]
        assert process.monotonic() == 0.5

    on(main)


def test_a_task_may_call_an_owner_that_only_looks_now_and_then() -> None:
    def main() -> None:
        owner = Owner.start()
        assert owner is not None
        assert Owner.look.within(None)(owner) == [None, None, None]

    on(main)


def test_a_circle_through_a_task_and_servers_names_all_of_them() -> None:
    def main() -> None:
        here = process.self()
        chain = links(2)
        task = Task.async_(Link.ask, chain[0], (chain[1], here))
        assert Task.await_(task) == ("call_cycle", [chain[1], here, task.pid, *chain])

    on(main)


def test_a_task_of_a_supervisor_is_no_exception() -> None:
    def main() -> None:
        here = process.self()
        sup = TaskSupervisor.start_link()
        task = TaskSupervisor.async_nolink(sup, GenServer.call, here, "x")
        with pytest.raises(ServerExited) as failed:
            Task.await_(task)
        assert "call_cycle" in repr(failed.value.why)

    on(main)


def test_after_waiting_nothing_is_left_of_it() -> None:
    def main() -> None:
        here = process.self()
        assert Task.await_(Task.async_(rests)) is None

        def asks_later() -> None:
            try:
                GenServer.call(here, "x", 1.0)
            except CallFailed as error:
                send(here, type(error).__name__)

        spawn(asks_later)
        process.sleep(2.0)
        assert receive(str) == "CallTimeout"

    on(main)
