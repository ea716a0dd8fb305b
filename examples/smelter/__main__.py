"""Compose videos into one file, with supervised actors that may be killed while it is made.

    python3 -m examples smelter [INPUT …] [--size 640x360] [--rate 30] [--duration 20]
                                [--output FILE] [--overwrite] [--offline] [--apart] [--crash] [--json]
    python3 -m examples smelter --serve [INPUT …] [--port 8081] [--host ADDRESS --token-file FILE]
    python3 -m examples smelter replay [--check] FILE …

The second form serves a live pipeline over HTTP, with a page to look at it; the third one replays
recorded scenarios of the queue, the mixer and the layout. `API.md` beside this file is the HTTP API.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(argv: list[str]) -> int:
    """Run the command; see `command`."""
    try:
        # Here, because loading the codecs takes long enough for somebody to press Ctrl-C.
        if "--serve" in argv:
            from examples.smelter.web import serve  # noqa: PLC0415

            return serve.main(argv)
        from examples.smelter import command  # noqa: PLC0415

        return command.main(argv)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
