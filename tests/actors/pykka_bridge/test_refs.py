"""References that survive a restart, and servers addressed as pykka's users do."""

from __future__ import annotations

from typing import Any

import pykka
import pytest

from actors import GenServer, NoReply, Pid, Reply, Stop, call, cast, process, receive, run
from actors.errors import BadArgument
from actors.pykka_bridge import ServerRef, StableRef, start_link
from actors.testing import SeededChoice
from tests.actors.probes import end_of, simulate
from tests.actors.pykka_bridge.players import KINDS


class Counter(GenServer[int]):
    def init(self, start: int = 0) -> int:
        return start

    @call
    def value(self, state: int) -> Reply[int, int]:
        return Reply(state)

    @cast
    def add(self, state: int, by: int = 1) -> NoReply[int]:
        return NoReply(state + by)

    def handle_call(self, request: object, caller: object, state: int) -> object:
        match request:
            case "wait":
                return NoReply()
            case "stop":
                return Stop("enough")
        return Reply(request)

    def handle_cast(self, request: object, state: int) -> NoReply[int]:
        return NoReply(state + 100)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stable_reference_and_its_proxy_survive_a_restart(kind: Any) -> None:
    def main() -> list[object]:
        ref = StableRef("player")
        first = start_link(kind, process.self(), name="player")
        assert receive(timeout=30.0) == "started"
        proxy = ref.proxy()
        got: list[object] = [proxy.add(5).get()]
        ref.stop()
        end_of(first)
        with pytest.raises(pykka.ActorDeadError, match="'player' not found"):
            ref.tell("nobody is there")
        with pytest.raises(pykka.ActorDeadError, match="'player' not found"):
            ref.ask("nobody is there")
        got.append(ref.is_alive())
        start_link(kind, process.self(), name="player")
        got += [proxy.add(1).get(), ref.is_alive(), "player" in repr(ref)]
        proxy.count = 8
        return [*got, proxy.count.get()]

    assert run(main) == [5, False, 1, True, True, 8]


def test_nobody_of_the_name_is_a_dead_actor() -> None:
    ref = StableRef("nobody")

    assert not ref.is_alive()
    assert ref.current() is None
    assert ref.stop() is False
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(1, block=False).get()
    for use in (ref.proxy, lambda: ref.tell(1), lambda: ref.ask(1)):
        with pytest.raises(pykka.ActorDeadError):
            use()


def test_a_process_that_stands_for_no_actor_is_none() -> None:
    def main() -> object:
        process.register(process.self(), "somebody")
        return StableRef("somebody").current()

    assert run(main) is None


@pytest.mark.parametrize("wrong", [None, 7, process])
def test_what_is_no_name_is_refused(wrong: Any) -> None:
    with pytest.raises(BadArgument, match="name"):
        StableRef(wrong)
    with pytest.raises(BadArgument, match="address"):
        ServerRef(wrong)


def test_a_server_is_asked_told_and_stopped_by_a_reference() -> None:
    def main() -> list[object]:
        ref = ServerRef(Counter.start(1), Counter)
        ref.tell("anything")
        got = [ref.ask("hello"), ref.ask("later", block=False).get(), ref.proxy().value().get()]
        return [*got, ref.is_alive(), ref.stop(), ref.is_alive(), ref.stop(block=False).get()]

    assert simulate(main) == ["hello", "later", 101, True, True, False, False]


def test_a_servers_own_functions_are_the_methods_of_its_proxy() -> None:
    def main() -> list[object]:
        counter = ServerRef(Counter.start(1), Counter).proxy()
        counter.add.defer(2)
        process.sleep(0.1)
        counter.add(by=3).get()
        with pytest.raises(AttributeError, match="nothing"):
            _ = counter.nothing
        return [counter.value().get()]

    assert simulate(main) == [6]


class Listener(GenServer[list[object]]):
    """Remembers what it heard, in order."""

    def init(self) -> list[object]:
        return []

    @call
    def heard(self, state: list[object], word: object) -> Reply[None, list[object]]:
        return Reply(None, [*state, word])

    @cast
    def hear(self, state: list[object], word: object) -> NoReply[list[object]]:
        return NoReply([*state, word])

    @call
    def slow(self, state: list[object]) -> Reply[str, list[object]]:
        process.sleep(3600.0)
        return Reply("slow", state)

    def handle_call(self, request: object, caller: object, state: list[object]) -> object:
        return Reply(state) if request == "all" else Reply(None, [*state, request])

    def handle_cast(self, request: object, state: list[object]) -> NoReply[list[object]]:
        return NoReply([*state, request])


@pytest.mark.parametrize("seed", range(5))
def test_whatever_one_sender_says_in_whatever_way_arrives_in_order(seed: int) -> None:
    def main() -> object:
        ref = ServerRef(Listener.start(), Listener)
        proxy = ref.proxy()
        ref.ask(1, block=False)
        ref.tell(2)
        proxy.heard(3)
        proxy.hear.defer(4)
        proxy.heard.defer(5)
        ref.tell(6)
        proxy.hear(7)
        return ref.ask("all")

    assert run(main, choice=SeededChoice(seed)) == [1, 2, 3, 4, 5, 6, 7]


def test_the_future_of_a_proxy_waits_as_long_as_the_server_takes() -> None:
    assert simulate(lambda: ServerRef(Listener.start(), Listener).proxy().slow().get()) == "slow"


def test_what_fails_before_the_answer_belongs_to_the_future() -> None:
    def main() -> None:
        ref = ServerRef(Listener.start(), Listener)
        proxy = ref.proxy()
        with pytest.raises(TypeError, match="word"):
            proxy.heard().get()
        waits = proxy.slow()
        process.sleep(1.0)
        assert isinstance(ref._address, Pid)  # noqa: SLF001 - the test's own
        process.send_exit(ref._address, "kill")  # noqa: SLF001 - the same
        with pytest.raises(pykka.ActorDeadError):
            waits.get()
        with pytest.raises(pykka.ActorDeadError):
            ref.ask("all", block=False).get()

    simulate(main)


def test_what_goes_wrong_is_said_in_pykkas_words() -> None:
    def main() -> list[object]:
        ref = ServerRef(Counter.start(), Counter)
        with pytest.raises(pykka.Timeout):
            ref.ask("wait", timeout=1.0)
        with pytest.raises(pykka.ActorDeadError):
            ref.ask("stop")
        for use in (ref.proxy, lambda: ref.tell(1), lambda: ref.ask(1)):
            with pytest.raises(pykka.ActorDeadError, match="not found"):
                use()
        return [process.monotonic()]

    assert simulate(main) == [1.0]


def test_a_server_is_found_by_name_at_each_use() -> None:
    def main() -> list[object]:
        ref = ServerRef("counter", Counter)
        before = ref.is_alive()
        Counter.start(name="counter")
        return [before, ref.ask("hello"), str(ref)]

    assert simulate(main) == [False, "hello", "Counter (urn:letitcrash:counter)"]
