"""Patterns: what a registry's values, and whole entries, are searched by. Pure.

    ANY                   anything
    Var("x")              anything, and the same thing wherever it stands again; handed to the guard
    (ANY, Var("x"))       a tuple, or a list, of the same length whose parts match
    {"role": "admin"}     a mapping that has at least these keys
    User                  a class: an instance of it
    lambda value: …       any other callable: whatever it is true for
    anything else         an equal value of the same kind: 1 is not 1.0

A guard is a function of the variables, by their names; an entry matches if it is true. These are
OTP's match specifications in Python's words.

Source: https://www.erlang.org/doc/apps/erts/match_spec.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from actors.errors import BadArgument
from supervisors._terms import strict

__all__ = ["ANY", "Clause", "Guard", "Var", "as_clauses", "check_guard", "matches"]


class _Any(Enum):
    ANY = "ANY"

    def __repr__(self) -> str:
        return self.value


ANY: Final = _Any.ANY
"""A pattern that anything matches."""


@dataclass(frozen=True, slots=True)
class Var:
    """A pattern that anything matches, the same thing at each place where it stands."""

    name: str
    """What the guard and the body of a clause know it by; a Python name."""

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name.isidentifier()):
            raise BadArgument("name", self.name, "a name such as 'x'")


Bindings: TypeAlias = dict[str, object]
Guard: TypeAlias = Callable[..., object]
"""A function of the variables of a pattern, by their names."""


def matches(pattern: object, value: object, guard: Guard | None = None) -> Bindings | None:
    """Return what the variables of a pattern stand for, `None` if the value does not match.

    Pure.

    Args:
        pattern: A value, with `ANY` and `Var` for what may be anything.
        value: Anything.
        guard: A function of the variables; what it finds false does not match.

    Returns:
        The variables by name; `None` for no match.

    Example:
        >>> matches((Var("x"), ANY, Var("x")), (1, 2, 1))
        {'x': 1}
        >>> matches((Var("x"), ANY, Var("x")), (1, 2, 1.0)) is None
        True
        >>> matches({"role": "admin"}, {"role": "admin", "name": "eva"})
        {}

    Source: https://www.erlang.org/doc/apps/erts/match_spec.html
    """
    check_guard(guard)
    bindings: Bindings = {}
    if not _fits(pattern, value, bindings):
        return None
    return bindings if guard is None or guard(**bindings) else None


def _fits(pattern: object, value: object, bindings: Bindings) -> bool:
    match pattern:
        case _Any.ANY:
            return True
        case Var(name):
            if name in bindings:
                return _is_same(bindings[name], value)
            bindings[name] = value
            return True
        case tuple() | list():
            return (
                isinstance(value, tuple | list)
                and isinstance(value, tuple) is isinstance(pattern, tuple)
                and len(value) == len(pattern)
                and all(_fits(p, v, bindings) for p, v in zip(pattern, value, strict=True))
            )
        case Mapping():
            return isinstance(value, Mapping) and all(
                name in value and _fits(each, value[name], bindings)
                for name, each in pattern.items()
            )
        case type():
            return isinstance(value, pattern)
        case _ if callable(pattern):
            return bool(pattern(value))
        case _:
            return _is_same(pattern, value)


def _is_same(one: object, other: object) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    try:
        return strict(one) == strict(other)
    except BadArgument:
        return bool(one == other)


@dataclass(frozen=True, slots=True)
class Clause:
    """One way for an entry to be found by `Registry.select`, and what to make of it.

    Raises:
        BadArgument: The pattern is not one of a key, a pid and a value, or a function is not accepted.
    """

    pattern: tuple[object, object, object] = (ANY, ANY, ANY)
    """What the entry's key, pid and value must match."""
    guard: Guard | None = None
    """A function of the variables, true for what is wanted."""
    body: Callable[..., object] | None = None
    """A function of the variables, whose value is selected; the entry by default."""

    def __post_init__(self) -> None:
        if not (isinstance(self.pattern, tuple) and len(self.pattern) == 3):  # noqa: PLR2004 - key, pid, value
            raise BadArgument("pattern", self.pattern, "patterns of (key, pid, value)")
        check_guard(self.guard)
        if self.body is not None and not callable(self.body):
            raise BadArgument("body", self.body, "a function of the variables, or None")

    def apply(self, entry: tuple[object, object, object]) -> tuple[object] | None:
        """Return what the clause makes of an entry, in a tuple; `None` if it does not match.

        Pure.

        Args:
            entry: A key, a pid and a value.

        Returns:
            A tuple of one, or `None`.

        Example:
            >>> Clause((Var("k"), ANY, ANY), body=lambda k: k).apply(("x", None, 1))
            ('x',)

        Source: https://hexdocs.pm/elixir/Registry.html#select/2
        """
        bindings = matches(self.pattern, entry, self.guard)
        if bindings is None:
            return None
        return (entry if self.body is None else self.body(**bindings),)


def check_guard(guard: object) -> None:
    """Refuse a guard that is no function.

    Pure.

    Args:
        guard: What was passed.

    Raises:
        BadArgument: It is not accepted.

    Example:
        >>> check_guard(None)

    Source: https://www.erlang.org/doc/apps/erts/match_spec.html
    """
    if guard is not None and not callable(guard):
        raise BadArgument("guard", guard, "a function of the variables, or None")


def as_clauses(clauses: object) -> tuple[Clause, ...]:
    """Return clauses as what a user may write for them: one, or several.

    Pure.

    Args:
        clauses: One `Clause`, a list or a tuple of them.

    Returns:
        All of them.

    Raises:
        BadArgument: There is something else among them.

    Example:
        >>> len(as_clauses(Clause()))
        1

    Source: https://www.erlang.org/doc/apps/erts/match_spec.html
    """
    several = clauses if isinstance(clauses, list | tuple) else [clauses]
    return tuple(_clause(each) for each in several)


def _clause(value: object) -> Clause:
    if isinstance(value, Clause):
        return value
    raise BadArgument("clauses", value, "a Clause, or several of them")
