"""Readers in processes of their own, on the clock of the wall: what they are for is not virtual."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from actors import process, run
from examples.smelter import control, events, tree
from examples.smelter.apart import Apart, ApartReader, ChildDied, probe_apart
from examples.smelter.complaints import InputRefused, MediaBroken
from examples.smelter.media import probe
from examples.smelter.offsets import MILLISECOND, SECOND
from examples.smelter.pictures import Frame, Samples
from examples.smelter.requests import InputPlan, Settings
from examples.smelter.scene import Input, Rescaler
from tests.examples.smelter.films import RED, make_film
from tests.examples.smelter.rigs import (
    FIFTY,
    WATCHER,
    Clip,
    Seen,
    an_input,
    an_output,
    shade,
)
from tests.examples.smelter.running import film
from tests.examples.smelter.segfault import BrokenClip, Segfaulting


def items(reader: ApartReader, count: int) -> list[object]:
    with reader:
        return [reader.read() for _ in range(count)]


def test_what_is_read_apart_is_the_same() -> None:
    clip = Clip(pictures=3)
    there = items(Apart(clip).open(20 * MILLISECOND), 6)
    here = clip.open(20 * MILLISECOND)

    for one in there:
        other = here.read()
        match one:
            case Frame(pts, picture):
                assert isinstance(other, Frame)
                assert (pts, int(picture.y[0, 0])) == (other.pts, int(other.picture.y[0, 0]))
                assert not picture.packed.flags.writeable
            case Samples():
                assert isinstance(other, Samples)
                assert (one.start, one.rate, one.sound.tolist()) == (
                    other.start,
                    other.rate,
                    other.sound.tolist(),
                )
            case _:
                assert other is None


def test_what_is_raised_there_is_raised_here() -> None:
    with pytest.raises(RuntimeError, match="RuntimeError: broken at picture 0"):
        items(Apart(Clip(broken_at=(0,))).open(0), 1)


def test_a_child_that_is_killed_is_noticed_and_named() -> None:
    reader = Apart(Clip()).open(0)
    reader.read()
    os.kill(reader.pid, signal.SIGKILL)
    os.waitid(os.P_PID, reader.pid, os.WEXITED | os.WNOWAIT)

    with pytest.raises(ChildDied, match="died of SIGKILL"):
        reader.read()
    reader.close()


def test_no_child_is_left_behind() -> None:
    reader = Apart(Clip()).open(0)
    reader.read()
    pid = reader.pid
    del reader

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_film_of_inputs_that_are_read_apart_is_whole(tmp_path: Path) -> None:
    clip = make_film(tmp_path / "red.mp4", 0.5, RED)
    made = film(tmp_path, clip, "--offline", "--apart", seconds=1)

    assert made.file is not None
    assert (made.summary.pictures, made.file.audio_samples) == (30, 48_000)
    assert probe_apart(str(clip)) == probe(str(clip))


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4"])
def test_an_input_is_refused_from_apart_in_the_same_words(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.mp4").write_text("no media")
    complaints = []
    for look in (probe, probe_apart):
        with pytest.raises(InputRefused) as refused:
            look(str(tmp_path / name))
        complaints.append(str(refused.value))

    assert complaints[0] == complaints[1]


def test_a_broken_place_is_told_with_its_time() -> None:
    with pytest.raises(MediaBroken) as broken:
        items(Apart(BrokenClip()).open(0), 1)

    assert broken.value.at == 123


def test_a_real_segmentation_fault_is_a_gap_and_nobody_else_notices() -> None:
    def body() -> tuple[Seen, list[object]]:
        process.trap_exit(True)
        process.register(process.self(), WATCHER)
        registered = dict(
            (
                an_input("a", Segfaulting(pictures=None, audio=False, after=60), required=False),
                an_input("b", Clip(audio=False), required=False),
                an_output("a", Rescaler(Input("a"))),
                an_output("b", Rescaler(Input("b"))),
            )
        )
        registered["input", "a"] = apart(registered["input", "a"])
        tree.start(Settings(FIFTY.framerate, fallback=1000 * SECOND, patience=10), registered)
        seen = Seen()
        events.subscribe()
        control.start()
        # A child dies after 1.2 seconds of pictures; what comes later is from another. A machine that
        # is busy takes long to start it, so old pictures count.
        seen.until(lambda: has_come_back(seen) and len(seen.brightness("b")) > 110, limit=30.0)
        return seen, [one for one in seen.others if isinstance(one, events.InputEos)]

    kept: list[tuple[Seen, list[object]]] = []
    run(lambda: kept.append(body()), held=None)
    seen, ends = kept[0]

    assert ends == []
    others = seen.brightness("b")
    ticks = sorted(others)[5:]
    # How late they are is the machine's business; that they go on is ours.
    assert len(ticks) >= 100
    assert others[ticks[-1]] != others[ticks[-30]]


def has_come_back(seen: Seen) -> bool:
    return any(n > 65 for n in numbers(seen))


def numbers(seen: Seen) -> list[int]:
    return [one.colours[0][0] - shade(0) for one in seen.pictures.get("a", [])]


def apart(plan: object) -> object:
    assert isinstance(plan, InputPlan)
    return replace(plan, spec=replace(plan.spec, supply=Apart(plan.spec.supply)))
