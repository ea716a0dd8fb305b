"""Named events with measurements: how the library tells the world without knowing who listens.

An event is a tuple of names, such as `("supervisors", "child", "terminated")`. Handlers run inline, in
the thread and process of the emitter, so they must be quick; one that raises is taken out, and the
event `("actors", "telemetry", "failed")` says so once. With nobody attached an event costs one look-up, and
nothing in the corridor of a message emits any.

A *report* is an event that people should see even if they attached nothing: a crash, a restart, a
supervisor that gives up. Reports also go to `actors.logs`, which is loaded when the first one comes.

Source: https://hexdocs.pm/telemetry/telemetry.html
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import TypeAlias

from actors.errors import BadArgument

__all__ = ["Event", "Handler", "attach", "detach", "emit", "is_heard", "report", "set_reporter"]

Event: TypeAlias = tuple[str, ...]
Handler: TypeAlias = Callable[[Event, Mapping[str, float], Mapping[str, object]], None]
Reporter: TypeAlias = Callable[[Event, str, Mapping[str, object]], None]

_handlers: dict[Event, dict[str, Handler]] = {}
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_reporter: list[Reporter | None] = []
_NOTHING: Mapping[str, float] = {}


def attach(handler_id: str, event: Event, handler: Handler) -> None:
    """Have a handler called at every emission of an event.

    Args:
        handler_id: A name for `detach`, unique for this event.
        event: The full name of the event, a tuple of strings.
        handler: Called with the event, its measurements (numbers) and its metadata.

    Raises:
        BadArgument: The name is taken for this event, or the event is no tuple of strings.

    Example:
        >>> seen = []
        >>> attach("example", ("a", "b"), lambda event, numbers, data: seen.append(data["x"]))
        >>> emit(("a", "b"), {}, {"x": 1})
        >>> detach("example")
        True
        >>> seen
        [1]

    Source: https://hexdocs.pm/telemetry/telemetry.html#attach/4
    """
    if not isinstance(event, tuple) or not event or not all(isinstance(e, str) for e in event):
        raise BadArgument("event", event, "a non-empty tuple of strings")
    handlers = _handlers.get(event, {})
    if handler_id in handlers:
        raise BadArgument("handler_id", handler_id, "a name not yet attached to this event")
    # Replaced, not changed: an emission that is under way goes on over the table it began with.
    _handlers[event] = {**handlers, handler_id: handler}


def detach(handler_id: str) -> bool:
    """Take a handler out of every event it was attached to; tell whether there was one."""
    found = False
    for event, handlers in list(_handlers.items()):
        if handler_id in handlers:
            found = True
            _remove(event, handler_id)
    return found


def _remove(event: Event, handler_id: str) -> None:
    left = {name: each for name, each in _handlers.get(event, {}).items() if name != handler_id}
    if left:
        _handlers[event] = left
    else:
        _handlers.pop(event, None)


def is_heard(event: Event) -> bool:
    """Tell whether anybody listens, for emitters whose metadata is dear to build."""
    return event in _handlers


def emit(event: Event, measurements: Mapping[str, float], metadata: Mapping[str, object]) -> None:
    """Call the handlers of an event, here and now, in the order of their attachment.

    Source: https://hexdocs.pm/telemetry/telemetry.html#execute/3
    """
    handlers = _handlers.get(event)
    if handlers is None:
        return
    for name, handler in handlers.items():
        try:
            handler(event, measurements, metadata)
        except Exception as error:  # noqa: BLE001 - a listener must never harm what it listens to
            _remove(event, name)
            emit(("actors", "telemetry", "failed"), {}, {"handler": name, "error": error})


def report(event: Event, level: str, metadata: Mapping[str, object]) -> None:
    """Emit an event that is also shown in the logs.

    Args:
        event: The full name.
        level: `"debug"`, `"info"`, `"warning"` or `"error"`.
        metadata: The fields of the report.
    """
    emit(event, _NOTHING, metadata)
    try:
        if not _reporter:
            if not _is_wanted(event, level):
                return
            # By name, because the bridge to the logs stands above this room and must stay optional.
            importlib.import_module("actors.logs")
        for reporter in _reporter:
            if reporter is not None:
                reporter(event, level, metadata)
    except Exception as error:  # noqa: BLE001 - a log that fails must not fail what it reports
        emit(("actors", "telemetry", "failed"), {}, {"handler": "reporter", "error": error})


def _is_wanted(event: Event, level: str) -> bool:
    number = _LEVELS[level]
    logging = sys.modules.get("logging")
    if logging is None:
        return number >= _LEVELS["warning"]
    return bool(logging.getLogger(event[0]).isEnabledFor(number))


def set_reporter(reporter: Reporter | None) -> None:
    """Say where reports go, instead of the logs; `None` sends them nowhere but to handlers."""
    _reporter[:] = [reporter]
