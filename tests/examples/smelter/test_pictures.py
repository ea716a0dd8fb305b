from __future__ import annotations

import numpy as np
import pytest

from examples.smelter.pictures import Picture, Samples
from examples.smelter.replay_media import replay_colour
from tests.examples.smelter.films import RED, scenarios


@pytest.mark.parametrize("scenario", scenarios("colour"), ids=lambda s: s["name"])
def test_colours_convert_as_the_vectors_say(scenario: dict[str, object]) -> None:
    expected = scenario["expect"]

    assert isinstance(expected, dict)
    got = np.array(replay_colour(scenario)["output"])
    assert np.abs(got - np.array(expected["output"])).max() <= 1


def test_a_picture_cannot_be_changed() -> None:
    picture = Picture.solid(8, 6, RED)

    for plane in (picture.packed, picture.y, picture.u, picture.v):
        with pytest.raises(ValueError, match="read-only"):
            plane[0, 0] = 1


def test_planes_have_the_shapes_of_four_to_two_to_zero_for_any_even_size() -> None:
    picture = Picture.solid(10, 6, RED)

    assert (picture.width, picture.height) == (10, 6)
    assert (picture.y.shape, picture.u.shape, picture.v.shape) == ((6, 10), (3, 5), (3, 5))
    assert (picture.y[5, 9], picture.u[2, 4], picture.v[2, 4]) == RED


def test_what_is_not_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="even sides"):
        Picture(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="even sides"):
        Picture(np.zeros((6, 5), np.uint8))


def test_samples_know_when_they_end_and_cannot_be_changed() -> None:
    samples = Samples(5, np.zeros((960, 2), np.float32))

    assert samples.end == 20_000_005
    with pytest.raises(ValueError, match="read-only"):
        samples.sound[0] = 1
    with pytest.raises(ValueError, match="float32"):
        Samples(0, np.zeros((960, 3), np.float32))
