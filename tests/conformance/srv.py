"""A GenServer whose callbacks are given as functions, so that each trace shows its own.

The twin of `traces/srv.exs`. A callback may raise `Throw(value)`, which counts as returning the value.
"""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import Caller, GenServer
from actors.messages import Message
from actors.outcomes import NoReply
from actors.pid import Pid
from tests.conformance import support
from tests.conformance.support import Term, Throw, tell


def caught(function: Callable[..., object], *args: object) -> object:
    """Return what a function returns or throws."""
    try:
        return function(*args)
    except Throw as thrown:
        return thrown.value


class Srv(GenServer[Term]):
    """`Srv.start(name, arg)`: `arg` is the first state, or a function of no arguments that makes it."""

    def init(self, label: str, arg: object = None) -> object:
        support.name(process.self(), label)
        process.put("srv_name", label)
        return caught(arg) if callable(arg) else arg

    def handle_call(self, request: Message, caller: Caller, state: Term) -> object:
        match request:
            case ("do", function) if callable(function):
                return caught(function, caller, state)
            case _:
                raise AssertionError(request)

    def handle_cast(self, request: Message, state: Term) -> object:
        return self._do(request, state)

    def handle_continue(self, term: object, state: Term) -> object:
        assert callable(term)
        return caught(term, state)

    def handle_info(self, message: Message, state: Term) -> object:
        match message:
            case ("do", _):
                return self._do(message, state)
            case _:
                tell(("info", process.get("srv_name"), message))
                return NoReply()

    def terminate(self, reason: object, state: Term) -> None:
        match state:
            case ("terminate", function) if callable(function):
                caught(function, reason)
            case _:
                tell(("terminate", process.get("srv_name"), reason))

    def _do(self, request: Message, state: Term) -> object:
        match request:
            case ("do", function) if callable(function):
                return caught(function, state)
            case _:
                raise AssertionError(request)


def start(label: str, arg: object = None, **options: Term) -> Pid:
    return Srv.start(label, arg, **options)


def start_link(label: str, arg: object = None, **options: Term) -> Pid:
    return Srv.start_link(label, arg, **options)


def call(server: Pid | str, function: Callable[..., object], timeout: float | None = 1.0) -> Term:
    return GenServer.call(server, ("do", function), timeout)


def cast(pid: Pid, function: Callable[..., object]) -> None:
    GenServer.cast(pid, ("do", function))
