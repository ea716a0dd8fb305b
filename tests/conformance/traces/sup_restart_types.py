"""Restart type against exit reason: restarted or not, and what is left of the child."""

from __future__ import annotations

from itertools import count

from actors.pid import Pid
from actors.process import monitor, send_exit, sleep, spawn_link, trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import init_table, spec, supervise
from tests.conformance.support import await_down, flush, fmt, out, settle
from tests.watching import Seen

TYPES = ("permanent", "transient", "temporary")
REASONS: tuple[object, ...] = (
    "normal",
    "shutdown",
    ("shutdown", "why"),
    "noproc",
    "killed",
    "boom",
    ("boom", 1),
)


def main() -> None:
    init_table()
    trap_exit(True)
    names = (f"kid_{number}" for number in count())
    for type_ in TYPES:
        for reason in REASONS:
            ended(type_, reason, next(names))
    flush(0.0)
    for type_ in TYPES:
        for signal in ("normal", "shutdown", "kill"):
            signalled(type_, signal, next(names))
    for type_ in TYPES:
        out(f"task that returns, {type_}", returned(type_))


def ended(type_: str, reason: object, name: str) -> None:
    top = supervise([spec(name, restart=type_)])
    kid.crash(name, reason)
    settle(0.02)
    out(f"{type_} {fmt(reason)}", ("starts", kid.starts[name], left(top)))
    Supervisor.stop(top)


def left(top: Pid) -> str:
    match Supervisor.which_children(top):
        case []:
            return "spec_gone"
        case [child] if child.pid is None:
            return "spec_kept_not_running"
        case [child] if isinstance(child.pid, Pid):
            return "running"
        case other:
            return str(other)


def signalled(type_: str, signal: str, name: str) -> None:
    top = supervise([spec(name, {"trap": False}, restart=type_)])
    send_exit(kid.pid(name), signal)
    settle(0.02)
    children = len(Supervisor.which_children(top))
    out(f"signal {signal} to a {type_}", ("starts", kid.starts[name], children))
    Supervisor.stop(top)


def returned(type_: str) -> object:
    runs: list[str] = Seen()

    def returns() -> None:
        sleep(0.001)
        runs.append("ran")

    task = {"id": "task", "start": (spawn_link, (returns,)), "restart": type_}
    top = supervise([task], max_restarts=2)
    reason = await_down(monitor(top), 0.1)
    came = "sup_alive" if reason == "still_alive" else ("sup_ended", reason)
    return (came, "runs", len(runs))
