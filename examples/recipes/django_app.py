"""Django under ASGI: async views await processes, plain views call them.

    uvicorn examples.recipes.django_app:application

Django's own ASGI handler knows no lifespan, so a Starlette application of a few lines stands around it
and starts the tree. An async view runs on the event loop and awaits; a plain view runs on a thread
of Django's, where `Hits.count("hits")` may simply wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, JsonResponse
from django.urls import path
from starlette.applications import Starlette
from starlette.routing import Mount

from actors import GenServer, Reply, call
from actors.asyncio_bridge import as_process, hosted
from supervisors import Supervisor


class Hits(GenServer[int]):
    """Counts the requests of both views."""

    def init(self) -> int:
        return 0

    @call
    def count(self, state: int) -> Reply[int, int]:
        return Reply(state + 1, state + 1)


async def async_view(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"hits": await as_process(Hits.count, "hits")})


def plain_view(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"hits": Hits.count("hits")})


urlpatterns = [path("async/", async_view), path("plain/", plain_view)]

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="only here",  # noqa: S106 - keeps nothing
    )
    django.setup()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with hosted():
        await as_process(Supervisor.start_link, [Hits.child_spec(name="hits")])
        yield


application = Starlette(routes=[Mount("/", ASGIHandler())], lifespan=lifespan)
