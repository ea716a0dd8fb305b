"""What the logs say of a thousand crashes: bounded, without secrets, without control characters, and not too much.

The same reports go through the default text and through JSON, with hostile names, states, messages and
reasons in them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from actors import Down, GenServer, Pid, logs, process, receive, run
from actors.testing import VirtualClock
from tests import written
from tests.endurance.tally import Tally, case
from tests.written import Kept

__all__: list[str] = []

CANARY: Final = "hunter2-canary"
LONGEST: Final = 40_000
"""Characters of one report, whatever is in it."""
HOSTILE: Final = "\x1b[2J\x07\r\n\u202e\u2066\x00\x9b31m"
"""What moves a cursor, rings, breaks a line, or turns text around."""


@dataclass
class Login:
    """A user's own class, as it prints itself."""

    user: str
    password: str


def _endless() -> list[object]:
    endless: list[object] = []
    endless.append(endless)
    return endless


def _deep() -> object:
    deep: object = 0
    for _ in range(2_000):
        deep = [deep]
    return deep


STATES: Final[dict[str, Callable[[], object]]] = {
    "a secret under its key": lambda: {"password": CANARY, "user": "joe"},
    "a secret in a class": lambda: Login("joe", CANARY),
    "a secret in a text": lambda: f"Authorization: Bearer {CANARY}",
    "a secret deep inside": lambda: [{"db": ({"api_key": CANARY}, 1)}],
    "control characters": lambda: HOSTILE,
    "control characters in a key": lambda: {HOSTILE: HOSTILE},
    "something large": lambda: ["x" * 1_000] * 10_000,
    "many keys": lambda: dict.fromkeys(range(20000), "y" * 100),
    "something deep": _deep,
    "something endless": _endless,
}


class Crashes(GenServer[object]):
    """Crashes with a state, a message and a reason that nobody should see whole."""

    def init(self, make: Callable[[], object]) -> object:
        process.set_label(f"label {HOSTILE}")
        return make()

    def handle_cast(self, request: object, state: object) -> object:
        raise ValueError(f"token={CANARY} {HOSTILE}")


@contextmanager
def kept(*, as_json: bool) -> Iterator[Kept]:
    before = logs.set_burst_limit(None)
    if as_json:
        structlog.configure(
            processors=[structlog.processors.JSONRenderer()],
            logger_factory=structlog.stdlib.LoggerFactory(),
        )
    try:
        with written.kept() as handler:
            yield handler
    finally:
        logs.set_burst_limit(before)


def crash(state: Callable[[], object]) -> None:
    pid = Crashes.start(state)
    assert isinstance(pid, Pid)
    process.monitor(pid)
    GenServer.cast(pid, {"cookie": CANARY, "text": HOSTILE})
    receive(Down)


def wrong_with(text: str, *, as_json: bool) -> str | None:
    if CANARY in text:
        return "a secret came out"
    if len(text) > LONGEST:
        return f"{len(text)} characters"
    shown = text if as_json else text.replace("\n", "")
    if any(not c.isprintable() for c in shown):
        return f"control characters: {next(c for c in shown if not c.isprintable())!a}"
    if as_json:
        json.loads(text)
    return None


@case(short=1, long=200)
def reports_are_safe_to_read(size: int, tally: Tally) -> None:
    """Crash reports are bounded, and hold neither secrets nor what moves a cursor; as text and as JSON."""
    for number in range(size):
        for what, state in STATES.items():
            for as_json in (False, True):
                with kept(as_json=as_json) as handler:
                    run(crash, state, clock=VirtualClock())
                wrong = [wrong_with(text, as_json=as_json) for text in handler.texts]
                failed = next((each for each in wrong if each), None)
                if len(handler.texts) < len(("terminate", "crash")):
                    failed = f"{len(handler.texts)} reports"
                tally.check(failed is None, f"{what}, JSON {as_json}, round {number}: {failed}")


def many_crashes(number: int) -> None:
    lots = random.Random(number)  # noqa: S311 - a load, not a secret
    states = list(STATES.values())[:4]
    for _ in range(number):
        crash(lots.choice(states))


@case(short=600, long=10_000)
def more_crashes_than_one_can_read(size: int, tally: Tally) -> None:
    """Of crashes by the thousand 500 reports a second are written, and the rest is counted to the last one."""
    with kept(as_json=False) as handler:
        logs.set_burst_limit(500)
        run(many_crashes, size)
        logs.tell_left_out()
    told = 2 * size
    counts = [
        int(text.partition("reports: ")[2])
        for text, event in zip(handler.texts, handler.events, strict=True)
        if event == "actors.logs.left_out"
    ]
    written = sum(event.startswith("actors.") for event in handler.events)
    written -= sum(event.startswith("actors.logs.") for event in handler.events)
    held = written + sum(counts) == told
    for number in range(size):
        tally.check(held or number, f"{written} written, {sum(counts)} counted, {told} told")
    tally.check(counts, "nothing was left out")
    tally.note(f"{written:,} written and {sum(counts):,} counted of {told:,}")
