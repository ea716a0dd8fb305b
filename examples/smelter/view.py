"""What the terminal shows: the tree, how far it is, who died of what and came back, the sum.

It listens to the reports of the supervisors instead of the logs. On a terminal the progress is one
line that is rewritten; elsewhere it is left out, so that a log stays a log. Nobody's reading is
needed for a film: when the other end of a pipe is gone, the view goes on in silence.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TextIO

from actors import telemetry
from actors.exits import Crash
from actors.telemetry import Event
from examples.smelter.complaints import MediaError
from examples.smelter.plan import Plan
from examples.smelter.queue_server import QueueStats
from examples.smelter.saboteur import KILLED
from examples.smelter.tree import Branch
from examples.smelter.wire import FILM

__all__ = ["Summary", "View"]

_WIDTH = 24
_INDENT = " " * len("   0.00 s  ")
_HEARD: tuple[Event, ...] = (
    ("supervisors", "child", "started"),
    ("supervisors", "child", "terminated"),
    ("supervisors", "child", "start_error"),
    ("supervisors", "child", "shutdown_error"),
    ("supervisors", "supervisor", "shutdown"),
    ("actors", "process", "stuck"),
    KILLED,
)


@dataclass(slots=True)
class Summary:
    """What a run has come to."""

    output: str
    """The file."""
    inputs: list[str]
    """What was composed: number and file name."""
    ticks: int
    """Pictures that were asked for; after Ctrl-C those up to there."""
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
    """Sets that found no place in time."""
    poisoned: int = 0
    """Sets given up after two crashes."""
    kills: list[str] = field(default_factory=list)
    """Who was killed, in order."""
    restarts: dict[str, int] = field(default_factory=dict)
    """Who was started again, how often."""
    failed_inputs: list[str] = field(default_factory=list)
    """Inputs that were given up."""
    failure: str | None = None
    """Why the film is not complete, if it is not."""
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
        self._is_closed = False
        self._started: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self._last_words: str | None = None
        titles = [one.title for one in plan.inputs]
        self.summary = Summary(str(plan.target.path), titles, plan.ticks)

    # -- what happens -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of what happens to the processes, in whichever of them it is told."""
        for event in _HEARD:
            telemetry.attach("smelter.view", event, lambda what, _, fields: self.hear(what, fields))
        try:
            yield
        finally:
            telemetry.detach("smelter.view")

    def hear(self, event: Event, fields: Mapping[str, object]) -> None:
        """Take a report of the runtime or of a supervisor."""
        match event:
            case (_, "child", "started"):
                self._child_started(_id(fields, "started"))
            case (_, "child", "terminated" | "shutdown_error"):
                self._child_failed(_id(fields, "offender"), "died", fields.get("reason"))
            case (_, "child", "start_error"):
                self._child_failed(_id(fields, "offender"), "did not start", fields.get("reason"))
            case (_, "supervisor", "shutdown"):
                self._given_up(_id(fields, "offender"))
            case (_, "process", "stuck"):
                self.say(
                    f"{_INDENT}! {fields.get('initial_call')} is stuck at {fields.get('where')}"
                )
            case _ if event == KILLED:
                self.killed(str(fields["victim"]), int(str(fields["tick"])))
            case _:
                pass

    def _given_up(self, child: str) -> None:
        self.say(f"{_INDENT}✗ {child} failed too often and is given up")
        # What made it fail tells more; one that only passes on that it has given up tells nothing.
        why = self._reasons.get(child, "killed")
        if why == "killed" or (why == "shutdown" and self._last_words is None):
            self._last_words = f"{child} failed too often"
        elif why != "shutdown":
            self._last_words = why

    def _child_failed(self, child: str, what: str, reason: object) -> None:
        self._reasons[child] = _why(reason)
        self.say(f"{_INDENT}✗ {child} {what}: {_why(reason)}")

    def _child_started(self, child: str) -> None:
        self._started[child] += 1
        if self._started[child] > 1:
            self.summary.restarts[child] = self._started[child] - 1
            self.say(f"{_INDENT}✓ {child} is back")

    def killed(self, name: str, tick: int) -> None:
        """Take note of a kill."""
        short = name.removeprefix("smelter.").removesuffix(f".{FILM}")
        self.summary.kills.append(short)
        seconds = float(tick / self._plan.encoding.rate)
        self.say(f"{seconds:7.2f} s  † {short.replace('.', ' ')} is killed")

    def interrupted(self) -> None:
        """Take note of Ctrl-C."""
        self.summary.interrupted = True
        self.say("interrupted: the film ends here (once more to leave at once)")

    def failed(self, reason: object) -> None:
        """Take note that the pipeline could not be started."""
        self._last_words = _why(reason)

    # -- what is shown ----------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """Write one line."""
        clear = "\r\x1b[K" if self._is_live else ""
        self._write(f"{clear}{_printable(line)}\n")

    def tree(self, branches: Iterable[Branch]) -> None:
        """Show what is made, and the tree that makes it."""
        plan, encoding = self._plan, self._plan.encoding
        pace = "as fast as possible" if plan.offline else "in real time"
        size = f"{encoding.width}x{encoding.height}, {float(encoding.rate):g} pictures a second"
        self.say(f"{plan.target.path}: {float(plan.duration):g} s of {size}, {pace}")
        self.say("pipeline")
        for branch in branches:
            mark = "▸" if branch.is_supervisor else "·"
            label = f"  {'  ' * branch.depth}{mark} {branch.id}"
            self.say(f"{label:<28} {branch.pid}")

    def progress(self, stats: QueueStats) -> None:
        """Remember how far the run is, and show it on a terminal."""
        summary = self.summary
        summary.video_sets, summary.audio_sets = stats.video_sets, stats.audio_sets
        summary.dropped, summary.poisoned = stats.dropped, stats.poisoned
        titles = {one.id: one.title for one in self._plan.inputs}
        summary.failed_inputs = [titles[id] for id in stats.failed_inputs]
        if self._is_live:
            done = min(1.0, stats.ticks / self._plan.ticks)
            bar = f"{'█' * round(done * _WIDTH):░<{_WIDTH}}"
            seconds = float(stats.ticks / self._plan.encoding.rate)
            restarts = sum(summary.restarts.values())
            counts = f"{stats.dropped} dropped  {restarts} restarts"
            self._write(f"\r\x1b[K{seconds:7.2f} s  {bar} {done:4.0%}  {counts}")

    def end(self) -> None:
        """Show the sum."""
        one = self.summary
        if not one.finished:
            one.failure = self._failure()
        self.say(f"{one.output}{'' if one.finished else '  is not complete'}")
        for name, text in self._facts():
            self.say(f"  {name:<9} {text}")

    def _facts(self) -> Iterator[tuple[str, str]]:
        one = self.summary
        if one.finished:
            pictures = f"{one.pictures} of {one.ticks} pictures, {one.lost_ticks} lost"
            yield "video", f"{one.video_seconds:7.3f} s  {pictures}"
            yield "audio", f"{one.audio_seconds:7.3f} s  {one.samples} samples"
        yield "sets", f"{one.video_sets} video, {one.audio_sets} audio, {one.dropped} dropped"
        if one.poisoned:
            yield "poison", f"{one.poisoned} sets"
        yield "restarts", self._restarts()
        if one.failed_inputs:
            yield "given up", "input " + ", ".join(one.failed_inputs)
        yield "took", f"{one.wall_seconds:7.3f} s"

    def _restarts(self) -> str:
        counts = self.summary.restarts
        names = [who if count == 1 else f"{who} x{count}" for who, count in counts.items()]
        return f"{sum(counts.values())}: {', '.join(names)}" if names else "0"

    def _failure(self) -> str:
        part = self._plan.target.part
        said = _printable(self._last_words or "it ended without a word")
        if part.name in said or not part.exists():
            return said
        return f"{said}; what was made is in {part.name}"

    def show_json(self, out: TextIO) -> None:
        """Write the sum as one line of JSON, if anybody still reads it."""
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps(asdict(self.summary)), file=out, flush=True)

    def _write(self, text: str) -> None:
        if self._is_closed:
            return
        encoding = self._out.encoding or "utf-8"
        try:
            self._out.write(text.encode(encoding, "replace").decode(encoding))
            self._out.flush()
        except (OSError, ValueError):
            self._is_closed = True


def _id(fields: Mapping[str, object], key: str) -> str:
    inner = fields.get(key)
    return str(inner.get("id")) if isinstance(inner, Mapping) else "?"


def _why(reason: object) -> str:
    match reason:
        case Crash(exception=MediaError() as error):
            return str(error)
        case Crash(exception=error):
            return f"{type(error).__name__}: {error}"
        case ("shutdown", ("failed_to_start_child", _, inner)):
            return _why(inner)
        case ("EXIT", inner):
            return _why(inner)
        case ("already_started", _):
            return "the one before it is still there"
        case _:
            return str(reason)


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in line)
