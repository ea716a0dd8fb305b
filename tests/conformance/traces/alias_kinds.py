"""References that can be sent to: what ends each kind of alias, and what a dead one does."""

from __future__ import annotations

from functools import partial
from typing import Literal

from actors import process
from actors.messages import Down
from actors.pid import Ref
from actors.process import demonitor, monitor, self, send, send_exit, unalias
from tests.conformance.support import flush, kill, out, proc, run, show_flush, true

Kind = Literal["explicit_unalias", "demonitor", "reply_demonitor"]
KINDS: tuple[Kind, ...] = ("explicit_unalias", "demonitor", "reply_demonitor")


def main() -> None:
    a = process.alias()
    send_two(a)
    show_flush("explicit alias", 0.02)
    out("unalias", unalias(a))
    out("unalias again", unalias(a))
    out("send to a dead alias returns", send(a, "lost"))
    show_flush("after unalias", 0.02)

    a = process.alias("reply")
    send_two(a)
    show_flush("reply alias", 0.02)
    out("unalias after the reply", unalias(a))

    a = process.alias()
    p = proc("p")
    out("unalias by a stranger", run(p, partial(unalias, a)))
    run(p, partial(send, a, "from_p"))
    show_flush("still active", 0.02)
    unalias(a)

    for kind in KINDS:
        of_a_monitor(kind)

    kill(p)
    for kind in KINDS:
        m = monitor(p, alias=kind)
        ends(m, f"dead, {kind}")
        send(m, "hello")
        show_flush("  then", 0.02)

    q = proc("q")
    a = run(q, process.alias)
    send(a, "alive")
    show_flush("to q", 0.02)
    kill(q)
    out("to the alias of the dead", send(a, "dead"))
    show_flush("nothing comes", 0.02)

    a = process.alias()
    send(self(), 1)
    send(a, 2)
    send(self(), 3)
    out("order", flush(0.02))


def of_a_monitor(kind: Kind) -> None:
    out(f"monitor with alias {kind}")
    q = proc("q")
    m = monitor(q, alias=kind)
    send_two(m)
    show_flush("  two messages", 0.02)
    send_exit(q, "gone")
    ends(m, "  its end")
    send(m, "after_down")
    show_flush("  after the end", 0.02)
    out("  unalias", unalias(m))

    q = proc("q")
    m = monitor(q, alias=kind)
    out("  demonitor", true(demonitor, m))
    send(m, "after_demonitor")
    show_flush("  after demonitor", 0.02)
    out("  unalias", unalias(m))
    send_exit(q, "gone")
    show_flush("  no end is told", 0.02)

    q = proc("q")
    m = monitor(q, alias=kind)
    out("  unalias first", unalias(m))
    send(m, "after_unalias")
    show_flush("  after unalias", 0.02)
    send_exit(q, "gone")
    ends(m, "  its end")


def send_two(alias: Ref) -> None:
    send(alias, "first")
    send(alias, "second")


def ends(ref: Ref, label: str) -> None:
    """Show what comes of an end; nothing is shown when nothing comes."""
    for message in flush(0.02):
        is_ours = isinstance(message, Down) and message.ref is ref
        out(label, ("down", message.reason) if is_ours else message)
