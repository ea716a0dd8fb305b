"""Which tests of OTP, Elixir and GenStage are covered by ours: the tables of `coverage/`, read and counted.

`coverage/SUITE.tsv` has one row for every test of a suite that a Python API can have: its name there, whether it
is portable in full (`yes`) or with a stated change (`partly`), and what covers it here: node ids of pytest,
separated by spaces, or `reason: …`. A test of which nothing can be ported has no row.

Source: the test suites of Erlang/OTP 25.2.3, Elixir 1.21.0-dev and GenStage 1.3, by name only
"""

from __future__ import annotations

import ast
import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["MISSING", "ROOT", "SUITES", "Row", "Suite", "exists", "faults", "suites", "totals"]

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).with_name("coverage")
HEADER = ["test", "portable", "ours"]
REASON = "reason: "

SUITES: dict[str, tuple[int, int]] = {
    "elixir_agent": (1, 5),
    "elixir_dynamic_supervisor": (33, 6),
    "elixir_gen_server": (6, 7),
    "elixir_partition_supervisor": (22, 0),
    "elixir_process": (14, 3),
    "elixir_registry": (5, 1),
    "elixir_registry_duplicate": (16, 18),
    "elixir_registry_unique": (15, 20),
    "elixir_supervisor": (10, 6),
    "elixir_task": (86, 28),
    "elixir_task_supervisor": (34, 9),
    "gen_stage": (95, 27),
    "gen_stage_broadcast_dispatcher": (10, 1),
    "gen_stage_buffer": (10, 0),
    "gen_stage_consumer_supervisor": (36, 6),
    "gen_stage_demand_dispatcher": (7, 2),
    "gen_stage_partition_dispatcher": (14, 0),
    "otp_erl_link": (4, 2),
    "otp_gen_event": (14, 16),
    "otp_gen_server": (17, 31),
    "otp_gen_statem": (33, 22),
    "otp_monitor": (15, 4),
    "otp_pg": (5, 5),
    "otp_proc_lib": (9, 7),
    "otp_process": (14, 4),
    "otp_register_receive_signal": (9, 7),
    "otp_supervisor": (50, 34),
    "otp_sys": (5, 2),
    "otp_timer_bif": (16, 5),
}
"""Every suite, with how many of its tests are portable in full and in part; a table may not lose a row."""

MISSING: dict[str, str] = {}
"""The suites without a table, each with the room it waits for (or `table`); none stands here that has one."""


@dataclass(frozen=True)
class Row:
    """One test of a suite, and what covers it here."""

    test: str
    """Its name there."""
    portable: str
    """`yes` or `partly`."""
    ours: str
    """Node ids of pytest, separated by spaces, or `reason: …`."""

    @property
    def nodes(self) -> list[str]:
        """Our tests; none where a reason stands."""
        return [] if self.ours.startswith(REASON) else self.ours.split()


@dataclass(frozen=True)
class Suite:
    """One table."""

    name: str
    rows: list[Row]

    def counts(self, portable: str) -> tuple[int, int]:
        """Return how many rows of this kind have tests of ours, and how many there are."""
        rows = [row for row in self.rows if row.portable == portable]
        return sum(bool(row.nodes) for row in rows), len(rows)


def suites() -> list[Suite]:
    """Read all tables."""
    return [Suite(path.stem, _rows(path)) for path in sorted(TABLES.glob("*.tsv"))]


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as text:
        lines = list(csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE))
    if lines[:1] != [HEADER]:
        raise ValueError(f"{path.name}: the first line must be {HEADER}, not {lines[:1]}")
    if odd := [line for line in lines if len(line) != len(HEADER)]:
        raise ValueError(f"{path.name}: three columns are due, not {odd[0]}")
    return [Row(*line) for line in lines[1:]]


def faults(suite: Suite) -> list[str]:
    """Say what is wrong with a table, row by row; nothing if all is well."""
    found = [f"{row.test}: {fault}" for row in suite.rows for fault in _faults_of_row(row)]
    names = Counter(row.test for row in suite.rows)
    found += [f"{test}: {times} rows" for test, times in names.items() if times > 1]
    due, are = SUITES.get(suite.name), (suite.counts("yes")[1], suite.counts("partly")[1])
    if due != are:
        found.append(f"{are} rows of yes and partly, {due} are due")
    return found


def _faults_of_row(row: Row) -> list[str]:
    found = [f"no such test: {node}" for node in row.nodes if not exists(node)]
    if row.portable not in {"yes", "partly"}:
        found.append(f"portable is yes or partly, not {row.portable!r}")
    if not row.ours.removeprefix(REASON).strip():
        found.append("neither a test nor a reason")
    if len(set(row.nodes)) < len(row.nodes):
        found.append("a test twice")
    return found


def exists(node: str) -> bool:
    """Say whether there is such a test; of a parametrised one the function, and of a trace its twin."""
    path, _, name = node.partition("::")
    function, _, case = name.partition("[")
    if not (path.startswith("tests/") and function.startswith("test_")):
        return False
    if path == "tests/conformance/test_traces.py":
        twin = TABLES.with_name("traces") / f"{case.removesuffix(']')}.py"
        return twin.is_file() and function in _tests(path)
    return function in _tests(path)


@cache
def _tests(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


def totals() -> str:
    """Return how many tests of each suite are covered, as lines to print."""
    lines = [f"{'suite':<30}{'yes':>9}{'partly':>9}"]
    sums = [0, 0, 0, 0]
    for suite in suites():
        counts = [*suite.counts("yes"), *suite.counts("partly")]
        sums = [before + count for before, count in zip(sums, counts, strict=True)]
        lines.append(_line(suite.name, counts))
    lines.append(_line("all of these", sums))
    lines += [f"{name:<30}waits for: {room}" for name, room in MISSING.items()]
    return "\n".join(lines)


def _line(name: str, counts: list[int]) -> str:
    yes, of_yes, partly, of_partly = counts
    return f"{name:<30}{f'{yes}/{of_yes}':>9}{f'{partly}/{of_partly}':>9}"
