from __future__ import annotations

import pytest

from examples.smelter.complaints import SceneRefused
from examples.smelter.offsets import MILLISECOND
from examples.smelter.scene import (
    Bounce,
    CubicBezier,
    Image,
    Input,
    Padding,
    Position,
    Rescaler,
    Shader,
    Shadow,
    Text,
    Tiles,
    Transition,
    View,
)
from examples.smelter.scene_json import scene_of
from examples.smelter.scene_rules import check_scene


def test_every_component_is_read_with_all_its_fields() -> None:
    scene = scene_of(
        {
            "type": "view",
            "id": "all",
            "direction": "column",
            "overflow": "fit",
            "padding": 1,
            "padding_horizontal": 2,
            "padding_left": 3,
            "border_width": 4,
            "border_color": "#FF000080",
            "border_radius": 5,
            "background_color": "#00ff00",
            "box_shadow": [{"offset_x": -6, "offset_y": 7, "blur_radius": 8, "color": "#000000FF"}],
            "transition": {
                "duration_ms": 500,
                "easing_function": {"function_name": "bounce"},
                "should_interrupt": True,
            },
            "children": [
                {"type": "input_stream", "input_id": "a", "id": "b"},
                {"type": "image", "image_id": "logo", "width": 10},
                {"type": "text", "text": "hello", "font_size": 20, "color": "#010203"},
                {
                    "type": "shader",
                    "shader_id": "invert",
                    "resolution": {"width": 64, "height": 36},
                    "shader_param": {"type": "f32", "value": 1},
                    "children": [{"type": "input_stream", "input_id": "c"}],
                },
                {"type": "tiles", "tile_aspect_ratio": "4:3", "margin": 2, "padding": 1},
                {
                    "type": "rescaler",
                    "mode": "fill",
                    "horizontal_align": "left",
                    "vertical_align": "bottom",
                    "bottom": 1,
                    "right": 2,
                    "width": 30,
                    "child": {"type": "view"},
                },
            ],
        }
    )

    assert scene == View(
        id="all",
        direction="column",
        overflow="fit",
        padding=Padding(1, 2, 1, 3),
        border=4,
        border_colour=(255, 0, 0, 128),
        radius=5,
        background=(0, 255, 0, 255),
        shadows=(Shadow(-6, 7, 8, (0, 0, 0, 255)),),
        transition=Transition(500 * MILLISECOND, Bounce(), should_interrupt=True),
        children=(
            Input("a", "b"),
            Image("logo", 10),
            Text("hello", 20, colour=(1, 2, 3, 255)),
            Shader("invert", 64, 36, {"type": "f32", "value": 1}, (Input("c"),)),
            Tiles(aspect=(4, 3), margin=2, padding=1),
            Rescaler(
                View(),
                "fill",
                "left",
                "bottom",
                width=30,
                position=Position(bottom=1, right=2),
            ),
        ),
    )


def test_one_side_is_enough_to_leave_the_row_and_the_other_is_zero() -> None:
    assert scene_of({"type": "view", "bottom": 5}) == View(position=Position(left=0, bottom=5))


def test_a_curve_is_read_as_four_numbers() -> None:
    easing = {"function_name": "cubic_bezier", "points": [0.1, -1, 0.2, 2]}
    transition = {"duration_ms": 1, "easing_function": easing}

    scene = scene_of({"type": "view", "id": "a", "transition": transition})

    assert isinstance(scene, View)
    assert scene.transition == Transition(MILLISECOND, CubicBezier(0.1, -1, 0.2, 2))


DEEP: dict[str, object] = {"type": "view"}
for _ in range(100):
    DEEP = {"type": "view", "children": [DEEP]}


@pytest.mark.parametrize(
    ("json", "complaint"),
    [
        (None, "scene: is missing; accepted is an object"),
        ({}, "scene.type: is missing; accepted is a text"),
        ({"type": "window"}, "scene.type: 'window' is not one of input_stream, view"),
        ({"type": "view", "colour": "#000000"}, "scene.colour: '#000000' is not a field"),
        ({"type": "view", "width": "wide"}, "scene.width: 'wide' is not a number from 0"),
        ({"type": "view", "width": True}, "scene.width: true is not a number"),
        ({"type": "view", "width": float("nan")}, "scene.width: nan is not a number"),
        ({"type": "view", "height": -1}, "scene.height: -1 is not a number from 0 to 7682"),
        ({"type": "view", "direction": "up"}, "scene.direction: 'up' is not one of row, column"),
        ({"type": "view", "background_color": "red"}, "scene.background_color: 'red' is not"),
        ({"type": "view", "top": 1, "bottom": 1}, "scene.bottom: 1 is not given together"),
        ({"type": "view", "rotation": 10}, "scene.rotation: 10 is not a field"),
        ({"type": "tiles", "tile_aspect_ratio": "16:0"}, "scene.tile_aspect_ratio: '16:0'"),
        ({"type": "rescaler"}, "scene.child: is missing; accepted is an object"),
        ({"type": "text", "text": "a"}, "scene.font_size: is missing; accepted is a number from 1"),
        ({"type": "text", "text": "a", "font_size": 9, "height": 9}, "scene.height: 9 is not"),
        (
            {"type": "shader", "shader_id": "a"},
            "scene.resolution: is missing; accepted is an object",
        ),
        (
            {"type": "view", "transition": {"duration_ms": -1}},
            "scene.transition.duration_ms: -1 is not a number from 0",
        ),
        (
            {
                "type": "view",
                "transition": {
                    "duration_ms": 1,
                    "easing_function": {"function_name": "cubic_bezier", "points": [2, 0, 0, 0]},
                },
            },
            "scene.transition.easing_function.points: [2, 0, 0, 0] is not x1",
        ),
        (
            {"type": "view", "children": [{"type": "view"}, {"type": "input_stream"}]},
            "scene.children[1].input_id: is missing; accepted is a text",
        ),
        (
            {"type": "view", "id": "a", "children": [{"type": "view", "id": "a"}]},
            "scene.children[0].id: 'a' is not an id of its own",
        ),
        (
            {
                "type": "shader",
                "shader_id": "a",
                "resolution": {"width": 2, "height": 2},
                "children": [{"type": "tiles"}],
            },
            "scene.children[0]: 'tiles' is not of explicit width and height",
        ),
        (DEEP, "is not inside fewer than 64 others"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_path_and_value(json: object, complaint: str) -> None:
    with pytest.raises(SceneRefused) as refused:
        scene_of(json)

    assert complaint in str(refused.value)


def test_a_scene_built_in_python_keeps_to_the_same_rules() -> None:
    with pytest.raises(SceneRefused, match=r"scene\.children\[0\]\.border"):
        check_scene(View((View(border=-1),)))
    with pytest.raises(SceneRefused, match="a registered image"):
        check_scene(Image("nobody"), images=["logo"])
    with pytest.raises(SceneRefused, match="a registered shader"):
        check_scene(Shader("nobody", 2, 2), shaders=[])
    with pytest.raises(SceneRefused, match="a component"):
        check_scene(View(("a",)))  # type: ignore[arg-type]
