"""The process that is asked through `control`: checks, writes down, starts; and sees outputs fail.

It keeps nothing that its successor would miss: what was asked for is in the ledger, who runs is found
by name. Outputs are watched; one whose supervisor has given up is taken out of the compositor and the
mixer at once, so that nobody waits for it, and reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from actors import Caller, CallFailed, Down, GenServer, Message, Ref, Reply, process
from actors.exits import is_clean
from examples.smelter import branches, events
from examples.smelter.assets import AssetsChanged
from examples.smelter.complaints import (
    AlreadyRegistered,
    NotRegistered,
    RequestRefused,
    SpecRefused,
    TooLate,
)
from examples.smelter.control import Status
from examples.smelter.feeder import memory_of
from examples.smelter.guardians import GIVEN_UP, ORPHANED
from examples.smelter.keeper import CLOSING, MIXED, SHOWN, WORDS
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mix import MixChange, OutputMix
from examples.smelter.offsets import MILLISECOND, SECOND, Ns
from examples.smelter.queue_server import Queue
from examples.smelter.request_rules import check_id, check_mix, check_output, check_supply, time_of
from examples.smelter.requests import InputPlan, InputSpec, OutputPlan, OutputSpec, Settings
from examples.smelter.scene import Component
from examples.smelter.scene_rules import check_scene
from examples.smelter.seek import duration_of, sought
from examples.smelter.sessions import Link, link_of
from examples.smelter.tracks import MAX_WAITING
from examples.smelter.wire import (
    ASSETS,
    COMPOSITOR,
    MIXER,
    QUEUE,
    AddTrack,
    Attaching,
    Command,
    Disconnect,
    Finished,
    InputGone,
    NextTrack,
    PauseInput,
    RemoveInput,
    ResumeInput,
    Running,
    SeekInput,
    SetMix,
    SetScene,
    Together,
    muxer_of,
    output_of,
    tell,
)
from supervisors import ChildError

__all__ = ["Control", "OutputsUp"]

DISK = 8.0
"""Seconds that a disk may take; a little less than whoever asks is ready to wait."""

TO_CLOSE = 5.0
"""Seconds that an output gets to complete what it has."""


@dataclass(frozen=True, slots=True)
class OutputsUp:
    """The supervisor of outputs has come up, maybe after a crash."""


_Answer: TypeAlias = Status | None


class Control(GenServer[None]):
    """Answers one request after the other. It keeps what it watches on itself, and nothing else."""

    def init(self, settings: Settings) -> None:
        """Find the outputs that run."""
        self.settings = settings
        self.watched: dict[Ref, str] = {}
        self._watch_all()
        for id in Ledger.registered(LEDGER, CLOSING):
            process.send_after(process.self(), ("close", id), TO_CLOSE)
        # Whoever was here before may have died with something half done.
        process.spawn(branches.report)

    def handle_call(self, request: Message, caller: Caller, state: None) -> Reply[object, None]:
        """Do what is asked; the answer is the complaint if it is refused."""
        try:
            answer = self._do(request)
            if answer is None:
                # What was granted would survive whoever is killed from here on.
                Ledger.kept.within(DISK)(LEDGER)
            return Reply(answer)
        except RequestRefused as refused:
            return Reply(refused)
        except CallFailed as failed:
            # Somebody is being started again just now.
            return Reply(_Unavailable(str(failed)))

    def _do(self, request: Message) -> _Answer:
        match request:
            case ("register input", str() as id, InputSpec() as spec):
                self._register_input(id, spec)
            case ("unregister input", str() as id, at):
                self._command("input", id, RemoveInput(id), at)
            case ("pause input", str() as id, at):
                self._command("input", id, PauseInput(id), at)
            case ("resume input", str() as id, at):
                self._command("input", id, ResumeInput(id), at)
            case ("queue track", AddTrack() as asked, at):
                self._queue_track(asked, at)
            case ("next track", str() as id, at):
                self._next_track(id, at)
            case ("seek input", str() as id, place, at):
                self._seek(id, place, at)
            case ("register output", str() as id, OutputSpec() as spec, at):
                self._register_output(id, spec, at)
            case ("unregister output", str() as id, at):
                self._command("output", id, Disconnect(id), at)
            case ("update output", str() as id, scene, mix, at, words):
                self._update_output(id, (scene, words), mix, at)
            case ("register asset", str() as kind, str() as id, value):
                self._refuse_known(kind, id)
                self._write((kind, id), value)
            case ("unregister asset", str() as kind, str() as id):
                self._refuse_unknown(kind, id)
                Ledger.drop(LEDGER, (kind, id))
                tell(ASSETS, AssetsChanged())
            case ("start",):
                if not Queue.begin(QUEUE):
                    raise SpecRefused("start", "a second start", "possible, it has begun")
            case ("status",):
                return self._status()
            case _:
                raise SpecRefused("request", request, "anything that can be asked")
        return None

    def _write(self, key: tuple[str, str], value: object) -> None:
        Ledger.put(LEDGER, key, value)
        tell(ASSETS, AssetsChanged())

    def _refuse_known(self, kind: str, id: str) -> None:
        if id in Ledger.registered(LEDGER, kind):
            raise AlreadyRegistered(kind, id)

    def _refuse_unknown(self, kind: str, id: str) -> object:
        found = Ledger.get(LEDGER, (kind, id))
        if found is None:
            raise NotRegistered(kind, id)
        return found

    def _command(self, kind: str, id: str, command: Command, at: object) -> None:
        self._refuse_unknown(kind, id)
        self._give(command, time_of(at))

    def _give(self, command: Command, at: Ns | None, *, always: bool = False) -> bool:
        """Have the queue carry something out; False if it came to nothing."""
        if at is None:
            return Queue.carry_out(QUEUE, command)
        if not Queue.schedule(QUEUE, command, at, always):
            raise TooLate(at)
        return True

    # -- inputs ------------------------------------------------------------------------------------

    def _register_input(self, id: str, spec: InputSpec) -> None:
        check_id(id)
        self._refuse_known("input", id)
        check_supply(spec.supply)
        plan = InputPlan(id, spec, round(process.monotonic() * SECOND))
        if not Queue.register(QUEUE, plan):
            raise AlreadyRegistered("input", id)
        try:
            branches.add_input(plan, self.settings)
        except (ChildError, CallFailed) as failed:
            Queue.carry_out(QUEUE, RemoveInput(id))
            raise SpecRefused(f"input {id}", failed, "an input that can be started") from failed

    def _plan_of(self, id: str) -> InputPlan:
        plan = self._refuse_unknown("input", id)
        assert isinstance(plan, InputPlan)
        return plan

    def _queue_track(self, asked: AddTrack, at: object) -> None:
        self._plan_of(asked.input)
        check_supply(asked.supply)
        if not self._give(asked, time_of(at)):
            raise SpecRefused("track", asked.supply.title, f"one of {MAX_WAITING} that may wait")

    def _next_track(self, id: str, at: object) -> None:
        self._plan_of(id)
        if not self._give(NextTrack(id), time_of(at)):
            raise SpecRefused("input", id, "one with a track that waits")

    def _seek(self, id: str, place: object, at: object) -> None:
        supply = self._plan_of(id).tracks[0].supply
        place = time_of(place, "place")
        length = duration_of(supply)
        if place is None or sought(supply, place) is None:
            raise SpecRefused("input", id, "a file, to go to another place of")
        if length is not None and place >= length:
            accepted = f"a time before its end, {length // MILLISECOND} ms"
            raise SpecRefused("seek_ms", place // MILLISECOND, accepted)
        self._give(SeekInput(id, place), time_of(at))

    def handle_cast(self, request: Message, state: None) -> None:
        """Hear of what was carried out by others."""
        match request:
            case InputGone(plan):
                branches.remove_input(plan)
                Ledger.drop(LEDGER, memory_of(plan.id))
                Ledger.drop(LEDGER, link_of("input", plan.id))
            case Running():
                branches.tidy(request, self.settings)
                self._watch_all()
            case Finished(output=id):
                events.publish(events.OutputDone(id))
                if Ledger.get(LEDGER, (CLOSING, id)) is not None:
                    self._remove_output(id)
            case Disconnect(id):
                # It is told to end now, and gets some time to complete what it has.
                process.send_after(process.self(), ("close", id), TO_CLOSE)
            case OutputsUp():
                self._watch_all()
            case _:
                raise TypeError(f"control is not told {request!r}")

    # -- outputs -----------------------------------------------------------------------------------

    def _register_output(self, id: str, spec: OutputSpec, at: object) -> None:
        check_id(id)
        self._refuse_known("output", id)
        check_output(spec)
        if spec.video is not None:
            self._check_scene(spec.video.scene)
        time = time_of(at)
        plan = OutputPlan(id, spec)
        try:
            branches.add_output(plan, self.settings)
        except (ChildError, CallFailed) as failed:
            raise SpecRefused(f"output {id}", failed, "an output that can be started") from failed
        try:
            self._give(Attaching(plan), time, always=True)
        except CallFailed:
            self._remove_output(id)
            raise
        self._watch(id)

    def _check_scene(self, scene: Component) -> None:
        images = Ledger.registered(LEDGER, "image")
        shaders = Ledger.registered(LEDGER, "shader")
        check_scene(scene, images.keys(), shaders.keys())

    def _update_output(self, id: str, what: tuple[object, object], mix: object, at: object) -> None:
        scene, words = what
        plan = self._refuse_unknown("output", id)
        assert isinstance(plan, OutputPlan)
        if scene is None and mix is None:
            raise SpecRefused("update", None, "a scene, a mix or both")
        show = sound = None
        if scene is not None:
            if plan.spec.video is None:
                raise SpecRefused("scene", scene, f"for output {id}, which has no video")
            self._check_scene(scene)  # type: ignore[arg-type]
            show = SetScene(id, scene, words)  # type: ignore[arg-type]
        if isinstance(mix, OutputMix | MixChange):
            if plan.spec.audio is None:
                raise SpecRefused("mix", mix, f"for output {id}, which has no audio")
            check_mix(mix)
            sound = SetMix(id, mix)
        command = Together(show, sound) if show and sound else show or sound
        if command is not None:
            self._give(command, time_of(at))

    def _remove_output(self, id: str) -> None:
        self.watched = {ref: name for ref, name in self.watched.items() if name != id}
        Ledger.drop(LEDGER, ("output", id))
        Ledger.drop(LEDGER, ("failed output", id))
        Ledger.drop(LEDGER, (CLOSING, id))
        for kind in (SHOWN, WORDS, MIXED):
            Ledger.drop(LEDGER, (kind, id))
        tell(COMPOSITOR, Disconnect(id))
        tell(MIXER, Disconnect(id))
        branches.remove_output(id)
        # The next output of this id has a file of its own.
        Ledger.drop(LEDGER, muxer_of(id))
        Ledger.drop(LEDGER, link_of("output", id))

    # -- who is gone -------------------------------------------------------------------------------

    def _watch_all(self) -> None:
        for id in Ledger.registered(LEDGER, "output"):
            self._watch(id)

    def _watch(self, id: str) -> None:
        pid = process.whereis(output_of(id))
        if pid is not None:
            self.watched = {ref: name for ref, name in self.watched.items() if name != id}
            self.watched[process.monitor(pid)] = id

    def handle_info(self, message: Message, state: None) -> None:
        """Give up outputs whose supervisors have given up."""
        match message:
            case Down(ref=ref, reason=reason) if ref in self.watched:
                id = self.watched.pop(ref)
                wait = GIVEN_UP if is_clean(reason) else ORPHANED
                process.send_after(process.self(), ("gone", id), wait)
            case ("gone", str() as id):
                if id not in self.watched.values() and process.whereis(output_of(id)) is None:
                    self._give_up(id)
            case ("close", str() as id) if Ledger.get(LEDGER, (CLOSING, id)) is not None:
                self._remove_output(id)
            case _:
                pass

    def _give_up(self, id: str) -> None:
        if Ledger.get(LEDGER, ("output", id)) is None:
            return
        Ledger.put(LEDGER, ("failed output", id), True)
        # At once, not between two sets: the set at hand may be waiting for room on its lane.
        tell(COMPOSITOR, Disconnect(id))
        tell(MIXER, Disconnect(id))
        events.publish(events.OutputError(id))

    def _status(self) -> Status:
        kinds = ("input", "output", "image", "shader", "failed output")
        inputs, outputs, images, shaders, failed = (
            tuple(Ledger.registered(LEDGER, kind)) for kind in kinds
        )
        links = self._links("input"), self._links("output")
        return Status(Queue.stats(QUEUE), inputs, outputs, images, shaders, failed, *links)

    def _links(self, kind: Literal["input", "output"]) -> dict[str, Link]:
        found = Ledger.registered(LEDGER, link_of(kind, "")[0])
        return {id: link for id, link in found.items() if isinstance(link, Link)}


class _Unavailable(RequestRefused):
    """A worker that was needed is being started again: ask once more."""

    def __str__(self) -> str:
        return f"not available just now, ask again: {self.args[0]}"
