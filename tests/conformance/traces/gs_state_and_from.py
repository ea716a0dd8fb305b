"""State handling on failures, process dictionary, casts to nowhere, multi_call and abcast."""

from __future__ import annotations

from actors import debug, process
from actors.exits import Crash
from actors.gen_server import GenServer
from actors.outcomes import Reply
from actors.pid import LOCAL_NODE, Pid
from actors.process import monitor, send, sleep
from tests.conformance import support
from tests.conformance.srv import call, start, start_link
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    kill,
    ok,
    out,
    proc,
    settle,
    show_flush,
)


def main() -> None:
    s = start("s", lambda: ["s0"])
    out("call", call(s, lambda _, state: Reply(state, ["s1", *state])))
    out("state", debug.get_state(s))

    out("cast to a dead name", ok(GenServer.cast, "nobody", "x"))
    dead = proc("d2")
    kill(dead)
    out("cast to a dead pid", ok(GenServer.cast, dead, "x"))
    out("cast to another node", ok(GenServer.cast, ("nobody", "no@where"), "x"))
    GenServer.abcast("nobody", "x")
    out("abcast", "abcast")

    many()
    dictionary()
    addresses()
    bare()


def many() -> None:
    n = start("n", lambda: 0, name="many")
    nodes = [LOCAL_NODE, "no@where"]
    say_hi = ("do", lambda _, state: Reply("hi", state))
    out("multi_call", GenServer.multi_call("many", say_hi, nodes=nodes))

    def late(_: object, state: object) -> object:
        sleep(0.12)
        return Reply("late", state)

    out("multi_call timeout", GenServer.multi_call("many", ("do", late), 0.04))
    show_flush("nothing leaks", 0.15)
    out("multi_call nobody", GenServer.multi_call("nobody", "x"))
    kill(n)


def dictionary() -> None:
    p = start_link("p", lambda: 0)
    out("ancestors", call(p, lambda _, state: Reply(process.get("$ancestors"), state)))
    out("initial call", call(p, lambda _, state: Reply(process.get("$initial_call"), state)))

    def puts(_: object, state: object) -> object:
        seen = [process.put("k", 1), process.put("k", 2), process.get("k")]
        seen += [process.get("none", "dflt"), process.delete("k"), process.get("k")]
        return Reply(seen, state)

    out("put returns the old value", call(p, puts))


def addresses() -> None:
    w = start("w", lambda: 0, name="w_name")
    out("whereis name", GenServer.whereis("w_name"))
    out("whereis name and node", GenServer.whereis(("w_name", LOCAL_NODE)))
    out("whereis other node", GenServer.whereis(("w_name", "no@where")))
    out("whereis unknown", GenServer.whereis("nope"))
    out("whereis pid", GenServer.whereis(w))


class Bare(GenServer[int]):
    """A server of nothing but defaults."""

    def init(self) -> int:
        return 0


def started() -> Pid:
    return support.name(Bare.start(), "bare")


def bare() -> None:
    b = started()
    send(b, "whatever")
    settle()
    out("unknown info survives", process.is_alive(b))
    ref = monitor(b)
    GenServer.cast(b, "whatever")
    out("unknown cast", kind(await_down(ref, None)))
    b = started()
    failed: Term = attempt(lambda: GenServer.call(b, "whatever"))[1]
    out("unknown call", kind(failed[0]))
    settle()
    out("alive after", process.is_alive(b))


def kind(reason: object) -> object:
    """Return what was raised; Python's word for what is not there is one of its RuntimeErrors."""
    assert isinstance(reason, Crash)
    error = reason.exception
    return RuntimeError if isinstance(error, RuntimeError) else type(error)
