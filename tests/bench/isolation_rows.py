"""What it costs that two processes share nothing: the look at a value that crosses, and its copy."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.isolation import crossing
from tests.bench.measures import Figure, Measure, clocked

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ROWS"]

NESTED: Mapping[str, object] = {
    "id": 7,
    "name": "camera",
    "tags": ["live", "main"],
    "position": {"x": 1.0, "y": 2.0},
    "size": (1280, 720),
    "on": True,
    "owner": None,
    "rate": 30,
    "volume": 0.5,
    "url": "rtmp://studio/1",
}
"""Ten values, some of them values of values."""
TRIPLE = ("add", 1, None)
LARGE, SMALL = (720, 1280 * 3 // 2), (8, 8)
"""A frame of 1.4 MB, and a small one."""


def _frame(shape: tuple[int, int]) -> object:
    from numpy import zeros

    frame = zeros(shape, dtype="u1")
    frame.flags.writeable = False
    return frame


def _each(scale: int, work: Callable[[int], object]) -> float:
    times = 2_000 * scale
    return clocked(times, lambda: work(times))


def _crossing(value: object) -> Figure:
    def figure(scale: int) -> float:
        given: Any = value() if callable(value) else value
        cross = crossing("copy")

        def work(times: int) -> None:
            for _ in range(times):
                cross(given, "message")

        return _each(scale, work)

    return figure


def _pickled(scale: int) -> float:
    def work(times: int) -> None:
        for _ in range(times):
            pickle.loads(pickle.dumps(NESTED, 5))  # noqa: S301 - of our own making

    return _each(scale, work)


def _circle(scale: int) -> float:
    """Ask what every call asks before it begins: whether the server waits for somebody itself.

    This is a copy of a condition in the midst of `actors._behaviour.call`, which cannot be timed by itself.
    It says what share of a call that takes, and not whether it has changed: the row `call` would tell.
    """

    class Resting:
        calling = None

    def work(times: int) -> None:
        target, cell = Resting(), Resting()
        for _ in range(times):
            if target is None or target is cell or target.calling is not None:
                raise AssertionError

    return _each(scale, work)


crossing_atom = _crossing("ping")
crossing_triple = _crossing(TRIPLE)
crossing_nested = _crossing(dict(NESTED))
crossing_large = _crossing(lambda: _frame(LARGE))
crossing_small = _crossing(lambda: _frame(SMALL))

ROWS = (
    Measure("isolation_atom", crossing_atom, {"limit": 0.1}, at_most=1.0),
    Measure("isolation_tuple", crossing_triple, {"limit": 0.4}, at_most=1.0),
    Measure("isolation_dict", crossing_nested, {"pickle": _pickled}, at_most=1.15, aim=1.0),
    Measure("isolation_frame", crossing_large, {"itself": crossing_small}, at_most=1.5),
    Measure("call_circle", _circle, {"limit": 0.1}, at_most=1.0),
)
"""A 1.4 MB frame that nobody can write to costs what a small one does; what a call asks about circles is lost in
the noise of a call."""
