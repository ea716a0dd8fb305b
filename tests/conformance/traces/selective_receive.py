"""Selective receive keeps the order of what it skips; a timeout of 0; timeouts do not restart."""

from __future__ import annotations

from actors.messages import Down, Message, TimedOut
from actors.process import (
    monotonic,
    receive,
    self,
    send,
    send_exit,
    sleep,
    spawn,
    spawn_monitor,
    trap_exit,
)
from tests.conformance.support import flush, kill, name, out, proc, settle, show_flush


def main() -> None:
    for message in (1, "a", 2, "b", 3, "c"):
        send(self(), message)
    out("first atom", receive(str))
    out("exact 3", receive(lambda message: message == 3))
    out("then first atom", receive(str))
    out("rest in order", flush(0.0))

    for pair in (("low", 1), ("high", 2), ("low", 3)):
        send(self(), pair)
    out(
        "first clause listed is high, but got", receive(lambda m: is_a("high", m) or is_a("low", m))
    )
    out("priority idiom", high_first())
    out("priority idiom", high_first())

    send(self(), "other")
    out("after 0", wanted_now())
    out("still there", flush(0.0))
    send(self(), "wanted")
    out("after 0 matching", wanted_now())

    main = self()

    def noise() -> None:
        for number in range(1, 7):
            sleep(0.05)
            send(main, ("noise", number))

    spawn(noise)
    before = monotonic()
    got = receive(lambda message: message == "never", 0.12)
    passed = monotonic() - before
    out("timeout despite traffic", "timed_out" if got == TimedOut() else "got")
    out("fired before 250 ms", passed < 0.25)
    settle(0.3)
    out("noise kept", len(flush(0.0)))

    def seer() -> None:
        trap_exit(True)
        send(main, "ready")
        receive(lambda message: message == "go")
        for _ in range(4):
            send(main, ("seen", receive()))

    p = name(spawn(seer), "p")
    receive(lambda message: message == "ready")
    send(p, "go")
    send(p, "m1")
    send(p, "m2")
    send_exit(p, "sig")
    send(p, "m3")
    show_flush("order at p")

    def last_words() -> None:
        send(main, "last_words")
        send(main, "really_last")

    spawn_monitor(last_words)
    out("before DOWN", [("DOWN", m.reason) if isinstance(m, Down) else m for m in flush()])

    dead = proc("dead")
    kill(dead)
    out("send to a dead pid returns the message", send(dead, "hello"))


def is_a(tag: str, message: Message) -> bool:
    return isinstance(message, tuple) and message[0] == tag


def high_first() -> Message:
    high = receive(lambda message: is_a("high", message), 0.0)
    return receive(lambda message: is_a("low", message), 0.0) if high == TimedOut() else high


def wanted_now() -> Message:
    got = receive(lambda message: message == "wanted", 0.0)
    return "timed_out" if got == TimedOut() else got
