"""Every case in its short form; the long ones are ``python3 -m tests --long``."""

from __future__ import annotations

import pytest

from tests.endurance import every_case
from tests.endurance.tally import Case, Tally


@pytest.mark.parametrize("case", every_case(), ids=lambda case: case.name)
def test_nothing_is_lost(case: Case) -> None:
    tally = case.run(case.short)

    assert tally.tried > 0
    assert tally.lost == []


def test_a_tally_counts_what_did_not_hold_and_goes_on() -> None:
    tally = Tally()

    for number in range(5):
        tally.check(number != 3, f"number {number}")

    assert (tally.tried, tally.survived, tally.lost) == (5, 4, ["number 3"])
