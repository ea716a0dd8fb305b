"""Words of the replay: scenario files, their times, and how results are compared.

A file is `{"format": 1, "kind": …, "scenarios": […]}`. A time in it is a string with exact decimal
milliseconds and at most six digits after the point: a whole number of nanoseconds, which no detour
over binary floats may touch. Everything read here was written by others, so each access says what
it expects and complains in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from examples.smelter.offsets import MILLISECOND, Ns

__all__ = [
    "Difference",
    "Json",
    "Kind",
    "ReplayError",
    "Table",
    "flag",
    "mapping",
    "moment",
    "near",
    "number",
    "optional_moment",
    "rows",
    "same",
    "shown",
    "text",
    "whole",
]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Table: TypeAlias = dict[str, Json]
Difference: TypeAlias = str | None
"""The first difference in words; None if there is none."""
Judge: TypeAlias = Callable[[Json, Json, str], Difference]
"""How two values of one place are compared."""


class ReplayError(Exception):
    """A scenario cannot be replayed: the file is at fault, and the text says where."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How scenarios of one kind are replayed and judged."""

    replay: Callable[[Table], Table]
    """From a scenario to the members of its `expect`."""
    compare: Callable[[Table, Table], Difference]
    """From (expected, got) to the first difference."""


_TIME = re.compile(r"(-?)(\d+)(?:\.(\d{1,6}))?")


def moment(value: Json, where: str = "time") -> Ns:
    """Return a time of a file in nanoseconds.

    Example:
        >>> moment("-123.456"), moment("0.000001"), moment("20.000")
        (-123456000, 1, 20000000)
    """
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ReplayError(f"{where}: {value!r} is not a time (decimal milliseconds in a string)")
    sign, whole_ms, part = found.groups(default="")
    size = int(whole_ms) * MILLISECOND + int(part.ljust(6, "0"))
    return -size if sign else size


def shown(time: Ns) -> str:
    """Return a time as files write it.

    Example:
        >>> shown(-123_456_000), shown(33_366_667), shown(20_000_000)
        ('-123.456', '33.366667', '20')
    """
    whole_ms, part = divmod(abs(time), MILLISECOND)
    digits = f"{whole_ms}.{part:06}".rstrip("0").rstrip(".")
    return f"-{digits}" if time < 0 else digits


def _get(table: Table, key: str) -> Json:
    if key not in table:
        raise ReplayError(f"{key!r} is missing")
    return table[key]


def text(table: Table, key: str) -> str:
    """Return a member that is a string."""
    value = _get(table, key)
    if not isinstance(value, str):
        raise ReplayError(f"{key!r} must be a string, not {value!r}")
    return value


def whole(value: Json, where: str) -> int:
    """Return a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ReplayError(f"{where} must be a whole number, not {value!r}")
    return value


def number(table: Table, key: str) -> int:
    """Return a member that is a whole number."""
    return whole(_get(table, key), repr(key))


def flag(table: Table, key: str, default: bool | None = None) -> bool:
    """Return a member that is true or false."""
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise ReplayError(f"{key!r} must be true or false, not {value!r}")
    return value


def optional_moment(table: Table, key: str, default: Ns) -> Ns:
    """Return a member that is a time and may be absent."""
    return moment(table[key], repr(key)) if key in table else default


def mapping(value: Json, where: str) -> Table:
    """Return an object."""
    if not isinstance(value, dict):
        raise ReplayError(f"{where} must be an object, not {value!r}")
    return value


def rows(table: Table, key: str, default: list[Json] | None = None) -> list[Json]:
    """Return a member that is a list."""
    value = table.get(key, default)
    if not isinstance(value, list):
        raise ReplayError(f"{key!r} must be a list, not {value!r}")
    return value


def same(expected: Json, got: Json, where: str) -> Difference:
    """Compare exactly, in all members, and name the first place that differs."""
    return _compare(expected, got, where, same)


def near(expected: Json, got: Json, where: str, *, within: float) -> Difference:
    """Compare like `same`, but numbers only as closely as is asked for.

    Example:
        >>> near({"a": [1, 2.0]}, {"a": [1.04, 2]}, "x", within=0.1) is None
        True
        >>> near({"a": [1, 2.0]}, {"a": [1.04, 2]}, "x", within=0.01)
        'x.a[0]: expected 1, got 1.04'
    """

    def judge(one: Json, other: Json, where: str) -> Difference:
        if _is_number(one) and _is_number(other):
            close = abs(float(one) - float(other)) <= within
            return None if close else f"{where}: expected {one!r}, got {other!r}"
        return _compare(one, other, where, judge)

    return judge(expected, got, where)


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compare(expected: Json, got: Json, where: str, judge: Judge) -> Difference:
    if isinstance(expected, dict) and isinstance(got, dict):
        return next(_same_members(expected, got, where, judge), None)
    if isinstance(expected, list) and isinstance(got, list):
        return next(_same_rows(expected, got, where, judge), None)
    if type(expected) is type(got) and expected == got:
        return None
    return f"{where}: expected {expected!r}, got {got!r}"


def _same_members(expected: Table, got: Table, where: str, judge: Judge) -> Iterator[str]:
    for key in [*expected, *(k for k in got if k not in expected)]:
        if key not in got:
            yield f"{where}.{key}: missing"
        elif key not in expected:
            yield f"{where}.{key}: not expected, got {got[key]!r}"
        elif (found := judge(expected[key], got[key], f"{where}.{key}")) is not None:
            yield found


def _same_rows(expected: list[Json], got: list[Json], where: str, judge: Judge) -> Iterator[str]:
    for index, (one, other) in enumerate(zip(expected, got, strict=False)):
        if (found := judge(one, other, f"{where}[{index}]")) is not None:
            yield found
    if len(expected) > len(got):
        yield f"{where}[{len(got)}]: missing, expected {expected[len(got)]!r}"
    if len(got) > len(expected):
        yield f"{where}[{len(expected)}]: not expected, got {got[len(expected)]!r}"
