"""Small races, each a main function that returns what was seen; run with many seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from actors import Down, Exited, process, receive, send, spawn, spawn_link, spawn_monitor
from actors.errors import BadArgument
from tests.actors.probes import simulate
from tests.watching import Seen

SEEDS = range(200)


def link_against_exit() -> object:
    """One links to another that is about to end: it hears of it in every case, and once."""
    boss = process.self()

    def linker() -> None:
        process.trap_exit(True)
        process.link(other)
        told = receive(Exited)
        assert isinstance(told, Exited)
        assert told.pid is other
        assert not isinstance(receive(timeout=1.0), Exited)
        send(boss, told.reason)

    other = spawn(process.exit, "boom")
    spawn(linker)
    return receive()


def link_before_exit() -> object:
    """Two link to each other while a third ends one of them."""
    boss = process.self()

    def survivor() -> None:
        process.trap_exit(True)
        process.link(victim)
        told = receive(Exited)
        assert isinstance(told, Exited)
        send(boss, told.reason)

    victim = spawn(receive)
    spawn(survivor)
    spawn(lambda: process.send_exit(victim, "boom"))
    return receive()


def name_against_restart() -> object:
    """Whoever hears of the death of a named process can have its name at once."""
    seen: list[object] = Seen()

    def named() -> None:
        process.register(process.self(), "service")
        seen.append(("up", process.self().serial))
        receive()

    def keeper() -> None:
        process.trap_exit(True)
        for _ in range(4):
            spawn_link(named)
            told = receive(Exited)
            assert isinstance(told, Exited)
            assert told.reason == "killed", told
            assert process.whereis("service") is None

    def killer() -> None:
        killed = 0
        while killed < 4:
            pid = process.whereis("service")
            if pid is not None:
                process.send_exit(pid, "kill")
                killed += 1
                assert process.whereis("service") is None
            process.sleep(0.0)

    def client() -> None:
        for number in range(8):
            try:
                send("service", "lost" if number % 2 else "kept")
                seen.append("sent")
            except BadArgument:
                seen.append("nobody")
            process.sleep(0.0)

    spawn(client)
    spawn(killer)
    _, ref = spawn_monitor(keeper)
    down = receive(lambda m: isinstance(m, Down) and m.ref is ref)
    assert isinstance(down, Down)
    return down.reason == "normal" or down.reason, seen


def monitor_against_death() -> object:
    """One `Down` for each monitor, set before or after the death."""
    boss = process.self()

    def watcher(name: int) -> None:
        ref = process.monitor(target)
        down = receive(Down)
        assert isinstance(down, Down)
        assert down.ref is ref
        assert process.demonitor(ref) is False
        send(boss, (name, down.reason))

    target = spawn(process.exit, "boom")
    for name in range(4):
        spawn(watcher, name)
    return [receive() for _ in range(4)]


def timer_against_cancel() -> object:
    """A timer is cancelled or its message comes, and never both."""
    boss = process.self()
    timers = {n: process.send_after(boss, ("fired", n), 1.0) for n in range(4)}
    cancelled: list[int] = Seen()

    def canceller(number: int) -> None:
        process.sleep(1.0)
        if process.cancel_timer(timers[number]) is not None:
            cancelled.append(number)

    early = spawn(lambda: cancelled.append(0) if process.cancel_timer(timers[0]) else None)
    for number in range(1, 4):
        spawn(canceller, number)
    process.sleep(2.0)
    fired: list[int] = Seen()
    while isinstance(message := receive(timeout=0), tuple):
        fired.append(message[1])
    assert sorted([*fired, *cancelled]) == [0, 1, 2, 3]
    return early.serial, fired, cancelled


def child_that_dies_at_once() -> object:
    """Its parent always hears of it, exactly once for each child."""
    process.trap_exit(True)
    pids = [spawn_link(process.exit, number) for number in range(6)]
    told = [receive(Exited) for _ in pids]
    assert sorted(each.reason for each in told if isinstance(each, Exited)) == list(range(6))  # type: ignore[type-var]
    assert not isinstance(receive(timeout=1.0), Exited)
    return [each.pid.serial for each in told if isinstance(each, Exited)]


SCENARIOS: dict[str, Callable[[], object]] = {
    each.__name__: each
    for each in (
        link_against_exit,
        link_before_exit,
        name_against_restart,
        monitor_against_death,
        timer_against_cancel,
        child_that_dies_at_once,
    )
}


def traces(name: str) -> list[str]:
    """What a scenario has seen, seed by seed."""
    return [repr(simulate(SCENARIOS[name], seed)) for seed in SEEDS]


def digest() -> str:
    """All traces of all scenarios, in short."""
    text = "\n".join(line for name in SCENARIOS for line in traces(name))
    return hashlib.sha256(text.encode()).hexdigest()
