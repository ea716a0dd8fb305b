"""What kind of thing a value is, as far as crossing a border goes: decided once for each class.

    shared     it cannot change, or says so: a number, a pid, an enum, a class, a module
    refused    it is neither to be shared nor to be copied: a lock, a socket, a generator
    the rest   is copied, in one of the ways of `actors._copying`

The classes of libraries are told by name, so that this imports none of them and the clocks of the
standard library stay where they are.

Source: https://docs.python.org/3/library/copy.html
"""

from __future__ import annotations

import operator
import re
import sys
import types
from collections.abc import Callable
from enum import Enum
from functools import cached_property
from typing import Final

from actors.pid import Pid, Ref

__all__ = [
    "ATOMS",
    "SHARED",
    "dictionary_of",
    "frozen_record",
    "frozen_struct",
    "is_global",
    "is_namedtuple",
    "is_plain",
    "is_shared",
    "is_told_by_identity",
    "own_copy",
    "refusal",
    "slots_of",
]

ATOMS: Final = frozenset({type(None), bool, int, float, str, bytes, Pid, Ref})
"""Classes whose values cross as they are, whatever anybody says: compiled rooms do not look most of them up."""

SHARED: Final[set[type]] = {
    *ATOMS,
    complex,
    range,
    type(Ellipsis),
    type(NotImplemented),
    type,
    types.ModuleType,
    types.CodeType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.GenericAlias,
    types.UnionType,
    re.Pattern,
    operator.itemgetter,
    operator.attrgetter,
}
"""The exact classes whose values cross as they are. Grows: a class is judged when it is first seen.

Who asks at a glance asks only of classes that `type` itself has made, `type(kind) is type and kind in SHARED`: the
hash of another's class may be code that raises, which only the whole isolation is prepared for. So that nobody's
code is asked either whether a class equals one of these, those whose own class could answer are not taken in.
"""

_UNCHANGING = {
    *(f"datetime.{name}" for name in ("date", "time", "datetime", "timedelta", "timezone")),
    "zoneinfo.ZoneInfo",
    "decimal.Decimal",
    "fractions.Fraction",
    "uuid.UUID",
    *(f"ipaddress.IPv{n}{kind}" for n in "46" for kind in ("Address", "Network", "Interface")),
    "_contextvars.ContextVar",
}
"""Classes that nobody changes the values of, by name; their subclasses may."""

_FAMILIES = {"pathlib.PurePath", "pathlib._local.PurePath", "typing._Final", "numpy.generic"}
"""Classes that nobody changes the values of, nor of what is derived from them without attributes of its own."""

_REFUSED = {
    "_thread.lock": "a lock",
    "_thread.RLock": "a lock",
    "_thread._local": "thread-local data",
    "threading.Thread": "a thread",
    "threading.Condition": "a lock",
    "threading.Event": "a lock",
    "threading.Semaphore": "a lock",
    "threading.Barrier": "a lock",
    "_socket.socket": "a socket",
    "ssl.SSLSocket": "a socket",
    "mmap.mmap": "mapped memory",
    "numpy.memmap": "mapped memory",
    "select.epoll": "a descriptor",
    "select.poll": "a descriptor",
    "subprocess.Popen": "an operating system process",
    "builtins.generator": "a generator",
    "builtins.coroutine": "a coroutine",
    "builtins.async_generator": "a generator",
    "builtins.frame": "a frame",
    "builtins.traceback": "a traceback",
    "greenlet.greenlet": "a stack",
    "weakref.ReferenceType": "a weak reference",
    "builtins.weakref": "a weak reference",
    "weakref.ProxyType": "a weak reference",
    "weakref.CallableProxyType": "a weak reference",
    "weakref.WeakSet": "a weak collection",
    "weakref.WeakKeyDictionary": "a weak collection",
    "weakref.WeakValueDictionary": "a weak collection",
    "weakref.finalize": "a finalizer",
    "_contextvars.Context": "a context",
    "_contextvars.Token": "a token",
    "_asyncio.Future": "a future",
    "_asyncio.Task": "a future",
    "asyncio.events.AbstractEventLoop": "an event loop",
    "asyncio.futures.Future": "a future",
    "concurrent.futures._base.Future": "a future",
    "concurrent.futures._base.Executor": "a pool",
    "_queue.SimpleQueue": "a queue of threads",
    "queue.Queue": "a queue of threads",
    "_sqlite3.Connection": "a connection",
    "sqlite3.Connection": "a connection",
    "sqlite3.Cursor": "a connection",
    "_io._IOBase": "an open file",
    "actors._kernel.cell.Cell": "a record of the kernel",
    "actors._kernel.scheduler.Scheduler": "a loop",
    "actors.runtime.Runtime": "a runtime",
}

_IN_MEMORY = {"_io.BytesIO", "_io.StringIO"}


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def is_told_by_identity(cls: type) -> bool:
    """Tell whether a class is told from others as classes are, and not by code of its own class."""
    kind = type(cls)
    return kind.__eq__ is type.__eq__ and kind.__hash__ is type.__hash__


def refusal(cls: type) -> str | None:
    """Say what the values of a class are, if they cannot cross; `None` if that does not decide it."""
    names = [_name(base) for base in cls.__mro__]
    if names[0] in _IN_MEMORY:
        return None
    return next((_REFUSED[name] for name in names if name in _REFUSED), None)


def is_shared(cls: type) -> bool:
    """Tell whether the values of a class cannot change, or are there for all, like classes."""
    if issubclass(cls, type | Enum | types.ModuleType) or _name(cls) in _UNCHANGING:
        return True
    if any(_name(base) in _FAMILIES for base in cls.__mro__):
        # A record of numpy is called a scalar and can be written to.
        return not any(_name(base) == "numpy.void" or _adds(base) for base in cls.__mro__)
    return False


def _adds(cls: type) -> bool:
    """Tell whether a class lets its values have attributes that their family does not know of."""
    return "__dict__" in vars(cls) and cls.__module__.partition(".")[0] not in {"typing", "numpy"}


def is_global(function: Callable[..., object]) -> bool:
    """Tell whether a function is code that a module holds by name, and shared as modules are."""
    found: object = sys.modules.get(function.__module__)
    for name in getattr(function, "__qualname__", "").split("."):
        if not isinstance(found, types.ModuleType | type):
            return False
        found = vars(found).get(name)
    return found is function or getattr(found, "__func__", None) is function


def own_copy(cls: type) -> bool:
    """Tell whether a class says itself how it is copied."""
    return any("__deepcopy__" in vars(base) for base in cls.__mro__)


def is_plain(cls: type) -> bool:
    """Tell whether values are nothing but their attributes: no C base, no way of their own to be copied."""
    for base in cls.__mro__[:-1]:
        if not base.__flags__ & _HEAP:
            return False
        held = vars(base)
        if "__reduce__" in held or "__reduce_ex__" in held or "__getnewargs_ex__" in held:
            return False
        if ("__getstate__" in held or "__setstate__" in held) and not _by_dataclass(held):
            return False
    return not _is_struct(cls)


_HEAP = 1 << 9
"""The flag of classes that were made by a `class` statement, and not in C."""


def _by_dataclass(held: types.MappingProxyType[str, object]) -> bool:
    states = [held[name] for name in ("__getstate__", "__setstate__") if name in held]
    return all(getattr(each, "__module__", "") in {"dataclasses", "attr._make"} for each in states)


def _is_struct(cls: type) -> bool:
    # Not by `hasattr`, which asks the class of the class.
    kind: type = type(cls)
    return any("__struct_config__" in vars(base) for base in kind.__mro__)


def is_namedtuple(cls: type) -> bool:
    """Tell whether values are tuples and nothing more."""
    return issubclass(cls, tuple) and not any(
        name in vars(base)
        for base in cls.__mro__[: cls.__mro__.index(tuple)]
        for name in ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")
    )


def frozen_record(cls: type) -> bool:
    """Tell whether a class is a frozen dataclass, or a frozen class of attrs, that fills in nothing later."""
    if _remembers(cls):
        return False
    parameters = vars(cls).get("__dataclass_params__")
    if parameters is not None:
        return bool(parameters.frozen)
    return "__attrs_attrs__" in vars(cls) and "frozen" in getattr(cls.__setattr__, "__name__", "")


def _remembers(cls: type) -> bool:
    """Tell whether values keep what is asked of them first later on, for both sides if they were shared."""
    if any(
        isinstance(each, cached_property) for base in cls.__mro__ for each in vars(base).values()
    ):
        return True
    # attrs makes a slot of it, which is no field.
    fields = {each.name for each in vars(cls).get("__attrs_attrs__", ())}
    return bool(fields) and any(each.__name__ not in fields for each in slots_of(cls))


def frozen_struct(cls: type) -> bool:
    """Tell whether a class is a frozen struct of msgspec, without a dictionary to be written to."""
    if not _is_struct(cls) or dictionary_of(cls) is not None:
        return False
    return bool(getattr(getattr(cls, "__struct_config__", None), "frozen", False))


def dictionary_of(cls: type) -> Callable[[object], dict[str, object]] | None:
    """Return what gets a value's own dictionary, whatever its class says of attributes; `None` if it has none."""
    for base in cls.__mro__:
        found = vars(base).get("__dict__")
        if isinstance(found, types.GetSetDescriptorType | types.MemberDescriptorType):
            return found.__get__
    return None


def slots_of(cls: type) -> tuple[types.MemberDescriptorType, ...]:
    """Return the slots of a class and its bases."""
    return tuple(
        each
        for base in cls.__mro__
        for name, each in vars(base).items()
        if isinstance(each, types.MemberDescriptorType) and name not in _NO_FIELDS
    )


_NO_FIELDS = {"__dict__", "__weakref__"}
