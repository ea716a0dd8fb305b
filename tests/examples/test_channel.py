from __future__ import annotations

import pytest

from actors import run
from actors.process import WhenFull
from actors.testing import SeededChoice, VirtualClock
from examples import channel

DAYS = {
    "wait": (
        "wait: baked for 81 minutes, 0 loaves refused, 0 thrown away",
        "    sold 12: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    ),
    "raise": (
        "raise: baked for 12 minutes, 7 loaves refused, 0 thrown away",
        "    sold 5: 1, 2, 3, 4, 11",
    ),
    "drop_newest": (
        "drop_newest: baked for 12 minutes, 0 loaves refused, 7 thrown away",
        "    sold 5: 1, 2, 3, 4, 11",
    ),
    "drop_oldest": (
        "drop_oldest: baked for 12 minutes, 0 loaves refused, 7 thrown away",
        "    sold 5: 1, 8, 10, 11, 12",
    ),
}


@pytest.mark.parametrize("when_full", channel.CHOICES)
def test_each_choice_is_what_it_says(
    capsys: pytest.CaptureFixture[str], when_full: WhenFull
) -> None:
    run(channel.day, when_full, clock=VirtualClock())

    assert tuple(capsys.readouterr().out.splitlines()) == DAYS[when_full]


@pytest.mark.parametrize("seed", range(20))
def test_with_waiting_no_loaf_is_lost_whoever_runs_first(
    capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    run(channel.day, "wait", clock=VirtualClock(), choice=SeededChoice(seed))

    assert capsys.readouterr().out.splitlines()[1] == DAYS["wait"][1]
