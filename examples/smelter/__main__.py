"""Compose videos into one file, with supervised actors that may be killed while it is made.

`python3 -m examples smelter [INPUT …] [--size 640x360] [--rate 30] [--duration 20] [--output FILE] [--offline]
[--crash] [--json]`; `replay [--check] FILE …` replays recorded scenarios of the queue instead.
"""

from __future__ import annotations

import sys

from actors import run
from examples.smelter import replay
from examples.smelter.complaints import MediaError
from examples.smelter.director import direct
from examples.smelter.options import parse
from examples.smelter.view import View

__all__ = ["main"]

REFUSED = 2
INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run the command and return its exit code: 0, 1 (failed midway), 2 (refused), 130 (Ctrl-C)."""
    if argv[:1] == ["replay"]:
        return replay.main(argv[1:])
    try:
        request = parse(argv)
    except MediaError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    view = View(request.plan, sys.stderr if request.json else sys.stdout)
    code = 0
    try:
        run(direct, request, view)
    except KeyboardInterrupt:
        code = INTERRUPTED
    view.end(as_json=request.json)
    if code == 0 and not view.summary.finished:
        code = 1
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
