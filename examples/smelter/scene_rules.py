"""What makes a scene one that can be drawn, whoever built it; checked before anything is replaced.

Ids are unique inside a scene, images and shaders are registered, children of a shader have a size,
no length is negative, without end, or larger than an output can be, and there is no more of it
than can be drawn in time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import fields

from examples.smelter.complaints import SceneRefused
from examples.smelter.scene import (
    Component,
    CubicBezier,
    Image,
    Input,
    Rescaler,
    Shader,
    Text,
    Tiles,
    Transition,
    View,
    children_of,
    is_layout,
)

__all__ = [
    "DEEPEST",
    "LONGEST_SIDE",
    "MOST_COMPONENTS",
    "MOST_PIXELS",
    "STEEPEST",
    "check_scene",
    "components",
]

LONGEST_SIDE = 7682
"""Of any component, in pixels."""

DEEPEST = 64
"""How many components may be inside each other."""

MOST_COMPONENTS = 500
"""In one scene: all of them are placed anew for every picture."""

MOST_PIXELS = 3840 * 2160
"""Of a text, a shader or a child of one: they are made as a whole, however little of them is seen."""

STEEPEST = 100
"""How far a curve may lead beyond its ends."""

_KINDS = (View, Tiles, Rescaler, Input, Image, Text, Shader)


def check_scene(
    scene: Component,
    images: Collection[str] | None = None,
    shaders: Collection[str] | None = None,
) -> None:
    """Refuse a scene that cannot be drawn.

    Args:
        scene: its root.
        images: ids of the registered ones; None leaves that unchecked.
        shaders: the same.

    Raises:
        SceneRefused: names the component, the field, what came and what is accepted.
    """
    seen: set[str] = set()
    for number, (where, one) in enumerate(components(scene), 1):
        if number > MOST_COMPONENTS:
            raise SceneRefused(where, "one more", f"among the first {MOST_COMPONENTS} components")
        if one.id is not None and one.id in seen:
            raise SceneRefused(f"{where}.id", one.id, "an id of its own inside the scene")
        seen |= set() if one.id is None else {one.id}
        _check_numbers(where, one)
        _check_known(where, one, images, shaders)


def components(
    one: Component, where: str = "scene", depth: int = 0
) -> Iterator[tuple[str, Component]]:
    """Yield the path of each component, and the component; parents first.

    Raises:
        SceneRefused: something in it is no component, or too deep inside others.
    """
    if not isinstance(one, _KINDS):
        raise SceneRefused(where, one, "a component")
    if depth >= DEEPEST:
        raise SceneRefused(where, depth, f"inside fewer than {DEEPEST} others")
    yield where, one
    for number, child in enumerate(children_of(one)):
        inside = f"{where}.child" if isinstance(one, Rescaler) else f"{where}.children[{number}]"
        yield from components(child, inside, depth + 1)


def _check_numbers(where: str, one: Component) -> None:
    for each in fields(one):
        value = getattr(one, each.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if each.name != "param" and not 0 <= value <= LONGEST_SIDE:
            raise SceneRefused(f"{where}.{each.name}", value, f"a number from 0 to {LONGEST_SIDE}")
    transition = getattr(one, "transition", None)
    if isinstance(transition, Transition):
        _check_transition(f"{where}.transition", transition)
    if isinstance(one, Tiles) and not all(math.isfinite(side) and side > 0 for side in one.aspect):
        raise SceneRefused(f"{where}.tile_aspect_ratio", one.aspect, "two numbers above 0")


def _check_transition(where: str, transition: Transition) -> None:
    if transition.duration < 0:
        raise SceneRefused(f"{where}.duration", transition.duration, "a time of at least 0")
    curve = transition.easing
    if not isinstance(curve, CubicBezier):
        return
    if not (0 <= curve.x1 <= 1 and 0 <= curve.x2 <= 1):
        raise SceneRefused(f"{where}.easing", curve, "a curve whose x1 and x2 are from 0 to 1")
    if not (abs(curve.y1) <= STEEPEST and abs(curve.y2) <= STEEPEST):
        accepted = f"a curve whose y1 and y2 are from -{STEEPEST} to {STEEPEST}"
        raise SceneRefused(f"{where}.easing", curve, accepted)


def _check_known(
    where: str,
    one: Component,
    images: Collection[str] | None,
    shaders: Collection[str] | None,
) -> None:
    match one:
        case Image(image=name) if images is not None and name not in images:
            raise SceneRefused(f"{where}.image_id", name, "a registered image")
        case Shader(shader=name) as shader:
            if shaders is not None and name not in shaders:
                raise SceneRefused(f"{where}.shader_id", name, "a registered shader")
            _check_pixels(f"{where}.resolution", shader.width, shader.height)
            for number, child in enumerate(shader.children):
                _check_texture(f"{where}.children[{number}]", child)
        case _:
            return


def _check_texture(where: str, child: Component) -> None:
    if not is_layout(child):
        return
    if child.width is None or child.height is None:  # type: ignore[union-attr]
        raise SceneRefused(
            where,
            type(child).__name__.lower(),
            "of explicit width and height, as every layout inside a shader is",
        )
    _check_pixels(where, child.width, child.height)  # type: ignore[union-attr]


def _check_pixels(where: str, width: float, height: float) -> None:
    if width * height > MOST_PIXELS:
        raise SceneRefused(where, f"{width:g}x{height:g}", f"at most {MOST_PIXELS} pixels")
