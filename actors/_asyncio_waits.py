"""Waiting in a coroutine for what the rest of the program does: the event loop goes on meanwhile.

    coroutine: until_open(latch)  -> a future of its loop, and a word to the latch -> the loop goes on
    anybody:   latch.open()       -> the word is passed to the loop, from whatever thread -> the coroutine goes on

Source: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_soon_threadsafe
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from actors.latch import Latch

__all__ = ["until_done", "until_open"]


def until_open(latch: Latch) -> Generator[Any, None, None]:
    """Wait, with `yield from` in an `__await__`, until a latch is open.

    Who is cancelled meanwhile leaves nothing at the latch.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[None] = loop.create_future()

    def arrive() -> None:
        if not arrived.done():
            arrived.set_result(None)

    def wake() -> None:
        # The loop may have been closed meanwhile, and the coroutine with it.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(arrive)

    latch.then(wake)
    try:
        yield from arrived
    finally:
        latch.forget(wake)


def until_done(blocks: Callable[[], object]) -> Generator[Any, None, None]:
    """Wait for the end of something that blocks, on a thread of the loop's pool.

    What it raises is dropped; whoever asks it again will see it.
    """

    def silently() -> None:
        with suppress(BaseException):
            blocks()

    yield from asyncio.get_running_loop().run_in_executor(None, silently)
