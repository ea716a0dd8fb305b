from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import BadArgument
from actors.pid import Pid, Ref
from supervisors._terms import slot, strict

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | st.text()
TERMS = st.recursive(
    SCALARS | st.binary(),
    lambda inner: (
        st.tuples(inner, inner) | st.lists(inner) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


class Color(Enum):
    RED = "red"


class Word(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@dataclass(frozen=True)
class Point:
    x: int
    y: object


class Hostile:
    def __hash__(self) -> int:
        raise RuntimeError("hash somebody else")


def function() -> None:
    return None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0, False),
        ("a", b"a"),
        ("red", Word.RED),
        (1, Number.ONE),
        ((1, 2), [1, 2]),
        ((1,), (1.0,)),
        ([1], [True]),
        ({"a": 1}, {"a": 1.0}),
        ({1}, {1.0}),
        ({1}, frozenset({1})),
        ((), None),
    ],
)
def test_keys_of_different_kinds_are_different(one: object, other: object) -> None:
    assert strict(one) != strict(other)


@given(TERMS)
def test_equal_keys_of_the_same_kind_are_the_same(term: object) -> None:
    copy = eval(repr(term))  # noqa: S307 - a term of literals

    assert strict(term) == strict(copy)
    assert hash(strict(term)) == hash(strict(copy))
    assert slot(term, 97) == slot(copy, 97)


@given(TERMS, TERMS)
def test_the_same_stand_in_is_for_equal_keys_only(one: object, other: object) -> None:
    if strict(one) == strict(other):
        assert one == other


@given(TERMS, st.integers(1, 50))
def test_a_slot_is_one_of_those_there_are(term: object, count: int) -> None:
    assert 0 <= slot(term, count) < count


@given(st.integers(), st.integers(1, 50))
def test_an_integer_counts_itself(number: int, count: int) -> None:
    assert slot(number, count) == abs(number) % count


def test_words_are_spread_over_all_slots() -> None:
    assert {slot(f"user {n}", 8) for n in range(200)} == set(range(8))


@pytest.mark.parametrize(
    "key",
    [Pid(7), Ref(), Color.RED, Word.RED, Point(1, "a"), function, Point, 1j, b"x", {1: 2}, {1}],
)
def test_all_kinds_of_keys_have_a_slot(key: object) -> None:
    assert slot(key, 1000) == slot(key, 1000)
    assert strict(key) == strict(key)


def test_mappings_and_sets_are_the_same_in_any_order() -> None:
    assert slot({"a": 1, "b": 2}, 1000) == slot({"b": 2, "a": 1}, 1000)
    assert slot({"a", "b", "c"}, 1000) == slot({"c", "b", "a"}, 1000)


def test_both_zeros_are_one_slot() -> None:
    assert slot(0.0, 1000) == slot(-0.0, 1000)


SCRIPT = """
from tests.supervisors.test_terms import Color, Point, Word, function
from supervisors._terms import slot
keys = ["a", ("a", 1), {"a", "b"}, {"a": ["b"]}, Color.RED, Word.RED, Point(1, "a"), function, 1.5]
print([slot(key, 1000) for key in keys])
"""


def test_a_slot_is_the_same_in_every_run() -> None:
    root = Path(__file__).resolve().parents[2]
    runs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=root,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(runs) == 1


@pytest.mark.parametrize("use", [strict, lambda key: slot(key, 5)])
@pytest.mark.parametrize("key", [Hostile(), bytearray(b"x"), (1, Hostile())])
def test_what_cannot_be_hashed_is_refused(use: Callable[[object], object], key: object) -> None:
    if isinstance(key, bytearray) and use is not strict:
        return
    with pytest.raises(BadArgument, match="key"):
        use(key)


def test_a_key_that_holds_itself_is_refused() -> None:
    ring: list[object] = []
    ring.append(ring)

    with pytest.raises(BadArgument, match="itself"):
        strict(ring)
