"""WHIP with an independent publisher: a headless browser with a fake camera and microphone."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.examples.smelter.web.browser import Browser, browser, needs_browser
from tests.examples.smelter.web.clients import Client, Json, eventually, serving

pytestmark = needs_browser

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of this test alone

PUBLISH = """
const [url, token, codec] = arguments;
const camera = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
const peer = new RTCPeerConnection();
for (const track of camera.getTracks()) {
  const sender = peer.addTransceiver(track, { direction: "sendonly", streams: [camera] });
  if (track.kind === "video") {
    const codecs = RTCRtpSender.getCapabilities("video").codecs.filter(
      (one) => one.mimeType === `video/${codec}`);
    sender.setCodecPreferences(codecs);
  }
}
await peer.setLocalDescription();
while (peer.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
const answer = await fetch(url, {
  method: "POST",
  headers: { "Content-Type": "application/sdp", "Authorization": `Bearer ${token}` },
  body: peer.localDescription.sdp,
});
if (answer.status !== 201) return { status: answer.status };
await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
window.peer = peer;
return { status: answer.status, location: answer.headers.get("location") };
"""

COLOUR = """
const shown = document.getElementById("preview");
const canvas = document.createElement("canvas");
canvas.width = shown.naturalWidth; canvas.height = shown.naturalHeight;
const pen = canvas.getContext("2d");
pen.drawImage(shown, 0, 0);
const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
const seen = new Set();
for (let at = 0; at < data.length; at += 4)
  seen.add(`${data[at] >> 6} ${data[at + 1] >> 6} ${data[at + 2] >> 6}`);
return seen.size;
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("test:left", "--size", "320x180") as found:
        yield found


@pytest.fixture(scope="module")
def page(client: Client) -> Iterator[Browser]:
    with browser() as found:
        found.open(client.url)
        yield found


def hear(socket: ClientConnection, wanted: list[Json]) -> None:
    """Listen until all that is wanted has been told."""
    seen: list[Json] = []
    deadline = time.monotonic() + 60
    while not all(one in seen for one in wanted):
        assert time.monotonic() < deadline, [one for one in seen if one["type"] != "SET_DROPPED"]
        with contextlib.suppress(TimeoutError):
            seen.append(json.loads(socket.recv(timeout=1)))


def publish(page: Browser, codec: str, token: str = TOKEN) -> Json:
    return page.run(PUBLISH, "/whip/camera", token, codec)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_a_browser_publishes_its_camera(client: Client, page: Browser, codec: str) -> None:
    body = {"type": "whip_server", "bearer_token": TOKEN}
    registered = client.post("/api/input/camera/register", body)
    assert registered.json == {"bearer_token": TOKEN, "endpoint_route": "/whip/camera"}
    scene = {"type": "rescaler", "child": {"type": "input_stream", "input_id": "camera"}}
    client.post("/api/output/preview/update", {"video": {"root": scene}})
    try:
        with connect(f"ws://127.0.0.1:{client.port}/ws") as socket:
            eventually(lambda: publish(page, codec)["status"] == 201)
            wanted = [
                {"type": f"{media}_INPUT_PLAYING", "input_id": "camera"}
                for media in ("VIDEO", "AUDIO")
            ]
            hear(socket, wanted)

        # The fake camera shows a green ground with a moving pie and a clock on it.
        eventually(lambda: page.run(COLOUR) > 3)

        # A crash is a gap: the browser has only to connect again, nobody has to register anything.
        pid = client.processes()["source camera"]
        client.post("/api/kill", {"pid": pid})
        eventually(lambda: client.processes().get("source camera", "") not in {"", pid})
        eventually(lambda: publish(page, codec)["status"] == 201)
        assert "camera" in client.status()["inputs"]

        # Hanging up by the address of the session, as publishers do that go away in order.
        location = publish(page, codec)["location"]
        shown = {"Authorization": f"Bearer {TOKEN}"}
        assert client.ask(f"{location}x", method="DELETE", **shown).status == 404
        assert client.ask(location, method="DELETE").status == 401
        assert client.ask(location, method="DELETE", **shown).status == 200
        eventually(lambda: client.ask(location, method="DELETE", **shown).status == 404)
    finally:
        page.run("window.peer?.close()")
        assert client.post("/api/input/camera/unregister").status == 200
    eventually(lambda: "source camera" not in client.processes())


def test_who_does_not_know_the_token_publishes_nothing(client: Client, page: Browser) -> None:
    body = {"type": "whip_server", "bearer_token": TOKEN}
    assert client.post("/api/input/camera/register", body).status == 200
    eventually(lambda: publish(page, "VP8", "wrong")["status"] == 401)
    sdp = {"Content_Type": "application/sdp", "Authorization": f"Bearer {TOKEN}"}
    refused = client.ask("/whip/camera", b"v=0 nonsense", **sdp)
    assert (refused.status, refused.json["field"]) == (400, "offer")
    assert client.post("/api/input/camera/unregister").status == 200

    eventually(lambda: client.ask("/whip/camera", b"v=0", **sdp).status == 404)
