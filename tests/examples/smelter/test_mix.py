from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.smelter.mix import InputVolume, Mixer, MixerState, OutputMix
from examples.smelter.mix import SoundMixer as Mixing
from examples.smelter.pictures import Samples, samples_to_ns
from examples.smelter.replay_media import replay_mixer
from tests.examples.smelter.films import scenarios

CHUNK = 20_000_000


class SoundMixer:
    """A mixer with one output, of inputs a and b."""

    def __init__(
        self, volumes: dict[str, float] | None = None, state: MixerState | None = None
    ) -> None:
        self.mixing = Mixing()
        self.state = state
        volumes = volumes or {}
        self.inputs = tuple(InputVolume(id, volumes.get(id, 1.0)) for id in "ab")

    def mix(self, start: int, end: int, batches: dict[str, list[Samples]]) -> Samples:
        state = self.state or MixerState(start, start)
        if not self.mixing.states:
            self.mixing.connect("film", OutputMix(self.inputs), state)
        mixed = self.mixing.mix(start, end, batches)["film"]
        self.state = self.mixing.states["film"]
        return mixed


def level(start: int, count: int, value: float) -> Samples:
    return Samples(start, np.full((count, 2), value, np.float32))


def expanded(runs: list[list[float]]) -> np.ndarray[Any, Any]:
    return np.repeat([run[1:] for run in runs], [int(run[0]) for run in runs], axis=0)


@pytest.mark.parametrize("scenario", scenarios("mixer"), ids=lambda s: s["name"])
def test_every_chunk_sounds_as_the_vectors_say(scenario: dict[str, Any]) -> None:
    got, expected = replay_mixer(scenario)["chunks"], scenario["expect"]["chunks"]

    assert [chunk["pts"] for chunk in got] == [chunk["pts"] for chunk in expected]
    for chunk, wanted in zip(got, expected, strict=True):
        assert chunk["outputs"].keys() == wanted["outputs"].keys()
        for id, output in wanted["outputs"].items():
            made = chunk["outputs"][id]
            assert made["count"] == output["count"]
            assert made.get("factor") == pytest.approx(output.get("factor"), abs=1e-9)
            np.testing.assert_allclose(
                expanded(made["samples"]), expanded(output["samples"]), rtol=0, atol=1e-9
            )


def test_two_tones_add_up_and_are_clipped() -> None:
    mixer = SoundMixer({"b": 0.5})

    mixed = mixer.mix(0, CHUNK, {"a": [level(0, 960, 0.25)], "b": [level(0, 960, 0.5)]})
    loud = mixer.mix(
        CHUNK, 2 * CHUNK, {"a": [level(CHUNK, 960, -0.9)], "b": [level(CHUNK, 960, -0.9)]}
    )

    assert mixed.sound.shape == (960, 2)
    assert np.all(mixed.sound == 0.5)
    assert np.all(loud.sound == -1.0)


def test_a_batch_that_reaches_over_several_chunks_is_cut_without_a_seam() -> None:
    ramp = np.repeat(np.linspace(-0.5, 0.5, 3000, dtype=np.float32)[:, None], 2, axis=1)
    mixer = SoundMixer()

    parts = [mixer.mix(0, CHUNK, {"a": [Samples(0, ramp)]})]
    parts += [mixer.mix(n * CHUNK, (n + 1) * CHUNK, {"a": []}) for n in (1, 2, 3)]

    joined = np.concatenate([part.sound for part in parts])
    np.testing.assert_array_equal(joined[:3000], ramp)
    assert not joined[3000:].any()


def test_late_samples_are_dropped_and_the_rest_of_their_batch_is_not() -> None:
    mixer = SoundMixer()
    mixer.mix(0, CHUNK, {"a": []})

    late = mixer.mix(CHUNK, 2 * CHUNK, {"a": [level(0, 480, 0.5), level(10_000_000, 960, 0.25)]})

    assert np.all(late.sound[:480] == 0.25)
    assert not late.sound[480:].any()


def test_chunks_that_never_came_become_zeros_in_front_of_the_next() -> None:
    mixer = SoundMixer()
    mixer.mix(0, CHUNK, {"a": [level(0, 4800, 0.5)]})

    after = mixer.mix(3 * CHUNK, 4 * CHUNK, {"a": []})

    assert (after.start, after.count) == (CHUNK, 2880)
    assert not after.sound[:1920].any()
    assert np.all(after.sound[1920:] == 0.5)


def test_a_successor_goes_on_counting() -> None:
    first = SoundMixer()
    first.mix(7, CHUNK + 7, {"a": [level(7, 1920, 0.5)]})

    second = SoundMixer(state=first.state)
    mixed = second.mix(2 * CHUNK + 7, 3 * CHUNK + 7, {"a": [level(2 * CHUNK + 7, 960, 0.5)]})

    assert (mixed.start, mixed.count) == (CHUNK + 7, 1920)
    assert not mixed.sound[:960].any()
    assert np.all(mixed.sound[960:] == 0.5)


def test_a_chunk_from_the_past_is_refused() -> None:
    mixer = SoundMixer()
    mixer.mix(CHUNK, 2 * CHUNK, {})

    with pytest.raises(ValueError, match="does not follow"):
        mixer.mix(0, CHUNK, {})


@given(
    start=st.integers(0, 10**12),
    dropped=st.lists(st.booleans(), min_size=1, max_size=60),
    rate=st.sampled_from([8000, 44100, 48000]),
    length=st.integers(1, 30_000_000),
)
def test_the_running_count_is_always_elapsed_time_times_rate(
    start: int, dropped: list[bool], rate: int, length: int
) -> None:
    mixer = Mixer({"main": OutputMix(())}, rate)
    mixer.mix(start, start + length, {})
    count = length * rate // 10**9

    for n, is_dropped in enumerate(dropped, start=1):
        if not is_dropped:
            mixed = mixer.mix(start + n * length, start + (n + 1) * length, {})
            count += mixed.count
            assert count == (n + 1) * length * rate // 10**9
            assert len(mixed.outputs["main"].samples) == mixed.count


@given(offset=st.integers(0, 10**11), sizes=st.lists(st.integers(1, 200), max_size=20))
def test_batches_that_follow_each_other_leave_no_seam_at_any_offset(
    offset: int, sizes: list[int]
) -> None:
    position, batches = 0, []
    for size in sizes:
        batches.append(level(offset + samples_to_ns(position), size, 0.5))
        position += size

    begin = offset // CHUNK * CHUNK
    mixer = SoundMixer()
    sound = mixer.mix(begin, begin + 6 * CHUNK, {"a": batches}).sound[:, 0]

    loud = np.flatnonzero(sound)
    assert len(loud) == position
    assert position == 0 or loud[-1] - loud[0] + 1 == position
