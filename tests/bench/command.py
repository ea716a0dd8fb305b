"""What `python3 -m tests.bench` does; see the package."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TextIO

from tests.bench.measures import HERE, Elixir, Measure, all_measures

__all__ = ["asked_for", "main"]

ROOT = HERE.parent.parent
LIMIT = 900
ALWAYS = ("itself", "limit")
"""References that are ours too, or a number: `--against` neither names them nor leaves them out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one form beside one reference."""

    name: str
    unit: str
    form: str
    """How our code was built."""
    ours: float
    """Median of the rounds."""
    best: float
    """Our best round."""
    other: float | None
    """Median of the rounds."""
    other_best: float | None
    other_name: str
    ratio: float | None
    """Median of the rounds' ratios; below 1 we are faster or smaller."""
    at_most: float | None
    """The ratio that must not be exceeded, where there is one to this reference."""
    aim: float | None


def forms(wanted: Sequence[str], root: Path = ROOT) -> dict[str, Path]:
    """Return where each form of our code stands, compiling what is not there."""
    places = dict.fromkeys(wanted, root)
    if "compiled" in places:
        places["compiled"] = ROOT / ".letitcrash" / "compiled"
        compiling = [sys.executable, ".ci/compile.py", str(places["compiled"])]
        subprocess.run(compiling, cwd=ROOT, check=True)
    return places


def run_side(
    module: str, measure: Measure, side: str, scale: int, root: Path = ROOT
) -> float | None:
    """Run one side in a process of its own; `None`, and a word about it, if it gives no figure."""
    other = None if side == "ours" else measure.others[side]
    if isinstance(other, float | int):
        return float(other)
    if isinstance(other, Elixir):
        # One scheduler: the comparison is with the BEAM on one core.
        script = str(HERE / other.script)
        command = ["elixir", "--erl", "+S 1:1 +P 4000000", script, other.name, str(scale)]
    else:
        command = [sys.executable, "-m", "tests.bench.one", module, measure.name, side, str(scale)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    except subprocess.TimeoutExpired:
        print(f"{measure.name}, {side}: not done after {LIMIT} s", file=sys.stderr)
        return None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:]
        print(f"{measure.name}, {side}: {' '.join(words)}", file=sys.stderr)
        return None
    return float(done.stdout.split()[-1])


def compare(
    module: str,
    measure: Measure,
    sides: Sequence[str],
    places: Mapping[str, Path],
    rounds: int,
    scale: int,
) -> tuple[list[Row], bool]:
    """Run all sides round by round, and compare each form of ours with each reference.

    Returns:
        The rows, and whether every run of our own code has given a figure.
    """
    ours: dict[str, list[float | None]] = {form: [] for form in places}
    others: dict[tuple[str, str], list[float | None]] = {
        (form, side): [] for form in places for side in sides
    }
    for _ in range(min(rounds, measure.rounds or rounds)):
        # Ours without the burden that is measured is built as ours is; the others are the same for every form.
        shared = {
            side: run_side(module, measure, side, scale) for side in sides if side != "itself"
        }
        for form, place in places.items():
            ours[form].append(run_side(module, measure, "ours", scale, place))
            for side in sides:
                figure = (
                    shared[side]
                    if side in shared
                    else run_side(module, measure, side, scale, place)
                )
                others[form, side].append(figure)
    rows = []
    for form, figures in ours.items():
        own = [figure for figure in figures if figure is not None]
        if own:
            rows += [_row(measure, form, own, figures, side, others[form, side]) for side in sides]
            if not sides:
                rows.append(_row(measure, form, own, figures, "", []))
    of_ours = [*ours.values(), *(each for (_, side), each in others.items() if side == "itself")]
    return rows, not any(None in each for each in of_ours)


def _row(
    measure: Measure,
    form: str,
    own: list[float],
    figures: Sequence[float | None],
    side: str,
    theirs: Sequence[float | None],
) -> Row:
    other = [figure for figure in theirs if figure is not None]
    ratios = [one / two for one, two in zip(figures, theirs, strict=False) if one and two]
    bound = side == "beam" or (side != "" and len(measure.others) == 1)
    return Row(
        measure.name,
        measure.unit,
        form,
        median(own),
        min(own),
        median(other) if other else None,
        min(other) if other else None,
        side,
        median(ratios) if ratios else None,
        measure.at_most if bound else None,
        measure.aim if bound else None,
    )


def _print_head() -> None:
    print(f"{time.strftime('%Y-%m-%d')}, {_machine()}, Python {platform.python_version()}")
    print(
        f"{'measure':24}{'form':9}{'ours':>11}{'best':>11} {'':6}{'other':>11} {'':16}{'ratio':>8}",
        flush=True,
    )


def _print(row: Row) -> None:
    def shown(value: float | None, digits: int = 2) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    target = "" if row.at_most is None else f"≤ {row.at_most:g}"
    aim = "" if row.aim is None else f" (aim {row.aim:g})"
    print(
        f"{row.name:24}{row.form:9}{shown(row.ours):>11}{shown(row.best):>11} {row.unit:6}"
        f"{shown(row.other):>11} {row.other_name:16}{shown(row.ratio):>8}  {target}{aim}",
        flush=True,
    )


def _sides(measure: Measure, against: Sequence[str]) -> list[str]:
    """Return which references of a measure are wanted and can be had."""
    return [
        side
        for side, other in measure.others.items()
        if (side in against or side in ALWAYS)
        and not (isinstance(other, Elixir) and shutil.which("elixir") is None)
        and measure.needs(side) is None
    ]


def main(argv: list[str], root: Path = ROOT) -> int:
    """Run the measures and print a table; return the exit code.

    Args:
        argv: The command line.
        root: Where our own code stands, in its plain form.
    """
    if argv[:1] == ["smelter"]:
        # A report of its own: one run gives many figures. It needs the media libraries.
        from tests.bench import smelter

        return smelter.main(argv[1:])
    measures = all_measures()
    given = asked_for(argv, measures)
    try:
        with nullcontext() if given.json is None else given.json.open("w") as file:
            places = forms(given.form, root)
            _print_head()
            return 0 if _measured(given, measures, places, file) else 1
    except KeyboardInterrupt:
        return 130


def _measured(
    given: argparse.Namespace,
    measures: Mapping[str, tuple[str, Measure]],
    places: Mapping[str, Path],
    file: TextIO | None,
) -> bool:
    """Run the measures one after the other; tell whether our own code gave every figure."""
    rounds, scale = (min(2, given.rounds), 10) if given.short else (given.rounds, 100)
    all_well = True
    for name in given.names:
        module, measure = measures[name]
        sides = _sides(measure, given.against)
        rows, is_well = compare(module, measure, sides, places, rounds, scale)
        all_well = all_well and is_well
        for row in rows:
            if file is not None:
                # At once: what is interrupted has written what it has measured.
                print(json.dumps(asdict(row)), file=file, flush=True)
            _print(row)
    return all_well


def asked_for(argv: list[str], measures: Mapping[str, tuple[str, Measure]]) -> argparse.Namespace:
    """Understand the command line, or say what is accepted and end."""
    sides = dict.fromkeys(side for _, each in measures.values() for side in each.others)
    known = [side for side in sides if side not in ALWAYS]
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"or the beginning, of {', '.join(measures)}"
    )
    parser.add_argument(
        "--against", default=",".join(known), help=f"references ({','.join(known)})"
    )
    parser.add_argument("--form", default="plain", help="plain, compiled or both (plain)")
    parser.add_argument("--rounds", type=_count, default=5, help="from 1 on (5)")
    parser.add_argument("--short", action="store_true", help="a tenth of the work, two rounds")
    parser.add_argument("--json", type=Path, help="also write each row to a file, as it comes")
    given = parser.parse_args(argv)
    given.names = [
        name for word in given.names or measures for name in _named(word, measures) or [word]
    ]
    given.against, given.form = given.against.split(","), given.form.split(",")
    for what, words, accepted in (
        ("measure", given.names, measures),
        ("reference", given.against, known),
        ("form", given.form, ("plain", "compiled")),
    ):
        if unknown := [word for word in words if word not in accepted]:
            parser.error(f"unknown {what} {', '.join(unknown)}; there are {', '.join(accepted)}")
    given.names = list(dict.fromkeys(given.names))
    if given.json is not None and not given.json.absolute().parent.is_dir():
        parser.error(f"--json {given.json}: there is no folder {given.json.absolute().parent}")
    return given


def _named(word: str, measures: Iterable[str]) -> list[str]:
    """Return the measure of that name, or those whose names begin with it."""
    if word in measures:
        return [word]
    return [name for name in measures if name.startswith(f"{word}_")]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text}: how often? A number from 1 on")
    return int(text)


def _machine() -> str:
    """Name the processor and how many there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {models[0] if models else platform.processor()}"
