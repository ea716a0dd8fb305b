"""GenStage: the three dispatchers, back pressure through a producer-consumer, cancel modes and reasons."""

from __future__ import annotations

from actors import process
from actors.messages import Message
from actors.outcomes import Emit, Reply, Stop
from actors.pid import Pid
from actors.stage import (
    Automatic,
    BroadcastDispatcher,
    Consumer,
    Manual,
    PartitionDispatcher,
    Producer,
    ProducerConsumer,
    Stage,
    Subscription,
)
from tests.conformance.support import Term, down, flush, kill, name, out, started, tell


class P(Stage[Term]):
    """Emits what it is told to, and tells of demand."""

    def init(self, opts: dict[str, Term]) -> Producer[Term]:
        return Producer("quiet", **opts)

    def handle_demand(self, demand: int, state: Term) -> None:
        tell(("demand", demand))

    def handle_call(self, request: Message, caller: object, state: Term) -> object:
        match request:
            case ("emit", list() as events):
                return Emit(events, reply="ok")
            case ("stop", reason):
                return Stop(reason, reply="ok")
            case _:
                return Reply("unknown")


class D(Stage[Term]):
    """Emits each event twice."""

    def init(self) -> ProducerConsumer[Term]:
        return ProducerConsumer(None)

    def handle_events(self, events: list[Term], peer: Subscription, state: Term) -> object:
        tell(("doubler", events))
        return Emit([each for event in events for each in (event, event)])

    def handle_cancel(self, reason: object, peer: Subscription, state: Term) -> None:
        tell(("doubler", "cancelled", reason))


class C(Stage[Term]):
    """Asks when it is told to, or by itself."""

    def init(self, label: str) -> Consumer[Term]:
        return Consumer(label)

    def handle_subscribe(
        self, kind: str, options: Term, peer: Subscription, label: Term
    ) -> Manual[Term] | Automatic[Term]:
        self.peer = peer
        return Manual() if options.get("mode") == "manual" else Automatic()

    def handle_call(self, request: Message, caller: object, label: Term) -> object:
        match request:
            case ("ask", int(count)):
                Stage.ask(self.peer, count)
        return Reply("ok")

    def handle_events(self, events: list[Term], peer: Subscription, label: Term) -> None:
        tell((label, events))

    def handle_cancel(self, reason: object, peer: Subscription, label: Term) -> None:
        tell((label, "cancelled", reason))


def producer(**opts: Term) -> Pid:
    return name(started(P.start(opts)), "producer")


def consumer(label: str) -> Pid:
    return name(started(C.start(label)), label)


def emit(p: Pid, *events: Term) -> None:
    Stage.call(p, ("emit", list(events)))


def ask(c: Pid, count: int) -> None:
    Stage.call(c, ("ask", count))


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
    by_demand()
    by_broadcast()
    by_partition()
    back_pressure()
    for mode in ("temporary", "transient", "permanent"):
        for reason in ("normal", "shutdown", ("shutdown", "x"), "boom"):
            cancel_mode(mode, reason)


def by_demand() -> None:
    p, a, b = producer(), consumer("a"), consumer("b")
    Stage.sync_subscribe(a, p, max_demand=3, mode="manual")
    Stage.sync_subscribe(b, p, max_demand=5, mode="manual")
    ask(a, 3)
    ask(b, 5)
    by("demand")
    emit(p, 1, 2)
    by("two for the neediest")
    emit(p, *range(3, 10))
    by("seven for six that are asked for")
    out("buffered", Stage.estimate_buffered_count(p))
    ask(a, 1)
    by("one more is asked for")
    kill(b)
    ask(a, 4)
    by("demand of the dead is used first")
    bye(a, p)


def by_broadcast() -> None:
    p, a, b = producer(dispatcher=BroadcastDispatcher()), consumer("a"), consumer("b")
    Stage.sync_subscribe(a, p, mode="manual")
    Stage.sync_subscribe(b, p, mode="manual", selector=is_even)
    ask(a, 4)
    by("one of two has asked")
    ask(b, 2)
    by("both have asked")
    emit(p, 1, 2, 4)
    by("two of three for both, then the third")
    out("buffered", Stage.estimate_buffered_count(p))
    ask(a, 1)
    by("a asks for one more")
    ask(b, 1)
    by("b does too")
    kill(b)
    by("the slow one is gone")
    Stage.sync_subscribe(a, p, mode="manual")
    by("the same process again")
    bye(a, p)


def is_even(number: Term) -> bool:
    return bool(number % 2 == 0)


def by_parity(number: Term) -> tuple[Term, str] | None:
    return None if number == 0 else (number, "even" if number % 2 == 0 else "odd")


def by_partition() -> None:
    p = producer(dispatcher=PartitionDispatcher(["even", "odd"], hash=by_parity))
    a = consumer("a")
    Stage.sync_subscribe(a, p, mode="manual", partition="even")
    ask(a, 5)
    by("even asks")
    emit(p, 0, 1, 2, 3, 4)
    by("odd ones are held")
    b = consumer("b")
    Stage.sync_subscribe(b, p, mode="manual", partition="odd")
    ask(b, 1)
    by("odd asks for one")
    ask(b, 3)
    by("odd asks for three")
    bye(a, b, p)


def back_pressure() -> None:
    p, d, c = producer(), name(started(D.start()), "doubler"), consumer("c")
    Stage.sync_subscribe(d, p, max_demand=4, min_demand=2, cancel="temporary")
    by("the doubler asks at once")
    emit(p, 1, 2, 3, 4)
    by("nobody asks the doubler")
    ref = Stage.sync_subscribe(c, d, max_demand=2, min_demand=0, mode="manual")
    ask(c, 1)
    by("one is asked for")
    ask(c, 6)
    by("six more are asked for")
    emit(p, 5)
    Stage.call(p, ("stop", "normal"))
    by("the producer is gone")
    ask(c, 2)
    by("what it sent comes before its end")
    Stage.cancel(Subscription(d, ref), "enough")
    by("cancelled")
    bye(c, d)


def cancel_mode(mode: Term, reason: Term) -> None:
    p, c = producer(), consumer("c")
    Stage.sync_subscribe(c, p, cancel=mode)
    flush(0.02)
    Stage.call(p, ("stop", reason))
    seen = [message[2] for message in flush() if len(message) == 3]
    state = "alive" if process.is_alive(c) else (down(c) and "ended")
    out(mode, (reason, seen, state))
    bye(c)
