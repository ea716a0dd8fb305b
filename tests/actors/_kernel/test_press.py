"""A second Ctrl-C between any two lines of the loop: nobody is lost, and everybody is unwound."""

from __future__ import annotations

import inspect
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

import pytest

from actors import Bounded, Exit, GenServer, NoReply, process, receive, run, send, spawn, telemetry
from actors._kernel.bounds import HIGH_WATER
from actors._kernel.press import is_open
from actors.testing import VirtualClock
from tests.forms import needs_lines
from tests.watching import Seen

Trace: TypeAlias = Callable[[FrameType, str, Any], Any]


class Interrupter:
    """Press Ctrl-C before one line of the kernel, counted from when it is armed."""

    def __init__(self, line: int) -> None:
        self.left = line
        self.armed = False
        self.pressed: list[str] = []

    def press(self, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        assert callable(handler)
        handler(signal.SIGINT, frame)

    def __call__(self, frame: FrameType, event: str, _: object, /) -> Trace | None:
        if not frame.f_globals.get("__name__", "").startswith("actors._kernel."):
            return None
        if self.armed and event == "line":
            self.left -= 1
            if self.left == 0:
                self.pressed.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
                self.press(frame)
        return self


UNWOUND: list[str] = []
"""Who was unwound; nobody copies what a module holds."""


class Refuses(GenServer[None]):
    """Be told to end again and again, and wait in the middle of a callback."""

    def init(self) -> None:
        process.trap_exit(True)
        process.send_after(process.self(), "work", 0.1)

    def handle_info(self, message: object, state: None) -> NoReply[None]:
        if message == "work":
            process.send_after(process.self(), "work", 0.1)
            try:
                process.sleep(0.05)
            except Exit:
                UNWOUND.append("server")
                raise
        return NoReply()


def refuses() -> None:
    process.trap_exit(True)
    try:
        while True:
            receive(timeout=0.1)
    finally:
        UNWOUND.append("body")


def interrupted(interrupter: Interrupter, main: Callable[[], object]) -> None:
    """Run a program with the interrupter looking over its shoulder."""
    before = sys.gettrace()
    sys.settrace(interrupter)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(main, clock=VirtualClock(), grace=3600.0)
    finally:
        sys.settrace(before)


@needs_lines
def test_who_refuses_to_end_is_unwound_wherever_the_second_ctrl_c_comes() -> None:
    rooms = set()
    for line in range(1, 400):
        UNWOUND.clear()
        interrupter = Interrupter(line)

        def main(interrupter: Interrupter = interrupter) -> None:
            spawn(refuses)
            process.sleep(1.0)
            interrupter.press(None)
            interrupter.armed = True
            process.sleep(None)

        interrupted(interrupter, main)

        assert UNWOUND == ["body"], interrupter.pressed
        rooms.add(interrupter.pressed[0].split(":")[0])
    assert {"_loop", "_begin", "_unwind", "wait", "receive", "release", "finish"} <= rooms


@needs_lines
def test_a_server_in_a_callback_is_ended_wherever_the_second_ctrl_c_comes() -> None:
    rooms = set()
    for line in range(1, 400):
        UNWOUND.clear()
        interrupter = Interrupter(line)

        def main(interrupter: Interrupter = interrupter) -> None:
            Refuses.start()
            process.sleep(1.02)
            interrupter.press(None)
            interrupter.armed = True
            process.sleep(None)

        interrupted(interrupter, main)

        assert interrupter.pressed
        assert UNWOUND.count("server") <= 1, interrupter.pressed
        rooms.add(interrupter.pressed[0].split(":")[0])
    assert {"_loop", "_serve", "wait", "deliver", "finish"} <= rooms


@needs_lines
def test_who_holds_the_loop_is_ended_though_the_second_ctrl_c_came_in_the_kernel() -> None:
    UNWOUND.clear()
    interrupter = Interrupter(1)

    def main() -> None:
        interrupter.press(None)
        interrupter.armed = True
        try:
            process.self()
            while True:
                pass
        finally:
            UNWOUND.append("main")

    interrupted(interrupter, main)

    assert interrupter.pressed
    assert UNWOUND == ["main"]


def test_the_kernel_is_closed_and_what_it_calls_is_open() -> None:
    frames: list[FrameType | None] = []

    def predicate(message: object) -> bool:
        frames.append(inspect.currentframe())
        return True

    def main() -> None:
        frames.append(inspect.currentframe())
        process.send(process.self(), "a message")
        receive(predicate)

    run(main)

    assert [is_open(frame) for frame in frames] == [True, True]
    assert not is_open(None)


def test_a_listener_may_be_ended_though_the_kernel_has_called_it() -> None:
    """As any code of a user. `telemetry` is known by its frames, so it cannot be compiled."""
    seen: Seen[bool] = Seen()

    def main() -> None:
        pid = spawn(process.sleep, None, mailbox=Bounded(2, "drop_newest"))
        for number in range(5):
            send(pid, number)

    telemetry.attach("looks", HIGH_WATER, lambda *_: seen.append(is_open(inspect.currentframe())))
    try:
        run(main, clock=VirtualClock())
    finally:
        telemetry.detach("looks")
    assert seen
    assert all(seen)
