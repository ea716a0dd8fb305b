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
import os
import pickle
import signal
import struct
import subprocess
import sys
import weakref
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from examples.smelter.complaints import InputRefused, MediaBroken
from examples.smelter.inputs import NOTHING, InputInfo, Item, Nothing, Source, Supply
from examples.smelter.pictures import Frame, Picture, Samples

__all__ = ["Apart", "ApartReader", "ChildDied", "main"]

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
        return ApartReader(self.supply, start)


class ApartReader:
    """Reads through a pipe."""

    def __init__(self, supply: Supply, start: int) -> None:
        self._name = supply.title
        where = str(Path(__file__).resolve().parents[2])
        paths = [where, os.environ.get("PYTHONPATH", "")]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "examples.smelter.apart"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self._end = weakref.finalize(self, _end, self._child)
        task = pickle.dumps((supply, start))
        self._write(struct.pack(">I", len(task)) + task)

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
        self._write(b"r")
        kind, time, first, second, rate, size = _HEAD.unpack(self._take(_HEAD.size))
        if size > MOST_BYTES:
            raise ChildDied(self._name, None)
        content = self._take(size)
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
            case b"B":
                raise MediaBroken(self._name, time, content.decode(errors="replace"))
            case b"R":
                raise InputRefused(self._name, content.decode(errors="replace"))
            case _:
                raise RuntimeError(content.decode(errors="replace"))

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
    supply, start = pickle.loads(asked.read(size))  # noqa: S301 - from the parent, by its own pipe
    reader: Source | None = None
    while asked.read(1):
        try:
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
