"""The children of a dynamic supervisor: a crowd without order, known by their pids.

Unlike a `_children` table this one has no ids and no places: a child that has ended for good is gone.
A child whose restart has failed stays under the last pid it had.

    up ──> running ──> gone          the start function is called with the supervisor's extra
            ^   └──> restarting ─┐   arguments in front, at every restart too
            └────────────────────┘

At the end all are told to stop at once, so it takes as long as the slowest and not as long as all
of them. What the mailbox brings of them meanwhile is taken as it comes: looked for one by one, each
end would cost a walk past the others.

Source: https://hexdocs.pm/elixir/DynamicSupervisor.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actors import process
from actors.errors import StartError
from actors.exits import KILL, NOPROC, SHUTDOWN, Reason, means, reason_of
from actors.messages import Down, Exited, Message
from actors.outcomes import Stop
from actors.pid import Pid, Ref
from supervisors import _reports
from supervisors._children import (
    ChildCounts,
    ChildInfo,
    Failed,
    Result,
    Status,
    TryAgain,
    Up,
    afresh,
    answered,
    may_restart,
)
from supervisors._intensity import RestartWindow
from supervisors._shutdown import is_expected
from supervisors.child_spec import ChildSpec
from supervisors.strategy import is_failure, is_restarted

__all__ = ["Crowd", "Member"]


@dataclass(slots=True, eq=False)
class Member:
    """One child. Changed by `Crowd` only."""

    spec: ChildSpec
    """How it is started and stopped."""
    pid: Pid
    """Its process; while it is being restarted the last one it had."""
    attempt: Ref | None = None
    """While it is being restarted: the token of the attempt that is on its way."""

    @property
    def info(self) -> ChildInfo:
        """What `which_children` shows."""
        status: Status = self.pid if self.attempt is None else "restarting"
        return ChildInfo(None, status, self.spec.type, self.spec.modules)

    @property
    def last_pid(self) -> _reports.LastPid:
        """What the reports show."""
        return self.pid if self.attempt is None else ("restarting", self.pid)


class Crowd:
    """The children of one supervisor.

    Args:
        owner: The name of the supervisor, or its pid, for the reports.
        window: How many restarts are too many.
        extra_arguments: What comes in front of each child's own arguments.
        moved: Told the pid that a child had, and the one it has now; `None` if it is gone for good.
    """

    __slots__ = ("_attempts", "_members", "_moved", "extra", "owner", "window")

    def __init__(
        self,
        owner: object,
        window: RestartWindow,
        extra_arguments: tuple[object, ...] = (),
        moved: Callable[[Pid, Pid | None], None] | None = None,
    ) -> None:
        self.owner = owner
        self.window = window
        self.extra = extra_arguments
        """What comes in front of the arguments of every start."""
        self._moved = moved
        self._members: dict[Pid, Member] = {}
        self._attempts: dict[Ref, Member] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def of(self, pid: object) -> Member | None:
        """Return the child that has a pid, or had it when its restart failed."""
        return self._members.get(pid) if isinstance(pid, Pid) else None

    def counts(self) -> ChildCounts:
        """Return what `count_children` shows."""
        running = [member for member in self if member.attempt is None]
        supervisors = sum(member.spec.type == "supervisor" for member in self)
        return ChildCounts(
            specs=len(self),
            active=sum(process.is_alive(member.pid) for member in running),
            supervisors=supervisors,
            workers=len(self) - supervisors,
        )

    # What a supervisor does with its children

    def up(self, spec: ChildSpec) -> Up | Failed:
        """Start a new child; one without a process is kept nowhere."""
        result = _start(spec, self.extra)
        if isinstance(result, Up) and result.pid is not None:
            self._members[result.pid] = Member(spec, result.pid)
            _reports.child_started(self.owner, spec, result.pid)
        return result

    def add(self, spec: ChildSpec) -> Result:
        """Do what `start_child` asks for."""
        result = self.up(spec)
        return ("ok", result.answer) if isinstance(result, Up) else ("error", result.reason)

    def end(self, pid: Pid) -> Result:
        """Do what `terminate_child` asks for."""
        member = self.of(pid)
        if member is None:
            return "error", "not_found"
        self.stop([member])
        self._move(pid, None)
        return "ok", None

    def hear(self, message: Message) -> Stop[Any, None] | None:
        """Do what a plain message to the supervisor is about: a child that ended, an attempt that is due."""
        # By its type: anybody can send anything, also what lies about its class.
        if type(message) is Exited:
            member = self.of(message.pid)
            if member is None or member.attempt is not None:
                return None
            return self._ended(member, message.reason)
        if type(message) is TryAgain:
            attempt = message.attempt
            waiting = self._attempts.get(attempt) if isinstance(attempt, Ref) else None
            return None if waiting is None else self._restart(waiting)
        _reports.unexpected(self.owner, message)
        return None

    def _ended(self, member: Member, reason: Reason) -> Stop[Any, None] | None:
        restart = member.spec.restart
        if is_failure(restart, reason):
            self.report("child_terminated", reason, member)
        if is_restarted(restart, reason):
            return self._restart(member)
        self._part_with(member)
        return None

    def _restart(self, member: Member) -> Stop[Any, None] | None:
        if may_restart(self.window):
            self._again(member)
            return None
        self.report("shutdown", "reached_max_restart_intensity", member)
        self._part_with(member)
        return Stop(SHUTDOWN)

    def _again(self, member: Member) -> None:
        """Start a child again; if that fails, send oneself a message to try once more.

        Through the mailbox, so that whoever asks something meanwhile is answered before that. Until then the
        child keeps its last pid.
        """
        self.forget(member)
        match self.up(member.spec):
            case Up(pid=pid):
                self._move(member.pid, pid)
            case Failed(reason=reason):
                member.attempt = attempt = Ref()
                self._members[member.pid] = self._attempts[attempt] = member
                self.report("start_error", reason, member)
                process.deliver(process.self(), TryAgain(attempt))

    def _part_with(self, member: Member) -> None:
        self.forget(member)
        self._move(member.pid, None)

    def _move(self, before: Pid, now: Pid | None) -> None:
        if self._moved is not None:
            self._moved(before, now)

    def forget(self, member: Member) -> None:
        """Take a child out of the crowd."""
        if member.attempt is not None:
            self._attempts.pop(member.attempt, None)
            member.attempt = None
        # Two start functions may have returned one pid: it belongs to the later one.
        if self._members.get(member.pid) is member:
            del self._members[member.pid]

    def report(self, context: _reports.ErrorContext, reason: Reason, member: Member) -> None:
        """Tell the world what went wrong with a child."""
        _reports.child_failed(self.owner, context, reason, member.spec, member.last_pid)

    def stop(self, group: Collection[Member]) -> None:
        """Stop some children at once, and give up what restarts of them are on their way.

        An end that is not as expected is reported, and that is all: nobody is held up by it.
        """
        running = {member.pid: member for member in group if member.attempt is None}
        for pid, reason in _stop_together(running).items():
            if not is_expected(running[pid].spec, reason):
                self.report("shutdown_error", reason, running[pid])
        for member in group:
            self.forget(member)


# The call of one start function


def _start(spec: ChildSpec, extra: tuple[object, ...]) -> Up | Failed:
    """Call the start function of a child, in the process of the caller.

    As `_children.start`, also in what is withheld, but the reason of a start function that raised is shown bare.

    Raises:
        Exit: The calling process itself was told to end meanwhile.
    """
    function, args, *named = spec.start
    try:
        given, by_name = afresh(function, (*extra, *args), named[0] if named else {})
        answer = function(*given, **by_name)
    except StartError as error:
        return Failed(process.seen(error.reason))
    except BaseException as error:
        if not process.is_alive(process.self()):
            raise
        return Failed(process.seen(reason_of(error)))
    return answered(answer)


# The end of many


def _stop_together(members: Mapping[Pid, Member]) -> dict[Pid, Reason]:
    """End linked processes and wait until all are gone; return the reason of each."""
    waiting = {process.monitor(pid): pid for pid in members}
    reasons: dict[Pid, Reason] = {}
    for pid, member in members.items():
        process.send_exit(pid, KILL if member.spec.shutdown == "brutal_kill" else SHUTDOWN)
    deadlines = _deadlines(members)

    def is_news(message: Message) -> bool:
        match message:
            case Down(ref=ref):
                return ref in waiting
            case Exited(pid=Pid() as pid):
                # Anybody can send an `Exited` of a process that lives.
                return pid in members and not process.is_alive(pid)
            case _:
                return False

    while waiting:
        match process.receive(is_news, _left(deadlines)):
            case Down(ref=ref, reason=reason):
                pid = waiting.pop(ref)
                if not (_is_noproc(reason) and _is_linked(pid)):
                    reasons.setdefault(pid, reason)
            case Exited(pid=pid, reason=reason):
                reasons[pid] = reason
            case _:
                late = deadlines.pop(min(deadlines))
                for pid in late:
                    process.send_exit(pid, KILL)
    _last_words(members, reasons)
    return reasons


def _deadlines(members: Mapping[Pid, Member]) -> dict[float, list[Pid]]:
    """Return who is to be killed when: one deadline for each time that children are given."""
    now = process.monotonic()
    deadlines: dict[float, list[Pid]] = {}
    for pid, member in members.items():
        shutdown = member.spec.shutdown
        if isinstance(shutdown, int | float):
            deadlines.setdefault(now + shutdown, []).append(pid)
    return deadlines


def _left(deadlines: Mapping[float, object]) -> float | None:
    return max(min(deadlines) - process.monotonic(), 0.0) if deadlines else None


def _last_words(members: Mapping[Pid, Member], reasons: dict[Pid, Reason]) -> None:
    """Take the links away, and the `Exited` that they have brought.

    The monitor of a child that had ended before finds nobody; the reason is what the link says. One
    that was told to end by somebody else may not be done with it, perhaps on a thread of its own:
    only when its link is gone is nothing of it left.
    """
    missing = members.keys() - reasons.keys()
    for pid in reasons:
        process.unlink(pid)

    def is_last(message: Message) -> bool:
        return type(message) is Exited and isinstance(message.pid, Pid) and message.pid in members

    while isinstance(exited := process.receive(is_last, None if missing else 0), Exited):
        missing.discard(exited.pid)
        reasons[exited.pid] = exited.reason


def _is_noproc(reason: Reason) -> bool:
    return means(reason, NOPROC)


def _is_linked(pid: Pid) -> bool:
    me = process.info(process.self())
    return me is not None and pid in me.links
