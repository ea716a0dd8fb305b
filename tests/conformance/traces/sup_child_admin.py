"""start_child, terminate_child, restart_child, delete_child: values and errors."""

from __future__ import annotations

from actors import process
from actors.pid import Pid
from actors.process import sleep, trap_exit
from supervisors.child_spec import ChildSpec
from supervisors.supervisor import Supervisor
from tests.conformance import kid, support
from tests.conformance.kid import Kid, Plan, asked, count, init_table, spec, supervise, which
from tests.conformance.support import Term, Throw, attempt, flush, ok, out, settle
from tests.conformance.traces.monitor_semantics import raises
from tests.conformance.traces.sup_one_for_all import first
from tests.conformance.traces.sup_start_rollback import ignored


def main() -> None:
    init_table()
    trap_exit(True)
    top = supervise([], max_restarts=1000)

    def start(child: Term) -> object:
        return asked(Supervisor.start_child, top, child)

    def terminate(id: object) -> object:
        return asked(Supervisor.terminate_child, top, id)

    def restart(id: object) -> object:
        return asked(Supervisor.restart_child, top, id)

    def delete(id: object) -> object:
        return asked(Supervisor.delete_child, top, id)

    out("start", start(spec("a")))
    out("start, same id running", start(spec("a")))
    out("delete running", delete("a"))
    out("restart running", restart("a"))
    out("terminate", terminate("a"))
    out("terminate again", terminate("a"))
    out("which", which(top))
    out("count", count(top))
    out("start, same id stopped", start(spec("a")))
    out("restart", restart("a"))
    out("terminate", terminate("a"))
    out("delete", delete("a"))
    out("delete again", delete("a"))
    out("restart deleted", restart("a"))
    out("terminate unknown", terminate("nope"))
    start(spec("p"))
    out("terminate by pid", terminate(kid.pid("p")))

    out("temporary", start(spec("t", restart="temporary")))
    out("terminate temporary", terminate("t"))
    out("its spec", restart("t"))

    for label, plan in PLANS.items():
        out(f"start {label}", start(spec(f"s_{label}", {"plan": plan})))
    out("start temporary ignore", start(spec("ti", {"plan": ignored}, restart="temporary")))
    children = Supervisor.which_children(top)
    out("ids kept", [(child.id, isinstance(child.pid, Pid)) for child in children])

    out("start", first(start(spec("f", {"plan": second_fails}))))
    terminate("f")
    out("restart fails", restart("f"))
    out("restart works", restart("f"))

    flush(0.0)
    busy = spec("busy", {"plan": slow_failure})
    out("start", first(start(busy)))
    kid.crash("busy", "boom")
    settle(0.08)
    out("start while restarting", start(busy))
    out("restart while restarting", restart("busy"))
    out("delete while restarting", delete("busy"))
    out("which", row(top, "busy"))
    out("terminate while restarting", terminate("busy"))
    out("which", row(top, "busy"))
    out("delete", delete("busy"))

    for label, change in BAD.items():
        out(f"bad spec {label}", start(change))
    out("unknown keys are ignored", first(start({**GOOD, "colour": "red"})))
    described = Supervisor.get_childspec(top, "g")
    assert isinstance(described, ChildSpec)
    out("get_childspec", kid.spec_as_map(described))
    out("count", count(top))

    ok(Supervisor.stop, top)
    out("on a dead one", attempt(lambda: Supervisor.which_children(top)))


def second_fails(number: int) -> object:
    return ("error", "second") if number == 2 else "ok"


def slow_failure(number: int) -> object:
    if number == 1:
        return "ok"
    sleep(0.02)
    return ("error", "still")


def row(top: Pid, id: str) -> object:
    return next(each for each in which(top) if isinstance(each, tuple) and each[0] == id)


PLANS: dict[str, Plan] = {
    "error": lambda _: ("error", "no"),
    "ignore": ignored,
    "junk": lambda _: "junk",
    "raise": lambda _: raises(RuntimeError("x"))(),
    "exit": lambda _: process.exit("y"),
    "throw": lambda _: raises(Throw("z"))(),
    "already_started": lambda _: ("error", ("already_started", support.main())),
}

GOOD: dict[str, object] = {"id": "g", "start": (Kid.start_link, ("g",))}
BAD: dict[str, dict[str, object]] = {
    "empty": {},
    "no_start": {"id": 1},
    "bad_mfa": {**GOOD, "start": "x"},
    "bad_args": {**GOOD, "start": (Kid.start_link, "x")},
    "bad_restart": {**GOOD, "restart": "often"},
    "bad_shutdown": {**GOOD, "shutdown": -1},
    "bad_type": {**GOOD, "type": "boss"},
    "bad_modules": {**GOOD, "modules": "x"},
    "significant": {**GOOD, "significant": True},
}
