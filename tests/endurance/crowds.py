"""Many threads of a program use its processes at once: nothing is lost, and each is heard in order.

Source: pykka's own tell, which checks that an actor is alive and then puts the message: in between it may end.
"""

from __future__ import annotations

import threading

from actors import GenServer, Pid, Reply, process, receive, run, send, spawn
from actors.messages import Message
from tests.endurance.tally import Tally, case

__all__: list[str] = []

THREADS = 32


class Counter(GenServer[int]):
    def init(self) -> int:
        return 0

    def handle_call(self, request: object, caller: object, state: int) -> Reply[int, int]:
        return Reply(state + 1, state + 1)


def acts(name: int, size: int, boss: Pid, counter: Pid) -> None:
    """Send, call and spawn in turns; at the end tell what the calls were answered."""
    answers = []
    for number in range(size):
        send(boss, ("sent", name, number))
        answers.append(GenServer.call(counter, "next", None))
        spawn(send, boss, ("spawned", name, number))
    send(boss, ("answers", name, tuple(answers)))


def gathered(size: int) -> dict[tuple[str, int], list[object]]:
    """Have all threads act at once; return what arrived of each, in order of arrival."""
    counter, boss = Counter.start(), process.self()
    assert counter is not None
    threads = [
        threading.Thread(target=acts, args=(name, size, boss, counter)) for name in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    got: dict[tuple[str, int], list[object]] = {}
    for _ in range(THREADS * (2 * size + 1)):
        kind, name, what = told(receive(timeout=60.0))
        got.setdefault((kind, name), []).append(what)
    for thread in threads:
        thread.join()
    return got


def told(message: Message) -> tuple[str, int, object]:
    match message:
        case (str() as kind, int() as name, what):
            return kind, name, what
        case other:
            raise AssertionError(other)


@case(short=50, long=10_000)
def threads_from_outside(size: int, tally: Tally) -> None:
    """32 threads send, call and spawn from outside: none is lost, and each sender's order is kept."""
    got = run(lambda: gathered(size), held=None)
    assert got is not None
    everything = list(range(size))
    counted: list[object] = []
    for name in range(THREADS):
        tally.check(got["sent", name] == everything, f"what thread {name} sent")
        spawned = got["spawned", name]
        tally.check(sorted(map(str, spawned)) == sorted(map(str, everything)), f"spawned by {name}")
        (answers,) = got["answers", name]
        assert isinstance(answers, tuple)
        tally.check(list(answers) == sorted(answers), f"the answers of {name} are in order")
        counted += answers
    whole = list(range(1, THREADS * size + 1))
    tally.check(sorted(counted, key=str) == sorted(whole, key=str), "each call was answered once")
