"""Readers in processes of their own, on the clock of the wall: what they are for is not virtual."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from actors import process, run
from examples.smelter import control, events, tree
from examples.smelter.apart import Apart, ApartReader, ChildDied
from examples.smelter.complaints import MediaBroken
from examples.smelter.offsets import MILLISECOND, SECOND
from examples.smelter.pictures import Frame, Samples
from examples.smelter.requests import InputPlan, Settings
from examples.smelter.scene import Input, Rescaler
from tests.examples.smelter.rigs import (
    FIFTY,
    WATCHER,
    Clip,
    Seen,
    an_input,
    an_output,
    shade,
)
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
        # A child dies after 1.2 seconds of pictures; what comes later is from others. A machine that
        # is busy takes long to start them, so old pictures count.
        seen.until(lambda: any(n > 130 for n in numbers(seen)), limit=30.0)
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


def numbers(seen: Seen) -> list[int]:
    return [one.colours[0][0] - shade(0) for one in seen.pictures.get("a", [])]


def apart(plan: object) -> object:
    assert isinstance(plan, InputPlan)
    return replace(plan, spec=replace(plan.spec, supply=Apart(plan.spec.supply)))
