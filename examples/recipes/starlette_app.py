"""Starlette: the lifespan starts a supervision tree, handlers await its processes.

    uvicorn examples.recipes.starlette_app:app

The runtime lives on the server's own event loop. A handler that waits for a slow process holds up
nobody: neither the other requests nor the other processes. A process that crashes is started
again by its supervisor; the request that met the crash gets an error, the next one is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from actors import CallFailed, GenServer, NoReply, Reply, call, cast
from actors.asyncio_bridge import as_process, hosted
from supervisors import Supervisor

PATIENCE = 2.0
"""Seconds that a request waits for the kitchen."""


class Hits(GenServer[int]):
    """Counts; its state needs no lock, since it handles one message at a time."""

    def init(self) -> int:
        return 0

    @call
    def count(self, state: int) -> Reply[int, int]:
        return Reply(state + 1, state + 1)

    @cast
    def forget(self, state: int) -> NoReply[int]:
        raise ValueError("asked to forget")  # it crashes, and begins anew with its first state


class Kitchen(GenServer[None]):
    """Slow: what it does takes time, and is written as a coroutine."""

    @call
    async def cook(self, state: None, dish: str) -> Reply[str, None]:
        await asyncio.sleep(0.1)
        return Reply(f"{dish} is ready")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with hosted():  # when the server ends, so do all processes, in order
        children = [Hits.child_spec(name="hits"), Kitchen.child_spec(name="kitchen")]
        await as_process(Supervisor.start_link, children, strategy="one_for_one")
        yield


async def hits(request: Request) -> Response:
    return JSONResponse({"hits": await as_process(Hits.count, "hits")})


async def forget(request: Request) -> Response:
    Hits.forget("hits")  # a cast never waits, so there is nothing to await
    return Response(status_code=202)


async def cook(request: Request) -> Response:
    dish = request.path_params["dish"]
    said = await as_process(Kitchen.cook.within(PATIENCE), "kitchen", dish)
    return JSONResponse({"kitchen": said})


async def unavailable(request: Request, failed: Exception) -> Response:
    """Answer for a process that was late, or has crashed and is not back yet."""
    return JSONResponse({"error": str(failed)}, status_code=503)


app = Starlette(
    routes=[
        Route("/hits", hits),
        Route("/forget", forget, methods=["POST"]),
        Route("/cook/{dish}", cook),
    ],
    exception_handlers={CallFailed: unavailable},
    lifespan=lifespan,
)
