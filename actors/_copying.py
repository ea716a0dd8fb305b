"""One value, copied as far as it can change: the walk, and the table of ways.

    take(value)    atom, or taken already      as it is, or the copy that was made before
                   list, dict, object, ...     an empty shell first, noted, then filled
                   tuple, frozen record, ...   its parts first; if all came out as they were, itself

A shell is noted before it is filled, so that cycles close and what is referred to twice stays one. What cannot
change is only rebuilt around a part that was copied.

Plain calls go down to a depth of `LIMIT`, because they are the fastest. Below that a shell is put on a
list, to be filled later, and the parts of what cannot change are sought with a stack of our own: nothing
is too deep. Dictionaries and sets whose keys were copied are filled last of all: a hash may ask for what
the others hold.

None of this runs code of the value's class, except where the class defines `__deepcopy__` or `__reduce__`,
and `__hash__` of keys.

Source: https://docs.python.org/3/library/copy.html for the protocol of classes with a way of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final, Generic, TypeAlias, TypeVar, final

from actors._shapes import SHARED, is_shared, is_told_by_identity
from actors.errors import MovedAway, shown

__all__ = [
    "INSIDE",
    "LIMIT",
    "NOTHING",
    "PLANS",
    "RULES",
    "Copying",
    "Moved",
    "Refused",
    "Take",
    "Withheld",
    "WithheldError",
    "rebuilt",
    "said",
    "stand_in",
    "take_as",
]

T = TypeVar("T")
V = TypeVar("V")
Take: TypeAlias = "Callable[..., object]"
"""Takes a value of one class, the copy that is being made, and the depth."""

LIMIT = 24
"""How deep plain calls go. Their frames are the interpreter's own and take none of the C stack."""
NOTHING: Final = object()
"""Nothing is noted."""
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
class WithheldError(Exception):
    """Stands for an exception that could not cross, where there must be one: as a cause, or in a `Crash`.

    Args:
        what: What it was.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __repr__(self) -> str:
        return f"<withheld: {self.what}>"


@final
class Moved(Generic[V]):
    """A value that is handed over to another process without a copy.

    The other side gets the value itself. What stays here is an empty shell that raises when it is
    touched. Anything may be moved, also what cannot be copied; whoever keeps another name for the value
    breaks the promise, which nobody can check in Python. If the message is refused as `NotSendable`, nothing has
    moved; if its receiver is dead, or its mailbox full, it is lost as any message is.

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

    def __init__(self, value: V) -> None:
        self._held: list[V] = [value]
        Moved.unspent[id(self)] = None

    @property
    def value(self) -> V:
        """The value, while it is here; runs in the caller and does not wait.

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


# -- which way for which class ---------------------------------------------------------------------


RULES: Final[list[Callable[[type], Take | None]]] = []
"""Asked in this order for the way of a class that is met for the first time; filled by the rooms of the ways."""
INSIDE: Final[dict[type, Callable[[object], Iterable[object]]]] = {}
"""The parts of what is rebuilt only around copied parts, by its class."""


class _Plans(dict[type, Take]):
    """The way of each class that was met."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[type, Take] = {}
        """Those that are there from the start, or were registered."""

    def __missing__(self, kind: type) -> Take:
        if kind in SHARED or (is_shared(kind) and is_told_by_identity(kind)):
            SHARED.add(kind)
            return _as_it_is
        if len(self) > _MOST_PLANS:
            self.clear()
            self.update(self.known)
            for each in [*INSIDE.keys() - self.known.keys()]:
                del INSIDE[each]
        take = next(filter(None, (rule(kind) for rule in RULES)))
        self[kind] = take
        return take

    def learn(self, ways: dict[type, Take]) -> None:
        self.known.update(ways)
        self.update(ways)

    def unlearn(self, kind: type) -> None:
        self.known.pop(kind, None)
        self.pop(kind, None)


PLANS: Final = _Plans()


def take_as(cls: type, how: str | Callable[[object], object]) -> None:
    """Have the values of exactly one class cross in another way."""
    INSIDE.pop(cls, None)
    if how == "share":
        PLANS.unlearn(cls)
        SHARED.add(cls)
    else:
        SHARED.discard(cls)
        PLANS.learn({cls: _by(how) if callable(how) else refusing(f"a {cls.__qualname__}")})


def refusing(what: str) -> Take:
    """Return the way of a class whose values cannot cross."""

    def take(value: object, copying: Copying, depth: int) -> object:
        return copying.refuse(value, f"{what}, which cannot be shared or copied")

    return take


def _by(copy_of: Callable[[object], object]) -> Take:
    def take(value: object, copying: Copying, depth: int) -> object:
        try:
            copy = copy_of(value)
        except copying.caught as error:
            return copying.refuse(value, f"an object whose copy raises {said(error)}", error)
        copying[id(value)] = copy
        return copy

    return take


def _as_it_is(value: object, copying: Copying, depth: int) -> object:
    return value


def stand_in(value: object, why: str) -> Withheld | WithheldError:
    """Return what is put in the place of a value that cannot cross: an exception in that of an exception."""
    is_exception = issubclass(type(value), BaseException)
    return WithheldError(why) if is_exception else Withheld(why)


def said(error: BaseException) -> str:
    """Return what an exception says, whatever its own code does."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - user code's __str__ may do anything
        return type(error).__name__


# -- the walk --------------------------------------------------------------------------------------


@final
class Copying(dict[int, object]):
    """One copy that is being made: what has been copied, by its `id`, the form that `copy.deepcopy` knows.

    A dictionary itself, and the rest only there when it is needed, because most messages need no more.
    """

    lenient = False
    """Whether to put a `Withheld` in the place of what cannot cross, instead of refusing all."""
    caught: type[BaseException] = Exception
    """What the code of a value may raise that only means that it cannot be copied; the rest goes to the caller."""
    is_behind = False
    """Whether there is something to be filled later."""
    moved: tuple[Moved[object], ...] = ()
    """What is to be handed over, if all goes well."""
    _kept: list[object] | None = None
    _todo: list[Callable[[], object]] | None = None
    _late: list[Callable[[], object]] | None = None

    def copied(self, value: object) -> object:
        """Return the copy of a value.

        Raises:
            Refused: It cannot cross.
        """
        result = self.take(value, 0)
        self.catch_up()
        return result

    def catch_up(self) -> None:
        """Fill what was left for later."""
        while self._todo:
            self._todo.pop()()
        while self._late:
            self._late.pop()()

    def copied_leniently(self, value: object) -> object:
        """Return the copy of a value, with a `Withheld` in the place of what cannot cross."""
        self.lenient = True
        self.caught = BaseException
        return self.copied(value)

    def take(self, value: object, depth: int) -> object:
        """Return the copy of a part."""
        kind = type(value)
        if kind in SHARED:
            return value
        found = self.get(id(value), NOTHING)
        return PLANS[kind](value, self, depth) if found is NOTHING else found

    def note(self, value: object, copy: object) -> None:
        """Note what has become of a value, which must live as long as its `id` is used."""
        self[id(value)] = copy
        self.keep(value)

    def keep(self, value: object) -> None:
        """Let a value that was made for the occasion live as long as its `id` is used."""
        if self._kept is None:
            self._kept = []
        self._kept.append(value)

    def kept(self, parts: Iterable[T]) -> list[T]:
        """Return parts that may have been made for the occasion, and see that they outlive it."""
        whole = [*parts]
        self.keep(whole)
        return whole

    def fill(self, what: Callable[[int], object], depth: int) -> None:
        """Fill a shell, now or later."""
        if depth < LIMIT:
            what(depth + 1)
        else:
            self.is_behind = True
            self._todo = self._todo or []
            self._todo.append(partial(what, 0))

    def fill_last(self, what: Callable[[], object]) -> None:
        """Fill what asks its parts for their hash."""
        self.is_behind = True
        self._late = self._late or []
        self._late.append(what)

    def refuse(self, value: object, why: str, cause: BaseException | None = None) -> object:
        """Refuse a value, or put something in its place.

        A Ctrl-C is nobody's refusal, and goes on to whoever knows whether it is one.

        Raises:
            Refused: It was refused.
        """
        if type(cause) is KeyboardInterrupt:
            raise cause
        if self.lenient:
            return stand_in(value, why)
        raise Refused(value, why) from cause

    def settle(self, value: object) -> None:
        """Take the parts of something that cannot change, however deep it goes, innermost first."""
        stack, opened = [value], set[int]()
        while stack:
            one = stack[-1]
            if id(one) in self:
                stack.pop()
            elif id(one) in opened:
                stack.pop()
                if one is not value:
                    self.take(one, LIMIT - 1)
            else:
                opened.add(id(one))
                stack += [
                    each
                    for each in INSIDE[type(one)](one)
                    if _is_solid(each) and id(each) not in opened
                ]


def _is_solid(value: object) -> bool:
    """Tell whether a value is rebuilt only around copied parts, so that they must be taken before it."""
    kind = type(value)
    # Asked for its way first: that is when a class says what is inside its values.
    return kind not in SHARED and PLANS[kind] is not None and kind in INSIDE


def rebuilt(
    value: object,
    before: Iterable[object],
    after: list[object],
    make: Callable[[list[object]], object],
    copying: Copying,
) -> object:
    """Return a value that cannot change itself, or another of the same around its copied parts."""
    found = copying.get(id(value), NOTHING)
    if found is not NOTHING:
        # Through a cycle it has been copied while its parts were.
        return found
    for old, new in zip(before, after, strict=True):
        if new is not old:
            result = make(after)
            break
    else:
        result = value
    copying[id(value)] = result
    return result


def _moved(shell: Moved[object], copying: Copying, depth: int) -> object:
    try:
        held = shell.value
    except MovedAway:
        return copying.refuse(shell, "a shell whose value was moved before")
    copying[id(shell)] = held
    copying.moved += (shell,)
    return held


PLANS.learn({Moved: _moved})
