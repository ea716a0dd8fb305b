from __future__ import annotations

from functools import partial

from actors import GenServer, NoReply, Reply, cast, debug
from actors.errors import CallTimeout
from actors.process import sleep
from tests.interleavings.support import all_of, under_choices


class Sum(GenServer[int]):
    """Adds up."""

    def init(self) -> int:
        return 0

    @cast
    def add(self, state: int, number: int) -> NoReply[int]:
        return NoReply(state + number)

    def handle_call(self, request: object, caller: object, state: int) -> Reply[int, int]:
        return Reply(state)


def plus(amount: int, state: object) -> object:
    assert isinstance(state, int)
    return state + amount


@under_choices(200)
def test_nothing_is_lost_whoever_looks_holds_replaces_and_lets_go() -> None:
    server = Sum.start()
    assert server is not None

    def client() -> None:
        for _ in range(4):
            Sum.add(server, 1)
            sleep(0)

    def holder() -> None:
        for _ in range(2):
            debug.suspend(server)
            sleep(0)
            before = debug.get_state(server)
            sleep(0)
            # Nothing but another one who replaces the state can change it now, by hundreds.
            after = debug.get_state(server)
            assert isinstance(before, int)
            assert isinstance(after, int)
            assert (after - before) % 100 == 0 or not suspended()
            debug.resume(server)

    def suspended() -> bool:
        return debug.get_status(server).mode == "suspended"

    def replacer() -> None:
        for _ in range(3):
            debug.replace_state(server, partial(plus, 100))
            sleep(0)

    all_of(client, holder, client, replacer)
    assert GenServer.call(server, "sum") == 308


@under_choices(200)
def test_a_call_to_a_held_server_waits_and_one_that_gave_up_is_served_in_vain() -> None:
    server = Sum.start()
    assert server is not None

    def impatient() -> object:
        try:
            return GenServer.call(server, "sum", 0.5)
        except CallTimeout:
            return "gave up"

    def patient() -> object:
        return GenServer.call(server, "sum", 5.0)

    def holder() -> None:
        debug.statistics(server, True)
        debug.suspend(server)
        sleep(1.0)
        debug.resume(server)

    ends = all_of(patient, impatient, holder, patient)
    assert [ends[0], ends[3]] == [0, 0]
    assert ends[1] in {0, "gave up"}
