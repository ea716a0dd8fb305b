"""A process's own exit reason may be any value: it ends that process alone, and everybody concerned is told.

The reasons here lie about their class, refuse to be compared or hashed, and raise, wait or never end while
they are copied. None of their code may run where it would harm the loop or whoever is told.

Any term is a reason. Source: https://www.erlang.org/doc/system/ref_man_processes.html#receiving-exit-signals
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import pytest
from greenlet import GreenletExit

from actors import (
    Caller,
    Crash,
    Down,
    Exited,
    GenServer,
    NoReply,
    Pid,
    Reply,
    ServerExited,
    Stop,
    TimedOut,
    process,
    receive,
    send,
    spawn,
    spawn_monitor,
    telemetry,
)
from actors.errors import CallFailed
from actors.exits import Reason
from actors.isolation import Isolation, Withheld, WithheldError
from actors.process import Host
from actors.runtime import MainExited, run
from actors.testing import VirtualClock
from supervisors import Supervisor
from tests.actors.probes import simulate
from tests.watching import Seen


class ExitsWhenCopied:
    def __deepcopy__(self, memo: object) -> NoReturn:
        raise SystemExit(5)


class InterruptsWhenTakenApart:
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise KeyboardInterrupt


class EndsAStackWhenCopied:
    def __deepcopy__(self, memo: object) -> NoReturn:
        raise GreenletExit


class WaitsWhenCopied:
    def __deepcopy__(self, memo: object) -> None:
        process.sleep(None)


class WaitsForEverWhenCopied:
    def __deepcopy__(self, memo: object) -> None:
        while True:
            with suppress(BaseException):
                receive()


class LinksWhenCopied:
    """More of those who must be told than there were when the copies were counted."""

    def __deepcopy__(self, memo: object) -> LinksWhenCopied:
        process.link(spawn(receive))
        return LinksWhenCopied()


class LiesAboutItsClass:
    @property  # type: ignore[misc]
    def __class__(self) -> NoReturn:  # type: ignore[override]
        raise ValueError("class")


class Unhashable(type):
    def __hash__(cls) -> NoReturn:
        raise ValueError("hash of a class")

    def __eq__(cls, other: object) -> NoReturn:
        raise SystemExit("equality of a class")


class OfUnhashableClass(metaclass=Unhashable):
    pass


class Text(str):
    __slots__ = ()

    def __eq__(self, other: object) -> NoReturn:
        raise ValueError("equality of a text")

    def __hash__(self) -> NoReturn:
        raise SystemExit("hash of a text")


class Pair(tuple[object, ...]):
    __slots__ = ()

    def __len__(self) -> NoReturn:
        raise ValueError("length")

    def __getitem__(self, index: object) -> NoReturn:
        raise SystemExit("item")

    def __eq__(self, other: object) -> NoReturn:
        raise SystemExit("equality of a tuple")

    __hash__ = tuple.__hash__


class Incomparable:
    def __eq__(self, other: object) -> NoReturn:
        raise SystemExit("equality")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> NoReturn:
        raise SystemExit("repr")


class Table(dict[str, int]):
    def items(self) -> NoReturn:
        raise SystemExit("items")

    def __iter__(self) -> NoReturn:
        raise SystemExit("iteration")


class ExitsWhenTakenApart(Exception):
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise SystemExit(4)

    __deepcopy__ = __reduce_ex__


class RaisesWhenCopied(Exception):
    def __deepcopy__(self, memo: object) -> NoReturn:
        raise ValueError("copy")


class HidesItsPlace(Exception):
    @property
    def __traceback__(self) -> NoReturn:  # type: ignore[override]
        raise ZeroDivisionError

    @property
    def __cause__(self) -> NoReturn:  # type: ignore[override]
        raise ZeroDivisionError


class HasNothing(BaseException):
    def __getattribute__(self, name: str) -> NoReturn:
        raise SystemExit(name)


REASONS: dict[str, Callable[[], Reason]] = {
    "exits when copied": ExitsWhenCopied,
    "in the middle of others": lambda: ("failed", [ExitsWhenCopied()], {"n": OfUnhashableClass()}),
    "interrupts when taken apart": InterruptsWhenTakenApart,
    "ends a stack when copied": EndsAStackWhenCopied,
    "waits when copied": WaitsWhenCopied,
    "waits for ever when copied": WaitsForEverWhenCopied,
    "links when copied": LinksWhenCopied,
    "lies about its class": LiesAboutItsClass,
    "of an unhashable class": OfUnhashableClass,
    "a text": lambda: Text("gone"),
    "a text in a pair": lambda: (Text("nodedown"), "x"),
    "a pair": lambda: Pair(("shutdown", 1)),
    "incomparable": Incomparable,
    "incomparable in a pair": lambda: (Incomparable(), "x"),
    "a table": lambda: Table(a=1),
}
ERRORS: dict[str, Callable[[], BaseException]] = {
    "exits when taken apart": ExitsWhenTakenApart,
    "raises when copied": RaisesWhenCopied,
    "interrupts": KeyboardInterrupt,
    "hides its place": HidesItsPlace,
    "has nothing": HasNothing,
    "holds what cannot be copied": lambda: ValueError(ExitsWhenCopied(), Incomparable()),
    "in a group": lambda: BaseExceptionGroup("several", [ExitsWhenTakenApart(), HasNothing()]),
}


class Ending(GenServer[None]):
    def handle_call(self, request: object, caller: Caller, state: None) -> NoReply[None]:
        return NoReply()

    def handle_cast(self, request: object, state: None) -> Stop[object, None]:
        match request:
            case ("stop", str() as name):
                return Stop(REASONS[name]())
            case (_, str() as name):
                error = ERRORS[name]()
                raise error
            case _:
                raise AssertionError(request)


class Innocent(GenServer[None]):
    def handle_call(self, request: object, caller: Caller, state: None) -> Reply[object, None]:
        return Reply(request)


EACH = [*(("stop", name) for name in REASONS), *(("raise", name) for name in ERRORS)]


def quietly(main: Callable[..., object], *args: object, isolation: Isolation = "copy") -> object:
    """Run without reports; what the loop has survived, if anything, is a failure."""
    failed: Seen[object] = Seen()
    telemetry.attach("failed", ("actors", "loop", "failed"), lambda *told: failed.append(told))
    reporter = telemetry.set_reporter(None)
    try:
        result = run(main, *args, clock=VirtualClock(), isolation=isolation, held=None)
    finally:
        telemetry.set_reporter(reporter)
        telemetry.detach("failed")
    assert not failed
    return result


def told_of_an_end(kind: str, name: str, host: Host) -> list[object]:
    """Have a server end, and return the reasons that all those have got who had to be told."""
    process.trap_exit(True)
    innocent = Innocent.start()
    server = Ending.start_link(host=host)
    process.monitor(server)
    boss = process.self()

    def follow() -> None:
        process.link(server)
        send(boss, "ready")
        receive()

    def ask() -> None:
        send(boss, "ready")
        try:
            GenServer.call(server, "anything", None)
        except CallFailed as error:
            send(boss, ("failed", type(error.__cause__)))

    follower, _ = spawn_monitor(follow)
    for _ in range(2):
        spawn(ask)
    for _ in range(3):
        receive(lambda message: type(message) is str)
    process.sleep(0.01)
    GenServer.cast(server, (kind, name))
    news = [receive(None, 5.0) for _ in range(5)]
    assert not any(type(each) is TimedOut for each in news), [type(each) for each in news]
    assert not process.is_alive(server)
    assert not process.is_alive(follower)
    assert GenServer.call(innocent, "still there") == "still there"
    assert sum(type(each) is tuple for each in news) == 2
    return [each.reason for each in news if type(each) is Down or type(each) is Exited]


@pytest.mark.parametrize("isolation", ["copy", "check", "trust"])
@pytest.mark.parametrize(("kind", "name"), EACH)
def test_whatever_a_reason_is_all_are_told_of_that_end_and_nobody_else_ends(
    kind: str, name: str, isolation: Isolation
) -> None:
    def main() -> None:
        for host in (None, "thread"):
            if name == "waits for ever when copied" and host:
                continue
            reasons = told_of_an_end(kind, name, host)
            assert len(reasons) == 3
            if kind == "raise":
                assert all(type(each) is Crash for each in reasons)

    quietly(main, isolation=isolation)


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_worker_may_end_with_any_reason_and_its_supervisor_starts_it_again(
    kind: str, name: str
) -> None:
    def main() -> bool:
        specs = [Ending.child_spec(name="ending"), Innocent.child_spec(name="innocent")]
        supervisor = Supervisor.start_link(specs)
        before, innocent = process.whereis("ending"), process.whereis("innocent")
        GenServer.cast("ending", (kind, name))
        process.sleep(0.1)
        assert process.is_alive(supervisor)
        assert process.whereis("innocent") is innocent
        return process.whereis("ending") not in (None, before)

    assert quietly(main)


def test_a_stand_in_says_what_it_stands_for_and_the_rest_arrives() -> None:
    def main() -> tuple[Reason, Reason]:
        process.trap_exit(True)
        spawn_monitor(lambda: process.exit(("failed", ExitsWhenCopied(), [1])))
        one = receive(Down)
        spawn_monitor(lambda: process.exit(OfUnhashableClass()))
        two = receive(Down)
        return one.reason, two.reason

    one, two = simulate(main)
    assert one == ("failed", Withheld("an object whose __deepcopy__ raises SystemExit: 5"), [1])
    assert two == Withheld("a value of OfUnhashableClass whose copy raises ValueError")


def test_a_crash_whose_exception_cannot_be_copied_keeps_its_place_and_can_be_a_cause() -> None:
    class Fails(GenServer[None]):
        def handle_call(self, request: object, caller: Caller, state: None) -> NoReturn:
            raise ExitsWhenTakenApart

    def main() -> tuple[Reason, str]:
        server = Fails.start()
        with pytest.raises(ServerExited) as caught:
            GenServer.call(server, "anything")
        assert type(caught.value.__cause__) is WithheldError
        crash, _ = caught.value.reason
        assert type(crash) is Crash
        return str(crash.exception), crash.stack.entries[-1][2]

    assert quietly(main) == ("an object whose __deepcopy__ raises SystemExit: 4", "handle_call")


def test_code_of_a_reason_that_is_copied_knows_whose_it_is_and_that_this_one_is_dead() -> None:
    found: Seen[object] = Seen()

    @dataclass
    class Looks:
        owner: Pid

        def __deepcopy__(self, memo: object) -> Looks:
            found.append((process.self() is self.owner, process.is_alive(self.owner)))
            return self

    def main() -> None:
        spawn_monitor(lambda: process.exit(Looks(process.self())))
        receive(Down)

    simulate(main)
    assert found == [(True, False)]


def test_each_who_is_linked_gets_a_reason_of_its_own() -> None:
    def neighbour(other: Pid, top: Pid) -> None:
        process.trap_exit(True)
        process.link(other)
        send(other, "go")
        exited = receive(Exited)
        assert isinstance(exited, Exited)
        send(top, id(exited.reason))
        receive()  # with the reason in its hands, so that nothing else can have its place

    def ends() -> None:
        receive()
        process.exit(["why"])

    def main() -> tuple[object, bool]:
        process.trap_exit(True)
        pid = process.spawn_link(ends)
        spawn(neighbour, pid, process.self())
        exited = receive(Exited)
        assert isinstance(exited, Exited)
        return exited.reason, receive(int) == id(exited.reason)

    assert simulate(main) == (["why"], False)


def test_a_program_may_end_with_any_reason() -> None:
    def main(make: Callable[[], Reason]) -> NoReturn:
        process.exit(make())

    for make in REASONS.values():
        with pytest.raises(MainExited):
            quietly(main, make)


def test_a_ctrl_c_that_comes_while_a_reason_is_copied_is_not_lost() -> None:
    """Where no runtime has taken it over, it is raised between two lines of whatever runs."""
    is_copied: Seen[None] = Seen()

    class Interrupted:
        def __deepcopy__(self, memo: object) -> Interrupted:
            if not is_copied:
                is_copied.append(None)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                signal.raise_signal(signal.SIGINT)
            return self

    def main() -> None:
        spawn_monitor(lambda: process.exit(Interrupted()))
        receive(Down)
        receive()

    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(KeyboardInterrupt):
            quietly(main)
    finally:
        signal.signal(signal.SIGINT, before)
    assert is_copied
