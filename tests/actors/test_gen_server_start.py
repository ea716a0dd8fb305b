from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from actors import (
    BadArgument,
    Continue,
    Crash,
    Down,
    Exit,
    Exited,
    GenServer,
    Hibernate,
    Ignore,
    NoReply,
    Reply,
    Started,
    StartError,
    Stop,
    Via,
    debug,
    process,
    receive,
    run,
)
from actors.messages import Message
from actors.pid import Pid
from actors.process import Host
from tests.actors.gen_servers import Counter, Srv, info, mail, on
from tests.watching import Seen

HOSTS = pytest.mark.parametrize("host", [None, "thread"])
HUGE = 10**300


def exits_with(reason: object) -> Callable[[], object]:
    def init() -> object:
        process.exit(reason)

    return init


def raises() -> object:
    raise ValueError("oops")


def result(start: Callable[..., object], *args: object, **options: object) -> object:
    """What a start returns, or the reason of its failure."""
    try:
        return start(*args, **options)
    except StartError as error:
        return "error", plain(error.reason)


def plain(reason: object) -> object:
    return repr(reason.exception) if isinstance(reason, Crash) else reason


LIVES = {
    "a state": lambda: 1,
    "no state": lambda: None,
    "a timeout": lambda: Started(1, 10.0),
    "hibernate": lambda: Started(1, Hibernate()),
    "continue": lambda: Started(1, Continue(NoReply)),
}
FAILS: dict[str, tuple[Callable[[], object], object]] = {
    "stop normal": (lambda: Stop("normal"), "normal"),
    "stop shutdown": (lambda: Stop("shutdown"), "shutdown"),
    "stop other": (lambda: Stop("why"), "why"),
    "exit normal": (exits_with("normal"), "normal"),
    "exit other": (exits_with("why"), "why"),
    "raise": (raises, "ValueError('oops')"),
    "reply": (lambda: Reply(1, 2), ("bad_return_value", Reply(1, 2))),
    "noreply": (lambda: NoReply(1), ("bad_return_value", NoReply(1))),
    "bare continue": (lambda: Continue(1), ("bad_return_value", Continue(1))),
    "bad extra": (lambda: Started(1, True), ("bad_return_value", Started(1, True))),
    "negative timeout": (lambda: Started(1, -1), ("bad_return_value", Started(1, -1))),
}


@HOSTS
@pytest.mark.parametrize("start", ["start", "start_link"])
@pytest.mark.parametrize("case", LIVES)
def test_what_lives_after_init(case: str, start: str, host: Host) -> None:
    def main() -> object:
        pid: Pid = getattr(Srv, start)("s", LIVES[case], name="n", host=host)
        assert process.whereis("n") is pid
        assert process.is_alive(pid)
        return len(info(pid).links)

    assert on(main) == (start == "start_link")


@HOSTS
@pytest.mark.parametrize("start", ["start", "start_link"])
@pytest.mark.parametrize("case", FAILS)
def test_a_trapping_starter_gets_the_error_and_no_exit_message(
    case: str, start: str, host: Host
) -> None:
    """Point 17 and B2, B3 of OTP 26: the reason, a free name, and nothing in the mailbox."""
    init, reason = FAILS[case]

    def main() -> None:
        process.trap_exit(True)
        got = result(getattr(Srv, start), "s", init, name="n", host=host)
        assert process.whereis("n") is None
        assert got == ("error", reason)
        assert info(process.self()).links == ()
        assert mail() == []

    on(main)


@HOSTS
@pytest.mark.parametrize("start", ["start", "start_link"])
def test_an_ignored_start_says_so_and_leaves_nothing(start: str, host: Host) -> None:
    def main() -> None:
        process.trap_exit(True)
        assert getattr(Srv, start)("s", Ignore, name="n", host=host) is None
        assert process.whereis("n") is None
        assert mail() == []

    on(main)


@HOSTS
@pytest.mark.parametrize(
    ("case", "ends"),
    [
        ("stop normal", ("returned", ("error", "normal"))),
        ("exit normal", ("returned", ("error", "normal"))),
        ("stop shutdown", "shutdown"),
        ("stop other", "why"),
        ("raise", "ValueError('oops')"),
    ],
)
def test_a_starter_that_does_not_trap_is_ended_by_the_link_unless_normal(
    case: str, ends: object, host: Host
) -> None:
    """Point 17: the reason of the child ends it, before it could look at the error."""

    def starter(test: Pid) -> None:
        process.send(test, ("returned", result(Srv.start_link, "s", FAILS[case][0], host=host)))

    def main() -> object:
        process.spawn_monitor(starter, process.self())
        match receive(lambda m: not isinstance(m, Down) or plain(m.reason) != "normal"):
            case Down(reason=reason):
                return plain(reason)
            case returned:
                return returned

    assert on(main) == ends


@HOSTS
def test_ignore_is_survived_by_a_starter_that_does_not_trap(host: Host) -> None:
    def main() -> None:
        assert Srv.start_link("s", Ignore, host=host) is None
        process.sleep(1.0)

    on(main)


@HOSTS
@pytest.mark.parametrize("start", ["start", "start_link"])
def test_a_start_that_takes_too_long_kills_the_child_and_leaves_nothing(
    start: str, host: Host
) -> None:
    """B4."""
    born: list[Pid] = Seen()

    def slow() -> object:
        born.append(process.self())
        process.sleep(5.0)
        return 1

    def main() -> None:
        process.trap_exit(True)
        before = process.monotonic()
        got = result(getattr(Srv, start), "s", slow, name="n", timeout=0.5, host=host)
        assert got == ("error", "timeout")
        assert process.monotonic() - before == pytest.approx(0.5)
        assert process.whereis("n") is None
        assert not process.is_alive(born[0])
        assert mail() == []

    on(main)


def test_a_start_timeout_of_zero_still_starts_nothing_that_lives() -> None:
    def main() -> None:
        got = result(Srv.start, "s", lambda: process.sleep(1.0), timeout=0)
        assert got == ("error", "timeout")
        assert len(process.processes()) == 1

    on(main)


@HOSTS
def test_a_taken_name_is_refused_without_running_init(host: Host) -> None:
    def main() -> None:
        process.trap_exit(True)
        ran: list[object] = []
        first = Counter.start(name="n")
        got = result(Srv.start_link, "s", lambda: ran.append(1), name="n", host=host)
        assert got == ("error", ("already_started", first))
        assert ran == []
        assert mail() == []

    on(main)


@pytest.mark.parametrize("seed", range(20))
def test_of_two_that_race_for_a_name_one_wins_and_the_other_hears_whose_it_is(seed: int) -> None:
    def starter(test: Pid) -> None:
        process.trap_exit(True)
        got = result(Counter.start_link, name="n")
        found = mail()
        process.send(test, got if found == [] else found)
        process.sleep(None)

    def main() -> None:
        for _ in range(2):
            process.spawn(starter, process.self())
        results = [receive(), receive()]
        won = [each for each in results if isinstance(each, Pid)]
        assert len(won) == 1
        assert ("error", ("already_started", won[0])) in results
        assert process.whereis("n") is won[0]

    on(main, seed=seed)


def test_a_child_that_is_killed_in_its_init_is_a_failed_start_with_that_reason() -> None:
    """B2."""

    def main() -> None:
        process.trap_exit(True)
        assert result(Srv.start_link, "s", lambda: process.send_exit(process.self(), "kill")) == (
            "error",
            "killed",
        )
        assert mail() == []

    on(main)


def test_a_child_that_swallows_its_kill_in_init_is_not_taken_for_alive() -> None:
    def stubborn() -> object:
        with suppress(Exit):
            process.send_exit(process.self(), "kill")
        return 1

    def main() -> None:
        assert result(Srv.start, "s", stubborn, name="n") == ("error", "killed")
        assert process.whereis("n") is None

    on(main)


def test_a_failing_constructor_is_a_failed_start() -> None:
    class Broken(GenServer[int]):
        def __init__(self) -> None:
            raise ValueError("no instance")

    def main() -> None:
        process.trap_exit(True)
        assert result(Broken.start_link) == ("error", "ValueError('no instance')")
        assert mail() == []

    on(main)


def test_arguments_that_init_does_not_take_fail_the_start() -> None:
    def main() -> None:
        got = result(Counter.start, 1, 2, 3)
        assert "TypeError" in str(got)

    on(main)


def test_a_start_error_shows_the_users_lines_and_has_the_exception_as_its_cause() -> None:
    def main() -> StartError:
        with pytest.raises(StartError) as caught:
            Srv.start("s", raises)
        return caught.value

    error = on(main)
    assert error is not None
    assert isinstance(error.__cause__, ValueError)
    assert "in raises" in str(error)
    assert "_behaviour.py" not in str(error)


def test_the_parent_is_the_starter_and_the_initial_call_is_the_class() -> None:
    def main() -> None:
        pid = Counter.start_link()
        assert info(pid).parent is process.self()
        assert info(pid).initial_call == "tests.actors.gen_servers.Counter.init"

    on(main)


# -- monitors --------------------------------------------------------------------------------------


@HOSTS
@pytest.mark.parametrize("case", LIVES)
def test_a_monitored_start_waits_for_init_and_tells_of_the_end_later(case: str, host: Host) -> None:
    def main() -> None:
        pid, ref = Srv.start_monitor("s", LIVES[case], name="n", host=host)
        assert isinstance(pid, Pid)
        assert process.whereis("n") == pid
        assert (info(pid).links, info(pid).monitored_by) == ((), (process.self(),))
        assert mail() == []
        GenServer.stop(pid, "shutdown")
        assert mail() == [Down(ref, pid, "shutdown")]

    on(main)


def test_a_linked_and_monitored_server_tells_of_its_end_in_both_ways() -> None:
    def main() -> None:
        process.trap_exit(True)
        pid = Srv.start_link("s")
        ref = process.monitor(pid)
        GenServer.stop(pid, "shutdown")
        told = mail()
        assert len(told) == 2
        assert Down(ref, pid, "shutdown") in told
        assert Exited(pid, "shutdown") in told

    on(main)


@HOSTS
@pytest.mark.parametrize("case", FAILS)
def test_a_monitored_start_that_fails_leaves_no_down(case: str, host: Host) -> None:
    init, reason = FAILS[case]

    def main() -> None:
        process.trap_exit(True)
        got = result(Srv.start_monitor, "s", init, name="n", host=host)
        assert got == ("error", reason)
        assert process.whereis("n") is None
        assert info(process.self()).monitors == ()
        assert mail() == []

    on(main)


@HOSTS
def test_a_monitored_start_that_is_ignored_late_or_under_a_taken_name_leaves_no_down(
    host: Host,
) -> None:
    def main() -> None:
        start = Srv.start_monitor
        assert start("s", Ignore, host=host) is None
        late = result(start, "s", lambda: process.sleep(5.0), timeout=0.5, host=host)
        assert late == ("error", "timeout")
        first = Counter.start(name="n")
        assert result(start, "s", name="n", host=host) == ("error", ("already_started", first))
        assert info(process.self()).monitors == ()
        assert mail() == []
        assert process.processes() == [process.self(), first]

    on(main)


def test_a_start_takes_no_option_of_a_monitor() -> None:
    def main() -> None:
        for option in ("monitor", "spawn_opt"):
            assert "TypeError" in str(result(Counter.start, **{option: True}))
        assert mail() == []

    on(main)


# -- options ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["start", "start_link"])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[
            ("timeout", value)
            for value in (-1, -0.1, float("nan"), float("inf"), True, "5", HUGE, 10**400)
        ],
        *[("name", value) for value in ("", "nil", "undefined", 5, True, ("a", "b"), b"x")],
        ("name", Via("no module", "key")),  # type: ignore[arg-type]
        ("host", "process"),
        ("host", 1),
    ],
)
def test_a_bad_start_option_is_refused_by_name_and_value_before_anything_starts(
    option: str, value: object, start: str
) -> None:
    def main() -> None:
        before = len(process.processes())
        with pytest.raises(BadArgument) as caught:
            getattr(Counter, start)(**{option: value})
        assert caught.value.what == option
        assert caught.value.got is value
        assert len(process.processes()) == before

    on(main)


def test_no_name_is_no_name() -> None:
    def main() -> None:
        Counter.start(name=None)
        assert process.registered() == []

    on(main)


class Table:
    """A table of names that notes what it is asked to do."""

    def __init__(self) -> None:
        self.names: dict[object, Pid] = {}
        self.log: list[object] = []

    def register_name(self, key: object, pid: Pid) -> bool:
        self.log.append(("register", key))
        return self.names.setdefault(key, pid) is pid

    def unregister_name(self, key: object) -> None:
        self.log.append(("unregister", key))
        self.names.pop(key, None)

    def whereis_name(self, key: object) -> Pid | None:
        pid = self.names.get(key)
        return pid if pid is not None and process.is_alive(pid) else None

    def send(self, key: object, message: Message) -> None:
        process.send(self.names[key], message)


def test_a_via_name_is_registered_found_and_given_back_by_a_failed_start() -> None:
    def main() -> None:
        table = Table()
        via = Via(table, "k")
        pid = Counter.start(1, name=via)
        assert Counter.value(via) == 1
        assert GenServer.whereis(via) is pid
        assert result(Counter.start, name=via) == ("error", ("already_started", pid))
        GenServer.stop(via)
        assert Counter.start(2, name=Via(table, "other")) is not None
        assert result(Srv.start, "s", lambda: Stop("why"), name=Via(table, "x")) == ("error", "why")
        assert table.log[-2:] == [("register", "x"), ("unregister", "x")]

    on(main)


def test_a_taken_via_name_is_not_taken_from_its_holder_by_the_loser() -> None:
    class Blind(Table):
        def whereis_name(self, key: object) -> Pid | None:
            return None if process.self() is starter[0] else super().whereis_name(key)

    starter: list[Pid] = []

    def main() -> None:
        table = Blind()
        starter.append(process.self())
        holder = Counter.start(name=Via(table, "k"))
        assert result(Counter.start, name=Via(table, "k")) == ("error", ("already_started", holder))
        assert table.names == {"k": holder}

    on(main)


def test_a_table_of_names_that_fails_is_a_failed_start() -> None:
    class Broken(Table):
        def register_name(self, key: object, pid: Pid) -> bool:
            raise RuntimeError("no table")

    def main() -> None:
        process.trap_exit(True)
        got = result(Counter.start_link, name=Via(Broken(), "k"))
        assert got == ("error", "RuntimeError('no table')")
        assert mail() == []

    on(main)


# -- the parent ------------------------------------------------------------------------------------


@HOSTS
def test_linked_children_die_with_their_starter(host: Host) -> None:
    def starter(test: Pid) -> None:
        process.send(test, Srv.start_link("s", host=host))
        process.exit("why")

    def main() -> object:
        process.spawn(starter, process.self())
        child = receive(Pid)
        assert isinstance(child, Pid)
        ref = process.monitor(child)
        down = receive(Down, 1.0)
        assert isinstance(down, Down)
        assert down.ref is ref
        return down.reason

    assert on(main) in {"why", "noproc"}


@HOSTS
def test_a_start_without_a_link_survives_its_starter(host: Host) -> None:
    def starter(test: Pid) -> None:
        process.send(test, Srv.start("s", host=host))
        process.exit("why")

    def main() -> bool:
        process.spawn(starter, process.self())
        child = receive(Pid)
        assert isinstance(child, Pid)
        process.sleep(1.0)
        return process.is_alive(child)

    assert on(main)


def test_a_failing_continue_of_init_fails_after_start_link_has_returned() -> None:
    """G4."""

    def main() -> None:
        process.trap_exit(True)
        start = lambda: Started(0, Continue(lambda state: process.exit("in_continue")))  # noqa: E731
        pid = Srv.start_link("c", start, process.self())
        assert mail() == [("terminate", "c", "in_continue"), Exited(pid, "in_continue")]

    on(main)


def test_a_constructor_that_wants_arguments_is_refused_with_the_class() -> None:
    with pytest.raises(BadArgument, match="start_link is given goes to `init`"):

        class Built(GenServer[int]):
            def __init__(self, size: int) -> None:
                self.size = size

    class Prepared(GenServer[int]):
        def __init__(self, size: int = 3, *rest: int, **named: int) -> None:
            self.size = size

        def init(self) -> int:
            return self.size

    assert run(lambda: debug.get_state(Prepared.start_link())) == 3
