"""A supervised worker that tells the test when it is started and when it ends.

The n-th process of the kid "a" is called "a.n". The start function tells `("start", "a", n)`, the
end of a kid that traps exits `("stop", "a.n", reason)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import TypeVar

from actors.gen_server import GenServer
from actors.messages import Message, TimedOut
from actors.outcomes import NoReply, Stop
from actors.pid import Pid
from actors.process import exit, receive, self, send, sleep, trap_exit
from actors.runtime import Choice, run
from actors.testing import VirtualClock
from supervisors._children import Answer
from supervisors.child_spec import ChildSpec, Restart, Shutdown

T = TypeVar("T")

OK = "ok"
"""What a plan returns for an ordinary start."""
Plan = Callable[[int], object]
"""What the n-th start does: return `OK`, return something else, or raise."""

starts: Counter[str] = Counter()
pids: dict[str, Pid] = {}
names: dict[Pid, str] = {}
_told: list[Pid] = []


def play(main: Callable[[], T], choice: Choice | None = None) -> T:
    """Run a test as the first process, trapping exits, on the virtual clock."""
    for table in (starts, pids, names, _told):
        table.clear()

    def body() -> list[T]:
        _told.append(self())
        trap_exit(True)
        return [main()]

    played = run(body, clock=VirtualClock(), choice=choice)
    assert played is not None
    return played[0]


def tell(message: Message) -> None:
    send(_told[0], message)


def heard(seconds: float = 0.06) -> list[Message]:
    """Let things settle, and return all that was told since the last time."""
    sleep(seconds)
    messages = []
    while not isinstance(message := receive(timeout=0), TimedOut):
        messages.append(message)
    return messages


def always(_: int) -> str:
    return OK


class Kid(GenServer[str]):
    """A kid's process; its state is its name."""

    @classmethod
    def up(
        cls,
        name: str,
        plan: Plan = always,
        trap: bool = True,
        stop_after: float = 0.0,
        stop_exit: object = None,
    ) -> Answer:
        starts[name] += 1
        number = starts[name]
        tell(("start", name, number))
        outcome = plan(number)
        if outcome is not OK:
            return outcome  # type: ignore[return-value] # what the plan is there to try
        pid = cls.start_link(f"{name}.{number}", trap, stop_after, stop_exit)
        assert pid is not None
        pids[name] = pid
        names[pid] = f"{name}.{number}"
        return pid

    def init(self, name: str, trap: bool, stop_after: float, stop_exit: object) -> str:
        trap_exit(trap)
        self.stop_after = stop_after
        self.stop_exit = stop_exit
        return name

    def handle_cast(self, request: Message, state: str) -> Stop[None, str]:
        return Stop(request)

    def handle_info(self, message: Message, state: str) -> NoReply[str]:
        return NoReply()

    def terminate(self, reason: object, state: str) -> None:
        if self.stop_after:
            sleep(self.stop_after)
        tell(("stop", state, reason))
        if self.stop_exit is not None:
            exit(self.stop_exit)


def kid(
    name: str,
    plan: Plan = always,
    *,
    trap: bool = True,
    stop_after: float = 0.0,
    stop_exit: object = None,
    id: Hashable = None,
    restart: Restart = "permanent",
    shutdown: Shutdown = 5.0,
    significant: bool = False,
) -> ChildSpec:
    """Return the specification of a kid."""
    return ChildSpec(
        name if id is None else id,
        (Kid.up, (name, plan, trap, stop_after, stop_exit)),
        restart=restart,
        shutdown=shutdown,
        significant=significant,
    )


def crash(name: str, reason: object = "boom") -> None:
    """Have a kid end by itself."""
    Kid.cast(pids[name], reason)
