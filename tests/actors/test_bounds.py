"""Bounded mailboxes: what each policy does, to whom, from wherever, and what no bound ever holds up."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeAlias, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import GenServer, NoReply, Reply, Runtime, call, cast, groups, process, telemetry
from actors._kernel.bounds import BoundedMail
from actors._kernel.mailbox import take
from actors.errors import BadArgument, CallCycle, CallFailed, MailboxFull, SendCycle, ServerFull
from actors.messages import Down, Exited, Message, TimedOut
from actors.pid import Pid, Ref
from actors.process import Bounded, Host, MailboxStats, receive, self, send, sleep, spawn
from actors.runtime import run
from actors.stage import TO_PRODUCER, Stage, from_iterable
from actors.task import Task
from actors.testing import VirtualClock
from tests.actors.schedules import SEEDS, played

T = TypeVar("T")
Term: TypeAlias = Any
"""What a test knows the type of and the checker does not."""

HOSTS: list[Host] = [None, "thread"]
POLICIES: list[Term] = ["raise", "wait", "drop_newest", "drop_oldest"]


def in_any_order(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test as the first process on the virtual clock, in the plain order and in 200 by lot."""

    @wraps(test)
    def every(**given: Term) -> None:
        before = telemetry.set_reporter(None)
        threads = "thread" in given.values()
        try:
            for seed in (None, *(range(5) if threads else SEEDS)):
                played(lambda: test(**given), seed)
        finally:
            telemetry.set_reporter(before)

    return every


def idle(limit: int, when_full: Term, host: Host = None) -> Pid:
    """Start a process that reads one message whenever it is told to, and tells its boss."""
    boss = self()

    def read() -> None:
        send(boss, "ready")
        while True:
            receive(lambda message: message == ("$read",))
            send(boss, ("read", receive(lambda message: message != ("$read",))))

    pid = spawn(read, host=host, mailbox=Bounded(limit, when_full))
    receive(lambda message: message == "ready")
    return pid


def closed(limit: int, when_full: Term, host: Host = None) -> Pid:
    """Start a process that reads nothing until it gets `"open"` as a timer, then all."""
    boss = self()
    gate = Ref()

    def read() -> None:
        send(boss, "ready")
        receive(lambda message: isinstance(message, TimedOut) and message.message is gate)
        while True:
            send(boss, ("read", receive()))

    pid = spawn(read, host=host, mailbox=Bounded(limit, when_full))
    gates[pid] = gate
    receive(lambda message: message == "ready")
    return pid


gates: dict[Pid, Ref] = {}


def open_it(pid: Pid) -> None:
    """Let a closed process read; what opens it is a timer, which finds room always."""
    process.start_timer(pid, gates[pid], 0.0)


def heard(seconds: float = 0.1) -> list[Term]:
    sleep(seconds)
    found = []
    while (message := receive(timeout=0)) != TimedOut():
        found.append(message)
    return found


def read(messages: list[Term]) -> list[Term]:
    return [m[1] for m in messages if isinstance(m, tuple) and m[0] == "read"]


def stats(pid: Pid) -> MailboxStats:
    found = process.info(pid)
    assert found is not None
    assert found.mailbox is not None
    return found.mailbox


# -- the bound itself ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "when_full", "text"),
    [
        (0, "wait", "limit: got 0"),
        (True, "wait", "limit: got True"),
        ("many", "wait", "limit: got 'many'"),
        (1, "burn", "when_full: got 'burn'"),
        (1, None, "when_full: got None"),
    ],
)
def test_a_bound_that_is_none_is_refused(limit: Term, when_full: Term, text: str) -> None:
    with pytest.raises(BadArgument, match=text):
        Bounded(limit, when_full)


@pytest.mark.parametrize("start", [process.spawn, process.spawn_link, process.spawn_monitor])
def test_what_is_no_bound_starts_nothing(start: Term) -> None:
    def main() -> int:
        with pytest.raises(BadArgument, match="mailbox: got 3"):
            start(sleep, None, mailbox=3)
        return len(process.processes())

    assert run(main) == 1


def test_a_mailbox_has_no_bound_unless_it_is_given_one() -> None:
    def main() -> object:
        info = process.info(self())
        assert info is not None
        return info.mailbox

    assert run(main) is None


class Slow(GenServer[int], mailbox=Bounded(2, "raise")):
    def init(self, takes: float = 0.0) -> int:
        self.takes = takes
        return 0

    @cast
    def add(self, state: int, by: int) -> NoReply[int]:
        sleep(self.takes)
        return NoReply(state + by)

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state)


@in_any_order
def test_a_class_or_a_start_gives_the_bound() -> None:
    assert stats(Slow.start()).limit == 2
    assert stats(Slow.start(mailbox=Bounded(7))).limit == 7
    assert stats(Slow.start_link(mailbox=Bounded(7, "wait"))).when_full == "wait"
    pid, _ = Slow.start_monitor(mailbox=Bounded(8))
    assert stats(pid).limit == 8
    assert "mailbox" not in Slow.child_spec()
    with pytest.raises(BadArgument, match="mailbox: got 'wide'"):
        Slow.start(mailbox="wide")  # type: ignore[arg-type]


def test_a_class_keyword_that_is_no_bound_is_refused() -> None:
    with pytest.raises(BadArgument, match="mailbox: got 3"):
        type("Odd", (GenServer,), {}, mailbox=3)
    with pytest.raises(BadArgument, match="whose demand is its bound"):
        type("Odd", (Stage,), {}, mailbox=Bounded(3))
    with pytest.raises(BadArgument, match="whose demand is its bound"):
        run(lambda: Stage.start(mailbox=Bounded(3)))


@pytest.mark.parametrize("host", HOSTS)
def test_what_fits_is_read_in_order(host: Host) -> None:
    @in_any_order
    def scene(host: Host) -> None:
        pid = closed(3, "raise", host)
        for number in range(3):
            send(pid, number)
        seen = stats(pid)
        assert (seen.length, seen.high_water, seen.dropped, seen.waiting) == (3, 3, 0, 0)
        open_it(pid)

        assert read(heard()) == [0, 1, 2]

    scene(host=host)


# -- raise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
def test_raise_tells_the_sender_and_loses_nothing_of_others(host: Host) -> None:
    @in_any_order
    def scene(host: Host) -> None:
        pid = closed(2, "raise", host)
        process.register(pid, "busy")
        send(pid, 1)
        send("busy", 2)
        for dest in (pid, "busy"):
            with pytest.raises(MailboxFull) as full:
                send(dest, 3)
            assert (full.value.pid, full.value.limit) == (pid, 2)
        with pytest.raises(MailboxFull, match="is full: it takes 2 messages"):
            GenServer.cast(pid, 3)

        assert stats(pid).dropped == 3
        open_it(pid)
        assert read(heard()) == [1, 2]

    scene(host=host)


@in_any_order
def test_raise_tells_the_caller_of_a_call_at_once() -> None:
    slow = Slow.start(100.0, mailbox=Bounded(1, "raise"))
    Slow.add(slow, 1)
    sleep(0.1)
    Slow.add(slow, 1)
    before = process.monotonic()
    with pytest.raises(ServerFull) as full:
        Slow.value(slow)

    assert full.value.why == ("mailbox_full", 1)
    assert isinstance(full.value, CallFailed)
    assert (full.value.pid, full.value.limit) == (slow, 1)
    assert "its mailbox is full: it takes 1 messages (call of value()" in str(full.value)
    assert process.monotonic() == before
    # The deadline of the call that was refused is gone with it.
    assert heard(10.0) == []


# -- wait ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sender_host", HOSTS)
def test_wait_makes_the_sender_part_of_the_flow(host: Host, sender_host: Host) -> None:
    @in_any_order
    def scene(host: Host, sender_host: Host) -> None:
        pid, boss = closed(2, "wait", host), self()

        def sender() -> None:
            for number in range(6):
                send(pid, number)
                send(boss, ("sent", number))

        spawn(sender, host=sender_host)
        assert [m for m in heard() if m[0] == "sent"] == [("sent", 0), ("sent", 1)]
        seen = stats(pid)
        assert (seen.length, seen.waiting, seen.dropped) == (2, 1, 0)

        open_it(pid)
        messages = heard()
        assert read(messages) == [0, 1, 2, 3, 4, 5]
        assert [m[1] for m in messages if m[0] == "sent"] == [2, 3, 4, 5]

    scene(host=host, sender_host=sender_host)


@in_any_order
def test_senders_that_wait_get_in_in_the_order_in_which_they_came() -> None:
    pid = closed(1, "wait")
    send(pid, "first")
    for number in range(4):
        spawn(send, pid, number)
        sleep(0.1)
    open_it(pid)

    assert read(heard()) == ["first", 0, 1, 2, 3]
    assert stats(pid).waiting == 0


@in_any_order
def test_a_call_waits_for_room_as_it_waits_for_its_reply() -> None:
    slow = Slow.start(1.0, mailbox=Bounded(1, "wait"))
    for _ in range(3):
        Slow.add(slow, 1)

    assert Slow.value(slow) == 3


@in_any_order
def test_a_call_whose_time_is_over_before_there_is_room_is_never_seen() -> None:
    slow = Slow.start(100.0, mailbox=Bounded(1, "wait"))
    Slow.add(slow, 1)
    sleep(0.1)
    Slow.add(slow, 1)
    with pytest.raises(CallFailed, match="no answer within 1"):
        Slow.value.within(1.0)(slow)

    assert stats(slow).waiting == 0
    assert Slow.value.within(None)(slow) == 2


@pytest.mark.parametrize("sender_host", HOSTS)
def test_a_sender_that_is_killed_while_it_waits_sends_nothing(sender_host: Host) -> None:
    @in_any_order
    def scene(sender_host: Host) -> None:
        pid = closed(1, "wait")
        send(pid, "first")
        sender = spawn(send, pid, "never", host=sender_host)
        ref = process.monitor(sender)
        sleep(0.1)
        assert stats(pid).waiting == 1
        process.send_exit(sender, "kill")
        down: Term = receive(lambda message: isinstance(message, Down) and message.ref is ref)
        assert down.reason == "killed"
        assert stats(pid).waiting == 0
        open_it(pid)
        send(pid, "last")

        assert read(heard()) == ["first", "last"]

    scene(sender_host=sender_host)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sender_host", HOSTS)
def test_the_death_of_the_receiver_ends_the_wait(host: Host, sender_host: Host) -> None:
    @in_any_order
    def scene(host: Host, sender_host: Host) -> None:
        pid, boss, before = closed(1, "wait", host), self(), process.dead_letters()
        send(pid, "first")

        def sender() -> None:
            send(pid, "lost")
            send(boss, "went on")

        spawn(sender, host=sender_host)
        sleep(0.1)
        process.send_exit(pid, "kill")

        assert "went on" in heard(2.0)
        assert process.dead_letters() == before + 1

    scene(host=host, sender_host=sender_host)


def test_a_caller_from_outside_waits_too() -> None:
    done: list[float] = []

    def main() -> None:
        slow = Slow.start(0.01, mailbox=Bounded(1, "wait"))
        finished = Ref()
        boss = self()

        def outside() -> None:
            for _ in range(20):
                Slow.add(slow, 1)
            done.append(Slow.value.within(10.0)(slow))
            send(boss, finished)

        thread = threading.Thread(target=outside)
        thread.start()
        receive(lambda message: message is finished, 10.0)
        assert stats(slow).high_water <= 1
        thread.join()

    run(main)

    assert done == [20]


@pytest.mark.parametrize("sender_host", HOSTS)
def test_a_sender_is_never_left_behind_by_a_thread_that_takes(sender_host: Host) -> None:
    def main() -> object:
        boss = self()

        def reader() -> None:
            for _ in range(2000):
                receive()
            send(boss, "all")

        pid = spawn(reader, host="thread", mailbox=Bounded(1, "wait"))

        def sender() -> None:
            for number in range(1000):
                send(pid, number)

        for _ in range(2):
            spawn(sender, host=sender_host)
        return receive(timeout=60.0)

    assert run(main) == "all"


# -- circles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
def test_who_would_wait_for_itself_is_told_so(host: Host) -> None:
    @in_any_order
    def scene(host: Host) -> None:
        boss = self()

        def alone() -> None:
            send(self(), 1)
            try:
                send(self(), 2)
            except SendCycle as error:
                send(boss, error.chain)

        pid = spawn(alone, host=host, mailbox=Bounded(1, "wait"))

        assert receive(timeout=60.0) == [pid, pid]

    scene(host=host)


@pytest.mark.parametrize("host", HOSTS)
def test_two_that_would_wait_for_each_other_are_named(host: Host) -> None:
    @in_any_order
    def scene(host: Host) -> None:
        boss = self()

        def one() -> None:
            other = receive(Pid)
            assert isinstance(other, Pid)
            for _ in range(4):
                try:
                    send(other, "more")
                except SendCycle as error:
                    send(boss, ("circle", set(error.chain), isinstance(error, MailboxFull)))
                    return

        pids = {spawn(one, host=host, mailbox=Bounded(2, "wait")) for _ in range(2)}
        a, b = pids
        # By timers, which find room however full it is.
        process.send_after(a, b, 0.1)
        process.send_after(b, a, 0.1)

        assert receive(timeout=60.0) == ("circle", pids, True)

    scene(host=host)


@in_any_order
def test_a_call_that_closes_a_circle_with_a_waiting_sender_is_refused() -> None:
    boss = self()

    class Server(GenServer[None]):
        def handle_cast(self, request: Term, state: None) -> None:
            sleep(1.0)
            try:
                GenServer.call(request, "anything")
            except CallCycle as error:
                send(boss, ("refused", error.why))

    server = Server.start(mailbox=Bounded(1, "wait"))

    class Client(GenServer[None]):
        def handle_cast(self, request: Term, state: None) -> None:
            GenServer.cast(server, "fills the mailbox")
            GenServer.cast(server, "waits")

    client = Client.start()
    GenServer.cast(server, client)
    sleep(0.1)
    GenServer.cast(client, "go")

    assert receive(timeout=60.0) == ("refused", ("call_cycle", [server, client, server]))


@in_any_order
def test_a_send_that_closes_a_circle_with_a_waiting_caller_is_refused() -> None:
    boss = self()

    class Server(GenServer[None]):
        def handle_call(self, request: Term, caller: object, state: None) -> Reply[str, None]:
            sleep(1.0)
            try:
                send(request, "one more")
            except SendCycle as error:
                send(boss, ("refused", error.chain))
            return Reply("done")

    server = Server.start()

    class Client(GenServer[None]):
        def handle_cast(self, request: Term, state: None) -> None:
            send(boss, GenServer.call(server, process.self(), None))

        def handle_info(self, message: Message, state: None) -> None:
            return None

    client = Client.start(mailbox=Bounded(1, "wait"))
    GenServer.cast(client, "go")
    sleep(0.1)
    send(client, "fills the mailbox")

    assert receive(timeout=60.0) == ("refused", [server, client, server])
    assert receive(timeout=60.0) == "done"


# -- drop ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sender_host", HOSTS)
@pytest.mark.parametrize(
    ("when_full", "kept"), [("drop_newest", [0, 1, 2]), ("drop_oldest", [7, 8, 9])]
)
def test_what_does_not_fit_is_dropped_and_counted(
    host: Host, sender_host: Host, when_full: Term, kept: list[int]
) -> None:
    @in_any_order
    def scene(host: Host, sender_host: Host) -> None:
        pid, before = closed(3, when_full, host), process.dead_letters()

        def sender() -> None:
            for number in range(10):
                send(pid, number)

        spawn(sender, host=sender_host)
        sleep(0.1)
        assert stats(pid).dropped == 7
        assert process.dead_letters() == before + 7
        open_it(pid)

        assert read(heard()) == kept

    scene(host=host, sender_host=sender_host)


@pytest.mark.parametrize("when_full", ["drop_newest", "drop_oldest"])
def test_the_caller_of_a_call_that_is_dropped_is_told_at_once(when_full: Term) -> None:
    @in_any_order
    def scene() -> None:
        slow, boss = Slow.start(10.0, mailbox=Bounded(1, when_full)), self()
        Slow.add(slow, 1)
        sleep(0.1)

        def caller() -> None:
            try:
                send(boss, ("value", Slow.value.within(None)(slow)))
            except ServerFull:
                send(boss, ("full", process.monotonic()))

        spawn(caller)
        sleep(0.1)
        spawn(caller)
        messages = sorted(heard(20.0))

        assert [what for what, _ in messages] == ["full", "value"]
        assert messages[0][1] < 1.0

    scene()


@pytest.mark.parametrize("host", HOSTS)
def test_a_receive_that_waits_for_one_sees_it_whatever_is_dropped_meanwhile(host: Host) -> None:
    @in_any_order
    def scene(host: Host) -> None:
        boss = self()

        def reader() -> None:
            send(boss, ("got", receive(lambda message: message == "wanted")))
            send(boss, ("left", receive()))

        pid = spawn(reader, host=host, mailbox=Bounded(3, "drop_oldest"))
        for number in range(20):
            send(pid, number)
            if number % 4 == 0:
                sleep(0.01)
        send(pid, "wanted")

        assert heard() == [("got", "wanted"), ("left", 18)]

    scene(host=host)


# -- what no bound holds up ------------------------------------------------------------------------


def test_a_predicate_that_never_ends_can_be_killed() -> None:
    def spins(_: Message) -> bool:
        while True:
            pass

    def main() -> object:
        pid = spawn(receive, spins, host="thread", mailbox=Bounded(3, "drop_oldest"))
        ref = process.monitor(pid)
        send(pid, "look")
        process.send_exit(pid, "kill")
        down: Term = receive(lambda m: isinstance(m, Down) and m.ref is ref, 20.0)
        return down.reason

    before = telemetry.set_reporter(None)
    try:
        assert run(main) == "killed"
    finally:
        telemetry.set_reporter(before)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("when_full", POLICIES)
def test_exits_downs_timers_replies_and_system_requests_find_room(
    host: Host, when_full: Term
) -> None:
    @in_any_order
    def scene(host: Host, when_full: Term) -> None:
        boss, wanted = self(), Ref()
        echo = Echo.start()

        def busy() -> None:
            process.trap_exit(True)
            friend = process.spawn_link(receive)
            ref = process.monitor(friend)
            process.send_after(self(), "timer", 0.5)
            task = Task.async_(lambda: "task")
            send(boss, ("up", friend))
            receive(lambda message: message is wanted)
            sleep(1.0)
            # Everything is there now, and the mailbox was full before any of it came.
            send(boss, ("reply", GenServer.call(echo, "reply")))
            send(boss, ("task", Task.await_(task)))
            send(boss, ("down", receive(lambda m: isinstance(m, Down) and m.ref is ref, 0)))
            send(boss, ("exit", receive(lambda m: isinstance(m, Exited) and m.pid is friend, 0)))
            send(boss, ("timer", receive(lambda m: m == "timer", 0)))
            send(boss, ("timeout", receive(lambda m: m == "never", 1.0)))

        pid = process.spawn(busy, host=host, mailbox=Bounded(1, when_full))
        up: Term = receive(lambda m: isinstance(m, tuple) and m[0] == "up", 5.0)
        process.send_after(pid, wanted, 0.0)
        sleep(0.01)
        for _ in range(3):
            # Whatever becomes of these, those that matter come through.
            spawn(send, pid, "fills it")
        process.send_exit(up[1], "bye")
        told = dict(heard(10.0))

        assert told["reply"] == "reply"
        assert told["task"] == "task"
        assert told["down"].reason == "bye"
        assert told["exit"].reason == "bye"
        assert told["timer"] == "timer"
        assert told["timeout"] == TimedOut()

    scene(host=host, when_full=when_full)


class Echo(GenServer[None]):
    def handle_call(self, request: Message, caller: object, state: None) -> Reply[object, None]:
        return Reply(request)


@pytest.mark.parametrize("when_full", POLICIES)
def test_a_full_server_can_be_stopped_and_looked_into(when_full: Term) -> None:
    @in_any_order
    def scene() -> None:
        from actors import debug

        slow = Slow.start(1.0, mailbox=Bounded(1, when_full))
        Slow.add(slow, 1)
        sleep(0.1)
        Slow.add(slow, 1)

        assert debug.get_state(slow) == 2
        GenServer.stop(slow)

    scene()


@pytest.mark.parametrize("when_full", POLICIES)
def test_servers_of_the_library_are_not_held_up_by_a_slow_listener(when_full: Term) -> None:
    @in_any_order
    def scene() -> None:
        groups.start_link()
        boss = self()

        def listener() -> None:
            groups.monitor("room")
            send(boss, "listening")
            sleep(1.0)
            while True:
                send(boss, ("told", type(receive()).__name__))

        pid = spawn(listener, mailbox=Bounded(1, when_full))
        assert receive(timeout=60.0) == "listening"
        for _ in range(3):
            groups.join("room", self())
        sleep(0.1)
        assert stats(pid).length == 3
        producer = from_iterable(range(5), link=False)
        ref = Ref()
        send(producer, (TO_PRODUCER, (pid, ref), ("subscribe", None, {})))
        send(producer, (TO_PRODUCER, (pid, ref), ("ask", 3)))
        messages = heard(2.0)

        assert [m[1] for m in messages if m[0] == "told"] == ["Joined"] * 3 + ["tuple"]
        assert stats(pid).dropped == 0

    scene()


# -- dead letters and what is told -----------------------------------------------------------------


@pytest.mark.parametrize("sender_host", HOSTS)
def test_messages_to_the_dead_are_counted(sender_host: Host) -> None:
    @in_any_order
    def scene(sender_host: Host) -> None:
        dead, ref = process.spawn_monitor(int)
        receive(lambda m: isinstance(m, Down) and m.ref is ref)
        before = process.dead_letters()

        def sender() -> None:
            send(dead, 1)
            GenServer.cast(dead, 2)

        spawn(sender, host=sender_host)
        sleep(0.1)

        assert process.dead_letters() == before + 2

    scene(sender_host=sender_host)


def events(*names: str) -> Callable[[Callable[[], None]], list[Term]]:
    def of(main: Callable[[], None]) -> list[Term]:
        seen: list[Term] = []
        for name in names:
            telemetry.attach(
                "test",
                ("actors", "mailbox", name),
                lambda *told: seen.append((told[0][2], *told[1:])),
            )
        before = telemetry.set_reporter(None)
        try:
            run(main, clock=VirtualClock())
        finally:
            telemetry.detach("test")
            telemetry.set_reporter(before)
        return seen

    return of


def test_the_high_water_is_told_whenever_a_mailbox_fills_up() -> None:
    def main() -> None:
        pid = closed(3, "drop_newest")
        for number in range(5):
            send(pid, number)
        open_it(pid)
        sleep(0.1)
        assert stats(pid).high_water == 4  # the timer that opened it found room beyond the bound

    seen = events("high_water")(main)

    assert [(name, numbers) for name, numbers, _ in seen] == [
        ("high_water", {"length": 3, "limit": 3})
    ]
    assert seen[0][2]["when_full"] == "drop_newest"


def test_every_dead_letter_is_told_with_its_cause() -> None:
    def main() -> None:
        pid = closed(1, "drop_oldest")
        send(pid, "old")
        send(pid, "new")
        process.send_exit(pid, "kill")
        send(pid, "late")

    told = [(data["message"], data["cause"]) for _, _, data in events("dead_letter")(main)]

    assert told == [("old", "dropped"), ("late", "noproc")]


def test_dropping_is_reported_once_until_the_mailbox_is_half_empty() -> None:
    def main() -> None:
        pid = idle(4, "drop_newest")
        for _ in range(2):
            for number in range(20):
                send(pid, number)
            for _ in range(4):
                process.send_after(pid, ("$read",), 0.0)
                sleep(0.1)

    seen = events("dropping")(main)

    assert len(seen) == 2
    assert seen[0][2]["dropped"] == 1


def test_another_runtime_cannot_be_told_and_its_processes_refuse() -> None:
    made: list[Pid] = []
    other = Runtime()
    up = threading.Event()

    def main() -> None:
        made.append(spawn(sleep, None, mailbox=Bounded(1, "wait")))
        made.append(spawn(sleep, None, mailbox=Bounded(1, "drop_newest")))
        up.set()
        receive(lambda message: message == "done", 10.0)

    thread = threading.Thread(target=lambda: other.run(main))
    thread.start()
    up.wait(60.0)

    def here() -> None:
        with pytest.raises(BadArgument, match="own runtime"):
            send(made[0], "message")
        send(made[1], "message")

    run(here)
    other.stop()
    thread.join(60.0)


# -- much ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when_full", POLICIES)
def test_ten_times_too_much_for_a_minute_takes_no_memory(when_full: Term) -> None:
    def main() -> tuple[int, int, MailboxStats]:
        slow = Slow.start(0.1, mailbox=Bounded(100, when_full))
        until = process.monotonic() + 60.0
        sizes: list[int] = []

        def producer() -> None:
            while process.monotonic() < until:
                with suppress(MailboxFull):
                    Slow.add(slow, 1)
                sleep(0.01)

        spawn(producer)
        tracemalloc.start()
        for _ in range(6):
            sleep(10.0)
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        return min(sizes), max(sizes), stats(slow)

    before = telemetry.set_reporter(None)
    try:
        result = run(main, clock=VirtualClock())
    finally:
        telemetry.set_reporter(before)
    assert result is not None
    least, most, seen = result

    assert most - least < 50_000
    assert seen.high_water <= 101
    if when_full == "wait":
        assert seen.dropped == 0
    else:
        # A hundred a second come and ten are read.
        assert 5_000 <= seen.dropped <= 5_500


@pytest.mark.parametrize("mailbox", [None, Bounded(200_000)])
def test_what_waits_takes_little_and_is_freed_at_the_end(mailbox: Bounded | None) -> None:
    """The long form is `tests.bench mail mail_left`, with a million."""
    count = 100_000

    def fill() -> Pid:
        pid = spawn(sleep, None, mailbox=mailbox)
        for number in range(count):
            send(pid, ("tick", number))
        return pid

    def end(pid: Pid) -> None:
        process.monitor(pid)
        process.send_exit(pid, "kill")
        receive(Down)

    def main() -> tuple[int, int]:
        end(fill())
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        pid = fill()
        full = tracemalloc.get_traced_memory()[0]
        end(pid)
        left = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return full - before, left - before

    result = run(main, clock=VirtualClock())
    assert result is not None
    full, left = result

    assert full <= 300 * count
    assert left <= count / 10


STEPS = st.lists(st.tuples(st.sampled_from(["send", "timer", "take"]), st.integers(0, 9)))


@given(STEPS, st.integers(1, 4), st.sampled_from(["drop_newest", "drop_oldest"]))
def test_a_mailbox_that_drops_is_a_line_that_does(
    steps: list[tuple[str, int]], limit: int, when_full: Term
) -> None:
    def main() -> None:
        boss = spawn(sleep, None, mailbox=Bounded(limit, when_full))
        cell = boss._cell  # noqa: SLF001 - the mailbox itself is what is tested
        mail = None if cell is None else cell.mail
        assert isinstance(mail, BoundedMail)
        line: list[Term] = []
        dropped = 0
        for number, (what, count) in enumerate(steps):
            if what == "send":
                ordinary = [each for each in line if not isinstance(each, TimedOut)]
                if len(line) < limit:
                    line.append(number)
                elif when_full == "drop_oldest" and ordinary:
                    line.remove(ordinary[0])
                    line.append(number)
                    dropped += 1
                else:
                    dropped += 1
                send(boss, number)
            elif what == "timer":
                mail.append(TimedOut(None, number))
                line.append(TimedOut(None, number))
            elif line:
                wanted = line[count % len(line)]
                taken, _ = take(mail, lambda each, wanted=wanted: each == wanted, 0)  # type: ignore[misc]
                assert taken == wanted
                line.remove(wanted)
            assert list(mail) == line
            assert mail.dropped == dropped
        mail.clear()

    before = telemetry.set_reporter(None)
    try:
        run(main, clock=VirtualClock())
    finally:
        telemetry.set_reporter(before)
