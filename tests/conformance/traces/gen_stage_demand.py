"""GenStage: batches, demand, buffer, the raw protocol, and options."""

from __future__ import annotations

from collections.abc import Callable

from actors import process
from actors.errors import BadArgument
from actors.messages import Message
from actors.outcomes import Emit, Reply
from actors.pid import Pid, Ref
from actors.stage import (
    TO_CONSUMER,
    TO_PRODUCER,
    Consumer,
    Producer,
    Stage,
    StageError,
    Subscription,
)
from tests.conformance.support import Term, Text, flush, kill, name, ok, out, started, tell


class P(Stage[Term]):
    """Emits as many numbers as it is asked for, and tells; `"quiet"` emits nothing of its own."""

    def init(self, n: Term, opts: dict[str, Term]) -> Producer[Term]:
        return Producer(n, **opts)

    def handle_demand(self, demand: int, n: Term) -> object:
        tell(("demand", demand))
        if n == "quiet":
            return None
        return Emit(list(range(n, n + demand)), n + demand)

    def handle_call(self, request: Message, caller: object, n: Term) -> object:
        match request:
            case ("queue", list() as events):
                return Emit(events, reply="ok")
            case _:
                return Reply("unknown")

    def handle_cancel(self, reason: object, peer: Subscription, n: Term) -> None:
        tell(("producer_cancelled", reason))


class C(Stage[Term]):
    """Stops taking part after `most` events by sleeping for ever."""

    def init(self, label: str, most: int) -> Consumer[Term]:
        self.left = most
        return Consumer(label)

    def handle_events(self, events: list[Term], peer: Subscription, label: Term) -> None:
        tell((label, ("batch", events[0], events[-1]) if len(events) > 4 else events))
        self.left -= len(events)
        if self.left <= 0:
            process.sleep(None)

    def handle_cancel(self, reason: object, peer: Subscription, label: Term) -> None:
        tell((label, "cancelled", reason))


def producer(n: Term = 0, **opts: Term) -> Pid:
    return name(started(P.start(n, opts)), "producer")


def consumer(most: int = 1_000_000) -> Pid:
    return name(started(C.start("c", most)), "c")


def by(label: str) -> None:
    """Show what has come, grouped by process: the order between two of them is no promise."""
    messages = flush()
    if not messages:
        out(label, "nothing")
    for message in sorted(messages, key=lambda each: str(each[0])):
        out(label, message)


def bye(*pids: Pid) -> None:
    for pid in pids:
        kill(pid)
    flush(0.03)


def main() -> None:
    batches()
    buffered()
    for keep in ("first", "last"):
        overflow(keep)
    accumulated()
    raw_protocol()
    options()


def batches() -> None:
    for label, most, demand in (
        ("10/5", 20, {"max_demand": 10, "min_demand": 5}),
        ("4/0", 12, {"max_demand": 4, "min_demand": 0}),
        ("4/3", 9, {"max_demand": 4, "min_demand": 3}),
        ("default", 1, {}),
    ):
        p, c = producer(), consumer(most)
        Stage.sync_subscribe(c, p, **demand)
        by(label)
        bye(c, p)


def buffered() -> None:
    p = producer("quiet")
    Stage.call(p, ("queue", [1, 2, 3]))
    out("buffered", Stage.estimate_buffered_count(p))
    c = consumer()
    Stage.sync_subscribe(c, p, max_demand=5, min_demand=0)
    by("buffer first, the rest as demand")
    Stage.call(p, ("queue", [4, 5, 6, 7]))
    by("two fit the demand, two wait until more is asked")
    bye(c, p)


def overflow(keep: str) -> None:
    p = producer("quiet", buffer_size=3, buffer_keep=keep)
    Stage.call(p, ("queue", [1, 2]))
    Stage.call(p, ("queue", [3, 4, 5]))
    c = consumer()
    Stage.sync_subscribe(c, p, max_demand=10, min_demand=0)
    by(f"overflow keeps {keep}")
    bye(c, p)


def accumulated() -> None:
    p, c = producer(demand="accumulate"), consumer(4)
    Stage.sync_subscribe(c, p, max_demand=4, min_demand=0)
    by("accumulate")
    Stage.demand(p, "forward")
    by("forward")
    bye(c, p)


def raw_protocol() -> None:
    p, ref, me = producer(), Ref(), process.self()
    process.send(p, (TO_PRODUCER, (me, ref), ("subscribe", None, {})))
    process.send(p, (TO_PRODUCER, (me, ref), ("ask", 3)))
    process.send(p, (TO_PRODUCER, (me, ref), ("ask", 2)))
    show("protocol", lambda what: ("events", what), ref)
    process.send(p, (TO_PRODUCER, (me, ref), ("subscribe", None, {})))
    process.send(p, (TO_PRODUCER, (me, Ref()), ("ask", 1)))
    show("protocol errors", lambda what: what)
    process.send(p, (TO_PRODUCER, (me, ref), ("cancel", "enough")))
    show("cancel", lambda what: ("to_consumer", what), ref)
    bye(p)


def show(label: str, shown: Callable[[Term], Term], ref: Ref | None = None) -> None:
    for message in flush():
        match message:
            case (tag, (_, of), what) if tag == TO_CONSUMER and ref in {None, of}:
                out(label, shown(what))
            case other:
                out(label, other)


def options() -> None:
    p, c = producer("quiet"), consumer()
    out("max_demand 0", subscribed(c, p, max_demand=0))
    out("min above max", subscribed(c, p, max_demand=5, min_demand=5))
    out("subscribe a producer", subscribed(p, p))


def subscribed(stage: Pid, to: Pid, **wanted: int) -> object:
    """Return what `sync_subscribe` returns in OTP, which words a bad option in its own way."""
    try:
        return ok(Stage.sync_subscribe, stage, to, **wanted)
    except StageError as error:
        return ("error", error.reason)
    except BadArgument as error:
        accepted = error.accepted.removeprefix("a whole number ")
        text = f"expected :{error.what} to be {accepted}, got: {error.got}"
        return ("error", ("bad_opts", Text(text)))
