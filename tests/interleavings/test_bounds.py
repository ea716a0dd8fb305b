"""Bounded mailboxes under many schedules: nothing lost, nobody stuck, every count exact."""

from __future__ import annotations

import random
from typing import Any, TypeAlias

from actors import GenServer, Reply, process
from actors.errors import CallCycle, MailboxFull, SendCycle, ServerFull
from actors.messages import TimedOut
from actors.pid import Pid
from actors.process import Bounded, receive, self, send, sleep, spawn
from tests.interleavings.support import all_of, mail, under_choices

Term: TypeAlias = Any


def reader(boss: Pid, pause: float) -> None:
    """Read until nothing has come for a while, and tell what."""
    got = []
    while not isinstance(message := receive(timeout=5.0), TimedOut):
        got.append(message)
        sleep(pause)
    send(boss, ("got", got))


@under_choices(200)
def test_what_many_send_arrives_once_and_in_the_order_of_each() -> None:
    pid = spawn(reader, self(), 0.01, mailbox=Bounded(2, "wait"))

    def sender(name: str) -> None:
        for number in range(5):
            send(pid, (name, number))

    all_of(*[lambda name=name: sender(name) for name in "abcd"])
    _, got = next(message for message in mail(20.0) if isinstance(message, tuple))

    assert len(got) == 20
    for name in "abcd":
        assert [number for who, number in got if who == name] == [0, 1, 2, 3, 4]


@under_choices(200)
def test_a_sender_that_is_killed_sends_all_or_nothing_and_holds_up_nobody() -> None:
    pid = spawn(reader, self(), 0.01, mailbox=Bounded(1, "wait"))
    send(pid, "first")
    doomed = [spawn(send, pid, number) for number in range(4)]
    for each in doomed[::2]:
        spawn(process.send_exit, each, "kill")
    sleep(0.0)
    send(pid, "last")
    _, got = next(message for message in mail(20.0) if isinstance(message, tuple))

    assert {"first", 1, 3, "last"} <= set(got)
    assert len(set(got)) == len(got)


@under_choices(200)
def test_every_message_is_read_refused_or_counted_as_dropped() -> None:
    boss, before = self(), process.dead_letters()
    results: dict[str, tuple[int, int, int]] = {}
    for when_full in ("raise", "drop_newest", "drop_oldest"):
        pid = spawn(reader, boss, 0.01, mailbox=Bounded(3, when_full))

        def sender(pid: Pid = pid) -> int:
            refused = 0
            for number in range(10):
                try:
                    send(pid, number)
                except MailboxFull:
                    refused += 1
                if number % 4 == 0:
                    sleep(0.01)
            return refused

        refusals = all_of(*[sender] * 3)
        sleep(1.0)
        info = process.info(pid)
        assert info is not None
        assert info.mailbox is not None
        _, got = next(m for m in mail(20.0) if isinstance(m, tuple))
        refused = sum(number for number in refusals if isinstance(number, int))
        results[when_full] = (len(got), refused, info.mailbox.dropped)

    read, refused, dropped = results["raise"]
    assert (read + refused, refused) == (30, dropped)
    for when_full in ("drop_newest", "drop_oldest"):
        read, refused, dropped = results[when_full]
        assert (read + dropped, refused) == (30, 0)
    lost = results["drop_newest"][2] + results["drop_oldest"][2]
    assert process.dead_letters() == before + lost


@under_choices(200)
def test_a_net_of_waiting_senders_never_stands_still() -> None:
    """Each sends to any other while it reads itself; a circle of waits is refused, never closed."""
    boss, size, turns = self(), 4, 12
    pids: list[Pid] = []

    def node(number: int) -> None:
        lots = random.Random(number)  # noqa: S311 - a schedule, not a secret
        (peers,) = _peers(receive(_is_start))
        sent = refused = read = 0
        for _ in range(turns):
            try:
                send(lots.choice(peers), number)
                sent += 1
            except SendCycle as error:
                refused += error.chain[0] is error.chain[-1] is process.self()
            while not isinstance(receive(timeout=0), TimedOut):
                read += 1
        while not isinstance(receive(timeout=5.0), TimedOut):
            read += 1
        send(boss, ("done", sent, refused, read))

    pids = [spawn(node, number, mailbox=Bounded(1, "wait")) for number in range(size)]
    for pid in pids:
        process.send_after(pid, ("start", [each for each in pids if each is not pid]), 0.0)
    done = [m for m in mail(60.0) if isinstance(m, tuple) and m[0] == "done"]

    assert len(done) == size
    assert sum(sent for _, sent, _, _ in done) == sum(read for *_, read in done)
    assert all(sent + refused == turns for _, sent, refused, _ in done)


def _is_start(message: Term) -> bool:
    return isinstance(message, tuple) and message[0] == "start"


def _peers(message: Term) -> list[list[Pid]]:
    return [message[1]]


class Busy(GenServer[int]):
    """Calls another one while it is called, and counts."""

    def init(self, other: Pid | None = None) -> int:
        self.other = other
        return 0

    def handle_call(self, request: Term, caller: object, state: int) -> Reply[object, int]:
        sleep(0.01)
        if self.other is not None and request == "through":
            try:
                return Reply(GenServer.call(self.other, "end", None), state + 1)
            except CallCycle:
                return Reply("circle", state + 1)
        return Reply(state + 1, state + 1)


@under_choices(200)
def test_a_call_is_answered_refused_or_told_that_it_was_dropped() -> None:
    end = Busy.start(mailbox=Bounded(1, "wait"))
    for when_full in ("wait", "raise", "drop_newest", "drop_oldest"):
        middle = Busy.start(end, mailbox=Bounded(1, when_full))

        def caller(middle: Pid = middle) -> object:
            try:
                return GenServer.call(middle, "through", None)
            except ServerFull:
                return "full"

        answers = all_of(*[caller] * 6)
        assert all(isinstance(answer, int) or answer == "full" for answer in answers)
        assert ("full" in answers) is (when_full != "wait")
        GenServer.stop(middle)
