"""The output file: packets into MP4, playable at every moment.

The file is written under a name of its own (``film.part.mp4`` for ``film.mp4``) as a fragmented
MP4: every tenth of a second of media a fragment is closed and handed to the operating system, so
if the whole program is killed the file plays up to there. `finish` turns it, in place, into an
ordinary MP4 with one index and gives it its name, atomically; `close` turns it into an ordinary
MP4 and leaves the name.

Encoders may die and be replaced while the file grows (see `encode`). Packets that the file has
already are dropped and counted, since a replaced encoder's last packets may arrive late; sound
that would leave a hole is refused, since players count samples. A muxer that died itself is
replaced by `resume`, which copies what its predecessor's file holds and goes on; the copy takes
the place of the old file when it holds as much on the disk.

What holds for the finished file: video pts are the tick numbers, strictly increasing; audio pts
are contiguous, 1024 samples apart, whatever happened to encoders; the length of the audio track
is exactly the number of samples up to the flush of the last encoder. A decoder that ignores the
length of the last packet gives up to 1023 more.

Source: ISO/IEC 14496-12 (movie fragments); FFmpeg's mov muxer, `hybrid_fragmented`.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from examples.smelter.complaints import OutputRefused, PacketGap
from examples.smelter.encode import AAC_FRAME, Encoding, Packet, configure_audio, configure_video
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE

__all__ = ["MEDIA", "Muxer", "Target", "check_output", "resume", "tidy"]

INDEX, INDEX_ENTRY = 8192, 32
"""Bytes that an index takes at the most: by itself, and for each packet."""

MEDIA: tuple[Media, ...] = ("video", "audio")
"""What a film has."""

_BLOCK = bytes(8192)

_REPLACE = '; to replace it: --overwrite, or "overwrite": true in a request'

FRAGMENT = 100_000
"""Microseconds of media in a fragment: what a killed program may lose."""


@dataclass(frozen=True, slots=True)
class Target:
    """An output that may be written."""

    path: Path
    """Its final name."""
    part: Path
    """Its name until it is finished, in the same folder."""
    overwrite: bool
    """Whether a file of that name may be replaced."""


def check_output(path: str, inputs: Sequence[str] = (), *, overwrite: bool = False) -> Target:
    """Find out, before anything starts, whether a file can be written.

    Tries by making the part file and removing it again.

    Args:
        path: the output as the user wrote it.
        inputs: names of the inputs, none of which may be the output.
        overwrite: whether existing files may be replaced.

    Raises:
        OutputRefused: it exists, is a directory, is an input, or its folder cannot be written.
    """
    if not path or "\0" in path:
        raise OutputRefused(path, "no file can have this name")
    target = Path(path)
    part = target.with_name(f"{target.stem}.part{target.suffix or '.mp4'}")
    try:
        _refuse_existing(path, target, part, inputs, overwrite)
        part.touch()
        part.unlink()
    except FileNotFoundError:
        raise OutputRefused(path, f"there is no folder {target.parent}") from None
    except OSError as error:
        raise OutputRefused(path, error.strerror or "cannot be written") from None
    return Target(target, part, overwrite)


def _refuse_existing(
    path: str, target: Path, part: Path, inputs: Sequence[str], overwrite: bool
) -> None:
    if target.is_dir():
        raise OutputRefused(path, "is a directory")
    if target.exists() and any(Path(name).exists() and target.samefile(name) for name in inputs):
        raise OutputRefused(path, "is one of the inputs")
    if target.is_symlink() or target.exists():
        if not overwrite:
            raise OutputRefused(path, f"exists already{_REPLACE}")
        if not target.is_file():
            raise OutputRefused(path, "is not a regular file")
    if part.exists() and not (overwrite and part.is_file()):
        why = f"{part.name} is left over from a run that did not finish{_REPLACE}"
        raise OutputRefused(path, why)


class Muxer:
    """Write packets into a file.

    One process at a time, with a thread of its own: writing blocks on the disk. To be closed, by
    `finish` or `close`, however its process ends; both may be called again and then do nothing.

    Args:
        target: what `check_output` gave.
        encoding: the settings the encoders have.
        media: what the file holds; one of both, or both.

    Raises:
        OutputRefused: the part file cannot be made.
    """

    def __init__(
        self, target: Target, encoding: Encoding, media: tuple[Media, ...] = MEDIA
    ) -> None:
        self._target = target
        self._encoding = encoding
        self._dropped = 0
        self._packets = 0
        self._pictures = 0
        self._is_spoilt = False
        self._heritage: tuple[Target, int, int] | None = None
        self._video_end = 0
        self._audio_end = -AAC_FRAME
        try:
            self._container = _make(target.part)
            self._streams = _add_streams(self._container, self._encoding, media)
            self._container.start_encoding()
        except OSError as error:
            raise self._refused(error) from error
        self._is_open = True

    @property
    def video_end(self) -> int:
        """The tick after the last picture in the file; earlier ones are dropped."""
        return self._video_end

    @property
    def audio_end(self) -> int:
        """The sample after the last one in the file: where a new audio encoder begins."""
        return max(0, self._audio_end)

    @property
    def video_safe(self) -> int:
        """The first tick that would be missing if this process were killed now."""
        known = 0 if self._heritage is None else self._heritage[1]
        return max(known, math.floor(self._safe_time() * self._encoding.rate))

    @property
    def audio_safe(self) -> int:
        """The first sample that would be missing if this process were killed now."""
        known = 0 if self._heritage is None else self._heritage[2]
        return max(known, math.floor(self._safe_time() * RATE))

    def _safe_time(self) -> Fraction:
        # A packet waits until the other stream has come as far, and then until its fragment is
        # full; one packet more may be held back to learn how long it lasts.
        ends: dict[Media, Fraction] = {
            "video": self._video_end / self._encoding.rate,
            "audio": Fraction(self._audio_end, RATE),
        }
        reached = min(ends[one] for one in self._streams)
        one_more = max(1 / self._encoding.rate, Fraction(AAC_FRAME, RATE))
        return reached - Fraction(FRAGMENT, 1_000_000) - 2 * one_more

    @property
    def pictures(self) -> int:
        """How many pictures the file holds."""
        return self._pictures

    @property
    def dropped(self) -> int:
        """Packets the file had already."""
        return self._dropped

    def replace_when_safe(self, target: Target) -> None:
        """Take the place of another part file as soon as everything so far is safe in this one.

        Until then the other file stays as it is: if this process is killed, it holds more.

        Args:
            target: in the same folder as this one's.
        """
        self._heritage = (target, self.video_end, self.audio_end)
        self._replace_if_safe()

    def _replace_if_safe(self) -> None:
        if self._heritage is not None:
            _, video, audio = self._heritage
            own = self._safe_time()
            if own * self._encoding.rate >= video and own * RATE >= audio:
                self._replace()

    def _replace(self) -> None:
        if self._heritage is not None:
            target, _, _ = self._heritage
            self._heritage = None
            # An open file may be renamed; the writer does not look at its name again.
            self._target.part.replace(target.part)
            self._target = target

    def write(self, packets: Iterable[Packet]) -> None:
        """Append packets; video and audio may come in any mixture.

        Raises:
            PacketGap: sound that begins after `audio_end`.
            OutputRefused: the disk is full, or the file otherwise cannot be written any further.
        """
        for packet in packets:
            if self._is_new(packet):
                self._write(packet)
        self._replace_if_safe()

    def _is_new(self, packet: Packet) -> bool:
        end = self._video_end if packet.media == "video" else self._audio_end
        if packet.media == "audio" and packet.pts > end:
            raise PacketGap(end, packet.pts)
        self._dropped += packet.pts < end
        return packet.pts >= end

    def _write(self, packet: Packet) -> None:
        raw = av.Packet(packet.data)
        raw.pts = raw.dts = packet.pts
        raw.duration, raw.time_base = packet.duration, packet.time_base
        raw.is_keyframe = packet.keyframe
        raw.stream = self._streams[packet.media]
        try:
            self._container.mux_one(raw)
        except OSError as error:
            self._is_spoilt = True
            raise self._refused(error) from error
        self._packets += 1
        if packet.media == "video":
            self._video_end = packet.end
            self._pictures += 1
        else:
            self._audio_end = packet.end

    def finish(self) -> Path:
        """Write the index and give the file its name.

        Returns:
            The path of the finished file.

        Raises:
            OutputRefused: the disk is full, or another file took the name meanwhile; what was
                written stays under the part name.
        """
        if self._is_open:
            self.close()
            try:
                _give_name(self._target)
            except FileExistsError as error:
                why = f"exists already; what was made is in {self._target.part.name}"
                raise OutputRefused(str(self._target.path), why) from error
            except OSError as error:
                raise self._refused(error) from error
        return self._target.path

    def close(self) -> None:
        """Write the index and close the part file, which keeps its name; an empty one goes."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            if not self._is_spoilt:
                self._write_index()
            if not self._packets and not self._is_spoilt:
                self._target.part.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error
        finally:
            # Whoever drops a container does not close it: the fragments stay as they are.
            del self._container, self._streams

    def _write_index(self) -> None:
        # The index goes behind the fragments, and then the head of the file is changed to point
        # there. If there is no room for the index, the head is changed all the same.
        _make_sure_of_room(self._target.part.parent, INDEX + INDEX_ENTRY * self._packets)
        self._container.close()
        self._replace()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _refused(self, error: OSError) -> OutputRefused:
        return OutputRefused(str(self._target.path), error.strerror or "cannot be written")


def resume(target: Target, encoding: Encoding, media: tuple[Media, ...] = MEDIA) -> Muxer:
    """Replace a muxer that died: keep what its file holds and go on after it.

    The old muxer must be closed, or its whole program gone. Encoders have to be replaced too,
    beginning at `Muxer.video_end` and `Muxer.audio_end`. Blocks while it copies.

    Args:
        target: as that of the old one; without a part file the new muxer begins anew.
        encoding: as that of the old one.
        media: the same.

    Raises:
        OutputRefused: the file cannot be written.
    """
    if not target.part.exists() or target.part.stat().st_size == 0:
        return Muxer(target, encoding, media)
    muxer = Muxer(replace(target, part=_copy_of(target)), encoding, media)
    muxer.write(_stored_packets(target.part, encoding))
    muxer.replace_when_safe(target)
    return muxer


def tidy(target: Target) -> None:
    """Remove the copy that a muxer had begun which was killed before it took the old one's place."""
    _copy_of(target).unlink(missing_ok=True)


def _copy_of(target: Target) -> Path:
    return target.part.with_name(f"{target.part.stem}.resumed{target.part.suffix}")


def _make_sure_of_room(folder: Path, size: int) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(0, size, len(_BLOCK)):
            file.write(_BLOCK)


def _make(path: Path) -> OutputContainer:
    # `delay_moov` lets the head of the file know that sound begins before zero, so that players
    # cut the encoder's delay; with `empty_moov` both tracks would be shifted by it.
    return av.open(
        str(path.absolute()),
        "w",
        format="mp4",
        container_options={
            "movflags": "hybrid_fragmented+delay_moov+default_base_moof",
            "frag_duration": str(FRAGMENT),
            "flush_packets": "1",
        },
    )


def _add_streams(
    container: OutputContainer, encoding: Encoding, media: tuple[Media, ...]
) -> dict[Media, VideoStream | AudioStream]:
    # The muxer opens encoders of its own, never used, only because that is how the headers of
    # the real ones, which are equal, get into the file.
    found: dict[Media, VideoStream | AudioStream] = {}
    if "video" in media:
        found["video"] = video = container.add_stream("libx264", encoding.rate)
        configure_video(video.codec_context, encoding)
    if "audio" in media:
        found["audio"] = audio = container.add_stream("aac", RATE)
        configure_audio(audio.codec_context, encoding)
    return found


def _give_name(target: Target) -> None:
    part = target.part
    if target.overwrite:
        part.replace(target.path)
        return
    try:
        # Unlike a rename, a link never replaces what somebody put there meanwhile.
        os.link(part, target.path)
    except FileExistsError:
        raise
    except OSError:
        if target.path.exists():
            raise FileExistsError(str(target.path)) from None
        part.rename(target.path)
    else:
        part.unlink()


def _stored_packets(path: Path, encoding: Encoding) -> Iterator[Packet]:
    # A file whose writer was killed may end anywhere; what is whole comes before that.
    with contextlib.suppress(FFmpegError), av.open(str(path.absolute())) as container:
        to_annex_b: BitStreamFilterContext | None = None
        for video in container.streams.video:
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", in_stream=video)
        for raw in container.demux():
            if raw.pts is None or not raw.size or raw.is_corrupt:
                continue
            if to_annex_b is not None and raw.stream.type == "video":
                for packet in to_annex_b.filter(raw):
                    yield _stored_video(packet, encoding)
            else:
                yield Packet(
                    "audio",
                    bytes(raw),
                    raw.pts,
                    raw.duration or AAC_FRAME,
                    True,
                    Fraction(1, RATE),
                )


def _stored_video(raw: av.Packet[Stream], encoding: Encoding) -> Packet:
    tick = round((raw.pts or 0) * raw.time_base * encoding.rate)
    return Packet("video", bytes(raw), tick, 1, raw.is_keyframe, 1 / encoding.rate)
