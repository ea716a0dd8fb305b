"""Whom a pipeline is asked through: inputs, outputs, images, scenes and volumes, now or at a time.

    register_input("camera", InputSpec(…))
    queue_track("film", FileSupply(…))        # after what it plays;  next_track, seek_input
    update_output("stream", scene=scene_of(json), at=2 * SECOND)

Each function is a call of one process, so what is asked is done one after the other. It is checked
first and refused with an error of `complaints.RequestRefused`; then it is written into the ledger;
then processes are started for it, and if that fails nothing of it remains. The process is in
`controller`.

Times count from the start of the pipeline, in nanoseconds. What is asked for a time that has passed
is refused: an error for the caller, not a line in a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actors import GenServer, process
from examples.smelter.complaints import RequestRefused
from examples.smelter.compose import Shading
from examples.smelter.inputs import Supply
from examples.smelter.mix import MixChange, OutputMix
from examples.smelter.offsets import Floating, Ns, Offset
from examples.smelter.queue_words import QueueStats
from examples.smelter.requests import InputSpec, OutputSpec
from examples.smelter.scene import Component
from examples.smelter.sessions import Link, nanoseconds
from examples.smelter.sprites import check_texts, load_image
from examples.smelter.wire import CONTROL, AddTrack

__all__ = [
    "Status",
    "next_track",
    "pause_input",
    "queue_track",
    "register_image",
    "register_input",
    "register_output",
    "register_shader",
    "resume_input",
    "seek_input",
    "start",
    "status",
    "unregister_image",
    "unregister_input",
    "unregister_output",
    "unregister_shader",
    "update_output",
]

PATIENCE = 10.0
"""Seconds that an answer may take: processes may have to be started for it."""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is."""

    queue: QueueStats
    """How far it is."""
    inputs: tuple[str, ...]
    """Ids, in the order of registration."""
    outputs: tuple[str, ...]
    images: tuple[str, ...]
    shaders: tuple[str, ...]
    failed_outputs: tuple[str, ...]
    """Those that were given up."""
    input_links: Mapping[str, Link]
    """How the live ones among the inputs are connected."""
    output_links: Mapping[str, Link]


def register_input(id: str, spec: InputSpec) -> None:
    """Let an input take part from now on.

    Raises:
        AlreadyRegistered: there is one of this id.
        SpecRefused: the specification makes no sense.
        RequestRefused: it could not be started; nothing of it remains.
    """
    _ask(("register input", id, spec))


def unregister_input(id: str, at: Ns | None = None) -> None:
    """Let an input take part no more; it has no key from the next set on.

    Args:
        id: of the input.
        at: when; None is now.

    Raises:
        NotRegistered: there is none.
        TooLate: that time has passed.
    """
    _ask(("unregister input", id, at))


def pause_input(id: str, at: Ns | None = None) -> None:
    """Hold an input still; as `unregister_input`."""
    _ask(("pause input", id, at))


def resume_input(id: str, at: Ns | None = None) -> None:
    """Let a paused input go on; as `unregister_input`."""
    _ask(("resume input", id, at))


def queue_track(
    id: str, supply: Supply, offset: Offset | None = None, at: Ns | None = None
) -> None:
    """Let an input play something else when it has come to the end of what it plays now.

    The next track begins when both media of the one before have ended. Until then it waits, ready to
    begin; the queue holds some of it already.

    Args:
        id: of the input.
        supply: what it plays then.
        offset: where it begins; None is as soon as its turn comes.
        at: when it is put behind the others; None is now.

    Raises:
        NotRegistered: there is no such input.
        SpecRefused: five tracks wait already, or this one has neither pictures nor sound.
        TooLate: that time has passed.
    """
    asked = AddTrack(id, supply, offset or Floating(), nanoseconds(process.monotonic()))
    _ask(("queue track", asked, at))


def next_track(id: str, at: Ns | None = None) -> None:
    """Let an input go on to the track that waits, without playing the current one to its end.

    The next one begins as soon as each of its media has come; the one before it plays until then, and
    gets no end of stream.

    Raises:
        NotRegistered: there is no such input.
        SpecRefused: no track waits.
        TooLate: that time has passed.
    """
    _ask(("next track", id, at))


def seek_input(id: str, place: Ns, at: Ns | None = None) -> None:
    """Let an input that is a file go on from another place, in a track of its own; as `next_track`.

    Tracks that wait stay behind it. An input that is paused shows the picture of the new place.

    Args:
        id: of the input.
        place: in the time of the file, in nanoseconds.
        at: when; None is now.

    Raises:
        NotRegistered: there is no such input.
        SpecRefused: it is no file, or the place lies beyond its end.
        TooLate: that time has passed.
    """
    _ask(("seek input", id, place, at))


def register_output(id: str, spec: OutputSpec, at: Ns | None = None) -> None:
    """Begin an output.

    Args:
        id: of the output.
        spec: what it is.
        at: when its pictures and sound begin, however late; None is now.

    Raises:
        AlreadyRegistered: there is one of this id.
        SpecRefused: neither pictures nor sound, or a size that cannot be.
        SceneRefused: its scene cannot be drawn.
        RequestRefused: it could not be started; nothing of it remains.
    """
    if spec.video is not None:
        check_texts(spec.video.scene)
    _ask(("register output", id, spec, at))


def unregister_output(id: str, at: Ns | None = None) -> None:
    """End an output; what it has is completed. As `unregister_input`."""
    _ask(("unregister output", id, at))


def update_output(
    id: str,
    *,
    scene: Component | None = None,
    mix: OutputMix | MixChange | None = None,
    at: Ns | None = None,
    words: str | None = None,
) -> None:
    """Let an output show, or consist of, something else from the next set on.

    Args:
        id: of the output.
        scene: what it shows; None leaves that.
        mix: what its sound consists of; None leaves that.
        at: when; None is now.
        words: the scene as it was asked for, kept in the ledger under `WORDS` as long as it is shown.

    Raises:
        NotRegistered: there is none.
        SpecRefused: neither was given, or the output has no such medium.
        SceneRefused: the scene cannot be drawn; the one before stays.
        TooLate: that time has passed; neither is changed.
    """
    if scene is not None:
        check_texts(scene)
    _ask(("update output", id, scene, mix, at, words))


def register_image(id: str, data: bytes) -> None:
    """Make a png, jpeg or gif known to scenes.

    Raises:
        AlreadyRegistered: there is one of this id.
        ImageRefused: it cannot be decoded.
    """
    load_image(id, data)
    _ask(("register asset", "image", id, data))


def unregister_image(id: str) -> None:
    """Forget an image; scenes that name it go on without.

    Raises:
        NotRegistered: there is none.
    """
    _ask(("unregister asset", "image", id))


def register_shader(id: str, function: Shading) -> None:
    """Make a function known to scenes; see `compose` for what it is given.

    Raises:
        AlreadyRegistered: there is one of this id.
    """
    _ask(("register asset", "shader", id, function))


def unregister_shader(id: str) -> None:
    """Forget a shader; as `unregister_image`."""
    _ask(("unregister asset", "shader", id))


def start() -> None:
    """Begin the line of time.

    Raises:
        RequestRefused: it has begun.
    """
    _ask(("start",))


def status() -> Status:
    """Return what there is.

    Raises:
        RequestRefused: a worker that knows is being started again; ask once more.
    """
    found = _ask(("status",))
    assert isinstance(found, Status)
    return found


def _ask(request: tuple[object, ...]) -> object:
    answer = GenServer.call(CONTROL, request, PATIENCE)
    if isinstance(answer, RequestRefused):
        raise answer
    return answer
