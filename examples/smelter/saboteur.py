"""Kills workers while the run goes on: at which tick whom, and the process that does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from actors import CallFailed, process, telemetry
from examples.smelter.plan import Plan
from examples.smelter.queue_server import Queue
from examples.smelter.wire import COMPOSITOR, FILM, MIXER, QUEUE, source_of, video_end_of

__all__ = ["KILLED", "Kill", "evenly", "sabotage"]

KILLED = ("smelter", "worker", "killed")
"""The event of a kill: the name of the `victim`, and the `tick`."""

LOOK = 0.01
"""Seconds after which a queue that was not there is looked for again."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One murder to be."""

    tick: int
    """When: as soon as this tick has been sent."""
    victim: str
    """The registered name of a worker or a supervisor."""


def evenly(plan: Plan) -> tuple[Kill, ...]:
    """Plan the deaths of one worker of each kind, evenly spread over the length of a run."""
    victims = (source_of(plan.inputs[0].id), QUEUE, COMPOSITOR, MIXER, video_end_of(FILM))
    parts = len(victims) + 1
    return tuple(Kill(plan.ticks * n // parts, name) for n, name in enumerate(victims, 1))


def sabotage(kills: Iterable[Kill]) -> None:
    """Kill all victims, or as many as come before an early end; the body of a process.

    A victim that is dead just then is spared. Each kill is told as the event `KILLED`.

    Args:
        kills: In the order of their ticks.
    """
    for kill in kills:
        tick = _wait_for(kill.tick)
        if tick < kill.tick:
            # The film ends early: whoever ends it is left alone.
            return
        pid = process.whereis(kill.victim)
        if pid is not None:
            telemetry.emit(KILLED, {}, {"victim": kill.victim, "tick": tick})
            process.send_exit(pid, "kill")


def _wait_for(tick: int) -> int:
    while True:
        try:
            return Queue.reached.within(None)(QUEUE, tick)
        except CallFailed:
            # Killed by this very process a moment ago; its successor will answer.
            process.sleep(LOOK)
