"""From a scene whose components have their places to a flat list of what is drawn, back to front.

A shadow lies behind everything that its siblings draw. A view that hides what sticks out, and every
rescaler, puts a mask over what is inside it; masks of all parents apply. Borders, corners and blurs
are scaled with what they belong to. What cannot be seen is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from examples.smelter.arrange import Placed
from examples.smelter.layout import Rect
from examples.smelter.scene import (
    CLEAR,
    Component,
    Rescaler,
    Rgba,
    Shadow,
    Tiles,
    View,
    is_layout,
)

__all__ = ["MOST_ITEMS", "MOST_MASKS", "Item", "Mask", "flatten"]

MOST_ITEMS = 100
"""What is drawn at most; the rest is left out."""

MOST_MASKS = 20
"""How many masks one item can have; the innermost ones count."""


FARTHEST = 1e9
"""Pixels; nothing that is further away, or larger, can be seen."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A rounded rectangle outside of which nothing is seen."""

    rect: Rect
    radius: float


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to draw."""

    rect: Rect
    picture: Component | None = None
    """What to draw; None is a box."""
    radius: float = 0
    fill: Rgba = CLEAR
    """Of a box, inside its border."""
    border: float = 0
    border_colour: Rgba = CLEAR
    blur: float = 0
    """Of a shadow: over how many pixels its edge fades."""
    masks: tuple[Mask, ...] = ()


def flatten(placed: Placed, width: float, height: float) -> list[Item]:
    """Return what is to be drawn of a scene, back to front.

    Args:
        placed: the root at its place.
        width: of the output; what begins beyond it is left out.
        height: of the output.
    """
    items: list[Item] = []
    everything = (*_shadows(placed, ()), *_items(placed, ()))
    for item in everything:
        if len(items) < MOST_ITEMS and _is_seen(item, width, height):
            items.append(item)
    return items


def _items(placed: Placed, masks: tuple[Mask, ...]) -> Iterator[Item]:
    component = placed.component
    if not is_layout(component):
        yield Item(placed.rect, component, masks=masks)
        return
    yield _box(placed, masks)
    inner = masks
    if isinstance(component, Rescaler) or (
        isinstance(component, View) and component.overflow != "visible"
    ):
        corner = max(0.0, component.radius - component.border) * placed.scale
        inner = (*masks, Mask(placed.content, corner))[-MOST_MASKS:]
    for child in placed.children:
        yield from _shadows(child, inner)
    for child in placed.children:
        yield from _items(child, inner)


def _box(placed: Placed, masks: tuple[Mask, ...]) -> Item:
    match placed.component:
        case View() as view:
            return _bordered(placed, view, view.background, masks)
        case Rescaler() as rescaler:
            return _bordered(placed, rescaler, CLEAR, masks)
        case Tiles(background=background):
            return Item(placed.rect, fill=background, masks=masks)
        case _:
            return Item(placed.rect, masks=masks)


def _bordered(
    placed: Placed, box: View | Rescaler, background: Rgba, masks: tuple[Mask, ...]
) -> Item:
    wide = box.border * placed.scale
    return Item(
        placed.rect,
        radius=box.radius * placed.scale,
        fill=background,
        # A thinner line would only be a grey one.
        border=wide if wide >= 1 else 0.0,
        border_colour=box.border_colour,
        masks=masks,
    )


def _shadows(placed: Placed, masks: tuple[Mask, ...]) -> Iterator[Item]:
    component = placed.component
    if not isinstance(component, View | Rescaler):
        return
    for shadow in component.shadows:
        yield _shadow(placed, shadow, component.radius, masks)


def _shadow(placed: Placed, shadow: Shadow, radius: float, masks: tuple[Mask, ...]) -> Item:
    scale, rect = placed.scale, placed.rect
    return Item(
        Rect(rect.left + shadow.x * scale, rect.top + shadow.y * scale, rect.width, rect.height),
        radius=radius * scale,
        fill=shadow.colour,
        blur=shadow.blur * scale,
        masks=masks,
    )


def _is_seen(item: Item, width: float, height: float) -> bool:
    rect, reach = item.rect, item.blur / 2
    # Scales inside scales may lead beyond what is a number.
    if not (0 < rect.width < FARTHEST and 0 < rect.height < FARTHEST):
        return False
    if not (abs(rect.left) < FARTHEST and abs(rect.top) < FARTHEST):
        return False
    if rect.left - reach >= width or rect.top - reach >= height:
        return False
    if rect.left + rect.width + reach <= 0 or rect.top + rect.height + reach <= 0:
        return False
    has_border = item.border > 0 and item.border_colour[3] > 0
    return item.picture is not None or item.fill[3] > 0 or has_border
