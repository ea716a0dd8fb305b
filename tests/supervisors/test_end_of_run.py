"""The end of a program whose supervisors are in the middle of a start that never comes to its own end."""

from __future__ import annotations

import pytest

from actors import GenServer, process, run
from actors.exits import Reason
from actors.testing import VirtualClock
from supervisors import ChildSpec, Supervisor
from supervisors.child_spec import ChildLike
from tests.watching import Seen

GRACE = 2.0
LIMITS = 3 * GRACE
"""One grace to be heard, one until it is seen that nobody hears, and what the looks in between may take."""


class Sibling(GenServer[None]):
    """Say that it was stopped in order."""

    def init(self, stopped: list[str], name: str) -> None:
        process.trap_exit(True)
        self.stopped, self.name = stopped, name

    def terminate(self, reason: Reason, state: None) -> None:
        self.stopped.append(f"{self.name}: {reason}")


class HangsAgain(GenServer[None]):
    """Start well for the first time, and never again."""

    def init(self, starts: list[str]) -> None:
        starts.append("started")
        if len(starts) > 1:
            process.sleep(None)


def tree(spec: ChildLike, stopped: list[str], depth: int) -> list[ChildLike]:
    """Return the children of the topmost of nested supervisors; each has a sibling, and then what is below."""
    children: list[ChildLike] = []
    for level in range(depth + 1):
        sibling = Sibling.child_spec(stopped, f"sibling {level}", id="sibling")
        children = [sibling, spec]
        spec = Supervisor.child_spec(children, id=level)
    return children


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_restart_that_hangs_does_not_keep_a_program_from_ending_in_order(depth: int) -> None:
    starts: list[str] = Seen()
    stopped: list[str] = Seen()
    clock = VirtualClock()

    def main() -> float:
        spec = HangsAgain.child_spec(starts, name="hangs")
        Supervisor.start_link(tree(spec, stopped, depth))
        dead = process.whereis("hangs")
        assert dead is not None
        process.send_exit(dead, "boom")
        process.sleep(0.1)
        return clock.now()

    ended = run(main, clock=clock, grace=GRACE)

    assert len(starts) == 2
    assert stopped == [f"sibling {level}: shutdown" for level in range(depth + 1)]
    assert ended is not None
    assert clock.now() - ended <= LIMITS


@pytest.mark.parametrize("depth", [0, 2])
def test_a_start_function_that_never_returns_does_not_keep_a_program_from_ending(
    depth: int,
) -> None:
    stopped: list[str] = Seen()
    clock = VirtualClock()

    def main() -> float:
        spec = ChildSpec("silent", (process.sleep, (None,)))
        process.spawn(Supervisor.start_link, tree(spec, stopped, depth))
        process.sleep(0.1)
        return clock.now()

    ended = run(main, clock=clock, grace=GRACE)

    assert stopped
    assert ended is not None
    assert clock.now() - ended <= LIMITS


def test_a_child_that_takes_its_time_has_it_though_the_program_ends() -> None:
    """Its supervisor has heard, and its limit counts, not the grace of the program."""
    stopped: list[str] = Seen()

    class Slow(Sibling):
        def terminate(self, reason: Reason, state: None) -> None:
            process.sleep(5 * GRACE)
            super().terminate(reason, state)

    def main() -> None:
        slow = Slow.child_spec(stopped, "slow", shutdown=10 * GRACE)
        Supervisor.start_link(tree(slow, stopped, 1))

    run(main, clock=VirtualClock(), grace=GRACE)

    assert stopped == ["slow: shutdown", "sibling 0: shutdown", "sibling 1: shutdown"]
