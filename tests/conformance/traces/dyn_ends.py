"""DynamicSupervisor: how children end with it and without it, deaf, brutal and mixed; limits in between."""

from __future__ import annotations

from collections.abc import Callable

from actors.errors import StartError
from actors.gen_server import GenServer
from actors.pid import Pid
from actors.process import is_alive, monitor, monotonic, send_exit, sleep, trap_exit
from supervisors.dynamic_supervisor import DynamicSupervisor
from tests.conformance import kid, support
from tests.conformance.kid import Kid, asked, counts_as_map, init_table, spec
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    flush,
    fmt,
    kill,
    out,
    proc,
    settle,
    show_flush,
    started,
    tell,
)
from tests.conformance.traces.nested_trees import later, stop_of
from tests.conformance.traces.sup_one_for_all import first


def main() -> None:
    init_table()
    trap_exit(True)
    all_at_once()
    one_by_one()
    limited()
    while_starting()
    intensity()
    parent()


def begin(**options: Term) -> Pid:
    return support.name(started(DynamicSupervisor.start_link(**options)), "dyn")


def add(d: Pid, name: str, opts: dict[str, object] | None = None, **over: Term) -> object:
    return asked(DynamicSupervisor.start_child, d, spec(name, opts, **over))


def terminate(d: Pid, pid: Pid) -> object:
    return asked(DynamicSupervisor.terminate_child, d, pid)


def count(d: Pid) -> dict[str, int]:
    return counts_as_map(DynamicSupervisor.count_children(d))


def all_at_once() -> None:
    d = begin()
    add(d, "plain")
    add(d, "untrapping", {"trap": False})
    add(d, "slow", {"stop_after": 0.03})
    add(d, "deaf", {"stop_after": 0.2}, shutdown=0.05)
    add(d, "brutal", {"stop_after": 0.01}, shutdown="brutal_kill")
    add(d, "strange", {"stop_exit": "strange"})
    flush(0.0)
    names = ("plain", "untrapping", "slow", "deaf", "brutal", "strange")
    refs = [(name, monitor(kid.pid(name))) for name in names]
    before = monotonic()
    DynamicSupervisor.stop(d)
    out("time", int((monotonic() - before + 1e-9) / 0.05))
    out("reasons", [(name, await_down(ref)) for name, ref in refs])
    out("terminated", sorted(flush(0.02), key=fmt))


def one_by_one() -> None:
    d = begin()
    kids: list[tuple[str, dict[str, object], dict[str, Term]]] = [
        ("p", {}, {}),
        ("u", {"trap": False}, {}),
        ("s", {"stop_after": 0.06}, {"shutdown": 0.02}),
        ("b", {}, {"shutdown": "brutal_kill"}),
        ("x", {"stop_exit": "odd"}, {}),
    ]
    for name, opts, over in kids:
        add(d, name, opts, **over)
        ref = monitor(kid.pid(name))
        flush(0.0)
        out(f"terminate {name}", terminate(d, kid.pid(name)))
        out("  reason", await_down(ref))
        out("  told", flush(0.01))
    out("count", count(d))

    add(d, "slow2", {"stop_after": 0.05})
    add(d, "other")
    flush(0.0)
    later(0.01, lambda: kid.crash("other", "meanwhile"))
    later(0.02, lambda: tell(("count", count(d))))
    out("terminate", terminate(d, kid.pid("slow2")))
    show_flush("meanwhile")
    add(d, "races", {"stop_after": 0.03}, restart="permanent")
    flush(0.0)
    races = kid.pid("races")
    later(0.01, lambda: send_exit(races, "kill"))
    out("killed while stopped", terminate(d, races))
    show_flush("  not started again")
    add(d, "unlinked", {"trap": False})
    flush(0.0)
    unlinked = kid.pid("unlinked")
    out("not a child", terminate(d, proc("stranger")))
    DynamicSupervisor.stop(d)
    out("ends with it", is_alive(unlinked))
    flush(0.02)


def limited() -> None:
    d = begin(max_children=2, max_restarts=100)
    add(d, "t1", restart="temporary")
    add(d, "t2", restart="temporary")
    out("full", add(d, "t3"))
    kill(kid.pid("t1"))
    out("a place", first(add(d, "t3")))
    out("full", add(d, "t4"))
    flush(0.0)
    DynamicSupervisor.stop(d)
    flush(0.02)


def why(function: Callable[[], object]) -> object:
    match attempt(function):
        case ("exit", (reason, _)):
            return reason
        case other:
            return other


def while_starting() -> None:
    d = begin()

    def asks() -> Pid:
        raise StartError(why(lambda: GenServer.call(d, "count_children", 0.03)))

    nested = {"id": "n", "restart": "temporary", "start": (asks, ())}
    answer = asked(DynamicSupervisor.start_child, d, nested)
    out("asks its supervisor in its start", answer)

    def slow() -> object:
        sleep(0.04)
        return Kid.start_link("z")

    later(0.01, lambda: DynamicSupervisor.stop(d))
    spec_of_slow = {"id": "z", "restart": "temporary", "start": (slow, ())}
    out("stopped while it starts one", first(asked(DynamicSupervisor.start_child, d, spec_of_slow)))
    show_flush("  then", 0.05)


def intensity() -> None:
    d = begin(max_restarts=2, max_seconds=5)
    for name in ("i1", "i2", "i3"):
        add(d, name)
    flush(0.0)
    kid.crash("i1", "one")
    settle(0.01)
    kid.crash("i2", "two")
    settle(0.01)
    out("alive after two", is_alive(d))
    flush(0.0)
    kid.crash("i3", "three")
    told = flush(0.04)
    out("stopped", sorted((each for each in told if stop_of(each)), key=fmt))
    out("rest", [each for each in told if not stop_of(each)])


def parent() -> None:
    d = begin()
    add(d, "c")
    flush(0.0)
    send_exit(d, "enough")
    settle(0.02)
    out("told to end by its parent", is_alive(d))
    show_flush("  then", 0.02)
