"""What crosses between processes: shared if it cannot change, copied, moved or refused, at every border."""

from __future__ import annotations

import contextvars
import datetime as dt
import decimal
import enum
import fractions
import functools
import inspect
import io
import itertools
import mmap
import pathlib
import queue
import random
import re
import socket
import subprocess
import threading
import types
import uuid
import weakref
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn, TypeAlias

import attrs
import greenlet
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import process
from actors.errors import ActorsError, BadArgument, MovedAway, NotSendable
from actors.isolation import (
    SHARED,
    Moved,
    Withheld,
    crossing,
    explain_sendable,
    is_sendable,
    moved,
    register,
    shareable,
    witnessed,
)
from actors.pid import Pid, Ref
from actors.process import receive, send, spawn
from tests.actors.probes import simulate

Value: TypeAlias = Any


def copied(value: Value) -> Value:
    return crossing("copy")(value, "message")


@dataclass(frozen=True)
class Frozen:
    value: object
    other: object = None


@dataclass(frozen=True, slots=True)
class FrozenSlots:
    value: object
    other: object = None


@attrs.frozen
class FrozenAttrs:
    value: object


class FrozenStruct(msgspec.Struct, frozen=True):
    value: object


class Point(NamedTuple):
    x: object
    y: object


Pair = namedtuple("Pair", "one other")  # noqa: PYI024 - the old way is in use


class Colour(enum.Enum):
    RED = [1]  # noqa: RUF012 - that an enum with such a value is shared all the same


class Flags(enum.Flag):
    ONE = 1
    TWO = 2


@dataclass
class Record:
    value: object
    more: list[object] = field(default_factory=list)


class Plain:
    def __init__(self, value: object) -> None:
        self.value = value


class Slotted:
    __slots__ = ("__weakref__", "left", "unset")

    def __init__(self, left: object) -> None:
        self.left = left


class Derived(Slotted):
    __slots__ = ("right",)

    right: object


@attrs.define
class Attrs:
    value: object


class Struct(msgspec.Struct):
    value: object


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.flags.writeable = False
    return array


# -- shared ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        10**30,
        1.5,
        2j,
        "text",
        b"bytes",
        range(3),
        ...,
        NotImplemented,
        int,
        Plain,
        Colour,
        Colour.RED,
        Flags.ONE | Flags.TWO,
        threading,
        print,
        copied,
        Plain.__init__,
        str.upper,
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.date(2026, 1, 1),
        dt.timedelta(1),
        zoneinfo.ZoneInfo("UTC"),
        decimal.Decimal("1.5"),
        fractions.Fraction(1, 3),
        uuid.UUID(int=1),
        pathlib.Path("/"),
        pathlib.PurePosixPath("a"),
        re.compile("a+"),
        (1, ("a", (None, b""))),
        frozenset({1, ("a", 2)}),
        Frozen((1, 2), Frozen(3)),
        FrozenSlots("a"),
        FrozenAttrs(1),
        FrozenStruct((1, 2)),
        Point(1, "a"),
        Pair(Point(1, 2), Frozen(1)),
        slice(1, 2),
        re.match("a", "abc"),
        np.float64(1.5),
        Withheld("a lock"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_change_crosses_as_it_is(value: object) -> None:
    assert copied(value) is value
    assert copied((value, 1))[0] is value


@pytest.mark.parametrize(
    "value",
    [
        memoryview(b"abc"),
        memoryview(b"abc")[1:],
        read_only(np.zeros(3)),
        read_only(np.zeros((4, 4)))[1:, ::2],
        np.frombuffer(b"abcd", dtype="u1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_memory_that_nobody_can_write_to_is_shared_and_the_view_of_it_is_not(value: Value) -> None:
    copy, again = copied((value, value))

    assert np.shares_memory(np.asarray(copy), np.asarray(value))
    assert copy is again
    assert copy is not value
    assert np.array_equal(copy, value)


def test_whoever_releases_or_reshapes_what_came_leaves_the_senders_alone() -> None:
    view, array = memoryview(b"abcd"), read_only(np.zeros(4))
    other, matrix = copied(view), copied(array)
    other.release()
    matrix.shape = (2, 2)

    assert view.tobytes() == b"abcd"
    assert array.shape == (4,)
    with pytest.raises(ValueError, match="WRITEABLE"):
        matrix.flags.writeable = True


def test_pids_and_references_cross_as_they_are() -> None:
    def main() -> bool:
        value = (process.self(), process.alias())
        return copied(value) is value

    assert simulate(main)


# -- copied ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        [1, [2]],
        {"a": {"b": [1]}},
        {1, 2},
        (1, [2]),
        frozenset({Frozen((1, 2))}),
        Frozen([1]),
        FrozenSlots({"a": 1}, [2]),
        FrozenAttrs([1]),
        FrozenStruct([1]),
        Point([1], 2),
        Pair({}, 1),
        Record([1], [2]),
        Attrs([1]),
        Struct([1]),
        bytearray(b"abc"),
        deque([1, [2]], 5),
        OrderedDict(b=[1], a=2),
        defaultdict(list, a=[1]),
        Counter("abb"),
        types.MappingProxyType({"a": [1]}),
        slice([1], 2),
        memoryview(bytearray(b"abc")),
        memoryview(bytearray(b"abc")).toreadonly(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_copy_is_equal_and_another(value: object) -> None:
    copy = copied(value)

    assert copy == value
    assert type(copy) is type(value)
    if not isinstance(value, frozenset):
        assert copy is not value


def test_what_a_copy_contains_is_another_too() -> None:
    inner = [1]
    cases: list[tuple[Value, Callable[[Value], Value]]] = [
        ([inner], lambda v: v[0]),
        ({"a": inner}, lambda v: v["a"]),
        ((0, inner), lambda v: v[1]),
        (Point(inner, 0), lambda v: v.x),
        (Frozen(inner), lambda v: v.value),
        (FrozenSlots(inner), lambda v: v.value),
        (FrozenAttrs(inner), lambda v: v.value),
        (FrozenStruct(inner), lambda v: v.value),
        (Plain(inner), lambda v: v.value),
        (Slotted(inner), lambda v: v.left),
        (Struct(inner), lambda v: v.value),
        (deque([inner]), lambda v: v[0]),
        (defaultdict(list, a=inner), lambda v: v["a"]),
        (types.MappingProxyType({"a": inner}), lambda v: v["a"]),
        (functools.partial(print, inner), lambda v: v.args[0]),
        (ValueError(inner), lambda v: v.args[0]),
        (np.array([inner, 1], dtype=object), lambda v: v[0]),
    ]
    for value, get in cases:
        found = get(copied(value))
        assert found == inner
        assert found is not inner, type(value)


def test_only_what_can_change_is_copied_and_the_rest_of_it_stays() -> None:
    text, fixed = "x" * 1000, (1, ("a", 2))
    copy = copied({"text": text, "fixed": fixed, "list": [fixed]})

    assert copy["text"] is text
    assert copy["fixed"] is copy["list"][0] is fixed


def test_slots_with_and_without_a_value_are_copied() -> None:
    value = Derived([1])
    value.right = value
    copy = copied(value)

    assert copy.left == [1]
    assert copy.right is copy
    assert not hasattr(copy, "unset")


def test_what_is_referred_to_twice_stays_one() -> None:
    one = [1]
    copy = copied([one, {"one": one}, (one,), Frozen(one)])

    assert copy[0] is copy[1]["one"] is copy[2][0] is copy[3].value
    assert copy[0] is not one


@dataclass(frozen=True)
class Remembering:
    value: object

    @functools.cached_property
    def later(self) -> list[object]:
        return []


@attrs.frozen
class RememberingAttrs:
    value: object

    @functools.cached_property
    def later(self) -> list[object]:
        return []


class RememberingStruct(msgspec.Struct, frozen=True, dict=True):
    value: object

    @functools.cached_property
    def later(self) -> list[object]:
        return []


@pytest.mark.parametrize("cls", [Remembering, RememberingAttrs, RememberingStruct])
def test_what_is_frozen_and_remembers_what_was_asked_of_it_is_copied(
    cls: Callable[[int], Value],
) -> None:
    value = cls(1)
    copy = copied(value)
    copy.later.append("changed")

    assert copy == value
    assert value.later == []


class Family(Pair):
    """A tuple that may be given attributes later."""


class Place(type(pathlib.Path())):  # type: ignore[misc]
    """A path that may be given attributes later."""


class Texts(tuple[str, ...]):  # noqa: SLOT001 - what is shown is one that has none
    """The same of a tuple."""


@pytest.mark.parametrize("value", [Family(1, 2), Place("/"), Texts("ab")])
def test_what_may_be_given_attributes_later_is_copied(value: Value) -> None:
    copy = copied(value)
    copy.tags = ["changed"]

    assert copy == value
    assert type(copy) is type(value)
    assert not hasattr(value, "tags")


class Measured(np.ndarray[Any, Any]):
    """As numpy's own pages derive a class: its attributes are handed on to every view."""

    info: list[object] | None

    def __array_finalize__(self, source: object) -> None:
        self.info = getattr(source, "info", None)


def test_what_a_class_of_arrays_adds_is_copied_too() -> None:
    cases: list[Value] = [np.arange(3).view(Measured), read_only(np.arange(3)).view(Measured)]
    masked: Value = np.ma.array(read_only(np.arange(3)), mask=[False, False, True])
    for each in cases:
        each.info = ["here"]
        copy = copied(each)
        copy.info.append("there")
        assert each.info == ["here"]
        assert copy.flags.writeable == each.flags.writeable
    copy = copied(masked)
    copy.mask[0] = True

    assert list(masked.mask) == [False, False, True]


def test_cycles_close() -> None:
    circle: list[object] = [1]
    circle.append((circle, Frozen(circle), {"again": circle}))
    plain = Plain(None)
    plain.value = {"me": plain}
    copy, other = copied(circle), copied(plain)

    assert copy is not circle
    assert copy[1][0] is copy[1][1].value is copy[1][2]["again"] is copy
    assert other.value["me"] is other is not plain
    held: dict[str, object] = {}
    view = held["me"] = types.MappingProxyType(held)
    copy = copied(view)
    assert copy["me"] is copy is not view


def test_keys_that_are_copied_are_found_by_their_hash() -> None:
    class Key:
        def __init__(self, names: list[str]) -> None:
            self.names = names

        def __hash__(self) -> int:
            return hash(tuple(self.names))

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Key) and other.names == self.names

    value = {Key(["a"]): 1, "plain": 2, Key(["b"]): {Key(["c"])}}
    copy = copied(value)

    assert copy == value
    assert list(copy) == list(value)
    assert copy[Key(["b"])] == {Key(["c"])}
    assert next(iter(copy)) is not next(iter(value))


def nested(n: int, wrap: Callable[[object], object], core: object) -> object:
    value = core
    for _ in range(n):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    ("wrap", "core", "depth"),
    [
        (lambda value: [value], 1, 100_000),
        (lambda value: {"k": value}, 1, 100_000),
        (lambda value: (value,), 1, 100_000),
        (lambda value: (value,), [], 100_000),
        (Frozen, [], 100_000),
        (Plain, 1, 100_000),
        (lambda value: Frozen([(value,)]), 1, 30_000),
        (lambda value: frozenset([value]), 1, 10_000),
        (FrozenSlots, [], 10_000),
        (lambda value: Point(value, 0), [], 10_000),
        (Slotted, 1, 10_000),
        (lambda value: deque([value]), 1, 10_000),
    ],
    ids=[
        "list",
        "dict",
        "tuple",
        "changeable",
        "frozen",
        "object",
        "mixed",
        "frozenset",
        "slots",
        "namedtuple",
        "slotted",
        "deque",
    ],
)
def test_nothing_is_too_deep(wrap: Callable[[object], object], core: object, depth: int) -> None:
    value = nested(depth, wrap, core)

    copy = copied(value)

    assert type(copy) is type(value)
    take_apart(copy)
    take_apart(value)


def take_apart(value: Value) -> None:
    """Let go of something deep one by one: freeing it at once would itself go too deep."""
    while True:
        if isinstance(value, dict):
            value = value.pop("k")
        elif isinstance(value, list | deque):
            value = value.pop() if value else None
        elif isinstance(value, Plain):
            inner, value.value = value.value, None
            value = inner
        elif isinstance(value, Slotted):
            inner, value.left = value.left, None
            value = inner
        elif isinstance(value, Frozen | FrozenSlots):
            inner = value.value
            object.__setattr__(value, "value", None)
            value = inner
        else:
            return


def test_a_graph_that_is_wide_by_sharing_is_walked_once() -> None:
    fixed: object = 1
    changeable: object = []
    for _ in range(200):
        fixed, changeable = (fixed, fixed), (changeable, changeable)

    assert copied(fixed) is fixed
    copy = copied(changeable)
    assert copy[0] is copy[1]


def test_a_large_value_costs_a_copy_and_a_large_one_that_cannot_change_nothing() -> None:
    big = bytearray(100_000_000)
    fixed = bytes(1_000_000)

    copy = copied(("frame", big, fixed))

    assert copy[1] is not big
    assert len(copy[1]) == len(big)
    assert copy[2] is fixed


def test_arrays_that_can_be_written_to_through_something_else_are_copied() -> None:
    base = np.arange(6)
    view = read_only(base[1:])
    copy = copied(view)
    base[1] = 99

    assert copy[0] == 1
    assert not copy.flags.writeable
    writable = copied(np.arange(3))
    writable[0] = 7
    assert writable.flags.writeable


def test_views_of_memory_that_can_be_written_to_are_copied_with_their_form() -> None:
    held = bytearray(range(12))
    view = memoryview(held).cast("B", (3, 4))
    copy, frozen = copied(view), copied(memoryview(held).toreadonly())
    held[0] = 99

    assert copy.shape == (3, 4)
    assert copy[0, 0] == frozen[0] == 0
    assert frozen.readonly
    assert not copy.readonly


def failed(error: BaseException) -> BaseException:
    try:
        raise error from KeyError("cause")
    except BaseException as raised:
        raised.add_note("a note")
        return raised


class OddlyMade(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x", [1]),
        OddlyMade(code=7),
        FileNotFoundError(2, "no", "/file"),
        UnicodeDecodeError("utf8", b"\xff", 0, 1, "bad"),
        ImportError("no", name="module"),
        SyntaxError("bad", ("file", 1, 2, "text")),
        StopIteration([3]),
        SystemExit(4),
        BadArgument("what", 1, "two"),
        ExceptionGroup("several", [ValueError(1), OddlyMade(code=2)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_crosses_with_all_it_says_and_without_its_traceback(
    error: BaseException,
) -> None:
    raised = failed(error)
    copy = copied(raised)

    assert copy is not raised
    assert (type(copy), str(copy), repr(copy)) == (type(raised), str(raised), repr(raised))
    assert copy.__traceback__ is None
    assert repr(copy.__cause__) == "KeyError('cause')"
    assert copy.__notes__ == ["a note"]
    for name in ("code", "errno", "filename", "start", "name", "value", "lineno"):
        assert getattr(copy, name, None) == getattr(raised, name, None)


# -- code ------------------------------------------------------------------------------------------


def test_captured_variables_are_the_copys_own_and_stay_shared_among_its_functions() -> None:
    count, seen = 0, []

    def add() -> int:
        nonlocal count
        count += 1
        seen.append(count)
        return fact(count)

    def look() -> object:
        return count, seen

    def fact(n: int) -> int:
        return 1 if n < 2 else n * fact(n - 1)

    other_add, other_look = copied((add, look))

    assert [other_add() for _ in range(3)] == [1, 2, 6]
    assert other_look() == (3, [1, 2, 3])
    assert (count, seen) == (0, [])
    count = 10
    assert other_look() == (3, [1, 2, 3])


def test_defaults_that_can_change_are_the_copys_own() -> None:
    def gather(one: int, into: list[int] = [], *, also: list[int] = []) -> object:  # noqa: B006 - the trap itself
        into.append(one)
        also.append(one)
        return into, also

    other = copied(gather)

    assert other(1) == ([1], [1])
    assert gather(2) == ([2], [2])
    assert other.__name__ == "gather"


def test_what_a_function_holds_besides_is_the_copys_own() -> None:
    def plain() -> None: ...

    seen: list[int] = []
    plain.calls = seen  # type: ignore[attr-defined]
    bound = functools.partial(print, 1)
    cases: list[tuple[Value, Callable[[Value], Value]]] = [
        (plain, lambda v: v.calls),
        (functools.lru_cache(lambda: seen), lambda v: v()),
        (functools.lru_cache(list), lambda v: v()),
        (staticmethod(lambda: seen), lambda v: v()),
        (property(lambda _: seen), lambda v: v.fget(None)),
    ]
    for value, get in cases:
        get(copied(value)).append(1)
        assert get(value) == [], value
    other = copied(bound)
    other.note = "changed"
    other.__setstate__((print, (2,), {}, {}))

    assert not hasattr(bound, "note")
    assert bound.args == (1,)
    assert copied(remembered) is remembered


@functools.lru_cache
def remembered() -> list[int]:
    return []


def test_a_variable_that_has_no_value_yet_has_none_in_the_copy() -> None:
    def look() -> object:
        return later

    other = copied(look)
    later = 1

    assert look() == 1
    with pytest.raises(NameError):
        other()


def test_a_method_takes_a_copy_of_its_object_along() -> None:
    owner = Record([1])
    bound = copied(owner.more.append)
    bound(5)

    assert bound.__self__ == [5]
    assert owner.more == []


def test_code_that_a_module_holds_by_name_is_shared_with_what_it_has_captured() -> None:
    assert copied(by_name) is by_name
    assert copied((by_name, [])) == (by_name, [])


def counted(fn: Callable[[], None]) -> Callable[[], None]:
    calls = [0]

    def wrapper() -> None:
        calls[0] += 1
        fn()

    wrapper.__qualname__ = fn.__qualname__
    return wrapper


@counted
def by_name() -> None:
    return None


# -- refused ---------------------------------------------------------------------------------------


def numbers() -> Iterator[int]:
    yield 1


async def work() -> None:
    return None


def coroutine() -> object:
    made = work()
    made.close()
    return made


def traceback() -> object:
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__


class Opened(io.RawIOBase):
    pass


REFUSED: list[tuple[Callable[[], object], str]] = [
    (threading.Lock, "a lock"),
    (threading.RLock, "a lock"),
    (threading.Event, "a lock"),
    (threading.Condition, "a lock"),
    (threading.Semaphore, "a lock"),
    (lambda: threading.Barrier(2), "a lock"),
    (threading.local, "thread-local data"),
    (threading.Thread, "a thread"),
    (socket.socket, "a socket"),
    (pathlib.Path(__file__).open, "an open file"),
    (Opened, "an open file"),
    (numbers, "a generator"),
    (coroutine, "a coroutine"),
    (inspect.currentframe, "a frame"),
    (traceback, "a traceback"),
    (greenlet.getcurrent, "a stack"),
    (lambda: weakref.ref(Plain), "a weak reference"),
    (lambda: weakref.proxy(Plain), "a weak reference"),
    (lambda: mmap.mmap(-1, 10), "mapped memory"),
    (queue.Queue, "a queue of threads"),
    (queue.SimpleQueue, "a queue of threads"),
    (contextvars.copy_context, "a context"),
    (lambda: subprocess.Popen(["true"]), "an operating system process"),
    (lambda: map(int, numbers()), "an object that cannot be taken apart"),
]


@pytest.mark.parametrize(
    ("make", "what"), REFUSED, ids=lambda each: each if isinstance(each, str) else "made"
)
def test_what_can_neither_be_shared_nor_copied_is_refused_with_the_way_to_it(
    make: Callable[[], object], what: str
) -> None:
    value = make()
    try:
        said = explain_sendable(("add", {"conn": [Frozen(value)]}))
        assert not is_sendable(value)
    finally:
        if isinstance(value, socket.socket | io.IOBase):
            value.close()
        if isinstance(value, subprocess.Popen):
            value.wait()

    assert said is not None
    if type(value) is not map:
        assert said.startswith(f"value[1]['conn'][0].value is {what}")
    else:
        assert what in said or "a generator" in said


def capturing(lock: object) -> Callable[[], object]:
    return lambda: lock


@pytest.mark.parametrize(
    ("value", "way"),
    [
        ([1, threading.Lock()], "message[1]"),
        ({"a": {"b": threading.Lock()}}, "message['a']['b']"),
        ({(1, "k"): threading.Lock()}, "message[(1, 'k')]"),
        (Plain(threading.Lock()), "message.value"),
        (Slotted(threading.Lock()), "message.left"),
        (Frozen(1, threading.Lock()), "message.other"),
        (Point(1, threading.Lock()), "message[1]"),
        (ValueError(1, threading.Lock()), "message.args[1]"),
        (deque([threading.Lock()]), "message[0]"),
        (functools.partial(print, threading.Lock()), "message.args[0]"),
        (capturing(threading.Lock()), "message.<captured lock>"),
        (threading.Lock().acquire, "message"),
        (types.MappingProxyType({"a": threading.Lock()}), "message['a']"),
        ({"deep": nested(1000, lambda v: [v], threading.Lock())}, "message['deep']" + "[0]" * 1000),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_way_is_told_through_everything(value: object, way: str) -> None:
    with pytest.raises(NotSendable) as refused:
        copied(value)

    assert refused.value.what.startswith(way)
    if way != "message":
        assert refused.value.what == way
    assert isinstance(refused.value, BadArgument)


def test_the_error_keeps_nothing_of_what_was_refused_and_crosses_itself() -> None:
    with pytest.raises(NotSendable) as refused:
        copied([threading.Lock()])
    copy = copied(refused.value)

    assert (
        str(copy)
        == "message[0] is a lock, which cannot be shared or copied (its class is _thread.lock),"
        " accepted is what cannot change, what can be copied, or Moved(value)"
    )
    assert copy.explanation == refused.value.explanation


# -- hostile values --------------------------------------------------------------------------------


def fail(*_: object) -> NoReturn:
    raise ValueError("hostile")


def forever(self: Value, *args: object) -> object:
    return type(self).__deepcopy__(self, *args)


HOSTILE: dict[str, dict[str, object]] = {
    "deepcopy raises": {"__deepcopy__": fail},
    "deepcopy recurses": {"__deepcopy__": forever},
    "reduce raises": {"__reduce__": fail},
    "reduce_ex raises": {"__reduce_ex__": fail},
    "reduce lies": {"__reduce__": lambda _: (1, 2, 3)},
    "reduce is no tuple": {"__reduce__": lambda _: 5},
    "reduce makes nothing": {"__reduce__": lambda _: (fail, ())},
    "setstate raises": {"__setstate__": fail, "__getstate__": lambda _: 1},
    "getstate raises": {"__getstate__": fail},
}
HARMLESS: dict[str, dict[str, object]] = {
    "getattr raises": {"__getattr__": fail},
    "getattribute raises": {"__getattribute__": fail},
    "setattr raises": {"__setattr__": fail},
    "class raises": {"__class__": property(fail)},
    "eq raises": {"__eq__": fail, "__hash__": object.__hash__},
    "repr raises": {"__repr__": fail},
    "bool raises": {"__bool__": fail},
    "len raises": {"__len__": fail, "__iter__": fail},
    "dict lies": {"__dict__": property(fail)},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_its_own_code_does_not_let_be_copied_is_an_error_of_the_sender_alone(
    name: str,
) -> None:
    hostile = type("Hostile", (), HOSTILE[name])()

    def main() -> object:
        boss = process.self()
        other = spawn(lambda: send(boss, ("got", receive())))
        with pytest.raises(NotSendable):
            send(other, ("a", [hostile]))
        send(other, "fine")
        return receive()

    assert simulate(main) == ("got", "fine")


@pytest.mark.parametrize("name", HARMLESS)
def test_other_code_of_its_own_is_never_run_by_a_copy(name: str) -> None:
    hostile = type("Hostile", (), HARMLESS[name])()

    copy = copied(["a", hostile])[1]

    assert type(copy) is type(hostile)
    assert copy is not hostile


def test_a_hash_that_raises_is_an_error_of_the_sender() -> None:
    class Odd:
        sour = False

        def __hash__(self) -> int:
            if self.sour:
                raise ValueError("hostile")
            return 1

    odd = Odd()
    value = {odd: 1}
    odd.sour = True

    with pytest.raises(NotSendable, match="own code raises ValueError"):
        copied(value)


# -- moved -----------------------------------------------------------------------------------------


def test_a_moved_value_arrives_itself_and_the_shell_is_empty() -> None:
    def main() -> bool:
        boss = process.self()
        other = spawn(lambda: send(boss, Moved(receive())))
        frame = bytearray(3)
        shell = Moved(frame)
        assert shell.value is frame
        send(other, shell)
        with pytest.raises(MovedAway):
            _ = shell.value
        assert repr(shell) == "Moved(<gone>)"
        return receive() is frame

    assert simulate(main)


def test_a_shell_cannot_be_sent_twice() -> None:
    shell = Moved([1])
    copied(("first", shell))

    assert explain_sendable(shell) == "value is a shell whose value was moved before"
    with pytest.raises(NotSendable, match="moved before"):
        copied({"again": shell})
    assert issubclass(MovedAway, ActorsError)


def test_what_was_refused_has_moved_nothing() -> None:
    shell = Moved([1])

    with pytest.raises(NotSendable):
        copied((shell, threading.Lock()))
    assert is_sendable(shell)
    assert shell.value == [1]


def test_anything_may_be_moved() -> None:
    made = numbers()
    lock = threading.Lock()

    assert copied({"deep": [moved(made)]})["deep"][0] is made
    assert copied(Moved(lock)) is lock


# -- declared --------------------------------------------------------------------------------------


def test_a_class_may_declare_that_its_values_never_change() -> None:
    @shareable
    class Money:
        def __init__(self, cents: list[int]) -> None:
            self.cents = cents

    class Coin(Money):
        pass

    money, coin = Money([1]), Coin([1])

    assert copied([money])[0] is money
    assert copied([coin])[0] is not coin


def test_a_class_may_give_its_own_copy() -> None:
    class Own:
        def __init__(self, generation: int) -> None:
            self.generation = generation

        def __deepcopy__(self, memo: dict[int, object]) -> Own:
            return Own(self.generation + 1)

    assert copied([Own(0)])[0].generation == 1


@pytest.mark.parametrize("cls", [int, str, bytes, type(None), Pid, Ref])
def test_what_crosses_as_it_is_in_any_case_can_be_registered_as_nothing_else(cls: type) -> None:
    for how in ("refuse", abs):
        with pytest.raises(BadArgument, match="identities"):
            register(cls, how)
    register(cls, "share")
    assert cls in SHARED


def test_a_foreign_class_may_be_registered_to_be_shared_copied_or_refused() -> None:
    class Foreign:
        def __init__(self, number: int) -> None:
            self.number = number

    value = Foreign(1)
    register(Foreign, lambda foreign: Foreign(foreign.number + 1))
    assert copied((value, value))[0].number == 2
    register(Foreign, "refuse")
    assert explain_sendable([value]) is not None
    register(Foreign, "share")
    assert copied([value])[0] is value
    register(Foreign, fail)
    with pytest.raises(NotSendable, match="hostile"):
        copied(value)


def test_what_is_no_class_and_no_way_is_refused() -> None:
    with pytest.raises(BadArgument, match="cls"):
        register(1, "share")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="how"):
        register(Plain, "sometimes")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="isolation"):
        crossing("maybe")  # type: ignore[arg-type]


# -- policies --------------------------------------------------------------------------------------


def test_a_runtime_that_checks_refuses_and_hands_over_the_rest_as_it_is() -> None:
    check = crossing("check")
    value = [1]

    assert check(value, "message") is value
    with pytest.raises(NotSendable, match=r"message\[0\] is a lock"):
        check([threading.Lock()], "message")
    assert check((1, Moved(value)), "message") == (1, value)


def test_a_runtime_that_trusts_hands_everything_over_and_still_opens_shells() -> None:
    trust = crossing("trust")
    lock, value = threading.Lock(), [1]

    assert trust((lock, value), "message")[1] is value  # type: ignore[index]
    shell = Moved(value)
    assert trust((1, shell), "message")[1] is value  # type: ignore[index]
    assert repr(shell) == "Moved(<gone>)"


def test_what_must_arrive_is_told_without_what_may_not() -> None:
    reason = ("failed", [1], {"lock": threading.Lock()})
    told: Any = witnessed(reason, crossing("copy"))

    assert told[1] is not reason[1]
    assert told[2]["lock"] == Withheld("a lock, which cannot be shared or copied")
    assert isinstance(
        witnessed(type("Odd", (), {"__reduce__": fail})(), crossing("copy")), Withheld
    )


# -- ten thousand values ---------------------------------------------------------------------------


ATOMS = (None, True, 7, -1.5, "text", b"bytes", decimal.Decimal("1.5"), dt.date(2026, 1, 1))
SHAPES: tuple[Callable[[list[Any]], Any], ...] = (
    lambda parts: parts,
    tuple,
    deque,
    lambda parts: {f"k{n}": part for n, part in enumerate(parts)},
    lambda parts: dict(enumerate(parts)),
    lambda parts: Frozen(parts[0], parts[-1]),
    lambda parts: FrozenSlots(parts[0]),
    lambda parts: FrozenAttrs(parts[0]),
    lambda parts: Point(parts[0], parts),
    lambda parts: Record(parts[0], parts),
    lambda parts: Struct(parts[0]),
    lambda parts: [parts, parts, parts[0]],
    lambda parts: {"a": {"b": parts}, "c": parts[0]},
)


def grown(chance: random.Random, depth: int) -> Value:
    """Make a value by lot."""
    if depth == 0 or chance.random() < 0.2:
        made = chance.choice((*ATOMS, bytearray, set))
        if made is set:
            return {1, "a"}
        return bytearray(b"abc") if made is bytearray else made
    parts = [grown(chance, depth - 1) for _ in range(chance.randint(1, 3))]
    return chance.choice(SHAPES)(parts)


def boxes(value: Value) -> Iterator[Value]:
    """Yield all that can be changed in a value."""
    todo, seen = [value], set[int]()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, list | dict | set | bytearray | deque | Record | Struct):
            yield one
        if isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list | tuple | deque):
            todo += one
        elif isinstance(one, Frozen | FrozenSlots):
            todo += [one.value, one.other]
        elif isinstance(one, Record):
            todo += [one.value, one.more]
        elif isinstance(one, FrozenAttrs | Struct):
            todo += [one.value]


def spoil(value: Value) -> None:
    for box in list(boxes(value)):
        match box:
            case list() | deque():
                box.append("spoilt")
            case dict():
                box["spoilt"] = "spoilt"
            case set():
                box.add("spoilt")
            case bytearray():
                box.extend(b"spoilt")
            case _:
                box.value = "spoilt"


def exchanged(several: list[Any]) -> None:
    """Send values there and back, spoil each side in turn, and look at the other."""

    def main() -> None:
        boss = process.self()

        def other() -> None:
            while True:
                message = receive()
                before = repr(message)
                send(boss, message)
                assert receive() == "spoilt"
                send(boss, repr(message) == before)
                spoil(message)
                send(boss, "done")

        peer = spawn(other)
        for value in several:
            before = repr(value)
            send(peer, value)
            returned = receive()
            assert repr(returned) == before
            assert not {id(box) for box in boxes(value)} & {id(box) for box in boxes(returned)}
            spoil(value)
            after = repr(value)
            send(peer, "spoilt")
            assert receive() is True
            assert receive() == "done"
            assert repr(value) == after
            assert repr(returned) == before

    simulate(main)


@settings(max_examples=20)
@given(st.integers(min_value=0, max_value=2**32))
def test_of_ten_thousand_values_a_change_on_either_side_is_never_seen_on_the_other(
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - lots are drawn, and no secrets
    exchanged([grown(chance, 4) for _ in range(500)])


def test_permutations_of_a_message_do_not_matter() -> None:
    parts = [[1], (2,), {"a": 3}]

    for order in itertools.permutations(parts):
        assert copied(order) == order
