"""The mixer's process among stand-ins for its neighbours."""

from __future__ import annotations

import numpy as np

from actors import GenServer, Message, Pid, process, run
from actors.testing import VirtualClock
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.mixer import Mixer
from examples.smelter.offsets import CHUNK, Framerate
from examples.smelter.pictures import Samples
from examples.smelter.requests import Settings
from examples.smelter.scene import Input
from examples.smelter.wire import (
    MIXER,
    QUEUE,
    Chunk,
    Connect,
    Order,
    Ready,
    Sing,
    audio_end_of,
    tell,
)
from tests.examples.smelter.rigs import an_output


class Ear(GenServer[None]):
    """Hands on what it is sung."""

    def init(self, to: Pid) -> None:
        self.to = to

    def handle_cast(self, request: Message, state: None) -> None:
        if isinstance(request, Sing):
            process.send(self.to, request)


def chunk(serial: int, number: int) -> Chunk:
    sound = np.full((960, 2), 0.25, np.float32)
    return Chunk(serial, number, {"a": (Samples(number * CHUNK, sound),)}, inputs=frozenset("a"))


def end(mixer: Pid) -> None:
    ref = process.monitor(mixer)
    process.send_exit(mixer, "kill")
    process.receive(lambda message: getattr(message, "ref", None) is ref)


def heard(*chunks: Chunk, deaths: int = 0) -> list[tuple[int, int]]:
    """Return position and count of all that comes out; each death is one after all the chunks."""

    def main() -> list[tuple[int, int]]:
        process.trap_exit(True)
        process.register(process.self(), QUEUE)
        Ledger.start_link({}, name=LEDGER)
        Ear.start_link(process.self(), name=audio_end_of("out"))
        _, plan = an_output("out", Input("a"), sound=["a"])
        found: list[tuple[int, int]] = []
        for _ in range(1 + deaths):
            mixer = Mixer.start_link(Settings(Framerate(50)), name=MIXER)
            for thing in (Ready(), Order(1, "audio", 0, Connect(plan, 0, 0)), *chunks):
                tell(MIXER, thing)
            while isinstance(sing := process.receive(Sing, timeout=0.1), Sing):
                found.append((sing.position, len(sing.sound)))
            end(mixer)
        return found

    value = run(main, clock=VirtualClock())
    assert value is not None
    return value


def test_a_chunk_that_is_given_again_is_mixed_once() -> None:
    assert heard(chunk(2, 0), chunk(3, 1), chunk(4, 1)) == [(0, 960), (960, 960)]


def test_chunks_that_were_lost_are_silence_of_the_right_length() -> None:
    assert heard(chunk(2, 0), chunk(3, 3)) == [(0, 960), (960, 2880)]


def test_a_new_mixer_mixes_nothing_again_that_the_one_before_had_sent() -> None:
    chunks = [chunk(2 + number, number) for number in range(3)]

    assert heard(*chunks, deaths=2) == [(0, 960), (960, 960), (1920, 960)]
