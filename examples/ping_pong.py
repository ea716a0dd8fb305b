"""Two processes throw a ball to and fro: spawn, send, receive, and hearing of the other's end.

A process is a function that runs on its own beside the others. It shares no variables with them:
who knows its pid can send it messages, and these wait in its mailbox until it takes them out.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from actors import Down, Pid, process, receive, run, send, spawn


def say(words: str) -> None:
    print(f"{process.self()} says: {words}")  # self() is the pid of the process that runs this line


def pong() -> None:
    """Throw back every ball until told to stop."""
    while True:
        match receive():  # waits until there is a message; any value can be one
            case ("ping", int(number), Pid() as sender):
                say(f"pong {number}")
                send(sender, ("pong", number))  # never waits
            case "stop":
                return  # a process ends when its function returns


def ping(rounds: int) -> None:
    """Start the other player and play; end when it has ended."""
    partner = spawn(pong)  # it runs from now on, and we go on at once
    process.monitor(partner)  # have us sent a Down when it ends, however it ends
    serve(partner, 1)
    while True:
        match receive():
            case ("pong", int(number)) if number < rounds:
                serve(partner, number + 1)
            case ("pong", _):
                send(partner, "stop")
            case Down(process=pid, reason=reason):
                say(f"{pid} is down, the reason is {reason!r}")
                return


def serve(partner: Pid, number: int) -> None:
    say(f"ping {number}")
    send(partner, ("ping", number, process.self()))


def main(argv: list[str]) -> int:
    ArgumentParser("ping_pong").parse_args(argv)  # there are no options but --help
    run(ping, 3)  # ping becomes the first process; run returns when it ends
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
