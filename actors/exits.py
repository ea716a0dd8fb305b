"""Exit reasons: why a process ended, and which of these ends are clean.

A reason is any value. The ones with a meaning of their own are plain strings, like OTP's atoms:
`"normal"`, `"shutdown"`, `"kill"`, `"killed"`, `"noproc"`, `"timeout"`, `"noconnection"`, and the pair
`("shutdown", anything)`. A process that raised ends with a `Crash`.

`Exit` is the signal that unwinds a process. It is a `BaseException`, so that a broad
`except Exception` in user code cannot swallow somebody's death.

Source: https://www.erlang.org/doc/system/ref_man_processes.html#errors
"""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeGuard, cast, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = [
    "KILL",
    "KILLED",
    "NOCONNECTION",
    "NOPROC",
    "NORMAL",
    "SHUTDOWN",
    "TIMEOUT",
    "Crash",
    "Exit",
    "ExitsWith",
    "Killed",
    "Reason",
    "Stack",
    "crash_in",
    "is_clean",
    "means",
    "reason_of",
    "tells",
]

Reason: TypeAlias = object
"""Why a process ended: any value; those below have a meaning of their own."""

NORMAL: Final = "normal"
SHUTDOWN: Final = "shutdown"
KILL: Final = "kill"
KILLED: Final = "killed"
NOPROC: Final = "noproc"
TIMEOUT: Final = "timeout"
NOCONNECTION: Final = "noconnection"
"""The reasons with a meaning of their own; OTP's atoms, as plain strings."""

_LIBRARY = str(Path(__file__).parent)
_SUPERVISION = str(Path(__file__).parent.parent / "supervisors")
_COMPILED = ("actors/", "supervisors/")
"""What a room that was compiled calls its file, wherever it was installed."""


class Exit(BaseException):
    """The signal that ends the process in which it is raised.

    Raised by `actors.process.exit` and, at the next waiting point, in a process that was told to
    end. Catching it is possible and seldom right: a process that was killed is dead all the same.

    Args:
        reason: The exit reason; any value.

    Example:
        >>> Exit("shutdown").reason
        'shutdown'

    Source: https://hexdocs.pm/elixir/Kernel.html#exit/1
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Killed(Exit):
    """The exit of a process that was killed while it computed, raised between two of its lines.

    Nobody's callback is run for it, not even `terminate`.
    """

    def __init__(self) -> None:
        super().__init__(KILLED)


class ExitsWith(Exception):
    """An ordinary exception that, uncaught, ends its process with `reason` and not with a `Crash`.

    A failed call is such an exception: in OTP it is an exit of the caller.
    """

    reason: Reason = None


@final
class Stack:
    """Where a process stood when it raised: innermost line last, the user's lines first to be seen.

    Holds file names, line numbers and function names and no frame, so that it may cross between
    processes and keeps nothing alive.

    Args:
        entries: `(file, line, function)`, outermost first.
    """

    __slots__ = ("entries",)

    def __init__(self, entries: tuple[tuple[str, int, str], ...]) -> None:
        self.entries = entries

    @classmethod
    def of(cls, traceback: TracebackType | None) -> Stack:
        """Return the stack of a traceback, without the lines of this library that led to it."""
        entries: list[tuple[str, int, str]] = []
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if entries or not _is_ours(code.co_filename):
                entries.append((code.co_filename, traceback.tb_lineno, code.co_name))
            traceback = traceback.tb_next
        return cls(tuple(entries))

    def __str__(self) -> str:
        lines = []
        for file, number, name in self.entries:
            lines.append(f'  File "{file}", line {number}, in {name}')
            source = linecache.getline(file, number).strip()
            if source:
                lines.append(f"    {source}")
        return "\n".join(lines)

    def __eq__(self, other: object) -> bool:
        return type(other) is Stack and other.entries == self.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __repr__(self) -> str:
        if not self.entries:
            return "<stack>"
        file, number, name = self.entries[-1]
        return f"<stack {Path(file).name}:{number} in {name}>"


def _is_ours(file: str) -> bool:
    return file.startswith((_LIBRARY, _SUPERVISION, *_COMPILED))


class Crash(NamedTuple):
    """The reason of a process that raised: OTP's `{exception, stacktrace}`.

    Everybody who is told gets an exception of their own; two crashes are equal when the same kind of exception
    with equal arguments was raised at the same place.
    """

    exception: BaseException
    """What was raised. Its traceback was cut off: it would keep the dead process's frames alive."""
    stack: Stack
    """Where it was raised."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not Crash or other.stack != self.stack:
            return False
        one, two = self.exception, other.exception
        return one is two or (type(one) is type(two) and one.args == two.args)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self.exception), self.stack))

    def __repr__(self) -> str:
        return f"Crash({_safe_repr(self.exception)}, {self.stack!r})"


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except BaseException:  # noqa: BLE001 - a report must come out whatever user code does
        return f"<{type(value).__name__} whose repr raises>"


def is_clean(reason: Reason) -> bool:
    """Tell whether a reason is an orderly end: quiet in the logs, no restart of a transient child.

    Pure.

    Args:
        reason: An exit reason.

    Returns:
        Whether it is `"normal"`, `"shutdown"` or `("shutdown", term)`.

    Example:
        >>> [is_clean(r) for r in ("normal", "shutdown", ("shutdown", "why"), "killed")]
        [True, True, True, False]

    Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:restart/0
    """
    if type(reason) is str:
        return reason in {NORMAL, SHUTDOWN}
    if type(reason) is tuple:
        return tells(reason, SHUTDOWN)
    return means(reason, NORMAL) or means(reason, SHUTDOWN)


def means(reason: Reason, word: str) -> bool:
    """Tell whether a reason is one of the plain strings, without running code of the reason.

    Pure. What is compared may be anything: something whose `==` raises or waits, or that lies about its class. A
    string is told by its type, and the `==` of a class derived from `str` is not asked.

    Args:
        reason: An exit reason, or a part of one.
        word: Such as `KILL`.

    Returns:
        Whether it is that word.

    Example:
        >>> means("kill", KILL), means(("kill",), KILL)
        (True, False)

    Source: https://www.erlang.org/doc/system/ref_man_processes.html#receiving-exit-signals
    """
    if type(reason) is str:
        return reason == word
    return issubclass(type(reason), str) and str.__eq__(cast("str", reason), word)


def tells(reason: Reason, word: str) -> TypeGuard[tuple[object, object]]:
    """Tell whether a reason is a pair that begins with a word, without running code of the reason.

    Pure.

    Args:
        reason: An exit reason.
        word: Such as `"nodedown"`.

    Returns:
        Whether it is such a pair.

    Example:
        >>> tells(("shutdown", 1), SHUTDOWN), tells("shutdown", SHUTDOWN)
        (True, False)

    Source: https://www.erlang.org/doc/system/ref_man_processes.html#receiving-exit-signals
    """
    return type(reason) is tuple and len(reason) == 2 and means(reason[0], word)  # noqa: PLR2004 - a pair


def crash_in(reason: Reason) -> Crash | None:
    """Return the crash that a reason is or, in the last place of its tuples, tells of.

    Pure.

    Args:
        reason: An exit reason.

    Returns:
        The crash; `None` if there is none.

    Example:
        >>> crash = Crash(ValueError("x"), Stack(()))
        >>> crash_in(("shutdown", ("failed_to_start_child", "id", crash))) is crash
        True
        >>> crash_in(("shutdown", "x"))

    Source: https://www.erlang.org/doc/system/ref_man_processes.html#receiving-exit-signals
    """
    for _ in range(_DEEPEST):
        if type(reason) is Crash:
            return reason
        if type(reason) is not tuple or not reason:
            return None
        reason = reason[-1]
    return None


_DEEPEST = 16


def reason_of(exception: BaseException) -> Reason:
    """Name the exit reason of a process that ended with an exception nobody caught.

    The tracebacks of the exception and of its causes are cut off in passing, since frames belong to
    the process that is ending.

    Runs in the process that is ending and does not wait.

    Args:
        exception: What came out of the process's code.

    Returns:
        The reason of an `Exit` or an `ExitsWith`; a `Crash` for every other exception.

    Example:
        >>> reason_of(Exit("bored"))
        'bored'
        >>> reason_of(ValueError("x")).exception
        ValueError('x')

    Source: https://www.erlang.org/doc/system/ref_man_processes.html#process-termination
    """
    # By its type, and past what its class makes of these names: an exception may lie about them.
    if issubclass(type(exception), (Exit, ExitsWith)):
        return cast("Exit | ExitsWith", exception).reason
    crash = Crash(exception, Stack.of(_traceback_of(exception)))
    _cut_tracebacks(exception)
    return crash


def _cut_tracebacks(exception: BaseException) -> None:
    seen: set[int] = set()
    todo: list[BaseException | None] = [exception]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        # Not by assignment: an exception that is a frozen dataclass refuses that.
        BaseException.with_traceback(one, None)
        todo += [_cause_of(one), _context_of(one)]
        if issubclass(type(one), BaseExceptionGroup):
            todo += _exceptions_of(one)


def _getter(of: type[BaseException], name: str) -> Callable[[BaseException], Any]:
    """Return what reads an attribute that the interpreter keeps, whatever a class derived from this one says."""
    getter: Callable[[BaseException], Any] = vars(of)[name].__get__
    return getter


_traceback_of = _getter(BaseException, "__traceback__")
_cause_of = _getter(BaseException, "__cause__")
_context_of = _getter(BaseException, "__context__")
_exceptions_of = _getter(BaseExceptionGroup, "exceptions")
