"""Children that unlink, link, vanish, or end while the supervisor is about something else."""

from __future__ import annotations

from collections.abc import Callable

from actors.messages import Exited
from actors.outcomes import Reply
from actors.pid import Pid
from actors.process import (
    is_alive,
    monitor,
    monotonic,
    send,
    send_exit,
    sleep,
    spawn,
    spawn_link,
    trap_exit,
    unlink,
)
from actors.process import (
    link as link_to,
)
from supervisors.supervisor import Supervisor
from tests.conformance import kid, srv
from tests.conformance.kid import asked, count, init_table, spec, supervise
from tests.conformance.srv import call
from tests.conformance.support import (
    Term,
    await_down,
    flush,
    kill,
    link,
    name,
    out,
    proc,
    settle,
    show_flush,
    tell,
    true,
)
from tests.conformance.traces.sup_failed_restarts import pids_of
from tests.conformance.traces.sup_one_for_all import first


def main() -> None:
    init_table()
    trap_exit(True)
    unlinked()
    strangers()
    while_stopped()
    while_started()
    two_of_one()
    deaf()


def server(id: str) -> dict[str, object]:
    return {"id": id, "start": (srv.start_link, (id, 0))}


def child(top: Pid, id: str) -> Pid:
    pid = next(each.pid for each in Supervisor.which_children(top) if each.id == id)
    assert isinstance(pid, Pid)
    return pid


def unlinks(top: Pid) -> Callable[..., object]:
    return lambda *_: Reply(true(unlink, top))


def begin(children: list[Term], **options: Term) -> Pid:
    top = supervise(children, **options)
    flush(0.0)
    return top


def unlinked() -> None:
    top = begin([server("u"), spec("v")])
    u = child(top, "u")
    call(u, unlinks(top))
    kill(u, "boom")
    settle()
    out("unlinked child is dead", is_alive(child(top, "u")))
    out("counts", count(top))
    match asked(Supervisor.start_child, top, server("u")):
        case ("error", (why, _)):
            out("start of the same id", why)
        case other:
            out("start of the same id", other)
    out("terminate", asked(Supervisor.terminate_child, top, "u"))
    out("restart", first(asked(Supervisor.restart_child, top, "u")))
    Supervisor.stop(top)
    show_flush("stop")

    top = Supervisor.start_link([server("w")])
    w = child(top, "w")
    call(w, unlinks(top))
    Supervisor.stop(top)
    out("unlinked and alive, then the supervisor stops", is_alive(w))
    show_flush("stop")


def strangers() -> None:
    top = begin([spec("x")], max_restarts=0)
    peer = proc("peer")
    link(peer, top)
    kill(peer, "boom")
    send(top, "hello")
    send(top, Exited(proc("never_linked"), "boom"))
    settle()
    out("strangers do not matter", (is_alive(top), kid.pid("x") is child(top, "x")))
    send(top, Exited(kid.pid("x"), "forged"))
    show_flush("forged EXIT of a child, no restarts allowed", 0.08)
    out("alive", is_alive(top))


def while_stopped() -> None:
    top = begin([spec("k1"), spec("k2", {"stop_after": 0.06}), spec("k3")])
    refs = [monitor(kid.pid("k1")), monitor(kid.pid("k2"))]

    def interfere() -> None:
        sleep(0.02)
        send_exit(kid.pid("k2"), "kill")
        kid.crash("k1", "own_reason")

    spawn(interfere)
    Supervisor.stop(top)
    out("reasons", [await_down(ref) for ref in refs])
    show_flush("stop")


def lasting() -> Pid:
    return spawn_link(sleep, None)


def while_started() -> None:
    def slow() -> Pid:
        sleep(0.06)
        tell("slow_is_up")
        return lasting()

    top = begin([spec("e")])

    def crash_e() -> None:
        sleep(0.02)
        kid.crash("e", "boom")

    spawn(crash_e)
    answer = asked(Supervisor.start_child, top, {"id": "slow", "start": (slow, ())})
    out("start of a slow child", first(answer))
    show_flush("order")
    Supervisor.stop(top)
    flush(0.0)

    def crashes_another() -> Pid:
        kid.crash("f", "boom")
        sleep(0.03)
        tell("g_is_up")
        return lasting()

    top = supervise([spec("f"), {"id": "g", "start": (crashes_another, ())}, spec("h")])
    show_flush("a child ends during the start")
    Supervisor.stop(top)
    flush(0.0)


def two_of_one() -> None:
    shared = name(spawn(sleep, None), "shared")

    def same() -> Pid:
        link_to(shared)
        return shared

    twins = [{"id": id, "restart": "temporary", "start": (same, ())} for id in ("one", "two")]
    top = supervise(twins)
    out("two of one", pids_of(top))
    kill(shared, "boom")
    settle()
    out("after its end", len(Supervisor.which_children(top)))
    Supervisor.stop(top)
    flush(0.0)


def deaf() -> None:
    def body() -> None:
        trap_exit(True)
        sleep(None)

    start = lambda: name(spawn_link(body), "deaf")  # noqa: E731
    top = supervise([{"id": "deaf", "shutdown": 0.04, "start": (start, ())}])
    settle()
    ref = monitor(child(top, "deaf"))
    before = monotonic()
    out("terminate a deaf one", asked(Supervisor.terminate_child, top, "deaf"))
    out("took its time", monotonic() - before >= 0.04)
    out("down", await_down(ref))
    Supervisor.stop(top)
    show_flush("end")
