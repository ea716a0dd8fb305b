"""The end of a supervisor: reverse order, one at a time; shutdown values; reasons to stop."""

from __future__ import annotations

from actors.messages import Exited
from actors.pid import Pid, Ref
from actors.process import is_alive, monitor, send_exit, trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import init_table, spec, supervise
from tests.conformance.support import (
    Term,
    await_down,
    flush,
    ok,
    out,
    proc,
    run,
    settle,
    show_flush,
    true,
)


def main() -> None:
    init_table()
    trap_exit(True)
    top = begin(
        [spec("a", {"stop_after": 0.03}), spec("b"), spec("c", {"stop_after": 0.06}), spec("d")]
    )
    out("stop", ok(Supervisor.stop, top))
    show_flush("order")

    top = begin(
        [
            spec("plain", {"trap": False}),
            spec("slow_infinity", {"stop_after": 0.12}, shutdown=None),
            spec("slow_timeout", {"stop_after": 0.4}, shutdown=0.05),
            spec("brutal", shutdown="brutal_kill"),
            spec("other_reason", {"stop_exit": "strange"}),
            spec("zero", {"stop_after": 0.2}, shutdown=0),
        ]
    )
    monitors = watch(["plain", "slow_infinity", "slow_timeout", "brutal", "other_reason", "zero"])
    send_exit(top, "shutdown")
    out("down reasons", downs(monitors))
    show_flush("saw")

    for how, reason in (
        ("stop", "normal"),
        ("stop", "broken"),
        ("signal", "broken"),
        ("signal", "normal"),
        ("signal", "kill"),
    ):
        stopped(how, reason)

    top = begin([spec("k")])
    other = proc("other")
    run(other, lambda: send_exit(top, "shutdown"))
    settle()
    out("signal shutdown from a stranger", is_alive(top))
    Supervisor.stop(top)
    flush()

    leaves = [spec("i1", {"stop_after": 0.1}), spec("i2", {"stop_after": 0.1})]
    inner = {"id": "inner", "start": (Supervisor.start_link, (leaves,)), "type": "supervisor"}
    top = begin([spec("before"), inner, spec("after")])
    Supervisor.stop(top)
    show_flush("nested")


def begin(children: list[Term]) -> Pid:
    top = supervise(children)
    flush(0.0)
    return top


def watch(names: list[str]) -> list[tuple[str, Ref]]:
    return [(name, monitor(kid.pid(name))) for name in names]


def downs(monitors: list[tuple[str, Ref]]) -> list[object]:
    return [(name, await_down(ref, None)) for name, ref in monitors]


def stopped(how: str, reason: str) -> None:
    top = begin([spec("k")])
    monitors = watch(["k"])
    ref = monitor(top)
    if how == "stop":
        out(f"stop {reason}", ok(Supervisor.stop, top, reason))
    else:
        out(f"signal {reason}", true(send_exit, top, reason))
    out("  child", downs(monitors))
    out("  sup", await_down(ref))
    for message in sorted(flush(0.03), key=lambda message: isinstance(message, Exited)):
        out("  saw", message)
