"""How a queue begins: with nothing, behind the files of a ledger that was lost, or where one stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast
from uuid import uuid4

from examples.smelter.checkpoint import Checkpoint
from examples.smelter.doors import Doors
from examples.smelter.keeper import MIXED, SCHEDULE, SHOWN, STARTED
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mix import OutputMix
from examples.smelter.offsets import CHUNK, Framerate, Ns
from examples.smelter.pictures import RATE, SECOND
from examples.smelter.playlists import Playlists
from examples.smelter.queue_words import Line, Saved
from examples.smelter.requests import InputPlan, OutputPlan, Settings
from examples.smelter.scene import Component
from examples.smelter.sets import Options
from examples.smelter.sinks import Muxer
from examples.smelter.timeline import Timeline
from examples.smelter.wire import Attaching, Connect, muxer_of

__all__ = ["Beginning", "Started", "begin", "connection", "resume"]


RUN = uuid4().hex
"""Of this interpreter: the runtime's clock means nothing to another one."""


@dataclass(frozen=True, slots=True)
class Started:
    """When the line of time was begun."""

    at: Ns
    """On the runtime's clock."""
    run: str = RUN
    """Whose clock it was."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a queue that knows nothing begins with."""

    line: Line
    origin: Ns
    """When the line was built, on the runtime's clock."""
    ticks: int
    """What is past; a new film is empty."""
    head: Ns
    """The same as time: the inputs begin anew behind it."""
    inputs: tuple[InputPlan, ...]
    outputs: Mapping[OutputPlan, int]
    """Each that takes part, with the ticks that its file holds."""


def begin(settings: Settings, now: Ns) -> Beginning:
    """Find out what is registered and how far the files go; asks the ledger and the muxers.

    A line that was begun before the ledger was lost goes on: in real time at the place that it is
    now, so what was scheduled keeps its time; otherwise behind what the files hold.
    """
    outputs = _outputs()
    held = {one.id: _positions(one) for one in outputs}
    ticks = max((ticks for ticks, _ in held.values()), default=0)
    samples = max((samples for _, samples in held.values()), default=0)
    chunks = samples * SECOND // RATE // CHUNK
    started, options = Ledger.get(LEDGER, STARTED), _options(settings)
    origin = now - settings.framerate.tick(ticks)
    line: Line = Timeline(options, Checkpoint(ticks=ticks, chunks=chunks))
    waiting: set[str] = set()
    if isinstance(started, Started):
        known = Checkpoint(0, ticks, chunks)
        is_same_clock = started.run == RUN and started.at <= origin
        if is_same_clock and not options.keeps_every_tick:
            origin = started.at
            line = Timeline.restore(known, options, now - origin)
            waiting = _schedule(line)
        elif not settings.starts_by_itself:
            line = Timeline(options, known)
    return Beginning(
        line,
        origin,
        line.ticks,
        settings.framerate.tick(line.ticks),
        _inputs(),
        {one: held[one.id][0] for one in outputs if one.id not in waiting},
    )


def _schedule(line: Line) -> set[str]:
    """Schedule again what was scheduled; return the outputs that are to begin by that."""
    found = Ledger.get(LEDGER, SCHEDULE)
    waiting = set()
    for time, command in found if isinstance(found, tuple) else ():
        line.schedule(command, time, always=True)
        if isinstance(command, Attaching):
            waiting.add(command.plan.id)
    return waiting


def _outputs() -> list[OutputPlan]:
    """Return the outputs that were not given up, with what they show and sound like now."""
    failed, shown, mixed = (
        Ledger.registered(LEDGER, kind) for kind in ("failed output", SHOWN, MIXED)
    )
    return [
        _as_it_is(one, shown.get(one.id), mixed.get(one.id))
        for one in Ledger.registered(LEDGER, "output").values()
        if isinstance(one, OutputPlan) and one.id not in failed
    ]


def _as_it_is(plan: OutputPlan, scene: object, mix: object) -> OutputPlan:
    video, audio = plan.spec.video, plan.spec.audio
    if video is not None and scene is not None:
        video = replace(video, scene=cast("Component", scene))
    if audio is not None and isinstance(mix, OutputMix):
        audio = replace(audio, mix=mix)
    return replace(plan, spec=replace(plan.spec, video=video, audio=audio))


def resume(settings: Settings, saved: Saved, now: Ns) -> tuple[Line, Doors, Playlists]:
    """Go on where a queue stopped; `now` counts from its construction. Asks the ledger."""
    line: Line = Timeline.restore(saved.checkpoint, _options(settings), now)
    doors = Doors.restored(line, saved.checkpoint)
    playlists = Playlists(line, doors, saved.origin)
    playlists.restore(_inputs())
    return line, doors, playlists


def _inputs() -> tuple[InputPlan, ...]:
    found = Ledger.registered(LEDGER, "input").values()
    return tuple(one for one in found if isinstance(one, InputPlan))


def _options(settings: Settings) -> Options:
    return Options(
        settings.framerate, settings.ahead_of_time, settings.never_drop, settings.run_late
    )


def _positions(plan: OutputPlan) -> tuple[int, int]:
    """Return how far the file of an output goes; what is live holds nothing."""
    return (0, 0) if plan.spec.sink.is_live else Muxer.positions(muxer_of(plan.id))


def connection(line: Line, rate: Framerate, plan: OutputPlan, held: int = 0) -> Connect:
    """Say where an output begins whose file holds so many ticks.

    A new one has its zero at the last tick that is not after the next chunk, so there is no sound
    before it; what is between the zero and the chunk is silence.
    """
    chunk = line.chunks * CHUNK
    if held:
        return Connect(plan, line.ticks - held, chunk)
    first = rate.first_tick_from(chunk)
    first -= rate.tick(first) > chunk
    origin = min(line.ticks, first)
    return Connect(plan, origin, rate.tick(origin))
