"""The tables of one registry: who is registered under what, found by key and by process.

Whoever registers writes here itself, without a message, like into OTP's ETS tables; a partition's
process only cleans up after the dead. Owners may run on threads of their own, so each step is taken
under one lock, and never anything of a user's within it.

An entry is written twice, under its key and under its owner. A key whose owner is dead may be taken
at once; the dead one's entry then stays under the owner alone, until the cleanup finds that it is
under its key no more and leaves the new owner alone.
(`test_the_cleanup_after_a_dead_owner_spares_the_new_one`)

    kind                    the partition of a key         of an owner (whom its process is linked to)
    unique                  by the key                     by the pid
    ("duplicate", "pid")    by the pid                     by the pid
    ("duplicate", "key")    by the key                     by the pid

Source: https://hexdocs.pm/elixir/Registry.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal, TypeAlias, final

from actors.isolation import shareable
from actors.pid import Pid
from actors.process import crossed, is_alive
from supervisors._terms import slot, strict

__all__ = ["Entry", "Keys", "Tables"]

Keys: TypeAlias = Literal["unique"] | tuple[Literal["duplicate"], Literal["pid", "key"]]


@final
@dataclass(slots=True, eq=False)
class Entry:
    """One registration."""

    serial: int
    """Its number: entries are listed in the order of their registration."""
    key: object
    """The key, as it was given."""
    pid: Pid
    """The owner."""
    value: object
    """What goes with it; only the owner of a unique key may change it."""

    @property
    def seen(self) -> object:
        """The value, as whoever looks gets it."""
        return crossed(self.value, "value")


@final
class _Partition:
    """One part of the tables, and the process that cleans it."""

    __slots__ = ("by_key", "by_owner", "owners", "pid")

    def __init__(self, pid: Pid | None = None) -> None:
        self.pid = pid
        self.by_key: dict[Hashable, dict[int, Entry]] = {}
        self.owners: dict[Hashable, Entry] = {}
        """Of unique keys, the entry that was written last: one look, without the lock."""
        self.by_owner: dict[Pid, dict[int, Entry]] = {}


@final
class Tables:
    """The tables of one registry: OTP's ETS, the one thing here that many processes read and write.

    Values are copied on their way in and out. Keys are not: what is hashed does not change.

    Args:
        keys: The kind of its keys.
        partitions: How many parts they have.
        listeners: The names of those who are told of registrations.
    """

    __slots__ = ("_lock", "_partitions", "_serials", "is_unique", "keys", "listeners", "meta")

    def __init__(self, keys: Keys, partitions: int, listeners: tuple[str, ...]) -> None:
        self.keys = keys
        self.is_unique = keys == "unique"
        """Whether a key has one owner at most."""
        self.listeners = listeners
        self.meta: dict[Hashable, object] = {}
        self._partitions = [_Partition() for _ in range(partitions)]
        self._serials = count()
        self._lock = threading.Lock()

    def open(self, number: int, pid: Pid) -> None:
        """Begin a partition anew, with a process that cleans it."""
        self._partitions[number] = _Partition(pid)

    def cleaner_of(self, owner: Pid) -> Pid | None:
        """Return the process that cleans up after an owner, `None` while there is none."""
        return self._home(owner).pid

    def keeper_of(self, key: object) -> Pid | None:
        """Return the process that a key's locks are kept by, `None` while there is none."""
        return self._partitions[slot(key, len(self._partitions))].pid

    # Writing

    def add(self, key: object, owner: Pid, value: object) -> Pid | None:
        """Enter a registration; return who has the key if it is taken."""
        name = strict(key)
        with self._lock:
            part = self._part_of(key, owner)
            entries = part.by_key.setdefault(name, {})
            if self.is_unique and (entry := next(iter(entries.values()), None)) is not None:
                if is_alive(entry.pid):
                    return entry.pid
                entries.clear()
            entry = Entry(next(self._serials), key, owner, value)
            entries[entry.serial] = entry
            if self.is_unique:
                part.owners[name] = entry
            self._home(owner).by_owner.setdefault(owner, {})[entry.serial] = entry
        return None

    def remove(self, key: object, owner: Pid, doomed: Callable[[Entry], bool]) -> bool:
        """Take out an owner's entries of a key; tell whether none of them is left."""
        own = self.entries_of(key, owner)
        gone = [entry for entry in own if doomed(entry)]
        with self._lock:
            for entry in gone:
                self._drop(entry)
                mine = self._home(owner).by_owner.get(owner, {})
                mine.pop(entry.serial, None)
                if not mine:
                    self._home(owner).by_owner.pop(owner, None)
        return len(gone) == len(own)

    def clean(self, owner: Pid) -> None:
        """Take out what a dead owner has left."""
        with self._lock:
            for entry in self._home(owner).by_owner.pop(owner, {}).values():
                self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        part = self._part_of(entry.key, entry.pid)
        name = strict(entry.key)
        entries = part.by_key.get(name, {})
        # Not there when somebody has taken the key over.
        entries.pop(entry.serial, None)
        if not entries:
            part.by_key.pop(name, None)
            part.owners.pop(name, None)

    # Reading

    def has_any(self, owner: Pid) -> bool:
        """Tell whether an owner has an entry."""
        return owner in self._home(owner).by_owner

    def owner_of(self, key: object) -> Pid | None:
        """Return the living owner of a unique key."""
        name = key if type(key) is str else strict(key)
        parts = self._partitions
        part = parts[0] if len(parts) == 1 else parts[slot(key, len(parts))]
        entry = part.owners.get(name)
        if entry is None:
            return None
        pid = entry.pid
        # As `is_alive` does it; `tests.bench` name: registry.
        return pid if pid._cell is not None else None  # noqa: SLF001 - the corridor

    def of_key(self, key: object) -> list[list[Entry]]:
        """Return the entries of a key, those of each partition that has any by themselves."""
        name = strict(key)
        if self.keys == ("duplicate", "pid"):
            parts = self._partitions
        else:
            parts = [self._partitions[slot(key, len(self._partitions))]]
        with self._lock:
            lists = [[*part.by_key.get(name, {}).values()] for part in parts]
        return [entries for entries in lists if entries]

    def entries_of(self, key: object, owner: Pid) -> list[Entry]:
        """Return an owner's entries of a key."""
        name = strict(key)
        with self._lock:
            entries = self._part_of(key, owner).by_key.get(name, {}).values()
            return [entry for entry in entries if entry.pid is owner]

    def of_owner(self, owner: Pid) -> list[Entry]:
        """Return an owner's entries, in the order of their registration."""
        with self._lock:
            return [*self._home(owner).by_owner.get(owner, {}).values()]

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            entries = [
                entry
                for part in self._partitions
                for several in part.by_key.values()
                for entry in several.values()
            ]
        return iter(entries)

    def __len__(self) -> int:
        with self._lock:
            return sum(
                len(entries) for part in self._partitions for entries in part.by_key.values()
            )

    def _home(self, owner: Pid) -> _Partition:
        return self._partitions[owner.serial % len(self._partitions)]

    def _part_of(self, key: object, owner: Pid) -> _Partition:
        if self.keys == ("duplicate", "pid"):
            return self._home(owner)
        return self._partitions[slot(key, len(self._partitions))]


shareable(Tables)
