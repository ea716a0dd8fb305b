"""OTP's `sys`: look into a process while it runs, hold it, watch what it does, change what it is.

    debug.get_state("counter") -> system request -> its mailbox -> `serve`, in its turn -> reply

Every behaviour answers system requests: `GenServer`, `StateMachine`, `EventManager` and the
supervisors. A process
written by hand does, if it hands them to `serve`:

    match receive():
        case message if debug.is_system(message):
            debug.serve(half, message)                  # `half` is a `SystemHalf`

*Held*, or suspended, a process takes nothing but system requests and the end of its parent; all
else waits in the mailbox, in order. *Watched*, it tells what it takes and gives to functions:
`("in", message)`, `("out", value, caller, state)`, `("noreply", state)`. While nobody watches,
that costs it nothing: what a watched `GenServer` does in addition stands in another handler,
`Watch.handle`, which is its own only meanwhile.

Source: https://www.erlang.org/doc/apps/stdlib/sys.html
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NoReturn, Protocol, TypeAlias, final, overload
from typing import cast as typed

from actors import _behaviour, process
from actors._envelopes import CALL, CAST, SYSTEM, Caller, as_seen
from actors.errors import ActorsError, BadArgument, shown
from actors.exits import Reason, reason_of
from actors.messages import Exited, Message
from actors.naming import Address
from actors.pid import Pid

__all__ = [
    "DEFAULT_TIMEOUT",
    "Event",
    "Spy",
    "Statistics",
    "Status",
    "SystemFailure",
    "SystemHalf",
    "Watch",
    "change_code",
    "get_state",
    "get_status",
    "install",
    "is_system",
    "log",
    "log_to_file",
    "no_debug",
    "remove",
    "replace_state",
    "resume",
    "serve",
    "statistics",
    "suspend",
    "terminate",
    "trace",
]

DEFAULT_TIMEOUT = 5.0
"""Seconds that a system request waits unless told otherwise, as in OTP."""

Event: TypeAlias = tuple[object, ...]
"""What a watched process tells: `"in"`, `"out"`, `"noreply"`, and what belongs to it."""
Spy: TypeAlias = Callable[[object, Event, object], object]
"""Called with its own state, the event and the name of the process; returns its next state."""
_Flag: TypeAlias = bool | Literal["get"]


class SystemFailure(ActorsError):
    """A system request was answered by a refusal; the process lives on as it was.

    Args:
        reason: `("callback_failed", what, why)` when a function of the caller's or of the
            process's own failed; `("unknown_system_msg", request)` for what cannot be asked now,
            such as a change of code of a process that is not suspended.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the system request was refused: {shown(self.reason)}"


@dataclass(frozen=True, slots=True)
class Status:
    """What `get_status` tells of a process."""

    pid: Pid
    """Who."""
    module: str
    """Its behaviour: `"gen_server"`, `"gen_statem"`, `"gen_event"`."""
    dictionary: tuple[object, ...]
    """The keys of its dictionary."""
    mode: Literal["running", "suspended"]
    """Whether it is held."""
    parent: Pid
    """Who started it; itself when it is linked to nobody."""
    debug: tuple[object, ...]
    """What watches it, the latest first: `"statistics"`, `"log"`, `"trace"`, ids of functions."""
    state: object
    """Its state, as its `format_status` wants it to be seen."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was counted since counting was switched on."""

    start_time: float
    """When that was, in seconds of `process.monotonic`."""
    current_time: float
    """Now, likewise."""
    messages_in: int
    """How many messages it has taken, without system requests."""
    messages_out: int
    """How many replies it has given."""


# -- client half -----------------------------------------------------------------------------------


def get_state(server: Address, timeout: float | None = DEFAULT_TIMEOUT) -> object:
    """Return the state of a process. Runs in the caller and waits until the process answers.

    Of a `StateMachine` it is `(state, data)`, of an event manager the list of `(handler, id,
    state)`.

    Args:
        server: A pid, a name or a `Via`.
        timeout: Seconds; `None` for no limit.

    Returns:
        The state.

    Raises:
        CallFailed: There is no such process, it ended meanwhile, or did not answer in time.
        BadArgument: The timeout is not accepted.

    Example:
        >>> from actors import GenServer, run
        >>> class Box(GenServer[int]):
        ...     def init(self) -> int:
        ...         return 7
        >>> run(lambda: get_state(Box.start_link()))
        7

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#get_state/1
    """
    return _ask("get_state", server, (), timeout)


def replace_state(
    server: Address, function: Callable[..., object], timeout: float | None = DEFAULT_TIMEOUT
) -> object:
    """Give a process another state, which a function makes of the present one, in the process.

    The caller waits until it is done.

    Args:
        server: A pid, a name or a `Via`.
        function: Returns the new state. Runs in the process; if it fails, the state stays.
        timeout: Seconds; `None` for no limit.

    Returns:
        The new state.

    Raises:
        SystemFailure: The function failed, or what it returned is no state of this process.
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     return replace_state(box, lambda state: state + 1)
        >>> run(main)
        2

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#replace_state/2
    """
    return _ask("replace_state", server, (_function(function),), timeout)


def suspend(server: Address, timeout: float | None = DEFAULT_TIMEOUT) -> None:
    """Hold a process: until `resume` it takes system requests only. Once more is no error.

    The end of its parent still ends it. A timeout that ran begins anew when it is resumed.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        timeout: Seconds; `None` for no limit.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     suspend(box)
        ...     held = get_status(box).mode
        ...     resume(box)
        ...     return held, Agent.get(box, abs)
        >>> run(main)
        ('suspended', 1)

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#suspend/1
    """
    _ask("suspend", server, (), timeout)


def resume(server: Address, timeout: float | None = DEFAULT_TIMEOUT) -> None:
    """Let a process go on with what has arrived meanwhile, in order. Once more is no error.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        timeout: Seconds; `None` for no limit.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     suspend(box)
        ...     resume(box)
        ...     return Agent.get(box, abs)
        >>> run(main)
        1

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#resume/1
    """
    _ask("resume", server, (), timeout)


def get_status(server: Address, timeout: float | None = DEFAULT_TIMEOUT) -> Status:
    """Return what a process is, whether it is held, what watches it, and its state.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        timeout: Seconds; `None` for no limit.

    Returns:
        A `Status`; the state as `format_status` shows it.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     return get_status(Agent.start_link(lambda: 1)).state
        >>> run(main)
        1

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#get_status/1
    """
    return typed("Status", _ask("get_status", server, (), timeout))


def change_code(
    server: Address,
    module: type | None = None,
    old_version: object = None,
    extra: object = None,
    timeout: float | None = DEFAULT_TIMEOUT,
) -> None:
    """Have a suspended process turn its state into that of its new code.

    Its `code_change` is called, in the process; if that fails, code and state stay as they were.

    The caller waits until it is done.

    Args:
        server: A pid, a name or a `Via`.
        module: The class whose callbacks it has from now on; `None` for the one that it has.
        old_version: Passed to `code_change`: what the state was made by.
        extra: Passed to `code_change`.
        timeout: Seconds; `None` for no limit.

    Raises:
        SystemFailure: It is not suspended, `code_change` failed, or the class does not fit.
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import GenServer, run
        >>> class Box(GenServer[int]):
        ...     def init(self):
        ...         return 7
        ...     def code_change(self, old_version, state, extra):
        ...         return state + extra
        >>> def main():
        ...     box = Box.start_link()
        ...     suspend(box)
        ...     change_code(box, extra=3)
        ...     resume(box)
        ...     return get_state(box)
        >>> run(main)
        10

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#change_code/4
    """
    _ask("change_code", server, (module, old_version, extra), timeout)


def terminate(server: Address, reason: Reason, timeout: float | None = DEFAULT_TIMEOUT) -> None:
    """Have a process end itself, also one that is suspended; does not wait until it has.

    Runs in the caller and waits for its answer.

    Args:
        server: A pid, a name or a `Via`.
        reason: What it ends with.
        timeout: Seconds; `None` for no limit.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, process, run
        >>> def main():
        ...     box = Agent.start(lambda: 1)
        ...     ref = process.monitor(box)
        ...     terminate(box, "normal")
        ...     return process.receive().reason
        >>> run(main)
        'normal'

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#terminate/2
    """
    _ask("terminate", server, (reason,), timeout)


def install(
    server: Address, function: Spy, state: object, *, id: object = None, timeout: float | None = 5.0
) -> None:
    """Have a function told what a process takes and gives, in that process, from now on.

    The latest function is told first. One that returns `"done"`, or fails in any way, is taken out
    silently.

    The caller waits until it is there.

    Args:
        server: A pid, a name or a `Via`.
        function: Called with its state, the event and the name of the process; returns its next
            state.
        state: Its first state.
        id: What it can be removed by; the function itself by default. Only one of an id is there
            at a time: the first.
        timeout: Seconds; `None` for no limit.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, process, run
        >>> def main():
        ...     here = process.self()
        ...     box = Agent.start_link(lambda: 1)
        ...     install(box, lambda count, event, name: process.send(here, count) + 1, 0)
        ...     Agent.get(box, abs)
        ...     return process.receive(), process.receive()
        >>> run(main)
        (0, 1)

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#install/2
    """
    spy = typed("Spy", _function(function))
    # By which it is known stays what it is here: it is compared, and never called.
    key = _key(spy, id)
    sent, begin = typed("tuple[Spy, object]", process.crossed((spy, state), "(function, state)"))
    _watch("install", server, lambda watch: watch.install(key, sent, begin), timeout)


def remove(server: Address, function: object, timeout: float | None = DEFAULT_TIMEOUT) -> None:
    """Take out a function that was installed, by itself or by its id; an unknown one is no error.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        function: What was installed, or its id.
        timeout: Seconds; `None` for no limit.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     seen = []
        ...     box = Agent.start_link(lambda: 1)
        ...     install(box, lambda state, event, name: seen.append(event), None, id="spy")
        ...     remove(box, "spy")
        ...     Agent.get(box, abs)
        ...     return seen
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#remove/2
    """
    _watch("remove", server, lambda watch: watch.remove(("install", function)), timeout)


def no_debug(server: Address, timeout: float | None = DEFAULT_TIMEOUT) -> None:
    """Take out all that watches a process.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        timeout: Seconds; `None` for no limit.

    Raises:
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     log(box, True)
        ...     no_debug(box)
        ...     Agent.get(box, abs)
        ...     return log(box, "get")
        >>> run(main)
        []

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#no_debug/1
    """
    _watch("no_debug", server, lambda watch: watch.clear(), timeout)


@overload
def statistics(
    server: Address, flag: Literal["get"], timeout: float | None = ...
) -> Statistics | None: ...
@overload
def statistics(server: Address, flag: bool, timeout: float | None = ...) -> None: ...
def statistics(
    server: Address, flag: _Flag, timeout: float | None = DEFAULT_TIMEOUT
) -> Statistics | None:
    """Count what a process takes and gives.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        flag: `True` begins, `False` ends, `"get"` returns what was counted.
        timeout: Seconds; `None` for no limit.

    Returns:
        For `"get"` what was counted, `None` if nobody counts.

    Raises:
        BadArgument: The flag is not accepted.
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     statistics(box, True)
        ...     Agent.get(box, abs)
        ...     return statistics(box, "get").messages_in
        >>> run(main)
        1

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#statistics/2
    """
    found = _watch("statistics", server, _switch("statistics", flag, _counted, _Counts), timeout)
    return typed("Statistics | None", found)


@overload
def log(server: Address, flag: Literal["get"], timeout: float | None = ...) -> list[Event]: ...
@overload
def log(
    server: Address, flag: bool | tuple[Literal[True], int], timeout: float | None = ...
) -> None: ...
def log(
    server: Address,
    flag: _Flag | tuple[Literal[True], int],
    timeout: float | None = DEFAULT_TIMEOUT,
) -> list[Event] | None:
    """Keep the latest events of a process.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        flag: `True` begins and keeps ten, `(True, n)` keeps n, `False` ends, `"get"` returns them.
        timeout: Seconds; `None` for no limit.

    Returns:
        For `"get"` the events, the oldest first; none if nobody logs.

    Raises:
        BadArgument: The flag is not accepted.
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     log(box, True)
        ...     Agent.get(box, abs)
        ...     return len(log(box, "get"))
        >>> run(main)
        2

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#log/2
    """
    on, most = flag if isinstance(flag, tuple) and len(flag) == 2 else (flag, 10)  # noqa: PLR2004
    if type(most) is not int or most < 1:
        raise BadArgument("flag", flag, "True, (True, a number of events from 1 on), False, 'get'")
    begin = partial(deque[Event], maxlen=most)
    found = _watch("log", server, _switch("log", on, _kept, begin), timeout)
    return list(typed("deque[Event]", found or ())) if on == "get" else None


def trace(server: Address, flag: bool, timeout: float | None = DEFAULT_TIMEOUT) -> None:
    """Write a line to standard output for all that a process takes and gives.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        flag: `True` begins, `False` ends.
        timeout: Seconds; `None` for no limit.

    Raises:
        BadArgument: The flag is neither `True` nor `False`.
        CallFailed: As for `get_state`.

    Example:
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     trace(box, True)
        ...     trace(box, False)
        ...     return Agent.get(box, abs)
        >>> run(main)
        1

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#trace/2
    """
    _watch("trace", server, _switch("trace", _is_on(flag), _printed, lambda: None), timeout)


def log_to_file(
    server: Address, path: str | Path | None, timeout: float | None = DEFAULT_TIMEOUT
) -> None:
    """Append the lines of `trace` to a file, which the process opens for each of them.

    Runs in the caller and waits until the process has answered.

    Args:
        server: A pid, a name or a `Via`.
        path: The file; `None` ends it.
        timeout: Seconds; `None` for no limit.

    Raises:
        OSError: The file cannot be written.
        CallFailed: As for `get_state`.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from actors import Agent, run
        >>> def main():
        ...     box = Agent.start_link(lambda: 1)
        ...     with TemporaryDirectory() as folder:
        ...         file = Path(folder, "events")
        ...         log_to_file(box, file)
        ...         Agent.get(box, abs)
        ...         log_to_file(box, None)
        ...         return len(file.read_text().splitlines())
        >>> run(main)
        2

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#log_to_file/2
    """
    if not isinstance(path, str | Path | None):
        raise BadArgument("path", path, "a path, or None")
    if path is not None:
        with Path(path).open("a", encoding="utf-8"):
            pass
    switch = _switch("log_to_file", path is not None, _filed, lambda: path)
    _watch("log_to_file", server, switch, timeout)


def _ask(
    what: str, server: Address, arguments: tuple[object, ...], timeout: float | None
) -> object:
    given = [server, *arguments] if timeout == DEFAULT_TIMEOUT else [server, *arguments, timeout]
    request = (_REQUEST, what, *arguments)
    sent = process.crossed(request, "request")
    match _behaviour.system(server, sent, timeout, ("sys", what), given):
        case ("ok", value):
            return value
        case ("error", reason):
            raise SystemFailure(reason)
        case other:
            raise SystemFailure(("bad_reply", other))


def _watch(
    what: str, server: Address, change: Callable[[Watch], object], timeout: float | None
) -> object:
    function = ("sys", what)
    answer = _behaviour.system(server, (_REQUEST, "watch", change), timeout, function, [server])
    return typed("tuple[str, object]", answer)[1]


def _switch(
    key: str, flag: object, function: Spy, begin: Callable[[], object]
) -> Callable[[Watch], object]:
    if isinstance(flag, str) and flag == "get":
        return lambda watch: watch.state_of((key, None))
    if _is_on(flag):
        return lambda watch: watch.install((key, None), function, begin())
    return lambda watch: watch.remove((key, None))


def _is_on(flag: object) -> bool:
    if not isinstance(flag, bool):
        raise BadArgument("flag", flag, "True or False, or 'get' where there is something to get")
    return flag


def _function(function: object) -> Callable[..., object]:
    if not callable(function):
        raise BadArgument("function", function, "something that can be called")
    return function


def _key(function: Spy, id: object) -> tuple[str, object]:
    return ("install", function if id is None else id)


# -- process half ----------------------------------------------------------------------------------

_REQUEST = "sys"


class SystemHalf(Protocol):
    """What `serve` needs of a process: OTP's system callbacks."""

    @property
    def module(self) -> str:
        """The name of its behaviour."""

    parent: Pid
    """Whose end is its own; itself when it has none."""
    watch: Watch | None
    """Who watches it; begins as `None`, and belongs to `serve`."""

    def handle(self, message: Message) -> object:
        """Handle one message; for `Watch.handle`."""

    def get_state(self) -> object:
        """Return its state."""

    def replace_state(self, function: Callable[[object], object]) -> object:
        """Take another state, which a function makes of the present one, and return it."""

    def status(self) -> object:
        """Return its state as people are to see it."""

    def change_code(self, module: type | None, old_version: object, extra: object) -> None:
        """Become something else, wholly or not at all."""

    def end(self, reason: Reason, message: Message) -> NoReturn:
        """End the process: `terminate`, then the exit."""


def is_system(message: Message) -> bool:
    """Tell whether a message is a system request, for `serve`.

    For processes that are none of a behaviour. Pure.

    Args:
        message: Anything that came.

    Returns:
        Whether it is one.

    Example:
        >>> is_system(("system", "hello"))
        False

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#handle_system_msg/6
    """
    return type(message) is tuple and len(message) == 3 and message[0] is SYSTEM  # noqa: PLR2004


def serve(half: SystemHalf, message: Message) -> None:
    """Answer a system request, in the process that got it.

    Waits if the request is to suspend it, until it is resumed; meanwhile other messages stay in
    the mailbox.

    Args:
        half: What it has to do with.
        message: A message for which `is_system` holds.

    Raises:
        Exit: The process ends, as it was asked to or because its parent has ended.

    Source: https://www.erlang.org/doc/apps/stdlib/sys.html#handle_system_msg/6
    """
    is_suspended = _answer(half, message, is_suspended=False)
    while is_suspended:
        message = process.receive(partial(_is_urgent, half.parent))
        if isinstance(message, Exited):
            half.end(message.reason, message)
        is_suspended = _answer(half, message, is_suspended=True)


def _is_urgent(parent: Pid, message: Message) -> bool:
    return is_system(message) or (isinstance(message, Exited) and message.pid is parent)


def _answer(half: SystemHalf, message: Message, *, is_suspended: bool) -> bool:
    """Answer one request; tell whether the process is suspended after it."""
    _, caller, request = typed("tuple[str, Caller, object]", message)
    match request:
        case ("terminate", reason):
            # Whoever asks in this way waits for the end and not for a reply.
            half.end(reason, message)
        case ("sys", "terminate", reason):
            _behaviour.reply(caller, ("ok", None))
            half.end(reason, message)
        case ("sys", "suspend"):
            is_suspended, answer = True, _OK
        case ("sys", "resume"):
            is_suspended, answer = False, _OK
        case ("sys", "get_status"):
            answer = ("ok", _status(half, is_suspended=is_suspended))
        case ("sys", "change_code", module, old_version, extra) if is_suspended:
            change = partial(half.change_code, typed("type", module), old_version, extra)
            answer = _tried(change, "system_code_change")
        case _:
            answer = _looked(half, request)
    _behaviour.show(caller, answer)
    return is_suspended


def _looked(half: SystemHalf, request: object) -> tuple[str, object]:
    """Do what can be asked of a process at any time."""
    match request:
        case ("sys", "get_state"):
            return _tried(half.get_state, "system_get_state")
        case ("sys", "replace_state", function):
            replace = partial(half.replace_state, typed("Callable[..., object]", function))
            return _tried(replace, "system_replace_state")
        case ("sys", "watch", change):
            watch = half.watch or Watch(half)
            change = typed("Callable[[Watch], object]", change)
            answer = _tried(partial(change, watch), "handle_debug")
            watch.settle()
            return answer
        case _:
            return ("error", ("unknown_system_msg", request))


_OK: tuple[str, object] = ("ok", None)


def _tried(what: Callable[[], object], name: str) -> tuple[str, object]:
    try:
        return ("ok", what())
    except BaseException as error:
        if _behaviour.is_ending():
            raise
        return ("error", ("callback_failed", name, reason_of(error)))


def _status(half: SystemHalf, *, is_suspended: bool) -> Status:
    pid = process.self()
    return Status(
        pid=pid,
        module=half.module,
        dictionary=tuple(process.get_keys()),
        mode="suspended" if is_suspended else "running",
        parent=half.parent,
        debug=() if half.watch is None else half.watch.shown(),
        state=half.status(),
    )


@final
class Watch(_behaviour.Handler):
    """What watches one process: functions and their states, the latest first."""

    __slots__ = ("_functions", "_half", "_has_answered", "name")

    def __init__(self, half: SystemHalf) -> None:
        self._half = half
        self._functions: dict[tuple[str, object], tuple[Spy, object]] = {}
        self._has_answered = False
        found = process.info(process.self())
        self.name: object = (found and found.registered_name) or process.self()
        """What the functions are told that the process is called."""

    def handle(self, message: Message) -> None:
        """Handle one message and tell of it: the handler of a process while it is watched."""
        if _is_urgent(self._half.parent, message):
            self._half.handle(message)
            return
        self.tell(("in", as_seen(message)))
        self._has_answered = False
        self._half.handle(message)
        if not self._has_answered:
            self.tell(("noreply", self._half.get_state()))

    def answered(self, caller: Caller, value: object, state: object) -> None:
        """Tell that the process has answered a call."""
        self._has_answered = True
        self.tell(("out", value, caller[0], state))

    def tell(self, event: Event) -> None:
        """Tell all functions of an event, and take out those that are done or fail."""
        for key, (function, state) in reversed(self._functions.items()):
            try:
                state = function(state, event, self.name)  # noqa: PLW2901 - the next one
                is_done = isinstance(state, str) and state == "done"
            except BaseException:
                if _behaviour.is_ending():
                    raise
                is_done = True
            if is_done:
                self._functions = {k: v for k, v in self._functions.items() if k != key}
            elif key in self._functions:
                self._functions[key] = (function, state)

    def install(self, key: tuple[str, object], function: Spy, state: object) -> None:
        """Add a function unless its key is there."""
        if key not in self._functions:
            self._functions = {**self._functions, key: (function, state)}

    def remove(self, key: tuple[str, object]) -> None:
        """Take a function out."""
        self._functions = {k: v for k, v in self._functions.items() if k != key}

    def clear(self) -> None:
        """Take all functions out."""
        self._functions = {}

    def state_of(self, key: tuple[str, object]) -> object:
        """Return what a function has come to; `None` if it is not there."""
        found = self._functions.get(key)
        state = None if found is None else found[1]
        return state.seen() if isinstance(state, _Counts) else state

    def shown(self) -> tuple[object, ...]:
        """Return what is installed, for people."""
        return tuple(id if key == "install" else key for key, id in reversed(self._functions))

    def settle(self) -> None:
        """Be the process's handler while there is somebody to tell, and only then."""
        half = self._half
        half.watch = self if self._functions else None
        process.become(self if self._functions else half)


# What watches without being asked by a function of the user's


class _Counts:
    """Counts what goes in and out."""

    def __init__(self) -> None:
        self._began = process.monotonic()
        self.messages_in = 0
        self.messages_out = 0

    def seen(self) -> Statistics:
        return Statistics(self._began, process.monotonic(), self.messages_in, self.messages_out)


def _counted(state: object, event: Event, name: object) -> object:
    counts = typed("_Counts", state)
    counts.messages_in += event[0] == "in"
    counts.messages_out += event[0] == "out"
    return counts


def _kept(state: object, event: Event, name: object) -> object:
    typed("deque[Event]", state).append(event)
    return state


def _printed(state: object, event: Event, name: object) -> object:
    sys.stdout.write(_line(event, name))
    return state


def _filed(state: object, event: Event, name: object) -> object:
    with suppress(OSError), Path(typed("str", state)).open("a", encoding="utf-8") as file:
        file.write(_line(event, name))
    return state


def _line(event: Event, name: object) -> str:
    match event:
        case ("in", (tag, (caller, _), request), *_) if tag is CALL:
            text = f"got call {shown(request)} from {caller}"
        case ("in", (tag, request), *_) if tag is CAST:
            text = f"got cast {shown(request)}"
        case ("in", message, *_):
            text = f"got {shown(message)}"
        case ("out", value, to, *rest):
            text = f"sent {shown(value)} to {to}" + "".join(f", new state {shown(s)}" for s in rest)
        case ("noreply", state):
            text = f"new state {shown(state)}"
        case _:
            text = " ".join(shown(each) for each in event)
    return f"*DBG* {name} {text}\n"
