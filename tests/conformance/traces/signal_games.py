"""Signals under awkward circumstances: names that move, trap_exit toggled, aliases, timers, exits to oneself."""

from __future__ import annotations

from typing import Literal, get_args

from actors import process
from actors.messages import Down, Message, TimedOut
from actors.pid import Pid, Ref
from actors.process import monitor, receive, self, send, send_exit, sleep, spawn, trap_exit
from tests.conformance.support import (
    Term,
    alive,
    flush,
    is_down,
    kill,
    link,
    name,
    out,
    proc,
    run,
    settle,
    show_flush,
    tell,
    true,
)

AliasKind = Literal["explicit_unalias", "demonitor", "reply_demonitor"]


def main() -> None:
    names()
    timers_to_names()
    trapping()
    for label, trap, reason in (
        ("normal", False, "normal"),
        ("normal, trapping", True, "normal"),
        ("kill, trapping", True, "kill"),
        ("boom, trapping", True, "boom"),
        ("killed", False, "killed"),
    ):
        to_oneself(label, trap, reason)
    links()
    for kind in get_args(AliasKind):
        for order in ("mail_first", "down_first"):
            monitored_alias(kind, order)
    aliases()
    received()
    demonitored()


def now() -> Message:
    message = receive(timeout=0.0)
    return "nothing" if message == TimedOut() else message


def names() -> None:
    a, b = proc("a"), proc("b")
    process.register(a, "moving")
    ref = monitor("moving")
    process.unregister("moving")
    process.register(b, "moving")
    kill(b, "other")
    show_flush("the new holder ended", 0.01)
    kill(a, "first")
    down = now()
    assert isinstance(down, Down)
    assert down.ref is ref
    assert isinstance(down.process, tuple)
    out("the monitored one ended", (down.process[0], down.reason))
    out("again", now())

    a = proc("a")
    process.register(a, "moving")
    ref = monitor(a)
    send_exit(a, "kill")
    receive(lambda message: is_down(message, ref))
    out("free at the DOWN", true(process.register, self(), "moving"))
    out("monitor of oneself by name", isinstance(monitor("moving"), Ref))
    process.unregister("moving")
    show_flush("  says", 0.01)


def timers_to_names() -> None:
    a, b = proc("a"), proc("b")
    process.register(a, "target")
    process.send_after("target", "tick", 0.02)
    process.unregister("target")
    process.register(b, "target")
    show_flush("timer to a name", 0.04)
    kill(b)
    process.send_after("target", "tock", 0.01)
    show_flush("timer to nobody", 0.03)
    kill(a)


def trapping() -> None:
    trap_exit(True)
    p = name(process.spawn_link(fails_at_go), "p")
    out("was trapping", trap_exit(True))
    send(p, "go")
    settle(0.01)
    out("untrapping leaves mail", trap_exit(False))
    show_flush("  mail", 0.005)
    o = proc("o")
    run(o, lambda: trap_exit(True))
    send_exit(o, "first")
    run(o, lambda: trap_exit(False))
    send_exit(o, "normal")
    out("alive after normal", run(o, lambda: "yes"))
    send_exit(o, "second")
    show_flush("trapped then not", 0.01)
    out("alive", process.is_alive(o))


def fails_at_go() -> None:
    receive(lambda message: message == "go")
    process.exit("bad")


def to_oneself(label: str, trap: bool, reason: str) -> None:
    def ends() -> None:
        trap_exit(trap)
        tell(("returned", true(send_exit, self(), reason)))
        message = receive(timeout=0.0)
        tell("no_message" if message == TimedOut() else message)

    pid, ref = process.spawn_monitor(ends)
    name(pid, "it")
    down = receive(lambda message: is_down(message, ref))
    assert isinstance(down, Down)
    out(f"to oneself: {label}", down.reason)
    show_flush("  said", 0.005)


def links() -> None:
    trap_exit(True)
    p = proc("p")
    process.link(p)
    process.link(p)
    process.unlink(p)
    kill(p, "x")
    show_flush("linked twice, unlinked once", 0.01)
    p = proc("p")
    process.link(p)
    kill(p, "x")
    out("unlink after the end", true(process.unlink, p))
    show_flush("  mail", 0.01)
    out("link to the dead", true(process.link, p))
    show_flush("  mail", 0.01)
    out("link to oneself", true(process.link, self()))

    x, y = proc("x", trap=True), proc("y", trap=True)
    link(x, y)
    link(y, x)
    kill(x, "kill")
    show_flush("killed by a link", 0.01)
    x, y, z = proc("x"), proc("y"), proc("z", trap=True)
    link(x, y)
    link(y, z)
    out("exit(kill)", run(x, lambda: process.exit("kill")))
    show_flush("two links on", 0.01)
    alive("x y z", [x, y, z])


def monitored_alias(kind: AliasKind, order: str) -> None:
    p = proc("p")
    ref = monitor(p, alias=kind)
    if order == "mail_first":
        send(ref, 1)
        send(ref, 2)
        kill(p, "z")
        send(ref, 3)
    else:
        kill(p, "z")
        send(ref, 1)
        send(ref, 2)
    out(f"{kind}, {order}", [short(message, ref) for message in flush(0.005)])
    out("  unalias", process.unalias(ref))
    out("  demonitor", process.demonitor(ref, flush=True))


def short(message: Term, ref: Ref) -> Term:
    return ("down", message.reason) if is_down(message, ref) else message


def aliases() -> None:
    ref = monitor(proc("q"), alias="explicit_unalias")
    out("demonitor of explicit_unalias", process.demonitor(ref))
    send(ref, "still")
    show_flush("  sent", 0.005)
    ref = process.alias("reply")
    send(ref, 1)
    send(ref, 2)
    show_flush("reply alias", 0.005)
    out("  unalias", process.unalias(ref))
    ref = process.alias()
    q = proc("q")
    out("unalias by a stranger", run(q, lambda: process.unalias(ref)))
    send(ref, "mine")
    show_flush("  still works", 0.005)
    ref = run(q, process.alias)
    send(ref, "hello")
    show_flush("to another's alias", 0.005)
    kill(q)
    out("to an alias of the dead", send(ref, "late"))


def received() -> None:
    for message in (1, ("k", 2), 3, ("k", 4)):
        send(self(), message)
    out("last first", came(receive(lambda message: message == ("k", 4), 0.0)))
    out("none", came(receive(lambda message: message == "absent", 0.0)))
    send(self(), 5)
    out("guard", came(receive(lambda message: isinstance(message, int) and message > 2, 0.0)))
    show_flush("rest", 0.0)
    spawn(makes_noise, self())
    out("noise", came(receive(lambda message: message == "never", 0.04), "timeout"))
    out("came meanwhile", len(flush(0.0)))
    out("  and later", len(flush(0.06)))


def came(message: Message, otherwise: str = "none") -> object:
    match message:
        case TimedOut():
            return otherwise
        case (_, value):
            return value
        case _:
            return message


def makes_noise(listener: Pid) -> None:
    for number in range(1, 7):
        sleep(0.012)
        send(listener, ("noise", number))


def demonitored() -> None:
    p = proc("p")
    ref, other = monitor(p), monitor(p)
    kill(p)
    out("delivered before", process.demonitor(ref, flush=True))
    out("twice", process.demonitor(ref, flush=True))
    out("another's", run(proc("s"), lambda: process.demonitor(other)))
    show_flush("the second stays", 0.005)
