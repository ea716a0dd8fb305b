"""Where things go: pure arithmetic on rectangles, no pixels and no pictures.

`tiles` divides the output among the inputs; `fit` places a picture inside its tile; `pixels` is
the one place where fractions become whole, even pixels, which planar 4:2:0 needs because a colour
sample covers two by two pixels. Scenes of several kinds of component are in `scene`.

Which arrangement of n tiles is taken: for every number of rows r, c = ceil(n / r) columns are
needed and the tile is as large as both directions allow; the widest tile wins, the fewest rows on
a tie. What is left over is shared out by alignment, horizontally in each row by itself, so that a
short last row sits where the alignment says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Align", "Grid", "PixelRect", "Rect", "VerticalAlign", "fit", "pixels", "tiles"]

Align = Literal["left", "center", "right", "justified"]
VerticalAlign = Literal["top", "center", "bottom", "justified"]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in output pixels, not yet whole ones."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class PixelRect:
    """A rectangle of whole, even pixels inside the output."""

    left: int
    top: int
    width: int
    height: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.width <= 0 or self.height <= 0


@dataclass(frozen=True, slots=True)
class Grid:
    """What `tiles` decided."""

    rows: int
    """Rows; 0 if there is nothing to place."""

    columns: int
    """Columns of a full row."""

    rects: tuple[Rect, ...]
    """One rectangle per tile, row by row."""


def tiles(
    count: int,
    width: float,
    height: float,
    *,
    aspect: tuple[float, float] = (16, 9),
    margin: float = 0,
    padding: float = 0,
    horizontal_align: Align = "center",
    vertical_align: VerticalAlign = "center",
) -> Grid:
    """Divide a box into equal tiles, as large as possible.

    Args:
        count: how many tiles.
        width: of the box, in pixels.
        height: of the box, in pixels.
        aspect: the shape of a tile.
        margin: between the tiles and around them, in pixels.
        padding: kept free inside every cell, on all four sides, in pixels.
        horizontal_align: where each row sits in what is left over.
        vertical_align: where the rows sit in what is left over.

    Returns:
        The grid with one rectangle per tile.

    Example:
        >>> tiles(2, 640, 360).rects[1]
        Rect(left=320.0, top=90.0, width=320.0, height=180.0)
    """
    if count <= 0:
        return Grid(0, 0, ())
    scale, rows, columns = _best_grid(count, width, height, aspect, margin, padding)
    tile = (aspect[0] * scale, aspect[1] * scale)
    lines = _spread(rows, tile[1], height, margin, padding, vertical_align)
    rects: list[Rect] = []
    for top in lines:
        in_row = min(columns, count - len(rects))
        lefts = _spread(in_row, tile[0], width, margin, padding, horizontal_align)
        rects.extend(Rect(left, top, *tile) for left in lefts)
    return Grid(rows, columns, tuple(rects))


def _best_grid(
    count: int,
    width: float,
    height: float,
    aspect: tuple[float, float],
    margin: float,
    padding: float,
) -> tuple[float, int, int]:
    best = (-1.0, 1, count)
    for rows in range(1, count + 1):
        columns = -(-count // rows)
        across = max(0.0, width - 2 * padding * columns - margin * (columns + 1)) / columns
        down = max(0.0, height - 2 * padding * rows - margin * (rows + 1)) / rows
        scale = min(across / aspect[0], down / aspect[1])
        # Two arrangements that are equal on paper may differ in the last bit; the first stays.
        if scale > best[0] * (1 + 1e-9):
            best = (scale, rows, columns)
    return best


def _spread(
    count: int, size: float, box: float, margin: float, padding: float, align: str
) -> list[float]:
    extra = box - (size + 2 * padding) * count - margin * (count + 1)
    before, between = 0.0, 0.0
    match align:
        case "center":
            before = extra / 2
        case "right" | "bottom":
            before = extra
        case "justified":
            before = between = extra / (count + 1)
    step = size + margin + 2 * padding + between
    return [margin + padding + before + step * index for index in range(count)]


def fit(box: Rect, width: float, height: float) -> Rect:
    """Place a picture inside a box: as large as it fits, its shape kept, in the middle.

    Example:
        >>> fit(Rect(0, 0, 320, 180), 360, 640)
        Rect(left=109.375, top=0.0, width=101.25, height=180.0)
    """
    if width <= 0 or height <= 0:
        return Rect(box.left + box.width / 2, box.top + box.height / 2, 0, 0)
    scale = min(box.width / width, box.height / height)
    return Rect(
        box.left + (box.width - width * scale) / 2,
        box.top + (box.height - height * scale) / 2,
        width * scale,
        height * scale,
    )


def pixels(rect: Rect, width: int, height: int) -> PixelRect:
    """Round a rectangle to even pixels and cut it to the output.

    Each edge is rounded by itself, so rectangles that touch still touch.

    Args:
        rect: the exact rectangle.
        width: of the output, even.
        height: of the output, even.

    Example:
        >>> pixels(Rect(213.333, 60, 213.333, 120), 640, 360)
        PixelRect(left=214, top=60, width=212, height=120)
    """
    left, right = _even(rect.left, width), _even(rect.left + rect.width, width)
    top, bottom = _even(rect.top, height), _even(rect.top + rect.height, height)
    return PixelRect(left, top, right - left, bottom - top)


def _even(edge: float, limit: int) -> int:
    # What is not even a number lies nowhere.
    if not edge > 0:
        return 0
    if edge >= limit:
        return limit
    # Edges that are equal on paper may differ in the last bit, just where rounding turns.
    return min(limit, 2 * int(round(edge, 6) / 2 + 0.5))
