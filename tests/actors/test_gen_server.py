"""What callbacks return and what follows: states, timeouts, continues, ends, and the two halves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import (
    BadArgument,
    Caller,
    CallFailed,
    CallTimeout,
    Continue,
    Crash,
    Down,
    Exited,
    GenServer,
    Hibernate,
    Ignore,
    NoProcess,
    NoReply,
    Reply,
    ServerExited,
    Started,
    StartError,
    Stop,
    TimedOut,
    call,
    cast,
    debug,
    process,
    receive,
    telemetry,
)
from actors.messages import Message
from actors.pid import LOCAL_NODE, Pid
from actors.process import Host
from tests.actors.gen_servers import Counter, Srv, info, mail, on, served
from tests.watching import Seen

HOSTS = pytest.mark.parametrize("host", [None, "thread"])


def note(what: object) -> Callable[[object], object]:
    """A callback that tells the process which starts the test."""
    test = process.self()

    def tell(state: object) -> object:
        process.send(test, what)
        return NoReply(state)

    return tell


def then(what: object, extra: object) -> Callable[[object], object]:
    told = note(what)

    def tell(state: object) -> object:
        told(state)
        return NoReply(state, extra)  # type: ignore[arg-type]

    return tell


def plain(reason: object) -> object:
    return repr(reason.exception) if isinstance(reason, Crash) else reason


def end_of(server: Pid) -> object:
    """Wait for the end of a process; `None` if it lives on."""
    ref = process.monitor(server)
    match receive(lambda each: isinstance(each, Down) and each.ref is ref, 1.0):
        case Down(reason=reason):
            return plain(reason)
    process.demonitor(ref, flush=True)
    return None


# -- states ----------------------------------------------------------------------------------------


def test_a_state_that_is_left_out_stays_as_it_was() -> None:
    def main() -> object:
        server = served(start=lambda: "first")
        GenServer.cast(server, lambda _: NoReply())
        GenServer.cast(server, lambda _: None)
        return GenServer.call(server, lambda _, state: Reply(state))

    assert on(main) == "first"


def test_none_is_a_state_like_any_other() -> None:
    def main() -> object:
        server = served(start=lambda: "first")
        GenServer.cast(server, lambda _: NoReply(None))
        return GenServer.call(server, lambda _, state: Reply(state))

    assert on(main) is None


def test_messages_of_one_sender_are_handled_one_at_a_time_in_their_order() -> None:
    def slow(number: int) -> Callable[[object], object]:
        def act(state: object) -> object:
            process.sleep(0.1)
            return NoReply([*state, number])  # type: ignore[misc]

        return act

    def main() -> object:
        server = served(start=list)
        for number in range(5):
            GenServer.cast(server, slow(number))
        return GenServer.call(server, lambda _, state: Reply(state))

    assert on(main) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "outcome",
    ["junk", Reply(1), Ignore(), Started(1), Continue(1), Hibernate(), 5, (), Stop("x", reply=1)],
    ids=repr,
)
@pytest.mark.parametrize("way", ["cast", "info", "continue"])
def test_what_no_callback_may_return_ends_the_server_after_terminate(
    way: str, outcome: object
) -> None:
    """Point 13, with the state of before the failing callback."""

    def main() -> None:
        act: object = lambda _: outcome  # noqa: E731
        if way == "continue":
            inner = act
            act = lambda state: NoReply(state, Continue(inner))  # noqa: E731
        server = served()
        ref = process.monitor(server)
        if way == "cast":
            GenServer.cast(server, act)
        else:
            process.send(server, act)
        reason = ("bad_return_value", outcome)
        assert mail() == [("terminate", "s", reason), Down(ref, server, reason)]

    on(main)


@pytest.mark.parametrize("extra", [-1, float("nan"), float("inf"), True, "5", 10**300, 10**400])
def test_a_bad_timeout_in_an_outcome_is_a_bad_return_and_changes_no_state(extra: object) -> None:
    def main() -> None:
        seen: list[object] = Seen()
        for outcome in (Reply("no", "new", extra), NoReply("new", extra)):  # type: ignore[arg-type]
            server = served(start=lambda: "old")
            GenServer.cast(server, lambda _: NoReply(seen.append))
            with pytest.raises(ServerExited) as caught:
                GenServer.call(server, lambda _, s, end=outcome: end)
            # By their texts: not a number is never equal to its copy.
            assert repr(caught.value.why) == repr(("bad_return_value", outcome))
        # `terminate` of `Srv` hands the reason to a state that is a function: the old one.
        assert len(seen) == 2

    on(main)


def silently(state: object) -> object:
    return NoReply((state, "continued"))


OUTCOMES: dict[str, tuple[Callable[[object], object], object, list[object]]] = {
    "a state": (lambda s: NoReply((s, 1)), (0, 1), []),
    "nothing": (lambda _: None, 0, []),
    "a timeout": (lambda s: NoReply((s, 1), 0.02), (0, 1), [("info", "s", TimedOut())]),
    "hibernate": (lambda s: NoReply((s, 1), Hibernate()), (0, 1), []),
    "continue": (lambda s: NoReply(s, Continue(silently)), (0, "continued"), []),
}
STOPS: dict[str, tuple[Callable[[object], object], object]] = {
    "normal": (lambda s: Stop("normal", s), "normal"),
    "shutdown": (lambda s: Stop("shutdown", s), "shutdown"),
    "another": (lambda s: Stop(("why", 1), s), ("why", 1)),
}


def do(way: str, server: Pid, act: Callable[[object], object]) -> None:
    """Have a server do something in its `handle_cast` or its `handle_info`."""
    if way == "cast":
        GenServer.cast(server, act)
    else:
        process.send(server, act)


@HOSTS
@pytest.mark.parametrize("way", ["cast", "info"])
@pytest.mark.parametrize("case", OUTCOMES)
def test_casts_and_messages_may_have_every_outcome_but_a_reply(
    case: str, way: str, host: Host
) -> None:
    act, state, follows = OUTCOMES[case]

    def main() -> None:
        server = served(start=lambda: 0, host=host)
        do(way, server, act)
        assert mail() == follows
        assert GenServer.call(server, lambda _, state: Reply(state)) == state

    on(main)


@HOSTS
@pytest.mark.parametrize("way", ["cast", "info"])
@pytest.mark.parametrize("case", STOPS)
def test_casts_and_messages_may_stop_the_server(case: str, way: str, host: Host) -> None:
    act, reason = STOPS[case]

    def main() -> None:
        server = served(start=lambda: 0, host=host)
        ref = process.monitor(server)
        do(way, server, act)
        assert mail() == [("terminate", "s", reason), Down(ref, server, reason)]

    on(main)


def test_hibernation_keeps_the_state_wakes_for_mail_and_lasts_over_a_suspension() -> None:
    def main() -> None:
        server = served(start=lambda: Started(0, Hibernate()))
        asleep = lambda s: NoReply(s + 1, Hibernate())  # noqa: E731
        for way in ("cast", "info"):
            do(way, server, asleep)
        GenServer.call(server, lambda _, s: Reply("ok", s + 1, Hibernate()))
        do("cast", server, lambda s: NoReply(s, Continue(asleep)))
        debug.suspend(server)
        do("cast", server, asleep)
        assert debug.get_state(server) == 4
        debug.resume(server)
        assert debug.get_state(server) == 5
        assert mail() == []

    on(main)


# -- continue --------------------------------------------------------------------------------------


@HOSTS
def test_continue_runs_before_what_init_sent_itself(host: Host) -> None:
    """Point 12 and trace gs_continue_order."""

    def main() -> None:
        sent, continued = note("message_sent_in_init"), note("continue_of_init")

        def start() -> object:
            process.send(process.self(), sent)
            return Started(0, Continue(continued))

        served(start=start, host=host)
        assert mail() == ["continue_of_init", "message_sent_in_init"]

    on(main)


@HOSTS
def test_queued_messages_wait_for_the_whole_chain_of_continues(host: Host) -> None:
    def main() -> None:
        server = served(host=host)
        second = note("continue_2")
        first = then("continue_1", Continue(second))

        def begin(state: object) -> object:
            process.sleep(0.05)
            return NoReply(state, Continue(first))

        GenServer.cast(server, begin)
        GenServer.cast(server, note("queued_cast"))
        process.send(server, note("queued_info"))
        assert mail() == ["continue_1", "continue_2", "queued_cast", "queued_info"]

    on(main)


def test_a_continue_may_answer_and_its_state_is_what_the_next_callback_sees() -> None:
    def main() -> None:
        def later(caller: Caller, state: object) -> object:
            def step(state: int) -> object:
                GenServer.reply(caller, "from_continue")
                return NoReply(state + 1)

            return NoReply(state, Continue(step))

        server = served(start=lambda: 0)
        assert GenServer.call(server, later) == "from_continue"
        assert GenServer.call(server, lambda _, state: Reply(state)) == 1

    on(main)


def test_a_continue_may_set_a_timeout_hibernate_stop_or_return_nothing() -> None:
    def main() -> None:
        server = served()
        timeout = lambda state: NoReply(state, 0.03)  # noqa: E731
        GenServer.cast(server, lambda s: NoReply(s, Continue(timeout)))
        assert mail() == [("info", "s", TimedOut())]
        GenServer.cast(server, lambda s: NoReply(s, Continue(lambda _: None)))
        GenServer.cast(server, lambda s: NoReply(s, Continue(lambda s: NoReply(s, Hibernate()))))
        assert mail() == []
        GenServer.cast(server, lambda s: NoReply(s, Continue(lambda s: Stop("from_continue", s))))
        assert end_of(server) in {"from_continue", "noproc"}
        assert mail() == [("terminate", "s", "from_continue")]

    on(main)


def test_ten_thousand_continues_in_a_row_do_not_recurse() -> None:
    def step(state: int) -> object:
        return NoReply(state + 1, Continue(step) if state < 10_000 else None)

    def main() -> object:
        server = served(start=lambda: Started(0, Continue(step)))
        return GenServer.call(server, lambda _, state: Reply(state))

    assert on(main) == 10_001


def test_a_server_killed_in_an_endless_chain_of_continues_ends() -> None:
    def step(state: object) -> object:
        try:
            process.sleep(0.1)
        except BaseException:
            return NoReply(state, Continue(step))
        return NoReply(state, Continue(step))

    def main() -> None:
        server = served()
        ref = process.monitor(server)
        GenServer.cast(server, lambda s: NoReply(s, Continue(step)))
        process.sleep(1.0)
        process.send_exit(server, "kill")
        assert receive(Down, 1.0) == Down(ref, server, "killed")

    on(main)


def test_a_server_without_handle_continue_fails_when_it_continues() -> None:
    class Bare(GenServer[int]):
        def init(self) -> Started[int]:
            return Started(0, Continue("on"))

    def main() -> object:
        bare = Bare.start()
        return end_of(bare)

    assert "noproc" in str(on(main))


# -- timeouts --------------------------------------------------------------------------------------


def timeouts(state: object = None, seconds: float = 0.5) -> object:
    return NoReply(state, seconds)


@HOSTS
def test_a_timeout_fires_once_when_nothing_comes(host: Host) -> None:
    """G5."""

    def main() -> None:
        server = served(host=host)
        GenServer.cast(server, timeouts)
        assert receive(timeout=0.4) == TimedOut()
        assert receive(timeout=0.2) == ("info", "s", TimedOut())
        assert receive(timeout=10.0) == TimedOut()

    on(main)


@HOSTS
@pytest.mark.parametrize("way", ["call", "cast", "info"])
def test_any_message_ends_a_timeout_for_good(way: str, host: Host) -> None:
    """Point 11."""

    def main() -> None:
        server = served(host=host)
        GenServer.cast(server, timeouts)
        process.sleep(0.3)
        match way:
            case "call":
                GenServer.call(server, lambda _, s: Reply(1))
            case "cast":
                GenServer.cast(server, NoReply)
            case "info":
                process.send(server, NoReply)
        process.sleep(10.0)
        assert mail() == []

    on(main)


def test_every_outcome_without_a_timeout_ends_the_one_before() -> None:
    def main() -> None:
        for outcome in (NoReply(), None, NoReply(1, Hibernate())):
            server = served()
            GenServer.cast(server, timeouts)
            GenServer.cast(server, lambda _, end=outcome: end)
            process.sleep(1.0)
            assert mail() == []

    on(main)


@HOSTS
def test_a_timeout_of_zero_waits_for_an_empty_mailbox(host: Host) -> None:
    def main() -> None:
        server = served(host=host)

        def begin(state: object) -> object:
            process.sleep(0.05)
            return NoReply(state, 0)

        GenServer.cast(server, begin)
        GenServer.cast(server, then("queued", None))
        assert mail() == ["queued"]
        GenServer.cast(server, then("alone", 0))
        assert mail() == ["alone", ("info", "s", TimedOut())]

    on(main)


def test_init_may_set_a_timeout_too() -> None:
    def main() -> None:
        served(start=lambda: Started(0, 0.5))
        assert receive(timeout=1.0) == ("info", "s", TimedOut())

    on(main)


def test_a_callback_that_waits_is_not_disturbed_by_the_timeout_it_was_called_with() -> None:
    def main() -> None:
        server = served()
        GenServer.cast(server, timeouts)
        GenServer.cast(server, then("awake", 0.5))

        def slow(state: object) -> object:
            assert receive(lambda _: False, timeout=3.0) == TimedOut()
            return NoReply(state)

        GenServer.cast(server, slow)
        process.sleep(10.0)
        assert mail() == ["awake"]

    on(main)


def test_a_message_that_looks_like_a_timeout_is_one() -> None:
    def main() -> None:
        server = served()
        process.send(server, TimedOut())
        assert mail() == [("info", "s", TimedOut())]

    on(main)


def test_users_tuples_are_messages_whatever_their_first_word() -> None:
    """The machinery's own tags are no words that a user would write by accident."""

    def main() -> None:
        server = served()
        messages: list[Message] = [("system", "up"), ("system",), ("call", 1, 2), (), ("cast", 1)]
        for each in messages:
            process.send(server, each)
        assert mail() == [("info", "s", each) for each in messages]

    on(main)


# -- terminate -------------------------------------------------------------------------------------


def boom(_: object) -> object:
    raise ValueError("oops")


Act = Callable[[Pid], object]
CASTS: dict[str, tuple[Callable[[object], object], object]] = {
    "stop normal": (lambda s: Stop("normal", s), "normal"),
    "stop reason": (lambda s: Stop("why", s), "why"),
    "raise": (boom, "ValueError('oops')"),
    "exit": (lambda _: process.exit("why"), "why"),
    "bad return": (lambda _: "junk", ("bad_return_value", "junk")),
}


def begun(host: Host, *, traps: bool) -> Pid:
    def start() -> object:
        process.trap_exit(traps)
        return 0

    return served(start=start, host=host)


@HOSTS
@pytest.mark.parametrize("traps", [False, True])
@pytest.mark.parametrize("case", CASTS)
def test_terminate_runs_for_every_end_that_a_callback_makes(
    case: str, traps: bool, host: Host
) -> None:
    """Point 15 and trace gs_terminate."""
    act, reason = CASTS[case]

    def main() -> None:
        server = begun(host, traps=traps)
        ref = process.monitor(server)
        GenServer.cast(server, act)
        terminated, down = mail()
        assert isinstance(down, Down)
        assert (down.ref, plain(down.reason)) == (ref, reason)
        assert terminated == ("terminate", "s", down.reason)

    on(main)


@HOSTS
@pytest.mark.parametrize(
    ("signal", "quiet", "trapped"),
    [
        ("sig", "sig", None),
        ("normal", None, None),
        ("shutdown", "shutdown", None),
        ("kill", "killed", "killed"),
    ],
)
def test_exit_signals_run_no_terminate(
    signal: str, quiet: object, trapped: object, host: Host
) -> None:
    """Point 15: an untrapped signal and a kill end it at once, a trapped one is a message."""

    def main() -> None:
        me = process.self()
        for traps, reason in ((False, quiet), (True, trapped)):
            server = begun(host, traps=traps)
            process.send_exit(server, signal)
            assert end_of(server) in ({reason, "noproc"} if reason else {None})
            expected = [("info", "s", Exited(me, signal))] if traps and reason is None else []
            assert mail() == expected

    on(main)


@HOSTS
def test_stop_runs_terminate_and_waits_for_the_end(host: Host) -> None:
    def main() -> None:
        for traps in (False, True):
            server = begun(host, traps=traps)
            GenServer.stop(server, "bye")
            assert not process.is_alive(server)
            assert mail() == [("terminate", "s", "bye")]

    on(main)


@HOSTS
@pytest.mark.parametrize("traps", [False, True])
def test_an_exit_signal_to_oneself_is_the_parents_for_a_server_without_a_parent(
    traps: bool, host: Host
) -> None:
    """G2 and trace gs_terminate: exit(self, reason)."""

    def own(state: object) -> object:
        process.send_exit(process.self(), "own")
        return NoReply(state)

    def main() -> None:
        server = begun(host, traps=traps)
        ref = process.monitor(server)
        GenServer.cast(server, own)
        down = Down(ref, server, "own")
        assert mail() == ([("terminate", "s", "own"), down] if traps else [down])

    on(main)


@HOSTS
@pytest.mark.parametrize("reason", ["normal", "shutdown", "why"])
@pytest.mark.parametrize("traps", [False, True])
def test_the_parents_end_ends_a_server_that_traps_whatever_the_reason(
    reason: str, traps: bool, host: Host
) -> None:
    """Point 16."""

    def main() -> None:
        me = process.self()

        def start() -> object:
            process.trap_exit(traps)
            return 0

        def parent() -> None:
            process.send(me, Srv.start_link("child", start, me, host=host))
            receive()
            process.exit(reason)

        above = process.spawn(parent)
        child = receive(Pid)
        assert isinstance(child, Pid)
        ref = process.monitor(child)
        process.send(above, "end")
        down = Down(ref, child, reason)
        if traps:
            assert mail() == [("terminate", "child", reason), down]
        else:
            assert mail() == ([] if reason == "normal" else [down])

    on(main)


@HOSTS
def test_the_end_of_another_linked_process_is_a_message_for_a_server_that_traps(host: Host) -> None:
    def main() -> None:
        server = begun(host, traps=True)
        peer = process.spawn(lambda: process.sleep(None))

        def link(state: object) -> object:
            process.link(peer)
            return NoReply(state)

        GenServer.cast(server, link)
        process.sleep(0.1)
        process.send_exit(peer, "peer_down")
        assert mail() == [("info", "s", Exited(peer, "peer_down"))]
        assert process.is_alive(server)

    on(main)


def test_a_message_that_looks_like_the_parents_end_is_taken_for_it() -> None:
    def main() -> None:
        me = process.self()
        server = Srv.start_link("linked", None, me)
        process.unlink(server)
        ref = process.monitor(server)
        process.send(server, Exited(me, "forged"))
        assert mail() == [("terminate", "linked", "forged"), Down(ref, server, "forged")]

    on(main)


@HOSTS
def test_what_terminate_fails_with_becomes_the_reason(host: Host) -> None:
    """G11."""

    def main() -> None:
        for fails, reason in (
            (boom, "ValueError('oops')"),
            (lambda _: process.exit("in_terminate"), "in_terminate"),
        ):
            server = served(start=lambda end=fails: end, host=host)
            ref = process.monitor(server)
            GenServer.cast(server, lambda s: Stop("why", s))
            down = receive(Down, 1.0)
            assert isinstance(down, Down)
            assert (down.ref, plain(down.reason)) == (ref, reason)

    on(main)


def test_terminate_sees_the_state_of_the_stop_or_the_one_before_the_failure() -> None:
    def main() -> None:
        me = process.self()

        class Ends(GenServer[str]):
            def init(self) -> str:
                return "before"

            def handle_cast(self, request: Message, state: str) -> object:
                if request == "stop":
                    return Stop("normal", "in the stop")
                raise ValueError(request)

            def terminate(self, reason: object, state: str) -> None:
                process.send(me, state)

        for request in ("stop", "fail"):
            GenServer.cast(Ends.start(), request)
        assert mail() == ["in the stop", "before"]

    on(main)


def test_a_server_killed_while_it_terminates_ends_killed() -> None:
    def main() -> None:
        server = served(start=lambda: lambda _: process.sleep(None))
        ref = process.monitor(server)
        GenServer.cast(server, lambda s: Stop("why", s))
        process.sleep(0.1)
        process.send_exit(server, "kill")
        assert receive(Down, 1.0) == Down(ref, server, "killed")

    on(main)


# -- stop ------------------------------------------------------------------------------------------


def test_a_server_is_stopped_by_its_name_which_is_free_afterwards() -> None:
    def main() -> None:
        for _ in range(2):
            Counter.start(name="n")
            GenServer.stop("n", "normal", 1.0)
            assert process.whereis("n") is None

    on(main)


def test_stopping_nobody_or_oneself_is_refused() -> None:
    """B5, G14 and trace gs_call_failures."""

    def main() -> None:
        dead = served()
        GenServer.stop(dead)
        for nobody in (dead, "nobody", None):
            with pytest.raises(NoProcess) as caught:
                GenServer.stop(nobody)
            assert caught.value.reason == (
                "noproc",
                ("GenServer", "stop", [nobody, "normal", None]),
            )
        with pytest.raises(CallFailed) as calling:
            GenServer.stop(process.self(), "x", 1.0)
        assert calling.value.why == "calling_self"
        assert "stop" in str(calling.value)

    on(main)


@HOSTS
def test_a_server_that_ends_with_another_reason_than_asked_fails_the_stop(host: Host) -> None:
    def main() -> None:
        server = served(start=lambda: lambda _: process.exit("another"), host=host)
        with pytest.raises(ServerExited) as caught:
            GenServer.stop(server, "some_reason")
        assert caught.value.reason == (
            "another",
            ("GenServer", "stop", [server, "some_reason", None]),
        )

    on(main)


@HOSTS
def test_a_stop_that_takes_too_long_kills_nobody(host: Host) -> None:
    def main() -> None:
        server = served(start=lambda: lambda _: process.sleep(0.3), host=host)
        with pytest.raises(CallTimeout) as caught:
            GenServer.stop(server, "normal", 0.04)
        assert caught.value.reason == ("timeout", ("GenServer", "stop", [server, "normal", 0.04]))
        assert process.is_alive(server)
        process.sleep(0.4)
        assert not process.is_alive(server)
        assert mail() == []

    on(main)


def test_a_reason_whose_equality_raises_is_a_reason_all_the_same() -> None:
    class Hostile:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no")

    def main() -> None:
        GenServer.stop(served(), Hostile())
        server = served(start=lambda: lambda _: process.exit(Hostile()))
        with pytest.raises(ServerExited):
            GenServer.stop(server, Hostile())

    on(main)


def test_a_server_is_stopped_by_its_name_and_by_its_name_on_its_node() -> None:
    def main() -> None:
        for address in ("n", ("n", LOCAL_NODE)):
            pid = Counter.start(name="n")
            GenServer.stop(address)
            assert not process.is_alive(pid)
            with pytest.raises(NoProcess):
                GenServer.stop(address)

    on(main)


@HOSTS
def test_the_end_of_a_parent_known_by_a_name_ends_a_server_that_traps(host: Host) -> None:
    def main() -> None:
        me = process.self()

        def start() -> object:
            process.trap_exit(True)
            return 0

        def parent() -> None:
            process.register(process.self(), "parent")
            process.send(me, Srv.start_link("child", start, me, host=host))
            receive()

        above = process.spawn(parent)
        child = receive(Pid)
        assert isinstance(child, Pid)
        ref = process.monitor(child)
        process.send_exit(above, "shutdown")
        assert mail() == [("terminate", "child", "shutdown"), Down(ref, child, "shutdown")]

    on(main)


# -- missing callbacks -----------------------------------------------------------------------------


class Bare(GenServer[int]):
    def init(self) -> int:
        return 0


def test_a_server_without_callbacks_survives_messages_and_tells_of_them() -> None:
    """G12."""
    told: list[object] = []
    event = ("actors", "gen_server", "unhandled")
    telemetry.attach("test", event, lambda _, __, fields: told.append(fields["message"]))

    def main() -> None:
        bare = Bare.start()
        process.send(bare, "whatever")
        process.sleep(0.1)
        assert process.is_alive(bare)

    try:
        on(main)
    finally:
        telemetry.detach("test")
    assert told == ["whatever"]


def test_start_arguments_that_no_init_takes_are_refused_and_not_lost() -> None:
    class Plain(GenServer[None]):
        """Has no `init`."""

    def main() -> str:
        assert process.is_alive(Plain.start())
        with pytest.raises(StartError) as caught:
            Plain.start("whatever")
        return str(caught.value)

    refusal = "Plain has no init that takes start arguments, and was started with ('whatever',)"
    assert refusal in str(on(main))


def test_a_server_without_callbacks_fails_on_casts_and_calls() -> None:
    def main() -> None:
        bare = Bare.start()
        GenServer.cast(bare, "whatever")
        assert "Bare has no handle_cast, and was cast 'whatever'" in str(end_of(bare))
        with pytest.raises(ServerExited) as caught:
            GenServer.call(Bare.start(), "whatever")
        assert "Bare has no handle_call" in str(caught.value)

    on(main)


@pytest.mark.parametrize("reason", ["normal", "shutdown", "why"])
def test_a_server_without_terminate_ends_with_the_reason_it_is_given(reason: str) -> None:
    def main() -> None:
        bare = Bare.start()
        ref = process.monitor(bare)
        GenServer.stop(bare, reason)
        assert mail() == [Down(ref, bare, reason)]

    on(main)


def test_a_server_without_init_and_code_change_has_no_state_and_keeps_it() -> None:
    class Empty(GenServer[None]):
        pass

    def main() -> None:
        empty = Empty.start()
        assert debug.get_state(empty) is None
        debug.suspend(empty)
        debug.change_code(empty, Empty, "old", "extra")
        debug.resume(empty)
        assert debug.get_state(empty) is None

    on(main)


def test_an_error_inside_handle_info_is_not_taken_for_a_missing_one() -> None:
    def main() -> object:
        server = served()
        process.send(server, boom)
        return end_of(server)

    assert on(main) == "ValueError('oops')"


# -- addresses -------------------------------------------------------------------------------------


def test_casts_to_nobody_are_silent() -> None:
    """G13 and trace gs_state_and_from."""

    def main() -> None:
        dead = served()
        GenServer.stop(dead)
        for nobody in (dead, "nobody", None, ("nobody", "no@where"), ("nobody", LOCAL_NODE)):
            GenServer.cast(nobody, "x")
        Counter.add("nobody")
        with pytest.raises(BadArgument):
            GenServer.cast(5, "x")  # type: ignore[arg-type]

    on(main)


def test_whereis_knows_names_pids_and_nodes() -> None:
    """G16."""

    def main() -> None:
        pid = Counter.start(name="n")
        assert GenServer.whereis(pid) is pid
        assert GenServer.whereis("n") is pid
        assert GenServer.whereis(("n", LOCAL_NODE)) is pid
        assert GenServer.whereis(("n", "no@where")) == ("n", "no@where")
        assert GenServer.whereis("nope") is None

    on(main)


# -- the two halves of a protocol ------------------------------------------------------------------


class Base(GenServer[int], restart="transient", shutdown=2.0, id="base"):
    def init(self) -> int:
        return 1

    @call
    def value(self, state: int, factor: int = 1, *more: int, offset: int = 0) -> Reply[int, int]:
        """Return the value, scaled."""
        return Reply(state * factor + sum(more) + offset)

    @cast
    def forget(self, state: int) -> None:
        return None


class Doubled(Base):
    @call
    def value(self, state: int, factor: int = 1, *more: int, offset: int = 0) -> Reply[int, int]:
        outcome = super().value(state, factor, *more, offset=offset)
        assert isinstance(outcome, Reply)
        return Reply(outcome.value * 2)


def test_arguments_keywords_and_defaults_go_through() -> None:
    def main() -> None:
        pid = Base.start()
        assert Base.value(pid) == 1
        assert Base.value(pid, 3) == 3
        assert Base.value(pid, factor=4, offset=1) == 5
        assert Base.value(pid, 1, 2, 3) == 6

    on(main)


def test_a_subclass_overrides_the_process_half_for_both_client_halves() -> None:
    def main() -> None:
        pid = Doubled.start()
        assert Doubled.value(pid, 3) == 6
        assert Base.value(pid, 3) == 6
        Doubled.forget(pid)

    on(main)


def test_a_mixin_brings_its_part_of_the_protocol() -> None:
    class Named:
        @call
        def name(self, state: int) -> Reply[str, int]:
            return Reply(type(self).__name__)

    class Both(Named, Base):
        pass

    class Diamond(Both, Doubled):
        pass

    def main() -> None:
        assert Both.name(Both.start()) == "Both"
        diamond = Diamond.start()
        assert Diamond.name(diamond) == "Diamond"
        assert Diamond.value(diamond) == 2

    on(main)


def test_a_cast_may_become_a_call_in_a_subclass() -> None:
    class Asks(Base):
        @call
        def forget(self, state: int) -> Reply[str, int]:  # type: ignore[override]
            return Reply("forgotten")

    def main() -> object:
        return Asks.forget(Asks.start())

    assert on(main) == "forgotten"


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {"nothing": 1}), (("x",), {"factor": 2}), ((), {"state": 1}), ((), {"self": 1})],
)
def test_arguments_that_do_not_fit_are_the_callers_mistake_and_never_sent(
    args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    def main() -> None:
        pid = Base.start()
        with pytest.raises(TypeError, match=r"value\(\): "):
            Base.value(pid, *args, **kwargs)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"forget\(\): too many"):
            Base.forget(pid, 1)  # type: ignore[call-arg]
        assert Base.value(pid) == 1

    on(main)


def test_whoever_passes_a_timeout_is_told_where_it_goes() -> None:
    def main() -> None:
        with pytest.raises(TypeError, match=r"value\.within\(seconds\)\(server\)"):
            Base.value(Base.start(), timeout=1.0)  # type: ignore[call-arg]

    on(main)


def test_required_arguments_are_required_of_the_caller() -> None:
    class Strict(GenServer[int]):
        @call
        def both(self, state: int, one: int, *, two: int) -> Reply[int, int]:
            return Reply(one + two)

    def main() -> int:
        pid = Strict.start()
        for wrong in ({}, {"one": 1}, {"two": 2}):
            with pytest.raises(TypeError, match="missing"):
                Strict.both(pid, **wrong)
        with pytest.raises(TypeError, match="missing"):
            Strict.both(pid, 1)  # type: ignore[call-arg]
        return Strict.both(pid, 1, two=2)

    assert on(main) == 3


def test_a_request_that_a_server_does_not_know_goes_to_its_handle_call() -> None:
    class Proxy(GenServer[Pid]):
        def init(self, behind: Pid) -> Pid:
            return behind

        def handle_call(self, request: Message, caller: Caller, state: Pid) -> Reply[object, Pid]:
            return Reply(GenServer.call(state, request))

        def handle_cast(self, request: Message, state: Pid) -> None:
            GenServer.cast(state, request)

    def main() -> int:
        proxy = Proxy.start(Counter.start(4))
        Counter.add(proxy)
        with pytest.raises(
            ServerExited, match="Bare has no handle_call, and was called with value"
        ):
            Counter.value(Bare.start())
        return Counter.value(proxy)

    assert on(main) == 5


def test_an_override_that_forgets_the_decorator_is_refused() -> None:
    with pytest.raises(BadArgument, match=r"value"):

        class Forgets(Base):
            def value(self, state: int) -> Reply[int, int]:  # type: ignore[override]
                return Reply(0)


def test_what_is_no_method_with_a_state_is_refused() -> None:
    with pytest.raises(BadArgument, match="@call"):
        call(5)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="@cast"):

        @cast  # type: ignore[arg-type]
        def only(self: object) -> None:
            return None

    with pytest.raises(BadArgument, match="callback"):

        class Ends(GenServer[int]):
            @cast
            def terminate(self, state: int) -> None:  # type: ignore[override]
                return None


def test_client_halves_carry_the_methods_documentation_and_name() -> None:
    assert Base.value.__doc__ == "Return the value, scaled."
    assert "value" in repr(Base.value)
    assert "forget" in repr(Base.forget)


def test_requests_print_like_the_call_they_are() -> None:
    def main() -> str:
        with pytest.raises(NoProcess) as caught:
            Base.value("nobody", 3, offset=1)
        return str(caught.value)

    assert on(main) == "no process of this name is alive (call of value(3, offset=1) to 'nobody')"


# -- class keywords and child specs ----------------------------------------------------------------


def test_class_keywords_are_inherited_and_overridden() -> None:
    class Child(Base, shutdown="brutal_kill"):
        pass

    class Other(Base, restart="temporary"):
        pass

    class Heir(Child, Other):
        pass

    assert Base.options == {"restart": "transient", "shutdown": 2.0, "id": "base"}
    assert Child.options == {"restart": "transient", "shutdown": "brutal_kill", "id": "base"}
    assert Heir.options == {"restart": "temporary", "shutdown": "brutal_kill", "id": "base"}
    assert Counter.options == {}


@pytest.mark.parametrize(
    "options",
    [
        {"restart": "always"},
        {"restart": ["permanent"]},
        {"shutdown": -1},
        {"shutdown": "kill"},
        {"shutdown": True},
        {"shutdown": Hibernate()},
        {"host": "process"},
        {"host": ["thread"]},
        {"strategy": "one_for_one"},
    ],
)
def test_a_bad_class_keyword_is_refused_when_the_class_is_made(options: dict[str, object]) -> None:
    with pytest.raises(BadArgument) as caught:
        type("Bad", (GenServer,), {}, **options)
    (value,) = options.values()
    assert caught.value.got is value or caught.value.got in options


def test_a_child_spec_names_the_class_its_start_and_its_keywords() -> None:
    assert Counter.child_spec(1, name="n") == {
        "id": Counter,
        "start": (Counter.start_link, (1,), {"name": "n"}),
    }
    assert Base.child_spec(restart="permanent", shutdown=None, id=5) == {
        "id": 5,
        "start": (Base.start_link, (), {}),
        "restart": "permanent",
        "shutdown": None,
    }


def test_the_host_of_a_class_is_where_its_servers_run() -> None:
    class Threaded(Base, host="thread"):
        pass

    def main() -> None:
        pid = Threaded.start_link()
        assert info(pid).host == "thread"
        assert "host" not in Threaded.child_spec()

    on(main)


def test_names_of_the_machinery_are_free_for_methods_of_a_server() -> None:
    class Mailer(GenServer[int]):
        def init(self) -> int:
            return self._start() + self._host() + self._make()

        def _start(self) -> int:
            return 1

        def _host(self) -> int:
            return 2

        def _make(self) -> int:
            return 4

        @call
        def value(self, state: int) -> Reply[int, int]:
            return Reply(state)

    def main() -> None:
        assert Mailer.value(Mailer.start()) == 7

    on(main)
