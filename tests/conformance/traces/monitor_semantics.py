"""Monitors: dead pid, names, several at once, demonitor with and without flush, one way only."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.messages import Down
from actors.pid import Ref
from actors.process import demonitor, monitor, receive, self, send_exit, spawn_monitor
from tests.conformance.support import (
    ErlangError,
    Throw,
    alive,
    await_down,
    flush,
    is_down,
    kill,
    out,
    proc,
    run,
    settle,
    show_flush,
    true,
)


def main() -> None:
    dead = proc("dead")
    kill(dead)
    out("monitor of a dead pid", down_of(monitor(dead)))
    out("monitor of an unknown name", down_of(monitor("no_such_name")))

    named = proc("named")
    process.register(named, "a_name")
    ref = monitor("a_name")
    send_exit(named, "bye")
    out("monitor by name", down_of(ref))
    out("name is free when DOWN arrives", process.whereis("a_name"))

    p = proc("p")
    refs = [monitor(p) for _ in range(3)]
    out("distinct refs", len(set(refs)))
    out("demonitor returns", true(demonitor, refs[1]))
    out("demonitor again returns", true(demonitor, refs[1]))
    send_exit(p, "boom")
    downs = [(refs.index(down.ref) + 1, down.reason) for down in flush() if isinstance(down, Down)]
    out("DOWNs by monitor", sorted(downs))

    q = proc("q")
    m1 = monitor(q)
    m2 = monitor(q)
    send_exit(q, "gone")
    settle()
    out("demonitor without flush", true(demonitor, m1))
    out("demonitor with flush", true(demonitor, m2, flush=True))
    left = [(down.ref is m1, down.reason) for down in flush() if isinstance(down, Down)]
    out("left in mailbox", left)
    out("flush info, nothing left", demonitor(Ref(), flush=True))

    for label, function in ENDS.items():
        _, ref = spawn_monitor(function)
        out(f"reason of {label}", await_down(ref))

    watcher = proc("watcher")
    target = proc("target")
    run(watcher, lambda: monitor(target))
    kill(watcher, "boom")
    settle()
    alive("monitored outlives", [target])
    out("self monitor", isinstance(monitor(self()), Ref))
    show_flush("self monitor delivers")


def down_of(ref: Ref) -> tuple[object, ...]:
    down = receive(lambda message: is_down(message, ref))
    assert isinstance(down, Down)
    return ("process", down.process, down.reason)


def raises(error: Exception) -> Callable[[], object]:
    def function() -> None:
        raise error

    return function


ENDS: dict[str, Callable[[], object]] = {
    "normal": lambda: "ok",
    "exit": lambda: process.exit("why"),
    "raise": raises(RuntimeError("oops")),
    "throw": raises(Throw("ball")),
    "error_atom": raises(ErlangError("bad")),
    "shutdown": lambda: process.exit(("shutdown", 1)),
}
