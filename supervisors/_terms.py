"""Keys as OTP compares and hashes them: by value and by kind, the same in every run. Pure.

Python calls 1, 1.0 and True equal, and hashes words differently in every run. Keys of a `Registry`
are told apart by their kind as well, and the partition of a key never changes:

    strict(key)   a hashable stand-in that is equal for equal keys of the same kind only
    slot(key, n)  a number below n: an integer modulo n, anything else by a hash of what it says

Lists, sets and mappings may be keys too; they count as what they hold at that moment.

Source: https://hexdocs.pm/elixir/PartitionSupervisor.html#module-implementation-notes
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TypeAlias, TypeVar
from weakref import finalize
from zlib import crc32

from actors.errors import BadArgument
from actors.pid import Pid, Ref

__all__ = ["ByPid", "keep", "slot", "strict"]

V = TypeVar("V")


ByPid: TypeAlias = dict[int, V]
"""Something for each of some processes, by the identity of its pid, and forgotten with that.

Numbers will not do: the pids of two runtimes may have the same. `get(id(pid))` takes a tenth of the time of a
look into a `WeakKeyDictionary`, which makes a weak reference for it.
"""


def keep(table: ByPid[V], pid: Pid, value: V) -> None:
    """Keep something for a process; an identity is used again only when this has been forgotten."""
    table[id(pid)] = value
    finalize(pid, table.pop, id(pid), None).atexit = False


def strict(key: object) -> Hashable:
    """Return a stand-in for a key that is equal for equal keys of the same kind only.

    Raises:
        BadArgument: The key cannot be hashed, or holds itself.

    Example:
        >>> strict(1) == strict(1.0), strict((1, "a")) == strict((1, "a"))
        (False, True)
        >>> strict([1, {"a": 2}]) == strict([1, {"a": 2}])
        True
    """
    if type(key) is str:
        return key
    try:
        return _stand_in(key)
    except RecursionError:
        raise BadArgument("key", "a key that holds itself", "a key of finite depth") from None


def _stand_in(key: object) -> Hashable:
    match key:
        case str() if type(key) is str:
            return key
        case tuple() | list():
            return (type(key), tuple(_stand_in(each) for each in key))
        case Mapping():
            items = ((_stand_in(name), _stand_in(value)) for name, value in key.items())
            return (type(key), frozenset(items))
        case AbstractSet():
            return (type(key), frozenset(_stand_in(each) for each in key))
        case _:
            _check_hashable(key)
            return (type(key), key)


def _check_hashable(key: object) -> None:
    try:
        hash(key)
    except Exception:  # noqa: BLE001 - a user's own `__hash__` may do anything
        raise BadArgument("key", key, "a hashable value, or a list or mapping of such") from None


MOST_PARTITIONS = 1_000_000
"""How many partitions a supervisor or a registry may have at most."""


def slot(key: object, count: int) -> int:
    """Return which of so many partitions a key belongs to; the same in every process and run.

    Args:
        key: An integer counts itself; for anything else a hash of its kind and content decides. An
            object that is none of Python's own kinds is asked for its `__hash__`.
        count: How many there are, 1 or more.

    Example:
        >>> [slot(key, 3) for key in (0, 4, -4)]
        [0, 1, 1]
        >>> slot("alice", 1000) == slot("alice", 1000), slot(("a", 1), 1)
        (True, 0)
    """
    if isinstance(key, int) and not isinstance(key, bool | Enum):
        return abs(key) % count
    return 0 if count == 1 else crc32(_bytes(key)) % count


def _bytes(key: object) -> bytes:
    """Write a key so that equal keys of the same kind are written alike in every run."""
    match key:
        case bytes() | bytearray():
            return b"b" + bytes(key)
        case Enum():
            return _word("e", f"{_kind(key)}.{key.name}")
        case str():
            return _word("s", key)
        case float():
            # Plus nothing, so that both zeros are one.
            return _word("f", repr(key + 0.0))
        case None | bool() | int() | complex():
            return _word("n", f"{_kind(key)}{key!r}")
        case Pid():
            return _word("p", f"{key.node}.{key.serial}")
        case Ref():
            return _word("r", str(key.number))
        case tuple() | list():
            return _joined(key, (_bytes(each) for each in key))
        case Mapping():
            items = (_bytes((name, value)) for name, value in key.items())
            return _joined(key, sorted(items))
        case AbstractSet():
            return _joined(key, sorted(_bytes(each) for each in key))
        case _:
            return _of_object(key)


def _of_object(key: object) -> bytes:
    name = getattr(key, "__qualname__", None)
    if isinstance(name, str):
        return _word("q", f"{getattr(key, '__module__', '')}.{name}")
    if is_dataclass(key):
        return _joined(key, (_bytes(getattr(key, each.name)) for each in fields(key)))
    _check_hashable(key)
    return _word("o", f"{_kind(key)}{hash(key)}")


def _word(kind: str, text: str) -> bytes:
    return f"{kind}{text}".encode("utf-8", "surrogatepass")


def _joined(key: object, parts: Iterable[bytes]) -> bytes:
    def lengths_first() -> Iterator[bytes]:
        for part in parts:
            yield b"%d:" % len(part)
            yield part

    return _word("c", _kind(key)) + b"".join(lengths_first())


def _kind(key: object) -> str:
    return f"{type(key).__module__}.{type(key).__qualname__}"
