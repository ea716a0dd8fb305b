"""Any pykka actor class, unmodified, under our supervisors; links and monitors of any pykka reference."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pykka
import pytest

from actors import Crash, Down, Exited, GenServer, ServerExited, StartError, process, receive, run
from actors.errors import BadArgument
from actors.pykka_bridge import (
    StableRef,
    child_spec,
    link,
    monitor,
    pid_of,
    ref_of,
    start_link,
)
from supervisors import Supervisor
from tests.actors.probes import end_of
from tests.actors.pykka_bridge.players import KINDS, Player, ThreadPlayer, quiet
from tests.actors.schedules import every_schedule

Kind = type[Any]
LONG = 30.0


def hear() -> object:
    return receive(timeout=LONG)


def supervised(kind: Kind, **options: Any) -> StableRef:
    """Start a supervisor with one player, and wait until that has begun."""
    spec = child_spec(kind, process.self(), name="player", **options)
    Supervisor.start_link([spec], max_restarts=100)
    assert hear() == "started"
    return StableRef("player")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), KeyboardInterrupt()])
def test_an_actor_that_dies_of_a_tell_comes_back(kind: Kind, error: BaseException) -> None:
    def main() -> list[object]:
        ref = supervised(kind)
        first = ref.current()
        ref.ask(7)
        with quiet():
            ref.tell(error)
            heard = [hear(), hear()]
        proxy = ref.proxy()
        return [*heard, proxy.count.get(), ref.current() is not first, first is not None]

    assert run(main) == [("failed", repr(error)), "started", 0, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_system_exit_in_one_actor_stops_no_other(kind: Kind) -> None:
    def main() -> list[object]:
        ref = supervised(kind)
        others = [each.start(process.self()) for each in (Player, ThreadPlayer)]
        assert [hear(), hear()] == ["started", "started"]
        with quiet(), pytest.raises(pykka.ActorDeadError, match="SystemExit") as died:
            ref.ask(SystemExit(1))
        assert isinstance(died.value.__cause__, SystemExit)
        heard = [hear(), hear()]
        alive = [other.ask("alive") for other in others]
        for other in others:
            other.stop()
        return [*heard, *alive]

    assert run(main) == [("failed", "SystemExit(1)"), "started", "alive", "alive"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1)])
def test_a_failing_on_start_is_a_start_that_failed(kind: Kind, error: BaseException) -> None:
    def main() -> object:
        with quiet(), pytest.raises(StartError) as failed:
            start_link(kind, process.self(), error)
        assert not pykka.ActorRegistry.get_by_class(kind)
        assert isinstance(failed.value.reason, Crash)
        return repr(failed.value.reason.exception)

    # The link ends whoever starts a process that fails, unless it traps exits.
    assert run(lambda: (process.trap_exit(True), main())[1]) == repr(error)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_init_starts_nothing(kind: Kind) -> None:
    def main() -> None:
        process.trap_exit(True)
        with pytest.raises(StartError, match="missing"):
            start_link(kind)
        assert not pykka.ActorRegistry.get_by_class(kind)

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_of_an_ask_goes_to_the_caller_and_the_actor_lives(kind: Kind) -> None:
    def main() -> list[object]:
        ref = supervised(kind)
        first = ref.current()
        with quiet(), pytest.raises(ValueError, match="mine"):
            ref.proxy().fail(ValueError("mine")).get()
        return [ref.ask("alive"), ref.current() is first]

    assert run(main) == ["alive", True]


@pytest.mark.parametrize("kind", KINDS)
def test_by_choice_an_exception_of_an_ask_ends_the_actor_too(kind: Kind) -> None:
    def main() -> list[object]:
        ref = supervised(kind, ask_failure="crash")
        with quiet(), pytest.raises(ValueError, match="mine"):
            ref.ask(ValueError("mine"))
        return [hear(), hear(), ref.ask("alive")]

    assert run(main) == [("failed", "ValueError('mine')"), "started", "alive"]


@dataclass(eq=True)
class Unhashable(Exception):
    what: str


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_that_cannot_be_hashed_ends_its_actor_as_any_other(kind: Kind) -> None:
    def main() -> list[object]:
        ref = supervised(kind, ask_failure="crash")
        with quiet(), pytest.raises(Unhashable) as raised:
            ref.ask(Unhashable("x"))
        lines = [entry.name for entry in raised.traceback]
        return [hear(), hear(), "on_receive" in lines]

    assert run(main) == [("failed", "Unhashable(what='x')"), "started", True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_transient_actor_stays_away(kind: Kind) -> None:
    def main() -> list[object]:
        ref = supervised(kind, restart="transient")
        pid = process.whereis("player")
        assert pid is not None
        down = process.monitor(pid)
        ref.stop()
        heard = [hear(), hear()]
        return [heard[0], heard[1] == Down(down, pid, "normal"), ref.is_alive()]

    assert run(main) == ["stopped", True, False]


@pytest.mark.parametrize("kind", KINDS)
def test_a_supervisor_that_shuts_down_has_on_stop_run(kind: Kind) -> None:
    def main() -> list[object]:
        top = Supervisor.start_link([child_spec(kind, process.self())])
        assert hear() == "started"
        [ref] = pykka.ActorRegistry.get_by_class(kind)
        Supervisor.stop(top)
        return [receive(timeout=0), ref.is_alive(), pykka.ActorRegistry.get_by_class(kind)]

    assert run(main) == ["stopped", False, []]


def test_an_actor_that_does_not_stop_in_time_is_left_behind_and_ends_when_it_returns() -> None:
    release = threading.Event()

    def main() -> list[object]:
        top = Supervisor.start_link([child_spec(ThreadPlayer, process.self(), shutdown=0.01)])
        assert hear() == "started"
        [ref] = pykka.ActorRegistry.get_by_class(ThreadPlayer)
        ref.tell(lambda: release.wait(LONG))
        Supervisor.stop(top)
        listed = ref in pykka.ActorRegistry.get_all()
        release.set()
        return [listed, hear()]

    assert run(main) == [False, "stopped"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_class_is_not_changed_and_the_registry_finds_its_actors(kind: Kind) -> None:
    def main() -> list[object]:
        before = dict(vars(kind))
        ref = supervised(kind)
        found = pykka.ActorRegistry.get_by_class(kind) == [ref.current()]
        named = pykka.ActorRegistry.get_by_class_name(kind.__name__) == [ref.current()]
        return [found, named, {**vars(kind)}.keys() == before.keys()]

    assert run(main) == [True, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_any_reference_can_be_monitored(kind: Kind) -> None:
    def main() -> list[object]:
        refs = [kind.start(process.self()) for _ in range(2)]
        assert [hear(), hear()] == ["started", "started"]
        downs = [monitor(ref) for ref in refs]
        assert pid_of(refs[0]) is pid_of(refs[0])
        with quiet():
            refs[0].tell(ValueError("x"))
            refs[1].stop()
            heard = [hear() for _ in range(4)]
        reasons = {each.ref: each.reason for each in heard if isinstance(each, Down)}
        first = reasons[downs[0]]
        assert isinstance(first, Crash)
        monitor(refs[0])
        dead = hear()
        assert isinstance(dead, Down)
        return [repr(first.exception), reasons[downs[1]], dead.reason]

    assert run(main) == ["ValueError('x')", "normal", "noproc"]


@pytest.mark.parametrize("kind", KINDS)
def test_any_reference_can_be_linked(kind: Kind) -> None:
    def main() -> list[object]:
        process.trap_exit(True)
        ref = kind.start(process.self())
        assert hear() == "started"
        link(ref)
        pid = pid_of(ref)
        process.send_exit(pid, "enough")
        heard = [hear(), hear()]
        return [heard[0], heard[1] == Exited(pid, "enough"), ref.is_alive()]

    assert run(main) == ["stopped", True, False]


def test_an_actor_watched_while_it_runs_is_ended_alone_by_a_system_exit() -> None:
    def main() -> list[object]:
        one, other = (ThreadPlayer.start(process.self()) for _ in range(2))
        assert [hear(), hear()] == ["started", "started"]
        ref = monitor(one)
        with quiet():
            one.tell(SystemExit(1))
            heard = [hear(), hear()]
        down = next(each for each in heard if isinstance(each, Down))
        assert down.ref is ref
        assert isinstance(down.reason, Crash)
        got = [repr(down.reason.exception), other.ask("alive")]
        other.stop()
        return got

    assert run(main) == ["SystemExit(1)", "alive"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_actor_can_be_called_as_a_server(kind: Kind) -> None:
    def main() -> list[object]:
        supervised(kind)
        GenServer.cast("player", 1)
        process.send("player", 2)
        got: list[object] = [GenServer.call("player", "hello")]
        got.append(StableRef("player").proxy().count.get())
        with quiet(), pytest.raises(ServerExited) as failed:
            GenServer.call("player", ValueError("mine"))
        assert isinstance(failed.value.why, Crash)
        return [*got, hear(), hear(), repr(failed.value.why.exception)]

    assert run(main) == ["hello", 3, "stopped", "started", "ValueError('mine')"]


def test_references_and_processes_lead_to_each_other() -> None:
    def main() -> None:
        pid = start_link(Player, process.self())
        ref = ref_of(pid)
        assert pid_of(ref) is pid
        ref.stop()
        end_of(pid)
        with pytest.raises(pykka.ActorDeadError):
            ref_of(pid)
        with pytest.raises(pykka.ActorDeadError):
            pid_of(ref)

    run(main)


def test_a_supervised_actor_comes_back_under_every_schedule() -> None:
    def main() -> list[object]:
        ref = supervised(Player)
        with quiet():
            ref.tell(ValueError("x"))
            heard = [hear(), hear()]
        return [*heard, ref.ask("alive"), ref.proxy().count.get()]

    assert every_schedule(main) == [[("failed", "ValueError('x')"), "started", "alive", 1]]


@pytest.mark.parametrize("wrong", [int, "Player", None, pykka.ActorRef])
def test_what_is_no_actor_class_is_refused_before_anything_starts(wrong: Any) -> None:
    with pytest.raises(BadArgument, match="actor_class"):
        child_spec(wrong)
    with pytest.raises(BadArgument, match="actor_class"):
        start_link(wrong)


@pytest.mark.parametrize("wrong", ["live", None, True])
def test_an_unknown_rule_is_refused(wrong: Any) -> None:
    with pytest.raises(BadArgument, match="ask_failure"):
        child_spec(Player, ask_failure=wrong)


def test_what_is_no_reference_is_refused() -> None:
    with pytest.raises(BadArgument, match="ref"):
        pid_of("player")  # type: ignore[arg-type]
