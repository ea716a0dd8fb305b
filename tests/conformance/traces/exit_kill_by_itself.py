"""Who dies of "kill": sent from outside, raised by the process itself, passed on by links."""

from __future__ import annotations

from actors import process
from actors.gen_server import GenServer
from actors.outcomes import Stop
from actors.pid import Ref
from actors.process import is_alive, monitor, send_exit
from tests.conformance.srv import cast, start
from tests.conformance.support import (
    attempt,
    await_down,
    kill,
    link,
    ok,
    out,
    proc,
    run,
    show_flush,
)
from tests.conformance.traces.exit_normal_signal import exits_oneself


def main() -> None:
    for trap in (False, True):
        p = proc("p")
        q = proc("q", trap=trap)
        link(p, q)
        mq = monitor(q)
        out("exit(kill) by itself, its own reason", run(p, lambda: process.exit("kill")))
        out(f"  linked, trap {str(trap).lower()}", down_or_alive(mq))
        show_flush("  mail", 0.01)

    for trap in (False, True):
        p = proc("p", trap=True)
        q = proc("q", trap=trap)
        r = proc("r")
        link(p, q)
        link(q, r)
        monitors = [monitor(q), monitor(r)]
        out("kill of a trapping process", kill(p))
        downs = [down_or_alive(ref) for ref in monitors]
        out(f"  its link, trap {str(trap).lower()}, and the one after", downs)
        show_flush("  mail", 0.01)

    t = proc("t", trap=True)
    send_exit(t, "killed")
    show_flush("signal killed to a trapping one")
    out("  alive", is_alive(t))
    u = proc("u")
    out("signal killed to another", kill(u, "killed"))

    v = proc("v", trap=True)
    out("kill to oneself, trapping", run(v, lambda: exits_oneself("kill")))
    show_flush("  mail", 0.01)

    w = proc("w", trap=True)
    send_exit(w, ("kill", 1))
    show_flush("kill in a tuple")
    out("  alive", is_alive(w))

    out("boom and then kill", two_signals("first", "kill"))
    out("kill and then boom", two_signals("kill", "second"))

    s = start("s", 0)
    ref = monitor(s)
    cast(s, lambda _: process.exit("kill"))
    out("callback runs exit(kill)", await_down(ref))
    show_flush("  saw", 0.01)
    s = start("s", 0)
    ref = monitor(s)
    cast(s, lambda _: Stop("kill"))
    out("callback stops with kill", await_down(ref))
    show_flush("  saw", 0.01)
    s = start("s", 0)
    out("stop with reason kill", attempt(lambda: ok(GenServer.stop, s, "kill")))
    show_flush("  saw", 0.01)


def down_or_alive(ref: Ref) -> object:
    reason = await_down(ref, 0.06)
    return "alive" if reason == "still_alive" else ("down", reason)


def two_signals(one: str, other: str) -> object:
    pid = proc("x")
    ref = monitor(pid)
    send_exit(pid, one)
    send_exit(pid, other)
    return await_down(ref)
