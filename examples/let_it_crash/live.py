"""The processes of the live form: one knows and draws, one waits for keys, one hands out work.

The director is linked to the tree and traps exits, so that it lives on when the whole tree has given up,
and then starts it anew, as whoever runs a program would. It never calls a supervisor: one that is
busy stopping a hung child would let it wait, and then there would be nothing to see.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from actors import Exited, GenServer, Message, Pid, Reply, Stop, call, cast, process, receive
from actors.telemetry import Event
from examples._frame import Frame
from examples._screen import Screen, next_keys
from examples.let_it_crash.board import HEARD, Board, News, Seen, in_words, news_of
from examples.let_it_crash.factory import FACTORY, Worker, feed, start

__all__ = ["DIRECTOR", "Director", "listen", "play", "rehearse"]

DIRECTOR = "director"
_TICK = 0.1


def listen(event: Event, level: str, fields: Mapping[str, object]) -> None:
    """Pass on what is reported; runs in whatever process or thread reports."""
    if event in HEARD and (news := news_of(event, fields)) is not None:
        Director.hear(DIRECTOR, news)


class Director(GenServer[Board]):
    """Knows what happens, and shows it."""

    def init(self, *, draws: bool) -> Board:
        process.trap_exit(True)
        self.screen = Screen(sys.stdout) if draws else None
        self.began = process.monotonic()
        process.send_after(process.self(), "tick", 0.0)
        board = Board()
        self.plant(board)
        return board

    @property
    def now(self) -> float:
        return process.monotonic() - self.began

    @cast
    def hear(self, board: Board, news: News) -> None:
        if news.who in board.members:
            board.hear(news, self.now)

    @cast
    def press(self, board: Board, key: str) -> Stop[None, Board] | None:
        pid = process.whereis(board.chosen_name)
        match key:
            case "up" | "down":
                board.choose(-1 if key == "up" else 1)
            case "q" | "escape":
                return Stop("normal")
            case "k" if pid is not None:
                board.say(self.now, f"you kill {board.chosen_name}", "bold")
                process.send_exit(pid, "kill")
            case "r" | "h" | "s" if "." in board.chosen_name:
                what = {"r": "raise", "h": "hang", "s": "starve"}[key]
                board.say(self.now, f"you have {board.chosen_name} {what}", "bold")
                Worker.trouble(board.chosen_name, what)  # type: ignore[arg-type]
            case "r" | "h" | "s":
                board.say(self.now, "choose a worker for that; a supervisor can be killed", "dim")
        return None

    @call
    def look(self, board: Board) -> Reply[Frame, Board]:
        self.show(board)
        return Reply(board.frame())

    def handle_info(self, message: Message, board: Board) -> None:
        match message:
            case "tick":
                self.show(board)
                process.send_after(process.self(), "tick", _TICK)
            case Exited(pid=pid, reason=reason) if pid == self.tree:
                board.say(self.now, f"{FACTORY} has ended: {in_words(reason)}", "bold red")
                board.say(self.now, "nobody is above it, so that we start it anew", "bold")
                self.restart(board)
            case "restart":
                self.restart(board)

    def restart(self, board: Board) -> None:
        """Start the tree anew, as soon as everybody of the old one has gone and left the names."""
        if any(process.whereis(name) for name in board.members):
            process.send_after(process.self(), "restart", _TICK)
        else:
            self.plant(board)

    def plant(self, board: Board) -> None:
        """Start the tree. What a supervisor reports of its children, nobody reports of the top."""
        self.tree = start()
        board.hear(News("started", FACTORY, DIRECTOR, self.tree, ""), self.now)

    def show(self, board: Board) -> None:
        board.look({name: _seen(process.whereis(name)) for name in board.members}, self.now)
        if self.screen is not None:
            self.screen.show(board.frame())

    def terminate(self, reason: object, board: Board) -> None:
        if self.screen is not None:
            self.screen.close()


def _seen(pid: Pid | None) -> Seen | None:
    info = None if pid is None else process.info(pid)
    return None if info is None else Seen(info.pid, info.status, info.message_queue_len)


def keyboard() -> None:
    """Pass on keys; has a thread of its own, since it blocks."""
    while True:
        for key in next_keys(0.1):
            Director.press(DIRECTOR, key)
        process.sleep(0)  # where an order to end takes effect


def play() -> None:
    """Be watched until somebody presses q; the first process."""
    director = Director.start_link(draws=True, name=DIRECTOR)
    assert director is not None
    process.spawn_link(feed)
    process.spawn_link(keyboard, host="thread")
    process.monitor(director)
    receive()


def rehearse(keys: str) -> Frame:
    """Press keys where nobody watches; return what would be seen. A digit waits for so many seconds."""
    Director.start_link(draws=False, name=DIRECTOR)
    process.spawn_link(feed)
    process.sleep(1.0)
    for key in keys:
        if key.isdigit():
            process.sleep(float(key))
        else:
            Director.press(DIRECTOR, {"^": "up", "v": "down"}.get(key, key))
            process.sleep(0.05)
    return Director.look(DIRECTOR)
