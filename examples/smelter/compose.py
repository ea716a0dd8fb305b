"""Pictures of many inputs into one: tiles in the order of the inputs, on black.

A pure function of what it is given: the same pictures, order and size make the same bytes. What
is kept between calls is only there for speed: swscale's tables for each input, and the scaled
form of the last picture of each input, because a slow source shows one picture for many ticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from av.video.reformatter import VideoReformatter

from examples.smelter.frames import picture_to_av, plane_views
from examples.smelter.layout import PixelRect, Rect, fit, pixels, tiles
from examples.smelter.pictures import BLACK, Colour, Picture, Plane, planes

__all__ = ["Compositor", "place_pictures"]

Planes = tuple[Plane, Plane, Plane]


def place_pictures(
    order: Sequence[str], pictures: Mapping[str, Picture | None], width: int, height: int
) -> dict[str, PixelRect]:
    """Say where each input is drawn: fitted inside its tile, in the middle.

    Args:
        order: the inputs; each has a tile, whether it has a picture or not.
        pictures: what there is to draw.
        width: of the output, even.
        height: of the output, even.

    Returns:
        A rectangle of even pixels for every input that has a picture.
    """
    places: dict[str, PixelRect] = {}
    for id, tile in zip(order, tiles(len(order), width, height).rects, strict=True):
        if (picture := pictures.get(id)) is not None:
            places[id] = pixels(_fitted(tile, picture), width, height)
    return places


def _fitted(tile: Rect, picture: Picture) -> Rect:
    return fit(tile, picture.width, picture.height)


@dataclass(frozen=True, slots=True)
class _Scaled:
    picture: Picture
    planes: Planes


class Compositor:
    """Draw one picture out of those of the inputs.

    Plain object for one process at a time; `render` computes for about a millisecond, mostly
    outside the interpreter's lock. Holds nothing that a successor would miss.

    Args:
        width: of the output, even.
        height: of the output, even.
        background: (Y, U, V) where no picture is.

    Example:
        >>> red = Picture.solid(64, 36, (63, 102, 240))
        >>> made = Compositor(128, 72).render(["a", "b"], {"a": red, "b": None})
        >>> made.y[36, 2], made.y[36, 100]
        (np.uint8(63), np.uint8(16))
    """

    def __init__(self, width: int, height: int, background: Colour = BLACK) -> None:
        self._background = Picture.solid(width, height, background)
        self._scalers: dict[str, VideoReformatter] = {}
        self._scaled: dict[str, _Scaled] = {}

    def render(self, order: Sequence[str], pictures: Mapping[str, Picture | None]) -> Picture:
        """Draw.

        Args:
            order: all inputs, each of which has a tile, in this order.
            pictures: what each shows now; an input that is missing or None leaves its tile empty.

        Returns:
            A new picture of the output's size.
        """
        width, height = self._background.width, self._background.height
        packed: Plane = np.array(self._background.packed)
        targets = planes(packed)
        for id, place in place_pictures(order, pictures, width, height).items():
            picture = pictures[id]
            if picture is not None and not place.is_empty:
                _draw(targets, place, self._scale(id, picture, place.width, place.height))
        self._forget_all_but(order)
        return Picture(packed)

    def _scale(self, id: str, picture: Picture, width: int, height: int) -> Planes:
        if (picture.width, picture.height) == (width, height):
            return picture.y, picture.u, picture.v
        kept = self._scaled.get(id)
        if kept is None or kept.picture is not picture or kept.planes[0].shape != (height, width):
            scaler = self._scalers.setdefault(id, VideoReformatter())
            frame = scaler.reformat(picture_to_av(picture), width, height, interpolation="BILINEAR")
            # The views keep the frame's buffers alive.
            kept = self._scaled[id] = _Scaled(picture, plane_views(frame))
        return kept.planes

    def _forget_all_but(self, order: Sequence[str]) -> None:
        for id in self._scalers.keys() - set(order):
            self._scalers.pop(id)
            self._scaled.pop(id, None)


def _draw(targets: Planes, place: PixelRect, source: Planes) -> None:
    for step, target, plane in zip((1, 2, 2), targets, source, strict=True):
        top, left = place.top // step, place.left // step
        target[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
