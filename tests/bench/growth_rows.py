"""Growth: how much longer ten times as many take. Ten times is linear; more than thirteen is not."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from actors import Down, Pid, process, receive, spawn
from supervisors import Registry, Supervisor
from tests.bench.core_rows import Counter
from tests.bench.measures import Measure, in_process

__all__ = ["ROWS"]

FEW = 2_000
ROUNDS = 3

Work: TypeAlias = Iterator[Callable[[], None]]
Prepared: TypeAlias = Callable[[int], AbstractContextManager[Callable[[], None]]]
"""Makes what so many operations need, gives the operations to be timed, and takes it down."""


def _processes(count: int) -> list[Pid]:
    pids = [spawn(process.sleep, None) for _ in range(count)]
    process.sleep(0)
    return pids


def _end(pids: list[Pid]) -> None:
    for pid in pids:
        process.send_exit(pid, "kill")
    process.sleep(0)


@contextmanager
def _spawn(count: int) -> Work:
    """Processes, until they all wait."""
    pids: list[Pid] = []
    yield lambda: pids.extend(_processes(count))
    _end(pids)


@contextmanager
def _names(count: int) -> Work:
    """Names that are given, looked up and taken back."""
    pids = _processes(count)

    def named() -> None:
        for number, pid in enumerate(pids):
            process.register(pid, f"name {number}")
        for number, pid in enumerate(pids):
            assert process.whereis(f"name {number}") is pid
        for number in range(count):
            process.unregister(f"name {number}")

    yield named
    _end(pids)


@contextmanager
def _monitors(count: int) -> Work:
    """Many monitors of one process, each told of its end; and many monitors given up."""
    target = spawn(process.sleep, None)

    def monitored() -> None:
        refs = [process.monitor(target) for _ in range(count)]
        for ref in refs[::2]:
            process.demonitor(ref)
        process.send_exit(target, "kill")
        for _ in refs[1::2]:
            assert isinstance(receive(), Down)

    yield monitored


@contextmanager
def _links(count: int) -> Work:
    """One process that is linked to many, which end with it."""
    pids = _processes(count)

    def linked() -> None:
        for pid in pids:
            process.link(pid)
        process.exit("enough")

    def ended() -> None:
        _, ref = process.spawn_monitor(linked)
        receive(lambda each: isinstance(each, Down) and each.ref is ref)
        process.sleep(0)

    yield ended
    assert not any(map(process.is_alive, pids))


@contextmanager
def _registry(count: int) -> Work:
    """Entries of a registry that are made, looked up and taken back."""
    registry = Registry.start_link(keys="unique", name="growing")

    def registered() -> None:
        for number in range(count):
            Registry.register("growing", number, None)
        for number in range(count):
            assert Registry.lookup("growing", number)
        for number in range(count):
            Registry.unregister("growing", number)

    yield registered
    Supervisor.stop(registry)


@contextmanager
def _timers(count: int) -> Work:
    """Half of the timers fire and half are cancelled."""

    def timed() -> None:
        refs = [process.send_after(process.self(), number, 0.0) for number in range(count)]
        for ref in refs[::2]:
            process.cancel_timer(ref)
        for _ in refs[1::2]:
            receive()

    yield timed


@contextmanager
def _supervisor_stop(count: int) -> Work:
    """A supervisor that stops its children, one by one."""
    top = Supervisor.start_link([Counter.child_spec(number, id=number) for number in range(count)])
    yield lambda: Supervisor.stop(top)


def _growth(what: Prepared) -> Callable[[int], float]:
    def figure(scale: int) -> float:
        few = max(FEW * scale // 100, 10)
        _best(what, few)
        return _best(what, few * 10) / _best(what, few)

    return figure


def _best(what: Prepared, count: int) -> float:
    times = []
    for _ in range(ROUNDS):
        with what(count) as work:
            gc.collect()
            # What the process itself worked: a machine that is shared would tell of its other work.
            before = time.process_time()
            work()
            times.append(time.process_time() - before)
    return min(times)


def _row(name: str, what: Prepared) -> Measure:
    return Measure(
        f"growth_{name}",
        in_process(_growth(what)),
        {"limit": 13.0},
        "times",
        at_most=1.0,
        rounds=2,
    )


ROWS = (
    _row("spawn", _spawn),
    _row("names", _names),
    _row("monitors", _monitors),
    _row("links", _links),
    _row("registry", _registry),
    _row("timers", _timers),
    _row("supervisor_stop", _supervisor_stop),
)
