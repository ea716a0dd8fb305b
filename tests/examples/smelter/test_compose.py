from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from examples.smelter.compose import Compositor as Drawing
from examples.smelter.layout import PixelRect
from examples.smelter.pictures import BLACK, Picture
from examples.smelter.scene import tiles_of
from examples.smelter.transition import Memory
from tests.examples.smelter.films import BLUE, RED

GREEN = (173, 42, 26)
GREY = (126, 128, 128)


def colours(picture: Picture, where: PixelRect) -> tuple[set[int], set[int], set[int]]:
    down, across = (
        slice(where.top, where.top + where.height),
        slice(where.left, where.left + where.width),
    )
    half_down, half_across = (slice(side.start // 2, side.stop // 2) for side in (down, across))
    return (
        set(np.unique(picture.y[down, across]).tolist()),
        set(np.unique(picture.u[half_down, half_across]).tolist()),
        set(np.unique(picture.v[half_down, half_across]).tolist()),
    )


class Compositor:
    """Draws inputs as tiles; which ones may change from picture to picture."""

    def __init__(self, width: int, height: int) -> None:
        self.drawing = Drawing(width, height, Memory(tiles_of(())))

    def render(self, order: list[str], pictures: Mapping[str, Picture | None]) -> Picture:
        self.drawing.update(tiles_of(tuple(order)), 0)
        return self.drawing.render(pictures, 0)


def only(colour: tuple[int, int, int]) -> tuple[set[int], set[int], set[int]]:
    return {colour[0]}, {colour[1]}, {colour[2]}


def test_four_colours_fill_their_tiles_exactly() -> None:
    inputs = {"a": RED, "b": GREEN, "c": BLUE, "d": GREY}
    pictures = {id: Picture.solid(640, 360, colour) for id, colour in inputs.items()}

    made = Compositor(640, 360).render(list(inputs), pictures)

    places = [(0, 0), (320, 0), (0, 180), (320, 180)]
    for (left, top), colour in zip(places, inputs.values(), strict=True):
        assert colours(made, PixelRect(left, top, 320, 180)) == only(colour)


def test_an_input_without_a_picture_leaves_its_tile_black() -> None:
    made = Compositor(640, 360).render(["a", "b"], {"a": Picture.solid(160, 90, RED), "b": None})

    assert colours(made, PixelRect(0, 90, 320, 180)) == only(RED)
    assert colours(made, PixelRect(320, 0, 320, 360)) == only(BLACK)
    assert colours(made, PixelRect(0, 0, 640, 90)) == only(BLACK)


def test_no_inputs_make_a_black_picture() -> None:
    made = Compositor(64, 36).render([], {})

    assert colours(made, PixelRect(0, 0, 64, 36)) == only(BLACK)


def test_a_portrait_is_fitted_into_the_middle_of_its_tile() -> None:
    portrait = Picture.solid(360, 640, RED)

    place = PixelRect(110, 90, 100, 180)
    made = Compositor(640, 360).render(["a", "b"], {"a": portrait})

    assert colours(made, place) == only(RED)
    assert colours(made, PixelRect(0, 0, 110, 360)) == only(BLACK)
    assert colours(made, PixelRect(210, 0, 430, 360)) == only(BLACK)


def test_a_picture_of_the_size_of_its_tile_is_copied_exactly() -> None:
    noise = np.random.default_rng(1).integers(16, 235, (540, 640), dtype=np.uint8)
    picture = Picture(noise)

    made = Compositor(640, 360).render(["a"], {"a": picture})

    np.testing.assert_array_equal(made.packed, picture.packed)


def test_the_same_pictures_make_the_same_bytes_again_and_in_a_new_compositor() -> None:
    ramp = np.tile(np.arange(640, dtype=np.uint8), (540, 1))
    pictures = {"a": Picture(ramp), "b": Picture.solid(100, 50, RED)}
    one = Compositor(320, 180)

    first = one.render(["a", "b"], pictures)
    second = one.render(["a", "b"], pictures)
    other = Compositor(320, 180).render(["a", "b"], pictures)

    np.testing.assert_array_equal(first.packed, second.packed)
    np.testing.assert_array_equal(first.packed, other.packed)


def test_a_new_picture_and_a_new_size_of_an_input_show_at_once() -> None:
    compositor = Compositor(640, 360)
    compositor.render(["a", "b"], {"a": Picture.solid(320, 240, RED)})

    changed = compositor.render(["a", "b"], {"a": Picture.solid(160, 90, BLUE)})
    alone = compositor.render(["a"], {"a": Picture.solid(160, 90, GREEN)})

    assert colours(changed, PixelRect(0, 90, 320, 180)) == only(BLUE)
    assert colours(alone, PixelRect(0, 0, 640, 360)) == only(GREEN)


def test_more_inputs_than_pixels_are_drawn_as_far_as_there_is_room() -> None:
    ids = [str(n) for n in range(200)]
    pictures = {id: Picture.solid(4, 2, RED) for id in ids}

    made = Compositor(16, 16).render(ids, pictures)

    assert made.width == 16
