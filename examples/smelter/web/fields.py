"""Reading a JSON body: each member once, by its path, and what nobody reads is not accepted.

Every complaint names the field, what came and what would have been right. A member that is not known
is one too, because it is a misspelt wish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from examples.smelter.complaints import SpecRefused
from examples.smelter.offsets import MILLISECOND, Ns

__all__ = ["Fields", "named"]

T = TypeVar("T", bound=str)


@contextmanager
def named(**places: str) -> Iterator[None]:
    """Let complaints name what is wrong by its place in the body, not in the words it has become.

    Args:
        places: by the first word of a field's path, where in the body that stands.

    Example:
        >>> with named(scene="video.root"):
        ...     raise SpecRefused("scene.children[0].width", -1, "a number from 0 to 7682")
        Traceback (most recent call last):
        examples.smelter.complaints.SpecRefused: video.root.children[0].width: -1 is not a number from 0 to 7682
    """
    try:
        yield
    except SpecRefused as refused:
        first = re.match(r"\w*", refused.field)
        word = first[0] if first else ""
        if word not in places or " " in refused.field:
            raise
        path = places[word] + refused.field.removeprefix(word)
        raise type(refused)(path, refused.came, refused.accepted) from refused


_LONGEST_MS = 10 * 366 * 24 * 3600 * 1000
"""Ten years: a pipeline may have run for long when it is told what to do later."""
_LONGEST_TEXT = 4000


class Fields:
    """One JSON object.

    Args:
        json: what came out of a JSON parser.
        where: the path of it, empty for the whole body.

    Raises:
        SpecRefused: it is no object.

    Example:
        >>> fields = Fields({"port": 5004, "lop": True})
        >>> fields.integer("port", 1024, 65535)
        5004
        >>> fields.end()
        Traceback (most recent call last):
        examples.smelter.complaints.SpecRefused: lop: true is not a field that is known here
    """

    def __init__(self, json: object, where: str = "") -> None:
        if not isinstance(json, dict):
            raise SpecRefused(where or "body", json, "a JSON object")
        self._where = where
        self._left: dict[object, object] = dict(json)

    def at(self, key: str) -> str:
        """Return the path of a member."""
        return f"{self._where}.{key}" if self._where else key

    def end(self) -> None:
        """Refuse what nobody has read."""
        for key, value in self._left.items():
            raise SpecRefused(self.at(str(key)), value, "a field that is known here")

    def take(self, key: str) -> object:
        """Return a member; null and an absent one are the same."""
        return self._left.pop(key, None)

    def has(self, key: str) -> bool:
        """Tell whether there is such a member."""
        return self._left.get(key) is not None

    def object(self, key: str) -> Fields | None:
        """Return an object, None if it is absent."""
        value = self.take(key)
        return None if value is None else Fields(value, self.at(key))

    def objects(self, key: str) -> Iterator[Fields] | None:
        """Return a list of objects, None if it is absent."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise SpecRefused(self.at(key), value, "a list")
        return (Fields(one, f"{self.at(key)}[{n}]") for n, one in enumerate(value))

    def text(self, key: str) -> str:
        """Return a text that has to be there."""
        value = self.optional_text(key)
        if value is None:
            raise SpecRefused(self.at(key), None, "a text")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text, None if it is absent."""
        value = self.take(key)
        if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_TEXT):
            raise SpecRefused(self.at(key), value, f"a text of at most {_LONGEST_TEXT} characters")
        return value

    def choice(self, key: str, *known: T, default: T | None = None) -> T:
        """Return one of some words."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        for word in known:
            if value == word:
                return word
        raise SpecRefused(self.at(key), value, f"one of {', '.join(known)}")

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise SpecRefused(self.at(key), value, "true or false")
        return value

    def integer(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise SpecRefused(self.at(key), value, f"a whole number from {least} to {most}")
        return value

    def number(self, key: str, least: float, most: float, default: float) -> float:
        """Return a number."""
        value = self.take(key)
        if value is None:
            return default
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not least <= value <= most
        ):
            raise SpecRefused(self.at(key), value, f"a number from {least:.15g} to {most:.15g}")
        return float(value)

    def milliseconds(self, key: str) -> Ns | None:
        """Return a time in nanoseconds, None if it is absent."""
        if not self.has(key):
            self.take(key)
            return None
        return round(self.number(key, 0, _LONGEST_MS, 0) * MILLISECOND)
