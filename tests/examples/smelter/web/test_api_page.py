"""What `API.md` tells is what the server does: its routes, its examples, its words."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import get_args

import pytest
from starlette.routing import Route, WebSocketRoute

from examples.smelter import complaints, events
from examples.smelter.control import Status
from examples.smelter.protocols.webrtc import OfferRefused
from examples.smelter.queue_words import QueueStats
from examples.smelter.requests import Settings
from examples.smelter.scene_json import scene_of
from examples.smelter.web import app, bodies
from examples.smelter.web.answers import complaint_of, event_of, status_of
from examples.smelter.web.api import Rules, change_of, image_of
from examples.smelter.web.gate import Gate
from tests.examples.smelter.films import RED, make_film

PAGE = (Path(app.__file__).parents[1] / "API.md").read_text("utf-8")

KINDS: dict[str, Callable[[object], object]] = {
    "input": lambda body: bodies.input_of("camera", body),
    "change": change_of,
    "track": bodies.track_of,
    "output": lambda body: bodies.output_of(body, Settings()),
    "update": bodies.update_of,
    "scene": scene_of,
    "image": image_of,
}
"""Who reads each kind of example."""

NEED_FFMPEG = ("srt_server", "rtmp_client")

EXAMPLES = re.findall(r"^```json (\w+)\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def words() -> set[str]:
    return {word for said in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"\w+", said)}


def test_every_route_is_told_and_no_other() -> None:
    told = set(re.findall(r"`(GET|POST|DELETE) (/[^`]*)`", PAGE))
    rules = Rules(Gate(frozenset()), Settings(), "smelter")
    there: set[tuple[str, str]] = set()
    for each in app.routes(rules):
        if isinstance(each, Route):
            there |= {(method, each.path) for method in (each.methods or set()) - {"HEAD"}}
        elif isinstance(each, WebSocketRoute):
            there.add(("GET", each.path))

    assert told == there


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_every_example_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, text: str
) -> None:
    if shutil.which("ffmpeg") is None and any(word in text for word in NEED_FFMPEG):
        pytest.skip("left out: no ffmpeg (apt-get install ffmpeg)")
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"\w+\.mp4", text):
        if name != "out.mp4":
            make_film(tmp_path / name, 0.5, RED)
    (tmp_path / "live.m3u8").touch()

    KINDS[kind](json.loads(text))


def test_there_is_an_example_of_everything_that_can_be_asked() -> None:
    assert {kind for kind, _ in EXAMPLES} == set(KINDS)
    for ask, kinds in (
        (lambda: bodies.input_of("a", {"type": "?"}), "input"),
        (lambda: bodies.output_of({"type": "?"}, Settings()), "output"),
    ):
        with pytest.raises(complaints.SpecRefused) as refused:
            ask()
        known = refused.value.accepted.removeprefix("one of ").split(", ")
        shown = [json.loads(text)["type"] for kind, text in EXAMPLES if kind == kinds]
        assert sorted({*shown, "preview"}) == sorted({*known, "preview"})
    with pytest.raises(complaints.SceneRefused) as scene:
        scene_of({"type": "?"})
    assert set(scene.value.accepted.removeprefix("one of ").split(", ")) <= words()


@pytest.mark.parametrize("event", get_args(events.Event))
def test_every_event_is_told_with_what_it_holds(event: Callable[..., events.Event]) -> None:
    values = {"media": "video", "at": 1, "length": 1, "pts": 1}
    found = event_of(event(**{name: values.get(name, "x") for name in signature(event).parameters}))

    assert {str(found["type"]), *found} <= words()


@pytest.mark.parametrize(
    "error",
    [
        *(make(kind, "x") for make in (complaints.AlreadyRegistered, complaints.NotRegistered)
          for kind in ("input", "output", "image")),
        complaints.SceneRefused("scene", 1, "x"),
        complaints.SpecRefused("path", 1, "x"),
        complaints.InputRefused("x", "y"),
        complaints.OutputRefused("x", "y"),
        complaints.ImageRefused("x", "y"),
        complaints.TooLate(1),
        OfferRefused("place", "x"),
        complaints.RequestRefused("x"),
        ValueError("x"),
    ],
    ids=repr,
)  # fmt: skip
def test_every_code_of_an_error_is_told_with_its_status(error: Exception) -> None:
    complaint = complaint_of(error)
    code = str(complaint.json["error_code"])
    lines = [line for line in PAGE.splitlines() if f"`{code}`" in line]

    assert any(str(complaint.status) in line for line in lines)
    assert set(complaint.json) <= words()


def test_every_part_of_the_status_is_told() -> None:
    found = status_of(Status(QueueStats(), (), (), (), (), (), {}, {}))

    counted = found["queue"]
    assert isinstance(counted, dict)
    inputs = {name for name in counted if name.endswith("_inputs")}
    assert set(found) | inputs <= words()
