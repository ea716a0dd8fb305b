"""What was asked for as the bytes of a file: it comes back equal, or is refused in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.smelter import snapshot
from examples.smelter.apart import Apart
from examples.smelter.complaints import SnapshotRefused
from examples.smelter.encode import Encoding
from examples.smelter.media import FileSupply, probe
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.muxer import check_output
from examples.smelter.offsets import Floating
from examples.smelter.protocols.rtmp import RtmpSupply
from examples.smelter.requests import (
    AllOf,
    AudioPart,
    InputPlan,
    InputSpec,
    OutputPlan,
    OutputSpec,
    TrackPlan,
    VideoPart,
)
from examples.smelter.scene import Image, Input, Rescaler, View, tiles_of
from examples.smelter.seek import SeekSupply
from examples.smelter.sinks import FileSink
from examples.smelter.wire import PauseInput


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Box:
    """A value of any kind."""

    inside: object


def shade(*of: object) -> None:
    """Stand for a shader."""


def table(folder: Path) -> dict[snapshot.Key, object]:
    supply = FileSupply(probe("test:left"))
    tracks = (
        TrackPlan(2, Apart(SeekSupply(supply, 10**9)), Floating(), 7),
        TrackPlan(3, RtmpSupply(1935, "live", "key"), Floating(), 9, cuts_in=True),
    )
    scene = View(children=(Rescaler(Input("a")), Image("logo"), tiles_of(("a", "b"))))
    sink = FileSink(check_output(str(folder / "film.mp4")), Encoding(64, 36, Fraction(30)))
    spec = OutputSpec(
        sink,
        VideoPart(64, 36, scene, AllOf(("a",))),
        AudioPart(OutputMix((InputVolume("a", 0.5),), "mono")),
    )
    return {
        ("input", "a"): InputPlan("a", InputSpec(supply, required=True), 5, tracks),
        ("output", "film"): OutputPlan("film", spec),
        ("image", "logo"): b"\x89PNG\0\xff",
        ("scene", "film"): {"type": "view", "children": [{"width": 1.5}, None, True]},
        ("shader", "shade"): shade,
        ("pipeline", "schedule"): ((10**18 + 1, PauseInput("a")),),
        "smelter.muxer.film": "begun",
    }


def saved(path: Path, entries: dict[snapshot.Key, object]) -> Path:
    snapshot.save(path, entries)
    return path


def test_everything_that_can_be_asked_for_comes_back_equal(tmp_path: Path) -> None:
    asked = table(tmp_path)
    path = saved(tmp_path / "state", asked)

    assert snapshot.read(path) == asked
    assert list(snapshot.read(path) or ()) == list(asked)
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.iterdir()] == ["state"]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.fractions()
    | st.just(Colour.RED)
    | st.just(shade)
    | st.builds(Path, st.just("a/b")),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner)
        | st.frozensets(st.integers(), max_size=1)
        | inner.map(Box)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text() | st.tuples(st.text(), st.text()), values))
def test_any_value_comes_back_equal_and_of_its_kind(entries: dict[snapshot.Key, object]) -> None:
    again = snapshot.parsed(snapshot.written(entries))

    assert again == entries
    assert repr(again) == repr(entries)


@given(st.data())
def test_no_damage_goes_unnoticed(data: st.DataObject) -> None:
    whole = snapshot.written({("input", "a"): Box(("words", 1, b"bytes"))})
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    spoilt = bytearray(whole)
    spoilt[place] ^= bit
    cut = whole[:place]

    for content in (bytes(spoilt), cut):
        with pytest.raises(ValueError, match=r"damaged|format"):
            snapshot.parsed(content)


def test_what_has_no_name_is_left_out_and_the_rest_is_kept() -> None:
    entries: dict[snapshot.Key, object] = {"a": lambda: None, "b": Box(object()), "c": 1}

    assert snapshot.parsed(snapshot.written(entries)) == {"c": 1}


def sealed(body: object, **about: object) -> bytes:
    text = json.dumps(body).encode()
    head = {"format": snapshot.FORMAT, "sha256": sha256(text).hexdigest(), **about}
    return json.dumps(head).encode() + b"\n" + text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no snapshot"),
        (b"\x00\x01", "no snapshot"),
        (b"[]\n[]", "no snapshot"),
        (sealed([], format=2), "has format 2, accepted is 1"),
        (sealed([], sha256="00"), "its checksum is another one"),
        (sealed([[7, None]]), "a key of no kind"),
        (sealed([["a", {"$": "pickle", "of": ""}]]), "a value of no kind: 'pickle'"),
        (sealed([["a", {"$": "value", "of": ["os:system", {}]}]]), "no kind of value"),
        (sealed([["a", {"$": "value", "of": ["antigravity:x", {}]}]]), "which is not here"),
        (sealed([["a", {"$": "function", "of": "subprocess:Popen"}]]), "which is no function"),
        (sealed([["a", {"$": "value", "of": [f"{__name__}:Box", {}]}]]), "cannot be made"),
        (sealed([["a", {"$": "fraction", "of": "1/0"}]]), "Fraction"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_that_says_why(
    tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SnapshotRefused) as refused:
        snapshot.read(path)

    assert why in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "state", {})
    path.chmod(0o666)

    with pytest.raises(SnapshotRefused, match="chmod 600"):
        snapshot.read(path)


def test_there_may_be_no_file_yet(tmp_path: Path) -> None:
    assert snapshot.read(tmp_path / "state") is None


def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = saved(tmp_path / "state", {"a": 1})
    (tmp_path / ".state.new").mkdir()

    with pytest.raises(OSError, match="state"):
        snapshot.save(path, {"a": 2})

    assert snapshot.read(path) == {"a": 1}
