"""The recipes at work: what they promise, in requests, cells and tests."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import httpx2 as httpx
import nbformat
import pytest
from nbclient import NotebookClient
from starlette.applications import Starlette
from starlette.testclient import TestClient

from actors import GenServer, Reply, call, process
from actors.asyncio_bridge import as_process
from examples.__main__ import main as examples
from examples.recipes import django_app, fastapi_app, starlette_app

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "recipes"


class Gate(GenServer[None]):
    """Slow for as long as one likes: a call waits until somebody opens."""

    @call
    def cook(self, state: None, dish: str) -> Reply[str, None]:
        process.set_label("cooking")
        process.receive(lambda message: message == "open")
        return Reply(f"{dish} is ready")


async def is_cooking() -> bool:
    pid = process.whereis("kitchen")
    info = None if pid is None else process.info(pid)
    return info is not None and info.label == "cooking"


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


def go(main: Callable[[], Coroutine[object, object, object]]) -> object:
    return asyncio.run(main())


def test_a_handler_awaits_a_process_of_the_tree() -> None:
    async def main() -> list[object]:
        async with served(starlette_app.app) as client:
            return [(await client.get("/hits")).json() for _ in range(2)]

    assert go(main) == [{"hits": 1}, {"hits": 2}]


def test_the_tree_is_gone_when_the_server_has_ended() -> None:
    async def main() -> object:
        async with served(starlette_app.app):
            pid = process.whereis("hits")
        return pid is not None and process.whereis("hits") is None

    assert go(main)


def test_a_process_that_crashed_serves_the_next_request() -> None:
    async def main() -> list[object]:
        async with served(starlette_app.app) as client:
            codes = [(await client.get("/hits")).status_code]
            codes.append((await client.post("/forget")).status_code)
            while (answer := await client.get("/hits")).status_code == 503:
                await asyncio.sleep(0)  # its supervisor is at work
            return [*codes, answer.json()]

    assert go(main) == [200, 202, {"hits": 1}]


def test_requests_are_served_while_another_waits_for_a_slow_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starlette_app, "Kitchen", Gate)

    async def main() -> list[object]:
        said: list[object] = []

        async def cooks() -> None:
            said.append((await client.get("/cook/soup")).json())

        async with served(starlette_app.app) as client:
            cooking = asyncio.create_task(cooks())
            while not await is_cooking():
                await asyncio.sleep(0)
            said += [(await client.get("/hits")).json() for _ in range(3)]
            await as_process(process.send, "kitchen", "open")
            await cooking
        return said

    assert go(main) == [{"hits": 1}, {"hits": 2}, {"hits": 3}, {"kitchen": "soup is ready"}]


def test_a_request_that_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starlette_app, "Kitchen", Gate)
    monkeypatch.setattr(starlette_app, "PATIENCE", 0.0)

    async def main() -> int:
        async with served(starlette_app.app) as client:
            return (await client.get("/cook/soup")).status_code

    assert go(main) == 503


def test_a_websocket_stands_for_a_process_with_mail() -> None:
    with TestClient(fastapi_app.app) as client, client.websocket_connect("/listen") as socket:
        assert socket.receive_text() == "listening"
        assert client.post("/board/hello").json() == 1
        assert socket.receive_text() == "hello"
        assert client.get("/board").json() == ["hello"]


def test_views_of_django_await_or_wait() -> None:
    async def main() -> list[object]:
        async with served(django_app.application) as client:
            return [(await client.get(f"/{each}/")).json() for each in ("async", "plain")]

    assert go(main) == [{"hits": 1}, {"hits": 2}]


def test_a_notebook_awaits_and_waits(tmp_path: Path) -> None:
    document, *cells = re.split(
        r"^# %%$", (RECIPES / "notebook.py").read_text("utf-8"), flags=re.MULTILINE
    )
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells]  # type: ignore[no-untyped-call]
    )

    NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(ROOT))

    shown = [
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.outputs
        if "data" in output
    ]
    assert document.startswith('"""A notebook')
    assert shown == ["1", "2"]


def test_the_fixtures_of_the_recipe_work_in_a_plain_pytest() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            RECIPES / "pytest_fixtures.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 passed" in run.stdout


def test_the_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert examples(["recipes"]) == 0

    shown = capsys.readouterr().out
    for module in (starlette_app, fastapi_app, django_app):
        assert isinstance(module, ModuleType)
        assert f"{module.__name__.rpartition('.')[2]}.py" in shown
