"""Where everything in a scene is: the mathematics of views, tiles and rescalers. No pixels.

`arrange` walks a scene from its root, which takes the size of the output, and gives every component
its rectangle. What is inside a scaled child is scaled with it, borders and corners too. Pictures
have a size of their own, which is asked for; an input without a picture has none and takes no room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from examples.smelter.layout import Rect, fit, tiles
from examples.smelter.scene import Component, Position, Rescaler, Tiles, View, is_layout
from examples.smelter.transition import Grid, Key, TilesMotion, keys_of

__all__ = ["Placed", "SizeOf", "arrange", "grids", "rectangles"]

SizeOf: TypeAlias = Callable[[Component], tuple[float, float]]
"""Tells the size of a picture."""


TINY = 1e-6
"""Pixels; what is smaller is not made larger."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A component at its place."""

    component: Component
    rect: Rect
    """In pixels of the output, before any clipping."""
    scale: float
    """By which everything inside is scaled."""
    children: tuple[Placed, ...] = ()
    key: Key | None = None
    """Who it is among tiles."""

    @property
    def content(self) -> Rect:
        """What is inside the border: children that may not stick out are cut off there."""
        match self.component:
            case View(border=border) | Rescaler(border=border):
                wide = border * self.scale
                return Rect(
                    self.rect.left + wide,
                    self.rect.top + wide,
                    max(0.0, self.rect.width - 2 * wide),
                    max(0.0, self.rect.height - 2 * wide),
                )
            case _:
                return self.rect


@dataclass(frozen=True, slots=True)
class _Inside:
    """A child in the measures of its parent, before scaling."""

    component: Component
    left: float
    top: float
    width: float
    height: float
    scale: float = 1.0
    key: Key | None = None


def arrange(
    root: Component,
    width: float,
    height: float,
    size_of: SizeOf,
    motions: Mapping[str, TilesMotion] | None = None,
) -> Placed:
    """Lay a scene out.

    Args:
        root: the scene; it takes the size of the output.
        width: of the output, in pixels.
        height: of the output, in pixels.
        size_of: asked for the size of every picture.
        motions: tiles on the way, by the id of their component.

    Returns:
        The root at its place, with everything inside it.

    Example:
        >>> from examples.smelter.scene import Input
        >>> scene = Rescaler(Input("a", id="a"))
        >>> rectangles(arrange(scene, 640, 360, lambda _: (360, 640)))["a"]
        Rect(left=218.75, top=0.0, width=202.5, height=360.0)
    """
    return _Arranging(size_of, motions or {}).place(_Inside(root, 0.0, 0.0, width, height), None)


def rectangles(placed: Placed) -> dict[str, Rect]:
    """Return the rectangle of every component with an id, the root's included."""
    found = {} if placed.component.id is None else {placed.component.id: placed.rect}
    for child in placed.children:
        found |= rectangles(child)
    return found


def grids(placed: Placed) -> dict[str, Grid]:
    """Return where the tiles are, relative to their boxes, for every `Tiles` with an id."""
    found: dict[str, Grid] = {}
    component = placed.component
    if isinstance(component, Tiles) and component.id is not None and placed.scale:
        scale, box = placed.scale, placed.rect
        rects = {
            child.key: Rect(
                (child.rect.left - box.left) / scale,
                (child.rect.top - box.top) / scale,
                child.rect.width / scale,
                child.rect.height / scale,
            )
            for child in placed.children
            if child.key is not None
        }
        found[component.id] = Grid(box.width / scale, box.height / scale, rects)
    for child in placed.children:
        found |= grids(child)
    return found


class _Arranging:
    """One walk through a scene."""

    def __init__(self, size_of: SizeOf, motions: Mapping[str, TilesMotion]) -> None:
        self._size_of = size_of
        self._motions = motions

    def place(self, inside: _Inside, parent: Placed | None) -> Placed:
        """Turn a child into output pixels, with everything inside it."""
        scale = inside.scale if parent is None else parent.scale * inside.scale
        outer = 1.0 if parent is None else parent.scale
        left, top = (0.0, 0.0) if parent is None else (parent.rect.left, parent.rect.top)
        rect = Rect(
            left + inside.left * outer,
            top + inside.top * outer,
            inside.width * scale,
            inside.height * scale,
        )
        placed = Placed(inside.component, rect, scale, key=inside.key)
        children = self._children(inside.component, inside.width, inside.height)
        return replace(placed, children=tuple(self.place(one, placed) for one in children))

    def _children(self, component: Component, width: float, height: float) -> Iterator[_Inside]:
        match component:
            case View():
                return self._in_view(component, width, height)
            case Tiles():
                return self._in_tiles(component, width, height)
            case Rescaler():
                return iter((self._in_rescaler(component, width, height),))
            case _:
                return iter(())

    def _known_size(self, component: Component) -> tuple[float | None, float | None]:
        match component:
            case View(padding=padding, border=border):
                # A view of explicit size also takes the room of its border and padding.
                across = 2 * border + padding.left + padding.right
                down = 2 * border + padding.top + padding.bottom
            case Rescaler(border=border):
                across = down = 2 * border
            case Tiles():
                across = down = 0
            case _:
                return self._size_of(component)
        width, height = component.width, component.height
        return (
            None if width is None else width + across,
            None if height is None else height + down,
        )

    def _in_view(self, view: View, width: float, height: float) -> Iterator[_Inside]:
        inner = (width - 2 * view.border, height - 2 * view.border)
        static = [child for child in view.children if _position(child) is None]
        sizes = self._static_sizes(view, static, *inner)
        scale = _overflow_scale(view, sizes, *inner)
        is_row = view.direction == "row"
        running = view.border
        for child, (child_width, child_height) in zip(static, sizes, strict=True):
            left = (running if is_row else view.border) + view.padding.left
            top = (view.border if is_row else running) + view.padding.top
            running += (child_width if is_row else child_height) * scale
            yield _Inside(child, left, top, child_width, child_height, scale)
        for child in view.children:
            if (place := _position(child)) is not None:
                yield self._absolute(child, place, width, height)

    def _static_sizes(
        self, view: View, children: Sequence[Component], width: float, height: float
    ) -> list[tuple[float, float]]:
        inner = (
            width - view.padding.left - view.padding.right,
            height - view.padding.top - view.padding.bottom,
        )
        known = [self._known_size(child) for child in children]
        along = 0 if view.direction == "row" else 1
        unknown = sum(1 for size in known if size[along] is None)
        taken = sum(size[along] or 0 for size in known)
        share = max(0.0, (inner[along] - taken) / unknown) if unknown else 0.0
        full = max(0.0, inner[1 - along])
        default = (share, full) if along == 0 else (full, share)
        return [(default[0] if w is None else w, default[1] if h is None else h) for w, h in known]

    def _absolute(self, child: Component, place: Position, width: float, height: float) -> _Inside:
        known = self._known_size(child)
        child_width = width if known[0] is None else known[0]
        child_height = height if known[1] is None else known[1]
        left = place.left if place.left is not None else width - (place.right or 0) - child_width
        top = place.top if place.top is not None else height - (place.bottom or 0) - child_height
        return _Inside(child, left, top, child_width, child_height)

    def _in_tiles(self, grid: Tiles, width: float, height: float) -> Iterator[_Inside]:
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
        motion = self._motions.get(grid.id) if grid.id is not None else None
        for key, child, end in zip(keys_of(grid), grid.children, placed.rects, strict=True):
            box = end if motion is None else motion.rect(key, end, width, height)
            if box is None:
                continue
            if is_layout(child):
                yield _Inside(child, box.left, box.top, box.width, box.height, key=key)
            else:
                yield self._fitted(child, box, key)

    def _fitted(self, child: Component, box: Rect, key: Key) -> _Inside:
        width, height = self._size_of(child)
        inside = fit(box, width, height)
        scale = inside.width / width if width > TINY else 0.0
        return _Inside(child, inside.left, inside.top, width, height, scale, key)

    def _in_rescaler(self, rescaler: Rescaler, width: float, height: float) -> _Inside:
        border = rescaler.border
        box = (max(0.0, width - 2 * border), max(0.0, height - 2 * border))
        known = self._known_size(rescaler.child)
        ratios = [
            room / size for room, size in zip(box, known, strict=True) if size and size > TINY
        ]
        choose = min if rescaler.mode == "fit" else max
        scale = choose(ratios) if ratios else 1.0
        child_width = _room(box[0], scale) if known[0] is None else known[0]
        child_height = _room(box[1], scale) if known[1] is None else known[1]
        left = border + _aligned(box[0] - child_width * scale, rescaler.horizontal_align)
        top = border + _aligned(box[1] - child_height * scale, rescaler.vertical_align)
        return _Inside(rescaler.child, left, top, child_width, child_height, scale)


def _position(component: Component) -> Position | None:
    return component.position if isinstance(component, View | Rescaler) else None


def _overflow_scale(
    view: View, sizes: Sequence[tuple[float, float]], width: float, height: float
) -> float:
    if view.overflow != "fit" or not sizes:
        return 1.0
    widths, heights = [w for w, _ in sizes], [h for _, h in sizes]
    row = view.direction == "row"
    across = sum(widths) if row else max(widths)
    down = max(heights) if row else sum(heights)
    return max(0.0, min(1.0, width / across if across else 1.0, height / down if down else 1.0))


def _room(room: float, scale: float) -> float:
    return room / scale if scale else room


def _aligned(extra: float, align: str) -> float:
    match align:
        case "left" | "top":
            return 0.0
        case "right" | "bottom":
            return extra
        case _:
            return extra / 2
