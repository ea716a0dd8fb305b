"""Finalizers of what others have left: they may not wait in the turn of a process that knows nothing of them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator

import pytest

from actors import Down, GenServer, Reply, process, receive, send, spawn, spawn_monitor
from actors.errors import NotInProcess
from actors.isolation import shareable
from tests.actors.probes import simulate


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What finalizers have raised, which Python only prints."""
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: seen.append(told.exc_type))
    return seen


def wait_for_ever() -> None:
    receive(lambda message: message == "never")


def call_for_ever() -> None:
    GenServer.call("deaf", "never", None)


WAITS = [wait_for_ever, call_for_ever, lambda: process.sleep(None)]


@shareable
class Bomb:
    """Wait when nobody holds it any more."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self.wait = wait

    def __del__(self) -> None:
        self.wait()


class Deaf(GenServer[None]):
    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        process.sleep(None)
        return Reply(request)


class Collects(GenServer[None]):
    def handle_call(self, request: object, caller: object, state: None) -> Reply[object, None]:
        gc.collect()
        return Reply(request)


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("how", ["mail", "timer"])
def test_what_the_mail_of_a_killed_process_held_cannot_wait_in_the_turn_of_its_killer(
    wait: Callable[[], object], how: str, raised: list[object]
) -> None:
    def main() -> object:
        Deaf.start(name="deaf")
        pid, _ = spawn_monitor(process.sleep, None)
        if how == "mail":
            send(pid, Bomb(wait))
        else:
            process.send_after(pid, Bomb(wait), 60.0)
        process.sleep(0.0)
        process.send_exit(pid, "kill")
        down = receive(Down, 3600.0)
        return down.reason if isinstance(down, Down) else down

    assert simulate(main) == "killed"
    assert raised == [NotInProcess]


@pytest.mark.parametrize("wait", WAITS)
def test_what_a_dead_process_left_cannot_wait_in_the_turn_in_which_it_is_collected(
    wait: Callable[[], object], raised: list[object]
) -> None:
    def leave() -> None:
        def cleans_up() -> Iterator[object]:
            try:
                yield circle
            finally:
                wait()

        circle: list[object] = []
        circle.append(cleans_up())
        next(circle[0])  # type: ignore[call-overload]

    def main() -> object:
        Deaf.start(name="deaf")
        innocent = Collects.start()
        spawn(leave)
        process.sleep(0.0)
        return GenServer.call(innocent, "well", 60.0)

    gc.disable()
    try:
        assert simulate(main) == "well"
    finally:
        gc.enable()
    assert raised == [NotInProcess]


def test_a_finalizer_that_only_sends_does_so_wherever_the_collector_runs() -> None:
    class Says:
        def __del__(self) -> None:
            send("listener", "gone")

    def leave() -> None:
        circle: list[object] = [Says()]
        circle.append(circle)

    def main() -> object:
        process.register(process.self(), "listener")
        spawn(leave)
        process.sleep(0.0)
        gc.collect()
        return receive(timeout=1.0)

    gc.disable()
    try:
        assert simulate(main) == "gone"
    finally:
        gc.enable()
