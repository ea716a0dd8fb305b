"""Supervisors start crashed workers again: the three strategies, and what is too often.

    python3 -m examples let_it_crash                  on a terminal: choose, kill, watch
    python3 -m examples let_it_crash --script         three small trees, as a plain log
    python3 -m examples let_it_crash --picture FILE   a moment of the live form, as SVG

A supervisor is a process that starts others, its children, and starts them again when they crash. Its
strategy says who else is started again along with the crashed one. When that happens too often it
gives up, and its own supervisor deals with it in the same way.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from actors import run, telemetry
from actors.testing import VirtualClock
from examples._screen import can_draw, reading_keys, save_picture
from examples.let_it_crash import live, script

__all__ = ["main"]

SHOWN = "^^^^r1vvvvvh2vvvr1"
"""The keys that are pressed for the picture; a digit waits for so many seconds."""


def main(argv: list[str]) -> int:
    options = ArgumentParser("let_it_crash")
    options.add_argument("--script", action="store_true", help="play a script, as a plain log")
    options.add_argument("--picture", type=Path, metavar="FILE", help="draw a moment as SVG")
    given = options.parse_args(argv)
    before = telemetry.set_reporter(None)
    try:
        return _show(given.picture, is_live=can_draw(sys.stdout) and not given.script)
    except KeyboardInterrupt:  # Ctrl-C has ended all processes, in order, before this line
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        telemetry.set_reporter(before)


def _show(picture: Path | None, *, is_live: bool) -> int:
    if picture is not None:
        telemetry.set_reporter(live.listen)
        # On a virtual clock nobody waits, and the picture is always the same.
        frame = run(live.rehearse, SHOWN, clock=VirtualClock())
        assert frame is not None
        save_picture(frame, picture)
    elif is_live:
        telemetry.set_reporter(live.listen)
        with reading_keys():
            run(live.play)
    else:
        run(script.show_all)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
