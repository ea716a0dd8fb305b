"""Registry with duplicate keys: order, dispatch, cleanup, partitions."""

from __future__ import annotations

from actors import process
from actors.agent import Agent
from actors.naming import Via
from actors.pid import Pid
from actors.process import trap_exit
from supervisors import ANY, Clause, Registry, Supervisor, Var
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    kill,
    ok,
    out,
    proc,
    run,
    settle,
    show_flush,
    started,
    tell,
)
from tests.conformance.traces.monitor_semantics import raises


def main() -> None:
    started(Registry.start_link(keys="duplicate", name="dup"))
    a = proc("a")
    b = proc("b")
    out("register", (reg(a, "t", 1), reg(b, "t", 2), reg(a, "t", 3), reg(a, "t", 1)))
    out("lookup in order of registration", Registry.lookup("dup", "t"))
    out("keys of a", Registry.keys("dup", a))
    out("values of a", Registry.values("dup", "t", a))
    out("count", Registry.count("dup"))
    out("count_match", Registry.count_match("dup", "t", 1))
    out("dispatch", ok(Registry.dispatch, "dup", "t", lambda es: tell(("entries", es))))
    show_flush("dispatched once, in the caller")
    out("dispatch nobody", ok(Registry.dispatch, "dup", "none", lambda _: tell("never")))
    failing = raises(RuntimeError("x"))
    out(
        "a callback that raises",
        attempt(lambda: Registry.dispatch("dup", "t", lambda _: failing())),
    )
    show_flush("nothing", 0.01)
    out("unregister_match", run(a, lambda: ok(Registry.unregister_match, "dup", "t", 1)))
    out("lookup", Registry.lookup("dup", "t"))
    out("unregister removes all of one's own", run(a, lambda: ok(Registry.unregister, "dup", "t")))
    out("lookup", Registry.lookup("dup", "t"))
    reg(a, "t", 9)
    reg(a, "u", 9)
    kill(b)
    settle()
    out("after b's death", Registry.lookup("dup", "t"))
    out("update_value", refused(lambda: Registry.update_value("dup", "t", lambda n: n)))
    out("via", refused(lambda: Agent.start(int, name=Via(Registry, ("dup", "x")))))
    clause = Clause((Var("key"), ANY, Var("value")), body=lambda key, value: (key, value))
    out("select", sorted(Registry.select("dup", clause), key=str))
    trap_exit(True)
    two = started(Registry.start_link(keys="duplicate", name="dup2", partitions=2))
    out("partitions", len(Supervisor.which_children(two)))
    c = proc("c")
    run(c, lambda: Registry.register("dup2", "k", 1))
    ref = process.monitor(c)
    Supervisor.stop(two, "shutdown")
    out("owner of an entry", ("down", await_down(ref, 0.1)))


def reg(owner: Pid, key: str, value: int) -> bool:
    return isinstance(run(owner, lambda: Registry.register("dup", key, value)), Pid)


def refused(function: Term) -> str:
    """Return the name of what Elixir raises for an argument that is refused."""
    kind, _ = attempt(function)
    return "ArgumentError" if kind == "error" else str(kind)
