"""The one gate in front of everything that is served: who may come in, decided before anybody looks.

Pure: a request's head goes in, a refusal or nothing comes out. Whatever is not expected is refused:

- the *Host* must be an address that is served, so that a name which was made to point here leads
  nowhere;
- an *Origin*, if there is one, must be this very server, on every method and for WebSockets, so that
  a page from elsewhere cannot act in somebody's browser;
- a body must be of a kind that a form of another page cannot send;
- where a token is asked for, it must come in the header, or in the cookie that `LOGIN` gives, to
  which a browser that asks for a page is led; only who publishes or watches by WebRTC shows the token
  of that very input or output instead.

Source: https://owasp.org/www-community/attacks/csrf and CWE-350 for what Host and Origin prevent.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

__all__ = ["COOKIE", "LOGIN", "MOST_BODY", "Gate", "Head", "Refusal"]

COOKIE = "smelter_token"
"""The cookie a browser keeps the token in."""

LOGIN = "/login"
"""The one place that may be reached without a token: it takes one and gives the cookie."""

MOST_BODY = 1 << 20
"""Bytes that a body may have; images are given as paths or URLs of data."""

_SAFE = frozenset({"GET", "HEAD"})
_KNOWN = frozenset({"GET", "HEAD", "POST", "DELETE"})
_JSON, _SDP, _FORM = "application/json", "application/sdp", "application/x-www-form-urlencoded"
_OWN_TOKENS = {
    "POST": re.compile(r"/wh[ie]p/[^/]+"),
    "DELETE": re.compile(r"/wh[ie]p/[^/]+/[^/]+"),
}
"""Where each address has a token of its own, which a WebRTC client has one header to show in."""


@dataclass(frozen=True, slots=True)
class Head:
    """What there is to see of a request before its body."""

    method: str
    """``WEBSOCKET`` for the request for one."""
    path: str
    headers: Mapping[str, str]
    """By names in lower case; what came several times is joined by commas, and then not accepted."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody has to stay outside."""

    status: int
    """As HTTP has it."""
    why: str
    """One line; holds nothing of what came."""
    leads_to: str | None = None
    """Where somebody is led instead, who would not know what to do with a line."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of one server.

    Example:
        >>> gate = Gate(frozenset({"127.0.0.1:8081"}))
        >>> gate.refuses(Head("GET", "/status", {"host": "127.0.0.1:8081"}))
        >>> gate.refuses(Head("GET", "/status", {"host": "evil.example"})).status
        403
    """

    hosts: frozenset[str]
    """What a Host header may be, ports included, in lower case."""
    token: str | None = field(default=None, repr=False)
    """What everybody has to show; None for nothing."""
    is_secure: bool = False
    """Whether it is reached by https."""

    def refuses(self, head: Head) -> Refusal | None:
        """Return why a request has to stay outside, None if it may come in."""
        headers = head.headers
        if headers.get("host", "").lower() not in self.hosts:
            return Refusal(403, "this host is not served here")
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(origin):
            return Refusal(403, "requests from other pages are not accepted")
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return Refusal(403, "requests from other pages are not accepted")
        if self.token is not None and not self._is_door(head) and not self._shows_token(headers):
            why = "a token is needed: Authorization: Bearer ..."
            if head.method == "GET" and "text/html" in headers.get("accept", "").lower():
                return Refusal(303, why, LOGIN)
            return Refusal(401, why)
        if head.method == "WEBSOCKET":
            return None
        if head.method not in _KNOWN:
            return Refusal(405, "this method is not accepted")
        if head.method in _SAFE:
            return None
        return self._refuses_body(headers, _kind_of(head))

    def _is_door(self, head: Head) -> bool:
        own = _OWN_TOKENS.get(head.method)
        return head.path == LOGIN or (own is not None and own.fullmatch(head.path) is not None)

    def _is_ours(self, origin: str) -> bool:
        scheme, _, host = origin.lower().partition("://")
        return scheme == ("https" if self.is_secure else "http") and host in self.hosts

    def _shows_token(self, headers: Mapping[str, str]) -> bool:
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            shown = _cookie(headers.get("cookie", ""))
        return self.is_token(shown.strip())

    def is_token(self, shown: str) -> bool:
        """Tell whether this is the token, in a time that tells nothing about it."""
        return self.token is not None and hmac.compare_digest(shown.encode(), self.token.encode())

    def _refuses_body(self, headers: Mapping[str, str], wanted: str) -> Refusal | None:
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or "transfer-encoding" in headers:
            return Refusal(411, "a body needs a length")
        if int(length) > MOST_BODY:
            return Refusal(413, f"a body has at most {MOST_BODY} bytes")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if int(length) and kind != wanted:
            return Refusal(415, f"a body is {wanted} here: Content-Type")
        return None


def _kind_of(head: Head) -> str:
    """Return what the body of a request is."""
    if head.path == LOGIN:
        return _FORM
    return _SDP if _OWN_TOKENS["POST"].fullmatch(head.path) else _JSON


def _cookie(text: str) -> str:
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
