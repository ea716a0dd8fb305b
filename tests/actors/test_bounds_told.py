"""Bounded mailboxes: who exactly is told what, and that nothing too much is kept or let in."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from actors import GenServer, NoReply, Reply, cast, process, telemetry
from actors._envelopes import CALL, REPLY
from actors._kernel.bounds import BoundedMail, _caller_of
from actors._kernel.mailbox import take
from actors.errors import BadArgument, MailboxFull, SendCycle, ServerFull
from actors.exits import Exit
from actors.pid import Pid, Ref
from actors.process import Bounded, Host, MailboxStats, receive, self, send, sleep, spawn
from tests.actors.probes import mail, simulate

Term: TypeAlias = Any

HOSTS: list[Host] = [None, "thread"]


class Slow(GenServer[list[Term]]):
    """Takes ten seconds for the first word, and answers with all it was told."""

    def init(self) -> list[Term]:
        return []

    @cast
    def first(self, state: list[Term]) -> NoReply[list[Term]]:
        sleep(10.0)
        return NoReply(state)

    def handle_call(self, request: Term, caller: object, state: list[Term]) -> Reply[Term, Term]:
        return Reply([*state, request], [*state, request])

    def handle_info(self, message: Term, state: list[Term]) -> NoReply[list[Term]]:
        return NoReply([*state, message])


def line_of(pid: Pid) -> BoundedMail:
    cell = pid._cell  # noqa: SLF001 - the mailbox itself is looked at
    assert cell is not None
    assert isinstance(cell.mail, BoundedMail)
    return cell.mail


def stats(pid: Pid) -> MailboxStats:
    return line_of(pid).stats


def busy(bound: Bounded) -> Pid:
    slow = Slow.start(mailbox=bound)
    assert slow is not None
    Slow.first(slow)
    sleep(0.1)
    return slow


@pytest.fixture(autouse=True)
def quiet() -> Any:  # noqa: ANN401 - a fixture that yields
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)


@pytest.mark.parametrize("host", HOSTS)
def test_who_sends_to_a_full_mailbox_that_raises_is_told_wherever_it_runs(host: Host) -> None:
    def main() -> tuple[list[Term], int, Pid]:
        pid, boss = spawn(sleep, None, mailbox=Bounded(1, "raise")), self()
        send(pid, "fits")

        def sender() -> None:
            for number in range(3):
                try:
                    send(pid, number)
                except MailboxFull as full:
                    send(boss, ("full", full.pid, full.limit))

        spawn(sender, host=host)
        return mail(), stats(pid).dropped, pid

    told, dropped, pid = simulate(main)

    assert told == [("full", pid, 1)] * 3
    assert dropped == 3


@pytest.mark.parametrize(("when_full", "full"), [("drop_newest", "new"), ("drop_oldest", "old")])
def test_of_two_callers_the_one_whose_call_is_dropped_is_told(when_full: Term, full: str) -> None:
    def main() -> list[Term]:
        slow, boss = busy(Bounded(1, when_full)), self()

        def caller(name: str) -> None:
            try:
                send(boss, ("answer", GenServer.call(slow, name, None)))
            except ServerFull:
                send(boss, ("full", name))

        for name in ("old", "new"):
            spawn(caller, name)
            sleep(0.1)
        return mail(20.0)

    answered = "old" if full == "new" else "new"

    assert simulate(main) == [("full", full), ("answer", [answered])]


def test_a_call_that_is_dropped_is_told_as_a_dead_letter() -> None:
    told: list[Term] = []
    telemetry.attach(
        "test", ("actors", "mailbox", "dead_letter"), lambda _, __, data: told.append(data)
    )

    def main() -> Pid:
        slow = busy(Bounded(1, "drop_newest"))
        send(slow, "fills it")
        with pytest.raises(ServerFull):
            GenServer.call(slow, "lost")
        return slow

    try:
        slow = simulate(main)
    finally:
        telemetry.detach("test")

    letter = next(data for data in told if data["cause"] == "dropped")
    assert letter["dest"] == slow
    assert letter["message"][2] == "lost"


@pytest.mark.parametrize("host", HOSTS)
def test_no_more_senders_are_let_in_than_there_is_room(host: Host) -> None:
    def main() -> list[tuple[int, int, int]]:
        boss = self()

        def reader() -> None:
            while True:
                receive(lambda message: message == "go")
                send(boss, ("read", receive(lambda message: message != "go")))

        pid = spawn(reader, mailbox=Bounded(2, "wait"))
        for number in range(5):
            spawn(send, pid, number, host=host)
        sleep(0.1)
        seen = [stats(pid)]
        for _ in range(3):
            process.send_after(pid, "go", 0.0)
            sleep(0.1)
            seen.append(stats(pid))
        return [(each.length, each.waiting, each.dropped) for each in seen]

    assert simulate(main) == [(2, 3, 0), (2, 2, 0), (2, 1, 0), (2, 0, 0)]


@pytest.mark.parametrize("chosen", [False, True])
def test_what_must_not_be_dropped_is_forgotten_when_it_was_taken(chosen: bool) -> None:
    def main() -> list[int]:
        boss = self()

        def reader() -> None:
            send(boss, "up")
            sleep(1.0)
            for _ in range(3):
                send(boss, receive((lambda message: message == "timer") if chosen else None))
            sleep(None)

        pid = spawn(reader, mailbox=Bounded(1, "drop_oldest"))
        assert receive() == "up"
        for _ in range(3):
            process.send_after(pid, "timer", 0.1)
        sleep(0.5)
        kept = line_of(pid)._kept  # noqa: SLF001 - what is remembered is looked at
        counts = [sum(kept.values())]
        sleep(1.0)
        return [*counts, sum(kept.values()), len(mail())]

    assert simulate(main) == [3, 0, 3]


def test_of_what_must_not_be_dropped_that_is_forgotten_which_was_taken_from_the_middle() -> None:
    def main() -> tuple[list[Term], dict[int, int]]:
        line = line_of(spawn(sleep, None, mailbox=Bounded(1, "drop_oldest")))
        for message in ("first", "second"):
            line.keep(message)
        del line[0]
        return list(line), dict(line._kept)  # noqa: SLF001 - what is remembered is looked at

    assert simulate(main) == (["second"], {id("second"): 1})


def test_a_message_that_must_not_be_dropped_is_remembered_as_often_as_it_is_there() -> None:
    def main() -> list[dict[int, int]]:
        line = line_of(spawn(sleep, None, mailbox=Bounded(1, "drop_oldest")))
        found = []
        for _ in range(3):
            line.keep("timer")
        for _ in range(3):
            line.popleft()
            found.append(dict(line._kept))  # noqa: SLF001 - what is remembered is looked at
        return found

    assert simulate(main) == [{id("timer"): 2}, {id("timer"): 1}, {}]


def test_what_was_looked_at_before_is_not_looked_at_again() -> None:
    def main() -> tuple[Term, ...]:
        line = line_of(spawn(sleep, None, mailbox=Bounded(9)))
        for message in ("one", "two"):
            line.put(message)
        seen, first = line.since(0)
        line.put("three")
        return seen, first, line.since(seen), take(line, lambda message: message != "two", seen)

    assert simulate(main) == (2, ("one", "two"), (3, ("three",)), ("three", 0))


def test_a_message_can_be_taken_out_once() -> None:
    """Of two who look at once, which a thread and the loop may, one finds it gone."""

    def main() -> tuple[list[bool], list[Term]]:
        line = line_of(spawn(sleep, None, mailbox=Bounded(3)))
        one, other = ["one"], ["one"]
        for message in (one, other):
            line.put(message)
        return [line.take_out(other), line.take_out(other)], [each is one for each in line]

    assert simulate(main) == ([True, False], [True])


def test_a_caller_is_who_waits_for_the_answer_to_that_very_request() -> None:
    def main() -> list[bool]:
        silent = spawn(sleep, None)
        caller = spawn(lambda: GenServer.call(silent, "question", 5.0))
        sleep(0.1)
        cell = caller._cell  # noqa: SLF001 - the record itself is looked at
        assert cell is not None
        ref = cell.awaiting
        return [
            _caller_of(message) is not None
            for message in (
                (CALL, (caller, ref), "question"),
                (CALL, (caller, Ref()), "question"),
                (CALL, (silent, ref), "question"),
                (CALL, (caller, ref)),
                (CALL, "nobody", "question"),
                ("word", (caller, ref), "question"),
                [CALL, (caller, ref), "question"],
            )
        ]

    assert simulate(main) == [True, *[False] * 6]


def test_a_sender_goes_on_at_once_for_which_a_thread_has_made_room_meanwhile() -> None:
    """Meanwhile: after the look at the full mailbox, before the place in its line."""

    def main() -> tuple[list[Term], bool, Term]:
        line = line_of(spawn(sleep, None, mailbox=Bounded(1, "wait")))
        me = self()._cell  # noqa: SLF001 - the record itself is looked at
        assert me is not None
        line._hold(me, "hello")  # noqa: SLF001 - what follows the look
        return list(line), me in me.scheduler.ready, me.answer

    assert simulate(main) == (["hello"], False, None)


def test_a_circle_of_senders_names_the_mailbox_that_closed_it() -> None:
    def main() -> tuple[Pid, Term]:
        boss = self()

        def full() -> None:
            send(self(), "fills it")
            try:
                send(self(), "waits for itself")
            except SendCycle as circle:
                process.send_after(boss, (circle.pid, circle.limit, circle.chain), 0.0)
            sleep(None)

        pid = spawn(full, mailbox=Bounded(1, "wait"))
        return pid, receive()

    pid, told = simulate(main)

    assert told == (pid, 1, [pid, pid])


def test_a_process_that_was_told_to_end_does_not_wait_for_room() -> None:
    def main() -> tuple[Term, MailboxStats]:
        boss = self()
        pid = spawn(sleep, None, mailbox=Bounded(1, "wait"))
        send(pid, "fills it")

        def ends() -> None:
            try:
                sleep(None)
            finally:
                try:
                    send(pid, "too late")
                except Exit as end:
                    process.send_after(boss, end.reason, 0.0)
                    raise

        sender = spawn(ends)
        sleep(0.1)
        process.send_exit(sender, "kill")
        return mail(), stats(pid)

    told, seen = simulate(main)

    assert told == ["killed"]
    assert (seen.length, seen.waiting) == (1, 0)


# -- in which words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, -1, True, 1.0, "5", None])
def test_a_limit_that_is_none_is_refused_in_these_words(limit: Term) -> None:
    with pytest.raises(BadArgument) as refused:
        Bounded(limit)

    assert str(refused.value) == (
        f"limit: got {limit!r}, accepted is a number of messages, 1 or more"
    )


@pytest.mark.parametrize("policy", ["", "WAIT", None, ["wait"]])
def test_a_policy_that_there_is_not_is_refused_in_these_words(policy: Term) -> None:
    with pytest.raises(BadArgument) as refused:
        Bounded(1, policy)

    assert str(refused.value) == (
        f"when_full: got {policy!r}, accepted is one of ('raise', 'wait', 'drop_newest', 'drop_oldest')"
    )


def letters_of(main: Any) -> list[Term]:  # noqa: ANN401 - a function of any result
    """Run it; return the dead letters: to whom, what, and why."""
    told: list[Term] = []
    event = ("actors", "mailbox", "dead_letter")
    telemetry.attach(
        "letters",
        event,
        lambda _, __, data: told.append((data["dest"], data["message"], data["cause"])),
    )
    try:
        simulate(main)
    finally:
        telemetry.detach("letters")
    return told


@pytest.mark.parametrize(("when_full", "lost"), [("drop_newest", 3), ("drop_oldest", 1)])
def test_the_very_message_that_is_dropped_is_the_dead_letter(when_full: Term, lost: int) -> None:
    pids: list[Pid] = []

    def main() -> None:
        pids.append(spawn(sleep, 1.0, mailbox=Bounded(2, when_full)))
        for number in (1, 2, 3):
            send(pids[0], number)

    assert letters_of(main) == [(pids[0], lost, "dropped")]


def test_what_senders_waited_to_say_is_a_dead_letter_when_nobody_is_there_any_more() -> None:
    pids: list[Pid] = []

    def main() -> None:
        pids.append(spawn(sleep, 1.0, mailbox=Bounded(1)))
        for number in (1, 2, 3):
            spawn(send, pids[0], number)
        sleep(2.0)

    assert letters_of(main) == [(pids[0], 2, "noproc"), (pids[0], 3, "noproc")]


def test_of_callers_who_are_told_and_of_senders_who_are_gone_nothing_is_a_dead_letter() -> None:
    pids: list[Pid] = []

    def main() -> None:
        pid = spawn(sleep, 2.0, mailbox=Bounded(1))
        send(pid, "fills it")
        spawn(GenServer.call, pid, "asked", None)
        gone = spawn(send, pid, "said by who is gone")
        spawn(send, pid, "said")
        sleep(1.0)
        process.send_exit(gone, "kill")
        sleep(2.0)
        pids.append(pid)

    assert letters_of(main) == [(pids[0], "said", "noproc")]


def test_where_nothing_may_be_dropped_what_comes_is_the_dead_letter() -> None:
    pids: list[Pid] = []
    new: tuple[Term, ...] = ("new", (), ("word",), ("word", 1))

    def main() -> None:
        pids.append(spawn(sleep, 1.0, mailbox=Bounded(2, "drop_oldest")))
        line = line_of(pids[0])
        line.keep("timer")
        line.put((REPLY,))
        for message in new:
            send(pids[0], message)
        assert list(line) == ["timer", (REPLY,)]

    assert letters_of(main) == [(pids[0], message, "dropped") for message in new]


@pytest.mark.parametrize(("limit", "half", "less", "told"), [(4, 2, 1, (1, 6)), (5, 3, 2, (1, 5))])
def test_that_messages_are_dropped_is_said_once_and_again_after_it_was_less_than_half_full(
    limit: int, half: int, less: int, told: tuple[int, ...]
) -> None:
    said: list[Term] = []

    def main() -> Pid:
        telemetry.set_reporter(lambda *report: said.append(report))

        def reader() -> None:
            while True:
                receive(lambda message: message == "take")
                receive(lambda message: message != "take")

        pid = spawn(reader, mailbox=Bounded(limit, "drop_newest"))
        sleep(0.1)
        for number in range(6):
            send(pid, number)
        for left in (half, less):
            while line_of(pid).stats.length > left:
                receive(timeout=0)
                sleep(0.1)
                line_of(pid).popleft()
            for number in range(5):
                send(pid, number)
        return pid

    pid = simulate(main)

    who = {"pid": pid, "name": None, "when_full": "drop_newest", "limit": limit}
    assert said == [
        (("actors", "mailbox", "dropping"), "warning", {**who, "dropped": dropped})
        for dropped in told
    ]


def test_a_mailbox_that_nothing_has_come_into_has_held_nothing() -> None:
    def main() -> MailboxStats:
        return stats(spawn(sleep, 1.0, mailbox=Bounded(3, "raise")))

    assert simulate(main) == MailboxStats(3, "raise", 0, 0, 0, 0)
