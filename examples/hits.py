"""A number that ten tasks change at once, without a lock: an Agent.

Other languages put a number behind a mutex, or make it atomic, so that no two threads change it at the
same time. Here the number lives in a process of its own. Whoever wants to change it sends a function,
the agent applies one function after the other, and so there is nothing to lock and nothing to lose.

The same number as a server with messages of its own, in three ways: ``python3 -m examples counter``.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import Agent, Task, run

TASKS = 10
TIMES = 100


class Hits(Agent[int]):
    """Type checkers know from this line that the value is an int."""


def add_one(hits: int) -> int:
    return hits + 1


def replaced(hits: int, by: int) -> int:
    return by


def take_all(hits: int) -> tuple[int, int]:
    """Return what the caller gets, and the next value."""
    return hits, 0


def visitor() -> None:
    for _ in range(TIMES):
        Hits.update("hits", add_one)  # waits until it is done; `Hits.cast` would not


def read_then_write() -> None:
    """What loses hits even here: two messages, and others come in between."""
    for _ in range(TIMES):
        seen = Hits.get("hits", int)
        Hits.update("hits", replaced, seen + 1)  # it was `seen` then, and need not be it now


def count() -> tuple[int, int]:
    Hits.start_link(lambda: 0, name="hits")
    Task.await_many([Task.async_(visitor) for _ in range(TASKS)])
    together = Hits.get_and_update("hits", take_all)
    print(f"{TASKS} tasks x {TIMES} updates: {together} counted")
    Task.await_many([Task.async_(read_then_write) for _ in range(TASKS)])
    apart = Hits.get("hits", int)
    print(f"the same, but first read and then written: {apart} counted, the others overwritten")
    return together, apart


def main(argv: list[str]) -> int:
    ArgumentParser("hits").parse_args(argv)
    run(count)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
