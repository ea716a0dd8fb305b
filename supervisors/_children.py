"""The ordered table of one supervisor's children, and how they are started.

A child is found by its id and, when its end is heard of, by its pid, without a look at the others;
the table is in the order of the starts. What became of a child is written here alone, so that the
indexes and the count of significant children are always true.

    add ──> running <──> stopped      stopped: ended for good, terminated, or no process was wanted
               ^            ^
               └> restarting┘         its last restart failed, another attempt is on its way

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#which_children/1
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Literal, TypeAlias, cast, final

from actors import process
from actors.errors import NotSendable, StartError
from actors.exits import Reason, reason_of
from actors.pid import Pid, Ref
from actors.process import are_shared, monotonic
from supervisors._intensity import RestartWindow
from supervisors._reports import ErrorContext, LastPid, child_failed, child_started
from supervisors.child_spec import ChildSpec, ChildType, Modules, Start

__all__ = [
    "Answer",
    "Child",
    "ChildCounts",
    "ChildInfo",
    "Children",
    "Failed",
    "Result",
    "Status",
    "TryAgain",
    "Up",
    "afresh",
    "answered",
    "boot",
    "enrol",
    "launch",
    "may_restart",
    "report",
    "start",
    "try_again",
]

Answer: TypeAlias = Pid | tuple[Pid, object] | None
"""What a start function returned: a process, a process with a word about it, or none."""
Result: TypeAlias = tuple[Literal["ok", "error"], object]
"""What a supervisor answers whoever asks it."""
Status: TypeAlias = Pid | Literal["restarting"] | None
"""The pid of a running child, `"restarting"`, or `None` for one that is stopped."""


@final
class Child:
    """One row of the table. Changed by `Children` only.

    Args:
        spec: How it is started and stopped.
    """

    __slots__ = ("attempt", "pid", "restart", "significant", "spec", "start")

    def __init__(self, spec: ChildSpec) -> None:
        self.pid: Pid | None = None
        """Its process; while it is being restarted the last one it had."""
        self.attempt: Ref | None = None
        """While it is being restarted: the token of the attempt that is on its way."""
        self.describe(spec)

    def describe(self, spec: ChildSpec) -> None:
        """Take a specification, the first one or another."""
        self.spec = spec
        # What every restart asks for is kept at hand; `tests.bench` name: restart.
        self.restart = spec.restart
        self.significant = spec.significant
        self.start = spec.start

    @property
    def status(self) -> Status:
        """What `which_children` shows."""
        return self.pid if self.attempt is None else "restarting"

    @property
    def last_pid(self) -> LastPid:
        """What the reports show."""
        return self.pid if self.attempt is None else ("restarting", self.pid)


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """One child of a supervisor, as `which_children` shows it."""

    id: Hashable
    """Its id."""
    pid: Status
    """Its pid; `"restarting"` between two attempts to start it again; `None` if it is stopped."""
    type: ChildType
    """`"worker"` or `"supervisor"`."""
    modules: Modules
    """What code it runs."""


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """How many children a supervisor has."""

    specs: int
    """All of them, running or not."""
    active: int
    """Those whose process is alive."""
    supervisors: int
    """Those of type supervisor, running or not."""
    workers: int
    """Those of type worker, running or not."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """What a supervisor sends itself when a restart has failed."""

    attempt: Ref
    """Which attempt this is; the child may have been terminated, or started, meanwhile."""


class Children:
    """The children of one supervisor, oldest first.

    Args:
        owner: The name of the supervisor, or its pid, for the reports.
    """

    __slots__ = ("_attempts", "_by_id", "_by_pid", "_significant", "owner")

    def __init__(self, owner: object) -> None:
        self.owner = owner
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

    def infos(self) -> list[ChildInfo]:
        """Return what `which_children` shows, newest first."""
        return [
            ChildInfo(child.spec.id, child.status, child.spec.type, child.spec.modules)
            for child in reversed(self)
        ]

    def counts(self) -> ChildCounts:
        """Return what `count_children` shows."""
        running = [child.status for child in self if isinstance(child.status, Pid)]
        supervisors = sum(child.spec.type == "supervisor" for child in self)
        return ChildCounts(
            specs=len(self),
            active=sum(process.is_alive(pid) for pid in running),
            supervisors=supervisors,
            workers=len(self) - supervisors,
        )

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
        child = Child(spec)
        self._by_id[spec.id] = child
        return child

    def respecify(self, specs: Iterable[ChildSpec]) -> None:
        """Take other specifications: processes stay with their ids, nobody is started or stopped.

        The order is that of the new ones; those that are not among them stay too, after these.
        """
        left, self._by_id = self._by_id, {}
        for spec in specs:
            child = left.pop(spec.id, None)
            if child is None:
                self.add(spec)
                continue
            if child.status is not None:
                self._significant += spec.significant - child.significant
            child.describe(spec)
            self._by_id[spec.id] = child
        self._by_id |= left

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
            self._significant += child.significant

    def stopped(self, child: Child) -> None:
        """Note that a child has no process any more."""
        self.running(child, None)

    def over(self, child: Child) -> None:
        """Keep of a child that is over what its restart type asks to keep."""
        if child.spec.is_temporary:
            self.forget(child)
        else:
            self.stopped(child)

    def restarting(self, child: Child, last: Pid | None) -> Ref:
        """Note that a child could not be started again; return the token of the next attempt."""
        self._leave(child)
        child.pid = last
        child.attempt = attempt = Ref()
        self._attempts[attempt] = child
        self._significant += child.significant
        return attempt

    def _leave(self, child: Child) -> None:
        """Undo what the child's present state has written into the indexes."""
        if child.attempt is not None:
            del self._attempts[child.attempt]
            child.attempt = None
            self._significant -= child.significant
        elif child.pid is not None:
            # Two start functions may have returned one pid: it belongs to the later one.
            if self._by_pid.get(child.pid) is child:
                del self._by_pid[child.pid]
            self._significant -= child.significant


# What the owner's process does with its children


def enrol(name: object) -> Children:
    """Make the calling process a supervisor: it traps exits and has a table of children.

    Args:
        name: Its registered name, if it has one.
    """
    process.trap_exit(True)
    return Children(process.self() if name is None else name)


def launch(children: Children, child: Child) -> Up | Failed:
    """Start a child and write down what came of it; nothing, if its start failed."""
    # Every restart comes through here, and what it calls; `tests.bench` name: restart.
    result = start(child.start)
    if isinstance(result, Up):
        up = result
        if up.pid is None:
            children.over(child)
        else:
            children.running(child, up.pid)
            child_started(children.owner, child.spec, up.pid)
    return result


def boot(children: Children, child: Child) -> Failed | None:
    """Start a child as the supervisor's own doing: a failure is reported."""
    result = launch(children, child)
    if isinstance(result, Up):
        return None
    report(children, "start_error", result.reason, child)
    return result


def try_again(children: Children, child: Child, last: Pid | None) -> None:
    """Mark a child as restarting and send oneself a message to start it.

    Through the mailbox, so that whoever asks something meanwhile is answered before that.
    """
    process.deliver(process.self(), TryAgain(children.restarting(child, last)))


def may_restart(window: RestartWindow) -> bool:
    """Count a restart that is to happen now, and tell whether it may."""
    return window.allow(monotonic())


def report(children: Children, context: ErrorContext, reason: Reason, child: Child) -> None:
    """Tell the world what went wrong with a child."""
    child_failed(children.owner, context, reason, child.spec, child.last_pid)


# The call of one start function


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


def afresh(
    function: Callable[..., object], args: Arguments, named: Named
) -> tuple[Arguments, Named]:
    """Return the arguments of a start function as the child was described with them.

    What a start function does to them must not be there at the next start. What may not cross can only be
    the supervisor's own, from its `init`, and is given itself.
    """
    if are_shared(args) and (not named or are_shared(named.values())):
        return args, named
    code = function.__func__ if type(function) is MethodType else function
    if type(code) is FunctionType and str(code.__module__).startswith(("actors.", "supervisors.")):
        # Those of behaviours, tasks and supervisors give a process its own copy, and change nothing.
        return args, named
    try:
        return cast("tuple[Arguments, Named]", process.crossed((args, named), "(args, named)"))
    except NotSendable:
        return args, named


Arguments: TypeAlias = tuple[object, ...]
Named: TypeAlias = Mapping[str, object]
_NONE: Named = {}


def start(how: Start) -> Up | Failed:
    """Call the start function of a child, in the process of the caller, and wait until it returns.

    Whatever comes out of it is the child's failure and not the supervisor's: what of it may not cross to
    whoever has asked is withheld.

    Args:
        how: The start function and what it is given.

    Returns:
        `Up`, or `Failed` with the reason of a `StartError`, the value that is no pid, or
        `("EXIT", reason)` for anything else that was raised.

    Raises:
        Exit: The calling process itself was told to end meanwhile.
    """
    function = how[0]
    try:
        args, named = afresh(function, how[1], how[2] if len(how) > 2 else _NONE)  # noqa: PLR2004
        answer = function(*args, **named)
    except StartError as error:
        return Failed(process.seen(error.reason))
    except BaseException as error:
        if not process.is_alive(process.self()):
            raise
        return Failed(process.seen(("EXIT", reason_of(error))))
    return answered(answer)


def answered(answer: object) -> Up | Failed:
    """Say what the answer of a start function means."""
    if isinstance(answer, Pid):
        return Up(answer, answer)
    match answer:
        case None:
            return Up(None, None)
        case (Pid() as pid, _) if isinstance(answer, tuple):
            return Up(pid, process.seen(answer))
        case _:
            return Failed(process.seen(answer))
