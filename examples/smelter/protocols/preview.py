"""The latest picture of an output for whoever asks, as it is or as a JPEG for any browser.

Nothing is encoded while nobody looks, and whoever looks slowly sees fewer pictures. A call for the
next picture is answered when there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, VideoReformatter

from actors import Caller, GenServer, Message, NoReply, Reply, call
from examples.smelter.frames import picture_to_av
from examples.smelter.pictures import Picture
from examples.smelter.wire import (
    COMPOSITOR,
    Draw,
    EncoderUp,
    Finish,
    Ready,
    Written,
    tell,
)

__all__ = ["Jpeg", "Preview", "Shot"]

QUALITY = "4"
"""FFmpeg's scale, from 2, the best, to 31."""


MOST_WAITING = 64
"""Calls that may wait for a picture."""


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
    """Keeps the latest picture of one output. It keeps its state on itself."""

    def init(self, output: str, viewers: str) -> None:
        """Begin with whatever comes next.

        Args:
            output: whose pictures these are.
            viewers: the name of who is told of its end.
        """
        self.output = output
        self.viewers = viewers
        self.jpeg = Jpeg()
        self.latest: Draw | None = None
        self.shot: Shot | None = None
        self.shooting: list[Caller] = []
        self.looking: list[Caller] = []
        tell(COMPOSITOR, EncoderUp(output, "video", 0))

    @call
    def next(self, state: None, before: int) -> Reply[Shot, None] | NoReply[None]:
        """Return the latest picture as a JPEG if it is another one; otherwise wait for one.

        Args:
            state: none.
            before: the tick of the last one, which may be one of another life.
        """
        if self.latest is not None and self.latest.tick != before:
            return Reply(self._shoot(self.latest))
        _queue_up(self.shooting, self.caller)
        return NoReply()

    @call
    def picture(self, state: None, before: int) -> Reply[Draw, None] | NoReply[None]:
        """Return the latest picture as it was drawn; as `next`."""
        if self.latest is not None and self.latest.tick != before:
            return Reply(self.latest)
        _queue_up(self.looking, self.caller)
        return NoReply()

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an end is told."""
        match request:
            case Draw(tick):
                self.latest = request
                self._answer(request)
                tell(COMPOSITOR, Written(self.output, "video", tick + 1, tick + 1))
            case Finish(end):
                tell(self.viewers, ("ended", "video", end))
            case Ready():
                return
            case _:
                raise TypeError(f"a preview is not told {request!r}")

    def _answer(self, draw: Draw) -> None:
        looking, self.looking = self.looking, []
        for caller in looking:
            GenServer.reply(caller, draw)
        shooting, self.shooting = self.shooting, []
        for caller in shooting:
            GenServer.reply(caller, self._shoot(draw))

    def _shoot(self, draw: Draw) -> Shot:
        if self.shot is None or self.shot.tick != draw.tick:
            self.shot = Shot(draw.tick, self.jpeg.encode(draw.picture))
        return self.shot


def _queue_up(waiting: list[Caller], caller: Caller) -> None:
    waiting.append(caller)
    # Some of the oldest have given up waiting long ago.
    del waiting[:-MOST_WAITING]
