"""Every twin prints what the BEAM printed, on the virtual clock; nothing differs that is not in the table."""

from __future__ import annotations

from importlib import import_module

import pytest

from actors.testing import SeededChoice, VirtualClock
from tests.conformance import support
from tests.conformance.differences import DIFFERENCES, Difference
from tests.conformance.play import TRACES, compare, missing_room, on_threads, recorded, traces
from tests.conformance.support import Text, fmt

ON_THREADS = [
    *("agent", "dyn_ends", "dynamic_supervisor", "exit_kill_by_itself", "gen_stage_demand"),
    *("gen_statem_events", "gs_call_failures", "gs_continue_order", "gs_init_returns"),
    *("gs_reply_rules", "gs_start_races", "gs_state_and_from", "gs_terminate"),
    *("gs_timeout_rules", "idle_mail", "log_reports", "names_and_deaths", "nested_trees"),
    *("partition_routes", "registry_owners", "statem_timeouts", "sup_child_admin"),
    *("sup_code_change", "sup_failed_restarts", "sup_intensity", "sup_odd_children"),
    *("sup_one_for_all", "sup_rest_order", "sup_restart_types", "sup_shutdown"),
    *("sup_significant", "sup_start_rollback", "sys_functions", "task_supervisor"),
]
"""All that have servers but `terminate_games`, which prints two senders' messages in the order in
which they came: between the loop and a thread, nothing is promised of that."""

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


@pytest.mark.parametrize("name", ON_THREADS)
def test_a_twin_prints_the_same_with_its_servers_on_threads_of_their_own(name: str) -> None:
    room = missing_room(name)
    if room is not None:
        pytest.skip(f"{room} is not there yet")
    import_module(f"tests.conformance.traces.{name}")

    with on_threads() as made:
        verdict = compare(name, VirtualClock(), circumstances="on threads")

    assert verdict.state == "matched", f"\n{verdict.diff}"
    assert made, "none of its servers has got a thread"


def test_at_least_a_third_of_the_traces_is_played_on_threads() -> None:
    assert len(ON_THREADS) * 3 >= len(traces())


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
