"""Registry with unique keys: owners, dead owners, links, via, values, listeners."""

from __future__ import annotations

from actors import process
from actors.agent import Agent
from actors.gen_server import GenServer
from actors.isolation import shareable
from actors.naming import Via
from actors.pid import Pid
from actors.process import self, sleep
from supervisors import ANY, AlreadyRegistered, Registry, Supervisor, Var
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    kill,
    name,
    ok,
    out,
    proc,
    result,
    run,
    settle,
    show_flush,
    tell,
)


@shareable
class Held:
    """A request that keeps a partition busy for a while, in place of `:sys.suspend`."""

    def __init__(self) -> None:
        self.over = False

    def __hash__(self) -> int:
        while not self.over:
            sleep(0.01)
        return 1


def main() -> None:
    process.register(self(), "listener")
    top = name(Registry.start_link(keys="unique", name="uni", listeners=["listener"]), "uni")
    part = Supervisor.which_children(top)[0].pid
    assert isinstance(part, Pid)
    name(part, "partition")
    a, b = proc("a"), proc("b")
    out("register", reg(a, "k", 1))
    out("register again", reg(a, "k", 2))
    out("register by another", reg(b, "k", 3))
    out("links of a", links(a))
    out("links of b", links(b))
    out("lookup", Registry.lookup("uni", "k"))
    out("keys", (Registry.keys("uni", a), Registry.keys("uni", b)))
    out("values", (Registry.values("uni", "k", a), Registry.values("uni", "k", b)))
    out("update by the owner", run(a, update))
    out("update by another", run(b, update) or "error")
    out("unregister by another", run(b, lambda: ok(Registry.unregister, "uni", "k")))
    out("lookup", Registry.lookup("uni", "k"))
    match_7 = run(a, lambda: ok(Registry.unregister_match, "uni", "k", 7))
    out("unregister_match that does not match", match_7)
    out("unregister_match", run(a, lambda: ok(Registry.unregister_match, "uni", "k", 2)))
    out("links of a", links(a))
    show_flush("listener")

    found = (reg(a, 1, "int"), reg(b, 1.0, "float"))
    out("1 and 1.0", (*found, Registry.lookup("uni", 1), Registry.lookup("uni", 1.0)))
    strange = ("_", "$1")
    found = (reg(a, strange, 1), Registry.lookup("uni", (1, 2)))
    out("keys like patterns", (*found, Registry.lookup("uni", strange)))
    out("count", Registry.count("uni"))
    dead_owner(part, a, b)
    addresses()
    values(a)

    ref = process.monitor(a)
    process.send_exit(part, "kill")
    out("owner", await_down(ref, 0.5))
    settle()
    out("count", Registry.count("uni"))


def dead_owner(part: Pid, a: Pid, b: Pid) -> None:
    held = Held()
    GenServer.cast(part, ("unlock", held, part))
    reg(b, "dead", 1)
    kill(b)
    out("lookup shows the dead", Registry.lookup("uni", "dead") == [(b, 1)])
    out("whereis does not", Registry.whereis_name(("uni", "dead")) or "undefined")
    out("its key is free", reg(a, "dead", 2))
    out("the dead has its keys", sorted(Registry.keys("uni", b), key=str))
    held.over = True
    settle()
    now = (Registry.lookup("uni", "dead"), Registry.keys("uni", b), Registry.lookup("uni", 1.0))
    out("after the cleanup", now)
    show_flush("listener")


def addresses() -> None:
    agent = name(Agent.start(lambda: 5, name=via("agent", "value")), "agent")
    out("call", Agent[int].get(via("agent"), lambda n: n))
    out("its value", Registry.lookup("uni", "agent"))
    out("taken", result(Agent.start, lambda: 5, name=via("agent")))
    match result(Agent.start, leave, name=via("other")):
        case ("error", _):
            out("failed start", True)
    out("its key", Registry.whereis_name(("uni", "other")) or "undefined")
    out("cast to nobody", ok(GenServer.cast, via("nobody"), "x"))
    out("unknown registry", attempt(lambda: Registry.lookup("nope", "k"))[0] == "error")
    Agent.stop(agent)
    settle()
    out("after its end", Registry.lookup("uni", "agent"))
    show_flush("listener")


def values(a: Pid) -> None:
    reg(a, "m", ("x", 2, 2))
    n = Var("n")
    out("match", Registry.match("uni", "m", ("x", n, n)))
    out("match strictly", Registry.match("uni", "m", ("x", 2.0, ANY)))
    counts = [
        Registry.count_match("uni", "m", (ANY, n, ANY), lambda n: n > 1),
        Registry.count_match("uni", "m", (ANY, n, ANY), lambda n: n > 2),
    ]
    out("match with a guard", tuple(counts))
    out("dispatch", ok(Registry.dispatch, "uni", "m", lambda es: tell(("entries", es))))
    show_flush("dispatched")
    before = Registry.meta("uni", "x") or "error"
    out("meta", (before, ok(Registry.put_meta, "uni", "x", 1), ("ok", Registry.meta("uni", "x"))))


def via(*key: object) -> Via:
    return Via(Registry, ("uni", *key))


def reg(owner: Pid, key: object, value: object) -> object:
    def register() -> object:
        try:
            Registry.register("uni", key, value)
        except AlreadyRegistered as error:
            return ("error", error.reason)
        return "ok"

    return run(owner, register)


def update() -> Term:
    return Registry.update_value("uni", "k", add_one)


def add_one(value: Term) -> Term:
    return value + 1


def leave() -> object:
    process.exit("no")


def links(pid: Pid) -> list[Pid]:
    info = process.info(pid)
    return [] if info is None else list(info.links)
