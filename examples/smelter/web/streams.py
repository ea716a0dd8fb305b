"""What goes on for as long as somebody looks: events over a WebSocket, pictures as multipart JPEG.

Each stream is a task of the event loop, which stands for a process of its own and so can receive
events and make calls. It ends with its connection. How many there may be is limited.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import get_args

from starlette.websockets import WebSocket, WebSocketDisconnect

from actors import CallFailed, CallTimeout, Down, Exit, NotInProcess, Ref, process
from actors.asyncio_bridge import as_process, messages
from examples.smelter import events
from examples.smelter.protocols.preview import Preview
from examples.smelter.web.answers import event_of, report_of
from examples.smelter.web.watch import WATCH, Report, Watch
from examples.smelter.wire import video_end_of

__all__ = ["BOUNDARY", "MOST_STREAMS", "Streams"]

MOST_STREAMS = 32
"""Streams at a time."""

BOUNDARY = "smelter-picture"
"""What stands between two pictures."""

SLOW = 5.0
"""Seconds that a reader may take for one event; one that is slower is let go."""

LOOK = 0.5
"""Seconds after which somebody who has died is looked for again."""


class Streams:
    """The streams of one server."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MOST_STREAMS)

    @property
    def is_full(self) -> bool:
        """Whether there is no place for another one."""
        return self._places.locked()

    async def events(self, socket: WebSocket) -> None:
        """Send events until the other end has gone, or is too slow."""
        if self.is_full:
            await socket.close(1013, "too many listen already")
            return
        async with self._places:
            accepted = asyncio.Event()
            telling = asyncio.create_task(_tell(socket, accepted))
            hanging_up = asyncio.create_task(_wait_for_end(socket, accepted, telling))
            try:
                await telling
            except asyncio.CancelledError:
                # The other end has gone, or the server is to end.
                if not telling.done():
                    raise
            finally:
                hanging_up.cancel()
                telling.cancel()

    async def pictures(self, output: str) -> AsyncIterator[bytes]:
        """Yield the pictures of a preview until it is gone."""
        async with self._places:
            after, misses = -1, 0
            while misses < 20:
                try:
                    shot = await as_process(Preview.next.within(2.0), video_end_of(output), after)
                except CallTimeout:
                    continue  # nothing to see just now
                except CallFailed:
                    # Killed a moment ago; its successor will answer.
                    misses += 1
                    await asyncio.sleep(LOOK)
                    continue
                except (NotInProcess, Exit):
                    return
                after, misses = shot.tick, 0
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                yield f"{head}Content-Length: {len(shot.jpeg)}\r\n\r\n".encode()
                yield shot.jpeg + b"\r\n"


async def _wait_for_end(
    socket: WebSocket, accepted: asyncio.Event, then: asyncio.Task[None]
) -> None:
    await accepted.wait()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()
    then.cancel()


async def _tell(socket: WebSocket, accepted: asyncio.Event) -> None:
    """Receive events and reports and send them on; subscribe again when a bus has died.

    A task stands for a process, so it can subscribe and receive like any other.
    """
    with contextlib.suppress(WebSocketDisconnect, NotInProcess, Exit):
        while True:
            try:
                buses = await as_process(_subscribe)
            except CallFailed:
                await asyncio.sleep(LOOK)
                continue
            if not accepted.is_set():
                # What happens from the moment on that the other end is let in will reach it.
                await socket.accept()
                accepted.set()
            if not await _pass_on(socket):
                await socket.close(1013, "too slow")
                return
            for bus in buses:
                process.demonitor(bus, flush=True)


def _subscribe() -> list[Ref]:
    buses = (events.subscribe(), Watch.subscribe(WATCH, process.self()))
    return [process.monitor(bus) for bus in buses]


async def _pass_on(socket: WebSocket) -> bool:
    """Send what comes until a bus dies; False if the other end is too slow."""
    async for message in messages():
        match message:
            case Down():
                return True
            case Report():
                found = report_of(message)
            case _ if isinstance(message, get_args(events.Event)):
                found = event_of(message)
            case _:
                continue
        try:
            await asyncio.wait_for(socket.send_text(json.dumps(found)), SLOW)
        except TimeoutError:
            return False
    return True
