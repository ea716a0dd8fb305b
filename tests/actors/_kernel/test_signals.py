from __future__ import annotations

import itertools

import pytest

from actors._kernel.signals import Verdict, verdict

IGNORED, MESSAGE, DEATH = Verdict.IGNORED, Verdict.MESSAGE, Verdict.DEATH


@pytest.mark.parametrize(
    ("reason", "linked", "traps", "to_oneself", "expected"),
    [
        ("kill", False, False, False, (DEATH, "killed")),
        ("kill", False, True, False, (DEATH, "killed")),
        ("kill", False, False, True, (DEATH, "killed")),
        ("kill", False, True, True, (DEATH, "killed")),
        ("kill", True, False, False, (DEATH, "kill")),
        ("kill", True, True, False, (MESSAGE, "kill")),
        ("killed", True, False, False, (DEATH, "killed")),
        ("killed", True, True, False, (MESSAGE, "killed")),
        ("normal", True, False, False, (IGNORED, "normal")),
        ("normal", False, False, False, (IGNORED, "normal")),
        ("normal", True, True, False, (MESSAGE, "normal")),
        ("normal", False, True, False, (MESSAGE, "normal")),
        ("normal", False, False, True, (DEATH, "normal")),
        ("normal", False, True, True, (MESSAGE, "normal")),
    ],
)
def test_the_exit_table_is_that_of_otp(
    reason: str, linked: bool, traps: bool, to_oneself: bool, expected: tuple[Verdict, str]
) -> None:
    assert verdict(reason, linked=linked, traps=traps, to_oneself=to_oneself) == expected


@pytest.mark.parametrize("reason", ["shutdown", ("shutdown", 1), "boom", 7, None, ("kill",)])
def test_any_other_reason_is_a_message_to_trappers_and_death_to_others(reason: object) -> None:
    for linked, to_oneself in itertools.product((False, True), repeat=2):
        told = verdict(reason, linked=linked, traps=True, to_oneself=to_oneself)
        dead = verdict(reason, linked=linked, traps=False, to_oneself=to_oneself)

        assert told == (MESSAGE, reason)
        assert dead == (DEATH, reason)


class Touchy:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare me")

    __hash__ = None  # type: ignore[assignment]


def test_a_reason_that_cannot_be_compared_is_only_carried() -> None:
    reason = Touchy()

    what, why = verdict(reason, linked=True, traps=False, to_oneself=False)

    assert what is DEATH
    assert why is reason
