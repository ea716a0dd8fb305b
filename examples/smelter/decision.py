"""Whether a set that comes next may go: readiness against the clock, as one table.

Optional inputs get no grace beyond the set's own time: all tolerance for late packets lives in the
buffers of the sources. Required inputs are waited for without limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from examples.smelter.offsets import Ns

__all__ = ["Decision", "Go", "Readiness", "Wait", "decide", "summarise"]


class Readiness(Enum):
    """What is missing for a set."""

    READY = "nothing"
    OPTIONAL_MISSING = "optional inputs only"
    REQUIRED_MISSING = "a required input"


@dataclass(frozen=True, slots=True)
class Go:
    """Form the set."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again later."""

    until: Ns | None
    """The clock will change the answer then; None = only new data can."""


Decision: TypeAlias = Go | Wait


def summarise(missing: Iterable[bool]) -> Readiness:
    """Fold the missing inputs of a set, each given as whether it is required.

    Example:
        >>> summarise([]), summarise([False, True])
        (<Readiness.READY: 'nothing'>, <Readiness.REQUIRED_MISSING: 'a required input'>)
    """
    found = set(missing)
    if True in found:
        return Readiness.REQUIRED_MISSING
    return Readiness.OPTIONAL_MISSING if found else Readiness.READY


def decide(readiness: Readiness, pts: Ns, now: Ns, *, ahead_of_time: bool) -> Decision:
    """Return whether the set at `pts` goes now.

    Example:
        >>> decide(Readiness.READY, 20, 20, ahead_of_time=False)
        Go()
        >>> decide(Readiness.OPTIONAL_MISSING, 20, 20, ahead_of_time=False)  # strictly past
        Wait(until=21)
    """
    if now < pts and not ahead_of_time:
        return Wait(pts)
    match readiness:
        case Readiness.READY:
            return Go()
        case Readiness.REQUIRED_MISSING:
            return Wait(None)
        case Readiness.OPTIONAL_MISSING:
            return Go() if now > pts else Wait(pts + 1)
