from __future__ import annotations

import pytest

from examples.smelter.web.gate import COOKIE, LOGIN, MOST_BODY, Gate, Head

TOKEN = "0123456789abcdef" * 4
HERE = "127.0.0.1:8081"
HOSTS = frozenset({HERE, "localhost:8081", "[::1]:8081"})
OPEN = Gate(HOSTS)
GUARDED = Gate(HOSTS, TOKEN)

ROUTES = [
    "/",
    "/status",
    "/ws",
    "/api/start",
    "/whip",
    "/api/whip/a",
    "/preview/a",
    "/static/page.js",
    "/nowhere",
]
METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "BREW",
    "WEBSOCKET",
]


def status(gate: Gate, method: str = "GET", path: str = "/status", **headers: str) -> int:
    named = {"host": HERE} | {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = gate.refuses(Head(method, path, named))
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8081", "localhost:8081", "LOCALHOST:8081", "[::1]:8081"]
)
def test_who_asks_for_this_server_by_its_name_comes_in(host: str) -> None:
    assert status(OPEN, host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8081", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:80810"),
        *("127.0.0.1.:8081", "localhost.:8081", "localhost:8081.evil.example", "127.1:8081"),
        *("0.0.0.0:8081", "2130706433:8081", "127.0.0.1:8081, evil.example", "[::]:8081"),
        *(
            "localhost:8081@evil.example",
            "127.0.0.1:8081/",
            "[::ffff:127.0.0.1]:8081",
            " localhost:8081",
        ),
    ],
)
def test_a_name_that_was_made_to_point_here_leads_nowhere(host: str) -> None:
    for method in METHODS:
        assert status(OPEN, method, host=host) == 403


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "http://evil.example", "https://evil.example:8081", "http://127.0.0.1:8080"),
        *("https://127.0.0.1:8081", "http://127.0.0.1:8081.evil.example", "file://"),
        *(
            "http://localhost",
            "http://127.0.0.1:8081/",
            "http://a@127.0.0.1:8081",
            "127.0.0.1:8081",
        ),
        *(
            "http://127.0.0.1:8081, http://evil.example",
            "http://127.0.0.1.:8081",
            "chrome-extension://x",
        ),
    ],
)
def test_a_page_from_elsewhere_can_do_nothing_by_any_method(origin: str) -> None:
    for method in METHODS:
        assert status(OPEN, method, origin=origin) == 403


def test_our_own_page_may_act() -> None:
    origin = "http://127.0.0.1:8081"
    assert status(OPEN, "POST", origin=origin, content_type="application/json") == 200
    assert status(OPEN, "WEBSOCKET", "/ws", origin=origin) == 200
    assert status(OPEN, "POST", origin=origin, sec_fetch_site="same-origin") == 200
    assert status(OPEN, "POST", sec_fetch_site="cross-site") == 403
    assert status(OPEN, "POST", sec_fetch_site="same-site") == 403


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_nobody_passes_without_the_token(path: str, method: str) -> None:
    for shown in (
        "",
        "Bearer",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
    ):
        assert status(GUARDED, method, path, authorization=shown) == 401
    assert status(GUARDED, method, path, cookie=f"other={TOKEN}") == 401


def test_a_browser_that_asks_for_a_page_without_the_token_is_led_to_where_it_is_given() -> None:
    page = {"host": HERE, "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/", "/status", "/nowhere"):
        refusal = GUARDED.refuses(Head("GET", path, page))
        assert refusal is not None
        assert (refusal.status, refusal.leads_to) == (303, LOGIN)

    assert OPEN.refuses(Head("GET", "/", page)) is None
    for method in ("POST", "DELETE", "WEBSOCKET"):
        assert status(GUARDED, method, accept="text/html") == 401
    assert status(GUARDED, accept="application/json, */*") == 401
    assert status(GUARDED, accept="text/html", host="evil.example") == 403


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        ("/whip/camera", "application/json", "application/sdp"),
        ("/whep/stage", "text/plain", "application/sdp"),
        ("/api/start", "application/sdp", "application/json"),
        (LOGIN, "application/json", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_of_another_kind_is_told_which_one_is_wanted_there(
    path: str, kind: str, wanted: str
) -> None:
    headers = {"host": HERE, "content-type": kind, "content-length": "3"}
    refusal = OPEN.refuses(Head("POST", path, headers))

    assert refusal is not None
    assert (refusal.status, wanted in refusal.why) == (415, True)


def test_the_token_is_shown_in_the_header_or_in_the_cookie() -> None:
    assert status(GUARDED, authorization=f"Bearer {TOKEN}") == 200
    assert status(GUARDED, authorization=f"bearer {TOKEN}") == 200
    assert status(GUARDED, cookie=f"a=b; {COOKIE}={TOKEN}") == 200
    assert status(GUARDED, "WEBSOCKET", "/ws", cookie=f"{COOKIE}={TOKEN}") == 200
    assert status(GUARDED, path=f"/?token={TOKEN}") == 401, "never in an address"


@pytest.mark.parametrize("path", ["/whip/camera", "/whep/preview"])
def test_who_publishes_or_watches_shows_the_token_of_that_very_address(path: str) -> None:
    sdp = {"content_type": "application/sdp", "content_length": "9"}
    own = {"authorization": "Bearer of-the-input-alone"}

    assert status(GUARDED, "POST", path, **sdp, **own) == 200
    assert status(GUARDED, "POST", path, **sdp, **own, origin="http://evil.example") == 403
    assert status(GUARDED, "POST", path, **sdp, **own, host="evil.example") == 403


def test_the_door_where_the_token_is_given_is_open_to_our_own_form() -> None:
    form = "application/x-www-form-urlencoded"
    assert status(GUARDED, path=LOGIN) == 200
    assert status(GUARDED, "POST", LOGIN, content_type=form, content_length="9") == 200
    assert status(GUARDED, "POST", LOGIN, content_type=form, origin="http://evil.example") == 403


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_that_a_form_elsewhere_could_send_is_refused(kind: str) -> None:
    assert status(OPEN, "POST", content_type=kind, content_length="2") == 415


def test_a_body_has_a_length_and_a_limit() -> None:
    json = {"content_type": "application/json; charset=utf-8"}
    assert status(OPEN, "POST", content_length=str(MOST_BODY), **json) == 200
    assert status(OPEN, "POST", content_length=str(MOST_BODY + 1), **json) == 413
    assert status(OPEN, "POST", content_length="-1", **json) == 411
    assert status(OPEN, "POST", content_length="٣", **json) == 411
    assert status(OPEN, "POST", transfer_encoding="chunked", **json) == 411


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"])
def test_methods_that_nobody_uses_are_refused(method: str) -> None:
    assert status(OPEN, method) == 405


def test_a_refusal_repeats_nothing_of_what_came() -> None:
    refusal = OPEN.refuses(Head("GET", "/<script>", {"host": "<script>"}))

    assert refusal is not None
    assert "<" not in refusal.why
