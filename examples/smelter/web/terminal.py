"""What whoever started the server reads on the terminal: who died of what, and who holds up everybody.

    report ──> line ──queue──> a thread of its own ──> stderr

One line each, and few of them: a source that cannot connect dies every ten seconds. The page has them all.
A report runs in the process it is about, which must not wait for a terminal that somebody has stopped; so
lines are written by a thread, and what it cannot get rid of is left out.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from actors.telemetry import Event
from examples.smelter.web.watch import child_of, why_of

__all__ = ["AGAIN", "MOST", "Terminal", "line_of"]

AGAIN = 60.0
"""Seconds after which the same line is said again."""

MOST = 20
"""Lines in as much time."""

WAITING = 100
"""Lines that may wait for the terminal."""

LAST_WORDS = 1.0
"""Seconds that the terminal gets for them at the end."""


def line_of(event: Event, fields: Mapping[str, object]) -> str | None:
    """Return what people should read of a report, if anything."""
    match event:
        case ("actors", "loop", "held"):
            who = fields.get("name") or fields.get("initial_call")
            return f"everybody waits for {who}, for over {fields.get('limit')} s: {fields.get('where')}"
        case ("actors", "process", "stuck"):
            return f"{fields.get('initial_call')} does not end: {fields.get('where')}"
        case ("supervisors", "child", "terminated"):
            return f"{child_of(fields)} died: {_why(fields)}"
        case ("supervisors", "child", "start_error"):
            return f"{child_of(fields)} did not start: {_why(fields)}"
        case ("supervisors", "supervisor", "shutdown"):
            return f"{child_of(fields)} died too often, and is given up with what belongs to it"
        case ("smelter", "snapshot", "failed"):
            return f"the state is not written: {fields.get('why')}"
        case _:
            return None


def _why(fields: Mapping[str, object]) -> str:
    return " ".join(why_of(fields.get("reason")).split())


class Terminal:
    """Writes lines, until it is closed; to be given to `telemetry.set_reporter`.

    Args:
        stream: where to.
        now: a clock, in seconds.
    """

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._now = now
        self._said: dict[str, float] = {}
        self._lock = threading.Lock()
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._write, name="smelter-terminal", daemon=True)
        self._thread.start()

    def __call__(self, event: Event, level: str, fields: Mapping[str, object]) -> None:
        """Write a report down, unless that has just been done; does not wait."""
        line = line_of(event, fields)
        if line is not None and (line := self._rationed(line)) is not None:
            with contextlib.suppress(queue.Full):
                self._lines.put_nowait(f"smelter: {line}")

    def _rationed(self, line: str) -> str | None:
        with self._lock:
            now = self._now()
            self._said = {one: at for one, at in self._said.items() if now - at < AGAIN}
            if line in self._said or len(self._said) > MOST:
                return None
            self._said[line] = now
            return line if len(self._said) <= MOST else "and more: the page tells the rest"

    def close(self) -> None:
        """Write what waits, if somebody takes it."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=LAST_WORDS)
        self._thread.join(LAST_WORDS)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                print(line, file=self._stream, flush=True)
            except (OSError, ValueError):
                # It was closed; nobody reads.
                return
