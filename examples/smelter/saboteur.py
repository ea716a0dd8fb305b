"""Kills one worker after the other while the run goes on, evenly spread over its length."""

from __future__ import annotations

from collections.abc import Callable

from actors import CallFailed, process
from examples.smelter.plan import Plan
from examples.smelter.queue_server import Queue
from examples.smelter.wire import COMPOSITOR, MIXER, QUEUE, VIDEO_ENCODER, source_of

__all__ = ["sabotage", "victims"]

LOOK = 0.01
"""Seconds between two looks at how far the run has come."""


def victims(plan: Plan) -> list[str]:
    """Return the names of those who will be killed, in order."""
    return [source_of(plan.inputs[0].id), QUEUE, COMPOSITOR, MIXER, VIDEO_ENCODER]


def sabotage(plan: Plan, tell: Callable[[str, int], None]) -> None:
    """Kill all victims; the body of a process.

    Args:
        plan: The run.
        tell: Called with the name and the tick of each kill.
    """
    names = victims(plan)
    for number, name in enumerate(names, 1):
        tick = _wait_for(plan.ticks * number // (len(names) + 1))
        pid = process.whereis(name)
        if pid is not None:
            tell(name, tick)
            process.send_exit(pid, "kill")


def _wait_for(tick: int) -> int:
    while True:
        try:
            stats = Queue.stats(QUEUE)
        except CallFailed:
            # Killed by this very process a moment ago; its successor will answer.
            pass
        else:
            if stats.ticks >= tick:
                return stats.ticks
        process.sleep(LOOK)
