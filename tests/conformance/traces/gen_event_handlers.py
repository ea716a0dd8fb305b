"""gen_event: order of handlers, failures, removal, calls, supervised handlers."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.event_manager import EventHandler, EventManager, HandlerError, RemoveHandler
from actors.exits import Crash
from actors.messages import Message
from actors.outcomes import NoReply, Reply, Stop
from actors.pid import Pid
from actors.process import send
from tests.conformance.support import (
    Term,
    flush,
    kill,
    ok,
    out,
    proc,
    run,
    show_flush,
    started,
    tell,
)


class EH(EventHandler[Term]):
    def init(self, n: object) -> object:
        match n:
            case "fail":
                return Stop("no")
            case "raise":
                raise RuntimeError("oops")
            case _:
                return n

    def handle_event(self, event: Message, n: object) -> object:
        match event:
            case ("die", m) if m == n:
                raise RuntimeError("oops")
            case ("remove", m) if m == n:
                return RemoveHandler()
            case ("bad", m) if m == n:
                return "junk"
            case _:
                tell(("event", n, event))
                return NoReply(n)

    def handle_call(self, request: Message, n: object) -> object:
        match request:
            case "raise":
                raise RuntimeError("oops")
            case "remove":
                return RemoveHandler(("bye", n))
            case _:
                return Reply(("answer", n, request), n)

    def handle_info(self, message: Message, n: object) -> object:
        tell(("info", n, message))
        return NoReply(n)

    def terminate(self, reason: object, n: object) -> object:
        match reason:
            case ("error", ("EXIT", Crash(exception=error))):
                tell(("terminate", n, ("error", type(error))))
            case _:
                tell(("terminate", n, reason))
        return ("stopped", n)


def main() -> None:
    m = started(EventManager.start())
    notifications(m)
    removals(m)
    calls(m)
    owners(m)
    for n in (9, 10):
        add(m, n)
    out("stop", ok(EventManager.stop, m))
    show_flush("handlers terminated")


def notifications(m: Pid) -> None:
    out("add", [add(m, n) for n in (1, 2, 3)])
    out("add the same id", add(m, 1))
    out("add failing", error(lambda: EventManager.add_handler(m, (EH, "f"), "fail")))
    # OTP gives the bare {'EXIT', reason} here and {error, reason} for the other: reason is the same.
    raised = error(lambda: EventManager.add_handler(m, (EH, "r"), "raise"))[1]
    out("add raising", raised[0] if isinstance(raised, tuple) else raised)
    out("which", EventManager.which_handlers(m))
    EventManager.notify(m, "hello")
    show_flush("notify, newest first")
    out("sync_notify", ok(EventManager.sync_notify, m, "again"))
    out("already there", len(flush(0.0)))
    out("call", EventManager.call(m, (EH, 2), "q"))
    out("call unknown", error(lambda: EventManager.call(m, (EH, 9), "q")))
    send(m, "raw")
    show_flush("info")


def removals(m: Pid) -> None:
    EventManager.notify(m, ("die", 2))
    show_flush("2 dies, the others go on")
    out("which", EventManager.which_handlers(m))
    EventManager.notify(m, ("remove", 3))
    show_flush("3 asks to be removed")
    EventManager.notify(m, ("bad", 1))
    show_flush("1 answers junk")
    out("which", EventManager.which_handlers(m))
    out("manager alive", process.is_alive(m))


def calls(m: Pid) -> None:
    add(m, 4)
    out("call that removes", EventManager.call(m, (EH, 4), "remove"))
    show_flush("saw")
    add(m, 5)
    failed: Term = error(lambda: EventManager.call(m, (EH, 5), "raise"))[1]
    out("call that fails", ("error", type(failed[1].exception)))
    show_flush("saw")
    add(m, 6)
    out("delete", EventManager.delete_handler(m, (EH, 6), "args"))
    out("delete unknown", error(lambda: EventManager.delete_handler(m, (EH, 6), "args")))
    show_flush("saw")


def owners(m: Pid) -> None:
    out("add_sup", ok(EventManager.add_sup_handler, m, (EH, 7), 7))
    EventManager.notify(m, ("remove", 7))
    show_flush("removed")
    p = proc("p")
    run(p, lambda: EventManager.add_sup_handler(m, (EH, 8), 8))
    kill(p, "why")
    show_flush("owner died")


def add(m: Pid, n: int) -> str:
    return ok(EventManager.add_handler, m, (EH, n), n)


def error(function: Callable[[], object]) -> tuple[object, ...]:
    """Return `{:error, reason}`."""
    try:
        return ("value", function())
    except HandlerError as failed:
        return ("error", failed.reason)
