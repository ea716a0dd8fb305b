"""When terminate runs, and with which reason."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import GenServer
from actors.messages import Exited
from actors.outcomes import NoReply, Stop
from actors.pid import Pid
from actors.process import (
    demonitor,
    is_alive,
    monitor,
    receive,
    self,
    send,
    send_exit,
    trap_exit,
    unlink,
)
from tests.conformance.srv import call, cast, start, start_link
from tests.conformance.support import (
    Throw,
    await_down,
    kill,
    link,
    out,
    proc,
    run,
    settle,
    show_flush,
)
from tests.conformance.traces.monitor_semantics import raises


def main() -> None:
    for trap in (False, True):
        out("trap_exit", trap)
        for label, act in ENDS.items():
            ends(label, trap, act)
    for trap in (False, True):
        for reason in ("normal", "shutdown", "why"):
            parent_ends(reason, trap)

    s = start("s", lambda: trapping(True))
    peer = proc("peer")
    link(peer, s)
    kill(peer, "peer_down")
    settle()
    out("linked peer, trapping", is_alive(s))
    show_flush("  saw", 0.01)

    s = start_link("linked", lambda: trapping(True))
    unlink(s)
    ref = monitor(s)
    send(s, Exited(self(), "forged"))
    out("forged EXIT of the parent", await_down(ref))
    show_flush("  saw", 0.01)

    for label, function in FAILURES.items():
        s = start("s", lambda function=function: ("terminate", lambda _: function()))
        ref = monitor(s)
        cast(s, lambda _: Stop("why"))
        out(f"terminate ends by {label}", await_down(ref))

    s = start("s")
    ref = monitor(s)
    returned = call(s, lambda *_: Stop("normal", reply="the_reply"))
    first = receive()
    out("call returned", returned)
    out("already in the mailbox", first)
    out("down", await_down(ref))


def trapping(trap: bool) -> int:
    trap_exit(trap)
    return 0


def ends(label: str, trap: bool, act: Callable[[Pid], object]) -> None:
    s = start("s", lambda: trapping(trap))
    watch(label, s, lambda: act(s))


def parent_ends(reason: str, trap: bool) -> None:
    parent = proc("parent")
    s = run(parent, lambda: start_link("child", lambda: trapping(trap)))
    label = f"parent ends {reason}, trap {str(trap).lower()}"
    watch(label, s, lambda: run(parent, lambda: process.exit(reason)))


def watch(label: str, server: Pid, act: Callable[[], object]) -> None:
    ref = monitor(server)
    act()
    reason = await_down(ref, 0.15)
    demonitor(ref, flush=True)
    out(label, "alive" if reason == "still_alive" else ("down", reason))
    show_flush("  saw", 0.01)
    kill(server)


def casting(function: Callable[[], object]) -> Callable[[Pid], object]:
    return lambda server: cast(server, lambda _: function())


def signalling(reason: str) -> Callable[[Pid], object]:
    return lambda server: send_exit(server, reason)


def signals_oneself() -> NoReply[object]:
    send_exit(self(), "own")
    return NoReply()


ENDS: dict[str, Callable[[Pid], object]] = {
    "stop normal": casting(lambda: Stop("normal")),
    "stop reason": casting(lambda: Stop("why")),
    "raise": casting(raises(RuntimeError("oops"))),
    "exit": casting(lambda: process.exit("why")),
    "throw junk": casting(raises(Throw("junk"))),
    "bad return": casting(lambda: "junk"),
    "exit signal from a stranger": signalling("sig"),
    "exit signal normal": signalling("normal"),
    "exit signal shutdown": signalling("shutdown"),
    "kill": signalling("kill"),
    "GenServer.stop": lambda server: GenServer.stop(server, "bye"),
    "exit(self, reason)": casting(signals_oneself),
}

FAILURES: dict[str, Callable[[], object]] = {
    "raise": raises(RuntimeError("in terminate")),
    "exit": lambda: process.exit("in_terminate"),
    "throw": raises(Throw("in_terminate")),
}
