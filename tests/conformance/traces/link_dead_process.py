"""Linking to a dead process, unlinking, and what is left in the mailbox."""

from __future__ import annotations

from actors import process
from actors.messages import Exited
from actors.pid import Pid
from actors.process import monitor, receive, self, send, spawn_link, trap_exit, unlink
from tests.conformance.support import (
    alive,
    attempt,
    await_down,
    kill,
    name,
    out,
    proc,
    run,
    settle,
    show_flush,
    true,
)
from tests.conformance.traces.link_cascade import own_links


def main() -> None:
    dead = proc("dead")
    out("dead", kill(dead))

    trap = proc("trap", trap=True)
    linking = lambda: attempt(lambda: true(process.link, dead))  # noqa: E731
    out("trapping: link returns", run(trap, linking))
    show_flush("trapping: mailbox")
    plain = proc("plain")
    out("not trapping: link returns", run(plain, linking))
    settle()
    alive("not trapping", [plain])
    out("link to self", run(plain, lambda: (true(process.link, self()), ("links", own_links()))))
    out("unlink of a stranger", run(plain, lambda: true(unlink, dead)))

    trap_exit(True)
    p1 = on_go("p1", "early")
    send(p1, "go")
    settle()
    out("unlink p1 after its exit", true(unlink, p1))
    show_flush("p1 exit was queued")

    p2 = on_go("p2", "late")
    out("unlink p2 before its exit", true(unlink, p2))
    m2 = monitor(p2)
    send(p2, "go")
    out("p2", await_down(m2))
    show_flush("no exit of p2")

    p3 = name(spawn_link(process.exit, "x"), "p3")
    settle()
    unlink(p3)
    exited = receive(lambda message: isinstance(message, Exited) and message.pid is p3, 0.0)
    if isinstance(exited, Exited):
        out("flushed", exited.reason)
    else:
        out("nothing to flush")
    show_flush("after flush")

    name(spawn_link(process.exit, ("shutdown", "soon")), "p4")
    show_flush("p4")


def on_go(label: str, reason: str) -> Pid:
    """Start a linked process that ends when it is told to."""

    def body() -> None:
        receive(lambda message: message == "go")
        process.exit(reason)

    return name(spawn_link(body), label)
