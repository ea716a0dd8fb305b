"""The picture of one output: its scene, drawn with what the inputs show at a tick.

A function of what it is given: the same scene, pictures and time make the same bytes. What is kept
between calls is there for speed (scaled pictures, masks, the last result while nothing changes) and
for movements, which set out from the last picture drawn; those are in its `memory`, a frozen value
with which a successor goes on.

A shader is a Python function of arrays: it gets the pictures of its children as (height, width, 4)
bytes of red, green, blue and opacity, the size to make, its parameter and the time in seconds, and
returns such an array, or one without opacity.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from av.video.reformatter import VideoReformatter

from examples.smelter.arrange import Placed, arrange, grids
from examples.smelter.draw import Canvas, MaskStore, Pixels, Planes, Sprite, rgba_of, sprite_of
from examples.smelter.draw import visible as visible_part
from examples.smelter.flatten import Item, flatten
from examples.smelter.frames import picture_to_av, plane_views
from examples.smelter.layout import PixelRect, Rect, pixels
from examples.smelter.offsets import SECOND, Ns, minus
from examples.smelter.pictures import Picture, planes
from examples.smelter.scene import Component, Image, Input, Shader, Text, walk
from examples.smelter.sprites import Still, resized, text_pixels, text_size
from examples.smelter.transition import Grid, Memory, at, update

__all__ = ["FALLBACK", "Assets", "Compositor", "Scaling", "Shading", "is_fresh"]

FALLBACK: Ns = 3 * SECOND
"""A frame that is repeated for longer counts as no picture at all."""

Shading: TypeAlias = Callable[[Sequence[Pixels | None], tuple[int, int], object, float], Pixels]
"""What a shader is."""

_KEPT = 64


def is_fresh(frame: Ns, now: Ns, timeout: Ns = FALLBACK) -> bool:
    """Tell whether a frame may still be shown, though it is repeated since its own pts."""
    return frame >= minus(now, timeout)


@dataclass(slots=True)
class Assets:
    """What scenes can name beside inputs."""

    images: dict[str, Still] = field(default_factory=dict)
    shaders: dict[str, Shading] = field(default_factory=dict)
    failed: Callable[[str, str], None] = lambda shader, why: None
    """Told the shader and the reason when one raises or makes no pixels; its place stays clear."""


@dataclass(frozen=True, slots=True, eq=False)
class _Scaled:
    picture: Picture
    planes: Planes


class Scaling:
    """Pictures in the sizes that were needed last; may be shared by the outputs of one process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, _Scaled] = OrderedDict()
        self._scalers: dict[object, VideoReformatter] = {}

    def scaled(self, name: str, picture: Picture, window: PixelRect, size: PixelRect) -> Planes:
        """Return a part of an input's picture in another size.

        Args:
            name: of the input.
            picture: what it shows.
            window: the part, in its pixels.
            size: of the result.
        """
        key = (name, window, size.width, size.height)
        kept = self._kept.get(key)
        if kept is not None and kept.picture is picture:
            return kept.planes
        made = self._make(key, _cropped(picture, window), size)
        self._kept[key] = _Scaled(picture, made)
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            oldest, _ = self._kept.popitem(last=False)
            self._scalers.pop(oldest, None)
        return made

    def _make(self, key: object, picture: Picture, size: PixelRect) -> Planes:
        if (picture.width, picture.height) == (size.width, size.height):
            return planes(picture.packed)
        scaler = self._scalers.setdefault(key, VideoReformatter())
        frame = scaler.reformat(
            picture_to_av(picture), size.width, size.height, interpolation="BILINEAR"
        )
        # The views keep the frame's buffers alive.
        return plane_views(frame)


def _cropped(picture: Picture, window: PixelRect) -> Picture:
    if (window.width, window.height) == (picture.width, picture.height):
        return picture
    packed = np.empty((window.height * 3 // 2, window.width), np.uint8)
    for step, target, source in zip((1, 2, 2), planes(packed), planes(picture.packed), strict=True):
        bottom, right = window.top + window.height, window.left + window.width
        target[:] = source[window.top // step : bottom // step, window.left // step : right // step]
    return Picture(packed)


class Compositor:
    """Draw one output. A plain object for one process at a time.

    Args:
        width: of the output, even.
        height: of the output, even.
        memory: its scene, and what moves in it.
        assets: images and shaders; those of the scene are looked up at every picture.
        scaling: shared with other outputs, if wanted.

    Example:
        >>> from examples.smelter.scene import tiles_of
        >>> red = Picture.solid(64, 36, (63, 102, 240))
        >>> made = Compositor(128, 72, Memory(tiles_of(("a", "b")))).render({"a": red}, 0)
        >>> made.y[36, 2], made.y[36, 100]
        (np.uint8(63), np.uint8(16))
    """

    def __init__(
        self,
        width: int,
        height: int,
        memory: Memory,
        assets: Assets | None = None,
        scaling: Scaling | None = None,
    ) -> None:
        self.width, self.height = width, height
        self.memory = memory
        self._assets = assets or Assets()
        self._scaling = scaling or Scaling()
        self._masks = MaskStore()
        self._sprites: OrderedDict[object, tuple[Pixels, Sprite | None]] = OrderedDict()
        self._sizes: dict[str, tuple[float, float]] = {}
        self._last: tuple[Component, tuple[Picture | None, ...], Picture] | None = None

    def update(self, scene: Component, now: Ns) -> None:
        """Take a new scene; what can move sets out from where it was at a time."""
        self.memory = update(self.memory, scene, now, self._measure)

    def _measure(self, memory: Memory, now: Ns) -> Mapping[str, Grid]:
        scene, motions = at(memory, now)
        return grids(arrange(scene, self.width, self.height, self._size_of, motions))

    def render(self, pictures: Mapping[str, Picture | None], now: Ns) -> Picture:
        """Draw the scene.

        Args:
            pictures: what each input shows; one that is missing or None is transparent and, where
                its size matters, takes no room.
            now: pts of the picture.

        Returns:
            A picture of the output's size; the one before, if nothing has changed since.
        """
        shown = {name: one for name, one in pictures.items() if one is not None}
        self._sizes = {name: (one.width, one.height) for name, one in shown.items()}
        scene, motions = at(self.memory, now)
        seen = tuple(shown.get(one.input) for one in walk(scene) if isinstance(one, Input))
        is_still = not motions and not any(map(self._is_moving, walk(scene)))
        if is_still and self._last is not None and self._is_same(scene, seen):
            return self._last[2]
        placed = arrange(scene, self.width, self.height, self._size_of, motions)
        canvas = Canvas(self.width, self.height)
        self._draw(canvas, placed, shown, now)
        made = canvas.picture()
        self._last = (scene, seen, made) if is_still else None
        return made

    def _is_same(self, scene: Component, seen: tuple[Picture | None, ...]) -> bool:
        assert self._last is not None
        before, drawn, _ = self._last
        return (
            before == scene
            and len(seen) == len(drawn)
            and all(one is other for one, other in zip(seen, drawn, strict=True))
        )

    def _is_moving(self, component: Component) -> bool:
        match component:
            case Shader():
                return True
            case Image(image=name):
                found = self._assets.images.get(name)
                # One that is not there now may be there at the next picture.
                return found is None or found.is_animated
            case _:
                return False

    def forget_assets(self) -> None:
        """Look at images and shaders anew, because some have changed."""
        self._last = None

    def _size_of(self, component: Component) -> tuple[float, float]:
        match component:
            case Input(input=name):
                return self._sizes.get(name, (0, 0))
            case Text():
                return text_size(component)
            case Shader(width=width, height=height):
                return width, height
            case Image(image=name):
                return _image_size(component, self._assets.images.get(name))
            case _:
                return 0, 0

    # -- drawing ----------------------------------------------------------------------------------

    def _draw(self, canvas: Canvas, placed: Placed, shown: Mapping[str, Picture], now: Ns) -> None:
        for item in flatten(placed, canvas.width, canvas.height):
            if item.picture is None:
                canvas.box(item, self._masks)
                continue
            place = visible_part(item.rect, item.masks, canvas.width, canvas.height)
            if not place.is_empty:
                sprite = self._sprite(item.picture, item, place, shown, now)
                if sprite is not None:
                    canvas.sprite(sprite, place, item, self._masks)

    def _sprite(
        self,
        component: Component,
        item: Item,
        place: PixelRect,
        shown: Mapping[str, Picture],
        now: Ns,
    ) -> Sprite | None:
        if isinstance(component, Input):
            picture = shown.get(component.input)
            if picture is None:
                return None
            window = _window(item.rect, place, picture.width, picture.height)
            return Sprite(self._scaling.scaled(component.input, picture, window, place))
        drawn = self._pixels(component, shown, now)
        if drawn is None:
            return None
        if isinstance(component, Shader):
            return _fitted(drawn, item.rect, place)
        key = (component, item.rect, place)
        kept = self._sprites.get(key)
        if kept is not None and kept[0] is drawn:
            return kept[1]
        sprite = _fitted(drawn, item.rect, place)
        self._sprites[key] = (drawn, sprite)
        if len(self._sprites) > _KEPT:
            self._sprites.popitem(last=False)
        return sprite

    def _pixels(self, component: Component, shown: Mapping[str, Picture], now: Ns) -> Pixels | None:
        match component:
            case Text():
                return text_pixels(component)
            case Image(image=name):
                still = self._assets.images.get(name)
                return None if still is None else still.frame(now)
            case Shader():
                return self._shade(component, shown, now)
            case _:
                return None

    def _shade(self, shader: Shader, shown: Mapping[str, Picture], now: Ns) -> Pixels | None:
        function = self._assets.shaders.get(shader.shader)
        if function is None:
            return None
        size = (round(shader.width) // 2 * 2, round(shader.height) // 2 * 2)
        sources = [self._texture(child, shown, now) for child in shader.children]
        try:
            return _checked(function(sources, size, shader.param, now / SECOND), size)
        except Exception as error:  # noqa: BLE001
            # A function of the user's, called for every picture: letting the compositor die of it
            # would take the other outputs along, twice for each set.
            self._assets.failed(shader.shader, f"{type(error).__name__}: {error}")
            return None

    def _texture(self, child: Component, shown: Mapping[str, Picture], now: Ns) -> Pixels | None:
        width, height = self._texture_size(child)
        if width < 2 or height < 2:
            return None
        canvas = Canvas(width, height, is_glass=True)
        self._draw(canvas, arrange(child, width, height, self._size_of), shown, now)
        return rgba_of(canvas)

    def _texture_size(self, child: Component) -> tuple[int, int]:
        width, height = (
            (child.width or 0, child.height or 0)
            if not isinstance(child, Input | Text | Image)
            else self._size_of(child)
        )
        return round(width) // 2 * 2, round(height) // 2 * 2


def _fitted(drawn: Pixels, rect: Rect, place: PixelRect) -> Sprite | None:
    """Bring pixels to the size of their rectangle and cut out what is seen."""
    whole = pixels_of(rect)
    if (whole.width, whole.height) == (place.width, place.height):
        return sprite_of(resized(drawn, whole.width, whole.height))
    # Only what is seen is scaled: the whole of it may be larger than any memory.
    high, wide = drawn.shape[:2]
    across, down = wide / whole.width, high / whole.height
    left, top = (place.left - whole.left) * across, (place.top - whole.top) * down
    right, bottom = left + place.width * across, top + place.height * down
    if not (0 <= left < right and 0 <= top < bottom):
        return None
    part = (left, top, min(right, wide), min(bottom, high))
    return sprite_of(resized(drawn, place.width, place.height, part))


def _checked(made: object, size: tuple[int, int]) -> Pixels:
    """Return what a shader made, with opacity.

    Raises:
        TypeError: it made something else than pixels of its size.
    """
    pixels = np.asarray(made)
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[:2] != (size[1], size[0]):
        raise TypeError(f"{size[0]}x{size[1]} pixels of bytes were wanted, not {pixels.shape}")
    match pixels.shape[2]:
        case 4:
            return pixels
        case 3:
            opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
            return np.concatenate([pixels, opaque], axis=2)
        case other:
            raise TypeError(f"3 or 4 bytes a pixel were wanted, not {other}")


def pixels_of(rect: Rect) -> PixelRect:
    """Round a rectangle to even pixels without cutting it to any output."""
    far = 1 << 14
    moved = pixels(Rect(rect.left + far, rect.top + far, rect.width, rect.height), 4 * far, 4 * far)
    return PixelRect(moved.left - far, moved.top - far, max(2, moved.width), max(2, moved.height))


def _window(rect: Rect, place: PixelRect, width: int, height: int) -> PixelRect:
    """Return the part of a picture that is seen where only a part of its rectangle is."""
    whole = pixels_of(rect)
    if (whole.width, whole.height) == (place.width, place.height):
        return PixelRect(0, 0, width, height)
    left = (place.left - rect.left) / rect.width * width
    top = (place.top - rect.top) / rect.height * height
    across, down = place.width / rect.width * width, place.height / rect.height * height
    cut = pixels(Rect(left, top, across, down), width, height)
    wide, high = max(2, cut.width), max(2, cut.height)
    return PixelRect(min(cut.left, width - wide), min(cut.top, height - high), wide, high)


def _image_size(image: Image, still: Still | None) -> tuple[float, float]:
    if still is None:
        return image.width or 0, image.height or 0
    match image.width, image.height:
        case None, None:
            return still.width, still.height
        case float() | int() as width, None:
            return width, width * still.height / still.width
        case None, float() | int() as height:
            return height * still.width / still.height, height
        case width, height:
            return width or 0, height or 0
