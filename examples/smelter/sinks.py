"""The output's processes: two encoders and the muxer, each on a thread of its own.

A new encoder asks the muxer how far the file goes and begins there; the compositor and the mixer,
who kept what is not safe in the file, send it again. A new muxer goes on with the file that the
old one left. So each of them may die, and the file goes on with increasing times and an exact
count of samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actors import GenServer, Message, Reply, call, process
from examples.smelter.complaints import OutputRefused
from examples.smelter.encode import AudioEncoder as AudioEncoding
from examples.smelter.encode import Encoding
from examples.smelter.encode import VideoEncoder as VideoEncoding
from examples.smelter.heirs import heirs
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.muxer import MEDIA, Target, resume
from examples.smelter.muxer import Muxer as Writing
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE
from examples.smelter.requests import OutputSpec, Settings
from examples.smelter.wire import (
    COMPOSITOR,
    CONTROL,
    DIRECTOR,
    FILM,
    MIXER,
    Draw,
    EncoderUp,
    Ended,
    Finish,
    Finished,
    Packets,
    Ready,
    Sing,
    Written,
    audio_end_of,
    encoders_of,
    muxer_of,
    tell,
    video_end_of,
)
from supervisors import ChildSpec, Supervisor

__all__ = ["AudioEncoder", "FileSink", "Muxer", "Positions", "VideoEncoder", "encoders"]

Positions = tuple[int, int]
"""How far a file goes: the first tick and the first sample that are not in it."""


@dataclass(frozen=True, slots=True)
class FileSink:
    """An output that is an MP4 file with pictures, sound or both."""

    target: Target
    """The file, checked."""
    encoding: Encoding
    """Size, rate and quality; the size and rate are those of the output."""

    @property
    def title(self) -> str:
        """The name of the file."""
        return self.target.path.name

    @property
    def is_live(self) -> bool:
        """It is not: what is not in the file yet is kept."""
        return False

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildSpec]:
        """Return a muxer and the encoders; a new muxer needs new encoders."""
        parts = {"video": spec.video, "audio": spec.audio}
        media = tuple(one for one in MEDIA if parts[one] is not None)
        name = muxer_of(output)
        return heirs(
            Muxer.child_spec(output, self, media, id=_named("muxer", output), name=name),
            encoders(output, self.encoding, settings, media),
        )


def encoders(
    output: str, encoding: Encoding, settings: Settings, media: tuple[Media, ...] = MEDIA
) -> ChildSpec:
    """Return the supervisor of the encoders of an output; neither minds the other's crash."""
    video = VideoEncoder.child_spec(
        output, encoding, id=_named("video_encoder", output), name=video_end_of(output)
    )
    audio = AudioEncoder.child_spec(
        output, encoding, id=_named("audio_encoder", output), name=audio_end_of(output)
    )
    wanted = [one for name, one in (("audio", audio), ("video", video)) if name in media]
    return Supervisor.child_spec(
        heirs(*wanted),
        id=_named("encoders", output),
        name=encoders_of(output),
        max_restarts=5 * settings.patience,
        max_seconds=10.0,
    )


def _named(worker: str, output: str) -> str:
    return worker if output == FILM else f"{worker} {output}"


class Muxer(GenServer[None], host="thread", shutdown=5.0):
    """Writes the file. It traps exits so that a file whose run is stopped gets its index."""

    def init(self, output: str, sink: FileSink, media: tuple[Media, ...]) -> None:
        """Begin the file, or go on with the one that the last muxer left."""
        process.trap_exit(True)
        self.output = output
        self.key = muxer_of(output)
        self.media = media
        self.ended: set[Media] = set()
        progress = Ledger.get(LEDGER, self.key)
        self.is_finished = progress == "finished"
        self.has_begun = progress is not None
        if self.has_begun and not self.is_finished and not sink.target.part.exists():
            raise OutputRefused(str(sink.target.path), "somebody has taken what was made away")
        if not self.is_finished:
            self.writing: Writing = resume(sink.target, sink.encoding, media)

    @call
    def positions(self, state: None) -> Reply[Positions, None]:
        """Return how far the file goes."""
        if self.is_finished:
            return Reply((0, 0))
        return Reply((self.writing.video_end, self.writing.audio_end))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a muxer is told."""
        match request:
            case _ if self.is_finished:
                return
            case Packets(packets):
                self.writing.write(packets)
                if not self.has_begun:
                    self.has_begun = True
                    Ledger.put(LEDGER, self.key, "begun")
                self._tell_written()
            case Ended(media):
                self.ended.add(media)
                if self.ended >= set(self.media):
                    self._finish()
            case _:
                raise TypeError(f"a muxer is not told {request!r}")

    def _tell_written(self) -> None:
        # Both, because what is safe of one depends on how far the other has come.
        writing = self.writing
        if "video" in self.media:
            tell(
                COMPOSITOR,
                Written(self.output, "video", writing.video_end, writing.video_safe),
            )
        if "audio" in self.media:
            tell(MIXER, Written(self.output, "audio", writing.audio_end, writing.audio_safe))

    def _finish(self) -> None:
        writing = self.writing
        path = writing.finish()
        self.is_finished = True
        Ledger.put(LEDGER, self.key, "finished")
        done = Finished(
            self.output, str(path), writing.video_end, writing.pictures, writing.audio_end
        )
        tell(CONTROL, done)
        director = process.whereis(DIRECTOR)
        if director is not None:
            process.send(director, done)

    def terminate(self, reason: object, state: None) -> None:
        """Leave a file that plays."""
        if not self.is_finished:
            self.writing.close()


class VideoEncoder(GenServer[None], host="thread"):
    """Encodes pictures to H.264."""

    def init(self, output: str, encoding: Encoding) -> None:
        """Begin where the file ends."""
        self.muxer = muxer_of(output)
        end, _ = Muxer.positions(self.muxer)
        self.encoding = VideoEncoding(encoding)
        self.last = end - 1
        self.is_ready = False
        self.is_over = False
        tell(COMPOSITOR, EncoderUp(output, "video", end))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a video encoder is told."""
        match request:
            case Ready():
                self.is_ready = True
            case Draw(tick, picture):
                # Until it is ready, older pictures are still to come again; some come twice.
                if self.is_ready and tick > self.last and not self.is_over:
                    self.last = tick
                    self._write(Packets(self.encoding.encode(picture, tick)))
            case Finish():
                if self.is_ready and not self.is_over:
                    self.is_over = True
                    self._write(Packets(self.encoding.flush()))
                    tell(self.muxer, Ended("video"))
            case _:
                raise TypeError(f"a video encoder is not told {request!r}")

    def _write(self, packets: Packets) -> None:
        if packets.packets:
            tell(self.muxer, packets)


class AudioEncoder(GenServer[None], host="thread"):
    """Encodes samples to AAC."""

    def init(self, output: str, encoding: Encoding) -> None:
        """Begin where the file ends."""
        self.muxer = muxer_of(output)
        _, end = Muxer.positions(self.muxer)
        self.encoding = AudioEncoding(encoding, end)
        self.is_ready = False
        self.is_over = False
        tell(MIXER, EncoderUp(output, "audio", self.encoding.position))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an audio encoder is told."""
        match request:
            case Ready():
                self.is_ready = True
            case Sing() if self.is_ready and not self.is_over:
                self._encode(request)
            case Finish(end) if self.is_ready and not self.is_over:
                self._encode(Sing(end, np.zeros((0, 2), np.float32)))
                self.is_over = True
                self._write(Packets(self.encoding.flush()))
                tell(self.muxer, Ended("audio"))
            case Sing() | Finish():
                return
            case _:
                raise TypeError(f"an audio encoder is not told {request!r}")

    def _encode(self, sing: Sing) -> None:
        """Encode so that no sample counts twice or is left out, whatever was lost or sent again."""
        # A little at a time: after a long outage it is much.
        while (missing := sing.position - self.encoding.position) > 0:
            silence = np.zeros((min(missing, RATE), 2), np.float32)
            self._write(Packets(self.encoding.encode(silence)))
        known = self.encoding.position - sing.position
        self._write(Packets(self.encoding.encode(sing.sound[known:])))

    def _write(self, packets: Packets) -> None:
        if packets.packets:
            tell(self.muxer, packets)
