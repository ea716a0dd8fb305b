"""Every twin prints what the BEAM printed, on the virtual clock; nothing differs that is not in the table."""

from __future__ import annotations

import pytest

from actors.testing import SeededChoice, VirtualClock
from tests.conformance import support
from tests.conformance.differences import DIFFERENCES, Difference
from tests.conformance.play import TRACES, compare, missing_room, recorded, traces
from tests.conformance.support import Text, fmt

HELPERS = {"kid", "srv", "support"}
SEEDS = 10
"""Few, since a trace is played in full each time; `python3 -m tests.conformance --seeds 200` plays many."""


@pytest.mark.parametrize("name", traces())
def test_a_twin_prints_what_the_beam_printed(name: str) -> None:
    room = missing_room(name)
    if room is not None:
        pytest.skip(f"{room} is not there yet")

    verdict = compare(name, VirtualClock())

    assert verdict.state == "matched", f"\n{verdict.diff}"


@pytest.mark.parametrize("name", traces())
def test_a_twin_prints_the_same_whoever_runs_next(name: str) -> None:
    room = missing_room(name)
    if room is not None:
        pytest.skip(f"{room} is not there yet")

    for seed in range(SEEDS):
        verdict = compare(name, VirtualClock(), SeededChoice(seed), f"seed {seed}")

        assert verdict.state == "matched", f"\n{verdict.diff}"


def test_every_scenario_has_its_recording() -> None:
    scenarios = {path.stem for path in TRACES.glob("*.exs")}

    assert scenarios - HELPERS == set(traces())


def test_every_twin_has_its_recording() -> None:
    twins = {path.stem for path in TRACES.glob("*.py")}

    assert twins - {"__init__"} <= set(traces())


def test_few_things_differ() -> None:
    assert len(DIFFERENCES) <= 10


@pytest.mark.parametrize(
    ("difference", "name", "pattern"),
    [
        (difference, name, pattern)
        for difference in DIFFERENCES
        for name, edits in difference.edits.items()
        for pattern in edits
    ],
)
def test_every_difference_changes_a_recorded_line(
    difference: Difference, name: str, pattern: str
) -> None:
    alone = Difference(difference.reason, {name: {pattern: difference.edits[name][pattern]}})
    lines = recorded(name)
    for earlier in DIFFERENCES[: DIFFERENCES.index(difference)]:
        lines = earlier.apply(name, lines)

    assert alone.apply(name, lines) != lines


def test_what_differs_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "fmt", lambda term: "odd" if term == 3 else fmt(term))

    verdict = compare("selective_receive", VirtualClock())

    assert verdict.state == "differs"
    assert "-exact 3: 3\n+exact 3: odd" in verdict.diff


def test_terms_are_rendered_as_in_the_traces() -> None:
    term = (
        "ok",
        [None, True, Text("words")],
        {"b": 1, "a": ("x",)},
        ("GenServer", "call", [1.5, 0.03]),
    )

    assert fmt(term) == '(ok, [nil, true, "words"], {a: (x), b: 1}, (GenServer, call, [1.5, 30]))'
