"""A process with an OS thread of its own, carried by a pykka actor.

For code that blocks or computes in C: codecs, numpy, files. The process has the same mailbox, links, monitors and
callbacks as any other and is told apart by nothing but the option `host="thread"`; pykka lends the
thread, and everything that makes it a process stays with the loop.

Source: https://pykka.readthedocs.io
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import pykka

from actors import process

__all__ = ["Carrier"]


@final
class Carrier(pykka.ThreadingActor):
    """The pykka actor that lends its thread to one process and stops with it."""

    # A process that hangs in C at the interpreter's exit must not hold the exit up.
    use_daemon_thread = True

    def on_receive(self, message: object) -> None:
        """Run the process's code, from its first line to its end."""
        if callable(message):
            message()
        self.stop()


def carry(code: Callable[[], None]) -> None:
    """Start a carrier and have it run a process's code."""
    Carrier.start().tell(code)


process.carriers["thread"] = carry
