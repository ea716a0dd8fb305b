"""Replays of the kinds that are about scenes: `layout` and `transition`.

Each function takes one scenario of a vector file, as it comes out of JSON, and returns what the
scenario calls `expect`, computed. Rectangles and numbers on the way are compared within a thousandth
of a pixel, curves within a millionth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from examples.smelter.arrange import arrange, grids, rectangles
from examples.smelter.compose import is_fresh
from examples.smelter.easing import ease
from examples.smelter.layout import tiles
from examples.smelter.offsets import Ns
from examples.smelter.replay_media import guarded
from examples.smelter.scene import (
    Bounce,
    Component,
    CubicBezier,
    Easing,
    Input,
    Linear,
    Padding,
    Position,
    Rescaler,
    Tiles,
    Transition,
    View,
)
from examples.smelter.transition import Grid, Memory, Motion, at, moved, update, values_at
from examples.smelter.vectors import Difference, Kind, ReplayError, moment, near

__all__ = ["LAYOUT", "TRANSITION", "replay_layout", "replay_transition"]

Json = dict[str, Any]
"""The border where parsed text comes in; its shape is checked by using it."""


# -- layout ----------------------------------------------------------------------------------------


def replay_layout(scenario: Json) -> Json:
    """Lay out the scene of a scenario of the kind ``layout``, or judge repeated frames."""
    if "fallback" in scenario:
        return {"visible": _visible(scenario["fallback"])}
    width, height = scenario["output"]
    reading = _Reading()
    root = reading.component(scenario["root"])
    found = {
        id: [rect.left, rect.top, rect.width, rect.height]
        for id, rect in rectangles(arrange(root, width, height, reading.size_of)).items()
        if id != root.id
    }
    if not isinstance(root, Tiles):
        return {"rectangles": found}
    grid = tiles(
        len(root.children),
        width,
        height,
        aspect=root.aspect,
        margin=root.margin,
        padding=root.padding,
    )
    return {"grid": [grid.rows, grid.columns], "rectangles": found}


def _visible(fallback: Json) -> list[bool]:
    frame, timeout = moment(fallback["frame_pts"]), moment(fallback["timeout"])
    return [is_fresh(frame, moment(pts), timeout) for pts in fallback["set_pts"]]


class _Reading:
    """Reads the scene of one scenario, in which pictures bring their sizes along."""

    def __init__(self) -> None:
        self._sizes: dict[Component, tuple[float, float]] = {}

    def size_of(self, component: Component) -> tuple[float, float]:
        return self._sizes[component]

    def component(self, node: Json) -> Component:
        readers: dict[str, Callable[[Json], Component]] = {
            "input": self._input,
            "view": self._view,
            "tiles": self.tiles,
            "rescaler": self._rescaler,
        }
        return readers[node["type"]](node)

    def _input(self, node: Json) -> Input:
        found = Input(str(len(self._sizes)), node.get("id"))
        self._sizes[found] = (node["width"], node["height"])
        return found

    def _view(self, node: Json) -> View:
        position = node.get("position")
        return View(
            children=tuple(self.component(child) for child in node.get("children", ())),
            width=node.get("width"),
            height=node.get("height"),
            direction=node.get("direction", "row"),
            overflow=node.get("overflow", "hidden"),
            padding=Padding(**node.get("padding", {})),
            border=node.get("border", 0),
            position=None if position is None else Position(**position),
            id=node.get("id"),
        )

    def tiles(self, node: Json) -> Tiles:
        children = node["children"]
        if isinstance(children, int):
            children = [{"type": "view", "id": str(i + 1)} for i in range(children)]
        return Tiles(
            children=tuple(self.component(child) for child in children),
            aspect=tuple(node.get("tile_aspect_ratio", (16, 9))),
            margin=node.get("margin", 0),
            padding=node.get("padding", 0),
            horizontal_align=node.get("horizontal_align", "center"),
            vertical_align=node.get("vertical_align", "center"),
            id=node.get("id"),
        )

    def _rescaler(self, node: Json) -> Rescaler:
        return Rescaler(
            self.component(node["children"][0]),
            mode=node.get("mode", "fit"),
            horizontal_align=node.get("horizontal_align", "center"),
            vertical_align=node.get("vertical_align", "center"),
            border=node.get("border", 0),
            id=node.get("id"),
        )


# -- transition ------------------------------------------------------------------------------------


def replay_transition(scenario: Json) -> Json:
    """Follow the movements of a scenario of the kind ``transition``."""
    match scenario["type"]:
        case "easing":
            easing = _easing(scenario["easing"])
            return {"values": [ease(easing, time) for time in scenario["at"]]}
        case "properties":
            return {"values": _follow_values(scenario["steps"], _samples(scenario))}
        case "tiles":
            return {"tiles": _follow_tiles(scenario)}
        case other:
            raise ReplayError(f"'type' must be easing, properties or tiles, not {other!r}")


def _samples(scenario: Json) -> list[Ns]:
    return [moment(time, "a sample") for time in scenario["samples"]]


def _easing(node: Json) -> Easing:
    match node["kind"]:
        case "linear":
            return Linear()
        case "bounce":
            return Bounce()
        case "cubic_bezier":
            return CubicBezier(*node["points"])
        case other:
            raise ReplayError(f"'kind' must be linear, bounce or cubic_bezier, not {other!r}")


def _transition(node: Json | None) -> Transition | None:
    if node is None:
        return None
    duration = moment(node["duration"], "'duration'")
    easing = _easing(node.get("easing", {"kind": "linear"}))
    return Transition(duration, easing, node.get("should_interrupt", False))


class _Values:
    """A component of which only the numbers are known."""

    def __init__(self) -> None:
        self.end: dict[str, float | None] | None = None
        self.start: dict[str, float | None] = {}
        self.motion: Motion | None = None

    def at(self, now: Ns) -> dict[str, float | None]:
        if self.end is None:
            raise ReplayError("a sample lies before the first step")
        if self.motion is None or self.motion.is_over(now):
            return self.end
        return values_at(self.start, self.end, self.motion, now)

    def update(self, step: Json, now: Ns) -> None:
        values = dict(step["values"])
        if self.end is None or not step.get("same_id", True):
            self.end, self.motion = values, None
            return
        self.start, has_changed = self.at(now), values != self.end
        self.motion = moved(
            self.motion, _transition(step.get("transition")), now, has_changed=has_changed
        )
        self.end = values


def _follow_values(steps: Sequence[Json], samples: Sequence[Ns]) -> list[Json]:
    found = []
    for sample in samples:
        component = _Values()
        for step, time in _until(steps, sample):
            component.update(step, time)
        found.append(dict(component.at(sample)))
    return found


def _until(steps: Sequence[Json], sample: Ns) -> Iterator[tuple[Json, Ns]]:
    """Yield the steps that count for a sample, one at the same time included."""
    for step in steps:
        if (time := moment(step["at"], "'at'")) <= sample:
            yield step, time


def _follow_tiles(scenario: Json) -> list[Json]:
    width, height = scenario["output"]

    def arranged(memory: Memory, now: Ns) -> Mapping[str, Grid]:
        scene, motions = at(memory, now)
        return grids(arrange(scene, width, height, lambda _: (0, 0), motions))

    found: list[Json] = []
    for sample in _samples(scenario):
        memory: Memory | None = None
        for step, time in _until(scenario["steps"], sample):
            before = memory if step.get("same_id", True) else None
            memory = update(before, _tiles_of(step), time, arranged)
        if memory is None:
            raise ReplayError("a sample lies before the first step")
        shown = arranged(memory, sample)["tiles"].rects
        found.append({str(k[1]): [r.left, r.top, r.width, r.height] for k, r in shown.items()})
    return found


def _tiles_of(step: Json) -> Tiles:
    node: Json = {
        **step.get("tiles", {}),
        "children": [{"type": "view", "id": id} for id in step["children"]],
    }
    read = _Reading().tiles(node)
    return Tiles(
        read.children,
        read.aspect,
        read.margin,
        read.padding,
        read.horizontal_align,
        read.vertical_align,
        "tiles",
        transition=_transition(step.get("transition")),
    )


def _compare_transition(expected: Json, got: Json) -> Difference:
    is_curve = all(not isinstance(value, dict) for value in got.get("values", [{}]))
    return near(expected, got, "expect", within=1e-6 if is_curve else 0.001)


LAYOUT = Kind(guarded(replay_layout), lambda e, g: near(e, g, "expect", within=0.001))
TRANSITION = Kind(guarded(replay_transition), _compare_transition)
