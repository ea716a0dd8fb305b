"""The limit of recursion, reached in the middle of the kernel: who reaches it is told, and is who it was."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from actors import (
    Down,
    Exited,
    GenServer,
    NoReply,
    Pid,
    Reply,
    TimedOut,
    process,
    receive,
    send,
    spawn_monitor,
)
from tests.actors.probes import simulate
from tests.watching import Seen

ROOMS = range(80)
"""How many more calls there is room for when the kernel is asked."""


class Echo(GenServer[None]):
    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        return Reply(request)

    def handle_cast(self, request: object, state: None) -> NoReply[None]:
        return NoReply()


def reason_of(body: Callable[[], object]) -> object:
    """Run a process, and tell why it has ended."""

    def main() -> object:
        spawn_monitor(body)
        down = receive(Down, 3600.0)
        return down.reason if isinstance(down, Down) else down

    return simulate(main)


def depth() -> int:
    try:
        return depth() + 1
    except RecursionError:
        return 0


def deep(steps: int, what: Callable[[], object]) -> object:
    return what() if steps <= 0 else deep(steps - 1, what)


def never(message: object) -> bool:
    return message == "never"


def is_no_end(message: object) -> bool:
    return not isinstance(message, Down | Exited)


ASKED: dict[str, Callable[[Pid], object]] = {
    "receive": lambda server: receive(never, 0.01),
    "receive without a limit": lambda server: (
        process.send_after(process.self(), "timer", 0.01),
        receive(lambda message: message == "timer", 1.0),
    ),
    "sleep": lambda server: process.sleep(0.01),
    "call": lambda server: GenServer.call(server, "deep", 1.0),
    "call without a limit": lambda server: GenServer.call(server, "deep", None),
    "cast": lambda server: GenServer.cast(server, "deep"),
    "start": lambda server: Echo.start(),
    "spawn": lambda server: process.spawn_link(int),
    "send": lambda server: send(server, "deep"),
}


def go_on(server: Pid, wrong: list[object], room: int) -> None:
    """Do what a process does, and note what is not as it should be."""
    process.sleep(1.0)
    while not isinstance(receive(timeout=0), TimedOut):
        pass
    me = process.self()
    if GenServer.call(server, room, 0.5) != room:
        wrong.append((room, "a wrong answer"))
    if not isinstance(receive(never, 0.5), TimedOut):
        wrong.append((room, "no timeout"))
    process.send_after(me, "wake", 5.0)
    if receive(is_no_end) != "wake":
        wrong.append((room, "woken by something else"))
    if process.self() is not me:
        wrong.append((room, "somebody else"))


@pytest.mark.parametrize("asked", ASKED)
def test_who_catches_a_recursion_error_out_of_the_kernel_goes_on_as_itself(asked: str) -> None:
    wrong: list[object] = Seen()
    refused: list[int] = Seen()

    def body() -> None:
        process.trap_exit(True)
        server = Echo.start()
        most = depth()
        for room in ROOMS:
            try:
                deep(most - room, partial(ASKED[asked], server))
            except RecursionError:
                refused.append(room)
            go_on(server, wrong, room)

    assert reason_of(body) == "normal"
    assert wrong == []
    assert refused


def test_who_waits_at_the_limit_again_and_again_ends_when_its_body_does() -> None:
    def dig() -> None:
        try:
            dig()
        except RecursionError:
            process.sleep(0.001)

    def main() -> object:
        spawn_monitor(dig)
        down = receive(Down, 3600.0)
        return down.reason if isinstance(down, Down) else down

    assert simulate(main) == "normal"


@pytest.mark.parametrize("how", ["kill", "boom"])
def test_an_exit_sent_at_the_limit_ends_the_other_wholly_or_not_at_all(how: str) -> None:
    wrong: list[object] = Seen()

    def body() -> None:
        most = depth()
        for room in ROOMS:
            server, ref = spawn_monitor(process.sleep, None)
            process.sleep(0.0)
            with contextlib.suppress(RecursionError):
                deep(most - room, partial(process.send_exit, server, how))
            process.sleep(0.0)
            is_told = isinstance(receive(Down, 0.0), Down)
            if is_told is process.is_alive(server):
                wrong.append(room)
            process.demonitor(ref, flush=True)

    assert reason_of(body) == "normal"
    assert wrong == []
