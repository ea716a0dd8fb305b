"""Debian's ffmpeg as a child: what it speaks and PyAV does not, behind a pipe.

A program of its own may hang or crash without anybody else: who is at our end of the pipe waits
for a few seconds and no longer. It ends with whoever started it, also when that one was killed:
then nobody holds the `Program` any more, and its finalizer runs. When this whole interpreter is killed,
nothing runs; then the kernel ends it, as it was asked to (by ``setpriv``, which every Debian has): with
the thread that started it, which is the one whose it is.

Source: https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import weakref
from collections.abc import Sequence

from examples.smelter.complaints import OptionRefused

__all__ = ["Program", "check_ffmpeg"]


def check_ffmpeg(what: str) -> None:
    """See that there is an ffmpeg.

    Raises:
        OptionRefused: there is none.
    """
    if shutil.which("ffmpeg") is None:
        raise OptionRefused("type", what, "available here without ffmpeg: apt-get install ffmpeg")


class Program:
    """An ffmpeg that reads from us or writes to us, with the file methods that PyAV uses.

    Args:
        arguments: what it is to do, with ``pipe:0`` or ``pipe:1`` for our end.
        patience: seconds in which something has to move, or the pipe counts as closed.
    """

    def __init__(self, arguments: Sequence[str], *, patience: float) -> None:
        child = subprocess.Popen(  # noqa: S603 - a list of arguments, checked by who made it
            [*_ends_with_us(), shutil.which("ffmpeg") or "ffmpeg", "-v", "error", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for us: we end it in order
        )
        assert child.stdin is not None
        assert child.stdout is not None
        self._child = child
        self._in, self._out = child.stdin.fileno(), child.stdout.fileno()
        self._patience = patience
        self._has_spoken = self._is_silent = False
        os.set_blocking(self._in, False)
        self.end = weakref.finalize(self, _end, child)
        """End it at once; again is no error."""

    @property
    def pid(self) -> int:
        """Its id."""
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._child.poll() is not None

    def has_something(self, seconds: float) -> bool:
        """Wait until there is something to read, or nothing will ever come; False if not in time."""
        ready, _, _ = select.select([self._out], [], [], seconds)
        return bool(ready)

    def has_spoken(self) -> bool:
        """Tell whether it has written anything so far; takes it away, so that it never waits for us."""
        while not self._is_silent and self.has_something(0.0):
            said = os.read(self._out, 65536)
            self._has_spoken = self._has_spoken or bool(said)
            self._is_silent = not said
        return self._has_spoken

    def read(self, size: int) -> bytes:
        """Read what is there; nothing means that it has ended, or is silent for too long."""
        return os.read(self._out, size) if self.has_something(self._patience) else b""

    def write(self, data: bytes) -> int:
        """Write all of it.

        Raises:
            OSError: it has ended, or takes nothing.
        """
        rest = memoryview(data)
        while rest:
            _, ready, _ = select.select([], [self._in], [], self._patience)
            if not ready:
                raise TimeoutError(f"takes nothing for {self._patience:g} s")
            rest = rest[os.write(self._in, rest) :]
        return len(data)

    def finish(self) -> None:
        """Let it end when it has read everything; then end it."""
        assert self._child.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._child.stdin.close()
            self._child.wait(self._patience)
        self.end()


def _ends_with_us() -> list[str]:
    """Return what is put before a command so that it does not outlive whoever starts it."""
    # Not in a `preexec_fn`, which is code of ours between fork and exec, beside other threads.
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [] if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--"]


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
