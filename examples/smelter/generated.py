"""Test input made of arithmetic: a colour, a moving bar, a tone. Needs no file and never ends.

The name decides the colour and the pitch, the time decides where the bar is; nothing else does,
so a reader that goes on at some time gives exactly what its predecessor would have given. The
lower fifth belongs to the bar, everything above is the plain colour.
"""

from __future__ import annotations

import colorsys
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np

from examples.smelter.inputs import AudioInfo, InputInfo, Item, VideoInfo
from examples.smelter.pictures import (
    RATE,
    SECOND,
    Colour,
    Frame,
    Picture,
    Plane,
    Samples,
    planes,
    rgb_to_yuv,
    samples_to_ns,
)

__all__ = ["GeneratedSource", "colour_of", "generated_info", "is_generated", "pitch_of"]

PREFIX = "test:"
WIDTH, HEIGHT, FRAME_RATE = 640, 360, 30
CHUNK = 960
"""Samples in one run: 20 ms."""
SWEEP = 2 * SECOND
"""The bar crosses the picture in this time."""
LOUDNESS = 0.25
_GOLDEN = 0.618033988749895


def is_generated(name: str) -> bool:
    """Tell whether an input's name asks for generated media."""
    return name.startswith(PREFIX)


def colour_of(name: str) -> Colour:
    """Choose the colour of a test input, as (Y, U, V).

    Names whose letters add up to neighbouring numbers, such as ``test:a`` and ``test:b``, get hues
    far apart.
    """
    hue = (_number(name) * _GOLDEN) % 1.0
    r, g, b = colorsys.hsv_to_rgb(hue, 0.85, 0.85)
    return rgb_to_yuv((round(r * 255), round(g * 255), round(b * 255)))


def pitch_of(name: str) -> int:
    """Choose the tone of a test input, in whole hertz between 220 and 660."""
    return 220 + 20 * (_number(name) * 7 % 23)


def _number(name: str) -> int:
    return sum(name.removeprefix(PREFIX).encode())


def generated_info(name: str) -> InputInfo:
    """Describe a test input."""
    return InputInfo(
        name=name,
        container="generated",
        video=VideoInfo("generated", WIDTH, HEIGHT, Fraction(FRAME_RATE), None),
        audio=AudioInfo("generated", RATE, 2, None),
        zero=Fraction(0),
        duration=None,
    )


class GeneratedSource:
    """Read a test input, from any time on; frames 30 times a second, samples every 20 ms.

    Args:
        name: ``test:`` or ``test:NAME``.
        start: nanoseconds; what begins earlier is not given.
    """

    def __init__(self, name: str, start: int = 0) -> None:
        self._info = generated_info(name)
        self._frame = -(-start * FRAME_RATE // SECOND)
        self._chunk = -(-start * RATE // (SECOND * CHUNK))
        self._base = Picture.solid(WIDTH, HEIGHT, colour_of(name)).packed
        self._pitch = pitch_of(name)

    @property
    def info(self) -> InputInfo:
        """What is being read."""
        return self._info

    def read(self) -> Item:
        """Give the next frame or run of samples, whichever is earlier; there is always one."""
        pts = (self._frame * SECOND + FRAME_RATE // 2) // FRAME_RATE
        start = samples_to_ns(self._chunk * CHUNK)
        if pts <= start:
            self._frame += 1
            return Frame(pts, self._picture(pts))
        self._chunk += 1
        return Samples(start, self._tone((self._chunk - 1) * CHUNK))

    def _picture(self, pts: int) -> Picture:
        packed: Plane = np.array(self._base)
        y, u, v = planes(packed)
        left = (pts % SWEEP) * (WIDTH // 2) // SWEEP * 2
        for step, plane, value in zip((1, 2, 2), (y, u, v), (235, 128, 128), strict=True):
            plane[HEIGHT * 4 // 5 // step :, left // step : (left + 32) // step] = value
        return Picture(packed)

    def _tone(self, position: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        # The pitch is a whole number, so the wave repeats after one second and phases stay exact.
        turns = (np.arange(position, position + CHUNK) % RATE) * (self._pitch / RATE)
        wave = (LOUDNESS * np.sin(2 * np.pi * turns)).astype(np.float32)
        return np.stack([wave, wave], axis=1)

    def close(self) -> None:
        """Do nothing; there is no file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
