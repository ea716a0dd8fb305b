"""The tables of drift and of silent and sounding regions, to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.smelter.offsets import MILLISECOND
from examples.smelter.pictures import RATE, Samples, Sound
from examples.smelter.resample import Band, Resampler, band_of, ratio_of

MS = MILLISECOND


def signal(begin: float, end: float, label: float | None = None, rate: int = RATE) -> Samples:
    """Cut a chirp, from one millisecond to another, and say that it begins at a third."""
    first, last = round(begin * rate / 1000), round(end * rate / 1000)
    t = np.arange(first, last) / rate
    loud = 0.75 + 0.25 * np.cos(2 * np.pi * t / 0.015)
    wave = (loud * np.sin(2 * np.pi * (2000 * t - 900 * t * t))).astype(np.float32)
    start = round((begin if label is None else label) * MS)
    return Samples(start, np.stack([wave, wave], axis=1), rate)


def read(one: Resampler, begin: float, end: float) -> Sound:
    count = round((end - begin) * RATE / 1000)
    return one.read(round(begin * MS), round(end * MS), count)


def regions(sound: Sound) -> list[tuple[str, int]]:
    """Return the silent and sounding regions and how long they are; a zero crossing is no silence."""
    quiet = np.abs(sound[:, 0]) < 1e-6
    found: list[tuple[str, int]] = []
    for index in range(0, len(quiet), 8):
        kind = "silence" if quiet[index : index + 8].all() else "signal"
        length = min(8, len(quiet) - index)
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + length)
        else:
            found.append((kind, length))
    return found


def same_signal(sound: Sound, begin: float) -> None:
    """Check that a signal is there untouched, with no shift at all."""
    wanted = signal(begin, begin + len(sound) * 1000 / RATE).sound
    np.testing.assert_allclose(sound, wanted[: len(sound)], atol=0.01)


@pytest.mark.parametrize(
    ("drift", "band"),
    [
        (1, Band.ON_TIME),
        (5, Band.STRETCH),
        (39, Band.STRETCH),
        (50, Band.FILL),
        (-1, Band.ON_TIME),
        (-5, Band.SQUASH),
        (-499, Band.SQUASH),
        (-600, Band.DROP),
        (2, Band.ON_TIME),
        (40, Band.STRETCH),
        (-2, Band.ON_TIME),
        (-500, Band.DROP),
    ],
)
def test_a_drift_is_answered_by_its_band(drift: int, band: Band) -> None:
    assert band_of(drift * MS) is band


def test_the_ratio_grows_with_the_drift_up_to_a_limit() -> None:
    assert ratio_of(5 * MS) == pytest.approx(1 + 2 * 0.041 * 5 / 40)
    assert ratio_of(39 * MS) == 1.041
    assert ratio_of(-5 * MS) == pytest.approx(1 - 2 * 0.041 * 5 / 500)
    assert ratio_of(-499 * MS) == 1 / 1.041
    assert ratio_of(0) == ratio_of(50 * MS) == ratio_of(-600 * MS) == 1


FRESH = [
    ([(0, 10), (10, 20)], (40, 60), [("silence", 960)]),
    ([(0, 10), (10, 30)], (20, 40), [("signal", 480), ("silence", 480)]),
    ([(10, 30), (30, 50)], (20, 40), [("signal", 960)]),
    ([(0, 20), (20, 40), (40, 60)], (20, 40), [("signal", 960)]),
    ([(19.5, 39.5), (39.5, 59.5)], (20, 40), [("signal", 960)]),
    ([(20, 40), (40, 60)], (20, 40), [("signal", 960)]),
    ([(20.5, 40.5), (40.5, 60.5)], (20, 40), [("silence", 24), ("signal", 936)]),
    ([(30, 50), (50, 70)], (20, 40), [("silence", 480), ("signal", 480)]),
    ([(60, 70), (70, 80)], (20, 40), [("silence", 960)]),
]


@pytest.mark.parametrize(("written", "asked", "wanted"), FRESH)
def test_a_fresh_input_sounds_where_it_says(
    written: list[tuple[float, float]],
    asked: tuple[float, float],
    wanted: list[tuple[str, int]],
) -> None:
    one = Resampler()
    for begin, end in written:
        one.write(signal(begin, end))

    sound = read(one, *asked)

    found = regions(sound)
    assert [kind for kind, _ in found] == [kind for kind, _ in wanted]
    for (_, length), (_, expected) in zip(found, wanted, strict=True):
        assert abs(length - expected) <= 8
    at = next(
        (sum(n for _, n in wanted[:i]) for i, w in enumerate(wanted) if w[0] == "signal"), None
    )
    if at is not None:
        loud = dict(wanted)["signal"]
        same_signal(sound[at : at + loud], asked[0] + at * 1000 / RATE)


def running() -> Resampler:
    one = Resampler()
    one.write(signal(10, 30))
    one.write(signal(30, 50))
    same_signal(read(one, 20, 40), 20)
    return one


def drained() -> Resampler:
    one = running()
    assert regions(read(one, 40, 60)) == [("signal", 480), ("silence", 480)]
    return one


def test_a_running_input_that_gets_nothing_plays_what_it_has() -> None:
    drained()


@pytest.mark.parametrize("shift", [0.0, 0.5, -0.5])
def test_a_running_input_goes_on_untouched_by_jitter(shift: float) -> None:
    one = running()
    one.write(signal(50, 90, 50 + shift))

    same_signal(read(one, 40, 60), 40)
    same_signal(read(one, 60, 80), 60)


@pytest.mark.parametrize("shift", [5.0, -5.0])
def test_a_running_input_that_is_off_is_pulled_in(shift: float) -> None:
    one = running()
    for begin in range(50, 650, 20):
        one.write(signal(begin, begin + 20, begin + shift))
        before = one.held
        read(one, begin - 10, begin + 10)
    stretched = before - one.held

    # Nearly on time in the end: another chunk is played at very nearly its own speed.
    assert 0.985 * 960 <= stretched <= 1.015 * 960


def test_a_hole_in_a_running_input_is_silent_and_what_follows_is_at_its_place() -> None:
    one = running()
    one.write(signal(100, 120))

    sound = read(one, 40, 120)

    # 64 samples were left over from the last block; 50 ms of silence; then the rest.
    same_signal(sound[:64], 40)
    assert not sound[64 : 64 + 2400].any()
    same_signal(sound[64 + 2400 : 2880], 40 + 64 * 1000 / RATE)
    same_signal(sound[2880:3840], 100)


def test_an_input_that_is_far_too_late_jumps() -> None:
    one = Resampler()
    one.write(signal(1010, 1030))
    one.write(signal(1030, 1050))
    same_signal(read(one, 1020, 1040), 1020)
    for n in range(12):
        one.write(signal(1050 + 100 * n, 1150 + 100 * n, 1000 + 50 * n))

    sound = read(one, 1040, 1060)

    same_signal(sound[64:], 1640 + 64 * 1000 / RATE)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (None, [("silence", 960)]),
        ((50, 90), [("signal", 960)]),
        ((55, 95), [("signal", 960)]),
        ((65, 105), [("silence", 240), ("signal", 720)]),
    ],
)
def test_a_drained_input_finds_its_place_again(
    written: tuple[float, float] | None, wanted: list[tuple[str, int]]
) -> None:
    one = drained()
    if written is not None:
        one.write(signal(*written))

    assert regions(read(one, 60, 80)) == wanted


def test_a_batch_from_long_ago_is_left_out_whole() -> None:
    one = running()
    one.write(signal(50, 150))
    held = one.held
    one.write(signal(0, 20))

    assert one.held == held


def test_another_rate_and_another_number_of_channels_begin_anew_and_keep_the_count() -> None:
    one = Resampler()
    one.write(signal(0, 100))
    assert len(read(one, 0, 20)) == 960
    one.write(signal(20, 140, rate=24_000))

    slower = read(one, 20, 40)
    mono = Samples(40 * MS, np.full((4800, 1), 0.5, np.float32))
    one.write(mono)
    both = read(one, 40, 60)

    assert slower.shape == both.shape == (960, 2)
    np.testing.assert_allclose(slower[8:-8], signal(20, 40).sound[8:-8], atol=0.1)
    assert np.all(both == 0.5)


@given(
    labels=st.lists(st.integers(-700, 700), min_size=1, max_size=30),
    lengths=st.lists(st.integers(1, 40), min_size=30, max_size=30),
)
def test_whatever_comes_every_request_gets_its_count(labels: list[int], lengths: list[int]) -> None:
    one = Resampler()
    for n, (label, length) in enumerate(zip(labels, lengths, strict=False)):
        begin = n * 20 + 1000
        one.write(Samples((begin + label) * MS, np.ones((length * 48, 2), np.float32)))
        sound = read(one, begin, begin + 20)

        assert sound.shape == (960, 2)
        assert sound.dtype == np.float32
        assert np.all(sound >= 0)
        assert np.all(sound <= 1)
