"""The page in a browser: what it shows, what its buttons do, and what hostile names cannot do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from examples.smelter.protocols.addresses import free_port
from tests.examples.smelter.web.browser import Browser, browser, needs_browser
from tests.examples.smelter.web.clients import Client, Json, eventually, serving

pytestmark = needs_browser

HOSTILE = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    '"><svg onload=window.ran=1>',
    "javascript:window.ran=1//",
    "</textarea><script>window.ran=1</script>",
    "{{constructor.constructor('window.ran=1')()}}",
    "&lt;b&gt; \u202e\u2066 é 🙂",
]

PRESSES, HEARD = 5, 15.0
"""How often a button is pressed, and for how many seconds each time it is waited for what comes of it."""

COLOUR = """
const shown = document.getElementById("preview");
if (!shown.naturalWidth) return null;  // nothing has come yet
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const pen = canvas.getContext("2d");
pen.drawImage(shown, shown.naturalWidth / 2, shown.naturalHeight / 2, 1, 1, 0, 0, 1, 1);
return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
"""

ROW = """
const row = [...document.querySelectorAll(".process")].find((one) => one.dataset.id === arguments[0]);
return row ? { pid: row.dataset.pid, text: row.textContent, back: row.classList.contains("back") } : null;
"""

PRESS = """
[...document.querySelectorAll(".process")].find((one) => one.dataset.id === arguments[0])
  ?.querySelector("button")?.click();
"""

WRITE = """
document.getElementById("scene").value = arguments[0];
document.querySelector("#scene-form button").click();
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("test:left", "test:right", "--size", "320x180") as found:
        yield found


@pytest.fixture(scope="module")
def page(client: Client) -> Iterator[Browser]:
    with browser() as found:
        found.open(client.url)
        eventually(
            lambda: found.run("return document.getElementById('preview').naturalWidth") == 320
        )
        yield found


def row(page: Browser, id: str) -> dict[str, str]:
    found: Json = page.run(ROW, id)
    return found or {"pid": "", "text": ""}


def kill(page: Browser, id: str) -> None:
    """Press the button of a process, and again if a server that is on its way back has not heard of it."""
    eventually(lambda: row(page, id)["pid"])
    before = row(page, id)["pid"]
    for _ in range(PRESSES):
        page.run(PRESS, id)
        with suppress(AssertionError):
            eventually(lambda: row(page, id)["pid"] != before, within=HEARD)
            return
    pytest.fail(f"nobody has heard that {id} is to be killed")


def test_the_page_shows_the_tree_the_preview_and_the_scene(client: Client, page: Browser) -> None:
    for id, pid in client.processes().items():
        eventually(lambda: row(page, id)["pid"] == pid)  # noqa: B023 - called at once
    scene = page.run("return document.getElementById('scene').value")
    assert '"type"' in scene
    assert page.run("return document.getElementById('connection').textContent") == "connected"


@pytest.mark.parametrize(
    "victim", ["source input_1", "compositor", "mixer", "queue", "preview preview", "stage", "web"]
)
def test_a_button_kills_a_process_and_it_comes_back(page: Browser, victim: str) -> None:
    eventually(lambda: row(page, victim)["pid"])
    before = row(page, victim)["pid"]
    kill(page, victim)

    eventually(lambda: row(page, victim)["pid"] not in {before, ""})
    eventually(lambda: "back \u00d7" in row(page, victim)["text"])
    eventually(
        lambda: page.run("return document.getElementById('connection').textContent == 'connected'")
    )


FILM = """
const film = document.getElementById("film");
return film.hidden || film.paused ? 0 : film.videoWidth;
"""


def test_the_preview_is_heard_when_it_is_asked_for_and_comes_back_by_itself(page: Browser) -> None:
    page.run("document.getElementById('listen').click()")
    eventually(lambda: page.run(FILM) == 320)
    page.run("window.before = watching")
    kill(page, "viewers preview")
    is_new = "return watching !== window.before && watching?.connectionState === 'connected'"
    eventually(lambda: page.run(is_new))
    eventually(lambda: page.run(FILM) == 320)

    page.run("document.getElementById('listen').click()")
    eventually(lambda: page.run("return document.getElementById('preview').naturalWidth") == 320)
    assert page.run(FILM) == 0


def test_the_page_shows_how_fast_pictures_come_who_died_and_what_is_connected(
    client: Client, page: Browser
) -> None:
    # A death that comes while the page still asks what was before its time is taken for one of those.
    page.run("window.isRecalled = false; recalled.then(() => { window.isRecalled = true; });")
    eventually(lambda: page.run("return window.isRecalled"))
    kill(page, "assets")
    eventually(lambda: page.run("return document.querySelectorAll('#deaths line').length") > 0)
    eventually(lambda: page.run("return document.getElementById('rate').points.length") > 3)

    body = {"type": "rtmp_server", "port": free_port(), "app": "a", "stream_key": "b"}
    assert client.post("/api/input/camera/register", body).status == 200
    links = "return document.getElementById('links').textContent"
    eventually(lambda: "camerawaits for the other end" in page.run(links))
    assert "input_1runs" in page.run(links)
    assert client.post("/api/input/camera/unregister").status == 200


def test_the_first_deaths_of_a_page_stay_when_its_connection_is_back(page: Browser) -> None:
    recalled = "window.isRecalled = false; recalled.then(() => { window.isRecalled = true; });"
    page.run(recalled)
    eventually(lambda: page.run("return window.isRecalled"))
    kill(page, "assets")
    eventually(lambda: page.run("return deaths.length") > 0)
    # As if the page had heard of nobody before: then a connection that is back is what tells of them.
    page.run("heard = 0; recalled = recall();" + recalled)
    eventually(lambda: page.run("return window.isRecalled"))

    assert page.run("return deaths.length") > 0


def test_one_after_the_other_is_killed_for_as_long_as_that_is_wanted(page: Browser) -> None:
    killed = "return document.getElementById('events').textContent.split('is killed').length"
    before = page.run(killed)
    # Always the first of them: one output that is hit four times in a few seconds would be given up.
    page.run("window.chance = Math.random; Math.random = () => 0;")
    page.run("document.getElementById('storm').click()")
    eventually(lambda: page.run(killed) >= before + 2)
    page.run("document.getElementById('storm').click(); Math.random = window.chance;")

    assert page.run("return document.getElementById('storm').ariaPressed") == "false"
    eventually(lambda: page.run("return [...document.querySelectorAll('.dead')].length") == 0)


def test_a_scene_that_is_written_is_shown(page: Browser) -> None:
    def is_green() -> bool:
        # Again, because who was killed by another test may not be back yet.
        page.run(WRITE, '{"type": "view", "background_color": "#00FF00"}')
        colour = page.run(COLOUR)
        return colour is not None and colour[0] < 40 and colour[1] > 215 and colour[2] < 40

    eventually(is_green)


def test_pictures_go_on_when_the_server_has_died(client: Client, page: Browser) -> None:
    for colour, wanted in (("#FF0000", 0), ("#0000FF", 2)):

        def is_shown() -> bool:
            root = {"type": "view", "background_color": colour}  # noqa: B023 - called at once
            client.post("/api/output/preview/update", {"video": {"root": root}})
            found = page.run(COLOUR)
            return found is not None and found.index(max(found)) == wanted and max(found) > 215  # noqa: B023

        eventually(is_shown)
        pid = client.processes()["web"]
        client.post("/api/kill", {"pid": pid})
        eventually(lambda: client.processes().get("web", "") not in {pid, ""})  # noqa: B023


def test_what_is_wrong_with_a_scene_is_said_beside_it(page: Browser) -> None:
    said = "return document.getElementById('scene-said').textContent"

    def is_said() -> bool:
        page.run(WRITE, '{"type": "view", "colour": 1}')
        return "video.root.colour" in page.run(said)

    eventually(is_said)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_and_no_scene_runs_as_a_script(
    client: Client, page: Browser, tmp_path: Path, name: str
) -> None:
    text = {"type": "text", "text": name, "font_size": 20}
    client.post("/api/output/preview/update", {"video": {"root": text}})
    refused = client.post(
        "/api/output/preview/update", {"video": {"root": {"type": "view", name: name}}}
    )
    assert refused.status == 400
    client.post("/api/input/clip/register", {"type": "mp4", "path": f"/nowhere/{name}"})
    page.run(WRITE, '{"type": "view", ' + repr(name).replace("'", '"') + ": 1}")
    page.open(client.url)
    eventually(lambda: row(page, "queue")["pid"])

    assert page.run("return window.ran === undefined")


def test_a_hostile_id_is_text(client: Client, page: Browser) -> None:
    from urllib.parse import quote

    for number, name in enumerate(HOSTILE):
        body = {"type": "rtmp_server", "port": 20000 + number, "app": "a", "stream_key": "b"}
        path = f"/api/input/{quote(name, safe='')}"
        answer = client.post(f"{path}/register", body)
        if answer.status != 200:
            continue
        id = f"source {name}"
        eventually(lambda: row(page, id)["pid"])  # noqa: B023 - called at once
        assert id in row(page, id)["text"]
        assert client.post(f"{path}/unregister").status == 200
    assert page.run("return window.ran === undefined")


def test_a_thousand_hostile_names_are_text(page: Browser) -> None:
    names = [f"{HOSTILE[n % len(HOSTILE)]} {n} {chr(0x20 + n % 95)}" for n in range(1000)]
    nodes = [
        {"id": name, "pid": name, "kind": name, "restarts": n, "children": []}
        for n, name in enumerate(names)
    ]
    tree = {"id": "x", "pid": "y", "kind": "supervisor", "restarts": 0, "children": nodes}
    page.run(
        "draw(arguments[0]); for (const one of arguments[1]) told({ type: one, a: one });",
        tree,
        names,
    )
    page.run(
        "for (const one of arguments[0]) told({ type: 'PROCESS', id: one, what: one, why: one });",
        names,
    )

    assert page.run("return window.ran === undefined")
    assert (
        page.run("return document.querySelectorAll('#tree img, #tree script, #events img').length")
        == 0
    )


def test_nothing_was_asked_of_anybody_else_and_nothing_was_refused(
    client: Client, page: Browser
) -> None:
    names = page.run("return performance.getEntriesByType('resource').map((one) => one.name)")

    assert names
    assert all(name.startswith(client.url) for name in names)
    page.log()
    page.open(client.url)
    eventually(lambda: row(page, "queue")["pid"])
    severe = [line for line in page.log() if line["level"] == "SEVERE"]
    assert severe == []


def test_the_screenshot_can_be_kept(page: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("SMELTER_SCREENSHOTS", tmp_path))
    page.screenshot(folder / "page.png")

    assert (folder / "page.png").stat().st_size > 10_000
