from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from actors import process, run, telemetry
from actors.testing import SeededChoice, VirtualClock
from examples import chaos
from examples._screen import WIDTH
from examples.chaos import Count


@pytest.fixture(autouse=True)
def _the_logs_get_their_reports_back() -> Iterator[None]:
    before = telemetry.set_reporter(chaos.listen)
    yield
    telemetry.set_reporter(before)


def storm(seconds: float, seed: int) -> Count:
    count = run(
        chaos.storm,
        seconds,
        seed,
        lambda passed, kills: None,
        clock=VirtualClock(),
        choice=SeededChoice(seed),
    )
    assert count is not None
    return count


@pytest.mark.parametrize("seed", range(3))
def test_after_the_storm_everybody_is_there_and_every_order_is_booked(seed: int) -> None:
    count = storm(1.0, seed)

    assert count.is_complete
    assert (count.dead, count.silent, count.missing) == (0, 0, 0)
    assert count.kills > 100
    assert count.starts > len(chaos.EVERYBODY) + count.kills
    assert count.orders > 1000


def test_the_tree_is_one_of_500() -> None:
    assert len(chaos.EVERYBODY) + 1 == 511
    assert len(set(chaos.EVERYBODY)) == len(chaos.EVERYBODY)


@pytest.mark.parametrize("loss", [{"dead": 1}, {"silent": 1}, {"missing": 1}])
def test_a_loss_is_said(loss: dict[str, int]) -> None:
    complete = Count(kills=1, starts=2, dead=0, silent=0, orders=3, refused=0, missing=0, twice=1)

    assert chaos.in_words(complete).endswith("nothing is lost")
    assert chaos.in_words(replace(complete, **loss)).endswith("SOMETHING IS LOST")


def test_an_order_that_was_not_booked_is_missed() -> None:
    def main() -> Count:
        chaos.start()
        chaos.Worker.book(chaos.NAMES[0], (0, 1))
        return chaos.counted(0, [("clerk", 2, 0)])

    count = run(main, clock=VirtualClock())

    assert count is not None
    assert count.missing == 1
    assert not count.is_complete


def test_a_frame_shows_each_team_with_those_who_live_and_fits_a_usual_terminal() -> None:
    def main() -> list[list[str]]:
        chaos.start()
        victim = process.whereis(chaos.NAMES[0])
        assert victim is not None
        process.send_exit(victim, "kill")
        rows = chaos.frame(1.0, 20.0, 3).rows
        return [[cell.text for cell in row.cells] for row in rows]

    rows = run(main, clock=VirtualClock())

    assert rows is not None
    assert rows[0] == ["d0", "██████·", *["██████▌"] * (chaos.BREADTH - 1)]
    assert len("division") + sum(map(len, rows[1][1:])) + len(rows[1]) <= WIDTH - 4


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_storm_takes_a_time(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        chaos.main(["--seconds", seconds])

    assert "--seconds" in capsys.readouterr().err
