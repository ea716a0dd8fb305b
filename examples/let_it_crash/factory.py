"""The tree that is watched live: three families, each with a strategy of its own, below one supervisor."""

from __future__ import annotations

from typing import Literal, TypeAlias

from actors import GenServer, NoReply, Pid, cast, process
from supervisors import ChildSpec, Supervisor
from supervisors.strategy import Strategy

__all__ = ["FACTORY", "FAMILIES", "MEMBERS", "SECONDS", "Worker", "allowed", "feed", "start"]

FACTORY = "factory"
FAMILIES: dict[str, Strategy] = {
    "orders": "one_for_one",
    "pipeline": "rest_for_one",
    "session": "one_for_all",
}
MEMBERS = ("a", "b", "c")
SECONDS = 10.0
"""The window in which restarts are counted."""
_AT_MOST = 3
_AT_MOST_ABOVE = 2
_SHUTDOWN = 1.0
_HELD = 1.0

Trouble: TypeAlias = Literal["raise", "hang", "starve"]


def allowed(supervisor: str) -> int:
    """Return how many restarts a supervisor allows within `SECONDS`."""
    return _AT_MOST_ABOVE if supervisor == FACTORY else _AT_MOST


class Worker(GenServer[int], shutdown=_SHUTDOWN):
    """Takes work from its mailbox, and gets into trouble when told to. Its state is the work done."""

    def init(self) -> int:
        process.trap_exit(
            True
        )  # it wants to end in order; that is what makes a hung one hard to stop
        return 0

    @cast
    def work(self, done: int) -> NoReply[int]:
        return NoReply(done + 1)

    @cast
    def trouble(self, done: int, what: Trouble) -> None:
        match what:
            case "raise":
                raise ValueError(f"a bug, after {done} pieces of work")
            case "hang":
                process.sleep(None)  # waits for ever, and its mail waits with it
            case "starve":
                until = process.monotonic() + _HELD
                while process.monotonic() < until:  # computes and never waits: all others starve
                    pass


def start() -> Pid:
    """Start the tree, linked to the caller."""
    families = [_family(name, strategy) for name, strategy in FAMILIES.items()]
    return Supervisor.start_link(
        families, max_restarts=_AT_MOST_ABOVE, max_seconds=SECONDS, name=FACTORY
    )


def _family(name: str, strategy: Strategy) -> ChildSpec:
    paths = [f"{name}.{member}" for member in MEMBERS]
    children = [Worker.child_spec(name=path, id=path) for path in paths]
    return Supervisor.child_spec(
        children,
        strategy=strategy,
        max_restarts=_AT_MOST,
        max_seconds=SECONDS,
        name=name,
        id=name,
    )


def feed() -> None:
    """Send every worker a piece of work, four times a second. A cast to nobody is no error."""
    while True:
        for family in FAMILIES:
            for member in MEMBERS:
                Worker.work(f"{family}.{member}")
        process.sleep(0.25)
