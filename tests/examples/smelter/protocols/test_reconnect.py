"""A live input that loses its peer again and again, in a whole pipeline, on virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Self

from actors import Pid, process, run
from actors.testing import VirtualClock
from examples.smelter import control, events, tree
from examples.smelter.complaints import PeerLost
from examples.smelter.inputs import InputInfo, Item, Source
from examples.smelter.offsets import Floating
from examples.smelter.pictures import Frame, Picture
from examples.smelter.protocols.raw import RawSink, take
from examples.smelter.requests import InputSpec, OutputSpec, Settings, VideoPart
from examples.smelter.scene import Input
from examples.smelter.sessions import Link
from examples.smelter.wire import Draw
from supervisors import Supervisor
from tests.examples.smelter.films import RED
from tests.examples.smelter.protocols.test_raw import OFFLINE


@dataclass(frozen=True, slots=True)
class Fickle:
    """Each session gives so many frames and is lost; its beginning is told."""

    boss: Pid
    frames: int
    title: str = "fickle"
    video: bool = True
    audio: bool = False
    is_live: bool = True
    buffer: int = 0

    def open(self, start: int) -> Source:
        process.send(self.boss, ("opened", process.monotonic()))
        return FickleReader(self.frames)


class FickleReader:
    def __init__(self, frames: int) -> None:
        self.left = frames
        self.info = InputInfo("fickle", "live", None, None, Fraction(0), None)

    def read(self) -> Item:
        if not self.left:
            raise PeerLost("fickle", "has hung up")
        self.left -= 1
        return Frame(0, Picture.solid(64, 36, RED))

    def close(self) -> None:
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return


TOLD = events.InputConnected | events.InputLost


def openings(count: int) -> list[float]:
    found: list[float] = []
    while len(found) < count:
        message = process.receive(lambda one: isinstance(one, tuple) and one[0] == "opened")
        assert isinstance(message, tuple)
        found.append(message[1])
    return found


def test_a_peer_that_is_lost_is_tried_after_longer_and_longer_waits_and_never_given_up() -> None:
    def main() -> tuple[list[float], tuple[str, ...]]:
        top = tree.start(Settings())
        control.register_input("camera", InputSpec(Fickle(process.self(), 0), offset=Floating()))
        control.start()
        times = openings(9)
        inputs = control.status().queue.ended_inputs
        Supervisor.stop(top)
        return times, inputs

    times, ended = run(main, clock=VirtualClock()) or ([], ())

    assert [round(b - a, 3) for a, b in pairwise(times)] == [0.5, 1, 2, 4, 8, 10, 10, 10]
    assert ended == (), "nobody was given up"


def test_how_a_live_input_is_connected_is_told_and_written_down() -> None:
    def main() -> tuple[list[object], Link, dict[str, Link]]:
        top = tree.start(Settings())
        events.subscribe()
        control.register_input("camera", InputSpec(Fickle(process.self(), 1), offset=Floating()))
        control.start()
        told = [process.receive(lambda one: isinstance(one, TOLD)) for _ in range(4)]
        openings(3)
        link = control.status().input_links["camera"]
        control.unregister_input("camera")
        while control.status().inputs:
            process.sleep(0.1)
        after = dict(control.status().input_links)
        Supervisor.stop(top)
        return told, link, after

    told, link, after = run(main, clock=VirtualClock()) or ([], Link("up"), {})

    why = "fickle: has hung up"
    # Source and feeder tell of one session by themselves, of the next one later.
    session = {events.InputConnected("camera"), events.InputLost("camera", why)}
    assert [set(told[:2]), set(told[2:])] == [session, session]
    assert (link.attempts, link.why) == (3, why)
    assert after == {}


def test_the_last_picture_stays_while_the_peer_is_away_and_no_end_is_told() -> None:
    def main() -> list[int]:
        top = tree.start(Settings(OFFLINE.framerate))
        fickle = Fickle(process.self(), 1)
        control.register_input("camera", InputSpec(fickle, offset=Floating()))
        part = VideoPart(64, 36, Input("camera"))
        control.register_output("seen", OutputSpec(RawSink(), part))
        control.start()
        seen: list[int] = []
        while len(seen) < 50:
            draw = take("seen", "video")
            assert isinstance(draw, Draw)
            seen.append(int(draw.picture.y[18, 32]))
        Supervisor.stop(top)
        return seen

    seen = run(main, clock=VirtualClock()) or []

    first = next(n for n, luma in enumerate(seen) if abs(luma - RED[0]) <= 1)
    assert all(abs(luma - RED[0]) <= 1 for luma in seen[first:])
