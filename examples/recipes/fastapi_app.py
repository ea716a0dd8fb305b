"""FastAPI: a process for each room of a chat, websockets that stand for processes.

    uvicorn examples.recipes.fastapi_app:app

Each request and each websocket is a task of the event loop and stands for a process of its own: it
has a mailbox. A websocket joins a process group and iterates over its own mail; when it closes,
its process ends and leaves the group by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, WebSocket

from actors import GenServer, Pid, Reply, call, groups, process, send
from actors.asyncio_bridge import as_process, hosted, messages
from supervisors import Supervisor


class Board(GenServer[list[str]]):
    """Remembers what was said, and tells it to whoever is in the group."""

    def init(self) -> list[str]:
        return []

    @call
    def post(self, state: list[str], words: str) -> Reply[int, list[str]]:
        for listener in groups.get_members("listeners"):
            send(listener, words)
        return Reply(len(state) + 1, [*state, words])

    @call
    def read(self, state: list[str]) -> Reply[list[str], list[str]]:
        return Reply(state)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with hosted():
        children = [groups.child_spec(), Board.child_spec(name="board")]
        await as_process(Supervisor.start_link, children)
        yield


async def board() -> Pid:
    """Return who keeps the board now; after a restart that is another one, and during it nobody."""
    pid = process.whereis("board")
    if pid is None:
        raise HTTPException(503, "the board is being restarted")
    return pid


app = FastAPI(lifespan=lifespan)


@app.get("/board")
async def read(keeper: Annotated[Pid, Depends(board)]) -> list[str]:
    return await as_process(Board.read, keeper)


@app.post("/board/{words}")
async def post(words: str, keeper: Annotated[Pid, Depends(board)]) -> int:
    return await as_process(Board.post, keeper, words)


@app.websocket("/listen")
async def listen(socket: WebSocket) -> None:
    await socket.accept()
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(tell(socket))
        async for _ in socket.iter_text():  # until the other side is gone
            pass
        telling.cancel()


async def tell(socket: WebSocket) -> None:
    """Pass the mail of this very task on."""
    await as_process(groups.join, "listeners", process.self())
    await socket.send_text("listening")
    async for words in messages(str):
        await socket.send_text(words)
