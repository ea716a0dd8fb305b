"""What makes a scene one that can be drawn, whoever built it; checked before anything is replaced.

Ids are unique inside a scene, images and shaders are registered, children of a shader have a size,
and no length is negative, without end, or larger than an output can be.
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

__all__ = ["DEEPEST", "LONGEST_SIDE", "check_scene"]

LONGEST_SIDE = 7682
"""Of any component, in pixels."""

DEEPEST = 64
"""How many components may be inside each other."""

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
    for where, one in _walk(scene, "scene", 0):
        if one.id is not None and one.id in seen:
            raise SceneRefused(f"{where}.id", one.id, "an id of its own inside the scene")
        seen |= set() if one.id is None else {one.id}
        _check_numbers(where, one)
        _check_known(where, one, images, shaders)


def _walk(one: Component, where: str, depth: int) -> Iterator[tuple[str, Component]]:
    if not isinstance(one, _KINDS):
        raise SceneRefused(where, one, "a component")
    if depth >= DEEPEST:
        raise SceneRefused(where, depth, f"inside fewer than {DEEPEST} others")
    yield where, one
    for number, child in enumerate(children_of(one)):
        inside = f"{where}.child" if isinstance(one, Rescaler) else f"{where}.children[{number}]"
        yield from _walk(child, inside, depth + 1)


def _check_numbers(where: str, one: Component) -> None:
    for each in fields(one):
        value = getattr(one, each.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if each.name != "param" and not (math.isfinite(value) and 0 <= value <= LONGEST_SIDE):
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
    if isinstance(curve, CubicBezier) and not (0 <= curve.x1 <= 1 and 0 <= curve.x2 <= 1):
        raise SceneRefused(f"{where}.easing", curve, "a curve whose x1 and x2 are from 0 to 1")


def _check_known(
    where: str,
    one: Component,
    images: Collection[str] | None,
    shaders: Collection[str] | None,
) -> None:
    match one:
        case Image(image=name) if images is not None and name not in images:
            raise SceneRefused(f"{where}.image_id", name, "a registered image")
        case Shader(shader=name, children=children):
            if shaders is not None and name not in shaders:
                raise SceneRefused(f"{where}.shader_id", name, "a registered shader")
            for number, child in enumerate(children):
                if is_layout(child) and None in {child.width, child.height}:  # type: ignore[union-attr]
                    raise SceneRefused(
                        f"{where}.children[{number}]",
                        type(child).__name__.lower(),
                        "of explicit width and height, as every layout inside a shader is",
                    )
        case _:
            return
