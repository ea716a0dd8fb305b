"""send_after, start_timer, cancel_timer, read_timer; who owns a timer."""

from __future__ import annotations

from actors import process
from actors.messages import TimedOut
from actors.pid import Pid, Ref
from actors.process import (
    cancel_timer,
    read_timer,
    receive,
    self,
    send,
    send_after,
    sleep,
    spawn,
    start_timer,
)
from tests.conformance.support import (
    attempt,
    false_for_none,
    flush,
    kill,
    out,
    proc,
    run,
    settle,
    show_flush,
)


def main() -> None:
    t = send_after(self(), "hello", 0.03)
    out("reference", isinstance(t, Ref))
    out("read, between 1 and 30", 0.0 < (read_timer(t) or 0.0) <= 0.03)
    show_flush("message", 0.08)
    out("read when over", false_for_none(read_timer(t)))
    out("cancel when over", false_for_none(cancel_timer(t)))

    t = send_after(self(), "never", 1.0)
    left = cancel_timer(t)
    out("cancel returns what is left", left is not None and 0.9 <= left <= 1.0)
    out("cancel again", false_for_none(cancel_timer(t)))
    show_flush("nothing")

    t = start_timer(self(), "content", 0.02)
    fired = receive(lambda message: isinstance(message, TimedOut) and message.ref is t, 0.2)
    assert isinstance(fired, TimedOut)
    out("start_timer message", ("timeout", fired.message))

    t = send_after(self(), "in_the_mailbox", 0.01)
    settle(0.04)
    out("cancel too late", false_for_none(cancel_timer(t)))
    show_flush("it is still there", 0.0)

    send(self(), "earlier")
    send_after(self(), "zero", 0.0)
    out("order", flush(0.03))

    for ms in (90, 30, 60):
        send_after(self(), ms, ms / 1000)
    out("by due time", flush(0.15))

    send_after("late_name", "to_name", 0.05)
    p = proc("p")
    process.register(p, "late_name")
    show_flush("name resolved at expiry", 0.1)
    send_after("nobody_here", "lost", 0.01)
    show_flush("unknown name is silent", 0.04)

    dead = proc("dead")
    kill(dead)
    t = send_after(dead, "x", 1.0)
    label = "timer to a dead pid was cancelled by its death or never armed"
    out(label, false_for_none(cancel_timer(t)))
    starter = proc("starter")
    main = self()
    run(starter, lambda: send_after(main, "from_the_dead", 0.06))
    kill(starter)
    show_flush("outlives its starter", 0.1)

    out("negative", attempt(lambda: send_after(self(), "x", -0.001)))
    out("cancel of no timer", false_for_none(cancel_timer(Ref())))
    # OTP's interval timer is a process too.
    ticker = spawn(lambda: tick(main))
    label = "interval, three ticks in 140 ms give or take one"
    out(label, 2 <= len(flush(0.14)) <= 4)
    kill(ticker)
    flush(0.05)
    show_flush("cancelled", 0.08)


def tick(to: Pid) -> None:
    while True:
        sleep(0.04)
        send(to, "tick")
