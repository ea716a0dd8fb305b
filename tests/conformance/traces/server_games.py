"""GenServer: timeouts, continue and hibernate in combinations, system messages in between, stop at odd times."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug, process
from actors.exits import Crash
from actors.gen_server import GenServer
from actors.outcomes import Continue, Hibernate, Ignore, NoReply, Reply, Started, Stop
from actors.pid import Pid, Ref
from actors.process import is_alive, monitor, self, send, send_exit, sleep, spawn, trap_exit
from tests.conformance import srv
from tests.conformance.srv import call, cast
from tests.conformance.support import (
    Term,
    Throw,
    attempt,
    await_down,
    down,
    flush,
    is_down,
    ok,
    out,
    proc,
    result,
    run,
    settle,
    show_flush,
    strip,
    tell,
)


def main() -> None:
    trap_exit(True)
    server = timeouts()
    suspended(server)
    terminated_while_suspended()
    starts()
    stops()
    for label, function in REASONS:
        reasons(label, function)
    replies(parents())


# -- timeouts --------------------------------------------------------------------------------------


def timeouts() -> Pid:
    s = srv.start("s", chain)
    show_flush("chain, then timeout 0", 0.01)
    out("reply", call(s, lambda _, n: Reply("r", n + 1, 0.0)))
    show_flush("timeout 0", 0.01)
    out("hibernate", call(s, lambda _, n: Reply("h", n, Hibernate())))
    out("asleep", debug.get_state(s))
    out("woken", call(s, lambda _, n: Reply(n, n)))

    cast(s, lambda n: NoReply(n, 0.03))
    settle(0.01)
    send(s, "note")
    show_flush("ended by a note", 0.05)
    cast(s, lambda n: NoReply(n, 0.04))
    settle(0.025)
    debug.get_state(s)
    settle(0.025)
    show_flush("begun anew by a look", 0.005)
    show_flush("  then", 0.04)
    cast(s, lambda n: NoReply(n, 0.03))
    settle(0.01)
    debug.suspend(s)
    settle(0.05)
    show_flush("no timeout while suspended", 0.005)
    debug.resume(s)
    settle(0.01)
    show_flush("resumed, 10 later", 0.005)
    show_flush("  then", 0.04)
    return s


def chain() -> object:
    def one(n: int) -> object:
        tell(("one", n))
        return NoReply(1, Continue(two))

    def two(n: int) -> object:
        tell(("two", n))
        return NoReply(2, 0.0)

    send(self(), "early")
    return Started(0, Continue(one))


# -- suspended -------------------------------------------------------------------------------------


def suspended(s: Pid) -> None:
    debug.suspend(s)
    for number in (1, 2, 3):
        spawn(asks_later, self(), s, number)
    settle(0.025)
    late = attempt(lambda: call(s, lambda _, n: Reply(n, n + 100), 0.01))
    out("call while suspended", flat(late))
    out("replace_state", debug.replace_state(s, lambda _: 1000))
    status = debug.get_status(s)
    out("status", ("gen_server", status.mode, status.parent == self(), list(status.debug)))
    debug.resume(s)
    for message in sorted(flush(0.01)):
        out("resumed", message)
    out("the late one was handled", debug.get_state(s))
    out("replace_state that fails", attempt(lambda: debug.replace_state(s, refuses))[0])
    out("  kept", debug.get_state(s))
    debug.suspend(s)
    out("stop while suspended", ok(GenServer.stop, s, "shutdown"))
    show_flush("  terminated", 0.005)


def asks_later(teller: Pid, s: Pid, number: int) -> None:
    sleep(number * 0.004)
    send(teller, ("answer", number, call(s, lambda _, n: Reply(n, n + 10))))


def refuses(_: object) -> object:
    raise RuntimeError("no")


def flat(ended: Term) -> Term:
    match strip(ended):
        case ("exit", (reason, (module, function))):
            return ("exit", reason, module, function)
        case other:
            return other


def terminated_while_suspended() -> None:
    s = srv.start("s", 0)
    ref = monitor(s)
    debug.suspend(s)
    spawn(waits, self(), s)
    settle(0.01)
    out("sys terminate", ok(debug.terminate, s, "enough"))
    out("  down", await_down(ref))
    show_flush("  said", 0.01)


def waits(teller: Pid, s: Pid) -> None:
    match attempt(lambda: call(s, lambda _, n: Reply(n, n))):
        case ("exit", (reason, _)):
            send(teller, ("waited", reason))
        case other:
            send(teller, ("waited", other))


# -- starts and stops ------------------------------------------------------------------------------


def starts() -> None:
    early = result(srv.start_link, "i", lambda: Stop(("shutdown", "early")))
    out("stop in init", early)
    flush(0.005)
    out("ignore", result(srv.start_link, "i", Ignore))
    flush(0.005)

    def slow() -> object:
        sleep(0.1)
        return Started(1)

    out("init takes too long", result(srv.start_link, "i", slow, timeout=0.01))
    show_flush("  mail", 0.005)


def stops() -> None:
    s = srv.start("s", lambda: Started(0, Continue(lambda _: Stop("in_continue", 7))))
    out("stop in continue", down(s) in ("in_continue", "noproc"))
    show_flush("  terminate", 0.005)

    def ending(reason: object) -> object:
        tell(("ending", reason))
        process.exit("worse")

    s = srv.start("s", 0)
    ref = monitor(s)
    answer = attempt(lambda: call(s, lambda _, __: Stop("why", ("terminate", ending), reply="bye")))
    out("stop with reply, terminate exits", answer)
    out("  down", await_down(ref))
    show_flush("  said", 0.005)


def raises(_: object, __: object) -> object:
    raise RuntimeError("oops")


def throws(_: object, n: object) -> object:
    raise Throw(Reply("thrown", n))


def throws_junk(_: object, __: object) -> object:
    raise Throw("junk")


def kills_itself(_: object, __: object) -> None:
    send_exit(self(), "kill")
    sleep(0.05)


REASONS: list[tuple[str, Callable[[Term, Term], object]]] = [
    ("exit", lambda _, __: process.exit(("shutdown", 3))),
    ("raise", raises),
    ("throw", throws),
    ("throw_junk", throws_junk),
    ("bad", lambda _, __: "bad_value"),
    ("noreply", lambda _, n: Stop("normal", n)),
    ("self", kills_itself),
    ("negative", lambda _, n: Reply(1, n, -0.005)),
    ("continue_reply", lambda _, n: Reply(1, n, Continue(lambda n: Reply(2, n)))),
]
"""What a callback does, and so the reason that its caller and its `terminate` get."""


def reasons(label: str, function: Callable[[Term, Term], object]) -> None:
    s = srv.start("s", 5)
    ref = monitor(s)
    match attempt(lambda: call(s, function)):
        case ("exit", (reason, _)):
            out(label, ("exit", short(reason)))
        case other:
            out(label, other)
    for message in flush(0.005):
        show_end(message, ref)
    send_exit(s, "kill")
    flush(0.005)


def show_end(message: Term, ref: Ref) -> None:
    if is_down(message, ref):
        out("  down", short(message.reason))
        return
    _, state, reason = message
    match reason:
        case ("bad_return_value", Reply(value=2)):
            out("  terminate", (state, "bad_return_value", "continue"))
        case _:
            out("  terminate", (state, short(reason)))


def short(reason: object) -> object:
    return type(reason.exception) if isinstance(reason, Crash) else reason


# -- parents and replies ---------------------------------------------------------------------------


def parents() -> Pid:
    def trapping() -> object:
        trap_exit(True)
        return Started(1)

    p = proc("parent")
    s: Pid = run(p, lambda: srv.start_link("s", trapping))
    send_exit(s, "from_a_stranger")
    show_flush("stranger", 0.005)
    out("parent", run(p, lambda: process.exit("normal")))
    show_flush("  said", 0.01)
    out("  alive", is_alive(s))
    p = proc("parent")
    orphan: Pid = run(p, lambda: srv.start_link("s", 1))
    run(p, lambda: process.exit("normal"))
    settle(0.005)
    out("orphan", call(orphan, lambda _, n: Reply(n, n)))
    return orphan


def by_another(caller: Term, n: object) -> object:
    def twice() -> None:
        GenServer.reply(caller, "other")
        sleep(0.005)
        GenServer.reply(caller, "twice")

    spawn(twice)
    return NoReply(n)


def both(caller: Term, n: object) -> object:
    GenServer.reply(caller, "first")
    sleep(0.005)
    return Reply("second", n)


def never(caller: Term, n: object) -> object:
    process.put("f", caller)
    return NoReply(n)


def replies(s: Pid) -> None:
    out("by another", call(s, by_another))
    show_flush("  mail", 0.01)
    out("reply and return", call(s, both))
    show_flush("  mail", 0.01)
    out("never", flat(attempt(lambda: call(s, never, 0.01)))[1:])
    late = call(s, lambda _, n: Reply(ok(GenServer.reply, process.get("f"), "late"), n))
    out("late", late)
    show_flush("  mail", 0.01)

    def ends() -> None:
        sleep(0.01)
        send_exit(s, "gone")

    spawn(ends)
    out("ends while called", flat(attempt(lambda: call(s, lambda _, n: NoReply(n))))[1:])
    out("dead", flat(attempt(lambda: GenServer.call(s, "x")))[1:])
    out("stop of the dead", flat(attempt(lambda: GenServer.stop(s)))[1:])
    out("cast to the dead", ok(GenServer.cast, s, "x"))
    out("cast to nobody", ok(GenServer.cast, "nobody", "x"))
