"""pykka actors on lightweight processes: what pykka's own tests, run by `tests.pykka_suite`, do not ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pykka
import pytest

from actors import (
    Crash,
    Down,
    Exited,
    GenServer,
    Pid,
    Reply,
    TimedOut,
    process,
    receive,
    run,
    send,
    spawn,
    telemetry,
)
from actors.errors import CallCycle, CallingSelf
from actors.latch import post_to
from actors.pykka_bridge import ProcessActor, ProcessRef, ref_of, start_link
from tests.actors.probes import end_of, simulate
from tests.actors.pykka_bridge.players import Player, ThreadPlayer, quiet
from tests.actors.schedules import every_schedule
from tests.watching import Flag

DEAD_LETTER = ("actors", "pykka", "dead_letter")


def started() -> ProcessRef[Player]:
    """Start a player that tells the caller, who waits until it has begun."""
    ref = Player.start(process.self())
    assert receive() == "started"
    return ref


def pid_of(ref: ProcessRef[Any]) -> Pid:
    assert ref.pid is not None
    return ref.pid


def test_an_actor_is_a_process_and_an_ask_lets_the_others_go_on() -> None:
    def main() -> list[object]:
        ref, boss = started(), process.self()
        spawn(lambda: send(boss, "the other goes on"))
        return [ref.ask("me") is ref.pid, receive(timeout=0)]

    assert simulate(main) == [True, "the other goes on"]


def test_an_actor_that_waits_takes_no_other_letter_meanwhile() -> None:
    def main() -> list[object]:
        ref = started()
        first = ref.ask(lambda: process.sleep(60.0), block=False)
        second = ref.ask("second", block=False)
        with pytest.raises(pykka.Timeout):
            second.get(timeout=59.0)
        return [first.get(), second.get(), process.monotonic()]

    assert simulate(main) == [None, "second", 60.0]


def test_proxies_reach_methods_and_attributes() -> None:
    def main() -> list[object]:
        player = started().proxy()
        player.count = 5
        player.add.defer(2)
        return [player.add(3).get(), player.count.get()]

    assert simulate(main) == [10, 10]


def test_what_goes_through_a_reference_is_handed_over_and_what_goes_to_the_pid_is_copied() -> None:
    class Keeps(ProcessActor):
        def __init__(self) -> None:
            super().__init__()
            self.kept: list[object] = []

        def on_receive(self, message: object) -> object:
            self.kept.append(message)
            return self.kept

    def main() -> list[bool]:
        ref, box = Keeps.start(), ["box"]
        send(pid_of(ref), box)
        kept = ref.ask(box)
        assert kept == [box, box]
        return [kept[0] is box, kept[1] is box]

    assert run(main) == [False, True]


def test_references_proxies_and_futures_cross_as_they_are() -> None:
    def main() -> bool:
        ref = started()
        these = [ref, ref.proxy(), ref.proxy().add, ref.ask("x", block=False)]
        send(process.self(), these)
        got = receive()
        assert isinstance(got, list)
        return all(one is other for one, other in zip(these, got, strict=True))

    assert run(main)


def test_letters_of_one_sender_keep_their_order_under_every_schedule() -> None:
    def main() -> list[object]:
        ref, boss = started(), process.self()
        for number in range(5):
            ref.tell(lambda number=number: send(boss, number))
        return [receive() for _ in range(5)]

    assert every_schedule(main) == [[0, 1, 2, 3, 4]]


def test_an_actor_with_many_letters_gives_others_a_turn() -> None:
    def main() -> int:
        ref, boss = started(), process.self()
        for number in range(500):
            ref.tell(lambda number=number: post_to(boss, number))
        spawn(lambda: send(boss, "other"))
        before = 0
        while receive() != "other":
            before += 1
        return before

    assert (run(main) or 0) < 200


def test_an_exception_of_an_ask_goes_to_the_caller_and_the_actor_lives() -> None:
    def main() -> list[object]:
        ref = started()
        with quiet(), pytest.raises(ValueError, match="mine"):
            ref.ask(ValueError("mine"))
        return [ref.ask("alive"), receive(timeout=0)]

    assert simulate(main) == ["alive", TimedOut()]


def test_an_exception_of_a_tell_is_the_reason_of_the_process() -> None:
    def main() -> list[object]:
        ref = started()
        process.monitor(pid_of(ref))
        with quiet():
            ref.tell(ValueError("mine"))
            failed, down = receive(), receive()
        assert isinstance(down, Down)
        assert isinstance(down.reason, Crash)
        assert down.reason.stack.entries[-1][2] == "on_receive"
        return [failed, repr(down.reason.exception), ref.is_alive()]

    assert simulate(main) == [("failed", "ValueError('mine')"), "ValueError('mine')", False]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), KeyboardInterrupt()])
def test_a_failing_on_start_is_the_reason_and_leaves_nothing_in_the_registry(
    error: BaseException,
) -> None:
    def main() -> object:
        with quiet():
            ref = Player.start(process.self(), error)
            reason = end_of(pid_of(ref))
        assert ref not in pykka.ActorRegistry.get_all()
        assert isinstance(reason, Crash)
        return repr(reason.exception)

    assert simulate(main) == repr(error)


def test_a_stop_is_normal_and_runs_on_stop_after_what_was_sent_before() -> None:
    def main() -> list[object]:
        ref, boss = started(), process.self()
        process.monitor(pid_of(ref))
        ref.tell(lambda: send(boss, "sent before"))
        ref.stop()
        down = [receive(), receive(), receive()][2]
        assert isinstance(down, Down)
        return [down.reason, ref.stop(), ref.is_alive()]

    assert simulate(main) == ["normal", False, False]


def test_an_exit_signal_runs_on_stop_and_ends_the_process_with_its_reason() -> None:
    def main() -> list[object]:
        ref = started()
        process.trap_exit(True)
        process.link(pid_of(ref))
        process.send_exit(pid_of(ref), "shutdown")
        return [receive(), receive() == Exited(pid_of(ref), "shutdown"), ref.is_alive()]

    assert simulate(main) == ["stopped", True, False]


def test_a_killed_actor_is_taken_out_of_the_registry_and_whoever_asked_is_told() -> None:
    def main() -> list[object]:
        ref, boss = started(), process.self()
        asked = [ref.ask(lambda: process.sleep(None), block=False), ref.ask("later", block=False)]
        for future in asked:
            spawn(lambda future=future: send(boss, told(future)))  # type: ignore[misc]
        process.sleep(1.0)
        process.send_exit(pid_of(ref), "kill")
        got = [receive(), receive()]
        process.sleep(1.0)
        assert ref not in pykka.ActorRegistry.get_all()
        with pytest.raises(pykka.ActorDeadError):
            ref.tell("too late")
        return [*got, ref.is_alive()]

    assert simulate(main) == ["ActorDeadError", "ActorDeadError", False]


def told(future: pykka.Future[object]) -> str:
    try:
        return str(future.get())
    except pykka.ActorDeadError as error:
        return type(error).__name__


def test_an_actor_that_ends_itself_by_an_exit_ends_alone() -> None:
    def main() -> list[object]:
        ref, other = started(), started()
        process.monitor(pid_of(ref))
        with pytest.raises(pykka.ActorDeadError):
            ref.ask(lambda: process.exit("bored"))
        down = receive()
        assert isinstance(down, Down)
        return [down.reason, ref.is_alive(), other.ask("alive")]

    assert simulate(main) == ["bored", False, "alive"]


def test_started_by_start_a_system_exit_stops_all_actors_as_in_pykka_but_waits_for_none() -> None:
    def main() -> list[object]:
        one, other = started(), started()
        for ref in (one, other):
            process.monitor(pid_of(ref))
        release = Flag()
        blocked = ThreadPlayer.start(process.self())
        assert receive(timeout=30.0) == "started"
        blocked.tell(release.wait)
        with quiet(), pytest.raises(pykka.ActorDeadError):
            one.ask(SystemExit(1))
        downs = [each for each in (receive() for _ in range(4)) if isinstance(each, Down)]
        release.set()
        ended = receive(timeout=30.0)
        return [len(downs), one.is_alive(), other.is_alive(), ended]

    assert run(main) == [2, False, False, "stopped"]


def test_two_actors_that_ask_each_other_are_told_and_do_not_wait_for_ever() -> None:
    def main() -> list[str]:
        one, other = started(), started()
        errors = []
        for chain in (lambda: one.ask("me"), lambda: other.ask(lambda: one.ask("me"))):
            try:
                with quiet():
                    one.ask(chain)
            except (CallingSelf, CallCycle) as error:
                errors.append(type(error).__name__)
        return errors

    assert simulate(main) == ["CallingSelf", "CallCycle"]


def test_a_plain_message_to_the_pid_is_told_to_the_actor() -> None:
    def main() -> object:
        ref, boss = started(), process.self()
        send(pid_of(ref), lambda: post_to(boss, "told"))
        return receive()

    assert run(main) == "told"


def test_what_is_told_too_late_is_a_dead_letter() -> None:
    letters: list[object] = []
    telemetry.attach("letters", DEAD_LETTER, lambda _, __, data: letters.append(data["message"]))

    def main() -> None:
        ref = started()
        ref.tell(lambda: process.sleep(1.0))
        ref.stop(block=False)
        ref.tell("too late")
        end_of(pid_of(ref))

    simulate(main)
    telemetry.detach("letters")
    assert letters == ["too late"]


@pytest.mark.parametrize("kind", [Player, ThreadPlayer])
def test_every_letter_of_many_threads_is_handled_or_refused_while_the_actor_stops(
    kind: type[pykka.Actor],
) -> None:
    """pykka looks whether the actor lives, then puts; if it stops in between, the asker waits for ever."""

    threads, each = 4, 200

    def main() -> list[int]:
        ref = ref_of(start_link(kind, process.self()))
        assert receive() == "started"
        counts = [0, 0]
        lock = threading.Lock()

        def asks() -> None:
            for _ in range(each):
                try:
                    ref.ask("hello", timeout=30.0)
                    which = 0
                except pykka.ActorDeadError:
                    which = 1
                with lock:
                    counts[which] += 1

        asking = [threading.Thread(target=asks) for _ in range(threads)]
        for thread in asking:
            thread.start()
        while counts[0] < each:
            process.sleep(0.001)
        ref.stop()
        while any(thread.is_alive() for thread in asking):
            process.sleep(0.001)
        return counts

    counts = run(main)
    assert counts is not None
    handled, refused = counts
    assert handled + refused == threads * each


def test_whoever_asks_while_an_actor_ends_is_answered_under_every_schedule() -> None:
    def main(end: Callable[[ProcessRef[Any]], object]) -> bool:
        ref, boss = started(), process.self()

        def asks() -> None:
            send(boss, ("asked", told(ref.ask("hello", block=False))))
            send(boss, ("asked", told(ref.ask("again", block=False))))

        for _ in range(3):
            spawn(asks)
        spawn(lambda: end(ref))
        answers = [cast("tuple[str, str]", receive(is_told)) for _ in range(6)]
        assert ref not in pykka.ActorRegistry.get_all() or end_of(pid_of(ref))
        return all(each[1] in {"hello", "again", "ActorDeadError"} for each in answers)

    def by_a_stop(ref: ProcessRef[Any]) -> None:
        ref.stop()

    def by_a_kill(ref: ProcessRef[Any]) -> None:
        process.send_exit(pid_of(ref), "kill")

    for end in (by_a_stop, by_a_kill):
        assert every_schedule(lambda end=end: main(end)) == [True]  # type: ignore[misc]


def is_told(message: object) -> bool:
    return isinstance(message, tuple) and message[0] == "asked"


def test_an_actor_started_on_a_plain_thread_lives_in_the_background() -> None:
    ref = ThreadsOwn.start()

    assert ref.ask("hello") == "hello"
    assert ref.stop()


class ThreadsOwn(ProcessActor):
    def on_receive(self, message: object) -> object:
        return message


def test_all_actors_stop_in_order_when_the_runtime_ends() -> None:
    stopped: list[int] = []

    class Last(ProcessActor):
        def on_stop(self) -> None:
            stopped.append(1)

    refs: list[pykka.ActorRef[Any]] = []
    run(lambda: refs.extend(Last.start() for _ in range(3)))

    assert stopped == [1, 1, 1]
    assert not any(ref.is_alive() for ref in refs)
    assert not set(refs) & set(pykka.ActorRegistry.get_all())


def test_ten_thousand_actors_answer_and_stop() -> None:
    def main() -> int:
        refs = [ThreadsOwn.start() for _ in range(10_000)]
        answers: int = sum(ref.ask(1, block=True) for ref in refs)
        for ref in refs:
            ref.stop()
        return answers

    assert run(main, held=None) == 10_000


def test_any_reference_can_be_asked_without_holding_the_loop() -> None:
    def main() -> list[object]:
        release = Flag()
        ref = ThreadPlayer.start(process.self())
        assert receive(timeout=30.0) == "started"
        spawn(release.set)
        got = [ProcessRef.of(ref).ask(lambda: release.wait(30.0)), ProcessRef.of(ref).pid]
        ref.stop()
        return got

    assert run(main) == [True, None]


def test_a_server_may_ask_an_actor_within_a_callback() -> None:
    class Asks(GenServer[Any]):
        def init(self, ref: Any) -> Any:
            return ref

        def handle_call(self, request: object, caller: object, state: Any) -> object:
            return Reply(state.ask(request))

    def main() -> object:
        return GenServer.call(Asks.start(started()), "hello")

    assert simulate(main) == "hello"
