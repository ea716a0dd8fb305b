"""Trees of supervisors: escalation through strategies, order of ends, calls meanwhile, brutal children."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import GenServer
from actors.messages import Exited
from actors.pid import Pid
from actors.process import is_alive, monitor, send_exit, sleep, spawn, trap_exit
from supervisors.supervisor import Supervisor
from tests.conformance import kid, support
from tests.conformance.kid import asked, count, init_table, spec
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    flush,
    fmt,
    out,
    proc,
    run,
    show_flush,
    started,
    tell,
)

_inner: dict[str, Pid] = {}


def main() -> None:
    init_table()
    _inner.clear()
    trap_exit(True)
    gives_up()
    order()
    killed()
    limited()
    asked_meanwhile()
    crashes_meanwhile()
    signals()


def inner(id: str, children: list[Term], **options: Term) -> dict[str, object]:
    """Return the specification of a supervisor that tells of its starts."""
    fields: dict[str, object] = {"restart": "permanent", "shutdown": None}
    fields |= {key: options.pop(key) for key in ("restart", "shutdown") if key in options}

    def start() -> Pid:
        tell(("sup", id))
        _inner[id] = support.name(started(Supervisor.start_link(children, **options)), id)
        return _inner[id]

    return {"id": id, "type": "supervisor", "start": (start, ()), **fields}


def begin(children: list[Term], strategy: str = "one_for_one", **options: Term) -> Pid:
    top = started(Supervisor.start_link(children, strategy=strategy, **options))
    flush(0.0)
    return support.name(top, "top")


def end(top: Pid) -> None:
    Supervisor.stop(top)
    flush(0.01)


def later(seconds: float, act: Callable[[], object]) -> None:
    def body() -> None:
        sleep(seconds)
        act()

    spawn(body)


def gives_up() -> None:
    for outer in ("one_for_one", "one_for_all", "rest_for_one"):
        pair = [spec("a"), spec("b")]
        top = begin([spec("x"), inner("in", pair, max_restarts=1), spec("y")], outer)
        kid.crash("a", "one")
        flush(0.02)
        kid.crash("a", "two")
        show_flush(f"{outer}: inner gives up")
        out("  counts", count(top))
        end(top)

    top = begin([inner("in", [spec("a")], max_restarts=0), spec("y")], max_restarts=1)
    kid.crash("a", "one")
    flush(0.03)
    kid.crash("a", "two")
    show_flush("escalates to the top")
    out("alive", is_alive(top))

    for restart in ("temporary", "transient"):
        top = begin([inner("in", [spec("a")], max_restarts=0, restart=restart)])
        kid.crash("a", "boom")
        show_flush(f"{restart} gives up")
        out("  counts", count(top))
        end(top)


def tree() -> list[Term]:
    deep = inner("deep", [spec("c"), spec("d")])
    return [spec("a"), inner("in", [spec("b"), deep, spec("e")]), spec("f")]


def order() -> None:
    top = begin(tree())
    Supervisor.stop(top)
    show_flush("stop of a tree")


def killed() -> None:
    top = begin(tree())
    watched = [(name, monitor(kid.pid(name))) for name in "abcf"]
    watched += [(name, monitor(_inner[name])) for name in ("in", "deep")]
    send_exit(top, "kill")
    out("killed", [(name, await_down(ref, 0.5)) for name, ref in watched])
    stops = [(who, why) for message in flush(0.03) for who, why in stop_of(message)]
    out("terminated", sorted(stops, key=fmt))

    top = begin(tree())
    send_exit(_inner["in"], "kill")
    told = flush(0.06)
    stopped = [message for message in told if stop_of(message)]
    out("inner killed, ended", sorted(stopped, key=fmt))
    starts = [each for each in told if not stop_of(each) and not isinstance(each, Exited)]
    out("  started", starts)
    end(top)


def stop_of(message: Term) -> list[tuple[object, object]]:
    match message:
        case ("stop", who, why):
            return [(who, why)]
        case _:
            return []


def limited() -> None:
    top = begin([inner("in", [spec("a"), spec("b")], shutdown="brutal_kill")])
    out("terminate a brutal one", asked(Supervisor.terminate_child, top, "in"))
    out("  ended", sorted(flush(0.03), key=fmt))
    end(top)
    slow = [spec("a"), spec("b", {"stop_after": 0.2})]
    top = begin([inner("in", slow, shutdown=0.04)])
    out("terminate a slow one", asked(Supervisor.terminate_child, top, "in"))
    show_flush("  ended", 0.25)
    end(top)


def why(function: Callable[[], object]) -> object:
    """Return a value, or why the call failed."""
    match attempt(function):
        case ("exit", (reason, _)):
            return reason
        case (_, value):
            return value
        case other:
            return other


class Asks(GenServer[Pid]):
    """Asks its supervisor something when it is being stopped by it."""

    def init(self, top: Pid) -> Pid:
        trap_exit(True)
        return top

    def terminate(self, reason: object, state: Pid) -> None:
        tell(("asked", why(lambda: GenServer.call(state, "which_children", 0.03))))


def asked_meanwhile() -> None:
    top = begin([spec("a"), spec("slow", {"stop_after": 0.06}), spec("c")])
    later(0.01, lambda: tell(("count", why(lambda: count(top)))))
    more = spec("d")
    later(0.02, lambda: tell(("start", why(lambda: Supervisor.start_child(top, more)))))
    Supervisor.stop(top)
    told = flush()
    asks = [each for each in told if isinstance(each, tuple) and each[0] in {"count", "start"}]
    out("asked while stopping", sorted(asks))
    out("  ended", [each for each in told if each not in asks])

    top = begin([])
    Supervisor.start_child(top, {"id": "asks", "start": (Asks.start_link, (top,))})
    out("stop", asked(Supervisor.terminate_child, top, "asks"))
    show_flush("asked from terminate")
    out("counts", count(top))
    end(top)


def crashes_meanwhile() -> None:
    top = begin([spec("a"), spec("slow", {"stop_after": 0.05})])
    later(0.02, lambda: kid.crash("a", "meanwhile"))
    out("terminate", asked(Supervisor.terminate_child, top, "slow"))
    show_flush("crash meanwhile")
    end(top)

    top = begin([spec("a"), spec("b", {"stop_after": 0.05}), spec("c")], "rest_for_one")
    kid.crash("a", "first")
    later(0.02, lambda: kid.crash("b", "second"))
    show_flush("two crashes, rest_for_one", 0.12)
    out("counts", count(top))
    end(top)

    top = begin([spec("a"), spec("b"), spec("c")], "one_for_all", max_restarts=1)
    for name in "abc":
        send_exit(kid.pid(name), "kill")
    starts = [each for each in flush(0.06) if isinstance(each, tuple) and each[0] == "start"]
    out("all killed, one_for_all", starts)
    out("alive", is_alive(top))
    if is_alive(top):
        end(top)


SIGNALS: dict[str, Callable[[Pid, Pid], object]] = {
    "parent_shutdown": lambda parent, _: send_exit(parent, "shutdown"),
    "parent_boom": lambda parent, _: send_exit(parent, "boom"),
    "stranger": lambda _, top: send_exit(top, "boom"),
    "stranger_shutdown": lambda _, top: send_exit(top, "shutdown"),
    "stranger_normal": lambda _, top: send_exit(top, "normal"),
}


def signals() -> None:
    for label, act in SIGNALS.items():
        parent = proc("parent")
        top = run(parent, lambda: Supervisor.start_link([spec("a")]))
        ref = monitor(top)
        flush(0.0)
        act(parent, top)
        reason = await_down(ref, 0.06)
        out(label, "alive" if reason == "still_alive" else reason)
        show_flush("  told", 0.02)
        support.kill(parent)
        flush(0.02)
        process.demonitor(ref)
