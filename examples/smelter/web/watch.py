"""What supervisors report, kept for people who look: who died of what, and how often each came back.

A process of the tree like any other. Telemetry reaches it as messages, from whichever process
something happens in; what it keeps is plain text and numbers, and after a crash of its own it begins
to count anew.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from actors import (
    Down,
    GenServer,
    Message,
    NoReply,
    Pid,
    Ref,
    Reply,
    call,
    cast,
    process,
    telemetry,
)
from actors.exits import Crash
from actors.telemetry import Event

__all__ = ["WATCH", "Report", "Watch", "child_of", "why_of"]

WATCH = "smelter.watch"
"""The name it is registered under."""

KEPT = 200
"""Reports."""

LONGEST = 300
"""Characters of a reason."""

_KINDS: Mapping[Event, str] = {
    ("supervisors", "child", "started"): "started",
    ("supervisors", "child", "terminated"): "died",
    ("supervisors", "child", "start_error"): "did not start",
    ("supervisors", "child", "shutdown_error"): "did not stop in time",
    ("supervisors", "supervisor", "shutdown"): "is given up",
}


_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened to a process."""

    child: str
    """Its id."""
    what: str
    """What happened: ``"died"``, ``"is back"``, …"""
    why: str
    """The reason, in short; empty when there is none."""
    number: int = 0
    """Each has a larger one, also after a crash of who counts: who was away can tell what is missing."""


class Watch(GenServer[None]):
    """Keeps reports, and sends them to whoever subscribes. It keeps its state on itself."""

    def init(self) -> None:
        """Begin to listen."""
        self.known: set[str] = set()
        self.returns: Counter[str] = Counter()
        self.latest: deque[Report] = deque(maxlen=KEPT)
        self.count = 0
        self.subscribers: dict[Pid, Ref] = {}
        me, self.handler = process.self(), f"{WATCH}.{next(_NUMBERS)}"
        tell = partial(_tell, me, self.handler)
        for event in _KINDS:
            telemetry.attach(self.handler, event, tell)

    @call
    def restarts(self, state: None) -> Reply[dict[str, int], None]:
        """Return how often each child was started again."""
        return Reply(dict(self.returns))

    @call
    def reports(self, state: None) -> Reply[list[Report], None]:
        """Return the latest reports, oldest first."""
        return Reply(list(self.latest))

    @call
    def subscribe(self, state: None, who: Pid) -> Reply[Pid, None]:
        """Send reports to a process from now on; return this one, to be monitored."""
        if who not in self.subscribers:
            self.subscribers[who] = process.monitor(who)
        return Reply(process.self())

    @cast
    def heard(self, state: None, report: Report) -> NoReply[None]:
        """Keep a report, unless it tells of an ordinary beginning."""
        is_known = report.child in self.known
        self.known.add(report.child)
        if report.what == "started":
            # One that was not known is begun for the first time, unless this process is: then it is
            # known by its death.
            if not is_known:
                return NoReply()
            self.returns[report.child] += 1
            report = replace(report, what="is back", why="")
        self.count = max(self.count + 1, round(process.monotonic() * 1e6))
        report = replace(report, number=self.count)
        self.latest.append(report)
        for who in self.subscribers:
            process.send(who, report)
        return NoReply()

    def handle_info(self, message: Message, state: None) -> None:
        """Forget a subscriber that is gone."""
        if isinstance(message, Down):
            gone = [who for who, ref in self.subscribers.items() if ref == message.ref]
            for who in gone:
                del self.subscribers[who]

    def terminate(self, reason: object, state: None) -> None:
        """Listen no more."""
        telemetry.detach(self.handler)


def _tell(
    watch: Pid, handler: str, event: Event, _: Mapping[str, float], fields: Mapping[str, object]
) -> None:
    if not process.is_alive(watch):
        # It was killed; the one after it has a handler of its own.
        telemetry.detach(handler)
        return
    what = _KINDS[event]
    child = child_of(fields)
    # At the very end there may be nobody to tell any more.
    with contextlib.suppress(Exception):
        Watch.heard(watch, Report(child, what, why_of(fields.get("reason"))))


def child_of(fields: Mapping[str, object]) -> str:
    """Return the id of the child that a supervisor's report is about."""
    about = fields.get("started", fields.get("offender"))
    return str(about.get("id")) if isinstance(about, Mapping) else "?"


def why_of(reason: object) -> str:
    """Return a reason in short."""
    match reason:
        case None:
            return ""
        case Crash(exception=error):
            text = f"{type(error).__name__}: {error}"
        case ("shutdown", ("failed_to_start_child", _, inner)) | ("EXIT", inner):
            return why_of(inner)
        case _:
            text = str(reason)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
