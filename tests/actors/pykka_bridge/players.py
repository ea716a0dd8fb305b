"""Small actors, once for each of pykka's runtimes, that tell a process what happens to them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pykka
import pytest

from actors import Pid, process
from actors.latch import post_to
from actors.pykka_bridge import ProcessActor

__all__ = ["KINDS", "Player", "ThreadPlayer", "quiet"]


class _Plays(pykka.Actor):
    """Says to `boss` when it starts, stops and fails, and does what it is told."""

    def __init__(self, boss: Pid, fails_to_start: BaseException | None = None) -> None:
        super().__init__()
        self.boss = boss
        self.count = 0
        self.fails_to_start = fails_to_start

    def on_start(self) -> None:
        if self.fails_to_start is not None:
            raise self.fails_to_start
        post_to(self.boss, "started")

    def on_stop(self) -> None:
        post_to(self.boss, "stopped")

    def on_failure(self, *failure: Any) -> None:
        post_to(self.boss, ("failed", repr(failure[1])))

    def on_receive(self, message: object) -> object:
        match message:
            case BaseException():
                raise message
            case "me":
                return process.self()
            case _ if callable(message):
                return message()
        self.count += 1
        return message

    def add(self, by: int = 1) -> int:
        self.count += by
        return self.count

    def fail(self, error: BaseException) -> None:
        raise error


class Player(_Plays, ProcessActor):
    """On a lightweight process."""


class ThreadPlayer(_Plays, pykka.ThreadingActor):
    """On a thread, as pykka's users write it."""

    use_daemon_thread = True


KINDS = [pytest.param(Player, id="process"), pytest.param(ThreadPlayer, id="thread")]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pykka's own log of failures that are meant out of what the run shows."""
    logger = logging.getLogger("pykka")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
