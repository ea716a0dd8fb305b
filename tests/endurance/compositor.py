"""A compositor in real time, of which somebody kills a part every fifth of a second.

Two inputs, a file with real encoders and a live output. Everybody may be killed but the two supervisors
at the top, also the ledger and the keeper of what was asked for. Afterwards it must be as if nothing had
happened: whoever is asked answers, as many processes and threads as before, no mailbox that has grown,
and a file that plays.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from actors import CallFailed, Pid, process, run, telemetry
from actors.process import info
from examples.smelter import control, events, tree
from examples.smelter.complaints import RequestRefused
from examples.smelter.encode import Encoding
from examples.smelter.inspection import inspect_output
from examples.smelter.lanes import BEHIND, CREDIT, WINDOW
from examples.smelter.media import probe
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.muxer import check_output
from examples.smelter.offsets import SECOND, Framerate
from examples.smelter.requests import (
    AudioPart,
    InputPlan,
    OutputPlan,
    OutputSpec,
    Settings,
    VideoPart,
)
from examples.smelter.scene import tiles_of
from examples.smelter.sets import Options
from examples.smelter.sinks import FileSink
from supervisors import Supervisor, which_children
from tests.endurance.tally import Tally, case
from tests.examples.smelter.rigs import Eye

__all__: list[str] = []

EVERY = 0.2
SPARED = {"stage"}
UNDER_WAY = Options(Framerate(30)).audio_places + Options(Framerate(30)).video_places + 2
"""Sets that the queue has given out and its consumers have not done."""
TO_A_LIVE_END = BEHIND // 960 + 1
TO_A_FILE = WINDOW // 960 + 1
LONGEST_MAILBOX = {
    # Of each set it hears twice, and the inputs offer what they may.
    "queue": 2 * UNDER_WAY + 32,
    # Sets, and of each output what it has written.
    "mixer": UNDER_WAY + TO_A_LIVE_END + TO_A_FILE + CREDIT,
    "compositor": 2 * CREDIT + TO_A_FILE + 32,
    "ear": TO_A_LIVE_END + 8,
}
"""What may wait at the most, however slow the machine is: it follows from what may be under way."""
ANYBODY = 64
"""The same for everybody else."""
NAMES = ("1", "2")
PATIENCE = 30.0
"""Seconds that anything may take on a machine that has other things to do: the end, which else is below
six, or an answer, whoever was killed just now. After the ledger, all begins anew."""
PARTS = {
    *("assets", "control", "events", "keeper", "ledger", "queue"),
    *("inputs", "source 1", "1 test:1", "feeder 1", "source 2", "2 test:2", "feeder 2"),
    *("outputs", "output", "encoders", "video_encoder", "audio_encoder", "muxer"),
    *("output live", "compositor", "mixer", "lens", "ear"),
}
"""Everybody there should be, but the stage, which is one of the two that nobody kills."""


def registered(folder: Path) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {}
    for name in NAMES:
        found["input", name] = InputPlan.of_file(name, probe(f"test:{name}"))
    mix = OutputMix(tuple(InputVolume(name) for name in NAMES))
    target = check_output(str(folder / "film.mp4"))
    film = OutputSpec(
        FileSink(target, Encoding(64, 36, Fraction(30))),
        VideoPart(64, 36, tiles_of(NAMES)),
        AudioPart(mix),
    )
    live = OutputSpec(Eye(), VideoPart(64, 36, tiles_of(NAMES)), AudioPart(mix))
    found["output", "film"] = OutputPlan("film", film)
    found["output", "live"] = OutputPlan("live", live)
    return found


def answers() -> bool:
    """Ask, again if need be, and tell whether an answer came in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            control.status()
        except (CallFailed, RequestRefused):
            process.sleep(0.02)
        else:
            return True
    return False


def parts(top: Pid) -> list[tree.Branch]:
    return [one for one in tree.branches(top) if one.id not in SPARED]


def pids_of(top: Pid) -> list[tuple[str, Pid]]:
    """Return the workers and supervisors below the top with their pids."""
    found: list[tuple[str, Pid]] = []

    def visit(supervisor: Pid) -> None:
        try:
            children = which_children(supervisor)
        except CallFailed:
            return
        for child in children:
            if isinstance(child.pid, Pid):
                if child.id not in SPARED:
                    found.append((str(child.id), child.pid))
                if child.type == "supervisor":
                    visit(child.pid)

    visit(top)
    return found


def storm(top: Pid, seconds: float, chance: random.Random, tally: Tally) -> int:
    killed, slowest = 0, (0.0, "nobody")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        victims = pids_of(top)
        if victims:
            name, victim = chance.choice(victims)
            process.send_exit(victim, "kill")
            killed += 1
            began = time.monotonic()
            tally.check(answers(), f"nobody answered after {name} was killed")
            slowest = max(slowest, (time.monotonic() - began, name))
        process.sleep(EVERY)
    tally.note(f"the slowest answer took {slowest[0]:.2f} s, after the death of {slowest[1]}")
    return killed


def too_long(top: Pid) -> dict[str, int]:
    """Return the mailboxes that hold more than they ever should."""
    found = {name: info(pid) for name, pid in pids_of(top)}
    waiting = {name: one.message_queue_len for name, one in found.items() if one is not None}
    return {name: n for name, n in waiting.items() if n > LONGEST_MAILBOX.get(name, ANYBODY)}


def until(what: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Look again and again, and tell whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        process.sleep(0.1)
    return True


def alive(top: Pid) -> set[str]:
    return {one.id for one in parts(top) if one.pid.startswith("#PID")}


def threads() -> int:
    """Count the threads of processes: not those few that the library has, each from its first use on."""
    return sum(not one.name.startswith("actors-") for one in threading.enumerate())


def live(seconds: int, folder: Path, tally: Tally) -> None:
    process.trap_exit(True)
    quiet = min(10.0, seconds)
    settings = Settings(Framerate(30), patience=100, snapshot=folder / "state")
    top = tree.start(settings, registered(folder))
    control.start()
    tally.check(until(lambda: alive(top) == PARTS), f"not all began: {PARTS ^ alive(top)}")
    process.sleep(1.0)
    before = threads()
    killed = storm(top, seconds, random.Random(seconds), tally)  # noqa: S311
    tally.check(until(lambda: alive(top) == PARTS), f"not all came back: {PARTS ^ alive(top)}")
    process.sleep(quiet)
    tally.check(until(lambda: threads() <= before), f"{threads()} threads, {before} before")
    tally.check(until(lambda: not too_long(top)), f"mailboxes hold too much: {too_long(top)}")
    events.subscribe()
    control.unregister_output("film")
    done = process.receive(lambda one: isinstance(one, events.OutputDone), timeout=PATIENCE)
    tally.check(isinstance(done, events.OutputDone), f"the film did not end: {done!r}")
    began = time.monotonic()
    Supervisor.stop(top)
    took = time.monotonic() - began
    tally.check(took < PATIENCE, f"the end took {took:.1f} s")
    tally.note(f"{killed} kills in {seconds} s; the end took {took:.1f} s")


@case(short=3, long=60)
def chaos(size: int, tally: Tally) -> None:
    """A compositor whose parts are killed five times a second plays on, and its file is whole."""
    reporter = telemetry.set_reporter(None)
    before = threads()
    try:
        with tempfile.TemporaryDirectory() as where:
            folder = Path(where)
            run(lambda: live(size, folder, tally), held=None)
            film = folder / "film.mp4"
            tally.check(film.exists(), f"no film, but {[one.name for one in folder.iterdir()]}")
            if film.exists():
                found = inspect_output(film)
                tally.check(found.video_pts_increase, "pts do not increase")
                tally.check(found.audio_is_contiguous, "the sound has a hole")
                tally.check(not found.is_fragmented, "the film has no index")
                length = round(found.video_duration / SECOND * 30)
                tally.note(f"{found.video_frames} pictures of {length} ticks")
    finally:
        telemetry.set_reporter(reporter)
    deadline = time.monotonic() + PATIENCE
    while threads() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    tally.check(
        threads() <= before, f"threads are left: {[one.name for one in threading.enumerate()]}"
    )
