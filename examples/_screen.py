"""The door to rich: draw frames on the terminal, in one place, or into a picture."""

from __future__ import annotations

import os
import re
import select
import shutil
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from examples._frame import Frame

__all__ = ["WIDTH", "Screen", "can_draw", "keys_in", "next_keys", "reading_keys", "save_picture"]

WIDTH, HEIGHT = 80, 24
"""The smallest terminal that is drawn on; the usual size."""
PICTURE_WIDTH = 100

KEYS = {"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b": "escape"}
"""What a terminal sends for keys that have no letter."""


def can_draw(out: TextIO) -> bool:
    """Tell whether this is a terminal that can be drawn on, with somebody who can press keys.

    One that is only too small is told so, on its standard error.
    """
    if not (out.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    size = shutil.get_terminal_size()
    if size.columns >= WIDTH and size.lines >= HEIGHT:
        return True
    here = f"{size.columns} x {size.lines}"
    print(f"no room to draw: {WIDTH} x {HEIGHT} is needed, here is {here}", file=sys.stderr)
    return False


class Screen:
    """The whole terminal, until it is closed."""

    def __init__(self, out: TextIO) -> None:
        self._live = Live(
            console=Console(file=out, highlight=False), screen=True, auto_refresh=False
        )
        self._live.start()

    def show(self, frame: Frame) -> None:
        self._live.update(_drawn(frame), refresh=True)

    def close(self) -> None:
        """Give the terminal back as it was."""
        self._live.stop()


def save_picture(frame: Frame, path: Path) -> None:
    """Draw a frame into an SVG file."""
    console = Console(
        file=StringIO(), record=True, width=PICTURE_WIDTH, highlight=False, force_terminal=True
    )
    console.print(_drawn(frame))
    svg = console.export_svg(title=frame.title, unique_id="frame")
    # A picture that loads nothing from elsewhere, such as a font.
    svg = re.sub(r"@font-face {.*?}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono, Menlo")
    path.write_text(re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE), encoding="utf-8")


def _drawn(frame: Frame) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="bold underline")
    for column in frame.columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    for row in frame.rows:
        cells = [Text(cell.text, cell.style) for cell in row.cells]
        table.add_row(*cells, style="reverse" if row.is_chosen else "")
    log = [Text(line.text, line.style, no_wrap=True, overflow="ellipsis") for line in frame.log]
    log += [Text() for _ in range(frame.log_lines - len(log))]
    return Panel(Group(table, *log, Text(frame.foot, "dim")), title=frame.title, expand=True)


@contextmanager
def reading_keys() -> Iterator[None]:
    """Have keys arrive one by one and unseen; Ctrl-C stays what it is."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def next_keys(seconds: float) -> list[str]:
    """Block until keys are pressed, at most so long; return their letters or names."""
    stdin = sys.stdin.fileno()
    if not select.select([stdin], [], [], seconds)[0]:
        return []
    return keys_in(os.read(stdin, 64).decode(errors="replace"))


def keys_in(pressed: str) -> list[str]:
    """Take apart what a terminal has sent: of quick fingers, several keys at once."""
    return [KEYS.get(key, key) for key in re.findall(r"\x1b[\[O].|.", pressed, flags=re.DOTALL)]
