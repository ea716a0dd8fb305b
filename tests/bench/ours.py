"""Our side of each measure: `python3 -m tests.bench.ours NAME SCALE` prints one number.

Times are microseconds an operation, memory is bytes a process. Everything is done through the
public interface with default options.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

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
    run,
    send,
    spawn,
    telemetry,
)
from supervisors import Supervisor

__all__ = ["MEASURES", "measure"]


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

    def handle_cast(self, request: object, state: Pid | None) -> None:
        match request:
            case (0, Pid() as done):
                send(done, "done")
            case (int() as left, done):
                GenServer.cast(state or process.self(), (left - 1, done))


def _started(pid: Pid | None) -> Pid:
    assert pid is not None
    return pid


def _clocked(count: int, what: Callable[[], object]) -> float:
    gc.collect()
    before = time.perf_counter()
    what()
    return (time.perf_counter() - before) / count * 1e6


def _call(scale: int) -> float:
    server = _started(Counter.start())
    count = 100_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.value(server)

    Counter.value(server)
    return _clocked(count, loop)


def _cast(scale: int) -> float:
    server = _started(Counter.start())
    count = 200_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.add(server)
        Counter.value(server)

    return _clocked(count, loop)


def _start_stop(scale: int) -> float:
    count = 20_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            GenServer.stop(_started(Counter.start()))

    return _clocked(count, loop)


def _ring(scale: int) -> float:
    first = pid = _started(Hop.start(None))
    for _ in range(999):
        pid = _started(Hop.start(pid))
    count = 200_000 * scale // 100
    # The first one points nowhere and sends to itself: one hop in a thousand is shorter.
    del first

    def loop() -> None:
        left = count
        while left > 0:
            GenServer.cast(pid, (min(left, 999), process.self()))
            receive(lambda message: message == "done")
            left -= 1000

    return _clocked(count, loop)


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

    return _clocked(laps * 1000, loop)


def _fan_in(scale: int) -> float:
    server = _started(Counter.start())
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

    return _clocked(100 * calls, loop)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _memory(scale: int) -> float:
    count = 100_000 * scale // 100
    gc.collect()
    before = _resident()
    servers = [_started(Counter.start(n)) for n in range(count)]
    gc.collect()
    size = (_resident() - before) / count
    assert Counter.value(servers[-1]) == count - 1
    return size


def _restart(scale: int) -> float:
    """Median of the time from the kill of a child until its successor answers."""
    Supervisor.start_link(
        [Counter.child_spec(0, name="restarted")], max_restarts=1_000_000, max_seconds=5.0
    )
    times = []
    for _ in range(max(10, 2_000 * scale // 100)):
        pid = _started(process.whereis("restarted"))
        before = time.perf_counter()
        process.send_exit(pid, "kill")
        while (now := process.whereis("restarted")) is None or now is pid:
            process.sleep(0)
        Counter.value(now)
        times.append(time.perf_counter() - before)
    return sorted(times)[len(times) // 2] * 1e6


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

    return _clocked(count, loop)


def _spawn(scale: int) -> float:
    count = 50_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            _, ref = process.spawn_monitor(int)
            down = receive(Down)
            assert isinstance(down, Down)
            assert down.ref is ref

    return _clocked(count, loop)


def _thread_call(scale: int) -> float:
    """From another OS thread into the loop."""
    server = _started(Counter.start())
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


MEASURES: dict[str, Callable[[int], float]] = {
    "call": _call,
    "cast": _cast,
    "start_stop": _start_stop,
    "spawn": _spawn,
    "ring": _ring,
    "ring_receive": _ring_receive,
    "fan_in": _fan_in,
    "memory": _memory,
    "restart": _restart,
    "storm": _storm,
    "thread_call": _thread_call,
}


def measure(name: str, scale: int) -> float:
    """Run one measure as the first process of a runtime and return its figure."""
    # Like the references: what a log costs depends on where it goes, and is not the question.
    before = telemetry.set_reporter(None)
    value = run(MEASURES[name], scale, held=None)
    telemetry.set_reporter(before)
    assert value is not None
    return value


if __name__ == "__main__":
    print(measure(sys.argv[1], int(sys.argv[2])))
