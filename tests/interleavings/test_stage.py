"""Stages under many schedules: nothing lost, nothing twice, nothing too early, whoever runs first."""

from __future__ import annotations

from typing import Any, TypeAlias

from actors import process
from actors.messages import Down
from actors.outcomes import Emit
from actors.pid import Pid
from actors.process import self, send, sleep
from actors.stage import (
    BroadcastDispatcher,
    Consumer,
    PartitionDispatcher,
    Producer,
    ProducerConsumer,
    Stage,
    SubscribeTo,
    Subscription,
    from_iterable,
    stream,
)
from supervisors import ConsumerSupervisor
from tests.interleavings.support import all_of, each, mail, under_choices

Term: TypeAlias = Any


class Numbers(Stage[int]):
    """Emits numbers up to a limit, as they are asked for."""

    def init(self, most: int, **options: Term) -> Producer[int]:
        self.most = most
        return Producer(0, **options)

    def handle_demand(self, demand: int, state: int) -> Emit[object, int]:
        end = min(state + demand, self.most)
        return Emit(range(state, end), end)

    def handle_cast(self, request: Term, state: int) -> Emit[object, int]:
        return Emit(request)

    def handle_info(self, message: Term, state: int) -> None:
        send(message[0], ("info", message[1]))


class Same(Stage[None]):
    """Emits what it gets."""

    def init(self, *to: Term) -> ProducerConsumer[None]:
        return ProducerConsumer(None, to)

    def handle_events(
        self, events: list[Term], peer: Subscription, state: None
    ) -> Emit[object, None]:
        return Emit(events)


class Sink(Stage[None]):
    """Tells what it gets, event by event."""

    def init(self, boss: Pid, label: str, *to: Term) -> Consumer[None]:
        self.boss, self.label = boss, label
        return Consumer(None, to)

    def handle_events(self, events: list[Term], peer: Subscription, state: None) -> None:
        for event in events:
            send(self.boss, (self.label, event))
        if events[0] % 3 == 0:
            sleep(0.0)

    def handle_cancel(self, reason: Term, peer: Subscription, state: None) -> None:
        send(self.boss, (self.label, reason))


def got(label: str, messages: list[Term]) -> list[Term]:
    return [what for who, what in messages if who == label]


@under_choices(200)
def test_every_event_goes_to_one_of_many_consumers_and_those_of_each_are_in_order() -> None:
    producer = Numbers.start(40)
    boss = self()
    each(
        *[
            lambda name=name: Sink.start(
                boss, name, SubscribeTo(producer, max_demand=4, min_demand=1)
            )
            for name in "abc"
        ]
    )
    messages: list[Term] = mail()

    assert sorted(what for _, what in messages) == list(range(40))
    for name in "abc":
        assert got(name, messages) == sorted(got(name, messages))


@under_choices(200)
def test_a_broadcast_reaches_everybody_who_was_there_before_it_began() -> None:
    producer = Numbers.start(30, dispatcher=BroadcastDispatcher(), demand="accumulate")
    boss = self()
    for number, name in enumerate("abc", 1):
        Sink.start(boss, name, SubscribeTo(producer, max_demand=2 * number, min_demand=0))
    Stage.demand(producer, "forward")
    messages: list[Term] = mail()

    for name in "abc":
        assert got(name, messages) == list(range(30))


@under_choices(200)
def test_a_partition_gets_all_that_is_its_own_in_order_however_late_it_comes() -> None:
    producer = Numbers.start(30, dispatcher=PartitionDispatcher(3, hash=by_three))
    boss = self()

    def late(name: int) -> None:
        sleep(0.1 * name)
        Sink.start(boss, str(name), SubscribeTo(producer, partition=name, max_demand=4))

    all_of(*[lambda name=name: late(name) for name in range(3)])
    messages: list[Term] = mail()

    for name in range(3):
        assert got(str(name), messages) == list(range(name, 30, 3))


def by_three(event: Term) -> tuple[object, int]:
    return event, event % 3


@under_choices(200)
def test_a_line_of_stages_loses_and_doubles_nothing() -> None:
    producer = Numbers.start(50)
    one = Same.start(SubscribeTo(producer, max_demand=7, min_demand=2))
    two = Same.start(SubscribeTo(one, max_demand=5, min_demand=4))
    Sink.start(self(), "end", SubscribeTo(two, max_demand=3, min_demand=0))

    assert got("end", mail()) == list(range(50))


@under_choices(200)
def test_events_of_a_dying_consumer_are_lost_to_nobody_else() -> None:
    producer, boss = Numbers.start(40), self()
    doomed = Sink.start(boss, "doomed", SubscribeTo(producer, max_demand=4, min_demand=0))
    each(lambda: process.send_exit(doomed, "kill"))
    Sink.start(boss, "other", SubscribeTo(producer, max_demand=6, min_demand=3))
    messages: list[Term] = mail()
    numbers = sorted(what for _, what in messages)

    # What was on its way to the dead one is gone with it; it had asked for four at a time.
    assert len(set(numbers)) == len(numbers)
    assert len(numbers) >= 40 - 8
    assert got("other", messages)[-1] == 39
    assert Stage.stats(producer).consumers != ()


@under_choices(200)
def test_both_sides_hear_once_of_an_end_however_it_came() -> None:
    producer, boss = Numbers.start(0), self()
    consumer = Sink.start(boss, "c")
    ref = Stage.sync_subscribe(consumer, producer, cancel="temporary")
    each(
        lambda: Stage.cancel(Subscription(producer, ref), "one"),
        lambda: send(producer, ("$gen_producer", (consumer, ref), ("cancel", "two"))),
        lambda: process.send_exit(producer, "kill"),
    )
    ends = got("c", [m for m in mail() if isinstance(m, tuple)])

    assert len(ends) == 1
    assert ends[0] in {("cancel", "one"), ("cancel", "two"), ("down", "killed")}
    assert Stage.stats(consumer).producers == ()


@under_choices(200)
def test_an_info_never_overtakes_the_events_that_were_there_before_it() -> None:
    producer, boss = Numbers.start(0), self()
    Stage.cast(producer, [1, 2, 3])
    Stage.sync_info(producer, (boss, "after 3"))
    Stage.cast(producer, [4, 5])
    Stage.sync_info(producer, (boss, "after 5"))
    Sink.start(boss, "c", SubscribeTo(producer, max_demand=2, min_demand=1))
    Sink.start(boss, "d", SubscribeTo(producer, max_demand=2, min_demand=1))
    messages: list[Term] = mail()

    assert got("info", messages) == ["after 3", "after 5"]
    assert sorted(got("c", messages) + got("d", messages)) == [1, 2, 3, 4, 5]


@under_choices(200)
def test_a_stream_sees_everything_once_and_leaves_no_mail() -> None:
    source = from_iterable(range(100), link=False)
    middle = Same.start(SubscribeTo(source, max_demand=5, cancel="temporary"))

    def read() -> list[Term]:
        with stream([SubscribeTo(middle, max_demand=4)]) as events:
            taken = [next(events) for _ in range(15)]
        assert mail() == []
        return taken

    one, two = all_of(read, read)
    assert isinstance(one, list)
    assert isinstance(two, list)

    assert len({*one, *two}) == len(one) + len(two)
    assert one == sorted(one)


@under_choices(200)
def test_a_consumer_supervisor_runs_every_event_once_and_never_too_many() -> None:
    boss = self()

    def job(number: int) -> None:
        send(boss, ("begin", number))
        sleep(0.01 * (number % 3))
        send(boss, ("end", number))

    child = {"id": "job", "start": (process_of, (job,)), "restart": "temporary"}
    events = SubscribeTo(from_iterable(range(20)), max_demand=3, min_demand=1, cancel="temporary")
    supervisor = ConsumerSupervisor.start_link(child, subscribe_to=[events])
    assert supervisor is not None
    messages = [m for m in mail() if isinstance(m, tuple)]
    running = most = 0
    for what, _ in messages:
        running += 1 if what == "begin" else -1
        most = max(most, running)

    assert sorted(got("begin", messages)) == list(range(20))
    assert most <= 3
    assert ConsumerSupervisor.count_children(supervisor).active == 0


def process_of(job: Term, number: int) -> Pid:
    return process.spawn_link(job, number)


@under_choices(200)
def test_who_resubscribes_gets_each_event_once() -> None:
    producer, boss = Numbers.start(40), self()
    consumer = Sink.start(boss, "c")
    ref = Stage.sync_subscribe(consumer, producer, max_demand=3, cancel="temporary")
    for _ in range(3):
        ref = Stage.sync_resubscribe(
            consumer, ref, "again", producer, max_demand=3, cancel="temporary"
        )
        sleep(0.0)
    messages: list[Term] = [m for m in mail() if not isinstance(m, Down)]
    numbers = [what for _, what in messages if isinstance(what, int)]

    assert len(set(numbers)) == len(numbers)
    assert numbers[-1] == 39
    assert len([what for _, what in messages if what == ("cancel", "again")]) == 3
