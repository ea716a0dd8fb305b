"""The queue's process among stand-ins for its neighbours, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from actors import GenServer, Message, Pid, Reply, call, debug, process, run
from actors.testing import VirtualClock
from examples.smelter.guardians import GIVEN_UP, ORPHANED
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.options import parse
from examples.smelter.plan import Plan
from examples.smelter.queue_server import Queue, QueueStats
from examples.smelter.wire import (
    COMPOSITOR,
    FILM,
    QUEUE,
    Attach,
    ConsumerUp,
    Done,
    FinishNow,
    Job,
    Offer,
    Taken,
    muxer_of,
    tell,
)

T = TypeVar("T")


class Film(GenServer[tuple[int, int]]):
    """Stands where the muxer stands, and says how far the file goes."""

    def init(self, ticks: int, samples: int) -> tuple[int, int]:
        return ticks, samples

    @call
    def positions(self, state: tuple[int, int]) -> Reply[tuple[int, int], tuple[int, int]]:
        return Reply(state)


class Glutton(GenServer[None]):
    """Stands where the compositor stands; takes the first job, shows it around, and chokes."""

    def init(self, to: Pid) -> None:
        self.to: Pid | None = to
        tell(QUEUE, ConsumerUp("video"))

    def handle_cast(self, request: Message, state: None) -> None:
        if isinstance(request, Job) and self.to is not None:
            tell(QUEUE, Taken("video", request.serial))
            process.send(self.to, request)
            self.to = None


class Eater(GenServer[None]):
    """Stands where the compositor stands, and does what it is told."""

    def init(self, to: Pid) -> None:
        self.to = to
        tell(QUEUE, ConsumerUp("video"))

    def handle_cast(self, request: Message, state: None) -> None:
        if isinstance(request, Job):
            tell(QUEUE, Taken("video", request.serial))
            tell(QUEUE, Done("video", request.serial))
            process.send(self.to, request)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    argv = ["test:", "--duration", "20", "--output", str(tmp_path / "film.mp4")]
    return parse(argv).plan


def among_stand_ins(plan: Plan, body: Callable[[], T], ticks: int = 0, samples: int = 0) -> T:
    def main() -> T:
        process.trap_exit(True)
        Ledger.start_link(plan.desired, name=LEDGER)
        Film.start_link(ticks, samples, name=muxer_of(FILM))
        Queue.start_link(plan.settings, name=QUEUE)
        return body()

    value = run(main, clock=VirtualClock())
    assert value is not None
    return value


def next_job() -> int:
    job = process.receive(Job)
    assert isinstance(job, Job)
    return job.number


def end(pid: Pid | None, reason: str) -> None:
    assert pid is not None
    ref = process.monitor(pid)
    process.send_exit(pid, reason)
    process.receive(lambda message: getattr(message, "ref", None) is ref)


def guardian() -> Pid:
    return process.spawn(process.receive)


def test_a_set_that_two_consumers_died_of_is_poison(plan: Plan) -> None:
    def body() -> tuple[list[int], QueueStats]:
        numbers = []
        for _ in range(3):
            glutton = Glutton.start_link(process.self(), name=COMPOSITOR)
            numbers.append(next_job())
            end(glutton, "kill")
        return numbers, Queue.stats(QUEUE)

    numbers, stats = among_stand_ins(plan, body)

    assert numbers == [0, 0, 1]
    assert stats.poisoned == 1


def test_what_a_consumer_had_not_finished_is_given_to_the_next_one_in_order(plan: Plan) -> None:
    def body() -> list[int]:
        glutton = Glutton.start_link(process.self(), name=COMPOSITOR)
        next_job()
        Queue.reached(QUEUE, 2)
        end(glutton, "kill")
        Eater.start_link(process.self(), name=COMPOSITOR)
        return [next_job() for _ in range(4)]

    assert among_stand_ins(plan, body) == [0, 1, 2, 3]


def test_a_new_queue_repeats_no_tick_and_leaves_out_those_of_the_outage(plan: Plan) -> None:
    def body() -> list[int]:
        Eater.start_link(process.self(), name=COMPOSITOR)
        numbers = [next_job() for _ in range(3)]
        end(process.whereis(QUEUE), "kill")
        process.sleep(0.1)
        Queue.start_link(plan.settings, name=QUEUE)
        return [*numbers, next_job(), next_job()]

    assert among_stand_ins(plan, body) == [0, 1, 2, 6, 7]


def test_a_film_whose_ledger_was_lost_goes_on_where_its_file_ends(plan: Plan) -> None:
    def body() -> list[int]:
        Eater.start_link(process.self(), name=COMPOSITOR)
        return [next_job(), next_job()]

    assert among_stand_ins(plan, body, ticks=300, samples=480_000) == [300, 301]


def test_whoever_waits_for_a_tick_is_answered_when_it_has_been_sent(plan: Plan) -> None:
    def body() -> tuple[int, float, int]:
        Eater.start_link(process.self(), name=COMPOSITOR)
        Queue.reached.within(None)(QUEUE, 1)
        began = process.monotonic()
        ticks = Queue.reached(QUEUE, 91)
        passed = process.monotonic() - began
        tell(QUEUE, FinishNow())
        return ticks, passed, Queue.reached(QUEUE, 10_000)

    ticks, passed, last = among_stand_ins(plan, body)

    assert ticks == last == 91
    assert passed == pytest.approx(3.0, abs=1e-6)


def test_a_queue_that_falls_behind_has_one_look_before_it_and_never_more(plan: Plan) -> None:
    def body() -> int:
        Eater.start_link(process.self(), name=COMPOSITOR)
        Queue.reached.within(None)(QUEUE, 1)
        for _ in range(20):
            # While it is held up a word comes that makes it look, and then the time to look.
            debug.suspend(QUEUE)
            tell(QUEUE, Offer("nobody", 1, "video", 0, (), False))
            process.sleep(0.1)
            debug.resume(QUEUE)
        debug.suspend(QUEUE)
        process.sleep(10.0)
        queue = process.whereis(QUEUE)
        assert queue is not None
        found = process.info(queue, "messages")
        assert found is not None
        _, messages = found
        assert isinstance(messages, tuple)
        return messages.count("look")

    assert among_stand_ins(plan, body) == 1


def test_an_input_is_given_up_at_once_when_its_supervisor_has_given_up(plan: Plan) -> None:
    def body() -> tuple[str, ...]:
        responsible = guardian()
        tell(QUEUE, Attach("1", responsible))
        Queue.stats(QUEUE)
        end(responsible, "shutdown")
        process.sleep(GIVEN_UP * 1.01)
        return Queue.stats(QUEUE).failed_inputs

    assert among_stand_ins(plan, body) == ("1",)


def test_an_input_whose_supervisor_was_killed_is_given_up_if_nobody_comes(plan: Plan) -> None:
    def body() -> list[tuple[str, ...]]:
        for _ in range(2):
            responsible = guardian()
            tell(QUEUE, Attach("1", responsible))
            process.sleep(ORPHANED * 0.4)
            end(responsible, "kill")
            process.sleep(ORPHANED * 0.4)
        found = [Queue.stats(QUEUE).failed_inputs]
        process.sleep(ORPHANED * 0.6)
        return [*found, Queue.stats(QUEUE).failed_inputs]

    assert among_stand_ins(plan, body) == [(), ("1",)]
