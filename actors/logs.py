"""Reports through structlog, over the standard library's logging.

Loaded when the first report comes that somebody wants to see. Nothing is configured globally and
nothing is printed by importing. Levels are those of the standard loggers `actors` and
`supervisors`.

    report -> level of the standard logger -> fields made safe -> structlog's processors -> logger

* A program that has configured nothing sees warnings and errors on stderr, by logging's last
  resort: the event, then one line for each field, then the user's lines of the traceback. Handlers
  of its own find the same fields as attributes of the record.
* One that has configured structlog gets every report as an event dictionary in its own processors,
  and on its own kind of logger.

Fields are made safe before anybody sees them: values are cut at a length, what stands under a key
such as `password` or `token` is hidden, control characters are written as escapes, and nothing
refers to a living object any more. Writing them waits for nothing: a `__repr__` that would is told
so by a `WouldBlock`, and what it raises is written in its place. OTP tells a server's end twice, and
so do the events; the traceback stands in the first of the two only.

More than 500 reports within a second are not written but counted: "actors.logs.limited" says where that
begins, "actors.logs.left_out" how many there were. Handlers of telemetry are told of every one.

Source: https://www.structlog.org/en/stable/standard-library.html,
https://www.erlang.org/doc/apps/sasl/error_logging.html
"""

from __future__ import annotations

import atexit
import linecache
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, final

import structlog

from actors import telemetry
from actors._ration import WINDOW, Ration
from actors.errors import BadArgument
from actors.exits import Crash, Stack
from actors.hosting import without_waiting
from actors.pid import Pid, Ref
from actors.redaction import HIDDEN, is_secret, without_secrets
from actors.showing import (
    Writer,
    is_interrupt,
    name_of,
    on_one_line,
)

__all__ = ["log_report", "set_burst_limit", "tell_left_out"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_RENAMED = {"name": "registered_name", "message": "unhandled_message"}
"""What a record of the standard library keeps for itself."""
_TAKEN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

_LONGEST = 1000
_LONG = 64
"""Bits of a number that readers of JSON do not take any more."""
_DEEPEST = 8
_MOST = 50
_FIRST_FRAMES = 8
_LAST_FRAMES = 24
_CHILDREN = {"started", "offender"}
"""Fields of supervisors that describe a child, in fields of their own."""


@final
class _Logger(structlog.BoundLoggerBase):
    """One report's way through the processors."""

    def tell(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        self._proxy_to_logger(level, event, **fields)


def log_report(event: telemetry.Event, level: str, metadata: Mapping[str, object]) -> None:
    """Write one report to the log.

    Runs in the process that reports, and waits for nothing but the application's own handlers.

    Args:
        event: Its full name; the first part is the name of the standard logger.
        level: `"debug"`, `"info"`, `"warning"` or `"error"`.
        metadata: Its fields; see `actors.telemetry`.

    Example:
        >>> with structlog.testing.capture_logs() as logs:
        ...     log_report(("actors", "loop", "held"), "warning", {"limit": 0.1, "token": "x"})
        >>> structlog.reset_defaults()
        >>> logs
        [{'limit': 0.1, 'token': '[hidden]', 'event': 'actors.loop.held', 'log_level': 'warning'}]

    Source: https://www.structlog.org/en/stable/standard-library.html
    """
    logger = logging.getLogger(event[0])
    if not logger.isEnabledFor(_LEVELS[level]):
        return
    # A record that is made now knows the time, which no other room but the clock's may ask for.
    is_admitted, left_out = _ration.ask(logging.makeLogRecord({}).created)
    if is_admitted:
        if left_out:
            _tell_left_out(left_out)
        _logger(logger).tell(level, ".".join(event), without_waiting(_fields, metadata))
    elif left_out == 1:
        limit = f"{_ration.burst} within {WINDOW:g} s; what follows is counted"
        _logger(logger).tell("warning", "actors.logs.limited", {"limit": limit})


_ration = Ration()


def set_burst_limit(burst: int | None) -> int | None:
    """Say how many reports are written within a second; what comes beyond is counted.

    From any thread; does not wait.

    Args:
        burst: A number, 1 or more; `None` for no limit. At first it is 500, as in OTP.

    Returns:
        What it was before.

    Raises:
        BadArgument: It is no such number.

    Example:
        >>> set_burst_limit(100)
        500
        >>> set_burst_limit(500)
        100

    Source: https://www.erlang.org/doc/apps/kernel/logger_chapter.html#overload-protection
    """
    if burst is not None and (type(burst) is not int or burst < 1):
        raise BadArgument("burst", burst, "an integer of 1 or more, or None for no limit")
    before, _ration.burst = _ration.burst, burst
    return before


def _tell_left_out(number: int) -> None:
    _logger(logging.getLogger("actors")).tell(
        "warning", "actors.logs.left_out", {"reports": number}
    )


def tell_left_out() -> None:
    """Write how many reports were left out and not yet told of; also done at the program's end.

    Runs in the caller and does not wait.

    Example:
        >>> tell_left_out()

    Source: https://www.erlang.org/doc/apps/kernel/logger_chapter.html#overload-protection
    """
    if number := _ration.left_out():
        _tell_left_out(number)


# What was left out in the last second of a program would be told by nobody.
atexit.register(tell_left_out)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ration.begin_anew)


def _logger(standard: logging.Logger) -> _Logger:
    """Return a logger of the application's kind if it configured structlog, else a standard one."""
    if not structlog.is_configured():
        return _Logger(standard, [_as_record], {})
    config = structlog.get_config()
    own = config["logger_factory"](standard.name)
    if not isinstance(own, logging.Logger):
        return _Logger(own, config["processors"], {})
    return _Logger(standard, [*config["processors"], _as_record], {})


def _as_record(
    _logger: object, _level: str, rendered: Mapping[str, object] | str | bytes | tuple[object, ...]
) -> Mapping[str, object] | str | tuple[object, ...]:
    """Finish what goes to a standard logger and is not finished: text, and the fields beside it."""
    match rendered:
        case {"event": event, **others}:
            rest = {str(key): value for key, value in others.items()}
            extra = {f"{key}_" if key in _TAKEN else key: value for key, value in rest.items()}
            return (_as_text(event, rest),), {"extra": {**extra, "event": event}}
        case bytes():
            return rendered.decode("utf-8", "replace")
        case _:
            # Finished by the application's own last processor.
            return rendered


# -- text for people -------------------------------------------------------------------------------


def _as_text(event: object, fields: Mapping[str, object]) -> str:
    lines = [str(event)]
    for key, value in fields.items():
        if key != "stack":
            lines += _as_lines(key, value)
    if "stack" in fields:
        lines += ["  traceback (innermost line last):", str(fields["stack"])]
    return "\n".join(lines)


def _as_lines(key: str, value: object) -> Iterator[str]:
    match value:
        case dict():
            yield f"  {key}:"
            for inner, each in value.items():
                yield f"    {inner}: {each}"
        case list() if value:
            yield f"  {key}: {', '.join(map(str, value))}"
        case list():
            return
        case _:
            yield f"  {key}: {value}"


# -- making fields safe ----------------------------------------------------------------------------


def _fields(metadata: Mapping[str, object]) -> dict[str, object]:
    given = {key: value for key, value in metadata.items() if value is not None}
    stack = _stack_of(given)
    follows = given.pop("follows", None)
    name = given.pop("parent_name", None)
    fields = {_RENAMED.get(key, key): _made_safe(key, value) for key, value in given.items()}
    if name is not None:
        fields["parent"] = f"{fields.get('parent')} {_line(_text_of(name))}"
    if isinstance(follows, tuple):
        fields["follows"] = _line(".".join(map(str, follows)))
    elif stack is not None and stack.entries:
        fields["stack"] = _traceback(stack)
    return fields


def _stack_of(given: dict[str, object]) -> Stack | None:
    stack, reason = given.pop("stack", None), given.get("reason")
    if type(stack) is Stack:
        return stack
    return reason.stack if type(reason) is Crash else None


def _made_safe(key: str, value: object) -> object:
    """Return a field that any handler may keep, print or send: plain, bounded, without secrets."""
    try:
        return _safe(key, value)
    except BaseException as error:
        if is_interrupt(error):
            raise
        # One field that cannot be shown must not take the report with it.
        return f"<{name_of(type(value))} that raises {name_of(type(error))}>"


def _safe(key: str, value: object) -> object:
    if is_secret(key):
        return HIDDEN
    # By its real class: what an object says of its class is its own code.
    kind = type(value)
    some: Any = value
    if kind is bool or kind is float or (kind is int and some.bit_length() < _LONG):
        return value
    if issubclass(kind, str):
        return _line(some)
    if kind is dict and key in _CHILDREN:
        return {_line(str(inner)): _made_safe(str(inner), each) for inner, each in some.items()}
    if kind is tuple and all(type(each) is Pid for each in some):
        return [repr(each) for each in some[:_MOST]]
    return _cut(_Text(2 * _LONGEST).of(value))


def _line(text: str) -> str:
    """Return a text on one line, cut, with its secrets hidden and nothing that moves a cursor."""
    return _cut(without_secrets(str.__getitem__(text, slice(2 * _LONGEST))), str.__len__(text))


def _cut(text: str, whole: int = 0) -> str:
    text = on_one_line(text)
    whole = max(whole, len(text))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({whole} characters)"


def _traceback(stack: Stack) -> str:
    entries = stack.entries
    left_out = len(entries) - _FIRST_FRAMES - _LAST_FRAMES
    if left_out <= 0:
        return "\n".join(_frames(entries))
    first, last = entries[:_FIRST_FRAMES], entries[-_LAST_FRAMES:]
    return "\n".join([*_frames(first), f"  ... {left_out} more", *_frames(last)])


def _frames(entries: Iterable[tuple[str, int, str]]) -> Iterator[str]:
    for file, number, name in entries:
        yield f'  File "{_line(file)}", line {number}, in {_line(name)}'
        source = linecache.getline(file, number).strip()
        if source:
            yield f"    {_line(source)}"


@final
class _Text(Writer):
    """Writes values as reports show them: an exception with all that led to it, a request as what it is."""

    def row(self, value: tuple[object, ...], kind: type, depth: int) -> str:
        match value:
            case ("$gen_call", (Pid() as pid, Ref()), request):
                return f"call {self.of(request, depth + 1)} from {pid!r}"
            case ("$gen_cast", request):
                return f"cast {self.of(request, depth + 1)}"
            case _:
                return super().row(value, kind, depth)

    def crash(self, value: Crash, depth: int) -> str:
        return self.of(value.exception, depth)

    def exception(self, value: BaseException, kind: type, depth: int) -> str:
        """Return an exception with its notes, and those that led to it."""
        told: list[str] = []
        one: BaseException | None = value
        while one is not None and len(told) < _DEEPEST:
            # Only the outermost is one that `of` has taken care of.
            text = self.alone(one, depth)
            told.append(" / ".join([text, *self._notes_of(one)]))
            one = _what_led_to(one)
        return ", caused by ".join(told)

    def alone(self, one: BaseException, depth: int) -> str:
        """Write an exception without what belongs to it."""
        try:
            return super().exception(one, type(one), depth)
        except BaseException as error:
            if is_interrupt(error):
                raise
            return self.failed(type(one), "repr", error)

    def _notes_of(self, one: BaseException) -> list[str]:
        try:
            notes = list(islice(getattr(one, "__notes__", None) or (), _DEEPEST))
        except BaseException as error:
            if is_interrupt(error):
                raise
            return [self.failed(type(one), "notes", error)]
        return [self.text(each) if issubclass(type(each), str) else self.of(each) for each in notes]


def _what_led_to(one: BaseException) -> BaseException | None:
    # Not by their names: a class of a user's own may have given them a new meaning.
    base: dict[str, Any] = vars(BaseException)  # type: ignore[assignment]
    cause = base["__cause__"].__get__(one)
    if cause is not None or base["__suppress_context__"].__get__(one):
        return cause  # type: ignore[no-any-return]
    return base["__context__"].__get__(one)  # type: ignore[no-any-return]


def _text_of(name: object) -> str:
    return str.__str__(name) if issubclass(type(name), str) else _Text(_LONGEST).of(name)
