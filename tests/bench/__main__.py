"""The command: `python3 -m tests.bench`; see the package for what it does."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import ours, pykka_side

__all__ = ["main"]

UNITS = {"memory": "bytes"}
HERE = Path(__file__).parent
LIMIT = 600


@dataclass(frozen=True, slots=True)
class Row:
    """One measure beside one reference."""

    name: str
    unit: str
    ours: float
    """Median of the rounds."""
    other: float
    """Median of the rounds."""
    other_name: str
    ratio: float
    """Median of the rounds' ratios; below 1 we are faster or smaller."""
    best: float
    """Our best round."""


def _figure(command: list[str]) -> float | None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    return float(done.stdout.split()[-1])


def _ours(name: str, scale: int) -> float | None:
    return _figure([sys.executable, "-m", "tests.bench.ours", name, str(scale)])


def _pykka(name: str, scale: int) -> float | None:
    if name not in pykka_side.MEASURES:
        return None
    return _figure([sys.executable, "-m", "tests.bench.pykka_side", name, str(scale)])


def _beam(name: str, scale: int) -> float | None:
    if name == "thread_call":
        return None
    # One scheduler: the comparison is with the BEAM on one core.
    return _figure(["elixir", "--erl", "+S 1:1", str(HERE / "beam.exs"), name, str(scale)])


SIDES: dict[str, Callable[[str, int], float | None]] = {"beam": _beam, "pykka": _pykka}


def _compare(name: str, sides: list[str], rounds: int, scale: int) -> list[Row]:
    own: list[float] = []
    others: dict[str, list[float]] = {side: [] for side in sides}
    ratios: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        mine = _ours(name, scale)
        if mine is None:
            return []
        own.append(mine)
        for side in sides:
            figure = SIDES[side](name, scale)
            if figure is not None:
                others[side].append(figure)
                ratios[side].append(mine / figure)
    return [
        Row(
            name,
            UNITS.get(name, "us"),
            statistics.median(own),
            statistics.median(others[side]) if others[side] else float("nan"),
            side if others[side] else "none",
            statistics.median(ratios[side]) if ratios[side] else float("nan"),
            min(own),
        )
        for side in sides
        if others[side] or side == sides[-1]
    ]


def main(argv: list[str]) -> int:
    """Run the measures and print a table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ours.MEASURES, []], help="measures (all)")
    parser.add_argument("--against", default="beam,pykka", help="references (beam,pykka)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--short", action="store_true", help="a tenth of the work, two rounds")
    parser.add_argument("--json", type=Path, help="also write the rows to a file")
    given = parser.parse_args(argv)
    sides = [side for side in given.against.split(",") if side != "beam" or shutil.which("elixir")]
    unknown = [side for side in sides if side not in SIDES]
    if unknown:
        parser.error(f"unknown reference {', '.join(unknown)}; there are {', '.join(SIDES)}")
    rounds, scale = (2, 10) if given.short else (given.rounds, 100)
    rows: list[Row] = []
    print(f"{'measure':14}{'ours':>12}{'best':>12}{'other':>12}  {'reference':10}{'ratio':>8}")
    for name in given.names or list(ours.MEASURES):
        for row in _compare(name, sides, rounds, scale):
            rows.append(row)
            print(
                f"{row.name:14}{row.ours:9.2f} {row.unit:2}{row.best:9.2f} {row.unit:2}"
                f"{row.other:9.2f} {row.unit:2}  {row.other_name:10}{row.ratio:8.2f}",
                flush=True,
            )
    if given.json is not None:
        given.json.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
