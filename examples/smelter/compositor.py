"""The compositor's process: sets in, a picture out to every output, on a thread of its own.

It never waits for an output: each has a lane with some pictures under way, and a lane without room
loses its own pictures only. (Where nothing may be lost, and where no lane at all has room, it takes
on no new set; the queue sees to the rest.) Orders come between the sets and are carried out there.

What it shows, and what is on the move, is in the ledger whenever it changes; its crash loses nothing
but time, because the queue gives the new one the sets and orders that were not done.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial

from actors import GenServer, Message, telemetry
from actors.isolation import shareable
from examples.smelter import events
from examples.smelter.compose import Assets, Scaling, Shading, is_fresh
from examples.smelter.compose import Compositor as Drawing
from examples.smelter.endings import Endings
from examples.smelter.lanes import VideoLane
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.pictures import Picture
from examples.smelter.requests import OutputPlan, Settings, VideoPart
from examples.smelter.sprites import Still
from examples.smelter.transition import Memory
from examples.smelter.wire import (
    ASSETS,
    QUEUE,
    AssetsUp,
    AssetsWanted,
    Connect,
    ConsumerUp,
    Disconnect,
    Done,
    EncoderUp,
    Finish,
    Gone,
    Job,
    Order,
    QueueUp,
    Ready,
    SetScene,
    Taken,
    What,
    Written,
    tell,
    video_end_of,
)

__all__ = ["Compositor"]

_KEY = "compositor"

_SENT = ("smelter", "picture", "sent")
"""Told for every picture of every output, for those who measure."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One output, as the ledger keeps it."""

    plan: OutputPlan
    origin: int
    memory: Memory
    before: Endings
    """What was known of the inputs when it began."""
    end: int | None = None
    """The tick, counted from the origin, at which it has ended."""


@shareable
@dataclass(frozen=True, slots=True)
class _Saved:
    """What the ledger keeps."""

    carried_out: int = 0
    """Serial of the last order."""
    endings: Endings = field(default_factory=Endings)
    """What has been seen of the inputs."""
    outputs: tuple[_Shown, ...] = ()


@dataclass(slots=True)
class _Output:
    shown: _Shown
    drawing: Drawing
    lane: VideoLane


class Compositor(GenServer[None], host="thread"):
    """Draws every output. It keeps its state on itself."""

    def init(self, settings: Settings) -> None:
        """Go on where the ledger says the last compositor stopped, and say that somebody is here."""
        self.settings = settings
        self.assets = Assets(failed=_report)
        self.scaling = Scaling()
        self.waiting: deque[Job | Order] = deque()
        self.outputs: dict[str, _Output] = {}
        self.is_ready = False
        self.end: int | None = None
        saved = Ledger.get(LEDGER, _KEY)
        self.saved = saved if isinstance(saved, _Saved) else _Saved()
        for shown in self.saved.outputs:
            self._add(shown)
            tell(video_end_of(shown.plan.id), Ready())
        tell(ASSETS, AssetsWanted())
        tell(QUEUE, ConsumerUp("video"))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a compositor is told."""
        match request:
            case Ready():
                self.is_ready = True
            case Job() | Order():
                # Until it is ready, older sets are still to come again; this one will be among them.
                if self.is_ready:
                    self.waiting.append(request)
            case Written(output=name) if name in self.outputs:
                self.outputs[name].lane.written(request)
            case EncoderUp(output=name) if name in self.outputs:
                self.outputs[name].lane.encoder_up(request)
            case Written() | EncoderUp():
                return
            case AssetsUp(images, shaders):
                self._set_assets(dict(images), dict(shaders))
            case QueueUp():
                tell(QUEUE, ConsumerUp("video"))
            case Disconnect(name):
                # Not between two sets: it was given up, and nobody is to wait for it any more.
                self._drop(name)
            case Finish(end):
                self.end = end
            case _:
                raise TypeError(f"a compositor is not told {request!r}")
        self._work()

    def _set_assets(self, images: dict[str, Still], shaders: dict[str, Shading]) -> None:
        self.assets.images, self.assets.shaders = images, shaders
        for one in self.outputs.values():
            one.drawing.forget_assets()

    # -- sets and orders ---------------------------------------------------------------------------

    def _work(self) -> None:
        while self.waiting and self._may_take(self.waiting[0]):
            thing = self.waiting.popleft()
            tell(QUEUE, Taken("video", thing.serial))
            if isinstance(thing, Order):
                self._carry_out(thing)
            else:
                self._draw(thing)
            tell(QUEUE, Done("video", thing.serial))
        if self.end is not None and not self.waiting:
            for one in self.outputs.values():
                one.lane.finish()

    def _may_take(self, thing: Job | Order) -> bool:
        if isinstance(thing, Order):
            return True
        wanting = [
            one.lane
            for one in self.outputs.values()
            if one.lane.wants(thing.number - one.shown.origin)
        ]
        enough = all if self.settings.never_drop else any
        return not wanting or enough(lane.has_room for lane in wanting)

    def _draw(self, job: Job) -> None:
        pictures: dict[str, Picture | None] = {
            name: frame.payload
            for name, frame in job.pictures.items()
            if frame is not None and is_fresh(frame.pts, job.pts, self.settings.fallback)
        }
        for one in self.outputs.values():
            tick = job.number - one.shown.origin
            if not one.lane.wants(tick):
                continue
            if one.lane.has_room:
                one.lane.send(tick, one.drawing.render(pictures, job.pts))
                about = {"output": one.shown.plan.id}
                telemetry.emit(_SENT, {"tick": tick, "pts": job.pts}, about)
            else:
                one.lane.drop(tick)
        self._note(self.saved.endings.after(job.ended, job.inputs))

    def _note(self, endings: Endings) -> None:
        """Take note of inputs that have ended, and end the outputs that end with them."""
        if endings is self.saved.endings:
            return
        self.saved = replace(self.saved, endings=endings)
        for one in self.outputs.values():
            part = one.shown.plan.spec.video
            if part is not None and endings.ends(part.ends, one.shown.before):
                self._end(one)
        self._save()

    def _end(self, one: _Output) -> None:
        one.lane.finish()
        one.shown = replace(one.shown, end=one.lane.end)

    # -- orders ------------------------------------------------------------------------------------

    def _carry_out(self, order: Order) -> None:
        # A new queue, or one that was not told, may give an order again.
        if order.serial > self.saved.carried_out:
            self._do(order.what, order)
            self.saved = replace(self.saved, carried_out=order.serial)
            self._save()

    def _do(self, what: What, order: Order) -> None:
        match what:
            case Connect(plan, origin) if (
                plan.spec.video is not None and plan.id not in self.outputs
            ):
                part = plan.spec.video
                self._add(_Shown(plan, origin, Memory(part.scene), self.saved.endings))
                tell(video_end_of(plan.id), Ready())
            case Disconnect(name):
                self._drop(name)
            case SetScene(name, scene) if name in self.outputs:
                one = self.outputs[name]
                one.drawing.update(scene, order.at)
                one.shown = replace(one.shown, memory=one.drawing.memory)
            case Gone(name):
                self._note(self.saved.endings.without(name))
            case _:
                return

    def _drop(self, name: str) -> None:
        if name in self.outputs:
            self._end(self.outputs.pop(name))
            self._save()

    def _add(self, shown: _Shown) -> None:
        part = shown.plan.spec.video
        assert isinstance(part, VideoPart)
        name = shown.plan.id
        drawing = Drawing(part.width, part.height, shown.memory, self.assets, self.scaling)
        lane = VideoLane.to(partial(tell, video_end_of(name)), is_live=shown.plan.spec.sink.is_live)
        lane.end = shown.end
        self.outputs[name] = _Output(shown, drawing, lane)

    def _save(self) -> None:
        outputs = tuple(one.shown for one in self.outputs.values())
        self.saved = replace(self.saved, outputs=outputs)
        Ledger.put(LEDGER, _KEY, self.saved)


def _report(shader: str, why: str) -> None:
    events.publish(events.ShaderFailed(shader, why))
