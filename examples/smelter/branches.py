"""The branches of the tree that come and go: one for each input, one for each output.

    input     rest_for_one   a source's crash leaves what its feeder keeps
    ├─ feeder
    └─ source
    output    rest_for_one   for a file: a new muxer needs new encoders, told how far the file goes
    └─ …                     whatever its sink says

Both supervisors read in the ledger what is to be there, so one that was lost comes back with all its
branches. A branch that fails too often is given up alone.
"""

from __future__ import annotations

import contextlib

from actors import CallFailed, Pid
from examples.smelter.feeder import Feeder
from examples.smelter.heirs import heir, heirs
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.requests import InputPlan, OutputPlan, Settings
from examples.smelter.sources import Source
from examples.smelter.wire import (
    CONTROL,
    FILM,
    INPUTS,
    OUTPUTS,
    Running,
    feeder_of,
    input_of,
    output_of,
    source_of,
    tell,
)
from supervisors import ChildError, ChildSpec, Supervisor, override, which_children

__all__ = [
    "add_input",
    "add_output",
    "remove_input",
    "remove_output",
    "report",
    "start_inputs",
    "start_outputs",
    "tidy",
]


def start_inputs(settings: Settings, *, name: str) -> Pid:
    """Start the supervisor of inputs with all that are registered."""
    plans = _registered_inputs()
    return Supervisor.start_link(
        [_input(plan, settings) for plan in plans],
        max_restarts=50 * settings.patience,
        max_seconds=10.0,
        name=name,
    )


def start_outputs(settings: Settings, *, name: str) -> Pid:
    """Start the supervisor of outputs with all that are registered and have not been given up."""
    plans = _registered_outputs()
    return Supervisor.start_link(
        [_output(plan, settings) for plan in plans],
        max_restarts=50 * settings.patience,
        max_seconds=10.0,
        name=name,
    )


def add_input(plan: InputPlan, settings: Settings) -> None:
    """Start an input.

    Raises:
        ChildError: it does not start.
        CallFailed: there is no supervisor just now.
    """
    Supervisor.start_child(INPUTS, _input(plan, settings))


def remove_input(plan: InputPlan) -> None:
    """Stop an input; one that is not there is no error."""
    _remove(INPUTS, plan.title)


def add_output(plan: OutputPlan, settings: Settings) -> None:
    """Start an output; as `add_input`."""
    Supervisor.start_child(OUTPUTS, _output(plan, settings))


def remove_output(id: str) -> None:
    """Stop an output; as `remove_input`."""
    _remove(OUTPUTS, _output_id(id))


def report() -> None:
    """Tell control what runs; waits while the supervisors are busy."""
    with contextlib.suppress(CallFailed):
        found = [
            frozenset(str(child.id) for child in which_children(name)) for name in (INPUTS, OUTPUTS)
        ]
        tell(CONTROL, Running(*found))


def tidy(running: Running, settings: Settings) -> None:
    """Stop what runs and is not registered, and start what is registered and does not run.

    What was said to run may be a little old: what is there already, or gone already, is no error.
    """
    inputs, outputs = _registered_inputs(), _registered_outputs()
    for id in running.inputs - {plan.title for plan in inputs}:
        _remove(INPUTS, id)
    for id in running.outputs - {_output_id(plan.id) for plan in outputs}:
        _remove(OUTPUTS, id)
    with contextlib.suppress(ChildError, CallFailed):
        for plan in inputs:
            if plan.title not in running.inputs:
                add_input(plan, settings)
    with contextlib.suppress(ChildError, CallFailed):
        for output in outputs:
            if _output_id(output.id) not in running.outputs:
                add_output(output, settings)


def _registered_inputs() -> list[InputPlan]:
    found = Ledger.registered(LEDGER, "input").values()
    return [one for one in found if isinstance(one, InputPlan)]


def _registered_outputs() -> list[OutputPlan]:
    """Return the outputs that were not given up."""
    failed = Ledger.registered(LEDGER, "failed output")
    found = Ledger.registered(LEDGER, "output").values()
    return [one for one in found if isinstance(one, OutputPlan) and one.id not in failed]


def _remove(supervisor: str, id: str) -> None:
    with contextlib.suppress(ChildError, CallFailed):
        Supervisor.terminate_child(supervisor, id)
    with contextlib.suppress(ChildError, CallFailed):
        Supervisor.delete_child(supervisor, id)


def _input(plan: InputPlan, settings: Settings) -> ChildSpec:
    children = heirs(
        Feeder.child_spec(plan, id=f"feeder {plan.id}", name=feeder_of(plan.id)),
        Source.child_spec(plan, id=f"source {plan.id}", name=source_of(plan.id)),
    )
    return heir(
        Supervisor.child_spec(
            children,
            id=plan.title,
            name=input_of(plan.id),
            restart="transient",
            strategy="rest_for_one",
            max_restarts=5 * settings.patience,
            max_seconds=10.0,
        )
    )


def _output(plan: OutputPlan, settings: Settings) -> ChildSpec:
    output = Supervisor.child_spec(
        plan.spec.sink.children(plan.id, plan.spec, settings),
        id=_output_id(plan.id),
        name=output_of(plan.id),
        restart="transient",
        strategy="rest_for_one",
        max_restarts=3 * settings.patience,
        max_seconds=10.0,
    )
    return heir(override(output, shutdown=CLOSING))


def _output_id(id: str) -> str:
    return "output" if id == FILM else f"output {id}"


CLOSING = 10.0
"""Seconds that an output gets to complete its file when the pipeline is shut down."""
