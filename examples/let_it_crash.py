"""Supervisors start crashed workers again: the three strategies, and what is too often.

A supervisor is a process that starts others, its children, and starts them again when they crash.
Its strategy says who else is started again along with the crashed one. Each tree below has the
children a, b and c, started in this order; b has a bug. On a terminal this is drawn while it
happens; elsewhere it is a plain log.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Protocol, TextIO, TypeAlias

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
    run,
    telemetry,
)
from supervisors import Supervisor
from supervisors.strategy import Strategy

STRATEGIES: Mapping[Strategy, str] = {
    "one_for_one": "b alone comes back",
    "rest_for_one": "b and those after it",
    "one_for_all": "all come back",
}

PAUSE = 0.4
"""Seconds that a worker takes to start and to stop, so that one can watch."""

SCREEN = "screen"
"""The name of the process that shows everything."""


# -- the workers -----------------------------------------------------------------------------------


class Worker(GenServer[None]):
    """Shares cakes among guests, and has a bug."""

    def init(self, id: str, pause: float) -> None:
        process.trap_exit(True)  # else being told to stop would end it without its `terminate`
        self.id = id
        self.pause = pause
        self.take_a_moment()

    @cast
    def share(self, state: None, cakes: int, guests: int) -> None:
        self.share_of_one = cakes / guests  # the bug: nobody has thought of 0 guests

    def terminate(self, reason: object, state: None) -> None:
        if reason == "shutdown":  # the supervisor asks; after a crash it is the error
            Screen.show(SCREEN, Event("stopped", self.id, process.self(), in_words(reason)))
            self.take_a_moment()

    def take_a_moment(self) -> None:
        if process.whereis(SCREEN) is not None:  # once it is gone, nobody watches any more
            process.sleep(self.pause)


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


def show_all(pause: float, *, live: bool) -> None:
    """Play everything; the first process."""
    telemetry.set_reporter(listen)  # what supervisors report goes to the screen, not to the logs
    Screen.start_link(live=live, name=SCREEN)
    Screen.show(SCREEN, Scene("b crashes once", columns=len(STRATEGIES)))
    for strategy in STRATEGIES:
        show_strategy(strategy, pause)
    Screen.show(SCREEN, Scene("b crashes again and again", columns=1))
    show_intensity(pause)
    GenServer.stop(SCREEN)


def show_strategy(strategy: Strategy, pause: float) -> None:
    """Crash b once, and look who has a new pid."""
    Screen.show(SCREEN, Tree(strategy, STRATEGIES[strategy], ("a", "b", "c")))
    children = [Worker.child_spec(id, pause, id=id) for id in ("a", "b", "c")]
    tree = Supervisor.start_link(children, strategy=strategy)
    b = pids(tree)["b"]
    process.sleep(pause)
    crash(b)
    Screen.show(SCREEN, After(pids(tree)))


def show_intensity(pause: float) -> None:
    """Crash b once more than its supervisor allows: that one gives up, and the next level acts."""
    about = "top starts inner; inner starts a and b, and allows 2 restarts in 5 seconds"
    Screen.show(SCREEN, Tree("restart intensity", about, ("inner", "a", "b")))
    children = [Worker.child_spec(id, pause, id=id) for id in ("a", "b")]
    inner = Supervisor.child_spec(
        children, max_restarts=2, max_seconds=5.0, name="inner", id="inner"
    )
    top = Supervisor.start_link([inner])
    end_of_inner = process.monitor("inner")
    for _ in range(3):
        b = pids("inner")["b"]  # another one each time
        process.sleep(pause)
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


def main(argv: list[str]) -> int:
    options = ArgumentParser("let_it_crash")
    options.add_argument("--fast", action="store_true", help="play without pauses")
    fast = options.parse_args(argv).fast
    live = can_draw(sys.stdout)
    try:
        # A log is not watched, so that it needs no pauses.
        run(lambda: show_all(PAUSE if live and not fast else 0.0, live=live))
    except KeyboardInterrupt:  # Ctrl-C has ended all processes, in order, before this line
        print("\ninterrupted", file=sys.stderr)
        return 130
    return 0


# -- what the screen is told -----------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """A new picture begins, with room for so many columns."""

    title: str
    columns: int


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


class View(Protocol):
    """What news can be shown on."""

    def show(self, news: News) -> None: ...


class Screen(GenServer[View]):
    """The only process that prints, so that nothing gets mixed up. Its state is the view."""

    def init(self, *, live: bool) -> View:
        return Picture(sys.stdout) if live else Log(sys.stdout)

    @cast
    def show(self, view: View, news: News) -> None:
        view.show(news)


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


Cell: TypeAlias = tuple[str, str]
"""A piece of text and its ANSI style."""

PLAIN, BOLD, DIM, RED, GREEN, YELLOW = "0", "1", "2", "31", "32", "33"
WIDTH, HEIGHT = 80, 24
"""The smallest terminal that is drawn on; the usual size."""

MARKS = {"started": ("✓", GREEN), "stopped": ("■", YELLOW)}
CRASHED = ("✗", RED)


class Picture:
    """Columns side by side, drawn anew in the same place at each piece of news."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.scene = Scene("", 1)
        self.columns: list[Column] = []
        self.drawn = 0

    def show(self, news: News) -> None:
        match news:
            case Scene():
                self.scene, self.columns, self.drawn = news, [], 0
                self.out.write("\n")
            case Tree():
                self.columns.append(Column(news))
            case Event() | After():
                self.columns[-1].add(news)
        lines = list(self.lines())
        back = f"\x1b[{self.drawn}A" if self.drawn else ""
        self.out.write(back + "".join(f"{line}\x1b[K\n" for line in lines))
        self.out.flush()
        self.drawn = len(lines)

    def lines(self) -> Iterator[str]:
        width = (WIDTH - 2) // self.scene.columns
        happened = [list(events(column, width)) for column in self.columns]
        height = max(map(len, happened), default=0)
        blocks = [
            list(cells(column, [*lines, *[("", PLAIN)] * (height - len(lines))]))
            for column, lines in zip(self.columns, happened, strict=True)
        ]
        yield styled((f"== {self.scene.title}", BOLD), 0)
        for row in zip(*blocks, strict=True):
            yield "".join(styled(cell, width) for cell in row)


def styled(cell: Cell, width: int) -> str:
    text, style = cell
    return f"\x1b[{style}m{text:<{width}}\x1b[0m"


def cells(column: Column, happened: list[Cell]) -> Iterator[Cell]:
    """Yield one column from top to bottom."""
    yield column.tree.title, BOLD
    yield column.tree.about, DIM
    yield "before", DIM
    for name in column.tree.names:
        yield row(column, name, column.before.get(name)), PLAIN
    yield "what happens", DIM
    yield from happened
    yield "after", DIM
    for name in column.tree.names:
        pid = column.after.get(name)
        fate = "" if pid is None else column.fate(name)
        yield f"{row(column, name, pid)} {fate}", GREEN if fate == "new" else PLAIN


def row(column: Column, name: str, pid: Pid | None) -> str:
    longest = max(map(len, column.tree.names))
    return f" {name:<{longest}} {pid or ''!s:<12}"


def events(column: Column, width: int) -> Iterator[Cell]:
    for event in column.happened:
        mark, style = MARKS.get(event.what, CRASHED)
        more = f" {event.pid}" if event.what == "started" else f": {event.why}"
        text = f"{mark} {event.who} {event.what}{more}"
        for line in wrap(text, width - 2, subsequent_indent="    "):
            yield f" {line}", style


def can_draw(out: TextIO) -> bool:
    size = shutil.get_terminal_size()
    fits = size.columns >= WIDTH and size.lines >= HEIGHT
    return out.isatty() and os.environ.get("TERM") != "dumb" and fits


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
