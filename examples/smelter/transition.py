"""How components get from one scene to the next: which of them move, and where each is at a time.

A component moves if the scene before had one of the same type and the same id, its own properties
have changed, and it says how (`Transition`). It sets out from what it was at the last picture before
the update. `update` decides that, purely: from the memory of an output and its new scene it makes
the next memory, a frozen value, which is all that a new renderer needs to go on in the middle of a
movement. `at` gives the scene as it is at a time.

An update in the middle of a movement either begins a new one (if it changes something and asks to
interrupt), or the old one goes on to the new end in the time that is left: the rest of its curve is
stretched over the rest of the way.

Numbers move; everything else, and whatever was not a number before or is none after, jumps to its
end at once. Tiles move as rectangles (`TilesMotion`): those that stay go to their new places, a new
one shows at once unless its place was taken by one that stays, then it hides until the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, cast

from examples.smelter.easing import ease
from examples.smelter.layout import Rect
from examples.smelter.offsets import Ns
from examples.smelter.scene import (
    Component,
    Easing,
    Layout,
    Linear,
    Padding,
    Position,
    Rescaler,
    Tiles,
    Transition,
    View,
    children_of,
    is_layout,
    walk,
)

__all__ = [
    "Grid",
    "Key",
    "Measure",
    "Memory",
    "Motion",
    "TilesMotion",
    "Values",
    "at",
    "keys_of",
    "move_values",
    "moved",
    "update",
    "values_at",
]

Values: TypeAlias = Mapping[str, float | None]
"""The numbers of a component by name; None is not set."""

Key: TypeAlias = tuple[str, str | int]
"""Who a tile is: its component's id, or its index among those without one."""

_NEAR = 0.001


@dataclass(frozen=True, slots=True)
class Motion:
    """One movement in time."""

    begin: Ns
    duration: Ns
    easing: Easing = Linear()  # noqa: RUF009 - frozen, so it may be shared
    since: float = 0.0
    """The part of the curve's time that an earlier stretch has used up."""
    before: float = 0.0
    """Where that earlier stretch had come on its curve."""

    def time(self, now: Ns) -> float:
        """Return the fraction of this stretch's time that has passed, 0 to 1."""
        if self.duration <= 0:
            return 1.0
        return min(1.0, max(0.0, (now - self.begin) / self.duration))

    def is_over(self, now: Ns) -> bool:
        """Tell whether it has arrived."""
        return self.time(now) >= 1.0

    def way(self, now: Ns) -> float:
        """Return the fraction of this stretch's way; may leave 0 to 1 if the curve turns back."""
        curve_time = self.since + self.time(now) * (1 - self.since)
        if curve_time >= 1.0 or self.before >= 1.0:
            return 1.0
        return (ease(self.easing, curve_time) - self.before) / (1 - self.before)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the tiles of one component are in its box."""

    width: float
    height: float
    rects: Mapping[Key, Rect]
    """Relative to the box; only what shows."""


@dataclass(frozen=True, slots=True)
class TilesMotion:
    """Tiles on their way."""

    way: float
    start: Grid
    hidden: frozenset[Key]
    """Tiles that do not show before the end."""

    def rect(self, key: Key, end: Rect, width: float, height: float) -> Rect | None:
        """Return where a tile is that is to be at `end` in a box; None while it hides."""
        if key in self.hidden:
            return None
        begin = self.start.rects.get(key)
        if begin is None:
            return end
        return _between(_scaled(begin, self.start, width, height), end, self.way)


def _scaled(rect: Rect, grid: Grid, width: float, height: float) -> Rect:
    if (grid.width, grid.height) == (width, height) or not (grid.width and grid.height):
        return rect
    scale = min(width / grid.width, height / grid.height)
    return Rect(rect.left * scale, rect.top * scale, rect.width * scale, rect.height * scale)


def _between(start: Rect, end: Rect, way: float) -> Rect:
    def mix(one: float, other: float) -> float:
        return one + (other - one) * way

    return Rect(
        mix(start.left, end.left),
        mix(start.top, end.top),
        mix(start.width, end.width),
        mix(start.height, end.height),
    )


@dataclass(frozen=True, slots=True)
class _Moving:
    """One component on its way; of which `values` or `grid` depends on its type."""

    motion: Motion
    values: tuple[tuple[str, float | None], ...] = ()
    grid: Grid | None = None
    hidden: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Memory:
    """What has to be remembered of one output: its scene and who is on the way in it."""

    scene: Component
    moving: Mapping[str, _Moving] = field(default_factory=dict)


Measure: TypeAlias = Callable[[Memory, Ns], Mapping[str, Grid]]
"""Lays a scene out at a time and returns the grids of its tiles, by id of the component."""


# -- the scene at a time ---------------------------------------------------------------------------


def at(memory: Memory, now: Ns) -> tuple[Component, dict[str, TilesMotion]]:
    """Return the scene as it is at a time, and which tiles are on the way in it."""
    if not memory.moving:
        return memory.scene, {}
    tiles = {
        name: TilesMotion(one.motion.way(now), one.grid, one.hidden)
        for name, one in memory.moving.items()
        if one.grid is not None and not one.motion.is_over(now)
    }
    return _placed_at(memory.scene, memory, now), tiles


def _placed_at(component: Component, memory: Memory, now: Ns) -> Component:
    children = tuple(_placed_at(child, memory, now) for child in children_of(component))
    if children != children_of(component):
        component = _with_children(component, children)
    one = memory.moving.get(component.id) if component.id is not None else None
    if one is None or one.grid is not None or one.motion.is_over(now):
        return component
    current = values_at(dict(one.values), _values(component), one.motion, now)
    return _with_values(component, current)


def _with_children(component: Component, children: tuple[Component, ...]) -> Component:
    if isinstance(component, Rescaler):
        return replace(component, child=children[0])
    return replace(cast("View | Tiles", component), children=children)


def values_at(start: Values, end: Values, motion: Motion, now: Ns) -> dict[str, float | None]:
    """Return the numbers on the way between two states."""
    way = motion.way(now)

    def between(name: str) -> float | None:
        first, last = start.get(name), end[name]
        return last if first is None or last is None else first + (last - first) * way

    return {name: between(name) for name in end}


# -- updates ---------------------------------------------------------------------------------------


def update(memory: Memory | None, scene: Component, now: Ns, measure: Measure) -> Memory:
    """Take a new scene; return what is to be remembered of it.

    Args:
        memory: of the scene before; None if there was none.
        scene: the new one.
        now: pts of the last picture before the update.
        measure: called only when tiles set out.
    """
    if memory is None:
        return Memory(scene)
    before = {one.id: one for one in walk(memory.scene) if one.id is not None}
    grids: dict[str, Grid] | None = None
    moving: dict[str, _Moving] = {}
    for component in walk(scene):
        old = before.get(component.id) if component.id is not None else None
        if old is None or type(old) is not type(component) or not is_layout(component):
            continue
        motion = _motion(memory, cast("Layout", old), cast("Layout", component), now)
        if motion is None:
            continue
        if isinstance(component, Tiles):
            grids = dict(measure(memory, now)) if grids is None else grids
        moved_one = _set_out(memory, old, component, motion, now, grids or {}, measure, scene)
        if moved_one is not None:
            moving[str(component.id)] = moved_one
    return Memory(scene, moving)


def _motion(memory: Memory, old: Layout, new: Layout, now: Ns) -> Motion | None:
    under_way = memory.moving.get(str(old.id))
    return moved(
        None if under_way is None else under_way.motion,
        new.transition,
        now,
        has_changed=_own(old) != _own(new),
    )


def moved(
    under_way: Motion | None, transition: Transition | None, now: Ns, *, has_changed: bool
) -> Motion | None:
    """Return the movement after an update; None if the component is at its end.

    Args:
        under_way: the movement before, if any.
        transition: what the new component says.
        now: pts of the last picture before the update.
        has_changed: whether the component's own properties are others than before.
    """
    if under_way is None or under_way.is_over(now):
        if not has_changed or transition is None:
            return None
        return Motion(now, transition.duration, transition.easing)
    if has_changed and transition is not None and transition.should_interrupt:
        return Motion(now, transition.duration, transition.easing)
    passed = under_way.since + under_way.time(now) * (1 - under_way.since)
    return Motion(
        now,
        under_way.begin + under_way.duration - now,
        under_way.easing if transition is None else transition.easing,
        passed,
        ease(under_way.easing, passed),
    )


def _own(component: Layout) -> object:
    """Return what belongs to the component itself, and to tiles also who they are."""
    if isinstance(component, Tiles):
        return replace(component, children=(), transition=None), tuple(keys_of(component))
    if isinstance(component, View):
        return replace(component, children=(), transition=None)
    return replace(component, child=View(), transition=None)


def _set_out(
    memory: Memory,
    old: Component,
    new: Component,
    motion: Motion,
    now: Ns,
    grids: Mapping[str, Grid],
    measure: Measure,
    scene: Component,
) -> _Moving | None:
    if not isinstance(new, Tiles):
        return _Moving(motion, tuple(move_values(memory, old, now).items()))
    grid = grids.get(str(new.id))
    end = measure(Memory(scene), now).get(str(new.id))
    if grid is None or end is None:
        return None
    under_way = memory.moving.get(str(new.id))
    still_hidden = under_way.hidden if under_way is not None else frozenset()
    return _Moving(motion, (), grid, hidden_tiles(grid, end, still_hidden))


def hidden_tiles(start: Grid, end: Grid, before: frozenset[Key]) -> frozenset[Key]:
    """Return the new tiles whose place was taken by a tile that stays."""
    stay = [rect for key, rect in start.rects.items() if key in end.rects]

    def is_taken(rect: Rect) -> bool:
        scaled = (_scaled(one, start, end.width, end.height) for one in stay)
        return any(_is_same(rect, one) for one in scaled)

    return frozenset(
        key
        for key, rect in end.rects.items()
        if key not in start.rects and (key in before or is_taken(rect))
    )


def _is_same(one: Rect, other: Rect) -> bool:
    return (
        abs(one.left - other.left) <= _NEAR
        and abs(one.top - other.top) <= _NEAR
        and abs(one.width - other.width) <= _NEAR
        and abs(one.height - other.height) <= _NEAR
    )


def move_values(memory: Memory, old: Component, now: Ns) -> dict[str, float | None]:
    """Return the numbers of a component of the scene before, as they are now."""
    one = memory.moving.get(str(old.id))
    if one is None:
        return _values(old)
    return values_at(dict(one.values), _values(old), one.motion, now)


def keys_of(tiles: Tiles) -> list[Key]:
    """Return who the children of tiles are, in their order."""
    keys: list[Key] = []
    nameless = 0
    for child in tiles.children:
        if child.id is not None:
            keys.append(("id", child.id))
        else:
            keys.append(("index", nameless))
            nameless += 1
    return keys


# -- the numbers of a component --------------------------------------------------------------------

_PLAIN = ("width", "height", "border", "radius")
_SIDES = ("top", "right", "bottom", "left")


def _values(component: Component) -> dict[str, float | None]:
    if not isinstance(component, View | Rescaler):
        return {}
    values: dict[str, float | None] = {name: getattr(component, name) for name in _PLAIN}
    place = component.position or Position()
    values |= {name: getattr(place, name) for name in _SIDES}
    if isinstance(component, View):
        values |= {f"padding {name}": getattr(component.padding, name) for name in _SIDES}
    return values


def _with_values(component: Component, values: Values) -> Component:
    if not isinstance(component, View | Rescaler):
        return component
    plain = {name: values[name] for name in _PLAIN}
    place = component.position
    if place is not None:
        place = Position(**{name: values[name] for name in _SIDES})
    if isinstance(component, Rescaler):
        return replace(component, **plain, position=place)  # type: ignore[arg-type]
    padding = Padding(**{name: values[f"padding {name}"] or 0 for name in _SIDES})
    return replace(component, **plain, position=place, padding=padding)  # type: ignore[arg-type]
