"""One counter, written in three ways; ten processes count at once, and nothing is lost.

A counter is a process that keeps a number. Others cannot touch the number, they can only send
messages, and the counter takes these one after the other. So no two of them ever change it at the
same time, and there is nothing to lock.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass

from actors import (
    Caller,
    CallFailed,
    Down,
    GenServer,
    Message,
    NoReply,
    Pid,
    Ref,
    Reply,
    call,
    cast,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_monitor,
)

CLERKS = 10
TIMES = 100
"""How often each of the clerks counts."""


# -- first: a bare process -------------------------------------------------------------------------


def bare_counter(count: int) -> None:
    while True:
        match receive():
            case "increment":
                count += 1
            case ("value", Pid() as asker, Ref() as ref):
                send(asker, (ref, count))


def start_bare() -> Pid:
    return spawn(bare_counter, 0)


def bare_increment(counter: Pid) -> None:
    send(counter, "increment")


def bare_value(counter: Pid) -> int:
    ref = Ref()  # equal to nothing else, so that no other message is taken for the answer
    send(counter, ("value", process.self(), ref))
    # Takes the first message that fits, and leaves all others in the mailbox.
    match receive(lambda message: isinstance(message, tuple) and ref in message, timeout=1.0):
        case (_, int(count)):
            return count
    raise TimeoutError("no answer within 1 second; is the counter alive?")


# -- second: a GenServer, which does the asking and answering for us -------------------------------


class PlainCounter(GenServer[int]):
    """Each callback gets the state, here an int, and says in its outcome what the next one is."""

    def init(self, start: int) -> int:
        return start  # the first state

    def handle_call(self, request: Message, caller: Caller, state: int) -> Reply[int, int]:
        match request:
            case "value":
                return Reply(state)  # the answer; the state stays as it is
        raise ValueError(request)  # whoever sends nonsense is told by the crash

    def handle_cast(self, request: Message, state: int) -> NoReply[int]:
        match request:
            case "increment":
                return NoReply(state + 1)  # no answer; the next state
        raise ValueError(request)


def plain_increment(counter: Pid) -> None:
    GenServer.cast(counter, "increment")  # a cast does not wait


def plain_value(counter: Pid) -> int:
    count = GenServer.call(counter, "value")  # a call waits for the answer, 5 seconds at most
    assert isinstance(count, int)  # type checkers cannot know what "value" is answered with
    return count


# -- third: the same, with both halves of each message in one place, and typed ---------------------


class Counter(GenServer[int]):
    """Type checkers know what each message takes and what it is answered with."""

    def init(self, start: int) -> int:
        return start

    @call  # for others: Counter.value(pid) -> int, which waits for the answer
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state)

    @cast  # for others: Counter.increment(pid) -> None, which does not wait
    def increment(self, state: int) -> NoReply[int]:
        return NoReply(state + 1)


# -- all three do the same -------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """One way to write a counter."""

    title: str
    start: Callable[[], Pid]
    increment: Callable[[Pid], None]
    value: Callable[[Pid], int]


# With start, unlike start_link, our fates are not linked: these counters will be killed.
WAYS = (
    Way("bare process", start_bare, bare_increment, bare_value),
    Way("GenServer", lambda: PlainCounter.start(0), plain_increment, plain_value),
    Way("GenServer, typed", lambda: Counter.start(0), Counter.increment, Counter.value),
)


def clerk(way: Way, counter: Pid) -> None:
    """Count, and end when all of it has arrived."""
    for _ in range(TIMES):
        way.increment(counter)
        process.sleep(0)  # lets the other clerks in between
    # Messages from one process to another keep their order: this is answered after our increments.
    way.value(counter)


def count_together(way: Way) -> Pid:
    counter = way.start()
    for _ in range(CLERKS):
        spawn_monitor(clerk, way, counter)
    for _ in range(CLERKS):
        receive(Down)  # one for each clerk, when it ends
    print(f"{way.title:<18}{CLERKS} x {TIMES} increments, counted {way.value(counter)}")
    return counter


def ask_the_dead(way: Way, counter: Pid) -> None:
    process.send_exit(counter, "kill")
    try:
        way.value(counter)
    except (CallFailed, TimeoutError) as error:  # uncaught, it would end the asking process
        print(f"{way.title:<18}{type(error).__name__}: {error}")


def compare() -> None:
    counters = [count_together(way) for way in WAYS]
    print("\nthe counters are killed, and asked once more")
    for way, counter in zip(WAYS, counters, strict=True):
        ask_the_dead(way, counter)


def main(argv: list[str]) -> int:
    ArgumentParser("counter").parse_args(argv)  # there are no options but --help
    run(compare)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
