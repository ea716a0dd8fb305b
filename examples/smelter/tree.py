"""Who is responsible for whom. Read this first.

    pipeline            rest_for_one   without the ledger nothing after it knows what was asked for
    ├─ keeper                          what was asked for, once more and on the disk
    ├─ ledger                          what was asked for, positions and counters; never media
    └─ stage            one_for_one    every worker can be rebuilt alone, finding others by name
       ├─ events                       who wants to know what happens
       ├─ assets                       decoded images
       ├─ outputs       one_for_one    rebuilt from the ledger
       │  └─ (output)   rest_for_one   a new muxer needs new encoders, told how far the file goes
       │     ├─ muxer
       │     └─ encoders   one_for_one
       │        ├─ audio_encoder
       │        └─ video_encoder
       ├─ compositor
       ├─ mixer
       ├─ queue
       ├─ inputs        one_for_one    rebuilt from the ledger
       │  └─ (input)    rest_for_one   a source's crash leaves what its feeder keeps
       │     ├─ feeder
       │     └─ source
       └─ control                      who is asked; keeps nothing

The clock is the runtime's (a virtual one in tests), and names are in its table.

Whoever is gone for good takes the least with it: an input that cannot be read is given up after
five restarts in ten seconds, and an output that cannot be written after three; the others go on.
Shutting down goes from the bottom of the picture to the top: no more requests, no more input, then
what is in the queue, then the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actors import CallFailed, Pid
from examples.smelter import branches as coming_and_going
from examples.smelter.assets import Assets
from examples.smelter.compositor import Compositor
from examples.smelter.controller import Control, OutputsUp
from examples.smelter.events import EVENTS, Events
from examples.smelter.heirs import heirs
from examples.smelter.keeper import KEEPER, Keeper
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mixer import Mixer
from examples.smelter.queue_server import Queue
from examples.smelter.requests import Settings
from examples.smelter.wire import (
    ASSETS,
    COMPOSITOR,
    CONTROL,
    INPUTS,
    MIXER,
    OUTPUTS,
    QUEUE,
    STAGE,
    tell,
)
from supervisors import ChildSpec, Supervisor, override, which_children

__all__ = ["Branch", "branches", "start"]


def start(settings: Settings, desired: Mapping[tuple[str, str], object] | None = None) -> Pid:
    """Start a pipeline, linked to the caller, and return when all of it is up.

    It ends by itself, with `"shutdown"`, when the stage is given up.

    Args:
        settings: how it treats time.
        desired: what is registered from the start, as the ledger keeps it; what a run before has
            left in the settings' file is taken in its place.

    Raises:
        StartError: Something cannot be started; nothing is left of the rest.
    """
    return Supervisor.start_link(
        heirs(
            Keeper.child_spec(settings.snapshot, dict(desired or {}), id="keeper", name=KEEPER),
            Ledger.child_spec(id="ledger", name=LEDGER),
            _stage(settings),
        ),
        strategy="rest_for_one",
        max_restarts=3 * settings.patience,
        max_seconds=30.0,
        auto_shutdown="any_significant",
    )


def _stage(settings: Settings) -> ChildSpec:
    children = heirs(
        Events.child_spec(id="events", name=EVENTS),
        Assets.child_spec(id="assets", name=ASSETS),
        ChildSpec(
            "outputs",
            (_start_outputs, (settings,), {"name": OUTPUTS}),
            type="supervisor",
            shutdown=None,
        ),
        Compositor.child_spec(settings, id="compositor", name=COMPOSITOR),
        Mixer.child_spec(settings, id="mixer", name=MIXER),
        Queue.child_spec(settings, id="queue", name=QUEUE),
        ChildSpec(
            "inputs",
            (coming_and_going.start_inputs, (settings,), {"name": INPUTS}),
            type="supervisor",
            shutdown=None,
        ),
        Control.child_spec(settings, id="control", name=CONTROL),
    )
    stage = Supervisor.child_spec(
        children,
        id="stage",
        name=STAGE,
        restart="transient",
        max_restarts=10 * settings.patience,
        max_seconds=10.0,
    )
    return override(stage, significant=True)


def _start_outputs(settings: Settings, *, name: str) -> Pid:
    outputs = coming_and_going.start_outputs(settings, name=name)
    tell(CONTROL, OutputsUp())
    return outputs


@dataclass(frozen=True, slots=True)
class Branch:
    """One child of the tree, for people who look."""

    depth: int
    id: str
    pid: str
    is_supervisor: bool


def branches(supervisor: Pid, depth: int = 0) -> Iterator[Branch]:
    """Yield the children of a supervisor and theirs, in the order of their start."""
    try:
        children = which_children(supervisor)
    except CallFailed:
        return
    for child in reversed(children):
        is_supervisor = child.type == "supervisor"
        yield Branch(depth, str(child.id), str(child.pid), is_supervisor)
        if is_supervisor and isinstance(child.pid, Pid):
            yield from branches(child.pid, depth + 1)
