"""Pixels: boxes, pictures and shadows put over each other on planar 4:2:0.

Most of what a scene draws is an opaque rectangle, which is a copy of three planes. Everything else
(round corners, soft shadows, opacity) is one blend under a mask, and masks are kept, because scenes
stand still most of the time. Places are rounded to even pixels, since a colour sample covers two by
two. Blending brightness and colour differences with the same weights is blending red, green and blue
as they are stored.

A mask is a signed distance: how far a pixel's centre is outside a rounded rectangle, faded over one
pixel, or over the blur of a shadow.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from examples.smelter.flatten import Item, Mask
from examples.smelter.layout import PixelRect, Rect, pixels
from examples.smelter.pictures import BLACK, Picture, Plane, planes, rgb_to_yuv
from examples.smelter.scene import Rgba

__all__ = ["Canvas", "Sprite", "rgba_of", "sprite_of", "visible"]

Planes: TypeAlias = tuple[Plane, Plane, Plane]
Weights: TypeAlias = NDArray[np.floating]
Pixels: TypeAlias = NDArray[np.uint8]

_KEPT_MASKS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """Something to draw in its final size: planes, and opacity if it is not all there."""

    planes: Planes
    alpha: Weights | None = None
    """(height, width), 0 to 1; None is opaque."""


class Canvas:
    """What is drawn on.

    Args:
        width: in pixels, even.
        height: in pixels, even.
        is_glass: whether it remembers how opaque it has become; it begins clear then.
    """

    def __init__(self, width: int, height: int, *, is_glass: bool = False) -> None:
        self.width, self.height = width, height
        self.packed: Plane = np.empty((height * 3 // 2, width), np.uint8)
        self.planes: Planes = planes(self.packed)
        for plane, value in zip(self.planes, BLACK, strict=True):
            plane[:] = value
        self.alpha: Weights | None = np.zeros((height, width), np.float32) if is_glass else None

    def picture(self) -> Picture:
        """Return what has been drawn; nothing can be drawn after."""
        return Picture(self.packed)

    def box(self, item: Item, masks: MaskStore) -> None:
        """Draw a box with its border, or a shadow."""
        if item.blur <= 0 and item.radius <= 0 and item.border <= 0 and not _is_round(item.masks):
            self._fill(visible(item.rect, item.masks, self.width, self.height), item.fill)
            return
        reach = item.blur / 2
        around = Rect(
            item.rect.left - reach,
            item.rect.top - reach,
            item.rect.width + item.blur,
            item.rect.height + item.blur,
        )
        place = visible(around, item.masks, self.width, self.height)
        if place.is_empty:
            return
        outer = Mask(item.rect, item.radius)
        if item.border <= 0 or item.border_colour[3] == 0:
            self._blend(place, item.fill, masks.weights(place, (outer, *item.masks), item.blur))
            return
        inner = Mask(_inset(item.rect, item.border), max(0.0, item.radius - item.border))
        cut = masks.weights(place, (outer, *item.masks), 0)
        inside = masks.weights(place, (inner, *item.masks), 0)
        self._blend(place, item.border_colour, np.clip(cut - inside, 0, 1))
        self._blend(place, item.fill, inside)

    def sprite(self, sprite: Sprite, place: PixelRect, item: Item, masks: MaskStore) -> None:
        """Draw a picture that has the size of its place."""
        weights = sprite.alpha
        if _is_round(item.masks):
            cut = masks.weights(place, item.masks, 0)
            weights = cut if weights is None else weights * cut
        for step, target, source in zip((1, 2, 2), self.planes, sprite.planes, strict=True):
            cut_out = _cut(target, place, step)
            if weights is None:
                cut_out[:] = source
            else:
                _mix_bands(cut_out, source, weights, masks.solid_rows(weights), step)
        self._cover(place, weights)

    def _fill(self, place: PixelRect, colour: Rgba) -> None:
        if place.is_empty or colour[3] == 0:
            return
        if colour[3] == 255:
            values = rgb_to_yuv(colour[:3])
            for step, target, value in zip((1, 2, 2), self.planes, values, strict=True):
                _cut(target, place, step)[:] = value
            self._cover(place, None)
            return
        self._blend(place, colour, np.ones((place.height, place.width), np.float32))

    def _blend(self, place: PixelRect, colour: Rgba, weights: Weights) -> None:
        if colour[3] == 0 or place.is_empty:
            return
        weights = weights * np.float32(colour[3] / 255)
        values = rgb_to_yuv(colour[:3])
        for step, target, value in zip((1, 2, 2), self.planes, values, strict=True):
            cut_out = _cut(target, place, step)
            _mix(cut_out, np.uint8(value), weights if step == 1 else _quarter(weights))
        self._cover(place, weights)

    def _cover(self, place: PixelRect, weights: Weights | None) -> None:
        if self.alpha is not None:
            cut_out = _cut_weights(self.alpha, place)
            cut_out[:] = 1 if weights is None else cut_out + weights * (1 - cut_out)


class MaskStore:
    """Masks that were computed a short while ago."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Weights] = OrderedDict()
        self._solid: OrderedDict[int, tuple[Weights, tuple[int, int]]] = OrderedDict()

    def solid_rows(self, weights: Weights) -> tuple[int, int]:
        """Return the rows, from one to another, in which all is opaque."""
        found = self._solid.get(id(weights))
        if found is None or found[0] is not weights:
            found = self._solid[id(weights)] = (weights, _solid_rows(weights))
            if len(self._solid) > _KEPT_MASKS:
                self._solid.popitem(last=False)
        return found[1]

    def weights(self, place: PixelRect, masks: tuple[Mask, ...], blur: float) -> Weights:
        """Return how much is seen of each pixel of a place; the blur belongs to the first mask."""
        key = (place, masks, blur)
        found = self._kept.get(key)
        if found is None:
            found = _weights(place, masks[0], blur)
            for mask in masks[1:]:
                found = found * _weights(place, mask, 0)
            found.setflags(write=False)
            self._kept[key] = found
            if len(self._kept) > _KEPT_MASKS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


def _solid_rows(weights: Weights) -> tuple[int, int]:
    """Return the longest run of even rows, from the middle outward, in which nothing is blended."""
    solid = weights.min(axis=1) >= 1
    middle = len(solid) // 4 * 2
    if not solid[middle : middle + 2].all():
        return middle, middle
    above = np.flatnonzero(~solid[:middle])
    below = np.flatnonzero(~solid[middle:])
    first = int(above[-1]) + 1 if len(above) else 0
    last = middle + int(below[0]) if len(below) else len(solid)
    return (first + 1) // 2 * 2, last // 2 * 2


def _mix_bands(
    target: Plane, source: Plane, weights: Weights, solid: tuple[int, int], step: int
) -> None:
    """Blend above and below the rows that can be copied: round corners are most of it."""
    first, last = solid[0] // step, solid[1] // step
    target[first:last] = source[first:last]
    for rows in (slice(0, first), slice(last, len(target))):
        if rows.stop > rows.start:
            part = weights[rows.start * step : rows.stop * step]
            _mix(target[rows], source[rows], part if step == 1 else _quarter(part))


def _weights(place: PixelRect, mask: Mask, blur: float) -> Weights:
    """Return the coverage of a rounded rectangle in each pixel of a place."""
    rect = mask.rect
    radius = max(0.0, min(mask.radius, rect.width / 2, rect.height / 2))
    x = np.arange(place.left, place.left + place.width, dtype=np.float32) + 0.5
    y = np.arange(place.top, place.top + place.height, dtype=np.float32) + 0.5
    across = np.abs(x - (rect.left + rect.width / 2)) - (rect.width / 2 - radius)
    down = np.abs(y - (rect.top + rect.height / 2)) - (rect.height / 2 - radius)
    outside = np.hypot(np.maximum(across, 0)[np.newaxis, :], np.maximum(down, 0)[:, np.newaxis])
    inside = np.minimum(np.maximum(across[np.newaxis, :], down[:, np.newaxis]), 0)
    distance = outside + inside - radius
    half = max(1.0, blur) / 2
    t = np.clip((distance + half) / (2 * half), 0, 1)
    faded: Weights = (1 - t * t * (3 - 2 * t)).astype(np.float32)
    return faded


def visible(rect: Rect, masks: tuple[Mask, ...], width: int, height: int) -> PixelRect:
    """Return the even pixels of a rectangle that lie inside the output and all masks."""
    left, top, right, bottom = rect.left, rect.top, rect.left + rect.width, rect.top + rect.height
    for mask in masks:
        left, top = max(left, mask.rect.left), max(top, mask.rect.top)
        right = min(right, mask.rect.left + mask.rect.width)
        bottom = min(bottom, mask.rect.top + mask.rect.height)
    return pixels(Rect(left, top, max(0.0, right - left), max(0.0, bottom - top)), width, height)


def _is_round(masks: tuple[Mask, ...]) -> bool:
    return any(mask.radius > 0 for mask in masks)


def _inset(rect: Rect, by: float) -> Rect:
    return Rect(
        rect.left + by, rect.top + by, max(0, rect.width - 2 * by), max(0, rect.height - 2 * by)
    )


def _cut(plane: Plane, place: PixelRect, step: int) -> Plane:
    bottom, right = place.top + place.height, place.left + place.width
    return plane[place.top // step : bottom // step, place.left // step : right // step]


def _cut_weights(plane: Weights, place: PixelRect) -> Weights:
    return plane[place.top : place.top + place.height, place.left : place.left + place.width]


def _quarter(weights: Weights) -> Weights:
    """Return the weight of each two by two pixels."""
    quarter: Weights = (
        weights[::2, ::2] + weights[1::2, ::2] + weights[::2, 1::2] + weights[1::2, 1::2]
    ) * np.float32(0.25)
    return quarter


def _mix(target: Plane, source: Plane | np.uint8, weights: Weights) -> None:
    below = target.astype(np.float32)
    above = source.astype(np.float32)
    target[:] = np.rint(below + (above - below) * weights)


# -- red, green, blue and opacity ------------------------------------------------------------------


def sprite_of(rgba: Pixels) -> Sprite:
    """Convert (height, width, 4) bytes with even sides to what can be drawn."""
    r, g, b = (rgba[:, :, channel].astype(np.float32) / 255 for channel in range(3))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    u = -0.1146 * r - 0.3854 * g + 0.5 * b
    v = 0.5 * r - 0.4542 * g - 0.0458 * b
    is_opaque = bool((rgba[:, :, 3] == 255).all())
    alpha = None if is_opaque else rgba[:, :, 3].astype(np.float32) / np.float32(255)
    blue, red = (_bytes((_shared(plane, alpha) + 0.5) * 224 + 16) for plane in (u, v))
    return Sprite((_bytes(y * 219 + 16), blue, red), alpha)


def _shared(plane: Weights, alpha: Weights | None) -> Weights:
    """Return the value of each two by two pixels; a clear one has no part in it."""
    if alpha is None:
        return _quarter(plane)
    shared: Weights = _quarter(plane * alpha) / np.maximum(_quarter(alpha), np.float32(1e-6))
    return shared


def rgba_of(canvas: Canvas) -> Pixels:
    """Convert what was drawn on a glass canvas to (height, width, 4) bytes."""
    y, u, v = (plane.astype(np.float32) for plane in canvas.planes)
    luma = (y - 16) / 219
    blue, red = (
        np.repeat(np.repeat((plane - 16) / 224 - 0.5, 2, axis=0), 2, axis=1) for plane in (u, v)
    )
    alpha = np.ones_like(luma) if canvas.alpha is None else canvas.alpha
    # What lies on clear glass was drawn over black: take the black out again.
    share = np.maximum(alpha, np.float32(1 / 255))
    channels = (luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue)
    made = [_bytes(channel / share * 255) for channel in channels]
    rgba: Pixels = np.stack([*made, _bytes(alpha * 255)], axis=2)
    return rgba


def _bytes(values: Weights) -> Plane:
    made: Plane = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return made
