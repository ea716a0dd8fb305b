"""rest_for_one: who stops, who starts again, and in which order."""

from __future__ import annotations

from actors.process import sleep, spawn, trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import asked, count, init_table, spec, supervise
from tests.conformance.support import flush, out, show_flush
from tests.conformance.traces.sup_one_for_all import first


def main() -> None:
    init_table()
    trap_exit(True)
    children = [
        spec("a"),
        spec("b", restart="transient"),
        spec("c"),
        spec("d", restart="temporary"),
        spec("e", restart="transient"),
        spec("f"),
    ]
    top = supervise(children, strategy="rest_for_one", max_restarts=50)
    flush(0.0)

    def crash(name: str, reason: object, what: str) -> None:
        kid.crash(name, reason)
        show_flush(what)

    def show() -> None:
        infos = Supervisor.which_children(top)
        out("children", [(each.id, each.pid or "undefined") for each in infos])

    crash("f", "boom", "the last one")
    crash("e", "normal", "transient e ends normally")
    out("terminate b", asked(Supervisor.terminate_child, top, "b"))
    show_flush("terminated")
    show()
    crash("c", "boom", "c takes d, e, f along; e comes back, d does not, b stays stopped")
    show()
    crash("a", "boom", "a takes all along, b comes back")
    show()
    late = spec("late", restart="temporary")
    out("a late temporary one", first(asked(Supervisor.start_child, top, late)))
    out("a late one", first(asked(Supervisor.start_child, top, spec("later"))))
    flush(0.0)
    crash("f", "boom", "f takes the late ones along")
    show()
    crash("b", ("shutdown", "fine"), "a quiet end of a transient one stops nobody")
    show()
    crash("a", "normal", "a normal end of a permanent one does")

    flush(0.0)

    def crash_both() -> None:
        sleep(0.02)
        kid.crash("e", "first")
        sleep(0.02)
        kid.crash("f", "second")

    spawn(crash_both)
    busy = {"id": "busy", "restart": "temporary", "start": (sleep, (0.08,))}
    out("busy", asked(Supervisor.start_child, top, busy))
    show_flush("e and then f", 0.1)
    show()

    Supervisor.stop(top)
    flush(0.0)
    bad = [
        spec("p"),
        spec("q", {"stop_exit": "strange"}),
        spec("r", {"stop_after": 0.3}, shutdown=0.03),
        spec("s", shutdown="brutal_kill"),
    ]
    top = supervise(bad, strategy="rest_for_one")
    flush(0.0)
    kid.crash("p", "boom")
    show_flush("bad siblings", 0.12)
    out("counts", count(top))
    Supervisor.stop(top)
