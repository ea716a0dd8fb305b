"""What is known of the tree, and how that looks. No processes here: news go in, a frame comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from actors import Crash, Pid
from actors.telemetry import Event
from examples._frame import Cell, Frame, Row
from examples.let_it_crash.factory import FACTORY, FAMILIES, MEMBERS, SECONDS, allowed

__all__ = ["HEARD", "Board", "News", "Seen", "in_words", "news_of"]

_LOG_LINES = 7
_BY_NAME = 4
"""How many that were started again are named one by one."""
_FRESH = 3.0
"""Seconds for which a process is shown as new."""
_CHILD, _SUPERVISOR = ("supervisors", "child"), ("supervisors", "supervisor")
HEARD: Mapping[Event, str] = {
    (*_CHILD, "started"): "started",
    (*_CHILD, "terminated"): "terminated",
    (*_CHILD, "start_error"): "start failed",
    (*_CHILD, "shutdown_error"): "did not end when asked",
    (*_SUPERVISOR, "shutdown"): "gives up",
    ("actors", "loop", "held"): "holds the loop",
}


@dataclass(frozen=True)
class News:
    """One report, as far as it is shown."""

    what: str
    who: str
    by: str
    """The supervisor that reports."""
    pid: Pid | None
    why: str


@dataclass(frozen=True)
class Seen:
    """What can be seen of a process from outside."""

    pid: Pid
    status: str
    mail: int


@dataclass
class Member:
    """What is known of one name."""

    name: str
    pid: Pid | None = None
    since: float = 0.0
    starts: int = 0
    failures: list[float] = field(default_factory=list)
    """When a child of this supervisor failed."""
    seen: Seen | None = None

    @property
    def is_supervisor(self) -> bool:
        return self.name == FACTORY or self.name in FAMILIES


def in_words(reason: object) -> str:
    if isinstance(reason, Crash):  # what a process that raised ends with
        return f"{type(reason.exception).__name__}: {reason.exception}"
    return str(reason)


def news_of(event: Event, fields: Mapping[str, object]) -> News | None:
    """Take from a report what is shown; nothing of reports that are not."""
    what = HEARD.get(event)
    match fields:
        case {"started": {"id": str(who), "pid": Pid() as pid}, "supervisor": by}:
            return News("started", who, str(by), pid, "")
        case {"offender": {"id": str(who), "pid": pid}, "reason": reason, "supervisor": by} if what:
            of = str(by) if what == "gives up" else who
            return News(what, of, str(by), pid if isinstance(pid, Pid) else None, in_words(reason))
        case {"name": str(who), "where": where} if what:
            return News(what, who, "the runtime", None, str(where).rpartition("/")[2])
    return None


class Board:
    """All members, who of them is chosen, and what has happened."""

    def __init__(self) -> None:
        below = [[family, *(f"{family}.{each}" for each in MEMBERS)] for family in FAMILIES]
        names = [FACTORY, *(name for each in below for name in each)]
        self.members = {name: Member(name) for name in names}
        self.chosen = names.index("pipeline.b")
        self.log: list[Cell] = []
        self.back: list[str] = []
        """Who was started again in the last line of the log."""
        self.now = 0.0

    @property
    def chosen_name(self) -> str:
        return list(self.members)[self.chosen]

    def choose(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self.members)

    def say(self, now: float, text: str, style: str = "") -> None:
        self.log = [*self.log, Cell(f"{now:6.1f} s  {text}", style)][-_LOG_LINES:]
        self.back = []

    def say_back(self, now: float, who: str) -> None:
        """Say in one line who was started again, so that the reason above stays in sight."""
        back = [*self.back, who]
        if self.back:
            self.log = self.log[:-1]
        few = len(back) <= _BY_NAME
        whom = ", ".join(back) if few else f"{len(back)} processes, {back[0]} to {who},"
        self.say(now, f"{whom} started again", "green")
        self.back = back

    def hear(self, news: News, now: float) -> None:
        """Take in what a supervisor has reported."""
        member = self.members[news.who]
        match news.what:
            case "started":
                member.starts += 1
                member.pid, member.since = news.pid, now
                if member.starts > 1:
                    self.say_back(now, news.who)
                member.failures.clear()  # a new supervisor begins to count anew
                return
            case "terminated" | "start failed":
                self.members[news.by].failures.append(now)
        self.say(now, f"{news.who} {news.what}: {news.why}", "red")
        if news.what == "terminated":
            self.say(now, f"  {news.by}: {self._consequence(news.by, news.who)}", "yellow")

    def _consequence(self, by: str, who: str) -> str:
        if len(self._recent(self.members[by])) > allowed(by):
            return f"more than {allowed(by)} restarts in {SECONDS:.0f} s"
        match FAMILIES.get(by, "one_for_one"):
            case "one_for_one":
                return f"one_for_one, so {who} alone comes back"
            case "rest_for_one":
                return f"rest_for_one, so {who} and those after it come back"
            case "one_for_all":
                return "one_for_all, so all its children come back"

    def look(self, seen: Mapping[str, Seen | None], now: float) -> None:
        """Take in what can be seen of the processes now."""
        self.now = now
        for name, what in seen.items():
            self.members[name].seen = what

    def _recent(self, member: Member) -> list[float]:
        return [when for when in member.failures if when >= self.now - SECONDS]

    # -- how it looks ------------------------------------------------------------------------------

    def frame(self) -> Frame:
        columns = ("process", "pid", "state", "mail", "restarts", "strategy and intensity")
        return Frame(
            "let it crash",
            columns,
            tuple(self._rows()),
            tuple(self.log),
            _LOG_LINES,
            "↑ ↓ choose    k kill    r raise    h hang    s starve the others    q quit",
        )

    def _rows(self) -> Iterator[Row]:
        for place, member in enumerate(self.members.values()):
            state = self._state(member)
            restarts = max(0, member.starts - 1)
            cells = (
                Cell(_branch(member.name), "bold" if member.is_supervisor else ""),
                Cell(str(member.seen.pid) if member.seen else "", "dim"),
                state,
                Cell(str(member.seen.mail) if member.seen else "", _warning(member)),
                Cell(str(restarts) if restarts else "·"),
                self._rules(member),
            )
            yield Row(cells, is_chosen=place == self.chosen)

    def _state(self, member: Member) -> Cell:
        if member.seen is None:
            return Cell("dead", "bold red")
        if member.seen.mail > 1 and member.seen.status == "waiting":
            return Cell("hangs", "bold yellow")  # it waits for something, and not for its mail
        if member.starts > 1 and self.now - member.since < _FRESH:
            return Cell("new", "bold green")
        return Cell("runs")

    def _rules(self, member: Member) -> Cell:
        if not member.is_supervisor:
            return Cell("")
        most, used = allowed(member.name), len(self._recent(member))
        strategy = FAMILIES.get(member.name, "one_for_one")
        dots = "●" * min(used, most) + "○" * (most - used)
        return Cell(f"{strategy:<13}{dots:<4}", "red" if used >= most else "")


def _branch(name: str) -> str:
    family, _, member = name.rpartition(".")
    if name == FACTORY:
        return name
    if not family:
        return f"{'└─' if name == list(FAMILIES)[-1] else '├─'} {name}"
    trunk = " " if family == list(FAMILIES)[-1] else "│"
    return f"{trunk}  {'└─' if member == MEMBERS[-1] else '├─'} {member}"


def _warning(member: Member) -> str:
    return "yellow" if member.seen and member.seen.mail > 1 else ""
