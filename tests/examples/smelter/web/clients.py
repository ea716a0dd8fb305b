"""A server on a pipeline for the tests, and a client that says what came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from typing import Any, TypeAlias

from actors import Runtime, telemetry
from examples.smelter.web.serve import Asked, parse, serve
from examples.smelter.web.server import open_door

Json: TypeAlias = Any
"""What a JSON parser gives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks a server."""

    port: int
    token: str | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def ask(
        self, path: str, body: object = None, method: str | None = None, **headers: str
    ) -> Answer:
        """Ask, with a body by POST; again, if the server is killed while it is asked."""
        try:
            return self._ask(path, body, method, **headers)
        except (RemoteDisconnected, ConnectionResetError):
            return self._ask(path, body, method, **headers)

    def _ask(self, path: str, body: object, method: str | None, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            named.setdefault("Content-Type", "application/json")
        if self.token is not None:
            named["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, data, named)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def post(self, path: str, body: object = None) -> Answer:
        """Ask for a change."""
        return self.ask(path, {} if body is None else body)

    def status(self) -> Json:
        """Return what there is."""
        return self.ask("/status").json

    def processes(self) -> dict[str, str]:
        """Return the pid of each process of the tree, by id."""
        found: dict[str, str] = {}

        def walk(node: Json) -> None:
            found[node["id"]] = node["pid"]
            for child in node["children"]:
                walk(child)

        walk(self.ask("/api/tree").json)
        return found


def eventually(holds: Callable[[], object], within: float = 60.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.05)


@contextmanager
def serving(*argv: str) -> Iterator[Client]:
    """Serve a pipeline of small pictures, from a thread of its own."""
    asked: Asked = parse(["--serve", "--size", "64x36", "--port", "0", *argv])
    runtime = Runtime(held=None)
    ended = threading.Event()
    reporter = telemetry.set_reporter(None)
    with open_door(asked.host, asked.port) as door:
        port = door.getsockname()[1]

        def run() -> None:
            try:
                runtime.run(serve, asked, door.fileno(), port)
            finally:
                ended.set()

        thread = threading.Thread(target=run, name="serving", daemon=True)
        thread.start()
        try:
            client = Client(port, asked.token)
            eventually(lambda: client.status()["queue"]["ticks"] > 0, 30)
            yield client
        finally:
            runtime.stop()
            assert ended.wait(60), "it did not end"
            thread.join(5)
            telemetry.set_reporter(reporter)


def listening(port: int) -> set[str]:
    """Return the addresses, as Linux writes them, on which somebody listens at a port."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    found = [line.split() for line in lines]
    return {
        each[1].split(":")[0]
        for each in found
        if each[3] == "0A" and int(each[1].split(":")[1], 16) == port
    }
