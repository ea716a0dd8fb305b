"""How values look in errors, traces and reports, whatever they are."""

from __future__ import annotations

import collections
import enum
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.showing import Writer, shown

SECRET = "hunter2-canary"  # noqa: S105 - what must not come out


class Key(enum.Enum):
    PASSWORD = 1


@dataclass
class Login:
    user: str
    pwd: str


class Pair(NamedTuple):
    user: str
    api_key: str


class Settings(dict[object, object]):
    """Prints itself as every dictionary does."""


PLAIN: list[object] = [
    *(1, None, True, 1.5, "x", "it's", b"x", [1, [2]], (1,), (), {}, set(), {1}, frozenset({1})),
    *(collections.deque([1], 3), collections.defaultdict(int, {1: 2}), collections.Counter("aab")),
    *(
        types.MappingProxyType({"a": 1}),
        {"a": 1}.items(),
        Settings(a=1),
        Login,
        print,
        ValueError(1),
    ),
    *(collections.UserDict(a=1), collections.UserList([1]), KeyError("k"), ValueError("x", [3])),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_what_is_short_looks_as_it_prints_itself(value: object) -> None:
    assert shown(value) == repr(value)


@given(
    value=st.recursive(
        st.integers() | st.text(alphabet="ab'\"\\é", max_size=5) | st.booleans() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.integers(), inner)
        ),
        max_leaves=8,
    )
)
def test_values_of_the_language_look_as_they_print_themselves(value: object) -> None:
    assert Writer(10**6).of(value) == repr(value)


HOLDING: list[object] = [
    {"password": SECRET},
    {b"password": SECRET},
    {Key.PASSWORD: SECRET},
    {("db", "password"): SECRET},
    ["password", SECRET],
    [("user", "joe"), ["password", SECRET]],
    ("password", SECRET, SECRET),
    (Key.PASSWORD, SECRET),
    ["mysql", "--password", SECRET],
    ["SET", "token", SECRET],
    collections.OrderedDict(password=SECRET),
    collections.defaultdict(str, {"password": SECRET}),
    collections.ChainMap({"password": SECRET}),
    collections.UserDict(password=SECRET),
    types.MappingProxyType({"password": SECRET}),
    {"password": SECRET}.items(),
    Settings(token=SECRET),
    Login("joe", SECRET),
    Pair("joe", SECRET),
    {"auth": ("joe", SECRET)},
    {"private_key": SECRET},
    ValueError("password", SECRET),
    ExceptionGroup("g", [ValueError({"pwd": SECRET})]),
    b"password=" + SECRET.encode(),
    types.SimpleNamespace(password=SECRET),
]


@pytest.mark.parametrize("value", HOLDING, ids=lambda each: type(each).__name__)
def test_what_stands_under_the_name_of_a_secret_is_hidden(value: object) -> None:
    text = shown(value)

    assert SECRET not in text
    assert "[hidden]" in text


def test_names_that_stand_beside_others_hide_nothing_else() -> None:
    assert (
        shown(["--verbose", "--token", "x", "--depth", 5])
        == "['--verbose', '--token', [hidden], '--depth', 5]"
    )
    assert shown({"author": "Ann", "tokenizer": 1}) == "{'author': 'Ann', 'tokenizer': 1}"


class Counted:
    """Counts who is written."""

    written = 0

    def __repr__(self) -> str:
        Counted.written += 1
        return "x"


def grouped(members: list[Counted]) -> object:
    return ExceptionGroup("many", [ValueError(each) for each in members])


@pytest.mark.parametrize(
    "made",
    [
        list,
        tuple,
        set,
        frozenset,
        collections.deque,
        dict.fromkeys,
        lambda members: dict(enumerate(members)),
        lambda members: collections.OrderedDict(enumerate(members)),
        lambda members: collections.defaultdict(int, enumerate(members)),
        lambda members: types.MappingProxyType(dict(enumerate(members))),
        lambda members: [[[members] * 100] * 100] * 100,
        lambda members: Login("joe", [members]),  # type: ignore[arg-type]
        grouped,
    ],
)
def test_of_something_large_only_the_first_are_written(
    made: Callable[[list[Counted]], object],
) -> None:
    value = made([Counted() for _ in range(10_000)])
    Counted.written = 0
    text = shown(value, 1_000)

    assert Counted.written <= 500
    assert len(text) < 2_000
    assert " more" in text or "pwd=[hidden]" in text


def raises(*_: object) -> str:
    raise SystemExit(3)


class Awkward(str):
    """A text that fails whoever looks at it."""

    __slots__ = ()
    __getitem__ = __len__ = isprintable = __str__ = raises  # type: ignore[assignment]


class Nameless(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise SystemExit


@dataclass
class Shy:
    field: int = 1

    def __getattribute__(self, name: str) -> object:
        return raises() if name == "field" else object.__getattribute__(self, name)


HOSTILE: dict[str, Any] = {
    "raises": type("Raises", (), {"__repr__": raises})(),
    "ends a generator": type(
        "G", (), {"__repr__": lambda _: (_ for _ in ()).throw(GeneratorExit)}
    )(),
    "prints an awkward text": type("R", (), {"__repr__": lambda _: Awkward("x")})(),
    "prints nothing": type("R", (), {"__repr__": lambda _: None})(),
    "has no class": type("N", (), {"__class__": property(raises)})(),
    "has no entries": type("E", (dict,), {"items": raises, "__iter__": raises})(a=1),
    "has no length": type("L", (list,), {"__iter__": raises, "__len__": raises})([1]),
    "has no name": Nameless("Meta", (), {"__repr__": raises})(),
    "prints by no function": type("O", (), {"__repr__": {}})(),
    "is an awkward text": Awkward("x"),
    "has a field that raises": Shy(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_value_raises_is_written_in_its_place(name: str) -> None:
    text = shown([1, HOSTILE[name], 2])

    assert text.startswith("[1, ")
    assert text.endswith(", 2]")


def test_a_ctrl_c_arrives_while_a_value_is_written() -> None:
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shown(type("Slow", (), {"__repr__": interrupted})())
