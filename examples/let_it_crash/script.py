"""Three small trees, each with the children a, b and c, started in this order; b has a bug.

Then a fourth, in which b crashes once more than its supervisor allows. What happens is told as a plain log,
by one process, so that nothing gets mixed up.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO, TypeAlias

from actors import (
    Address,
    Crash,
    Down,
    GenServer,
    Pid,
    Ref,
    cast,
    process,
    receive,
    telemetry,
)
from supervisors import Supervisor
from supervisors.strategy import Strategy

__all__ = ["After", "Event", "Log", "Scene", "Tree", "show_all"]

STRATEGIES: Mapping[Strategy, str] = {
    "one_for_one": "b alone comes back",
    "rest_for_one": "b and those after it",
    "one_for_all": "all come back",
}

SCREEN = "screen"
"""The name of the process that shows everything."""


# -- the workers -----------------------------------------------------------------------------------


class Worker(GenServer[None]):
    """Shares cakes among guests, and has a bug."""

    def init(self, id: str) -> None:
        process.trap_exit(True)  # else being told to stop would end it without its `terminate`
        self.id = id

    @cast
    def share(self, state: None, cakes: int, guests: int) -> None:
        self.share_of_one = cakes / guests  # the bug: nobody has thought of 0 guests

    def terminate(self, reason: object, state: None) -> None:
        if reason == "shutdown":  # the supervisor asks; after a crash it is the error
            Screen.show(SCREEN, Event("stopped", self.id, process.self(), in_words(reason)))


def crash(worker: Pid) -> None:
    """Have a worker run into its bug, and wait until it is dead."""
    ref = process.monitor(worker)
    Worker.share(worker, 12, 0)
    wait_for_end(ref)


def wait_for_end(ref: Ref) -> None:
    receive(lambda message: isinstance(message, Down) and message.ref is ref)


def pids(supervisor: Address) -> dict[str, Pid]:
    """Ask a supervisor who its children are now, the oldest first.

    While it starts children again it answers nobody, so this also waits until they are back.
    """
    newest_first = Supervisor.which_children(supervisor)
    return {str(c.id): c.pid for c in reversed(newest_first) if isinstance(c.pid, Pid)}


# -- the show --------------------------------------------------------------------------------------


def show_all() -> None:
    """Play everything; the first process."""
    telemetry.set_reporter(listen)  # what supervisors report goes to the screen, not to the logs
    Screen.start_link(name=SCREEN)
    Screen.show(SCREEN, Scene("b crashes once"))
    for strategy in STRATEGIES:
        show_strategy(strategy)
    Screen.show(SCREEN, Scene("b crashes again and again"))
    show_intensity()
    GenServer.stop(SCREEN)


def show_strategy(strategy: Strategy) -> None:
    """Crash b once, and look who has a new pid."""
    Screen.show(SCREEN, Tree(strategy, STRATEGIES[strategy], ("a", "b", "c")))
    children = [Worker.child_spec(id, id=id) for id in ("a", "b", "c")]
    tree = Supervisor.start_link(children, strategy=strategy)
    b = pids(tree)["b"]
    crash(b)
    Screen.show(SCREEN, After(pids(tree)))


def show_intensity() -> None:
    """Crash b once more than its supervisor allows: that one gives up, and the next level acts."""
    about = "top starts inner; inner starts a and b, and allows 2 restarts in 5 seconds"
    Screen.show(SCREEN, Tree("restart intensity", about, ("inner", "a", "b")))
    children = [Worker.child_spec(id, id=id) for id in ("a", "b")]
    inner = Supervisor.child_spec(
        children, max_restarts=2, max_seconds=5.0, name="inner", id="inner"
    )
    top = Supervisor.start_link([inner])
    end_of_inner = process.monitor("inner")
    for _ in range(3):
        b = pids("inner")["b"]  # another one each time
        crash(b)
    wait_for_end(end_of_inner)
    Screen.show(SCREEN, After(pids(top) | pids("inner")))


def listen(event: telemetry.Event, level: str, fields: Mapping[str, object]) -> None:
    """Pass on what supervisors report; runs in the process of the supervisor."""
    match event, fields:
        case (
            ("supervisors", "child", "started"),
            {"started": {"id": str(child), "pid": Pid() as pid}},
        ):
            Screen.show(SCREEN, Event("started", child, pid))
        case (
            ("supervisors", "child", "terminated"),
            {"offender": {"id": str(child), "pid": Pid() as pid}, "reason": reason},
        ):
            what = "crashed" if isinstance(reason, Crash) else "ended"
            Screen.show(SCREEN, Event(what, child, pid, in_words(reason)))
        case (
            ("supervisors", "supervisor", "shutdown"),
            {"supervisor": str(name), "reason": reason},
        ):
            Screen.show(SCREEN, Event("gives up", name, None, in_words(reason)))


def in_words(reason: object) -> str:
    if isinstance(reason, Crash):  # what a process that raised ends with
        return f"{type(reason.exception).__name__}: {reason.exception}"
    return str(reason)


# -- what the screen is told -----------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """Another chapter begins."""

    title: str


@dataclass(frozen=True)
class Tree:
    """A new column begins, about one tree."""

    title: str
    about: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """Something has happened to a process."""

    what: str
    who: str
    pid: Pid | None = None
    why: str = ""


@dataclass(frozen=True)
class After:
    """The tree is whole again; these are its processes now."""

    pids: Mapping[str, Pid]


News: TypeAlias = Scene | Tree | Event | After


class Screen(GenServer["Log"]):
    """The only process that prints. Its state is the log."""

    def init(self) -> Log:
        return Log(sys.stdout)

    @cast
    def show(self, log: Log, news: News) -> None:
        log.show(news)


# -- what it prints: ordinary Python from here on --------------------------------------------------


@dataclass
class Column:
    """What is known of one tree."""

    tree: Tree
    before: dict[str, Pid] = field(default_factory=dict)
    happened: list[Event] = field(default_factory=list)
    after: Mapping[str, Pid] = field(default_factory=dict)

    def add(self, news: Event | After) -> None:
        match news:
            case After(pids):
                self.after = pids
            case Event("started", who, Pid() as pid) if not self.happened:
                self.before[who] = pid
            case Event():
                self.happened.append(news)

    def fate(self, name: str) -> str:
        return "untouched" if self.after[name] is self.before[name] else "new"


class Log:
    """One line for each piece of news."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.column = Column(Tree("", "", ()))

    def show(self, news: News) -> None:
        match news:
            case Scene(title):
                self.say(f"== {title}")
            case Tree(title, about):
                self.column = Column(news)
                self.say(f"{title}: {about}")
            case Event(what, who, pid, why):
                self.column.add(news)
                self.say(f"  {who:<5} {what:<8} {pid or ''!s:<13} {why}".rstrip())
            case After(pids):
                self.column.add(news)
                fates = [f"{name} {pid} {self.column.fate(name)}" for name, pid in pids.items()]
                self.say(f"  after: {', '.join(fates)}\n")

    def say(self, line: str) -> None:
        print(line, file=self.out, flush=True)
