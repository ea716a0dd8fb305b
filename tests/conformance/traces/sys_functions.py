"""sys: suspend and resume, state, status, statistics, installed functions, terminate."""

from __future__ import annotations

from collections.abc import Callable

from actors import debug, process
from actors.debug import Event, SystemFailure
from actors.outcomes import NoReply, Reply
from actors.pid import Pid
from actors.process import monitor, send, trap_exit
from tests.conformance.srv import Srv, call, cast, start, start_link
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    kill,
    ok,
    out,
    proc,
    run,
    show_flush,
    tell,
)


def main() -> None:
    s = start("s", lambda: 1)
    look_and_hold(s)
    watch(s)
    change(s)
    end(s)


def look_and_hold(s: Pid) -> None:
    out("get_state", debug.get_state(s))
    out("replace_state", debug.replace_state(s, add_one))
    out("get_state", debug.get_state(s))
    out("replace_state that fails", refused(lambda: debug.replace_state(s, fail))[0])
    out("unchanged", debug.get_state(s))

    out("suspend", ok(debug.suspend, s))
    cast(s, told("cast_1"))
    send(s, "info_1")
    show_flush("while suspended")
    failed = attempt(lambda: call(s, lambda _, state: Reply(1, state), 0.03))[1]
    out("call while suspended", failed[0] if isinstance(failed, tuple) else failed)
    out("system messages still work", debug.get_state(s))
    out("suspend again", ok(debug.suspend, s))
    out("resume", ok(debug.resume, s))
    show_flush("after resume, in order")
    out("resume again", ok(debug.resume, s))
    status = debug.get_status(s)
    shown = (status.pid, status.module, status.mode, status.parent, list(status.debug))
    out("status", shown)


def watch(s: Pid) -> None:
    out("statistics on", ok(debug.statistics, s, True))
    for _ in range(3):
        call(s, one)
    cast(s, NoReply)
    found = debug.statistics(s, "get")
    assert found is not None
    out("messages in and out", (found.messages_in, found.messages_out))
    out("statistics off", ok(debug.statistics, s, False))
    out("statistics get", ("ok", debug.statistics(s, "get") or "no_statistics"))

    out("install", ok(debug.install, s, spy, "x"))
    call(s, one)
    cast(s, NoReply)
    show_flush("seen")
    out("remove", ok(debug.remove, s, spy))
    call(s, one)
    show_flush("seen")
    debug.install(s, done, 0)
    for _ in range(2):
        call(s, one)
    show_flush("done")
    debug.no_debug(s)
    debug.log(s, True)
    call(s, one)
    out("log", [event[0] for event in debug.log(s, "get")])
    debug.no_debug(s)


def change(s: Pid) -> None:
    out("change_code without suspend", refused(lambda: debug.change_code(s, Srv)))
    debug.suspend(s)
    out("change_code with the default callback", ok(debug.change_code, s, Srv))
    debug.resume(s)

    trap_exit(True)
    par = proc("par")

    def first() -> int:
        trap_exit(True)
        return 0

    c = run(par, lambda: start_link("c", first))
    debug.suspend(c)
    ref = monitor(c)
    kill(par, "bye")
    out("suspended child of a dead parent", await_down(ref, None))
    show_flush("terminate ran", 0.0)


def end(s: Pid) -> None:
    ref = monitor(s)
    out("terminate", ok(debug.terminate, s, "sys_says_so"))
    out("down", await_down(ref, None))
    show_flush("terminate ran", 0.0)
    out("on a dead one", attempt(lambda: debug.get_state(s)))


def refused(function: Callable[[], object]) -> tuple[object, ...]:
    """Return `{:error, reason}` without the particulars of the reason."""
    try:
        return ("value", function())
    except SystemFailure as failure:
        match failure.reason:
            case (kind, *_):
                return ("error", kind)
            case other:
                return ("error", other)


def add_one(state: Term) -> object:
    return state + 1


def fail(_: object) -> object:
    process.exit("bad")


def one(_: object, state: object) -> object:
    return Reply(1, state)


def told(what: str) -> Callable[[object], object]:
    def function(state: object) -> object:
        tell(what)
        return NoReply(state)

    return function


def spy(state: object, event: Event, _: object) -> object:
    tell(("spy", event[0]))
    return state


def done(*_: object) -> object:
    tell("once")
    return "done"
