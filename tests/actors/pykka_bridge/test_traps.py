"""What pykka's own actors do: the traps that the bridge is there for. A test that fails here says one is gone."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pykka
import pytest

from tests.actors.pykka_bridge.players import quiet


class Plain(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, fails_to_start: BaseException | None = None) -> None:
        super().__init__()
        self.fails_to_start = fails_to_start
        self.thread: threading.Thread | None = None
        self.hooks: list[str] = []

    def on_start(self) -> None:
        self.thread = threading.current_thread()
        if self.fails_to_start is not None:
            raise self.fails_to_start

    def on_failure(self, *_: Any) -> None:
        self.hooks.append("on_failure")

    def on_receive(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        return message

    def wait_for(self, event: threading.Event) -> bool:
        return event.wait(0.2)


def actor_of(ref: pykka.ActorRef[Plain]) -> Plain:
    actor = ref._actor_weakref()  # noqa: SLF001 - to look at what nobody else is told
    assert actor is not None
    return actor


def test_a_failing_on_start_calls_no_hook() -> None:
    with quiet():
        ref = Plain.start(ValueError("x"))
        actor = actor_of(ref)
        assert ref.actor_stopped.wait(5.0)

    assert actor.hooks == []


def test_a_system_exit_stops_every_actor_and_leaves_the_asker_waiting() -> None:
    one, other = Plain.start(), Plain.start()
    with quiet():
        asked = one.ask(SystemExit(1), block=False)
        assert other.actor_stopped.wait(5.0)

    with pytest.raises(pykka.Timeout):
        asked.get(timeout=0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_system_exit_in_on_start_leaves_an_actor_that_seems_alive() -> None:
    ref = Plain.start(SystemExit(1))
    thread = actor_of(ref).thread
    assert thread is not None
    thread.join()

    assert ref.is_alive()
    assert ref in pykka.ActorRegistry.get_all()
    with pytest.raises(pykka.Timeout):
        ref.ask("hello", timeout=0)
    pykka.ActorRegistry.unregister(ref)


async def set_in_a_moment(event: threading.Event) -> None:
    # pykka gives the loop one turn before it blocks.
    for _ in range(3):
        await asyncio.sleep(0)
    event.set()


def test_an_awaited_call_holds_up_the_event_loop() -> None:
    async def handler() -> bool:
        ref = Plain.start()
        event = threading.Event()
        task = asyncio.ensure_future(set_in_a_moment(event))
        answer: bool = await ref.proxy().wait_for(event)
        await task
        ref.stop()
        return answer

    assert asyncio.run(handler()) is False


def test_a_reference_is_bound_to_one_life() -> None:
    ref = Plain.start()
    ref.stop()

    with pytest.raises(pykka.ActorDeadError):
        ref.tell("hello")
