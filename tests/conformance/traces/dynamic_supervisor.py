"""DynamicSupervisor: max_children, extra_arguments, restarts, the parallel end."""

from __future__ import annotations

from actors import process
from actors.pid import Pid
from actors.process import monotonic, sleep, spawn_link, trap_exit
from supervisors.child_spec import BadOption
from supervisors.dynamic_supervisor import DynamicSupervisor
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import Kid, Plan, asked, counts_as_map, init_table, spec, starts
from tests.conformance.support import (
    Term,
    Throw,
    flush,
    fmt,
    name,
    ok,
    out,
    settle,
    show_flush,
    started,
    tell,
)
from tests.conformance.traces.monitor_semantics import raises
from tests.conformance.traces.sup_start_rollback import ignored

PLANS: dict[str, Plan] = {
    "ignore": ignored,
    "error": lambda _: ("error", "no"),
    "junk": lambda _: "junk",
    "raise": lambda _: raises(RuntimeError("x"))(),
    "exit": lambda _: process.exit("y"),
}


def main() -> None:
    init_table()
    trap_exit(True)
    admin()
    restart_types()
    failing_restarts()
    escalation()
    extra_arguments()
    parallel()
    options()


def begin(**options: Term) -> Pid:
    return name(started(DynamicSupervisor.start_link(**options)), "ds")


def start(ds: Pid, child: Term) -> object:
    """Start a child; a start function that wants no process is ignored here and not kept."""
    came = asked(DynamicSupervisor.start_child, ds, child)
    return "ignore" if came == ("ok", "undefined") else came


def count(ds: Pid) -> object:
    return counts_as_map(DynamicSupervisor.count_children(ds))


def which(ds: Pid) -> list[object]:
    """Return the children; their ids mean nothing, and None is OTP's undefined here."""
    infos = DynamicSupervisor.which_children(ds)
    return [
        ("undefined", isinstance(each.pid, Pid) or each.pid, each.type, list(each.modules))
        for each in infos
        if each.id is None
    ]


def terminate(ds: Pid, pid: Pid) -> object:
    return asked(DynamicSupervisor.terminate_child, ds, pid)


def admin() -> None:
    ds = begin(max_children=2)
    out("first", start(ds, spec("a")))
    out("same id is fine", start(ds, {**spec("b"), "id": "a"}))
    out("third", start(ds, spec("c")))
    out("start function was not called", flush(0.0))
    out("which", which(ds))
    out("count", count(ds))
    out("terminate", terminate(ds, kid.pid("a")))
    out("terminate again", terminate(ds, kid.pid("a")))
    out("count", count(ds))
    out("room again", start(ds, spec("c")))
    kid.crash("c", "normal")
    settle(0.02)
    out("permanent child ended normally: restarted, still counted", start(ds, spec("d")))
    flush(0.0)
    terminate(ds, kid.pid("c"))
    for label, plan in PLANS.items():
        out(f"start {label}", start(ds, spec(label, {"plan": plan})))
    # Thrown past the start function, not caught by it as under a Supervisor.
    thrown = {"id": "throw", "start": (raises(Throw("z")), ())}
    out("start throw", start(ds, thrown))
    out("count", count(ds))
    out("bad spec", start(ds, {}))
    out("bad mfa", start(ds, {"id": 1, "start": "x"}))
    bad = {"id": 1, "start": (Kid.start_link, ("x",)), "shutdown": -1}
    out("bad shutdown", start(ds, bad))
    DynamicSupervisor.stop(ds)
    flush(0.0)


def restart_types() -> None:
    ds = begin(max_restarts=100)
    for type_ in ("permanent", "transient", "temporary"):
        for reason in ("normal", ("shutdown", 1), "boom"):
            label = f"{type_} {fmt(reason)}"
            start(ds, spec(label, restart=type_))
            before = DynamicSupervisor.count_children(ds).workers
            kid.crash(label, reason)
            settle(0.02)
            workers = DynamicSupervisor.count_children(ds).workers - before
            out(label, ("starts", starts[label], "workers", workers))
    DynamicSupervisor.stop(ds)
    flush(0.0)


def failing_restarts() -> None:
    def fails(number: int) -> object:
        if number == 1:
            return "ok"
        sleep(0.01)
        return ("error", "no")

    ds = begin(max_restarts=1000, max_children=2)
    start(ds, spec("bad", {"plan": fails}))
    old = kid.pid("bad")
    kid.crash("bad", "boom")
    settle(0.05)
    out("restarting", which(ds))
    out("count", count(ds))
    out("terminate by the old pid", terminate(ds, old))
    out("which", which(ds))
    start(ds, spec("ign", {"plan": lambda number: "ok" if number == 1 else "ignore"}))
    kid.crash("ign", "boom")
    settle(0.03)
    out("ignored restart", which(ds))
    DynamicSupervisor.stop(ds)
    flush(0.0)


def escalation() -> None:
    ds = begin(max_restarts=1)
    start(ds, spec("e"))
    start(ds, spec("other", restart="temporary"))
    flush(0.0)
    kid.crash("e", "boom")
    settle(0.03)
    kid.crash("e", "boom")
    show_flush("escalation")


def extra_arguments() -> None:
    def started_with(*args: str) -> Pid:
        tell(("args", *args))
        return spawn_link(sleep, None)

    ds = begin(extra_arguments=["x1", "x2"])
    start(ds, {"id": "e", "restart": "temporary", "start": (started_with, ("own1", "own2"))})
    show_flush("extra arguments")
    DynamicSupervisor.stop(ds)
    flush(0.0)


def parallel() -> None:
    ds = begin()
    for label in ("p1", "p2", "p3", "p4"):
        start(ds, spec(label, {"stop_after": 0.1}))
    before = monotonic()
    ok(DynamicSupervisor.stop, ds)
    passed = round(1000 * (monotonic() - before))
    out("four children of 100 ms each: took at least one, less than three", 100 <= passed < 300)
    children = [spec(label, {"stop_after": 0.05}) for label in ("q1", "q2", "q3", "q4")]
    top = started(Supervisor.start_link(children))
    before = monotonic()
    Supervisor.stop(top)
    passed = round(1000 * (monotonic() - before))
    out("Supervisor, four of 50 ms: one after the other", passed >= 200)
    flush(0.0)


def options() -> None:
    bad: dict[str, dict[str, Term]] = {
        "max_children": {"max_children": -1},
        "strategy": {"strategy": "one_for_all"},
        "restarts": {"max_restarts": -1},
        "seconds": {"max_seconds": 0},
        "extra": {"extra_arguments": "x"},
    }
    for label, options in bad.items():
        out(f"bad {label}", refused(options))


def refused(options: dict[str, Term]) -> object:
    """Start with a bad option, which is refused before anything starts, with OTP's reason."""
    try:
        return ("ok", DynamicSupervisor.start_link(**options))
    except BadOption as error:
        return ("error", ("supervisor_data", error.reason))
