"""The command: arguments in, exit code out, and what signals and closed pipes mean.

Ctrl-C ends the film where it is, and the file is complete up to there; SIGTERM does the same. A
second one ends at once. A reader of the output that goes away, such as `head`, disturbs nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from actors import run, telemetry
from examples.smelter import replay
from examples.smelter.complaints import MediaError
from examples.smelter.director import direct
from examples.smelter.options import Request, parse
from examples.smelter.view import View

__all__ = ["main"]

FAILED, REFUSED, INTERRUPTED, TERMINATED = 1, 2, 130, 143


def main(argv: list[str]) -> int:
    """Run the command.

    Args:
        argv: What stands behind the name of the command.

    Returns:
        0; 1 when it failed midway; 2 when it was refused, before anything started; 130 after
        Ctrl-C; 143 after SIGTERM.
    """
    try:
        return _main(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _leave_closed_pipes_alone()


def _main(argv: list[str]) -> int:
    if argv[:1] == ["replay"]:
        return replay.main(argv[1:])
    try:
        request = parse(argv)
    except MediaError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    out = sys.stderr if request.json else sys.stdout
    view = View(request.plan, out or io.StringIO())
    # The view shows what supervisors report; a log between its lines would only disturb.
    telemetry.set_reporter(None)
    with view.listening(), _terminable() as is_terminated:
        code = _make(request, view, is_terminated)
    view.end()
    if request.json and sys.stdout is not None:
        view.show_json(sys.stdout)
    if code == 0 and not view.summary.finished:
        print(view.summary.failure, file=sys.stderr)
        return FAILED
    return code


def _make(request: Request, view: View, is_terminated: Callable[[], bool]) -> int:
    try:
        run(direct, request, view, is_terminated)
    except KeyboardInterrupt:
        return INTERRUPTED
    return TERMINATED if is_terminated() else 0


@contextlib.contextmanager
def _terminable() -> Iterator[Callable[[], bool]]:
    """Take note of a first SIGTERM; yields who tells whether it came. A second one ends at once."""
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield came.is_set
        return

    def take_note(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        came.set()

    previous = signal.signal(signal.SIGTERM, take_note)
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGTERM, previous)


def _leave_closed_pipes_alone() -> None:
    """Let nothing be written at the interpreter's exit to a pipe whose reader is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
