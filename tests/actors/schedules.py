"""Runs of one scenario under many schedules: first in, first out, and by lot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from actors.messages import Message, TimedOut
from actors.process import receive, sleep, trap_exit
from actors.runtime import run
from actors.testing import SeededChoice, VirtualClock

T = TypeVar("T")

SEEDS = range(200)


def played(main: Callable[[], T], seed: int | None = None) -> T:
    """Run a test as the first process on the virtual clock; by lot if there is a seed."""
    choice = None if seed is None else SeededChoice(seed)

    def body() -> list[T]:
        trap_exit(True)
        return [main()]

    result = run(body, clock=VirtualClock(), choice=choice)
    assert result is not None
    return result[0]


def every_schedule(main: Callable[[], T]) -> list[T]:
    """Return the different results of a scenario in the plain order and in 200 drawn by lot."""
    results: list[T] = []
    for seed in (None, *SEEDS):
        result = played(main, seed)
        if result not in results:
            results.append(result)
    return results


def heard(seconds: float = 0.06) -> list[Message]:
    """Let things settle, and take all that is in the mailbox."""
    sleep(seconds)
    messages = []
    while not isinstance(message := receive(timeout=0), TimedOut) or message.ref is not None:
        messages.append(message)
    return messages
