"""Process groups: names that many processes share; OTP's pg.

    join("rooms", pid) -> the scope monitors it, and notes it     -> Joined to who watches
    pid ends           -> it leaves all its groups                -> Left to who watches

A scope is a process with groups of its own, started by `start_link` and known by its name. A process
may be in a group several times and leaves as often; groups without members are gone.

Source: https://www.erlang.org/doc/apps/kernel/pg.html
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, final
from typing import cast as typed

from actors import _behaviour, debug, process
from actors._behaviour import Ended, Failure, Server, StartOptions
from actors._envelopes import CALL, Caller
from actors.debug import Watch
from actors.errors import ActorsError, BadArgument, shown
from actors.exits import Reason, Stack, reason_of
from actors.messages import Down, Exited, Message
from actors.pid import LOCAL_NODE, Pid, Ref

__all__ = [
    "DEFAULT_SCOPE",
    "Group",
    "Joined",
    "Left",
    "NotJoined",
    "child_spec",
    "demonitor",
    "get_local_members",
    "get_members",
    "join",
    "leave",
    "monitor",
    "monitor_scope",
    "start",
    "start_link",
    "which_groups",
    "which_local_groups",
]

DEFAULT_SCOPE = "pg"
"""The scope that is meant when none is named."""

Group: TypeAlias = Hashable
"""The name of a group: anything that can be hashed."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Processes have joined a group that one watches."""

    ref: Ref
    """What `monitor` or `monitor_scope` returned."""
    group: Group
    """Which group."""
    pids: tuple[Pid, ...]
    """Who, as often as they have joined."""


@dataclass(frozen=True, slots=True)
class Left:
    """Processes have left a group that one watches, or one has ended, once for each membership."""

    ref: Ref
    """What `monitor` or `monitor_scope` returned."""
    group: Group
    """Which group."""
    pids: tuple[Pid, ...]
    """Who, as often as `leave` has named them if one of them was in it; of a process that ended, it alone."""


class NotJoined(ActorsError):
    """None of these processes was in the group that it was to leave."""


# -- client half -----------------------------------------------------------------------------------


def start_link(scope: str = DEFAULT_SCOPE) -> Pid:
    """Start a scope linked to the caller, without any groups, and wait until it is up.

    Runs in the caller.

    Args:
        scope: Its name, under which it is registered.

    Returns:
        Its pid.

    Raises:
        StartError: `("already_started", pid)`: there is one of that name.
        BadArgument: The name is not accepted.

    Example:
        >>> from actors import run
        >>> def main():
        ...     start_link("chat")
        ...     return which_groups(scope="chat")
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#start_link/1
    """
    return _start(scope, is_linked=True)


def start(scope: str = DEFAULT_SCOPE) -> Pid:
    """Start a scope that is linked to nobody; otherwise like `start_link`.

    Runs in the caller. Waits until it is up.

    Args:
        scope: Its name, under which it is registered.

    Returns:
        Its pid.

    Raises:
        StartError: `("already_started", pid)`: there is one of that name.
        BadArgument: The name is not accepted.

    Example:
        >>> from actors import run
        >>> def main():
        ...     start("chat")
        ...     return which_groups(scope="chat")
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#start/1
    """
    return _start(scope, is_linked=False)


def child_spec(scope: str = DEFAULT_SCOPE) -> dict[str, object]:
    """Describe a scope as a child of a supervisor.

    Runs in the caller. Starts nothing.

    Args:
        scope: The name of the scope.

    Returns:
        What a supervisor takes for a child.

    Example:
        >>> child_spec("chat")["id"]
        ('groups', 'chat')

    Source: https://hexdocs.pm/elixir/Supervisor.html#module-child_spec-1-function
    """
    _behaviour.check_name(scope)
    return {"id": ("groups", scope), "start": (start_link, (scope,))}


def join(group: Group, processes: Pid | Sequence[Pid], *, scope: str = DEFAULT_SCOPE) -> None:
    """Let one or more processes join a group; each may do so many times.

    Runs in the caller and waits until it is done.

    Args:
        group: Any name.
        processes: A pid or several.
        scope: The name of the scope.

    Raises:
        CallFailed: There is no such scope.
        BadArgument: One of the processes is not accepted, or the name cannot be hashed; nobody has joined.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     start_link()
        ...     join("rooms", process.self())
        ...     return which_groups(), get_members("rooms") == [process.self()]
        >>> run(main)
        (['rooms'], True)

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#join/3
    """
    _ask(scope, ("join_local", _group(group), _pids(processes)))


def leave(group: Group, processes: Pid | Sequence[Pid], *, scope: str = DEFAULT_SCOPE) -> None:
    """Let one or more processes leave a group, each once.

    Runs in the caller and waits until it is done.

    Args:
        group: Any name.
        processes: A pid or several.
        scope: The name of the scope.

    Raises:
        NotJoined: None of them was in it.
        CallFailed: There is no such scope.
        BadArgument: One of the processes is not accepted.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     start_link()
        ...     join("rooms", process.self())
        ...     leave("rooms", process.self())
        ...     return get_members("rooms")
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#leave/3
    """
    if not _ask(scope, ("leave_local", _group(group), _pids(processes))):
        raise NotJoined(f"none of {shown(processes)} is in the group {shown(group)}")


def get_members(group: Group, *, scope: str = DEFAULT_SCOPE) -> list[Pid]:
    """Return the members of a group, the latest first, each as often as it has joined.

    Runs in the caller and waits for the scope to answer.

    Args:
        group: Any name.
        scope: The name of the scope.

    Returns:
        Their pids; none for a group that nobody has joined.

    Raises:
        CallFailed: There is no such scope.

    Example:
        >>> from actors import run
        >>> def main():
        ...     start_link()
        ...     return get_members("rooms")
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#get_members/2
    """
    return typed("list[Pid]", _ask(scope, ("members", _group(group))))


def get_local_members(group: Group, *, scope: str = DEFAULT_SCOPE) -> list[Pid]:
    """Return the members of a group that live on this node; there is one, so it is all of them.

    Runs in the caller and waits for the scope to answer.

    Args:
        group: Any name.
        scope: The name of the scope.

    Returns:
        Their pids.

    Raises:
        CallFailed: There is no such scope.

    Example:
        >>> from actors import run
        >>> def main():
        ...     start_link()
        ...     return get_local_members("rooms")
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#get_local_members/2
    """
    return [pid for pid in get_members(group, scope=scope) if pid.node == LOCAL_NODE]


def which_groups(*, scope: str = DEFAULT_SCOPE) -> list[Group]:
    """Return the groups that have members, the oldest first.

    Runs in the caller and waits for the scope to answer.

    Args:
        scope: The name of the scope.

    Returns:
        Their names.

    Raises:
        CallFailed: There is no such scope.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     start_link()
        ...     join("rooms", process.self())
        ...     return which_groups()
        >>> run(main)
        ['rooms']

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#which_groups/1
    """
    return typed("list[Group]", _ask(scope, ("groups",)))


which_local_groups = which_groups
"""The groups that have members of this node, as all of them do."""


def monitor(group: Group, *, scope: str = DEFAULT_SCOPE) -> tuple[Ref, list[Pid]]:
    """Have the caller told by `Joined` and `Left` who comes and goes in a group, also an empty one.

    Runs in the caller and waits for the scope to answer; the messages come later.

    Args:
        group: Any name.
        scope: The name of the scope.

    Returns:
        The reference that the messages carry, and the present members: nothing between is missed.

    Raises:
        CallFailed: There is no such scope.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     start_link()
        ...     ref, members = monitor("rooms")
        ...     join("rooms", process.self())
        ...     return members, process.receive().group
        >>> run(main)
        ([], 'rooms')

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#monitor/2
    """
    answer = _ask(scope, ("monitor", (_group(group),)))
    return typed("tuple[Ref, list[Pid]]", answer)


def monitor_scope(*, scope: str = DEFAULT_SCOPE) -> tuple[Ref, dict[Group, list[Pid]]]:
    """Have the caller told who comes and goes in all groups of a scope.

    Runs in the caller and waits for the scope to answer; the messages come later.

    Args:
        scope: The name of the scope.

    Returns:
        The reference that the messages carry, and the present members of each group.

    Raises:
        CallFailed: There is no such scope.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     start_link()
        ...     ref, members = monitor_scope()
        ...     join("rooms", process.self())
        ...     return members, process.receive().group
        >>> run(main)
        ({}, 'rooms')

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#monitor_scope/1
    """
    answer = _ask(scope, ("monitor", ()))
    return typed("tuple[Ref, dict[Group, list[Pid]]]", answer)


def demonitor(ref: Ref, *, scope: str = DEFAULT_SCOPE) -> bool:
    """Stop being told, and remove what was told already from the mailbox.

    Runs in the caller and waits until it is done.

    Args:
        ref: What `monitor` or `monitor_scope` returned.
        scope: The name of the scope.

    Returns:
        Whether the reference was that of a monitor of this scope.

    Raises:
        CallFailed: There is no such scope.

    Example:
        >>> from actors import run
        >>> def main():
        ...     start_link()
        ...     ref, _ = monitor("rooms")
        ...     return demonitor(ref), demonitor(ref)
        >>> run(main)
        (True, False)

    Source: https://www.erlang.org/doc/apps/kernel/pg.html#demonitor/2
    """
    found = _ask(scope, ("demonitor", ref))

    def is_told(message: Message) -> bool:
        return isinstance(message, Joined | Left) and message.ref is ref

    while found and isinstance(process.receive(is_told, 0), Joined | Left):
        pass
    return bool(found)


def _start(scope: str, *, is_linked: bool) -> Pid:
    options = StartOptions(is_linked, scope)
    return typed("Pid", _behaviour.start(_Scope, _INITIAL_CALL, options))


def _ask(scope: str, request: tuple[object, ...]) -> object:
    if not isinstance(scope, str):
        raise BadArgument("scope", scope, "the name of a scope")
    return _behaviour.call(scope, request, None, ("gen_server", "call"))


def _group(group: Group) -> Group:
    try:
        hash(group)
    except Exception:  # noqa: BLE001 - a user's own `__hash__` may do anything
        raise BadArgument("group", group, "a name that can be hashed") from None
    return group


def _pids(processes: object) -> tuple[Pid, ...]:
    several = processes if isinstance(processes, list | tuple) else (processes,)
    for each in several:
        if not isinstance(each, Pid) or each.node != LOCAL_NODE:
            raise BadArgument("processes", each, "a pid of this node, or several")
    return tuple(several)


# -- process half ----------------------------------------------------------------------------------


@final
class _Scope(Server):
    """One scope's groups and who watches them."""

    module = "pg"

    def __init__(self, parent: Pid) -> None:
        self.parent = parent
        self.watch: Watch | None = None
        self._groups: dict[Group, list[Pid]] = {}
        """The members of each, the latest first."""
        self._members: dict[Pid, tuple[Ref, list[Group]]] = {}
        """How each member is monitored, and its groups in the order of joining."""
        self._watchers: dict[Ref, tuple[Pid, tuple[Group, ...]]] = {}
        """Who is told, and of which group or of all, by the reference that monitors who is told."""

    def init(self) -> object:
        return "up"

    def begin(self, outcome: object) -> None:
        """Nothing is left to do."""

    def handle(self, message: Message) -> None:
        try:
            match message:
                case _ if debug.is_system(message):
                    debug.serve(self, message)
                case (tag, caller, request) if tag is CALL:
                    self._answer(typed("Caller", caller), request)
                case Down(ref, Pid() as pid):
                    self._ended(ref, pid)
                case Exited(pid, reason) if pid is self.parent:
                    self.end(reason, message)
                case _:
                    process.exit(("badarg", Stack(())))
        except BaseException as error:  # noqa: BLE001 - every end goes one way
            self._fail(error, message)

    def _answer(self, caller: Caller, request: Message) -> None:
        match request:
            case ("join_local", group, tuple() as pids):
                answer: object = None
                self._join(group, pids)
            case ("leave_local", group, tuple() as pids):
                answer = self._leave(group, pids)
            case ("members", group):
                answer = list(self._groups.get(group, ()))
            case ("groups",):
                answer = list(self._groups)
            case ("monitor", tuple() as groups):
                answer = self._monitor(caller[0], groups)
            case ("demonitor", Ref() as ref):
                answer = self._demonitor(ref)
            case _:
                process.exit(("badarg", Stack(())))
        _behaviour.reply(caller, answer)
        if self.watch is not None:
            self.watch.answered(caller, answer, self.get_state())

    def _join(self, group: Group, pids: tuple[Pid, ...]) -> None:
        if pids:
            self._groups[group] = [*pids, *self._groups.get(group, ())]
        for pid in pids:
            if pid not in self._members:
                self._members[pid] = process.monitor(pid), []
            self._members[pid][1].append(group)
        self._tell(Joined, group, pids)

    def _leave(self, group: Group, pids: tuple[Pid, ...]) -> bool:
        left = [pid for pid in pids if self._remove(group, pid)]
        # As in OTP all that were named are told of if any was in it, also one that was in it less often.
        self._tell(Left, group, pids if left else ())
        return bool(left)

    def _remove(self, group: Group, pid: Pid) -> bool:
        ref, groups = self._members.get(pid, (None, []))
        if group not in groups:
            return False
        groups.remove(group)
        if not groups and ref is not None:
            process.demonitor(ref, flush=True)
            del self._members[pid]
        self._groups[group].remove(pid)
        if not self._groups[group]:
            del self._groups[group]
        return True

    def _ended(self, ref: Ref, pid: Pid) -> None:
        if ref in self._watchers:
            del self._watchers[ref]
        elif pid in self._members and self._members[pid][0] is ref:
            for group in self._members[pid][1][::-1]:
                self._remove(group, pid)
                self._tell(Left, group, (pid,))

    def _monitor(self, watcher: Pid, groups: tuple[Group, ...]) -> tuple[Ref, object]:
        ref = process.monitor(watcher)
        self._watchers[ref] = watcher, groups
        if groups:
            return ref, list(self._groups.get(groups[0], ()))
        return ref, {group: list(pids) for group, pids in self._groups.items()}

    def _demonitor(self, ref: Ref) -> bool:
        process.demonitor(ref, flush=True)
        return self._watchers.pop(ref, None) is not None

    def _tell(
        self,
        what: Callable[[Ref, Group, tuple[Pid, ...]], Joined | Left],
        group: Group,
        pids: tuple[Pid, ...],
    ) -> None:
        for ref, (watcher, groups) in self._watchers.items():
            if pids and (not groups or group in groups):
                process.inform(watcher, what(ref, group, pids))

    # What `debug` asks for

    def get_state(self) -> object:
        return {group: tuple(pids) for group, pids in self._groups.items()}

    def replace_state(self, function: Callable[[object], object]) -> NoReturn:
        raise BadArgument("state", function, "nothing: members join and leave")

    def status(self) -> object:
        return self.get_state()

    def change_code(self, module: type | None, old_version: object, extra: object) -> None:
        """The state is the same in all versions."""

    def end(self, reason: Reason, message: Message, stack: Stack | None = None) -> NoReturn:

        def told(_: Reason) -> Failure:
            return Failure(_INITIAL_CALL, message, self.get_state())

        _behaviour.end("groups", reason, lambda _: None, told, stack)

    def _fail(self, error: BaseException, message: Message) -> NoReturn:
        if isinstance(error, Ended) or _behaviour.is_ending():
            raise error
        self.end(reason_of(error), message, Stack.of(error.__traceback__))


_INITIAL_CALL = "actors.groups.start_link"
