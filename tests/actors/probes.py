"""Probe processes: they tell the test whatever they receive, and run functions for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from actors import Down, Pid, Ref, process, receive, run, send, spawn
from actors.process import Host
from actors.testing import SeededChoice, VirtualClock

T = TypeVar("T")


def simulate(main: Callable[[], T], seed: int | None = None) -> T:
    """Run on a virtual clock, in order of arrival or by a seed."""
    choice = None if seed is None else SeededChoice(seed)
    result: list[T] = []
    run(lambda: result.append(main()), clock=VirtualClock(), choice=choice)
    return result[0]


def probe(name: str, *, trap: bool = False, host: Host = None) -> Pid:
    """Start a process that forwards its mail as `("got", name, message)`."""
    boss = process.self()
    ready = Ref()

    def forward() -> None:
        process.trap_exit(trap)
        send(boss, ready)
        while True:
            match receive():
                case ("run", ref, fn) if callable(fn):
                    send(boss, ("ran", ref, fn()))
                case message:
                    send(boss, ("got", name, message))

    pid = spawn(forward, host=host)
    receive(lambda message: message is ready)
    return pid


def inside(pid: Pid, fn: Callable[[], object]) -> object:
    """Run a function inside a probe; its value, or `("died", reason)`."""
    ref = process.monitor(pid)
    send(pid, ("run", ref, fn))
    message = receive(lambda m: is_answer(m, ref))
    if isinstance(message, Down):
        return ("died", message.reason)
    process.demonitor(ref, flush=True)
    assert isinstance(message, tuple)
    return message[2]


def is_answer(message: object, ref: Ref) -> bool:
    """Tell whether a message ends the wait of `inside`."""
    if isinstance(message, Down):
        return message.ref is ref
    return isinstance(message, tuple) and message[:1] == ("ran",) and message[1] is ref


def end_of(pid: Pid) -> object:
    """Wait for the end of a process; `"noproc"` when it is gone already."""
    ref = process.monitor(pid)
    down = receive(lambda m: isinstance(m, Down) and m.ref is ref)
    assert isinstance(down, Down)
    return down.reason


def ended(pid: Pid, reason: object = "kill") -> object:
    """End a process with an exit signal and wait until it is gone."""
    ref = process.monitor(pid)
    process.send_exit(pid, reason)
    down = receive(lambda m: isinstance(m, Down) and m.ref is ref)
    assert isinstance(down, Down)
    return down.reason


def mail(seconds: float = 0.06) -> list[object]:
    """Everything in the mailbox after things have settled."""
    process.sleep(seconds)
    found: list[object] = []
    while process.info(process.self()).message_queue_len:  # type: ignore[union-attr]
        found.append(receive(timeout=0))
    return found
