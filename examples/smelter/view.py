"""What the terminal shows: the tree, how far it is, who died of what and came back, and the sum at the end.

It listens to the reports of the supervisors instead of the logs. On a terminal the progress is one line that is
rewritten; elsewhere it is left out, so that a log stays a log.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TextIO

from actors.exits import Crash
from actors.telemetry import Event
from examples.smelter.plan import Plan
from examples.smelter.queue_server import QueueStats
from examples.smelter.tree import Branch

__all__ = ["Summary", "View"]

_WIDTH = 30


@dataclass(slots=True)
class Summary:
    """What a run has come to."""

    output: str
    """The file."""
    ticks: int
    """Pictures that were asked for."""
    pictures: int = 0
    """Pictures in the file."""
    lost_ticks: int = 0
    """Ticks without a picture of their own."""
    samples: int = 0
    """Samples in the file, per channel."""
    video_seconds: float = 0.0
    """Length of the pictures."""
    audio_seconds: float = 0.0
    """Length of the sound."""
    video_sets: int = 0
    """Sets the queue has handed to the compositor."""
    audio_sets: int = 0
    """Sets the queue has handed to the mixer."""
    dropped: int = 0
    """Sets that came too late for their consumer."""
    poisoned: int = 0
    """Sets given up after two crashes."""
    kills: list[str] = field(default_factory=list)
    """Who was killed, in order."""
    restarts: dict[str, int] = field(default_factory=dict)
    """Who was started again, how often."""
    failed_inputs: list[str] = field(default_factory=list)
    """Inputs that were given up."""
    wall_seconds: float = 0.0
    """How long it took."""
    finished: bool = False
    """Whether the file is complete."""
    interrupted: bool = False
    """Whether Ctrl-C ended it early."""


class View:
    """Writes to the terminal and remembers what has happened.

    Args:
        plan: The run.
        out: Where to write.
    """

    def __init__(self, plan: Plan, out: TextIO) -> None:
        self._plan = plan
        self._out = out
        self._is_live = out.isatty()
        self._started: Counter[str] = Counter()
        self.summary = Summary(str(plan.target.path), plan.ticks)

    # -- what happens -----------------------------------------------------------------------------

    def report(self, event: Event, level: str, fields: Mapping[str, object]) -> None:
        """Take a report of the runtime or of a supervisor."""
        match event:
            case ("supervisors", "child", "started"):
                self._child_started(str(_of(fields, "started", "id")))
            case ("supervisors", "child", "terminated" | "start_error" | "shutdown_error" as what):
                child = _of(fields, "offender", "id")
                self.say(f"✗ {child} {what.replace('_', ' ')}: {_reason(fields.get('reason'))}")
            case ("supervisors", "supervisor", "shutdown"):
                child = _of(fields, "offender", "id")
                self.say(f"✗ {child} failed too often: its supervisor gives up")
            case ("actors", "process", "stuck"):
                self.say(f"! {fields.get('initial_call')} is stuck at {fields.get('where')}")
            case _:
                pass

    def _child_started(self, child: str) -> None:
        self._started[child] += 1
        if self._started[child] > 1:
            self.summary.restarts[child] = self._started[child] - 1
            self.say(f"✓ {child} is back")

    def killed(self, name: str, tick: int) -> None:
        """Take note of a kill."""
        short = name.removeprefix("smelter.")
        self.summary.kills.append(short)
        self.say(f"† {short} is killed at tick {tick}")

    # -- what is shown ----------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Write one line."""
        clear = "\r\x1b[K" if self._is_live else ""
        print(f"{clear}{_printable(line)}", file=self._out, flush=True)

    def tree(self, branches: Iterable[Branch]) -> None:
        """Show the tree."""
        self.say("pipeline")
        for branch in branches:
            mark = "▸" if branch.is_supervisor else "·"
            self.say(f"  {'  ' * branch.depth}{mark} {branch.id}  {branch.pid}")

    def progress(self, stats: QueueStats) -> None:
        """Show how far the run is, on a terminal."""
        if self._is_live:
            done = min(1.0, stats.ticks / self._plan.ticks)
            bar = "█" * round(done * _WIDTH)
            restarts = sum(self.summary.restarts.values())
            text = f"{bar:░<{_WIDTH}} {done:4.0%}  {stats.ticks} sets, {stats.dropped} dropped, {restarts} restarts"
            print(f"\r\x1b[K{text}", end="", file=self._out, flush=True)

    def end(self, *, as_json: bool) -> None:
        """Show the sum; as JSON it is one line on standard output."""
        one = self.summary
        state = "finished" if one.finished else "not finished"
        self.say(
            f"{one.output}: {state}; {one.pictures} of {one.ticks} pictures ({one.lost_ticks} lost),"
            f" {one.samples} samples; video {one.video_seconds:.3f} s, audio {one.audio_seconds:.3f} s;"
            f" {one.dropped} sets dropped, {sum(one.restarts.values())} restarts;"
            f" took {one.wall_seconds:.1f} s"
        )
        if one.failed_inputs:
            self.say(f"given up: input {', '.join(one.failed_inputs)}")
        if as_json:
            print(json.dumps(asdict(one)), file=sys.stdout, flush=True)


def _of(fields: Mapping[str, object], key: str, name: str) -> object:
    inner = fields.get(key)
    return inner.get(name) if isinstance(inner, Mapping) else None


def _reason(reason: object) -> str:
    if isinstance(reason, Crash):
        return f"{type(reason.exception).__name__}: {reason.exception}"
    return str(reason)


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in line)
