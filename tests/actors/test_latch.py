"""Waiting for something that is no message."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from actors import Down, Exit, TimedOut, process, receive, run, send, spawn, spawn_monitor
from actors.errors import BadArgument
from actors.latch import Answer, Latch, post_to
from tests.actors.probes import end_of, probe, simulate
from tests.actors.schedules import every_schedule

HOSTS = [None, "thread"]


def test_a_process_that_waits_lets_the_others_go_on() -> None:
    def main() -> list[object]:
        latch, boss = Latch(), process.self()

        def opens() -> None:
            send(boss, "the other goes on")
            latch.open()

        spawn(opens)
        return [latch.wait(), receive(timeout=0)]

    assert simulate(main) == [("open", None), "the other goes on"]


@pytest.mark.parametrize("host", HOSTS)
def test_everybody_who_waits_is_woken_and_no_mail_is_touched(host: process.Host) -> None:
    def main() -> list[object]:
        latch, boss = Latch(), process.self()

        def waits(name: int) -> None:
            send(boss, ("waits", name))
            how = latch.wait()
            send(boss, (name, how, receive(timeout=0)))

        pids = [spawn(waits, name, host=host) for name in range(3)]
        for _ in pids:
            receive()
        for pid in pids:
            send(pid, "left alone")
        latch.open()
        return sorted(receive() for _ in pids)  # type: ignore[type-var]

    assert run(main) == [(name, ("open", None), "left alone") for name in range(3)]


def test_a_plain_thread_blocks_itself_alone() -> None:
    latch = Latch()
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(latch.wait()))
    thread.start()
    run(latch.open)
    thread.join()

    assert seen == [("open", None)]


@pytest.mark.parametrize("host", HOSTS)
def test_a_wait_ends_with_its_time_and_leaves_nothing_behind(host: process.Host) -> None:
    def main() -> object:
        latch, boss = Latch(), process.self()

        def waits() -> None:
            how = latch.wait(5.0)
            latch.open()
            send(boss, (how, process.monotonic(), receive(timeout=0)))

        spawn(waits, host=host)
        return receive()

    assert simulate(main) == (("timeout", None), 5.0, TimedOut())


def test_an_open_latch_is_never_waited_at() -> None:
    latch = Latch()
    latch.open()
    latch.open()

    assert latch.wait(0) == ("open", None)
    assert Latch().wait(0) == ("timeout", None)


@pytest.mark.parametrize("timeout", [-1, "1", True, float("nan")])
def test_what_is_no_duration_is_refused(timeout: object) -> None:
    with pytest.raises(BadArgument, match="timeout"):
        Latch().wait(timeout)  # type: ignore[arg-type]


def test_the_death_of_whoever_would_open_it_ends_the_wait() -> None:
    def main() -> list[object]:
        owner = probe("owner")
        spawn(lambda: process.send_exit(owner, "kill"))
        latch = Latch()
        return [latch.wait(whom=owner), latch.wait(whom=owner)]

    assert simulate(main) == [("down", None), ("down", None)]


def test_circles_of_waiting_are_found_and_not_waited_in() -> None:
    def main() -> list[object]:
        boss = process.self()
        send(boss, spawn(lambda: send(boss, Latch().wait(whom=boss))))
        other = receive()
        process.sleep(1.0)
        latch = Latch()
        return [latch.wait(whom=boss)[0], latch.wait(whom=other)[0]]  # type: ignore[arg-type]

    assert simulate(main) == ["self", "circle"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_process_that_is_told_to_end_waits_no_longer(host: process.Host) -> None:
    def main() -> object:
        pid = spawn(Latch().wait, host=host)
        process.sleep(1.0)
        process.send_exit(pid, "stop")
        return end_of(pid) in {"stop", "noproc"}

    assert simulate(main)


def test_a_latch_that_opens_between_the_two_looks_is_seen() -> None:
    """The opener has looked for waiters before this one has entered, and the waiter before it was open."""

    class Opens(list[object]):
        def append(self, one: object) -> None:
            latch.is_open = True
            super().append(one)

    latch = Latch()
    latch._entered = Opens()  # type: ignore[assignment]  # noqa: SLF001 - the step between

    assert run(latch.wait, 60.0) == ("open", None)


def test_many_threads_that_open_and_wait_miss_nobody() -> None:
    latches = [Latch() for _ in range(500)]
    seen: list[object] = []

    def opens() -> None:
        for latch in latches:
            latch.open()

    def main() -> None:
        opener = threading.Thread(target=opens)
        opener.start()
        seen.extend(latch.wait(30.0)[0] for latch in latches)
        opener.join()

    run(main, held=None)
    assert seen == ["open"] * 500


def test_what_was_to_be_done_then_is_done_once_and_can_be_taken_back() -> None:
    latch, seen = Latch(), list[str]()

    def again() -> None:
        seen.append("taken back")

    latch.then(lambda: seen.append("first"))
    latch.then(again)
    latch.forget(again)
    latch.forget(again)
    latch.open()
    latch.open()
    latch.then(lambda: seen.append("late"))

    assert seen == ["first", "late"]


def test_an_answer_reaches_whoever_has_made_it_under_every_schedule() -> None:
    def main() -> list[object]:
        answers: list[object] = []
        for number in range(4):
            giver = spawn(gives)
            answer = Answer(giver)
            send(giver, (answer, number))
            answers.append((answer.wait(), answer.outcome))
        return answers

    assert every_schedule(main) == [[(("open", None), (n, None)) for n in range(4)]]


def gives() -> None:
    match receive():
        case (Answer() as answer, number):
            answer.set(number)
            answer.set("too late")


def test_an_answer_that_will_not_come_says_why() -> None:
    def main() -> list[object]:
        silent = probe("silent")
        late = Answer(silent)
        waited = [late.wait(1.0), late.wait(0), Answer(process.self()).wait()[0]]
        spawn(lambda: process.send_exit(silent, "kill"))
        return [*waited, Answer(silent).wait()]

    assert simulate(main) == [("timeout", None), ("timeout", None), "self", ("down", None)]


def test_an_answer_suits_processes_of_one_loop_only() -> None:
    def main() -> list[object]:
        boss, here = process.self(), Answer.suits(process.self())
        spawn(lambda: send(boss, Answer.suits(boss)), host="thread")
        return [here, receive()]

    assert run(main) == [True, False]


def test_whoever_is_told_to_end_while_it_waits_for_an_answer_ends() -> None:
    def main() -> object:
        silent, boss = probe("silent"), process.self()

        def asks() -> None:
            answer = Answer(silent)
            try:
                answer.wait()
            except Exit:
                send(boss, "cleaned")
                answer.wait()

        pid, ref = spawn_monitor(asks)
        process.sleep(1.0)
        process.send_exit(pid, "stop")
        return [receive(), receive() == Down(ref, pid, "stop")]

    assert simulate(main) == ["cleaned", True]


def test_a_word_is_delivered_from_any_thread_and_not_to_the_dead() -> None:
    def from_a_thread(what: Callable[[], object]) -> None:
        thread = threading.Thread(target=what)
        thread.start()
        thread.join()

    def main() -> list[object]:
        boss, dead = process.self(), spawn(lambda: None)
        end_of(dead)
        from_a_thread(lambda: post_to(boss, "word"))
        return [receive(), post_to(dead, "word")]

    assert run(main) == ["word", False]
