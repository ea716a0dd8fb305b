"""The reader of a file: its frames and samples in the order they are stored, lap after lap if asked.

It can be replaced after a crash by one that is told the time to go on from.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from av.stream import Stream

from examples.smelter.complaints import InputRefused, MediaBroken
from examples.smelter.containers import open_container, streams_of
from examples.smelter.frames import Uniform, sound_from_av
from examples.smelter.inputs import InputInfo, Item
from examples.smelter.pictures import RATE, SECOND, Frame, Samples, samples_to_ns

__all__ = ["FileReader"]

PREROLL = SECOND // 10
"""A decoder starts so long before the time it is to go on from, for its sound to settle."""

MISSING = SECOND // 2
"""A file that ends so much earlier than it says is cut off."""


class FileReader:
    """Read the frames and samples of a file, interleaved as they are stored.

    Video comes as uniform pictures (see `frames`), sound as 48 kHz stereo. Frames of one medium
    come in the order of time; pts of frames strictly increase.

    Args:
        info: what `probe` said about the file.
        start: nanoseconds to go on from; with `loop` it may lie behind the file's end.
        loop: begin again at the end, with times that go on; a lap is as long as the longer of
            both media.

    Raises:
        InputRefused: the file has gone, or changed, since it was probed.
    """

    def __init__(self, info: InputInfo, *, start: int = 0, loop: bool = False) -> None:
        self._info = info
        self._start = start
        self._loop = loop
        self._items: deque[Item] = deque()
        self._reopen()
        self._lap = info.duration if info.duration is not None or not loop else self._measure()
        self._offset = start // self._lap * self._lap if loop and self._lap else 0
        self._reached = {"video": self._offset, "audio": self._offset}
        self._last_pts = -1
        self._lap_gave = True
        self._is_over = False
        self._packets = self._from(start - self._offset)

    @property
    def info(self) -> InputInfo:
        """What is being read."""
        return self._info

    def read(self) -> Item | None:
        """Give the next frame or run of samples; blocks on disk and decoder.

        Returns:
            The next item, or None at the end, and from then on.

        Raises:
            MediaBroken: the file stops making sense here; one that is opened with ``start`` at
                the error's ``at`` goes on behind the place.
        """
        while not self._items and not self._is_over:
            try:
                packet = next(self._packets, None)
            except FFmpegError as error:
                raise self._broken(f"{error.strerror}") from error
            if packet is not None:
                self._decode(packet)
            else:
                self._end_lap()
        return self._items.popleft() if self._items else None

    def close(self) -> None:
        """Close the file; `read` then gives None."""
        self._items.clear()
        self._is_over = True
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _reopen(self) -> None:
        self._container = open_container(self._info.name)
        self._video, self._audio = streams_of(self._container)
        for stream in (self._video, self._audio):
            if stream is not None and stream.codec_context is not None:
                # The other cores are for the other inputs.
                stream.codec_context.thread_count = 1
        aspect = self._video.sample_aspect_ratio if self._video is not None else None
        self._uniform = Uniform(aspect or Fraction(1))

    def _from(self, local: int) -> Iterator[av.Packet[Stream]]:
        streams = [stream for stream in (self._video, self._audio) if stream is not None]
        self._resampler: AudioResampler | None = None
        self._resampler_for: tuple[str, str, int] | None = None
        if local > PREROLL:
            back = Fraction(local - PREROLL, SECOND) + self._info.zero
            tick = streams[0].time_base or Fraction(1, av.time_base)
            self._container.seek(int(back // tick), backward=True, stream=streams[0])
        return iter(self._container.demux(streams))

    def _decode(self, packet: av.Packet[Stream]) -> None:
        try:
            frames = packet.decode()
        except FFmpegError as error:
            at = self._packet_end(packet)
            # What lies before the start is only read to get there; it may be what killed the
            # reader before this one.
            if at <= self._start:
                return
            raise self._broken(f"{packet.stream.type} {error.strerror}", at) from error
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                self._add_frame(frame)
            elif isinstance(frame, av.AudioFrame):
                self._add_sound(frame)

    def _add_frame(self, frame: av.VideoFrame) -> None:
        pts = self._time(frame.pts if frame.pts is not None else frame.dts, frame.time_base)
        if pts is None:
            pts = self._reached["video"]
        self._reached["video"] = pts + self._frame_length()
        is_wanted = pts >= self._start and pts > self._last_pts
        if is_wanted and not (self._loop and self._lap and pts >= self._offset + self._lap):
            self._last_pts = pts
            self._lap_gave = True
            self._items.append(Frame(pts, self._uniform.picture(frame)))

    def _frame_length(self) -> int:
        video = self._info.video
        return round(SECOND / video.rate) if video is not None and video.rate else 0

    def _add_sound(self, frame: av.AudioFrame) -> None:
        # A resampler serves one kind of frame; some streams change their kind on the way.
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or self._resampler_for != kind:
            self._drain_resampler()
            self._resampler = AudioResampler("fltp", "stereo", RATE)
            self._resampler_for = kind
        self._add_resampled(self._resampler.resample(frame))

    def _drain_resampler(self) -> None:
        if self._resampler is not None:
            self._add_resampled(self._resampler.resample(None))
        self._resampler = None

    def _add_resampled(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            start = self._time(frame.pts, frame.time_base)
            if start is None:
                start = self._reached["audio"]
            sound = sound_from_av(frame)
            self._reached["audio"] = start + samples_to_ns(len(sound))
            if (early := self._start - start) > 0:
                skipped = min(len(sound), -(-early * RATE // SECOND))
                sound, start = sound[skipped:], start + samples_to_ns(skipped)
            if len(sound):
                self._lap_gave = True
                self._items.append(Samples(start, sound))

    def _end_lap(self) -> None:
        self._drain_resampler()
        self._refuse_early_end()
        if self._loop and self._lap and self._lap_gave:
            self._offset += self._lap
            # A file that gives nothing in a whole lap would never give anything.
            self._lap_gave = False
            # Not by seeking: that leaves out the sound packet before zero, which the first needs.
            self._container.close()
            try:
                self._reopen()
            except InputRefused as refused:
                raise self._broken(f"cannot begin again: {refused.why}") from refused
            self._packets = self._from(0)
        else:
            self._is_over = True

    def _refuse_early_end(self) -> None:
        # Other containers only estimate how long they are.
        if not self._info.container.startswith("mov"):
            return
        for medium, info in (("video", self._info.video), ("audio", self._info.audio)):
            if info is not None and info.duration is not None:
                reached = self._reached[medium] - self._offset
                if self._start <= self._offset + reached < self._offset + info.duration - MISSING:
                    raise self._broken(f"its {medium} ends too early")

    def _measure(self) -> int:
        streams = [stream for stream in (self._video, self._audio) if stream is not None]
        ends = [0]
        for packet in self._container.demux(streams):
            if packet.pts is not None:
                end = (packet.pts + (packet.duration or 0)) * packet.time_base - self._info.zero
                ends.append(round(end * SECOND))
        self._container.close()
        self._reopen()
        return max(ends)

    def _time(self, pts: int | None, time_base: Fraction | None) -> int | None:
        if pts is None or time_base is None:
            return None
        return self._offset + round((pts * time_base - self._info.zero) * SECOND)

    def _packet_end(self, packet: av.Packet[Stream]) -> int:
        end = None if packet.pts is None else packet.pts + (packet.duration or 1)
        return self._time(end, packet.time_base) or max(self._reached.values())

    def _broken(self, why: str, at: int | None = None) -> MediaBroken:
        return MediaBroken(self._info.name, max(self._reached.values()) if at is None else at, why)
