"""The registry: names for processes, one owner each or many, with a value that goes along.

    register ──> link to a partition's process ──> write the tables ──> tell the listeners
    lookup   ──> read the tables                        no message, no waiting
    an owner ends ──> the partition hears it through the link ──> takes its entries out

With unique keys a registry finds processes by names that are no plain strings:
`Via(Registry, ("rooms", ("kitchen", 2)))` may stand wherever a name or pid may. With duplicate keys
it knows who is interested in what, and `dispatch` tells them all.

A registry is itself a supervision tree, with a process for each partition. It ends with an error of
any of them, and takes the registered processes along through their links: names that are not known
any more would be worse than a restart.

A process that has ended may still be listed for a moment; its key may be taken at once.

Source: https://hexdocs.pm/elixir/Registry.html
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, Generic, Literal, TypeAlias, TypeVar, cast

from actors import process
from actors.errors import BadArgument, NameTaken
from actors.gen_server import GenServer
from actors.messages import Message
from actors.naming import Address, locate
from actors.pid import Pid
from actors.task import Task
from supervisors._cleaner import Cleaner
from supervisors._entries import Entry, Keys, Tables
from supervisors._options import UNSET, Overseen, Unset, described
from supervisors._terms import MOST_PARTITIONS, ByPid, keep, strict
from supervisors.child_spec import ChildSpec, Restart, Shutdown
from supervisors.dynamic_supervisor import id_of
from supervisors.patterns import Clause, Guard, as_clauses, check_guard, matches
from supervisors.supervisor import Supervised, Supervisor

__all__ = ["AlreadyRegistered", "KeysOption", "Registry", "TypedRegistry"]

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")

KeysOption: TypeAlias = (
    Literal["unique", "duplicate"] | tuple[Literal["duplicate"], Literal["pid", "key"]]
)
"""One owner for each key, or many; many are kept by owner (the default) or by key."""

_ABSENT: Final = object()


_tables: ByPid[Tables] = {}


class AlreadyRegistered(NameTaken):
    """A unique key has an owner that is alive, perhaps the caller itself.

    Args:
        key: The key.
        pid: Its owner.
    """

    def __init__(self, key: object, pid: Pid) -> None:
        super().__init__("key", key, f"a key that nobody has; this one is {pid!r}'s")
        self.pid = pid
        self.reason = ("already_registered", pid)


class TypedRegistry(Overseen, Generic[K, V]):
    """A registry of whose keys and values the types are said, by a class of one's own.

        class Rooms(TypedRegistry[str, int]):
            pass

        Rooms.register("rooms", "kitchen", 2)

    `Registry` is one of any keys and values. The class keywords `id`, `restart` and `shutdown`
    record how a supervisor above should treat it. Functions act for the calling process and do not
    wait, unless they say so. All but `start_link` raise `BadArgument` if no such registry runs.

    Source: https://hexdocs.pm/elixir/Registry.html
    """

    @classmethod
    def start_link(
        cls,
        *,
        keys: KeysOption,
        name: str,
        partitions: int = 1,
        listeners: Iterable[str] = (),
        meta: Mapping[Hashable, object] | None = None,
    ) -> Pid:
        """Start a registry linked to the caller and wait until it is up.

        Runs in the caller.

        Args:
            keys: `"unique"`: a key has one owner; `"duplicate"`: any number. Kept by owner, or with
                `("duplicate", "key")` by key, for many keys with few owners each.
            name: What the registry is found by.
            partitions: How many processes clean up; 1 by default.
            listeners: The names of processes that are sent `("register", registry, key, pid,
                value)` and `("unregister", registry, key, pid)`. A death is not announced.
            meta: The first values of `meta`.

        Returns:
            The pid of its supervisor.

        Raises:
            BadArgument: An option is not accepted; nothing was started.
            StartError: The name is taken.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     return Registry.count("rooms")
            >>> run(main)
            0

        Source: https://hexdocs.pm/elixir/Registry.html#start_link/1
        """
        if not isinstance(name, str):
            raise BadArgument("name", name, "a name: by it the registry is found")
        tables = Tables(_checked_keys(keys), _checked_partitions(partitions), _names(listeners))
        tables.meta.update(_checked_meta(meta))
        rules = Supervised(
            [
                {"id": number, "start": (Cleaner.up, (tables, name, number))}
                for number in range(partitions)
            ],
            strategy="one_for_all",
        )
        return cast("Pid", _Tree.start_link(tables, rules, name=name))

    @classmethod
    def child_spec(
        cls,
        *,
        id: Hashable | Unset = UNSET,
        restart: Restart | None = None,
        shutdown: Shutdown | Unset = UNSET,
        **options: object,
    ) -> ChildSpec:
        """Describe a registry as a child of a supervisor.

        Runs in the caller. Starts nothing.

        Args:
            id: What the supervisor calls it; its name by default.
            restart: `"permanent"`, `"transient"` or `"temporary"`.
            shutdown: Seconds it gets to end, `None`, the default, for no limit, or `"brutal_kill"`.
            options: Passed to `start_link`: `keys`, `name` and the others.

        Returns:
            The specification.

        Example:
            >>> Registry.child_spec(keys="unique", name="rooms").id
            'rooms'

        Source: https://hexdocs.pm/elixir/Registry.html#child_spec/1
        """
        start = (cls.start_link, (), options)
        return described(cls, id_of(options.get("name"), cls), start, id, restart, shutdown)

    # -- one's own entries ------------------------------------------------------------------------

    @classmethod
    def register(cls, registry: Address, key: K, value: V) -> Pid:
        """Register the calling process under a key.

        Does not wait. It is linked to the registry: when the registry ends, so does the process.

        Args:
            registry: Its name.
            key: Anything; 1 and 1.0 are different keys.
            value: What goes with it.

        Returns:
            The process of the registry that the caller is linked to now.

        Raises:
            AlreadyRegistered: The keys are unique, and this one has a living owner.
            NotSendable: The value may not cross; nothing was registered.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.keys("rooms", process.self())
            >>> run(main)
            ['kitchen']

        Source: https://hexdocs.pm/elixir/Registry.html#register/3
        """
        tables = _tables_of(registry)
        here = process.self()
        strict(key)
        kept = process.crossed(value, "value")
        cleaner = _up(tables.cleaner_of(here), registry)
        # Linked first: whatever happens from now on, what is written will be cleaned up.
        process.link(cleaner)
        holder = tables.add(key, here, kept)
        if holder is not None:
            _unlink_without_entries(tables, here)
            raise AlreadyRegistered(key, holder)
        if not process.is_alive(here):
            # On a thread of its own it may have been cleaned up after just before it wrote.
            tables.clean(here)
        _tell(tables, ("register", registry, key, here, value))
        return cleaner

    @classmethod
    def unregister(cls, registry: Address, key: K) -> None:
        """Take out the caller's entries of a key; listeners are told even if there was none.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: The key, exactly.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.unregister("rooms", "kitchen")
            ...     return Registry.count("rooms")
            >>> run(main)
            0

        Source: https://hexdocs.pm/elixir/Registry.html#unregister/2
        """
        tables = _tables_of(registry)
        _take_out(tables, registry, key, lambda _: True)

    @classmethod
    def unregister_match(
        cls, registry: Address, key: K, pattern: object, guard: Guard | None = None
    ) -> None:
        """Take out those of the caller's entries of a key whose values match a pattern.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: The key, exactly.
            pattern: As in `match`.
            guard: As in `match`.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.unregister_match("rooms", "kitchen", int)
            ...     return Registry.count("rooms")
            >>> run(main)
            0

        Source: https://hexdocs.pm/elixir/Registry.html#unregister_match/4
        """
        tables = _tables_of(registry)
        check_guard(guard)
        _take_out(
            tables, registry, key, lambda entry: matches(pattern, entry.seen, guard) is not None
        )

    @classmethod
    def update_value(cls, registry: Address, key: K, fn: Callable[[V], V]) -> tuple[V, V] | None:
        """Replace the value of a key of the caller's by what a function makes of it.

        Does not wait. The function runs in the caller.

        Args:
            registry: Its name.
            key: The key, exactly.
            fn: Called with the present value.

        Returns:
            The new value and the old one; `None` if the key is not the caller's.

        Raises:
            BadArgument: The keys are not unique.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.update_value("rooms", "kitchen", lambda n: n + 1)
            >>> run(main)
            (3, 2)

        Source: https://hexdocs.pm/elixir/Registry.html#update_value/3
        """
        if not callable(fn):
            raise BadArgument("fn", fn, "a function of the old value")
        tables = _unique(registry)
        for entry in tables.entries_of(key, process.self()):
            old, given = cast("V", entry.seen), cast("V", entry.seen)
            new = fn(given)
            entry.value = process.crossed(new, "value")
            return new, old
        return None

    # -- anybody's entries ------------------------------------------------------------------------

    @classmethod
    def lookup(cls, registry: Address, key: K) -> list[tuple[Pid, V]]:
        """Return owners and values of a key, in the order of registration within a partition.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: The key, exactly.

        Returns:
            Pairs of pid and value.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return [value for _, value in Registry.lookup("rooms", "kitchen")]
            >>> run(main)
            [2]

        Source: https://hexdocs.pm/elixir/Registry.html#lookup/2
        """
        return _pairs(_entries(_tables_of(registry), key))

    @classmethod
    def match(
        cls, registry: Address, key: K, pattern: object, guard: Guard | None = None
    ) -> list[tuple[Pid, V]]:
        """Return those of a key's owners and values whose values match a pattern.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: The key, exactly.
            pattern: A value with `ANY` and `Var("x")` for what may be anything, a mapping that is to
                be part of it, a class it is to be of, or a function that is true for it.
            guard: A function of the variables, by their names, that is true for what is wanted.

        Returns:
            Pairs of pid and value.

        Example:
            >>> from actors import run
            >>> from supervisors import ANY, Registry, Var
            >>> def main():
            ...     Registry.start_link(keys="duplicate", name="jobs")
            ...     for job in (("mail", 1), ("mail", 5), ("print", 9)):
            ...         Registry.register("jobs", "open", job)
            ...     urgent = Registry.match("jobs", "open", (ANY, Var("n")), lambda n: n > 3)
            ...     return [job for _, job in urgent]
            >>> run(main)
            [('mail', 5), ('print', 9)]

        Source: https://hexdocs.pm/elixir/Registry.html#match/4
        """
        check_guard(guard)
        entries = _entries(_tables_of(registry), key)
        return _pairs(entry for entry in entries if matches(pattern, entry.seen, guard) is not None)

    @classmethod
    def count_match(
        cls, registry: Address, key: K, pattern: object, guard: Guard | None = None
    ) -> int:
        """Return how many entries `match` would find.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: The key, exactly.
            pattern: As in `match`.
            guard: As in `match`.

        Returns:
            Their number.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.count_match("rooms", "kitchen", 2)
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/Registry.html#count_match/4
        """
        return len(cls.match(registry, key, pattern, guard))

    @classmethod
    def select(cls, registry: Address, clauses: Clause | Sequence[Clause]) -> list[object]:
        """Return what clauses make of the entries of all keys, in no particular order.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            clauses: One or several; the first one that matches an entry counts.

        Returns:
            What their bodies returned.

        Raises:
            BadArgument: There is something else among the clauses.

        Example:
            >>> from actors import run
            >>> from supervisors import ANY, Clause, Var
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.select("rooms", Clause((Var("k"), ANY, 2), body=lambda k: k))
            >>> run(main)
            ['kitchen']

        Source: https://hexdocs.pm/elixir/Registry.html#select/2
        """
        tables, wanted = _tables_of(registry), as_clauses(clauses)
        selected: list[object] = []
        for entry in tables:
            made = (clause.apply((entry.key, entry.pid, entry.seen)) for clause in wanted)
            selected += next((one for one in made if one is not None), ())
        return selected

    @classmethod
    def count_select(cls, registry: Address, clauses: Clause | Sequence[Clause]) -> int:
        """Return how many entries `select` would find.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            clauses: As in `select`.

        Returns:
            Their number.

        Raises:
            BadArgument: There is something else among the clauses.

        Example:
            >>> from actors import run
            >>> from supervisors import Clause
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.count_select("rooms", Clause())
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/Registry.html#count_select/2
        """
        return len(cls.select(registry, clauses))

    @classmethod
    def keys(cls, registry: Address, pid: Pid) -> list[K]:
        """Return the keys of a process, each as often as it is registered under it.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            pid: Whose.

        Returns:
            The keys, in no particular order.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.keys("rooms", process.self())
            >>> run(main)
            ['kitchen']

        Source: https://hexdocs.pm/elixir/Registry.html#keys/2
        """
        return [cast("K", entry.key) for entry in _tables_of(registry).of_owner(_pid(pid))]

    @classmethod
    def values(cls, registry: Address, key: K, pid: Pid) -> list[V]:
        """Return the values that a process has under a key.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: The key, exactly.
            pid: Whose.

        Returns:
            The values; none if it is not registered under the key.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.values("rooms", "kitchen", process.self())
            >>> run(main)
            [2]

        Source: https://hexdocs.pm/elixir/Registry.html#values/3
        """
        return [cast("V", entry.seen) for entry in _tables_of(registry).entries_of(key, _pid(pid))]

    @classmethod
    def count(cls, registry: Address) -> int:
        """Return how many entries there are.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.

        Returns:
            Their number.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.count("rooms")
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/Registry.html#count/1
        """
        return len(_tables_of(registry))

    @classmethod
    def dispatch(
        cls,
        registry: Address,
        key: K,
        fn: Callable[[list[tuple[Pid, V]]], object],
        *,
        parallel: bool = False,
    ) -> None:
        """Call a function with the owners and values of a key; not at all if there are none.

        Does not wait. It runs in the caller, once for each partition that has any, and what it
        raises comes out.

        Args:
            registry: Its name.
            key: The key, exactly.
            fn: Such as one that sends each owner a message.
            parallel: Run it for all partitions at the same time, in tasks linked to the caller, and
                wait for them; only where keys are duplicate and kept by owner.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.dispatch("rooms", "kitchen", lambda found: print(len(found)))
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/Registry.html#dispatch/4
        """
        if not callable(fn):
            raise BadArgument("fn", fn, "a function of a list of (pid, value)")
        if not isinstance(parallel, bool):
            raise BadArgument("parallel", parallel, "True or False")
        lists: list[list[tuple[Pid, V]]]
        lists = [_pairs(entries) for entries in _tables_of(registry).of_key(key)]
        if parallel and len(lists) > 1:
            Task.await_many([Task.async_(fn, entries) for entries in lists], None)
        else:
            for entries in lists:
                fn(entries)

    # -- the registry as a whole ------------------------------------------------------------------

    @classmethod
    def meta(cls, registry: Address, key: Hashable, default: object = None) -> object:
        """Return a value that goes with the registry itself.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: Anything that can be hashed.
            default: What to return if there is none.

        Returns:
            The value, or the default.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.meta("rooms", "floor", 0)
            >>> run(main)
            0

        Source: https://hexdocs.pm/elixir/Registry.html#meta/2
        """
        value = _tables_of(registry).meta.get(strict(key), _NOTHING)
        return default if value is _NOTHING else process.crossed(value, "value")

    @classmethod
    def put_meta(cls, registry: Address, key: Hashable, value: object) -> None:
        """Store a value that goes with the registry itself.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: Anything that can be hashed.
            value: Anything.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.put_meta("rooms", "floor", 1)
            ...     return Registry.meta("rooms", "floor")
            >>> run(main)
            1

        Source: https://hexdocs.pm/elixir/Registry.html#put_meta/3
        """
        _tables_of(registry).meta[strict(key)] = process.crossed(value, "value")

    @classmethod
    def delete_meta(cls, registry: Address, key: Hashable) -> None:
        """Remove a value that goes with the registry itself.

        Runs in the caller and does not wait.

        Args:
            registry: Its name.
            key: Which; one that is not there is no error.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.delete_meta("rooms", "floor")
            ...     return Registry.meta("rooms", "floor", "none")
            >>> run(main)
            'none'

        Source: https://hexdocs.pm/elixir/Registry.html#delete_meta/2
        """
        _tables_of(registry).meta.pop(strict(key), None)

    @classmethod
    def lock(cls, registry: Address, key: K, fn: Callable[[], R]) -> R:
        """Run a function while nobody else runs one under the same key; waits for its turn.

        It runs in the caller. The lock is given back when it returns, when it raises, and when the
        caller ends. Keys need not be registered, and no two of them wait for each other.

        Args:
            registry: Its name.
            key: Whose lock.
            fn: Called without arguments.

        Returns:
            What the function returned.

        Raises:
            BadArgument: The caller has this lock already, and would wait for itself.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.lock("rooms", "kitchen", lambda: "mine")
            >>> run(main)
            'mine'

        Source: https://hexdocs.pm/elixir/Registry.html#lock/3
        """
        if not callable(fn):
            raise BadArgument("fn", fn, "a function without arguments")
        keeper = _up(_tables_of(registry).keeper_of(key), registry)
        if GenServer.call(keeper, ("lock", strict(key)), None) == "held":
            raise BadArgument("key", key, "one whose lock the caller has not got already")
        try:
            return fn()
        finally:
            if process.is_alive(process.self()):
                GenServer.cast(keeper, ("unlock", strict(key), process.self()))

    # -- as the module of a Via -------------------------------------------------------------------

    @staticmethod
    def whereis_name(key: object) -> Pid | None:
        """Return the living owner of a key, for `Via(Registry, (registry, key[, value]))`.

        Runs in the caller and does not wait.

        Args:
            key: `(registry, key)` or `(registry, key, value)`.

        Returns:
            The pid; `None` if nobody is registered.

        Raises:
            BadArgument: The keys are not unique.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.whereis_name(("rooms", "kitchen")) is process.self()
            >>> run(main)
            True

        Source: https://hexdocs.pm/elixir/Registry.html#whereis_name/1
        """
        registry, name, _ = _read(key)
        return _unique(registry).owner_of(name)

    @classmethod
    def register_name(cls, key: object, pid: Pid) -> bool:
        """Register the calling process; tell whether the key was free.

        Does not wait.

        Args:
            key: `(registry, key)` or `(registry, key, value)`.
            pid: The calling process.

        Returns:
            Whether it was.

        Raises:
            BadArgument: The pid is that of another process.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     return Registry.register_name(("rooms", "kitchen"), process.self())
            >>> run(main)
            False

        Source: https://hexdocs.pm/elixir/Registry.html#register_name/2
        """
        registry, name, value = _read(key)
        if pid is not process.self():
            raise BadArgument("pid", pid, "the calling process: each registers itself")
        try:
            Registry.register(registry, name, value)
        except AlreadyRegistered:
            return False
        return True

    @classmethod
    def unregister_name(cls, key: object) -> None:
        """Take a key back.

        Runs in the caller and does not wait.

        Args:
            key: `(registry, key)` or `(registry, key, value)`.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.unregister_name(("rooms", "kitchen"))
            ...     return Registry.count("rooms")
            >>> run(main)
            0

        Source: https://hexdocs.pm/elixir/Registry.html#unregister_name/1
        """
        registry, name, _ = _read(key)
        Registry.unregister(registry, name)

    @classmethod
    def send(cls, key: object, message: Message) -> None:
        """Send a message to the owner of a key.

        Runs in the caller and does not wait.

        Args:
            key: `(registry, key)` or `(registry, key, value)`.
            message: Anything.

        Raises:
            BadArgument: Nobody has it.

        Example:
            >>> from actors import run
            >>> def main():
            ...     Registry.start_link(keys="unique", name="rooms")
            ...     Registry.register("rooms", "kitchen", 2)
            ...     Registry.send(("rooms", "kitchen"), "hello")
            ...     return process.receive(str)
            >>> run(main)
            'hello'

        Source: https://hexdocs.pm/elixir/Registry.html#send/2
        """
        pid = cls.whereis_name(key)
        if pid is None:
            raise BadArgument("key", key, "a key that somebody is registered under")
        process.send(pid, message)


class Registry(TypedRegistry[object, object]):
    """Names for processes, one owner each or many, with a value that goes along.

    Its functions stand in `TypedRegistry`, which is for those who want the types of keys and values
    checked.

    Example:
        >>> from actors import Agent, Via, run
        >>> def main():
        ...     Registry.start_link(keys="unique", name="rooms")
        ...     kitchen = Via(Registry, ("rooms", ("kitchen", 2)))
        ...     Agent.start_link(lambda: "empty", name=kitchen)
        ...     return Agent.get(kitchen, lambda state: state)
        >>> run(main)
        'empty'

    Source: https://hexdocs.pm/elixir/Registry.html
    """


# -- in the registry's processes -------------------------------------------------------------------


class _Tree(Supervisor):
    """The supervisor of a registry."""

    def init(self, tables: Tables, rules: Supervised) -> Supervised:
        keep(_tables, process.self(), tables)
        return rules


# -- helpers ---------------------------------------------------------------------------------------

_NOTHING = object()


def _tables_of(registry: Address) -> Tables:
    cell = locate(registry)
    tables = None if cell is None else _tables.get(id(cell.pid))
    if tables is None:
        raise BadArgument("registry", registry, "the name of a registry that is running")
    return tables


def _unique(registry: Address) -> Tables:
    tables = _tables_of(registry)
    if not tables.is_unique:
        raise BadArgument(
            "registry", registry, "one with unique keys: a key stands for one process"
        )
    return tables


def _up(pid: Pid | None, registry: Address) -> Pid:
    if pid is None or not process.is_alive(pid):
        raise BadArgument("registry", registry, "the name of a registry that is running")
    return pid


def _entries(tables: Tables, key: object) -> list[Entry]:
    return [entry for entries in tables.of_key(key) for entry in entries]


def _pairs(entries: Iterable[Entry]) -> list[tuple[Pid, V]]:
    return [(entry.pid, cast("V", entry.seen)) for entry in entries]


def _take_out(
    tables: Tables, registry: Address, key: object, doomed: Callable[[Entry], bool]
) -> None:
    here = process.self()
    if tables.remove(key, here, doomed):
        _tell(tables, ("unregister", registry, key, here))
    _unlink_without_entries(tables, here)


def _unlink_without_entries(tables: Tables, owner: Pid) -> None:
    cleaner = tables.cleaner_of(owner)
    if cleaner is not None and not tables.has_any(owner):
        process.unlink(cleaner)


def _tell(tables: Tables, message: Message) -> None:
    for listener in tables.listeners:
        pid = process.whereis(listener)
        if pid is not None:
            process.inform(pid, message)


def _read(key: object) -> tuple[Address, object, object]:
    # What it nearly always is, without the patterns; `tests.bench` name: registry.
    if type(key) is tuple and len(key) == 2 and type(key[0]) is str:  # noqa: PLR2004 - a registry and a key
        return key[0], key[1], None
    match key:
        case (Pid() | str() as registry, name):
            return registry, name, None
        case (Pid() | str() as registry, name, value):
            return registry, name, value
        case _:
            raise BadArgument("key", key, "(registry, key) or (registry, key, value)")


def _checked_keys(value: object) -> Keys:
    match value:
        case str("unique"):
            return "unique"
        case str("duplicate") | (str("duplicate"), str("pid")):
            return ("duplicate", "pid")
        case (str("duplicate"), str("key")):
            return ("duplicate", "key")
        case _:
            accepted = "'unique', 'duplicate', ('duplicate', 'pid') or ('duplicate', 'key')"
            raise BadArgument("keys", value, accepted)


def _checked_partitions(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_PARTITIONS:
        return value
    raise BadArgument("partitions", value, f"a whole number from 1 to {MOST_PARTITIONS}")


def _pid(value: object) -> Pid:
    if not isinstance(value, Pid):
        raise BadArgument("pid", value, "a Pid")
    return value


def _names(listeners: object) -> tuple[str, ...]:
    accepted = "a list of names"
    if not isinstance(listeners, list | tuple):
        raise BadArgument("listeners", listeners, accepted)
    for name in listeners:
        if not isinstance(name, str):
            raise BadArgument("listeners", name, accepted)
    return tuple(listeners)


def _checked_meta(meta: object) -> dict[Hashable, object]:
    if meta is None:
        return {}
    if not isinstance(meta, Mapping):
        raise BadArgument("meta", meta, "a mapping, or None")
    return {strict(key): value for key, value in meta.items()}
