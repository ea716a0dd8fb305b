"""A producer and a consumer, twice: two processes, and two stages.

Two processes first. What other languages call a channel is the mailbox of the consumer, here with room for
ten, and `send` waits while it is full. Nobody closes it: a process that has nothing more to say ends, and who
monitors it finds a `Down` in the mailbox, behind the last item. A producer that fails looks the same but
for the reason, which is what a closed channel cannot tell.

Then two stages. The consumer asks for as many as it can take and the producer makes no more than that, so
that neither needs to know how much room the other has.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import (
    Bounded,
    Crash,
    Down,
    Pid,
    is_clean,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_monitor,
    telemetry,
)
from actors.stage import SubscribeTo, from_iterable, stream

ITEMS = 25
CAPACITY = 10


# -- two processes ---------------------------------------------------------------------------------


def produce(to: Pid, items: int, breaks_at: int | None) -> None:
    for item in range(1, items + 1):
        if item == breaks_at:
            raise RuntimeError("the machine is broken")
        send(to, item)  # waits while there are ten in front of the consumer


def consume(boss: Pid, items: int, breaks_at: int | None) -> None:
    """Take items until the producer has ended, for whatever reason."""
    taken: list[int] = []
    _, end = spawn_monitor(produce, process.self(), items, breaks_at)
    while True:
        match receive():
            case int(item):
                process.sleep(0.01)  # slower than the producer
                taken.append(item)
            case Down(ref=ref, reason=reason) if ref == end:
                how = "all there is" if is_clean(reason) else f"not all, since {in_words(reason)}"
                send(boss, (taken, how))
                return


def in_words(reason: object) -> str:
    return str(reason.exception) if isinstance(reason, Crash) else str(reason)


def two_processes(breaks_at: int | None = None) -> tuple[int, str]:
    spawn(consume, process.self(), ITEMS, breaks_at, mailbox=Bounded(CAPACITY, "wait"))
    match receive():
        case ([*taken], str(how)):
            print(f"two processes: {len(taken)} items, {how}")
            return len(taken), how
    raise AssertionError("the consumer says nothing else")


# -- two stages ------------------------------------------------------------------------------------


def two_stages() -> list[int]:
    producer = from_iterable(range(1, ITEMS + 1))
    # The other stage: it asks the producer, and this process takes its events in a plain loop.
    with stream([SubscribeTo(producer, max_demand=CAPACITY, cancel="transient")]) as events:
        taken = [event * event for event in events]
    print(f"two stages: {len(taken)} items, the last is {taken[-1]}")
    return taken


def both() -> None:
    two_processes()
    two_processes(breaks_at=8)
    two_stages()


def main(argv: list[str]) -> int:
    ArgumentParser("producer_consumer").parse_args(argv)
    telemetry.set_reporter(None)  # the log would tell of the broken machine; here the consumer does
    run(both)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
