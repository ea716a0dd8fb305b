"""Large numbers: what a million servers take, and what a burden adds to a call."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from actors import Down, Pid, _behaviour, process, receive, send, telemetry
from supervisors import Supervisor
from tests.bench.core_rows import Counter
from tests.bench.measures import Measure, clocked, in_process, resident, started

__all__ = ["ROWS"]

GIB = 2**30


def _million(scale: int) -> float:
    """A million resting servers, each of which answers a call; in GiB."""
    count = 1_000_000 * scale // 100
    gc.collect()
    before = resident()
    servers = [started(Counter.start(number)) for number in range(count)]
    size = resident() - before
    for number, server in enumerate(servers):
        assert Counter.value(server) == number
    return max(size, resident() - before) / GIB * 100 / scale


def _hundred_thousand(scale: int) -> float:
    """As many children of one supervisor, killed at once and all back; in seconds."""
    count = 100_000 * scale // 100
    top = Supervisor.start_link(
        [Counter.child_spec(number, id=number) for number in range(count)],
        max_restarts=10 * count,
        max_seconds=5.0,
    )
    before = time.perf_counter()
    for child in Supervisor.which_children(top):
        if isinstance(child.pid, Pid):
            process.send_exit(child.pid, "kill")
    while Supervisor.count_children(top).active < count:
        process.sleep(0)
    took = time.perf_counter() - before
    assert all(
        isinstance(child.pid, Pid) and Counter.value(child.pid) == child.id
        for child in Supervisor.which_children(top)
    )
    return took * 100 / scale


def _calls(scale: int) -> float:
    server = started(Counter.start())
    count = 100_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            Counter.value(server)

    loop()
    return clocked(count, loop)


def _calls_with_mail(scale: int) -> float:
    """Calls of a process whose mailbox holds what it does not want now."""
    for number in range(100_000 * scale // 100):
        send(process.self(), number)
    return _calls(scale)


def _calls_with_timers(scale: int) -> float:
    """Calls while timers of others run."""
    for number in range(100_000 * scale // 100):
        process.send_after(process.self(), number, 3600.0)
    return _calls(scale)


def _crashes(scale: int) -> float:
    """Servers that are started, crash, and are heard of."""
    count = 5_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            pid = started(Counter.start())
            ref = process.monitor(pid)
            Counter.add(pid, "wrong")  # type: ignore[arg-type]
            down = receive(Down)
            assert isinstance(down, Down)
            assert down.ref is ref

    loop()
    return clocked(count, loop)


def _crashes_untold(scale: int) -> float:
    """The same without telemetry: no report is made of a crash, and nobody is asked whether he listens.

    Taken out of `_behaviour.conclude` is everything after `terminate`: it believes that every end is a clean
    one, so it makes neither of the two reports, nor `Failure` and state for them. What is left are the crash
    itself and its reason, with the stack that goes to whoever monitors. An event of telemetry that others emit on
    the way does nothing.
    """
    taken_out: list[tuple[dict[str, object], str, Callable[..., object]]] = [
        (vars(_behaviour), "is_clean", _yes),
        (vars(telemetry), "emit", _nothing),
        (vars(telemetry), "report", _nothing),
    ]
    before = [room[name] for room, name, _ in taken_out]
    for room, name, instead in taken_out:
        room[name] = instead
    try:
        return _crashes(scale)
    finally:
        for (room, name, _), kept in zip(taken_out, before, strict=True):
            room[name] = kept


def _yes(_: object) -> bool:
    return True


def _nothing(*_: object) -> None:
    return None


def _beside(
    name: str, ours: Callable[[int], float], bare: Callable[[int], float], at_most: float
) -> Measure:
    return Measure(name, in_process(ours), {"itself": in_process(bare)}, at_most=at_most)


ROWS = (
    Measure("million", in_process(_million), {"limit": 1.5}, "GiB", at_most=1.0, rounds=1),
    Measure(
        "hundred_thousand",
        in_process(_hundred_thousand),
        {"limit": 20.0},
        "s",
        at_most=1.0,
        rounds=1,
    ),
    _beside("foreign_mail", _calls_with_mail, _calls, 1.2),
    _beside("pending_timers", _calls_with_timers, _calls, 1.05),
    _beside("telemetry_off", _crashes, _crashes_untold, 1.03),
)
