"""A tree of 500 under a storm of random kills; afterwards everybody is counted, and nothing is lost.

Six divisions of six teams of thirteen workers, each with a strategy of its own. For twenty seconds two
hundred of them a second are killed, workers and whole teams. Meanwhile four clerks have orders booked by
whichever worker they meet. One that dies answers nothing, and then the clerk asks another one: an order
may arrive twice, so the ledger looks at its number, and never not at all. The ledger stands beside the
storm, as a database would.

Then it is counted: every process is back and answers, and every order is booked exactly once.
"""

from __future__ import annotations

import random
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from actors import (
    Agent,
    CallFailed,
    GenServer,
    Pid,
    Reply,
    call,
    process,
    receive,
    run,
    send,
    telemetry,
)
from examples import _arguments
from examples._frame import Cell, Frame, Row
from examples._screen import Screen, can_draw
from supervisors import ChildLike, ChildSpec, Supervisor
from supervisors.strategy import Strategy

BREADTH, WORKERS, CLERKS = 6, 13, 4
KILLS_PER_SECOND = 200
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "rest_for_one", "one_for_all")
UNLIMITED = 1_000_000
"""Restarts that are allowed: in this storm no number of them is too many."""

DIVISIONS = [f"d{n}" for n in range(BREADTH)]
TEAMS = [f"{division}.{n}" for division in DIVISIONS for n in range(BREADTH)]
NAMES = [f"{team}.{n}" for team in TEAMS for n in range(WORKERS)]
EVERYBODY = [*DIVISIONS, *TEAMS, *NAMES]


# -- the tree --------------------------------------------------------------------------------------


class Ledger(Agent[dict[tuple[int, int], int]]):
    """How often each order has arrived."""


class Restarts(Agent[int]):
    """How many starts of processes there were."""


def arrive(
    ledger: dict[tuple[int, int], int], order: tuple[int, int]
) -> dict[tuple[int, int], int]:
    ledger[order] = ledger.get(order, 0) + 1
    return ledger


class Worker(GenServer[int]):
    """Books orders; its state is how many."""

    def init(self) -> int:
        return 0

    @call
    def book(self, booked: int, order: tuple[int, int]) -> Reply[int, int]:
        Ledger.update("ledger", arrive, order)
        return Reply(booked + 1, booked + 1)


def supervisor(name: str, children: Sequence[ChildLike], strategy: Strategy) -> ChildSpec:
    return Supervisor.child_spec(
        children, strategy=strategy, max_restarts=UNLIMITED, max_seconds=60.0, name=name, id=name
    )


def team(name: str, number: int) -> ChildSpec:
    workers = [f"{name}.{n}" for n in range(WORKERS)]
    children = [Worker.child_spec(name=worker, id=worker) for worker in workers]
    return supervisor(name, children, STRATEGIES[number % len(STRATEGIES)])


def start() -> None:
    divisions = [
        supervisor(name, [team(f"{name}.{n}", n) for n in range(BREADTH)], "one_for_one")
        for name in DIVISIONS
    ]
    Ledger.start_link(dict, name="ledger")
    Restarts.start_link(int, name="restarts")
    Supervisor.start_link(divisions, max_restarts=UNLIMITED, max_seconds=60.0, name="top")


# -- the storm -------------------------------------------------------------------------------------


def clerk(boss: Pid, number: int, seed: int, until: float) -> None:
    """Have orders booked until the storm is over; tell how many, and how often somebody was dead."""
    lots, orders, refused = random.Random(seed + number), 0, 0  # noqa: S311 - a game, no secret
    while process.monotonic() < until:
        for _ in range(20):
            orders, refused = orders + 1, refused + booked((number, orders), lots)
        process.sleep(0.02)
    send(boss, ("clerk", orders, refused))


def booked(order: tuple[int, int], lots: random.Random) -> int:
    """Ask one worker after the other until one has booked the order; return how many were dead."""
    for tries in count():
        try:
            Worker.book(lots.choice(NAMES), order)
        except CallFailed:
            process.sleep(0.001)
        else:
            return tries
    raise AssertionError("count() never ends")


def kill_some(lots: random.Random, shots: int) -> int:
    killed = 0
    for _ in range(shots):
        # A team takes its workers along, a division its teams: mostly workers, or few would be left.
        whom = lots.choices((NAMES, TEAMS, DIVISIONS), (97, 2, 1))[0]
        if (victim := process.whereis(lots.choice(whom))) is not None:
            process.send_exit(victim, lots.choice(("kill", "some bug")))
            killed += 1
    return killed


@dataclass(frozen=True)
class Count:
    """What there is after the storm."""

    kills: int
    starts: int
    dead: int
    silent: int
    orders: int
    refused: int
    missing: int
    twice: int

    @property
    def is_complete(self) -> bool:
        return self.dead == self.silent == self.missing == 0


def storm(seconds: float, seed: int, show: Callable[[float, int], None]) -> Count:
    """Start the tree, let the storm go over it, and count; the first process."""
    lots, shots, kills, step = random.Random(seed), 0, 0, 0.05  # noqa: S311 - the same
    start()
    began = process.monotonic()
    for number in range(CLERKS):
        process.spawn_link(clerk, process.self(), number, seed, began + seconds)
    while (passed := process.monotonic() - began) < seconds:
        # As many as are due by now: a round that was late is made up for in the next.
        due = round(KILLS_PER_SECOND * (passed + step))
        kills, shots = kills + kill_some(lots, due - shots), due
        show(passed, kills)
        process.sleep(step)
    told = [receive(lambda message: isinstance(message, tuple)) for _ in range(CLERKS)]
    return counted(kills, told)


def counted(kills: int, told: list[object]) -> Count:
    # A supervisor answers when it has started again whom it had to.
    for name in ("top", *DIVISIONS, *TEAMS):
        Supervisor.count_children(name)
    booked_orders = Ledger.get("ledger", dict.copy)
    orders = refused = 0
    for each in told:
        match each:
            case ("clerk", int(its_orders), int(its_refused)):
                orders, refused = orders + its_orders, refused + its_refused
    return Count(
        kills=kills,
        starts=Restarts.get("restarts", int),
        dead=sum(process.whereis(name) is None for name in EVERYBODY),
        silent=sum(not answers(name) for name in NAMES),
        orders=orders,
        refused=refused,
        missing=orders - len(booked_orders),
        twice=sum(times > 1 for times in booked_orders.values()),
    )


def answers(name: str) -> bool:
    try:
        return Worker.book(name, (CLERKS, 0)) > 0
    except CallFailed:
        return False


# -- what is shown ---------------------------------------------------------------------------------


def add_one(starts: int) -> int:
    return starts + 1


def listen(event: telemetry.Event, level: str, fields: Mapping[str, object]) -> None:
    """Count who is started, instead of writing a log of thousands of lines."""
    if event == ("supervisors", "child", "started"):
        Restarts.cast("restarts", add_one)


def frame(passed: float, seconds: float, kills: int) -> Frame:
    """Draw each team as a bar: half a block for each worker that lives."""
    rows = [Row(tuple(bars(division))) for division in DIVISIONS]
    alive = sum(process.whereis(name) is not None for name in EVERYBODY)
    log = (
        Cell(
            f"{kills:,} killed, {alive} of {len(EVERYBODY)} below the top live at this moment",
            "bold",
        ),
    )
    foot = f"{passed:4.1f} of {seconds:.0f} s    Ctrl-C ends"
    return Frame("chaos", ("division", *map(str, range(BREADTH))), tuple(rows), log, 1, foot)


def bars(division: str) -> Iterator[Cell]:
    yield Cell(division, "bold" if process.whereis(division) else "bold red")
    for number in range(BREADTH):
        team = f"{division}.{number}"
        alive = sum(process.whereis(f"{team}.{n}") is not None for n in range(WORKERS))
        style = "green" if alive == WORKERS else "yellow" if process.whereis(team) else "red"
        # Halves, so that six teams have room side by side on a usual terminal.
        bar = "█" * (alive // 2) + "▌" * (alive % 2)
        yield Cell(bar + "·" * ((WORKERS + 1) // 2 - len(bar)), style)


def in_words(count: Count) -> str:
    lines = (
        f"{count.kills:,} killed, {count.starts:,} starts of processes",
        f"{len(EVERYBODY) + 1} supervisors and workers: {count.dead} dead, {count.silent} silent",
        f"{count.orders:,} orders: {count.missing} missing, {count.twice} came twice and were known",
        f"{count.refused:,} times a clerk met somebody dead and asked another",
        "nothing is lost" if count.is_complete else "SOMETHING IS LOST",
    )
    return "\n".join(lines)


def play(seconds: float, seed: int, *, is_live: bool) -> Count | None:
    if not is_live:
        print(f"a storm of {seconds:g} s over {len(EVERYBODY) + 1} processes ...", flush=True)
        return run(storm, seconds, seed, lambda passed, kills: None)
    screen = Screen(sys.stdout)
    try:
        # Captured, a screen would be copied on its way to another process; the first one is ours.
        return run(
            lambda: storm(
                seconds, seed, lambda *so_far: screen.show(frame(so_far[0], seconds, so_far[1]))
            )
        )
    finally:
        screen.close()


def main(argv: list[str]) -> int:
    options = ArgumentParser("chaos")
    options.add_argument(
        "--seconds", type=_arguments.seconds, default=20.0, help="how long it storms (20)"
    )
    options.add_argument("--seed", type=int, default=1, help="another storm (1)")
    given = options.parse_args(argv)
    before = telemetry.set_reporter(listen)
    try:
        count = play(given.seconds, given.seed, is_live=can_draw(sys.stdout))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        telemetry.set_reporter(before)
    assert count is not None
    print(in_words(count))
    return 0 if count.is_complete else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
