"""Many readers and one writer: where a value may live, and what it costs to read it there.

Elsewhere this is a lock that lets in many readers or one writer. Two places do without:

* *An Agent* is a process that has the value. Each read is a message there and one back, reads and writes
  come one after the other, and nobody sees a write half done.
* *A Registry* has a table with a value for each key. The owner of the key writes; everybody reads the table
  without a message and without waiting, also while the writer is busy. What they read was true a moment
  ago, and the value is gone when its owner is.

So: in a process what must be changed by rules, in a table what is read very often. As everywhere, readers
get a value of their own. Those that cannot change, like the frozen prices below, are not copied for it.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from actors import Agent, Pid, Task, process, receive, run, send, spawn_link
from supervisors import TypedRegistry

READERS = 4
READS = 2_000
WRITES = 50


@dataclass(frozen=True)
class Prices:
    """Two numbers that belong together: the sum is always 100."""

    bread: int = 50
    butter: int = 50

    def moved(self, by: int) -> Prices:
        return replace(self, bread=self.bread + by, butter=self.butter - by)


class Board(Agent[Prices]):
    """The value in a process."""


class Table(TypedRegistry[str, Prices]):
    """The value in a table."""


def prices(value: Prices) -> Prices:
    return value


def from_agent() -> Prices:
    return Board.get("board", prices)


def from_table() -> Prices:
    [(_, value)] = Table.lookup("table", "prices")
    return value


def writer(boss: Pid) -> None:
    """Own the entry in the table, and change both values."""
    Table.register("table", "prices", Prices())
    send(boss, "ready")
    for number in range(WRITES):
        by = number % 7 - 3
        Board.update("board", Prices.moved, by)
        Table.update_value("table", "prices", partial(Prices.moved, by=by))
        process.sleep(0)  # lets the readers in
    process.sleep(None)  # the entry lives as long as its owner


def reader(read: Callable[[], Prices]) -> None:
    for _ in range(READS):
        seen = read()
        assert seen.bread + seen.butter == 100, "half a write was seen"


def cost_of_a_read(read: Callable[[], Prices]) -> float:
    """Have four processes read at once; return the seconds of one read."""
    before = time.thread_time()  # they all run on this thread; what other programs do is left out
    Task.await_many([Task.async_(reader, read) for _ in range(READERS)], timeout=60.0)
    return (time.thread_time() - before) / READERS / READS


def compare() -> None:
    Board.start_link(Prices, name="board")
    Table.start_link(keys="unique", name="table")
    spawn_link(writer, process.self())
    assert receive() == "ready"
    agent, table = cost_of_a_read(from_agent), cost_of_a_read(from_table)
    print(
        f"{READERS} readers x {READS} reads during {WRITES} writes, none of them saw half a write"
    )
    print(f"a read of the Agent:    {agent * 1e6:6.2f} microseconds, two messages")
    print(f"a read of the Registry: {table * 1e6:6.2f} microseconds, no message")


def main(argv: list[str]) -> int:
    ArgumentParser("many_readers").parse_args(argv)
    run(compare)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
