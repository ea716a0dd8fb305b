from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisors._intensity import RestartWindow, check_max_restarts, check_max_seconds
from supervisors.child_spec import BadSpec


def answers(max_restarts: int, max_seconds: float, times: list[float]) -> list[bool]:
    window = RestartWindow(max_restarts, max_seconds)
    return [window.allow(now) for now in times]


@pytest.mark.parametrize(
    ("max_restarts", "max_seconds", "times", "expected"),
    [
        (0, 5.0, [0.0], [False]),
        (1, 5.0, [0.0, 0.0], [True, False]),
        (3, 5.0, [0, 1, 2, 3], [True, True, True, False]),
        (1, 5.0, [0.0, 5.0], [True, False]),
        (1, 5.0, [0.0, 5.999], [True, False]),
        (1, 5.0, [0.0, 6.0], [True, True]),
        (1, 5.0, [0.999, 6.0], [True, True]),
        (2, 1.0, [0.0, 0.04, 2.24, 2.28, 4.48], [True] * 5),
        (1, 0.5, [0.0, 0.9, 1.0], [True, False, True]),
    ],
)
def test_the_window_counts_whole_seconds_and_its_bound_is_inclusive(
    max_restarts: int, max_seconds: float, times: list[float], expected: list[bool]
) -> None:
    """Of the points most easily got wrong, the second half of 22."""
    assert answers(max_restarts, max_seconds, times) == expected


GAPS = st.lists(st.floats(0, 3, allow_nan=False), max_size=30)


@given(st.integers(0, 5), st.integers(1, 6), GAPS)
def test_the_law_of_the_window(max_restarts: int, max_seconds: int, gaps: list[float]) -> None:
    """The list of `supervisor.erl`, written out, is the specification of the counted window."""
    times = list(accumulate(gaps))
    history: list[int] = []
    expected = []
    for now in map(math.floor, times):
        history = [now, *(then for then in history if then >= now - max_seconds)]
        expected.append(len(history) <= max_restarts)

    assert answers(max_restarts, max_seconds, times) == expected


STEPS = st.lists(
    st.one_of(st.floats(0, 3, allow_nan=False), st.tuples(st.integers(0, 5), st.integers(1, 6))),
    max_size=30,
)


@given(STEPS)
def test_the_law_holds_when_the_limits_change_between_restarts(
    steps: list[float | tuple[int, int]],
) -> None:
    limit, seconds, now = 3, 5, -1.5
    window = RestartWindow(limit, seconds)
    history: list[int] = []
    for step in steps:
        if isinstance(step, tuple):
            limit, seconds = step
            window.resize(limit, seconds)
            continue
        now += step
        second = math.floor(now)
        # What a shorter window has forgotten does not come back with a longer one.
        history = [second, *(then for then in history if then >= second - seconds)]
        assert window.allow(now) is (len(history) <= limit)


def test_a_very_high_limit_costs_no_more_than_a_low_one() -> None:
    """The record has no more entries than the window has seconds."""
    window = RestartWindow(1_000_000, 5.0)

    assert all(window.allow(n / 1_000) for n in range(20_000))
    assert len(window._counts) == 6  # noqa: SLF001 - the record itself is looked at


def test_changes_of_the_limits_do_not_make_the_record_longer() -> None:
    window = RestartWindow(1_000_000, 5.0)
    for _ in range(100):
        window.resize(1_000_000, 5.0)
        assert window.allow(1.0)

    assert len(window._counts) == 1  # noqa: SLF001 - the record itself is looked at


@pytest.mark.parametrize("value", [-1, 1.0, True, "3", None])
def test_a_limit_must_be_a_whole_number(value: object) -> None:
    with pytest.raises(BadSpec) as refused:
        check_max_restarts(value)

    assert refused.value.reason == ("invalid_intensity", value)
    assert f"max_restarts: got {value!r}" in str(refused.value)
    assert "accepted is a whole number, 0 or more" in str(refused.value)


@pytest.mark.parametrize("value", [0, -1.0, 1e15, math.inf, math.nan, True, "5", None])
def test_a_window_must_have_a_length(value: object) -> None:
    with pytest.raises(BadSpec) as refused:
        check_max_seconds(value)

    assert refused.value.reason == ("invalid_period", value)
    assert f"max_seconds: got {value!r}" in str(refused.value)
    assert "accepted is seconds, more than 0" in str(refused.value)


def test_limits_and_windows_that_are_some_are_taken() -> None:
    assert [check_max_restarts(value) for value in (0, 1, 10**9)] == [0, 1, 10**9]
    assert [check_max_seconds(value) for value in (1e-9, 1, 5.0, 1e14)] == [1e-9, 1, 5.0, 1e14]
