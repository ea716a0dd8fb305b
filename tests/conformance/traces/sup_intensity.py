"""Restart intensity: exact counts, the window, and what escalation looks like from outside."""

from __future__ import annotations

from actors.pid import Pid
from actors.process import is_alive, monitor, trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import init_table, spec, supervise
from tests.conformance.support import await_down, flush, name, out, settle, show_flush

LIMITS: dict[str, dict[str, float]] = {
    "default": {},
    "zero": {"max_restarts": 0},
    "one": {"max_restarts": 1},
    "four_in_a_minute": {"max_restarts": 4, "max_seconds": 60},
}


def main() -> None:
    init_table()
    trap_exit(True)
    for label, options in LIMITS.items():
        out(label)
        top = supervise([spec(f"{label}_a"), spec(f"{label}_other")], **options)
        flush(0.0)
        what = "  crashes until the supervisor ended, and its reason"
        out(what, crash_until_gone(top, f"{label}_a", 0.04))
        show_flush("  saw", 0.03)

    out("window")
    top = supervise([spec("w")], max_restarts=2, max_seconds=1)
    for _ in range(4):
        kid.crash("w", "boom")
        settle(0.04)
        kid.crash("w", "boom")
        settle(2.2)
        out("  alive after a pair of crashes and 2.2 s", is_alive(top))
    out("  starts", kid.starts["w"])
    for _ in range(3):
        kid.crash("w", "boom")
        settle(0.02)
    out("  alive after three crashes at once", is_alive(top))
    flush()

    out("shared count")
    top = supervise([spec("s1"), spec("s2")], max_restarts=2)
    kid.crash("s1", "boom")
    settle(0.04)
    kid.crash("s2", "boom")
    settle(0.04)
    out("  after one crash each", is_alive(top))
    kid.crash("s1", "boom")
    settle(0.04)
    out("  after the third", is_alive(top))
    flush()

    out("one_for_all counts crashes")
    kids = [spec(f"o{number}") for number in range(1, 6)]
    top = supervise(kids, strategy="one_for_all", max_restarts=1)
    kid.crash("o1", "boom")
    settle(0.06)
    out("  after one crash of five children", is_alive(top))
    flush()

    out("tree")
    leaves = [spec("leaf"), spec("leaf2")]
    inner = {
        "id": "inner",
        "type": "supervisor",
        "start": (Supervisor.start_link, (leaves,), {"max_restarts": 1}),
    }
    top = name(supervise([inner], max_restarts=1), "top")
    flush(0.0)
    what = "  leaf crashes until the top ended, and its reason"
    out(what, crash_until_gone(top, "leaf", 0.05))
    out("  leaf starts", kid.starts["leaf"])
    show_flush("  saw", 0.03)


def crash_until_gone(top: Pid, label: str, pause: float) -> tuple[int, object]:
    ref = monitor(top)
    crashes = 0
    while is_alive(top) and crashes < 20:
        kid.crash(label, "boom")
        settle(pause)
        crashes += 1
    return crashes, await_down(ref)
