"""What a case of endurance is, and what is counted.

A case tries one promise many times over and counts how often it held. Nothing stops at the first
failure: what was lost is kept as a story, one line each, with whatever is needed to play it again.

    @case(short=200, long=100_000)
    def call_against_death(size: int, tally: Tally) -> None:
        for seed in range(size):
            tally.check(holds(seed), f"seed {seed}")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Case", "Tally", "case", "cases_of"]


@dataclass
class Tally:
    """How often something was tried, and each time that it did not hold."""

    tried: int = 0
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Figures worth seeing, which decide nothing."""

    @property
    def survived(self) -> int:
        return self.tried - len(self.lost)

    def check(self, held: object, story: str) -> None:
        """Count one trial."""
        self.tried += 1
        if not held:
            self.lost.append(story)

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass(frozen=True)
class Case:
    """One promise, and how often it is tried."""

    name: str
    promise: str
    play: Callable[[int, Tally], None]
    short: int
    """In every run of the suite."""
    long: int
    """With ``python3 -m tests --long``."""

    def run(self, size: int) -> Tally:
        tally = Tally()
        self.play(size, tally)
        return tally


_cases: dict[str, list[Case]] = {}


def case(
    *, short: int, long: int
) -> Callable[[Callable[[int, Tally], None]], Callable[[int, Tally], None]]:
    """Make a function a case; the first line of its docstring is the promise."""

    def decorate(play: Callable[[int, Tally], None]) -> Callable[[int, Tally], None]:
        promise = (play.__doc__ or "").strip().partition("\n")[0]
        made = Case(play.__name__, promise, play, short, long)
        _cases.setdefault(play.__module__, []).append(made)
        return play

    return decorate


def cases_of(module: str) -> list[Case]:
    """Return the cases of one module, in its order."""
    return _cases.get(module, [])
