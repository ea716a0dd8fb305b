"""Images and written words as arrays of red, green, blue and opacity; the door to Pillow.

An image is decoded once, when it is registered; an animated one keeps all its frames and shows them
by the time of the output, again from the beginning when it is over. A text is written once and kept
as long as its component stays the same.

Fonts: Pillow brings one along; another is named by its file.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageSequence, UnidentifiedImageError

from actors.isolation import shareable
from examples.smelter.complaints import ImageRefused, SceneRefused
from examples.smelter.offsets import MILLISECOND, Ns
from examples.smelter.scene import Component, Text
from examples.smelter.scene_rules import MOST_PIXELS as MOST_WRITTEN
from examples.smelter.scene_rules import components

__all__ = [
    "Pixels",
    "Still",
    "check_texts",
    "kind_of_image",
    "load_image",
    "resized",
    "text_pixels",
    "text_size",
]

Pixels = NDArray[np.uint8]
"""(height, width, 4): red, green, blue, opacity."""

FORMATS = ("PNG", "JPEG", "GIF")

MOST_PIXELS = 64_000_000
"""Of all frames of an image together."""

LONGEST_TEXT = 4000
"""Characters of one text."""

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, struct.error)
"""What Pillow raises for images that are not as they should be."""

_SHORTEST: Ns = 20 * MILLISECOND
_USUAL: Ns = 100 * MILLISECOND


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A decoded image; more than one frame if it moves."""

    frames: tuple[Pixels, ...]
    """Read-only, all of one size."""
    ends: tuple[Ns, ...]
    """When each frame is over, from the beginning."""

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.frames[0].shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.frames[0].shape[0])

    @property
    def is_animated(self) -> bool:
        """Whether it looks different at different times."""
        return len(self.frames) > 1

    def frame(self, now: Ns) -> Pixels:
        """Return what it shows at a time."""
        return self.frames[bisect_right(self.ends, now % self.ends[-1])]


def load_image(name: str, data: bytes) -> Still:
    """Decode a png, jpeg or gif.

    Args:
        name: for the complaint.
        data: the content of the file.

    Raises:
        ImageRefused: it is none of these, damaged, or too large.
    """
    with _opened(name, data) as opened:
        count = getattr(opened, "n_frames", 1)
        if opened.width * opened.height * count > MOST_PIXELS:
            raise ImageRefused(
                name, f"{count} x {opened.width}x{opened.height} pixels are too many"
            )
        frames, durations = zip(*_frames(opened), strict=True)
    return Still(tuple(frames), tuple(accumulate(durations)))


def kind_of_image(name: str, data: bytes) -> str:
    """Return what a file is: ``"png"``, ``"jpeg"`` or ``"gif"``; looks at its beginning alone.

    Raises:
        ImageRefused: it is none of these.
    """
    with _opened(name, data) as opened:
        return str(opened.format).lower()


@contextmanager
def _opened(name: str, data: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            yield opened
    except UnidentifiedImageError:
        raise ImageRefused(name, f"is none of {', '.join(FORMATS)}") from None
    except (*_DAMAGED, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused(name, f"cannot be decoded ({error})") from error


def _frames(opened: Image.Image) -> Iterator[tuple[Pixels, Ns]]:
    for frame in ImageSequence.Iterator(opened):
        pixels = np.array(frame.convert("RGBA"))
        pixels.setflags(write=False)
        asked = round(frame.info.get("duration", 0) * MILLISECOND)
        # As browsers do: what asks for hardly any time at all means the usual one.
        yield pixels, asked if asked >= _SHORTEST else _USUAL


def resized(
    pixels: Pixels,
    width: int,
    height: int,
    part: tuple[float, float, float, float] | None = None,
) -> Pixels:
    """Scale pixels; opacity is taken into account, so edges keep their colour.

    Args:
        pixels: what to scale.
        width: of the result.
        height: of the result.
        part: left, top, right and bottom of what is wanted of it; None is all.
    """
    if part is None and pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(pixels, "RGBA").convert("RGBa")
    scaled = image.resize((width, height), Image.Resampling.BILINEAR, part).convert("RGBA")
    return np.array(scaled)


# -- words -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lines:
    lines: tuple[str, ...]
    width: int
    height: int
    step: float


def check_texts(scene: Component) -> None:
    """Refuse a scene with a text that cannot be written. It is written, and kept for later.

    Raises:
        SceneRefused: its font cannot be read, or it is too much.
    """
    for where, one in components(scene):
        if isinstance(one, Text):
            _check_text(where, one)


def _check_text(where: str, text: Text) -> None:
    if len(text.text) > LONGEST_TEXT:
        accepted = f"a text of at most {LONGEST_TEXT} characters"
        raise SceneRefused(f"{where}.text", text.text, accepted)
    try:
        width, height = text_size(text)
        if width * height > MOST_WRITTEN:
            accepted = f"a text of at most {MOST_WRITTEN} pixels"
            raise SceneRefused(where, f"{width}x{height}", accepted)
        text_pixels(text)
    except ImageRefused as refused:
        raise SceneRefused(f"{where}.font_family", text.font, f"a font ({refused.why})") from None
    except (OSError, ValueError) as error:
        raise SceneRefused(f"{where}.text", text.text, f"what can be written ({error})") from None


def text_size(text: Text) -> tuple[int, int]:
    """Return the size of a text in pixels: as asked for, or as its lines need, in even numbers."""
    laid = _laid_out(text)
    return laid.width, laid.height


@lru_cache(maxsize=64)
def text_pixels(text: Text) -> Pixels:
    """Write a text."""
    laid, font = _laid_out(text), _font(text.font, text.size)
    image = Image.new("RGBA", (laid.width, laid.height), text.background)
    ink = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(ink)
    for number, line in enumerate(laid.lines):
        top = round(number * laid.step + (laid.step - text.size) / 2)
        for word, left in _in_line(text, line, laid, is_last=number == len(laid.lines) - 1):
            pen.text((left, top), word, fill=255, font=font)
    colour = Image.new("RGBA", image.size, text.colour)
    if text.colour[3] < 255:
        ink = ink.point(lambda value: value * text.colour[3] // 255)
    colour.putalpha(ink)
    image.alpha_composite(colour)
    pixels = np.array(image)
    pixels.setflags(write=False)
    return pixels


def _in_line(text: Text, line: str, laid: _Lines, *, is_last: bool) -> Iterator[tuple[str, float]]:
    """Yield what is written of one line, and how far from the left."""
    font = _font(text.font, text.size)
    words = line.split()
    if text.align == "justified" and len(words) > 1 and not is_last:
        widths = [font.getlength(word) for word in words]
        space = (laid.width - sum(widths)) / (len(words) - 1)
        for number, word in enumerate(words):
            yield word, sum(widths[:number]) + number * space
        return
    extra = laid.width - font.getlength(line)
    yield line, {"right": extra, "center": extra / 2}.get(text.align, 0.0)


@lru_cache(maxsize=64)
def _laid_out(text: Text) -> _Lines:
    limit = text.width if text.width is not None else text.max_width
    lines = [
        part
        for line in (text.text.split("\n") if text.text else [])
        for part in _wrapped(text, line, limit)
    ]
    font = _font(text.font, text.size)
    step = text.line_height or text.size
    needed = max((font.getlength(line) for line in lines), default=0.0)
    # A letter hangs below its line by about a quarter of its size.
    hanging = text.size / 4 if lines else 0.0
    width = text.width if text.width is not None else min(needed, text.max_width)
    tall = min(len(lines) * step + hanging, text.max_height)
    height = text.height if text.height is not None else tall
    return _Lines(tuple(lines), _even(width), _even(height), step)


def _wrapped(text: Text, line: str, limit: float) -> list[str]:
    font = _font(text.font, text.size)
    if text.wrap == "none" or font.getlength(line) <= limit:
        return [line]
    return _filled(font, line.split() if text.wrap == "word" else list(line), limit, text.wrap)


def _filled(
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    parts: Sequence[str],
    limit: float,
    wrap: str,
) -> list[str]:
    between = " " if wrap == "word" else ""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}{between}{part}" if lines[-1] else part
        if lines[-1] and font.getlength(longer) > limit:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def _even(length: float) -> int:
    return max(2, -(-round(length + 0.499) // 2) * 2)


@lru_cache(maxsize=32)
def _font(name: str | None, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if name is None:
        return ImageFont.load_default(size)
    try:
        if Path(name).exists() and not Path(name).is_file():
            # A pipe, for instance, would be waited for.
            raise ImageRefused(name, "is no font, and no file")
        return ImageFont.truetype(name, size)
    except (OSError, ValueError) as error:
        raise ImageRefused(name, f"is no font that can be read ({error})") from error
