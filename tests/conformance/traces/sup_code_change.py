"""Code change of a supervisor: `init` is asked again; options and specifications are new, processes stay."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug
from actors.outcomes import Ignore
from actors.pid import Pid
from actors.process import is_alive, trap_exit
from supervisors.supervisor import Supervised, Supervisor
from tests.conformance import kid, support
from tests.conformance.kid import asked, count, init_table, spec
from tests.conformance.support import Term, flush, out, show_flush, started
from tests.conformance.traces.sup_one_for_all import first

Says = Callable[[], object]
_says: list[Says] = []


class C(Supervisor):
    """A supervisor whose `init` says what the trace wants."""

    def init(self) -> object:
        return _says[0]()


def main() -> None:
    init_table()
    trap_exit(True)
    specifications()
    flags()
    refused()
    significant()


def says(*specs: Term, **options: Term) -> Says:
    return lambda: Supervised(list(specs), **{"max_restarts": 3, "max_seconds": 5, **options})


def start(say: Says) -> Pid:
    _says[:] = [say]
    pid = support.name(started(C.start_link()), "sup")
    flush(0.0)
    return pid


def stop(s: Pid) -> None:
    Supervisor.stop(s)
    flush(0.01)


def change(s: Pid, say: Says) -> object:
    _says[:] = [say]
    debug.suspend(s)
    try:
        debug.change_code(s, None, None, None)
    except debug.SystemFailure:
        return ("error", "error")
    finally:
        debug.resume(s)
    return "ok"


def ids(s: Pid) -> list[object]:
    return [
        (child.id, "undefined" if child.pid is None else child.pid, child.type)
        for child in Supervisor.which_children(s)
    ]


def specifications() -> None:
    s = start(says(spec("a"), spec("b"), spec("c")))
    out("before", ids(s))
    changed = says(spec("c"), spec("new"), spec("a", restart="transient"))
    out("change", change(s, changed))
    out("after", ids(s))
    out("nobody was started or stopped", flush(0.02))
    out("counts", count(s))
    kid.crash("a", "normal")
    show_flush("a is transient now", 0.02)
    kid.crash("b", "boom")
    show_flush("b, which was removed", 0.02)
    out("the new one is started by hand", first(asked(Supervisor.restart_child, s, "new")))
    flush(0.01)
    Supervisor.stop(s)
    show_flush("stopped in the new order", 0.02)


def flags() -> None:
    pair = (spec("d"), spec("e"))
    s = start(says(*pair))
    out("strategy", change(s, says(*pair, strategy="one_for_all")))
    kid.crash("d", "boom")
    show_flush("one_for_all", 0.03)
    out("intensity", change(s, says(*pair, max_restarts=0)))
    kid.crash("d", "boom")
    show_flush("no restart is left", 0.03)
    out("alive", is_alive(s))


def refused() -> None:
    s = start(says(spec("f")))
    out("a wrong flag", change(s, says(spec("f"), max_restarts=-1)))
    out("a wrong specification", change(s, says({"id": "g"})))
    out("ignore", change(s, Ignore))
    out("still there", ids(s))
    kid.crash("f", "boom")
    show_flush("restarts as before", 0.03)
    stop(s)


CHANGES = {
    "never_any": ("never", "any_significant"),
    "any_never": ("any_significant", "never"),
    "never_all": ("never", "all_significant"),
    "all_any": ("all_significant", "any_significant"),
    "any_all": ("any_significant", "all_significant"),
}


def pair_of(auto_shutdown: str) -> Says:
    is_significant = auto_shutdown != "never"
    kids = [spec(name, restart="transient", significant=is_significant) for name in "hi"]
    return says(*kids, auto_shutdown=auto_shutdown)


def significant() -> None:
    for label, (before, after) in CHANGES.items():
        s = start(pair_of(before))
        out(label, change(s, pair_of(after)))
        kid.crash("h", "normal")
        show_flush("  the first ends", 0.03)
        out("  alive", is_alive(s))
        if is_alive(s):
            kid.crash("i", "normal")
            show_flush("  the second ends", 0.03)
            out("  alive", is_alive(s))
        if is_alive(s):
            stop(s)
