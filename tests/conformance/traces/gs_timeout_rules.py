"""The timeout of a return value: what ends it, when 0 fires, what it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast as typed

from actors.messages import TimedOut
from actors.outcomes import Continue, NoReply, Reply, Started
from actors.process import is_alive, monitor, self, send, send_exit, sleep
from tests.conformance.srv import call, cast, start
from tests.conformance.support import await_down, flush, out, settle, show_flush, tell
from tests.conformance.traces.gs_continue_order import note


def main() -> None:
    s = start("s", lambda: Started(0, 0.03))
    show_flush("from init, once", 0.12)

    enders: dict[str, Callable[[], object]] = {
        "info": lambda: send(s, "hello"),
        "cast": lambda: cast(s, note("a_cast")),
        "call": lambda: call(s, lambda *_: Reply("ok")),
        "exit": lambda: send_exit(s, "normal"),
    }
    for label, act in enders.items():
        cast(s, rest(0.04))
        settle(0.015)
        act()
        show_flush(f"ended by {label}", 0.09)

    out("reply", call(s, lambda _, state: Reply("r", state, 0.02)))
    show_flush("reply with a timeout", 0.06)

    def with_mail(_: object) -> object:
        send(self(), ("do", note("queued_first")))
        return NoReply(then=0)

    cast(s, with_mail)
    show_flush("0 with mail", 0.04)
    cast(s, rest(0))
    show_flush("0 without mail", 0.04)

    def again(_: object) -> object:
        tell("again")
        return NoReply(then=0.08)

    cast(s, rest(0.08))
    settle(0.04)
    cast(s, again)
    settle(0.05)
    show_flush("not yet", 0.0)
    show_flush("then", 0.09)

    cast(s, rest(0.04))
    send(s, TimedOut())
    show_flush("forged", 0.09)

    cast(s, rest(0.03, after=0.05))
    settle(0.06)
    show_flush("counts from the return", 0.0)
    show_flush("then", 0.06)

    cast(s, rest(0.02, after=0.04))
    settle(0.01)
    cast(s, note("came_meanwhile"))
    show_flush("came meanwhile", 0.12)

    cast(s, rest(None))
    show_flush("infinity", 0.04)
    for label, value in (("negative", -1), ("a_word", "soon")):
        b = start("b", 0)
        ref = monitor(b)
        cast(b, rest(typed("float", value)))
        reason = await_down(ref, 0.1)
        out(f"bad {label}", reason[0] if isinstance(reason, tuple) else reason)
        flush(0.0)

    i = start("i", lambda: Started(0, Continue(rest(0.02))))
    show_flush("from a continue", 0.06)
    out("alive", is_alive(i))


def rest(seconds: float | None, after: float = 0.0) -> Callable[[object], object]:
    """Return a callback that works for some time and returns with a timeout."""

    def function(_: object) -> object:
        sleep(after)
        return NoReply(then=seconds)

    return function
