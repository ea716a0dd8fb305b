"""The compositor against the clock: `python3 -m tests.bench smelter`.

    offline     how long 20 seconds of film from two H.264 files take, as fast as it goes
    live        three inputs at 1280x720 in real time: processor time, lateness of ticks, drops
    outputs     what a fourth output does to the lateness of another one
    inputs      how the cost grows with 1, 2, 4 and 8 inputs
    stuck       one output of three stops being read: here, and in a pipeline of threads that send
                with blocking queues

Lateness is from a tick's own time to the moment its picture is handed to the output. Each part runs in
an interpreter of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av

from actors import process, run, telemetry
from examples.smelter import control, tree
from examples.smelter.encode import Encoding
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.media import probe
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.muxer import check_output
from examples.smelter.offsets import SECOND, Framerate
from examples.smelter.queue_server import Queue
from examples.smelter.queue_words import Saved
from examples.smelter.requests import (
    AudioPart,
    InputPlan,
    OutputPlan,
    OutputSpec,
    Settings,
    VideoPart,
)
from examples.smelter.scene import tiles_of
from examples.smelter.sinks import FileSink
from examples.smelter.wire import QUEUE
from tests.bench import stalling
from tests.examples.smelter.rigs import Eye

__all__ = ["PARTS", "Figures", "main", "offline_seconds"]

RATE = 30


@dataclass(frozen=True, slots=True)
class Figures:
    """What one live run has come to."""

    cores: float
    """Processor time for each second of the clock."""
    p50: float
    """Lateness in milliseconds."""
    p99: float
    worst: float
    pictures: int
    """How many came out, of all that were due."""
    due: int
    dropped: int
    """Sets that found no place."""


# -- material --------------------------------------------------------------------------------------


def clip(folder: Path, name: str, width: int, height: int, seconds: int = 10) -> Path:
    """Make an H.264 file with moving pictures and a tone, as an encoder of our time would."""
    path = folder / f"{name}.mp4"
    pattern = f"testsrc2=size={width}x{height}:rate={RATE}:duration={seconds}"
    tone = f"sine=frequency={300 + 40 * len(name)}:sample_rate=48000:duration={seconds}"
    with (
        av.open(pattern, format="lavfi") as pictures,
        av.open(tone, format="lavfi") as sounds,
        av.open(str(path), "w") as made,
    ):
        video = made.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = made.add_stream("aac", rate=48_000)
        for frame in pictures.decode(video=0):
            made.mux(video.encode(frame.reformat(format="yuv420p")))
        for sound in sounds.decode(audio=0):
            made.mux(audio.encode(sound))
        made.mux(video.encode(None))
        made.mux(audio.encode(None))
    return path


def plans(paths: list[Path], *, required: bool) -> dict[tuple[str, str], object]:
    """Register files as inputs."""
    found: dict[tuple[str, str], object] = {}
    for number, path in enumerate(paths, 1):
        plan = InputPlan.of_file(str(number), probe(str(path)), required=required)
        found["input", plan.id] = plan
    return found


def file_output(folder: Path, names: tuple[str, ...], width: int, height: int) -> OutputSpec:
    """Write the inputs, as tiles, to a file."""
    encoding = Encoding(width, height, Fraction(RATE))
    target = check_output(str(folder / "film.mp4"), overwrite=True)
    return OutputSpec(
        FileSink(target, encoding),
        VideoPart(width, height, tiles_of(names)),
        AudioPart(OutputMix(tuple(InputVolume(name) for name in names))),
    )


# -- offline ---------------------------------------------------------------------------------------


def offline_seconds(seconds: int = 20) -> float:
    """Return how long it takes to make a film of 640x360 from two files, on the clock of the wall."""
    from examples.smelter.command import main as command

    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        clips = [clip(folder, name, 640, 360) for name in ("one", "three")]
        target = str(folder / "film.mp4")
        arguments = [*map(str, clips), "--offline", "--duration", str(seconds), "--output", target]
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            out, sys.stdout = sys.stdout, nowhere
            before = time.perf_counter()
            try:
                code = command(arguments)
            finally:
                sys.stdout = out
        took = time.perf_counter() - before
    if code:
        raise RuntimeError(f"the command ended with {code}")
    return took


# -- live ------------------------------------------------------------------------------------------


class Arrivals:
    """When pictures were handed to their outputs."""

    def __init__(self) -> None:
        self.at: dict[str, dict[int, float]] = {}

    def take(
        self, _: telemetry.Event, measured: Mapping[str, float], about: Mapping[str, object]
    ) -> None:
        ticks = self.at.setdefault(str(about["output"]), {})
        ticks[int(measured["tick"])] = time.monotonic()

    def lateness(self, output: str, started: float, skip: int = RATE) -> list[float]:
        """Return by how many milliseconds each picture was late, those of the first second left out."""
        rate = Framerate(RATE)
        return sorted(
            (at - started - rate.tick(tick) / SECOND) * 1000
            for tick, at in self.at.get(output, {}).items()
            if tick >= skip
        )


def live(registered: dict[tuple[str, str], object], seconds: float, watched: str) -> Figures:
    """Run a pipeline in real time and measure it."""
    arrivals = Arrivals()
    telemetry.attach("bench", ("smelter", "picture", "sent"), arrivals.take)

    def body() -> Figures:
        process.trap_exit(True)
        tree.start(Settings(Framerate(RATE)), registered)
        process.sleep(1.0)
        control.start()
        before, began = sum(os.times()[:2]), time.monotonic()
        process.sleep(seconds)
        cores = (sum(os.times()[:2]) - before) / (time.monotonic() - began)
        saved = Ledger.get(LEDGER, "queue")
        assert isinstance(saved, Saved)
        started = (saved.origin + (saved.checkpoint.start or 0)) / SECOND
        # A machine that is busy enough gives no picture at all; that is a figure too.
        late = arrivals.lateness(watched, started) or [math.nan]
        stats = Queue.stats(QUEUE)
        return Figures(
            cores,
            late[len(late) // 2],
            late[len(late) * 99 // 100],
            late[-1],
            len(late) if not math.isnan(late[0]) else 0,
            stats.ticks - RATE,
            stats.dropped,
        )

    kept: list[Figures] = []
    try:
        run(lambda: kept.append(body()), held=None)
    finally:
        telemetry.detach("bench")
    return kept[0]


def three_at_720p(seconds: float) -> Figures:
    """Three inputs, composed to 1280x720 and encoded."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        paths = [clip(folder, name, 1280, 720) for name in ("a", "bb", "ccc")]
        names = ("1", "2", "3")
        output = OutputPlan("film", file_output(folder, names, 1280, 720))
        return live({**plans(paths, required=False), ("output", "film"): output}, seconds, "film")


def with_outputs(count: int, seconds: float) -> Figures:
    """Two inputs and so many outputs of 640x360 that take every picture; the first is watched."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        paths = [clip(folder, name, 640, 360) for name in ("a", "bb")]
        registered = plans(paths, required=False)
        for number in range(count):
            spec = OutputSpec(Eye(), VideoPart(640, 360, tiles_of(("1", "2"))))
            registered["output", f"out{number}"] = OutputPlan(f"out{number}", spec)
        return live(registered, seconds, "out0")


def with_inputs(count: int, seconds: float) -> Figures:
    """So many inputs of 640x360, composed to 640x360 and encoded."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        paths = [clip(folder, "a" * (n + 1), 640, 360) for n in range(count)]
        names = tuple(str(n + 1) for n in range(count))
        output = OutputPlan("film", file_output(folder, names, 640, 360))
        return live({**plans(paths, required=False), ("output", "film"): output}, seconds, "film")


# -- the report ------------------------------------------------------------------------------------


def _row(name: str, one: Figures) -> str:
    return (
        f"{name:14}{one.cores:8.2f}{one.p50:9.2f}{one.p99:9.2f}{one.worst:9.2f}"
        f"{one.pictures:8}/{one.due:<6}{one.dropped:8}"
    )


HEAD = f"{'':14}{'cores':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'pictures':>14}{'dropped':>9}"


def _offline(seconds: float) -> None:
    length = max(1, round(seconds / 3))
    took = offline_seconds(length)
    print(f"offline       {took:8.2f} s for {length} s of 640x360 (at most 6 for 20)")


def _live(seconds: float) -> None:
    one = three_at_720p(seconds)
    print(f"{HEAD}\n{_row('3x 1280x720', one)}   (at most 1.2 cores)")


def _outputs(seconds: float) -> None:
    print(HEAD)
    three, four = (with_outputs(count, seconds / 3) for count in (3, 4))
    print(f"{_row('3 outputs', three)}\n{_row('4 outputs', four)}")
    print(f"{'difference':22}{four.p50 - three.p50:9.2f}{four.p99 - three.p99:9.2f}   (at most 5)")


def _inputs(seconds: float) -> None:
    print(HEAD)
    for count in (1, 2, 4, 8):
        print(_row(f"{count} inputs", with_inputs(count, seconds / 3)), flush=True)


def _stuck(seconds: float) -> None:
    print(f"{'':26}{'received':>10}{'p99 ms':>9}{'max ms':>9}")
    for name, result in stalling.compared(max(3.0, seconds / 4)):
        print(f"{name:26}{result.share:9.1%}{result.p99:9.2f}{result.worst:9.2f}")


PARTS: dict[str, Callable[[float], None]] = {
    "offline": _offline,
    "live": _live,
    "outputs": _outputs,
    "inputs": _inputs,
    "stuck": _stuck,
}
"""What is measured; each is told how many seconds the long run lasts."""


def main(argv: list[str]) -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.bench smelter", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--seconds", type=float, default=60, help="of the live run (60)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        parser.error(f"unknown part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for name in given.parts or list(PARTS):
        if given.here:
            before = telemetry.set_reporter(None)
            try:
                PARTS[name](given.seconds)
            finally:
                telemetry.set_reporter(before)
            continue
        print(f"-- {name}", flush=True)
        command = [sys.executable, "-m", "tests.bench", "smelter", name, "--here"]
        done = subprocess.run([*command, "--seconds", str(given.seconds)], check=False)
        if done.returncode:
            return done.returncode
    return 0


def as_json(one: Figures) -> str:
    """Return a run's figures as one line."""
    return json.dumps(asdict(one))
