"""Supervisors of other kinds, exact errors of child functions, partitions, process groups, handlers that swap."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug, groups, process
from actors.errors import BadArgument
from actors.event_manager import EventHandler, EventManager, HandlerError, SwapHandler
from actors.gen_server import Caller, GenServer
from actors.groups import Joined, Left, NotJoined
from actors.messages import Message
from actors.naming import Via, whereis
from actors.outcomes import Ignore, NoReply, Reply, Stop
from actors.pid import Pid
from actors.process import self, send, send_exit, sleep, spawn, trap_exit
from supervisors import DynamicSupervisor, PartitionSupervisor, Supervisor
from supervisors.dynamic_supervisor import Dynamic
from tests.conformance.kid import as_tuple, asked, counts_as_map
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    kill,
    ok,
    out,
    proc,
    settle,
    show_flush,
    started,
    strip,
    tell,
)


class W(GenServer[Term]):
    """A worker that starts as its argument says."""

    def init(self, arg: Term) -> object:
        match arg:
            case ("ignore", _):
                return Ignore()
            case ("stop", reason):
                return Stop(reason)
            case ("slow", ms):
                sleep(ms / 1000)
                return ms
            case ("trap", state):
                trap_exit(True)
                return state
            case _:
                return arg

    def handle_call(self, request: Message, caller: Caller, state: Term) -> object:
        return Reply(state)

    def handle_cast(self, request: Message, state: Term) -> object:
        return Stop(request)

    def terminate(self, reason: object, state: Term) -> None:
        if isinstance(state, str):
            tell(("terminate", state, reason))


def w(arg: object, **extra: object) -> Term:
    return {"id": "w", "start": (W.start_link, (arg,)), **extra}


def short(came: Term) -> object:
    match came:
        case ("ok", Pid()):
            return "ok"
        case _:
            return came


def main() -> None:
    trap_exit(True)
    d = dynamic()
    slow_start(d)
    out("stop", ok(DynamicSupervisor.stop, d, "shutdown"))
    flush(0.01)
    administered()
    partitioned()
    grouped()
    swapped()


# -- DynamicSupervisor -----------------------------------------------------------------------------


class Few(DynamicSupervisor):
    def init(self) -> Dynamic:
        return Dynamic(max_children=2, max_restarts=100)


def counts(d: Pid) -> object:
    return counts_as_map(DynamicSupervisor.count_children(d))


def start_child(d: Pid, spec: Term) -> object:
    came = asked(DynamicSupervisor.start_child, d, spec)
    return "ignore" if came == ("ok", "undefined") else came


def dynamic() -> Pid:
    d = started(Few.start_link())
    out("ignore", start_child(d, w(("ignore", 1))))
    out("stop", start_child(d, w(("stop", "no"))))
    out("count", counts(d))
    a: Term = DynamicSupervisor.start_child(d, w("a"))
    b: Term = DynamicSupervisor.start_child(d, w(("trap", "b"), restart="temporary"))
    out("full", start_child(d, w(("ignore", 1))))
    out("full, bad spec", ("error", ("invalid_child_spec", refused(d, {"id": 1}))))
    send_exit(a, "kill")
    settle(0.01)
    out("restarted", counts(d))
    out("terminate the old pid", asked(DynamicSupervisor.terminate_child, d, a))
    out("still full", start_child(d, w("c")))
    out("terminate", asked(DynamicSupervisor.terminate_child, d, b))
    show_flush("  said", 0.005)
    out("free", short(start_child(d, w("c", restart="transient"))))
    infos = DynamicSupervisor.which_children(d)
    pids = [each.pid for each in infos if isinstance(each.pid, Pid)]
    [c] = [pid for pid in pids if debug.get_state(pid) == "c"]
    GenServer.cast(c, ("shutdown", 1))
    settle(0.005)
    out("quiet end of a transient one", counts(d))
    flush(0.005)
    out("terminate what ended", asked(DynamicSupervisor.terminate_child, d, c))
    kind, _ = attempt(lambda: DynamicSupervisor.terminate_child(d, "w"))  # type: ignore[arg-type]
    out("unknown id", "refused" if kind == "error" else kind)
    return d


def refused(d: Pid, spec: Term) -> object:
    """Return a specification, which is refused."""
    try:
        DynamicSupervisor.start_child(d, spec)
    except BadArgument:
        return spec
    return "started"


def slow_start(d: Pid) -> None:
    me = self()
    spawn(lambda: send(me, ("slow", short(start_child(d, w(("slow", 30)))))))
    settle(0.005)
    spawn(lambda: send(me, ("next", short(start_child(d, w("z"))))))
    for message in sorted(flush(0.06)):
        out("slow start", message)


# -- Supervisor ------------------------------------------------------------------------------------


def exits_in_start() -> Pid:
    process.exit("in_start")


def returns_junk() -> Term:
    return "junk"


def administered() -> None:
    children = [w("one", id="one"), w("two", id="two", restart="temporary")]
    s = started(Supervisor.start_link([*children, w("three", id="three", restart="transient")]))

    def child(id: str) -> Term:
        return next(each.pid for each in Supervisor.which_children(s) if each.id == id)

    def which() -> object:
        infos = Supervisor.which_children(s)
        return [(each.id, isinstance(each.pid, Pid)) for each in infos]

    def do(function: Callable[..., object], *args: object) -> object:
        return asked(function, s, *args)

    restart, delete, stop = (
        Supervisor.restart_child,
        Supervisor.delete_child,
        Supervisor.terminate_child,
    )
    start = Supervisor.start_child
    out("running", (do(restart, "one"), do(delete, "one")))
    out("unknown", (do(restart, "x"), do(delete, "x"), do(stop, "x")))
    again = do(start, w("other", id="one"))
    out("same id", again == ("error", ("already_started", child("one"))))
    out("terminate temporary", (do(stop, "two"), do(restart, "two")))
    GenServer.cast(child("three"), "normal")
    flush(0.005)
    out("ended", which())
    out("same id as the ended", do(start, w("three", id="three")))
    out("terminate the ended", do(stop, "three"))
    out("restart", short(do(restart, "three")))
    out("start that ignores", do(start, w(("ignore", 1), id="ig")))
    out("  and temporary", do(start, w(("ignore", 1), id="igt", restart="temporary")))
    out("  kept", which())
    out("restart that ignores", do(restart, "ig"))
    out("start that stops", why(do(start, w(("stop", "nope"), id="st"))))
    out("start that raises", why(do(start, {"id": "r", "start": (exits_in_start, ())})))
    junk = why(do(start, {"id": "j", "start": (returns_junk, ())}))
    out("start of another kind", f'"{junk}"')
    out("counts", counts_as_map(Supervisor.count_children(s)))
    out("stop", ok(Supervisor.stop, s, "normal"))
    show_flush("  said", 0.01)


def why(came: Term) -> object:
    """Return the reason of a child that has not started, which comes with the child."""
    match came:
        case ("error", (reason, "child_record")):
            return reason
        case _:
            return came


# -- partitions ------------------------------------------------------------------------------------


def partitioned() -> None:
    ps = PartitionSupervisor.start_link(
        w("none"), name="PS", partitions=3, with_arguments=lambda _, p: [f"part{p}"]
    )

    def at(key: object) -> object:
        return GenServer.call(Via(PartitionSupervisor, ("PS", key)), "state")

    def place(key: object) -> Term:
        return whereis(Via(PartitionSupervisor, ("PS", key)))

    out("by number", [at(key) for key in (0, 1, 2, 3, -1, -4)])
    out("same term, same place", at(("x", 1)) == at(("x", 1)))
    out("partitions", PartitionSupervisor.partitions("PS"))
    old = place(1)
    send_exit(old, "kill")
    settle(0.01)
    out("restarted in its place", (at(1), place(1) == old))
    infos = [as_tuple(each) for each in PartitionSupervisor.which_children("PS")]
    out("children", sorted((id, isinstance(pid, Pid), type_) for id, pid, type_, _ in infos))
    out("count", counts_as_map(PartitionSupervisor.count_children("PS")))
    Supervisor.stop(ps)
    flush(0.01)
    out("call without it", flat(lambda: at(1)))
    out("whereis without it", flat(lambda: place(1)))
    out("partitions without it", flat(lambda: PartitionSupervisor.partitions("PS")))


def flat(function: Callable[[], object]) -> object:
    match strip(attempt(function)):
        case ("exit", (reason, (module, name))):
            return (reason, module, name)
        case (_, value):
            return value
        case other:
            return other


# -- process groups --------------------------------------------------------------------------------


def grouped() -> None:
    groups.start_link("sc")
    p = proc("p")
    ref, _ = groups.monitor("g", scope="sc")
    joined = (join(p), join([p, self()]), len(members()))
    out("join", joined)
    changes("told")
    out("leave once", (leave(p), len(members()), leave(p, "other"), leave([p, p, p])))
    changes("told")
    join([p, p])
    flush(0.005)
    kill(p)
    changes("death")
    out("demonitor", (demonitor(ref), groups.demonitor(ref, scope="sc")))
    leave(self())
    show_flush("quiet", 0.005)
    out("groups", groups.which_groups(scope="sc"))


def members() -> list[Pid]:
    return groups.get_members("g", scope="sc")


def join(pids: Term) -> str:
    return ok(groups.join, "g", pids, scope="sc")


def leave(pids: Term, group: str = "g") -> str:
    try:
        return ok(groups.leave, group, pids, scope="sc")
    except NotJoined:
        return "not_joined"


def demonitor(ref: Term) -> str:
    return "ok" if groups.demonitor(ref, scope="sc") else "false"


def changes(label: str) -> None:
    for message in flush(0.01):
        match message:
            case Joined(ref, group, pids):
                out(label, (ref, "join", group, list(pids)))
            case Left(ref, group, pids):
                out(label, (ref, "leave", group, list(pids)))
            case other:
                out(label, other)


# -- handlers that take over -----------------------------------------------------------------------


class H(EventHandler[Term]):
    def init(self, arg: object, *before: object) -> object:
        match arg, before:
            case "refuses", (("state_of", old),):
                tell(("takes_over", "refuses", old))
            case n, (("state_of", old),):
                tell(("takes_over", n, old))
            case n, ("error",):
                tell(("nobody_before", n))
        return arg

    def handle_event(self, event: Message, n: object) -> object:
        match event:
            case ("swap", number, to) if number == n:
                return SwapHandler("why", (H, to), to)
            case _:
                tell(("event", n, event))
                return NoReply()

    def handle_call(self, request: Message, n: object) -> object:
        return Reply(n)

    def terminate(self, reason: object, n: object) -> object:
        tell(("ends", n, reason))
        return ("state_of", n)


def swap(m: Pid, old: int, new: int, arg: object) -> object:
    try:
        return ok(EventManager.swap_handler, m, (H, old), "now", (H, new), arg)
    except HandlerError as error:
        return ("error", error.reason)


def handlers(m: Pid) -> object:
    return [handler[1] for handler in EventManager.which_handlers(m) if isinstance(handler, tuple)]


def swapped() -> None:
    m = started(EventManager.start_link())
    EventManager.add_handler(m, (H, 1), 1)
    out("swap", swap(m, 1, 2, 2))
    show_flush("  said", 0.0)
    out("swap of an unknown one", swap(m, 9, 3, 3))
    show_flush("  said", 0.0)
    out("which", handlers(m))
    out("swap to another that was there", swap(m, 3, 4, "refuses"))
    show_flush("  said", 0.005)
    out("which", handlers(m))
    out("swap supervised", ok(EventManager.swap_sup_handler, m, (H, 2), "now", (H, 5), 5))
    show_flush("  said", 0.005)
    EventManager.sync_notify(m, ("swap", 5, 6))
    show_flush("swaps itself", 0.005)
    EventManager.delete_handler(m, (H, 6), "bye")
    show_flush("deleted", 0.005)
    EventManager.add_sup_handler(m, (H, 7), 7)
    out("stop", ok(EventManager.stop, m))
    show_flush("  said", 0.01)
