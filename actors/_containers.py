"""How collections of Python cross: what can change is copied, what cannot is rebuilt around what was copied.

These are the ways that most messages take; `tests.bench` names them isolation.

Source: https://docs.python.org/3/library/stdtypes.html
"""

from __future__ import annotations

import types
from functools import partial
from typing import Final, cast

from actors._copying import INSIDE, LIMIT, NOTHING, PLANS, Copying, Take, rebuilt
from actors._shapes import SHARED

__all__ = ["WAYS"]


_MANY = 32
"""From so many parts on, a look at all of them in C is worth its own cost."""


def _dict(value: dict[object, object], copying: Copying, depth: int) -> object:
    shell = value.copy()
    copying[id(value)] = shell
    if depth >= LIMIT:
        copying.fill(partial(_fill_dict, shell, copying), depth)
        return shell
    # As in `_fill_dict`, written out: a call less for each of the containers of a message.
    depth += 1
    is_odd = False
    for key, each in shell.items():
        kind = type(each)
        if kind not in SHARED:
            found = copying.get(id(each), NOTHING)
            shell[key] = PLANS[kind](each, copying, depth) if found is NOTHING else found
        if type(key) not in SHARED:
            is_odd = True
    if is_odd:
        _rename(shell, copying, depth)
    return shell


def _fill_dict(shell: dict[object, object], copying: Copying, depth: int) -> None:
    for key, each in shell.items():
        # The key is there already: the order stays, and so does the loop.
        shell[key] = copying.take(each, depth)
    if any(type(key) not in SHARED for key in shell):
        _rename(shell, copying, depth)


def _rename(shell: dict[object, object], copying: Copying, depth: int) -> None:
    pairs = [(copying.take(key, depth), each) for key, each in shell.items()]
    if any(new is not old for (new, _), old in zip(pairs, shell, strict=True)):

        def again() -> None:
            shell.clear()
            shell.update(pairs)

        copying.fill_last(again)


def _list(value: list[object], copying: Copying, depth: int) -> object:
    shell = value.copy()
    copying[id(value)] = shell
    if len(shell) > _MANY and SHARED.issuperset(map(type, shell)):
        return shell
    for each in shell:
        if type(each) not in SHARED:
            copying.fill(partial(_fill_list, shell, copying), depth)
            break
    return shell


def _fill_list(shell: list[object], copying: Copying, depth: int) -> None:
    for index, each in enumerate(shell):
        kind = type(each)
        if kind not in SHARED:
            found = copying.get(id(each), NOTHING)
            shell[index] = PLANS[kind](each, copying, depth) if found is NOTHING else found


def _set(value: set[object], copying: Copying, depth: int) -> object:
    shell = value.copy()
    copying[id(value)] = shell
    if not SHARED.issuperset(map(type, shell)):
        copying.fill(partial(_fill_set, shell, copying), depth)
    return shell


def _fill_set(shell: set[object], copying: Copying, depth: int) -> None:
    before = [*shell]
    after = [copying.take(each, depth) for each in before]
    if any(new is not old for new, old in zip(after, before, strict=True)):

        def again() -> None:
            shell.clear()
            shell.update(after)

        copying.fill_last(again)


def _tuple(value: tuple[object, ...], copying: Copying, depth: int) -> object:
    for each in value:
        if type(each) not in SHARED:
            break
    else:
        return value
    if depth >= LIMIT:
        copying.settle(value)
    take = copying.take
    parts = [each if type(each) in SHARED else take(each, depth + 1) for each in value]
    return rebuilt(value, value, parts, tuple, copying)


def _frozenset(value: frozenset[object], copying: Copying, depth: int) -> object:
    before = [*value]
    if SHARED.issuperset(map(type, before)):
        return value
    if depth >= LIMIT:
        copying.settle(value)
    after = [copying.take(each, depth + 1) for each in before]
    return rebuilt(value, before, after, frozenset, copying)


def _slice(value: slice, copying: Copying, depth: int) -> object:
    before = [value.start, value.stop, value.step]
    after = [copying.take(each, depth + 1) for each in before]
    return rebuilt(value, before, after, lambda parts: slice(*parts), copying)


def _proxy(value: types.MappingProxyType[object, object], copying: Copying, depth: int) -> object:
    # What it is a view of is not to be had: a dictionary of our own stands for that.
    held = dict(value)
    copy: object = types.MappingProxyType(held)
    copying[id(value)] = copy
    copying.fill(partial(_fill_dict, held, copying), depth)
    return copy


WAYS: Final[dict[type, Take]] = {
    dict: _dict,
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    slice: _slice,
    types.MappingProxyType: _proxy,
}
INSIDE[tuple] = lambda value: cast("tuple[object, ...]", value)
INSIDE[frozenset] = lambda value: cast("frozenset[object]", value)
