"""Named events with measurements: how the library tells the world without knowing who listens.

An event is a tuple of names, such as `("supervisors", "child", "terminated")`. Handlers run inline,
in the thread and process of the emitter, so they must be quick; one that raises is taken out, and
the event `("actors", "telemetry", "failed")` says so once. With nobody attached an event costs one
look-up, and nothing in the corridor of a message emits any.

A *report* is an event that people should see even if they attached nothing: a crash, a restart, a
supervisor that gives up. Reports also go to `actors.logs`, which is loaded when the first one
comes.

All events of the library; those with a level are reports. A field in brackets may be missing or
`None`. *process* stands for pid, [name], [label], initial_call, [parent], [parent_name];
*its end* for [message_queue_len], [links], [trap_exit].

| event | level | fields |
|---|---|---|
| `("actors", "gen_server", "terminate")` | error | *process*, reason, [accepted], [stack], last_message, state |
| `("actors", "gen_server", "unhandled")` | warning | pid, [name], message |
| `("actors", "event_manager", "handler_failed")` | error | manager, handler, reason, [last_message], [state] |
| `("actors", "mailbox", "dead_letter")` | | dest, message, cause |
| `("actors", "mailbox", "dropping")` | warning | pid, [name], when_full, limit, dropped |
| `("actors", "mailbox", "high_water")` | | pid, [name], when_full |
| `("actors", "stage", "discarded")` | warning | pid, [name], count |
| `("actors", "stage", "excess")` | error | pid, [name], producer, count |
| `("actors", "stage", "greedy")` | warning | pid, demand, max_demand |
| `("actors", "stage", "misused")` | error | pid, [name], problem, message |
| `("actors", "stage", "not_subscribed")` | error | pid, [name], producer, reason |
| `("actors", "stage", "stopping")` | info | pid, [name], producer, reason |
| `("actors", "task", "terminate")` | error | pid, [name], [label], starter, function, args, reason |
| `("actors", "process", "crash")` | error | *process*, reason, [stack], [follows], *its end* |
| `("actors", "process", "stuck")` | error | pid, initial_call, where, limit |
| `("actors", "loop", "held")` | warning | pid, [name], initial_call, where, seconds, limit, advice |
| `("actors", "loop", "failed")` | | error |
| `("actors", "pykka", "dead_letter")` | | actor, message |
| `("actors", "telemetry", "failed")` | | handler, error |
| `("supervisors", "child", "started")` | info | supervisor, started |
| `("supervisors", "child", "terminated")` | error | supervisor, error_context, reason, offender |
| `("supervisors", "child", "start_error")` | error | supervisor, error_context, reason, offender |
| `("supervisors", "child", "shutdown_error")` | error | supervisor, error_context, reason, offender |
| `("supervisors", "application", "exited")` | error | application, kind, reason |
| `("supervisors", "supervisor", "shutdown")` | error | supervisor, error_context, reason, offender |
| `("supervisors", "supervisor", "unexpected")` | error | supervisor, message |

A server that fails makes two events, as in OTP: its behaviour's `terminate`, which knows the
message and the state, then the `crash` of its process, whose `follows` is the first one. In the
first one `state_machine` or `groups` may stand for `gen_server`. A process that fails in its `init`,
or that is none of a behaviour, makes the second only. Ends with a clean reason, by a link or by
`"kill"` make none.

Source: https://hexdocs.pm/telemetry/telemetry.html
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias

from actors.errors import BadArgument
from actors.showing import is_interrupt

__all__ = [
    "Event",
    "Handler",
    "attach",
    "detach",
    "emit",
    "is_heard",
    "is_reported",
    "prepare",
    "report",
    "set_reporter",
]

Event: TypeAlias = tuple[str, ...]
"""The full name of an event."""
Handler: TypeAlias = Callable[[Event, Mapping[str, float], Mapping[str, object]], None]
"""Called with an event, its measurements and its metadata."""
Reporter: TypeAlias = Callable[[Event, str, Mapping[str, object]], None]

_handlers: dict[Event, dict[str, Handler]] = {}
_lock = threading.RLock()
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_NOTHING: Mapping[str, float] = {}


def attach(handler_id: str, event: Event, handler: Handler) -> None:
    """Have a handler called at every emission of an event.

    It runs in whatever process or thread emits, while that one waits for it. What it raises takes
    it out.

    Args:
        handler_id: A name for `detach`, unique for this event.
        event: The full name of the event, a tuple of strings.
        handler: Called with the event, its measurements (numbers) and its metadata.

    Raises:
        BadArgument: The name is no text or taken for this event, the event is no tuple of strings, or
            the handler cannot be called.

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
    if type(event) is not tuple or not event or not all(type(each) is str for each in event):
        raise BadArgument("event", event, "a non-empty tuple of strings")
    _check_id(handler_id)
    if not callable(handler):
        raise BadArgument("handler", handler, "a function of event, measurements and metadata")
    with _lock:
        handlers = _handlers.get(event, {})
        if handler_id in handlers:
            raise BadArgument("handler_id", handler_id, "a name not yet attached to this event")
        # Replaced, not changed: an emission that is under way goes on over the table it began with.
        _handlers[event] = {**handlers, handler_id: handler}


def detach(handler_id: str) -> bool:
    """Take a handler out of every event it was attached to.

    An emission that is under way on another thread may still call it once.

    From any thread; does not wait.

    Args:
        handler_id: What `attach` was given.

    Returns:
        Whether there was one.

    Raises:
        BadArgument: It is no text.

    Example:
        >>> detach("nobody has this name")
        False

    Source: https://hexdocs.pm/telemetry/telemetry.html#detach/1
    """
    _check_id(handler_id)
    with _lock:
        events = [event for event, handlers in _handlers.items() if handler_id in handlers]
        for event in events:
            _remove(event, handler_id)
    return bool(events)


def _check_id(handler_id: object) -> None:
    # By its real class: what is compared and hashed may have code of its own.
    if type(handler_id) is not str:
        raise BadArgument("handler_id", handler_id, "a string")


def _remove(event: Event, handler_id: str) -> None:
    left = {name: each for name, each in _handlers.get(event, {}).items() if name != handler_id}
    if left:
        _handlers[event] = left
    else:
        _handlers.pop(event, None)


def is_heard(event: Event) -> bool:
    """Tell whether anybody listens, for emitters whose metadata is dear to build.

    From any thread; does not wait.

    Args:
        event: The full name.

    Returns:
        Whether a handler is attached.

    Example:
        >>> is_heard(("nobody", "listens"))
        False

    Source: https://hexdocs.pm/telemetry/telemetry.html#list_handlers/1
    """
    # Most programs have none, and to look for an event takes a hash of all its parts; `tests.bench` name: restart.
    return bool(_handlers) and event in _handlers


def emit(event: Event, measurements: Mapping[str, float], metadata: Mapping[str, object]) -> None:
    """Call the handlers of an event, here and now, in the order of their attachment.

    Runs in the emitter's process and does not wait. Never raises: a handler that does is taken out,
    and `("actors", "telemetry", "failed")` is emitted.

    Args:
        event: The full name.
        measurements: Numbers, by name.
        metadata: What the event is about, by name.

    Example:
        >>> seen = []
        >>> attach("example", ("a", "b"), lambda event, numbers, data: seen.append(numbers["size"]))
        >>> emit(("a", "b"), {"size": 3}, {})
        >>> detach("example"), seen
        (True, [3])

    Source: https://hexdocs.pm/telemetry/telemetry.html#execute/3
    """
    handlers = _handlers.get(event)
    if handlers is None:
        return
    for name, handler in handlers.items():
        try:
            handler(event, measurements, metadata)
        except BaseException as error:  # noqa: BLE001 - a listener must never harm what it listens to
            # An Exit too: whoever was told to end while a handler waited, ends at its next wait.
            with _lock:
                _remove(event, name)
            emit(_FAILED, _NOTHING, {"handler": name, "error": error})


_FAILED = ("actors", "telemetry", "failed")


def report(event: Event, level: str, metadata: Mapping[str, object]) -> None:
    """Emit an event that is also shown in the logs; raises nothing but a Ctrl-C.

    Runs here and now in the emitter, as `emit` does, and does not wait.

    Args:
        event: The full name.
        level: `"debug"`, `"info"`, `"warning"` or `"error"`.
        metadata: The fields of the report.

    Example:
        >>> before = set_reporter(lambda event, level, fields: print(level, fields["x"]))
        >>> report(("a", "b"), "error", {"x": 1})
        error 1
        >>> _ = set_reporter(before)

    Source: https://www.erlang.org/doc/apps/kernel/logger.html
    """
    emit(event, _NOTHING, metadata)
    try:
        for reporter in _reporters:
            reporter(event, level, metadata)
    except BaseException as error:
        # A log that fails must not fail what it reports; a Ctrl-C is not its own.
        if is_interrupt(error):
            raise
        emit(_FAILED, _NOTHING, {"handler": "reporter", "error": error})


def _log(event: Event, level: str, metadata: Mapping[str, object]) -> None:
    """Hand a report to the logs, which are loaded when somebody wants to see one."""
    if _is_wanted(event, level):
        # By name, because the bridge to the logs stands above this room and must stay optional.
        _loading.append(event)
        try:
            logs = importlib.import_module("actors.logs")
        finally:
            _loading.pop()
        logs.log_report(event, level, metadata)


def _is_wanted(event: Event, level: str) -> bool:
    number = _LEVELS[level]
    # It may be there in part, while another thread loads it; what has come last is looked for.
    logger_of = getattr(sys.modules.get("logging"), "getLogger", None)
    if logger_of is None:
        return number >= _LEVELS["warning"]
    return bool(logger_of(event[0]).isEnabledFor(number))


_loading: list[Event] = []


def is_loading() -> bool:
    """Tell whether the logs are being loaded: that takes a while, and is no callback's fault."""
    return bool(_loading)


_reporters: list[Reporter] = [_log]


def prepare() -> None:
    """Load the logs now, if reports go there, and not in the middle of the first report.

    Runs in the caller. Does not wait, and takes some tenths of a second, once. For an event loop that
    must not be held up later; `asyncio_bridge.hosted` does it.

    Example:
        >>> prepare()

    Source: https://www.erlang.org/doc/apps/kernel/logger.html
    """
    if _log in _reporters:
        importlib.import_module("actors.logs")


def is_reported(event: Event, level: str) -> bool:
    """Tell whether a report would be seen by anybody, for those whose metadata is dear to build.

    Runs in the caller and does not wait.

    Args:
        event: Its name.
        level: How bad it is.

    Returns:
        Whether anybody listens, or it would be logged.

    Example:
        >>> before = set_reporter(None)
        >>> is_reported(("my", "event"), "error")
        False
        >>> set_reporter(before)

    Source: https://hexdocs.pm/logger/Logger.html#compare_levels/2
    """
    if _handlers and event in _handlers:
        return True
    return bool(_reporters) and (_reporters[0] is not _log or _is_wanted(event, level))


def set_reporter(reporter: Reporter | None) -> Reporter | None:
    """Say where reports go, instead of the logs.

    Runs in the caller. Does not wait; holds for all threads.

    Args:
        reporter: Called with the event, the level and the fields, in the process that reports;
            `None` sends reports nowhere but to handlers.

    Returns:
        Where they went before.

    Raises:
        BadArgument: It cannot be called.

    Example:
        >>> seen = []
        >>> before = set_reporter(lambda event, level, fields: seen.append((event, level)))
        >>> report(("a", "b"), "error", {})
        >>> _ = set_reporter(before)
        >>> seen
        [(('a', 'b'), 'error')]

    Source: https://www.erlang.org/doc/apps/kernel/logger.html#set_handler_config/2
    """
    if reporter is not None and not callable(reporter):
        raise BadArgument("reporter", reporter, "a function of event, level and fields, or None")
    before = _reporters[0] if _reporters else None
    _reporters[:] = [] if reporter is None else [reporter]
    return before


# A child that another thread's fork has made begins with the tables as they are, between two changes of them;
# the lock would stay taken in it for ever, since the thread that has it lives in the parent only.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )
