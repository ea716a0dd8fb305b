from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors.child_spec import BadSpec, ChildSpec, Restart
from supervisors.strategy import (
    Plan,
    Strategy,
    check_auto_shutdown,
    check_strategy,
    is_failure,
    is_restarted,
    plan,
)


def kid(id: str, restart: Restart = "permanent") -> ChildSpec:
    return ChildSpec(id, (print, ()), restart=restart)


FOUR = [kid("d"), kid("c", "temporary"), kid("b", "transient"), kid("a")]


@pytest.mark.parametrize(
    ("strategy", "failed", "expected"),
    [
        ("one_for_one", "a", Plan(stop=(), forget=(), start=("a",))),
        ("one_for_one", "d", Plan(stop=(), forget=(), start=("d",))),
        ("rest_for_one", "a", Plan(("d", "c", "b"), ("c",), ("a", "b", "d"))),
        ("rest_for_one", "b", Plan(("d", "c"), ("c",), ("b", "d"))),
        ("rest_for_one", "d", Plan((), (), ("d",))),
        ("one_for_all", "a", Plan(("d", "c", "b"), ("c",), ("a", "b", "d"))),
        ("one_for_all", "b", Plan(("d", "c", "a"), ("c",), ("a", "b", "d"))),
        ("one_for_all", "d", Plan(("c", "b", "a"), ("c",), ("a", "b", "d"))),
    ],
)
def test_each_strategy_has_its_plan(strategy: Strategy, failed: str, expected: Plan) -> None:
    assert plan(strategy, FOUR, failed) == expected


def test_one_for_one_does_not_look_at_the_siblings() -> None:
    newest_first = iter(FOUR)

    plan("one_for_one", newest_first, "a")

    assert [spec.id for spec in newest_first] == ["d", "c", "b", "a"]


def test_rest_for_one_looks_no_further_than_the_failed_child() -> None:
    newest_first = iter(FOUR)

    plan("rest_for_one", newest_first, "c")

    assert [spec.id for spec in newest_first] == ["b", "a"]


@pytest.mark.parametrize(
    ("restart", "reason", "comes_back", "is_told"),
    [
        ("permanent", "normal", True, True),
        ("permanent", "shutdown", True, True),
        ("permanent", ("shutdown", "moved"), True, True),
        ("permanent", "killed", True, True),
        ("transient", "normal", False, False),
        ("transient", "shutdown", False, False),
        ("transient", ("shutdown", "moved"), False, False),
        ("transient", "killed", True, True),
        ("temporary", "normal", False, False),
        ("temporary", "shutdown", False, False),
        ("temporary", ("shutdown", "moved"), False, False),
        ("temporary", "killed", False, True),
    ],
)
def test_each_restart_word_says_who_comes_back_and_what_is_told(
    restart: Restart, reason: object, comes_back: bool, is_told: bool
) -> None:
    assert is_restarted(restart, reason) is comes_back
    assert is_failure(restart, reason) is is_told


RESTARTS: st.SearchStrategy[list[Restart]] = st.lists(
    st.sampled_from(("permanent", "transient", "temporary")), min_size=1, max_size=8
)


@given(RESTARTS, st.data())
def test_the_laws_of_every_plan(restarts: list[Restart], data: st.DataObject) -> None:
    specs = [kid(str(n), restart) for n, restart in enumerate(restarts)]
    failed = data.draw(st.sampled_from(specs))
    strategy: Strategy = data.draw(st.sampled_from(("one_for_one", "rest_for_one", "one_for_all")))

    made = plan(strategy, reversed(specs), failed.id)

    order = [spec.id for spec in specs]
    assert [id for id in order if id in made.start] == list(made.start)
    assert [id for id in reversed(order) if id in made.stop] == list(made.stop)
    assert failed.id in made.start
    assert failed.id not in made.stop
    assert set(made.forget) == {s.id for s in specs if s.is_temporary and s.id in made.stop}
    assert set(made.start) == {*made.stop, failed.id} - set(made.forget)
    touched = {"one_for_one": set(), "one_for_all": set(order) - {failed.id}}.get(
        strategy, set(order[order.index(failed.id) + 1 :])
    )
    assert set(made.stop) == touched


def test_unknown_options_are_refused() -> None:
    with pytest.raises(BadSpec) as strategy:
        check_strategy("all_for_none")
    with pytest.raises(BadSpec) as auto_shutdown:
        check_auto_shutdown("sometimes")

    assert strategy.value.reason == ("invalid_strategy", "all_for_none")
    assert auto_shutdown.value.reason == ("invalid_auto_shutdown", "sometimes")
    assert "accepted is 'one_for_one', 'one_for_all' or 'rest_for_one'" in str(strategy.value)
    assert "strategy: got 'all_for_none'" in str(strategy.value)
    assert "auto_shutdown: got 'sometimes'" in str(auto_shutdown.value)
    assert "'never', 'any_significant' or 'all_significant'" in str(auto_shutdown.value)


def test_known_options_are_taken() -> None:
    for strategy in ("one_for_one", "one_for_all", "rest_for_one"):
        assert check_strategy(strategy) == strategy
    for auto_shutdown in ("never", "any_significant", "all_significant"):
        assert check_auto_shutdown(auto_shutdown) == auto_shutdown
