"""Every way in which init can end: what start and start_link return, the mailbox, and the name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast as typed

from actors import process
from actors.outcomes import Continue, Hibernate, Ignore, NoReply, Started, Stop
from actors.pid import Pid
from actors.process import sleep, trap_exit, unlink, whereis
from tests.conformance.srv import Srv, start
from tests.conformance.support import (
    JUNK,
    Throw,
    flush,
    kill,
    out,
    proc,
    result,
    run,
    settle,
    show_flush,
    tell,
)
from tests.conformance.traces.monitor_semantics import raises

Init = Callable[[], object]


def main() -> None:
    trap_exit(True)
    for label, init in ENDS.items():
        try_both(label, init)

    out("start timeout", result(Srv.start, "srv", slow, timeout=0.04))
    show_flush("  mailbox")
    out("start_link timeout", result(Srv.start_link, "srv", slow, timeout=0.04))
    show_flush("  mailbox")

    s = start("first", name="the_name")
    out("start_link, name taken", result(Srv.start_link, "srv", tells, name="the_name"))
    show_flush("  mailbox")
    kill(s)

    for label in ("stop_normal", "ignore", "stop_other", "raise"):
        caller = proc("caller")
        init = ENDS[label]
        out(f"untrapping caller, {label}", run(caller, partial(link_and_wait, init)))


def try_both(label: str, init: Init) -> None:
    for kind, function in (("start", Srv.start), ("start_link", Srv.start_link)):
        came = result(function, "srv", init, name="the_name")
        out(f"{label} {kind}", came)
        settle(0.02)
        match came:
            case ("ok", Pid() as pid):
                unlink(pid)
                kill(pid)
                flush(0.0)
            case _:
                show_flush("  mailbox", 0.0)
        out("  name", whereis("the_name"))


def link_and_wait(init: Init) -> object:
    came = result(Srv.start_link, "srv", init)
    sleep(0.03)
    return came


def slow() -> int:
    sleep(0.5)
    return 1


def tells() -> int:
    tell("init_ran")
    return 1


ENDS: dict[str, Init] = {
    "ok": lambda: 1,
    "ok_timeout": lambda: Started(1, 10.0),
    "ok_hibernate": lambda: Started(1, Hibernate()),
    "ok_continue": lambda: Started(1, Continue(lambda _: NoReply())),
    "ignore": Ignore,
    "stop_normal": lambda: Stop("normal"),
    "stop_shutdown": lambda: Stop("shutdown"),
    "stop_other": lambda: Stop("why"),
    "exit_normal": lambda: process.exit("normal"),
    "exit_other": lambda: process.exit("why"),
    "raise": raises(RuntimeError("oops")),
    "throw_is_a_return": raises(Throw(Stop("thrown"))),
    "throw_junk": raises(Throw(JUNK)),
    "bad_return": lambda: JUNK,
    "bad_ok": lambda: Started(1, typed("float", "junk")),
}
