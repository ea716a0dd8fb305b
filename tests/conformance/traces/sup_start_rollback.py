"""Children start in order; when one fails those before it end in reverse, the rest never start."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from actors import process
from actors.outcomes import Ignore
from actors.pid import Pid
from actors.process import spawn_link, trap_exit
from supervisors.supervisor import Supervised, Supervisor
from tests.conformance import support
from tests.conformance.kid import asked, count, init_table, spec, which
from tests.conformance.support import Throw, flush, name, out, result, show_flush
from tests.conformance.traces.monitor_semantics import raises

FAILS: dict[str, Callable[[int], object]] = {
    "error": lambda _: ("error", "no"),
    "bare_value": lambda _: "junk",
    "raise": lambda _: raises(RuntimeError("oops"))(),
    "exit": lambda _: process.exit("why"),
    "throw": lambda _: raises(Throw("ball"))(),
}


def ignored(_: int) -> str:
    return "ignore"


def main() -> None:
    init_table()
    trap_exit(True)
    for label, plan in FAILS.items():
        children = [spec("a"), spec("b"), spec("c", {"plan": plan}), spec("d")]
        out(label, result(Supervisor.start_link, children))
        show_flush("  saw")

    late = {"plan": ignored}
    children = [spec("a"), spec("i", late), spec("t", late, restart="temporary"), spec("z")]
    top = support.started(Supervisor.start_link(children))
    show_flush("ignore", 0.03)
    out("which_children", which(top))
    out("count_children", count(top))
    out("restart_child of an ignored one", asked(Supervisor.restart_child, top, "i"))
    Supervisor.stop(top)
    show_flush("stop")

    top = support.started(Supervisor.start_link([]))
    informed = {"id": "x", "start": (with_info, ()), "modules": ["Kernel"]}
    out("ok with info", asked(Supervisor.start_child, top, informed))
    out("which_children", which(top))
    Supervisor.stop(top)
    flush(0.0)

    for label, init in INITS.items():
        tree = type(f"S_{label}", (Supervisor,), {"init": init})
        came = result(cast("type[Supervisor]", tree).start_link)
        match came:
            case ("ok", Pid() as pid):
                name(pid, "sup")
        out(f"init {label}", came)
        show_flush("  saw", 0.02)


def with_info() -> tuple[Pid, str]:
    return name(spawn_link(process.sleep, None), "x"), "info"


INITS: dict[str, Callable[[object], object]] = {
    "ignore": lambda _: Ignore(),
    "junk": lambda _: "junk",
    "bad_strategy": lambda _: Supervised([], strategy="all_for_none"),  # type: ignore[arg-type]
    "bad_intensity": lambda _: Supervised([], max_restarts=-1),
    "bad_period": lambda _: Supervised([], max_seconds=0),
    "duplicate_ids": lambda _: Supervised([spec("a"), spec("a")]),
    "missing_start": lambda _: Supervised([{"id": "a"}]),
    "defaults": lambda _: Supervised([]),
}
