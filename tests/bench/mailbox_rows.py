"""Mailboxes: what a waiting message takes, what is left of it afterwards, and what a bound costs."""

from __future__ import annotations

import gc
import tracemalloc

from actors import Bounded, Down, Pid, process, receive, send, spawn
from tests.bench.measures import Measure, clocked, in_process, resident

__all__ = ["ROWS"]


def _fill(count: int) -> Pid:
    """Send so many small messages to a process that reads none."""
    pid = spawn(process.sleep, None)
    process.sleep(0)
    for number in range(count):
        send(pid, ("tick", number))
    return pid


def _end(pid: Pid) -> None:
    process.monitor(pid)
    process.send_exit(pid, "kill")
    assert isinstance(receive(Down), Down)
    gc.collect()


def _mail(scale: int) -> float:
    count = 1_000_000 * scale // 100
    gc.collect()
    before = resident()
    pid = _fill(count)
    size = (resident() - before) / count
    _end(pid)
    return max(size, 0.0)


def _mail_left(scale: int) -> float:
    count = 1_000_000 * scale // 100
    # A first time, for what is made once.
    _end(_fill(1000))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    _end(_fill(count))
    left = (tracemalloc.get_traced_memory()[0] - before) / count
    tracemalloc.stop()
    return max(left, 0.0)


def _through(mailbox: Bounded | None, scale: int) -> float:
    """A message from one process through another's mailbox, which is seldom full."""
    count = 200_000 * scale // 100

    def reader(boss: Pid) -> None:
        for _ in range(count):
            receive()
        send(boss, "done")

    pid = spawn(reader, process.self(), mailbox=mailbox)

    def loop() -> None:
        for number in range(count):
            send(pid, number)
            if number % 100 == 0:
                process.sleep(0)
        receive()

    return clocked(count, loop)


def _bounded(scale: int) -> float:
    return _through(Bounded(1000, "wait"), scale)


def _unbounded(scale: int) -> float:
    return _through(None, scale)


ROWS = (
    Measure("mail", in_process(_mail), {"limit": 300.0}, unit="bytes", at_most=1.0, rounds=2),
    Measure(
        "mail_left", in_process(_mail_left), {"limit": 1.0}, unit="bytes", at_most=1.0, rounds=2
    ),
    Measure("bounded", in_process(_bounded), {"itself": in_process(_unbounded)}),
)
