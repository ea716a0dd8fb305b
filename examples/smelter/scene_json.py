"""Scenes as JSON, in the names that clients of such compositors know; read into `scene`'s words.

    {"type": "view", "background_color": "#202040FF", "children": [
        {"type": "rescaler", "child": {"type": "input_stream", "input_id": "camera"}},
        {"type": "view", "width": 120, "height": 30, "top": 10, "left": 10, "children": [
            {"type": "text", "text": "live", "font_size": 24}]}]}

Lengths are pixels, durations milliseconds (`duration_ms`), colours `#RRGGBB` or `#RRGGBBAA`. Every
complaint names the field by its path, what came and what is accepted; a field that is not known is
one, because it is a misspelt wish.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

from examples.smelter.complaints import SceneRefused
from examples.smelter.offsets import MILLISECOND
from examples.smelter.scene import (
    CLEAR,
    Bounce,
    Component,
    CubicBezier,
    Easing,
    Image,
    Input,
    Linear,
    Padding,
    Position,
    Rescaler,
    Rgba,
    Shader,
    Shadow,
    Text,
    Tiles,
    Transition,
    View,
)
from examples.smelter.scene_rules import DEEPEST, LONGEST_SIDE, STEEPEST, check_scene

__all__ = ["scene_of"]

Sides: TypeAlias = Literal["top", "right", "bottom", "left"]
T = TypeVar("T", bound=str)

_COLOUR = re.compile(r"#([0-9a-fA-F]{6})([0-9a-fA-F]{2})?")
_ASPECT = re.compile(r"(\d{1,5}):(\d{1,5})")
_FAR = 100_000.0
_LONGEST_MS = 24 * 3600 * 1000.0


def scene_of(json: object) -> Component:
    """Read a scene.

    Args:
        json: what came out of a JSON parser.

    Raises:
        SceneRefused: something in it does not make sense.

    Example:
        >>> scene_of({"type": "input_stream", "input_id": "a"})
        Input(input='a', id=None)
        >>> scene_of({"type": "tiles", "margin": -1})
        Traceback (most recent call last):
        examples.smelter.complaints.SceneRefused: scene.margin: -1 is not a number from 0 to 7682
    """
    scene = _component(json, "scene", 0)
    check_scene(scene)
    return scene


def _component(json: object, where: str, depth: int) -> Component:
    if depth >= DEEPEST:
        raise SceneRefused(where, depth, f"inside fewer than {DEEPEST} others")
    node = _Node(json, where, depth)
    kind = node.text("type")
    read = _READERS.get(kind)
    if read is None:
        raise SceneRefused(f"{where}.type", kind, f"one of {', '.join(_READERS)}")
    component = read(node)
    node.refuse_the_rest()
    return component


class _Node:
    """One JSON object; each member is read once, and what was not read is not known."""

    def __init__(self, json: object, where: str, depth: int = 0) -> None:
        if not isinstance(json, dict):
            raise SceneRefused(where, json, "an object")
        self.where = where
        self.depth = depth
        self._left = dict(json)

    def at(self, key: str) -> str:
        return f"{self.where}.{key}"

    def take(self, key: str) -> object:
        """Return a member; null and an absent one are the same."""
        return self._left.pop(key, None)

    def refuse_the_rest(self) -> None:
        for key, value in self._left.items():
            raise SceneRefused(self.at(str(key)), value, "a field that is known here")

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str):
            raise SceneRefused(self.at(key), value, "a text")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or isinstance(value, str):
            return value
        raise SceneRefused(self.at(key), value, "a text")

    def optional_number(self, key: str, low: float = 0, high: float = LONGEST_SIDE) -> float | None:
        value = self.take(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:  # type: ignore[operator]
            raise SceneRefused(self.at(key), value, f"a number from {low:.15g} to {high:.15g}")
        return value  # type: ignore[return-value]

    def number(self, key: str, default: float, low: float = 0, high: float = LONGEST_SIDE) -> float:
        value = self.optional_number(key, low, high)
        return default if value is None else value

    def needed_number(self, key: str, low: float = 0, high: float = LONGEST_SIDE) -> float:
        value = self.optional_number(key, low, high)
        if value is None:
            raise SceneRefused(self.at(key), None, f"a number from {low:.15g} to {high:.15g}")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise SceneRefused(self.at(key), value, "true or false")

    def choice(self, key: str, accepted: tuple[T, ...]) -> T:
        """Return one of several words; the first is meant when none came."""
        value = self.take(key)
        if value is None:
            return accepted[0]
        for one in accepted:
            if one == value:
                return one
        raise SceneRefused(self.at(key), value, f"one of {', '.join(accepted)}")

    def colour(self, key: str, default: Rgba = CLEAR) -> Rgba:
        value = self.take(key)
        if value is None:
            return default
        found = _COLOUR.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise SceneRefused(self.at(key), value, "a colour such as #RRGGBB or #RRGGBBAA")
        red, green, blue = bytes.fromhex(found[1])
        return red, green, blue, int(found[2] or "FF", 16)

    def child(self, key: str) -> Component:
        return _component(self.take(key), self.at(key), self.depth + 1)

    def children(self) -> tuple[Component, ...]:
        return tuple(
            _component(one, f"{self.at('children')}[{number}]", self.depth + 1)
            for number, one in enumerate(self.rows("children"))
        )

    def rows(self, key: str) -> list[object]:
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise SceneRefused(self.at(key), value, "a list")
        return value

    def inner(self, key: str) -> _Node | None:
        value = self.take(key)
        return None if value is None else _Node(value, self.at(key))


# -- parts -----------------------------------------------------------------------------------------


def _position(node: _Node) -> Position | None:
    top, bottom, left, right = (
        node.optional_number(key, -_FAR, _FAR) for key in ("top", "bottom", "left", "right")
    )
    if top is not None and bottom is not None:
        raise SceneRefused(node.at("bottom"), bottom, "given together with a top")
    if left is not None and right is not None:
        raise SceneRefused(node.at("right"), right, "given together with a left")
    if {top, bottom, left, right} == {None}:
        return None
    return Position(
        left=0 if left is None and right is None else left,
        top=0 if top is None and bottom is None else top,
        right=right,
        bottom=bottom,
    )


def _padding(node: _Node) -> Padding:
    around = node.number("padding", 0)
    upright = node.number("padding_vertical", around)
    across = node.number("padding_horizontal", around)
    return Padding(
        node.number("padding_top", upright),
        node.number("padding_right", across),
        node.number("padding_bottom", upright),
        node.number("padding_left", across),
    )


def _shadows(node: _Node) -> tuple[Shadow, ...]:
    shadows = []
    for number, row in enumerate(node.rows("box_shadow")):
        one = _Node(row, f"{node.at('box_shadow')}[{number}]")
        shadows.append(
            Shadow(
                one.number("offset_x", 0, -_FAR, _FAR),
                one.number("offset_y", 0, -_FAR, _FAR),
                one.number("blur_radius", 0),
                one.colour("color", (255, 255, 255, 255)),
            )
        )
        one.refuse_the_rest()
    return tuple(shadows)


def _transition(node: _Node) -> Transition | None:
    inner = node.inner("transition")
    if inner is None:
        return None
    duration = inner.needed_number("duration_ms", 0, _LONGEST_MS)
    transition = Transition(
        round(duration * MILLISECOND),
        _easing(inner.inner("easing_function")),
        inner.flag("should_interrupt"),
    )
    inner.refuse_the_rest()
    return transition


def _easing(node: _Node | None) -> Easing:
    if node is None:
        return Linear()
    easing: Easing
    match node.choice("function_name", ("linear", "bounce", "cubic_bezier")):
        case "linear":
            easing = Linear()
        case "bounce":
            easing = Bounce()
        case _:
            points = node.rows("points")
            numbers = [p for p in points if isinstance(p, int | float) and abs(p) <= STEEPEST]
            if len(numbers) != 4 or len(points) != 4:
                accepted = f"four numbers from -{STEEPEST} to {STEEPEST}"
                raise SceneRefused(node.at("points"), points, accepted)
            easing = CubicBezier(*numbers)
            if not (0 <= easing.x1 <= 1 and 0 <= easing.x2 <= 1):
                raise SceneRefused(
                    node.at("points"), points, "x1, y1, x2, y2 with x1 and x2 from 0 to 1"
                )
    node.refuse_the_rest()
    return easing


# -- components ------------------------------------------------------------------------------------


def _input(node: _Node) -> Input:
    return Input(node.text("input_id"), node.optional_text("id"))


def _view(node: _Node) -> View:
    return View(
        children=node.children(),
        width=node.optional_number("width"),
        height=node.optional_number("height"),
        direction=node.choice("direction", ("row", "column")),
        overflow=node.choice("overflow", ("hidden", "visible", "fit")),
        padding=_padding(node),
        border=node.number("border_width", 0),
        position=_position(node),
        id=node.optional_text("id"),
        border_colour=node.colour("border_color"),
        radius=node.number("border_radius", 0),
        background=node.colour("background_color"),
        shadows=_shadows(node),
        transition=_transition(node),
    )


def _tiles(node: _Node) -> Tiles:
    ratio = node.optional_text("tile_aspect_ratio") or "16:9"
    found = _ASPECT.fullmatch(ratio)
    if found is None or "0" in {found[1].lstrip("0") or "0", found[2].lstrip("0") or "0"}:
        raise SceneRefused(node.at("tile_aspect_ratio"), ratio, "two numbers such as 16:9")
    return Tiles(
        children=node.children(),
        aspect=(int(found[1]), int(found[2])),
        margin=node.number("margin", 0),
        padding=node.number("padding", 0),
        horizontal_align=node.choice("horizontal_align", ("center", "left", "right", "justified")),
        vertical_align=node.choice("vertical_align", ("center", "top", "bottom", "justified")),
        id=node.optional_text("id"),
        width=node.optional_number("width"),
        height=node.optional_number("height"),
        background=node.colour("background_color"),
        transition=_transition(node),
    )


def _rescaler(node: _Node) -> Rescaler:
    return Rescaler(
        child=node.child("child"),
        mode=node.choice("mode", ("fit", "fill")),
        horizontal_align=node.choice("horizontal_align", ("center", "left", "right", "justified")),
        vertical_align=node.choice("vertical_align", ("center", "top", "bottom", "justified")),
        border=node.number("border_width", 0),
        id=node.optional_text("id"),
        width=node.optional_number("width"),
        height=node.optional_number("height"),
        position=_position(node),
        border_colour=node.colour("border_color"),
        radius=node.number("border_radius", 0),
        shadows=_shadows(node),
        transition=_transition(node),
    )


def _image(node: _Node) -> Image:
    return Image(
        node.text("image_id"),
        node.optional_number("width"),
        node.optional_number("height"),
        node.optional_text("id"),
    )


def _text(node: _Node) -> Text:
    width = node.optional_number("width", 1)
    height = node.optional_number("height", 1)
    if height is not None and width is None:
        raise SceneRefused(node.at("height"), height, "given without a width")
    return Text(
        text=node.text("text"),
        size=node.needed_number("font_size", 1, 1000),
        width=width,
        height=height,
        max_width=node.number("max_width", LONGEST_SIDE, 1),
        max_height=node.number("max_height", 4320, 1, 4320),
        line_height=node.optional_number("line_height", 1, 1000),
        colour=node.colour("color", (255, 255, 255, 255)),
        background=node.colour("background_color"),
        font=node.optional_text("font_family"),
        align=node.choice("align", ("left", "right", "center", "justified")),
        wrap=node.choice("wrap", ("none", "glyph", "word")),
        id=node.optional_text("id"),
    )


def _shader(node: _Node) -> Shader:
    size = node.inner("resolution")
    if size is None:
        raise SceneRefused(node.at("resolution"), None, "an object of width and height")
    width, height = size.needed_number("width", 2), size.needed_number("height", 2)
    size.refuse_the_rest()
    return Shader(
        node.text("shader_id"),
        width,
        height,
        node.take("shader_param"),
        node.children(),
        node.optional_text("id"),
    )


_READERS: dict[str, Callable[[_Node], Component]] = {
    "input_stream": _input,
    "view": _view,
    "tiles": _tiles,
    "rescaler": _rescaler,
    "image": _image,
    "text": _text,
    "shader": _shader,
}
