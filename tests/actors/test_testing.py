from __future__ import annotations

import pytest

from actors import TimedOut, process, send
from actors.errors import BadArgument
from actors.testing import SeededChoice, VirtualClock, assert_receive, refute_receive
from tests.actors.probes import simulate


def test_a_virtual_clock_moves_only_forward_and_only_when_told() -> None:
    clock = VirtualClock(5.0)
    assert clock.is_virtual
    clock.advance_to(7.5)
    clock.advance_to(6.0)

    assert clock.now() == 7.5


@pytest.mark.parametrize("start", [float("nan"), float("inf"), -1.0, "now"])
def test_a_clock_does_not_start_at_no_time(start: float) -> None:
    with pytest.raises(BadArgument, match="start"):
        VirtualClock(start)


def test_the_same_seed_makes_the_same_choices() -> None:
    one, other, third = SeededChoice(1), SeededChoice(1), SeededChoice(2)
    picks = [one.pick(10) for _ in range(50)]

    assert [other.pick(10) for _ in range(50)] == picks
    assert [third.pick(10) for _ in range(50)] != picks
    assert set(picks) <= set(range(10))


@pytest.mark.parametrize("seed", [None, 1.5, "seed"])
def test_a_seed_that_could_not_be_repeated_is_refused(seed: object) -> None:
    with pytest.raises(BadArgument, match="seed"):
        SeededChoice(seed)  # type: ignore[arg-type]


def test_assert_receive_returns_the_message_or_fails() -> None:
    def main() -> None:
        send(process.self(), "text")
        send(process.self(), 1)
        assert assert_receive(int) == 1
        assert assert_receive() == "text"
        before = process.monotonic()
        with pytest.raises(AssertionError, match=r"any message within 2\.0 s"):
            assert_receive(timeout=2.0)
        assert process.monotonic() - before == 2.0

    simulate(main)


def test_the_message_of_a_timer_is_a_message() -> None:
    def main() -> None:
        ref = process.start_timer(process.self(), "x", 0.5)
        assert assert_receive() == TimedOut(ref, "x")
        process.start_timer(process.self(), "x", 0.05)
        with pytest.raises(AssertionError, match="no such message"):
            refute_receive()

    simulate(main)


def test_refute_receive_waits_and_fails_if_one_comes() -> None:
    def main() -> None:
        send(process.self(), "other")
        refute_receive(int)
        assert process.monotonic() == pytest.approx(0.1)
        with pytest.raises(AssertionError, match="'other' came"):
            refute_receive()

    simulate(main)
