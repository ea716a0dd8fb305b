"""How code and memory cross: code is shared, what it has captured is copied, and so is what can be written to.

A function is shared when it holds nothing that can change, or when a module holds it by name. Any other one gets
boxes of its own for its captured variables: whoever assigns to such a variable assigns to the box.

Memory is shared when nobody can write to it, through whatever it is seen.

Source: https://docs.python.org/3/reference/datamodel.html#user-defined-functions,
    https://numpy.org/doc/stable/reference/generated/numpy.ndarray.flags.html
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final, Protocol, TypedDict, cast

from actors._copying import Copying, Take, rebuilt
from actors._instances import attributes, deepcopied
from actors._shapes import SHARED, is_global

__all__ = ["WAYS", "rule"]


# -- code ------------------------------------------------------------------------------------------


def _function(fn: types.FunctionType, copying: Copying, depth: int) -> object:
    """Copy what a function holds: captured variables and defaults; its code is shared."""
    held = (fn.__defaults__ or ()) + tuple((fn.__kwdefaults__ or {}).values())
    if fn.__closure__ is None and SHARED.issuperset(map(type, held)) and not fn.__dict__:
        return fn
    if is_global(fn):
        return fn
    cells = tuple(
        cast("types.CellType", copying.get(id(cell)) or _cell(cell, copying, depth))
        for cell in fn.__closure__ or ()
    )
    copy = types.FunctionType(fn.__code__, fn.__globals__, fn.__name__, None, cells or None)
    copying.note(fn, copy)
    copying.fill(partial(_fill_function, fn, copy, copying), depth)
    return copy


def _fill_function(
    fn: types.FunctionType, copy: types.FunctionType, copying: Copying, depth: int
) -> None:
    copy.__qualname__ = fn.__qualname__
    copy.__module__ = fn.__module__
    copy.__doc__ = fn.__doc__
    copy.__annotations__ = fn.__annotations__.copy()
    copy.__defaults__ = cast("tuple[object, ...] | None", copying.take(fn.__defaults__, depth))
    copy.__kwdefaults__ = cast("dict[str, object]", copying.take(fn.__kwdefaults__, depth))
    if fn.__dict__:
        copy.__dict__.update(cast("dict[str, object]", copying.take(fn.__dict__, depth)))


def _cell(cell: types.CellType, copying: Copying, depth: int) -> object:
    """Copy the box of a captured variable: whoever assigns to the variable assigns to the box."""
    shell = types.CellType()
    copying.note(cell, shell)
    copying.fill(partial(_fill_cell, cell, shell, copying), depth)
    return shell


def _fill_cell(source: types.CellType, shell: types.CellType, copying: Copying, depth: int) -> None:
    try:
        held = source.cell_contents
    except ValueError:
        # Not assigned yet.
        return
    shell.cell_contents = copying.take(held, depth)


def _method(method: types.MethodType, copying: Copying, depth: int) -> object:
    before = [method.__func__, method.__self__]
    after = [copying.take(each, depth + 1) for each in before]
    if after[0] is before[0] and after[1] is before[1]:
        return method
    return types.MethodType(cast("Callable[..., object]", after[0]), after[1])


def _builtin(method: types.BuiltinMethodType, copying: Copying, depth: int) -> object:
    owner = method.__self__
    if owner is None or type(owner) in SHARED or isinstance(owner, type):
        return method
    copy = copying.take(owner, depth + 1)
    return method if copy is owner else getattr(copy, method.__name__)


def _partial(bound: partial[object], copying: Copying, depth: int) -> object:
    # Always another: what it has bound can be put in its place, and it has attributes.
    copy: partial[object] = partial(print)
    copying[id(bound)] = copy
    copying.fill(partial(_fill_partial, bound, copy, copying), depth)
    return copy


def _fill_partial(
    bound: partial[object], copy: partial[object], copying: Copying, depth: int
) -> None:
    held = (bound.func, bound.args, bound.keywords, vars(bound) or None)
    copy.__setstate__(tuple(copying.take(each, depth) for each in held))  # type: ignore[attr-defined]


def _remembering(fn: _Remembering, copying: Copying, depth: int) -> object:
    """Give the other side a memory of its own: what it has kept may change."""
    if is_global(fn):
        return fn
    inner = cast("Callable[..., object]", copying.take(fn.__wrapped__, depth + 1))
    copy = lru_cache(**fn.cache_parameters())(inner)
    copying[id(fn)] = copy
    return copy


def _descriptor(kind: type, names: tuple[str, ...]) -> Take:
    def take(value: object, copying: Copying, depth: int) -> object:
        before = [getattr(value, name) for name in names]
        after = [copying.take(each, depth + 1) for each in before]
        return rebuilt(value, before, after, lambda parts: kind(*parts), copying)

    return take


def _match(match: re.Match[str], copying: Copying, depth: int) -> object:
    if type(match.string) in SHARED:
        return match
    return copying.refuse(
        match, "a match in a text that is no plain str or bytes, which cannot be copied"
    )


class _Memory(TypedDict):
    maxsize: int | None
    typed: bool


class _Remembering(Protocol):
    """What is needed of a function with `lru_cache` around it, for the type checker."""

    __wrapped__: Callable[..., object]

    def cache_parameters(self) -> _Memory: ...

    def __call__(self, *args: object, **kwargs: object) -> object: ...


# -- memory ----------------------------------------------------------------------------------------


def _bytearray(value: bytearray, copying: Copying, depth: int) -> object:
    copy = bytearray(value)
    copying[id(value)] = copy
    return copy


def _memoryview(view: memoryview, copying: Copying, depth: int) -> object:
    """Share a view of what nobody can write to; copy any other, as one that can be written to as before."""
    try:
        # Another view even of the same: whoever releases one leaves the other.
        copy = memoryview(view) if _is_fixed(view) else _same_form(view)
    except (TypeError, ValueError) as error:
        return copying.refuse(view, f"a view of memory that cannot be copied: {error}")
    copying[id(view)] = copy
    return copy


def _same_form(view: memoryview) -> memoryview:
    flat = memoryview(view.tobytes() if view.readonly else bytearray(view.tobytes()))
    if view.ndim == 1:
        return flat if view.format == "B" else flat.cast(view.format)  # type: ignore[call-overload]
    return flat.cast(view.format, view.shape)  # type: ignore[call-overload, no-any-return]


def _is_fixed(value: object) -> bool:
    """Tell whether memory cannot be written to, through whatever it is seen."""
    while value is not None:
        kind = type(value)
        if kind is bytes:
            return True
        if kind is memoryview:
            view = cast("memoryview", value)
            if not view.readonly:
                return False
            value = view.obj
        elif isinstance(value, _ndarray()):
            array = cast("_Array", value)
            if array.flags.writeable or array.dtype.hasobject:
                return False
            value = array.base
        else:
            return False
    return True


class _Array:
    """What is needed of an array of numpy, for the type checker."""

    flags: _Flags
    dtype: _DType
    base: object

    def copy(self) -> _Array:
        raise NotImplementedError

    def view(self) -> _Array:
        raise NotImplementedError


class _Flags:
    writeable: bool


class _DType:
    hasobject: bool


def _ndarray() -> tuple[type, ...]:
    numpy = sys.modules.get("numpy")
    found = getattr(numpy, "ndarray", None)
    return (found,) if isinstance(found, type) else ()


def _array(array: _Array, copying: Copying, depth: int) -> object:
    """Share the memory of an array that nobody can write to, through it or through what it is a view of."""
    if array.dtype.hasobject:
        return deepcopied(array, copying, depth)
    if _is_fixed(array):
        # Another view of the same: its shape and flags are the other side's own.
        copy = array.view()
    else:
        copy = array.copy()
        if not array.flags.writeable:
            copy.flags.writeable = False
    copying[id(array)] = copy
    return copy


def _kind_of_array(array: _Array, copying: Copying, depth: int) -> object:
    """Copy an array whose class has added what we do not know: its numbers, then its attributes."""
    copy = deepcopied(array, copying, depth) if array.dtype.hasobject else array.copy()
    copying[id(array)] = copy
    held, own = attributes(array), attributes(copy)
    if held and own is not None:
        own.update(cast("dict[str, object]", copying.take(held, depth + 1)))
    if not array.flags.writeable:
        cast("_Array", copy).flags.writeable = False
    return copy


def rule(cls: type) -> Take | None:
    """Return the way of a class of arrays, unless it has one of its own."""
    found = _ndarray()
    if cls in found:
        return _array
    if not issubclass(cls, found) or cls.__deepcopy__ is not found[0].__deepcopy__:  # type: ignore[attr-defined]
        return None
    return _kind_of_array


WAYS: Final[dict[type, Take]] = {
    bytearray: _bytearray,
    memoryview: _memoryview,
    types.FunctionType: _function,
    types.CellType: _cell,
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin,
    types.MethodWrapperType: _builtin,
    partial: _partial,
    type(lru_cache(print)): _remembering,
    property: _descriptor(property, ("fget", "fset", "fdel", "__doc__")),
    staticmethod: _descriptor(staticmethod, ("__func__",)),
    classmethod: _descriptor(classmethod, ("__func__",)),
    re.Match: _match,
}
