"""The output's processes: two encoders and the muxer, each on a thread of its own.

A new encoder asks the muxer how far the file goes and begins there; the compositor and the mixer,
who kept what is not safe in the file, send it again. A new muxer goes on with the file that the
old one left. So each of them may die, and the file goes on with increasing times and an exact
count of samples.
"""

from __future__ import annotations

import numpy as np

from actors import GenServer, Message, Reply, call, process
from examples.smelter.complaints import OutputRefused
from examples.smelter.encode import AudioEncoder as AudioEncoding
from examples.smelter.encode import VideoEncoder as VideoEncoding
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.muxer import Muxer as Writing
from examples.smelter.muxer import resume
from examples.smelter.offsets import Media
from examples.smelter.plan import Plan
from examples.smelter.wire import (
    COMPOSITOR,
    DIRECTOR,
    MIXER,
    MUXER,
    Draw,
    EncoderUp,
    Ended,
    Finish,
    Finished,
    Packets,
    Ready,
    Sing,
    Written,
    tell,
)

__all__ = ["AudioEncoder", "Muxer", "Positions", "VideoEncoder"]

_KEY = "muxer"

Positions = tuple[int, int]
"""How far a file goes: the first tick and the first sample that are not in it."""


class Muxer(GenServer[None], host="thread", shutdown=5.0):
    """Writes the file. It traps exits so that a file whose run is stopped gets its index."""

    def init(self, plan: Plan) -> None:
        """Begin the file, or go on with the one that the last muxer left."""
        process.trap_exit(True)
        self.ended: set[Media] = set()
        progress = Ledger.get(LEDGER, _KEY)
        self.is_finished = progress == "finished"
        self.has_begun = progress is not None
        if self.has_begun and not self.is_finished and not plan.target.part.exists():
            raise OutputRefused(str(plan.target.path), "somebody has taken what was made away")
        if not self.is_finished:
            self.writing: Writing = resume(plan.target, plan.encoding)

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
                    Ledger.put(LEDGER, _KEY, "begun")
                self._tell_written()
            case Ended(media):
                self.ended.add(media)
                if len(self.ended) == len(("video", "audio")):
                    self._finish()
            case _:
                raise TypeError(f"a muxer is not told {request!r}")

    def _tell_written(self) -> None:
        # Both, because what is safe of one depends on how far the other has come.
        writing = self.writing
        tell(COMPOSITOR, Written(writing.video_end, writing.video_safe))
        tell(MIXER, Written(writing.audio_end, writing.audio_safe))

    def _finish(self) -> None:
        writing = self.writing
        path = writing.finish()
        self.is_finished = True
        Ledger.put(LEDGER, _KEY, "finished")
        done = Finished(str(path), writing.video_end, writing.pictures, writing.audio_end)
        director = process.whereis(DIRECTOR)
        if director is not None:
            process.send(director, done)

    def terminate(self, reason: object, state: None) -> None:
        """Leave a file that plays."""
        if not self.is_finished:
            self.writing.close()


class VideoEncoder(GenServer[None], host="thread"):
    """Encodes pictures to H.264."""

    def init(self, plan: Plan) -> None:
        """Begin where the file ends."""
        end, _ = Muxer.positions(MUXER)
        self.encoding = VideoEncoding(plan.encoding)
        self.last = end - 1
        self.is_ready = False
        self.is_over = False
        tell(COMPOSITOR, EncoderUp(end))

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
                    tell(MUXER, Ended("video"))
            case _:
                raise TypeError(f"a video encoder is not told {request!r}")

    def _write(self, packets: Packets) -> None:
        if packets.packets:
            tell(MUXER, packets)


class AudioEncoder(GenServer[None], host="thread"):
    """Encodes samples to AAC."""

    def init(self, plan: Plan) -> None:
        """Begin where the file ends."""
        _, end = Muxer.positions(MUXER)
        self.encoding = AudioEncoding(plan.encoding, end)
        self.is_ready = False
        self.is_over = False
        tell(MIXER, EncoderUp(self.encoding.position))

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
                tell(MUXER, Ended("audio"))
            case Sing() | Finish():
                return
            case _:
                raise TypeError(f"an audio encoder is not told {request!r}")

    def _encode(self, sing: Sing) -> None:
        """Encode so that no sample counts twice or is left out, whatever was lost or sent again."""
        expected = self.encoding.position
        sound = sing.sound[max(0, expected - sing.position) :]
        missing = sing.position - expected
        if missing > 0:
            sound = np.concatenate([np.zeros((missing, 2), np.float32), sound])
        self._write(Packets(self.encoding.encode(sound)))

    def _write(self, packets: Packets) -> None:
        if packets.packets:
            tell(MUXER, packets)
