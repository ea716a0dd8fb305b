"""A connection between two ends in one process, whose owner is killed at every moment of its making."""

from __future__ import annotations

import asyncio
import threading
from fractions import Fraction

import av
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from actors import GenServer, NoReply, Pid, call, process, run
from actors.asyncio_bridge import as_process, await_
from actors.testing import VirtualClock
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE, SECOND
from examples.smelter.protocols.offspring import family
from examples.smelter.protocols.webrtc import Answer, Asked, Conversation, hang_up
from examples.smelter.protocols.whip import _Clock


class Door(GenServer[None]):
    """Answers one offer."""

    @call
    def offer(self, state: None, sdp: str) -> NoReply[None]:
        process.register(process.spawn(hold, Asked.by(self.caller, sdp)), "session")
        return NoReply()


def hold(asked: Asked) -> None:
    await_(Conversation().hold(asked))


async def visit(door: Pid, event: str, moment: str) -> list[str]:
    """Connect, have the other end killed at a moment, and tell what it has left on the loop."""
    own = asyncio.current_task()
    with family() as relatives:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        reached = asyncio.Event()

        @peer.on(event)
        def changed() -> None:
            if moment in {peer.iceConnectionState, peer.connectionState}:
                reached.set()

        peer.addTrack(AudioStreamTrack())
        peer.addTransceiver("video", direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        answer: object = await as_process(Door.offer, door, peer.localDescription.sdp)
        assert isinstance(answer, Answer)
        await peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        if moment == "answered":
            reached.set()
        await reached.wait()
        session = process.whereis("session")
        assert isinstance(session, Pid)
        process.send_exit(session, "kill")
    await hang_up(peer, relatives)
    async with asyncio.timeout(20):
        while left := asyncio.all_tasks() - {own}:
            await asyncio.wait(left, timeout=0.1)
    return [one.name for one in threading.enumerate() if one.name.endswith("-decoder")]


@pytest.mark.parametrize(
    ("event", "moment"),
    [
        ("connectionstatechange", "answered"),
        ("iceconnectionstatechange", "checking"),
        ("iceconnectionstatechange", "completed"),
        ("connectionstatechange", "connecting"),
        ("connectionstatechange", "connected"),
    ],
)
def test_a_connection_leaves_nothing_behind_whenever_its_owner_is_killed(
    event: str, moment: str
) -> None:
    def main() -> list[str]:
        return await_(visit(Door.start_link(), event, moment))

    assert run(main) == []


def test_a_publisher_whose_times_leap_is_seen_at_the_time_it_is() -> None:
    # What aiortc makes of a film that is played over and over: each step back is 2**32 ticks forward.
    wraps: dict[Media, float] = {"video": 2**32 / 90_000, "audio": 2**32 / RATE}
    laps: dict[Media, float] = {"video": 1.0, "audio": 1.02}

    def main() -> dict[Media, list[float]]:
        clock = _Clock()
        found: dict[Media, list[float]] = {"video": [], "audio": []}
        for n in range(100):
            for media, lap in laps.items():
                at = n * 0.04
                frame = av.VideoFrame(16, 16, "yuv420p") if media == "video" else av.AudioFrame()
                frame.time_base = Fraction(1, 90_000)
                frame.pts = round((7.0 + at + at // lap * (wraps[media] - lap)) * 90_000)
                found[media].append(clock.time(media, frame) / SECOND)
            process.sleep(0.04)
        return found

    found = run(main, clock=VirtualClock())
    assert found is not None
    for times in found.values():
        assert times == pytest.approx([n * 0.04 for n in range(100)], abs=1e-3)
