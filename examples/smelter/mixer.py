"""The mixer's process: chunks in, one unbroken run of samples out to every output.

How far each output has come is in the ledger before any sample leaves, so a new mixer goes on at the
very next sample; the look-ahead that died with the old one is silence, and the counts stay exact.
It keeps the samples that are not safe in a file yet for an encoder that has to begin anew. Orders
come between the chunks and are carried out there. It never waits for an output; where nothing may be
lost, it takes on no new chunk while one has no room, and the queue sees to the rest.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial

from actors import GenServer, Message
from actors.isolation import shareable
from examples.smelter.endings import Endings
from examples.smelter.lanes import SoundLane
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mix import MixChange, MixerState, OutputMix, SoundMixer
from examples.smelter.offsets import CHUNK, Ns
from examples.smelter.pictures import RATE, SECOND
from examples.smelter.requests import OutputPlan, Settings
from examples.smelter.wire import (
    QUEUE,
    Chunk,
    Connect,
    ConsumerUp,
    Disconnect,
    Done,
    EncoderUp,
    Finish,
    Gone,
    Order,
    QueueUp,
    Ready,
    SetMix,
    Taken,
    What,
    Written,
    audio_end_of,
    tell,
)

__all__ = ["Mixer"]

_KEY = "mixer"


@dataclass(frozen=True, slots=True)
class _Heard:
    """One output, as the ledger keeps it."""

    plan: OutputPlan
    mix: OutputMix
    state: MixerState
    before: Endings
    """What was known of the inputs when it began."""
    end: int | None = None
    """The sample, counted from the origin, at which it has ended."""


@shareable
@dataclass(frozen=True, slots=True)
class _Saved:
    """What the ledger keeps."""

    end: Ns = 0
    """Where the last chunk ended, from the start."""
    carried_out: int = 0
    endings: Endings = field(default_factory=Endings)
    """What has been seen of the inputs."""
    outputs: tuple[_Heard, ...] = ()


class Mixer(GenServer[None], host="thread"):
    """Sums all inputs for every output, a chunk at a time. It keeps its state on itself.

    On a thread of its own: arithmetic on samples lets go of the interpreter again and again, and the
    loop that keeps the time would wait for it each time.
    """

    def init(self, settings: Settings) -> None:
        """Go on where the ledger says the last mixer stopped."""
        self.settings = settings
        self.mixing = SoundMixer()
        self.heard: dict[str, _Heard] = {}
        self.lanes: dict[str, SoundLane] = {}
        self.waiting: deque[Chunk | Order] = deque()
        self.end: int | None = None
        self.is_ready = False
        saved = Ledger.get(LEDGER, _KEY)
        self.saved = saved if isinstance(saved, _Saved) else _Saved()
        for one in self.saved.outputs:
            self._add(one)
            tell(audio_end_of(one.plan.id), Ready())
        tell(QUEUE, ConsumerUp("audio"))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a mixer is told."""
        match request:
            case Ready():
                self.is_ready = True
            case Chunk() | Order():
                # Until it is ready, older chunks are still to come again; this one will be among them.
                if self.is_ready:
                    self.waiting.append(request)
            case Written(output=name) if name in self.lanes:
                self.lanes[name].written(request)
            case EncoderUp(output=name) if name in self.lanes:
                self.lanes[name].encoder_up(request)
            case Written() | EncoderUp():
                return
            case QueueUp():
                tell(QUEUE, ConsumerUp("audio"))
            case Disconnect(name):
                # Not between two chunks: it was given up.
                self._drop(name)
            case Finish(end):
                self.end = end
            case _:
                raise TypeError(f"a mixer is not told {request!r}")
        self._work()

    def _work(self) -> None:
        while self.waiting and self._may_take(self.waiting[0]):
            self._take(self.waiting.popleft())
        if self.end is not None and not self.waiting:
            end, self.end = self.end, None
            self._finish(end)

    def _may_take(self, thing: Chunk | Order) -> bool:
        if isinstance(thing, Order) or not self.settings.never_drop:
            return True
        return all(lane.has_room for lane in self.lanes.values())

    def _take(self, thing: Chunk | Order) -> None:
        tell(QUEUE, Taken("audio", thing.serial))
        if isinstance(thing, Order):
            self._carry_out(thing)
        elif thing.pts >= self.saved.end:
            # A new queue may give out a chunk again that the old one had sent already.
            self._mix(thing)
        tell(QUEUE, Done("audio", thing.serial))

    # -- chunks ------------------------------------------------------------------------------------

    def _mix(self, chunk: Chunk) -> None:
        mixed = self.mixing.mix(chunk.pts, chunk.pts + CHUNK, chunk.sounds)
        self.saved = replace(self.saved, end=chunk.pts + CHUNK)
        self._save()
        for name, samples in mixed.items():
            self.lanes[name].send(samples.sound)
        self._note(self.saved.endings.after(chunk.ended, chunk.inputs))

    def _note(self, endings: Endings) -> None:
        """Take note of inputs that have ended, and end the outputs that end with them."""
        if endings is self.saved.endings:
            return
        self.saved = replace(self.saved, endings=endings)
        for name, one in list(self.heard.items()):
            part = one.plan.spec.audio
            if part is not None and endings.ends(part.ends, one.before):
                self._end(name)
        self._save()

    def _end(self, name: str) -> None:
        lane = self.lanes[name]
        lane.finish()
        self.heard[name] = replace(self.heard[name], end=lane.end)

    def _finish(self, end: int) -> None:
        """End all outputs at a sample; make up for chunks that were lost at the very end."""
        target = -(-end * SECOND // RATE // CHUNK) * CHUNK
        rest = {}
        if self.saved.end < target:
            rest = self.mixing.mix(target - CHUNK, target, {})
            self.saved = replace(self.saved, end=target)
        for name, lane in self.lanes.items():
            first = self.heard[name].state.first
            if lane.end is None:
                lane.end = max(0, end - first * RATE // SECOND)
            if name in rest:
                lane.send(rest[name].sound)
            lane.finish()

    # -- orders ------------------------------------------------------------------------------------

    def _carry_out(self, order: Order) -> None:
        # A new queue, or one that was not told, may give an order again.
        if order.serial > self.saved.carried_out:
            self._do(order.what)
            self.saved = replace(self.saved, carried_out=order.serial)
            self._save()

    def _do(self, what: What) -> None:
        match what:
            case Connect(plan, origin, begin) if (
                plan.spec.audio is not None and plan.id not in self.heard
            ):
                first = self.settings.framerate.tick(origin)
                state, known = MixerState(first, begin), self.saved.endings
                self._add(_Heard(plan, plan.spec.audio.mix, state, known))
                tell(audio_end_of(plan.id), Ready())
            case Disconnect(name):
                self._drop(name)
            case SetMix(name, mix) if name in self.heard:
                new = mix.of(self.heard[name].mix) if isinstance(mix, MixChange) else mix
                self.mixing.change(name, new)
                self.heard[name] = replace(self.heard[name], mix=new)
            case Gone(name):
                self.mixing.forget(name)
                self._note(self.saved.endings.without(name))
            case _:
                return

    def _drop(self, name: str) -> None:
        if name in self.heard:
            self._end(name)
            self.mixing.disconnect(name)
            del self.heard[name], self.lanes[name]
            self._save()

    def _add(self, one: _Heard) -> None:
        name, state = one.plan.id, one.state
        self.heard[name] = one
        self.mixing.connect(name, one.mix, state)
        position = (state.end - state.first) * RATE // SECOND
        lane = SoundLane.to(
            partial(tell, audio_end_of(name)), position, is_live=one.plan.spec.sink.is_live
        )
        lane.end = one.end
        self.lanes[name] = lane

    def _save(self) -> None:
        states = self.mixing.states
        self.heard = {
            name: replace(one, state=states.get(name, one.state))
            for name, one in self.heard.items()
        }
        self.saved = replace(self.saved, outputs=tuple(self.heard.values()))
        Ledger.put(LEDGER, _KEY, self.saved)
