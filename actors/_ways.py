"""What a value consists of, in words: for the error that names the way to what may not cross.

Nothing here is on the way of a message that does cross.

Source: https://docs.python.org/3/reference/datamodel.html
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import cast

from actors._instances import attributes
from actors._shapes import SHARED, slots_of

__all__ = ["way_to"]


def way_to(target: object, root: object, name: str) -> str:
    """Return how to get from a value to a part of it, by the shortest way."""
    todo: list[tuple[object, str]] = [(root, name)]
    seen: dict[int, object] = {}
    for value, path in todo:
        if value is target:
            return path
        if id(value) in seen or type(value) in SHARED:
            continue
        seen[id(value)] = value
        todo += [(each, f"{path}{step}") for step, each in _parts_of(value)]
    return f"something in {name}"


def _parts_of(value: object) -> Iterator[tuple[str, object]]:
    """Yield what a value consists of, each with how one gets to it from there."""
    # Not by `isinstance`, which asks the value's own `__class__`.
    kind = type(value)
    if issubclass(kind, dict):
        for key, each in dict.copy(cast("dict[object, object]", value)).items():
            yield f"[{_short(key)}]", each
            yield f".key({_short(key)})", key
    elif issubclass(kind, list | tuple | deque):
        for index, each in enumerate(list(cast("list[object]", value))):
            yield f"[{index}]", each
    elif issubclass(kind, set | frozenset):
        for each in list(cast("set[object]", value)):
            yield f".element({_short(each)})", each
    elif kind is types.FunctionType:
        yield from _parts_of_function(cast("types.FunctionType", value))
    elif kind is types.MethodType:
        yield ".__func__", cast("types.MethodType", value).__func__
        yield ".__self__", cast("types.MethodType", value).__self__
    elif kind is types.BuiltinFunctionType:
        yield ".__self__", cast("types.BuiltinFunctionType", value).__self__
    elif kind is partial:
        bound = cast("partial[object]", value)
        yield from ((".func", bound.func), (".args", bound.args), (".keywords", bound.keywords))
    elif kind is types.MappingProxyType:
        yield "", dict(cast("dict[object, object]", value))
    yield from _parts_of_object(value)


def _parts_of_function(fn: types.FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        try:
            yield f".<captured {name}>", cell.cell_contents
        except ValueError:
            continue
    yield ".__defaults__", fn.__defaults__
    yield ".__kwdefaults__", fn.__kwdefaults__


def _parts_of_object(value: object) -> Iterator[tuple[str, object]]:
    if issubclass(type(value), type | types.ModuleType | types.FunctionType):
        return
    for name, each in (attributes(value) or {}).copy().items():
        yield f".{name}", each
    kind: type = type(value)
    for slot in slots_of(kind):
        try:
            yield f".{slot.__name__}", slot.__get__(value)
        except (AttributeError, TypeError):
            continue
    if issubclass(type(value), BaseException):
        error = cast("BaseException", value)
        yield ".args", error.args
        yield ".__cause__", error.__cause__
        yield ".__context__", error.__context__


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - user code's repr may do anything
        return f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}…"


_LONGEST_KEY = 40
