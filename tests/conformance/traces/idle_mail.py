"""What a server with a timeout of 0 or more sees when mail waits, is suspended, hibernates or continues."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug, process
from actors.gen_server import GenServer
from actors.messages import Down
from actors.outcomes import Continue, Extra, Hibernate, NoReply, Reply, Started, Stop
from actors.pid import Pid
from actors.process import monitor, self, send, send_exit, sleep, spawn, spawn_link, trap_exit
from tests.conformance import srv
from tests.conformance.srv import call, cast, start_link
from tests.conformance.support import (
    Term,
    flush,
    fmt,
    kill,
    name,
    ok,
    out,
    settle,
    tell,
)
from tests.conformance.traces.dyn_ends import why
from tests.conformance.traces.gs_continue_order import note
from tests.conformance.traces.gs_timeout_rules import rest

Function = Callable[..., object]


def main() -> None:
    trap_exit(True)
    zero()
    answered()
    suspended()
    ended_while_suspended()
    hibernated()
    continued()
    peers()


def begin(state: object = 0) -> Pid:
    return start_link("s", state)


def end(s: Pid) -> None:
    GenServer.stop(s)
    flush(0.01)


def says(word: str, then: Extra | None) -> Function:
    def function(_: object) -> object:
        tell(word)
        return NoReply(then=then)

    return function


def reply(value: object = "r", then: Extra | None = None) -> Function:
    return lambda *_: Reply(value, then=then)


KINDS: dict[str, Callable[[Pid], object]] = {
    "info": lambda s: send(s, "mail"),
    "cast": lambda s: cast(s, note("a_cast")),
    "exit": lambda s: send_exit(s, "normal"),
    "system": lambda s: spawn(debug.get_state, s),
    "nothing": lambda _: None,
}


def zero() -> None:
    for label, act in KINDS.items():
        s = begin()
        cast(s, rest(0, after=0.02))
        settle(0.005)
        act(s)
        out(f"0 with {label}", flush(0.05))
        end(s)
    c = start_link("c", 0)
    cast(c, says("first", 0))
    cast(c, says("second", 0))
    out("two in a row", flush(0.03))
    end(c)

    def init() -> object:
        send(self(), "to_myself")
        return Started(0, 0)

    s = begin(init)
    out("init with 0", flush(0.03))
    end(s)


def answered() -> None:
    s = begin()
    out("reply", call(s, reply("r", 0)))
    out("  then", flush(0.02))
    out("reply, 30, and a call", (call(s, reply("a", 0.03)), call(s, reply("b"))))
    out("  then", flush(0.06))
    cast(s, rest(0.03))
    GenServer.stop(s)
    out("stopped before", flush(0.06))


def suspended() -> None:
    s = begin()
    cast(s, rest(0.03))
    settle(0.01)
    debug.suspend(s)
    out("suspended", flush(0.05))
    debug.resume(s)
    out("resumed: in full", flush(0.01))
    out("  then", flush(0.05))
    debug.suspend(s)
    send(s, "one")
    cast(s, says("two", 0))
    send(s, "three")
    out("call while suspended", why(lambda: call(s, reply("x"), 0.02)))
    out("state while suspended", debug.get_state(s))
    debug.resume(s)
    out("in order", flush(0.03))
    debug.suspend(s)
    out("stop", ok(GenServer.stop, s))
    out("  told", flush(0.01))


def ended_while_suspended() -> None:
    s = begin()
    debug.suspend(s)
    kill(s)
    out("killed while suspended", flush(0.01))

    s = srv.start("s", trapping)
    debug.suspend(s)
    send_exit(s, "strange")
    out("a signal while suspended", flush(0.01))
    debug.resume(s)
    out("  resumed", flush(0.01))
    kill(s)


def trapping() -> int:
    trap_exit(True)
    return 0


def hibernated() -> None:
    s = begin()
    cast(s, lambda state: NoReply(state + 1, Hibernate()))
    settle(0.01)
    send(s, "wakes")
    told = flush(0.01)
    out("hibernated", (told, call(s, lambda _, state: Reply(state, then=Hibernate()))))

    def queues(_: object) -> object:
        send(self(), "queued")
        return NoReply(then=Hibernate())

    cast(s, queues)
    out("hibernate with mail", flush(0.01))
    cast(s, rest(0.02))
    cast(s, lambda _: NoReply(then=Hibernate()))
    out("a timeout before hibernation is over", flush(0.04))
    end(s)


def continued() -> None:
    s = begin()

    def queues(_: object) -> object:
        send(self(), "queued")
        return NoReply(then=Continue(says("continued", 0.02)))

    send(s, ("do", queues))
    out("continue, mail, and its timeout", flush(0.05))

    def works(_: object) -> object:
        sleep(0.01)
        tell("after_the_reply")
        return NoReply()

    out("reply and continue", call(s, reply("r", Continue(works))))
    out("  then", flush(0.03))
    ref = monitor(s)
    out("continue that stops", call(s, reply("r", Continue(lambda _: Stop("enough")))))
    out("  then", sorted((down_of(each, ref) for each in flush(0.02)), key=order))

    fails = Continue(lambda _: process.exit("later"))
    start_link("s", lambda: Started(0, fails))
    out("continue of init fails", "ok")
    out("  then", flush(0.02))


def down_of(message: Term, ref: object) -> object:
    if isinstance(message, Down) and message.ref is ref:
        return ("down", message.reason)
    return message


def order(term: object) -> tuple[bool, str]:
    """Sort as Elixir does: shorter tuples first."""
    shown = fmt(term)
    return (shown.count(",") > 1, shown)


def peers() -> None:
    s = srv.start("s", trapping)

    def loses(_: object) -> object:
        name(spawn_link(process.exit, "peer"), "peer")
        sleep(0.02)
        tell("callback_done")
        return NoReply()

    cast(s, loses)
    out("peer dies in a callback", flush(0.05))
    s = srv.start("s", 0)
    ref = monitor(s)

    def never(_: object) -> object:
        spawn_link(process.exit, "peer")
        sleep(0.02)
        tell("never")
        return NoReply()

    cast(s, never)
    out("untrapping", [down_of(each, ref) for each in flush(0.05)])
