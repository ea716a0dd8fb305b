"""one_for_all: siblings stop in reverse order and all start again in order."""

from __future__ import annotations

from actors.process import trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import asked, init_table, spec, supervise, which
from tests.conformance.support import flush, out, show_flush


def main() -> None:
    init_table()
    trap_exit(True)
    kids = [spec("a"), spec("b", restart="transient"), spec("c", restart="temporary"), spec("d")]
    top = supervise(kids, strategy="one_for_all", max_restarts=10)
    show_flush("start")
    kid.crash("c", "boom")
    show_flush("temporary c crashes")
    out("children", which(top))
    kid.crash("b", "normal")
    show_flush("transient b ends normally")
    out("children", which(top))
    kid.crash("d", "boom")
    show_flush("d crashes")
    out("children", which(top))
    out("add temporary", first(asked(Supervisor.start_child, top, spec("t", restart="temporary"))))
    flush(0.0)
    kid.crash("a", "shutdown")
    show_flush("permanent a ends with shutdown")
    out("children", which(top))
    Supervisor.stop(top)
    show_flush("stop")

    kids = [spec("x"), spec("y", {"plan": not_yet}), spec("z")]
    top = supervise(kids, strategy="one_for_all", max_restarts=10)
    flush(0.0)
    kid.crash("x", "boom")
    show_flush("y fails once", 0.1)
    out("children", which(top))
    Supervisor.stop(top)
    flush()

    kids = [spec("p"), spec("q", {"plan": not_yet}), spec("r")]
    top = supervise(kids, strategy="rest_for_one", max_restarts=10)
    flush(0.0)
    kid.crash("p", "boom")
    show_flush("rest_for_one, q fails once", 0.1)
    out("children", which(top))
    Supervisor.stop(top)


def not_yet(number: int) -> object:
    return ("error", "not_yet") if number == 2 else "ok"


def first(answer: object) -> object:
    assert isinstance(answer, tuple)
    return answer[0]
