"""Small stages that tell their test what they see, and the way to run a test of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from actors import process, telemetry
from actors.messages import Message, TimedOut
from actors.outcomes import Emit, NoReply, Reply, Stop
from actors.pid import Pid, Ref
from actors.process import receive, self, send, sleep
from actors.stage import (
    TO_CONSUMER,
    TO_PRODUCER,
    Automatic,
    Consumer,
    Manual,
    Producer,
    ProducerConsumer,
    Stage,
    Subscription,
)
from tests.actors.schedules import played

T = TypeVar("T")
Term: TypeAlias = Any
"""What a test knows the type of and the checker does not."""

SEEDS = 20
"""How many orders drawn by lot a test is run in, beside the plain one; races have 200, in `interleavings`."""


def staged(test: Callable[[], None]) -> Callable[[], None]:
    """Run a test as the first process, trapping exits, on the virtual clock, in several orders."""

    @wraps(test)
    def run() -> None:
        before = telemetry.set_reporter(None)
        try:
            for seed in (None, *range(SEEDS)):
                played(test, seed)
        finally:
            telemetry.set_reporter(before)

    return run


class Telling(Stage[Term]):
    """What all of them do: tell the boss what happens to their subscriptions and to them."""

    boss: Pid
    label: str
    peer: Subscription

    def tell(self, *what: object) -> None:
        send(self.boss, (self.label, *what))

    def handle_subscribe(self, kind: str, options: Term, peer: Subscription, state: Term) -> object:
        self.tell("subscribed", kind)
        match options.get(f"{self.label}_demand"):
            case "manual":
                return Manual()
            case "junk":
                return "junk"
            case "stop":
                return Stop("no")
            case _:
                return Automatic()

    def handle_cancel(self, reason: object, peer: Subscription, state: object) -> object:
        self.tell("cancelled", reason)
        return None

    def handle_info(self, message: Message, state: object) -> object:
        match message:
            case ("queue", list() as events):
                return Emit(events)
            case _:
                self.tell("info", message)
                return None

    def handle_cast(self, request: Message, state: object) -> object:
        match request:
            case ("queue", list() as events):
                return Emit(events)
            case ("stop", reason):
                return Stop(reason)
            case _:
                return request

    def handle_call(self, request: Message, caller: Term, state: object) -> object:
        match request:
            case ("queue", list() as events):
                return Emit(events, reply=state)
            case ("early", list() as events):
                Stage.reply(caller, "early")
                return Emit(events)
            case ("later", list() as events):
                self.later = caller
                return Emit(events)
            case "answer":
                Stage.reply(self.later, "at last")
                return Reply("ok")
            case ("stop", reason):
                return Stop(reason, reply="stopped")
            case ("ask", count):
                Stage.ask(self.peer, int(str(count)))
                return Reply("ok")
            case _:
                return request

    def terminate(self, reason: object, state: object) -> None:
        self.tell("terminated", reason)


class Numbers(Telling):
    """Emits numbers from 0, as many as it is asked for, up to a limit; tells of demand."""

    label = "p"

    def init(self, boss: Pid, most: int = 0, **options: Term) -> Producer[int]:
        self.boss, self.most = boss, most
        return Producer(0, **options)

    def handle_demand(self, demand: int, state: int) -> Emit[object, int]:
        self.tell("demand", demand)
        end = min(state + demand, self.most)
        return Emit(range(state, end), end)


class Doubler(Telling):
    """Emits each event twice; tells what it gets."""

    label = "pc"

    def init(self, boss: Pid, to: Sequence[Term] = (), **options: Term) -> ProducerConsumer[None]:
        self.boss = boss
        return ProducerConsumer(None, to, **options)

    def handle_events(
        self, events: list[Term], peer: Subscription, state: None
    ) -> Emit[object, None]:
        self.tell("events", events)
        return Emit([each for event in events for each in (event, event)])


class Discarder(Doubler):
    """Emits nothing."""

    def handle_events(self, events: list[Term], peer: Subscription, state: None) -> Term:
        self.tell("events", events)
        return NoReply()


class Postponer(Doubler):
    """Emits its events a message later."""

    def handle_events(self, events: list[Term], peer: Subscription, state: None) -> Term:
        self.tell("events", events)
        send(process.self(), ("queue", events))


class Sink(Telling):
    """Tells what it gets; after `most` events it sleeps for ever."""

    label = "c"

    def init(
        self, boss: Pid, to: Sequence[Term] = (), label: str = "c", most: int | None = None
    ) -> Consumer[None]:
        self.boss, self.label, self.left = boss, label, most
        return Consumer(None, to)

    def handle_subscribe(self, kind: str, options: Term, peer: Subscription, state: None) -> object:
        self.peer = peer
        return super().handle_subscribe(kind, options, peer, state)

    def handle_events(self, events: list[Term], peer: Subscription, state: None) -> None:
        self.tell("events", events)
        if self.left is not None:
            self.left -= len(events)
            if self.left <= 0:
                sleep(None)


def numbers(most: int = 0, **options: Term) -> Pid:
    return Numbers.start(self(), most, **options)


def sink(*to: Term, **options: Term) -> Pid:
    return Sink.start(self(), to, **options)


def heard(seconds: float = 0.1) -> list[Term]:
    """Let things settle, and take all that was told."""
    sleep(seconds)
    found = []
    while (message := receive(timeout=0)) != TimedOut():
        found.append(message)
    return found


def told(label: str, what: str, messages: list[Term] | None = None) -> list[Term]:
    """Return what one stage has told of one thing, in order."""
    messages = heard() if messages is None else messages
    return [
        rest[0]
        for message in messages
        if isinstance(message, tuple) and message[:2] == (label, what)
        for rest in [message[2:]]
    ]


def subscribe_by_hand(producer: Pid, ask: int = 0, **options: object) -> Ref:
    """Take part in the protocol with messages of one's own."""
    ref = Ref()
    send(producer, (TO_PRODUCER, (self(), ref), ("subscribe", None, options)))
    if ask:
        send(producer, (TO_PRODUCER, (self(), ref), ("ask", ask)))
    return ref


def by_hand(messages: list[Term]) -> list[Term]:
    """Return what producers have sent to this very process."""
    return [what for tag, _, what in (m for m in messages if len(m) == 3) if tag == TO_CONSUMER]


def end_of(pid: Pid) -> object:
    """Wait for the end of a process, which must come soon; return its reason."""
    ref = process.monitor(pid)
    match receive(lambda m: getattr(m, "ref", None) is ref, 1.0):
        case TimedOut():
            return "still alive"
        case down:
            return getattr(down, "reason", None)
