"""Who is responsible for whom. Read this first.

    pipeline            rest_for_one   without the ledger nothing after it knows where it was
    ├─ ledger                          positions and counters; never media
    └─ stage            one_for_one    every worker can be rebuilt alone, finding others by name
       ├─ output        rest_for_one   a new muxer needs new encoders, told how far the file goes
       │  ├─ muxer
       │  └─ encoders   one_for_one
       │     ├─ audio_encoder
       │     └─ video_encoder
       ├─ compositor
       ├─ mixer
       ├─ queue
       └─ inputs        one_for_one
          └─ (input)    rest_for_one   a source's crash leaves what its feeder keeps
             ├─ feeder
             └─ source

Whoever is gone for good takes the least with it: an input that cannot be read is given up after
five restarts in ten seconds, and the others go on; an output that cannot be written ends the run,
because there is nothing left to do (it is *significant* to the stage, and the stage to the
pipeline). Shutting down goes from the bottom of the picture to the top: no more input, then what
is in the queue, then the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actors import CallFailed, Down, Pid, process
from examples.smelter.compositor import Compositor
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mixer import Mixer
from examples.smelter.plan import InputPlan, Plan
from examples.smelter.queue_server import Queue
from examples.smelter.sinks import AudioEncoder, Muxer, VideoEncoder
from examples.smelter.sources import Feeder, Source
from examples.smelter.wire import (
    AUDIO_ENCODER,
    COMPOSITOR,
    ENCODERS,
    INPUTS,
    MIXER,
    MUXER,
    OUTPUT,
    QUEUE,
    STAGE,
    VIDEO_ENCODER,
    feeder_of,
    input_of,
    source_of,
)
from supervisors import ChildSpec, Supervisor, child_spec, override, which_children
from supervisors.child_spec import ChildLike, Start

__all__ = ["Branch", "branches", "start"]

LEGACY = 15.0
"""Seconds that the children of a killed supervisor get to end before their successors try."""


def start(plan: Plan) -> Pid:
    """Start the pipeline, linked to the caller, and return when all of it is up.

    It ends by itself, with `"shutdown"`, when the stage or the output is given up.

    Raises:
        StartError: Something cannot be started; nothing is left of the rest.
    """
    return Supervisor.start_link(
        _heirs(Ledger.child_spec(id="ledger", name=LEDGER), _stage(plan)),
        strategy="rest_for_one",
        max_restarts=3 * plan.patience,
        max_seconds=30.0,
        auto_shutdown="any_significant",
    )


def _stage(plan: Plan) -> ChildSpec:
    children = _heirs(
        _output(plan),
        Compositor.child_spec(plan, id="compositor", name=COMPOSITOR),
        Mixer.child_spec(plan, id="mixer", name=MIXER),
        Queue.child_spec(plan, id="queue", name=QUEUE),
        _inputs(plan),
    )
    stage = Supervisor.child_spec(
        children,
        id="stage",
        name=STAGE,
        restart="transient",
        max_restarts=10 * plan.patience,
        max_seconds=10.0,
        auto_shutdown="any_significant",
    )
    return override(stage, significant=True)


def _output(plan: Plan) -> ChildSpec:
    encoders = _heirs(
        AudioEncoder.child_spec(plan, id="audio_encoder", name=AUDIO_ENCODER),
        VideoEncoder.child_spec(plan, id="video_encoder", name=VIDEO_ENCODER),
    )
    children = _heirs(
        Muxer.child_spec(plan, id="muxer", name=MUXER),
        Supervisor.child_spec(
            encoders,
            id="encoders",
            name=ENCODERS,
            max_restarts=5 * plan.patience,
            max_seconds=10.0,
        ),
    )
    output = Supervisor.child_spec(
        children,
        id="output",
        name=OUTPUT,
        restart="transient",
        strategy="rest_for_one",
        max_restarts=3 * plan.patience,
        max_seconds=10.0,
    )
    return override(output, significant=True)


def _inputs(plan: Plan) -> ChildSpec:
    return Supervisor.child_spec(
        _heirs(*(_input(one, plan.patience) for one in plan.inputs)),
        id="inputs",
        name=INPUTS,
        max_restarts=50 * plan.patience,
        max_seconds=10.0,
    )


def _input(plan: InputPlan, patience: int) -> ChildSpec:
    children = _heirs(
        Feeder.child_spec(plan, id=f"feeder {plan.id}", name=feeder_of(plan.id)),
        Source.child_spec(plan, id=f"source {plan.id}", name=source_of(plan.id)),
    )
    return Supervisor.child_spec(
        children,
        id=plan.title,
        name=input_of(plan.id),
        restart="transient",
        strategy="rest_for_one",
        max_restarts=5 * patience,
        max_seconds=10.0,
    )


def _heirs(*children: ChildLike) -> list[ChildSpec]:
    """Let each child begin when the one that had its name before is gone."""
    specs = [child_spec.of(child) for child in children]
    return [override(spec, start=(_inherit, (spec.start,))) for spec in specs]


def _inherit(start: Start) -> object:
    """Start a child, in the supervisor's process, after the last holder of its name has ended.

    A supervisor that was killed leaves its children to themselves. They end in order, because it
    was their parent, but the supervisor that takes its place is there sooner.
    """
    function, arguments, *named = start
    options = named[0] if named else {}
    holder = process.whereis(str(options["name"]))
    if holder is not None:
        ref = process.monitor(holder)
        process.receive(lambda message: isinstance(message, Down) and message.ref is ref, LEGACY)
        process.demonitor(ref, flush=True)
    return function(*arguments, **options)


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
