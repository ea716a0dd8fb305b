"""One value, copied as far as it can change.

    take(value)    atom, or taken already      as it is, or the copy that was made before
                   list, dict, object, ...     an empty shell first, noted, then filled
                   tuple, frozen record, ...   its parts first; if all came out as they were, itself

A shell is noted before it is filled, so that cycles close and what is referred to twice stays one. What cannot
change is only rebuilt around a part that was copied.

Plain calls go down to a depth of `_LIMIT`, because they are the fastest. Below that a shell is put on a
list, to be filled later, and the parts of what cannot change are sought with a stack of our own: nothing
is too deep. Dictionaries and sets whose keys were copied are filled last of all: a hash may ask for what
the others hold.

None of this runs code of the value's class, except where the class defines `__deepcopy__` or `__reduce__`,
and `__hash__` of keys.

Source: https://docs.python.org/3/library/copy.html for the protocol of classes with a way of their own.
"""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final, TypeAlias, TypeVar, cast, final

from actors import _shapes
from actors._shapes import SHARED
from actors.errors import MovedAway, shown

__all__ = ["Copying", "Moved", "Refused", "Withheld", "parts_of", "take_as"]

Take: TypeAlias = "Callable[[object, Copying, int], object]"
T = TypeVar("T")

_LIMIT = 24
"""How deep plain calls go. Their frames are the interpreter's own and take none of the C stack."""
_NOTHING: Final = object()
_HEAP = 1 << 9
"""The flag of classes that were made by a `class` statement, and not in C."""
_MOST_PLANS = 10_000
"""Classes that are made and thrown away must not be kept for ever by what was decided for them."""


class Refused(Exception):
    """A value was met that cannot cross.

    Args:
        value: The value.
        why: What it is, in words.
    """

    def __init__(self, value: object, why: str) -> None:
        super().__init__(why)
        self.value = value
        self.why = why


@final
@dataclass(frozen=True, slots=True, repr=False)
class Withheld:
    """Stands for what could not cross, where something had to: in the reason of a process that has ended."""

    what: str
    """What it was."""

    def __repr__(self) -> str:
        return f"<withheld: {self.what}>"


SHARED.add(Withheld)


@final
class Moved:
    """A value that is handed over to another process without a copy.

    The other side gets the value itself. What stays here is an empty shell that raises when it is
    touched. Anything may be moved, also what cannot be copied; whoever keeps another name for the value
    breaks the promise, which nobody can check in Python. If the message is refused, nothing has moved.

    Args:
        value: What is handed over.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     frame = bytearray(3)
        ...     moved = Moved(frame)
        ...     process.send(process.self(), ("frame", moved))
        ...     return process.receive()[1] is frame, moved
        >>> run(main)
        (True, Moved(<gone>))

    Source: https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html
    """

    __slots__ = ("_held",)

    unspent: ClassVar[dict[int, None]] = {}
    """Which shells have a value still, so that a runtime that trusts need not look for them in vain."""

    def __init__(self, value: object) -> None:
        self._held: list[object] = [value]
        Moved.unspent[id(self)] = None

    @property
    def value(self) -> object:
        """The value, while it is here.

        Raises:
            MovedAway: It has been handed over.
        """
        try:
            return self._held[0]
        except IndexError:
            raise MovedAway from None

    def spend(self) -> None:
        """Empty the shell: the value has crossed.

        Runs in the sender, called by the border; does not wait.

        Example:
            >>> shell = Moved([1])
            >>> shell.spend()
            >>> shell
            Moved(<gone>)

        Source: https://doc.rust-lang.org/book/ch04-01-what-is-ownership.html
        """
        self._held.clear()
        Moved.unspent.pop(id(self), None)

    def __del__(self) -> None:
        Moved.unspent.pop(id(self), None)

    def __repr__(self) -> str:
        return f"Moved({shown(self._held[0]) if self._held else '<gone>'})"


@final
class Copying:
    """One copy that is being made.

    Args:
        lenient: Put a `Withheld` in the place of what cannot cross, instead of refusing all.
    """

    __slots__ = ("_kept", "_late", "_todo", "lenient", "memo", "moved")

    def __init__(self, *, lenient: bool = False) -> None:
        self.memo: dict[int, object] = {}
        """What has been copied, by its `id`: the form that `copy.deepcopy` knows."""
        self.lenient = lenient
        self.moved: list[Moved] = []
        """What is to be handed over, if all goes well."""
        self._kept: list[object] = []
        self._todo: list[Callable[[], object]] = []
        self._late: list[Callable[[], object]] = []

    def copied(self, value: object) -> object:
        """Return the copy of a value.

        Raises:
            Refused: It cannot cross.
        """
        result = self.take(value, 0)
        todo = self._todo
        while todo:
            todo.pop()()
        while self._late:
            self._late.pop()()
        return result

    def take(self, value: object, depth: int) -> object:
        """Return the copy of a part."""
        kind = type(value)
        if kind in SHARED:
            return value
        found = self.memo.get(id(value), _NOTHING)
        if found is not _NOTHING:
            return found
        return (_PLANS.get(kind) or _plan(kind))(value, self, depth)

    def note(self, value: object, copy: object) -> None:
        """Note what has become of a value, which must live as long as its `id` is used."""
        self.memo[id(value)] = copy
        self._kept.append(value)

    def kept(self, parts: Iterable[T]) -> list[T]:
        """Return parts that may have been made for the occasion, and see that they outlive it."""
        whole = [*parts]
        self._kept.append(whole)
        return whole

    def fill(self, what: Callable[[int], object], depth: int) -> None:
        """Fill a shell, now or later."""
        if depth < _LIMIT:
            what(depth + 1)
        else:
            self._todo.append(partial(what, 0))

    def fill_last(self, what: Callable[[], object]) -> None:
        """Fill what asks its parts for their hash."""
        self._late.append(what)

    def refuse(self, value: object, why: str, cause: Exception | None = None) -> object:
        """Refuse a value, or put something in its place.

        Raises:
            Refused: It was refused.
        """
        if self.lenient:
            return Withheld(why)
        raise Refused(value, why) from cause

    def settle(self, value: object) -> None:
        """Take the parts of something that cannot change, however deep it goes, innermost first."""
        stack, opened, memo = [value], set[int](), self.memo
        while stack:
            one = stack[-1]
            if id(one) in memo:
                stack.pop()
            elif id(one) in opened:
                stack.pop()
                if one is not value:
                    self.take(one, _LIMIT - 1)
            else:
                opened.add(id(one))
                stack += [
                    each
                    for each in _INSIDE[type(one)](one)
                    if _is_solid(each) and id(each) not in opened
                ]


# -- what consists of other values -----------------------------------------------------------------


def _dict(value: object, copying: Copying, depth: int) -> object:
    shell = cast("dict[object, object]", value).copy()
    copying.memo[id(value)] = shell
    if depth < _LIMIT:
        _fill_dict(shell, copying, depth + 1)
    else:
        copying.fill(partial(_fill_dict, shell, copying), depth)
    return shell


def _fill_dict(shell: dict[object, object], copying: Copying, depth: int) -> None:
    is_odd = False
    for key, each in shell.items():
        if type(each) not in SHARED:
            # A key that is there already: the order stays, and so does the loop.
            shell[key] = copying.take(each, depth)
        if type(key) is not str and type(key) not in SHARED:
            is_odd = True
    if is_odd:
        _rename(shell, copying, depth)


def _rename(shell: dict[object, object], copying: Copying, depth: int) -> None:
    pairs = [(copying.take(key, depth), each) for key, each in shell.items()]
    if any(new is not old for (new, _), old in zip(pairs, shell, strict=True)):

        def again() -> None:
            shell.clear()
            shell.update(pairs)

        copying.fill_last(again)


def _list(value: object, copying: Copying, depth: int) -> object:
    shell = cast("list[object]", value).copy()
    copying.memo[id(value)] = shell
    if depth < _LIMIT:
        _fill_list(shell, copying, depth + 1)
    else:
        copying.fill(partial(_fill_list, shell, copying), depth)
    return shell


def _fill_list(shell: list[object], copying: Copying, depth: int) -> None:
    for index, each in enumerate(shell):
        if type(each) not in SHARED:
            shell[index] = copying.take(each, depth)


def _set(value: object, copying: Copying, depth: int) -> object:
    shell = cast("set[object]", value).copy()
    copying.memo[id(value)] = shell
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


def _tuple(value: object, copying: Copying, depth: int) -> object:
    source = cast("tuple[object, ...]", value)
    for each in source:
        if type(each) not in SHARED:
            break
    else:
        return value
    if depth >= _LIMIT:
        copying.settle(value)
    take = copying.take
    parts = [each if type(each) in SHARED else take(each, depth + 1) for each in source]
    return _rebuilt(value, source, parts, tuple, copying)


def _rebuilt(
    value: object,
    before: Iterable[object],
    after: list[object],
    make: Callable[[list[object]], object],
    copying: Copying,
) -> object:
    """Return a value that cannot change itself, or another of the same around its copied parts."""
    memo = copying.memo
    found = memo.get(id(value), _NOTHING)
    if found is not _NOTHING:
        # Through a cycle it has been copied while its parts were.
        return found
    for old, new in zip(before, after, strict=True):
        if new is not old:
            result = make(after)
            break
    else:
        result = value
    memo[id(value)] = result
    return result


def _frozenset(value: object, copying: Copying, depth: int) -> object:
    source = [*cast("frozenset[object]", value)]
    if SHARED.issuperset(map(type, source)):
        return value
    if depth >= _LIMIT:
        copying.settle(value)
    parts = [copying.take(each, depth + 1) for each in source]
    return _rebuilt(value, source, parts, type(cast("frozenset[object]", value)), copying)


def _namedtuple(kind: type) -> Take:
    def take(value: object, copying: Copying, depth: int) -> object:
        source = tuple.__iter__(cast("tuple[object, ...]", value))
        before = [*source]
        state = _attributes(value)
        if state is None and SHARED.issuperset(map(type, before)):
            return value
        if depth >= _LIMIT:
            copying.settle(value)
        after = [copying.take(each, depth + 1) for each in before]
        if not state:
            return _rebuilt(value, before, after, partial(tuple.__new__, kind), copying)
        copy: object = tuple.__new__(kind, after)
        copying.memo[id(value)] = copy
        copying.fill(partial(_fill_attributes, value, copy, (), copying), depth)
        return copy

    return take


def _slice(value: object, copying: Copying, depth: int) -> object:
    source = cast("slice", value)
    before = [source.start, source.stop, source.step]
    after = [copying.take(each, depth + 1) for each in before]
    return _rebuilt(value, before, after, lambda parts: slice(*parts), copying)


def _proxy(value: object, copying: Copying, depth: int) -> object:
    held = dict(cast("types.MappingProxyType[object, object]", value))
    copy: object = types.MappingProxyType(cast("dict[object, object]", copying.take(held, depth)))
    copying.note(held, copying.memo[id(held)])
    copying.memo[id(value)] = copy
    return copy


# -- objects ---------------------------------------------------------------------------------------


def _attributes(value: object) -> dict[str, object] | None:
    """Return an object's own dictionary, whatever its class says of attributes; `None` if it has none."""
    try:
        return cast("dict[str, object]", object.__getattribute__(value, "__dict__"))
    except AttributeError:
        return None


def _fill_attributes(
    value: object,
    copy: object,
    slots: tuple[types.MemberDescriptorType, ...],
    copying: Copying,
    depth: int,
) -> None:
    held = _attributes(value)
    if held:
        own = _attributes(copy)
        assert own is not None  # noqa: S101 - of the same class
        for name, each in held.copy().items():
            own[name] = each if type(each) in SHARED else copying.take(each, depth)
    for slot in slots:
        try:
            each = slot.__get__(value)
        except AttributeError:
            continue
        with suppress(AttributeError, TypeError):
            # A slot of a class made in C may be there to be read only; its `__new__` has filled it.
            slot.__set__(copy, copying.take(each, depth))


def _object(kind: type) -> Take:
    slots = _shapes.slots_of(kind)
    new: Callable[[type], object] = object.__new__

    def take(value: object, copying: Copying, depth: int) -> object:
        copy = new(kind)
        copying.memo[id(value)] = copy
        copying.fill(partial(_fill_attributes, value, copy, slots, copying), depth)
        return copy

    return take


def _record(kind: type) -> Take:
    """Copy what is frozen only around a part that can change."""
    slots = _shapes.slots_of(kind)
    new: Callable[[type], object] = object.__new__

    def make(before: list[tuple[object, object]], after: list[object]) -> object:
        copy = new(kind)
        held = _attributes(copy)
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
        if depth >= _LIMIT:
            copying.settle(value)
        after = [copying.take(each, depth + 1) for _, each in before]
        return _rebuilt(value, [each for _, each in before], after, partial(make, before), copying)

    return take


def _places(
    value: object, slots: tuple[types.MemberDescriptorType, ...]
) -> list[tuple[object, object]]:
    places: list[tuple[object, object]] = []
    held = _attributes(value)
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
            vars(native)["__init__"](copy, *args)
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


# -- code ------------------------------------------------------------------------------------------


def _function(value: object, copying: Copying, depth: int) -> object:
    """Copy what a function holds: captured variables and defaults; its code is shared."""
    fn = cast("types.FunctionType", value)
    held = (fn.__defaults__ or ()) + tuple((fn.__kwdefaults__ or {}).values())
    if fn.__closure__ is None and SHARED.issuperset(map(type, held)):
        return fn
    if _shapes.is_global(fn):
        return fn
    cells = tuple(
        cast("types.CellType", copying.memo.get(id(cell)) or _cell(cell, copying, depth))
        for cell in fn.__closure__ or ()
    )
    copy = types.FunctionType(fn.__code__, fn.__globals__, fn.__name__, None, cells or None)
    copying.note(value, copy)
    copying.fill(partial(_fill_function, fn, copy, copying), depth)
    return copy


def _fill_function(
    fn: types.FunctionType, copy: types.FunctionType, copying: Copying, depth: int
) -> None:
    copy.__qualname__ = fn.__qualname__
    copy.__module__ = fn.__module__
    copy.__doc__ = fn.__doc__
    copy.__annotations__ = fn.__annotations__
    copy.__defaults__ = cast("tuple[object, ...] | None", copying.take(fn.__defaults__, depth))
    copy.__kwdefaults__ = cast("dict[str, object]", copying.take(fn.__kwdefaults__, depth))
    if fn.__dict__:
        copy.__dict__.update(cast("dict[str, object]", copying.take(fn.__dict__, depth)))


def _cell(value: object, copying: Copying, depth: int) -> object:
    """Copy the box of a captured variable: whoever assigns to the variable assigns to the box."""
    shell = types.CellType()
    copying.note(value, shell)
    copying.fill(partial(_fill_cell, cast("types.CellType", value), shell, copying), depth)
    return shell


def _fill_cell(source: types.CellType, shell: types.CellType, copying: Copying, depth: int) -> None:
    try:
        held = source.cell_contents
    except ValueError:
        # Not assigned yet.
        return
    shell.cell_contents = copying.take(held, depth)


def _method(value: object, copying: Copying, depth: int) -> object:
    method = cast("types.MethodType", value)
    before = [method.__func__, method.__self__]
    after = [copying.take(each, depth + 1) for each in before]
    if after[0] is before[0] and after[1] is before[1]:
        return method
    return types.MethodType(cast("Callable[..., object]", after[0]), after[1])


def _builtin(value: object, copying: Copying, depth: int) -> object:
    method = cast("types.BuiltinFunctionType", value)
    owner = method.__self__
    if owner is None or type(owner) in SHARED or isinstance(owner, type):
        return value
    copy = copying.take(owner, depth + 1)
    return value if copy is owner else getattr(copy, method.__name__)


def _partial(value: object, copying: Copying, depth: int) -> object:
    bound = cast("partial[object]", value)
    before: list[object] = [bound.func, bound.args, *bound.keywords.values()]
    after = [copying.take(each, depth + 1) for each in before]

    def make(parts: list[object]) -> object:
        fn, args, *named = parts
        keywords = dict(zip(bound.keywords, named, strict=True))
        return partial(
            cast("Callable[..., object]", fn), *cast("tuple[object, ...]", args), **keywords
        )

    return _rebuilt(value, before, after, make, copying)


# -- memory ----------------------------------------------------------------------------------------


def _bytearray(value: object, copying: Copying, depth: int) -> object:
    copy = bytearray(cast("bytearray", value))
    copying.memo[id(value)] = copy
    return copy


def _memoryview(value: object, copying: Copying, depth: int) -> object:
    """Share a view of what nobody can write to; copy any other, as one that can be written to as before."""
    view = cast("memoryview", value)
    if _is_fixed(view):
        return view
    held: bytes | bytearray = view.tobytes() if view.readonly else bytearray(view.tobytes())
    flat = memoryview(held)
    copy = flat if view.format == "B" and view.ndim == 1 else flat.cast(view.format, view.shape)  # type: ignore[call-overload]
    copying.memo[id(value)] = copy
    return copy


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


class _Flags:
    writeable: bool


class _DType:
    hasobject: bool


def _ndarray() -> tuple[type, ...]:
    numpy = sys.modules.get("numpy")
    found = getattr(numpy, "ndarray", None)
    return (found,) if isinstance(found, type) else ()


def _array(value: object, copying: Copying, depth: int) -> object:
    """Share an array that cannot be written to, neither through it nor through what it is a view of."""
    array = cast("_Array", value)
    if _is_fixed(array):
        return array
    if array.dtype.hasobject:
        return _deepcopied(value, copying, depth)
    copy = array.copy()
    if not array.flags.writeable:
        copy.flags.writeable = False
    copying.memo[id(value)] = copy
    return copy


# -- classes with a way of their own ---------------------------------------------------------------


def _deepcopied(value: object, copying: Copying, depth: int) -> object:
    method = cast("Callable[[object, object], object]", type(value).__deepcopy__)  # type: ignore[attr-defined]
    try:
        copy = method(value, copying.memo)
    except Exception as error:  # noqa: BLE001 - the class's own code may raise anything
        return copying.refuse(value, f"an object whose __deepcopy__ raises {_said(error)}", error)
    copying.note(value, copy)
    return copy


def _reduced(value: object, copying: Copying, depth: int) -> object:
    """Copy as `copy.deepcopy` and pickle do: take apart, copy the parts, put together."""
    kind = type(value)
    try:
        reduced = kind.__reduce_ex__(value, 4)
    except Exception as error:  # noqa: BLE001 - the class's own code may raise anything
        return copying.refuse(value, f"an object that cannot be taken apart: {_said(error)}", error)
    if isinstance(reduced, str):
        return value
    copying.note(reduced, None)
    made = False
    try:
        make, args, *rest = reduced
        taken = cast("tuple[object, ...]", copying.take(args, depth + 1))
        found = copying.memo.get(id(value), _NOTHING)
        if found is not _NOTHING:
            return found
        copy = make(*taken)
        copying.note(value, copy)
        made = True
        copying.fill(partial(_fill_reduced, copy, rest, copying), depth)
    except Refused:
        raise
    except Exception as error:
        if made:
            raise
        return copying.refuse(
            value, f"an object that cannot be put together: {_said(error)}", error
        )
    return copy


def _struct(value: object, copying: Copying, depth: int) -> object:
    """Copy a frozen struct of msgspec only around a part that can change."""
    make, args = cast("tuple[type, tuple[object, ...]]", type(value).__reduce__(value)[:2])
    copying.note(args, args)
    before = [*args]
    after = [copying.take(each, depth + 1) for each in before]
    return _rebuilt(value, before, after, lambda parts: make(*parts), copying)


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


def _said(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - user code's __str__ may do anything
        return type(error).__name__


def _moved(value: object, copying: Copying, depth: int) -> object:
    shell = cast("Moved", value)
    try:
        held = shell.value
    except MovedAway:
        return copying.refuse(value, "a shell whose value was moved before")
    copying.memo[id(value)] = held
    copying.moved.append(shell)
    return held


def _refusing(what: str) -> Take:
    def take(value: object, copying: Copying, depth: int) -> object:
        return copying.refuse(value, f"{what}, which cannot be shared or copied")

    return take


def _by(copy_of: Callable[[object], object]) -> Take:
    def take(value: object, copying: Copying, depth: int) -> object:
        try:
            copy = copy_of(value)
        except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
            return copying.refuse(value, f"an object whose copy raises {_said(error)}", error)
        copying.memo[id(value)] = copy
        return copy

    return take


# -- which way for which class ---------------------------------------------------------------------


_KNOWN: Final[dict[type, Take]] = {
    dict: _dict,
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    bytearray: _bytearray,
    memoryview: _memoryview,
    slice: _slice,
    types.MappingProxyType: _proxy,
    types.FunctionType: _function,
    types.CellType: _cell,
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin,
    types.MethodWrapperType: _builtin,
    partial: _partial,
    Moved: _moved,
}

_PLANS: dict[type, Take] = dict(_KNOWN)


def take_as(cls: type, how: str | Callable[[object], object]) -> None:
    """Have the values of exactly one class cross in another way."""
    if how == "share":
        _KNOWN.pop(cls, None)
        _PLANS.pop(cls, None)
        SHARED.add(cls)
    else:
        take = _by(how) if callable(how) else _refusing(f"an instance of {cls.__qualname__}")
        _KNOWN[cls] = _PLANS[cls] = take
        SHARED.discard(cls)


def _plan(cls: type) -> Take:
    if _shapes.is_shared(cls):
        SHARED.add(cls)
        return _as_it_is
    if len(_PLANS) > _MOST_PLANS:
        _PLANS.clear()
        _PLANS.update(_KNOWN)
        for kind in [*_INSIDE.keys() - {tuple, frozenset}]:
            del _INSIDE[kind]
    take = _PLANS[cls] = _made(cls)
    return take


def _as_it_is(value: object, copying: Copying, depth: int) -> object:
    return value


def _made(cls: type) -> Take:
    why = _shapes.refusal(cls)
    if why is not None:
        return _refusing(why)
    if issubclass(cls, _ndarray()):
        return _array
    if _shapes.own_copy(cls):
        return _deepcopied
    if issubclass(cls, BaseException):
        return _exception(cls)
    if _shapes.is_namedtuple(cls):
        _INSIDE[cls] = _INSIDE[tuple]
        return _namedtuple(cls)
    if not _shapes.is_plain(cls):
        return _struct if _shapes.frozen_struct(cls) else _reduced
    if not _shapes.frozen_record(cls):
        return _object(cls)
    slots = _shapes.slots_of(cls)
    _INSIDE[cls] = lambda value: [each for _, each in _places(value, slots)]
    return _record(cls)


def _is_solid(value: object) -> bool:
    """Tell whether a value is rebuilt only around copied parts, so that they must be taken before it."""
    kind = type(value)
    if kind in SHARED:
        return False
    if kind not in _PLANS:
        _plan(kind)
    return kind in _INSIDE


_INSIDE: Final[dict[type, Callable[[object], Iterable[object]]]] = {
    tuple: lambda value: cast("tuple[object, ...]", value),
    frozenset: lambda value: cast("frozenset[object]", value),
}
"""The parts of what is solid, by its class."""


# -- what a value consists of, with words for the way to it ----------------------------------------


def parts_of(value: object) -> Iterator[tuple[str, object]]:
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
    for name, each in (_attributes(value) or {}).copy().items():
        yield f".{name}", each
    kind: type = type(value)
    for slot in _shapes.slots_of(kind):
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
