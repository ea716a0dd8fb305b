"""The words of a trace in Python: rendering, and the probe processes that tell what they get.

The twin of `traces/support.exs`. A twin calls `out(label, term)`, which prints what the real BEAM printed
for the same term:

| here | there |
|---|---|
| `"word"`, `True`, `None` | the atoms `word`, `true`, `nil`; a class is the atom of its name |
| `Text("words")` | the string `"words"` |
| `Exited(pid, reason)`, `Down(ref, pid, reason)` | `{:EXIT, pid, reason}`, `{:DOWN, ref, :process, pid, reason}` |
| `HandlerExited(handler, reason)` | `{:gen_event_EXIT, handler, reason}` |
| `TimedOut()`, `TimedOut(ref, message)` | `:timeout`, `{:timeout, ref, message}` |
| `Crash(exception, stack)` | `{exception, stack}`; for an `ErlangError` `{term, stack}` |
| `Crash(Throw(term), stack)` | `{{:nocatch, term}, stack}` |
| `Reply(value, state)` and the other outcomes | `{:reply, value, state}` and so on |
| the failed `(GenServer, call, [server, request, 0.03])` | the same with milliseconds |

Durations are seconds, as everywhere in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import floor
from types import MethodType
from typing import Any, TypeAlias, TypeVar

from actors import process
from actors.errors import BadArgument, CallFailed, StartError
from actors.event_manager import HandlerExited
from actors.exits import Crash, Exit, ExitsWith, Stack
from actors.messages import Down, Exited, Message, TimedOut
from actors.outcomes import KEEP, Continue, Hibernate, NoReply, Reply, Started, Stop
from actors.pid import Pid, Ref
from actors.process import monitor, receive, self, send, send_exit, sleep, spawn

T = TypeVar("T")
Term: TypeAlias = Any
"""What a trace knows the type of and the checker does not."""


class Text(str):
    """A string, where a plain `str` is an atom."""

    __slots__ = ()


class Throw(Exception):
    """Elixir's `throw`, which Python has not; the servers of `srv` take it for a return value."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value


class ErlangError(Exception):
    """`erlang:error(term)`: an error that is no exception of Elixir's."""

    def __init__(self, term: object) -> None:
        super().__init__(term)
        self.term = term


JUNK = Continue("junk")
"""What no `init` may return, in place of the `:junk` of a trace: any other value is its first state."""


# -- the stage -------------------------------------------------------------------------------------

_names: dict[Pid, str] = {}
_main: list[Pid] = []


def init() -> None:
    """Begin a trace: the calling process is `<main>`, and nobody else has a name."""
    _names.clear()
    _main[:] = [name(self(), "main")]


def main() -> Pid:
    return _main[0]


def tell(message: Message) -> None:
    """Send to the process that writes the trace."""
    send(main(), message)


def name(pid: Pid, label: str) -> Pid:
    """Say how a process is shown; return it."""
    _names[pid] = label
    return pid


# -- rendering -------------------------------------------------------------------------------------


def out(label: str, *term: object) -> None:
    print(f"{label}: {fmt(term[0])}" if term else label)


def fmt(term: object) -> str:
    """Return a term as the trace shows it."""
    match term:
        case Pid():
            return f"<{_names.get(term, 'pid')}>"
        case Ref():
            return "<ref>"
        case Stack():
            return "<stack>"
        case None:
            return "nil"
        case bool():
            return str(term).lower()
        case Text():
            return f'"{term}"'
        case str() | int() | float():
            return str(term)
        case type():
            return term.__name__
        case list():
            return f"[{', '.join(map(fmt, term))}]"
        case BaseException():
            return f"!{type(term).__name__}({term})"
        case Mapping():
            return f"{{{', '.join(sorted(f'{fmt(key)}: {fmt(term[key])}' for key in term))}}}"
        case _:
            return _fmt_tuple(as_term(term))


def _fmt_tuple(term: object) -> str:
    match term:
        case (str(), "call" | "stop", [*arguments, (None | int() | float()) as timeout]):
            module, function, _ = term
            return fmt_all((module, function, [*arguments, milliseconds(timeout)]))
        case (MethodType(__self__=type() as module) as method, arguments):
            # What a child specification starts: OTP's `{module, function, arguments}`.
            listed = list(arguments) if isinstance(arguments, tuple) else arguments
            return fmt_all((module, method.__name__, listed))
        case tuple():
            return fmt_all(term)
        case _ if callable(term):
            return "<fun>"
        case _:
            return fmt(term) if isinstance(term, str) else "<term>"


def fmt_all(terms: Iterable[object]) -> str:
    return f"({', '.join(map(fmt, terms))})"


def milliseconds(timeout: float | None) -> int | str:
    """Return a duration as OTP writes it."""
    return "infinity" if timeout is None else floor(timeout * 1000 + 0.5)


def as_term(value: object) -> object:
    """Return OTP's tuple for a value that has a type of its own here."""
    match value:
        case Crash(exception=Throw() as thrown):
            return (("nocatch", thrown.value), value.stack)
        case Crash(exception=ErlangError() as error):
            return (error.term, value.stack)
        case Exited():
            return ("EXIT", value.pid, value.reason)
        case Down():
            return ("DOWN", value.ref, "process", value.process, value.reason)
        case HandlerExited():
            return ("gen_event_EXIT", value.handler, value.reason)
        case TimedOut():
            return "timeout" if value.ref is None else ("timeout", value.ref, value.message)
        case _:
            return _outcome_as_term(value)


def _outcome_as_term(value: object) -> object:
    match value:
        case Continue() if value == JUNK:
            return "junk"
        case Started():
            return ("ok", value.state, *_extra(value.then))
        case Reply():
            return ("reply", value.value, *_state(value.state), *_extra(value.then))
        case NoReply():
            return ("noreply", *_state(value.state), *_extra(value.then))
        case Stop():
            return ("stop", value.reason, *_state(value.state))
        case _:
            return value


def _state(state: object) -> tuple[object, ...]:
    return () if state is KEEP else (state,)


def _extra(then: object) -> tuple[object, ...]:
    match then:
        case None:
            return ()
        case Hibernate():
            return ("hibernate",)
        case Continue():
            return (("continue", then.term),)
        case int() | float():
            return (milliseconds(then),)
        case _:
            return (then,)


# -- what OTP's functions return -------------------------------------------------------------------


def true(function: Callable[..., object], *args: object, **named: object) -> bool:
    """Call what returns `true` in OTP, whatever its twin returns."""
    function(*args, **named)
    return True


def ok(function: Callable[..., object], *args: object, **named: object) -> str:
    """Call what returns `:ok` in OTP and nothing here."""
    function(*args, **named)
    return "ok"


def result(start: Callable[..., object], *args: object, **named: object) -> object:
    """Call a start function; return `{:ok, pid[, info]}`, `:ignore` or `{:error, reason}`."""
    try:
        value = start(*args, **named)
    except StartError as error:
        return "ignore" if error.reason == "ignore" else ("error", error.reason)
    match value:
        case None:
            return "ignore"
        case (Pid(), _):
            return ("ok", *value)
        case _:
            return ("ok", value)


def started(value: Pid | None) -> Pid:
    """Return the pid of a server that must have started."""
    assert value is not None
    return value


def false_for_none(value: T | None) -> T | bool:
    """Return a value that is `false` in OTP where it is `None` here."""
    return False if value is None else value


def attempt(function: Callable[[], object]) -> tuple[object, ...]:
    """Return `{:value, value}`, or how the function ended: `{:exit | :error | :throw, reason}`."""
    try:
        return ("value", function())
    except BaseException as error:
        if not process.is_alive(self()):
            raise
        return _ending(error)


def strip(ended: tuple[object, ...]) -> tuple[object, ...]:
    """Return what `attempt` returned without the arguments of the call that failed."""
    match ended:
        case ("exit", (why, (module, function, _))):
            return ("exit", (why, (module, function)))
        case _:
            return ended


def _ending(error: BaseException) -> tuple[object, ...]:
    match error:
        case Throw():
            return ("throw", error.value)
        case CallFailed(reason=(why, ("Process", "link", _))):
            return ("error", why)
        case Exit() | ExitsWith():
            return ("exit", error.reason)
        case ErlangError():
            return ("error", error.term)
        case BadArgument():
            return ("error", "badarg")
        case _:
            return ("error", error)


# -- probes ----------------------------------------------------------------------------------------


def proc(label: str, *, trap: bool = False) -> Pid:
    """Start a process that forwards every message it gets to the caller as `{:got, name, message}`."""
    pid = name(spawn(_probe, self(), label, trap), label)
    receive(lambda message: message == ("ready", pid))
    return pid


def _probe(teller: Pid, label: str, trap: bool) -> None:
    process.trap_exit(trap)
    send(teller, ("ready", self()))
    while True:
        match receive():
            case ("run", Ref() as ref, function) if callable(function):
                send(teller, ("ran", ref, function()))
            case message:
                send(teller, ("got", label, message))


def run(pid: Pid, function: Callable[[], object], timeout: float = 2.0) -> Term:
    """Run a function inside a probe; return its value, or `{:died, reason}`."""
    ref = monitor(pid)
    send(pid, ("run", ref, function))

    def is_answer(message: Message) -> bool:
        match message:
            case ("ran", Ref() as answered, _):
                return answered is ref
            case _:
                return is_down(message, ref)

    match receive(is_answer, timeout):
        case ("ran", _, value):
            process.demonitor(ref, flush=True)
            return value
        case Down(reason=reason):
            return ("died", reason)
        case _:
            return "run_timeout"


def is_down(message: Message, ref: Ref) -> bool:
    return isinstance(message, Down) and message.ref is ref


def await_down(ref: Ref, timeout: float | None = 2.0) -> Term:
    """Wait for the `Down` of a monitor; return its reason, or `:still_alive`."""
    down = receive(lambda message: is_down(message, ref), timeout)
    return down.reason if isinstance(down, Down) else "still_alive"


def link(one: Pid, other: Pid) -> None:
    run(one, lambda: process.link(other))


def down(pid: Pid, timeout: float = 2.0) -> Term:
    """Wait for the end of a process; return its reason, `:noproc` when it had ended before."""
    ref = monitor(pid)
    reason = await_down(ref, timeout)
    process.demonitor(ref, flush=True)
    return reason


def kill(pid: Pid, reason: object = "kill") -> Term:
    """End a process by an exit signal and wait until it is gone."""
    ref = monitor(pid)
    send_exit(pid, reason)
    return await_down(ref)


def settle(seconds: float = 0.06) -> None:
    sleep(seconds)


def alive(label: str, pids: Iterable[Pid]) -> None:
    out(f"{label} alive", [pid for pid in pids if process.is_alive(pid)])


def flush(seconds: float = 0.06) -> list[Term]:
    """Let things settle; return all that is in the mailbox, in order."""
    sleep(seconds)
    messages = []
    nothing = TimedOut()
    while (message := receive(timeout=0.0)) != nothing:
        messages.append(message)
    return messages


def show_flush(label: str, seconds: float = 0.06) -> None:
    messages = flush(seconds)
    if not messages:
        out(label, "nothing")
    for message in messages:
        out(label, message)
