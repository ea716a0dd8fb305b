"""What a failed call and a failed stop raise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast as typed

from actors import process
from actors.gen_server import GenServer
from actors.naming import Address
from actors.outcomes import NoReply, Reply, Stop
from actors.pid import LOCAL_NODE, Pid
from actors.process import is_alive, self, send_exit, sleep, spawn
from tests.conformance.srv import call, start
from tests.conformance.support import (
    ErlangError,
    Throw,
    attempt,
    flush,
    ok,
    out,
    settle,
    show_flush,
)
from tests.conformance.traces.monitor_semantics import raises


def main() -> None:
    dead = start("dead")
    GenServer.stop(dead)
    flush(0.0)
    for label, target in (
        ("dead pid", dead),
        ("unknown name", "nobody"),
        ("nil", None),
        ("self", self()),
        ("unknown node", ("nobody", "no@where")),
        ("name on this node", ("nobody", LOCAL_NODE)),
    ):
        out(label, attempt(partial(GenServer.call, typed("Address", target), "x")))

    s = start("s")
    out("timeout", attempt(lambda: call(s, no_reply, 0.03)))
    out("timeout 0 ", attempt(lambda: call(s, no_reply, 0.0)))
    out("server lives", is_alive(s))

    for label, function in ENDS.items():
        call_once(label, function)

    t = start("s")

    def ends_it() -> None:
        sleep(0.04)
        send_exit(t, "from_outside")

    spawn(ends_it)
    out("killed by a signal while waiting", attempt(lambda: call(t, no_reply)))
    stops()


def no_reply(_caller: object, _state: object) -> NoReply[object]:
    return NoReply()


def call_once(label: str, function: Callable[..., object]) -> None:
    s = start("s")
    out(label, attempt(lambda: call(s, function)))
    settle(0.02)
    out("  alive", is_alive(s))
    show_flush("  then", 0.0)


def stops() -> None:
    s = start("s")
    out("stop", attempt(lambda: ok(GenServer.stop, s)))
    out("stop again", attempt(lambda: GenServer.stop(s)))
    out("stop unknown", attempt(lambda: GenServer.stop("nobody")))
    out("stop with reason", stop(start("s"), "some_reason"))
    s = start("s", lambda: ("terminate", lambda _: process.exit("another")))
    out("stop, terminate exits otherwise", stop(s, "some_reason"))
    s = start("s", lambda: ("terminate", lambda _: sleep(0.3)))
    out("stop timeout", stop(s, "normal", 0.04))
    out("still stopping", is_alive(s))
    settle(0.4)
    out("stopped later", is_alive(s))


def stop(server: Pid, reason: str, timeout: float | None = None) -> object:
    return attempt(lambda: ok(GenServer.stop, server, reason, timeout))


ENDS: dict[str, Callable[..., object]] = {
    "stop_normal": lambda *_: Stop("normal"),
    "stop_shutdown": lambda *_: Stop("shutdown"),
    "stop_shutdown_tuple": lambda *_: Stop(("shutdown", "why")),
    "stop_other": lambda *_: Stop("broken"),
    "stop_with_reply": lambda *_: Stop("broken", reply="a_reply"),
    "exit_normal": lambda *_: process.exit("normal"),
    "exit_other": lambda *_: process.exit("why"),
    "raise": lambda *_: raises(RuntimeError("oops"))(),
    "error": lambda *_: raises(ErlangError("bad"))(),
    "throw_is_a_return": lambda _, state: raises(Throw(Reply("thrown", state)))(),
    "throw_junk": lambda *_: raises(Throw("junk"))(),
    "bad_return": lambda *_: "junk",
    "killed": lambda *_: send_exit(self(), "kill"),
}
