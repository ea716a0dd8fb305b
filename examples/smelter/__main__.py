"""Compose videos into one file, with supervised actors that may be killed while it is made.

    python3 -m examples smelter [INPUT …] [--size 640x360] [--rate 30] [--duration 20]
                                [--output FILE] [--overwrite] [--offline] [--crash] [--json]
    python3 -m examples smelter replay [--check] FILE …

The second form replays recorded scenarios of the queue, the mixer and the layout instead.
"""

from __future__ import annotations

import os
import sys

from actors import run, telemetry
from examples.smelter import replay
from examples.smelter.complaints import MediaError
from examples.smelter.director import direct
from examples.smelter.options import Request, parse
from examples.smelter.view import View

__all__ = ["main"]

FAILED, REFUSED, INTERRUPTED = 1, 2, 130


def main(argv: list[str]) -> int:
    """Run the command and return its exit code: 0, 1 (failed midway), 2 (refused), 130 (Ctrl-C)."""
    try:
        return _main(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _leave_pipes_alone()


def _main(argv: list[str]) -> int:
    if argv[:1] == ["replay"]:
        return replay.main(argv[1:])
    try:
        request = parse(argv)
    except MediaError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    return _make(request)


def _make(request: Request) -> int:
    view = View(request.plan, sys.stderr if request.json else sys.stdout)
    # The view shows what supervisors report; a log between its lines would only disturb.
    telemetry.set_reporter(None)
    code = 0
    try:
        with view.listening():
            run(direct, request, view)
    except KeyboardInterrupt:
        code = INTERRUPTED
    view.end()
    if request.json:
        view.show_json(sys.stdout)
    if code == 0 and not view.summary.finished:
        print(view.summary.failure, file=sys.stderr)
        code = FAILED
    return code


def _leave_pipes_alone() -> None:
    """Let nothing be written at the interpreter's exit to a pipe whose reader is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
