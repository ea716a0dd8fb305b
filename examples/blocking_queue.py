"""A blocking queue of ten: a mailbox that makes its senders wait, and the same as demand.

Java has `BlockingQueue(10)`, Python `queue.Queue(10)`: an object between two threads, with a lock and two
conditions in it. Here the queue is the mailbox of the process that takes from it. With a bound and the
policy "wait", `put` is `send` and `take` is `receive`; the sender stands in that line until there is room.

A stage turns it round. There is no queue to fill: the slow one says how many it wants, and the fast one
makes that many. The cook below may be as quick as he likes, in both cases he is never far ahead of the
waiter. What differs is who has to know: with the mailbox the cook is stopped, with demand he is asked.

More about a mailbox that is full, such as dropping the oldest: ``python3 -m examples channel``.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import Bounded, Emit, Pid, Stage, process, receive, run, send, spawn
from actors.stage import Consumer, Producer, SubscribeTo, Subscription
from actors.testing import VirtualClock

PLACES = 10
DISHES = 40
MINUTE = 60.0


# -- a mailbox that waits --------------------------------------------------------------------------


def waiter(boss: Pid) -> None:
    """Carry a dish away every minute."""
    for _ in range(DISHES):
        dish = receive()
        send(boss, ("carried", dish))
        process.sleep(MINUTE)


def cook(boss: Pid, to: Pid) -> None:
    """Cook without a pause."""
    for dish in range(1, DISHES + 1):
        send(to, dish)
        send(boss, ("cooked", dish))


def by_mailbox() -> int:
    spawn(cook, process.self(), spawn(waiter, process.self(), mailbox=Bounded(PLACES, "wait")))
    return how_far_ahead()


# -- demand ----------------------------------------------------------------------------------------


class Cook(Stage[int]):
    """Cooks what was asked for; its state is the number of the next dish."""

    def init(self, boss: Pid) -> Producer[int]:
        self.boss = boss
        return Producer(1)

    def handle_demand(self, demand: int, dish: int) -> Emit[object, int]:
        for each in range(dish, dish + demand):
            send(self.boss, ("cooked", each))
        return Emit(range(dish, dish + demand), dish + demand)


class Waiter(Stage[None]):
    """Takes at most ten at a time, and asks for more when all are carried away."""

    def init(self, boss: Pid) -> Consumer[None]:
        self.boss = boss
        return Consumer(None, [SubscribeTo("cook", max_demand=PLACES, min_demand=0)])

    def handle_events(self, dishes: list[int], peer: Subscription, state: None) -> None:
        for dish in dishes:
            send(self.boss, ("carried", dish))
            process.sleep(MINUTE)


def by_demand() -> int:
    Cook.start_link(process.self(), name="cook")
    Waiter.start_link(process.self())
    return how_far_ahead()


def how_far_ahead() -> int:
    """Hear of every dish, and return how far the cook was ahead at most."""
    cooked = carried = most = 0
    while carried < DISHES:
        match receive():
            case ("cooked", int(dish)):
                cooked = dish
            case ("carried", int(dish)):
                carried = dish
        most = max(most, cooked - carried)
    return most


def main(argv: list[str]) -> int:
    ArgumentParser("blocking_queue").parse_args(argv)
    for title, way in (("a mailbox that waits", by_mailbox), ("demand", by_demand)):
        # On a virtual clock forty minutes take no time.
        print(
            f"{title}: {DISHES} dishes, the cook was {run(way, clock=VirtualClock())} ahead at most"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
