"""An asyncio loop on a thread of its own, for a process that has something to do with asyncio.

The process stays a process: it says what is to run and hears how it ended by a message. The loop
ends with it, in whatever way it ends: one that was killed closes nothing, so a second thread waits
for its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from actors import ActorsError, Down, Exit, Pid, process

__all__ = ["Loop"]

T = TypeVar("T")


class Loop:
    """A running loop.

    Args:
        owner: the process it belongs to.
        name: of the thread.
        ending: what is awaited on the loop before it ends.
    """

    def __init__(
        self, owner: Pid, name: str, ending: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        self._ending = ending
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        watching = threading.Thread(
            target=_wait_for_end, args=(owner, self._end), name=f"{name} owner", daemon=True
        )
        watching.start()

    def start(self, job: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin to run a coroutine, from any thread; does not wait."""
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    def close(self, patience: float = 5.0) -> None:
        """End the loop and wait for it."""
        self._end()
        self._thread.join(patience)

    def _end(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._over.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._live())
        finally:
            self._loop.close()

    async def _live(self) -> None:
        await self._over.wait()
        if self._ending is not None:
            await self._ending()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._loop.shutdown_default_executor()


def _wait_for_end(owner: Pid, then: Callable[[], None]) -> None:
    """Wait as a process of its own, in a thread that came from elsewhere."""
    try:
        ref = process.monitor(owner)
        process.receive(lambda message: isinstance(message, Down) and message.ref == ref)
    except (ActorsError, Exit):
        # The runtime has ended, and so has the owner.
        pass
    then()
