"""The bench runs: each side of each measure gives a figure. What it is, is nobody's business here."""

from __future__ import annotations

import json
from pathlib import Path

import pykka
import pytest

from tests.bench import pykka_side
from tests.bench.command import main
from tests.bench.measures import Figure, all_measures
from tests.bench.one import figure_of

MEASURES = {name: measure for name, (_, measure) in all_measures().items()}
SIDES = [
    (name, side)
    for name, measure in MEASURES.items()
    for side in ("ours", *measure.others)
    if measure.needs(side) is None and figure_of(measure, side) is not None
]


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_every_side_of_a_measure_gives_a_figure(name: str, side: str) -> None:
    figure: Figure | None = figure_of(MEASURES[name], side)
    assert figure is not None
    try:
        # So few threads or processes may fit into memory that is there already.
        assert figure(1) >= 0
    finally:
        # Only those of this test: a carrier of a stuck process would never answer.
        for actor in pykka.ActorRegistry.get_by_class(pykka_side.Counter):
            actor.stop(block=False)


def test_the_command_writes_a_row_for_each_reference_that_it_has(tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"

    assert main(["cast", "--against", "asyncio", "--short", "--json", str(rows)]) == 0

    (row,) = map(json.loads, rows.read_text().splitlines())
    assert row["name"] == "cast"
    assert row["unit"] == "us"
    assert row["other_name"] == "asyncio"
    assert row["ratio"] == pytest.approx(row["ours"] / row["other"], rel=1.0)


def test_the_command_names_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cost"])

    assert "unknown measure cost; there are call" in capsys.readouterr().err
