"""Frames from Python and to Python, through a whole pipeline."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeVar

import numpy as np
import pytest

from actors import CallFailed, process, run
from actors.testing import VirtualClock
from examples.smelter import control, tree
from examples.smelter.complaints import AlreadyRegistered
from examples.smelter.lanes import WINDOW
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.offsets import MILLISECOND, Framerate, FromStart
from examples.smelter.pictures import Frame, Picture, Samples
from examples.smelter.protocols.raw import RawSink, RawSupply, end, push, take
from examples.smelter.requests import AudioPart, InputSpec, OutputSpec, Settings, VideoPart
from examples.smelter.scene import Input
from examples.smelter.wire import Draw, Sing
from supervisors import Supervisor
from tests.examples.smelter.films import BLUE, RED, tone

T = TypeVar("T")

FRAME = 40 * MILLISECOND
OFFLINE = Settings(Framerate(25), ahead_of_time=True, never_drop=True)


def in_pipeline(body: Callable[[], T], settings: Settings = OFFLINE) -> T:
    def main() -> T:
        top = tree.start(settings)
        try:
            return body()
        finally:
            Supervisor.stop(top)

    found = run(main, clock=VirtualClock())
    assert found is not None
    return found


def push_all() -> None:
    for number in range(12):
        colour = RED if number < 6 else BLUE
        push("drawn", Frame(number * FRAME, Picture.solid(64, 36, colour)))
    end("drawn")


def test_what_is_pushed_comes_out_picture_by_picture() -> None:
    def body() -> list[tuple[int, int]]:
        supply = RawSupply("drawn")
        control.register_input("drawn", InputSpec(supply, required=True, offset=FromStart(0)))
        part = VideoPart(64, 36, Input("drawn"))
        control.register_output("seen", OutputSpec(RawSink(is_live=False), part))
        process.spawn(push_all)
        control.start()
        found = []
        for _ in range(12):
            draw = take("seen", "video")
            assert isinstance(draw, Draw)
            found.append((draw.tick, int(draw.picture.y[18, 32])))
        return found

    found = in_pipeline(body)

    assert [tick for tick, _ in found] == list(range(12))
    assert [abs(luma - (RED if n < 6 else BLUE)[0]) <= 1 for n, (_, luma) in enumerate(found)] == [
        True
    ] * 12


def test_samples_that_are_pushed_come_out_to_the_sample() -> None:
    def sing_all() -> None:
        for number in range(40):
            push("sung", Samples(number * 20 * MILLISECOND, tone(number * 960, 960)))
        end("sung")

    def body() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        supply = RawSupply("sung", video=False, audio=True)
        control.register_input("sung", InputSpec(supply, required=True, offset=FromStart(0)))
        mix = OutputMix((InputVolume("sung", 0.5),))
        control.register_output("heard", OutputSpec(RawSink(is_live=False), audio=AudioPart(mix)))
        process.spawn(sing_all)
        control.start()
        parts, count = [], 0
        while count < 20 * 960:
            sing = take("heard", "audio")
            assert isinstance(sing, Sing)
            assert sing.position == count
            parts.append(sing.sound)
            count += len(sing.sound)
        return np.concatenate(parts)

    heard = in_pipeline(body)

    assert np.allclose(heard[2000:18_000], 0.5 * tone(2000, 16_000), atol=2e-3)


def test_whoever_pushes_is_held_up_by_a_pipeline_that_has_not_begun() -> None:
    def body() -> int:
        control.register_input("drawn", InputSpec(RawSupply("drawn"), required=True))
        pushed: list[int] = []
        with pytest.raises(CallFailed):
            push_for_ever(pushed)
        return len(pushed)

    assert 1 < in_pipeline(body) < 100


def push_for_ever(pushed: list[int]) -> None:
    picture = Picture.solid(64, 36, RED)
    while True:
        push("drawn", Frame(len(pushed) * FRAME, picture), 1.0)
        pushed.append(len(pushed))


def test_whoever_pushes_sound_is_held_up_by_whoever_does_not_take_it() -> None:
    def sing_for_ever() -> None:
        for number in count():
            push("sung", Samples(number * 20 * MILLISECOND, tone(number * 960, 960)))

    def body() -> list[int]:
        supply = RawSupply("sung", video=False, audio=True)
        control.register_input("sung", InputSpec(supply, required=True, offset=FromStart(0)))
        mix = OutputMix((InputVolume("sung"),))
        control.register_output("heard", OutputSpec(RawSink(is_live=False), audio=AudioPart(mix)))
        process.spawn(sing_for_ever)
        control.start()
        process.sleep(20)
        found = [control.status().queue.audio_sets]
        for _ in range(30):
            take("heard", "audio")
        process.sleep(20)
        return [*found, control.status().queue.audio_sets]

    before, after = in_pipeline(body)

    # The window of the lane, passed by one, and the hundred places of the queue's channel.
    assert before == WINDOW // 960 + 1 + 100
    assert after == before + 30


def test_nothing_is_lost_to_a_taker_that_gave_up_waiting() -> None:
    def body() -> list[int]:
        part = VideoPart(64, 36, Input("nobody"))
        control.register_output("seen", OutputSpec(RawSink(), part))
        with pytest.raises(TimeoutError):
            take("seen", "video", 2.0)
        control.start()
        draws = [take("seen", "video") for _ in range(3)]
        return [draw.tick for draw in draws if isinstance(draw, Draw)]

    assert in_pipeline(body, Settings(Framerate(25))) == [0, 1, 2]


def test_a_name_is_pushed_to_by_its_input_alone() -> None:
    def body() -> bool:
        with pytest.raises(CallFailed):
            push("nobody", Frame(0, Picture.solid(64, 36, RED)), 1.0)
        control.register_input("drawn", InputSpec(RawSupply("drawn")))
        with pytest.raises(AlreadyRegistered):
            control.register_input("drawn", InputSpec(RawSupply("drawn")))
        return True

    assert in_pipeline(body)
