"""What boxes, corners, borders, shadows, masks and opacity look like, in pixels of a whole scene."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from examples.smelter.arrange import arrange
from examples.smelter.complaints import ImageRefused
from examples.smelter.compose import Assets, Compositor
from examples.smelter.draw import Canvas, rgba_of, sprite_of
from examples.smelter.flatten import MOST_ITEMS, flatten
from examples.smelter.offsets import MILLISECOND, SECOND
from examples.smelter.pictures import BLACK, Picture, rgb_to_yuv
from examples.smelter.scene import (
    Component,
    Image,
    Input,
    Padding,
    Position,
    Rescaler,
    Shader,
    Shadow,
    Text,
    View,
)
from examples.smelter.sprites import load_image, resized, text_pixels, text_size
from examples.smelter.transition import Memory

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
YUV = {colour: rgb_to_yuv(colour[:3]) for colour in (RED, GREEN, BLUE)}
ROOM = Position(left=20, top=20)


def drawn(
    scene: Component,
    pictures: dict[str, Picture] | None = None,
    assets: Assets | None = None,
    now: int = 0,
) -> Picture:
    return Compositor(200, 100, Memory(scene), assets).render(pictures or {}, now)


def at(picture: Picture, x: int, y: int) -> tuple[int, int, int]:
    return int(picture.y[y, x]), int(picture.u[y // 2, x // 2]), int(picture.v[y // 2, x // 2])


def box(**more: object) -> View:
    inner = View(width=100, height=60, position=ROOM, **more)  # type: ignore[arg-type]
    return View((inner,))


def test_a_box_fills_its_rectangle_and_nothing_else() -> None:
    made = drawn(box(background=RED))

    assert at(made, 20, 20) == at(made, 118, 78) == YUV[RED]
    assert at(made, 18, 20) == at(made, 20, 18) == at(made, 120, 78) == at(made, 118, 80) == BLACK


def test_a_border_lies_inside_the_box_around_its_content() -> None:
    made = drawn(box(background=RED, border=10, border_colour=BLUE))

    # An explicit size is that of the content: the border comes on top.
    assert at(made, 24, 50) == YUV[BLUE]
    assert at(made, 32, 50) == YUV[RED]
    assert at(made, 128, 50) == YUV[RED]
    assert at(made, 134, 50) == YUV[BLUE]
    assert at(made, 142, 50) == BLACK


def test_corners_are_cut_off_in_a_circle() -> None:
    made = drawn(box(background=RED, radius=30))

    assert at(made, 20, 20) == BLACK
    assert at(made, 70, 20) == at(made, 20, 50) == at(made, 28 + 4, 28 + 4) == YUV[RED]
    reds = int((made.y == YUV[RED][0]).sum())
    assert reds == pytest.approx(100 * 60 - (4 - np.pi) * 30**2, rel=0.02)


def test_a_shadow_fades_behind_its_box() -> None:
    shadow = Shadow(x=10, y=10, blur=8, colour=GREEN)
    made = drawn(box(background=RED, shadows=(shadow,)))

    assert at(made, 40, 40) == YUV[RED]
    assert at(made, 124, 50) == YUV[GREEN]
    across = made.y[50, 120:140].astype(int)
    assert np.all(np.diff(across) <= 0)
    assert across[0] == YUV[GREEN][0]
    assert across[-1] == BLACK[0]


def test_a_shadow_lies_behind_all_siblings() -> None:
    first = View(width=40, height=40, position=Position(left=0, top=0), background=RED)
    second = View(
        width=40,
        height=40,
        position=Position(left=40, top=0),
        background=BLUE,
        shadows=(Shadow(x=-20, colour=GREEN),),
    )
    made = drawn(View((first, second)))

    assert at(made, 30, 20) == YUV[RED]


def test_what_sticks_out_is_hidden_unless_it_is_to_be_visible() -> None:
    inner = View(width=300, height=20, background=RED)
    hidden = drawn(View((View((inner,), width=50, height=50),)))
    visible = drawn(View((View((inner,), width=50, height=50, overflow="visible"),)))

    assert at(hidden, 48, 10) == at(visible, 48, 10) == at(visible, 150, 10) == YUV[RED]
    assert at(hidden, 52, 10) == BLACK


def test_a_picture_is_cut_by_the_round_corners_of_what_holds_it() -> None:
    picture = Picture.solid(100, 100, YUV[GREEN])
    made = drawn(
        View((Rescaler(Input("a"), "fill", width=80, height=80, radius=40),)), {"a": picture}
    )

    assert at(made, 0, 0) == BLACK
    assert at(made, 40, 40) == at(made, 40, 2) == YUV[GREEN]
    assert int((made.y == YUV[GREEN][0]).sum()) == pytest.approx(np.pi * 40**2, rel=0.03)


def test_a_round_picture_is_the_same_whether_its_rows_are_copied_or_blended() -> None:
    ramp = np.tile(np.arange(16, 216, dtype=np.uint8), (150, 1))
    made = drawn(
        View((Rescaler(Input("a"), width=200, height=100, radius=10),)), {"a": Picture(ramp)}
    )
    plain = drawn(View((Rescaler(Input("a"), width=200, height=100),)), {"a": Picture(ramp)})

    np.testing.assert_array_equal(made.y[10:90], plain.y[10:90])
    np.testing.assert_array_equal(made.y[:, 12:188], plain.y[:, 12:188])


def test_half_opaque_is_half_of_both() -> None:
    made = drawn(View((box(background=(255, 255, 255, 128)),), background=(0, 0, 0, 255)))

    assert at(made, 60, 50)[0] == pytest.approx(16 + 219 * 128 / 255, abs=1)


def test_padding_moves_children_inward() -> None:
    child = View(width=20, height=20, background=RED)
    made = drawn(View((child,), padding=Padding(top=10, left=30)))

    assert at(made, 30, 10) == YUV[RED]
    assert at(made, 28, 10) == at(made, 30, 8) == BLACK


def test_a_root_that_is_a_picture_fills_the_output() -> None:
    made = drawn(Input("a"), {"a": Picture.solid(10, 10, YUV[BLUE])})

    assert at(made, 0, 0) == at(made, 198, 98) == YUV[BLUE]


def test_an_input_without_a_picture_takes_no_room_in_a_row() -> None:
    row = View((Input("a"), Input("b")))
    both = {name: Picture.solid(50, 50, YUV[c]) for name, c in (("a", RED), ("b", BLUE))}

    assert at(drawn(row, both), 60, 20) == YUV[BLUE]
    assert at(drawn(row, {"b": both["b"]}), 10, 20) == YUV[BLUE]


def test_no_more_is_drawn_than_the_limit() -> None:
    many = View(tuple(View(width=1, background=RED) for _ in range(MOST_ITEMS + 50)))
    placed = arrange(many, 200, 100, lambda _: (0, 0))

    assert len(flatten(placed, 200, 100)) == MOST_ITEMS


numbers = st.floats(0, 300, allow_nan=False)
views = st.builds(
    View,
    width=st.none() | numbers,
    height=st.none() | numbers,
    border=numbers,
    radius=numbers,
    direction=st.sampled_from(["row", "column"]),
    overflow=st.sampled_from(["hidden", "visible", "fit"]),
    padding=st.builds(Padding, numbers, numbers, numbers, numbers),
    position=st.none() | st.builds(Position, left=numbers, top=numbers),
    background=st.just(RED),
    border_colour=st.just(BLUE),
    shadows=st.just(()) | st.just((Shadow(5, 5, 10, GREEN),)),
)


def nested(children: st.SearchStrategy[Component]) -> st.SearchStrategy[Component]:
    return st.builds(
        lambda view, inside: View(
            tuple(inside), view.width, view.height, view.direction, view.overflow, view.padding
        ),
        views,
        st.lists(children, max_size=3),
    ) | st.builds(Rescaler, children, mode=st.sampled_from(["fit", "fill"]), border=numbers)


@given(st.recursive(views | st.just(Input("a")), nested, max_leaves=6))
def test_whatever_the_numbers_a_scene_is_drawn(scene: Component) -> None:
    made = drawn(scene, {"a": Picture.solid(64, 36, YUV[GREEN])})

    assert (made.width, made.height) == (200, 100)


# -- images and words ------------------------------------------------------------------------------


def encoded(kind: str, *colours: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    first, *rest = (Pillow.new("RGB", (40, 20), colour) for colour in colours)
    more = {"save_all": True, "append_images": rest, "duration": 200} if rest else {}
    first.save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_an_image_is_drawn_in_its_own_size(kind: str) -> None:
    assets = Assets({"logo": load_image("logo", encoded(kind, (0, 0, 255)))})
    made = drawn(View((Image("logo"),)), assets=assets)

    assert at(made, 20, 10) == pytest.approx(YUV[BLUE], abs=2)
    assert at(made, 42, 10) == at(made, 20, 22) == BLACK


def test_one_side_keeps_the_shape_of_an_image() -> None:
    assets = Assets({"logo": load_image("logo", encoded("PNG", (0, 0, 255)))})
    made = drawn(View((Image("logo", width=80),)), assets=assets)

    assert at(made, 78, 38) == YUV[BLUE]
    assert at(made, 82, 10) == at(made, 20, 42) == BLACK


def test_an_animated_image_goes_by_the_time_and_begins_again() -> None:
    gif = load_image("gif", encoded("GIF", (255, 0, 0), (0, 255, 0), (0, 0, 255)))
    scene = View((Image("gif"),))
    drawing = Compositor(200, 100, Memory(scene), Assets({"gif": gif}))
    shown = [
        at(drawing.render({}, ms * MILLISECOND), 20, 10) for ms in (0, 199, 200, 399, 400, 599, 600)
    ]

    wanted = [YUV[c] for c in (RED, RED, GREEN, GREEN, BLUE, BLUE, RED)]
    assert [a[0] for a in shown] == pytest.approx([a[0] for a in wanted], abs=2)


@pytest.mark.parametrize("data", [b"", b"no image", encoded("PNG", (0, 0, 0))[:60]])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(ImageRefused, match="image logo: "):
        load_image("logo", data)


def test_scaling_keeps_the_colour_of_edges() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[10:30, 10:30] = (255, 0, 0, 255)

    small = resized(pixels, 10, 10)

    seen = small[small[:, :, 3] > 0]
    assert np.all(seen[:, 0] >= 250)
    assert np.all(seen[:, 1:3] <= 5)


def test_what_is_clear_has_no_part_in_the_colour_of_an_edge() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, :, 1] = 255  # green, but clear
    pixels[:, 1] = RED

    sprite = sprite_of(pixels)

    assert sprite.alpha is not None
    assert sprite.alpha[0].tolist() == [0, 1, 0, 0]
    assert (int(sprite.planes[1][0, 0]), int(sprite.planes[2][0, 0])) == YUV[RED][1:]


def test_a_text_is_as_large_as_its_words_or_as_it_is_told() -> None:
    short, long = (text_size(Text(words, 20)) for words in ("a", "a much longer line"))
    lines = text_size(Text("one\ntwo\nthree", 20))
    told = text_size(Text("anything", 20, width=150, height=50))
    wrapped = text_size(Text("many words that do not fit into it", 20, width=100, wrap="word"))

    assert short[0] < long[0]
    assert short[1] == long[1]
    assert lines[1] > 2 * short[1]
    assert told == (150, 50)
    assert wrapped[0] == 100
    assert wrapped[1] > 2 * short[1]


def test_words_are_seen_in_their_colour_on_their_background() -> None:
    text = Text("MMMM", 40, colour=(255, 255, 255, 255), background=(0, 0, 255, 255))
    made = drawn(View((text,)))

    assert int(made.y.max()) >= 230
    assert at(made, 0, 0) == YUV[BLUE]


@pytest.mark.parametrize("align", ["left", "right", "center"])
def test_a_line_stands_where_it_is_aligned(align: str) -> None:
    text = Text("I", 40, width=200, align=align)  # type: ignore[arg-type]
    ink = np.flatnonzero(text_pixels(text)[:, :, 3].max(axis=0))
    middle = float(ink.mean())

    assert {"left": middle < 40, "right": middle > 160, "center": 80 < middle < 120}[align]


def test_an_unknown_font_is_refused_with_its_name() -> None:
    with pytest.raises(ImageRefused, match="no-such-font"):
        text_size(Text("a", 20, font="no-such-font"))


# -- shaders ---------------------------------------------------------------------------------------


def test_a_shader_gets_its_children_the_size_the_parameter_and_the_time() -> None:
    seen: list[object] = []

    def shade(sources: object, size: object, param: object, now: float) -> object:
        assert isinstance(sources, list)
        seen.extend([[None if s is None else s.shape for s in sources], size, param, now])
        return np.full((20, 40, 4), (0, 0, 255, 255), np.uint8)

    child = View(width=30, height=10, background=RED)
    scene = View((Shader("s", 40, 20, {"a": 1}, (child, Input("nobody"))),))
    made = drawn(scene, assets=Assets({}, {"s": shade}), now=2 * SECOND)  # type: ignore[dict-item]

    assert seen == [[(10, 30, 4), None], (40, 20), {"a": 1}, 2.0]
    assert at(made, 20, 10) == YUV[BLUE]
    assert at(made, 42, 10) == BLACK


@pytest.mark.parametrize("made", [None, np.zeros((2, 2, 3)), np.zeros((20, 40, 5), np.uint8)])
def test_a_shader_that_makes_no_pixels_is_reported_and_clear(made: object) -> None:
    failed: list[str] = []
    assets = Assets({}, {"s": lambda *_: made}, lambda shader, why: failed.append(why))  # type: ignore[dict-item]

    assert at(drawn(View((Shader("s", 40, 20),)), assets=assets), 20, 10) == BLACK
    assert len(failed) == 1


def test_glass_remembers_its_colour_and_how_clear_it_is() -> None:
    canvas = Canvas(8, 8, is_glass=True)
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (200, 100, 50, 255)
    pixels[:, 4:] = (200, 100, 50, 128)
    from examples.smelter.draw import MaskStore
    from examples.smelter.flatten import Item
    from examples.smelter.layout import PixelRect, Rect

    place = PixelRect(0, 0, 8, 8)
    canvas.sprite(sprite_of(pixels), place, Item(Rect(0, 0, 8, 8)), MaskStore())

    np.testing.assert_allclose(rgba_of(canvas)[:, :4, :3].astype(int), pixels[:, :4, :3], atol=4)
    np.testing.assert_allclose(rgba_of(canvas)[:, 4:].astype(int), pixels[:, 4:], atol=6)
