"""Replies: late, double, early, delegated, to the dead; the server works on all the same."""

from __future__ import annotations

from actors.gen_server import Caller, GenServer
from actors.messages import Down, Exited
from actors.outcomes import NoReply, Reply, Stop
from actors.pid import Ref
from actors.process import self, send, send_exit, sleep, spawn, trap_exit
from tests.conformance.srv import call, cast, start, start_link
from tests.conformance.support import (
    Term,
    attempt,
    flush,
    ok,
    out,
    proc,
    run,
    settle,
    show_flush,
    tell,
)

reply = GenServer.reply


def main() -> None:
    s = start("s", list)

    def too_slow(_: Caller, state: Term) -> object:
        sleep(0.06)
        return Reply("late", ["served", *state])

    out("too slow", attempt(lambda: call(s, too_slow, 0.02)))
    show_flush("late reply", 0.1)
    out("state", call(s, state_of))

    out("no reply in time", attempt(lambda: call(s, keep_caller, 0.02)))

    def much_later(caller: Term) -> object:
        tell(("reply_returned", ok(reply, caller, "much_later")))
        return NoReply([])

    cast(s, much_later)
    show_flush("much later")

    out("first call times out", attempt(lambda: call(s, keep_caller, 0.02)))

    def both(second: Caller, first: Term) -> object:
        reply(first, "for_the_first")
        reply(second, "for_the_second")
        return NoReply([])

    out("second call", call(s, both))
    show_flush("nothing else")

    def early(caller: Caller, _: Term) -> object:
        reply(caller, "early")
        sleep(0.04)
        tell("callback_ended")
        return NoReply()

    out("early reply", call(s, early))
    out("  callback has ended", flush(0.0) != [])
    show_flush("  then", 0.08)

    def twice(caller: Caller, _: Term) -> object:
        reply(caller, "one")
        sleep(0.02)
        return Reply("two")

    out("reply and return", call(s, twice))
    show_flush("  the other one")

    out("delegated", call(s, lambda caller, _: delegated(caller, 0.02, "by_another", NoReply())))
    d = start("d", 0)
    ends = lambda caller, _: delegated(caller, 0.04, "too_late", Stop("normal"), "replied")  # noqa: E731
    out("server ends first", attempt(lambda: call(d, ends)))
    show_flush("  then", 0.08)

    c = proc("c")
    spawn(later, 0.02, lambda: send_exit(c, "kill"))

    def to_nobody(_: Caller, state: Term) -> object:
        sleep(0.04)
        return Reply("to_nobody", ["after_death", *state])

    out("caller killed", run(c, lambda: call(s, to_nobody)))
    settle(0.06)
    out("state", call(s, state_of))

    cast(s, lambda _: NoReply([1]))
    send(s, ("do", lambda state: NoReply([2, *state])))
    out("in order", call(s, lambda _, state: Reply([3, *state])))

    main = self()

    def newer(_: Caller, state: Term) -> object:
        send(main, "newer")
        return Reply("ok")

    send(self(), "older")
    out("reply past older mail", call(s, newer))
    show_flush("mail")

    values = (Exited(main, "x"), Down(Ref(), main, "x"), "timeout", ("error", "noproc"), None)
    for value in values:
        out("value", call(s, lambda *_, value=value: Reply(value)))
    linked()


def linked() -> None:
    trap_exit(True)
    one = start_link("l", 0)
    out("stop with reply, linked", call(one, lambda *_: Stop("bad", reply="bye")))
    show_flush("  then")
    two = start_link("l", 0)
    out("stop without reply, linked", attempt(lambda: call(two, lambda *_: Stop("bad"))))
    show_flush("  then")

    def by_hand(caller: Caller, _: Term) -> object:
        reply(caller, "mine")
        return Stop("bad")

    three = start_link("l", 0)
    out("reply by hand, then stop", call(three, by_hand))
    show_flush("  then")


def state_of(_: Caller, state: Term) -> object:
    return Reply(state)


def keep_caller(caller: Caller, _: Term) -> object:
    return NoReply(caller)


def delegated(
    caller: Caller, seconds: float, value: str, outcome: object, told: str | None = None
) -> object:
    """Have another process answer, some time later."""

    def answer() -> None:
        reply(caller, value)
        if told is not None:
            tell(told)

    spawn(later, seconds, answer)
    return outcome


def later(seconds: float, function: Term) -> None:
    sleep(seconds)
    function()
