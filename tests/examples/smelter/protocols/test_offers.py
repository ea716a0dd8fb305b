"""Who publishes and who watches by WebRTC: what an offer may disturb, and what is said of one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from fractions import Fraction
from typing import TypeVar

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack

from actors import CallTimeout, process, run
from actors.asyncio_bridge import as_process, await_
from actors.testing import VirtualClock
from examples.smelter.protocols import whep, whip
from examples.smelter.protocols.offspring import family
from examples.smelter.protocols.webrtc import Answer, Claim, Offer, OfferRefused, Token
from examples.smelter.protocols.webrtc import hang_up as close

R = TypeVar("R")

SECRET = "0123456789abcdef"  # noqa: S105 - of this test alone
CLAIM = Claim(SECRET)
SUPPLY = whip.WhipSupply("camera", SECRET)
SHOWN = whep.Shown("stage", ("video",), Fraction(30))

NO_OFFERS = {
    "nothing": "",
    "no SDP": "garbage",
    "no media": "v=0",
    "all but media": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
    "a channel of data": "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "media of nobody": "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
}


async def offered() -> str:
    """Offer a sound, and go away."""
    with family() as relatives:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTrack(AudioStreamTrack())
        await peer.setLocalDescription(await peer.createOffer())
        sdp: str = peer.localDescription.sdp
    await close(peer, relatives)
    return sdp


def at_the_gate(visit: Coroutine[object, object, R]) -> R:
    """Await a visit to an input that waits for publishers."""
    gate = whip.WhipGate.start_link(SUPPLY, name=whip.gate_of("camera"))
    try:
        return await_(visit)
    finally:
        whip.WhipGate.stop(gate)


def test_an_offer_that_comes_to_nothing_leaves_the_publisher_that_is_there() -> None:
    async def come(sdp: str) -> Answer | str:
        try:
            return await as_process(whip.offer, "camera", Offer(CLAIM, sdp))
        except OfferRefused as refused:
            return refused.kind

    async def publish() -> list[Answer | str]:
        publisher = await come(await offered())
        assert isinstance(publisher, Answer)
        refused = [await come(bad) for bad in NO_OFFERS.values()]
        # Only a session that goes on can be hung up.
        await as_process(whip.hang_up, "camera", CLAIM, publisher.session)
        return refused

    assert run(lambda: at_the_gate(publish())) == ["offer"] * len(NO_OFFERS)


def test_who_publishes_next_takes_the_place_of_the_one_before() -> None:
    async def publish() -> str:
        offer = Offer(CLAIM, await offered())
        before = await as_process(whip.offer, "camera", offer)
        after = await as_process(whip.offer, "camera", offer)
        with pytest.raises(OfferRefused) as gone:
            await as_process(whip.hang_up, "camera", CLAIM, before.session)
        await as_process(whip.hang_up, "camera", CLAIM, after.session)
        return gone.value.kind

    assert run(lambda: at_the_gate(publish())) == "session"


@pytest.mark.parametrize("sdp", NO_OFFERS.values(), ids=NO_OFFERS)
def test_nobody_watches_by_what_is_no_offer(sdp: str) -> None:
    def main() -> str:
        whep.Viewers.start_link(Token(SECRET), SHOWN, name=whep.viewers_of("stage"))
        with pytest.raises(OfferRefused) as refused:
            whep.watch("stage", Offer(CLAIM, sdp))
        return refused.value.kind

    assert run(main) == "offer"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: whip.offer("camera", Offer(CLAIM, "v=0 and a password")),
        lambda: whip.hang_up("camera", CLAIM, "session"),
        lambda: whep.watch("stage", Offer(CLAIM, "v=0 and a password")),
        lambda: whep.leave("stage", CLAIM, "session"),
    ],
)
def test_a_call_that_nobody_answers_tells_no_token(ask: Callable[[], object]) -> None:
    def main() -> str:
        for name in (whip.gate_of("camera"), whep.viewers_of("stage")):
            process.register(process.spawn(process.sleep, 60), name)
        with pytest.raises(CallTimeout) as failed:
            ask()
        return f"{failed.value} {failed.value!r}"

    said = run(main, clock=VirtualClock()) or SECRET

    assert SECRET not in said
    assert "password" not in said


def test_what_is_told_of_viewers_and_of_a_session_tells_no_token() -> None:
    spec = whep.Viewers.child_spec(Token(SECRET), SHOWN)

    assert SECRET not in repr(spec)
    assert SECRET not in repr(SUPPLY)
