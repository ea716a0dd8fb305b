"""The mixer's process: chunks in, one unbroken run of samples out to the encoder.

How far it has come is in the ledger before any sample leaves, so a new mixer goes on at the very
next sample; the look-ahead that died with the old one is silence, and the count stays exact. It
keeps the samples that are not safe in the file yet for an encoder that has to begin anew.
"""

from __future__ import annotations

from actors import GenServer, Message
from examples.smelter.encode import Tail
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mix import MixerState, SoundMixer
from examples.smelter.offsets import CHUNK
from examples.smelter.pictures import RATE, SECOND, Sound
from examples.smelter.plan import Plan
from examples.smelter.sinks import Muxer
from examples.smelter.wire import (
    AUDIO_ENCODER,
    MUXER,
    QUEUE,
    Chunk,
    ConsumerUp,
    Done,
    EncoderUp,
    Finish,
    QueueUp,
    Ready,
    Sing,
    Taken,
    Written,
    tell,
)

__all__ = ["Mixer"]

_KEY = "mixer"


class Mixer(GenServer[None]):
    """Sums all inputs, a chunk at a time. It keeps its state on itself."""

    def init(self, plan: Plan) -> None:
        """Go on where the ledger says the last mixer stopped."""
        saved = Ledger.get(LEDGER, _KEY)
        known = saved if isinstance(saved, MixerState) else _behind_the_file()
        self.mixing = SoundMixer(state=known)
        self.tail = Tail(known.end * RATE // SECOND)
        self.end: int | None = None
        self.is_ready = False
        tell(AUDIO_ENCODER, Ready())
        tell(QUEUE, ConsumerUp("audio"))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a mixer is told."""
        match request:
            case Ready():
                self.is_ready = True
            case Chunk():
                # Until it is ready, older chunks are still to come again; this one will be among them.
                if self.is_ready:
                    self._mix(request)
            case Written(safe=safe):
                self.tail.forget(safe)
            case EncoderUp(end):
                tell(AUDIO_ENCODER, Ready())
                tell(AUDIO_ENCODER, Sing(end, self.tail.since(end)))
                self._maybe_finish()
            case QueueUp():
                tell(QUEUE, ConsumerUp("audio"))
            case Finish(end):
                self.end = end
                self._fill(end)
                self._maybe_finish()
            case _:
                raise TypeError(f"a mixer is not told {request!r}")

    def _mix(self, chunk: Chunk) -> None:
        tell(QUEUE, Taken("audio", chunk.number))
        begin, end = chunk.number * CHUNK, (chunk.number + 1) * CHUNK
        known = self.mixing.state
        # A new queue may give out a chunk again that the old one had sent already.
        if known is None or begin >= known.end:
            samples = self.mixing.mix(begin, end, chunk.sounds)
            Ledger.put(LEDGER, _KEY, self.mixing.state)
            self._send(samples.sound)
        tell(QUEUE, Done("audio", chunk.number))

    def _send(self, sound: Sound) -> None:
        if self.end is not None:
            sound = sound[: max(0, self.end - self.tail.end)]
        if len(sound):
            tell(AUDIO_ENCODER, Sing(self.tail.end, sound))
            self.tail.add(sound)

    def _fill(self, end: int) -> None:
        """Make up for chunks that were lost at the very end."""
        known = self.mixing.state
        target = -(-end * SECOND // RATE // CHUNK) * CHUNK
        if known is not None and known.end < target:
            self._send(self.mixing.mix(known.end, target, {}).sound)

    def _maybe_finish(self) -> None:
        if self.end is not None:
            tell(AUDIO_ENCODER, Finish(self.end))


def _behind_the_file() -> MixerState:
    """Return where a mixer begins if nobody remembers one: with the chunk in which the film ends."""
    _, samples = Muxer.positions(MUXER)
    return MixerState(0, samples * SECOND // RATE // CHUNK * CHUNK)
