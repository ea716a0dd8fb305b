"""A channel with room for three: a bounded mailbox, and four answers to the question what if it is full.

Any process has a mailbox, and nothing limits it unless the process says so. With a bound it is what other
languages call a channel. Here a *baker* bakes a loaf every minute and a *shop* sells one in ten, so that
the shelf is soon full, and what happens then is the shop's choice: the baker waits, the baker is told, the
new loaf is thrown away, or the oldest one.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import Bounded, MailboxFull, Pid, process, receive, run, send, spawn, telemetry
from actors.process import WhenFull
from actors.testing import VirtualClock

SHELF = 3
LOAVES = 12
MINUTE = 60.0
CHOICES: tuple[WhenFull, ...] = ("wait", "raise", "drop_newest", "drop_oldest")


def shop(boss: Pid) -> None:
    """Sell a loaf every ten minutes, until there has been none for an hour."""
    sold: list[int] = []
    while isinstance(loaf := receive(timeout=60 * MINUTE), int):
        sold.append(loaf)
        process.sleep(10 * MINUTE)
    send(boss, ("sold", sold))


def baker(boss: Pid, to: Pid) -> None:
    """Bake a loaf every minute and bring it to the shop."""
    refused = 0
    for loaf in range(1, LOAVES + 1):
        process.sleep(MINUTE)
        try:
            send(to, loaf)  # with "wait", this line is where the baker stands until there is room
        except MailboxFull:
            refused += 1
    send(boss, ("baked", process.monotonic() / MINUTE, refused))


def day(when_full: WhenFull) -> None:
    """One day of one shop."""
    me = process.self()
    to = spawn(shop, me, mailbox=Bounded(SHELF, when_full))
    spawn(baker, me, to)
    refused = 0
    match receive():
        case ("baked", float(minutes), int(refused)):
            print(f"{when_full}: baked for {minutes:.0f} minutes, {refused} loaves refused", end="")
    print(f", {dropped(to) - refused} thrown away")
    match receive():
        case ("sold", list() as sold):
            print(f"    sold {len(sold)}: {', '.join(map(str, sold))}")


def dropped(to: Pid) -> int:
    """Return how many messages found the mailbox full and did not wait."""
    info = process.info(to)
    return 0 if info is None or info.mailbox is None else info.mailbox.dropped


def main(argv: list[str]) -> int:
    ArgumentParser("channel", description=__doc__).parse_args(argv)
    telemetry.set_reporter(None)  # the log would say that loaves are dropped; here we do, in print
    for when_full in CHOICES:
        # On a virtual clock a day takes no time: it jumps as soon as everybody waits.
        run(day, when_full, clock=VirtualClock())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
