"""The measures of the table: what is done most often, beside the BEAM's GenServer and the peers."""

from __future__ import annotations

import gc
import threading
import time

from actors import (
    Down,
    GenServer,
    NoReply,
    Pid,
    Reply,
    call,
    cast,
    process,
    receive,
    send,
    spawn,
)
from actors.naming import Via
from actors.task import Task
from supervisors import Registry, Supervisor
from tests.bench import asyncio_side, gevent_side, peers_side, pykka_side
from tests.bench.measures import Elixir, Figure, Measure, clocked, in_process, resident, started

__all__ = ["ROWS", "Counter"]

FEW = 50
"""Restarts of one supervisor, of which the BEAM's list of them tells little."""


class Counter(GenServer[int]):
    """The server of most measures."""

    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state, state)

    @cast
    def add(self, state: int, by: int = 1) -> NoReply[int]:
        return NoReply(state + by)


class Hop(GenServer[Pid | None]):
    """One server of a ring."""

    def init(self, following: Pid | None) -> Pid | None:
        return following

    def handle_cast(self, request: tuple[int, Pid], state: Pid | None) -> None:  # type: ignore[override]
        left, done = request
        if left == 0:
            send(done, "done")
        else:
            assert state is not None
            GenServer.cast(state, (left - 1, done))


def _call(scale: int) -> float:
    server = started(Counter.start())
    count = 100_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.value(server)

    Counter.value(server)
    return clocked(count, loop)


def _cast(scale: int) -> float:
    server = started(Counter.start())
    count = 200_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.add(server)
        Counter.value(server)

    return clocked(count, loop)


def _start_stop(scale: int) -> float:
    count = 20_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            GenServer.stop(started(Counter.start()))

    return clocked(count, loop)


def _ring(scale: int) -> float:
    pid = started(Hop.start(None))
    for _ in range(999):
        pid = started(Hop.start(pid))
    laps = 2 * scale

    def loop() -> None:
        for _ in range(laps):
            # The one that comes last points nowhere, and tells this process.
            GenServer.cast(pid, (999, process.self()))
            receive(lambda message: message == "done")

    return clocked(1000 * laps, loop)


def _ring_receive(scale: int) -> float:
    def hop(following: Pid) -> None:
        while True:
            send(following, receive())

    main = process.self()
    pid = main
    for _ in range(1000):
        pid = spawn(hop, pid)
    laps = max(1, 200 * scale // 100)

    def loop() -> None:
        for lap in range(laps):
            send(pid, lap)
            receive()

    return clocked(laps * 1000, loop)


def _fan_in(scale: int) -> float:
    server = started(Counter.start())
    calls = 1000 * scale // 100

    def caller(done: Pid) -> None:
        for _ in range(calls):
            Counter.value(server)
        send(done, "done")

    def loop() -> None:
        for _ in range(100):
            spawn(caller, process.self())
        for _ in range(100):
            receive()

    return clocked(100 * calls, loop)


def _memory(scale: int) -> float:
    count = 100_000 * scale // 100
    gc.collect()
    before = resident()
    servers = [started(Counter.start(n)) for n in range(count)]
    gc.collect()
    size = (resident() - before) / count
    assert Counter.value(servers[-1]) == count - 1
    return size


def _restart(scale: int) -> float:
    """From the kill of a child until its successor answers."""
    Supervisor.start_link(
        [Counter.child_spec(0, name="restarted")], max_restarts=1_000_000, max_seconds=5.0
    )
    # As many as there: most of the BEAM's time is its list of past restarts; `restart_few` is without that.
    count = max(10, min(1_000, 100 * scale))
    return clocked(count, lambda: _restarted("restarted", count))


def _restarted(name: str, times: int) -> None:
    for _ in range(times):
        pid = started(process.whereis(name))
        process.send_exit(pid, "kill")
        while (now := process.whereis(name)) is None or now is pid:
            process.sleep(0)
        Counter.value(now)


def _restart_few(scale: int) -> float:
    """The same, with fifty restarts in the window of each of many supervisors, one after the other."""
    count = 4 * scale
    names = [f"restarted {number}" for number in range(count + 1)]
    for name in names:
        Supervisor.start_link(
            [Counter.child_spec(0, name=name)], max_restarts=1_000, max_seconds=5.0
        )
    _restarted(names[0], FEW)

    def loop() -> None:
        for name in names[1:]:
            _restarted(name, FEW)

    return clocked(FEW * count, loop)


def _storm(scale: int) -> float:
    """All children of one supervisor killed at once, until all are back; a child."""
    count = 10_000 * scale // 100
    top = Supervisor.start_link(
        [Counter.child_spec(n, id=n) for n in range(count)],
        max_restarts=10_000_000,
        max_seconds=5.0,
    )

    def loop() -> None:
        dead = [child.pid for child in Supervisor.which_children(top)]
        for pid in dead:
            if isinstance(pid, Pid):
                process.send_exit(pid, "kill")
        while Supervisor.count_children(top).active < count:
            process.sleep(0)

    return clocked(count, loop)


def _spawn(scale: int) -> float:
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            _, ref = process.spawn_monitor(int)
            down = receive(Down)
            assert isinstance(down, Down)
            assert down.ref is ref

    return clocked(count, loop)


def _thread_call(scale: int) -> float:
    """From another OS thread into the loop."""
    server = started(Counter.start())
    count = 10_000 * scale // 100
    took: list[float] = []

    def caller() -> None:
        Counter.value(server)
        before = time.perf_counter()
        for _ in range(count):
            Counter.value(server)
        took.append((time.perf_counter() - before) / count * 1e6)
        send(main, "done")

    main = process.self()
    thread = threading.Thread(target=caller)
    thread.start()
    receive()
    thread.join()
    return took[0]


def _task(scale: int) -> float:
    count = 20_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Task.await_(Task.async_(int))

    return clocked(count, loop)


def _registry(scale: int) -> float:
    """A cast by a name of a registry, handled."""
    Registry.start_link(keys="unique", name="bench")
    via = Via(Registry, ("bench", "counter"))
    server = started(Counter.start(name=via))
    count = 100_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.add(via)
        Counter.value(server)

    return clocked(count, loop)


def _row(
    name: str,
    ours: Figure,
    *,
    unit: str = "us",
    beam: bool = True,
    at_most: float | None = None,
    aim: float | None = None,
) -> Measure:
    """Put a measure beside whoever has it too."""
    others: dict[str, Figure | Elixir | float] = {}
    if beam:
        others["beam"] = Elixir("beam.exs", name)
    for side, module in _PEERS.items():
        if name in module:
            others[side] = module[name]
    return Measure(name, in_process(ours), others, unit, at_most, aim)


_PEERS = {
    "pykka": pykka_side.FIGURES,
    "asyncio": asyncio_side.FIGURES,
    "gevent": gevent_side.FIGURES,
    **peers_side.FIGURES,
}

ROWS = (
    _row("call", _call, at_most=1.0, aim=0.7),
    _row("cast", _cast, at_most=2.0, aim=1.0),
    _row("start_stop", _start_stop, at_most=1.0, aim=0.6),
    _row("spawn", _spawn),
    _row("ring", _ring, at_most=1.0, aim=0.7),
    _row("ring_receive", _ring_receive, at_most=4.0, aim=2.0),
    _row("fan_in", _fan_in, at_most=1.0, aim=0.5),
    _row("memory", _memory, unit="bytes", at_most=0.5, aim=0.3),
    _row("restart", _restart, at_most=1.0, aim=0.7),
    _row("restart_few", _restart_few, at_most=1.0, aim=0.7),
    _row("storm", _storm, at_most=1.0, aim=0.5),
    _row("task", _task, at_most=1.5, aim=1.0),
    _row("registry", _registry, at_most=2.0, aim=1.0),
    _row("thread_call", _thread_call, beam=False, at_most=1.0),
)
