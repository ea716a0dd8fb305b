"""How objects cross: by their attributes, or in the way that their class defines.

An object of a plain class is copied by what it holds, without its `__init__`. One of a frozen class is rebuilt
only around a part that can change. An exception goes without its traceback, whose frames are somebody's.
A class that defines `__deepcopy__` or `__reduce__` is asked, as `copy.deepcopy` would.

Source: https://docs.python.org/3/library/copy.html, https://docs.python.org/3/library/pickle.html#object.__reduce__
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import TypeAlias, cast

from actors import _shapes
from actors._copying import (
    INSIDE,
    LIMIT,
    NOTHING,
    Copying,
    Refused,
    Take,
    rebuilt,
    refusing,
    said,
)
from actors._shapes import SHARED

__all__ = ["attributes", "deepcopied", "last_rule", "refusal_rule"]

_HEAP = 1 << 9
"""The flag of classes that were made by a `class` statement, and not in C."""


def attributes(value: object) -> dict[str, object] | None:
    """Return an object's own dictionary, whatever its class says of attributes; `None` if it has none."""
    kind = type(value)
    get = _dictionaries.get(kind, NOTHING)
    if get is NOTHING:
        if len(_dictionaries) > _MOST_CLASSES:
            _dictionaries.clear()
        get = _dictionaries[kind] = _shapes.dictionary_of(kind)
    return None if get is None else cast("_GetDictionary", get)(value)


_GetDictionary: TypeAlias = Callable[[object], "dict[str, object]"]
_MOST_CLASSES = 10_000
_dictionaries: dict[type, _GetDictionary | None] = {}


def _fill_attributes(
    value: object,
    copy: object,
    slots: tuple[types.MemberDescriptorType, ...],
    copying: Copying,
    depth: int,
) -> None:
    held = attributes(value)
    if held:
        own = attributes(copy)
        assert own is not None  # noqa: S101 - of the same class
        for name, each in held.copy().items():
            own[name] = each if type(each) in SHARED else copying.take(each, depth)
    for slot in slots:
        try:
            each = slot.__get__(value)
        except AttributeError:
            continue
        if slot.__objclass__.__flags__ & _HEAP:
            slot.__set__(copy, copying.take(each, depth))
        elif each is not None:
            # That of a class made in C reads as `None` where it is not set, and some are only there to be read.
            with suppress(AttributeError, TypeError):
                slot.__set__(copy, copying.take(each, depth))


def _object(kind: type) -> Take:
    slots = _shapes.slots_of(kind)
    dictionary = None if slots else _shapes.dictionary_of(kind)
    new: Callable[[type], object] = object.__new__

    def take(value: object, copying: Copying, depth: int) -> object:
        try:
            copy = new(kind)
        except TypeError:
            # A class made in C looks like one of a `class` statement sometimes, and is not made like one.
            return _reduced(value, copying, depth)
        copying[id(value)] = copy
        if dictionary is None or depth >= LIMIT:
            copying.fill(partial(_fill_attributes, value, copy, slots, copying), depth)
            return copy
        # As in `_fill_attributes`, written out for the usual object. `tests.bench` names: isolation.
        own = dictionary(copy)
        own.update(dictionary(value))
        for name, each in own.items():
            if type(each) not in SHARED:
                # The name is there already: the order stays, and so does the loop.
                own[name] = copying.take(each, depth + 1)
        return copy

    return take


def _record(kind: type) -> Take:
    """Copy what is frozen only around a part that can change."""
    slots = _shapes.slots_of(kind)
    new: Callable[[type], object] = object.__new__

    def make(before: list[tuple[object, object]], after: list[object]) -> object:
        copy = new(kind)
        held = attributes(copy)
        for (place, _), each in zip(before, after, strict=True):
            if isinstance(place, str):
                assert held is not None  # noqa: S101 - of the same class
                held[place] = each
            else:
                cast("types.MemberDescriptorType", place).__set__(copy, each)
        return copy

    def take(value: object, copying: Copying, depth: int) -> object:
        before = _places(value, slots)
        for _, each in before:
            if type(each) not in SHARED:
                break
        else:
            return value
        if depth >= LIMIT:
            copying.settle(value)
        after = [copying.take(each, depth + 1) for _, each in before]
        return rebuilt(value, [each for _, each in before], after, partial(make, before), copying)

    return take


def _places(
    value: object, slots: tuple[types.MemberDescriptorType, ...]
) -> list[tuple[object, object]]:
    places: list[tuple[object, object]] = []
    held = attributes(value)
    if held:
        places += held.copy().items()
    for slot in slots:
        try:
            places.append((slot, slot.__get__(value)))
        except AttributeError:
            continue
    return places


def _exception(kind: type) -> Take:
    """Copy an exception by what it holds, without its `__init__`, and without its traceback."""
    native = next(base for base in kind.__mro__ if not base.__flags__ & _HEAP)
    slots = tuple(each for each in _shapes.slots_of(kind) if each.__name__ != "obj")
    is_group = issubclass(kind, BaseExceptionGroup)

    def take(value: object, copying: Copying, depth: int) -> object:
        error = cast("BaseException", value)
        given = cast("tuple[object, ...]", _reduce_of(native)(error)[1])
        args = cast("tuple[object, ...]", copying.take(given, depth + 1))
        copying.note(given, args)
        copy = cast("BaseException", native.__new__(kind, *args))
        if not is_group:
            attrgetter("__init__")(native)(copy, *args)
        copying.note(value, copy)
        copying.fill(partial(_fill_exception, error, copy, slots, copying), depth)
        return copy

    return take


def _reduce_of(native: type) -> Callable[[object], tuple[object, ...]]:
    return cast("Callable[[object], tuple[object, ...]]", native.__reduce__)


def _fill_exception(
    error: BaseException,
    copy: BaseException,
    slots: tuple[types.MemberDescriptorType, ...],
    copying: Copying,
    depth: int,
) -> None:
    args = vars(BaseException)["args"]
    args.__set__(copy, copying.take(args.__get__(error), depth))
    for link in (vars(BaseException)["__cause__"], vars(BaseException)["__context__"]):
        link.__set__(copy, copying.take(link.__get__(error), depth))
    _fill_attributes(error, copy, slots, copying, depth)


def _namedtuple(kind: type) -> Take:
    def take(value: object, copying: Copying, depth: int) -> object:
        source = tuple.__iter__(cast("tuple[object, ...]", value))
        before = [*source]
        state = attributes(value)
        if state is None and SHARED.issuperset(map(type, before)):
            return value
        if depth >= LIMIT:
            copying.settle(value)
        after = [copying.take(each, depth + 1) for each in before]
        if state is None:
            return rebuilt(value, before, after, partial(tuple.__new__, kind), copying)
        copy: object = tuple.__new__(kind, after)
        copying[id(value)] = copy
        copying.fill(partial(_fill_attributes, value, copy, (), copying), depth)
        return copy

    return take


def deepcopied(value: object, copying: Copying, depth: int) -> object:
    method = cast("Callable[[object, object], object]", type(value).__deepcopy__)  # type: ignore[attr-defined]
    try:
        copy = method(value, copying)
    except copying.caught as error:
        return copying.refuse(value, f"an object whose __deepcopy__ raises {said(error)}", error)
    copying.note(value, copy)
    return copy


def _reduced(value: object, copying: Copying, depth: int) -> object:
    """Copy as `copy.deepcopy` and pickle do: take apart, copy the parts, put together."""
    kind = type(value)
    try:
        reduced = kind.__reduce_ex__(value, 4)
    except copying.caught as error:
        return copying.refuse(value, f"an object that cannot be taken apart: {said(error)}", error)
    if isinstance(reduced, str):
        return value
    copying.note(reduced, None)
    made = False
    try:
        make, args, *rest = reduced
        taken = cast("tuple[object, ...]", copying.take(args, depth + 1))
        found = copying.get(id(value), NOTHING)
        if found is not NOTHING:
            return found
        copy = make(*taken)
        copying.note(value, copy)
        made = True
        copying.fill(partial(_fill_reduced, copy, rest, copying), depth)
    except Refused:
        raise
    except copying.caught as error:
        if made:
            raise
        return copying.refuse(value, f"an object that cannot be put together: {said(error)}", error)
    return copy


def _struct(value: object, copying: Copying, depth: int) -> object:
    """Copy a frozen struct of msgspec only around a part that can change."""
    make, args = cast("tuple[type, tuple[object, ...]]", type(value).__reduce__(value)[:2])
    copying.note(args, args)
    before = [*args]
    after = [copying.take(each, depth + 1) for each in before]
    return rebuilt(value, before, after, lambda parts: make(*parts), copying)


def _fill_reduced(copy: object, rest: list[object], copying: Copying, depth: int) -> None:
    state, items, pairs, setter = [*rest, None, None, None, None][:4]
    if state is not None:
        _restore(copy, copying.take(state, depth), setter)
    if items is not None:
        for each in copying.kept(cast("Iterable[object]", items)):
            copy.append(copying.take(each, depth))  # type: ignore[attr-defined]
    if pairs is not None:
        for key, each in copying.kept(cast("Iterable[tuple[object, object]]", pairs)):
            copy[copying.take(key, depth)] = copying.take(each, depth)  # type: ignore[index]


def _restore(copy: object, state: object, setter: object) -> None:
    if setter is not None:
        cast("Callable[[object, object], object]", setter)(copy, state)
        return
    if hasattr(type(copy), "__setstate__"):
        copy.__setstate__(state)  # type: ignore[attr-defined]
        return
    own, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)  # noqa: PLR2004 - pickle's pair
    if own:
        vars(copy).update(cast("dict[str, object]", own))
    for name, each in (slots or {}).items():
        setattr(copy, name, each)


def refusal_rule(cls: type) -> Take | None:
    """Return the way of a class whose values cannot cross."""
    why = _shapes.refusal(cls)
    return None if why is None else refusing(why)


def last_rule(cls: type) -> Take:
    """Return the way of any class that nobody else has one for."""
    if _shapes.own_copy(cls):
        return deepcopied
    if issubclass(cls, BaseException):
        return _exception(cls)
    if _shapes.is_namedtuple(cls):
        INSIDE[cls] = INSIDE[tuple]
        return _namedtuple(cls)
    if not _shapes.is_plain(cls):
        return _struct if _shapes.frozen_struct(cls) else _reduced
    if not _shapes.frozen_record(cls):
        return _object(cls)
    slots = _shapes.slots_of(cls)
    INSIDE[cls] = lambda value: [each for _, each in _places(value, slots)]
    return _record(cls)
