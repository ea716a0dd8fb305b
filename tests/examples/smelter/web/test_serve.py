"""The command that serves: what it refuses, who comes in, what is left of it."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from asyncio import selector_events
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from starlette.routing import Route, WebSocketRoute

from actors import Task, process, run
from examples._setup import ROOT
from examples.smelter import snapshot
from examples.smelter.inspection import inspect_output
from examples.smelter.requests import Settings
from examples.smelter.web.api import Rules
from examples.smelter.web.app import routes
from examples.smelter.web.gate import LOGIN, Gate
from examples.smelter.web.serve import look_at, main, parse
from examples.smelter.web.server import Door, _uvicorn, open_door, start_server
from tests.examples.smelter.films import RED, make_film
from tests.examples.smelter.web.clients import Client, eventually, listening, serving

RULES = Rules(Gate(frozenset()), Settings(), "smelter")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is to be refused


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--host", EVERYWHERE], "host 0.0.0.0: 127.0.0.1, or with --token-file, and --tls-cert"),
        (["--host", "example.org"], "host example.org: a numeric address such as 127.0.0.1"),
        (["--host", EVERYWHERE, "--token-file", "TOKEN"], "--tls-certificate and --tls-key"),
        (["--token-file", "OPEN"], "chmod 600"),
        (["--token-file", "SHORT"], "openssl rand -hex 32"),
        (["--token-file", "/nowhere"], "token-file /nowhere"),
        (["--tls-key", "x"], "--tls-certificate and --tls-key together"),
        (["--tls-key", "SHORT", "--tls-certificate", "SHORT"], "in PEM"),
        (["--port", "70000"], "port 70000"),
        (["--state", "/"], "state /: a file in a folder that can be written"),
        (["--state", "/nowhere/state"], "state /nowhere/state"),
        (["--what"], "--what"),
        (["/nowhere.mp4"], "no such file"),
    ],
)
def test_a_start_that_would_not_be_safe_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    for name, text, mode in (
        ("TOKEN", "a" * 64, 0o600),
        ("OPEN", "a" * 64, 0o644),
        ("SHORT", "a", 0o600),
    ):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
    named = [str(tmp_path / one) if one.isupper() else one for one in argv]

    assert main(["--serve", "test:", *named]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_the_help_says_where_everything_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as over:
        main(["--serve", "--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert over.value.code == 0
    for told in ("examples/smelter/API.md", "led to /login", "32 or more letters", "openssl rand"):
        assert told in said


def test_with_a_token_nobody_comes_in_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "0123456789abcdef" * 4
    path = tmp_path / "token"
    path.write_text(token)
    path.chmod(0o600)
    with serving("test:", "--token-file", str(path)) as guarded:
        stranger = Client(guarded.port)
        paths = [each.path for each in routes(RULES) if isinstance(each, Route | WebSocketRoute)]
        assert len(paths) > 20
        for each in paths:
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
                if each != LOGIN:
                    place = each.replace("{id}", "preview").replace("{name}", "page.js")
                    assert stranger.ask(place, method=method).status == 401, (method, place)
        assert "it asks for the token" in capsys.readouterr().out
        led = stranger.ask("/", Accept="text/html")
        assert (led.status, led.headers["location"]) == (303, LOGIN)
        assert b'name="token"' in stranger.ask(LOGIN, Accept="text/html").body
        assert stranger.post("/api/kill", {"pid": "x"}).status == 401
        assert guarded.status()["outputs"] == ["preview"]

        form = {"Content_Type": "application/x-www-form-urlencoded"}
        assert stranger.ask("/login", b"token=wrong", **form).status == 401
        entered = stranger.ask("/login", f"token={token}".encode(), **form)
        assert entered.status == 303
        cookie = entered.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert stranger.ask("/status", Cookie=cookie.partition(";")[0]).status == 200

        assert guarded.status()["preview"] == "preview"
        assert guarded.post("/api/output/preview/unregister").status == 200
        eventually(lambda: guarded.status()["outputs"] == [])
        assert (guarded.status()["preview"], guarded.status()["scene"]) == (None, None)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="left out: no openssl to make a key")
def test_with_a_certificate_it_speaks_https_alone(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("key.pem", "certificate.pem")]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += [
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=smelter",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run([*make, "-keyout", names[0], "-out", names[1]], check=True, capture_output=True)
    asked = parse(["--serve", "test:", "--tls-key", names[0], "--tls-certificate", names[1]])
    with open_door("127.0.0.1", 0) as listening_socket:
        port = listening_socket.getsockname()[1]
        door = Door("127.0.0.1", port, listening_socket.fileno(), asked.tls)
        rules = Rules(Gate(frozenset({f"127.0.0.1:{port}"}), is_secure=True), Settings(), "none")

        def main() -> tuple[int, str | None]:
            web = start_server(door, rules)
            answer = Task.await_(Task.async_(ask, port, names[1], host="thread"), 20)
            process.unlink(web)
            process.send_exit(web, "shutdown")
            return answer

        assert run(main) == (200, "TLSv1.3")


def ask(port: int, certificate: str) -> tuple[int, str | None]:
    """Look at the page by https, and say by which version."""
    trusted = ssl.create_default_context(cafile=certificate)
    connection = HTTPSConnection("127.0.0.1", port, timeout=60, context=trusted)
    with closing(connection):
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        version = connection.sock.version()
        connection.request("GET", "/")
        return connection.getresponse().status, version


@pytest.mark.parametrize("rounds", range(8))
def test_whoever_is_half_way_in_when_the_server_ends_is_let_go(rounds: int) -> None:
    with open_door("127.0.0.1", 0) as at_the_door, ExitStack() as guests:
        host, port = address = at_the_door.getsockname()
        door = Door(host, port, at_the_door.fileno())
        rules = Rules(Gate(frozenset({f"{host}:{port}"})), Settings(), "none")

        async def scene() -> list[str]:
            loop = asyncio.get_running_loop()
            server = loop.create_task(_uvicorn(door, rules))
            with socket.create_connection(address) as first:
                first.setblocking(False)
                await loop.sock_sendall(first, b"GET / HTTP/1.1\r\n\r\n")
                await loop.sock_recv(first, 1)  # it serves
            for _ in range(5):
                guests.enter_context(socket.create_connection(address))
            for _ in range(rounds):
                await asyncio.sleep(0)
            server.cancel()
            with suppress(asyncio.CancelledError):
                await server
            return [
                str(each)
                for each in gc.get_objects()
                if type(each) is selector_events._SelectorSocketTransport  # type: ignore[attr-defined] # noqa: SLF001
                and each._loop is loop  # noqa: SLF001 - nobody else knows whose it is
                and not each.is_closing()
            ]

        assert asyncio.run(scene()) == []


def test_nothing_is_left_of_a_server_that_has_ended() -> None:
    serve_and_kill()  # what is shared by all that await something begins once
    before = threading.active_count()
    for _ in range(2):
        port = serve_and_kill()
        eventually(lambda: listening(port) == set())  # noqa: B023 - called at once
    eventually(lambda: threading.active_count() <= before)


def serve_and_kill() -> int:
    with serving("test:") as client:
        client.post("/api/kill", {"pid": client.processes()["web"]})
        eventually(lambda: client.ask("/status").status == 200)
    return client.port


@contextmanager
def command(*options: str) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """Run the command in a process of its own, until it shows something."""
    words = [sys.executable, "-W", "error", "-m", "examples.smelter", "--serve", "test:"]
    child = subprocess.Popen(
        [*words, "--port", "0", "--size", "64x36", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        said = child.stdout.readline()
        client = Client(int(said.partition("127.0.0.1:")[2].partition("/")[0]))
        eventually(lambda: client.status()["queue"]["ticks"] > 0)
        yield child, client
    finally:
        child.kill()
        child.communicate(timeout=60)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_says_where_to_look_and_ends_in_order(number: int, code: int) -> None:
    with command() as (child, client):
        child.send_signal(number)
        _, errors = child.communicate(timeout=60)

    # On a machine that has too much to do, everybody may really have waited.
    said = [line for line in errors.splitlines() if "everybody waits" not in line]
    assert (child.returncode, said) == (code, [])
    assert listening(client.port) == set()


def test_what_clients_asked_for_outlives_a_process_that_was_killed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    film = make_film(tmp_path / "film.mp4", 0.5, RED)
    with command("--state", str(state)) as (_, client):
        body = {"type": "mp4", "path": str(film), "loop": True}
        assert client.post("/api/input/clip/register", body).status == 200
        recorded = recording(tmp_path / "recorded.mp4")
        assert client.post("/api/output/recorded/register", recorded).status == 200
        part = tmp_path / "recorded.part.mp4"
        eventually(part.exists)
        for _ in range(2):
            size = part.stat().st_size
            eventually(lambda: part.stat().st_size > size)  # noqa: B023 - called at once
    # It had no time to say good-bye.
    recorded_before = inspect_output(part).video_frames
    assert recorded_before > 0

    with serving("test:", "--state", str(state)) as again:
        assert again.status()["inputs"] == ["input_1", "clip"]
        assert again.post("/api/output/recorded/unregister").status == 200
        eventually((tmp_path / "recorded.mp4").exists)
        assert again.post("/api/reset").status == 200
        eventually(lambda: again.status().get("inputs") == ["input_1"])

    found = inspect_output(tmp_path / "recorded.mp4")
    assert found.video_pts_increase
    assert found.audio_is_contiguous
    assert found.video_frames >= recorded_before


def recording(path: Path) -> dict[str, object]:
    scene = {"root": {"type": "input_stream", "input_id": "input_1"}}
    return {
        "type": "mp4",
        "path": str(path),
        "video": {"resolution": {"width": 64, "height": 36}, "initial": scene},
        "audio": {"initial": {"inputs": [{"input_id": "input_1"}]}},
    }


def test_one_state_is_for_one_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    handle = snapshot.lock(state)
    try:
        refused = main(["--serve", "test:", "--port", "0", "--state", str(state)])
    finally:
        os.close(handle)

    assert refused == 2
    assert capsys.readouterr().err == f"snapshot {state}: another server uses it\n"
    os.close(snapshot.lock(state))


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (["--size", "64x36"], "state {}: it goes on, and --size does not count\n"),
        (["test:", "test:b"], "state {}: it goes on, and test: test:b does not count\n"),
        ([], ""),
    ],
)
def test_what_the_command_line_says_beside_a_state_that_goes_on_is_said_not_to_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: list[str], line: str
) -> None:
    state = tmp_path / "state"
    asked = parse(["--serve", "--state", str(state), *said])
    look_at(state, asked.said)
    assert capsys.readouterr().err == ""

    snapshot.save(state, {})
    look_at(state, asked.said)
    assert capsys.readouterr().err == line.format(state)


def test_a_state_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("nonsense")
    with command("--state", str(state)) as (child, client):
        assert client.status()["inputs"] == ["input_1"]
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=60)

    why = "is no snapshot, or its beginning is damaged"
    assert f"snapshot {state}: {why}; starting without, and keeping it as {state}.refused" in errors
    assert (tmp_path / "state.refused").read_text() == "nonsense"
