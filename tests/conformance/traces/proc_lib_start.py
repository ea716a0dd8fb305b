"""proc_lib: who waits for the acknowledgement, what a failed start leaves behind, and entering a loop late."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug, proc_lib, process
from actors.errors import StartError
from actors.gen_server import GenServer
from actors.messages import Down, Exited
from actors.outcomes import Reply
from actors.pid import Pid, Ref
from actors.process import send, send_exit, sleep, spawn, trap_exit
from tests.conformance.srv import Srv, call
from tests.conformance.support import (
    Term,
    flush,
    kill,
    name,
    ok,
    out,
    proc,
    run,
    show_flush,
    tell,
)
from tests.conformance.support import (
    main as tracer,
)
from tests.conformance.traces.monitor_semantics import raises

Body = Callable[[], object]


def main() -> None:
    trap_exit(True)
    for label, body in BODIES.items():
        for kind in ("start", "start_link", "start_monitor"):
            out(f"{label}, {kind}", begun(kind, body))
            out("  left", [simple(each) for each in flush(0.03)])
    untrapping()
    order()
    starter_dies()
    entered()


def ack(value: object) -> None:
    name(process.self(), "p")
    proc_lib.init_ack(value)


def ack_and_crash() -> None:
    ack("up")
    process.exit("after")


def too_slow() -> None:
    sleep(0.2)
    ack("late")


def too_slow_and_deaf() -> None:
    trap_exit(True)
    too_slow()


BODIES: dict[str, Body] = {
    "ack_and_end": lambda: ack("up"),
    "ack_and_crash": ack_and_crash,
    "early_exit": lambda: process.exit("early"),
    "early_normal": lambda: None,
    "early_raise": raises(RuntimeError("oops")),
    "too_slow": too_slow,
    "too_slow_and_deaf": too_slow_and_deaf,
}


def begun(kind: str, body: Body, timeout: float = 0.05) -> object:
    """Start a process; return what OTP's function of this name returns."""
    try:
        value = getattr(proc_lib, kind)(body, timeout=timeout)
    except StartError as error:
        failed = ("error", error.reason)
        return failed if error.monitor is None else (failed, "monitored")
    match value:
        case (word, Ref()):
            return (word, "monitored")
        case _:
            return value


def simple(message: Term) -> object:
    match message:
        case Down(reason=reason):
            return ("down", reason)
        case Exited(reason=reason):
            return ("exit", reason)
        case _:
            return message


def untrapping() -> None:
    for label in ("early_exit", "too_slow"):
        for kind in ("start", "start_link"):
            starter = proc("starter")
            out(f"untrapping, {label}, {kind}", run(starter, starts(kind, BODIES[label])))
            kill(starter)
            flush(0.0)


def starts(kind: str, body: Body, timeout: float = 0.05) -> Callable[[], object]:
    return lambda: begun(kind, body, timeout)


def order() -> None:
    def body() -> None:
        tell("before")
        ack("up")
        tell("after")

    out("acknowledged", begun("start_link", body))
    out("  order", [simple(each) for each in flush(0.03)])
    send(process.self(), "older")
    out("older mail stays", begun("start", BODIES["ack_and_end"]))
    out("  mail", flush(0.03))


def starter_dies() -> None:
    def child() -> None:
        trap_exit(True)
        sleep(0.06)
        message = process.receive(timeout=0.0)
        tell(("goes_on", message.reason if isinstance(message, Exited) else "unaware"))

    for kind in ("start", "start_link"):
        starter = proc("starter")

        def killer(starter: Pid = starter) -> None:
            sleep(0.02)
            send_exit(starter, "kill")

        spawn(killer)
        run(starter, starts(kind, child, 0.5))
        out(f"starter dies, {kind}", flush(0.1))


def late(arg: int) -> None:
    name(process.self(), "e")
    trap_exit(True)
    process.put("srv_name", "e")
    send(process.self(), "from_before")
    proc_lib.init_ack(process.self())
    send(tracer(), "acknowledged")
    Srv.enter_loop(("a_state", arg))


def entered() -> None:
    e = proc_lib.start_link(late, 1)
    assert isinstance(e, Pid)
    show_flush("entered")
    out("call", call(e, lambda _, state: Reply(state, state, 0.02)))
    show_flush("timeout")
    send_exit(e, "shutdown")
    show_flush("end of the parent")
    e = proc_lib.start(late, 2)
    assert isinstance(e, Pid)
    flush(0.02)
    out("state", debug.get_state(e))
    debug.suspend(e)
    send(e, "while_suspended")
    show_flush("suspended", 0.02)
    debug.resume(e)
    show_flush("resumed", 0.02)
    out("stop", ok(GenServer.stop, e, "enough"))
    show_flush("stopped", 0.02)
