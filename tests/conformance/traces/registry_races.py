"""Registries while owners die, are restarted, register again or end with the registry."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import GenServer
from actors.messages import Exited
from actors.naming import Via
from actors.outcomes import Ignore, Reply, Started, Stop
from actors.pid import Pid
from actors.process import monitor, send, send_exit, trap_exit
from supervisors import AlreadyRegistered, Registry, Supervisor
from tests.conformance import srv
from tests.conformance.srv import call, start_link
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    flush,
    fmt,
    kill,
    name,
    ok,
    out,
    proc,
    result,
    run,
    settle,
    started,
    tell,
)
from tests.conformance.traces.registry_owners import add_one


def main() -> None:
    trap_exit(True)
    process.register(proc("listener"), "ear")
    top = begin("unique")
    addresses()
    in_terminate()
    inits()
    values()
    dead_owners()
    supervised()
    ends(top)
    duplicates()


def begin(keys: Term) -> Pid:
    return name(Registry.start_link(keys=keys, name="reg", listeners=["ear"]), "reg")


def via(key: str) -> Via:
    return Via(Registry, ("reg", key))


def register(pid: Pid, key: Term, value: Term) -> object:
    """Register a probe under a key; return `:ok`, or `{:error, reason}`."""

    def registers() -> object:
        try:
            return ok(Registry.register, "reg", key, value)
        except AlreadyRegistered as error:
            return ("error", error.reason)

    return run(pid, registers)


def why(function: Callable[[], object]) -> object:
    match attempt(function):
        case ("exit", (reason, _)):
            return reason
        case other:
            return other


def addresses() -> None:
    s = start_link("s", 0, name=via("k"))
    out("started", flush(0.03))
    out("whereis", GenServer.whereis(via("k")) is s)
    out("taken", result(srv.start_link, "t", 0, name=via("k")))
    out("call", call(via("k"), lambda *_: Reply("r")))  # type: ignore[arg-type]
    GenServer.stop(s)
    out("ended", flush(0.03))
    out("free", (Registry.lookup("reg", "k"), GenServer.whereis(via("k"))))
    out("call to nobody", why(lambda: GenServer.call(via("k"), "x")))
    out("cast to nobody", ok(GenServer.cast, via("k"), "x"))
    out("send to nobody", attempt(lambda: Registry.send(("reg", "nobody"), "x"))[0])


def in_terminate() -> None:
    def gives_back(_: object) -> None:
        Registry.unregister("reg", "k")
        tell(("late", ok(Registry.register, "reg", "late", 1)))

    s = start_link("s", lambda: Started(("terminate", gives_back)), name=via("k"))
    GenServer.stop(s)
    told = [each for each in flush(0.03) if isinstance(each, tuple)]
    out("registered in terminate", [each for each in told if each[0] == "late"])
    out("heard", [each for each in told if each[0] == "got"])
    late = Registry.lookup("reg", "late")
    out("owners", (Registry.lookup("reg", "k"), late, Registry.count("reg")))


def inits() -> None:
    out("init fails", result(srv.start_link, "s", lambda: Stop("no"), name=via("f")))
    flush(0.03)
    out("free", Registry.lookup("reg", "f"))
    out("init ignores", result(srv.start_link, "s", Ignore, name=via("f")))
    flush(0.03)
    out("free", Registry.lookup("reg", "f"))


def more() -> object:
    return Registry.update_value("reg", "v", add_one)


def values() -> None:
    other = proc("other")
    register(other, "v", 1)
    out("update by a stranger", more() or "error")
    out("update by the owner", run(other, more))
    out("unregister by a stranger", ok(Registry.unregister, "reg", "v"))
    out("still there", Registry.lookup("reg", "v"))
    out("registered twice", register(other, "v", 2))
    out("keys", sorted(Registry.keys("reg", other), key=fmt))
    run(other, lambda: Registry.unregister("reg", "v"))
    out("unregistered and registered", register(other, "v", 3))
    out("values", Registry.values("reg", "v", other))
    flush(0.03)


def dead_owners() -> None:
    for number in (1, 2, 3):
        p = proc("p")
        register(p, "hot", number)
        kill(p)
        q = proc("q")
        out(f"taken at once {number}", register(q, "hot", -number))
        settle(0.02)
        out("  owner", Registry.lookup("reg", "hot"))
        kill(q)
        settle(0.02)
    flush(0.03)


def supervised() -> None:
    child = {"id": "w", "start": (srv.start_link, ("w", 0), {"name": via("w")})}
    sup = started(Supervisor.start_link([child], max_restarts=100))
    for number in range(1, 6):
        pid = GenServer.whereis(via("w"))
        assert pid is not None
        send_exit(pid, "kill")
        settle(0.02)
        out(f"restarted {number}", isinstance(GenServer.whereis(via("w")), Pid))
    Supervisor.stop(sup)
    flush(0.03)


def ends(top: Pid) -> None:
    a = proc("a")
    b = proc("b", trap=True)
    for pid in (a, b):
        register(pid, ("x", pid), 1)
    ref = monitor(a)
    flush(0.03)
    Supervisor.stop(top)
    out("untrapping owner", await_down(ref, 0.1))
    out("trapping owner", sorted((told(message) for message in flush(0.03)), key=fmt))
    out("lookup", attempt(lambda: Registry.lookup("reg", "k"))[0])


def told(message: Term) -> object:
    match message:
        case ("got", "b", Exited(reason=reason)):
            return ("b_told", reason)
        case Exited(reason=reason):
            return ("exit", reason)
        case other:
            return other


def duplicates() -> None:
    begin("duplicate")
    first, second, third = (proc(label) for label in ("d1", "d2", "d3"))
    for number, pid in enumerate((first, second, third)):
        register(pid, "dup", number)
    register(first, "dup", "again")
    flush(0.03)
    out("entries", Registry.lookup("reg", "dup"))
    kill(second)
    settle(0.03)
    out("one has ended", Registry.lookup("reg", "dup"))

    def dispatches(entries: list[tuple[Pid, object]]) -> None:
        for pid, value in entries:
            send(pid, ("dispatched", value))

    Registry.dispatch("reg", "dup", dispatches)
    for message in sorted(flush(0.03), key=fmt):
        out("dispatch", message)
    out("count", (Registry.count("reg"), Registry.count_match("reg", "dup", 0)))
    out("unregister_match", run(first, lambda: ok(Registry.unregister_match, "reg", "dup", 0)))
    out("left", Registry.lookup("reg", "dup"))
    out("by via", attempt(lambda: GenServer.whereis(via("dup")))[0])
