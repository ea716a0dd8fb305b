"""The first process of a run: starts the tree, watches it, and brings it to an orderly end.

It traps exits. Ctrl-C arrives as the exit signal that the runtime sends to the first process; the
queue is then asked to end with what it has, so that the file is complete up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from actors import CallFailed, Exited, Message, Pid, StartError, process
from examples.smelter import events, tree
from examples.smelter.muxer import tidy
from examples.smelter.options import Request
from examples.smelter.pictures import RATE
from examples.smelter.plan import Plan
from examples.smelter.queue_server import Queue
from examples.smelter.saboteur import sabotage
from examples.smelter.view import View
from examples.smelter.wire import DIRECTOR, FILM, QUEUE, Finished, FinishNow, tell
from supervisors import Supervisor

__all__ = ["direct"]

LOOK = 0.25
"""Seconds between two looks at how far the run has come."""

LAST_WORDS = 10.0
"""Seconds that the pipeline gets, after Ctrl-C, to complete the file."""


def direct(request: Request, view: View, is_over: Callable[[], bool] = bool) -> None:
    """Make the film; the body of the first process.

    Args:
        request: What to make, and who is killed meanwhile.
        view: Who is told.
        is_over: Asked four times in a second whether the film should end where it is.
    """
    process.trap_exit(True)
    process.register(process.self(), DIRECTOR)
    plan = request.plan
    began = process.monotonic()
    try:
        top = tree.start(plan.settings, plan.desired)
    except StartError as failed:
        view.failed(failed.reason)
        return
    view.tree(tree.branches(top))
    if request.kills:
        process.spawn_link(sabotage, request.kills)
    finished = _watch(top, view, is_over)
    _look(view)
    _stop(top)
    tidy(plan.target)
    view.summary.wall_seconds = process.monotonic() - began
    if finished is not None:
        _note_file(finished, plan, view)


def _watch(top: Pid, view: View, is_over: Callable[[], bool]) -> Finished | None:
    """Wait for the end of the film, or of whoever makes it."""
    deadline: float | None = None
    bus: Pid | None = None
    while deadline is None or process.monotonic() < deadline:
        _look(view)
        bus = _listen(bus)
        is_asked = is_over()
        message: Message = process.receive(timeout=LOOK)
        match message:
            case Finished():
                return message
            case Exited(pid=pid) if pid is top:
                return None
            case events.OutputError(output=output) if output == FILM:
                return None
            case Exited(pid=pid) if pid is process.self():
                is_asked = True
            case _:
                pass
        if is_asked and deadline is None:
            view.interrupted()
            deadline = process.monotonic() + LAST_WORDS
        if deadline is not None:
            # Again and again, since the queue may be dead just now.
            tell(QUEUE, FinishNow())
    return None


def _listen(bus: Pid | None) -> Pid | None:
    """Subscribe to what happens, again if it is another bus that tells it now."""
    if bus is not None and process.whereis(events.EVENTS) is bus:
        return bus
    try:
        return events.subscribe()
    except CallFailed:
        return None


def _look(view: View) -> None:
    """Show how far the run is; a queue that is dead just now is asked next time."""
    try:
        view.progress(Queue.stats.within(1.0)(QUEUE))
    except CallFailed:
        return


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
    summary.ticks = finished.ticks if summary.interrupted else plan.ticks
    summary.lost_ticks = summary.ticks - finished.pictures
