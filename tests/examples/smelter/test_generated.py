from __future__ import annotations

from itertools import islice, pairwise

import numpy as np

from examples.smelter.generated import GeneratedSource, colour_of, pitch_of
from examples.smelter.inputs import Item
from examples.smelter.pictures import Frame, Samples


def items(source: GeneratedSource, count: int) -> list[Item]:
    return list(islice(iter(source.read, None), count))


def test_a_name_always_gives_the_same_pictures_and_sound() -> None:
    for a, b in zip(
        items(GeneratedSource("test:x"), 50), items(GeneratedSource("test:x"), 50), strict=True
    ):
        if isinstance(a, Frame) and isinstance(b, Frame):
            assert a.pts == b.pts
            np.testing.assert_array_equal(a.picture.packed, b.picture.packed)
        else:
            assert isinstance(a, Samples)
            assert isinstance(b, Samples)
            np.testing.assert_array_equal(a.sound, b.sound)


def test_neighbouring_names_differ_clearly_in_colour_and_pitch() -> None:
    names = [f"test:{letter}" for letter in "abcdefgh"]

    for a in names:
        for b in names:
            if a != b:
                far = np.abs(np.array(colour_of(a)) - np.array(colour_of(b))).max()
                assert far >= 12, (a, b)
    assert len({pitch_of(name) for name in names}) == len(names)


def test_the_bar_moves_and_the_rest_is_the_plain_colour() -> None:
    frames = [x for x in items(GeneratedSource("test:"), 60) if isinstance(x, Frame)]
    first, later = frames[0].picture, frames[10].picture

    assert set(np.unique(first.y[:288]).tolist()) == {colour_of("test:")[0]}
    assert not np.array_equal(first.y[288:], later.y[288:])
    assert 235 in first.y[288:]


def test_times_are_those_of_thirty_frames_and_fifty_chunks_a_second() -> None:
    made = items(GeneratedSource("test:"), 200)
    frames = [x.pts for x in made if isinstance(x, Frame)]
    sound = [x for x in made if isinstance(x, Samples)]

    assert frames[:4] == [0, 33333333, 66666667, 100000000]
    assert [x.start for x in sound[:3]] == [0, 20_000_000, 40_000_000]
    assert all(a.end == b.start for a, b in pairwise(sound))


def test_a_successor_gives_what_its_predecessor_would_have_given() -> None:
    whole = items(GeneratedSource("test:y"), 400)
    start = 1_234_567_890

    later = GeneratedSource("test:y", start)
    expected = [x for x in whole if (x.pts if isinstance(x, Frame) else x.start) >= start][:50]

    for a, b in zip(items(later, 50), expected, strict=True):
        if isinstance(a, Frame) and isinstance(b, Frame):
            assert a.pts == b.pts
            np.testing.assert_array_equal(a.picture.packed, b.picture.packed)
        else:
            assert isinstance(a, Samples)
            assert isinstance(b, Samples)
            assert a.start == b.start
            np.testing.assert_array_equal(a.sound, b.sound)
