"""What each route does: a function of an id and a body, in the words of `control`.

These run on threads of the server, because they wait for the pipeline's answer. What is refused is
raised, and has changed nothing.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from actors import CallFailed
from examples.smelter import control
from examples.smelter.complaints import AlreadyRegistered, ImageRefused, NotRegistered, SpecRefused
from examples.smelter.inputs import Supply
from examples.smelter.keeper import KEEPER, Keeper
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import SECOND, Ns
from examples.smelter.protocols.live_sink import KeyWanted, LiveSink
from examples.smelter.protocols.watching import WatchedSink
from examples.smelter.requests import InputPlan, OutputPlan, Settings, Sink
from examples.smelter.sprites import kind_of_image
from examples.smelter.web import answers, bodies, places, scenes
from examples.smelter.web.fields import Fields, named
from examples.smelter.web.gate import Gate
from examples.smelter.web.tree_view import kill, tree
from examples.smelter.web.watch import WATCH, Watch
from examples.smelter.wire import tell, video_end_of
from supervisors import Supervisor

__all__ = ["PIPELINE", "Answer", "Api", "Change", "Rules", "change_of", "image_of", "sink_of"]

Answer: TypeAlias = dict[str, object]
"""What becomes JSON."""

PIPELINE = "pipeline"
"""The id of the pipeline below the root."""

_MOST_IMAGE = 32 << 20
_IMAGES = ("png", "jpeg", "gif")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a server serves, and to whom."""

    gate: Gate
    """Who may come in."""
    settings: Settings
    """Of the pipeline."""
    root: str
    """The name of the supervisor whose tree is shown."""
    preview: str | None = None
    """The output that the page shows."""
    listen: tuple[str, ...] = bodies.LOCAL
    """Addresses that inputs may listen on."""
    may_kill: bool = False
    """Whether processes may be killed; looking is all there is otherwise."""


class Api:
    """The pipeline, as clients may use it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        # What two ask for at the same time is granted to one of them.
        self._registering = threading.Lock()

    # -- inputs ----------------------------------------------------------------------------------

    def register_input(self, id: str, body: object) -> Answer:
        asked = bodies.input_of(id, body, self._rules.listen)
        place = places.listened_on(asked.spec.supply)
        with self._registering:
            if place is not None:
                places.refuse_taken(place, _inputs())
            control.register_input(id, asked.spec)
        return asked.answer

    def unregister_input(self, id: str, body: object) -> None:
        control.unregister_input(id, _only_time(body))

    def update_input(self, id: str, body: object) -> None:
        asked = change_of(body)
        if asked.place is not None:
            with named(input="id"):
                control.seek_input(id, asked.place, asked.at)
        if asked.pause is not None:
            (control.pause_input if asked.pause else control.resume_input)(id, asked.at)

    def queue_track(self, id: str, body: object) -> Answer:
        asked = bodies.track_of(body)
        with named(input="id", track="path", supply="path"):
            control.queue_track(id, asked.supply, asked.offset, asked.at)
        return asked.answer

    def next_track(self, id: str, body: object) -> None:
        with named(input="id"):
            control.next_track(id, _only_time(body))

    # -- outputs ---------------------------------------------------------------------------------

    def register_output(self, id: str, body: object) -> Answer:
        with self._registering:
            outputs, inputs = _outputs(), _inputs()
            if id in outputs:
                raise AlreadyRegistered("output", id)
            # Before it is tried whether it can be written: another output may be at it.
            places.refuse_written(_within(body, "path"), outputs)
            asked = bodies.output_of(body, self._rules.settings)
            places.refuse_shared(asked.spec.sink, outputs, inputs)
            with named(scene="video.initial.root", inputs="audio.initial.inputs"):
                control.register_output(id, asked.spec, asked.at)
        scenes.remember(id, _within(body, "video", "initial", "root"))
        if isinstance(asked.spec.sink, WatchedSink):
            return {**_routes(id, asked.spec.sink), **asked.answer}
        return asked.answer

    def unregister_output(self, id: str, body: object) -> None:
        control.unregister_output(id, _only_time(body))

    def update_output(self, id: str, body: object) -> None:
        update = bodies.update_of(body)
        words = scenes.written(_within(body, "video", "root"))
        with named(scene="video.root", mix="audio", inputs="audio.inputs"):
            control.update_output(id, scene=update.scene, mix=update.mix, at=update.at, words=words)

    def _now(self, status: control.Status) -> Ns:
        return self._rules.settings.framerate.tick(status.queue.ticks)

    def request_keyframe(self, id: str, body: object) -> None:
        if not isinstance(sink_of(id), LiveSink):
            raise SpecRefused("id", id, "an output that somebody watches live")
        tell(video_end_of(id), KeyWanted())

    # -- images and the pipeline -----------------------------------------------------------------

    def register_image(self, id: str, body: object) -> None:
        path, kind = image_of(body)
        data = _content(path)
        try:
            found = kind_of_image(path, data)
            if kind not in {found, "auto"}:
                raise SpecRefused("asset_type", kind, f"{found} or auto, as what this file is")
            control.register_image(id, data)
        except ImageRefused as refused:
            # To a client, it is the file that is wrong.
            raise ImageRefused(path, refused.why) from refused

    def unregister_image(self, id: str, body: object) -> None:
        _nothing_in(body)
        control.unregister_image(id)

    def start(self, id: str, body: object) -> None:
        _nothing_in(body)
        control.start()

    def reset(self, id: str, body: object) -> None:
        _nothing_in(body)
        with contextlib.suppress(CallFailed):
            Keeper.forget(KEEPER)
        Supervisor.terminate_child(self._rules.root, PIPELINE)
        Supervisor.restart_child(self._rules.root, PIPELINE)

    # -- to look at ------------------------------------------------------------------------------

    def status(self) -> Answer:
        there = control.status()
        found = answers.status_of(there)
        rate = self._rules.settings.framerate
        now = self._now(there)
        preview = self._rules.preview if self._rules.preview in there.outputs else None
        return {
            **found,
            "scene": None if preview is None else scenes.shown(preview),
            "output_framerate": f"{rate.num}/{rate.den}",
            "seconds": round(now / SECOND, 3),
            "preview": preview,
            "may_kill": self._rules.may_kill,
        }

    def tree(self) -> Answer:
        return tree(self._rules.root, Watch.restarts(WATCH))

    def watching(self) -> Answer:
        """Return how the preview of the page is watched."""
        preview = self._rules.preview
        sink = None if preview is None else sink_of(preview)
        return {} if not isinstance(sink, WatchedSink) else _routes(str(preview), sink)

    def reports(self) -> list[Answer]:
        return [answers.report_of(one) for one in Watch.reports(WATCH)]

    def kill(self, id: str, body: object) -> Answer:
        if not self._rules.may_kill:
            raise SpecRefused("kill", "asked for", "allowed on this server")
        fields = Fields(body)
        pid = fields.text("pid")
        fields.end()
        return {"id": kill(self._rules.root, pid)}


@dataclass(frozen=True, slots=True)
class Change:
    """What an input is to do from some time on."""

    place: Ns | None
    """Where in its file it is to go on; None is where it is."""
    pause: bool | None
    """Whether it is to hold still; None leaves that."""
    at: Ns | None


def change_of(json: object) -> Change:
    """Read what an input is to do.

    Raises:
        SpecRefused: a field makes no sense, or nothing is to change.
    """
    fields = Fields(json)
    at = bodies.time_of(fields)
    place = fields.milliseconds("seek_ms")
    if place is None and not fields.has("pause"):
        raise SpecRefused("pause", None, "true or false, or a seek_ms")
    pause = fields.flag("pause", default=False) if fields.has("pause") else None
    fields.end()
    return Change(place, pause, at)


def image_of(json: object) -> tuple[str, str]:
    """Read where an image is, and what it is to be.

    Raises:
        SpecRefused: a field makes no sense.
    """
    fields = Fields(json)
    kind = fields.choice("asset_type", *_IMAGES, "auto", default="auto")
    path = fields.text("path")
    fields.end()
    return path, kind


def sink_of(id: str) -> Sink:
    """Return where an output goes.

    Raises:
        NotRegistered: there is none.
    """
    plan = Ledger.get(LEDGER, ("output", id))
    if not isinstance(plan, OutputPlan):
        raise NotRegistered("output", id)
    return plan.spec.sink


def _routes(id: str, sink: WatchedSink) -> Answer:
    routes = {"endpoint_route": f"/whep/{id}", "preview_route": f"/preview/{id}"}
    return {**routes, "bearer_token": sink.token}


def _inputs() -> list[tuple[str, Supply]]:
    """Return what the inputs read, now and when its turn comes."""
    found = Ledger.registered(LEDGER, "input").items()
    plans = [(id, plan) for id, plan in found if isinstance(plan, InputPlan)]
    return [(id, track.supply) for id, plan in plans for track in plan.tracks]


def _outputs() -> dict[str, Sink]:
    found = Ledger.registered(LEDGER, "output").items()
    return {id: plan.spec.sink for id, plan in found if isinstance(plan, OutputPlan)}


def _within(body: object, *keys: str) -> object:
    found = body
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _only_time(body: object) -> int | None:
    fields = Fields(body)
    at = bodies.time_of(fields)
    fields.end()
    return at


def _nothing_in(body: object) -> None:
    Fields(body).end()


def _content(path: str) -> bytes:
    try:
        if not Path(path).is_file():
            # A pipe, for instance, would be waited for.
            raise SpecRefused("path", path, "a file that is there")
        with Path(path).open("rb") as file:
            data = file.read(_MOST_IMAGE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "cannot be read"
        raise SpecRefused("path", path, f"a file that can be read ({why})") from None
    if len(data) > _MOST_IMAGE:
        raise SpecRefused("path", path, f"a file of at most {_MOST_IMAGE >> 20} MB")
    return data
