"""A pipeline of stages in which nobody drowns: a fast producer, a slow consumer, and demand between them.

The *printing press* could make thousands of pages a second. The *binder* needs a while for each book. With
plain messages the binder's mailbox would grow as long as the program runs. Stages turn it round: the
binder asks for as many pages as it can take, the stage before it asks for what it needs for those, and the
press prints what it is asked for and not a page more.

    Press ──pages──> Proofreader ──good pages──> Binder        the events
          <──demand──            <──demand──                   who asks whom
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import Emit, Pid, Reply, Stage, call, process, receive, run, send
from actors.stage import Consumer, Producer, ProducerConsumer, SubscribeTo, Subscription
from examples._arguments import count
from supervisors import Supervisor

PAGES_IN_A_BOOK = 5  # at most: a book is made of the pages that are there
SECONDS_FOR_A_BOOK = 0.02


class Press(Stage[int]):
    """Prints pages, numbered from 1, as they are asked for."""

    def init(self) -> Producer[int]:
        return Producer(1)  # the state: the number of the next page

    def handle_demand(self, demand: int, page: int) -> Emit[object, int]:
        return Emit(range(page, page + demand), page + demand)

    @call
    def printed(self, page: int) -> Reply[int, int]:
        return Reply(page - 1)


class Proofreader(Stage[None]):
    """Takes pages and hands on the good ones; every third page has a misprint."""

    def init(self) -> ProducerConsumer[None]:
        # At most ten pages on the desk; when no more than four are left, it asks for more.
        return ProducerConsumer(None, [SubscribeTo("press", max_demand=10, min_demand=4)])

    def handle_events(
        self, pages: list[int], peer: Subscription, state: None
    ) -> Emit[object, None]:
        return Emit([page for page in pages if page % 3 != 0])


class Binder(Stage[int]):
    """Makes books out of pages, slowly, and tells the boss of each."""

    def init(self, boss: Pid) -> Consumer[int]:
        self.boss = boss
        book = SubscribeTo("proofreader", max_demand=PAGES_IN_A_BOOK, min_demand=0)
        return Consumer(0, [book])

    def handle_events(self, pages: list[int], peer: Subscription, books: int) -> Emit[object, int]:
        process.sleep(SECONDS_FOR_A_BOOK)
        send(self.boss, ("book", books + 1, pages))
        return Emit([], books + 1)


def pipeline(books: int) -> None:
    """Start the stages, producers first, wait for some books, and count the pages."""
    stages = [
        Press.child_spec(name="press"),
        Proofreader.child_spec(name="proofreader"),
        Binder.child_spec(process.self()),
    ]
    # One that fails takes those behind it along, and they subscribe anew.
    Supervisor.start_link(stages, strategy="rest_for_one")
    last = 0
    for _ in range(books):
        match receive():
            case ("book", int(number), [*before, int(last)]):
                print(f"book {number}: pages {', '.join(map(str, [*before, last]))}")
    ahead = Press.printed("press") - last
    print(f"page {last} is bound, and the press is {ahead} pages ahead, not thousands")


def main(argv: list[str]) -> int:
    parser = ArgumentParser("stages", description=__doc__)
    parser.add_argument("--books", type=count, default=6, help="how many books to bind (6)")
    run(pipeline, parser.parse_args(argv).books)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
