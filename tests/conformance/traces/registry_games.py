"""Registry: dispatch, keys, match and unregister_match, listeners, dead owners, names taken through it."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.agent import Agent
from actors.errors import BadArgument, NoProcess
from actors.messages import Exited
from actors.naming import Via
from actors.pid import Pid
from actors.process import self, trap_exit
from supervisors import ANY, Clause, Registry, Supervisor, Var
from supervisors.registry import AlreadyRegistered
from tests.conformance.support import (
    Term,
    Text,
    Throw,
    alive,
    attempt,
    flush,
    kill,
    name,
    ok,
    out,
    proc,
    result,
    run,
    show_flush,
    started,
    tell,
)


def main() -> None:
    started(Registry.start_link(keys="duplicate", name="D", listeners=["ear"]))
    started(Registry.start_link(keys="unique", name="U", listeners=["ear"]))
    process.register(self(), "ear")
    p = proc("p")
    patterns(p)
    dispatched(p)
    one_owner(p)
    names()
    clause = Clause(
        (Var("key"), ANY, Var("value")),
        guard=lambda value, **_: type(value) is int,
        body=lambda key, value: (key, value),
    )
    out("select", sorted(Registry.select("U", clause), key=str))
    out("count_select", Registry.count_select("U", Clause((ANY, ANY, ANY))))
    ended()


def reg(registry: str, key: object, value: object) -> object:
    try:
        return ("ok", isinstance(Registry.register(registry, key, value), Pid))
    except AlreadyRegistered as error:
        return ("error", ("already_registered", error.pid))


def patterns(p: Pid) -> None:
    out("twice under one key", (reg("D", "k", 1), reg("D", "k", 1), reg("D", "k", (2, "x"))))
    show_flush("heard", 0.005)
    out("keys", Registry.keys("D", self()))
    out("lookup", Registry.lookup("D", "k"))
    out("count", Registry.count("D"))
    out("another", run(p, lambda: reg("D", "k", (2, "y"))))
    out("match", Registry.match("D", "k", (2, ANY)))
    out("match same", Registry.match("D", "k", (Var("same"), Var("same"))))
    is_int = Registry.match("D", "k", Var("v"), lambda v: isinstance(v, int))
    out("match guard", is_int)
    out("match float", Registry.match("D", "k", 1.0))
    out("count_match", Registry.count_match("D", "k", (ANY, ANY)))
    out("unregister_match", ok(Registry.unregister_match, "D", "k", (2, ANY)))
    out("  only own", Registry.lookup("D", "k"))
    show_flush("  heard", 0.005)
    out("unregister_match of none", ok(Registry.unregister_match, "D", "k", "no"))
    show_flush("  heard", 0.005)
    out("unregister", ok(Registry.unregister, "D", "k"))
    show_flush("  heard", 0.005)
    out("unregister again", ok(Registry.unregister, "D", "k"))
    show_flush("  heard", 0.005)
    values = [Registry.values("D", key, pid) for key, pid in (("k", p), ("k", self()), ("no", p))]
    out("values", tuple(values))


def dispatched(p: Pid) -> None:
    me = self()
    out("dispatch", ok(Registry.dispatch, "D", "k", lambda es: tell(("entries", es, self() == me))))
    show_flush("  got", 0.0)
    out("dispatch to none", ok(Registry.dispatch, "D", "none", lambda es: tell(("entries", es))))
    show_flush("  got", 0.0)

    def throws(_: object) -> None:
        raise Throw("out")

    out("dispatch that fails", attempt(lambda: Registry.dispatch("D", "k", throws)))

    def unregisters() -> str:
        return ok(Registry.dispatch, "D", "k", lambda _: Registry.unregister("D", "k"))

    out("dispatch that unregisters", run(p, unregisters))
    out("  left", Registry.lookup("D", "k"))
    show_flush("  heard", 0.005)
    function: Term = "f"
    out("dispatch of a bad function", refused(lambda: Registry.dispatch("D", "k", function)))


def refused(function: Callable[[], object], as_: str = "refused") -> object:
    try:
        return function()
    except (BadArgument, NoProcess):
        return as_


def one_owner(p: Pid) -> None:
    a, b = Text("a"), Text("b")
    out("first", reg("U", a, 1))
    out("again", reg("U", a, 2))
    out("by another", run(p, lambda: reg("U", a, 3)))
    both = (reg("U", 1, "int"), reg("U", 1.0, "float"))
    out("1 and 1.0", (*both, Registry.lookup("U", 1), Registry.lookup("U", 1.0)))
    out("update", Registry.update_value("U", a, lambda n: plus(n, 10)))
    more = lambda: Registry.update_value("U", a, lambda n: plus(n, 1)) or "error"  # noqa: E731
    out("update by another", run(p, more))
    out("update of none", Registry.update_value("U", "zz", lambda n: plus(n, 1)) or "error")

    def raises(_: object) -> object:
        raise RuntimeError("up")

    kind, error = attempt(lambda: Registry.update_value("U", a, raises))
    out("update that fails", type(error) if kind == "error" else kind)
    out("  kept", Registry.lookup("U", a))
    out("unregister by another", run(p, lambda: ok(Registry.unregister, "U", a)))
    out("  still", Registry.lookup("U", a))
    show_flush("heard", 0.005)
    run(p, lambda: reg("U", b, 5))
    kill(p)
    out("taken from the dead", reg("U", b, 6))
    show_flush("heard", 0.01)
    out("  mine", Registry.lookup("U", b))
    out(
        "keys",
        sorted(Registry.keys("U", self()), key=lambda key: (not isinstance(key, str), str(key))),
    )


def plus(n: Term, more: int) -> object:
    return n + more


def names() -> None:
    via = Via(Registry, ("U", "agent", "val"))
    a = name(started(Agent.start(lambda: 7, name=via)), "agent")
    show_flush("heard", 0.005)
    value = Agent.get(Via(Registry, ("U", "agent")), lambda state: state)
    out("via", (value, Registry.lookup("U", "agent")))
    assert Registry.whereis_name(("U", "agent")) == a
    out("taken", result(Agent.start, lambda: 8, name=via))
    Agent.stop(via)
    show_flush("a death is not heard", 0.01)
    gone = (Registry.lookup("U", "agent"), Registry.whereis_name(("U", "agent")) or "undefined")
    out("gone", gone)
    out("send to none", refused(lambda: Registry.send(("U", "agent"), "x"), "error"))
    match attempt(lambda: Agent.get(via, lambda state: state)):
        case ("exit", (reason, (module, function, _))):
            out("call to none", (reason, module, function))
        case other:
            out("call to none", other)
    duplicate = Via(Registry, ("D", "x"))
    out("via a duplicate one", refused(lambda: Agent.start(lambda: 1, name=duplicate)))


def ended() -> None:
    t, q = proc("t", trap=True), proc("q")
    for each in (t, q):
        run(each, lambda: reg("U", "t" if self() == t else "q", None))
    flush(0.005)
    trap_exit(True)
    registry = process.whereis("U")
    assert registry is not None
    process.unlink(registry)
    Supervisor.stop("U", "shutdown")
    for message in flush(0.01):
        match message:
            case Exited(_, reason):
                out("told", reason)
            case ("got", label, Exited(_, reason)):
                out(f"told {label}", reason)
            case other:
                out("got", other)
    alive("t q", [t, q])
    uses: list[Callable[[], object]] = [
        lambda: Registry.lookup("U", 1),
        lambda: Registry.register("U", 1, 1),
        lambda: Registry.keys("U", self()),
        lambda: Registry.count("U"),
    ]
    out("unknown registry", [refused(use, "ArgumentError") for use in uses])
