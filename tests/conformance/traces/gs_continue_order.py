"""handle_continue runs before anything that is in the mailbox already; the reply goes out first."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.gen_server import GenServer
from actors.outcomes import Continue, Hibernate, NoReply, Reply, Started, Stop
from actors.pid import Pid, Ref
from actors.process import monitor, self, send, sleep, trap_exit
from tests.conformance.srv import Srv, call, cast, start
from tests.conformance.support import await_down, flush, out, result, settle, show_flush, tell

Callback = Callable[..., object]


def main() -> None:
    def init() -> object:
        send(self(), ("do", note("message_sent_in_init")))
        return Started(0, Continue(note("continue_of_init")))

    s = start("s", init)
    show_flush("init")

    def chain(_: int) -> object:
        sleep(0.06)
        return NoReply(then=Continue(note("continue_1", Continue(note("continue_2")))))

    cast(s, chain)
    cast(s, note("queued_cast"))
    send(s, ("do", note("queued_info")))
    show_flush("chain", 0.15)

    def slowly(_: int) -> object:
        sleep(0.05)
        tell("continue_after_reply")
        return NoReply()

    out("reply", call(s, lambda _, state: Reply("replied", state, Continue(slowly))))
    out("continue already ran", flush(0.0) != [])
    show_flush("then", 0.12)

    def answer(caller: tuple[Pid, Ref]) -> Callback:
        def function(state: int) -> object:
            GenServer.reply(caller, "from_continue")
            return NoReply(state + 1)

        return function

    replied = call(s, lambda caller, _: NoReply(then=Continue(answer(caller))))
    out("reply from the continue", replied)
    out("state", call(s, lambda _, state: Reply(state)))

    cast(s, lambda _: NoReply(then=Continue(lambda _: NoReply(then=0.03))))
    show_flush("timeout set by a continue", 0.12)
    cast(s, lambda _: NoReply(then=Continue(lambda _: NoReply(then=Hibernate()))))
    settle(0.03)
    out("hibernates", ("current_function", resting(s)))
    ref = monitor(s)
    cast(s, lambda _: NoReply(then=Continue(lambda _: Stop("from_continue"))))
    out("down", await_down(ref, 0.5))
    show_flush("terminate", 0.0)

    trap_exit(True)
    failing = Started(0, Continue(lambda _: process.exit("in_continue")))
    out("start_link", result(Srv.start_link, "c", lambda: failing))
    show_flush("afterwards")

    s = start("d", lambda: 0)
    ref = monitor(s)
    cast(s, lambda _: NoReply(then=Continue(lambda state: Reply("x", state))))
    out("down", await_down(ref, 0.5))


def note(what: str, then: Continue | None = None) -> Callback:
    """Return a callback that tells something."""

    def function(_: int) -> object:
        tell(what)
        return NoReply(then=then)

    return function


def resting(pid: Pid) -> object:
    """Return where OTP would see a server that hibernates: here every server at rest has no stack."""
    info = process.info(pid)
    return ("erlang", "hibernate", 3) if info is not None and info.status == "waiting" else None
