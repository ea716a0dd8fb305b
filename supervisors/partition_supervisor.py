"""The partition supervisor: the same child several times, and each key has its own.

For a process that all others ask and that cannot keep up: several of it share the work, and what
belongs together goes to the same one, because it has the same key.

    Via(PartitionSupervisor, ("counters", "alice")) ──> _terms.slot("alice", 4) ──> 2
                                                        the table: 2 ──> #PID<0.57.0>

It is a `Supervisor` with one child for each partition. The table is written when a child starts and
read by whoever resolves an address, without a message.

Source: https://hexdocs.pm/elixir/PartitionSupervisor.html
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from typing import TypeAlias, cast

from actors import naming, process
from actors.errors import BadArgument, NoProcess
from actors.exits import NOPROC, NORMAL, Reason
from actors.isolation import shareable
from actors.messages import Message
from actors.naming import Address, Name, Via
from actors.pid import Pid
from supervisors._options import UNSET, Overseen, Unset, described
from supervisors._terms import MOST_PARTITIONS, ByPid, keep, slot
from supervisors.child_spec import ChildLike, ChildSpec, Restart, Shutdown, of, override
from supervisors.dynamic_supervisor import id_of
from supervisors.strategy import Strategy
from supervisors.supervisor import (
    ChildCounts,
    ChildInfo,
    Supervised,
    Supervisor,
    count_children,
    restart_child,
    stop,
    terminate_child,
    which_children,
)

__all__ = ["PartitionSupervisor", "WithArguments"]

WithArguments: TypeAlias = Callable[[list[object], int], list[object]]
"""Given the arguments of the child's start and the number of a partition, returns its arguments."""


@shareable
class _Table:
    """Which process each partition of one supervisor is. Written in the supervisor's process."""

    __slots__ = ("count", "limit", "pids")

    def __init__(self, count: int) -> None:
        self.limit = self.count = count
        self.pids: dict[int, Pid | None] = {}


_tables: ByPid[_Table] = {}


class PartitionSupervisor(Overseen):
    """A process that keeps one child for each of several partitions.

    The class keywords `id`, `restart` and `shutdown` record how a supervisor above should treat it.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
        ...     for user in ("alice", "bob", "alice"):
        ...         Agent.update(Via(PartitionSupervisor, ("hits", user)), lambda n: n + 1)
        ...     return Agent.get(Via(PartitionSupervisor, ("hits", "alice")), lambda n: n >= 2)
        >>> run(main)
        True

    Source: https://hexdocs.pm/elixir/PartitionSupervisor.html
    """

    @staticmethod
    def start_link(
        child: ChildLike,
        *,
        name: Name,
        partitions: int | None = None,
        with_arguments: WithArguments | None = None,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5.0,
    ) -> Pid:
        """Start a supervisor linked to the caller and wait until all partitions are up.

        Runs in the caller.

        Args:
            child: Whatever `child_spec.of` accepts; its id means nothing here.
            name: A name to register, or a `Via`; by it the partitions are found.
            partitions: How many there are; the number of cores by default.
            with_arguments: Makes the arguments of each partition's start.
            strategy: Who is restarted along with a partition.
            max_restarts: How many restarts are allowed within `max_seconds`.
            max_seconds: The window in which restarts are counted, in seconds.

        Returns:
            The pid.

        Raises:
            BadArgument: An option is not accepted; nothing was started.
            StartError: `("shutdown", ("failed_to_start_child", partition, reason))` when one did
                not start, and those before it were stopped again.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     return PartitionSupervisor.partitions("hits")
            >>> run(main)
            3

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#start_link/1
        """
        _check_name(name)
        table = _Table(_checked_partitions(partitions))
        spec = _inner(of(child))
        _check_with_arguments(with_arguments)
        children = [_partition(spec, n, table, with_arguments) for n in range(table.limit)]
        rules = Supervised(
            children, strategy=strategy, max_restarts=max_restarts, max_seconds=max_seconds
        )
        return cast("Pid", _Tree.start_link(table, rules, name=name))

    @classmethod
    def child_spec(
        cls,
        child: ChildLike,
        *,
        name: Name,
        id: Hashable | Unset = UNSET,
        restart: Restart | None = None,
        shutdown: Shutdown | Unset = UNSET,
        **options: object,
    ) -> ChildSpec:
        """Describe this supervisor as a child of another one.

        Runs in the caller. Starts nothing.

        Args:
            child: What each partition runs.
            name: By it the partitions are found.
            id: What the supervisor above calls it; the name, or the key of a `Via`, by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None`, the default, for no limit, or `"brutal_kill"`.
            options: Passed to `start_link`.

        Returns:
            The specification.

        Example:
            >>> from actors import Agent
            >>> PartitionSupervisor.child_spec((Agent, int), name="hits").id
            'hits'

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#child_spec/1
        """
        start = (cls.start_link, (child,), {"name": name, **options})
        return described(cls, id_of(name, cls), start, id, restart, shutdown)

    @staticmethod
    def partitions(supervisor: Address) -> int:
        """Return how many partitions there are. Does not wait.

        Runs in the caller.

        Args:
            supervisor: Its name, `Via` or pid.

        Returns:
            Their number, as `resize` left it.

        Raises:
            NoProcess: There is no such process.
            BadArgument: It is no partition supervisor.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     return PartitionSupervisor.partitions("hits")
            >>> run(main)
            3

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#partitions/1
        """
        return _table_of(supervisor).count

    @staticmethod
    def resize(supervisor: Address, partitions: int) -> int:
        """Change how many partitions are used: stop the upper ones, or start them again.

        Runs in the caller. Waits until that is done. A key may belong to another partition
        afterwards.

        Args:
            supervisor: Its name, `Via` or pid.
            partitions: From 0, when nobody can be found, to the number it was started with.

        Returns:
            How many there were before.

        Raises:
            BadArgument: The number is not accepted.
            ChildError: A partition could not be started again.
            NoProcess: There is no such process.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     before = PartitionSupervisor.resize("hits", 1)
            ...     return before, PartitionSupervisor.partitions("hits")
            >>> run(main)
            (3, 1)

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#resize!/2
        """
        table = _table_of(supervisor, "resize!", partitions)
        is_number = isinstance(partitions, int) and not isinstance(partitions, bool)
        if not is_number or not 0 <= partitions <= table.limit:
            raise BadArgument("partitions", partitions, f"a number from 0 to {table.limit}")
        before, table.count = table.count, min(table.count, partitions)
        for number in reversed(range(partitions, before)):
            terminate_child(supervisor, number)
        for number in range(before, partitions):
            restart_child(supervisor, number)
        table.count = partitions
        return before

    @staticmethod
    def which_children(supervisor: Address) -> list[ChildInfo]:
        """Return the partitions, the last first; the id of each is its number.

        Runs in the caller. Waits while the supervisor is busy.

        Args:
            supervisor: Its name, `Via` or pid.

        Returns:
            One entry for each partition.

        Raises:
            CallFailed: There is no such process, or it ended meanwhile.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     return [child.id for child in PartitionSupervisor.which_children("hits")]
            >>> run(main)
            [2, 1, 0]

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#which_children/1
        """
        return which_children(supervisor)

    @staticmethod
    def count_children(supervisor: Address) -> ChildCounts:
        """Return how many partitions were started and how many are alive.

        Runs in the caller. Waits while the supervisor is busy.

        Args:
            supervisor: Its name, `Via` or pid.

        Returns:
            How many there are, by kind.

        Raises:
            CallFailed: There is no such process, or it ended meanwhile.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     return PartitionSupervisor.count_children("hits").active
            >>> run(main)
            3

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#count_children/1
        """
        return count_children(supervisor)

    @staticmethod
    def stop(supervisor: Address, reason: Reason = NORMAL, timeout: float | None = None) -> None:
        """Stop a supervisor, its partitions first. Waits until it is gone.

        Runs in the caller.

        Args:
            supervisor: Its name, `Via` or pid.
            reason: The exit reason of the supervisor.
            timeout: Seconds to wait; `None`, the default, for no limit.

        Raises:
            CallFailed: There is no such process, it ended with another reason, or took too
                long.

        Example:
            >>> from actors import Agent, process, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     PartitionSupervisor.stop("hits")
            ...     return process.is_alive(top)
            >>> run(main)
            False

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#stop/3
        """
        stop(supervisor, reason, timeout)

    # -- as the module of a Via -------------------------------------------------------------------

    @staticmethod
    def whereis_name(key: object) -> Pid | None:
        """Return the partition that a key belongs to, for `Via(PartitionSupervisor, (name, key))`.

        Runs in the caller and does not wait.

        Args:
            key: `(name, key)` of a `Via`.

        Returns:
            Its pid; `None` if it is not up.

        Raises:
            NoProcess: There is no such supervisor.
            BadArgument: It has been resized to no partitions.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     top = PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     pid = PartitionSupervisor.whereis_name(("hits", "alice"))
            ...     children = PartitionSupervisor.which_children("hits")
            ...     return pid in [child.pid for child in children]
            >>> run(main)
            True

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#module-name-registration
        """
        supervisor, routed = _read(key)
        table = _table_of(supervisor)
        if not table.count:
            raise BadArgument("supervisor", supervisor, "one that has partitions")
        return table.pids.get(slot(routed, table.count))

    @staticmethod
    def send(key: object, message: Message) -> None:
        """Send a message to the partition that a key belongs to.

        Runs in the caller and does not wait.

        Args:
            key: `(name, key)` of a `Via`.
            message: Anything.

        Raises:
            NoProcess: There is no such supervisor, or the partition is not up.

        Example:
            >>> from actors import Agent, run
            >>> def main():
            ...     PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3)
            ...     PartitionSupervisor.send(("hits", "alice"), "hello")
            >>> run(main)

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#module-name-registration
        """
        pid = PartitionSupervisor.whereis_name(key)
        if pid is None:
            raise _nobody(Via(PartitionSupervisor, key), "send", [key, message])
        process.send(pid, message)

    @staticmethod
    def register_name(key: object, pid: Pid) -> bool:
        """Refuse: the partitions are started by their supervisor.

        Runs in the caller and does not wait.

        Args:
            key: `(name, key)` of a `Via`.
            pid: Who would like to.

        Returns:
            Never.

        Raises:
            BadArgument: Always.

        Example:
            >>> PartitionSupervisor.register_name(("hits", 1), None)
            Traceback (most recent call last):
                ...
            actors.errors.BadArgument: ...

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#module-name-registration
        """
        raise BadArgument("name", key, "no Via of PartitionSupervisor: it finds, it does not name")

    @staticmethod
    def unregister_name(key: object) -> None:
        """Do nothing: nobody can be registered.

        Runs in the caller and does not wait.

        Args:
            key: `(name, key)` of a `Via`.

        Example:
            >>> PartitionSupervisor.unregister_name(("hits", 1))

        Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#module-name-registration
        """


# -- in the supervisor's process -------------------------------------------------------------------


class _Tree(Supervisor):
    """The supervisor itself."""

    def init(self, table: _Table, rules: Supervised) -> Supervised:
        # Before the first partition starts, which may ask for another one.
        keep(_tables, process.self(), table)
        return rules


def _start(table: _Table, number: int, start: Callable[[], object]) -> object:
    answer = start()
    match answer:
        case Pid() as pid:
            table.pids[number] = pid
        case (Pid() as pid, _):
            table.pids[number] = pid
        case _:
            table.pids[number] = None
    return answer


# -- helpers ---------------------------------------------------------------------------------------


def _inner(spec: ChildSpec) -> tuple[ChildSpec, tuple[object, ...], Mapping[str, object]]:
    _, args, *named = spec.start
    return spec, args, named[0] if named else {}


def _partition(
    inner: tuple[ChildSpec, tuple[object, ...], Mapping[str, object]],
    number: int,
    table: _Table,
    with_arguments: WithArguments | None,
) -> ChildSpec:
    spec, args, named = inner
    function = spec.start[0]

    def start() -> object:
        own = args if with_arguments is None else with_arguments([*args], number)
        return function(*own, **named)

    return override(spec, id=number, start=(_start, (table, number, start)), modules=spec.modules)


def _table_of(supervisor: Address, function: str = "partitions", *more: object) -> _Table:
    pid = naming.whereis(supervisor)
    if pid is None or not process.is_alive(pid):
        raise _nobody(supervisor, function, [supervisor, *more])
    table = _tables.get(id(pid))
    if table is None:
        raise BadArgument("supervisor", supervisor, "a partition supervisor")
    return table


def _nobody(supervisor: Address, function: str, arguments: list[object]) -> NoProcess:
    where = ("PartitionSupervisor", function)
    return NoProcess(NOPROC, supervisor, function, None, where, arguments)


def _read(key: object) -> tuple[Address, object]:
    match key:
        case (Pid() | str() | Via() as supervisor, routed):
            return supervisor, routed
        case _:
            raise BadArgument("key", key, "(the name of a partition supervisor, a key)")


def _check_name(name: object) -> None:
    if not isinstance(name, str | Via):
        raise BadArgument("name", name, "a name, or a Via: by it the partitions are found")


def _check_with_arguments(value: object) -> None:
    if value is not None and not callable(value):
        accepted = "a function of the arguments and the partition, or None"
        raise BadArgument("with_arguments", value, accepted)


def _checked_partitions(value: object) -> int:
    if value is None:
        return os.cpu_count() or 1
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_PARTITIONS:
        return value
    accepted = f"a whole number from 1 to {MOST_PARTITIONS}, or None for one each core"
    raise BadArgument("partitions", value, accepted)
