from __future__ import annotations

from dataclasses import dataclass

import pytest

from actors.exits import Crash, Exit, ExitsWith, Stack, is_clean, reason_of


class Odd:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare me")

    __hash__ = None  # type: ignore[assignment]


class Pair(tuple):  # type: ignore[type-arg]
    __slots__ = ()


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), ("shutdown", Odd())])
def test_orderly_ends_are_clean(reason: object) -> None:
    assert is_clean(reason) is True


@pytest.mark.parametrize(
    "reason",
    [
        "kill",
        "killed",
        "noproc",
        "",
        None,
        0,
        False,
        ("shutdown",),
        ("shutdown", 1, 2),
        ("normal", 1),
        ["shutdown", 1],
        (Odd(), 1),
        Odd(),
        Pair(("shutdown", 1)),
        Crash(ValueError(), Stack(())),
    ],
    ids=lambda reason: type(reason).__name__,
)
def test_any_other_end_is_not(reason: object) -> None:
    assert is_clean(reason) is False


def test_an_exit_is_no_exception_and_carries_its_reason() -> None:
    assert not issubclass(Exit, Exception)
    assert Exit(("shutdown", 1)).reason == ("shutdown", 1)
    assert reason_of(Exit("x")) == "x"


def test_an_error_may_say_which_reason_it_ends_with() -> None:
    class Mine(ExitsWith):
        reason = "mine"

    assert reason_of(Mine()) == "mine"


def caught(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as raised:
        return raised


def test_a_crash_keeps_where_it_was_raised_and_no_frame() -> None:
    error = caught(ValueError("x"))
    error.__cause__ = caught(KeyError("cause"))
    group = caught(BaseExceptionGroup("g", [caught(OSError())]))
    error.__context__ = group

    crash = reason_of(error)

    assert isinstance(crash, Crash)
    assert crash.exception is error
    assert crash.stack.entries[-1][2] == "caught"
    assert "raise error" in str(crash.stack)
    assert "in caught" in repr(crash.stack)
    assert isinstance(group, BaseExceptionGroup)
    for each in (error, error.__cause__, group, group.exceptions[0]):
        assert each.__traceback__ is None


def test_causes_in_a_circle_are_no_trap() -> None:
    one, other = caught(ValueError()), caught(KeyError())
    one.__cause__, other.__cause__ = other, one

    assert isinstance(reason_of(one), Crash)
    assert other.__traceback__ is None


def test_an_exception_that_cannot_be_changed_still_loses_its_traceback() -> None:
    @dataclass(frozen=True)
    class Frozen(Exception):
        field: int

    error = caught(Frozen(1))

    assert isinstance(reason_of(error), Crash)
    assert error.__traceback__ is None


def test_a_crash_can_be_shown_whatever_the_exceptions_repr_does() -> None:
    class Unprintable(Exception):
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    assert "Unprintable whose repr raises" in repr(Crash(Unprintable(), Stack(())))
    assert repr(Stack(())) == "<stack>"
    assert str(Stack.of(None)) == ""
