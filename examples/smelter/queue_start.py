"""How a queue begins: with nothing, behind the files of a ledger that was lost, or where one stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from examples.smelter.checkpoint import Checkpoint
from examples.smelter.doors import Doors
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import CHUNK, Framerate, Ns
from examples.smelter.pictures import RATE, SECOND
from examples.smelter.playlists import Playlists
from examples.smelter.queue_words import Line, Saved
from examples.smelter.requests import InputPlan, OutputPlan, Settings
from examples.smelter.sets import Options
from examples.smelter.sinks import Muxer
from examples.smelter.timeline import Timeline
from examples.smelter.wire import Connect, muxer_of

__all__ = ["Beginning", "begin", "connection", "resume"]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a queue that knows nothing begins with."""

    line: Line
    ticks: int
    """What the files hold already; a new film is empty."""
    head: Ns
    """The same as time: the inputs begin anew behind it."""
    inputs: tuple[InputPlan, ...]
    outputs: Mapping[OutputPlan, int]
    """Each with the ticks that its file holds."""


def begin(settings: Settings) -> Beginning:
    """Find out what is registered and how far the files go; asks the ledger and the muxers."""
    failed = Ledger.registered(LEDGER, "failed output")
    outputs = [
        one
        for one in Ledger.registered(LEDGER, "output").values()
        if isinstance(one, OutputPlan) and one.id not in failed
    ]
    held = {one.id: _positions(one) for one in outputs}
    ticks = max((ticks for ticks, _ in held.values()), default=0)
    samples = max((samples for _, samples in held.values()), default=0)
    known = Checkpoint(ticks=ticks, chunks=samples * SECOND // RATE // CHUNK)
    return Beginning(
        Timeline(_options(settings), known),
        ticks,
        settings.framerate.tick(ticks),
        _inputs(),
        {one: held[one.id][0] for one in outputs},
    )


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
