"""Which request goes where, and each complaint as an answer that names the field.

| method, path | what for |
|---|---|
| POST `/api/input/{id}/register`, `/unregister`, `/update` | update: pause, resume, seek |
| POST `/api/input/{id}/queue_track`, `/next_track` | what it plays then; go on to that |
| POST `/api/output/{id}/register`, `/unregister`, `/update`, `/request_keyframe` | |
| POST `/api/image/{id}/register`, `/unregister` | |
| POST `/api/start`, `/api/reset` | begin the line of time; begin all over |
| GET `/status` | what there is · `/ws` events as they happen |
| POST `/whip/{id}` | publish by WebRTC · DELETE what its Location says: hang up |
| POST `/whep/{id}` | watch by WebRTC; the same |
| GET `/`, `/preview/{id}`, `/api/watching`, `/api/tree`, `/api/reports` | to look at |
| POST `/api/kill` | end a process of the tree |

`schedule_time_ms` counts from the start of the pipeline. What is refused has changed nothing. For who
uses it, all this is told in `API.md`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from actors import Exit, telemetry
from examples.smelter.complaints import SpecRefused
from examples.smelter.protocols import whep, whip
from examples.smelter.protocols.watching import WatchedSink
from examples.smelter.protocols.webrtc import Answer as Begun
from examples.smelter.protocols.webrtc import Claim, Offer, OfferRefused
from examples.smelter.web import answers
from examples.smelter.web.api import Answer, Api, Rules, sink_of
from examples.smelter.web.gate import COOKIE, LOGIN, Gate
from examples.smelter.web.gated import Gated, Json
from examples.smelter.web.streams import BOUNDARY, Streams

__all__ = ["application", "routes"]

STATIC = Path(__file__).parent / "static"

_KINDS = {"page.js": "text/javascript", "page.css": "text/css", "icon.svg": "image/svg+xml"}

Endpoint = Callable[[Request], Awaitable[Response]]


def application(rules: Rules) -> ASGIApp:
    """Make the ASGI application of one server."""
    app = Starlette(routes=routes(rules), exception_handlers={HTTPException: _not_there})
    return Gated(app, rules.gate)


def routes(rules: Rules) -> list[BaseRoute]:
    """Return all there is behind the gate."""
    streams = Streams()
    return [
        *_of_api(Api(rules)),
        *_of_webrtc("/whip", whip.offer, whip.hang_up),
        *_of_webrtc("/whep", whep.watch, whep.leave),
        Route("/preview/{id}", _preview(streams)),
        WebSocketRoute("/ws", streams.events),
        Route(LOGIN, _login_page),
        Route(LOGIN, _log_in(rules.gate), methods=["POST"]),
        Route("/", _page),
        Route("/static/{name}", _static),
    ]


def _of_api(api: Api) -> Iterator[Route]:
    for path, do in (
        ("/api/input/{id}/register", api.register_input),
        ("/api/input/{id}/unregister", api.unregister_input),
        ("/api/input/{id}/update", api.update_input),
        ("/api/input/{id}/queue_track", api.queue_track),
        ("/api/input/{id}/next_track", api.next_track),
        ("/api/output/{id}/register", api.register_output),
        ("/api/output/{id}/unregister", api.unregister_output),
        ("/api/output/{id}/update", api.update_output),
        ("/api/output/{id}/request_keyframe", api.request_keyframe),
        ("/api/image/{id}/register", api.register_image),
        ("/api/image/{id}/unregister", api.unregister_image),
        ("/api/start", api.start),
        ("/api/reset", api.reset),
        ("/api/kill", api.kill),
    ):
        yield Route(path, _doing(do), methods=["POST"])
    for path, show in (
        ("/status", api.status),
        ("/api/tree", api.tree),
        ("/api/reports", api.reports),
        ("/api/watching", api.watching),
    ):
        yield Route(path, _showing(show))


# -- requests as calls -----------------------------------------------------------------------------


def _doing(do: Callable[[str, object], Answer | None]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            body = _parsed(await request.body())
            id = request.path_params.get("id", "")
            return Json(await run_in_threadpool(do, id, body) or {})
        except (Exception, Exit) as error:  # noqa: BLE001 - whatever it is, it is told
            return _told(error)

    return endpoint


def _showing(show: Callable[[], object]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return Json(await run_in_threadpool(show))
        except (Exception, Exit) as error:  # noqa: BLE001 - whatever it is, it is told
            return _told(error)

    return endpoint


def _parsed(body: bytes) -> object:
    try:
        found: object = json.loads(body, object_pairs_hook=_members) if body.strip() else {}
        # Python reads more than JSON has: NaN, numbers without end, halves of characters.
        _written(found)
    except (ValueError, RecursionError):
        raise SpecRefused("body", body[:40].decode("utf-8", "replace"), "JSON") from None
    return found


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise SpecRefused(name, value, "the first of this name, and each is given once")
        found[name] = value
    return found


def _written(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


def _told(error: BaseException) -> Response:
    complaint = answers.complaint_of(error)
    if complaint.status >= 500:
        fields = {"error": f"{type(error).__name__}: {error}"}
        telemetry.report(("smelter", "web", "failed"), "error", fields)
    return Json(complaint.json, complaint.status)


async def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "REFUSED")
    found = {"error_code": code, "message": error.detail, "stack": []}
    return Json(found, error.status_code, error.headers)


# -- media -----------------------------------------------------------------------------------------


def _preview(streams: Streams) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        id = request.path_params["id"]
        try:
            sink = await run_in_threadpool(sink_of, id)
        except (Exception, Exit) as error:  # noqa: BLE001 - whatever it is, it is told
            return _told(error)
        if not isinstance(sink, WatchedSink):
            raise HTTPException(
                404, "this output is no preview or whep_server: nobody can look at it"
            )
        if streams.is_full:
            raise HTTPException(503, "too many look already")
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        return StreamingResponse(streams.pictures(id), media_type=kind)

    return endpoint


def _of_webrtc(
    path: str, begin: Callable[[str, Offer], Begun], end: Callable[[str, Claim, str], None]
) -> Iterator[Route]:
    async def offered(request: Request) -> Response:
        id = request.path_params["id"]
        try:
            sdp = (await request.body()).decode("utf-8", "replace")
            answer = await run_in_threadpool(begin, id, Offer(_bearer(request), sdp))
        except (Exception, Exit) as error:  # noqa: BLE001 - whatever it is, it is told
            return _told(error)
        where = {"location": f"{path}/{quote(id, safe='')}/{answer.session}"}
        return Response(answer.sdp, 201, where, media_type="application/sdp")

    async def hung_up(request: Request) -> Response:
        id, session = request.path_params["id"], request.path_params["session"]
        try:
            await run_in_threadpool(end, id, _bearer(request), session)
        except (Exception, Exit) as error:  # noqa: BLE001 - whatever it is, it is told
            return _told(error)
        return Response(status_code=200)

    yield Route(f"{path}/{{id}}", offered, methods=["POST"])
    yield Route(f"{path}/{{id}}/{{session}}", hung_up, methods=["DELETE"])


def _bearer(request: Request) -> Claim:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise OfferRefused("token", "none was shown: Authorization: Bearer ...")
    return Claim(token.strip())


# -- pages -----------------------------------------------------------------------------------------


def _log_in(gate: Gate) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        shown = fields.get("token", [""])[0]
        if not gate.is_token(shown):
            raise HTTPException(401, "this is not the token")
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, shown, httponly=True, samesite="strict", secure=gate.is_secure)
        return response

    return endpoint


async def _login_page(request: Request) -> Response:
    return Response(_read("login.html"), media_type="text/html; charset=utf-8")


async def _page(request: Request) -> Response:
    return Response(_read("page.html"), media_type="text/html; charset=utf-8")


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _KINDS:
        raise HTTPException(404, "Not Found")
    return Response(_read(name), media_type=_KINDS[name])


def _read(name: str) -> bytes:
    return (STATIC / name).read_bytes()
