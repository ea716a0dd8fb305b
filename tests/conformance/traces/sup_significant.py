"""auto_shutdown: which ends of which children end the supervisor."""

from __future__ import annotations

from actors.pid import Pid
from actors.process import is_alive, trap_exit
from supervisors.supervisor import Supervised, Supervisor
from tests.conformance import kid
from tests.conformance.kid import asked, init_table, spec, starts
from tests.conformance.support import (
    Term,
    flush,
    fmt,
    name,
    out,
    result,
    settle,
    show_flush,
    started,
)
from tests.conformance.traces.sup_one_for_all import first


class Sup(Supervisor):
    """A supervisor that is told what to run."""

    def init(self, children: Term, **options: Term) -> Supervised:
        return Supervised(children, **options)


def main() -> None:
    init_table()
    trap_exit(True)
    for auto in ("any_significant", "all_significant"):
        for type_ in ("transient", "temporary"):
            for reason in ("normal", "shutdown", ("shutdown", 1), "boom"):
                one_after_the_other(auto, type_, reason)

    begin("any_significant", [spec("a"), significant("b", "transient"), spec("c")])
    kid.crash("b", "normal")
    show_flush("any: order")

    not_by_themselves()
    all_of_them()

    top = begin("any_significant", [significant("l", "transient")])
    kid.crash("l", "boom")
    out("restarted after a crash", state(top))
    kid.crash("l", "normal")
    out("  then", state(top))
    flush(0.0)

    refusals()
    for type_ in ("permanent", "transient", "temporary"):
        nested(type_)


def significant(label: str, type_: str) -> dict[str, object]:
    return spec(label, restart=type_, significant=True)


def begin(auto: str, children: list[dict[str, object]], **options: Term) -> Pid:
    top = name(started(Sup.start_link(children, auto_shutdown=auto, **options)), "sup")
    flush(0.0)
    return top


def state(top: Pid) -> Term:
    settle(0.03)
    if not is_alive(top):
        return "ended"
    infos = Supervisor.which_children(top)
    return ("alive", [(each.id, isinstance(each.pid, Pid)) for each in infos])


def who_is_up(top: Pid) -> object:
    match state(top):
        case ("alive", children):
            return ("alive", [up for _, up in children])
        case other:
            return other


def one_after_the_other(auto: str, type_: str, reason: object) -> None:
    s, t, o = (f"{auto}_{type_}_{fmt(reason)}_{letter}" for letter in "sto")
    top = begin(auto, [significant(s, type_), significant(t, type_), spec(o)])
    kid.crash(s, reason)
    out(f"{auto}, {type_}, {fmt(reason)}", who_is_up(top))
    if is_alive(top):
        kid.crash(t, reason)
        out("  the other one too", who_is_up(top))
    if is_alive(top):
        Supervisor.stop(top)
    flush(0.0)


def not_by_themselves() -> None:
    children = [significant("d", "transient"), significant("e", "temporary"), spec("f")]
    top = begin("any_significant", children, strategy="one_for_all")
    out("terminate transient", asked(Supervisor.terminate_child, top, "d"))
    out("  then", state(top))
    kid.crash("f", "boom")
    out("restart of all", state(top))
    out("terminate", asked(Supervisor.terminate_child, top, "d"))
    out("restart_child", first(asked(Supervisor.restart_child, top, "d")))
    kid.crash("d", "shutdown")
    out("by itself", state(top))
    flush(0.0)


def all_of_them() -> None:
    children = [
        significant("g", "transient"),
        significant("h", "transient"),
        spec("i", restart="transient"),
    ]
    top = begin("all_significant", children)
    kid.crash("i", "normal")
    out("one that is not significant", state(top))
    Supervisor.terminate_child(top, "g")
    out("all: terminated", state(top))
    kid.crash("h", "normal")
    out("all: the last one by itself", state(top))
    flush(0.0)
    top = begin("all_significant", [significant("j", "transient"), significant("k", "transient")])
    kid.crash("j", "normal")
    out("all: one of two", state(top))
    Supervisor.terminate_child(top, "k")
    out("all: the last one terminated", state(top))
    out("  restart", first(asked(Supervisor.restart_child, top, "k")))
    kid.crash("k", "normal")
    out("  and now by itself", state(top))
    flush(0.0)


def refusals() -> None:
    for label, auto, type_ in (
        ("never", "never", "transient"),
        ("any, permanent", "any_significant", "permanent"),
        ("all, permanent", "all_significant", "permanent"),
    ):
        children = [significant("m", type_)]
        out(f"refused: {label}", result(Sup.start_link, children, auto_shutdown=auto))
        flush(0.03)
    top = begin("any_significant", [])
    came = asked(Supervisor.start_child, top, significant("n", "permanent"))
    out("start_child permanent significant", came if first(came) == "error" else "started")
    came = asked(Supervisor.start_child, top, significant("o", "transient"))
    out("start_child transient significant", first(came))
    kid.crash("o", "normal")
    out("  ended", state(top))
    flush(0.0)
    out("auto_shutdown of another kind", result(Sup.start_link, [], auto_shutdown="sometimes"))
    flush(0.03)


def nested(type_: str) -> None:
    leaf = f"leaf_{type_}"
    rules = {"auto_shutdown": "any_significant"}
    inner = {
        "id": "inner",
        "type": "supervisor",
        "restart": type_,
        "significant": type_ != "permanent",
        "start": (Sup.start_link, ([significant(leaf, "transient")],), rules),
    }
    top = begin("any_significant", [spec(f"outer_{type_}"), inner])
    kid.crash(leaf, "normal")
    match state(top):
        case ("alive", children):
            shown: object = (
                "alive",
                [(id if id == "inner" else "outer", up) for id, up in children],
            )
        case other:
            shown = other
    out(f"nested, inner {type_}", shown)
    out("  leaf starts", starts[leaf])
    if is_alive(top):
        Supervisor.stop(top)
    flush(0.0)
