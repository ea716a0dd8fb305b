"""Whatever passes the door can be drawn: a scene that kills the compositor would kill every output."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.smelter.complaints import SceneRefused
from examples.smelter.compose import Assets, Compositor
from examples.smelter.offsets import MILLISECOND
from examples.smelter.pictures import Picture
from examples.smelter.scene import Component
from examples.smelter.scene_json import scene_of
from examples.smelter.scene_rules import check_scene
from examples.smelter.sprites import Still, check_texts
from examples.smelter.transition import Memory

PICTURES = {"a": Picture.solid(64, 36, (63, 102, 240)), "b": Picture.solid(2, 80, (32, 240, 118))}
DOTS = np.zeros((3, 5, 4), np.uint8)
IMAGES = {
    "still": Still((DOTS,), (1,)),
    "moving": Still((DOTS, DOTS + 200), (20 * MILLISECOND, 40 * MILLISECOND)),
}
SHADERS = {"echo": lambda sources, size, param, now: np.full((size[1], size[0], 4), 9, np.uint8)}

lengths = st.one_of(
    st.integers(0, 100), st.sampled_from([0.001, 0.5, 1e-9, 1e-308, 7682]), st.floats(0, 90)
)
places = st.one_of(st.floats(-50, 50), st.sampled_from([-100_000, 100_000, 0.3]))
colours = st.sampled_from(["#FF0000", "#00FF0080", "#00000000", "#12345601"])
ids = st.sampled_from(["x", "y", "z", None])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


curves = st.one_of(
    st.just({"function_name": "bounce"}),
    st.tuples(st.floats(0, 1), st.floats(-100, 100), st.floats(0, 1), st.floats(-100, 100)).map(
        lambda points: {"function_name": "cubic_bezier", "points": list(points)}
    ),
)
moves = st.fixed_dictionaries(
    {"duration_ms": st.sampled_from([0, 1, 50, 1000])},
    optional={"easing_function": curves, "should_interrupt": st.booleans()},
)
box = {
    "id": ids,
    "width": lengths,
    "height": lengths,
    "border_width": lengths,
    "border_color": colours,
    "border_radius": lengths,
    "transition": moves,
}
shadows = st.lists(
    some(offset_x=places, offset_y=places, blur_radius=lengths, color=colours), max_size=2
)
leaves = st.one_of(
    st.sampled_from(
        [
            {"type": "input_stream", "input_id": "a"},
            {"type": "input_stream", "input_id": "b"},
            {"type": "input_stream", "input_id": "nobody"},
        ]
    ),
    some(width=lengths, height=lengths, id=ids).flatmap(
        lambda rest: st.sampled_from(["still", "moving"]).map(
            lambda name: {"type": "image", "image_id": name, **rest}
        )
    ),
    some(
        width=st.integers(1, 90),
        max_width=st.integers(1, 90),
        max_height=st.integers(1, 90),
        line_height=st.integers(1, 30),
        background_color=colours,
        color=colours,
        align=st.sampled_from(["left", "right", "center", "justified"]),
        wrap=st.sampled_from(["none", "glyph", "word"]),
        font_family=st.sampled_from(["no such font", "a\0b", "/", "."]),
    ).flatmap(
        lambda rest: st.text(max_size=12).map(
            lambda words: {"type": "text", "text": words, "font_size": 9, **rest}
        )
    ),
)


def inside(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what may stand around other components."""
    rows = st.lists(children, max_size=4)
    return st.one_of(
        some(
            **box,
            children=rows,
            box_shadow=shadows,
            direction=st.sampled_from(["row", "column"]),
            overflow=st.sampled_from(["hidden", "visible", "fit"]),
            background_color=colours,
            padding=lengths,
            top=places,
            left=places,
        ).map(lambda fields: {"type": "view", **fields}),
        some(
            id=ids,
            children=rows,
            margin=lengths,
            padding=lengths,
            width=lengths,
            tile_aspect_ratio=st.sampled_from(["16:9", "1:99999", "99999:1"]),
            horizontal_align=st.sampled_from(["justified", "right"]),
            background_color=colours,
            transition=moves,
        ).map(lambda fields: {"type": "tiles", **fields}),
        st.tuples(
            children,
            some(**box, mode=st.sampled_from(["fit", "fill"]), bottom=places, right=places),
        ).map(lambda found: {"type": "rescaler", "child": found[0], **found[1]}),
        rows.map(
            lambda found: {
                "type": "shader",
                "shader_id": "echo",
                "resolution": {"width": 8, "height": 6},
                "children": found,
            }
        ),
    )


scenes = st.recursive(leaves, inside, max_leaves=8)


def accepted(json: object) -> Component | None:
    """Return the scene, None if it is refused at the door."""
    try:
        scene = scene_of(json)
        check_scene(scene, IMAGES, SHADERS)
        check_texts(scene)
    except SceneRefused:
        return None
    return scene


@given(scenes, scenes)
@settings(max_examples=60, deadline=None)
def test_every_scene_that_is_accepted_can_be_drawn_and_moved_to(
    first: object, second: object
) -> None:
    begin, then = accepted(first), accepted(second)
    if begin is None:
        return

    one = Compositor(64, 36, Memory(begin), Assets(dict(IMAGES), dict(SHADERS)))
    made = [one.render(PICTURES, 0)]
    if then is not None:
        one.update(then, 0)
        made += [one.render(PICTURES, now * MILLISECOND) for now in (10, 30, 500, 2000)]

    assert {(each.width, each.height) for each in made} == {(64, 36)}
