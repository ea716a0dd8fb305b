"""The dispatchers as tables: what they send, what is left over, what demand they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import telemetry
from actors.errors import BadArgument
from actors.pid import Pid, Ref
from actors.stage.dispatchers import (
    AlreadySubscribed,
    BroadcastDispatcher,
    DemandDispatcher,
    Dispatcher,
    PartitionDispatcher,
)
from actors.stage.protocol import Subscription


class Outlet:
    """Keeps what a dispatcher sends."""

    def __init__(self) -> None:
        self.sent: list[tuple[object, ...]] = []

    def events(self, to: Subscription, events: list[object]) -> None:
        self.sent.append((to, events))

    def info(self, message: object) -> None:
        self.sent.append(("info", message))

    def ask_again(self, to: Subscription, count: int) -> None:
        self.sent.append(("ask", to, count))

    def taken(self) -> list[tuple[object, ...]]:
        sent, self.sent = self.sent, []
        return sent


def peer(serial: int = 1) -> Subscription:
    return Subscription(Pid(serial), Ref())


def opened(dispatcher: Dispatcher) -> Outlet:
    outlet = Outlet()
    dispatcher.open(outlet)
    return outlet


# -- demand ----------------------------------------------------------------------------------------


def test_demand_of_one_who_comes_and_goes_is_nothing() -> None:
    dispatcher, one = DemandDispatcher(), peer()
    opened(dispatcher)

    assert dispatcher.subscribe({}, one) == 0
    assert dispatcher.cancel(one) == 0


def test_demand_of_one_who_goes_stays_pending_and_is_not_asked_for_again() -> None:
    dispatcher, one, two = DemandDispatcher(), peer(), peer(2)
    opened(dispatcher)
    dispatcher.subscribe({}, one)

    assert dispatcher.ask(10, one) == 10
    assert dispatcher.cancel(one) == 0
    dispatcher.subscribe({}, two)
    assert dispatcher.ask(5, two) == 0
    assert dispatcher.ask(5, two) == 0
    assert dispatcher.ask(5, two) == 5


def test_a_process_may_subscribe_twice_and_cancel_one() -> None:
    dispatcher, one = DemandDispatcher(), peer()
    two = Subscription(one.pid, Ref())
    outlet = opened(dispatcher)
    for each in (one, two):
        dispatcher.subscribe({}, each)

    assert dispatcher.ask(4, one) == 4
    assert dispatcher.ask(4, two) == 4
    dispatcher.cancel(one)
    assert dispatcher.dispatch([1, 2, 3, 4, 5]) == [5]
    assert outlet.taken() == [(two, [1, 2, 3, 4])]


def test_events_go_out_up_to_the_demand_and_the_rest_comes_back() -> None:
    dispatcher, one = DemandDispatcher(), peer()
    outlet = opened(dispatcher)
    dispatcher.subscribe({}, one)
    dispatcher.ask(3, one)

    assert dispatcher.dispatch(["a"]) == []
    assert outlet.taken() == [(one, ["a"])]
    assert dispatcher.dispatch(["b", "c", "d"]) == ["d"]
    assert outlet.taken() == [(one, ["b", "c"])]
    assert dispatcher.dispatch(["e"]) == ["e"]
    assert outlet.taken() == []


def test_the_largest_demand_is_served_first_and_of_equal_ones_the_older() -> None:
    dispatcher = DemandDispatcher()
    one, two, three = peer(1), peer(2), peer(3)
    outlet = opened(dispatcher)
    for each, count in ((one, 4), (two, 2), (three, 3)):
        dispatcher.subscribe({}, each)
        assert dispatcher.ask(count, each) == count

    assert dispatcher.dispatch([1]) == []
    assert outlet.taken() == [(one, [1])]
    assert dispatcher.dispatch([2, 3, 4, 5]) == []
    assert outlet.taken() == [(three, [2, 3, 4]), (one, [5])]
    assert dispatcher.dispatch([6, 7, 8, 9, 10]) == [10]
    assert outlet.taken() == [(two, [6, 7]), (one, [8, 9])]


def test_a_demand_that_differs_is_reported() -> None:
    dispatcher, one, two = DemandDispatcher(), peer(), peer(2)
    opened(dispatcher)
    seen: list[object] = []
    before = telemetry.set_reporter(lambda event, level, fields: seen.append((event, fields)))
    try:
        for each, count in ((one, 4), (two, 40)):
            dispatcher.subscribe({}, each)
            dispatcher.ask(count, each)
    finally:
        telemetry.set_reporter(before)

    told = {"pid": two.pid, "demand": 40, "max_demand": 4}
    assert seen == [(("actors", "stage", "greedy"), told)]


@pytest.mark.parametrize("dispatcher", [DemandDispatcher(), BroadcastDispatcher()])
def test_an_info_is_let_through_at_once(dispatcher: Dispatcher) -> None:
    outlet = opened(dispatcher)
    dispatcher.info("word")

    assert outlet.taken() == [("info", "word")]


# -- broadcast -------------------------------------------------------------------------------------


def test_broadcast_to_one_who_comes_asks_and_goes() -> None:
    dispatcher, one = BroadcastDispatcher(), peer()
    opened(dispatcher)

    assert dispatcher.subscribe({}, one) == 0
    assert dispatcher.ask(10, one) == 10
    assert dispatcher.cancel(one) == 0
    assert dispatcher.dispatch([1]) == [1]


def test_what_was_asked_for_by_one_who_went_serves_the_next() -> None:
    dispatcher, one, two = BroadcastDispatcher(), peer(), peer(2)
    outlet = opened(dispatcher)
    dispatcher.subscribe({}, one)
    assert dispatcher.ask(5, one) == 5
    dispatcher.cancel(one)
    dispatcher.subscribe({}, two)

    assert dispatcher.ask(7, two) == 2
    assert dispatcher.dispatch([1, 2]) == []
    assert outlet.taken() == [(two, [1, 2])]


def test_one_who_comes_and_asks_nothing_holds_up_the_others() -> None:
    dispatcher, one, two = BroadcastDispatcher(), peer(), peer(2)
    outlet = opened(dispatcher)
    dispatcher.subscribe({}, one)
    assert dispatcher.ask(5, one) == 5
    dispatcher.subscribe({}, two)

    assert dispatcher.dispatch([1, 2, 3]) == [1, 2, 3]
    assert dispatcher.ask(10, one) == 0
    assert outlet.taken() == []
    assert dispatcher.cancel(two) == 10
    assert dispatcher.dispatch([1]) == []
    assert outlet.taken() == [(one, [1])]


def test_all_get_what_all_have_asked_for_and_the_rest_comes_back() -> None:
    dispatcher, one, two = BroadcastDispatcher(), peer(), peer(2)
    outlet = opened(dispatcher)
    for each in (one, two):
        dispatcher.subscribe({}, each)

    assert dispatcher.ask(3, one) == 0
    assert dispatcher.ask(2, two) == 2
    assert dispatcher.dispatch(["a", "b", "c"]) == ["c"]
    assert sorted(outlet.taken(), key=lambda sent: sent[0] is two) == [
        (one, ["a", "b"]),
        (two, ["a", "b"]),
    ]
    # One has one left; two asks for four.
    assert dispatcher.ask(4, two) == 1
    assert dispatcher.ask(2, one) == 2


def test_what_a_selector_does_not_want_is_asked_for_again() -> None:
    dispatcher, one, two = BroadcastDispatcher(), peer(), peer(2)
    outlet = opened(dispatcher)
    dispatcher.subscribe({"selector": lambda event: event > 2}, one)
    dispatcher.subscribe({}, two)
    for each in (one, two):
        dispatcher.ask(4, each)

    assert dispatcher.dispatch([1, 2, 3]) == []
    assert outlet.taken() == [(two, [1, 2, 3]), ("ask", one, 2), (one, [3])]
    assert dispatcher.dispatch([0]) == []
    assert outlet.taken() == [(two, [0]), ("ask", one, 1)]


def test_the_lists_of_two_consumers_are_two() -> None:
    dispatcher, one, two = BroadcastDispatcher(), peer(), peer(2)
    outlet = opened(dispatcher)
    for each in (one, two):
        dispatcher.subscribe({}, each)
        dispatcher.ask(1, each)
    dispatcher.dispatch([1])
    (_, first), (_, second) = outlet.taken()

    assert first == second
    assert first is not second


def test_a_process_that_subscribes_to_a_broadcast_twice_is_refused() -> None:
    dispatcher, one = BroadcastDispatcher(), peer()
    opened(dispatcher)
    dispatcher.subscribe({}, one)

    with pytest.raises(AlreadySubscribed):
        dispatcher.subscribe({}, Subscription(one.pid, Ref()))
    dispatcher.cancel(one)
    dispatcher.subscribe({}, Subscription(one.pid, Ref()))


def test_a_selector_that_is_no_function_is_refused() -> None:
    with pytest.raises(BadArgument, match="selector: got 3"):
        BroadcastDispatcher().subscribe({"selector": 3}, peer())


# -- partitions ------------------------------------------------------------------------------------


def by_key(event: object) -> tuple[object, Hashable] | None:
    """Partition by the first letter; what begins with an x is nobody's."""
    assert isinstance(event, str)
    return None if event.startswith("x") else (event.upper(), event[0])


def lettered() -> tuple[PartitionDispatcher, Outlet]:
    dispatcher = PartitionDispatcher(["a", "b"], hash=by_key)
    return dispatcher, opened(dispatcher)


def test_a_partition_that_asks_and_goes_leaves_its_demand() -> None:
    dispatcher, one, two = PartitionDispatcher(2), peer(), peer(2)
    opened(dispatcher)

    assert dispatcher.subscribe({"partition": 0}, one) == 0
    assert dispatcher.ask(10, one) == 10
    assert dispatcher.cancel(one) == 0
    dispatcher.subscribe({"partition": 0}, two)
    assert dispatcher.ask(12, two) == 2


def test_events_go_to_their_partition() -> None:
    dispatcher, one = PartitionDispatcher(1), peer()
    outlet = opened(dispatcher)
    dispatcher.subscribe({"partition": 0}, one)
    dispatcher.ask(3, one)

    assert dispatcher.dispatch([1, 2, 3, 4]) == [4]
    assert outlet.taken() == [(one, [1, 2, 3])]


def test_partitions_have_names_and_the_hash_may_change_or_drop_an_event() -> None:
    dispatcher, outlet = lettered()
    one, two = peer(), peer(2)
    dispatcher.subscribe({"partition": "a"}, one)
    dispatcher.subscribe({"partition": "b"}, two)
    dispatcher.ask(2, one)
    dispatcher.ask(2, two)

    assert dispatcher.dispatch(["a1", "x", "b1", "a2"]) == []
    assert outlet.taken() == [(one, ["A1", "A2"]), (two, ["B1"])]


def test_events_are_held_for_a_partition_without_a_consumer_or_demand() -> None:
    dispatcher, outlet = lettered()
    one, two = peer(), peer(2)
    dispatcher.subscribe({"partition": "a"}, one)
    assert dispatcher.ask(4, one) == 4
    assert dispatcher.dispatch(["b1", "a1", "b2"]) == []
    assert outlet.taken() == [(one, ["A1"])]

    dispatcher.subscribe({"partition": "b"}, two)
    assert dispatcher.ask(1, two) == 1
    assert outlet.taken() == [(two, ["B1"])]
    assert dispatcher.ask(5, two) == 5
    assert outlet.taken() == [(two, ["B2"])]
    assert dispatcher.dispatch(["b3"]) == []
    assert outlet.taken() == [(two, ["B3"])]


def test_what_was_held_for_one_who_goes_is_asked_for_anew_and_infos_are_not() -> None:
    dispatcher, outlet = lettered()
    one = peer()
    dispatcher.subscribe({"partition": "a"}, one)
    dispatcher.ask(1, one)
    dispatcher.subscribe({"partition": "b"}, two := peer(2))
    dispatcher.ask(3, two)
    dispatcher.dispatch(["a1", "a2", "a3"])
    dispatcher.info("word")
    assert outlet.taken() == [(one, ["A1"])]

    assert dispatcher.cancel(one) == 2
    assert outlet.taken() == [("info", "word")]


def test_an_info_waits_behind_what_is_held_in_every_partition() -> None:
    dispatcher, outlet = lettered()
    one, two = peer(), peer(2)
    for each, name in ((one, "a"), (two, "b")):
        dispatcher.subscribe({"partition": name}, each)
        dispatcher.ask(1, each)
    dispatcher.info("first")
    assert outlet.taken() == [("info", "first")]

    dispatcher.ask(1, one)
    dispatcher.dispatch(["b1", "b2", "a1"])
    outlet.taken()
    dispatcher.info("second")
    assert outlet.taken() == []
    dispatcher.ask(2, two)
    assert outlet.taken() == [(two, ["B2"]), ("info", "second")]


def test_an_info_does_not_wait_for_partitions_that_hold_nothing() -> None:
    dispatcher, outlet = lettered()
    dispatcher.info("word")

    assert outlet.taken() == [("info", "word")]


def test_an_event_of_no_partition_is_an_error() -> None:
    dispatcher = PartitionDispatcher(["a"], hash=lambda event: (event, "nowhere"))
    opened(dispatcher)
    dispatcher.subscribe({"partition": "a"}, one := peer())
    dispatcher.ask(1, one)

    with pytest.raises(BadArgument, match="partition of an event: got 'nowhere'"):
        dispatcher.dispatch(["event"])


def test_an_answer_of_the_hash_that_is_none_is_an_error() -> None:
    dispatcher = PartitionDispatcher(["a"], hash=lambda event: "a")  # type: ignore[arg-type, return-value]
    opened(dispatcher)
    dispatcher.subscribe({"partition": "a"}, one := peer())
    dispatcher.ask(1, one)

    with pytest.raises(BadArgument, match="answer of hash: got 'a'"):
        dispatcher.dispatch(["event"])


@pytest.mark.parametrize(
    ("partitions", "hash", "text"),
    [
        (0, None, "partitions: got 0"),
        (True, None, "partitions: got True"),
        (None, None, "partitions: got None"),
        (["a"], None, "hash: got None"),
        (2, "no function", "hash: got 'no function'"),
    ],
)
def test_bad_partitions_are_refused(partitions: object, hash: object, text: str) -> None:
    with pytest.raises(BadArgument, match=text):
        PartitionDispatcher(partitions, hash=hash)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{}, {"partition": "c"}, {"partition": []}])
def test_a_bad_partition_of_a_subscriber_is_refused(options: dict[str, object]) -> None:
    dispatcher, _ = lettered()

    with pytest.raises(BadArgument, match="partition: got"):
        dispatcher.subscribe(options, peer())


def test_a_partition_that_is_taken_is_refused() -> None:
    dispatcher, _ = lettered()
    dispatcher.subscribe({"partition": "a"}, peer())

    with pytest.raises(BadArgument, match="without a consumer"):
        dispatcher.subscribe({"partition": "a"}, peer(2))


def test_by_default_equal_events_go_to_one_partition_and_others_are_spread() -> None:
    dispatcher = PartitionDispatcher(4)
    outlet = opened(dispatcher)
    peers = {number: peer(number + 1) for number in range(4)}
    for number, each in peers.items():
        dispatcher.subscribe({"partition": number}, each)
        dispatcher.ask(1000, each)
    dispatcher.dispatch([f"key {number % 100}" for number in range(400)])
    homes = {to: set(events) for to, events in outlet.taken() if isinstance(events, list)}

    assert len(homes) == 4
    assert sum(map(len, homes.values())) == 100


def test_an_event_without_a_value_of_its_own_needs_a_hash() -> None:
    dispatcher = PartitionDispatcher(2)
    opened(dispatcher)
    dispatcher.subscribe({"partition": 0}, one := peer())
    dispatcher.ask(1, one)

    with pytest.raises(BadArgument, match="give a hash"):
        dispatcher.dispatch([object()])


# -- laws ------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["come", "go", "ask", "dispatch"]), st.integers(0, 3), st.integers(1, 5)
    )
)


@given(STEPS, st.sampled_from([DemandDispatcher, BroadcastDispatcher, PartitionDispatcher]))
def test_nobody_gets_more_than_was_asked_for_and_nothing_vanishes(
    steps: list[tuple[str, int, int]], kind: type
) -> None:
    dispatcher: Dispatcher = kind(4) if kind is PartitionDispatcher else kind()
    outlet = opened(dispatcher)
    present: dict[int, Subscription] = {}
    asked: Counter[Subscription] = Counter()
    owed = number = 0
    for what, who, count in steps:
        one = present.get(who)
        if what == "come" and one is None:
            present[who] = peer(who + 1)
            owed += dispatcher.subscribe({"partition": who}, present[who])
        elif what == "go" and one is not None:
            owed += dispatcher.cancel(present.pop(who))
        elif what == "ask" and one is not None:
            asked[one] += count
            owed += dispatcher.ask(count, one)
        elif what == "dispatch":
            events: list[object] = list(range(number, number + min(count, owed)))
            number += len(events)
            left = dispatcher.dispatch(events)
            assert left == events[len(events) - len(left) :]
            owed -= len(events) - len(left)
        for to, sent in outlet.taken():
            assert isinstance(to, Subscription)
            assert isinstance(sent, list)
            asked[to] -= len(sent)
            assert asked[to] >= 0
        assert owed >= 0
