"""Small servers that several test files use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from actors import Caller, GenServer, NoReply, Reply, call, cast, process, run, send, telemetry
from actors.messages import Message
from actors.pid import Pid
from actors.process import Host
from actors.testing import SeededChoice, VirtualClock

T = TypeVar("T")


def on(main: Callable[..., T], *args: object, seed: int | None = None) -> T | None:
    """Run on a virtual clock, in the order of a seed, without a word about deliberate crashes."""
    before = telemetry.set_reporter(None)
    try:
        return heard(main, *args, seed=seed)
    finally:
        telemetry.set_reporter(before)


def heard(main: Callable[..., T], *args: object, seed: int | None = None) -> T | None:
    """Run on a virtual clock, in the order of a seed."""
    choice = None if seed is None else SeededChoice(seed)
    return run(lambda: main(*args), clock=VirtualClock(), choice=choice)


class Counter(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state)

    @cast
    def add(self, state: int, by: int = 1) -> NoReply[int]:
        return NoReply(state + by)


class Srv(GenServer[object]):
    """A server whose callbacks come with the messages, and that tells its test what it sees."""

    def init(self, name: str = "s", start: object = None, tell: Pid | None = None) -> object:
        self.name, self.test = name, tell
        return start() if callable(start) else start

    def tell(self, what: object) -> None:
        if self.test is not None:
            send(self.test, what)

    def handle_call(self, request: Message, caller: Caller, state: object) -> object:
        assert callable(request)
        return request(caller, state)

    def handle_cast(self, request: Message, state: object) -> object:
        assert callable(request)
        return request(state)

    def handle_continue(self, term: object, state: object) -> object:
        assert callable(term)
        return term(state)

    def handle_info(self, message: Message, state: object) -> object:
        if callable(message):
            return message(state)
        self.tell(("info", self.name, message))
        return None

    def terminate(self, reason: object, state: object) -> object:
        if callable(state):
            return state(reason)
        self.tell(("terminate", self.name, reason))
        return None


def served(name: str = "s", start: object = None, *, host: Host = None) -> Pid:
    """Start a `Srv` that tells the caller."""
    return Srv.start(name, start, process.self(), host=host)


def later(seconds: float, act: Callable[..., object], *args: object) -> None:
    """Have another process do something when some time has passed."""

    def wait() -> None:
        process.sleep(seconds)
        act(*args)

    process.spawn(wait)


def info(pid: Pid) -> process.ProcessInfo:
    """Look at a process that must be alive."""
    found = process.info(pid)
    assert found is not None
    return found


def mail() -> list[Message]:
    """Take what is in the mailbox once everything has settled."""
    process.sleep(0.1)
    taken: list[Message] = []
    while info(process.self()).message_queue_len:
        taken.append(process.receive())
    return taken
