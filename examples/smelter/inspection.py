"""Look into a finished file: counts, times and colours, as a player would find them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer

from examples.smelter.frames import plane_views
from examples.smelter.layout import PixelRect
from examples.smelter.pictures import RATE, SECOND, Colour

__all__ = ["FileSummary", "colour_at", "inspect_output"]


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What a file holds."""

    width: int
    height: int
    video_frames: int
    """Pictures that were decoded."""
    video_pts_increase: bool
    """Whether each picture has a later pts than the one before."""
    video_duration: int
    """Nanoseconds from zero to the end of the last picture."""
    video_ticks: tuple[Fraction, ...]
    """The pts of all pictures, in seconds."""
    audio_samples: int
    """Samples the track lasts, without the encoder's opening delay."""
    audio_decoded: int
    """Samples that came out of the decoder; up to 1023 more, the padding of the last packet."""
    audio_pts_increase: bool
    audio_is_contiguous: bool
    """Whether each audio packet begins where the one before ends."""
    audio_duration: int
    """Nanoseconds from zero to the end of the sound."""
    is_fragmented: bool
    """Whether the file has no index of its own, because its writer was killed."""


def inspect_output(path: str | Path) -> FileSummary:
    """Decode a file from beginning to end and count.

    Raises:
        av.FFmpegError: it is not a readable film.
    """
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        is_fragmented = video.frames == 0
        width, height = video.width, video.height
        sound: list[tuple[int, int]] = []
        decoded = 0
        for packet in container.demux(audio):
            if packet.is_corrupt:
                # The last packet of a file whose disk was full may be there in part.
                continue
            if packet.pts is not None:
                sound.append((packet.pts, packet.duration or 0))
            decoded += sum(frame.samples for frame in packet.decode())
    with av.open(str(path)) as container:
        pictures, length = _video_times(container)
    heard = sum(duration for pts, duration in sound if pts >= 0)
    end = max((pts + duration for pts, duration in sound), default=0)
    return FileSummary(
        width=width,
        height=height,
        video_frames=len(pictures),
        video_pts_increase=all(a < b for a, b in pairwise(pictures)),
        video_duration=round((pictures[-1] + length) * SECOND) if pictures else 0,
        video_ticks=tuple(pictures),
        audio_samples=heard,
        audio_decoded=decoded,
        audio_pts_increase=all(a[0] < b[0] for a, b in pairwise(sound)),
        audio_is_contiguous=all(a[0] + a[1] == b[0] for a, b in pairwise(sound)),
        audio_duration=round(Fraction(end, RATE) * SECOND),
        is_fragmented=is_fragmented,
    )


def _video_times(container: InputContainer) -> tuple[list[Fraction], Fraction]:
    times: list[Fraction] = []
    length = Fraction(0)
    packets = (p for p in container.demux(container.streams.video[0]) if not p.is_corrupt)
    for frame in (frame for packet in packets for frame in packet.decode()):
        if frame.pts is not None and frame.time_base is not None:
            times.append(frame.pts * frame.time_base)
            length = (frame.duration or 0) * frame.time_base
    return times, length


def colour_at(path: str | Path, at: int, where: PixelRect) -> Colour:
    """Find the mean colour of a part of the picture shown at a time.

    Args:
        path: of the file.
        at: nanoseconds from its beginning.
        where: in pixels of the file.

    Returns:
        (Y, U, V), rounded.

    Raises:
        ValueError: the file shows nothing at that time.
    """
    shown: av.VideoFrame | None = None
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.pts is not None and frame.time_base is not None:
                if frame.pts * frame.time_base * SECOND > at:
                    break
                shown = frame
    if shown is None:
        raise ValueError(f"{path} shows nothing at {at / SECOND} s")
    y, u, v = (
        round(float(plane[_cut(where, step)].mean()))
        for step, plane in zip((1, 2, 2), plane_views(shown), strict=True)
    )
    return y, u, v


def _cut(where: PixelRect, step: int) -> tuple[slice, slice]:
    bottom, right = where.top + where.height, where.left + where.width
    return slice(where.top // step, bottom // step), slice(where.left // step, right // step)
