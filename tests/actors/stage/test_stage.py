"""Stages at work: demand, buffers, subscriptions, and how they end."""

from __future__ import annotations

import pytest

from actors import debug, process, telemetry
from actors.errors import BadArgument, CallFailed, NoProcess, ServerExited, StartError
from actors.exits import Crash
from actors.gen_server import GenServer, call, cast
from actors.messages import Down, Message
from actors.naming import Via
from actors.outcomes import Continue, Emit, Ignore, NoReply, Reply, Stop
from actors.pid import Pid, Ref
from actors.process import self, send, sleep
from actors.runtime import run
from actors.stage import (
    TO_CONSUMER,
    TO_PRODUCER,
    BroadcastDispatcher,
    Consumer,
    PartitionDispatcher,
    Producer,
    ProducerConsumer,
    Stage,
    StageError,
    SubscribeTo,
    Subscription,
)
from supervisors import Registry, Supervisor
from tests.actors.stage.stages import (
    Discarder,
    Doubler,
    Numbers,
    Postponer,
    Sink,
    Telling,
    Term,
    by_hand,
    end_of,
    heard,
    numbers,
    sink,
    staged,
    subscribe_by_hand,
    told,
)


def joined(batches: list[list[object]]) -> list[object]:
    return [event for batch in batches for event in batch]


def sizes(batches: list[list[object]]) -> list[int]:
    return [len(batch) for batch in batches]


def doubled(first: int, last: int) -> list[int]:
    return [each for number in range(first, last + 1) for each in (number, number)]


# -- a producer and a consumer ---------------------------------------------------------------------


@staged
def test_by_default_a_thousand_are_asked_for_and_handled_in_halves() -> None:
    sink(numbers(1500))
    messages = heard()

    assert sizes(told("c", "events", messages)) == [500, 500, 500]
    assert told("p", "demand", messages) == [1000, 500, 500, 500]
    assert joined(told("c", "events", messages)) == list(range(1500))


@pytest.mark.parametrize(
    ("most", "least", "count", "batches"),
    [
        (100, 80, 60, [20, 20, 20]),
        (100, 20, 280, [80, 20, 80, 80, 20]),
        (1, 0, 3, [1, 1, 1]),
    ],
)
def test_a_batch_is_what_lies_between_the_two_demands(
    most: int, least: int, count: int, batches: list[int]
) -> None:
    @staged
    def scene() -> None:
        sink(SubscribeTo(numbers(count), max_demand=most, min_demand=least))

        assert sizes(told("c", "events")) == batches

    scene()


@staged
def test_a_broadcast_gives_the_same_batches_to_all_at_the_pace_of_the_slowest() -> None:
    producer = numbers(60, demand="accumulate", dispatcher=BroadcastDispatcher())
    sink(SubscribeTo(producer, max_demand=10, min_demand=0), label="one")
    sink(SubscribeTo(producer, max_demand=20, min_demand=0), label="two")
    heard()
    Stage.demand(producer, "forward")
    messages = heard()

    assert sizes(told("one", "events", messages)) == [10] * 6
    assert told("one", "events", messages) == told("two", "events", messages)


@staged
def test_a_subscriber_that_asks_nothing_holds_a_broadcast_up_until_it_goes() -> None:
    producer = numbers(20, dispatcher=BroadcastDispatcher())
    silent = subscribe_by_hand(producer)
    consumer = Sink.start(self())
    Stage.sync_subscribe(consumer, producer, max_demand=10, min_demand=0)
    assert told("c", "events") == []

    send(producer, (TO_PRODUCER, (self(), silent), ("cancel", "gone")))
    assert sizes(told("c", "events")) == [10, 10]


@staged
def test_a_broadcast_asks_for_what_is_common_only_once() -> None:
    producer = numbers(0, dispatcher=BroadcastDispatcher())
    sink(SubscribeTo(producer, max_demand=10, min_demand=0), label="one")
    sink(SubscribeTo(producer, max_demand=20, min_demand=0), label="two")
    demands = told("p", "demand")

    # The first may have asked before the second had come.
    assert sum(demands) in {10, 20}
    assert len(demands) == 1


@staged
def test_partitions_get_what_is_theirs() -> None:
    dispatcher = PartitionDispatcher(["even", "odd"], hash=parity)
    producer = numbers(20, dispatcher=dispatcher)
    for name in ("even", "odd"):
        sink(SubscribeTo(producer, partition=name, max_demand=4, min_demand=0), label=name)
    messages = heard()

    assert joined(told("even", "events", messages)) == list(range(0, 20, 2))
    assert joined(told("odd", "events", messages)) == list(range(1, 20, 2))


def parity(event: object) -> tuple[object, str]:
    assert isinstance(event, int)
    return event, "odd" if event % 2 else "even"


def above_five(event: object) -> bool:
    assert isinstance(event, int)
    return event > 5


@staged
def test_a_selector_chooses_and_what_it_leaves_is_asked_for_again() -> None:
    producer = numbers(10, dispatcher=BroadcastDispatcher())
    sink(SubscribeTo(producer, max_demand=2, min_demand=0, selector=above_five))

    assert joined(told("c", "events")) == [6, 7, 8, 9]


# -- three stages ----------------------------------------------------------------------------------


def line(kind: type[Doubler], producer: Pid, most: int, least: int) -> None:
    middle = kind.start(self(), [SubscribeTo(producer, max_demand=most, min_demand=least)])
    sink(SubscribeTo(middle, max_demand=100, min_demand=50))


@staged
def test_small_batches_are_regrouped_by_the_last_consumer() -> None:
    line(Doubler, numbers(140), 100, 80)
    messages = heard()
    consumed = told("c", "events", messages)

    assert sizes(told("pc", "events", messages)) == [20] * 7
    assert consumed[:2] == [doubled(0, 19), doubled(20, 39)]
    assert joined(consumed) == doubled(0, 139)
    assert max(sizes(consumed)) <= 50


@staged
def test_large_batches_are_cut_by_the_last_consumer() -> None:
    line(Doubler, numbers(180), 100, 20)
    messages = heard()
    consumed = told("c", "events", messages)

    assert told("pc", "events", messages)[0] == list(range(80))
    assert consumed[:3] == [doubled(0, 24), doubled(25, 49), doubled(50, 74)]
    assert joined(consumed) == doubled(0, 179)


@pytest.mark.parametrize(("least", "first"), [(80, 20), (20, 80)])
def test_it_is_the_same_when_the_consumer_subscribes_first(least: int, first: int) -> None:
    @staged
    def scene() -> None:
        middle, last = Doubler.start(self()), Sink.start(self())
        Stage.sync_subscribe(last, middle, min_demand=50, max_demand=100)
        Stage.sync_subscribe(middle, numbers(180), min_demand=least, max_demand=100)
        messages = heard()

        assert told("pc", "events", messages)[0] == list(range(first))
        assert joined(told("c", "events", messages)) == doubled(0, 179)

    scene()


@staged
def test_a_stage_in_the_middle_stops_asking_when_its_consumer_does() -> None:
    middle = Postponer.start(self(), [SubscribeTo(numbers(100), max_demand=10, min_demand=8)])
    sink(SubscribeTo(middle, max_demand=10, min_demand=5), most=1)
    messages = heard()

    # The sink sleeps after its first batch. What it had asked for before comes, and no more.
    assert told("pc", "events", messages) == [[n, n + 1] for n in range(0, 10, 2)]
    assert told("c", "events", messages) == [[0, 1]]


@staged
def test_a_stage_in_the_middle_that_emits_nothing_goes_on_asking() -> None:
    line(Discarder, numbers(300), 100, 80)
    messages = heard()

    assert sizes(told("pc", "events", messages)) == [20] * 15
    assert told("c", "events", messages) == []


@staged
def test_a_stage_in_the_middle_may_broadcast() -> None:
    middle = Doubler.start(
        self(), [SubscribeTo(numbers(50), max_demand=10)], dispatcher=BroadcastDispatcher()
    )
    silent = subscribe_by_hand(middle)
    for label in ("one", "two"):
        sink(SubscribeTo(middle, max_demand=10, min_demand=0), label=label)
    messages = heard()
    assert told("one", "events", messages) == told("pc", "events", messages) == []

    send(middle, (TO_PRODUCER, (self(), silent), ("cancel", "gone")))
    messages = heard()
    assert joined(told("one", "events", messages)) == doubled(0, 49)
    assert told("one", "events", messages) == told("two", "events", messages)


@staged
def test_events_of_a_lost_producer_are_handled_before_its_loss() -> None:
    producer = numbers(100)
    middle = Doubler.start(self())
    ref = Stage.sync_subscribe(middle, producer, cancel="temporary", min_demand=50, max_demand=100)
    heard()
    Stage.cancel(Subscription(producer, ref), "done")
    send(producer, (TO_PRODUCER, (middle, ref), ("cancel", "done")))
    assert told("pc", "events") == []

    last = Sink.start(self())
    Stage.sync_subscribe(last, middle, min_demand=50, max_demand=100)
    seen = [message[1:] for message in heard() if message[0] == "pc"]
    assert [what for what, *_ in seen] == ["subscribed", "events", "events", "cancelled"] or [
        what for what, *_ in seen
    ] == ["subscribed", "events", "cancelled"]
    assert seen[-1] == ("cancelled", ("cancel", "done"))


# -- demand that is held ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["at the start", "later", "twice"])
def test_held_demand_is_let_through_when_it_is_forwarded(how: str) -> None:
    @staged
    def scene() -> None:
        producer = numbers(8, demand="accumulate" if how != "later" else "forward")
        if how != "at the start":
            Stage.demand(producer, "accumulate")
        assert Stage.demand(producer) == "accumulate"
        sink(SubscribeTo(producer, max_demand=4, min_demand=0))
        assert told("c", "events") == []

        Stage.demand(producer, "forward")
        assert Stage.demand(producer) == "forward"
        assert told("c", "events") == [[0, 1, 2, 3], [4, 5, 6, 7]]

    scene()


@staged
def test_demand_may_be_forwarded_before_anybody_asks() -> None:
    producer = numbers(4, demand="accumulate")
    Stage.demand(producer, "forward")
    sink(SubscribeTo(producer, max_demand=4, min_demand=0))

    assert told("c", "events") == [[0, 1, 2, 3]]


@staged
def test_events_are_held_with_the_demand_and_lost_to_nobody() -> None:
    producer = numbers(0, dispatcher=BroadcastDispatcher())
    Stage.demand(producer, "accumulate")
    for number in (1, 2, 3):
        Stage.cast(producer, ("queue", [number]))
    for label in ("one", "two"):
        sink(producer, label=label)
    assert told("one", "events") == []

    Stage.demand(producer, "forward")
    messages = heard()
    assert joined(told("one", "events", messages)) == [1, 2, 3]
    assert joined(told("two", "events", messages)) == [1, 2, 3]
    assert Stage.estimate_buffered_count(producer) == 0


@staged
def test_held_demands_are_let_through_one_by_one() -> None:
    producer = numbers(100, demand="accumulate")
    for label in ("one", "two"):
        sink(SubscribeTo(producer, max_demand=2), label=label, most=2)
    heard()
    Stage.demand(producer, "forward")

    assert told("p", "demand")[:2] == [2, 2]


@pytest.mark.parametrize("kind", [Doubler, Sink])
def test_only_a_producer_holds_demand(kind: type[Stage[Term]]) -> None:
    @staged
    def scene() -> None:
        stage = kind.start(self())
        Stage.demand(stage, "accumulate")

        assert Stage.demand(stage) == "forward"

    scene()


def test_a_demand_mode_that_is_none_is_refused() -> None:
    with pytest.raises(BadArgument, match="mode: got 'sometimes'"):
        run(lambda: Stage.demand("nobody", "sometimes"))  # type: ignore[call-overload]


# -- the buffer ------------------------------------------------------------------------------------


@staged
def test_events_that_nobody_asked_for_are_kept_and_sent_first() -> None:
    producer = numbers(7)
    send(producer, ("queue", ["a", "b", "c"]))
    Stage.cast(producer, ("queue", ["d", "e"]))
    assert Stage.call(producer, ("queue", ["f"])) == 0
    sink(SubscribeTo(producer, max_demand=4, min_demand=0))

    assert joined(told("c", "events")) == ["a", "b", "c", "d", "e", "f", *range(7)]


@pytest.mark.parametrize(
    ("keep", "kept"), [("first", ["a", "b", "c", "d", "e"]), ("last", ["d", "e", "f", "g", "h"])]
)
def test_what_does_not_fit_is_dropped_counted_and_reported(keep: str, kept: list[str]) -> None:
    seen: list[object] = []

    def scene() -> None:
        producer = numbers(0, buffer_size=5, buffer_keep=keep)
        Stage.call(producer, ("queue", list("abcde")))
        Stage.call(producer, ("queue", list("fgh")))
        assert Stage.stats(producer).discarded == 3
        sink(SubscribeTo(producer, max_demand=10, min_demand=0))
        assert told("c", "events") == [kept]

    before = telemetry.set_reporter(
        lambda event, level, fields: seen.append((event, level, fields.get("count")))
    )
    try:
        run(scene)
    finally:
        telemetry.set_reporter(before)

    assert seen == [(("actors", "stage", "discarded"), "warning", 3)]


@staged
def test_a_buffer_may_have_no_limit_and_tells_how_much_it_holds() -> None:
    producer = numbers(0, buffer_size=None)
    Stage.call(producer, ("queue", list(range(20_000))))
    assert Stage.estimate_buffered_count(producer) == 20_000

    sink(SubscribeTo(producer, max_demand=15_000, min_demand=0))
    heard()
    assert Stage.estimate_buffered_count(producer) == 0
    assert Stage.estimate_buffered_count(Sink.start(self())) == 0


@pytest.mark.parametrize("reports", [True, False])
def test_format_discarded_hears_of_it_first_and_may_keep_it_quiet(reports: bool) -> None:
    seen: list[object] = []

    class Own(Numbers):
        def format_discarded(self, count: int, state: int) -> bool:
            self.tell("discarded", count)
            return reports

    def scene() -> None:
        producer = Own.start(self(), 0, buffer_size=5, buffer_keep="first")
        Stage.call(producer, ("queue", list("abcdefgh")))
        assert told("p", "discarded") == [3]

    before = telemetry.set_reporter(lambda event, level, fields: seen.append(event))
    try:
        run(scene)
    finally:
        telemetry.set_reporter(before)

    assert seen == [("actors", "stage", "discarded")] * reports


# -- infos -----------------------------------------------------------------------------------------


@staged
def test_an_info_is_handled_at_once_where_nothing_is_before_it() -> None:
    producer = numbers(0)
    middle = Doubler.start(self(), [producer])
    last = sink(middle)
    heard()
    for stage, label in ((producer, "p"), (middle, "pc"), (last, "c")):
        Stage.sync_info(stage, "sync")
        Stage.async_info(stage, "async")
        assert told(label, "info") == ["sync", "async"]


@staged
def test_an_info_of_a_stage_in_the_middle_waits_behind_what_has_come() -> None:
    producer = numbers(0)
    middle = Doubler.start(self(), [producer])
    heard()
    Stage.call(producer, ("queue", list(range(10))))
    Stage.sync_info(middle, "sync")
    Stage.async_info(middle, "async")
    assert told("pc", "info") == []

    sink(middle)
    seen = [message[1:] for message in heard() if message[:2] != ("pc", "subscribed")]
    assert seen.index(("events", list(range(10)))) < seen.index(("info", "sync"))
    assert seen.index(("info", "sync")) < seen.index(("info", "async"))


@pytest.mark.parametrize("size", [None, 1, 4, 5, 10])
def test_infos_keep_their_places_among_the_buffered_events(size: int | None) -> None:
    @staged
    def scene() -> None:
        producer = numbers(0, buffer_size=size)
        Stage.call(producer, ("queue", list("abcd")))
        Stage.sync_info(producer, "one")
        Stage.sync_info(producer, "two")
        Stage.call(producer, ("queue", ["e"]))
        Stage.async_info(producer, "three")
        dropped = [] if size is None or size > 4 else ["one", "two"] if size == 1 else []
        assert told("p", "info") == dropped

        ref = subscribe_by_hand(producer, ask=4)
        heard()
        send(producer, (TO_PRODUCER, (self(), ref), ("ask", 4)))
        heard()
        assert Stage.estimate_buffered_count(producer) == 0

    scene()


@staged
def test_an_info_comes_after_the_events_before_it_and_before_those_after_it() -> None:
    producer = numbers(0)
    Stage.call(producer, ("queue", ["a", "b"]))
    Stage.sync_info(producer, "one")
    Stage.call(producer, ("queue", ["c"]))
    Stage.sync_info(producer, "two")
    ref = subscribe_by_hand(producer, ask=1)
    messages = heard()
    assert (by_hand(messages), told("p", "info", messages)) == ([["a"]], [])

    send(producer, (TO_PRODUCER, (self(), ref), ("ask", 1)))
    messages = heard()
    assert (by_hand(messages), told("p", "info", messages)) == ([["b"]], ["one"])
    send(producer, (TO_PRODUCER, (self(), ref), ("ask", 5)))
    messages = heard()
    assert (by_hand(messages), told("p", "info", messages)) == ([["c"]], ["two"])


@staged
def test_an_info_comes_out_when_its_place_is_overwritten() -> None:
    producer = numbers(0, buffer_size=3)
    Stage.call(producer, ("queue", list("abc")))
    Stage.sync_info(producer, "behind c")
    Stage.call(producer, ("queue", list("de")))
    assert told("p", "info") == []

    Stage.call(producer, ("queue", ["f"]))
    assert told("p", "info") == ["behind c"]


# -- subscriptions ---------------------------------------------------------------------------------


@staged
def test_a_subscription_is_a_reference() -> None:
    producer, consumer = numbers(4), Sink.start(self())

    assert isinstance(Stage.sync_subscribe(consumer, producer), Ref)
    Stage.async_subscribe(consumer, producer)
    assert told("c", "subscribed") == ["producer", "producer"]
    assert Stage.stats(producer).consumers == (consumer, consumer)
    assert Stage.stats(consumer).producers == (producer, producer)


@staged
def test_who_has_a_dead_consumer_subscribe_hears_of_it() -> None:
    consumer = Sink.start(self())
    Stage.stop(consumer)
    with pytest.raises(NoProcess) as failed:
        Stage.sync_subscribe(consumer, numbers(1))

    assert failed.value.reason[1][:2] == ("GenStage", "sync_subscribe")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_demand": 0}, "max_demand: got 0, accepted is a whole number equal to or greater"),
        ({"max_demand": 5, "min_demand": 5}, "min_demand: got 5, accepted is .* less than 4"),
        ({"max_demand": "many"}, "max_demand: got 'many'"),
        ({"min_demand": True}, "min_demand: got True"),
        ({"cancel": "sometimes"}, "cancel: got 'sometimes'"),
    ],
)
def test_bad_options_of_a_subscription_are_refused_in_the_caller(
    options: dict[str, Term], text: str
) -> None:
    for subscribe in (
        lambda: Stage.sync_subscribe("nobody", "nobody", **options),
        lambda: Stage.sync_resubscribe("nobody", Ref(), "why", "nobody", **options),
        lambda: Stage.async_subscribe("nobody", "nobody", **options),
        lambda: SubscribeTo("nobody", **options),
    ):
        with pytest.raises(BadArgument, match=text):
            run(subscribe)


def test_options_are_given_once_and_an_address_is_one() -> None:
    with pytest.raises(BadArgument, match="those of SubscribeTo, once"):
        Stage.async_subscribe("nobody", SubscribeTo("nobody"), max_demand=3)
    with pytest.raises(BadArgument, match="to: got 3"):
        SubscribeTo(3)  # type: ignore[arg-type]


@staged
def test_a_producer_cannot_subscribe() -> None:
    producer = numbers(1)
    with pytest.raises(StageError) as refused:
        Stage.sync_subscribe(producer, producer)
    Stage.async_subscribe(producer, producer)

    assert refused.value.reason == "not_a_consumer"
    assert Stage.stats(producer).producers == ()


@pytest.mark.parametrize("cancel", ["permanent", "transient", "temporary"])
@pytest.mark.parametrize("dead", [True, False])
def test_only_a_temporary_consumer_survives_a_producer_that_is_not_there(
    cancel: Term, dead: bool
) -> None:
    @staged
    def scene() -> None:
        producer: Term = "nobody has this name"
        if dead:
            producer = numbers(1)
            Stage.stop(producer)
        consumer = Sink.start(self())

        assert isinstance(Stage.sync_subscribe(consumer, producer, cancel=cancel), Ref)
        assert end_of(consumer) == ("still alive" if cancel == "temporary" else "noproc")

    scene()


@staged
def test_a_second_subscription_of_one_process_to_a_broadcast_is_cancelled_and_the_first_stays() -> (
    None
):
    producer, consumer = numbers(4, dispatcher=BroadcastDispatcher()), Sink.start(self())
    Stage.sync_subscribe(consumer, producer, max_demand=2, min_demand=0)
    Stage.sync_subscribe(consumer, producer, max_demand=2, min_demand=0)
    messages = heard()

    assert told("c", "cancelled", messages) == [("cancel", "already_subscribed")]
    assert told("c", "events", messages) == [[0, 1], [2, 3]]
    assert process.is_alive(consumer)
    assert Stage.stats(producer).consumers == (consumer,)


@staged
def test_a_bad_option_of_a_consumer_ends_its_subscription_and_not_the_producer() -> None:
    producer = numbers(4, dispatcher=PartitionDispatcher(2))
    consumer = Sink.start(self())
    Stage.sync_subscribe(consumer, producer, cancel="temporary", partition=7)
    ((how, (what, text)),) = told("c", "cancelled")

    assert (how, what) == ("cancel", "bad_opts")
    assert "partition: got 7" in text
    assert process.is_alive(producer)


@staged
def test_to_resubscribe_cancels_the_older_subscription() -> None:
    producer = numbers(4)
    consumer = Sink.start(self())
    old = Stage.sync_subscribe(consumer, producer, cancel="temporary")
    new = Stage.sync_resubscribe(consumer, old, "why", producer, cancel="temporary")
    messages = heard()

    assert new is not old
    assert told("c", "cancelled", messages) == [("cancel", "why")]
    assert told("p", "cancelled", messages) == [("cancel", "why")]
    assert Stage.stats(producer).consumers == (consumer,)

    Stage.async_resubscribe(consumer, new, "again", producer, cancel="temporary")
    assert told("p", "cancelled") == [("cancel", "again")]


@staged
def test_to_resubscribe_needs_no_older_subscription() -> None:
    producer, consumer = numbers(4), Sink.start(self())
    assert isinstance(Stage.sync_resubscribe(consumer, Ref(), "why", producer), Ref)
    Stage.async_resubscribe(consumer, Ref(), "why", producer)
    messages = heard()

    assert told("c", "cancelled", messages) == []
    assert len(Stage.stats(producer).consumers) == 2


@staged
def test_stages_are_subscribed_to_by_pid_name_or_via() -> None:
    Registry.start_link(keys="unique", name="names")
    via = Via(Registry, ("names", "key"))
    Numbers.start(self(), 2, name="by name")
    Numbers.start(self(), 2, name=via)
    sink(numbers(2), "by name", SubscribeTo(via, max_demand=10))

    assert told("c", "events") == [[0, 1]] * 3


# -- manual demand ---------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [True, False])
def test_with_manual_demand_nothing_is_asked_for_by_itself(early: bool) -> None:
    @staged
    def scene() -> None:
        producer = numbers(100)
        to = SubscribeTo(producer, c_demand="manual", max_demand=4, min_demand=0)
        consumer = sink(to) if early else Sink.start(self())
        if not early:
            Stage.sync_subscribe(consumer, to)
        assert told("p", "demand") == []

        Stage.call(consumer, ("ask", 5))
        assert told("c", "events") == [[0, 1, 2, 3, 4]]
        Stage.call(consumer, ("ask", 0))
        Stage.call(consumer, ("ask", 1))
        assert told("c", "events") == [[5]]

    scene()


@pytest.mark.parametrize("count", [-1, True, "many"])
def test_only_a_number_of_events_can_be_asked_for(count: Term) -> None:
    with pytest.raises(BadArgument, match="count: got"):
        run(lambda: Stage.ask(Subscription(self(), Ref()), count))


def test_only_a_subscription_can_be_cancelled() -> None:
    with pytest.raises(BadArgument, match="subscription: got 'what'"):
        run(lambda: Stage.cancel("what", "why"))  # type: ignore[arg-type]


# -- callbacks -------------------------------------------------------------------------------------


class Opening(Stage[Term]):
    """Its `init` returns or raises what it is given."""

    def init(self, outcome: Term) -> Term:
        return outcome() if callable(outcome) else outcome


@pytest.mark.parametrize("kind", [Producer, ProducerConsumer, Consumer])
def test_init_says_what_a_stage_is(kind: Term) -> None:
    stage = run(lambda: Stage.stats(Opening.start(lambda: kind("state"))))

    assert stage is not None
    assert stage.kind == {"Producer": "producer", "Consumer": "consumer"}.get(
        kind.__name__, "producer_consumer"
    )


@staged
def test_init_may_refuse_and_what_it_returns_is_checked() -> None:
    assert Opening.start(Ignore()) is None
    for outcome, reason in (
        (Stop("no"), "no"),
        ("junk", ("bad_return_value", "junk")),
        (None, ("bad_return_value", None)),
    ):
        with pytest.raises(StartError) as refused:
            Opening.start(outcome)
        assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Producer(0, demand="sometimes"), "demand: got 'sometimes'"),  # type: ignore[arg-type]
        (lambda: Producer(0, buffer_size=-1), "buffer_size: got -1"),
        (lambda: Producer(0, buffer_keep="both"), "buffer_keep: got 'both'"),  # type: ignore[arg-type]
        (lambda: Producer(0, dispatcher=BroadcastDispatcher), "dispatcher: got <class"),  # type: ignore[arg-type]
        (lambda: Producer(0, dispatcher=3), "dispatcher: got 3"),  # type: ignore[arg-type]
        (lambda: ProducerConsumer(0, "name"), "subscribe_to: got 'name'"),
        (lambda: Consumer(0, [3]), "to: got 3"),  # type: ignore[list-item]
    ],
)
def test_bad_options_of_init_end_the_start(make: Term, text: str) -> None:
    before = telemetry.set_reporter(None)
    try:
        with pytest.raises(StartError) as refused:
            run(lambda: Opening.start(make))
    finally:
        telemetry.set_reporter(before)

    reason = refused.value.reason
    assert isinstance(reason, Crash)
    assert text in str(reason.exception)


@staged
def test_a_name_that_is_taken_refuses_the_start() -> None:
    first = Numbers.start(self(), 0, name="numbers")
    with pytest.raises(StartError) as refused:
        Numbers.start(self(), 0, name="numbers")

    assert refused.value.reason == ("already_started", first)


@staged
def test_a_start_whose_producer_is_not_there_fails() -> None:
    with pytest.raises(StartError) as refused:
        Sink.start(self(), ["nobody has this name"])

    assert refused.value.reason == "noproc"


@staged
def test_both_sides_hear_of_a_subscription_and_of_its_end() -> None:
    producer = numbers(4)
    middle = Doubler.start(self(), [SubscribeTo(producer, cancel="temporary")])
    last = sink(SubscribeTo(middle, cancel="temporary"))
    messages = heard()
    assert told("p", "subscribed", messages) == ["consumer"]
    assert told("pc", "subscribed", messages) == ["producer", "consumer"]
    assert told("c", "subscribed", messages) == ["producer"]

    process.send_exit(last, "kill")
    assert told("pc", "cancelled") == [("down", "killed")]
    process.send_exit(middle, "kill")
    assert told("p", "cancelled") == [("down", "killed")]


@pytest.mark.parametrize("label", ["p", "pc"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [("manual", "bad_return_value"), ("junk", "bad_return_value"), ("stop", "no")],
)
def test_a_producer_cannot_choose_manual_demand(label: str, answer: str, reason: str) -> None:
    @staged
    def scene() -> None:
        producer = numbers(4) if label == "p" else Doubler.start(self())
        options: dict[str, Term] = {f"{label}_demand": answer, "cancel": "temporary"}
        sink(SubscribeTo(producer, **options))
        (why,) = told(label, "terminated")

        assert (why[0] if isinstance(why, tuple) else why) == reason

    scene()


@pytest.mark.parametrize("kind", [Sink, Doubler])
@pytest.mark.parametrize(("answer", "reason"), [("junk", "bad_return_value"), ("stop", "no")])
def test_a_bad_answer_to_a_subscription_ends_a_consumer(
    kind: Term, answer: str, reason: str
) -> None:
    @staged
    def scene() -> None:
        consumer = kind.start(self())
        options: dict[str, Term] = {f"{kind.label}_demand": answer}
        with pytest.raises(ServerExited) as failed:
            Stage.sync_subscribe(consumer, numbers(4), **options)
        why = failed.value.why

        assert (why[0] if isinstance(why, tuple) else why) == reason

    scene()


ENDS = [
    ("temporary", "normal", None),
    ("temporary", "killed", None),
    ("temporary", "why", None),
    ("transient", "normal", None),
    ("transient", "shutdown", None),
    ("transient", ("shutdown", "why"), None),
    ("transient", "killed", "killed"),
    ("transient", "why", "why"),
    ("permanent", "normal", "normal"),
    ("permanent", "shutdown", "shutdown"),
    ("permanent", "killed", "killed"),
    ("permanent", "why", "why"),
]


@pytest.mark.parametrize("kind", [Sink, Doubler])
@pytest.mark.parametrize("how", ["cancel", "down"])
@pytest.mark.parametrize(("cancel", "reason", "end"), ENDS)
def test_a_consumer_ends_with_its_subscription_as_its_mode_says(
    kind: Term, how: str, cancel: Term, reason: Term, end: Term
) -> None:
    @staged
    def scene() -> None:
        producer = numbers(0)
        consumer = kind.start(self())
        ref = Stage.sync_subscribe(consumer, producer, cancel=cancel)
        heard()
        if how == "cancel":
            send(producer, (TO_PRODUCER, (consumer, ref), ("cancel", reason)))
        elif reason == "killed":
            process.send_exit(producer, "kill")
        else:
            Stage.cast(producer, ("stop", reason))
        messages = heard()

        assert told(kind.label, "cancelled", messages) == [(how, reason)]
        assert process.is_alive(consumer) is (end is None)
        assert told(kind.label, "terminated", messages) == ([] if end is None else [end])

    scene()


@staged
def test_the_events_of_a_call_go_out_before_its_reply() -> None:
    producer = numbers(0)
    subscribe_by_hand(producer, ask=10)
    heard()
    Stage.call(producer, ("queue", [1, 2]))

    # The reply is here, so the events that went out before it are too.
    assert by_hand(heard(0)) == [[1, 2]]


@staged
def test_a_call_may_be_answered_before_its_events_go_out_or_later() -> None:
    producer = numbers(0)
    subscribe_by_hand(producer, ask=10)
    assert Stage.call(producer, ("early", [1])) == "early"
    assert by_hand(heard()) == [[1]]

    GenServer.send_request(producer, ("later", [2]))
    heard()
    assert Stage.call(producer, "answer") == "ok"


@staged
def test_a_call_may_end_the_stage_and_still_be_answered() -> None:
    producer = numbers(0)

    assert Stage.call(producer, ("stop", "shutdown")) == "stopped"
    assert told("p", "terminated") == ["shutdown"]


@pytest.mark.parametrize("junk", ["junk", Emit("abc"), Emit([], reply="who?"), Reply("who?")])
def test_a_callback_that_answers_with_none_of_its_outcomes_ends_the_stage(junk: Term) -> None:
    @staged
    def scene() -> None:
        producer = numbers(0)
        Stage.cast(producer, junk)

        assert end_of(producer) == ("bad_return_value", junk)

    scene()


@staged
def test_a_call_that_is_answered_with_junk_ends_the_stage() -> None:
    with pytest.raises(ServerExited) as failed:
        Stage.call(numbers(0), "junk")

    assert failed.value.why == ("bad_return_value", "junk")


@pytest.mark.parametrize("kind", [Numbers, Doubler, Sink])
def test_messages_that_are_no_stages_go_to_handle_info(kind: Term) -> None:
    @staged
    def scene() -> None:
        stage = kind.start(self())
        odd: list[Message] = [
            Down(Ref(), self(), "why"),
            (TO_PRODUCER, "odd", "odd"),
            (TO_CONSUMER, (self(), "odd"), []),
            (1, 2, 3),
            (),
        ]
        for message in odd:
            send(stage, message)

        assert told(kind.label, "info") == odd

    scene()


@staged
def test_terminate_is_called_at_the_end() -> None:
    for stage, label in ((numbers(0), "p"), (Doubler.start(self()), "pc"), (sink(), "c")):
        Stage.stop(stage, "shutdown")
        assert told(label, "terminated") == ["shutdown"]


@staged
def test_what_a_consumer_emits_is_dropped_and_it_goes_on() -> None:
    consumer = sink()
    send(consumer, ("queue", [1, 2]))
    Stage.sync_info(consumer, "still here")

    assert told("c", "info") == ["still here"]


@staged
def test_a_stage_can_be_looked_into() -> None:
    for stage, kind in (
        (numbers(0), "producer"),
        (Doubler.start(self()), "producer_consumer"),
        (sink(), "consumer"),
    ):
        status = debug.get_status(stage)
        assert (status.module, status.mode) == ("gen_stage", "running")
        assert Stage.stats(stage).kind == kind
    assert debug.get_state(numbers(0)) == 0
    assert debug.replace_state(numbers(0), abs) == 0


def test_a_failing_stage_shows_its_state_and_how_it_stands() -> None:
    seen: list[Term] = []

    class Failing(Numbers):
        def format_status(self, status: Term) -> Term:
            return {"state": (status["state"], status["stage"].kind)}

    def scene() -> None:
        process.trap_exit(True)
        producer = Failing.start(self(), 0)
        Stage.cast(producer, "junk")
        end_of(producer)

    before = telemetry.set_reporter(lambda event, level, fields: seen.append(fields.get("state")))
    try:
        run(scene)
    finally:
        telemetry.set_reporter(before)

    assert seen[0] == (0, "producer")


# -- the protocol by hand --------------------------------------------------------------------------


@staged
def test_a_subscription_that_is_there_already_is_refused() -> None:
    producer = numbers(4)
    ref = subscribe_by_hand(producer)
    send(producer, (TO_PRODUCER, (self(), ref), ("subscribe", None, {})))

    assert by_hand(heard()) == [("cancel", "duplicated_subscription")]
    assert Stage.stats(producer).consumers == (self(),)


@staged
def test_who_asks_without_a_subscription_is_told_so() -> None:
    send(numbers(4), (TO_PRODUCER, (self(), Ref()), ("ask", 3)))

    assert by_hand(heard()) == [("cancel", "unknown_subscription")]


@pytest.mark.parametrize("kind", [Sink, Doubler])
def test_who_sends_events_without_a_subscription_is_told_so(kind: Term) -> None:
    @staged
    def scene() -> None:
        consumer, ref = kind.start(self()), Ref()
        send(consumer, (TO_CONSUMER, (self(), ref), [1, 2]))

        assert (TO_PRODUCER, (consumer, ref), ("cancel", "unknown_subscription")) in heard()

    scene()


@staged
def test_what_is_meant_for_the_other_kind_of_stage_is_dropped() -> None:
    producer, consumer = numbers(4), sink()
    send(producer, (TO_CONSUMER, (self(), Ref()), [1]))
    send(consumer, (TO_PRODUCER, (self(), Ref()), ("ask", 1)))

    assert heard() == []
    assert process.is_alive(producer)
    assert process.is_alive(consumer)


@staged
def test_events_in_excess_of_the_demand_are_handled_all_the_same() -> None:
    consumer = Sink.start(self())
    Stage.sync_subscribe(consumer, self(), max_demand=2, min_demand=0)
    (_, (_, ref), _), *_ = [message for message in heard() if message[0] == TO_PRODUCER]
    send(consumer, (TO_CONSUMER, (self(), ref), [1, 2, 3]))
    messages = heard()

    assert told("c", "events", messages) == [[1, 2], [3]]
    assert [m[2] for m in messages if m[0] == TO_PRODUCER] == [("ask", 2)]


# -- as a server -----------------------------------------------------------------------------------


class Tally(Stage[int]):
    """A producer with a typed protocol of its own."""

    def init(self, start: int = 0) -> Producer[int]:
        return Producer(start)

    def handle_demand(self, demand: int, state: int) -> None:
        return None

    @call
    def put(self, state: int, event: str) -> Emit[int, int]:
        return Emit([event], state + 1, reply=state + 1)

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state)

    @call
    def later(self, state: int) -> NoReply[int]:
        return NoReply(then=Continue(self.caller))

    @cast
    def add(self, state: int, by: int) -> NoReply[int]:
        return NoReply(state + by)

    def handle_continue(self, term: Term, state: int) -> Emit[object, int]:
        Stage.reply(term, "continued")
        return Emit(["and emitted"])


@staged
def test_a_stage_has_calls_and_casts_with_types() -> None:
    tally = Tally.start(5)
    subscribe_by_hand(tally, ask=5)
    Tally.add(tally, 2)

    assert Tally.put(tally, "event") == 8
    assert Tally.value(tally) == 8
    assert Tally.later(tally) == "continued"
    assert by_hand(heard()) == [["event"], ["and emitted"]]


@staged
def test_stages_are_children_of_a_supervisor() -> None:
    top = Supervisor.start_link(
        [
            Numbers.child_spec(self(), 4, name="numbers", id="numbers"),
            Sink.child_spec(self(), ["numbers"], id="sink"),
        ],
        strategy="rest_for_one",
    )
    assert told("c", "events") == [[0, 1, 2, 3]]

    process.send_exit(process.whereis("numbers") or self(), "kill")
    assert told("c", "events") == [[0, 1, 2, 3]]
    assert Supervisor.count_children(top).active == 2


def test_class_keywords_say_how_a_stage_is_supervised() -> None:
    class Own(Numbers, restart="transient", shutdown=10.0, id="own"):
        pass

    spec = Own.child_spec(1)
    assert (spec["id"], spec["restart"], spec["shutdown"]) == ("own", "transient", 10.0)
    assert Numbers.child_spec(1)["id"] is Numbers


@staged
def test_a_stage_may_have_a_thread_of_its_own() -> None:
    producer = Numbers.start(self(), 10, host="thread")
    Sink.start(self(), [SubscribeTo(producer, max_demand=4, min_demand=0)], host="thread")

    assert told("c", "events") == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@staged
def test_a_stage_that_waits_in_a_callback_holds_up_nobody() -> None:
    class Slow(Sink):
        def handle_events(self, events: list[Term], peer: Subscription, state: None) -> None:
            sleep(1.0)
            super().handle_events(events, peer, state)

    Slow.start(self(), [SubscribeTo(numbers(4), max_demand=2, min_demand=0)], "slow")
    sink(numbers(4))
    assert told("c", "events") == [[0, 1, 2, 3]]
    assert told("slow", "events", heard(5.0)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("callback", ["init", "handle_demand", "handle_events", "handle_call"])
def test_a_callback_that_is_missing_is_named(callback: str) -> None:
    stage: Stage[Term] = Stage()
    arguments: dict[str, tuple[Term, ...]] = {
        "init": (),
        "handle_demand": (1, None),
        "handle_events": ([1], None, None),
        "handle_call": ("request", None, None),
    }

    with pytest.raises(NotImplementedError, match=f"Stage has no {callback}"):
        getattr(stage, callback)(*arguments[callback])


def test_what_waits_is_told() -> None:
    error = StageError("not_a_consumer")

    assert str(error) == "the stage refused: 'not_a_consumer'"
    assert isinstance(CallFailed, type)
    assert issubclass(Telling, Stage)
