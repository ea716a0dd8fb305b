from __future__ import annotations

import pytest

from examples.smelter.endings import MOST_GONE, Endings
from examples.smelter.requests import AllInputs, AllOf, AnyInput, AnyOf, Ends, Never

AB = frozenset("ab")
NONE: frozenset[str] = frozenset()
RUNNING = Endings().after(NONE, AB)
A_ENDED = RUNNING.after({"a"}, AB)
BOTH_ENDED = A_ENDED.after({"b"}, AB)
A_GONE = RUNNING.without("a")


@pytest.mark.parametrize(
    ("seen", "condition", "ends"),
    [
        (BOTH_ENDED, Never(), False),
        (RUNNING, AnyInput(), False),
        (A_ENDED, AnyInput(), True),
        (A_GONE, AnyInput(), True),
        (A_ENDED, AllInputs(), False),
        (BOTH_ENDED, AllInputs(), True),
        (A_GONE.after({"b"}, {"b"}), AllInputs(), True),
        (A_GONE.without("b"), AllInputs(), True),
        (Endings(), AllInputs(), False),
        (A_ENDED, AnyOf(("a", "c")), True),
        (A_ENDED, AnyOf(("b", "c")), False),
        (A_ENDED, AllOf(("a", "b")), False),
        (A_GONE.after({"b"}, {"b"}), AllOf(("a", "b")), True),
    ],
)
def test_an_end_and_being_unregistered_both_count(
    seen: Endings, condition: Ends, ends: bool
) -> None:
    assert seen.ends(condition) is ends


def test_an_input_that_comes_back_under_its_id_is_another_one() -> None:
    again = A_GONE.after(NONE, {"b"}).after(NONE, AB)

    assert not again.ends(AnyInput())
    assert not again.ends(AnyOf(("a",)))


def test_an_output_does_not_end_with_what_had_ended_before_it_began() -> None:
    assert not A_ENDED.ends(AnyInput(), before=A_ENDED)
    assert BOTH_ENDED.ends(AnyInput(), before=A_ENDED)


def test_nothing_new_is_the_same_value() -> None:
    assert A_ENDED.after({"a"}, AB) is A_ENDED


def test_inputs_that_come_and_go_for_ever_take_no_more_room() -> None:
    seen = Endings()
    for number in range(2 * MOST_GONE):
        seen = seen.after(NONE, {f"in{number}"}).without(f"in{number}")

    assert len(seen.gone) == MOST_GONE
    assert not seen.present
