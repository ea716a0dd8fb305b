from __future__ import annotations

from functools import partial

from actors import process
from actors.errors import CallFailed, CallTimeout, NoProcess, ServerExited, StartError
from actors.gen_server import Caller, GenServer
from actors.outcomes import Reply, Started, Stop
from actors.process import sleep
from tests.interleavings.support import all_of, mail, under_choices


class Till(GenServer[int]):
    """Counts what it serves; each request takes its time, and the last one ends it."""

    def init(self, last: int) -> int:
        self.last = last
        return 0

    def handle_call(self, request: object, caller: Caller, state: int) -> object:
        sleep(0.1)
        return (
            Stop("sold out", state + 1) if state + 1 == self.last else Reply(state + 1, state + 1)
        )


class Slow(GenServer[None]):
    """Takes its time to begin."""

    def init(self) -> Started[None]:
        sleep(0.1)
        return Started(None)


@under_choices(200)
def test_each_call_ends_in_one_way_and_leaves_nothing_behind() -> None:
    till = Till.start(5)
    assert till is not None

    def customer(timeout: float) -> object:
        try:
            got: object = GenServer.call(till, "one", timeout)
        except CallFailed as error:
            got = type(error)
        assert mail(2.0) == []
        return got

    ends = all_of(
        *[partial(customer, timeout) for timeout in (0.25, 0.25, 9.0, 9.0, 9.0, 9.0, 9.0)]
    )
    numbers = [end for end in ends if isinstance(end, int)]
    # Two wait for at most two and a half turns, so of the first four some may be served in vain.
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= {1, 2, 3, 4}
    assert ends.count(CallTimeout) <= 2
    assert ends.count(ServerExited) + ends.count(CallTimeout) + len(numbers) == len(ends)
    assert ends.count(ServerExited) == 7 - ends.count(CallTimeout) - len(numbers) >= 1


@under_choices(200)
def test_of_many_that_start_one_name_one_wins_and_the_others_are_told_who() -> None:
    def start() -> object:
        process.trap_exit(True)
        try:
            return "won", Slow.start(name="only")
        except StartError as error:
            return error.reason

    ends = all_of(*[start] * 5)

    winner = process.whereis("only")
    assert winner is not None
    assert sorted(ends, key=str) == sorted(
        [("won", winner), *[("already_started", winner)] * 4], key=str
    )


@under_choices(200)
def test_a_stop_among_calls_and_casts_ends_all_of_them() -> None:
    till = Till.start(100)
    assert till is not None

    def ask() -> object:
        try:
            return GenServer.call(till, "one")
        except (NoProcess, ServerExited) as error:
            return error.why

    def stop() -> object:
        sleep(0)
        GenServer.stop(till)
        return "stopped"

    *served, stopped = all_of(ask, ask, ask, ask, stop)
    assert stopped == "stopped"
    numbers = [each for each in served if isinstance(each, int)]
    assert sorted(numbers) == [*range(1, len(numbers) + 1)]
    assert set(served) - set(numbers) <= {"normal", "noproc"}
