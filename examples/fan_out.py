"""A thousand items for four workers, in three ways: tasks, partitions, and a child for each item.

* *Tasks*: `TaskSupervisor.async_stream` runs a function for each item, four at a time, and the results come
  in the order of the items. The way to begin with.
* *Partitions*: four servers that stay, each with a state of its own; what has the same key goes to the same
  server. For work that must remember something.
* *Demand*: a `ConsumerSupervisor` asks a producer for four items, starts a child for each, and asks for
  one more when a child has ended. For items that come when they come, and are never all there.

Each item takes a hundredth of a second, so that one worker would need ten and four need two and a half.
The clock is virtual and jumps over the waiting; ``--real`` waits.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable

from actors import (
    GenServer,
    NoReply,
    Pid,
    Reply,
    Task,
    Via,
    call,
    cast,
    process,
    receive,
    run,
    send,
)
from actors.stage import SubscribeTo, from_iterable
from actors.testing import VirtualClock
from supervisors import ConsumerSupervisor, PartitionSupervisor, TaskSupervisor

ITEMS = range(1000)
WORKERS = 4
EXPECTED = sum(item * item for item in ITEMS)


def square(item: int) -> int:
    process.sleep(0.01)
    return item * item


# -- tasks -----------------------------------------------------------------------------------------


def by_tasks() -> int:
    tasks = TaskSupervisor.start_link()
    results = TaskSupervisor.async_stream(tasks, ITEMS, square, max_concurrency=WORKERS)
    return sum(value for how, value in results if how == "ok" and isinstance(value, int))


# -- partitions ------------------------------------------------------------------------------------


class Worker(GenServer[int]):
    """Keeps the sum of what it was given."""

    def init(self) -> int:
        return 0

    @cast
    def add(self, total: int, item: int) -> NoReply[int]:
        return NoReply(total + square(item))

    @call
    def total(self, total: int) -> Reply[int, int]:
        return Reply(total)


def by_partitions() -> int:
    PartitionSupervisor.start_link(Worker, name="workers", partitions=WORKERS)
    for item in ITEMS:
        Worker.add(Via(PartitionSupervisor, ("workers", item)), item)  # the item is its own key
    total = Worker.total.within(60.0)  # each answers when it has done all that came before
    return sum(total(Via(PartitionSupervisor, ("workers", key))) for key in range(WORKERS))


# -- demand ----------------------------------------------------------------------------------------


def work_and_tell(boss: Pid, item: int) -> None:
    send(boss, ("done", square(item)))


def by_demand() -> int:
    # The item comes after the arguments that are written here.
    start = (Task.start_link, (work_and_tell, process.self()))
    child = {"id": "worker", "start": start, "restart": "temporary"}
    items = SubscribeTo(from_iterable(ITEMS), max_demand=WORKERS, cancel="temporary")
    ConsumerSupervisor.start_link(child, subscribe_to=[items])
    total = 0
    for _ in ITEMS:
        match receive():
            case ("done", int(value)):
                total += value
    return total


WAYS: dict[str, Callable[[], int]] = {
    "tasks": by_tasks,
    "partitions": by_partitions,
    "demand": by_demand,
}


def timed(way: Callable[[], int]) -> tuple[int, float]:
    before = process.monotonic()
    return way(), process.monotonic() - before


def main(argv: list[str]) -> int:
    options = ArgumentParser("fan_out")
    options.add_argument("--real", action="store_true", help="wait on the real clock")
    real = options.parse_args(argv).real
    for title, way in WAYS.items():
        total, seconds = run(timed, way, clock=None if real else VirtualClock()) or (0, 0.0)
        right = "all there" if total == EXPECTED else f"{total} is not {EXPECTED}"
        print(f"{title:<10}  {len(ITEMS)} items, {WORKERS} workers, {seconds:.2f} s, {right}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
