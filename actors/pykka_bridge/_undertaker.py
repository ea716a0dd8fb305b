"""Who sees to what a killed actor has left behind.

An actor that ends by itself takes itself out of pykka's registry and sends its letters back. One that is killed
runs no code any more. So a process of its own, one for each runtime, monitors all of them and does it
then. It leaves last: told to shut down, it waits until nobody is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from actors import process
from actors.errors import ActorsError
from actors.exits import Reason, is_clean
from actors.latch import Latch
from actors.messages import Down, Exited, Message
from actors.pid import Pid, Ref

__all__ = ["NAME", "employ", "see_to"]

NAME = "actors.pykka_bridge.undertaker"


def see_to(pid: Pid, what: Callable[[], object]) -> None:
    """Have something done when a process has ended, however it did; from the runtime of that process."""
    process.deliver(employ(), (_SEE_TO, pid, what))


def employ() -> Pid:
    """Return the undertaker of the runtime; the first request starts it, and waits until it has begun."""
    pid = process.whereis(NAME)
    if pid is None:
        undertaker = _Undertaker()
        pid = process.launch(undertaker.begin, NAME).pid
        # Told to end before it has begun, it would end at once and forget whom it was given.
        # (`test_whoever_asks_while_an_actor_ends_is_answered_under_every_schedule`)
        undertaker.begun.wait(whom=pid)
        try:
            process.register(pid, NAME)
        except ActorsError:
            # Another process was quicker; ours has nobody and is told to go.
            process.send_exit(pid, "shutdown")
            return employ()
    return pid


_SEE_TO = "$see_to"


@final
class _Undertaker:
    def __init__(self) -> None:
        self._charges: dict[Ref, Callable[[], object]] = {}
        self._leaves: Reason = None
        self.begun = Latch()

    def begin(self) -> None:
        process.trap_exit(True)
        process.become(self)
        self.begun.open()

    def handle(self, message: Message) -> None:
        match message:
            case (tag, Pid() as pid, what) if tag is _SEE_TO and callable(what):
                self._charges[process.monitor(pid)] = what
            case Down(ref=ref):
                done = self._charges.pop(ref, None)
                if done is not None:
                    done()
            case Exited(reason=reason) if is_clean(reason):
                self._leaves = reason
        if self._leaves is not None and not self._charges:
            process.exit(self._leaves)
