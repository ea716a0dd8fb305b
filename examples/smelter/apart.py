"""An input whose reader runs in an operating system's process of its own, for media nobody trusts.

A codec is C, and C can take the whole program down. `Apart(supply)` opens the same supply in a child
process; the reader here asks for one item after the other over a pipe. When the child dies, of a real
segmentation fault for instance, the reader raises `ChildDied`, its source dies of that, and the
supervisor starts another: a gap, as with any crash.

    reader ──"r"──> child          give the next item
    reader <─item── child          a header of numbers, then the bytes of planes or samples

What comes from the child is numbers and pixels, never a pickle: it may have been taken over by what
it reads. It ends when its pipe is closed, so none is left behind, however its reader ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import weakref
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from examples.smelter.complaints import InputRefused, MediaBroken
from examples.smelter.inputs import (
    NOTHING,
    AudioInfo,
    InputInfo,
    Item,
    Nothing,
    Source,
    Supply,
    VideoInfo,
)
from examples.smelter.media import probe
from examples.smelter.pictures import Frame, Picture, Samples

__all__ = ["Apart", "ApartReader", "ChildDied", "main", "probe_apart"]

_HEAD = struct.Struct(">cqIIII")
"""Kind, time, two sizes, the rate, and how many bytes follow."""

MOST_BYTES = 1 << 27
"""Of one item."""


class ChildDied(RuntimeError):
    """The process of a reader ended in the middle; its exit status says of what.

    Args:
        name: the input.
        status: as `subprocess` has it: below zero the number of a signal.
    """

    def __init__(self, name: str, status: int | None) -> None:
        super().__init__(name, status)
        self.name = name
        self.status = status

    def __str__(self) -> str:
        if self.status is not None and self.status < 0:
            with contextlib.suppress(ValueError):
                return f"the process of {self.name} died of {signal.Signals(-self.status).name}"
        return f"the process of {self.name} ended with status {self.status}"


@dataclass(frozen=True, slots=True)
class Apart:
    """The same input, read in a process of its own."""

    supply: Supply
    """What is read there; it can be pickled."""

    @property
    def title(self) -> str:
        """What people know it by."""
        return self.supply.title

    @property
    def video(self) -> bool:
        """Whether it has pictures."""
        return self.supply.video

    @property
    def audio(self) -> bool:
        """Whether it has sound."""
        return self.supply.audio

    @property
    def is_live(self) -> bool:
        """Whether it is live."""
        return self.supply.is_live

    @property
    def buffer(self) -> int:
        """Its head start."""
        return self.supply.buffer

    def open(self, start: int) -> ApartReader:
        """Start the process; it opens the supply there."""
        return ApartReader(self.supply.title, (self.supply, start))


def probe_apart(name: str) -> InputInfo:
    """Find out what an input holds, as `media.probe`, in a process of its own.

    Raises:
        InputRefused: as there, or its process died of looking at it.
    """
    reader = ApartReader(name, ("probe", name))
    with reader:
        try:
            return reader.probed()
        except ChildDied as died:
            raise InputRefused(name, str(died)) from died


class ApartReader:
    """Reads through a pipe.

    Args:
        name: of the input, for complaints.
        task: what the child is to do: `("probe", name)`, or a supply and where to begin.
    """

    def __init__(self, name: str, task: tuple[object, object]) -> None:
        self._name = name
        where = str(Path(__file__).resolve().parents[2])
        paths = [where, os.environ.get("PYTHONPATH", "")]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "examples.smelter.apart"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self._end = weakref.finalize(self, _end, self._child)
        pickled = pickle.dumps(task)
        self._write(struct.pack(">I", len(pickled)) + pickled)

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._child.pid

    @property
    def info(self) -> InputInfo:
        """What is being read; only its name is known here."""
        return InputInfo(self._name, "apart", None, None, Fraction(0), None)

    def read(self) -> Item | Nothing | None:
        """Ask for the next item.

        Raises:
            ChildDied: the process is gone.
            MediaBroken, InputRefused, RuntimeError: what the reader there raised.
        """
        kind, time, first, second, rate, content = self._ask()
        match kind:
            case b"V":
                rows = np.frombuffer(content, np.uint8).reshape(second * 3 // 2, first)
                return Frame(time, Picture(rows))
            case b"A":
                sound = np.frombuffer(content, np.float32).reshape(first, second)
                return Samples(time, sound, rate)
            case b"N":
                return NOTHING
            case b"E":
                return None
            case _:
                raise self._raised(kind, time, content)

    def probed(self) -> InputInfo:
        """Ask what the input holds; of a child that was told to look."""
        kind, time, _, _, _, content = self._ask()
        if kind != b"I":
            raise self._raised(kind, time, content)
        try:
            return _info_of(self._name, json.loads(content))
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise InputRefused(self._name, f"its process answers nonsense ({error})") from error

    def _ask(self) -> tuple[bytes, int, int, int, int, bytes]:
        self._write(b"r")
        kind, time, first, second, rate, size = _HEAD.unpack(self._take(_HEAD.size))
        if size > MOST_BYTES:
            raise ChildDied(self._name, None)
        return kind, time, first, second, rate, self._take(size)

    def _raised(self, kind: bytes, time: int, content: bytes) -> Exception:
        text = content.decode(errors="replace")
        match kind:
            case b"B":
                return MediaBroken(self._name, time, text)
            case b"R":
                return InputRefused(self._name, text)
            case _:
                return RuntimeError(text)

    def close(self) -> None:
        """End the process."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(data)
            self._child.stdin.flush()
        except (OSError, ValueError):
            raise ChildDied(self._name, self._status()) from None

    def _take(self, size: int) -> bytes:
        assert self._child.stdout is not None
        content = self._child.stdout.read(size) if size else b""
        if len(content) < size:
            raise ChildDied(self._name, self._status())
        return content

    def _status(self) -> int | None:
        try:
            return self._child.wait(1.0)
        except subprocess.TimeoutExpired:
            return None


def _info_of(name: str, told: dict[str, Any]) -> InputInfo:
    """Read what a child says of an input; numbers are made numbers, whatever came."""
    video, audio = told["video"], told["audio"]
    return InputInfo(
        name,
        str(told["container"]),
        None
        if video is None
        else VideoInfo(
            str(video["codec"]),
            int(video["width"]),
            int(video["height"]),
            None if video["rate"] is None else Fraction(str(video["rate"])),
            _whole(video["duration"]),
        ),
        None
        if audio is None
        else AudioInfo(
            str(audio["codec"]),
            int(audio["rate"]),
            int(audio["channels"]),
            _whole(audio["duration"]),
        ),
        Fraction(str(told["zero"])),
        _whole(told["duration"]),
    )


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    child.wait()


# -- in the child ----------------------------------------------------------------------------------


def main() -> None:
    """Read what the parent asks for; the body of the child process."""
    asked, given = sys.stdin.buffer, sys.stdout.buffer
    # Whatever a library prints is not to be taken for an item.
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    (size,) = struct.unpack(">I", asked.read(4))
    task = pickle.loads(asked.read(size))  # noqa: S301 - from the parent, by its own pipe
    reader: Source | None = None
    while asked.read(1):
        try:
            match task:
                case ("probe", str() as name):
                    content = json.dumps(asdict(probe(name)), default=str)
                    _put(given, b"I", 0, content.encode())
                case (supply, start):
                    reader = reader or supply.open(start)
                    _give(given, reader.read())
        except MediaBroken as broken:
            _put(given, b"B", broken.at, broken.why.encode())
        except InputRefused as refused:
            _put(given, b"R", 0, refused.why.encode())
        except Exception as error:  # noqa: BLE001 - it is raised again on the other side
            _put(given, b"X", 0, f"{type(error).__name__}: {error}".encode())


def _give(out: IO[bytes], item: Item | Nothing | None) -> None:
    match item:
        case Frame(pts, picture):
            content = picture.packed.tobytes()
            _put(out, b"V", pts, content, picture.width, picture.height)
        case Samples(start, sound, rate):
            count, channels = sound.shape
            _put(out, b"A", start, sound.tobytes(), count, channels, rate)
        case None:
            _put(out, b"E", 0, b"")
        case _:
            _put(out, b"N", 0, b"")


def _put(
    out: IO[bytes],
    kind: bytes,
    time: int,
    content: bytes,
    first: int = 0,
    second: int = 0,
    rate: int = 0,
) -> None:
    out.write(_HEAD.pack(kind, time, first, second, rate, len(content)) + content)
    out.flush()


if __name__ == "__main__":
    main()
