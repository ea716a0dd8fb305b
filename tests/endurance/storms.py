"""Many die at once, again and again: everyone who must be back is back, in the right order, in time.

Source: `supervisor_SUITE` of OTP for the counts; the shape of the tree of 500 is that of Pekko's
supervision stress test: https://github.com/apache/pekko
"""

from __future__ import annotations

import random
from collections import deque
from typing import cast as typed

from actors import Agent, Down, Exited, GenServer, Pid, Reply, Stop, process, receive, run, send
from actors.errors import CallFailed
from actors.messages import TimedOut
from actors.testing import VirtualClock
from supervisors import Supervisor
from supervisors.child_spec import ChildLike, ChildSpec
from supervisors.strategy import Strategy
from tests.endurance.tally import Tally, case

__all__: list[str] = []


class Child(GenServer[int]):
    """Knows its number, tells its listener when it ends, and does neither fail nor hurry."""

    def init(self, number: int, listener: Pid | None = None) -> int:
        if listener is not None:
            process.trap_exit(True)
        self.listener = listener
        return number

    def handle_call(self, request: object, caller: object, state: int) -> Reply[int, int]:
        return Reply(state)

    def terminate(self, reason: object, state: int) -> None:
        if self.listener is not None:
            send(self.listener, state)


def children(tree: Pid | str) -> dict[object, Pid]:
    """Ask who lives; a supervisor answers when it has started again whom it had to."""
    return {
        child.id: child.pid
        for child in Supervisor.which_children(tree)
        if isinstance(child.pid, Pid)
    }


# -- all at once -----------------------------------------------------------------------------------


def killed_at_once(size: int) -> int:
    """Kill all children of one supervisor; return how many new ones answer."""
    tree = Supervisor.start_link(
        [Child.child_spec(n, id=n) for n in range(size)],
        strategy="one_for_one",
        max_restarts=size,
        max_seconds=3600.0,
    )
    before = children(tree)
    for pid in before.values():
        process.monitor(pid)
        process.send_exit(pid, "kill")
    for _ in before:
        receive(Down)
    after = children(tree)
    answers = sum(GenServer.call(pid, "who") == n for n, pid in after.items())
    new = sum(after[n] is not before[n] for n in before)
    Supervisor.stop(tree)
    return min(answers, new)


@case(short=1_000, long=10_000)
def all_children_killed_at_once(size: int, tally: Tally) -> None:
    """Every child of a one_for_one supervisor is back after all were killed at once."""
    back = run(killed_at_once, size)
    for n in range(size):
        tally.check(back is not None and n < back, f"{back} of {size} came back")


def reverse_order(size: int) -> list[int]:
    """Stop a supervisor; return the numbers of its children in the order of their ends."""
    specs = [Child.child_spec(n, process.self(), id=n, shutdown=60.0) for n in range(size)]
    tree = Supervisor.start_link(specs, strategy="one_for_one")
    Supervisor.stop(tree, timeout=None)
    ended: list[int] = []
    while isinstance(number := receive(int, 0), int):
        ended.append(number)
    return ended


@case(short=1_000, long=10_000)
def shutdown_in_reverse_order(size: int, tally: Tally) -> None:
    """The children of a supervisor end in exactly the reverse order of their start."""
    ended = run(reverse_order, size) or []
    for place, expected in enumerate(reversed(range(size))):
        came = ended[place] if place < len(ended) else None
        tally.check(came == expected, f"at place {place}: {came}, not {expected}")


# -- a tree of 500 ---------------------------------------------------------------------------------

_BREADTH = 6
_LEAVES = 13
_ENOUGH = 1_000_000
_STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "rest_for_one", "one_for_all")
JUDGE = "judge"
"""The name of the process that is told what must not be."""


class Leaf(GenServer[str]):
    """A worker at the bottom. Those that stand after it in its family may not live while it starts."""

    def init(self, path: str, strategy: Strategy) -> str:
        if strategy != "one_for_one" and process.whereis(_next(path)) is not None:
            send(JUDGE, ("overlap", path))
        return path

    def handle_call(self, request: object, caller: object, state: str) -> Reply[str, str]:
        return Reply(state)

    def handle_info(self, message: object, state: str) -> object:
        if message == "raise":
            raise ValueError(state)
        return Stop(message)


def _next(path: str) -> str:
    family, _, number = path.rpartition(".")
    return f"{family}.{int(number) + 1}"


def family(path: str, depth: int, lots: random.Random) -> ChildSpec:
    """Describe a supervisor and all that is below it: 6, below each of them 6, and 13 workers below those."""
    strategy = lots.choice(_STRATEGIES)
    below: list[ChildLike] = []
    if depth:
        below += [family(f"{path}.{n}", depth - 1, lots) for n in range(_BREADTH)]
    else:
        for n in range(_LEAVES):
            name = f"{path}.{n}"
            below.append(Leaf.child_spec(name, strategy, name=name, id=name))
    return Supervisor.child_spec(
        below, strategy=strategy, max_restarts=_ENOUGH, max_seconds=3600.0, name=path, id=path
    )


def names_below(path: str, depth: int) -> list[str]:
    if not depth:
        return [f"{path}.{n}" for n in range(_LEAVES)]
    found = []
    for n in range(_BREADTH):
        found += [f"{path}.{n}", *names_below(f"{path}.{n}", depth - 1)]
    return found


def storm(failures: int, seed: int) -> tuple[int, list[object]]:
    """Let a storm go over a tree of 511; return how many failures there were, and all that went wrong."""
    lots = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    process.register(process.self(), JUDGE)
    process.trap_exit(True)
    top = Supervisor.start_link([family("t", 2, lots)], max_restarts=_ENOUGH, max_seconds=3600.0)
    everybody = names_below("t", 2)
    met = 0
    while met < failures:
        for _ in range(lots.randrange(1, 40)):
            victim = process.whereis(lots.choice(everybody))
            if victim is None:  # its supervisor is just starting it again
                continue
            met += 1
            match lots.randrange(4):
                case 0:
                    send(victim, "raise")
                case 1:
                    send(victim, "stopped")
                case 2:
                    process.send_exit(victim, "kill")
                case _:
                    process.send_exit(victim, "boom")
        process.sleep(0.0)
    process.sleep(1.0)  # virtual: it is over when everybody has been started again and waits
    children(top)
    for name in everybody:
        children(name) if name.count(".") < _LEAF_DOTS else None
    wrong: list[object] = [name for name in everybody if not _answers(name)]
    while not isinstance(message := receive(timeout=0), TimedOut):
        wrong.append(message)
    Supervisor.stop(top)
    return met, wrong


_LEAF_DOTS = 3


def _answers(name: str) -> bool:
    try:
        if name.count(".") < _LEAF_DOTS:
            return Supervisor.count_children(name).active > 0
        return GenServer.call(name, "who") == name
    except CallFailed:
        return False


@case(short=1_000, long=20_000)
def a_tree_of_500_under_random_failures(size: int, tally: Tally) -> None:
    """After thousands of crashes, stops and kills on every level, all 511 answer, and no families overlapped."""
    met, wrong = run(storm, size, size, clock=VirtualClock()) or (0, ["nothing was returned"])
    for number in range(met):
        tally.check(number >= len(wrong), f"{wrong[number : number + 1]}")


# -- how many are too many -------------------------------------------------------------------------


class Doomed(GenServer[None]):
    """Ends when told to."""

    def handle_cast(self, request: object, state: None) -> Stop[None, None]:
        return Stop(request)


DOOMED = ("doomed", "fated", "lost")


def lives_as_it_must(seed: int) -> str | None:
    """Crash one of some children at drawn times; the supervisor gives up at exactly the one too many."""
    lots = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    max_restarts, max_seconds = lots.randrange(6), lots.choice((1.0, 2.0, 5.0))
    process.trap_exit(True)
    process.sleep(lots.random())
    tree = Supervisor.start_link(
        [Doomed.child_spec(name=name, id=name) for name in DOOMED],
        strategy=lots.choice(_STRATEGIES),
        max_restarts=max_restarts,
        max_seconds=max_seconds,
    )
    crashes: deque[int] = deque()
    for number in range(60):
        process.sleep(lots.choice((0.0, 0.001, 0.2, 0.999, 1.0, 1.001, 3.0)))
        second = int(process.monotonic())
        crashes.append(second)
        while crashes[0] < second - max_seconds:
            crashes.popleft()
        too_many = len(crashes) > max_restarts
        GenServer.cast(lots.choice(DOOMED), "boom")
        process.sleep(0.0)
        told = receive(Exited, 0.0001)
        if too_many:
            if isinstance(told, Exited) and told.reason == "shutdown" and told.pid is tree:
                return None
            return f"crash {number} was one too many, and {told!r} came"
        if not isinstance(told, TimedOut) or None in map(process.whereis, DOOMED):
            return f"crash {number} was allowed, and {told!r} came"
    Supervisor.stop(tree)
    return None


@case(short=100, long=1_000)
def intensity_is_exact(size: int, tally: Tally) -> None:
    """A supervisor lives through exactly as many restarts as its window allows, of whichever of its children."""
    for seed in range(size):
        failed = run(lives_as_it_must, seed, clock=VirtualClock())
        tally.check(failed is None, f"seed {seed}: {failed}")


# -- too many on every level -----------------------------------------------------------------------


class Slow(GenServer[float]):
    """Takes its time to end."""

    def init(self, seconds: float) -> float:
        process.trap_exit(True)
        return seconds

    def handle_cast(self, request: object, state: float) -> Stop[None, float]:
        return Stop(request)

    def terminate(self, reason: object, state: float) -> None:
        if reason == "shutdown":
            process.sleep(state)


def level(depth: int, max_restarts: int, slow: float) -> ChildSpec:
    """Describe a supervisor with a slow worker, one that crashes, and below it another level."""
    below: list[ChildLike] = [
        Slow.child_spec(slow, id="slow", shutdown=2 * slow),
        Doomed.child_spec(name=f"doomed {depth}", id="doomed"),
    ]
    if depth:
        below.append(level(depth - 1, max_restarts, slow))
    return Supervisor.child_spec(
        below, max_restarts=max_restarts, max_seconds=3600.0, name=f"level {depth}", id=depth
    )


def escalates(seed: int) -> str | None:
    """Crash workers and supervisors of every level at once, until the top must give up."""
    lots = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    depth, max_restarts, slow = lots.randrange(1, 5), lots.randrange(3), lots.choice((0.1, 1.0))
    process.trap_exit(True)
    top = Supervisor.start_link([level(depth, max_restarts, slow)], max_restarts=max_restarts)
    monitor = process.monitor(top)
    limit = 2 * slow * (depth + 1)
    crashes = 0
    began = process.monotonic()
    # Whoever is there of a level is struck, and often its supervisor at the same moment.
    while process.is_alive(top):
        for number in range(depth + 1):
            for name in (f"doomed {number}", f"level {number}")[: lots.randrange(1, 3)]:
                victim = process.whereis(name)
                if victim is not None:
                    process.send_exit(victim, "kill")
                    crashes += 1
        process.sleep(0.01)
        if process.monotonic() - began > 2 * limit:
            return f"after {crashes} crashes in {2 * limit:.1f} s the top still stands"
    told = receive(lambda m: isinstance(m, Down) and m.ref is monitor, 1.0)
    if not isinstance(told, Down) or told.reason != "shutdown":
        return f"the top ended with {told!r}"
    # Whose supervisor was killed stops in order, by itself.
    process.sleep(limit)
    left = [n for n in range(depth + 1) if process.whereis(f"level {n}") is not None]
    return f"levels {left} outlived the top" if left else None


@case(short=20, long=1_000)
def storms_at_parents_and_children_at_once(size: int, tally: Tally) -> None:
    """Too many crashes on every level end the top with `shutdown`, within twice the sum of the limits."""
    for seed in range(size):
        failed = run(escalates, seed, clock=VirtualClock())
        tally.check(failed is None, f"seed {seed}: {failed}")


# -- restarts that fail or hang --------------------------------------------------------------------


class Troubled(GenServer[None]):
    """Starts well once; afterwards as its plan says."""

    def init(self, plan: str, after: int) -> Stop[None, None] | None:
        process.put("born", process.monotonic())
        count = Counted.get_and_update("count", _one_more)
        if count == 0 or count > after:
            return None
        if plan == "raise":
            raise OSError("no disk")
        if plan == "stop":
            return Stop("not now")
        process.sleep(None)
        return None

    def handle_cast(self, request: object, state: None) -> Stop[None, None]:
        return Stop(request)


class Counted(Agent[int]):
    """How often somebody was started."""


def _one_more(count: int) -> tuple[int, int]:
    return count, count + 1


def _zero() -> int:
    return 0


def restarts_in_trouble(plan: str, after: int, end: str) -> str | None:
    process.trap_exit(True)
    Counted.start_link(_zero, name="count")
    tree = Supervisor.start_link(
        [
            Troubled.child_spec(plan, after, name="troubled"),
            Leaf.child_spec("x.1", "one_for_one", id="calm"),
        ],
        max_restarts=after + 1,
        max_seconds=3600.0,
    )
    calm = children(tree)["calm"]
    GenServer.cast("troubled", "boom")
    process.sleep(1.0)
    if GenServer.call(calm, "who") != "x.1":
        return "its sibling does not answer"
    if plan == "hang":
        return ended_while_it_hangs(tree, calm, end)
    if process.whereis("troubled") is None:
        return f"it did not come back after {after} failed restarts"
    Supervisor.stop(tree)
    return None


ENDS = ("kill", "shutdown of its parent", "crash of the hanging start", "main returns")
"""How a supervisor is ended that waits for a start which hangs."""


def ended_while_it_hangs(tree: Pid, calm: Pid, end: str) -> str | None:
    """End a supervisor that waits for the start, as OTP's does; whoever ends it ends both."""
    if end == "main returns":
        return None  # `run` must end by itself, which `restarts_that_fail_or_hang` waits for
    if end == "kill":
        process.send_exit(tree, "kill")
    elif end == "shutdown of its parent":
        process.send_exit(tree, "shutdown")  # it is told, and cannot hear before the start is over
        process.send_exit(_starting(tree), "kill")
    else:
        process.send_exit(_starting(tree), "kill")
        process.sleep(1.0)
        if not process.is_alive(tree) or GenServer.call(calm, "who") != "x.1":
            return "a start that was killed harmed others"
        process.send_exit(tree, "kill")
    process.sleep(1.0)
    return None if not process.is_alive(calm) else "a child outlived its supervisor"


def _starting(tree: Pid) -> Pid:
    """Return the child that a supervisor has just been starting, which is linked to it, and the younger one."""
    told = process.info(tree, ["links"])
    assert told is not None
    links = typed("list[object]", dict(told)["links"])
    return max((pid for pid in links if isinstance(pid, Pid)), key=lambda pid: pid.serial)


@case(short=20, long=500)
def restarts_that_fail_or_hang(size: int, tally: Tally) -> None:
    """A restart that fails is tried again as far as the window allows; one that hangs hangs nobody else."""
    for number in range(size):
        plan, after = ("raise", "stop", "hang")[number % 3], 1 + number % 7
        end = ENDS[number // 3 % len(ENDS)]
        failed = run(restarts_in_trouble, plan, after, end, clock=VirtualClock())
        tally.check(failed is None, f"{plan}, {after} times, {end}: {failed}")
