"""The processes of live outputs, without any network: what they answer, and when they try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from actors import GenServer, Message, NoReply, Pid, process, run
from actors.testing import VirtualClock
from examples.smelter import events
from examples.smelter.complaints import PeerLost
from examples.smelter.encode import LEAD, VideoEncoder
from examples.smelter.events import Events
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import Media
from examples.smelter.pictures import Picture
from examples.smelter.protocols.live_sink import LiveAudio, LiveSink, LiveVideo, Sender
from examples.smelter.protocols.outlet import HlsTarget
from examples.smelter.sessions import Link, link_of
from examples.smelter.wire import (
    COMPOSITOR,
    Draw,
    EncoderUp,
    Ended,
    Finish,
    Packets,
    Sing,
    Written,
    muxer_of,
)
from tests.examples.smelter.films import RED, SMALL, tone

PICTURE = Picture.solid(SMALL.width, SMALL.height, RED)


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A target that cannot be reached, and tells when that was tried."""

    boss: Pid
    title: str = "nowhere"

    def ways(self, media: tuple[Media, ...]) -> Sequence[object]:
        process.send(self.boss, ("tried", process.monotonic()))
        raise PeerLost(self.title, "nobody is there")


class Ear(GenServer[None]):
    """Tells somebody what it is told."""

    def init(self, boss: Pid) -> None:
        self.boss = boss

    def handle_cast(self, request: Message, state: None) -> NoReply[None]:
        process.send(self.boss, request)
        return NoReply()


def packets_of(number: int) -> Packets:
    message = process.receive(lambda one: isinstance(one, Packets))
    assert isinstance(message, Packets)
    assert all(packet.pts == number for packet in message.packets)
    return message


def test_a_receiver_that_is_not_there_is_tried_later_and_later() -> None:
    def main() -> list[float]:
        sink = LiveSink(Nowhere(process.self()), SMALL)  # type: ignore[arg-type]
        Sender.start_link("out", sink, ("video",), name=muxer_of("out"))
        tries = []
        for _ in range(9):
            match process.receive():
                case ("tried", float(at)):
                    tries.append(at)
        return tries

    tries = run(main, clock=VirtualClock())

    assert tries is not None
    waits = [round(b - a, 6) for a, b in pairwise(tries)]
    assert waits == [0.5, 1, 2, 4, 8, 10, 10, 10]


def test_how_it_stands_is_written_down_and_told(tmp_path: Path) -> None:
    def main() -> tuple[list[object], list[object]]:
        Events.start_link(name=events.EVENTS)
        Ledger.start_link({}, name=LEDGER)
        events.subscribe()
        nowhere = LiveSink(Nowhere(process.self()), SMALL)  # type: ignore[arg-type]
        Sender.start_link("lost", nowhere, ("video",), name=muxer_of("lost"))
        told: list[object] = [process.receive(lambda one: isinstance(one, events.OutputError))]
        links = [Ledger.get(LEDGER, link_of("output", "lost"))]

        disk = LiveSink(HlsTarget(str(tmp_path / "live.m3u8")), SMALL)
        sender = Sender.start_link("disk", disk, ("video",), name=muxer_of("disk"))
        packets = VideoEncoder(SMALL).encode(PICTURE, 0)
        while Ledger.get(LEDGER, link_of("output", "disk")) == Link("trying"):
            GenServer.cast(sender, Packets(packets))
            process.sleep(0.01)
        told.append(process.receive(lambda one: isinstance(one, events.OutputConnected)))
        return told, [*links, Ledger.get(LEDGER, link_of("output", "disk"))]

    told, links = run(main, clock=VirtualClock()) or ([], [])

    why = "nowhere: nobody is there"
    assert told == [events.OutputError("lost", "transient", why), events.OutputConnected("disk")]
    assert links == [Link("lost", 1, why), Link("up", 1)]


def test_packets_for_nobody_are_written_so_that_nothing_piles_up() -> None:
    def main() -> object:
        Ear.start_link(process.self(), name=COMPOSITOR)
        sink = LiveSink(Nowhere(process.self()), SMALL)  # type: ignore[arg-type]
        sender = Sender.start_link("out", sink, ("video",), name=muxer_of("out"))
        video = LiveVideo.start_link("out", SMALL)
        assert process.receive(lambda one: isinstance(one, EncoderUp)) == EncoderUp(
            "out", "video", 0
        )
        for tick in range(3):
            GenServer.cast(video, Draw(tick, PICTURE))
            news = process.receive(lambda one: isinstance(one, Written))
            assert news == Written("out", "video", tick + 1, tick + 1)
        return process.is_alive(sender)

    assert run(main, clock=VirtualClock())


def test_a_new_encoder_goes_on_at_the_time_that_it_is() -> None:
    def main() -> tuple[bool, int]:
        Ear.start_link(process.self(), name=muxer_of("out"))
        video = LiveVideo.start_link("out", SMALL)
        GenServer.cast(video, Draw(500, PICTURE))
        first = packets_of(500).packets[0]
        audio = LiveAudio.start_link("out", SMALL)
        GenServer.cast(audio, Sing(48_000, tone(48_000, LEAD + 4096)))
        message = process.receive(lambda one: isinstance(one, Packets) and bool(one.packets))
        assert isinstance(message, Packets)
        return first.keyframe, message.packets[0].pts - 48_000 - LEAD

    is_key, late = run(main) or (False, -1)

    assert is_key
    assert 0 <= late < 1024


def test_a_hole_in_the_sound_is_silence_and_a_long_one_a_new_beginning() -> None:
    def main() -> list[int]:
        Ear.start_link(process.self(), name=muxer_of("out"))
        audio = LiveAudio.start_link("out", SMALL)
        for position in (0, 9600, 4_800_000):
            GenServer.cast(audio, Sing(position, np.zeros((4800, 2), np.float32)))
        GenServer.cast(audio, Finish(4_804_800))
        starts: list[int] = []
        while True:
            match process.receive():
                case Packets(packets):
                    starts += [packet.pts for packet in packets]
                case Ended():
                    return starts

    starts = run(main) or []

    early = [pts for pts in starts if pts < 100_000]
    assert [b - a for a, b in pairwise(early)] == [1024] * (len(early) - 1)
    assert early[-1] > 9600
    assert min(pts for pts in starts if pts > 100_000) >= 4_800_000 + LEAD


def test_a_title_tells_no_secret(tmp_path: object) -> None:
    sink = LiveSink(HlsTarget(f"{tmp_path}/live.m3u8"), SMALL)

    assert sink.title == "hls live.m3u8"
