"""What a measure is, and what most of them are made with.

A *figure* is a function of a scale: 100 for the full work, less for a part of it. It is run in a
fresh interpreter and returns one number in the measure's unit, which does not depend on the scale.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from actors import Pid, run, telemetry

__all__ = ["Elixir", "Figure", "Measure", "all_measures", "clocked", "in_process", "resident"]

HERE = Path(__file__).parent

Figure: TypeAlias = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Elixir:
    """A figure of the BEAM: `elixir SCRIPT NAME SCALE` prints it."""

    script: str
    """A file of this folder."""
    name: str
    """What the script calls the measure."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table."""

    name: str
    """What it is called on the command line."""
    ours: Figure
    """Our side, with default options, through the public interface."""
    others: Mapping[str, Figure | Elixir | float] = field(default_factory=dict)
    """The references by name. `"itself"` is ours without the burden that is measured, and `"limit"` a plain number
    in the same unit; whatever else has the name of what is compared with."""
    unit: str = "us"
    """What the figures count: microseconds for one operation unless it says something else."""
    at_most: float | None = None
    """The ratio to the BEAM, or to the only reference, that must not be exceeded."""
    aim: float | None = None
    """The ratio that is aimed at."""
    rounds: int | None = None
    """How often at most, for one that takes long."""

    def needs(self, side: str) -> str | None:
        """Name the package that a side needs and that is not installed."""
        return None if side not in _PACKAGES or find_spec(side) is not None else side


_PACKAGES = {"pykka", "gevent", "thespian", "otpylib", "actio"}


def all_measures() -> dict[str, tuple[str, Measure]]:
    """Return every measure by its name, with the module that has it; those of the table come first."""
    found = {}
    for path in sorted(HERE.glob("*_rows.py"), key=lambda path: (path.stem != "core_rows", path)):
        module = f"tests.bench.{path.stem}"
        for row in import_module(module).ROWS:
            found[row.name] = (module, row)
    return found


def in_process(figure: Figure) -> Figure:
    """Run a figure as the first process of a runtime, with nobody who writes logs.

    Like the references: what a log costs depends on where it goes, and is not the question.
    """

    @wraps(figure)
    def run_it(scale: int) -> float:
        before = telemetry.set_reporter(None)
        try:
            value = run(figure, scale, held=None)
        finally:
            telemetry.set_reporter(before)
        assert value is not None
        return value

    return run_it


def clocked(
    count: int, what: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> float:
    """Return the microseconds that each of so many operations took.

    By default those that this process has worked, as the script for the BEAM counts them too: on a machine that
    others use, the time that passes tells of them. What waits for another thread needs `time.perf_counter`.
    """
    gc.collect()
    before = clock()
    what()
    return (clock() - before) / count * 1e6


def resident() -> int:
    """Return how much memory the operating system has given to this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def started(pid: Pid | None) -> Pid:
    """Return the pid of a server that was started."""
    assert pid is not None
    return pid
