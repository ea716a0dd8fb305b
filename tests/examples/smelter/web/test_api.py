"""The HTTP API, asked over real connections of a pipeline that runs."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import av
import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from examples.smelter.inspection import inspect_output
from examples.smelter.protocols.addresses import free_port
from examples.smelter.web.gated import HEADERS
from examples.smelter.web.serve import main
from tests.examples.smelter.films import RED, make_film
from tests.examples.smelter.web.clients import Answer, Client, Json, eventually, listening, serving

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is to be refused
SIZE = {"width": 64, "height": 36}
SCENE: dict[str, Json] = {"type": "view", "background_color": "#FF0000"}
VIDEO = {"resolution": SIZE, "initial": {"root": SCENE}}
PYTHON = r"\b(None|True|False)\b|\de\+\d"
"""What says nothing to who writes JSON."""
AUDIO = {"initial": {"inputs": [{"input_id": "input_1", "volume": 0.5}]}}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("test:left") as found:
        yield found


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return make_film(tmp_path / "film.mp4", 0.5, RED)


def test_an_input_comes_and_goes(client: Client, film: Path) -> None:
    body = {"type": "mp4", "path": str(film), "loop": True, "seek_ms": 200, "required": False}
    registered = client.post("/api/input/clip/register", body)

    assert registered.status == 200
    assert registered.json == {"video_duration_ms": 500, "audio_duration_ms": 500}
    assert "clip" in client.status()["inputs"]
    assert "source clip" in client.processes()

    assert client.post("/api/input/clip/update", {"pause": True}).status == 200
    assert client.post("/api/input/clip/update", {"pause": False}).status == 200
    assert client.post("/api/input/clip/update", {"seek_ms": 300, "pause": True}).status == 200
    refused = client.post("/api/input/clip/update", {"seek_ms": 500})
    assert (refused.status, "seek_ms: 500" in refused.json["message"]) == (400, True)
    assert client.post("/api/input/clip/unregister").json == {}
    eventually(lambda: "clip" not in client.status()["inputs"])
    eventually(lambda: "source clip" not in client.processes())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "type"),
        ([], "body"),
        ({"type": "tape"}, "type"),
        ({"type": "mp4"}, "path"),
        ({"type": "mp4", "path": "/nowhere.mp4"}, "path"),
        ({"type": "mp4", "path": 7}, "path"),
        ({"type": "mp4", "path": ""}, "path"),
        ({"type": "mp4", "path": "FILM", "lop": True}, "lop"),
        ({"type": "mp4", "path": "FILM", "loop": "yes"}, "loop"),
        ({"type": "mp4", "path": "FILM", "seek_ms": 500}, "seek_ms"),
        ({"type": "mp4", "path": "FILM", "offset_ms": -1}, "offset_ms"),
        ({"type": "mp4", "path": "FILM", "required": 1}, "required"),
        ({"type": "rtmp_server", "app": "live"}, "stream_key"),
        ({"type": "rtmp_server", "app": "a b", "stream_key": "x"}, "app"),
        ({"type": "rtmp_server", "app": "a", "stream_key": "x?listen=0"}, "stream_key"),
        ({"type": "rtmp_server", "port": 80, "app": "a", "stream_key": "x"}, "port"),
        ({"type": "rtmp_server", "app": "a", "stream_key": "x", "host": "localhost"}, "host"),
        ({"type": "rtmp_server", "app": "a", "stream_key": "x", "host": EVERYWHERE}, "host"),
        ({"type": "srt_server", "port": 9000, "host": "192.0.2.1"}, "host"),
        ({"type": "hls", "url": "http://a/b.m3u8", "host": "127.0.0.1"}, "host"),
        ({"type": "rtp_stream", "port": 5005, "video": {}}, "port"),
        ({"type": "rtp_stream", "port": 5004, "video": {"codec": "mpeg1"}}, "video.codec"),
        ({"type": "rtp_stream", "port": 5004}, "video"),
        (
            {"type": "rtp_stream", "audio": {"codec": "aac", "audio_specific_config": "no"}},
            "audio.audio_specific_config",
        ),
        (
            {"type": "rtp_stream", "audio": {"codec": "opus", "audio_specific_config": "1190"}},
            "audio.audio_specific_config",
        ),
        ({"type": "rtp_stream", "port": True, "video": {}}, "port"),
        ({"type": "hls", "url": "ftp://a/b.m3u8"}, "url"),
        ({"type": "hls", "url": "/nowhere.m3u8"}, "url"),
        ({"type": "srt_server", "port": 1}, "port"),
        ({"type": "whip_server", "bearer_token": "short"}, "bearer_token"),
        ({"type": "whip_server", "video": False, "audio": False}, "video"),
    ],
)
def test_each_error_of_an_input_names_its_field_and_leaves_nothing(
    client: Client, film: Path, body: Json, field: str
) -> None:
    if isinstance(body, dict) and body.get("path") == "FILM":
        body = {**body, "path": str(film)}
    answer = client.post("/api/input/bad/register", body)

    assert answer.status == 400, answer.json
    assert answer.json["field"] == field
    assert not re.search(PYTHON, answer.json["message"])
    assert "bad" not in client.status()["inputs"]
    assert not [id for id in client.processes() if "bad" in id]


@pytest.mark.parametrize("secret", ["0123456789" * 200, ["0123456789abcdef"], "01234"])
def test_no_complaint_of_a_token_repeats_it(client: Client, secret: Json) -> None:
    for path, body in (
        ("/api/input/bad/register", {"type": "whip_server"}),
        ("/api/output/bad/register", {"type": "preview", "video": VIDEO}),
    ):
        refused = client.post(path, {**body, "bearer_token": secret})
        assert (refused.status, refused.json["field"]) == (400, "bearer_token")
        assert b"0123" not in refused.body


def test_an_output_is_written_and_complete_when_it_is_unregistered(
    client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "out.mp4"
    body = {"type": "mp4", "path": str(path), "video": VIDEO, "audio": AUDIO}
    assert client.post("/api/output/file/register", body).status == 200
    ticks = client.status()["queue"]["ticks"]
    eventually(lambda: client.status()["queue"]["ticks"] > ticks + 30)
    assert client.post("/api/output/file/unregister").status == 200

    eventually(path.exists)
    found = inspect_output(str(path))
    # A busy machine leaves pictures out, and no sample.
    assert found.audio_samples >= 20 * 1600
    assert found.video_frames > 0
    assert found.video_pts_increase
    assert found.audio_is_contiguous
    eventually(lambda: "file" not in client.status()["outputs"])


def test_a_file_may_have_pictures_alone_or_sound_alone(client: Client, tmp_path: Path) -> None:
    parts: dict[str, dict[str, Json]] = {"video": {"video": VIDEO}, "audio": {"audio": AUDIO}}
    for media, part in parts.items():
        body = {"type": "mp4", "path": str(tmp_path / f"{media}.mp4"), **part}
        assert client.post(f"/api/output/{media}/register", body).status == 200
    for media in parts:
        # Written down as soon as there is a fragment; whoever is killed meanwhile is replaced.
        part_file = tmp_path / f"{media}.part.mp4"
        eventually(lambda: part_file.exists() and part_file.stat().st_size > 0)  # noqa: B023
        client.post("/api/kill", {"pid": client.processes()[f"muxer {media}"]})
    ticks = client.status()["queue"]["ticks"]
    eventually(lambda: client.status()["queue"]["ticks"] > ticks + 15)
    for media in parts:
        assert client.post(f"/api/output/{media}/unregister").status == 200
    for media in parts:
        path = tmp_path / f"{media}.mp4"
        eventually(path.exists)
        with av.open(str(path)) as container:
            assert [stream.type for stream in container.streams] == [media]
            assert next(container.decode(container.streams[0])) is not None


def test_an_id_may_be_used_again(client: Client, film: Path, tmp_path: Path) -> None:
    playing = {"type": "VIDEO_INPUT_PLAYING", "input_id": "again"}
    for number in range(2):
        path = tmp_path / f"{number}.mp4"
        body = {"type": "mp4", "path": str(path), "video": VIDEO, "audio": AUDIO}
        with events_of(client) as socket:
            client.post(
                "/api/input/again/register", {"type": "mp4", "path": str(film), "loop": True}
            )
            while json.loads(socket.recv(timeout=20)) != playing:
                pass
            assert client.post("/api/output/again/register", body).status == 200
            ticks = client.status()["queue"]["ticks"]
            eventually(lambda: client.status()["queue"]["ticks"] > ticks + 15)  # noqa: B023
        assert client.post("/api/output/again/unregister").status == 200
        assert client.post("/api/input/again/unregister").status == 200
        eventually(path.exists)
        eventually(lambda: "again" not in client.status()["outputs"])
        eventually(lambda: "source again" not in client.processes())
        assert inspect_output(str(path)).audio_samples >= 10 * 1600


TWICE = "audio.initial.inputs[1].input_id"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "mp4"}, "video"),
        ({"type": "cinema", "video": VIDEO}, "type"),
        ({"type": "mp4", "path": "/nowhere/x.mp4", "video": VIDEO, "audio": AUDIO}, "path"),
        ({"type": "preview", "video": {"initial": {"root": SCENE}}}, "video.resolution"),
        ({"type": "preview", "video": {"resolution": SIZE}}, "video.initial"),
        (
            {"type": "preview", "video": {"resolution": {"width": 63, "height": 36}}},
            "video.resolution.width",
        ),
        (
            {"type": "preview", "video": {"resolution": SIZE, "initial": {"root": {"type": "x"}}}},
            "video.initial.root.type",
        ),
        ({"type": "preview", "video": {**VIDEO, "encoder": {"type": "gif"}}}, "video.encoder.type"),
        ({"type": "preview", "video": {**VIDEO, "send_eos_when": {}}}, "video.send_eos_when"),
        ({"type": "rtmp_client", "url": "http://a/b", "video": VIDEO}, "url"),
        ({"type": "rtmp_client", "url": "rtmp://127.0.0.1/app", "video": VIDEO}, "url"),
        ({"type": "rtp_stream", "ip": "example.org", "port": 5004, "video": VIDEO}, "ip"),
        ({"type": "hls", "path": "/nowhere/live.m3u8", "video": VIDEO}, "path"),
        ({"type": "preview", "audio": {"initial": {"inputs": [{"input_id": "a"}] * 2}}}, TWICE),
        (
            {"type": "hls", "path": "x.m3u8", "audio": {**AUDIO, "encoder": {"type": "opus"}}},
            "audio.encoder.type",
        ),
        ({"type": "rtp_stream", "ip": "127.0.0.1", "port": 5004, "audio": {}}, "audio.initial"),
    ],
)
def test_each_error_of_an_output_names_its_field_and_leaves_nothing(
    client: Client, body: Json, field: str
) -> None:
    answer = client.post("/api/output/bad/register", body)

    assert answer.status == 400, answer.json
    assert answer.json["field"] == field
    assert not re.search(PYTHON, answer.json["message"])
    assert "bad" not in client.status()["outputs"]
    assert not [id for id in client.processes() if "bad" in id]


def test_ids_are_taken_once_and_have_to_be_there(client: Client, film: Path) -> None:
    body = {"type": "mp4", "path": str(film)}
    assert client.post("/api/input/twice/register", body).status == 200
    again = client.post("/api/input/twice/register", body)
    assert (again.status, again.json["error_code"]) == (409, "INPUT_STREAM_ALREADY_REGISTERED")
    assert client.post("/api/input/twice/unregister").status == 200

    taken = client.post("/api/output/preview/register", {"type": "preview", "video": VIDEO})
    assert (taken.status, taken.json["error_code"]) == (409, "OUTPUT_STREAM_ALREADY_REGISTERED")
    for path, code in (
        ("/api/input/none/unregister", "INPUT_STREAM_NOT_FOUND"),
        ("/api/output/none/unregister", "OUTPUT_STREAM_NOT_FOUND"),
        ("/api/image/none/unregister", "ENTITY_NOT_FOUND"),
        ("/api/output/none/request_keyframe", "OUTPUT_STREAM_NOT_FOUND"),
    ):
        answer = client.post(path)
        assert (answer.status, answer.json["error_code"]) == (404, code)


def test_a_scene_changes_and_a_bad_one_leaves_the_old_one(client: Client) -> None:
    blue = {"type": "view", "background_color": "#0000FF"}
    assert client.post("/api/output/preview/update", {"video": {"root": blue}}).status == 200
    assert client.status()["scene"] == blue

    bad = {"type": "view", "children": [{"type": "image", "image_id": "none"}]}
    refused = client.post("/api/output/preview/update", {"video": {"root": bad}})
    assert (refused.status, refused.json["error_code"]) == (400, "BUILD_SCENE_ERROR")
    assert "image_id" in refused.json["field"]
    assert client.status()["scene"] == blue


def test_an_update_may_be_scheduled_but_not_for_what_has_passed(client: Client) -> None:
    black, at = (
        {"type": "view", "background_color": "#000000"},
        1000 + client.status()["seconds"] * 1000,
    )
    assert client.post("/api/output/preview/update", {"video": {"root": black}}).status == 200
    update = {"video": {"root": SCENE}, "schedule_time_ms": at}
    assert client.post("/api/output/preview/update", update).status == 200
    before = client.status()
    assert before["scene"] == (black if before["seconds"] * 1000 < at else SCENE)
    eventually(lambda: client.status()["scene"] == SCENE)
    assert client.status()["seconds"] * 1000 >= at

    # A pipeline that has run for days is told what to do later as well.
    far = {**update, "schedule_time_ms": 3 * 24 * 3600 * 1000}
    assert client.post("/api/output/preview/update", far).status == 200

    late = client.post("/api/output/preview/update", {**update, "schedule_time_ms": 0})
    assert (late.status, late.json["error_code"]) == (409, "TIME_HAS_PASSED")
    assert late.json["field"] == "schedule_time_ms"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "video"),
        ({"audio": {"inputs": [{"input_id": "a", "volume": 3}]}}, "audio.inputs[0].volume"),
        ({"audio": {"inputs": [{"volume": 1}]}}, "audio.inputs[0].input_id"),
        ({"audio": {}}, "audio.inputs"),
        ({"video": {"root": SCENE}, "schedule_time_ms": "soon"}, "schedule_time_ms"),
        ({"video": {"root": None}}, "video.root"),
        ({"video": {"root": {"type": "text", "text": "a"}}}, "video.root.font_size"),
        ({"video": {"root": {"type": "image", "image_id": "none"}}}, "video.root.image_id"),
        ({"audio": {"inputs": [{"input_id": "a"}] * 2}}, "audio.inputs[1].input_id"),
        ({"scene": SCENE}, "video"),
    ],
)
def test_each_error_of_an_update_names_its_field(client: Client, body: Json, field: str) -> None:
    answer = client.post("/api/output/preview/update", body)

    assert answer.status == 400
    assert answer.json["field"] == field


def test_an_image_can_be_shown_when_it_is_registered(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    assert client.post("/api/image/dot/register", {"path": str(path)}).status == 200
    root = {"type": "view", "children": [{"type": "image", "image_id": "dot"}]}
    assert client.post("/api/output/preview/update", {"video": {"root": root}}).status == 200
    assert client.post("/api/image/dot/unregister").status == 200

    (tmp_path / "text.png").write_text("no image")
    text = str(tmp_path / "text.png")
    refused = client.post("/api/image/no/register", {"path": text})
    assert (refused.status, refused.json["error_code"]) == (400, "REGISTER_IMAGE_ERROR")
    assert (refused.json["field"], refused.json["came"]) == ("path", text)
    other = client.post("/api/image/no/register", {"path": str(path), "asset_type": "jpeg"})
    assert (other.status, other.json["field"]) == (400, "asset_type")
    assert "png" in other.json["accepted"]
    same = {"path": str(path), "asset_type": "png"}
    assert client.post("/api/image/no/register", same).status == 200
    assert client.post("/api/image/no/unregister").status == 200
    assert client.post("/api/image/no/register", {"path": "/nowhere"}).json["field"] == "path"


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def test_what_only_a_preview_or_a_live_output_can_do_is_asked_of_no_other(
    client: Client, tmp_path: Path
) -> None:
    body = {"type": "mp4", "path": str(tmp_path / "x.mp4"), "video": VIDEO, "audio": AUDIO}
    assert client.post("/api/output/quiet/register", body).status == 200
    encoder = client.processes()["video_encoder quiet"]

    unseen = client.ask("/preview/quiet")
    assert (unseen.status, "no preview" in unseen.json["message"]) == (404, True)
    assert client.post("/api/output/quiet/request_keyframe").status == 400
    assert client.post("/api/output/preview/request_keyframe").status == 400
    assert client.processes()["video_encoder quiet"] == encoder
    assert client.post("/api/output/quiet/unregister").status == 200


def test_an_input_plays_one_file_after_the_other(
    client: Client, film: Path, tmp_path: Path
) -> None:
    after = make_film(tmp_path / "after.mp4", 0.4, RED)
    body = {"type": "mp4", "path": str(film), "loop": True}
    assert client.post("/api/input/list/register", body).status == 200
    waits = client.post("/api/input/list/next_track")
    assert (waits.status, waits.json["field"], waits.json["came"]) == (400, "id", "list")

    track = {"type": "mp4", "path": str(after), "seek_ms": 100, "loop": True}
    queued = client.post("/api/input/list/queue_track", track)
    assert (queued.status, queued.json) == (
        200,
        {"video_duration_ms": 400, "audio_duration_ms": 400},
    )
    spoiling = {"type": "mp4", "path": str(after), "overwrite": True, "video": VIDEO}
    spoilt = client.post("/api/output/spoil/register", {**spoiling, "audio": AUDIO})
    assert (spoilt.status, "input list reads it" in spoilt.json["message"]) == (400, True)
    assert client.post("/api/input/list/next_track").status == 200
    # No track waits any more: this one has begun, which has no such place.
    eventually(lambda: client.post("/api/input/list/next_track").status == 400)
    refused = client.post("/api/input/list/update", {"seek_ms": 450})
    assert (refused.status, "400 ms" in refused.json["message"]) == (400, True)

    for wrong, field in (
        ({}, "type"),
        ({**track, "type": "hls"}, "type"),
        ({**track, "required": True}, "required"),
        ({**track, "path": "/nowhere"}, "path"),
        ({**track, "seek_ms": 400}, "seek_ms"),
        ({**track, "schedule_time_ms": 0}, "schedule_time_ms"),
    ):
        refused = client.post("/api/input/list/queue_track", wrong)
        assert (refused.status, refused.json["field"]) in {(400, field), (409, field)}
    assert client.post("/api/input/none/queue_track", track).status == 404
    assert client.post("/api/input/none/next_track").status == 404
    assert client.post("/api/input/list/unregister").status == 200


def test_an_input_may_be_read_in_a_process_of_its_own(client: Client, film: Path) -> None:
    body = {"type": "mp4", "path": str(film), "loop": True, "apart": True}
    with events_of(client) as socket:
        assert client.post("/api/input/apart/register", body).status == 200
        while json.loads(socket.recv(timeout=20)) != {
            "type": "VIDEO_INPUT_PLAYING",
            "input_id": "apart",
        }:
            pass
    assert client.post("/api/input/apart/unregister").status == 200
    refused = client.post("/api/input/w/register", {"type": "whip_server", "apart": True})
    assert refused.json["field"] == "apart"


@pytest.mark.parametrize(
    "data",
    [
        *(b"{", b"\xff", b"[" * 100_000, b"{} {}", b'{"n": NaN}', b'{"n": -Infinity}'),
        *(b'{"n": 1e999}', b'{"half": "\\ud800"}', b'{"\\udfff": 1}', b'"' + b"9" * 5000),
    ],
)
def test_what_is_no_json_is_told_so(client: Client, data: bytes) -> None:
    answer = client.post("/api/start", data)

    assert (answer.status, answer.json["field"]) == (400, "body")


def test_a_member_is_given_once(client: Client) -> None:
    answer = client.post("/api/input/a/register", b'{"type": "mp4", "type": "srt_server"}')

    assert (answer.status, answer.json["field"], answer.json["came"]) == (400, "type", "srt_server")


@pytest.mark.parametrize("number", ["9" * 4000, "-" + "9" * 4000, "1e308", "123456789012345678"])
def test_a_number_that_is_too_large_is_refused_like_any_other(client: Client, number: str) -> None:
    scene = f'{{"video": {{"root": {{"type": "view", "width": {number}}}}}}}'
    answer = client.post("/api/output/preview/update", scene.encode())
    assert (answer.status, answer.json["field"]) == (400, "video.root.width")

    curve = f'{{"function_name": "cubic_bezier", "points": [0, {number}, 1, 1]}}'
    move = f'{{"duration_ms": 1, "easing_function": {curve}}}'
    scene = f'{{"video": {{"root": {{"type": "view", "transition": {move}}}}}}}'
    answer = client.post("/api/output/preview/update", scene.encode())
    assert (answer.status, answer.json["error_code"]) == (400, "BUILD_SCENE_ERROR")

    late = f'{{"video": {{"root": {{"type": "view"}}}}, "schedule_time_ms": {number}}}'
    answer = client.post("/api/output/preview/update", late.encode())
    assert (answer.status, answer.json["field"]) == (400, "schedule_time_ms")


def test_a_scene_that_nobody_could_draw_is_refused_and_everything_goes_on(client: Client) -> None:
    compositor = client.processes()["compositor"]
    text = {"type": "text", "text": "x", "font_size": 20}
    for root, field in (
        ({**text, "font_family": "no such font"}, "video.root.font_family"),
        ({**text, "text": "x" * 100_000}, "video.root.text"),
        ({**text, "width": 7682, "height": 4320}, "video.root"),
        ({"type": "view", "children": [{"type": "view"}] * 600}, "video.root.children[499]"),
    ):
        answer = client.post("/api/output/preview/update", {"video": {"root": root}})
        assert (answer.status, answer.json["field"]) == (400, field)

    ticks = client.status()["queue"]["ticks"]
    eventually(lambda: client.status()["queue"]["ticks"] > ticks)
    assert client.processes()["compositor"] == compositor


def test_a_pipe_is_not_waited_for(client: Client, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = {"type": "text", "text": "x", "font_size": 20, "font_family": str(pipe)}
    for path, body, field in (
        ("/api/image/pipe/register", {"path": str(pipe)}, "path"),
        ("/api/input/pipe/register", {"type": "mp4", "path": str(pipe)}, "path"),
        ("/api/output/preview/update", {"video": {"root": text}}, "video.root.font_family"),
    ):
        answer = client.post(path, body)
        assert (answer.status, answer.json["field"]) == (400, field)


def test_two_outputs_cannot_write_to_one_place(client: Client, tmp_path: Path, film: Path) -> None:
    def register(id: str, **body: Json) -> Answer:
        return client.post(f"/api/output/{quote(id)}/register", {**body, "video": VIDEO})

    file = {"type": "mp4", "path": str(tmp_path / "one.mp4"), "audio": AUDIO}
    stream = {"type": "rtp_stream", "ip": "127.0.0.1", "port": 5004}
    playlist = {"type": "hls", "path": str(tmp_path / "one.m3u8")}
    for id, body, field in (
        ("first file", file, "path"),
        ("first stream", stream, "port"),
        ("first playlist", playlist, "path"),
    ):
        assert register(id, **body).status == 200
        assert register(id, **body).status == 409
        for more in ({}, {"overwrite": True}) if body is file else ({},):
            # Also before the first one has got its name.
            again = register("again", **body, **more)
            assert (again.status, again.json["field"]) == (400, field)
            assert f"output {id} writes there" in again.json["message"]
        assert client.post(f"/api/output/{quote(id)}/unregister").status == 200
    client.post("/api/input/spoiled/register", {"type": "mp4", "path": str(film), "loop": True})
    spoiling = register("spoil", **{**file, "path": str(film)}, overwrite=True)
    assert (spoiling.status, spoiling.json["field"]) == (400, "path")
    assert client.post("/api/input/spoiled/unregister").status == 200
    assert "again" not in client.status()["outputs"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"type": "rtmp_server", "app": "a", "stream_key": "x"}, socket.SOCK_STREAM),
        ({"type": "rtp_stream", "video": {}}, socket.SOCK_DGRAM),
        ({"type": "srt_server"}, socket.SOCK_DGRAM),
    ],
)
def test_a_port_that_is_taken_is_refused_at_once(
    client: Client, body: Json, kind: socket.SocketKind
) -> None:
    body = {**body, "port": free_port(kind)}
    with socket.socket(type=kind) as other:
        other.bind(("127.0.0.1", body["port"]))
        if kind == socket.SOCK_STREAM:
            other.listen()
        taken = client.post("/api/input/first/register", body)
        assert (taken.status, taken.json["field"]) == (400, "port")
    assert client.post("/api/input/first/register", body).status == 200
    again = client.post("/api/input/second/register", body)
    assert (again.status, again.json["field"]) == (400, "port")
    assert client.post("/api/input/first/unregister").status == 200
    assert "second" not in client.status()["inputs"]


def test_a_second_start_is_refused(client: Client) -> None:
    assert client.post("/api/start").status == 400


def test_every_answer_carries_the_rules_for_browsers(client: Client) -> None:
    for path in ("/", "/status", "/nowhere", "/static/page.js", "/static/../server.py"):
        answer = client.ask(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    refused = client.ask("/status", Host="evil.example")
    assert refused.status == 403
    assert refused.headers["content-security-policy"] == HEADERS["content-security-policy"]
    assert client.ask("/static/../server.py").status == 404


def test_the_page_has_no_script_of_its_own_and_nothing_from_elsewhere(client: Client) -> None:
    page = client.ask("/").body.decode()

    assert not re.search(r"<script(?! src=\"/static/page\.js\">)", page)
    assert not re.search(r"\son\w+=|style=|https?://", page)
    script = client.ask("/static/page.js").body.decode()
    assert "innerHTML" not in script
    assert "http://" not in script


def events_of(client: Client) -> ClientConnection:
    """Connect; a server that is being killed just now may hang up on the first attempt."""
    for _ in range(5):
        with suppress(InvalidMessage):
            return connect(f"ws://127.0.0.1:{client.port}/ws")
    raise AssertionError("nobody answers")


def test_events_come_over_a_websocket(client: Client, film: Path) -> None:
    with events_of(client) as socket:
        body = {"type": "mp4", "path": str(film), "offset_ms": 0}
        client.post("/api/input/heard/register", body)
        client.post("/api/input/heard/unregister")
        client.post("/api/kill", {"pid": client.processes()["mixer"]})
        seen: list[Json] = []
        while {"type": "PROCESS", "id": "mixer", "what": "is back", "why": ""} not in seen:
            seen.append(json.loads(socket.recv(timeout=20)))
            seen[-1].pop("number", None)

    assert {"type": "PROCESS", "id": "mixer", "what": "died", "why": "killed"} in seen


def test_a_websocket_from_another_page_is_refused(client: Client) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{client.port}/ws", origin=Origin("http://evil.example"))

    assert refused.value.response.status_code == 403


def test_any_process_may_be_killed_and_comes_back(client: Client) -> None:
    for victim in ("compositor", "queue", "control", "source input_1", "watch", "ledger", "web"):
        eventually(lambda: victim in client.processes())  # noqa: B023 - called at once
        pid = client.processes()[victim]
        answer = client.post("/api/kill", {"pid": pid})
        assert answer.status == 200, answer.json
        assert answer.json == {"id": victim}
        eventually(lambda: client.processes().get(victim, pid) not in {pid, ""})  # noqa: B023
    ticks = client.status()["queue"]["ticks"]
    eventually(lambda: client.status()["queue"]["ticks"] != ticks)


def test_whoever_comes_back_is_counted_also_when_the_one_who_counts_has_died(
    client: Client,
) -> None:
    for victim in ("watch", "assets"):
        pid = client.processes()[victim]
        client.post("/api/kill", {"pid": pid})
        eventually(lambda: client.processes().get(victim, "") not in {pid, ""})  # noqa: B023

    def restarts(node: Json) -> int:
        found: int = node["restarts"] if node["id"] == "assets" else 0
        return found + sum(restarts(one) for one in node["children"])

    eventually(lambda: restarts(client.ask("/api/tree").json) >= 1)


def test_who_is_not_in_the_tree_cannot_be_killed(client: Client) -> None:
    for pid in ("#PID<0.0.0>", "#PID<0.1.0>", "", "queue", "*"):
        answer = client.post("/api/kill", {"pid": pid})
        assert (answer.status, answer.json["error_code"]) == (404, "ENTITY_NOT_FOUND")


def test_everybody_gets_an_answer_at_the_same_time(client: Client) -> None:
    found: list[int] = []

    def ask() -> None:
        found.extend(client.ask("/status").status for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [200] * 40


def test_all_may_be_begun_over(client: Client, film: Path) -> None:
    client.post("/api/input/extra/register", {"type": "mp4", "path": str(film)})
    assert client.post("/api/reset").status == 200

    eventually(lambda: client.status().get("inputs") == ["input_1"])
    eventually(lambda: client.status()["queue"]["ticks"] > 0)


def test_the_preview_is_a_stream_of_jpegs(client: Client) -> None:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", client.port, timeout=20)
    connection.request("GET", "/preview/preview")
    answer = connection.getresponse()
    kind = answer.getheader("content-type")
    data = answer.read(4000)
    connection.close()

    assert kind == "multipart/x-mixed-replace; boundary=smelter-picture"
    assert data.count(b"\xff\xd8\xff") >= 2
    assert client.ask("/preview/none").status == 404


def test_it_listens_on_the_loopback_alone(client: Client) -> None:
    assert listening(client.port) == {"0100007F"}


def test_a_port_that_is_taken_is_refused(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--serve", "test:", "--port", str(client.port)]) == 2
    assert "a port that are free here" in capsys.readouterr().err
