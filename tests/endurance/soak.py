"""Everything at once, for minutes: a thousand processes, two hundred kills and thousands of calls a second.

On the real clock. Nobody may be missing afterwards, no answer wrong, no call left without an end, and
memory may not grow.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from actors import GenServer, Pid, Reply, process, receive, run, send, spawn_link, telemetry
from actors.errors import CallFailed, CallTimeout
from supervisors import Supervisor
from supervisors.child_spec import ChildLike, ChildSpec
from tests.endurance.leaks import resident
from tests.endurance.tally import Tally, case

__all__: list[str] = []

BREADTH, LEVELS, LEAVES = 4, 3, 14
"""The top, then 4, 16 and 64 supervisors, and 14 workers below each of the last: 981 processes."""

KILLS_PER_SECOND = 200
CLIENTS = 4
PAUSE = 0.05
SLOPE = 1.0 / 600.0
"""MB that memory may grow in a second."""
SLACK = 2.0
"""MB that are the noise of the measurement, and of what is still warming up."""
_ENOUGH = 10**9


class Worker(GenServer[str]):
    """Answers its name."""

    def init(self, name: str) -> str:
        return name

    def handle_call(self, request: object, caller: object, state: str) -> Reply[object, str]:
        return Reply((state, request))


def family(path: str, depth: int) -> ChildSpec:
    below: list[ChildLike] = []
    if depth:
        below += [family(f"{path}.{n}", depth - 1) for n in range(BREADTH)]
    else:
        below += [
            Worker.child_spec(f"{path}.{n}", name=f"{path}.{n}", id=f"{path}.{n}")
            for n in range(LEAVES)
        ]
    return Supervisor.child_spec(
        below, max_restarts=_ENOUGH, max_seconds=3600.0, name=path, id=path
    )


def names(path: str, depth: int) -> list[str]:
    if not depth:
        return [f"{path}.{n}" for n in range(LEAVES)]
    below = [names(f"{path}.{n}", depth - 1) for n in range(BREADTH)]
    return [f"{path}.{n}" for n in range(BREADTH)] + [name for each in below for name in each]


@dataclass
class Counted:
    """What the clients have seen."""

    calls: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    kills: int = 0
    memory: list[float] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def client(boss: Pid, workers: tuple[str, ...], seed: int, until: float) -> None:
    """Call whoever there is; tell how often it was answered, refused, or wrong."""
    lots = random.Random(seed)  # noqa: S311 - a load, not a secret
    answered, refused, wrong = 0, 0, []
    while process.monotonic() < until:
        for number in range(30):
            name = lots.choice(workers)
            try:
                answer = GenServer.call(name, number, timeout=30.0)
            except CallTimeout:
                wrong.append(f"{name} did not answer")
            except CallFailed:
                refused += 1
            else:
                answered += 1
                if answer != (name, number):
                    wrong.append(f"{name} answered {answer!r}")
        process.sleep(0.01)
    send(boss, ("client", answered, refused, tuple(wrong)))


def soak(seconds: float) -> Counted:
    counted = Counted()
    lots = random.Random(7)  # noqa: S311 - a load, not a secret
    process.trap_exit(True)
    Supervisor.start_link([family("s", LEVELS)], max_restarts=_ENOUGH, max_seconds=3600.0)
    everybody = names("s", LEVELS)
    workers = tuple(name for name in everybody if name.count(".") > LEVELS)
    began = process.monotonic()
    until = began + seconds
    for number in range(CLIENTS):
        spawn_link(client, process.self(), workers, number, until)
    while (now := process.monotonic()) < until:
        due = int((now - began) * KILLS_PER_SECOND) - counted.kills
        counted.kills += _kill_some(lots, everybody, due)
        counted.memory.append(resident())
        process.sleep(PAUSE)
    for _ in range(CLIENTS):
        match receive(lambda m: isinstance(m, tuple) and m[:1] == ("client",), 60.0):
            case ("client", int(answered), int(refused), tuple(wrong)):
                counted.calls += answered
                counted.refused += refused
                counted.wrong += wrong
            case nothing:
                counted.wrong.append(f"a client did not end: {nothing!r}")
    process.sleep(1.0)
    counted.missing = [name for name in everybody if process.whereis(name) is None]
    return counted


def _kill_some(lots: random.Random, everybody: list[str], due: int) -> int:
    """Kill as many as are due; return how many were there to be killed."""
    killed = 0
    for _ in range(2 * due):
        if killed == due:
            break
        # A supervisor takes all below it along: mostly workers, or nobody would be left to call.
        deep = lots.random() < 0.99
        victim = lots.choice(everybody)
        if deep and victim.count(".") <= LEVELS:
            continue
        pid = process.whereis(victim)
        if pid is not None:
            process.send_exit(pid, lots.choice(("kill", "boom")))
            killed += 1
    return killed


@case(short=4, long=1_800)
def a_soak(size: int, tally: Tally) -> None:
    """981 processes under 200 kills and thousands of calls a second: all restarted, all answered, memory flat."""
    before = telemetry.set_reporter(None)
    try:
        counted = run(soak, float(size), held=None)
    finally:
        telemetry.set_reporter(before)
    assert counted is not None
    for number in range(counted.calls + counted.refused):
        tally.check(number >= len(counted.wrong), str(counted.wrong[number : number + 1]))
    for number in range(counted.kills):
        missing = number < len(counted.missing)
        tally.check(not missing, f"not restarted: {counted.missing[number:][:1]}")
    # The first third is warming up.
    warm = counted.memory[len(counted.memory) // 3 :]
    middle = len(warm) // 2
    grown = sum(warm[middle:]) / len(warm[middle:]) - sum(warm[:middle]) / len(warm[:middle])
    allowed = SLACK + SLOPE * size / 3
    tally.check(grown <= allowed, f"memory grew by {grown:.2f} MB (allowed: {allowed:.2f})")
    tally.note(
        f"{counted.kills / size:,.0f} kills and {counted.calls / size:,.0f} answered calls a second, "
        f"{counted.refused:,} calls to whoever was just dead; memory {grown:+.2f} MB"
    )
