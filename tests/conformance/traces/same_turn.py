"""Several things in one turn: timers set and cancelled, links made and broken, names taken and left, aliases."""

from __future__ import annotations

from actors import process
from actors.messages import Down, Exited, TimedOut
from actors.pid import Pid, Ref
from actors.process import (
    cancel_timer,
    cancel_timer_nowait,
    demonitor,
    monitor,
    read_timer,
    receive,
    register,
    self,
    send,
    send_after,
    send_exit,
    spawn,
    spawn_link,
    spawn_monitor,
    start_timer,
    trap_exit,
    unlink,
    unregister,
    whereis,
)
from tests.conformance.support import (
    Term,
    attempt,
    down,
    false_for_none,
    flush,
    kill,
    name,
    out,
    proc,
    run,
    settle,
    show_flush,
    true,
)
from tests.conformance.support import main as tracer


def main() -> None:
    trap_exit(True)
    timers()
    timers_of_others()
    waiting()
    links()
    late_links()
    trapping()
    names()
    monitors()
    chains()


def within(left: Term, least: float, most: float) -> bool:
    return left is not None and least <= left <= most + 1e-9


def timers() -> None:
    ref = send_after(self(), "cancelled", 0)
    left = cancel_timer(ref)
    got = flush(0.02)
    right = (left is None and got == ["cancelled"]) or (left == 0 and got == [])
    out("cancelled at once: told or cancelled, never both", right)
    ref = send_after(self(), "x", 0.05)
    out("cancelled in time", within(cancel_timer(ref), 0.04, 0.05))
    show_flush("nothing")
    send_after(self(), "one", 0.02)
    middle = send_after(self(), "two", 0.02)
    send_after(self(), "three", 0.02)
    cancel_timer(middle)
    out("the middle one of three", flush(0.06))


def timers_of_others() -> None:
    p = proc("p")
    ref = send_after(p, "to_p", 0.02)
    kill(p)
    out("of a dead one", false_for_none(cancel_timer(ref)))
    teller = tracer()
    ref = run(proc("q"), lambda: send_after(teller, "from_q", 0.03))
    out("cancelled by another", cancel_timer(ref) is not None)
    show_flush("nothing")
    send_after("a_name", "by_name", 0.02)
    register(proc("r"), "a_name")
    unregister("a_name")
    register(proc("s"), "a_name")
    show_flush("the name has another owner", 0.05)
    unregister("a_name")
    ref = start_timer(self(), "content", 0.03)
    out("read", within(read_timer(ref), 0.02, 0.03))
    cancel_timer_nowait(ref)
    out("async cancel", "ok")
    match flush(0.03):
        case [("cancel_timer", Ref() as told, left)] if told is ref:
            out("  told", ("cancel_timer", within(left, 0.02, 0.03)))
        case other:
            out("  told", other)


def heard(wanted: str, seconds: float, word: str) -> str:
    message = receive(lambda each: each == wanted, seconds)
    return "none" if isinstance(message, TimedOut) else word


def waiting() -> None:
    send(self(), "there")
    out("after 0 takes what is there", heard("there", 0, "taken"))
    send(self(), "other")
    out("after 0, no match", heard("never", 0, "taken"))
    show_flush("  kept", 0.0)
    send_after(self(), "late", 0.02)
    out("a receive of 40 hears what comes at 20", heard("late", 0.04, "heard"))
    send_after(self(), "noise", 0.01)
    send_after(self(), "noise", 0.02)
    out("noise does not begin it anew", heard("never", 0.03, "heard"))
    show_flush("  kept", 0.0)


def links() -> None:
    a = proc("a")
    process.link(a)
    unlink(a)
    kill(a, "boom")
    show_flush("linked and unlinked")
    b = proc("b")
    process.link(b)
    process.link(b)
    unlink(b)
    process.link(b)
    kill(b, "boom")
    show_flush("linked twice, unlinked once, linked")
    c = proc("c")
    process.link(c)
    teller = tracer()
    run(c, lambda: unlink(teller))
    kill(c, "boom")
    show_flush("unlinked by the other")


def late_links() -> None:
    d = name(spawn_link(process.exit, "at_once"), "d")
    settle(0.02)
    unlink(d)
    show_flush("unlinked after it was told", 0.0)
    e = name(spawn(process.exit, "at_once"), "e")
    settle(0.02)
    out("link to a dead one", true(process.link, e))
    show_flush("  told", 0.02)
    f = proc("f", trap=True)
    process.link(f)
    send_exit(f, "sig")
    out("link, signal, unlink", true(unlink, f))
    show_flush("  the other is told of the signal", 0.02)
    process.link(f)
    send_exit(f, "kill")
    show_flush("killed by one that is linked")


def trapping() -> None:
    teller = tracer()

    def body() -> None:
        receive(lambda each: each == "go")
        trap_exit(True)
        send(teller, ("g", receive()))

    g = name(spawn(body), "g")
    send(g, "go")
    send_exit(g, "after_go")
    ref = monitor(g)
    match flush(0.03):
        case [("g", Exited(pid, "after_go")), Down(told, _, "normal")]:
            right: object = pid is teller and told is ref
        case [Down(told, _, "after_go" | "noproc")]:
            right = told is ref
        case other:
            right = other
    out("trap after go: ended or told", right)
    h = proc("h", trap=True)
    out("was trapping", run(h, lambda: trap_exit(False)))
    send_exit(h, "now")
    out("ends", down(h))
    i = proc("i", trap=True)
    send_exit(i, "queued")
    out("told", flush(0.02))
    run(i, lambda: trap_exit(False))
    out("lives on after what was queued", process.is_alive(i))
    kill(i)


def names() -> None:
    j = proc("j")
    register(j, "n")
    kill(j)
    k = proc("k")
    out("free at once", true(register, k, "n"))
    unregister("n")
    out("unregister and register", true(register, k, "n2"))
    out("old name", attempt(lambda: send("n", "x"))[0])
    ref = monitor("n")
    out("monitor by the old name", named(receive(Down), ref))
    ref = monitor("n2")
    unregister("n2")
    fresh = proc("l")
    register(fresh, "n2")
    kill(k, "k_ended")
    out("monitored by a name that has moved on", named(receive(Down), ref))
    out("the new one lives", whereis("n2"))
    unregister("n2")


def named(message: object, ref: Ref) -> object:
    match message:
        case Down(told, (word, _), reason) if told is ref:
            return (word, reason)
        case other:
            return other


def monitors() -> None:
    o = proc("o")
    refs = [monitor(o) for _ in range(3)]
    demonitor(refs[1])
    kill(o, "gone")
    told = [each for each in flush(0.02) if isinstance(each, Down) and each.ref in refs]
    out("two of three", len(told))
    x = proc("x")
    ref = monitor(x)
    send_exit(x, "gone")
    settle(0.02)
    out("flush takes a queued one", true(demonitor, ref, flush=True))
    show_flush("nothing")


def chains() -> None:
    teller = tracer()

    def both() -> None:
        process.link(teller)
        receive(lambda each: each == "go")
        process.exit("both")

    y, ref = spawn_monitor(both)
    settle(0.01)
    send(y, "go")
    out("both", sorted(kind_of(each, y, ref) for each in flush(0.02)))

    z = proc("z")

    def middle() -> None:
        trap_exit(True)
        process.link(z)
        send(teller, "linked")
        message = receive(Exited)
        assert isinstance(message, Exited)
        send(teller, ("first", message.reason))
        process.exit(("because", "z"))

    w = name(spawn(middle), "w")
    receive(lambda each: each == "linked")
    process.link(w)
    kill(z, "z_ended")
    show_flush("a chain with a trapping link")


def kind_of(message: Term, pid: Pid, ref: Ref) -> tuple[str, str]:
    match message:
        case Down(told, _, reason) if told is ref:
            return ("down", reason)  # type: ignore[return-value]
        case Exited(who, reason) if who is pid:
            return ("exit", reason)  # type: ignore[return-value]
        case other:
            return ("other", str(other))
