"""The first process of a run: starts the tree, watches it, and brings it to an orderly end.

It traps exits. Ctrl-C arrives as the exit signal that the runtime sends to the first process; the queue is then asked
to end with what it has, so that the file is complete up to there.
"""

from __future__ import annotations

from fractions import Fraction

from actors import CallFailed, Exited, Message, Pid, TimedOut, process, telemetry
from examples.smelter import tree
from examples.smelter.options import Request
from examples.smelter.pictures import RATE
from examples.smelter.plan import Plan
from examples.smelter.queue_server import Queue
from examples.smelter.saboteur import sabotage
from examples.smelter.view import View
from examples.smelter.wire import DIRECTOR, QUEUE, Finished, FinishNow, tell
from supervisors import Supervisor

__all__ = ["direct"]

LOOK = 0.25
"""Seconds between two looks at how far the run has come."""

LAST_WORDS = 5.0
"""Seconds that the pipeline gets, after Ctrl-C, to complete the file."""


def direct(request: Request, view: View) -> None:
    """Make the film; the body of the first process."""
    process.trap_exit(True)
    process.register(process.self(), DIRECTOR)
    telemetry.set_reporter(view.report)
    plan = request.plan
    began = process.monotonic()
    top = tree.start(plan)
    view.tree(tree.branches(top))
    if request.crash:
        process.spawn_link(sabotage, plan, view.killed)
    finished = _watch(top, view)
    _note_stats(view)
    _stop(top)
    view.summary.wall_seconds = process.monotonic() - began
    if finished is not None:
        _note_file(finished, plan, view)


def _watch(top: Pid, view: View) -> Finished | None:
    """Wait for the end of the film, or of whoever makes it."""
    deadline: float | None = None
    while deadline is None or process.monotonic() < deadline:
        message: Message = process.receive(timeout=LOOK)
        match message:
            case Finished():
                return message
            case Exited(pid=pid) if pid is top:
                return None
            case Exited(pid=pid) if pid is process.self():
                view.summary.interrupted = True
                view.say("interrupted: ending the film here")
                tell(QUEUE, FinishNow())
                deadline = process.monotonic() + LAST_WORDS
            case TimedOut():
                _note_stats(view)
            case _:
                pass
    return None


def _note_stats(view: View) -> None:
    try:
        stats = Queue.stats.within(1.0)(QUEUE)
    except CallFailed:
        return
    view.progress(stats)
    summary = view.summary
    summary.video_sets, summary.audio_sets = stats.video_sets, stats.audio_sets
    summary.dropped, summary.poisoned = stats.dropped, stats.poisoned
    summary.failed_inputs = list(stats.ended_inputs)


def _stop(top: Pid) -> None:
    try:
        Supervisor.stop(top)
    except CallFailed:
        # It has given up by itself; then it is gone already.
        return


def _note_file(finished: Finished, plan: Plan, view: View) -> None:
    summary = view.summary
    summary.finished = True
    summary.pictures = finished.pictures
    summary.samples = finished.samples
    summary.video_seconds = float(Fraction(finished.ticks) / plan.encoding.rate)
    summary.audio_seconds = finished.samples / RATE
    asked = finished.ticks if summary.interrupted else plan.ticks
    summary.ticks = asked
    summary.lost_ticks = asked - finished.pictures
