"""The latest picture of an output, as a JPEG for whoever asks: a live view in any browser.

Nothing is encoded while nobody looks, and whoever looks slowly sees fewer pictures. A call for the
next picture is answered when there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, VideoReformatter

from actors import Caller, GenServer, Message, NoReply, Reply, call
from examples.smelter.frames import picture_to_av
from examples.smelter.heirs import heirs
from examples.smelter.pictures import Picture
from examples.smelter.requests import OutputSpec, Settings
from examples.smelter.wire import (
    COMPOSITOR,
    CONTROL,
    Draw,
    EncoderUp,
    Finish,
    Finished,
    Ready,
    Written,
    tell,
    video_end_of,
)
from supervisors import ChildSpec

__all__ = ["Jpeg", "Preview", "PreviewSink", "Shot"]

QUALITY = "4"
"""FFmpeg's scale, from 2, the best, to 31."""


MOST_WAITING = 64
"""Calls that may wait for a picture."""


@dataclass(frozen=True, slots=True)
class PreviewSink:
    """An output that is looked at through HTTP. It has no sound."""

    title: str = "preview"
    """What people know it by."""
    is_live: bool = True
    """What is missed is not made up for."""

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildSpec]:
        """Return the one process there is."""
        return heirs(Preview.child_spec(output, id=f"preview {output}", name=video_end_of(output)))


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    tick: int
    """Its number; ask for what comes after it."""
    jpeg: bytes
    """The picture."""


class Jpeg:
    """An encoder of single pictures; for one process at a time."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def encode(self, picture: Picture) -> bytes:
        """Return a JPEG, which is in full range and in the coefficients of BT.601."""
        frame = self._reformatter.reformat(
            picture_to_av(picture),
            picture.width,
            picture.height,
            "yuv420p",
            dst_colorspace=5,
            dst_color_range=ColorRange.JPEG,
        )
        frame.color_range, frame.pts = ColorRange.JPEG, 0
        packets = _codec_for(picture).encode(frame)
        return b"".join(bytes(packet) for packet in packets)


def _codec_for(picture: Picture) -> VideoCodecContext:
    codec = av.CodecContext.create("mjpeg", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = picture.width, picture.height, "yuv420p"
    codec.time_base, codec.thread_count = Fraction(1, 30), 1
    codec.color_range = ColorRange.JPEG
    codec.qmin = codec.qmax = int(QUALITY)
    return codec


class Preview(GenServer[None], host="thread"):
    """Keeps the latest picture of one output."""

    def init(self, output: str) -> None:
        """Begin with whatever comes next."""
        self.output = output
        self.jpeg = Jpeg()
        self.latest: Draw | None = None
        self.shot: Shot | None = None
        self.waiting: list[Caller] = []
        tell(COMPOSITOR, EncoderUp(output, "video", 0))

    @call
    def next(self, state: None, after: int) -> Reply[Shot, None] | NoReply[None]:
        """Return the latest picture if it comes after a tick; otherwise wait for one."""
        if self.latest is not None and self.latest.tick > after:
            return Reply(self._shoot(self.latest))
        self.waiting.append(self.caller)
        # Some of the oldest have given up waiting long ago.
        del self.waiting[:-MOST_WAITING]
        return NoReply()

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an end is told."""
        match request:
            case Draw(tick):
                self.latest = request
                self._answer(request)
                tell(COMPOSITOR, Written(self.output, "video", tick + 1, tick + 1))
            case Finish(end):
                tell(CONTROL, Finished(self.output, "preview", end, end, 0))
            case Ready():
                return
            case _:
                raise TypeError(f"a preview is not told {request!r}")

    def _answer(self, draw: Draw) -> None:
        waiting, self.waiting = self.waiting, []
        for caller in waiting:
            GenServer.reply(caller, self._shoot(draw))

    def _shoot(self, draw: Draw) -> Shot:
        if self.shot is None or self.shot.tick != draw.tick:
            self.shot = Shot(draw.tick, self.jpeg.encode(draw.picture))
        return self.shot
