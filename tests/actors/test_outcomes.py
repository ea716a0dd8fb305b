from __future__ import annotations

import copy
import dataclasses

import pytest

from actors.outcomes import (
    KEEP,
    NO_REPLY,
    Continue,
    Hibernate,
    Ignore,
    NoReply,
    Reply,
    Started,
    Stop,
)

ALL = [Reply(1), NoReply(), Stop("why"), Started(1), Continue(1), Hibernate(), Ignore()]


@pytest.mark.parametrize("outcome", ALL, ids=repr)
def test_an_outcome_has_no_fields_but_its_own(outcome: object) -> None:
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
        outcome.other = 2  # type: ignore[attr-defined]
    assert not hasattr(outcome, "__dict__")


@pytest.mark.parametrize("outcome", ALL, ids=repr)
def test_outcomes_are_compared_by_value_and_survive_a_copy(outcome: object) -> None:
    assert copy.deepcopy(outcome) == outcome
    assert copy.copy(outcome) == outcome


def test_what_is_left_out_is_kept_and_not_replied() -> None:
    assert Reply(1).state is KEEP
    assert NoReply().state is KEEP
    assert Stop("why").state is KEEP
    assert Stop("why").reply is NO_REPLY
    assert copy.deepcopy(Stop("why")).reply is NO_REPLY


def test_no_state_and_no_reply_are_values_and_not_left_out() -> None:
    assert NoReply(None).state is None
    assert Stop("why", None, None).reply is None
    assert Reply(1, None) != Reply(1)


def test_outcomes_print_as_they_are_written() -> None:
    assert repr(Reply(1)) == "Reply(value=1, state=KEEP, then=None)"
    assert repr(Stop("why")) == "Stop(reason='why', state=KEEP, reply=NO_REPLY)"


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        (Started[int](1), Started(1)),
        (Reply[str, int]("a", 1), Reply("a", 1)),
        (NoReply[int](1), NoReply(1)),
        (Stop[str, int]("why", 1), Stop("why", 1)),
    ],
)
def test_an_outcome_made_by_its_typed_name_is_the_same_as_one_without(
    typed: object, plain: object
) -> None:
    assert typed == plain


def test_an_outcome_for_life_or_death_cannot_be_changed() -> None:
    outcomes: list[Started[int] | Stop[object, int]] = [Started(1), Stop("why", 1)]
    for outcome in outcomes:
        with pytest.raises(AttributeError, match="state"):
            outcome.state = 2  # type: ignore[misc]


@pytest.mark.parametrize("kind", [Started, Stop, Ignore])
def test_an_outcome_of_a_start_is_known_by_its_class_and_cannot_be_subclassed(kind: type) -> None:
    with pytest.raises(TypeError):
        type("Own", (kind,), {})
