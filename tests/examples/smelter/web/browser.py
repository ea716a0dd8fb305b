"""A headless browser for the tests: Debian's Chromium, driven through its own WebDriver.

Source: https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from examples.smelter.protocols.addresses import free_port
from tests.examples.smelter.web.clients import Json

needs_browser = pytest.mark.skipif(
    shutil.which("chromium") is None or shutil.which("chromedriver") is None,
    reason="left out: no browser (apt-get install chromium chromium-driver)",
)

FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1400,1000", "--hide-scrollbars"),
    "--autoplay-policy=no-user-gesture-required",
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30"),
]


@dataclass(frozen=True, slots=True)
class Browser:
    """One window."""

    port: int
    session: str

    def ask(self, method: str, path: str, body: object = None) -> Json:
        """Ask the driver; what it complains of is an error."""
        return _ask(self.port, method, f"/session/{self.session}{path}", body)

    def open(self, url: str) -> None:
        """Go to a page."""
        self.ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: object) -> Json:
        """Run the body of a function in the page; what it promises is waited for."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def screenshot(self, path: Path) -> None:
        """Keep what is to be seen."""
        path.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def log(self) -> list[Json]:
        """Return what the page has said to the console."""
        found: list[Json] = self.ask("POST", "/se/log", {"type": "browser"})
        return found


def _ask(port: int, method: str, path: str, body: object = None) -> Json:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = None if method == "GET" else json.dumps(body or {})
        connection.request(method, path, data, {"Content-Type": "application/json"})
        found = json.loads(connection.getresponse().read())["value"]
    finally:
        connection.close()
    if isinstance(found, dict) and "error" in found:
        raise AssertionError(f"{found['error']}: {found['message'][:500]}")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser, and end it."""
    port = free_port()
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        try:
            options = {
                "binary": shutil.which("chromium"),
                "args": [*FLAGS, f"--user-data-dir={profile}"],
            }
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            body = {"capabilities": {"alwaysMatch": wanted}}
            _wait_for(port)
            session = _ask(port, "POST", "/session", body)["sessionId"]
            yield Browser(port, session)
            _ask(port, "DELETE", f"/session/{session}")
        finally:
            driver.terminate()
            driver.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            _ask(port, "GET", "/status")
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
