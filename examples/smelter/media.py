"""Inputs that are files: what is in one, and who reads it.

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
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from examples.smelter.complaints import InputRefused
from examples.smelter.containers import open_container, streams_of
from examples.smelter.file_reader import FileReader
from examples.smelter.generated import GeneratedSource, generated_info, is_generated
from examples.smelter.inputs import AudioInfo, InputInfo, Source, VideoInfo
from examples.smelter.pictures import SECOND

__all__ = ["FileSupply", "open_source", "probe"]

ENOUGH_PACKETS = 300
"""A stream that gives nothing in so many packets cannot be decoded."""


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
    return FileReader(probe(name), start=start, loop=loop)


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
    with open_container(name) as container:
        video, audio = streams_of(container)
        chosen = [stream for stream in (video, audio) if stream is not None]
        if not chosen:
            raise InputRefused(name, "has neither video nor audio")
        _refuse_cut_off(name, chosen, size)
        for stream in chosen:
            _refuse_undecodable(name, stream)
        return _describe(name, container, video, audio)


def _size_of(name: str) -> int:
    if not name:
        raise InputRefused(name, "no file can have this name")  # to `Path`, it would be the folder
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


def _refuse_cut_off(name: str, streams: list[VideoStream | AudioStream], size: int) -> None:
    ends = [entry.pos + entry.size for stream in streams for entry in stream.index_entries]
    if (needed := max(ends, default=0)) > size:
        raise InputRefused(name, f"cut off: {size} of at least {needed} bytes are there")


def _refuse_undecodable(name: str, stream: VideoStream | AudioStream) -> None:
    with open_container(name) as container:
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
