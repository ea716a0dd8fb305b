"""What a name means before, at and after a death; names that change hands."""

from __future__ import annotations

from actors import process
from actors.gen_server import GenServer
from actors.messages import Down, Exited
from actors.outcomes import Reply
from actors.process import (
    is_alive,
    monitor,
    receive,
    register,
    registered,
    self,
    send,
    send_exit,
    spawn,
    spawn_link,
    trap_exit,
    unregister,
    whereis,
)
from tests.conformance.srv import Srv, call, start
from tests.conformance.support import (
    attempt,
    await_down,
    flush,
    kill,
    name,
    out,
    proc,
    result,
    run,
    settle,
    show_flush,
    started,
    tell,
    true,
)
from tests.conformance.traces.gs_reply_rules import later, state_of
from tests.conformance.traces.registered_names import name_of
from tests.conformance.traces.sup_one_for_all import first


def main() -> None:
    trap_exit(True)
    for number in (1, 2, 3):
        one_round(number)
    handed_over()
    servers()
    whose()

    g = proc("g", trap=True)
    send_exit(g, "kill")
    out("link after the kill", attempt(lambda: true(process.link, g)))
    out("monitor after the kill", await_down(monitor(g)))
    show_flush("mail")
    out("alive", is_alive(g))
    out("info", process.info(g))


def one_round(number: int) -> None:
    def body() -> None:
        register(self(), "hot")
        tell("up")
        receive(lambda message: message == "end")
        process.exit(("round", 1))

    p = name(spawn_link(body), "p")
    receive(lambda message: message == "up")
    out(f"round {number}, registered", whereis("hot"))
    send("hot", "end")
    exited = receive(lambda message: isinstance(message, Exited) and message.pid is p)
    assert isinstance(exited, Exited)
    out("  exit", (exited.reason, whereis("hot")))


def handed_over() -> None:
    a = proc("a")
    b = proc("b")
    register(a, "shared")
    m = monitor("shared")
    unregister("shared")
    register(b, "shared")
    out("the name now means", whereis("shared"))
    kill(b)
    show_flush("the new owner dies")
    kill(a)
    downs = [
        ("process", message.process, message.reason)
        if isinstance(message, Down) and message.ref is m
        else message
        for message in flush()
    ]
    out("the old owner dies", downs)

    c = proc("c")
    d = proc("d")
    register(c, "n")
    send("n", 1)
    unregister("n")
    register(d, "n")
    send("n", 2)
    out("who got what", sorted(flush()))
    out("names of c and d", (name_of(c), name_of(d)))

    run(d, lambda: unregister("n"))
    run(c, lambda: register(d, "by_c"))
    out("registered by another", whereis("by_c"))
    run(c, lambda: unregister("by_c"))
    out("unregistered by another", whereis("by_c"))


def servers() -> None:
    def in_terminate(_: object) -> None:
        tell(("in_terminate", whereis("served"), "served" in registered()))

    s = start("s", lambda: ("terminate", in_terminate), name="served")
    out("server", whereis("served") is s)
    GenServer.stop("served")
    out("after stop", whereis("served"))
    show_flush("  told", 0.0)
    out("start again at once", first(result(Srv.start, "s", name="served")))

    p = started(whereis("served"))
    unregister("served")
    out("by the old name", attempt(lambda: GenServer.call("served", "x")))
    out("by pid", call(p, lambda *_: Reply("here")))
    register(p, "renamed")
    out("by the new name", call("renamed", lambda *_: Reply("here")))
    failed = attempt(lambda: call("renamed", lambda *_: process.exit("why")))
    out("failure shows the name", failed)
    out("name after that", whereis("renamed"))
    flush(0.0)

    old = proc("old")
    register(old, "again")

    def replace() -> None:
        kill(old, "gone")
        start("new", lambda: 0, name="again")

    spawn(later, 0.02, replace)
    out("call to the old one", attempt(lambda: GenServer.call("again", "x", 0.2)))
    settle()
    out("call to the new one", call("again", state_of))
    flush(0.0)


def whose() -> None:
    e = proc("e")
    f = proc("f")
    register(e, "e_name")
    register(f, "f_name")
    alias_of_f = run(f, process.alias)
    kill(e)
    send(alias_of_f, "still")
    show_flush("f lives")
    out("names", (whereis("e_name"), whereis("f_name")))
