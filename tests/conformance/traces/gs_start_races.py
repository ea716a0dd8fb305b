"""What may happen while a server is being started: kills, links, names, timeouts, starters that die."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import GenServer
from actors.messages import Exited
from actors.outcomes import Ignore, NoReply, Stop
from actors.pid import Pid
from actors.process import (
    is_alive,
    receive,
    self,
    send,
    send_exit,
    sleep,
    spawn,
    spawn_link,
    trap_exit,
    unlink,
    whereis,
)
from tests.conformance.srv import Srv, call, start, start_link
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    kill,
    name,
    out,
    proc,
    result,
    run,
    settle,
    show_flush,
    tell,
)
from tests.conformance.traces.gs_reply_rules import later, state_of
from tests.conformance.traces.sup_one_for_all import first

KINDS: dict[str, Callable[..., object]] = {"start": Srv.start, "start_link": Srv.start_link}


def main() -> None:
    trap_exit(True)
    for label, reason in (
        ("kill", "kill"),
        ("shutdown", "shutdown"),
        ("normal", "normal"),
        ("other", "sig"),
    ):
        for kind in KINDS:
            signalled(label, reason, kind)
    linked()
    for kind in KINDS:
        starter_dies(kind)
    for trap in (False, True):
        too_slow(trap)
    names()
    nested()


def signalled(label: str, reason: str, kind: str) -> None:
    def init() -> int:
        server = self()
        spawn(later, 0.02, lambda: send_exit(server, reason))
        sleep(0.06)
        return 1

    came = result(KINDS[kind], "srv", init, name="raced")
    out(f"{label} during init, {kind}", came)
    out("  name", whereis("raced"))
    match came:
        case ("ok", Pid() as pid):
            unlink(pid)
            kill(pid)
    flush(0.01)


def linked() -> None:
    def untrapping() -> int:
        process.link(spawn(later, 0.02, lambda: process.exit("peer")))
        sleep(0.06)
        return 1

    def trapping() -> int:
        trap_exit(True)
        spawn_link(process.exit, "peer")
        sleep(0.03)
        return 1

    out("a link dies during init", result(Srv.start, "srv", untrapping))
    out("the same, trapping", first(result(Srv.start, "srv", trapping)))
    out("  told", [without_pid(message) for message in flush(0.02)])

    helper = proc("helper", trap=True)

    def with_helper(outcome: object) -> Callable[[], object]:
        def init() -> object:
            process.link(helper)
            return outcome

        return init

    out("init fails, linked helper", result(Srv.start, "srv", with_helper(Stop("why"))))
    show_flush("  told", 0.03)
    out("init ignores, linked helper", result(Srv.start, "srv", with_helper(Ignore())))
    show_flush("  told", 0.03)


def without_pid(message: Term) -> object:
    match message:
        case ("info", label, Exited(reason=reason)):
            return ("info", label, reason)
        case _:
            return message


def child() -> Pid:
    """Wait for the pid that a server tells while it is being started."""
    match receive(lambda message: isinstance(message, tuple) and message[0] == "pid"):
        case ("pid", Pid() as pid):
            return name(pid, "child")
        case other:
            raise AssertionError(other)


def starter_dies(kind: str) -> None:
    starter = proc("starter")
    spawn(later, 0.02, lambda: send_exit(starter, "kill"))

    def init() -> int:
        tell(("pid", self()))
        sleep(0.05)
        tell("init_done")
        return 1

    out(f"starter killed, {kind}", run(starter, lambda: result(KINDS[kind], "srv", init)))
    pid = child()
    show_flush("  then", 0.08)
    out("  child alive", is_alive(pid))
    kill(pid)
    flush(0.01)


def too_slow(trap: bool) -> None:
    def init() -> int:
        trap_exit(trap)
        tell(("pid", self()))
        sleep(0.2)
        tell("never")
        return 1

    came = result(Srv.start_link, "srv", init, name="slow", timeout=0.03)
    out(f"timeout, trap {str(trap).lower()}", came)
    out("  name", whereis("slow"))
    pid = child()
    out("  child alive", is_alive(pid))
    show_flush("  then", 0.03)


def names() -> None:
    def slow() -> list[str]:
        tell(("in_init", whereis("the_name") is self()))
        sleep(0.08)
        return ["ready"]

    def fails() -> Stop[None, None]:
        sleep(0.05)
        return Stop("why")

    spawn(lambda: result(Srv.start, "first", slow, name="the_name"))
    settle(0.02)
    out("the same name meanwhile", first(result(Srv.start, "second", lambda: 2, name="the_name")))
    GenServer.cast("the_name", ("do", lambda state: NoReply(["cast", *state])))
    send("the_name", ("do", lambda state: NoReply(["message", *state])))
    out("call during init", call("the_name", state_of))
    show_flush("  told", 0.01)
    holder = whereis("the_name")
    assert holder is not None
    kill(holder)
    spawn(lambda: result(Srv.start, "third", fails, name="the_name"))
    settle(0.02)
    out("call during init that fails", attempt(lambda: call("the_name", state_of)))
    flush(0.01)


def nested() -> None:
    def failing() -> Stop[None, None]:
        return Stop("inner")

    def outer_of(inner: Callable[[], object]) -> object:
        return call(start("outer", inner), state_of)

    came = result(Srv.start, "outer", lambda: result(Srv.start_link, "inner", failing))
    out("inner fails, outer does not trap", came)
    came = outer_of(lambda: result(Srv.start, "inner", failing))
    out("inner fails, outer is told", came)
    out("inner ignores", outer_of(lambda: result(Srv.start_link, "inner", Ignore)))

    def stops() -> Stop[None, None]:
        return Stop("normal")

    out("inner stops normally", outer_of(lambda: result(Srv.start_link, "inner", stops)))

    def outer() -> Stop[None, None]:
        tell(("inner", start_link("inner", lambda: int(trap_exit(True)))))
        return Stop("outer")

    out("outer fails after inner has started", result(Srv.start, "outer", outer))
    show_flush("  inner", 0.03)
