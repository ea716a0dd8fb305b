"""Scenes: a tree of components, and where each of them lies in the output.

Four kinds of component: the picture of an input, a view with children beside each other or at
places of their own, a grid of tiles, and a rescaler around one child. `arrange` walks the tree
from the root and gives every component that has an id its rectangle. What is inside a scaled
child is scaled with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from examples.smelter.layout import Align, Rect, VerticalAlign, fit, tiles

__all__ = ["Component", "Input", "Padding", "Position", "Rescaler", "Tiles", "View", "arrange"]


@dataclass(frozen=True, slots=True)
class Padding:
    """Room kept free inside a view."""

    top: float = 0
    right: float = 0
    bottom: float = 0
    left: float = 0


@dataclass(frozen=True, slots=True)
class Position:
    """An absolute place inside the parent: one of left and right, one of top and bottom."""

    left: float | None = None
    top: float | None = None
    right: float | None = None
    bottom: float | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """The picture of an input, in its own size."""

    width: float
    height: float
    id: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Children side by side or below each other, or at places of their own."""

    children: tuple[Component, ...] = ()
    width: float | None = None
    """Without border and padding; None takes a share of the parent."""
    height: float | None = None
    direction: Literal["row", "column"] = "row"
    overflow: Literal["hidden", "visible", "fit"] = "hidden"
    padding: Padding = field(default_factory=Padding)
    border: float = 0
    position: Position | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Tiles:
    """Children in a grid of equal tiles."""

    children: tuple[Component, ...] = ()
    aspect: tuple[float, float] = (16, 9)
    margin: float = 0
    padding: float = 0
    horizontal_align: Align = "center"
    vertical_align: VerticalAlign = "center"
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Rescaler:
    """One child made to fit, or to fill, the box."""

    child: Component
    mode: Literal["fit", "fill"] = "fit"
    horizontal_align: Align = "center"
    vertical_align: VerticalAlign = "center"
    border: float = 0
    id: str | None = None


Component = Input | View | Tiles | Rescaler


@dataclass(frozen=True, slots=True)
class _Placed:
    component: Component
    left: float
    top: float
    width: float
    height: float
    scale: float = 1.0
    """Of everything inside; width and height are before scaling."""


def arrange(root: Component, width: float, height: float) -> dict[str, Rect]:
    """Lay a scene out.

    Args:
        root: the scene; it takes the size of the output.
        width: of the output, in pixels.
        height: of the output, in pixels.

    Returns:
        The rectangle, before any clipping, of every component with an id, the root's included.
    """
    found: dict[str, Rect] = {}
    waiting = [_Placed(root, 0.0, 0.0, width, height)]
    while waiting:
        parent = waiting.pop()
        if parent.component.id is not None:
            found[parent.component.id] = Rect(
                parent.left,
                parent.top,
                parent.width * parent.scale,
                parent.height * parent.scale,
            )
        waiting.extend(_to_output(parent, child) for child in _children(parent))
    return found


def _to_output(parent: _Placed, child: _Placed) -> _Placed:
    return _Placed(
        child.component,
        parent.left + child.left * parent.scale,
        parent.top + child.top * parent.scale,
        child.width,
        child.height,
        parent.scale * child.scale,
    )


def _children(parent: _Placed) -> Iterator[_Placed]:
    match parent.component:
        case Input():
            return iter(())
        case View() as view:
            return _in_view(view, parent.width, parent.height)
        case Tiles() as grid:
            return _in_tiles(grid, parent.width, parent.height)
        case Rescaler() as rescaler:
            return iter((_in_rescaler(rescaler, parent.width, parent.height),))


def _known_size(component: Component) -> tuple[float | None, float | None]:
    match component:
        case Input(width=width, height=height):
            return width, height
        case View(padding=padding, border=border) as view:
            # A view of explicit size also takes the room of its border and padding.
            across = 2 * border + padding.left + padding.right
            down = 2 * border + padding.top + padding.bottom
            return (
                None if view.width is None else view.width + across,
                None if view.height is None else view.height + down,
            )
        case _:
            return None, None


def _position(component: Component) -> Position | None:
    return component.position if isinstance(component, View) else None


def _in_view(view: View, width: float, height: float) -> Iterator[_Placed]:
    static = [child for child in view.children if _position(child) is None]
    sizes = _static_sizes(view, static, width - 2 * view.border, height - 2 * view.border)
    scale = _overflow_scale(view, sizes, width - 2 * view.border, height - 2 * view.border)
    running = view.border
    for child, (child_width, child_height) in zip(static, sizes, strict=True):
        left = (running if view.direction == "row" else view.border) + view.padding.left
        top = (view.border if view.direction == "row" else running) + view.padding.top
        running += (child_width if view.direction == "row" else child_height) * scale
        yield _Placed(child, left, top, child_width, child_height, scale)
    for child in view.children:
        if (place := _position(child)) is not None:
            yield _absolute(child, place, width, height)


def _static_sizes(
    view: View, children: Sequence[Component], width: float, height: float
) -> list[tuple[float, float]]:
    inner = (
        width - view.padding.left - view.padding.right,
        height - view.padding.top - view.padding.bottom,
    )
    known = [_known_size(child) for child in children]
    along = 0 if view.direction == "row" else 1
    unknown = sum(1 for size in known if size[along] is None)
    taken = sum(size[along] or 0 for size in known)
    share = max(0.0, (inner[along] - taken) / unknown) if unknown else 0.0
    default = (share, inner[1]) if along == 0 else (inner[0], share)
    return [(default[0] if w is None else w, default[1] if h is None else h) for w, h in known]


def _overflow_scale(
    view: View, sizes: Sequence[tuple[float, float]], width: float, height: float
) -> float:
    if view.overflow != "fit" or not sizes:
        return 1.0
    widths, heights = [w for w, _ in sizes], [h for _, h in sizes]
    row = view.direction == "row"
    across = sum(widths) if row else max(widths)
    down = max(heights) if row else sum(heights)
    return min(1.0, width / across if across else 1.0, height / down if down else 1.0)


def _absolute(child: Component, place: Position, width: float, height: float) -> _Placed:
    known = _known_size(child)
    child_width = width if known[0] is None else known[0]
    child_height = height if known[1] is None else known[1]
    left = place.left if place.left is not None else width - (place.right or 0) - child_width
    top = place.top if place.top is not None else height - (place.bottom or 0) - child_height
    return _Placed(child, left, top, child_width, child_height)


def _in_tiles(grid: Tiles, width: float, height: float) -> Iterator[_Placed]:
    placed = tiles(
        len(grid.children),
        width,
        height,
        aspect=grid.aspect,
        margin=grid.margin,
        padding=grid.padding,
        horizontal_align=grid.horizontal_align,
        vertical_align=grid.vertical_align,
    )
    for child, box in zip(grid.children, placed.rects, strict=True):
        if isinstance(child, Input):
            inside = fit(box, child.width, child.height)
            scale = inside.width / child.width if child.width else 0.0
            yield _Placed(child, inside.left, inside.top, child.width, child.height, scale)
        else:
            yield _Placed(child, box.left, box.top, box.width, box.height)


def _in_rescaler(rescaler: Rescaler, width: float, height: float) -> _Placed:
    border = rescaler.border
    box = (width - 2 * border, height - 2 * border)
    known = _known_size(rescaler.child)
    ratios = [room / size for room, size in zip(box, known, strict=True) if size]
    choose = min if rescaler.mode == "fit" else max
    scale = choose(ratios) if ratios else 1.0
    child_width = box[0] / scale if known[0] is None else known[0]
    child_height = box[1] / scale if known[1] is None else known[1]
    left = border + _aligned(box[0] - child_width * scale, rescaler.horizontal_align)
    top = border + _aligned(box[1] - child_height * scale, rescaler.vertical_align)
    return _Placed(rescaler.child, left, top, child_width, child_height, scale)


def _aligned(extra: float, align: str) -> float:
    match align:
        case "left" | "top":
            return 0.0
        case "right" | "bottom":
            return extra
        case _:
            return extra / 2
