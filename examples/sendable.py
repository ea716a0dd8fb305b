"""What may cross from one process to another, and what is refused: `Send` and `Sync`, checked at the door.

Two processes never hold one thing that can change. What cannot change crosses as it is, what can is copied,
what is marked as `Moved` is handed over and gone here, and what is neither, such as a lock, a socket or a
generator, is refused in the sender, with the way to it. In Rust a compiler says so before the program
runs; here the line that sends says so when it runs, and before anything is sent.
"""

from __future__ import annotations

import socket
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Generator
from dataclasses import dataclass, field

from actors import (
    Moved,
    NotSendable,
    explain_sendable,
    process,
    receive,
    run,
    send,
    shareable,
)


@dataclass(frozen=True)
class Point:
    """Cannot change, so it crosses as it is: what Rust calls `Sync`."""

    x: int
    y: int


@dataclass
class Basket:
    """Can change, so the other side gets one of its own."""

    items: list[str] = field(default_factory=list)


@shareable
class Catalogue:
    """Could change, but its author promises that it does not."""


def numbers() -> Generator[int, None, None]:
    yield from range(3)


def there_and_here(value: object) -> tuple[object, object]:
    """Send a value to this very process; return what arrives, and what stays here."""
    send(process.self(), value)
    return receive(), value


def what_crosses() -> None:
    for value in (42, "text", Point(1, 2), Catalogue(), [1, 2], Basket(["tea"])):
        arrived, here = there_and_here(value)
        how = "the same object" if arrived is here else "a copy"
        print(f"  {type(value).__name__:<10} {how}")
    arrived, here = there_and_here(Basket(["tea"]))
    assert isinstance(arrived, Basket)
    assert isinstance(here, Basket)
    arrived.items.append("milk")
    print(f"  milk for the copy: it has {arrived.items}, here is still {here.items}")


def what_is_refused() -> None:
    with socket.socket() as conn:
        for value in ({"work": [threading.Lock()]}, ("serve", conn), Basket([numbers()])):  # type: ignore[list-item]
            try:
                send(process.self(), value)
            except NotSendable as error:
                print(f"  {error}")
    print(f"  asked before sending: {explain_sendable(numbers())}")


def what_is_moved() -> None:
    shell = Moved(numbers())
    arrived, _ = there_and_here(shell)
    print(f"  moved: {list(arrived) if isinstance(arrived, Generator) else arrived}")
    try:
        send(process.self(), shell)
    except NotSendable as error:
        print(f"  {error}")


def show() -> None:
    print("what crosses")
    what_crosses()
    print("what is refused")
    what_is_refused()
    print("what is moved")
    what_is_moved()


def main(argv: list[str]) -> int:
    ArgumentParser("sendable").parse_args(argv)
    run(show)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
