"""An application behind its gate, and what every answer carries."""

from __future__ import annotations

import json

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.smelter.web.gate import Gate, Head

__all__ = ["HEADERS", "Gated", "Json"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""What every answer carries: no script but ours, no frame around us, nothing from elsewhere."""


class Json(JSONResponse):
    """An answer that can always be written: file names may hold what UTF-8 does not."""

    def render(self, content: object) -> bytes:
        """Write it in ASCII."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


class Gated:
    """The application behind its gate. Nothing behind it sees a request that may not come in."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._gate.refuses(_head(scope))
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.why})
        else:
            found = {"error_code": "REFUSED", "message": refusal.why, "stack": []}
            where = {} if refusal.leads_to is None else {"location": refusal.leads_to}
            response = Json(found, refusal.status, where)
            await response(scope, receive, _with_headers(send))


def _head(scope: Scope) -> Head:
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
    return Head(method, scope["path"], headers)


def _with_headers(send: Send) -> Send:
    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_more
