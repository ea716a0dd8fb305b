"""The ordered table of one supervisor's children, and the start of one of them.

A child is found by its id and, when its end is heard of, by its pid, without a look at the others;
the table is in the order of the starts. What became of a child is written here alone, so that the
indexes and the count of significant children are always true.

    add ──> running <──> stopped      stopped: ended for good, terminated, or no process was wanted
               ^            ^
               └> restarting┘         its last restart failed, another attempt is on its way

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#which_children/1
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from actors import process
from actors.errors import StartError
from actors.exits import Reason, reason_of
from actors.pid import Pid, Ref
from supervisors.child_spec import ChildSpec

__all__ = ["Answer", "Child", "Children", "Failed", "Status", "Up", "start"]

Answer: TypeAlias = Pid | tuple[Pid, object] | None
"""What a start function returned: a process, a process with a word about it, or none."""
Status: TypeAlias = Pid | Literal["restarting"] | None
"""The pid of a running child, `"restarting"`, or `None` for one that is stopped."""


@dataclass(slots=True, eq=False)
class Child:
    """One row of the table. Changed by `Children` only."""

    spec: ChildSpec
    """How it is started and stopped."""
    pid: Pid | None = None
    """Its process; while it is being restarted the last one it had."""
    attempt: Ref | None = None
    """While it is being restarted: the token of the attempt that is on its way."""

    @property
    def status(self) -> Status:
        """What `which_children` shows."""
        return self.pid if self.attempt is None else "restarting"


class Children:
    """The children of one supervisor, oldest first."""

    __slots__ = ("_attempts", "_by_id", "_by_pid", "_significant")

    def __init__(self) -> None:
        self._by_id: dict[Hashable, Child] = {}
        self._by_pid: dict[Pid, Child] = {}
        self._attempts: dict[Ref, Child] = {}
        self._significant = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Child]:
        return iter(self._by_id.values())

    def __reversed__(self) -> Iterator[Child]:
        return reversed(self._by_id.values())

    def __getitem__(self, id: Hashable) -> Child:
        return self._by_id[id]

    def specs(self) -> Iterator[ChildSpec]:
        """Return the specifications, newest first."""
        return (child.spec for child in reversed(self))

    def get(self, id: object) -> Child | None:
        """Return the child of an id."""
        try:
            return self._by_id.get(id)
        except Exception:  # noqa: BLE001 - what cannot be hashed or compared is nobody's id
            return None

    def of(self, pid: object) -> Child | None:
        """Return the child whose process has a pid."""
        return self._by_pid.get(pid) if isinstance(pid, Pid) else None

    def attempted(self, attempt: object) -> Child | None:
        """Return the child that waits for an attempt; `None` when it was given up meanwhile."""
        return self._attempts.get(attempt) if isinstance(attempt, Ref) else None

    def has_significant(self) -> bool:
        """Tell whether a significant child is running or being restarted."""
        return self._significant > 0

    def add(self, spec: ChildSpec) -> Child:
        """Append a child that is stopped."""
        child = self._by_id[spec.id] = Child(spec)
        return child

    def forget(self, child: Child) -> None:
        """Take a child out of the table."""
        self._leave(child)
        del self._by_id[child.spec.id]

    def running(self, child: Child, pid: Pid | None) -> None:
        """Note what a start function brought: a process, or none."""
        self._leave(child)
        child.pid = pid
        if pid is not None:
            self._by_pid[pid] = child
            self._significant += child.spec.significant

    def stopped(self, child: Child) -> None:
        """Note that a child has no process any more."""
        self.running(child, None)

    def restarting(self, child: Child, last: Pid | None) -> Ref:
        """Note that a child could not be started again; return the token of the next attempt."""
        self._leave(child)
        child.pid = last
        child.attempt = attempt = Ref()
        self._attempts[attempt] = child
        self._significant += child.spec.significant
        return attempt

    def _leave(self, child: Child) -> None:
        """Undo what the child's present state has written into the indexes."""
        if child.attempt is not None:
            del self._attempts[child.attempt]
            child.attempt = None
            self._significant -= child.spec.significant
        elif child.pid is not None:
            # Two start functions may have returned one pid: it belongs to the later one.
            if self._by_pid.get(child.pid) is child:
                del self._by_pid[child.pid]
            self._significant -= child.spec.significant


@dataclass(frozen=True, slots=True)
class Up:
    """A start function did what it should."""

    pid: Pid | None
    """The process; `None` when the start function wanted none."""
    answer: Answer
    """What the function returned."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A start function brought no process."""

    reason: Reason
    """Why."""


def start(spec: ChildSpec) -> Up | Failed:
    """Call the start function of a child, in the process of the caller, and wait until it returns.

    Whatever comes out of it is the child's failure and not the supervisor's.

    Args:
        spec: The child.

    Returns:
        `Up`, or `Failed` with the reason of a `StartError`, the value that is no pid, or
        `("EXIT", reason)` for anything else that was raised.

    Raises:
        Exit: The calling process itself was told to end meanwhile.
    """
    function, args, *named = spec.start
    try:
        answer = function(*args, **(named[0] if named else {}))
    except StartError as error:
        return Failed(error.reason)
    except BaseException as error:
        if not process.is_alive(process.self()):
            raise
        return Failed(("EXIT", reason_of(error)))
    match answer:
        case None:
            return Up(None, None)
        case Pid():
            return Up(answer, answer)
        case (Pid() as pid, _) if isinstance(answer, tuple):
            return Up(pid, answer)
        case _:
            return Failed(answer)
