from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.smelter.offsets import (
    CHUNK,
    SECOND,
    Anchor,
    AtPts,
    Floating,
    Framerate,
    FromStart,
    chunk_start,
    first_chunk_from,
)

RATES = st.builds(Framerate, st.integers(1, 240_000), st.integers(1, 1_001))


@pytest.mark.parametrize(
    ("rate", "ticks"),
    [
        (Framerate(30), [0, 33333333, 66666667, 100000000, 133333333, 166666667, 200000000]),
        (
            Framerate(30_000, 1_001),
            [0, 33366667, 66733333, 100100000, 133466667, 166833333, 200200000],
        ),
        (Framerate(60), [0, 16666667, 33333333, 50000000, 66666667, 83333333, 100000000]),
        (Framerate(24), [0, 41666667, 83333333, 125000000, 166666667, 208333333, 250000000]),
    ],
)
def test_ticks_are_rounded_from_their_number(rate: Framerate, ticks: list[int]) -> None:
    assert [rate.tick(n) for n in range(7)] == ticks


def test_the_millionth_tick_has_not_drifted() -> None:
    assert Framerate(30_000, 1_001).tick(1_000_000) == 33366666666667


def test_chunks_follow_each_other_exactly() -> None:
    assert [chunk_start(m) for m in (0, 1, 100_000)] == [0, 20_000_000, 2_000_000_000_000]


@given(RATES, st.integers(0, 10**9))
def test_a_tick_is_within_half_a_nanosecond_of_its_fraction(rate: Framerate, n: int) -> None:
    assert abs(rate.tick(n) * rate.num - n * rate.den * SECOND) * 2 <= rate.num


@given(RATES, st.integers(-SECOND, 10**15))
def test_the_first_tick_from_a_time_is_the_first(rate: Framerate, elapsed: int) -> None:
    n = rate.first_tick_from(elapsed)

    assert rate.tick(n) >= elapsed
    assert n == 0 or rate.tick(n - 1) < elapsed


@given(st.integers(-SECOND, 10**15))
def test_the_first_chunk_from_a_time_is_the_first(elapsed: int) -> None:
    m = first_chunk_from(elapsed)

    assert chunk_start(m) >= elapsed
    assert m == 0 or chunk_start(m) - CHUNK < elapsed


@pytest.mark.parametrize(("num", "den"), [(0, 1), (30, 0), (-30, 1)])
def test_a_framerate_is_refused_unless_it_is_positive(num: int, den: int) -> None:
    with pytest.raises(ValueError, match="two positive whole numbers"):
        Framerate(num, den)


def test_a_track_with_a_known_place_is_anchored_from_the_beginning() -> None:
    assert Anchor(AtPts(7)).value == 7


def test_a_track_that_counts_from_the_start_is_anchored_there_whenever_it_is_seen() -> None:
    assert Anchor(FromStart(7)).fix(start=100, seen_at=500) == 107


def test_a_floating_track_begins_where_it_is_seen_first() -> None:
    anchor = Anchor(Floating())

    assert anchor.fix(start=100, seen_at=500) == 500
    assert anchor.fix(start=100, seen_at=900) == 500


def test_only_a_track_that_has_been_seen_can_be_shifted() -> None:
    anchor = Anchor(Floating())
    anchor.shift(50)
    anchor.fix(start=0, seen_at=10)
    anchor.shift(5)

    assert anchor.value == 15
