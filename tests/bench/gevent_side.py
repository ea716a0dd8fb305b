"""Bare gevent's side, where it is installed: a Queue and a greenlet for each actor, and no promises."""

from __future__ import annotations

import gc
import importlib
from typing import Any

from tests.bench.measures import Figure, clocked, resident

__all__ = ["FIGURES"]


def _gevent() -> Any:  # noqa: ANN401 - a guest that need not be here, and has no types then
    importlib.import_module("gevent.queue")
    importlib.import_module("gevent.event")
    return importlib.import_module("gevent")


def _server(mail: Any) -> None:  # noqa: ANN401 - the same
    count = 0
    while True:
        message, reply = mail.get()
        if message == "add":
            count += 1
        elif message == "stop":
            return
        if reply is not None:
            reply.set(count)


def _start(gevent: Any) -> Any:  # noqa: ANN401 - the same
    mail = gevent.queue.Queue()
    return mail, gevent.spawn(_server, mail)


def _ask(gevent: Any, mail: Any) -> object:  # noqa: ANN401 - the same
    reply = gevent.event.AsyncResult()
    mail.put(("value", reply))
    return reply.get()


def _call(scale: int) -> float:
    gevent = _gevent()
    mail, _ = _start(gevent)
    count = 20_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            _ask(gevent, mail)

    _ask(gevent, mail)
    return clocked(count, loop)


def _cast(scale: int) -> float:
    gevent = _gevent()
    mail, _ = _start(gevent)
    count = 100_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            mail.put(("add", None))
        _ask(gevent, mail)

    return clocked(count, loop)


def _start_stop(scale: int) -> float:
    gevent = _gevent()
    count = 10_000 * scale // 100

    def loop() -> None:
        for _ in range(count):
            mail, task = _start(gevent)
            mail.put(("stop", None))
            task.join()

    return clocked(count, loop)


def _memory(scale: int) -> float:
    gevent = _gevent()
    count = 20_000 * scale // 100
    gc.collect()
    before = resident()
    actors = [_start(gevent) for _ in range(count)]
    gevent.sleep(0)
    gc.collect()
    size = (resident() - before) / count
    _ask(gevent, actors[-1][0])
    return size


FIGURES: dict[str, Figure] = {
    "call": _call,
    "cast": _cast,
    "start_stop": _start_stop,
    "memory": _memory,
}
