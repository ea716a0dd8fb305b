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
refers to a living object any more. OTP tells a server's end twice, and so do the events; the
traceback stands in the first of the two only.

More than 500 reports within a second are not written but counted: "actors.logs.limited" says where that
begins, "actors.logs.left_out" how many there were. Handlers of telemetry are told of every one.

Source: https://www.structlog.org/en/stable/standard-library.html,
https://www.erlang.org/doc/apps/sasl/error_logging.html
"""

from __future__ import annotations

import atexit
import linecache
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from typing import final

import structlog

from actors import telemetry
from actors._ration import WINDOW, Ration
from actors.errors import BadArgument, shown
from actors.exits import Crash, Stack
from actors.pid import Pid, Ref

__all__ = ["log_report", "set_burst_limit", "tell_left_out"]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_RENAMED = {"name": "registered_name", "message": "unhandled_message"}
"""What a record of the standard library keeps for itself."""
_TAKEN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

_LONGEST = 1000
_DEEPEST = 8
_MOST = 50
_FIRST_FRAMES = 8
_LAST_FRAMES = 24
_LONGEST_KEY = 60
_CHILDREN = {"started", "offender"}
"""Fields of supervisors that describe a child, in fields of their own."""
_HIDDEN = "[hidden]"
_KEYS = "password|passwd|passphrase|secret|token|cookie|authorization|api_?key|credential"
_SECRET = re.compile(_KEYS, re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    f"""((?:{_KEYS})[\\w-]*["']?\\s*[=:(]\\s*)(?!\\[hidden)"""
    """((?:Bearer|Basic|Digest)\\s+[^\\s,'")}\\]]+"""
    """|b?"(?:[^"\\\\]|\\\\.)*"?|b?'(?:[^'\\\\]|\\\\.)*'?|[^\\s,)}\\]]+)""",
    re.IGNORECASE,
)


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
        _logger(logger).tell(level, ".".join(event), _fields(metadata))
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
    fields = {_RENAMED.get(key, key): _safe(key, value) for key, value in given.items()}
    if name is not None:
        fields["parent"] = f"{fields.get('parent')} {_line(str(name))}"
    if isinstance(follows, tuple):
        fields["follows"] = _line(".".join(map(str, follows)))
    elif stack is not None and stack.entries:
        fields["stack"] = _traceback(stack)
    return fields


def _stack_of(given: dict[str, object]) -> Stack | None:
    stack, reason = given.pop("stack", None), given.get("reason")
    if isinstance(stack, Stack):
        return stack
    return reason.stack if isinstance(reason, Crash) else None


def _safe(key: str, value: object) -> object:
    """Return a value that any handler may keep, print or send: plain, bounded, without secrets."""
    if _is_secret(key):
        return _HIDDEN
    match value:
        case bool() | float():
            return value
        case int() if value.bit_length() < 64:  # noqa: PLR2004 - what JSON readers take
            return value
        case str():
            return _line(value)
        case dict() if key in _CHILDREN:
            return {_line(str(inner)): _safe(str(inner), each) for inner, each in value.items()}
        case tuple() if all(isinstance(each, Pid) for each in value):
            return [repr(each) for each in value[:_MOST]]
        case _:
            return _line(_Text().of(value))


def _is_secret(key: object) -> bool:
    # A long text that speaks of a password is no key.
    return isinstance(key, str) and len(key) <= _LONGEST_KEY and _SECRET.search(key) is not None


def _line(text: str) -> str:
    """Return a text on one line, cut, with its secrets hidden and nothing that moves a cursor."""
    whole = len(text)
    text = _SECRET_IN_TEXT.sub(rf"\1{_HIDDEN}", text[: 2 * _LONGEST])
    if not text.isprintable():
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
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
class _Text:
    """Writes one value, stopping when there is enough of it: states may be large."""

    def __init__(self) -> None:
        self._left = 2 * _LONGEST

    def of(self, value: object, depth: int = 0) -> str:
        """Return a value's text: like `repr`, cut, and without what stands under secret keys."""
        if depth > _DEEPEST or self._left <= 0:
            return "…"
        try:
            text = self._known(value, depth)
        except Exception:  # noqa: BLE001 - a user's class may look like something it is not
            text = None
        if text is None:
            text = shown(value, self._left)
            self._left -= len(text)
        return text

    def _known(self, value: object, depth: int) -> str | None:
        """Write what can be looked into; a class of a user's own knows best how it looks."""
        kind = type(value)
        match value:
            case Crash(exception=exception):
                return self._failure(exception)
            case BaseException():
                return self._failure(value)
            case str() | bytes():
                text = shown(value[: self._left], self._left)
                self._left -= len(text)
                return text
            case dict() if kind is dict:
                return self._pairs("{", value, "}", ": ", depth, self.of)
            case tuple() if kind is tuple:
                return self._message(value, depth)
            case list() if kind is list:
                return self._several("[", value, "]", depth)
            case set() | frozenset() if kind in {set, frozenset}:
                return self._several(f"{kind.__name__}([", value, "])", depth)
        names = _field_names(value)
        if names is None:
            return None
        inner: dict[object, object] = {name: getattr(value, name) for name in names}
        return self._pairs(f"{kind.__name__}(", inner, ")", "=", depth, _bare)

    def _failure(self, exception: BaseException) -> str:
        """Return an exception with its notes, and those that led to it."""
        told: list[str] = []
        one: BaseException | None = exception
        while one is not None and len(told) < _DEEPEST:
            notes = getattr(one, "__notes__", None) or []
            text = shown(one, self._left)
            told.append(" / ".join([text, *(str(each) for each in list(notes)[:_DEEPEST])]))
            one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        return ", caused by ".join(told)

    def _message(self, value: tuple[object, ...], depth: int) -> str:
        match value:
            case ("$gen_call", (Pid() as pid, Ref()), request):
                return f"call {self.of(request, depth + 1)} from {pid!r}"
            case ("$gen_cast", request):
                return f"cast {self.of(request, depth + 1)}"
            case (str() as key, _, *_) if _is_secret(key):
                return f"({key!r}, {_HIDDEN})"
            case _:
                return self._several("(", value, ",)" if len(value) == 1 else ")", depth)

    def _several(self, start: str, values: Iterable[object], end: str, depth: int) -> str:
        parts = []
        for number, each in enumerate(values):
            if number == _MOST or self._left <= 0:
                parts.append("…")
                break
            parts.append(self.of(each, depth + 1))
        return f"{start}{', '.join(parts)}{end}"

    def _pairs(
        self,
        start: str,
        values: Mapping[object, object],
        end: str,
        between: str,
        depth: int,
        write_key: Callable[[object, int], str],
    ) -> str:
        parts = []
        for number, (key, each) in enumerate(values.items()):
            if number == _MOST or self._left <= 0:
                parts.append("…")
                break
            text = _HIDDEN if _is_secret(key) else self.of(each, depth + 1)
            parts.append(f"{write_key(key, depth + 1)}{between}{text}")
        return f"{start}{', '.join(parts)}{end}"


def _field_names(value: object) -> list[str] | None:
    """Return what a dataclass or a named tuple prints, if it prints itself the usual way."""
    if is_dataclass(value) and hasattr(type(value).__repr__, "__wrapped__"):
        return [each.name for each in fields_of(value) if each.repr]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(value._fields)
    return None


def _bare(key: object, _: int) -> str:
    return str(key)
