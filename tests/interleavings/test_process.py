from __future__ import annotations

from functools import partial

from actors import process
from actors.messages import Down, Exited
from actors.pid import Pid
from actors.process import exit, link, monitor, receive, register, self, send, send_exit, spawn
from tests.interleavings.support import all_of, each, mail, under_choices


def member(name: str, *neighbours: Pid) -> None:
    register(self(), name)
    for neighbour in neighbours:
        link(neighbour)
    receive(lambda message: message == "never")


@under_choices(200)
def test_a_ring_of_links_ends_as_a_whole_and_everybody_is_told_once() -> None:
    ring = [spawn(member, "member 0")]
    for number in range(1, 5):
        neighbours = {ring[-1], ring[0]} if number == 4 else {ring[-1]}
        ring.append(spawn(member, f"member {number}", *neighbours))
    process.sleep(0.1)
    for one in ring:
        link(one)
    refs = {monitor(one) for one in ring}

    each(*[partial(send_exit, one, f"reason {n}") for n, one in enumerate(ring)])

    told = mail()
    downs = [message for message in told if isinstance(message, Down)]
    exits = [message for message in told if isinstance(message, Exited)]
    assert {down.ref for down in downs} == refs
    assert len(downs) == len(exits) == len(ring) == len(told) / 2
    assert {(down.process, down.reason) for down in downs} == {(e.pid, e.reason) for e in exits}
    assert not process.registered()


@under_choices(200)
def test_a_chain_of_links_ends_with_the_reason_that_came_first() -> None:
    chain = [spawn(member, "member 0")]
    for number in range(1, 5):
        chain.append(spawn(member, f"member {number}", chain[-1]))
    process.sleep(0.1)
    refs = [monitor(one) for one in chain]

    each(partial(send_exit, chain[0], "left"), partial(send_exit, chain[-1], "right"))

    reasons = [down.reason for down in mail() if isinstance(down, Down)]
    assert len(reasons) == len(refs)
    assert set(reasons) <= {"left", "right"}


@under_choices(200)
def test_each_senders_messages_and_exits_keep_their_order() -> None:
    boss = self()

    def receiver() -> None:
        process.trap_exit(True)
        while True:
            send(boss, receive())

    def sender(name: str) -> None:
        for number in range(6):
            if number % 2:
                send(target, (name, number))
            else:
                send_exit(target, (name, number))
            if number == 3:
                process.sleep(0)

    target = spawn(receiver)
    process.sleep(0.1)
    all_of(*[partial(sender, name) for name in "abc"])

    seen = [message.reason if isinstance(message, Exited) else message for message in mail()]
    for name in "abc":
        assert [each for each in seen if isinstance(each, tuple) and each[0] == name] == [
            (name, number) for number in range(6)
        ]


def end_soon() -> None:
    process.sleep(0)
    exit("over")


@under_choices(200)
def test_a_link_that_is_made_and_taken_away_while_the_other_ends_leaves_no_half() -> None:
    def linker() -> object:
        process.trap_exit(True)
        link(mortal)
        process.sleep(0)
        process.unlink(mortal)
        came = mail(0.0)
        info = process.info(self())
        assert info is not None
        # Told before, or never again.
        return len(came) <= 1 and mortal not in info.links and not mail(1.0)

    mortal = spawn(end_soon)
    assert all_of(linker, linker, linker) == [True] * 3
