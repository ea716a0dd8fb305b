"""Which reports a crash makes, in which order and with which fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from actors import process, telemetry
from actors.exits import Crash
from actors.outcomes import NoReply, Stop
from actors.pid import Pid
from actors.process import spawn, trap_exit
from actors.task import Task
from supervisors.supervisor import Supervisor
from tests.conformance import kid
from tests.conformance.kid import asked, init_table, spec, supervise
from tests.conformance.srv import Srv, cast, start
from tests.conformance.support import Term, flush, kill, out, result, tell
from tests.conformance.traces.monitor_semantics import raises

LABELS: dict[telemetry.Event, tuple[str, str]] = {
    ("actors", "gen_server", "terminate"): ("gen_server", "terminate"),
    ("actors", "process", "crash"): ("proc_lib", "crash"),
    ("actors", "task", "terminate"): ("Task.Supervisor", "terminating"),
    ("supervisors", "child", "started"): ("supervisor", "progress"),
    ("supervisors", "child", "terminated"): ("supervisor", "child_terminated"),
    ("supervisors", "child", "start_error"): ("supervisor", "start_error"),
    ("supervisors", "child", "shutdown_error"): ("supervisor", "shutdown_error"),
    ("supervisors", "supervisor", "shutdown"): ("supervisor", "shutdown"),
}

SERVER = {
    "label": "reason",
    "last_message": "last_message",
    "name": "name",
    "reason": "reason",
    "state": "state",
}
CRASH = {
    "initial_call": "initial_call",
    "pid": "pid",
    "registered_name": "name",
    "error_info": "reason",
    "ancestors": "parent",
    "message_queue_len": "message_queue_len",
    "links": "links",
    "trap_exit": "trap_exit",
}
TASK = {
    "args": "args",
    "function": "function",
    "name": "name",
    "reason": "reason",
    "starter": "starter",
}
OFFENDER = {
    "pid": "pid",
    "id": "id",
    "mfargs": "start",
    "restart_type": "restart",
    "significant": "significant",
    "shutdown": "shutdown",
    "child_type": "type",
}
"""OTP's name of each field, and ours."""


def heard(event: telemetry.Event, _: Mapping[str, float], fields: Mapping[str, Term]) -> None:
    """Tell the trace of one report, in OTP's words."""
    label = LABELS[event]
    is_started = label[1] == "progress"
    if label == ("proc_lib", "crash") and "message_queue_len" not in fields:
        # What was merely spawned has no report in OTP, only a line of text.
        tell(("log", "error", "text"))
    else:
        tell(("log", "info" if is_started else "error", label, summary(label, fields)))


def summary(label: tuple[str, str], fields: Mapping[str, Term]) -> object:
    match label:
        case ("supervisor", "progress"):
            return ("started", fields["started"]["id"])
        case ("supervisor", _):
            about = fields["offender"]
            context = fields["error_context"]
            return (context, cut(fields["reason"]), about["id"], present(OFFENDER, about))
        case ("gen_server", _):
            reason = cut(fields["reason"])
            if fields.get("stack") is not None and not isinstance(fields["reason"], Crash):
                reason = (reason, "stack")
            return (reason, cut_message(fields["last_message"]), present(SERVER, fields))
        case ("proc_lib", _):
            reason = fields["reason"]
            if isinstance(reason, Crash):
                return ("error", type(reason.exception), present(CRASH, fields))
            return ("exit", reason, present(CRASH, fields))
        case _:
            return present(TASK, fields)


def present(names: Mapping[str, str], fields: Mapping[str, Term]) -> list[str]:
    """Return OTP's names of the fields that are there."""
    return [theirs for theirs, ours in names.items() if ours in fields]


def cut(reason: object) -> object:
    return (type(reason.exception), "stack") if isinstance(reason, Crash) else reason


def cut_message(message: Term) -> object:
    match message:
        case ("$gen_cast", (what, _)):
            return ("cast", what)
        case _:
            return message


@contextmanager
def listening() -> Iterator[None]:
    for event in LABELS:
        telemetry.attach("conformance", event, heard)
    try:
        yield
    finally:
        telemetry.detach("conformance")


def chapter(label: str, function: Callable[[], object]) -> None:
    function()
    out(label)
    for message in flush(0.08):
        match message:
            case ("log", *_):
                out("  log", message)


def casting(function: Callable[..., object]) -> Pid:
    server = start("s", lambda: None)
    cast(server, function)
    return server


def main() -> None:
    init_table()
    trap_exit(True)
    with listening():
        servers()
        others()
        children()


def servers() -> None:
    chapter("server stops normal", lambda: casting(lambda _: Stop("normal")))
    chapter("server stops {:shutdown, _}", lambda: casting(lambda _: Stop(("shutdown", 1))))
    chapter("server stops with a reason", lambda: casting(lambda _: Stop("why")))
    chapter("server raises", lambda: casting(lambda _: oops()))
    chapter("server killed", lambda: kill(casting(lambda _: NoReply())))
    chapter("init fails", lambda: result(Srv.start, "s", lambda: Stop("why")))
    chapter("init raises", lambda: result(Srv.start, "s", oops))


oops = raises(RuntimeError("oops"))


def exits(reason: str) -> Callable[[], object]:
    return lambda: process.exit(reason)


def others() -> None:
    chapter("plain spawned process raises", lambda: spawn(oops))
    chapter("plain spawned process exits", lambda: spawn(process.exit, "why"))
    # proc_lib has no room of its own: a server that is being started is one of its processes.
    chapter("proc_lib process exits", lambda: result(Srv.start, "s", exits("why")))
    chapter("proc_lib process exits shutdown", lambda: result(Srv.start, "s", exits("shutdown")))
    chapter("task fails", lambda: Task.start(exits("why")))
    chapter("task exits shutdown", lambda: Task.start(exits("shutdown")))


def nothing() -> None:
    pass


def second_fails(number: int) -> object:
    return ("error", "no") if number == 2 else "ok"


def children() -> None:
    kids = [spec("a"), spec("b", {"plan": second_fails}, restart="transient")]
    top = supervise(kids, max_restarts=2)
    chapter("supervisor started", nothing)
    chapter("permanent child ends normal", lambda: kid.crash("a", "normal"))
    chapter("transient child ends normal", lambda: kid.crash("b", "normal"))
    chapter("restart fails", lambda: asked(Supervisor.restart_child, top, "b"))
    chapter("restart works", lambda: asked(Supervisor.restart_child, top, "b"))
    chapter("transient child crashes", lambda: kid.crash("b", "boom"))
    chapter("intensity reached", lambda: kid.crash("b", "boom"))
    slow = spec("slow", {"stop_after": 0.3}, shutdown=0.02)
    last = Supervisor.start_link([spec("x", {"stop_exit": "strange"}), slow])
    flush()
    chapter("children that stop badly", lambda: Supervisor.stop(last))
    failing = [spec("f", {"plan": lambda _: ("error", "no")})]
    chapter("failed start", lambda: result(Supervisor.start_link, failing))
