"""`send_exit` with "normal": ignored by others, deadly to oneself, a message when trapping."""

from __future__ import annotations

from actors import process
from actors.process import self, send_exit
from tests.conformance.support import alive, down, link, out, proc, run, show_flush


def main() -> None:
    plain = proc("plain")
    trap = proc("trap", trap=True)
    send_exit(plain, "normal")
    send_exit(trap, "normal")
    show_flush("after exit(normal) from main")
    alive("1", [plain, trap])

    plain2 = proc("plain2")
    trap2 = proc("trap2", trap=True)
    peer = proc("peer")
    link(plain2, peer)
    link(trap2, peer)
    out("peer ran exit(normal)", run(peer, lambda: process.exit("normal")))
    show_flush("after linked peer ended normally")
    alive("2", [plain2, trap2, peer])

    s1 = proc("s1")
    out("exit(self, normal) not trapping", run(s1, lambda: exits_oneself("normal")))
    s2 = proc("s2", trap=True)
    out("exit(self, normal) trapping", run(s2, lambda: exits_oneself("normal")))
    show_flush("s2 mailbox")
    s3 = proc("s3", trap=True)
    out("exit(self, boom) trapping", run(s3, lambda: exits_oneself("boom")))
    show_flush("s3 mailbox")

    send_exit(plain, "boom")
    send_exit(trap, "boom")
    out("monitor set after the exit signal", down(plain))
    show_flush("after exit(boom) from main")
    alive("3", [plain, trap])


def exits_oneself(reason: str) -> str:
    send_exit(self(), reason)
    return "survived"
