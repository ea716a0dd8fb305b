"""Everything at once, for minutes: a thousand processes, two hundred kills and thousands of calls a second.

On the real clock. Nobody may be missing afterwards, no answer wrong, no call left without an end, no client
without answers, and memory may not grow. A load that was not reached proves nothing: it is counted as lost.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
from array import array
from dataclasses import dataclass, field

from actors import GenServer, Pid, Reply, process, receive, run, send, spawn_link, telemetry
from actors.errors import CallFailed, CallTimeout
from supervisors import Supervisor
from supervisors.child_spec import ChildLike, ChildSpec
from tests.endurance.leaks import resident
from tests.endurance.tally import Tally, case
from tests.watching import Counted

__all__: list[str] = []

BREADTH, LEVELS, LEAVES = 4, 3, 14
"""The top, then 4, 16 and 64 supervisors, and 14 workers below each of the last: 981 processes."""

KILLS_PER_SECOND = 200
CALLS_PER_SECOND = 2_000
REACHED = 0.5
"""The share of both that must have been reached on the average, or the soak was none."""
CLIENTS = 4
PAUSE = 0.05
PATIENCE = 60.0
"""Seconds that a busy machine may add to reach what was to be reached, and for every client to end."""
SAMPLE = 5.0
"""Seconds from one look at memory to the next: each collects all garbage first."""
SLOPE = 1.0 / 600.0
"""MB that memory may grow in a second: 1 MB in ten minutes."""
LONG = 600.0
"""Seconds of steady load from which on the memory that the system counts says how it grows."""
ARENA = 1.05
"""MB by which the memory of Python grows: a step or two of these within a minute say nothing of its slope."""
BLOCK = 64e-6
"""MB of one block of Python's allocator, roughly: of those each one in use is counted."""
NOISE = 1_000
"""Blocks more or fewer in use, since another number of processes is just being started at each look."""
_ENOUGH = 10**9
_WINDOW = 5.0
"""Seconds: each restart within them is remembered. A long window would be memory that grows as it must."""


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
        below, max_restarts=_ENOUGH, max_seconds=_WINDOW, name=path, id=path
    )


def names(path: str, depth: int) -> list[str]:
    if not depth:
        return [f"{path}.{n}" for n in range(LEAVES)]
    below = [names(f"{path}.{n}", depth - 1) for n in range(BREADTH)]
    return [f"{path}.{n}" for n in range(BREADTH)] + [name for each in below for name in each]


@dataclass
class Soaked:
    """What was seen."""

    begun: Counted[int]
    """Calls of each client that were begun, also of one that never told what became of them."""
    seconds: float = 0.0
    answered: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    kills: int = 0
    memory: array[float] = field(default_factory=lambda: array("d"))
    blocks: array[float] = field(default_factory=lambda: array("d"))
    missing: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return sum(self.begun.values())

    def reached(self, seconds: float) -> bool:
        """Tell whether there was load enough for so many seconds."""
        kills, calls = seconds * KILLS_PER_SECOND, seconds * CALLS_PER_SECOND
        return self.kills >= REACHED * kills and self.calls >= REACHED * calls

    def look(self) -> None:
        """Look at the memory that is in use."""
        gc.collect()
        self.memory.append(resident())
        self.blocks.append(sys.getallocatedblocks())


def client(boss: Pid, workers: tuple[str, ...], seed: int, begun: Counted[int]) -> None:
    """Call whoever there is until it is enough; tell how often it was answered, refused, or wrong."""
    lots = random.Random(seed)  # noqa: S311 - a load, not a secret
    answered, refused, wrong = 0, 0, []
    while receive("enough".__eq__, 0.01) != "enough":
        for number in range(30):
            name = lots.choice(workers)
            begun[seed] += 1
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
    send(boss, ("client", seed, answered, refused, tuple(wrong)))


def soak(seconds: float) -> Soaked:
    soaked = Soaked(Counted())
    process.trap_exit(True)
    Supervisor.start_link([family("s", LEVELS)], max_restarts=_ENOUGH, max_seconds=_WINDOW)
    everybody = names("s", LEVELS)
    workers = tuple(name for name in everybody if name.count(".") > LEVELS)
    clients = [
        spawn_link(client, process.self(), workers, number, soaked.begun)
        for number in range(CLIENTS)
    ]
    storm(soaked, everybody, seconds)
    for pid in clients:
        send(pid, "enough")
    for _ in clients:
        match receive(lambda m: isinstance(m, tuple) and m[:1] == ("client",), PATIENCE):
            case ("client", int(seed), int(answered), int(refused), tuple(wrong)):
                soaked.answered[seed] = answered
                soaked.refused += refused
                soaked.wrong += wrong
            case nothing:
                soaked.wrong.append(f"a client did not end: {nothing!r}")
    soaked.missing = missing(everybody)
    return soaked


def storm(soaked: Soaked, everybody: list[str], seconds: float) -> None:
    """Kill for so long, and on a busy machine for longer, until there was load enough."""
    lots = random.Random(7)  # noqa: S311 - a load, not a secret
    began = process.monotonic()
    while (passed := process.monotonic() - began) < seconds or (
        passed < seconds + PATIENCE and not soaked.reached(seconds)
    ):
        due = int(passed * KILLS_PER_SECOND) - soaked.kills
        soaked.kills += _kill_some(lots, everybody, due)
        if passed >= len(soaked.memory) * SAMPLE:
            soaked.look()
        process.sleep(PAUSE)
    soaked.seconds = passed


def missing(everybody: list[str]) -> list[str]:
    """Return who has not been started again, when all had time enough."""
    until = process.monotonic() + PATIENCE
    while gone := [name for name in everybody if process.whereis(name) is None]:
        if process.monotonic() > until:
            break
        process.sleep(PAUSE)
    return gone


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
        soaked = run(soak, float(size), held=None)
    finally:
        telemetry.set_reporter(before)
    assert soaked is not None
    judge(soaked, float(size), tally)


def judge(soaked: Soaked, seconds: float, tally: Tally) -> None:
    """Count every call and every kill, and what makes them worth being counted."""
    answered = sum(soaked.answered.values())
    ended = answered + soaked.refused
    for number in range(soaked.calls):
        tally.check(number < ended, f"{soaked.calls - ended} calls never ended")
    for wrong in soaked.wrong:
        tally.check(False, wrong)
    for number in range(soaked.kills):
        gone = soaked.missing[number : number + 1]
        tally.check(not gone, f"not restarted: {gone}")
    for number in range(CLIENTS):
        tally.check(soaked.answered.get(number), f"client {number} never got an answer")
    rates = f"{soaked.kills / soaked.seconds:,.0f} kills and {answered / soaked.seconds:,.0f}"
    tally.check(soaked.reached(seconds), f"no load: {rates} answered calls a second")
    grown = growth(soaked)
    tally.check(not grown.startswith("grew"), grown)
    tally.note(
        f"{rates} answered calls a second, {soaked.refused:,} calls to whoever was just dead; {grown}"
    )


def growth(soaked: Soaked) -> str:
    """Say how memory went after the first third, which is warming up; if it grew, with that word first."""
    memory, blocks = (each[len(each) // 3 :] for each in (soaked.memory, soaked.blocks))
    seconds = len(memory) * SAMPLE
    if len(memory) < 2 * 3:
        return f"memory was looked at {len(memory)} times only"
    times = [number * SAMPLE for number in range(len(memory))]
    slope = statistics.linear_regression(times, memory).slope
    # What the machine is doing at a look only ever adds: the least of each third is what is in use.
    third = len(memory) // 3
    more = min(blocks[-third:]) - min(blocks[:third])
    steps = min(memory[-third:]) - min(memory[:third])
    allowed = SLOPE * seconds * 2 / 3
    held = more * BLOCK <= allowed + NOISE * BLOCK and (
        slope <= SLOPE if seconds >= LONG else steps <= ARENA + allowed
    )
    return (
        f"{'memory' if held else 'grew: memory'} {slope * 600:+.2f} MB in ten minutes by its slope, "
        f"{steps:+.2f} MB and {more:+,.0f} blocks from the first to the last third of {seconds:,.0f} s"
    )
