"""What may be done in `terminate`, and what may come meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import GenServer
from actors.outcomes import NoReply, Reply, Started
from actors.pid import Pid
from actors.process import (
    receive,
    self,
    send,
    send_after,
    send_exit,
    sleep,
    spawn,
    spawn_link,
    trap_exit,
    whereis,
)
from tests.conformance.srv import call, start_link
from tests.conformance.support import (
    Term,
    Throw,
    attempt,
    flush,
    kill,
    name,
    ok,
    out,
    proc,
    run,
    settle,
    show_flush,
    tell,
)
from tests.conformance.support import main as tracer
from tests.conformance.traces.monitor_semantics import raises

Function = Callable[[Term], object]


def main() -> None:
    trap_exit(True)
    names()
    calls()
    mail()
    ends()
    signals()
    twice()
    born_late()
    links()
    others()


def server(function: Function, **options: Term) -> Pid:
    """Start a linked server that traps exits and does this in `terminate`."""

    def init() -> object:
        trap_exit(True)
        return Started(("terminate", function))

    return start_link("s", init, **options)


def later(seconds: float, act: Callable[[], object]) -> None:
    def body() -> None:
        sleep(seconds)
        act()

    spawn(body)


def stopped(s: Pid, reason: str = "asked") -> tuple[object, ...]:
    """Stop a server; return how that went, without the call."""
    match attempt(lambda: ok(GenServer.stop, s, reason)):
        case ("exit", (why, _)):
            return ("exit", why)
        case other:
            return other


def names() -> None:
    s = server(lambda _: tell(("name_is_mine", whereis("n") is self())), name="n")
    GenServer.stop(s)
    show_flush("name")
    other = proc("other")

    def gives_away(_: object) -> None:
        process.unregister("n")
        process.register(other, "n")

    GenServer.stop(server(gives_away, name="n"))
    out("given away", whereis("n"))
    process.unregister("n")
    flush(0.01)


def calls() -> None:
    s = server(lambda _: sleep(0.05))

    def caller() -> None:
        tell(("caller", why(attempt(lambda: GenServer.call(s, "hello")))))

    later(0.02, caller)
    out("stop", ok(GenServer.stop, s, "bye"))
    show_flush("call during terminate")


def why(ended: tuple[object, ...]) -> object:
    match ended:
        case (_, (reason, *_)):
            return reason
        case other:
            return other


def mail() -> None:
    def looks(_: object) -> None:
        sleep(0.04)
        tell("ends")

    s = server(looks)

    def sends() -> None:
        GenServer.cast(s, "lost")
        send(s, "lost")

    later(0.01, sends)
    GenServer.stop(s)
    show_flush("mail")

    s = start_link("s", None)

    def asks() -> None:
        def keeps(caller: Term, _: object) -> object:
            return NoReply(("terminate", lambda _: GenServer.reply(caller, "at_the_end")))

        tell(("answer", call(s, keeps)))

    later(0.0, asks)
    settle(0.02)
    GenServer.stop(s)
    show_flush("reply in terminate")


def exit_self(_: object) -> None:
    send_exit(self(), "sig")
    tell(("mail", receive(timeout=0.0)))


def untrap_and_exit_self(_: object) -> None:
    trap_exit(False)
    send_exit(self(), "sig")
    tell("never")


def kill_self(_: object) -> None:
    send_exit(self(), "kill")
    tell("never")


ENDS: dict[str, Function] = {
    "exit_normal": lambda _: process.exit("normal"),
    "exit_other": lambda _: process.exit("other"),
    "raise": lambda _: raises(RuntimeError("oops"))(),
    "throw": lambda _: raises(Throw("ball"))(),
    "exit_self": exit_self,
    "untrap_and_exit_self": untrap_and_exit_self,
    "kill_self": kill_self,
    "stop_self": lambda _: tell(why(attempt(lambda: GenServer.stop(self())))),
    "junk": lambda _: Reply("a", "b"),
}


def ends() -> None:
    for label, function in ENDS.items():
        out(label, stopped(server(function)))
        show_flush("  then", 0.03)


def works(reason: object) -> None:
    sleep(0.04)
    tell(("terminated", reason))


def signals() -> None:
    for reason in ("shutdown", "kill", "normal"):
        s = server(works)
        later(0.01, lambda s=s, reason=reason: send_exit(s, reason))  # type: ignore[misc]
        out(f"{reason} meanwhile", stopped(s))
        show_flush("  then", 0.06)
    parent = proc("parent")
    s = run(parent, lambda: server(works))
    later(0.01, lambda: send_exit(parent, "kill"))
    out("parent dies meanwhile", stopped(s))
    show_flush("  then", 0.03)


def twice() -> None:
    s = server(works)

    def second() -> None:
        tell(("second", stopped(s, "other")))

    later(0.01, second)
    out("stopped twice", ok(GenServer.stop, s, "asked"))
    show_flush("  then", 0.03)


def born_late() -> None:
    watcher = proc("watcher", trap=True)
    GenServer.stop(server(lambda _: process.link(watcher)), "linked_late")
    show_flush("linked in terminate", 0.03)

    def child() -> None:
        trap_exit(True)
        tell(("ready", self()))
        tell(("child", receive()))

    def bears(_: object) -> None:
        tell(("born", name(spawn_link(child), "child")))
        sleep(0.02)

    GenServer.stop(server(bears), "parent_gone")
    show_flush("a child of terminate", 0.04)
    teller = tracer()

    def sets(_: object) -> None:
        send_after(teller, "fired", 0.02)
        send_after(self(), "lost", 0.02)

    GenServer.stop(server(sets))
    show_flush("timers of terminate", 0.05)


def links() -> None:
    def breaks(reason: object) -> None:
        tell(("term", reason))
        spawn_link(process.exit, "from_a_link")
        sleep(0.03)
        tell("never")

    out(
        "link breaks in terminate", stopped(start_link("s", lambda: Started(("terminate", breaks))))
    )
    show_flush("  then", 0.03)


def others() -> None:
    x = start_link("x", 0)
    s = server(lambda _: tell(("asked_x", call(x, lambda *_: Reply("still_here")))))
    GenServer.stop(s)
    show_flush("calls another", 0.02)
    process.unlink(x)
    kill(x)
    s = server(lambda _: call(x, lambda *_: Reply("gone")))
    match stopped(s):
        case ("exit", (reason, (module, function, _))):
            out("calls a dead one", ("exit", reason, module, function))
        case other:
            out("calls a dead one", other)
    flush(0.02)
