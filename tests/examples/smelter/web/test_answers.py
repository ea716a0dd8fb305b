"""Complaints and states as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.smelter.complaints import (
    InputRefused,
    MediaError,
    OptionRefused,
    SpecRefused,
    TooLate,
)
from examples.smelter.control import Status
from examples.smelter.media import probe
from examples.smelter.protocols.hls import HlsSupply
from examples.smelter.protocols.outlet import HlsTarget
from examples.smelter.queue_words import QueueStats
from examples.smelter.sessions import Link
from examples.smelter.web.answers import complaint_of, status_of


def said(error: MediaError) -> str:
    return str(complaint_of(error).json["message"])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SpecRefused("path", None, "a text"), "path: is missing; accepted is a text"),
        (SpecRefused("loop", [True, None], "a"), "loop: [true, null] is not a"),
        (SpecRefused("root", {"a": None}, "a"), 'root: {"a": null} is not a'),
        (SpecRefused("width", float("nan"), "a"), "width: nan is not a"),
        (OptionRefused("port", 5005, "an even port"), "port: 5005 is not an even port"),
        (TooLate(123_456_789_000_000), "time 123456789 ms: has passed"),
    ],
)
def test_a_complaint_speaks_the_language_of_json(error: MediaError, message: str) -> None:
    assert said(error).startswith(message)
    json.dumps(complaint_of(error).json)


def test_what_is_wrong_with_a_url_or_a_path_is_said() -> None:
    with pytest.raises(OptionRefused) as url:
        HlsSupply("not a url")
    with pytest.raises(OptionRefused) as folder:
        HlsTarget("/nowhere/live.m3u8")
    with pytest.raises(OptionRefused) as suffix:
        HlsTarget("live.mp4")
    with pytest.raises(InputRefused) as nothing:
        probe("")

    assert said(url.value) == "url: 'not a url' is not an http URL, or the path of a playlist"
    assert said(folder.value).endswith(f"there is no folder {Path('/nowhere')}")
    assert said(suffix.value) == "path: 'live.mp4' is not a path that ends in .m3u8"
    assert said(nothing.value) == "input '': no file can have this name"


def test_why_a_connection_was_lost_is_said_until_there_is_one_again() -> None:
    links = {state: Link(state, 2, "has hung up") for state in ("trying", "up", "lost")}
    found = status_of(Status(QueueStats(), (), (), (), (), (), links, {}))["links"]

    assert isinstance(found, dict)
    assert {state: link["why"] for state, link in found["inputs"].items()} == {
        "trying": "has hung up",
        "up": "",
        "lost": "has hung up",
    }
