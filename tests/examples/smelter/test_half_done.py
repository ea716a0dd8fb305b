"""What control had in hand when it was killed is completed or undone by the next one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import debug, process
from examples.smelter import branches, control
from examples.smelter.offsets import SECOND
from examples.smelter.queue_server import Queue
from examples.smelter.requests import InputPlan, InputSpec, Settings
from examples.smelter.scene import Input, Rescaler
from examples.smelter.wire import CONTROL, QUEUE, output_of, source_of
from tests.examples.smelter.rigs import FIFTY, Clip, Seen, among, an_input, an_output, kill

A = an_input("a", Clip())
OUT = an_output("out", Rescaler(Input("a")))
OTHER = (40, 50)


def eventually(holds: Callable[[], bool]) -> bool:
    until = process.monotonic() + 5.0
    while not holds() and process.monotonic() < until:
        process.sleep(0.01)
    return holds()


def test_an_input_that_the_queue_knows_and_nobody_runs_is_started() -> None:
    def body(seen: Seen) -> tuple[tuple[str, ...], bool]:
        Queue.register(QUEUE, InputPlan("b", InputSpec(Clip(colour=OTHER))))
        assert process.whereis(source_of("b")) is None
        kill(CONTROL)
        is_there = eventually(lambda: process.whereis(source_of("b")) is not None)
        return control.status().inputs, is_there

    assert among(body, A, OUT) == (("a", "b"), True)


def test_an_output_that_runs_and_nobody_knows_is_stopped_and_its_id_is_free() -> None:
    def body(seen: Seen) -> tuple[bool, int]:
        _, plan = an_output("b", Rescaler(Input("a")))
        branches.add_output(plan, FIFTY)
        kill(CONTROL)
        is_gone = eventually(lambda: process.whereis(output_of("b")) is None)
        control.register_output("b", plan.spec)
        control.start()
        seen.until(lambda: len(seen.ticks("b")) >= 3)
        return is_gone, len(control.status().outputs)

    assert among(body, A, OUT) == (True, 2)


def lose_what_control_is_told(seen: Seen, seconds: float) -> None:
    """Kill control with all that has come to it in the meantime."""
    debug.suspend(CONTROL)
    seen.for_seconds(seconds)
    kill(CONTROL)


def test_an_input_whose_end_nobody_heard_of_is_stopped_and_its_id_is_free() -> None:
    def body(seen: Seen) -> tuple[bool, tuple[str, ...]]:
        control.start()
        control.unregister_input("a", at=SECOND)
        lose_what_control_is_told(seen, 2.0)
        is_gone = eventually(lambda: process.whereis(source_of("a")) is None)
        control.register_input("a", InputSpec(Clip(colour=OTHER), required=True))
        seen.pictures.clear()
        seen.until(
            lambda: bool(seen.ticks("out")) and seen.pictures["out"][-1].colours[0][1:] == OTHER
        )
        return is_gone, control.status().inputs

    assert among(body, A, OUT) == (True, ("a",))


def test_an_output_whose_end_nobody_heard_of_is_closed() -> None:
    def body(seen: Seen) -> tuple[bool, tuple[str, ...]]:
        control.start()
        control.unregister_output("out", at=SECOND)
        lose_what_control_is_told(seen, 2.0)
        seen.for_seconds(6.0)
        return process.whereis(output_of("out")) is None, control.status().outputs

    assert among(body, A, OUT) == (True, ())


def test_an_output_that_was_unregistered_before_its_time_never_begins() -> None:
    def body(seen: Seen) -> tuple[int, list[int]]:
        _, plan = an_output("late", Rescaler(Input("a")))
        control.register_output("late", plan.spec, at=SECOND)
        control.start()
        control.unregister_output("late")
        seen.until(lambda: len(seen.ticks("out")) >= 100)
        return len(seen.ticks("out")), seen.ticks("late")

    # Where everybody waits for everybody, one that nobody takes from would be the end of all.
    never_drop = Settings(FIFTY.framerate, never_drop=True)
    assert among(body, A, OUT, settings=never_drop) == (100, [])


def test_what_is_as_it_should_be_is_left_alone() -> None:
    def body(seen: Seen) -> bool:
        control.start()
        before = [process.whereis(name) for name in (source_of("a"), output_of("out"))]
        kill(CONTROL)
        seen.for_seconds(1.0)
        return before == [process.whereis(name) for name in (source_of("a"), output_of("out"))]

    assert among(body, A, OUT)


def test_an_output_that_is_to_begin_later_does_so_although_control_has_died() -> None:
    def body(seen: Seen) -> tuple[tuple[str, ...], float]:
        _, plan = an_output("late", Rescaler(Input("a")))
        control.start()
        began = process.monotonic()
        control.register_output("late", plan.spec, at=SECOND)
        kill(CONTROL)
        seen.until(lambda: bool(seen.ticks("late")))
        return control.status().outputs, seen.pictures["late"][0].at - began

    outputs, at = among(body, A, OUT)

    assert outputs == ("out", "late")
    # The set after those of that time.
    assert at == pytest.approx(1.02, abs=1e-3)
