"""The other ends of connections, for the tests: Debian's ffmpeg, and what they are asked for."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from examples.smelter.inputs import NOTHING
from examples.smelter.pictures import Frame, Samples
from examples.smelter.protocols.session import Session

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="left out: no ffmpeg (apt-get install ffmpeg)"
)

PICTURES = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"]
H264 += ["-pix_fmt", "yuv420p"]
AAC = ["-c:a", "aac"]


def eventually(holds: Callable[[], bool], within: float = 30.0) -> None:
    """Wait until something holds that another program does."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


@contextmanager
def ffmpeg(*arguments: str, seconds: float | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Let ffmpeg work in real time, and end it."""
    length = [] if seconds is None else ["-t", str(seconds)]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-re", *PICTURES, "-re", *SOUND]
    child = subprocess.Popen(
        [*command, *length, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@contextmanager
def pushing(url: str, kind: str, seconds: float | None = None) -> Iterator[None]:
    """Push pictures and sound to an address, as an encoder does: again, if that fails."""
    over = threading.Event()

    def push() -> None:
        while not over.is_set():
            with ffmpeg(*H264, *AAC, "-f", kind, url, seconds=seconds) as child:
                while child.poll() is None and not over.wait(0.05):
                    pass
                if child.returncode == 0:
                    return

    pusher = threading.Thread(target=push, name="pusher")
    pusher.start()
    try:
        yield
    finally:
        over.set()
        pusher.join()


def read(
    reader: Session, pictures: int, sounds: int, within: float = 20.0
) -> list[Frame | Samples]:
    """Read until so much of both has come."""
    deadline = time.monotonic() + within
    found: list[Frame | Samples] = []
    while time.monotonic() < deadline:
        item = reader.read()
        if item is None:
            break
        if item is not NOTHING:
            found.append(item)
        frames = sum(isinstance(one, Frame) for one in found)
        if frames >= pictures and len(found) - frames >= sounds:
            return found
    raise AssertionError(f"only {len(found)} items in {within:g} s: {found[:3]} ...")


def assert_continuous(items: list[Frame | Samples], *, lossy: bool = False) -> None:
    """Check that the times of a session begin at zero and go on as ffmpeg made them.

    Args:
        items: what was read.
        lossy: whether some of them may be missing, as datagrams are on a busy machine.
    """
    frames = [one for one in items if isinstance(one, Frame)]
    sounds = [one for one in items if isinstance(one, Samples)]
    assert min(one.pts if isinstance(one, Frame) else one.start for one in items) == 0
    steps = [b.pts - a.pts for a, b in pairwise(frames)]
    assert all(20_000_000 < step < (500_000_000 if lossy else 60_000_000) for step in steps), steps
    gaps = [b.start - a.end for a, b in pairwise(sounds)]
    assert all(abs(gap) < (500_000_000 if lossy else 30_000_000) for gap in gaps), gaps
    assert all((one.picture.width, one.picture.height) == (160, 90) for one in frames)
    assert max(float(abs(one.sound).max()) for one in sounds) > 0.05
