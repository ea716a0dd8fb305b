"""The values media cross processes in: a picture, a frame, a run of samples.

All are frozen and their arrays read-only, and say so (`shareable`), so a message carries a reference
and nobody copies. A picture is planar YUV 4:2:0 with BT.709 coefficients in the limited range (black
is 16, 128, 128), from the decoder through the compositor to the encoder. Times are whole nanoseconds.

Also here, because it belongs to what a picture means: colour conversion between RGB and those
bytes.

Source: ITU-R BT.709; H.264 Annex E for the limited range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.isolation import shareable

__all__ = [
    "BLACK",
    "RATE",
    "SECOND",
    "Colour",
    "Frame",
    "Picture",
    "Plane",
    "Samples",
    "Sound",
    "rgb_to_yuv",
    "samples_to_ns",
    "yuv_to_rgb",
]

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

RATE = 48_000
"""Samples in a second, everywhere between the decoder and the encoder."""

Plane = NDArray[np.uint8]
Sound = NDArray[np.float32]
Colour = tuple[int, int, int]

BLACK: Colour = (16, 128, 128)
"""Black as (Y, U, V)."""


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture, immutable; two pictures are equal only if they are the same object.

    Example:
        >>> picture = Picture.solid(4, 2, (16, 128, 128))
        >>> picture.width, picture.height, picture.u.tolist()
        (4, 2, [[128, 128]])
    """

    packed: Plane
    """The three planes one after the other, as (height * 3 / 2, width) bytes. The picture takes
    the array over and makes it read-only. Width and height are even."""

    def __post_init__(self) -> None:
        rows, width = self.packed.shape
        if self.packed.dtype != np.uint8 or rows % 3 or width % 2 or not self.packed.size:
            raise ValueError(
                f"a picture is (height * 3 / 2, width) bytes with even sides,"
                f" not {self.packed.dtype} {self.packed.shape}"
            )
        self.packed.setflags(write=False)

    @classmethod
    def solid(cls, width: int, height: int, colour: Colour) -> Picture:
        """Make a picture of one colour.

        Args:
            width: in pixels, even.
            height: in pixels, even.
            colour: (Y, U, V) bytes.
        """
        packed = np.empty((height * 3 // 2, width), np.uint8)
        for plane, value in zip(planes(packed), colour, strict=True):
            plane[:] = value
        return cls(packed)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.packed.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.packed.shape[0]) * 2 // 3

    @property
    def y(self) -> Plane:
        """Brightness, (height, width)."""
        return planes(self.packed)[0]

    @property
    def u(self) -> Plane:
        """Blue difference, (height / 2, width / 2)."""
        return planes(self.packed)[1]

    @property
    def v(self) -> Plane:
        """Red difference, (height / 2, width / 2)."""
        return planes(self.packed)[2]


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture of an input with its time."""

    pts: int
    """Nanoseconds from the input's zero."""

    picture: Picture
    """What is to be seen from then on."""


@shareable
@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A run of sound; stereo at 48 kHz, unless it comes from somebody who does not convert."""

    start: int
    """Nanoseconds from the zero of the one it comes from."""

    sound: Sound
    """(count, 2) floats, left and right, nominally within -1 … 1; made read-only. Or (count, 1)."""

    rate: int = RATE
    """Samples in a second."""

    def __post_init__(self) -> None:
        shape = self.sound.shape
        if len(shape) != 2 or shape[1] not in {1, 2} or self.sound.dtype != np.float32:
            raise ValueError(
                f"samples are (count, 2) float32, not {self.sound.dtype} {self.sound.shape}"
            )
        if self.rate < 1:
            raise ValueError(f"a rate is samples in a second, not {self.rate}")
        self.sound.setflags(write=False)

    @property
    def count(self) -> int:
        """Samples per channel."""
        return int(self.sound.shape[0])

    @property
    def duration(self) -> int:
        """In nanoseconds."""
        return samples_to_ns(self.count, self.rate)

    @property
    def end(self) -> int:
        """Nanoseconds at which it is over."""
        return self.start + self.duration


def planes(packed: Plane) -> tuple[Plane, Plane, Plane]:
    """Cut a packed picture into its Y, U and V plane (views, nothing is copied)."""
    rows, width = packed.shape
    height = rows * 2 // 3
    flat = packed.reshape(-1)
    area, quarter = width * height, width * height // 4
    small = (height // 2, width // 2)
    return (
        flat[:area].reshape(height, width),
        flat[area : area + quarter].reshape(small),
        flat[area + quarter :].reshape(small),
    )


def samples_to_ns(count: int, rate: int = RATE) -> int:
    """Convert a number of samples to nanoseconds, rounded to the nearest.

    Example:
        >>> samples_to_ns(960)
        20000000
    """
    return (count * SECOND + rate // 2) // rate


def rgb_to_yuv(rgb: Colour) -> Colour:
    """Convert full-range RGB bytes to limited-range BT.709 bytes.

    Example:
        >>> rgb_to_yuv((255, 0, 0))
        (63, 102, 240)
    """
    r, g, b = (value / 255 for value in rgb)
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    u = -0.1146 * r - 0.3854 * g + 0.5 * b
    v = 0.5 * r - 0.4542 * g - 0.0458 * b
    return _byte(y * 219 + 16), _byte((u + 0.5) * 224 + 16), _byte((v + 0.5) * 224 + 16)


def yuv_to_rgb(yuv: tuple[float, float, float]) -> Colour:
    """Convert limited-range BT.709 bytes (or means of such) to full-range RGB bytes.

    Example:
        >>> yuv_to_rgb((235, 128, 128))
        (255, 255, 255)
    """
    y, u, v = (yuv[0] - 16) / 219, (yuv[1] - 16) / 224 - 0.5, (yuv[2] - 16) / 224 - 0.5
    r, g, b = y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u
    return _byte(r * 255), _byte(g * 255), _byte(b * 255)


def _byte(value: float) -> int:
    return min(255, max(0, int(value + 0.5)))
