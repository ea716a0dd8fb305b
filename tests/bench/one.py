"""One figure: `python3 -m tests.bench.one MODULE NAME SIDE SCALE` prints it."""

from __future__ import annotations

import sys
from importlib import import_module

from tests.bench.measures import Elixir, Figure, Measure

__all__ = ["figure_of"]


def figure_of(measure: Measure, side: str) -> Figure | None:
    """Return a side's function; `None` for a reference that is none of Python."""
    figure = measure.ours if side == "ours" else measure.others[side]
    return None if isinstance(figure, Elixir | float | int) else figure


def main(module: str, name: str, side: str, scale: int) -> float:
    """Run one side of one measure."""
    row = next(row for row in import_module(module).ROWS if row.name == name)
    figure = figure_of(row, side)
    assert figure is not None
    return figure(scale)


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
