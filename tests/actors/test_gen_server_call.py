"""How a call ends: the reply, the server's end, or the end of time, and in exactly one of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from actors import (
    BadArgument,
    CallCycle,
    Caller,
    CallFailed,
    CallingSelf,
    CallTimeout,
    Continue,
    Crash,
    Down,
    Exit,
    GenServer,
    NoProcess,
    NoReply,
    Reply,
    ServerExited,
    Stop,
    call,
    cast,
    process,
    receive,
    run,
)
from actors.naming import Via
from actors.pid import LOCAL_NODE, Pid
from actors.process import Host
from tests.actors.gen_servers import Counter, info, later, mail, on, served
from tests.watching import Gate, Seen

HOSTS = pytest.mark.parametrize("host", [None, "thread"])


def failing(server: object, request: object = "x", timeout: float | None = 1.0) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        GenServer.call(server, request, timeout)  # type: ignore[arg-type]
    return caught.value


class Mirror:
    """A table of names in which all stand for themselves."""

    def register_name(self, key: object, pid: Pid) -> bool:
        return True

    def unregister_name(self, key: object) -> None:
        pass

    def whereis_name(self, key: object) -> Pid | None:
        return process.whereis(str(key))

    def send(self, key: object, message: object) -> None:
        process.send(str(key), message)


def plain(reason: object) -> object:
    return repr(reason.exception) if isinstance(reason, Crash) else reason


def raises(*_: object) -> object:
    raise ValueError("oops")


def silent(_: Caller, state: object) -> object:
    return NoReply(state)


def test_a_call_returns_what_the_server_replied_and_a_cast_changes_its_state() -> None:
    def main() -> tuple[int, int]:
        counter = Counter.start_link(3)
        Counter.add(counter)
        Counter.add(counter, 2)
        Counter.add(counter, by=10)
        return Counter.value(counter), Counter.value.within(0.5)(counter)

    assert on(main) == (16, 16)


# -- nobody there ----------------------------------------------------------------------------------


def test_nobody_there_is_noproc_with_the_call_in_the_reason() -> None:
    """Trace gs_call_failures: a dead pid, an unknown name, no address at all, a name on this node."""

    def main() -> None:
        dead = served()
        GenServer.stop(dead)
        mail()
        for nobody in (dead, "nobody", None, ("nobody", "nonode@nohost")):
            error = failing(nobody, "x", 5)
            assert isinstance(error, NoProcess)
            assert error.reason == ("noproc", ("GenServer", "call", [nobody, "x", 5]))
            assert (error.server, error.request, error.timeout) == (nobody, "x", 5)

    on(main)


def test_a_server_is_called_and_cast_by_its_name() -> None:
    def main() -> int:
        Counter.start_link(3, name="counter")
        Counter.add("counter", 4)
        return Counter.value("counter")

    assert on(main) == 7


def test_a_name_on_an_unknown_node_is_nodedown() -> None:
    def main() -> None:
        error = failing(("nobody", "no@where"))
        assert isinstance(error, NoProcess)
        assert error.why == ("nodedown", "no@where")
        assert "node" in str(error)

    on(main)


def test_what_is_no_address_is_refused() -> None:
    def main() -> None:
        for wrong in (5, b"name", ["n"], object()):
            with pytest.raises(BadArgument):
                GenServer.call(wrong, "x")  # type: ignore[arg-type]

    on(main)


def test_an_uncaught_failed_call_ends_the_caller_with_otps_reason() -> None:
    def main() -> object:
        _, ref = process.spawn_monitor(lambda: GenServer.call("nobody", "x"))
        down = receive(Down)
        assert isinstance(down, Down)
        assert down.ref is ref
        return down.reason

    assert on(main) == ("noproc", ("GenServer", "call", ["nobody", "x", 5.0]))


# -- how servers end under a call ------------------------------------------------------------------

Ends = Callable[[Caller, object], object]
ENDS: dict[str, tuple[Ends, object]] = {
    "stop normal": (lambda _, s: Stop("normal", s), "normal"),
    "stop shutdown": (lambda _, s: Stop("shutdown"), "shutdown"),
    "stop shutdown pair": (lambda _, s: Stop(("shutdown", "why")), ("shutdown", "why")),
    "stop other": (lambda _, s: Stop("broken"), "broken"),
    "exit normal": (lambda _, s: process.exit("normal"), "normal"),
    "exit other": (lambda _, s: process.exit("why"), "why"),
    "raise": (raises, "ValueError('oops')"),
    "bad return": (lambda _, s: "junk", ("bad_return_value", "junk")),
    "no return": (lambda _, s: None, ("bad_return_value", None)),
    "bad timeout": (
        lambda _, s: Reply(1, 2, float("nan")),
        "bad_return_value",
    ),
    "huge timeout": (lambda _, s: NoReply(2, 10**400), "bad_return_value"),
}


@HOSTS
@pytest.mark.parametrize("case", ENDS)
def test_a_server_that_ends_under_a_call_ends_the_call_with_its_reason(
    case: str, host: Host
) -> None:
    """Trace gs_call_failures, and point 13: a bad return runs terminate first."""
    act, why = ENDS[case]

    def main() -> None:
        server = served(start=0, host=host)
        error = failing(server, act)
        assert type(error) is ServerExited
        found = plain(error.why)
        assert (found[0] if why == "bad_return_value" else found) == why  # type: ignore[index]
        assert not process.is_alive(server)
        (told,) = mail()
        # By their texts: not a number is never equal to its copy.
        assert repr(told) == repr(("terminate", "s", error.why))

    on(main)


@HOSTS
def test_the_servers_exception_is_the_cause_of_the_callers(host: Host) -> None:
    def main() -> None:
        error = failing(served(host=host), raises)
        assert isinstance(error.__cause__, ValueError)
        assert isinstance(error.why, Crash)
        assert "in raises" in str(error.why.stack)

    on(main)


@HOSTS
def test_a_killed_server_ends_the_call_without_terminate(host: Host) -> None:
    def main() -> None:
        server = served(host=host)
        error = failing(server, lambda _, s: process.send_exit(process.self(), "kill"))
        assert error.why == "killed"
        assert mail() == []

    on(main)


@HOSTS
def test_a_server_killed_from_outside_while_the_caller_waits(host: Host) -> None:
    def main() -> None:
        server = served(host=host)
        later(0.04, process.send_exit, server, "from_outside")
        error = failing(server, silent)
        assert error.why == "from_outside"

    on(main)


@HOSTS
def test_stop_with_a_reply_runs_terminate_then_replies_then_ends(host: Host) -> None:
    """G10 and point 14: the caller has a reply, not an exit, also for an abnormal reason."""

    def main() -> None:
        server = served(host=host)
        ref = process.monitor(server)
        got = GenServer.call(server, lambda _, s: Stop("broken", reply="a_reply"))
        assert got == "a_reply"
        first = receive(timeout=0)
        assert first == ("terminate", "s", "broken")
        assert receive(timeout=1.0) == Down(ref, server, "broken")

    on(main)


def test_stop_with_a_reply_replies_also_when_terminate_fails() -> None:
    def main() -> None:
        server = served(start=lambda: raises)
        ref = process.monitor(server)
        assert GenServer.call(server, lambda _, s: Stop("broken", reply=1)) == 1
        down = receive(Down)
        assert isinstance(down, Down)
        assert down.ref is ref
        assert plain(down.reason) == "ValueError('oops')"

    on(main)


def test_a_killed_server_that_swallows_its_end_answers_nobody() -> None:
    def stubborn(caller: Caller, state: object) -> object:
        with suppress(Exit):
            process.send_exit(process.self(), "kill")
        return Reply("still here")

    def main() -> object:
        return failing(served(), stubborn).why

    assert on(main) == "killed"


def test_a_callback_that_catches_exit_lives_on() -> None:
    def survives(_: Caller, state: object) -> object:
        try:
            process.exit("why")
        except Exit as error:
            return Reply(("caught", error.reason))

    def main() -> object:
        server = served()
        assert GenServer.call(server, survives) == ("caught", "why")
        return process.is_alive(server)

    assert on(main)


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt("k"),
        SystemExit(3),
        GeneratorExit(),
        MemoryError("m"),
        RecursionError("r"),
        StopIteration("s"),
        ExceptionGroup("g", [ValueError("v")]),
        BaseException("b"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_callback_raises_ends_its_server_and_nobody_else(error: BaseException) -> None:
    def act(*_: object) -> object:
        raise error

    def main() -> None:
        other = Counter.start()
        why = failing(served(), act).why
        assert isinstance(why, Crash)
        assert type(why.exception) is type(error)
        assert Counter.value(other) == 0

    on(main)


# -- time ------------------------------------------------------------------------------------------


@HOSTS
@pytest.mark.parametrize("timeout", [0.03, 0, 2])
def test_a_timeout_is_kept_and_the_server_lives_on(timeout: float, host: Host) -> None:
    def main() -> None:
        server = served(host=host)
        before = process.monotonic()
        error = failing(server, silent, timeout)
        assert isinstance(error, CallTimeout)
        assert isinstance(error, TimeoutError)
        assert error.reason == ("timeout", ("GenServer", "call", [server, silent, timeout]))
        assert process.monotonic() - before == pytest.approx(timeout)
        assert process.is_alive(server)

    on(main)


def test_a_call_waits_five_seconds_unless_told_otherwise() -> None:
    def main() -> float:
        server = served()
        before = process.monotonic()
        with pytest.raises(CallTimeout):
            GenServer.call(server, silent)
        return process.monotonic() - before

    assert on(main) == 5.0


def test_without_a_limit_a_call_waits_for_ever() -> None:
    def slow(_: Caller, state: object) -> object:
        process.sleep(1e6)
        return Reply("at last")

    assert on(lambda: GenServer.call(served(), slow, None)) == "at last"


@HOSTS
def test_a_late_reply_is_never_seen_and_the_request_is_still_served(host: Host) -> None:
    """Points 9 and 10: the reference is forgotten, the work is not."""

    def late(_: Caller, state: object) -> object:
        process.sleep(1.0)
        return Reply("late", "served")

    def main() -> None:
        server = served(host=host)
        assert isinstance(failing(server, late, 0.5), CallTimeout)
        process.sleep(1.0)
        assert mail() == []
        assert GenServer.call(server, lambda _, state: Reply(state)) == "served"

    on(main)


@HOSTS
@pytest.mark.parametrize("timeout", [1.0, None])
def test_a_second_reply_to_one_request_is_dropped(timeout: float | None, host: Host) -> None:
    """G8, also without a limit, where OTP 25 leaves a stray message behind."""

    def twice(caller: Caller, state: object) -> object:
        GenServer.reply(caller, 1)
        GenServer.reply(caller, 2)
        return Reply(3)

    def main() -> None:
        server = served(host=host)
        assert GenServer.call(server, twice, timeout) == 1
        assert mail() == []
        assert GenServer.call(server, lambda _, s: Reply("next"), timeout) == "next"

    on(main)


@pytest.mark.parametrize("seed", range(200))
def test_a_call_ends_once_whether_the_reply_the_death_or_the_time_comes_first(seed: int) -> None:
    def answer(caller: Caller, state: object) -> object:
        process.sleep(1.0)
        return Reply("answered")

    def main() -> None:
        server = served()
        mortal = served()
        later(1.0, process.send_exit, mortal, "struck")
        ends = []
        for target in (server, mortal):
            try:
                ends.append(GenServer.call(target, answer, 1.0))
            except CallFailed as error:
                ends.append(error.why)
            assert mail() == []
        assert ends[0] in {"answered", "timeout"}
        assert ends[1] in {"answered", "timeout", "struck", "noproc"}

    on(main, seed=seed)


@pytest.mark.parametrize("seed", range(200))
def test_a_call_against_a_death_is_a_reply_or_the_reason(seed: int) -> None:
    def main() -> None:
        server = Counter.start(7)
        process.spawn(lambda: process.send_exit(server, "struck"))
        for _ in range(3):
            try:
                got: object = Counter.value(server)
            except CallFailed as error:
                got = error.why
            assert got in {7, "struck", "noproc"}
        assert mail() == []

    on(main, seed=seed)


@pytest.mark.parametrize("seed", range(200))
def test_a_name_belongs_to_the_old_server_or_the_new_one_and_calls_reach_one_of_them(
    seed: int,
) -> None:
    """Point 6: the name is free before anybody hears of the death."""

    def keeper() -> None:
        for generation in range(3):
            server = Counter.start(generation, name="n")
            process.monitor(server)
            receive(Down)
            assert process.whereis("n") is None
        process.exit("kept")

    def main() -> None:
        _, ref = process.spawn_monitor(keeper)
        seen: list[int] = []
        others: list[object] = []
        while process.receive(lambda m: isinstance(m, Down) and m.ref is ref, 0) != Down(
            ref, _, "kept"
        ):
            try:
                seen.append(Counter.value("n"))
                GenServer.stop("n", "shutdown")
            except CallFailed as error:
                others.append(error.why)
                process.sleep(0.01)
        assert seen == sorted(seen)
        assert seen[-1] == 2
        assert set(others) <= {"noproc", "shutdown"}

    on(main, seed=seed)


@pytest.mark.parametrize(
    "timeout", [-1, -0.0001, float("nan"), float("inf"), -float("inf"), True, "5", 10**300, 10**400]
)
def test_a_bad_timeout_is_refused_by_name_and_value_before_anything_is_sent(
    timeout: object,
) -> None:
    def main() -> None:
        counter = Counter.start_link()
        tries: tuple[Callable[[], object], ...] = (
            lambda: GenServer.call(counter, "x", timeout),  # type: ignore[arg-type]
            lambda: GenServer.stop(counter, "normal", timeout),  # type: ignore[arg-type]
            lambda: Counter.value.within(timeout),  # type: ignore[arg-type]
        )
        for attempt in tries:
            with pytest.raises(BadArgument) as caught:
                attempt()
            assert caught.value.what in {"timeout", "seconds"}
            assert caught.value.got is timeout
        assert info(counter).message_queue_len == 0
        assert Counter.value(counter) == 0

    on(main)


@pytest.mark.parametrize("timeout", [None, 0.1, 1, 5, 5.0])
def test_a_good_timeout_is_taken(timeout: float | None) -> None:
    assert on(lambda: Counter.value.within(timeout)(Counter.start(4))) == 4


# -- circles ---------------------------------------------------------------------------------------


class Link(GenServer[object]):
    """Asks the next of a chain, which is told by name."""

    def init(self, next_one: str) -> object:
        return next_one

    @call
    def ask(self, state: object) -> Reply[object, object]:
        try:
            return Reply(Link.ask(str(state)))
        except CallFailed as error:
            return Reply(error)


@HOSTS
def test_a_process_that_calls_itself_is_refused_at_once(host: Host) -> None:
    def main() -> None:
        assert isinstance(failing(process.self()), CallingSelf)
        server = Link.start("me", name="me", host=host)
        error = Link.ask(server)
        assert isinstance(error, CallingSelf)
        assert error.why == "calling_self"

    on(main)


def test_calling_oneself_names_the_address_that_was_used() -> None:
    def main() -> None:
        me = process.self()
        process.register(me, "me")
        for address in (me, "me", ("me", LOCAL_NODE), Via(Mirror(), "me")):
            error = failing(address, "x", 5.0)
            assert isinstance(error, CallingSelf)
            assert error.reason == ("calling_self", ("GenServer", "call", [address, "x", 5.0]))

    on(main)


@HOSTS
def test_a_circle_over_three_servers_is_named_at_once(host: Host) -> None:
    def main() -> None:
        ring = [Link.start(after, name=name, host=host) for name, after in ("ab", "bc", "ca")]
        before = process.monotonic()
        error = Link.ask("a")
        assert isinstance(error, CallCycle)
        assert process.monotonic() == before
        assert error.why == ("call_cycle", [ring[2], ring[0], ring[1], ring[2]])

    on(main)


def test_two_threads_that_call_each_other_at_once_are_told() -> None:
    """Both look before either waits; the loop looks again where their calls are in order."""

    class Meets(GenServer[object]):
        def init(self, barrier: threading.Barrier) -> object:
            return barrier

        @call
        def ping(self, state: object) -> Reply[str, object]:
            return Reply("pong")

        @cast
        def meet(self, state: threading.Barrier, other: Pid, test: Pid) -> None:
            state.wait()
            try:
                process.send(test, Meets.ping(other))
            except CallFailed as error:
                process.send(test, error)

    def main() -> None:
        barrier = Gate(2)
        one = Meets.start(barrier, host="thread")
        other = Meets.start(barrier, host="thread")
        before = process.monotonic()
        Meets.meet(one, other, process.self())
        Meets.meet(other, one, process.self())
        told = [receive(), receive()]
        assert process.monotonic() == before
        assert sorted(type(each).__name__ for each in told) in (
            ["CallCycle", "str"],
            ["str", "str"],
        )

    for _ in range(10):
        on(main)


def test_a_thread_that_is_about_to_speak_is_not_taken_for_a_deadlock() -> None:
    """The loop looks whether a thread is busy, then for mail: it posts, then parks."""

    def main() -> int:
        servers = [Counter.start(1, host="thread") for _ in range(3)]
        return sum(Counter.value(each) for each in servers)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        assert [on(main) for _ in range(200)] == [3] * 200
    finally:
        sys.setswitchinterval(before)


def test_stopping_whoever_waits_for_one_is_a_circle_too() -> None:
    def main() -> None:
        me = process.self()

        def stop_it(_: Caller, state: object) -> object:
            with pytest.raises(CallCycle) as caught:
                GenServer.stop(me)
            return Reply(caught.value.why)

        server = served()
        assert GenServer.call(server, stop_it) == ("call_cycle", [server, me, server])

    on(main)


def test_a_child_that_calls_its_starter_in_init_is_told_and_does_not_hang() -> None:
    def main() -> None:
        me = process.self()
        before = process.monotonic()
        errors: list[object] = Seen()

        def init() -> object:
            errors.append(failing(me))
            return None

        served(start=init)
        assert [type(each) for each in errors] == [CallCycle]
        assert process.monotonic() == before

    on(main)


# -- who answers -----------------------------------------------------------------------------------


@HOSTS
def test_another_process_may_answer(host: Host) -> None:
    """G9."""

    def delegate(caller: Caller, state: object) -> object:
        later(0.5, GenServer.reply, caller, "by another")
        return NoReply(state)

    assert on(lambda: GenServer.call(served(host=host), delegate)) == "by another"


def test_a_thread_that_is_no_process_may_answer() -> None:
    def delegate(caller: Caller, state: object) -> object:
        threading.Thread(target=lambda: GenServer.reply(caller, "by a thread")).start()
        return NoReply(state)

    assert run(lambda: GenServer.call(served(), delegate)) == "by a thread"


@HOSTS
def test_the_callback_may_answer_before_it_returns(host: Host) -> None:
    def early(caller: Caller, state: object) -> object:
        GenServer.reply(caller, "early")
        process.sleep(10.0)
        return NoReply(state)

    def main() -> object:
        before = process.monotonic()
        got = GenServer.call(served(host=host), early)
        assert process.monotonic() == before
        return got

    assert on(main) == "early"


def test_an_answer_to_a_caller_that_is_dead_is_no_error() -> None:
    def main() -> None:
        kept: list[Caller] = Seen()

        def keep(caller: Caller, state: object) -> object:
            kept.append(caller)
            return NoReply(state)

        server = served()
        pid = process.spawn(lambda: GenServer.call(server, keep))
        process.sleep(0.1)
        process.send_exit(pid, "kill")
        process.sleep(0.1)
        GenServer.reply(kept[0], "too late")
        assert process.is_alive(server)

    on(main)


def test_what_is_no_caller_is_refused() -> None:
    def main() -> None:
        for wrong in (None, 5, (), (process.self(),), ("a", "b"), process.self()):
            with pytest.raises(BadArgument):
                GenServer.reply(wrong, 1)  # type: ignore[arg-type]

    on(main)


def test_a_call_method_may_keep_its_caller_and_answer_later() -> None:
    class Queue(GenServer[list[Caller]]):
        def init(self) -> list[Caller]:
            return []

        @call
        def pop(self, state: list[Caller]) -> Reply[str, list[Caller]] | NoReply[list[Caller]]:
            return NoReply([*state, self.caller])

        @cast
        def push(self, state: list[Caller], item: str) -> NoReply[list[Caller]]:
            with pytest.raises(BadArgument):
                _ = self.caller
            first, *rest = state
            GenServer.reply(first, item)
            return NoReply(rest)

    def main() -> None:
        queue = Queue.start()
        me = process.self()
        for number in range(2):
            process.spawn(lambda n: process.send(me, (n, Queue.pop(queue))), number)
        process.sleep(0.1)
        Queue.push(queue, "a")
        Queue.push(queue, "b")
        assert mail() == [(0, "a"), (1, "b")]

    on(main)


# -- mailboxes, threads ----------------------------------------------------------------------------


def test_a_call_does_not_look_at_old_mail() -> None:
    """Point 9 and R3: what waits for a fresh reference is not slowed by 100,000 old messages."""

    class Loud:
        compared = 0

        def __eq__(self, other: object) -> bool:
            Loud.compared += 1
            return False

        __hash__ = None  # type: ignore[assignment]

    def turns(calls: int) -> None:
        counter = Counter.start()
        for _ in range(calls):
            Counter.value(counter)

    def main() -> None:
        me, old = process.self(), Loud()
        for _ in range(100_000):
            process.send(me, old)
        turns(200)
        assert Loud.compared == 0
        assert info(me).message_queue_len == 100_000

    on(main)


@HOSTS
def test_threads_that_are_no_process_may_call(host: Host) -> None:
    def main() -> None:
        counter = Counter.start(host=host)
        got: list[int] = []

        def outside() -> None:
            for _ in range(20):
                Counter.add(counter)
                got.append(Counter.value(counter))

        threads = [threading.Thread(target=outside) for _ in range(3)]
        for each in threads:
            each.start()
        while any(each.is_alive() for each in threads):
            process.sleep(0.001)
        assert Counter.value(counter) == 60
        assert max(got) == 60

    run(main)


def test_a_thread_that_is_no_process_gets_the_same_errors() -> None:
    found: list[object] = []

    def outside(server: Pid) -> None:
        tries: tuple[Callable[[], object], ...] = (
            lambda: GenServer.call("nobody", "x"),
            lambda: GenServer.call(server, silent, 0.01),
            lambda: GenServer.call(server, raises),
            lambda: GenServer.call(server, "x", -1),
        )
        for attempt in tries:
            try:
                attempt()
            except Exception as error:
                found.append(type(error))

    def main() -> None:
        thread = threading.Thread(target=outside, args=(served(),))
        thread.start()
        while thread.is_alive():
            process.sleep(0.001)

    run(main)
    assert found == [NoProcess, CallTimeout, ServerExited, BadArgument]


def test_continue_runs_after_the_reply_has_gone() -> None:
    """G4."""

    def main() -> None:
        me = process.self()

        def step(state: object) -> object:
            process.sleep(0.05)
            process.send(me, "continued")
            return NoReply(state)

        server = served()
        assert GenServer.call(server, lambda _, s: Reply("replied", s, Continue(step))) == "replied"
        assert receive(timeout=0) != "continued"
        assert mail() == ["continued"]

    on(main)
