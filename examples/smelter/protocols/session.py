"""One connection of a live input: dialled when first read, decoded until it is lost.

A session's times count from the first item that could be decoded, whatever clock the other end has;
where that lies on the pipeline's line is decided by who reads. Packets before the first key frame,
and damaged ones, are left out: whoever joins a stream in the middle must not die of it.

Nothing here waits longer than it must: a reader that is to end is held up by no more than `PATIENCE`.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from examples.smelter.complaints import PeerLost
from examples.smelter.frames import Uniform, sound_from_av
from examples.smelter.inputs import NOTHING, AudioInfo, InputInfo, Item, Nothing, VideoInfo
from examples.smelter.pictures import RATE, SECOND, Frame, Samples, samples_to_ns

__all__ = ["DAMAGED", "PATIENCE", "QUICK_PROBE", "Session"]

PATIENCE = 1.0
"""Seconds that one attempt to connect, or one read, may take."""

DAMAGED = 300
"""A connection that gives nothing decodable in so many packets is lost."""

QUICK_PROBE = {"probesize": "200000", "analyzeduration": "1000000"}
"""Options for FFmpeg: do not look at a stream for five seconds before the first picture."""

Dial = Callable[[], InputContainer | None]
"""Connects; None if nobody is there yet. Raises `FFmpegError` or `PeerLost`."""


class Session:
    """The reader of one connection. A plain object for one process with a thread of its own.

    Args:
        name: what people know the input by.
        dial: makes the connection.
        ends: whether an end of the stream is the end of the input; otherwise it is a loss.
        silence: seconds without a packet after which the connection counts as lost. Reads are cut
            short after `PATIENCE`, so only what arrives in datagrams may be longer silent.
    """

    def __init__(
        self, name: str, dial: Dial, *, ends: bool = False, silence: float = PATIENCE
    ) -> None:
        self._name = name
        self._dial = dial
        self._ends = ends
        self._silences = max(1, round(silence / PATIENCE))
        self._silent = 0
        self._damaged = 0
        self._container: InputContainer | None = None
        self._packets: Iterator[av.Packet[Stream]] = iter(())
        self._items: deque[Item] = deque()
        self._zero: Fraction | None = None
        self._last = {"video": -1, "audio": -1}
        self._is_over = False
        self._info = InputInfo(name, "live", None, None, Fraction(0), None)

    @property
    def info(self) -> InputInfo:
        """What is being read; empty until somebody is there."""
        return self._info

    def read(self) -> Item | Nothing | None:
        """Give the next item, `NOTHING` if there is none yet, or None at the end.

        Raises:
            PeerLost: the connection is lost; another session may be begun.
        """
        while not self._items and not self._is_over:
            if self._container is None and not self._connect():
                return NOTHING
            if not self._step():
                return NOTHING
        return self._items.popleft() if self._items else None

    def close(self) -> None:
        """Hang up, at any time."""
        self._is_over = True
        self._items.clear()
        self._packets = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self) -> bool:
        try:
            container = self._dial()
        except FFmpegError as error:
            raise self._lost(error) from None  # its message tells the address, key and all
        if container is None:
            return False
        self._container = container
        self._streams = [
            stream
            for streams in (container.streams.video, container.streams.audio)
            for stream in streams[:1]
        ]
        if not self._streams:
            raise PeerLost(self._name, "sends neither video nor audio")
        self._uniform = Uniform()
        self._resampler: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None
        self._packets = iter(container.demux(self._streams))
        self._info = _describe(self._name, container)
        return True

    def _step(self) -> bool:
        """Take one packet; False if none came in time."""
        try:
            packet = next(self._packets, None)
        except av.error.ExitError as error:
            self._silent += 1
            if self._silent >= self._silences:
                raise PeerLost(self._name, "has fallen silent") from error
            assert self._container is not None
            self._packets = iter(self._container.demux(self._streams))
            return False
        except FFmpegError as error:
            raise self._lost(error) from None  # its message tells the address, key and all
        self._silent = 0
        # At the end FFmpeg gives an empty packet for each stream; some decoders would invent sound
        # for ever when they are given it.
        if packet is None or not packet.size:
            self._end()
        else:
            self._decode(packet)
        return True

    def _end(self) -> None:
        if not self._ends:
            raise PeerLost(self._name, "has hung up")
        self._is_over = True

    def _decode(self, packet: av.Packet[Stream]) -> None:
        try:
            frames = packet.decode()
        except FFmpegError:
            frames = []
        self._damaged = 0 if frames else self._damaged + 1
        if self._damaged > DAMAGED:
            raise PeerLost(self._name, f"sent {DAMAGED} packets that cannot be decoded")
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                self._add_picture(frame)
            elif isinstance(frame, av.AudioFrame):
                self._add_sound(frame)

    def _add_picture(self, frame: av.VideoFrame) -> None:
        pts = self._time(frame.pts, frame.time_base)
        if pts is not None and pts > self._last["video"]:
            self._last["video"] = pts
            self._items.append(Frame(pts, self._uniform.picture(frame)))

    def _add_sound(self, frame: av.AudioFrame) -> None:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or self._kind != kind:
            self._resampler, self._kind = AudioResampler("fltp", "stereo", RATE), kind
        for resampled in self._resampler.resample(frame):
            start = self._time(resampled.pts, resampled.time_base)
            sound = sound_from_av(resampled)
            if start is not None and len(sound) and start > self._last["audio"]:
                self._last["audio"] = start + samples_to_ns(len(sound)) // 2
                self._items.append(Samples(start, sound))

    def _time(self, pts: int | None, time_base: Fraction | None) -> int | None:
        if pts is None or time_base is None:
            return None
        at = pts * time_base
        if self._zero is None:
            self._zero = at
        return round((at - self._zero) * SECOND) if at >= self._zero else None

    def _lost(self, error: FFmpegError) -> PeerLost:
        why = error.strerror or "cannot be reached"
        # FFmpeg's word for a connection that ends in the middle of something.
        return PeerLost(self._name, f"broke off ({why})" if error.errno == errno.EIO else why)


def _describe(name: str, container: InputContainer) -> InputInfo:
    video = audio = None
    for one in container.streams.video[:1]:
        codec = one.codec_context
        video = VideoInfo(codec.name, codec.width, codec.height, one.average_rate, None)
    for other in container.streams.audio[:1]:
        sound = other.codec_context
        audio = AudioInfo(sound.name, sound.sample_rate, sound.channels, None)
    return InputInfo(name, container.format.name, video, audio, Fraction(0), None)
