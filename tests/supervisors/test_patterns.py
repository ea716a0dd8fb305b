from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import BadArgument
from supervisors.patterns import ANY, Clause, Var, as_clauses, matches

X, Y = Var("x"), Var("y")

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (ANY, 1, {}),
        (X, 1, {"x": 1}),
        ((X, ANY, X), (1, 2, 1), {"x": 1}),
        ((X, ANY, X), (1, 2, 3), None),
        ((X, X), (1, 1.0), None),
        ((X, X), (1, True), None),
        ((X, Y), ("a", "b"), {"x": "a", "y": "b"}),
        (1, 1, {}),
        (1, 1.0, None),
        (1, True, None),
        ("a", "a", {}),
        (None, None, {}),
        ((1, 2), [1, 2], None),
        ([1, ANY], [1, 2], {}),
        ((1, 2), (1, 2, 3), None),
        ((), (), {}),
        ({"a": X}, {"a": 1, "b": 2}, {"x": 1}),
        ({"a": 1}, {"b": 2}, None),
        ({"a": 1}, 5, None),
        ({}, {"a": 1}, {}),
        (int, 5, {}),
        (str, 5, None),
        (lambda v: v > 3, 5, {}),
        (lambda v: v > 3, 2, None),
        ((ANY, lambda v: v == "x"), (1, "x"), {}),
        ({1, 2}, {2, 1}, {}),
    ],
)
def test_what_matches_and_what_the_variables_stand_for(
    pattern: object, value: object, expected: object
) -> None:
    assert matches(pattern, value) == expected


def test_a_guard_is_given_the_variables_by_name() -> None:
    def bigger(x: int, y: int) -> bool:
        return x > y

    assert matches((X, Y), (2, 1), bigger) == {"x": 2, "y": 1}
    assert matches((X, Y), (1, 2), bigger) is None


def test_a_value_that_cannot_be_hashed_is_compared_all_the_same() -> None:
    assert matches(bytearray(b"x"), bytearray(b"x")) == {}
    assert matches(bytearray(b"x"), bytearray(b"y")) is None


@given(VALUES)
def test_every_value_matches_itself_and_anything(value: object) -> None:
    assert matches(value, value) == {}
    assert matches(ANY, value) == {}
    assert matches((X, X), (value, value)) == {"x": value}


@given(VALUES, VALUES)
def test_a_value_as_a_pattern_matches_equal_values_only(one: object, other: object) -> None:
    if matches(one, other) is not None:
        assert one == other


def test_a_clause_makes_of_an_entry_what_its_body_says() -> None:
    entry = ("key", "pid", (1, 2))
    pattern = (ANY, ANY, (X, ANY))

    assert Clause().apply(entry) == (entry,)
    assert Clause(pattern, body=lambda x: x + 1).apply(entry) == (2,)
    assert Clause(pattern, guard=lambda x: x > 1).apply(entry) is None
    assert Clause((1, ANY, ANY)).apply(entry) is None


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Clause((ANY, ANY)), "pattern"),  # type: ignore[arg-type]
        (lambda: Clause("abc"), "pattern"),  # type: ignore[arg-type]
        (lambda: Clause(guard=5), "guard"),  # type: ignore[arg-type]
        (lambda: Clause(body=5), "body"),  # type: ignore[arg-type]
        (lambda: as_clauses([Clause(), 5]), "clauses"),
        (lambda: as_clauses(None), "clauses"),
        (lambda: Var("not a name"), "name"),
        (lambda: Var(1), "name"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_clause_is_refused_by_name(make: Callable[[], object], named: str) -> None:
    with pytest.raises(BadArgument, match=named):
        make()
