from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.smelter.layout import Rect, fit, pixels, tiles
from examples.smelter.replay_scene import replay_layout
from tests.examples.smelter.films import scenarios


@pytest.mark.parametrize("scenario", scenarios("layout"), ids=lambda s: s["name"])
def test_every_scene_lies_where_the_vectors_say(scenario: dict[str, object]) -> None:
    got, expected = replay_layout(scenario), scenario["expect"]

    assert isinstance(expected, dict)
    assert got.keys() == expected.keys()
    for key in got.keys() - {"rectangles"}:
        assert got[key] == expected[key]
    if "rectangles" in expected:
        assert got["rectangles"].keys() == expected["rectangles"].keys()
        for id, rect in expected["rectangles"].items():
            assert got["rectangles"][id] == pytest.approx(rect, abs=0.001)


def test_nothing_to_place_is_an_empty_grid() -> None:
    assert tiles(0, 640, 360).rects == ()


def test_margins_larger_than_the_box_leave_tiles_without_area() -> None:
    grid = tiles(3, 20, 20, margin=50)

    assert len(grid.rects) == 3
    assert all(rect.width == 0 and rect.height == 0 for rect in grid.rects)


def test_a_picture_without_size_takes_no_room() -> None:
    assert fit(Rect(0, 0, 100, 50), 0, 10) == Rect(50, 25, 0, 0)


@given(
    count=st.integers(1, 40),
    width=st.integers(1, 1000).map(lambda n: 2 * n),
    height=st.integers(1, 1000).map(lambda n: 2 * n),
)
def test_pixels_are_even_inside_and_do_not_overlap(count: int, width: int, height: int) -> None:
    rects = [pixels(rect, width, height) for rect in tiles(count, width, height).rects]

    for rect in rects:
        sides = (rect.left, rect.top, rect.width, rect.height)
        assert all(side >= 0 and side % 2 == 0 for side in sides)
        assert rect.left + rect.width <= width
        assert rect.top + rect.height <= height
    for index, a in enumerate(rects):
        for b in rects[index + 1 :]:
            apart_across = a.left + a.width <= b.left or b.left + b.width <= a.left
            apart_down = a.top + a.height <= b.top or b.top + b.height <= a.top
            assert apart_across or apart_down or a.is_empty or b.is_empty
