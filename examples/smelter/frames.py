"""Between our values and PyAV's frames: pictures and samples, in and out.

What comes in is made uniform here, once: planar 4:2:0, BT.709 limited range, square pixels, even
sides. A frame that does not say otherwise counts as BT.709 limited already; one tagged with other
coefficients, full range, another pixel format, oblong pixels or odd sides is converted by
swscale. Pixels are copied out of the frame, so the decoder gets its buffer back at once.
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

from examples.smelter.pictures import RATE, Picture, Plane, Sound, planes

__all__ = [
    "Uniform",
    "picture_from_av",
    "picture_to_av",
    "plane_views",
    "sound_from_av",
    "sound_to_av",
]

# Numbers of FFmpeg's AVColorSpace to those of swscale; what is missing here counts as BT.709.
# Plain numbers, because not every release of PyAV has names for all of them.
_COEFFICIENTS = {4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_BT709 = 1
_FULL_RANGE = 2


def plane_views(frame: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """Look at the planes of a yuv420p frame without copying; valid as long as the frame lives."""
    y, u, v = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
            : plane.height, : plane.width
        ]
        for plane in frame.planes
    )
    return y, u, v


def picture_from_av(frame: av.VideoFrame) -> Picture:
    """Copy a yuv420p frame with even sides."""
    packed = np.empty((frame.height * 3 // 2, frame.width), np.uint8)
    for target, source in zip(planes(packed), plane_views(frame), strict=True):
        target[:] = source
    return Picture(packed)


def picture_to_av(picture: Picture) -> av.VideoFrame:
    """Copy a picture into a new frame, tagged as BT.709 limited."""
    frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
    for target, source in zip(plane_views(frame), planes(picture.packed), strict=True):
        target[:] = source
    frame.colorspace, frame.color_range = _BT709, ColorRange.MPEG
    return frame


def sound_from_av(frame: av.AudioFrame) -> Sound:
    """Copy a planar float stereo frame as (count, 2)."""
    return cast("Sound", np.ascontiguousarray(frame.to_ndarray().T, dtype=np.float32))


def sound_to_av(sound: Sound, position: int) -> av.AudioFrame:
    """Copy samples into a new frame that begins at a sample."""
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound.T, dtype=np.float32), format="fltp", layout="stereo"
    )
    frame.sample_rate, frame.pts, frame.time_base = RATE, position, Fraction(1, RATE)
    return frame


class Uniform:
    """Make decoded frames uniform; keeps swscale's tables from frame to frame.

    Args:
        aspect: width of a pixel divided by its height.
    """

    def __init__(self, aspect: Fraction = Fraction(1)) -> None:
        self._aspect = aspect
        self._reformatter = VideoReformatter()

    def picture(self, frame: av.VideoFrame) -> Picture:
        """Convert one decoded frame."""
        width, height = self._even_square_size(frame)
        coefficients = _COEFFICIENTS.get(frame.colorspace, _BT709)
        full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
        is_uniform = (
            frame.format.name == "yuv420p"
            and (width, height) == (frame.width, frame.height)
            and coefficients == _BT709
            and not full
        )
        if is_uniform:
            return picture_from_av(frame)
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            "yuv420p",
            src_colorspace=coefficients,
            dst_colorspace=_BT709,
            src_color_range=ColorRange.JPEG if full or frame.format.is_rgb else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation="BILINEAR",
        )
        return picture_from_av(converted)

    def _even_square_size(self, frame: av.VideoFrame) -> tuple[int, int]:
        width = round(frame.width * self._aspect)
        return max(2, width // 2 * 2), max(2, frame.height // 2 * 2)
