"""What was asked for, as bytes of a file: written whole or not at all, and read with suspicion.

    {"format": 1, "sha256": "…"}          the head: one line
    [[key, value], …]                     the body: JSON, of which the head has the checksum

Values are those of the ledger: frozen dataclasses, tuples, numbers, text, bytes. A dataclass is written
with the name of its class; reading makes no object of any other kind, calls nothing but the classes'
own constructors, and imports nothing from outside this example. A function is written as the name it
is found by; one without such a name (a lambda) cannot come back, and its entry is left out.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import FunctionType

from examples.smelter.complaints import SnapshotRefused

__all__ = ["FORMAT", "Key", "aside", "lock", "parsed", "read", "save", "written"]

FORMAT = 1
"""Of what is written, and the only one that is read."""

Key = str | tuple[str, str]
"""A worker's name, or a kind and an id."""

_HOME = __name__.rpartition(".")[0] + "."
_TAG = "$"


class _Unwritable(Exception):
    """A value that has no name to come back by."""


# -- the file --------------------------------------------------------------------------------------


def lock(path: Path) -> int:
    """Keep everybody else away from a file; returns a handle that does so until it is closed.

    The lock is on a file beside it, since each `save` makes a new one. It ends with this process,
    however that ends.

    Raises:
        SnapshotRefused: somebody else has it, or there can be no file beside it.
    """
    beside = path.with_name(f".{path.name}.lock")
    try:
        handle = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SnapshotRefused(str(beside), error.strerror or "cannot be made") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise SnapshotRefused(str(path), "another server uses it") from None
    return handle


def aside(path: Path) -> Path:
    """Return the name under which a file is kept that cannot be used."""
    return path.with_name(f"{path.name}.refused")


def save(path: Path, table: Mapping[Key, object]) -> None:
    """Put a table in place of what the file holds; whoever reads finds the old one or the new one.

    It is on the disk when this returns, and only its owner can read it: it may hold secrets.

    Raises:
        OSError: it cannot be written; the old one is left.
    """
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(written(table))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    # The rename is in the folder, which has a cache of its own.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> dict[Key, object] | None:
    """Return the table of a file, None if there is no file.

    Raises:
        SnapshotRefused: it cannot be read, is damaged, was written by another version, or somebody
            else may have written it.
    """
    try:
        with path.open("rb") as file:
            _refuse_foreign(path, os.fstat(file.fileno()))
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotRefused(str(path), error.strerror or "cannot be read") from None
    try:
        return parsed(content)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise SnapshotRefused(str(path), str(error)) from None


def _refuse_foreign(path: Path, about: os.stat_result) -> None:
    # It names functions to be called.
    if about.st_uid != os.geteuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SnapshotRefused(str(path), "can be written by others than its reader: chmod 600")


def written(table: Mapping[Key, object]) -> bytes:
    """Return the bytes for a table; entries that cannot come back are left out."""
    entries = []
    for key, value in table.items():
        with contextlib.suppress(_Unwritable):
            entries.append([key, _plain(value)])
    body = json.dumps(entries).encode()
    head = {"format": FORMAT, "sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps(head).encode() + b"\n" + body


def parsed(content: bytes) -> dict[Key, object]:
    """Return the table that bytes stand for.

    Raises:
        ValueError: they are damaged or of another version; also as `TypeError`, `ArithmeticError` or
            `RecursionError`, if somebody has made them on purpose.
    """
    head, newline, body = content.partition(b"\n")
    try:
        about = json.loads(head)
    except ValueError:
        about = None
    if not newline or not isinstance(about, dict) or "format" not in about:
        raise ValueError("is no snapshot, or its beginning is damaged")
    if about["format"] != FORMAT:
        raise ValueError(f"has format {about['format']!r}, accepted is {FORMAT}")
    if about.get("sha256") != hashlib.sha256(body).hexdigest():
        raise ValueError("is damaged: its checksum is another one")
    return {_key(key): _value(value) for key, value in json.loads(body)}


def _key(found: object) -> Key:
    match found:
        case str():
            return found
        case [str() as kind, str() as id]:
            return kind, id
        case _:
            raise ValueError(f"has a key of no kind: {found!r}")


# -- values to JSON --------------------------------------------------------------------------------


def _plain(value: object) -> object:
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return _tagged("enum", [_name_of(type(value)), value.name])
        case int() | float():
            return value
        case bytes():
            return _tagged("bytes", base64.b64encode(value).decode("ascii"))
        case list():
            return [_plain(one) for one in value]
        case tuple() | frozenset():
            return _tagged(type(value).__name__, [_plain(one) for one in value])
        case Mapping():
            return _tagged("dict", [[_plain(key), _plain(one)] for key, one in value.items()])
        case Fraction():
            return _tagged("fraction", str(value))
        case Path():
            return _tagged("path", str(value))
        case FunctionType():
            return _tagged("function", _name_of(value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            inside = {
                one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.init
            }
            return _tagged("value", [_name_of(type(value)), inside])
        case _:
            raise _Unwritable(value)


def _tagged(kind: str, of: object) -> dict[str, object]:
    return {_TAG: kind, "of": of}


def _name_of(made: type | FunctionType) -> str:
    name = f"{made.__module__}:{made.__qualname__}"
    try:
        found = _named(name)
    except ValueError:
        found = None
    if found is not made:
        raise _Unwritable(made)
    return name


# -- and back --------------------------------------------------------------------------------------


def _value(found: object) -> object:
    match found:
        case list():
            return [_value(one) for one in found]
        case {"$": str() as kind, "of": of} if kind in _READ:
            return _READ[kind](of)
        case dict():
            raise ValueError(f"holds a value of no kind: {found.get(_TAG)!r}")
        case _:
            return found


def _listed(of: object) -> list[object]:
    if not isinstance(of, list):
        raise TypeError(f"holds {of!r:.50} in place of a list")
    return [_value(one) for one in of]


def _pair(of: object) -> tuple[str, object]:
    match of:
        case [str() as name, inside]:
            return name, inside
        case _:
            raise ValueError(f"holds {of!r:.50} in place of a name and what it is")


def _dict(of: object) -> dict[object, object]:
    pairs = [_listed(one) for one in of] if isinstance(of, list) else []
    return {one[0]: one[1] for one in pairs if len(one) == len(("key", "value"))}


def _enum(of: object) -> object:
    name, member = _pair(of)
    made = _named(name)
    if not (isinstance(made, type) and issubclass(made, Enum)):
        raise TypeError(f"names {name}, which is no enumeration")
    if member not in made.__members__:
        raise ValueError(f"names {member!r}, which {name} has not")
    return made.__members__[str(member)]


def _function(of: object) -> object:
    made = _named(str(of))
    if not isinstance(made, FunctionType):
        raise TypeError(f"names {of}, which is no function")
    return made


def _dataclass(of: object) -> object:
    name, inside = _pair(of)
    made = _named(name)
    if not (isinstance(made, type) and is_dataclass(made)) or not isinstance(inside, dict):
        raise ValueError(f"names {name}, which is no kind of value")
    try:
        return made(**{key: _value(one) for key, one in inside.items()})
    except Exception as error:
        raise ValueError(f"holds a {name} that cannot be made: {error}") from error


def _named(name: str) -> object:
    module, _, path = name.partition(":")
    found: object = sys.modules.get(module)
    if found is None and module.startswith(_HOME):
        try:
            found = importlib.import_module(module)
        except ImportError:
            found = None
    for part in path.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise ValueError(f"names {name}, which is not here")
    return found


_READ: dict[str, Callable[[object], object]] = {
    "bytes": lambda of: base64.b64decode(str(of), validate=True),
    "tuple": lambda of: tuple(_listed(of)),
    "frozenset": lambda of: frozenset(_listed(of)),
    "dict": _dict,
    "fraction": lambda of: Fraction(str(of)),
    "path": lambda of: Path(str(of)),
    "enum": _enum,
    "function": _function,
    "value": _dataclass,
}
