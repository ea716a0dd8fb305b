"""Restarts that fail: how many attempts, what gets through between them, what ends the retries."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.pid import Pid
from actors.process import is_alive, monitor, sleep, trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid, support
from tests.conformance.kid import asked, count, init_table, spec, starts, supervise, which
from tests.conformance.support import Term, await_down, flush, out, settle, show_flush
from tests.conformance.traces.monitor_semantics import raises
from tests.conformance.traces.sup_one_for_all import first

WAYS: dict[str, Callable[[], object]] = {
    "error": lambda: ("error", "no"),
    "junk": lambda: "junk",
    "raise": raises(RuntimeError("x")),
    "exit": lambda: process.exit("y"),
    "normal": lambda: process.exit("normal"),
    "already": lambda: ("error", ("already_started", support.main())),
}


def main() -> None:
    init_table()
    trap_exit(True)
    for strategy in ("one_for_one", "rest_for_one", "one_for_all"):
        for allowed in (0, 1, 3):
            attempts(strategy, allowed)
    for label, bad in WAYS.items():
        three_failures(label, bad)

    ignoring = {"plan": lambda number: "ignore" if number == 2 else "ok"}
    top = supervise([spec("i", ignoring), spec("t", ignoring, restart="transient")])
    kid.crash("i", "boom")
    kid.crash("t", "boom")
    settle()
    out("ignore at a restart", which(top))
    out("restart_child", asked(Supervisor.restart_child, top, "i"))
    Supervisor.stop(top)
    flush()

    between()
    for strategy in ("one_for_all", "rest_for_one"):
        meanwhile(strategy)


def no_more(number: int) -> object:
    return "ok" if number == 1 else ("error", "no")


def attempts(strategy: str, allowed: int) -> None:
    names = [f"{strategy}_{allowed}_{letter}" for letter in "abc"]
    a, b, c = names
    children = [spec(a), spec(b, {"plan": no_more}), spec(c)]
    ref = monitor(supervise(children, strategy=strategy, max_restarts=allowed))
    kid.crash(b, "boom")
    out(f"{strategy}, {allowed} allowed", await_down(ref, 0.5))
    out("  starts", [starts[name] for name in names])
    flush(0.02)


def three_failures(label: str, bad: Callable[[], object]) -> None:
    name = f"way_{label}"
    plan = {"plan": lambda number: bad() if number in range(2, 5) else "ok"}
    top = supervise([spec(name, plan)], max_restarts=4)
    for what in (f"fails three times by {label}", "  and one crash more"):
        kid.crash(name, "boom")
        settle(0.08)
        out(what, (starts[name], is_alive(top)))
    flush(0.0)


def failing_until(last: int, seconds: float) -> Callable[[int], object]:
    def plan(number: int) -> object:
        if number == 1 or number >= last:
            return "ok"
        sleep(seconds)
        return ("error", "no")

    return plan


def between() -> None:
    top = supervise([spec("x", {"plan": failing_until(40, 0.005)}), spec("y")], max_restarts=1000)
    kid.crash("x", "boom")
    settle(0.03)
    out("which", which(top))
    out("count", count(top))
    out("a new child meanwhile", first(asked(Supervisor.start_child, top, spec("z"))))
    kid.crash("y", "boom")
    settle(0.03)
    out("another child restarted meanwhile", starts["y"])
    out("terminate", asked(Supervisor.terminate_child, top, "x"))
    before = starts["x"]
    settle(0.05)
    out("no attempt after that", starts["x"] == before)
    out("which", which(top))
    answer = asked(Supervisor.restart_child, top, "x")
    out("restart_child of a terminated one, which fails", answer)
    out("which", which(top))
    out("delete", asked(Supervisor.delete_child, top, "x"))
    Supervisor.stop(top)
    flush()


def meanwhile(strategy: str) -> None:
    a, b, c = (f"{strategy}_{letter}" for letter in "abc")
    children = [spec(a), spec(b, {"plan": failing_until(6, 0.02)}), spec(c)]
    top = supervise(children, strategy=strategy, max_restarts=1000)
    flush(0.0)
    kid.crash(a, "boom")
    settle(0.03)
    out(f"{strategy} meanwhile", [(id, up(pid)) for id, pid in pids_of(top)])
    show_flush("  saw", 0.2)
    out("  at last", pids_of(top))
    Supervisor.stop(top)
    flush(0.0)


def pids_of(top: Pid) -> list[tuple[Term, Term]]:
    return [(each.id, each.pid or "undefined") for each in Supervisor.which_children(top)]


def up(pid: Term) -> object:
    return "up" if isinstance(pid, Pid) else pid
