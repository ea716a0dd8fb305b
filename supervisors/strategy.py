"""The three strategies as plans: which children stop and which start when one of them has ended.

The first question is whether an end is a failure and whether the child comes back: `is_failure` and
`is_restarted`. The second is who shares its fate: `plan`.

A supervisor hands over its children, newest first, and the one that ended; it gets back a `Plan` of
ids in the order in which to act on them. Nothing here knows of processes, so the strategies are
tested as tables.

The children are taken as an iterable and only as far as needed: a crash under `one_for_one` costs
the same with ten thousand siblings as with none.

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#supervision-principles
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from actors.exits import Reason, is_clean
from supervisors.child_spec import AutoShutdown, BadOption, ChildSpec, Restart, one_of

__all__ = [
    "Plan",
    "Strategy",
    "check_auto_shutdown",
    "check_strategy",
    "is_failure",
    "is_restarted",
    "plan",
]

Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one"]
"""Who shares the fate of a child that is started again: nobody, all, those started after it."""


def is_restarted(restart: Restart, reason: Reason) -> bool:
    """Tell whether a child that ended by itself is started again. Pure.

    Args:
        restart: The restart word of its spec.
        reason: What it ended with.

    Returns:
        Whether it is.

    Example:
        >>> [is_restarted("transient", reason) for reason in ("normal", ("shutdown", 1), "killed")]
        [False, False, True]

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:restart/0
    """
    match restart:
        case "permanent":
            return True
        case "transient":
            return not is_clean(reason)
        case "temporary":
            return False


def is_failure(restart: Restart, reason: Reason) -> bool:
    """Tell whether the end of a child is to be reported: a permanent one should never end. Pure.

    Args:
        restart: The restart word of its spec.
        reason: What it ended with.

    Returns:
        Whether it is.

    Example:
        >>> is_failure("permanent", "normal"), is_failure("transient", "normal")
        (True, False)

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:restart/0
    """
    return restart == "permanent" or not is_clean(reason)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about one ended child, in the order in which to do it: stop, forget, start."""

    stop: tuple[Hashable, ...]
    """The siblings to stop, newest first. Those that do not run need nothing done."""
    forget: tuple[Hashable, ...]
    """Which of these are temporary and do not come back."""
    start: tuple[Hashable, ...]
    """The children to start, oldest first: the ended one and all siblings that were stopped, also
    those which had ended, or had been terminated, before."""


def plan(strategy: Strategy, newest_first: Iterable[ChildSpec], failed: Hashable) -> Plan:
    """Return what a strategy asks for when a child is to be started again. Pure.

    Args:
        strategy: The supervisor's strategy.
        newest_first: All children, the last started first; `failed` is among them.
        failed: The id of the child that ended or could not be started.

    Returns:
        The plan.

    Example:
        >>> kids = [ChildSpec(id, (print, ())) for id in "cba"]
        >>> plan("rest_for_one", kids, "b")
        Plan(stop=('c',), forget=(), start=('b', 'c'))

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:strategy/0
    """
    match strategy:
        case "one_for_one":
            return Plan(stop=(), forget=(), start=(failed,))
        case "rest_for_one":
            return _together([*_until(newest_first, failed)], failed)
        case "one_for_all":
            return _together([*newest_first], failed)


def _until(newest_first: Iterable[ChildSpec], failed: Hashable) -> Iterable[ChildSpec]:
    for spec in newest_first:
        yield spec
        if spec.id == failed:
            return


def _together(newest_first: list[ChildSpec], failed: Hashable) -> Plan:
    siblings = [spec for spec in newest_first if spec.id != failed]
    return Plan(
        stop=tuple(spec.id for spec in siblings),
        forget=tuple(spec.id for spec in siblings if spec.is_temporary),
        start=tuple(
            spec.id for spec in reversed(newest_first) if spec.id == failed or not spec.is_temporary
        ),
    )


def check_strategy(value: object) -> Strategy:
    """Return a strategy, or refuse it.

    Pure.

    Args:
        value: What was passed.

    Returns:
        The same.

    Raises:
        BadOption: It is none of the three.

    Example:
        >>> check_strategy("one_for_all")
        'one_for_all'

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:strategy/0
    """
    accepted: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")
    return one_of(accepted, value, BadOption, "strategy", "invalid_strategy")


def check_auto_shutdown(value: object) -> AutoShutdown:
    """Return an `auto_shutdown` option, or refuse it.

    Pure.

    Args:
        value: What was passed.

    Returns:
        The same.

    Raises:
        BadOption: It is none of the three.

    Example:
        >>> check_auto_shutdown("never")
        'never'

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:auto_shutdown/0
    """
    accepted: tuple[AutoShutdown, ...] = ("never", "any_significant", "all_significant")
    return one_of(accepted, value, BadOption, "auto_shutdown", "invalid_auto_shutdown")
