"""A scenario of kind `queue` as values: what is registered, what happens when.

Times here count from the start of the queue, as in the files. An action is one of a closed set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from examples.smelter.offsets import AtPts, Floating, FromStart, Media, Ns, Offset
from examples.smelter.replay_ticks import framerate
from examples.smelter.sets import Options
from examples.smelter.tracks import TrackSpec
from examples.smelter.vectors import (
    Json,
    ReplayError,
    Table,
    flag,
    mapping,
    moment,
    number,
    optional_moment,
    rows,
    text,
)

__all__ = [
    "Abort",
    "Action",
    "Consume",
    "End",
    "Item",
    "Pause",
    "Plan",
    "Probe",
    "QueueTrack",
    "Register",
    "Remove",
    "Resume",
    "Schedule",
    "Send",
    "Timed",
    "plan",
]


@dataclass(frozen=True, slots=True)
class Item:
    """A frame or batch as it is offered."""

    id: Json
    """What it is called in the output."""
    pts: Ns
    """In track time."""
    duration: Ns
    """Of a batch; 0 for a frame."""


@dataclass(frozen=True, slots=True)
class Register:
    """Registers an input."""

    input: str
    """Its id."""
    required: bool
    """Whether everybody waits for it."""
    tracks: tuple[TrackSpec, ...]
    """Queued at once."""


@dataclass(frozen=True, slots=True)
class QueueTrack:
    """Queues a further track."""

    input: str
    """Which input."""
    track: TrackSpec
    """The track."""


@dataclass(frozen=True, slots=True)
class Send:
    """The producer of one half of a track offers items."""

    input: str
    """Which input."""
    track: int
    """Which track, from 1."""
    media: Media
    """Which half."""
    items: tuple[Item, ...]
    """What it offers, in order."""


@dataclass(frozen=True, slots=True)
class End:
    """One half of a track is over after the items offered so far."""

    input: str
    """Which input."""
    track: int
    """Which track, from 1."""
    media: Media
    """Which half."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Replaces the current track by the next one."""

    input: str
    """Which input."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Pauses an input."""

    input: str
    """Which input."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Resumes an input."""

    input: str
    """Which input."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Unregisters an input."""

    input: str
    """Which input."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Asks for an event at a time."""

    id: str
    """What it is called in the output."""
    time: Ns
    """When, from the start."""
    always: bool
    """Run it even if it is late."""


@dataclass(frozen=True, slots=True)
class Consume:
    """Changes how long a consumer works on a set, from the next one it takes."""

    media: Media
    """Which consumer."""
    service: Ns | None
    """How long; None = it takes nothing any more."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks how many items the queue holds."""

    input: str
    """Which input."""


Action: TypeAlias = (
    Register
    | QueueTrack
    | Send
    | End
    | Abort
    | Pause
    | Resume
    | Remove
    | Schedule
    | Consume
    | Probe
)


@dataclass(frozen=True, slots=True)
class Timed:
    """An action and its time."""

    at: Ns
    """When."""
    action: Action
    """What."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole scenario."""

    start_after: Ns
    """From the construction of the queue to its start."""
    until: Ns
    """The end of the replay, inclusive."""
    options: Options
    """Of the queue."""
    consumers: dict[Media, Ns]
    """How long each consumer works on a set."""
    inputs: tuple[Register, ...]
    """Registered at construction."""
    timeline: tuple[Timed, ...]
    """What happens, in order."""


def plan(scenario: Table) -> Plan:
    """Read a scenario.

    Raises:
        ReplayError: a member is missing or is not what it should be.
    """
    service = mapping(scenario.get("consumers", {}), "'consumers'")
    return Plan(
        start_after=optional_moment(scenario, "start_after", 0),
        until=moment(scenario.get("until"), "'until'"),
        options=_options(mapping(scenario.get("options"), "'options'")),
        consumers={
            "video": optional_moment(service, "video", 0),
            "audio": optional_moment(service, "audio", 0),
        },
        inputs=tuple(_register(mapping(i, "an input")) for i in rows(scenario, "inputs", [])),
        timeline=_timeline(rows(scenario, "timeline", [])),
    )


def _options(table: Table) -> Options:
    return Options(
        framerate=framerate(table.get("output_framerate")),
        ahead_of_time=flag(table, "ahead_of_time_processing", default=False),
        never_drop=flag(table, "never_drop_output_frames", default=False),
        run_late_scheduled_events=flag(table, "run_late_scheduled_events", default=False),
    )


def _register(table: Table) -> Register:
    tracks = tuple(_track(mapping(t, "a track")) for t in rows(table, "tracks", []))
    return Register(text(table, "id"), flag(table, "required", default=False), tracks)


def _track(table: Table) -> TrackSpec:
    offset = _offset(mapping(table.get("offset"), "'offset'"))
    return TrackSpec(offset, video=flag(table, "video"), audio=flag(table, "audio"))


def _offset(table: Table) -> Offset:
    match text(table, "kind"):
        case "from_start":
            return FromStart(moment(table.get("value"), "'value'"))
        case "pts":
            return AtPts(moment(table.get("value"), "'value'"))
        case "none":
            return Floating()
        case other:
            raise ReplayError(f"an offset is 'from_start', 'pts' or 'none', not {other!r}")


def _timeline(actions: Sequence[Json]) -> tuple[Timed, ...]:
    read = [_timed(mapping(action, "an action")) for action in actions]
    # Files have them in order already; a stable sort keeps those of one instant as they are.
    return tuple(sorted(read, key=lambda timed: timed.at))


def _timed(table: Table) -> Timed:
    return Timed(moment(table.get("at"), "'at'"), _action(table))


def _action(table: Table) -> Action:
    match text(table, "do"):
        case "register":
            return _register(mapping(table.get("input"), "'input'"))
        case "queue_track":
            track = _track(mapping(table.get("track"), "'track'"))
            return QueueTrack(text(table, "input"), track)
        case "send":
            items = tuple(_item(mapping(i, "an item"), table) for i in rows(table, "items"))
            return Send(text(table, "input"), number(table, "track"), _media(table), items)
        case "end":
            return End(text(table, "input"), number(table, "track"), _media(table))
        case "abort":
            return Abort(text(table, "input"))
        case "pause":
            return Pause(text(table, "input"))
        case "resume":
            return Resume(text(table, "input"))
        case "remove":
            return Remove(text(table, "input"))
        case "schedule":
            late = flag(table, "always", default=False)
            return Schedule(text(table, "id"), moment(table.get("time"), "'time'"), late)
        case "consumer":
            service = table.get("service")
            return Consume(_media(table), None if service is None else moment(service, "'service'"))
        case "probe":
            return Probe(text(table, "input"))
        case other:
            raise ReplayError(f"there is no action {other!r}")


def _media(table: Table) -> Media:
    match text(table, "media"):
        case "video":
            return "video"
        case "audio":
            return "audio"
        case other:
            raise ReplayError(f"'media' is 'video' or 'audio', not {other!r}")


def _item(table: Table, action: Table) -> Item:
    duration = moment(table.get("duration"), "'duration'") if _media(action) == "audio" else 0
    return Item(table.get("id"), moment(table.get("pts"), "'pts'"), duration)
