"""Replay scenario files and print or check what comes out.

    python3 -m examples smelter replay FILE.json …            replay and print
    python3 -m examples smelter replay --check FILE.json …    replay and compare

Printing gives one JSON object a line and a scenario: its name with the members of its expectation,
or its name with an error if it cannot be replayed (exit status 2 in the end). Checking lists the
scenarios that differ with their first difference, and a last line `N matched / M` (exit status 1 if
any differs). A kind of scenario is a line in `KINDS`: how to replay it, how to compare.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.smelter.replay_media import COLOUR, MIXER
from examples.smelter.replay_queue import QUEUE
from examples.smelter.replay_scene import LAYOUT, TRANSITION
from examples.smelter.replay_ticks import TICKS
from examples.smelter.vectors import Json, Kind, ReplayError, Table, mapping, rows

__all__ = ["KINDS", "Case", "cases", "main"]

FORMAT = 1

KINDS: dict[str, Kind] = {
    "queue": QUEUE,
    "ticks": TICKS,
    "mixer": MIXER,
    "layout": LAYOUT,
    "transition": TRANSITION,
    "colour": COLOUR,
}
"""What can be replayed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario of one file."""

    name: str
    """Its name."""
    kind: Json
    """The kind its file names."""
    scenario: Table
    """All of it."""

    def result(self) -> Table:
        """Replay it.

        Raises:
            ReplayError: it cannot be replayed.
        """
        return self._how().replay(self.scenario)

    def difference(self) -> str | None:
        """Replay it and return the first difference in words; None if it does as expected."""
        try:
            expected = mapping(self.scenario.get("expect"), "'expect'")
            return self._how().compare(expected, self.result())
        except ReplayError as error:
            return str(error)

    def _how(self) -> Kind:
        found = KINDS.get(self.kind) if isinstance(self.kind, str) else None
        if found is None:
            raise ReplayError(f"cannot replay kind {self.kind!r}; known are {', '.join(KINDS)}")
        return found


def cases(path: Path) -> Iterator[Case]:
    """Yield the scenarios of a file.

    Raises:
        ReplayError: it cannot be read, or it is no scenario file.
    """
    try:
        content: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReplayError(f"{path}: {error}") from None
    table = mapping(content, str(path))
    if table.get("format") != FORMAT:
        raise ReplayError(f"{path}: format {table.get('format')!r} is not known, only {FORMAT}")
    if "scenarios" not in table:
        raise ReplayError(f"{path}: 'scenarios' is missing")
    for row in rows(table, "scenarios"):
        scenario = mapping(row, "a scenario")
        yield Case(str(scenario.get("name")), table.get("kind"), scenario)


def print_results(files: Sequence[Case]) -> int:
    """Print what every scenario does; return the exit status."""
    status = 0
    for case in files:
        try:
            line: Table = {"name": case.name, **case.result()}
        except ReplayError as error:
            line = {"name": case.name, "error": str(error)}
            status = 2
        print(json.dumps(line))
    return status


def print_differences(files: Sequence[Case]) -> int:
    """Print which scenarios differ and how many do not; return the exit status."""
    matched = 0
    for case in files:
        difference = case.difference()
        if difference is None:
            matched += 1
        else:
            print(f"{case.name}: {difference}")
    print(f"{matched} matched / {len(files)}")
    return 0 if matched == len(files) else 1


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status.

    Args:
        argv: `--check`, if wanted, and the names of scenario files.
    """
    try:
        given = _parser().parse_intermixed_args(argv)
    except SystemExit as over:
        # It has said why: the help that was asked for (0), or what was wrong (2).
        return 0 if over.code == 0 else 2
    found, readable = read_all(given.files)
    status = print_differences(found) if given.check else print_results(found)
    return status if readable else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m examples smelter replay",
        description="Replay recorded scenarios of the queue, the mixer and the layout on a virtual"
        " clock, and print what comes out as one line of JSON for each.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a file of scenarios, such as those in tests")
    add(
        "--check",
        action="store_true",
        help="compare with what each scenario expects instead: the first difference of each that"
        " differs, then how many matched; 1 if any differs",
    )
    return parser


def read_all(files: Sequence[str]) -> tuple[list[Case], bool]:
    """Read all files; complain about those that cannot be read and go on with the others."""
    found: list[Case] = []
    readable = True
    for name in files:
        try:
            found += cases(Path(name))
        except ReplayError as error:
            print(error, file=sys.stderr)
            readable = False
    return found, readable


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
