from __future__ import annotations

import pytest

from actors import Down, GenServer, Pid, process, receive, run
from actors.testing import SeededChoice, VirtualClock
from examples import counter
from examples.counter import WAYS, Way

EACH_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.title)


def reason_of_next_death() -> object:
    down = receive(Down)
    assert isinstance(down, Down)
    return down.reason


def started(way: Way) -> Pid:
    pid = way.start()
    assert pid is not None
    return pid


@EACH_WAY
@pytest.mark.parametrize("seed", range(5))
def test_no_increment_is_lost_in_whatever_order_processes_run(way: Way, seed: int) -> None:
    def main() -> int:
        return way.value(counter.count_together(way))

    assert run(main, clock=VirtualClock(), choice=SeededChoice(seed)) == 1000


@EACH_WAY
def test_a_call_to_a_dead_counter_fails_in_the_caller(
    way: Way, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        counter.ask_the_dead(way, started(way))

    run(main, clock=VirtualClock())

    failure = "TimeoutError: no answer" if way is WAYS[0] else "NoProcess: no such process"
    assert f"{way.title:<18}{failure}" in capsys.readouterr().out


def test_only_the_bare_process_is_waited_for_in_vain() -> None:
    def seconds(way: Way) -> float:
        before = process.monotonic()
        counter.ask_the_dead(way, started(way))
        return process.monotonic() - before

    def main() -> list[float]:
        return [seconds(way) for way in WAYS]

    assert run(main, clock=VirtualClock()) == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("way", WAYS[1:], ids=lambda way: way.title)
def test_a_dead_counter_ends_a_caller_that_does_not_expect_it(way: Way) -> None:
    def main() -> object:
        dead = started(way)
        process.send_exit(dead, "kill")
        process.spawn_monitor(way.value, dead)
        return reason_of_next_death()

    assert "('noproc', ('GenServer', 'call', " in repr(run(main, clock=VirtualClock()))


def test_a_request_that_a_counter_does_not_know_crashes_it() -> None:
    def main() -> object:
        pid = started(WAYS[1])
        process.monitor(pid)
        GenServer.cast(pid, "nonsense")
        return reason_of_next_death()

    assert "ValueError('nonsense')" in repr(run(main, clock=VirtualClock()))


def test_the_whole_comparison_runs(capsys: pytest.CaptureFixture[str]) -> None:
    run(counter.compare, clock=VirtualClock())

    assert capsys.readouterr().out.count("counted 1000\n") == len(WAYS)
