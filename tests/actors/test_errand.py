from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from actors import process, telemetry
from actors._errand import callers, named, recruit
from actors.exits import Crash
from actors.messages import Down
from actors.pid import Pid
from actors.runtime import run
from actors.task import Task
from actors.testing import VirtualClock

EVENTS = [("actors", "task", "terminate"), ("actors", "process", "crash")]


def fail(what: str) -> None:
    raise RuntimeError(what)


def reports_of(fn: Callable[[], object]) -> list[tuple[str, Mapping[str, object]]]:
    """Return the reports of a task that runs a function, in order."""
    heard: list[tuple[str, Mapping[str, object]]] = []
    for event in EVENTS:
        telemetry.attach(
            "test_errand", event, lambda event, _, fields: heard.append((event[1], fields))
        )

    def main() -> None:
        Task.start(fn)
        process.sleep(1.0)

    try:
        run(main, clock=VirtualClock())
    finally:
        telemetry.detach("test_errand")
    return heard


def test_a_failure_is_reported_first_as_the_task_s_and_then_as_the_process_s() -> None:
    (first, task), (second, crash) = reports_of(lambda: fail("oops"))

    assert (first, second) == ("task", "process")
    assert isinstance(task["reason"], Crash)
    assert task["reason"] == crash["reason"]
    assert (
        task["function"]
        == named(test_a_failure_is_reported_first_as_the_task_s_and_then_as_the_process_s)
        + ".<locals>.<lambda>"
    )
    assert (task["args"], crash["trap_exit"]) == ((), False)
    assert isinstance(task["starter"], Pid)
    assert task["starter"] is crash["parent"]


def test_a_failure_of_a_task_with_a_label_is_reported_with_it() -> None:
    def labelled() -> None:
        process.set_label(("decoder", 3))
        fail("oops")

    [(_, task), _] = reports_of(labelled)
    [(_, other), _] = reports_of(lambda: fail("oops"))

    assert (task["label"], other["label"]) == (("decoder", 3), None)


def test_an_exit_with_a_reason_that_is_not_clean_is_reported() -> None:
    assert [what for what, _ in reports_of(lambda: process.exit("why"))] == ["task", "process"]


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1)])
def test_clean_ends_are_quiet(reason: object) -> None:
    assert reports_of(lambda: process.exit(reason)) == []


def test_a_task_that_is_killed_is_quiet() -> None:
    assert reports_of(lambda: process.send_exit(process.self(), "kill")) == []


def test_who_waits_for_an_errand_gives_up_with_the_one_it_waits_for() -> None:
    def main() -> object:
        process.trap_exit(True)
        sender = process.spawn(lambda: process.sleep(1.0))
        process.monitor(recruit(sender, "test", watch=True))
        return process.receive(Down)

    down = run(main, clock=VirtualClock())

    assert isinstance(down, Down)
    assert down.reason == ("shutdown", "normal")


def test_an_errand_of_somebody_else_is_not_taken() -> None:
    def main() -> bool:
        pid = recruit(process.self(), "test", watch=False)
        here = process.self()
        forger = Task.async_(lambda: process.send(pid, here))
        Task.await_(forger)
        process.sleep(1.0)
        return process.is_alive(pid)

    assert run(main, clock=VirtualClock())


def test_the_callers_are_the_caller_and_those_of_its_own() -> None:
    def main() -> tuple[list[Pid], tuple[Pid, ...]]:
        above = process.spawn(lambda: None)
        process.put("$callers", [above])
        return [process.self(), above], callers()

    result = run(main)

    assert result is not None
    assert list(result[1]) == result[0]


def test_a_function_with_some_of_its_arguments_has_the_name_of_the_function() -> None:
    assert named(partial(partial(pow, 2), 3)) == "builtins.pow"
