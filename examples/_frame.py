"""What a demonstration wants to show, as plain values; `_screen` draws them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Cell", "Frame", "Row"]


@dataclass(frozen=True)
class Cell:
    """A piece of text and its style, such as `"bold red"`."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    cells: tuple[Cell, ...]
    is_chosen: bool = False


@dataclass(frozen=True)
class Frame:
    """All there is to see at one moment."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    log: tuple[Cell, ...]
    """What has happened, the newest last."""
    log_lines: int
    """How many lines the log takes, full or not."""
    foot: str
    """What the keys do, or how far it is."""
