"""Scenes: what an output shows, as a tree of components. Words only; frozen, so they may be sent.

Three components arrange others: a view puts children side by side or at places of their own, tiles
make a grid of equal fields, a rescaler makes one child fit or fill. Four are pictures: an input, an
image, a text, and what a Python function makes of its children's pictures. Lengths are in pixels of
the output, colours are red, green, blue and opacity as bytes, durations are nanoseconds.

Where things go is `arrange`'s business, how they get there is `transition`'s, and what they look
like is `draw`'s. Scenes as JSON are read by `scene_json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from examples.smelter.layout import Align, VerticalAlign
from examples.smelter.offsets import Ns

__all__ = [
    "CLEAR",
    "Bounce",
    "Component",
    "CubicBezier",
    "Easing",
    "Image",
    "Input",
    "Layout",
    "Linear",
    "Padding",
    "Position",
    "Rescaler",
    "Rgba",
    "Shader",
    "Shadow",
    "Text",
    "Tiles",
    "Transition",
    "View",
    "children_of",
    "is_layout",
    "tiles_of",
    "walk",
]

Rgba: TypeAlias = tuple[int, int, int, int]

CLEAR: Rgba = (0, 0, 0, 0)
"""Nothing to see."""


@dataclass(frozen=True, slots=True)
class Linear:
    """As much in every moment."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """Reach the end early and bounce there until it stays."""


@dataclass(frozen=True, slots=True)
class CubicBezier:
    """A curve through (0, 0) and (1, 1), pulled by two points."""

    x1: float
    """From 0 to 1, so that time goes on."""
    y1: float
    x2: float
    """From 0 to 1."""
    y2: float


Easing: TypeAlias = Linear | Bounce | CubicBezier


@dataclass(frozen=True, slots=True)
class Transition:
    """How a component goes from what it was to what it is to be."""

    duration: Ns
    """How long it takes."""
    easing: Easing = Linear()
    """Which way through time."""
    should_interrupt: bool = False
    """Whether it begins anew, in full length, while an earlier one is under way."""


@dataclass(frozen=True, slots=True)
class Padding:
    """Room kept free inside a view."""

    top: float = 0
    right: float = 0
    bottom: float = 0
    left: float = 0


@dataclass(frozen=True, slots=True)
class Position:
    """An absolute place inside the parent: one of left and right, one of top and bottom."""

    left: float | None = None
    top: float | None = None
    right: float | None = None
    bottom: float | None = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a box throws behind itself."""

    x: float = 0
    """How far to the right."""
    y: float = 0
    """How far down."""
    blur: float = 0
    """Over how many pixels its edge fades, half of them inside."""
    colour: Rgba = (0, 0, 0, 255)


@dataclass(frozen=True, slots=True)
class Input:
    """The picture of an input, in its own size; no size while there is none."""

    input: str
    """The input's id."""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A registered image; animated ones go by the time of the output."""

    image: str
    """The image's id."""
    width: float | None = None
    """Alone, it keeps the image's shape; without both it is the image's own size."""
    height: float | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Written words."""

    text: str
    size: float
    """Of the font, in pixels."""
    width: float | None = None
    """None makes it as wide as the words are, `max_width` at most."""
    height: float | None = None
    """None makes it as high as the lines are, `max_height` at most."""
    max_width: float = 7682
    max_height: float = 4320
    line_height: float | None = None
    """From line to line; None is the size of the font."""
    colour: Rgba = (255, 255, 255, 255)
    background: Rgba = CLEAR
    font: str | None = None
    """A font file's name or path; None is the one that Pillow brings along."""
    align: Literal["left", "right", "center", "justified"] = "left"
    wrap: Literal["none", "glyph", "word"] = "none"
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Shader:
    """What a registered Python function makes of its children's pictures."""

    shader: str
    """The function's id."""
    width: float
    height: float
    param: object = None
    """Handed to the function as it is."""
    children: tuple[Component, ...] = ()
    id: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Children side by side or below each other, or at places of their own."""

    children: tuple[Component, ...] = ()
    width: float | None = None
    """Without border and padding; None takes a share of the parent."""
    height: float | None = None
    direction: Literal["row", "column"] = "row"
    overflow: Literal["hidden", "visible", "fit"] = "hidden"
    padding: Padding = field(default_factory=Padding)
    border: float = 0
    position: Position | None = None
    id: str | None = None
    border_colour: Rgba = CLEAR
    radius: float = 0
    """Of the corners."""
    background: Rgba = CLEAR
    shadows: tuple[Shadow, ...] = ()
    transition: Transition | None = None


@dataclass(frozen=True, slots=True)
class Tiles:
    """Children in a grid of equal tiles."""

    children: tuple[Component, ...] = ()
    aspect: tuple[float, float] = (16, 9)
    margin: float = 0
    padding: float = 0
    horizontal_align: Align = "center"
    vertical_align: VerticalAlign = "center"
    id: str | None = None
    width: float | None = None
    height: float | None = None
    background: Rgba = CLEAR
    transition: Transition | None = None


@dataclass(frozen=True, slots=True)
class Rescaler:
    """One child made to fit, or to fill, the box."""

    child: Component
    mode: Literal["fit", "fill"] = "fit"
    horizontal_align: Align = "center"
    vertical_align: VerticalAlign = "center"
    border: float = 0
    id: str | None = None
    width: float | None = None
    height: float | None = None
    position: Position | None = None
    border_colour: Rgba = CLEAR
    radius: float = 0
    shadows: tuple[Shadow, ...] = ()
    transition: Transition | None = None


Layout: TypeAlias = View | Tiles | Rescaler
"""What arranges others and takes the size it is given."""

Component: TypeAlias = Input | Image | Text | Shader | Layout


def is_layout(component: Component) -> bool:
    """Tell whether a component takes the size it is given."""
    return isinstance(component, View | Tiles | Rescaler)


def children_of(component: Component) -> tuple[Component, ...]:
    """Return the components inside one, in their order."""
    match component:
        case View(children=children) | Tiles(children=children) | Shader(children=children):
            return children
        case Rescaler(child=child):
            return (child,)
        case _:
            return ()


def walk(root: Component) -> Iterator[Component]:
    """Yield a component and everything inside it, parents first."""
    yield root
    for child in children_of(root):
        yield from walk(child)


def tiles_of(names: tuple[str, ...]) -> Tiles:
    """Return the scene that shows inputs as tiles, in this order."""
    return Tiles(tuple(Input(name) for name in names))
