"""WHEP with an independent viewer: a headless browser that plays what is sent, and hears it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.examples.smelter.web.browser import Browser, browser, needs_browser
from tests.examples.smelter.web.clients import Client, Json, eventually, serving

pytestmark = needs_browser

TOKEN = "fedcba9876543210fedcba9876543210"  # noqa: S105 - of this test alone

WATCH = """
const [url, token, codec] = arguments;
const peer = new RTCPeerConnection();
for (const kind of ["video", "audio"]) {
  const one = peer.addTransceiver(kind, { direction: "recvonly" });
  if (kind === "video") {
    const codecs = RTCRtpReceiver.getCapabilities("video").codecs.filter(
      (one) => one.mimeType === `video/${codec}`);
    one.setCodecPreferences(codecs);
  }
}
const stream = new MediaStream();
peer.addEventListener("track", (event) => stream.addTrack(event.track));
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
window.film = document.createElement("video");
window.film.srcObject = stream;
window.film.play();
return { status: answer.status, location: answer.headers.get("location") };
"""

SEEN = """
const found = { frames: 0, sounds: 0, energy: 0, codec: "", state: window.peer.connectionState };
const stats = await window.peer.getStats();
for (const one of stats.values()) {
  if (one.type !== "inbound-rtp") continue;
  if (one.kind === "video") {
    found.frames = one.framesDecoded;
    found.codec = stats.get(one.codecId)?.mimeType;
  } else {
    found.energy = one.totalAudioEnergy;
    found.sounds = one.totalSamplesReceived - one.concealedSamples;
  }
}
return found;
"""

COLOUR = """
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const pen = canvas.getContext("2d");
const film = window.film;
if (!film.videoWidth) return [0, 0, 0];
pen.drawImage(film, film.videoWidth / 2, film.videoHeight / 2, 1, 1, 0, 0, 1, 1);
return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("test:left", "--size", "320x180") as found:
        root = {"type": "view", "background_color": "#C08020"}
        body = {
            "type": "whep_server",
            "bearer_token": TOKEN,
            "video": {"resolution": {"width": 320, "height": 180}, "initial": {"root": root}},
            "audio": {"initial": {"inputs": [{"input_id": "input_1"}]}},
        }
        registered = found.post("/api/output/film/register", body)
        assert registered.json["endpoint_route"] == "/whep/film"
        assert registered.json["bearer_token"] == TOKEN
        yield found


@pytest.fixture(scope="module")
def page(client: Client) -> Iterator[Browser]:
    with browser() as found:
        found.open(f"{client.url}login")
        yield found


def watch(page: Browser, codec: str, token: str = TOKEN) -> Json:
    return page.run(WATCH, "/whep/film", token, codec)


def more(page: Browser, what: str, count: float) -> None:
    """Wait until so much more of something has come."""
    before = page.run(SEEN)[what]
    eventually(lambda: page.run(SEEN)[what] >= before + count)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_a_browser_sees_and_hears_an_output(client: Client, page: Browser, codec: str) -> None:
    watching = watch(page, codec)
    assert watching["status"] == 201
    try:
        more(page, "frames", 15)
        more(page, "sounds", 24_000)
        more(page, "energy", 0.001)
        assert page.run(SEEN)["codec"] == f"video/{codec}"

        def looks_right() -> bool:
            return all(
                abs(found - wanted) <= 12
                for found, wanted in zip(page.run(COLOUR), (0xC0, 0x80, 0x20), strict=True)
            )

        eventually(looks_right)

        # Whoever makes the pictures and the sound may die; the connection stays.
        for victim in ("preview film", "listening film", "compositor", "mixer"):
            client.post("/api/kill", {"pid": client.processes()[victim]})
        more(page, "frames", 15)
        more(page, "sounds", 24_000)
        assert page.run(SEEN)["state"] == "connected"
    finally:
        shown = {"Authorization": f"Bearer {TOKEN}"}
        assert client.ask(watching["location"], method="DELETE").status == 401
        assert client.ask(watching["location"], method="DELETE", **shown).status == 200
        page.run("window.peer.close()")


def test_who_does_not_know_the_token_sees_nothing(client: Client, page: Browser) -> None:
    assert watch(page, "VP8", "wrong")["status"] == 401
    sdp = {"Content_Type": "application/sdp", "Authorization": f"Bearer {TOKEN}"}
    refused = client.ask("/whep/film", b"v=0 nonsense", **sdp)
    assert (refused.status, refused.json["field"]) == (400, "offer")
    nobody = client.ask("/whep/nobody", b"v=0", **sdp)
    assert (nobody.status, nobody.json["field"]) == (404, "output")
