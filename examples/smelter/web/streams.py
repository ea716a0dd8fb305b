"""What goes on for as long as somebody looks: events over a WebSocket, pictures as multipart JPEG.

Each stream has a thread, which stands for a process of its own and so can receive events and make
calls. It ends with its connection. How many there may be is limited.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from typing import get_args

from starlette.websockets import WebSocket, WebSocketDisconnect

from actors import CallFailed, CallTimeout, Down, Exit, Message, NotInProcess, TimedOut, process
from examples.smelter import events
from examples.smelter.protocols.preview import Preview
from examples.smelter.web.answers import event_of, report_of
from examples.smelter.web.watch import WATCH, Report, Watch
from examples.smelter.wire import video_end_of

__all__ = ["BOUNDARY", "MOST_STREAMS", "Streams"]

MOST_STREAMS = 32
"""Streams at a time; each has a thread."""

BOUNDARY = "smelter-picture"
"""What stands between two pictures."""

BACKLOG = 100
"""Events that may wait for a reader; one that is slower is let go."""

LOOK = 0.5
"""Seconds between two looks at whether anybody still listens."""

Tell = Callable[[dict[str, object]], None]


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
            queue: asyncio.Queue[dict[str, object] | None] = asyncio.Queue(BACKLOG)
            loop = asyncio.get_running_loop()

            def tell(event: dict[str, object]) -> None:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_put, queue, event)

            over = threading.Event()
            subscribed = asyncio.Event()

            def ready() -> None:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(subscribed.set)

            threading.Thread(target=_listen, args=(tell, ready, over), daemon=True).start()
            try:
                # What happens from the moment on that the other end is let in will reach it.
                await subscribed.wait()
                await socket.accept()
                await self._send(socket, queue)
            finally:
                over.set()

    async def _send(
        self, socket: WebSocket, queue: asyncio.Queue[dict[str, object] | None]
    ) -> None:
        hanging_up = asyncio.ensure_future(_wait_for_end(socket))
        try:
            while not hanging_up.done():
                waiting = asyncio.ensure_future(queue.get())
                await asyncio.wait({waiting, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    return
                event = waiting.result()
                if event is None:
                    await socket.close(1013, "too slow")
                    return
                await socket.send_json(event)
        except (WebSocketDisconnect, RuntimeError):
            return
        finally:
            hanging_up.cancel()

    async def pictures(self, output: str) -> AsyncIterator[bytes]:
        """Yield the pictures of a preview until it is gone."""
        async with self._places:
            after, misses = -1, 0
            while misses < 20:
                try:
                    shot = await asyncio.to_thread(
                        Preview.next.within(2.0), video_end_of(output), after
                    )
                except CallTimeout:
                    continue  # nothing to see just now
                except (CallFailed, NotInProcess, Exit):
                    # Killed a moment ago; its successor will answer.
                    misses += 1
                    await asyncio.sleep(LOOK)
                    continue
                after, misses = shot.tick, 0
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                yield f"{head}Content-Length: {len(shot.jpeg)}\r\n\r\n".encode()
                yield shot.jpeg + b"\r\n"


def _put(queue: asyncio.Queue[dict[str, object] | None], event: dict[str, object]) -> None:
    try:
        queue.put_nowait(event)
    except asyncio.QueueFull:
        # The last word it will read.
        queue.get_nowait()
        queue.put_nowait(None)


async def _wait_for_end(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


def _listen(tell: Tell, ready: Callable[[], None], over: threading.Event) -> None:
    """Receive events and reports, as a process of its own; subscribe again when a bus has died."""
    # The pipeline may end before whoever listens to it.
    with contextlib.suppress(NotInProcess, Exit):
        while not over.is_set():
            try:
                buses = (events.subscribe(), Watch.subscribe(WATCH, process.self()))
            except CallFailed:
                process.sleep(LOOK)
                continue
            refs = [process.monitor(bus) for bus in buses]
            ready()
            _pass_on(tell, over)
            for ref in refs:
                process.demonitor(ref, flush=True)


def _pass_on(tell: Tell, over: threading.Event) -> None:
    while not over.is_set():
        message: Message = process.receive(timeout=LOOK)
        match message:
            case Down():
                return
            case Report():
                tell(report_of(message))
            case TimedOut():
                continue
            case _ if isinstance(message, get_args(events.Event)):
                tell(event_of(message))
            case _:
                continue
