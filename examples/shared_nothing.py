"""The same race run five ways, which of them lose updates, and a message that is refused.

Several workers add 1 to one account, many times each. To add is to read, to think for a moment, and to
write; whoever else writes in that moment is overwritten. Threads share the account and need a lock to be
right. Processes share nothing: one of them has the account, and the others ask it, or are given it.
"""

from __future__ import annotations

import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeAlias

from actors import (
    Agent,
    GenServer,
    Moved,
    MovedAway,
    NotSendable,
    Pid,
    Reply,
    Task,
    call,
    process,
    receive,
    run,
    send,
)
from examples._arguments import count

Account: TypeAlias = dict[str, int]

WORKERS = 4
ROUNDS = 500
SWITCH = 1e-6
"""Seconds after which Python lets another thread run: a busy machine's worst case, all the time."""


def add(account: Account) -> None:
    """Read, think, write."""
    balance = account["balance"]
    time.sleep(0)  # any line that lets others run: a log, a query, a lock of somebody else's
    account["balance"] = balance + 1


# -- threads ---------------------------------------------------------------------------------------


def bare_threads(workers: int, rounds: int) -> int:
    """All threads write to one dict."""
    account = {"balance": 0}

    def work() -> None:
        for _ in range(rounds):
            add(account)

    in_threads(work, workers)
    return account["balance"]


def locked_threads(workers: int, rounds: int) -> int:
    """The same with a lock, which everybody who touches the account must remember to take."""
    account = {"balance": 0}
    lock = threading.Lock()

    def work() -> None:
        for _ in range(rounds):
            with lock:
                add(account)

    in_threads(work, workers)
    return account["balance"]


def in_threads(work: Callable[[], None], workers: int) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)


# -- processes -------------------------------------------------------------------------------------


def added(account: Account) -> Account:
    add(account)
    return account


def agent(workers: int, rounds: int) -> int:
    """An agent has the account; the workers send it functions."""
    keeper = Agent.start_link(dict, [("balance", 0)])

    def work() -> None:
        for _ in range(rounds):
            Agent.update(keeper, added)

    in_processes(work, workers)
    return Agent[Account].get(keeper, lambda account: account["balance"])


class Bank(GenServer[Account]):
    """A server has the account; the workers call it."""

    def init(self) -> Account:
        return {"balance": 0}

    @call
    def add(self, account: Account) -> Reply[int, Account]:
        add(account)
        return Reply(account["balance"])

    @call
    def balance(self, account: Account) -> Reply[int, Account]:
        return Reply(account["balance"])


def gen_server(workers: int, rounds: int) -> int:
    """A server has the account; the workers call it."""
    bank = Bank.start_link()

    def work() -> None:
        for _ in range(rounds):
            Bank.add(bank)

    in_processes(work, workers)
    return Bank.balance(bank)


def in_processes(work: Callable[[], None], workers: int) -> None:
    Task.await_many([Task.async_(work, host="thread") for _ in range(workers)], None)


def moved(workers: int, rounds: int) -> int:
    """The account goes from worker to worker; whoever has it is the only one."""
    boss = process.self()
    chain: list[Pid] = [boss]
    for _ in range(workers):
        chain.append(process.spawn(work_and_hand_on, rounds, chain[-1], host="thread"))
    shell = Moved({"balance": 0})
    send(chain[-1], shell)
    with suppress(MovedAway):
        shell.value["balance"] += 1  # too late: it is another process's now
    account = receive(dict)
    assert isinstance(account, dict)
    return int(account["balance"])


def work_and_hand_on(rounds: int, following: Pid) -> None:
    account = receive(dict)
    assert isinstance(account, dict)
    for _ in range(rounds):
        add(account)
    send(following, Moved(account))


# -- what is refused -------------------------------------------------------------------------------


def refusals() -> list[str]:
    """Send what two processes must not share; nothing arrives, and the sender is told why."""
    somebody = process.spawn(receive)
    account, lock = {"balance": 0}, threading.Lock()
    messages = (
        ("take care of this", {"account": account, "lock": lock}),
        ("and of these", (line for line in ("one", "two"))),
        ("call me", lambda: lock.locked() or account),
    )
    told = []
    for message in messages:
        try:
            send(somebody, message)
        except NotSendable as refused:
            told.append(refused.explanation)
    return told


WAYS: Mapping[str, Callable[[int, int], int]] = {
    "bare threads, one dict": bare_threads,
    "threads and a lock": locked_threads,
    "Agent": agent,
    "GenServer": gen_server,
    "moved from one to the next": moved,
}


def outcome(way: Callable[[int, int], int], workers: int, rounds: int) -> int:
    """Run one of the ways; return the balance."""
    if way in {bare_threads, locked_threads}:
        return way(workers, rounds)
    balance = run(way, workers, rounds)
    assert balance is not None
    return balance


def main(argv: list[str]) -> int:
    options = ArgumentParser("shared_nothing")
    options.add_argument("--workers", type=count, default=WORKERS, help=f"by default {WORKERS}")
    options.add_argument("--rounds", type=count, default=ROUNDS, help=f"by default {ROUNDS}")
    given = options.parse_args(argv)
    if given.workers < 1 or given.rounds < 1:
        options.error("--workers and --rounds are numbers above 0")
    right = given.workers * given.rounds
    print(f"{given.workers} workers add 1, {given.rounds} times each: {right} is right\n")
    for name, way in WAYS.items():
        balance = outcome(way, given.workers, given.rounds)
        verdict = "none lost" if balance == right else f"{right - balance} updates lost"
        print(f"  {name:<28}{balance:>7}   {verdict}")
    print("\nrefused in the sender, before anything is sent:\n")
    for line in run(refusals) or ():
        print(f"  {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
