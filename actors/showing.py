"""Values as people see them in errors, traces and reports: bounded, on one line, and without secrets.

A value is written part by part, and writing ends when there is enough of it, so that a state of a million entries
takes no longer than a small one. What prints itself as the standard containers do is looked into, also its
subclasses, dataclasses, named tuples and exceptions. Any other class has its own `__repr__`, which is called and
cannot be bounded; its text is cut. What code of users raises there is written in the place of the value.

Source: https://docs.python.org/3/library/reprlib.html
"""

from __future__ import annotations

import collections
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from types import BuiltinFunctionType, FunctionType, MappingProxyType, ModuleType, NoneType
from typing import Any, Final

from actors.exits import Crash
from actors.redaction import HIDDEN, is_secret, is_word, without_secrets

__all__ = ["Writer", "is_interrupt", "shown"]

_LONGEST = 200
_DEEPEST = 8
_MOST = 50
_LONGEST_KEY_TEXT = 120


def shown(value: object, longest: int = _LONGEST) -> str:
    """Return a value as an error may print it: whole if short, cut if long, never raising.

    Runs in the caller. Waits for nothing but the value's own code.

    Args:
        value: Anything, also something whose `__repr__` fails.
        longest: How many characters are kept.

    Returns:
        Its `repr`, on one line: what would move the cursor or begin a new line is written as an escape, and
        `[hidden]` for what stands under the name of a secret.

    Example:
        >>> shown("x" * 300, longest=8)
        "'xxxxxxx… (302 characters)"
        >>> shown({"user": "joe", "password": "x"})
        "{'user': 'joe', 'password': [hidden]}"

    Source: https://docs.python.org/3/library/reprlib.html
    """
    return on_one_line(Writer(longest).of(value))


def on_one_line(text: str) -> str:
    """Return a text in which escapes stand for what would move a cursor."""
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def is_interrupt(error: BaseException) -> bool:
    """Tell whether an exception may be a Ctrl-C, which has to arrive wherever it comes.

    Runs in the caller and does not wait. While a runtime takes the signals no Ctrl-C raises anything, and on
    other threads than the main one never: there it is but one more exception of somebody's code.

    Args:
        error: What was raised.

    Returns:
        Whether Python raises it for a Ctrl-C in this place.

    Example:
        >>> is_interrupt(ValueError())
        False

    Source: https://docs.python.org/3/library/signal.html#signal.default_int_handler
    """
    return (
        issubclass(type(error), KeyboardInterrupt)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )


def name_of(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says."""
    return type.__dict__["__name__"].__get__(kind)  # type: ignore[no-any-return]


class Writer:
    """Writes one value, stopping when there is enough of it: states may be large.

    Args:
        longest: How many characters are kept, about.
    """

    def __init__(self, longest: int) -> None:
        self.left = longest
        """How many are left."""

    def of(self, value: object, depth: int = 0) -> str:
        """Return a value's text: like `repr`, cut, without secrets, and never raising.

        Runs in the caller. Waits for nothing but the value's own code.

        Args:
            value: Anything.
            depth: How deep in others it stands.

        Returns:
            Its text.

        Example:
            >>> Writer(100).of([1, {"token": "x"}])
            "[1, {'token': [hidden]}]"

        Source: https://docs.python.org/3/library/reprlib.html
        """
        if depth > _DEEPEST or self.left <= 0:
            return "…"
        kind = type(value)
        try:
            return self._known(value, kind, depth)
        except BaseException as error:
            if is_interrupt(error):
                raise
            return self.failed(kind, "repr", error)

    def failed(self, kind: type, what: str, error: BaseException) -> str:
        """Write what stands for a value whose own code raises."""
        return self._spent(f"<{name_of(kind)} whose {what} raises {name_of(type(error))}>")

    def _known(self, value: Any, kind: type, depth: int) -> str:  # noqa: ANN401 - anything at all
        if kind in _PLAIN:
            return self._spent(repr(value), plain=True)
        if kind is Crash:
            return self.crash(value, depth)
        own: object = kind.__repr__
        walk = _WALKS.get(own) if type(own) in _HASHABLE else None
        if walk is not None:
            return walk(self, value, kind, depth)
        if issubclass(kind, BaseException):
            return self.exception(value, kind, depth)
        if issubclass(kind, tuple) and getattr(own, "__globals__", None) is vars(collections):
            names = kind._fields  # type: ignore[attr-defined]
            return self._fields(value, kind, names, depth)
        if hasattr(own, "__wrapped__") and is_dataclass(kind):
            names = [each.name for each in fields_of(kind) if each.repr]
            return self._fields(value, kind, names, depth)
        text = str.__str__(repr(value))
        return self._spent(text, plain=kind in _NAMED or issubclass(kind, type))

    def text(self, value: str) -> str:
        """Return what a text says, cut and without secrets, with no quotes round it.

        Runs in the caller and does not wait.

        Args:
            value: The text.

        Returns:
            What is left of it.

        Example:
            >>> Writer(100).text("password=x")
            'password=[hidden]'

        Source: https://docs.python.org/3/library/reprlib.html
        """
        return self._spent(str.__str__(value))

    def _spent(self, text: str, *, plain: bool = False) -> str:
        """Return a text as far as there is room for it, and take the room away."""
        whole, room = len(text), max(self.left, 0)
        if whole > room:
            text = text[:room]
        if not plain:
            text = without_secrets(text)
        self.left -= len(text)
        return text if whole <= room else f"{text}… ({whole} characters)"

    # -- what is looked into ----------------------------------------------------------------------

    def string(self, value: str, _kind: type, _depth: int) -> str:
        """Write a text, in quotes."""
        whole, room = str.__len__(value), self.left + 2
        return self.quoted(without_secrets(str.__getitem__(value, slice(room))), whole, room)

    def quoted(self, value: object, whole: int, room: int) -> str:
        """Write what is left of a text or of bytes, and say how much there was."""
        text, room = repr(value), room - 2
        if whole <= room and len(text) <= room + 2:
            self.left -= len(text)
            return text
        self.left = 0
        return f"{text[:room]}… ({whole + 2} characters)"

    def crash(self, value: Crash, depth: int) -> str:
        """Write the reason of a process that raised."""
        return f"Crash({self.of(value.exception, depth)}, {value.stack!r})"

    def row(self, value: tuple[object, ...], _kind: type, depth: int) -> str:
        """Write a tuple."""
        end = ",)" if tuple.__len__(value) == 1 else ")"
        return self.several("(", tuple.__iter__(value), end, depth, tuple.__len__(value))

    def several(
        self, start: str, values: Iterable[object], end: str, depth: int, whole: int
    ) -> str:
        """Write the parts of a sequence; a part that names a secret hides what follows it."""
        self.left -= 2
        parts: list[str] = []
        hides_next = hides_rest = False
        for number, each in enumerate(values):
            if number == _MOST or self.left <= 0:
                parts.append(f"… {whole - number} more")
                break
            if hides_next or hides_rest:
                self.left -= len(HIDDEN)
                parts.append(HIDDEN)
                if hides_rest:
                    break
                hides_next = False
                continue
            self.left -= 2
            parts.append(self.of(each, depth + 1))
            hides_next = is_word(each)
            hides_rest = number == 0 and is_secret(each) and not parts[0].startswith(("'-", '"-'))
        return f"{start}{', '.join(parts)}{end}"

    def pairs(
        self,
        start: str,
        values: Iterable[tuple[object, object]],
        end: str,
        depth: int,
        whole: int,
        between: str = ": ",
    ) -> str:
        """Write the entries of a mapping, or the fields of an object."""
        self.left -= 2
        parts: list[str] = []
        for number, (key, each) in enumerate(values):
            if number == _MOST or self.left <= 0:
                parts.append(f"… {whole - number} more")
                break
            name = str(key) if between == "=" else self.of(key, depth + 1)
            hides = is_secret(key) or (
                type(key) not in _KEYS and len(name) <= _LONGEST_KEY_TEXT and is_secret(name[-60:])
            )
            self.left -= 4
            parts.append(f"{name}{between}{HIDDEN if hides else self.of(each, depth + 1)}")
        return f"{start}{', '.join(parts)}{end}"

    def _fields(self, value: object, kind: type, names: Iterable[str], depth: int) -> str:
        def fields() -> Iterator[tuple[object, object]]:
            for name in names:
                try:
                    each = getattr(value, name)
                except BaseException as error:
                    if is_interrupt(error):
                        raise
                    each = _Failed(f"<raises {name_of(type(error))}>")
                yield name, each

        self.left -= len(name_of(kind))
        return self.pairs(f"{name_of(kind)}(", fields(), ")", depth, len(list(names)), "=")

    def exception(self, value: BaseException, kind: type, depth: int) -> str:
        """Write an exception that prints itself as exceptions do, or whose class prints it in its own way."""
        own: object = kind.__repr__
        if own is not BaseException.__repr__:
            return self._spent(str.__str__(repr(value)))
        args = vars(BaseException)["args"].__get__(value)
        self.left -= len(name_of(kind))
        return self.several(f"{name_of(kind)}(", args, ")", depth, len(args))


class _Failed:
    """Stands for a field that could not be read."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _bytes(writer: Writer, value: bytes, _kind: type, _depth: int) -> str:
    whole, room = bytes.__len__(value), writer.left + 2
    cut = bytes.__getitem__(value, slice(room)).decode("latin-1")
    return writer.quoted(without_secrets(cut).encode("latin-1"), whole, room)


def _list(writer: Writer, value: list[object], _kind: type, depth: int) -> str:
    return writer.several("[", list.__iter__(value), "]", depth, list.__len__(value))


def _set(writer: Writer, value: set[object], kind: type, depth: int) -> str:
    base: Any = set if issubclass(kind, set) else frozenset
    whole = base.__len__(value)
    if not whole:
        return f"{name_of(kind)}()"
    start, end = ("{", "}") if kind is set else (f"{name_of(kind)}({{", "})")
    return writer.several(start, base.__iter__(value), end, depth, whole)


def _deque(writer: Writer, value: collections.deque[object], kind: type, depth: int) -> str:
    end = "])" if value.maxlen is None else f"], maxlen={value.maxlen})"
    items = collections.deque.__iter__(value)
    return writer.several(f"{name_of(kind)}([", items, end, depth, collections.deque.__len__(value))


def _dict(writer: Writer, value: dict[object, object], _kind: type, depth: int) -> str:
    return writer.pairs("{", _items(value), "}", depth, dict.__len__(value))


def _items(value: dict[object, object]) -> Iterator[tuple[object, object]]:
    return iter(dict.items(value))


def _named_dict(writer: Writer, value: dict[object, object], kind: type, depth: int) -> str:
    """A counter, or a dictionary that keeps an order."""
    if not dict.__len__(value):
        return f"{name_of(kind)}()"
    return writer.pairs(f"{name_of(kind)}({{", _items(value), "})", depth, dict.__len__(value))


def _defaultdict(
    writer: Writer, value: collections.defaultdict[object, object], kind: type, depth: int
) -> str:
    made = writer.of(value.default_factory, depth + 1)
    start = f"{name_of(kind)}({made}, {{"
    return writer.pairs(start, _items(value), "})", depth, dict.__len__(value))


def _proxy(writer: Writer, value: MappingProxyType[object, object], _kind: type, depth: int) -> str:
    return writer.pairs("mappingproxy({", value.items(), "})", depth, len(value))


def _view(writer: Writer, value: Any, kind: type, depth: int) -> str:  # noqa: ANN401 - three kinds
    return writer.several(f"{name_of(kind)}([", value, "])", depth, len(value))


def _wrapped(writer: Writer, value: Any, _kind: type, depth: int) -> str:  # noqa: ANN401 - two kinds
    return writer.of(value.data, depth)


_Walk = Callable[[Writer, Any, type, int], str]
_WALKS: Final[dict[object, _Walk]] = {
    str.__repr__: Writer.string,
    bytes.__repr__: _bytes,
    tuple.__repr__: lambda writer, *of: writer.row(*of),
    list.__repr__: _list,
    set.__repr__: _set,
    frozenset.__repr__: _set,
    collections.deque.__repr__: _deque,
    dict.__repr__: _dict,
    collections.OrderedDict.__repr__: _named_dict,
    collections.Counter.__repr__: _named_dict,
    collections.defaultdict.__repr__: _defaultdict,
    collections.UserDict.__repr__: _wrapped,
    collections.UserList.__repr__: _wrapped,
    MappingProxyType.__repr__: _proxy,
    type({}.items()).__repr__: _view,
    type({}.values()).__repr__: _view,
    type({}.keys()).__repr__: _view,
}
"""Who writes what prints itself in one of these ways, whatever its class."""
_HASHABLE = {type(dict.__repr__), FunctionType}
"""What a class's `__repr__` may be to be looked up: anything else may have a hash of its own."""
_PLAIN = {int, float, complex, bool, NoneType}
_NAMED = {FunctionType, BuiltinFunctionType, ModuleType}
_KEYS = {*_PLAIN, str, bytes}
"""Kinds of keys that are what they say; others are also known by their text."""
