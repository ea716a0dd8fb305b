"""How an end goes through user code, and what the flag of the moment decides."""

from __future__ import annotations

from functools import partial

from actors import process
from actors.exits import Exit
from actors.process import receive, self, send, send_exit, sleep, spawn, trap_exit
from tests.conformance.support import alive, kill, link, name, out, proc, run, show_flush, tell

ODD: tuple[object, ...] = (
    ("EXIT", "x"),
    ("shutdown", ("EXIT", 1)),
    ["a", "b"],
    {"k": 1},
    None,
    0,
)


def main() -> None:
    p = proc("p")
    out("rescue does not see an exit", run(p, rescues))
    show_flush("  cleanup")
    q = proc("q")
    out("catch exit does", run(q, catches))
    alive("caught", [q])

    r = proc("r")
    out("exit signal to oneself is not caught", run(r, catches_a_signal))
    show_flush("  cleanup")

    s = proc("s")
    out("exit in after wins", run(s, lambda: exits_twice(Exit("first"))))
    t = proc("t")
    out("exit in after wins over a raise", run(t, lambda: exits_twice(RuntimeError("oops"))))

    main = self()

    def late_trapper() -> None:
        send(main, "up")
        receive(lambda message: message == "go")
        trap_exit(True)
        send(main, "traps")
        send(main, ("u_got", receive()))

    u = name(spawn(late_trapper), "u")
    receive(lambda message: message == "up")
    send(u, "go")
    receive(lambda message: message == "traps")
    send_exit(u, "late")
    show_flush("trapping by now")
    v = proc("v", trap=True)
    run(v, lambda: trap_exit(False))
    out("not trapping any more", kill(v, "late"))

    w = proc("w")
    out("flag", run(w, lambda: [trap_exit(on) for on in (True, True, False, False)]))
    run(w, trapped_before)
    show_flush("trapped before")
    alive("w", [w])

    for reason in ODD:
        x = proc("x")
        y = proc("y", trap=True)
        link(x, y)
        out("odd reason", run(x, partial(process.exit, reason)))
        show_flush("  told", 0.03)

    def in_order() -> None:
        trap_exit(True)
        send(main, "up")
        tell(("z", [receive() for _ in range(3)]))

    z = name(spawn(in_order), "z")
    receive(lambda message: message == "up")
    send_exit(z, "one")
    send(z, "between")
    send_exit(z, "two")
    show_flush("signals and messages in order")


def rescues() -> str:
    try:
        process.exit("why")
    except Exception:
        return "rescued"
    finally:
        tell("after_ran")


def catches() -> object:
    try:
        process.exit("why")
    except Exit as end:
        return ("caught", end.reason)


def catches_a_signal() -> object:
    try:
        send_exit(self(), "own")
    except Exception as error:
        return ("caught", error)
    return "survived"


def exits_twice(first: BaseException) -> None:
    try:
        raise first
    finally:
        process.exit("second")


def trapped_before() -> None:
    trap_exit(True)
    send_exit(self(), "kept")
    sleep(0.01)
    trap_exit(False)
