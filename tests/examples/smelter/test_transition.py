"""Movements between scenes, beyond what the vectors say: who moves at all, and who goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.smelter.arrange import arrange, grids, rectangles
from examples.smelter.compose import Compositor
from examples.smelter.easing import ease
from examples.smelter.layout import Rect
from examples.smelter.offsets import SECOND
from examples.smelter.scene import (
    Bounce,
    Component,
    CubicBezier,
    Easing,
    Linear,
    Padding,
    Position,
    Rescaler,
    Tiles,
    Transition,
    View,
)
from examples.smelter.transition import Grid, Memory, Motion, at, update

SLOW = Transition(10 * SECOND)


def measured(memory: Memory, now: int) -> dict[str, Grid]:
    scene, motions = at(memory, now)
    return grids(arrange(scene, 640, 360, lambda _: (0, 0), motions))


def after(first: Component, second: Component, when: int = 0) -> Memory:
    return update(Memory(first), second, when, measured)


def halfway(first: View, second: View) -> View:
    scene, _ = at(after(first, replace(second, transition=SLOW)), 5 * SECOND)
    assert isinstance(scene, View)
    return scene


def test_every_number_moves_and_nothing_else() -> None:
    first = View(
        id="a",
        width=100,
        border=0,
        radius=10,
        padding=Padding(0, 10, 20, 30),
        position=Position(left=0, bottom=50),
        background=(0, 0, 0, 255),
    )
    second = View(
        id="a",
        width=200,
        border=8,
        radius=30,
        padding=Padding(10, 20, 30, 40),
        position=Position(left=100, bottom=0),
        background=(255, 0, 0, 255),
        direction="column",
    )
    scene = halfway(first, second)

    assert (scene.width, scene.border, scene.radius) == (150, 4, 20)
    assert scene.padding == Padding(5, 15, 25, 35)
    assert scene.position == Position(left=50, bottom=25)
    assert (scene.background, scene.direction) == ((255, 0, 0, 255), "column")


def test_what_changes_sides_or_becomes_absolute_jumps() -> None:
    static, left, right = (
        View(id="a", width=10, position=place)
        for place in (None, Position(left=10, top=0), Position(right=30, top=20))
    )

    assert halfway(left, right).position == Position(right=30, top=10)
    assert halfway(static, left).position == Position(left=10, top=0)
    assert halfway(left, static).position is None


@pytest.mark.parametrize(
    "second",
    [
        View(id="b", width=200, transition=SLOW),
        View(width=200, transition=SLOW),
        View(id="a", width=200),
        Rescaler(View(), id="a", width=200, transition=SLOW),
    ],
)
def test_without_the_same_id_the_same_type_or_a_transition_nothing_moves(second: Component) -> None:
    assert not after(View(id="a", width=100), second).moving


def test_children_that_change_are_no_change_of_the_view() -> None:
    first = View(id="a", children=(View(),))
    second = View(id="a", children=(View(), View()), transition=SLOW)

    assert not after(first, second).moving


def test_what_is_inside_moves_while_the_outside_stands() -> None:
    def scene(width: float) -> View:
        return View((View(id="in", width=width, transition=SLOW), View(id="rest")))

    moved, _ = at(after(scene(100), scene(300)), 5 * SECOND)
    found = rectangles(arrange(moved, 640, 360, lambda _: (0, 0)))

    assert found["in"] == Rect(0, 0, 200, 360)
    assert found["rest"] == Rect(200, 0, 440, 360)


def test_a_successor_goes_on_in_the_middle_of_a_movement() -> None:
    def scene(width: float) -> View:
        red = View(id="in", width=width, background=(255, 0, 0, 255), transition=SLOW)
        return View((red,))

    one = Compositor(640, 360, Memory(scene(100)))
    one.render({}, 0)
    one.update(scene(300), 0)
    other = Compositor(640, 360, one.memory)

    for time in (2 * SECOND, 7 * SECOND, 11 * SECOND):
        assert (one.render({}, time).y == other.render({}, time).y).all()


def test_tiles_that_grow_take_their_places_along() -> None:
    def scene(width: float, names: str) -> View:
        tiles = Tiles(
            tuple(View(id=name) for name in names), id="tiles", width=width, transition=SLOW
        )
        return View((tiles,))

    memory = after(scene(320, "a"), scene(640, "ab"))
    scene_then, motions = at(memory, 0)
    found = rectangles(arrange(scene_then, 640, 360, lambda _: (0, 0), motions))

    # It was 320 wide at the top left of a box half as wide: at the start it is scaled uniformly.
    assert found["a"].width == pytest.approx(320)
    assert "b" in found


easings: st.SearchStrategy[Easing] = st.one_of(
    st.just(Linear()),
    st.just(Bounce()),
    st.builds(CubicBezier, st.floats(0, 1), st.floats(-1, 2), st.floats(0, 1), st.floats(-1, 2)),
)


@given(easings)
def test_every_curve_begins_at_the_beginning_and_ends_at_the_end(easing: Easing) -> None:
    assert ease(easing, 0) == pytest.approx(0, abs=1e-9)
    assert ease(easing, 1) == pytest.approx(1, abs=1e-9)


@given(easings, st.integers(0, 10**10), st.floats(0, 0.99))
def test_a_stretch_that_goes_on_ends_at_its_end(easing: Easing, length: int, since: float) -> None:
    motion = Motion(0, length, easing, since, ease(easing, since))

    assert motion.way(length) == 1.0


@given(st.lists(st.tuples(st.integers(1, 4 * SECOND), st.integers(1, 600)), max_size=6))
def test_updates_never_make_what_moves_jump(updates: list[tuple[int, int]]) -> None:
    memory, now = Memory(View(id="a", width=100, transition=SLOW)), 0
    for step, width in updates:
        now += step
        before, _ = at(memory, now)
        memory = update(memory, View(id="a", width=width, transition=SLOW), now, measured)
        after_, _ = at(memory, now)

        assert isinstance(before, View)
        assert isinstance(after_, View)
        assert after_.width == pytest.approx(before.width)
