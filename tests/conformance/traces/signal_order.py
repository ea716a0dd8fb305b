"""Signals of one process to another keep their order, whatever their kinds."""

from __future__ import annotations

from actors import process
from actors.messages import Down, Exited
from actors.pid import Pid
from actors.process import (
    demonitor,
    link,
    monitor,
    receive,
    self,
    send,
    send_after,
    send_exit,
    spawn,
    spawn_link,
    spawn_monitor,
    trap_exit,
    unlink,
)
from tests.conformance.support import (
    Term,
    await_down,
    flush,
    is_down,
    kill,
    name,
    out,
    proc,
    show_flush,
    tell,
)


def main() -> None:
    trap_exit(True)
    links()
    kills()
    demonitors()
    mixed()
    many()


def on_go(label: str, body: Term) -> Pid:
    def waits() -> None:
        receive(lambda message: message == "go")
        body()

    return name(spawn(waits), label)


def links() -> None:
    main = self()

    def unlinks() -> None:
        send(main, 1)
        link(main)
        send(main, 2)
        send_exit(main, "sig")
        send(main, 3)
        unlink(main)
        send(main, 4)
        process.exit("unseen")

    send(on_go("p", unlinks), "go")
    show_flush("unlinked before its end")

    def links_again() -> None:
        link(main)
        send(main, 1)
        send_exit(main, "normal")
        unlink(main)
        link(main)
        send(main, 2)
        process.exit("seen")

    send(on_go("q", links_again), "go")
    show_flush("linked again")

    def last_words() -> None:
        send(main, "last")
        process.exit("over")

    r = on_go("r", last_words)
    monitor(r)
    link(r)
    send(r, "go")
    told, *ends = flush()
    out("last words first", (told, sorted(map(ending, ends))))


def ending(message: Term) -> tuple[str, object]:
    return ("down" if isinstance(message, Down) else "exit", message.reason)


def kills() -> None:
    s = proc("s")
    send(s, "before")
    send_exit(s, "kill")
    send(s, "after")
    monitor(s)
    out("after a kill", [ending(message) for message in flush()])

    t = proc("t")
    refs = [monitor(t)]
    send_exit(t, "first")
    refs.append(monitor(t))
    out("monitors around the signal", sorted((refs.index(m.ref) + 1, m.reason) for m in flush()))


def demonitors() -> None:
    u = proc("u")
    m = monitor(u)
    send_exit(u, "gone")
    demonitor(m)
    what = "demonitor after the signal: no more than one, and of it"
    out(what, all(is_down(message, m) and message.reason == "gone" for message in flush(0.03)))
    v = proc("v")
    m = monitor(v)
    kill(v, "gone")
    out("flush with info when it was told", demonitor(m, flush=True))
    w = proc("w")
    m = monitor(w)
    out("with info while it lives", demonitor(m, flush=True))
    out("again", demonitor(m, flush=True))
    kill(w)
    show_flush("nothing is told")


def mixed() -> None:
    main = self()

    def takes_five() -> None:
        trap_exit(True)
        send(main, "up")
        tell(("x", [receive() for _ in range(5)]))

    x = name(spawn(takes_five), "x")
    receive(lambda message: message == "up")
    send(x, "a")
    send_exit(x, "normal")
    send(x, "b")
    send_exit(x, ("shutdown", 1))
    send_after(x, "c", 0.02)
    show_flush("one queue", 0.06)

    send(main, "older")
    y = name(spawn_link(process.exit, "y"), "y")
    exited = receive(lambda message: isinstance(message, Exited) and message.pid is y)
    assert isinstance(exited, Exited)
    out("picked", exited.reason)
    show_flush("left")

    z = proc("z")
    m = monitor(z)
    for number in range(1, 6):
        send_exit(z, ("nr", number))
    out("many signals", await_down(m))


def many() -> None:
    numbers = list(range(1, 21))
    monitors = [spawn_monitor(process.exit, ("n", number)) for number in numbers]
    out("every death is told", [await_down(ref)[1] for _, ref in monitors] == numbers)
    pids = [spawn_link(process.exit, ("n", number)) for number in numbers]
    out("through links too", [number_of(pid) for pid in pids] == numbers)
    show_flush("nothing more")


def number_of(pid: Pid) -> object:
    exited: Term = receive(lambda message: isinstance(message, Exited) and message.pid is pid)
    return exited.reason[1]
