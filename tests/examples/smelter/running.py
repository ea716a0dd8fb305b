"""Whole runs of the pipeline for the tests: a command line, who is killed when, which clock."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from actors import run
from actors.runtime import Clock
from examples.smelter.director import direct
from examples.smelter.inspection import FileSummary, inspect_output
from examples.smelter.options import parse
from examples.smelter.saboteur import Kill
from examples.smelter.view import Summary, View


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run."""

    summary: Summary
    said: str
    file: FileSummary | None


def film(
    folder: Path,
    *argv: str | Path,
    kills: Iterable[Kill] = (),
    clock: Clock | None = None,
    seconds: float = 2,
    patience: int = 1,
) -> Run:
    """Make `film.mp4`, 64x36, in a folder."""
    size = ["--size", "64x36", "--duration", str(seconds), "--output", str(folder / "film.mp4")]
    request = parse([*map(str, argv), *size])
    kills = tuple(kills) or request.kills
    request = replace(request, plan=replace(request.plan, patience=patience), kills=kills)
    out = io.StringIO()
    view = View(request.plan, out)
    with view.listening():
        run(direct, request, view, clock=clock, held=None)
    view.end()
    summary = view.summary
    found = inspect_output(summary.output) if summary.finished else None
    return Run(summary, out.getvalue(), found)
