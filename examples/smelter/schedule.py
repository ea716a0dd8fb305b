"""Commands that wait for their place between the sets, by time and then by arrival."""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from examples.smelter.offsets import Ns

__all__ = ["Schedule"]


@dataclass(slots=True)
class Schedule:
    """The waiting commands; times count from the start of the queue.

    Example:
        >>> schedule = Schedule()
        >>> schedule.add(20, "b"); schedule.add(10, "a"); schedule.add(20, "c")
        >>> schedule.earliest
        10
        >>> [schedule.pop() for _ in range(3)]
        [(10, 'a'), (20, 'b'), (20, 'c')]
    """

    waiting: list[tuple[Ns, object]] = field(default_factory=list)
    """In running order."""

    @classmethod
    def of(cls, waiting: Iterable[tuple[Ns, object]]) -> Schedule:
        """Return a schedule with these commands, which are in running order."""
        return cls(list(waiting))

    def add(self, time: Ns, command: object) -> None:
        """Let a command wait, behind those of the same time."""
        insort_right(self.waiting, (time, command), key=lambda one: one[0])

    @property
    def earliest(self) -> Ns | None:
        """The time of the first command; None if none waits."""
        return self.waiting[0][0] if self.waiting else None

    def pop(self) -> tuple[Ns, object]:
        """Take the first command."""
        return self.waiting.pop(0)
