"""Iterables as producers, and producers as iterators."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from actors import process
from actors.asyncio_bridge import as_process, hosted, iterate
from actors.errors import BadArgument, CallFailed, NoProcess, ServerExited, StartError
from actors.exits import Crash
from actors.messages import Down, Exited
from actors.outcomes import Emit
from actors.pid import Pid, Ref
from actors.process import receive, self, send, sleep, spawn
from actors.runtime import run
from actors.stage import (
    TO_CONSUMER,
    TO_PRODUCER,
    BroadcastDispatcher,
    Stage,
    SubscribeTo,
    Subscription,
    from_iterable,
    stream,
)
from tests.actors.stage.stages import Doubler, Term, end_of, heard, numbers, sink, staged, told


def transient(to: Term, **options: Term) -> SubscribeTo:
    return SubscribeTo(to, cancel="transient", **options)


# -- from_iterable ---------------------------------------------------------------------------------


@staged
def test_a_producer_of_an_iterable_ends_when_all_is_sent() -> None:
    producer = from_iterable(range(5), link=False)
    ref = process.monitor(producer)
    sink(SubscribeTo(producer, cancel="temporary", max_demand=2, min_demand=0))
    messages = heard()

    assert told("c", "events", messages) == [[0, 1], [2, 3], [4]]
    assert Down(ref, producer, "normal") in messages


@staged
def test_no_more_is_taken_from_an_iterable_than_is_asked_for() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    producer = from_iterable(source())
    ref = Ref()
    send(producer, (TO_PRODUCER, (self(), ref), ("subscribe", None, {})))
    send(producer, (TO_PRODUCER, (self(), ref), ("ask", 3)))
    heard()

    assert taken == [0, 1, 2]


@staged
def test_it_is_linked_unless_told_otherwise() -> None:
    process.send_exit(from_iterable("abc"), "kill")
    assert isinstance(receive(Exited, 1.0), Exited)
    process.send_exit(from_iterable("abc", link=False), "kill")

    assert not isinstance(receive(Exited, 1.0), Exited)


@staged
def test_it_may_have_a_name() -> None:
    producer = from_iterable("abc", name="letters")

    assert process.whereis("letters") is producer
    with pytest.raises(StartError):
        from_iterable("abc", name="letters")


@pytest.mark.parametrize(("on_cancel", "end"), [("stop", "normal"), ("continue", "still alive")])
def test_it_ends_or_stays_when_the_last_consumer_goes(on_cancel: Term, end: str) -> None:
    @staged
    def scene() -> None:
        producer = from_iterable(range(100), on_cancel=on_cancel)
        ref = process.monitor(producer)
        consumers = [
            sink(SubscribeTo(producer, c_demand="manual", cancel="temporary")) for _ in range(2)
        ]
        heard()
        Stage.stop(consumers[0])
        sleep(0.1)
        assert process.is_alive(producer)
        Stage.stop(consumers[1])

        down = receive(lambda message: getattr(message, "ref", None) is ref, 1.0)
        assert getattr(down, "reason", end) == end

    scene()


@staged
def test_it_has_a_dispatcher_and_may_hold_its_demand() -> None:
    producer = from_iterable(range(4), dispatcher=BroadcastDispatcher(), demand="accumulate")
    for label in ("one", "two"):
        sink(SubscribeTo(producer, cancel="temporary"), label=label)
    assert told("one", "events") == []

    Stage.demand(producer, "forward")
    messages = heard()
    assert told("one", "events", messages) == told("two", "events", messages) == [[0, 1, 2, 3]]


@staged
def test_what_an_iterable_raises_ends_its_producer() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise RuntimeError("broken")

    producer = from_iterable(broken())
    ref = process.monitor(producer)
    sink(SubscribeTo(producer, cancel="temporary"))
    down: Term = receive(lambda message: getattr(message, "ref", None) is ref)

    assert isinstance(down.reason, Crash)
    assert str(down.reason.exception) == "broken"


@staged
def test_an_iterable_may_wait_as_a_process_does() -> None:
    def slow() -> Iterator[int]:
        for number in range(3):
            sleep(1.0)
            yield number

    before = process.monotonic()

    assert list(stream([transient(from_iterable(slow()))])) == [0, 1, 2]
    assert process.monotonic() - before >= 3.0


@staged
def test_an_iterable_that_blocks_may_have_a_thread() -> None:
    assert list(stream([transient(from_iterable("abc", host="thread"))])) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        ((3,), {}, "iterable: got 3"),
        (("abc",), {"on_cancel": "what"}, "on_cancel: got 'what'"),
        (("abc",), {"demand": "what"}, "demand: got 'what'"),
        (("abc",), {"host": "what"}, "host: got 'what'"),
    ],
)
def test_what_is_none_is_refused(arguments: Term, options: Term, text: str) -> None:
    with pytest.raises(BadArgument, match=text):
        run(lambda: from_iterable(*arguments, **options))


class Letters:
    """An asynchronous iterable that says when it was closed."""

    def __init__(self, word: str, seconds: float = 0.0) -> None:
        self.word, self.seconds = word, seconds

    async def __aiter__(self) -> AsyncIterator[str]:
        try:
            for letter in self.word:
                await asyncio.sleep(self.seconds)
                yield letter
        finally:
            CLOSED.append(self.word)


CLOSED: list[str] = []


def test_the_elements_of_an_asynchronous_iterable_are_awaited_and_go_out_one_by_one() -> None:
    def main() -> list[Term]:
        sink(SubscribeTo(from_iterable(Letters("abc", 0.001)), cancel="temporary"))
        found: list[Term] = []
        while len(found) < 3:
            found += told("c", "events", heard(0.05))
        return found

    assert run(main) == [["a"], ["b"], ["c"]]


def test_an_asynchronous_iterable_ends_its_producer_and_is_closed_when_that_ends_before() -> None:
    def main() -> tuple[list[str], object]:
        producer = from_iterable(Letters("whole"), link=False)
        ref = process.monitor(producer)
        whole = list(stream([transient(producer)]))
        down: Term = receive(lambda message: getattr(message, "ref", None) is ref, 5.0)
        half = from_iterable(Letters("half"), link=False)
        with stream([SubscribeTo(half, max_demand=1)]) as events:
            next(events)
        Stage.stop(half)
        return whole, down.reason

    CLOSED.clear()
    assert run(main) == (list("whole"), "normal")
    assert CLOSED == ["whole", "half"]


def test_a_coroutine_iterates_over_stages() -> None:
    async def main() -> list[object]:
        async with hosted():
            producer = await as_process(from_iterable, range(5), link=False)
            return [event async for event in iterate(stream, [transient(producer)])]

    assert asyncio.run(main()) == [0, 1, 2, 3, 4]


def test_callbacks_of_a_stage_may_be_coroutines() -> None:
    class Doubling(Doubler):
        async def handle_events(  # type: ignore[override]
            self, events: list[Term], peer: Subscription, state: None
        ) -> Emit[object, None]:
            await asyncio.sleep(0)
            return Emit([2 * event for event in events])

    def main() -> list[Term]:
        middle = Doubling.start(self(), [SubscribeTo(from_iterable(range(3)), cancel="temporary")])
        with stream([middle]) as events:
            return [next(events) for _ in range(3)]

    assert run(main) == [0, 2, 4]


# -- stream ----------------------------------------------------------------------------------------


@staged
def test_a_stream_takes_a_few_of_many_and_leaves_no_mail() -> None:
    events = stream([from_iterable(range(10_000))])
    taken = [next(events) for _ in range(10)]
    events.close()

    assert taken == list(range(10))
    assert heard() == []


@staged
def test_a_stream_takes_many_with_little_demand() -> None:
    with stream([SubscribeTo(from_iterable(range(10_000)), max_demand=100)]) as events:
        assert [next(events) for _ in range(300)] == list(range(300))

    assert heard() == []


@staged
def test_no_more_is_asked_for_than_the_loop_takes() -> None:
    producer = numbers(1000)
    events = stream([SubscribeTo(producer, max_demand=4, min_demand=2)])
    assert [next(events) for _ in range(4)] == [0, 1, 2, 3]

    assert sum(told("p", "demand")) == 6
    assert next(events) == 4


@staged
def test_a_stream_leaves_other_mail_where_it_is() -> None:
    other = [(TO_CONSUMER, (self(), Ref()), [1, 2]), Down(Ref(), self(), "why")]
    for message in other:
        send(self(), message)
    with stream([transient(from_iterable("ab", link=False))]) as events:
        assert list(events) == ["a", "b"]

    assert heard() == other


@staged
def test_a_stream_has_several_producers() -> None:
    events = stream([transient(from_iterable(range(4))), transient(from_iterable("abcd"))])

    assert sorted(map(str, events)) == ["0", "1", "2", "3", "a", "b", "c", "d"]
    assert next(events, "over") == "over"


@pytest.mark.parametrize("cancel", ["permanent", "transient"])
def test_a_producer_that_is_not_there_is_an_error(cancel: Term) -> None:
    @staged
    def scene() -> None:
        with pytest.raises(NoProcess) as failed:
            stream([SubscribeTo("nobody has this name", cancel=cancel)])
        assert failed.value.reason[1][:2] == ("GenStage", "init_stream")

        dead = from_iterable("abc")
        Stage.stop(dead)
        with pytest.raises(CallFailed) as late:
            list(stream([SubscribeTo(dead, cancel=cancel)]))
        assert late.value.why == "noproc"
        assert late.value.reason[1][:2] == ("GenStage", "close_stream")

    scene()


@staged
def test_a_temporary_producer_that_is_not_there_gives_nothing() -> None:
    dead = from_iterable("abc")
    Stage.stop(dead)
    for producer in ("nobody has this name", dead):
        assert list(stream([SubscribeTo(producer, cancel="temporary")])) == []


def refusing(dies: bool) -> Pid:
    """Start a process that cancels whoever subscribes, and goes on or not."""

    def refuse() -> None:
        message: Term = receive()
        _, (pid, ref), _ = message
        send(pid, (TO_CONSUMER, (self(), ref), ("cancel", "refused")))
        if not dies:
            sleep(None)

    return spawn(refuse)


@pytest.mark.parametrize("dies", [True, False])
@pytest.mark.parametrize("cancel", ["permanent", "transient", "temporary"])
def test_a_producer_that_refuses_ends_the_stream_as_its_mode_says(cancel: Term, dies: bool) -> None:
    @staged
    def scene() -> None:
        events = stream([SubscribeTo(refusing(dies), cancel=cancel)])
        if cancel == "temporary":
            assert list(events) == []
            return
        with pytest.raises(ServerExited) as failed:
            list(events)
        assert failed.value.why == "refused"

    scene()


@staged
def test_all_that_came_before_the_end_of_a_producer_is_seen_before_it() -> None:
    events = stream([from_iterable(range(5))])
    seen = [next(events) for _ in range(5)]
    with pytest.raises(ServerExited) as failed:
        next(events)

    assert seen == [0, 1, 2, 3, 4]
    assert failed.value.why == "normal"


@staged
def test_a_producer_hears_of_a_stream_that_is_closed_and_lives_on() -> None:
    producer = numbers(100)
    with stream([producer]) as events:
        assert next(events) == 0

    assert told("p", "cancelled") == [("down", "normal")]
    assert process.is_alive(producer)


@staged
def test_a_producer_hears_of_a_stream_that_is_forgotten() -> None:
    producer = numbers(100)
    events = stream([producer])
    next(events)
    del events
    gc.collect()

    assert told("p", "cancelled") == [("down", "shutdown")]


@staged
def test_a_producer_hears_of_a_stream_whose_process_ends() -> None:
    producer, boss = numbers(100), self()

    def reader() -> None:
        send(boss, ("reader", "got", next(stream([producer]))))
        process.exit("enough")

    spawn(reader)
    messages = heard()

    assert told("reader", "got", messages) == [0]
    assert len(told("p", "cancelled", messages)) == 1


@staged
def test_demand_is_let_through_when_all_is_subscribed() -> None:
    source = from_iterable(range(3), demand="accumulate")
    middle = Doubler.start(self(), [transient(source)])
    heard()
    assert Stage.demand(source) == "accumulate"

    events = stream([SubscribeTo(middle, cancel="temporary")], producers=[source])
    assert [next(events) for _ in range(6)] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("subscriptions", "options", "text"),
    [
        ("name", {}, "subscribe_to: got 'name'"),
        ([3], {}, "to: got 3"),
        ([], {"demand": "what"}, "demand: got 'what'"),
    ],
)
def test_bad_options_of_a_stream_are_refused(subscriptions: Term, options: Term, text: str) -> None:
    with pytest.raises(BadArgument, match=text):
        run(lambda: stream(subscriptions, **options))


def test_a_stream_works_from_outside_too() -> None:
    producer = from_iterable(range(100))
    with stream([producer]) as events:
        assert [next(events) for _ in range(50)] == list(range(50))
    process.send_exit(producer, "kill")

    assert end_of(producer) in {"killed", "noproc"}
