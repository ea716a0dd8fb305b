"""Every portable test of OTP's and Elixir's suites has tests of ours, or a reason why not."""

from __future__ import annotations

import pytest

from tests.conformance.tables import MISSING, SUITES, Row, Suite, exists, faults, suites, totals
from tests.conftest import Note

LEAST = 0.95
"""The part of the tests portable in full that tests of ours must cover, in each suite."""


@pytest.mark.parametrize("suite", suites(), ids=lambda suite: suite.name)
def test_every_row_names_tests_that_exist_or_a_reason(suite: Suite) -> None:
    assert faults(suite) == []


@pytest.mark.parametrize("suite", suites(), ids=lambda suite: suite.name)
def test_nearly_all_that_is_portable_in_full_is_covered(suite: Suite) -> None:
    covered, of = suite.counts("yes")

    # Of fewer than twenty rows five in a hundred is less than one.
    assert of - covered <= max(1.0, (1 - LEAST) * of), [r.test for r in suite.rows if not r.nodes]


def test_nearly_all_of_all_suites_together_is_covered() -> None:
    counts = [suite.counts("yes") for suite in suites()]

    assert sum(covered for covered, _ in counts) >= LEAST * sum(of for _, of in counts)


def test_every_suite_has_its_table_or_waits_for_it() -> None:
    there = {suite.name for suite in suites()}

    assert there | set(MISSING) == set(SUITES)
    assert there & set(MISSING) == set()


def test_what_is_covered_is_told(note: Note) -> None:
    lines = totals().splitlines()

    assert len(lines) == len(SUITES) + 2
    note(f"covered of the suites of OTP and Elixir: {lines[len(suites()) + 1]}")


@pytest.mark.parametrize(
    "node",
    [
        "tests/conformance/test_coverage.py::test_what_nobody_wrote",
        "tests/conformance/test_nowhere.py::test_what_is_covered_is_told",
        "tests/conformance/test_traces.py::test_a_twin_prints_what_the_beam_printed[nowhere]",
        "tests/conformance/test_coverage.py",
        "an idle word",
    ],
)
def test_a_test_that_is_not_there_is_found_out(node: str) -> None:
    suite = Suite("otp_sys", [Row("a test", "yes", node)])

    assert not exists(node)
    assert "a test: no such test" in faults(suite)[0]


def test_an_odd_row_is_found_out() -> None:
    row = Row("a test", "maybe", "reason: ")

    assert faults(Suite("otp_sys", [row, row])) == [
        *["a test: portable is yes or partly, not 'maybe'", "a test: neither a test nor a reason"]
        * 2,
        "a test: 2 rows",
        "(0, 0) rows of yes and partly, (5, 2) are due",
    ]
