"""Encoders: pictures to H.264 packets, samples to AAC packets, or to Opus for those who listen now.

Each encoder is a plain object for one process with a thread of its own; what comes out are plain
frozen values that may cross anything. `Encoding` says everything both encoders and the muxer have
to agree on: encoders made from equal settings write equal headers, so one that died is replaced
by a new one in the middle of a file, and the decoder notices a key frame and nothing else.

How sound goes on after such a change, to the sample. An AAC packet covers two frames of 1024
samples, and a frame is whole only when both packets that cover it overlap; so the encoder is up
to two frames behind what it was given, and the first packet of a new one only opens the overlap.
If the file's packets end at sample e, then the samples from e on were not written in full. The
new encoder is given the samples from `LEAD` before e once more (a `Tail` keeps them): it settles
on the window shapes of a running sound instead of those of a sudden one, its packets before e are
dropped because the file has them, and the overlap closes. No sample is lost, repeated or moved.
Samples that nobody has any more are replaced by zeros, and the count stays.

Source: ISO/IEC 14496-3 (overlap of AAC frames); H.264 Annex B and 7.4.2 (parameter sets).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from actors.isolation import shareable
from examples.smelter.complaints import OptionRefused
from examples.smelter.frames import picture_to_av, sound_to_av
from examples.smelter.pictures import RATE, Picture, Sound

__all__ = [
    "AAC_FRAME",
    "AUDIO_ENCODERS",
    "LEAD",
    "AudioCodec",
    "AudioEncoder",
    "Encoding",
    "Packet",
    "Tail",
    "VideoEncoder",
    "check_rate",
    "check_size",
    "exact_number",
]

AAC_FRAME = 1024
"""Samples in a full AAC packet."""

LEAD = 4 * AAC_FRAME
"""Samples before the seam that a new encoder is given to warm up; none of them is written."""

AudioCodec: TypeAlias = Literal["aac", "opus"]

AUDIO_ENCODERS: Mapping[AudioCodec, str] = {"aac": "aac", "opus": "libopus"}
"""What FFmpeg calls them."""

LARGEST = (7682, 4320)
FASTEST = 240
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9}|/\d{1,9})?", re.ASCII)
_GLOBAL_HEADER = 1 << 22
_BT709, _LIMITED = 1, 1


def check_size(text: str) -> tuple[int, int]:
    """Read a size such as ``640x360``.

    Raises:
        OptionRefused: not two even numbers from 2 to 7682 and 4320.
    """
    accepted = f"a size is WIDTHxHEIGHT, both even, from 2x2 to {LARGEST[0]}x{LARGEST[1]}"
    across, x, down = text.partition("x")
    if not (x and across.isascii() and across.isdigit() and down.isascii() and down.isdigit()):
        raise OptionRefused("size", text, accepted)
    if len(across) > 4 or len(down) > 4:
        raise OptionRefused("size", text, accepted)
    width, height = int(across), int(down)
    if not (_is_side(width, LARGEST[0]) and _is_side(height, LARGEST[1])):
        raise OptionRefused("size", text, accepted)
    return width, height


def _is_side(length: int, longest: int) -> bool:
    return 2 <= length <= longest and length % 2 == 0


def check_rate(text: str) -> Fraction:
    """Read a frame rate such as ``30``, ``29.97`` or ``30000/1001``.

    Raises:
        OptionRefused: not a number above 0 and at most 240, or with parts that do not fit a file.
    """
    accepted = f"a rate is a number or a fraction above 0, at most {FASTEST}, such as 30000/1001"
    rate = exact_number(text)
    if rate is None or not 0 < rate <= FASTEST or max(rate.as_integer_ratio()) > 10**6:
        raise OptionRefused("rate", text, accepted)
    return rate


def exact_number(text: str) -> Fraction | None:
    """Read a decimal number or a fraction; None for all else, such as powers of ten.

    Example:
        >>> exact_number("29.97"), exact_number("30000/1001"), exact_number("1e99")
        (Fraction(2997, 100), Fraction(30000, 1001), None)
    """
    try:
        return Fraction(text) if _NUMBER.fullmatch(text) else None
    except ZeroDivisionError:
        return None


@dataclass(frozen=True, slots=True)
class Encoding:
    """What encoders and muxer agree on."""

    width: int
    """In pixels, even."""
    height: int
    """In pixels, even."""
    rate: Fraction = Fraction(30)
    """Ticks in a second; picture n is shown at n / rate."""
    quality: int = 23
    """x264's constant rate factor: 0 lossless … 51 worst."""
    audio_bit_rate: int = 128_000
    audio_codec: AudioCodec = "aac"
    """What the sound becomes; a file is AAC."""

    def __post_init__(self) -> None:
        check_size(f"{self.width}x{self.height}")
        check_rate(str(self.rate))


@shareable
@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded unit; plain values only."""

    media: Literal["video", "audio"]
    data: bytes
    pts: int
    """In ticks of `time_base`: the tick number of a picture, the first sample of a run."""
    duration: int
    """In ticks of `time_base`: 1 for a picture; 1024 for sound, less at the end."""
    keyframe: bool
    time_base: Fraction

    @property
    def end(self) -> int:
        """The tick, or the sample, after the last one."""
        return self.pts + self.duration


def configure_video(codec: VideoCodecContext, encoding: Encoding) -> None:
    """Give an unopened libx264 context the settings that decide its header."""
    codec.width, codec.height, codec.pix_fmt = encoding.width, encoding.height, "yuv420p"
    codec.time_base, codec.framerate = 1 / encoding.rate, encoding.rate
    # One thread: two encoders of one run would fight for the cores with the decoders.
    codec.thread_count = 1
    codec.max_b_frames = 0
    codec.gop_size = max(1, round(2 * encoding.rate))
    codec.flags |= _GLOBAL_HEADER
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    codec.color_range = _LIMITED
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": str(encoding.quality)}


def configure_audio(codec: AudioCodecContext, encoding: Encoding) -> None:
    """Give an unopened context of `AUDIO_ENCODERS` the settings that decide its header."""
    codec.sample_rate, codec.time_base = RATE, Fraction(1, RATE)
    codec.layout, codec.format = "stereo", "fltp" if encoding.audio_codec == "aac" else "flt"
    codec.bit_rate = encoding.audio_bit_rate
    codec.flags |= _GLOBAL_HEADER


class VideoEncoder:
    """Encode pictures; every call gives the packet of its own picture, nothing stays inside.

    One process at a time; `encode` computes for some milliseconds outside the interpreter's lock.
    The first picture of every encoder becomes a key frame.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, VideoCodecContext)
        configure_video(codec, encoding)
        codec.open()
        self._codec = codec
        self._last: int | None = None

    @property
    def header(self) -> bytes:
        """The parameter sets; equal for equal settings."""
        return self._codec.extradata or b""

    def encode(self, picture: Picture, tick: int, *, force_key: bool = False) -> tuple[Packet, ...]:
        """Encode one picture.

        Args:
            picture: of the size of the settings.
            tick: its number; larger than that of the picture before. Numbers may be left out.
            force_key: make it a key frame whatever the encoder thinks.

        Raises:
            ValueError: wrong size, or a tick that does not come after the last one.
        """
        if (picture.width, picture.height) != (self._encoding.width, self._encoding.height):
            raise ValueError(
                f"a picture of {picture.width}x{picture.height} for an encoder of"
                f" {self._encoding.width}x{self._encoding.height}"
            )
        if self._last is not None and tick <= self._last:
            raise ValueError(f"tick {tick} does not come after tick {self._last}")
        self._last = tick
        frame = picture_to_av(picture)
        frame.pts, frame.time_base = tick, 1 / self._encoding.rate
        frame.pict_type = PictureType.I if force_key else PictureType.NONE
        return self._packets(self._codec.encode(frame))

    def flush(self) -> tuple[Packet, ...]:
        """End the stream; the encoder cannot be used after."""
        return self._packets(self._codec.encode(None))

    def _packets(self, raw: list[av.Packet[Stream]]) -> tuple[Packet, ...]:
        base = 1 / self._encoding.rate
        return tuple(
            Packet("video", bytes(p), p.pts, 1, p.is_keyframe, base)
            for p in raw
            if p.pts is not None
        )


class AudioEncoder:
    """Encode samples that follow each other without a hole.

    One process at a time. Up to two frames of 1024 samples stay inside until more come.

    Args:
        encoding: the settings.
        first: where the file goes on: 0 for a new one, otherwise the muxer's `audio_end`. What is
            before is not given out. The encoder wants to be fed from its `position` on, which is
            some samples earlier.
    """

    def __init__(self, encoding: Encoding, first: int = 0) -> None:
        codec = av.CodecContext.create(AUDIO_ENCODERS[encoding.audio_codec], "w")
        assert isinstance(codec, AudioCodecContext)
        configure_audio(codec, encoding)
        codec.open()
        self._codec = codec
        # The opening packet of a new file lies before its first sample.
        self._earliest = first or -AAC_FRAME
        self._position = self._begin = max(0, first - LEAD)

    @property
    def header(self) -> bytes:
        """The decoder's configuration; equal for equal settings."""
        return self._codec.extradata or b""

    @property
    def position(self) -> int:
        """The number of the sample it expects next."""
        return self._position

    def encode(self, sound: Sound) -> tuple[Packet, ...]:
        """Encode the next samples, any number of them.

        Args:
            sound: (count, 2).

        Returns:
            The packets that became complete, possibly none.
        """
        if not len(sound):
            return ()
        frame = sound_to_av(sound, self._position)
        self._position += len(sound)
        return self._packets(self._codec.encode(frame))

    def flush(self) -> tuple[Packet, ...]:
        """End the stream; the last packet lasts only as long as there were samples."""
        if self._position == self._begin:
            return ()
        return self._packets(self._codec.encode(None))

    def _packets(self, raw: list[av.Packet[Stream]]) -> tuple[Packet, ...]:
        return tuple(
            Packet("audio", bytes(p), p.pts, p.duration or AAC_FRAME, True, Fraction(1, RATE))
            for p in raw
            if p.pts is not None and p.pts >= self._earliest
        )


class Tail:
    """The last samples given to an audio encoder, kept until they are safe in the file.

    Whoever feeds the encoder holds one: `add` what is sent, `forget` what the muxer has, and
    when the encoder is replaced feed the new one `since` its `position`.

    Args:
        position: the number of the first sample that will be added.

    Example:
        >>> tail = Tail()
        >>> tail.add(np.ones((LEAD + 960, 2), np.float32))
        >>> tail.forget(LEAD + 2)
        >>> tail.held, tail.since(0).shape, float(tail.since(0)[1, 0])
        (5054, (5056, 2), 0.0)
    """

    def __init__(self, position: int = 0) -> None:
        self._end = position
        self._begin = position
        self._runs: deque[Sound] = deque()

    @property
    def end(self) -> int:
        """The number of the sample that comes next."""
        return self._end

    @property
    def held(self) -> int:
        """Samples kept."""
        return self._end - self._begin

    def add(self, sound: Sound) -> None:
        """Remember samples just sent."""
        self._runs.append(sound)
        self._end += len(sound)

    def forget(self, written: int) -> None:
        """Drop what nobody will ask for again.

        Args:
            written: the muxer's `audio_end`; the `LEAD` before it is kept.
        """
        before = written - LEAD
        while self._runs and self._begin < before:
            sound = self._runs.popleft()
            dropped = min(len(sound), before - self._begin)
            self._begin += dropped
            if dropped < len(sound):
                self._runs.appendleft(sound[dropped:])

    def since(self, position: int) -> Sound:
        """Give the samples from a position to the end, zeros for those forgotten."""
        kept = np.concatenate([np.zeros((0, 2), np.float32), *self._runs])
        missing = max(0, min(self._begin, self._end) - position)
        silence = np.zeros((missing, 2), np.float32)
        return np.concatenate([silence, kept[max(0, position - self._begin) :]])
