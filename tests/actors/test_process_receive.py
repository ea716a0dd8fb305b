"""Selective receive. Source: https://www.erlang.org/doc/system/expressions.html#receive"""

from __future__ import annotations

from functools import partial

import pytest

from actors import Down, Exited, Pid, Ref, TimedOut, process, receive, send, spawn, spawn_monitor
from actors.errors import BadArgument
from actors.process import Host
from tests.actors.probes import ended, inside, mail, probe, simulate

HOSTS: list[Host] = [None, "thread"]


@pytest.fixture(params=HOSTS, ids=["loop", "thread"])
def host(request: pytest.FixtureRequest) -> Host:
    param: Host = request.param
    return param


def hosted(host: Host, body: object) -> object:
    """Run a body as a process of that host; its value."""

    def main() -> object:
        assert callable(body)
        return inside(probe("body", host=host), body)

    return simulate(main)


def test_the_oldest_match_is_taken_and_what_is_skipped_keeps_its_order(host: Host) -> None:
    def body() -> list[object]:
        for message in (1, "a", 2, "b", 3, "c"):
            send(process.self(), message)
        taken = [receive(str), receive(lambda m: m == 3), receive(str)]
        return [*taken, *(receive(timeout=0) for _ in range(4))]

    assert hosted(host, body) == ["a", 3, "b", 1, 2, "c", TimedOut()]


def test_mailbox_order_beats_the_order_of_clauses_and_time_begins_with_the_receive() -> None:
    """Point 8: the oldest message that matches any clause; timeouts are not begun anew."""

    def main() -> None:
        for message in (("low", 1), ("high", 2), ("low", 3)):
            send(process.self(), message)
        assert receive(lambda m: m[:1] in {("high",), ("low",)}) == ("low", 1)  # type: ignore[index]
        assert receive(lambda m: m[0] == "high", timeout=0) == ("high", 2)  # type: ignore[index]
        assert receive(lambda m: m[0] == "high", timeout=0) == TimedOut()  # type: ignore[index]
        assert receive() == ("low", 3)

        boss = process.self()

        def noise() -> None:
            for number in range(6):
                process.sleep(0.05)
                send(boss, number)

        spawn(noise)
        before = process.monotonic()
        assert receive(lambda m: m == "never", timeout=0.12) == TimedOut()
        assert process.monotonic() - before == pytest.approx(0.12)
        assert mail(0.3) == list(range(6))

    simulate(main)


def test_a_timeout_of_zero_looks_once_and_takes_nothing_that_does_not_match(host: Host) -> None:
    def body() -> list[object]:
        send(process.self(), "other")
        missed = receive(lambda m: m == "wanted", timeout=0)
        send(process.self(), "wanted")
        return [missed, receive(lambda m: m == "wanted", timeout=0), receive(timeout=0)]

    assert hosted(host, body) == [TimedOut(), "wanted", "other"]


def test_time_runs_on_the_runtimes_clock(host: Host) -> None:
    def body() -> list[object]:
        before = process.monotonic()
        nothing = receive(int, timeout=3600.0)
        process.sleep(60.0)
        return [nothing, process.monotonic() - before]

    assert hosted(host, body) == [TimedOut(), 3660.0]


def test_what_a_predicate_raises_comes_out_and_the_message_stays(host: Host) -> None:
    def body() -> list[object]:
        send(process.self(), "text")
        with pytest.raises(TypeError):
            receive(lambda m: m + 1)  # type: ignore[operator]
        return [receive(timeout=0), receive(timeout=0)]

    assert hosted(host, body) == ["text", TimedOut()]


def test_an_end_that_comes_while_one_waits_for_something_else_is_heard(host: Host) -> None:
    def main() -> None:
        pid, ref = spawn_monitor(receive, lambda m: m == "never", host=host)
        send(pid, "something else")
        process.sleep(0.0)
        process.send_exit(pid, "stop")
        assert receive(Down) == Down(ref, pid, "stop")

    simulate(main)


def test_a_receive_woken_by_mail_does_not_look_again_at_what_it_has_skipped() -> None:
    looked: list[object] = []

    def main() -> None:
        boss = process.self()
        for number in range(100):
            send(boss, number)

        def late() -> None:
            for number in range(100, 105):
                process.sleep(1.0)
                send(boss, number)

        def wanted(message: object) -> bool:
            looked.append(message)
            return message == 104

        spawn(late)
        assert receive(wanted) == 104
        assert receive() == 0

    simulate(main)
    assert looked == list(range(105))


def answers(boss: Pid, ref: Ref) -> Pid:
    """Start a process that answers by a reference."""
    return spawn(lambda: send(boss, (ref, receive())))


def is_answer(ref: Ref, message: object) -> bool:
    return isinstance(message, tuple) and message[0] is ref


def test_a_receive_between_a_request_and_its_answer_does_not_lose_the_answer(host: Host) -> None:
    def body() -> list[object]:
        me, ref = process.self(), Ref()
        send(me, "older")
        server = answers(me, ref)
        process.monitor(server)
        send(server, "request")
        process.sleep(1.0)
        between = receive(lambda m: m == "nothing like it", timeout=0), receive(str)
        answer = receive(partial(is_answer, ref))
        assert isinstance(receive(), Down)
        return [*between, answer == (ref, "request")]

    assert hosted(host, body) == [TimedOut(), "older", True]


def test_an_exception_between_a_request_and_its_answer_loses_nothing(host: Host) -> None:
    def body() -> list[object]:
        me, ref = process.self(), Ref()
        send(me, "older")
        server = answers(me, ref)
        with pytest.raises(ZeroDivisionError):
            send(server, 1 // int(process.monotonic()))
        send(server, "request")
        answer = receive(partial(is_answer, ref))
        return [answer == (ref, "request"), receive(timeout=0), receive(timeout=0)]

    assert hosted(host, body) == [True, "older", TimedOut()]


def test_receives_inside_receives_lose_nothing(host: Host) -> None:
    def ask(depth: int) -> list[int]:
        ref = Ref()
        server = answers(process.self(), ref)
        send(server, depth)
        below = ask(depth - 1) if depth else []
        answer = receive(partial(is_answer, ref))
        assert isinstance(answer, tuple)
        return [*below, answer[1]]

    def body() -> list[object]:
        send(process.self(), "older")
        return [ask(20), receive(timeout=0), receive(timeout=0)]

    assert hosted(host, body) == [list(range(21)), "older", TimedOut()]


def test_after_an_answer_to_a_fresh_reference_older_mail_is_seen_again(host: Host) -> None:
    def body() -> list[object]:
        me = process.self()
        for number in range(50):
            send(me, number)
        for request in ("first", "second"):
            ref = Ref()
            send(answers(me, ref), request)
            assert receive(partial(is_answer, ref)) == (ref, request)
        return [receive(timeout=0) for _ in range(51)]

    assert hosted(host, body) == [*range(50), TimedOut()]


def test_mail_from_many_threads_is_all_there_while_others_look_at_the_mailbox() -> None:
    def main() -> None:
        me = process.self()

        def speak(name: int) -> None:
            for number in range(200):
                send(me, (name, number))

        def look() -> None:
            for _ in range(200):
                assert process.info(me, "message_queue_len") is not None

        for name in range(4):
            spawn(speak, name, host="thread" if name % 2 else None)
        _, ref = spawn_monitor(look, host="thread")
        found = [receive(tuple) for _ in range(800)]
        for name in range(4):
            assert [each for each in found if each[0] == name] == [
                (name, number) for number in range(200)
            ]
        down = receive(Down)
        assert isinstance(down, Down)
        assert (down.ref, down.reason) == (ref, "normal")

    simulate(main)


def test_sending_to_the_dead_is_silent_and_returns_the_message(host: Host) -> None:
    def main() -> None:
        dead = probe("dead", host=host)
        ended(dead)
        assert send(dead, "hello") == "hello"

    simulate(main)


def test_links_monitors_and_traps_work_alike_wherever_the_code_runs(host: Host) -> None:
    def main() -> None:
        one, other = probe("one", trap=True, host=host), probe("other")
        inside(one, lambda: process.link(other))
        ref = inside(one, lambda: process.monitor(other))
        ended(other, "boom")
        found = mail()
        assert len(found) == 2
        assert ("got", "one", Exited(other, "boom")) in found
        assert ("got", "one", Down(ref, other, "boom")) in found  # type: ignore[arg-type]
        process.monitor(one)
        assert inside(one, lambda: process.exit("mine")) == ("died", "mine")
        told = receive(Down)
        assert isinstance(told, Down)
        assert told.reason == "mine"

    simulate(main)


@pytest.mark.parametrize("match", [(), 3, "x", ("a", int)])
def test_what_matches_nothing_is_refused(match: object) -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="match"):
            receive(match)  # type: ignore[call-overload]

    simulate(main)


def test_the_mail_of_a_thread_is_looked_at_once_more_before_time_jumps() -> None:
    """A message may arrive while a thread is on its way to its gate; time must wait for it."""

    def main() -> None:
        boss = process.self()
        rounds = 200

        def echo() -> None:
            for number in range(rounds):
                assert receive(timeout=1.0) == number, "time has jumped"
                send(boss, number)

        pid, _ = spawn_monitor(echo, host="thread")
        for number in range(rounds):
            send(pid, number)
            assert receive(timeout=1.0) == number
        down = receive(Down)
        assert isinstance(down, Down)
        assert down.reason == "normal"
        assert process.monotonic() == 0.0

    simulate(main)


def test_time_that_is_over_while_other_mail_has_made_ready_is_over() -> None:
    def main() -> object:
        process.send_after(process.self(), "other", 1.0)
        return receive(lambda message: message == "never", 1.0)

    assert isinstance(simulate(main), TimedOut)


def test_the_time_of_a_receive_whose_predicate_raised_is_not_that_of_the_next() -> None:
    def fails(message: object) -> bool:
        raise ValueError("no predicate")

    def main() -> object:
        process.send_after(process.self(), "late", 2.0)
        send(process.self(), "first")
        with pytest.raises(ValueError, match="no predicate"):
            receive(fails, 1.0)
        return receive(), receive()

    assert simulate(main) == ("first", "late")
