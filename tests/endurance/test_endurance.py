"""Every case in its short form; the long ones are ``python3 -m tests --long``."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from tests.endurance import every_case, soak
from tests.endurance.tally import Case, Tally
from tests.watching import Counted


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


def soaked(**changed: object) -> soak.Soaked:
    """Return what a good soak of a second has seen, with the memory of three minutes, but for some fields."""
    looks = int(180 / soak.SAMPLE)
    begun = Counted(dict.fromkeys(range(soak.CLIENTS), 500))
    seen = soak.Soaked(begun, 1.0, dict.fromkeys(range(soak.CLIENTS), 500), kills=200)
    seen.memory.extend([35.0] * looks)
    seen.blocks.extend([150_000.0] * looks)
    return replace(seen, **changed)  # type: ignore[arg-type]


def judged(seen: soak.Soaked) -> Tally:
    tally = Tally()
    soak.judge(seen, 1.0, tally)
    return tally


def test_a_good_soak_loses_nothing() -> None:
    assert judged(soaked()).lost == []


@pytest.mark.parametrize(
    ("what", "changed"),
    {
        "497 calls never ended": {"answered": dict.fromkeys(range(3), 500) | {3: 3}},
        "client 3 never got an answer": {"answered": dict.fromkeys(range(3), 500)},
        "no load": {"kills": 99},
        "not restarted: ['s.1']": {"missing": ["s.1"]},
        "s.1 answered 5": {"wrong": ["s.1 answered 5"]},
        "grew: memory": {"blocks": array("d", [150_000.0 + 250 * n for n in range(36)])},
        "grew: memory +9.00 MB": {"memory": array("d", [35.0 + 0.075 * n for n in range(36)])},
    }.items(),
)
def test_a_soak_that_does_not_hold_is_lost(what: str, changed: dict[str, object]) -> None:
    assert any(story.startswith(what) for story in judged(soaked(**changed)).lost)
