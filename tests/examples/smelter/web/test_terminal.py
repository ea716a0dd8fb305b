"""What the terminal is told while the server runs: one line each, and not too many."""

from __future__ import annotations

import io
import threading

import pytest

from actors import GenServer, Message, process, run, telemetry
from actors.telemetry import Event
from actors.testing import VirtualClock
from examples.smelter.web import terminal
from examples.smelter.web.terminal import AGAIN, MOST, WAITING, Terminal, line_of
from supervisors import Supervisor

DIED: Event = ("supervisors", "child", "terminated")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the thread of a busy machine come to its turn."""
    monkeypatch.setattr(terminal, "LAST_WORDS", 60.0)


class Clock:
    """A time that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def death(child: str, reason: object = "killed") -> dict[str, object]:
    return {"offender": {"id": child}, "reason": reason}


@pytest.mark.parametrize(
    ("event", "fields", "line"),
    [
        (DIED, death("mixer"), "mixer died: killed"),
        (DIED, death("a", "one\ntwo"), "a died: one two"),
        (
            ("supervisors", "child", "start_error"),
            death("web", "no"),
            "web did not start: no",
        ),
        (
            ("supervisors", "supervisor", "shutdown"),
            death("source a", "shutdown"),
            "source a died too often, and is given up with what belongs to it",
        ),
        (
            ("actors", "loop", "held"),
            {"name": "smelter.queue", "initial_call": "x", "limit": 2.0, "where": "stock.py:1"},
            "everybody waits for smelter.queue, for over 2.0 s: stock.py:1",
        ),
        (("smelter", "snapshot", "failed"), {"why": "full"}, "the state is not written: full"),
        (("supervisors", "child", "started"), {"started": {"id": "a"}}, None),
    ],
)
def test_a_report_is_one_line(event: Event, fields: dict[str, object], line: str | None) -> None:
    assert line_of(event, fields) == line


def test_the_same_line_is_said_again_only_after_a_while() -> None:
    stream, clock = io.StringIO(), Clock()
    told = Terminal(stream, clock)
    for clock.now in (0.0, 1.0, AGAIN - 1, AGAIN + 1):
        told(DIED, "error", death("a"))
    told.close()

    assert stream.getvalue() == "smelter: a died: killed\n" * 2


def test_a_storm_is_cut_short() -> None:
    stream, clock = io.StringIO(), Clock()
    told = Terminal(stream, clock)
    for n in range(1_000):
        told(DIED, "error", death(f"child {n}"))
    clock.now = AGAIN
    told(DIED, "error", death("later"))
    told.close()

    lines = stream.getvalue().splitlines()
    assert lines[:MOST] == [f"smelter: child {n} died: killed" for n in range(MOST)]
    assert lines[MOST:] == [
        "smelter: and more: the page tells the rest",
        "smelter: later died: killed",
    ]


class Stopped(io.StringIO):
    """A terminal that somebody has stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        self.goes_on.wait(120)
        return super().write(text)


def test_nobody_waits_for_a_terminal_that_is_stopped() -> None:
    stream, clock = Stopped(), Clock()
    told = Terminal(stream, clock)
    for n in range(3 * WAITING):
        clock.now = n * AGAIN
        told(DIED, "error", death("a"))
    stream.goes_on.set()
    told.close()

    assert WAITING <= len(stream.getvalue().splitlines()) <= WAITING + 1


class Mortal(GenServer[None]):
    """Dies of what it is told."""

    def init(self) -> None:
        """Live."""

    def handle_cast(self, request: Message, state: None) -> None:
        raise ValueError(request)


def test_what_supervisors_report_is_read_on_the_terminal() -> None:
    stream = io.StringIO()
    told = Terminal(stream)

    def main() -> None:
        process.trap_exit(True)
        top = Supervisor.start_link([Mortal.child_spec(id="mortal", name="m")], max_restarts=0)
        GenServer.cast("m", "poison")
        process.receive()
        assert not process.is_alive(top)

    before = telemetry.set_reporter(told)
    try:
        run(main, clock=VirtualClock())
    finally:
        telemetry.set_reporter(before)
        told.close()

    assert stream.getvalue().splitlines() == [
        "smelter: mortal died: ValueError: poison",
        "smelter: mortal died too often, and is given up with what belongs to it",
    ]
