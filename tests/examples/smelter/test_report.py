"""The report of the bench runs; what its figures are is the bench's business."""

from __future__ import annotations

import pytest

from tests.bench.command import main


@pytest.mark.parametrize("part", ["offline", "outputs"])
def test_a_part_of_the_report_gives_its_figures(
    part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["smelter", part, "--here", "--seconds", "6"]) == 0

    assert "at most" in capsys.readouterr().out


def test_a_part_that_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["smelter", "nothing"])

    assert "unknown part nothing; there are offline, live" in capsys.readouterr().err
