"""Growth: how much longer ten times as many take. Ten times is linear; more than thirteen is not."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from actors import Down, Pid, process, receive, spawn
from supervisors import Registry, Supervisor
from tests.bench.core_rows import Counter
from tests.bench.measures import Measure, in_process

__all__ = ["ROWS"]

FEW = 2_000
ROUNDS = 3


def _processes(count: int) -> list[Pid]:
    return [spawn(process.sleep, None) for _ in range(count)]


def _end(pids: list[Pid]) -> None:
    for pid in pids:
        process.send_exit(pid, "kill")
    process.sleep(0)


def _spawn(count: int) -> None:
    for pid, _ in [process.spawn_monitor(process.sleep, None) for _ in range(count)]:
        process.send_exit(pid, "kill")
    for _ in range(count):
        assert isinstance(receive(), Down)


def _names(count: int) -> None:
    pids = _processes(count)
    for number, pid in enumerate(pids):
        process.register(pid, f"name {number}")
    for number, pid in enumerate(pids):
        assert process.whereis(f"name {number}") is pid
    _end(pids)


def _monitors(count: int) -> None:
    """Many monitors of one process, each told of its end; and many monitors given up."""
    target = spawn(process.sleep, None)
    refs = [process.monitor(target) for _ in range(count)]
    for ref in refs[::2]:
        process.demonitor(ref)
    process.send_exit(target, "kill")
    for _ in refs[1::2]:
        assert isinstance(receive(), Down)


def _links(count: int) -> None:
    """One process linked to many, which end with it."""

    def hub() -> None:
        for _ in range(count):
            process.spawn_link(process.sleep, None)
        process.exit("enough")

    _, ref = process.spawn_monitor(hub)
    receive(lambda each: isinstance(each, Down) and each.ref is ref)
    process.sleep(0)


def _registry(count: int) -> None:
    with_registry = Registry.start_link(keys="unique", name="growing")
    for number in range(count):
        Registry.register("growing", number, None)
    for number in range(count):
        assert Registry.lookup("growing", number)
    for number in range(count):
        Registry.unregister("growing", number)
    Supervisor.stop(with_registry)


def _timers(count: int) -> None:
    """Half of the timers fire and half are cancelled."""
    refs = [process.send_after(process.self(), number, 0.0) for number in range(count)]
    for ref in refs[::2]:
        process.cancel_timer(ref)
    for _ in refs[1::2]:
        receive()


def _supervisor_stop(count: int) -> None:
    top = Supervisor.start_link([Counter.child_spec(number, id=number) for number in range(count)])
    Supervisor.stop(top)


def _growth(what: Callable[[int], None]) -> Callable[[int], float]:
    def figure(scale: int) -> float:
        few = max(FEW * scale // 100, 10)
        what(few)
        return _best(what, few * 10) / _best(what, few)

    return figure


def _best(what: Callable[[int], None], count: int) -> float:
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        # What the process itself worked: a machine that is shared would tell of its other work.
        before = time.process_time()
        what(count)
        times.append(time.process_time() - before)
    return min(times)


def _row(name: str, what: Callable[[int], None]) -> Measure:
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
