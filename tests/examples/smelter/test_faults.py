"""Inputs that go wrong while they are read: they alone are given up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from actors import Down, GenServer, Message, Pid, process, run
from actors.exits import Crash
from actors.testing import VirtualClock
from examples.smelter.complaints import InputRefused
from examples.smelter.encode import AudioEncoder, VideoEncoder
from examples.smelter.feeder import Feeder
from examples.smelter.half import Credit
from examples.smelter.inspection import colour_at
from examples.smelter.layout import PixelRect
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.media import probe
from examples.smelter.muxer import Muxer, check_output
from examples.smelter.offsets import MILLISECOND
from examples.smelter.pictures import BLACK, RATE, SECOND, Frame, Picture, Samples
from examples.smelter.requests import InputPlan
from examples.smelter.sources import Source
from examples.smelter.stock import APART
from examples.smelter.wire import QUEUE, Begin, Grant, Offer, Read, SourceUp, Tracks, feeder_of
from tests.examples.smelter.films import BLUE, RED, SMALL, make_film, tone
from tests.examples.smelter.running import film

LEFT = PixelRect(2, 14, 26, 8)
RIGHT = PixelRect(36, 14, 26, 8)


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return make_film(tmp_path / "red.mp4", 3, RED)


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    return make_film(tmp_path / "blue.mp4", 3, BLUE)


def spoil(path: Path) -> None:
    """Overwrite the second half of what is between a film's head and its index."""
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    end = content.rindex(b"moov") - 4
    middle = (begin + end) // 2
    content[middle:end] = bytes(value % 251 for value in range(end - middle))
    path.write_bytes(content)


def one_medium(path: Path, *, pictures: float, sound: float) -> Path:
    """Make a film one of whose media stops before the other."""
    video, audio = VideoEncoder(SMALL), AudioEncoder(SMALL)
    with Muxer(check_output(str(path)), SMALL) as muxer:
        for tick in range(round(pictures * 30)):
            muxer.write(video.encode(Picture.solid(64, 36, RED), tick))
        for start in range(0, round(sound * RATE), 960):
            muxer.write(audio.encode(tone(start, 960)))
        muxer.write([*video.flush(), *audio.flush()])
        return muxer.finish()


@pytest.mark.parametrize("mode", [["--offline"], []], ids=["offline", "live"])
def test_an_input_that_breaks_is_given_up_and_the_others_go_on(
    tmp_path: Path, red: Path, blue: Path, mode: list[str]
) -> None:
    spoil(red)
    clock = None if mode else VirtualClock()
    made = film(tmp_path, red, blue, *mode, seconds=5, clock=clock)

    assert made.summary.failed_inputs == ["1 red.mp4"]
    assert made.summary.restarts == {"source 1": 5}
    assert "source 1 died: input" in made.said
    assert made.file is not None
    assert (made.summary.pictures, made.file.audio_samples) == (150, 5 * RATE)
    path = made.summary.output
    assert colour_at(path, SECOND, LEFT) == pytest.approx(RED, abs=4)
    assert colour_at(path, 5 * SECOND - 1, LEFT) == pytest.approx(BLACK, abs=4)
    assert colour_at(path, 5 * SECOND - 1, RIGHT) == pytest.approx(BLUE, abs=4)


def test_a_film_goes_on_when_all_its_inputs_are_gone(tmp_path: Path, red: Path) -> None:
    spoil(red)
    made = film(tmp_path, red, "--offline", seconds=5)

    assert made.summary.failed_inputs == ["1 red.mp4"]
    assert (made.summary.pictures, made.summary.samples) == (150, 5 * RATE)


def ends_with(process_: Pid) -> object:
    ref = process.monitor(process_)
    down = process.receive(lambda message: isinstance(message, Down) and message.ref is ref)
    assert isinstance(down, Down)
    return down.reason


def test_a_file_that_has_lost_a_medium_is_not_the_one_that_was_named(
    tmp_path: Path, red: Path
) -> None:
    silent = one_medium(tmp_path / "silent.mp4", pictures=1, sound=0)
    info = replace(probe(str(red)), name=str(silent))

    def main() -> object:
        process.trap_exit(True)
        plan = InputPlan.of_file("1", info)
        source = Source.start_link(plan)
        GenServer.cast(source, Begin(1, plan.spec.supply, 0))
        return ends_with(source)

    reason = run(main)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, InputRefused)


@pytest.mark.parametrize(("pictures", "sound"), [(6.0, 1.0), (1.0, 6.0)])
def test_a_medium_that_stops_early_holds_nobody_up(
    tmp_path: Path, pictures: float, sound: float
) -> None:
    uneven = one_medium(tmp_path / "uneven.mp4", pictures=pictures, sound=sound)
    made = film(tmp_path, uneven, "--offline", seconds=8)

    assert (made.summary.pictures, made.summary.samples) == (240, 8 * RATE)
    assert made.summary.restarts == {}


def torn(path: Path, whole: Path) -> Path:
    """Put the pictures of a film fourteen hours behind its sound."""
    with av.open(str(whole)) as source, av.open(str(path), "w", "matroska") as target:
        streams = {one.index: target.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            later = 50_000 if packet.stream.type == "video" else 0
            packet.pts += round(later / packet.time_base)
            packet.dts += round(later / packet.time_base)
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    return path


def test_a_file_whose_pictures_lie_hours_behind_its_sound_holds_nobody_up(
    tmp_path: Path, red: Path, blue: Path
) -> None:
    made = film(tmp_path, torn(tmp_path / "torn.mkv", red), blue, "--offline", seconds=2)

    assert (made.summary.pictures, made.summary.samples) == (60, 2 * RATE)
    assert made.summary.restarts == {}
    assert colour_at(made.summary.output, SECOND, RIGHT) == pytest.approx(BLUE, abs=4)


class Offers(GenServer[None]):
    """Stands where the queue stands, and hands on what it is offered."""

    def init(self, to: Pid) -> None:
        self.to = to

    def handle_cast(self, request: Message, state: None) -> None:
        process.send(self.to, request)


def test_a_feeder_fills_up_what_has_fallen_behind(red: Path) -> None:
    picture = Picture.solid(64, 36, RED)
    frames = tuple(Frame(n * SECOND // 10, picture) for n in range(40))
    credit = Credit(oldest=None, newest=0, reach=10 * SECOND)

    def main() -> Offer:
        Ledger.start_link({}, name=LEDGER)
        queue = Offers.start_link(process.self(), name=QUEUE)
        plan = InputPlan.of_file("1", probe(str(red)))
        feeder = Feeder.start_link(plan, name=feeder_of("1"))
        GenServer.cast(feeder, Tracks(plan.tracks))
        GenServer.cast(feeder, SourceUp(process.self()))
        GenServer.cast(feeder, Read(process.self(), 1, frames, is_end=False))
        GenServer.cast(feeder, Grant(queue, 1, "audio", 0, 0, credit))
        message = process.receive(lambda m: isinstance(m, Offer) and m.media == "audio")
        assert isinstance(message, Offer)
        return message

    offer = run(main, clock=VirtualClock())
    assert offer is not None
    last = offer.items[-1]
    assert offer.items[0].pts == 0
    assert last.edge >= frames[-1].pts - APART
    assert last.edge <= frames[-1].pts - APART + 100 * MILLISECOND
    sounds = [item.payload.sound for item in offer.items if isinstance(item.payload, Samples)]
    assert len(sounds) == len(offer.items)
    assert not any(np.any(sound) for sound in sounds)
