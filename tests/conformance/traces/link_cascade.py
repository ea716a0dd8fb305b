"""A chain of links: the reason travels unchanged until a trapping process stops it."""

from __future__ import annotations

from itertools import pairwise

from actors import process
from actors.pid import Pid
from actors.process import monitor, self, send_exit
from tests.conformance.support import (
    alive,
    await_down,
    fmt,
    link,
    out,
    proc,
    run,
    settle,
    show_flush,
)


def main() -> None:
    a, b, c, d, e = chain = [proc(label, trap=label == "d") for label in "abcde"]
    for one, other in pairwise(chain):
        link(one, other)
    monitors = [(pid, monitor(pid)) for pid in (a, b, c)]
    send_exit(a, ("boom", 1))
    for pid, ref in monitors:
        out(f"DOWN {fmt(pid)}", await_down(ref))
    show_flush("trapping d")
    alive("after", [a, b, c, d, e])

    x = proc("x")
    y = proc("y")
    link(x, y)
    link(x, y)
    link(y, x)
    out("x links", run(x, own_links))
    run(y, lambda: process.unlink(x))
    settle()
    out("x links after one unlink", run(x, own_links))
    send_exit(x, "boom")
    settle()
    alive("unlinked", [x, y])

    p = proc("p")
    q = proc("q")
    link(p, q)
    out("p", run(p, lambda: process.exit("normal")))
    settle()
    alive("normal does not cascade", [p, q])

    r = proc("r")
    s = proc("s")
    link(r, s)
    out("r", run(r, lambda: process.exit("shutdown")))
    settle()
    alive("shutdown cascades", [r, s])


def own_links() -> list[Pid]:
    info = process.info(self())
    assert info is not None
    return list(info.links)
