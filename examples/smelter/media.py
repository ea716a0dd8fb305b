"""Inputs: what is in a file, and its frames and samples in the order they are stored.

`probe` answers, before anything starts, whether an input can be composed, in one line if not.
`open_source` makes the reader of an input: `read` gives the next item, a `Frame` or `Samples`,
until None. Times count from the input's own zero, the earlier of the first frame and the first
sample. A reader is used by one process, with a thread of its own, because reading blocks on the
disk and the decoder; both happen outside the interpreter's lock. What a reader needs in order to
be replaced after a crash is one number: the time to go on from.

The name ``test:`` or ``test:NAME`` stands for generated pictures and a tone, see `generated`.
"""

from __future__ import annotations

import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from examples.smelter.complaints import InputRefused, MediaBroken
from examples.smelter.frames import Uniform, sound_from_av
from examples.smelter.generated import GeneratedSource, generated_info, is_generated
from examples.smelter.inputs import AudioInfo, InputInfo, Item, Source, VideoInfo
from examples.smelter.pictures import RATE, SECOND, Frame, Samples, samples_to_ns

__all__ = ["FileSource", "FileSupply", "open_source", "probe"]

ENOUGH_PACKETS = 300
"""A stream that gives nothing in so many packets cannot be decoded."""

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,live_flv,asf,ogg,nut,mxf,ivf,"
    "yuv4mpegpipe,h264,hevc,av1,obu,m4v,mpegvideo,mjpeg,dv,gif,apng,png_pipe,jpeg_pipe,webp_pipe,"
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,amr"
)
"""FFmpeg's names of what is read here. Playlists are missing, because they may name anything on the
network, and so are those that take every text for media."""

PREROLL = SECOND // 10
"""A decoder starts so long before the time it is to go on from, for its sound to settle."""

MISSING = SECOND // 2
"""A file that ends so much earlier than it says is cut off."""


def open_source(name: str, *, start: int = 0, loop: bool = False) -> Source:
    """Open the reader of an input.

    Args:
        name: a path, or ``test:`` or ``test:NAME``.
        start: nanoseconds to go on from; earlier frames and samples are not given.
        loop: begin again at the end of a file, with times that go on.

    Returns:
        A reader, to be closed (it is a context manager).

    Raises:
        InputRefused: as `probe`.
    """
    if is_generated(name):
        return GeneratedSource(name, start)
    return FileSource(probe(name), start=start, loop=loop)


@dataclass(frozen=True, slots=True)
class FileSupply:
    """An input that is a file, or generated."""

    info: InputInfo
    """What `probe` found."""
    loop: bool = True
    """Whether it begins again at its end."""

    @property
    def title(self) -> str:
        """The name of the file."""
        return Path(self.info.name).name

    @property
    def video(self) -> bool:
        """Whether it has pictures."""
        return self.info.video is not None

    @property
    def audio(self) -> bool:
        """Whether it has sound."""
        return self.info.audio is not None

    @property
    def is_live(self) -> bool:
        """It is not: a new reader goes on where the last one stopped."""
        return False

    @property
    def buffer(self) -> int:
        """None."""
        return 0

    def open(self, start: int) -> Source:
        """Open the file; see `open_source`.

        Raises:
            InputRefused: also if it has lost a medium since it was probed.
        """
        known = self.info
        reader = open_source(known.name, start=start, loop=self.loop)
        for media, then, now in (
            ("video", known.video, reader.info.video),
            ("audio", known.audio, reader.info.audio),
        ):
            if then is not None and now is None:
                reader.close()
                raise InputRefused(
                    known.name, f"had {media} when it was looked at, and has none now"
                )
        return reader


# --- looking --------------------------------------------------------------------------------


def probe(name: str) -> InputInfo:
    """Find out what an input holds and whether it can be decoded; opens and closes it.

    Reads the head of the file and decodes one frame of each stream; blocks as long.

    Args:
        name: a path, or ``test:`` or ``test:NAME``.

    Raises:
        InputRefused: it is missing, a directory, empty, cut off, not media, not readable, or has
            neither video nor audio.
    """
    if is_generated(name):
        return generated_info(name)
    size = _size_of(name)
    with _open(name) as container:
        video, audio = _streams(container)
        chosen = [stream for stream in (video, audio) if stream is not None]
        if not chosen:
            raise InputRefused(name, "has neither video nor audio")
        _refuse_cut_off(name, chosen, size)
        for stream in chosen:
            _refuse_undecodable(name, stream)
        return _describe(name, container, video, audio)


def _size_of(name: str) -> int:
    try:
        found = Path(name).stat()
        if stat.S_ISDIR(found.st_mode):
            raise InputRefused(name, "is a directory")
        if not stat.S_ISREG(found.st_mode):
            raise InputRefused(name, "is not a regular file")
        with Path(name).open("rb"):
            pass
    except (FileNotFoundError, NotADirectoryError):
        raise InputRefused(name, "no such file") from None
    except PermissionError:
        raise InputRefused(name, "permission denied") from None
    except OSError as error:
        raise InputRefused(name, error.strerror or "cannot be opened") from None
    except ValueError:
        raise InputRefused(name, "no file can have this name") from None
    if found.st_size == 0:
        raise InputRefused(name, "is empty")
    return found.st_size


def _open(name: str) -> InputContainer:
    # An absolute path is never taken for a URL, and a playlist must not reach for the network.
    path = str(Path(name).absolute())
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        return av.open(path, options=options, metadata_errors="replace")
    except FFmpegError as error:
        raise InputRefused(name, _why_not_opened(name)) from error


def _why_not_opened(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            is_mp4 = file.read(8)[4:] == b"ftyp"
    except OSError as error:
        return error.strerror or "cannot be opened"
    return "cut off: its index is missing" if is_mp4 else "not media"


def _streams(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    # The cover of an album counts as a video stream, but there is nothing to see over time.
    videos = (s for s in container.streams.video if not s.disposition & Disposition.attached_pic)
    return next(videos, None), next(iter(container.streams.audio), None)


def _refuse_cut_off(name: str, streams: list[VideoStream | AudioStream], size: int) -> None:
    ends = [entry.pos + entry.size for stream in streams for entry in stream.index_entries]
    if (needed := max(ends, default=0)) > size:
        raise InputRefused(name, f"cut off: {size} of at least {needed} bytes are there")


def _refuse_undecodable(name: str, stream: VideoStream | AudioStream) -> None:
    with _open(name) as container:
        twin = container.streams[stream.index]
        if twin.codec_context is None:
            raise InputRefused(name, f"no decoder for its {stream.type}")
        try:
            for count, packet in enumerate(container.demux(twin)):
                if packet.decode():
                    return
                if count == ENOUGH_PACKETS:
                    break
        except FFmpegError as error:
            why = f"its {stream.type} cannot be decoded ({error.strerror})"
            raise InputRefused(name, why) from error
    raise InputRefused(name, f"its {stream.type} holds nothing that can be decoded")


def _describe(
    name: str,
    container: InputContainer,
    video: VideoStream | None,
    audio: AudioStream | None,
) -> InputInfo:
    zero = min(_start(stream) for stream in (video, audio) if stream is not None)
    video_info = audio_info = None
    if video is not None:
        video_info = VideoInfo(
            video.codec_context.name,
            video.codec_context.width,
            video.codec_context.height,
            video.average_rate or video.guessed_rate,
            _duration(container, video, zero),
        )
    if audio is not None:
        audio_info = AudioInfo(
            audio.codec_context.name,
            audio.codec_context.sample_rate,
            audio.codec_context.channels,
            _duration(container, audio, zero),
        )
    ends = [info.duration for info in (video_info, audio_info) if info is not None]
    known = [end for end in ends if end is not None]
    longest = max(known) if len(known) == len(ends) else None
    return InputInfo(name, container.format.name, video_info, audio_info, zero, longest)


def _start(stream: Stream) -> Fraction:
    if stream.start_time is None or stream.time_base is None:
        return Fraction(0)
    return stream.start_time * stream.time_base


def _duration(container: InputContainer, stream: Stream, zero: Fraction) -> int | None:
    if stream.duration is not None and stream.time_base is not None:
        return round((_start(stream) + stream.duration * stream.time_base - zero) * SECOND)
    if container.duration is not None:
        return container.duration * (SECOND // av.time_base)
    return None


# --- reading --------------------------------------------------------------------------------


class FileSource:
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
        self._container = _open(self._info.name)
        self._video, self._audio = _streams(self._container)
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
