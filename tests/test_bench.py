"""The bench runs: each side of each measure gives a figure. What it is, is nobody's business here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pykka
import pytest

from tests.bench import pykka_side
from tests.bench.command import ROOT, asked_for, main
from tests.bench.measures import HERE, Elixir, Figure, all_measures
from tests.bench.one import figure_of

MEASURES = {name: measure for name, (_, measure) in all_measures().items()}
SIDES = [
    (name, side)
    for name, measure in MEASURES.items()
    for side in ("ours", *measure.others)
    if measure.needs(side) is None and figure_of(measure, side) is not None
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of peers
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


def test_what_the_beam_is_asked_for_stands_in_its_script() -> None:
    asked = [
        (other.name, HERE / other.script)
        for measure in MEASURES.values()
        for other in measure.others.values()
        if isinstance(other, Elixir)
    ]

    assert asked
    assert [name for name, script in asked if f'"{name}"' not in script.read_text()] == []


def test_the_command_writes_a_row_for_each_reference_that_it_has(tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    asked = ["cast", "--against", "asyncio", "--short", "--rounds", "1", "--json", str(rows)]

    assert main(asked) == 0

    (row,) = map(json.loads, rows.read_text().splitlines())
    assert row["name"] == "cast"
    assert row["unit"] == "us"
    assert row["other_name"] == "asyncio"
    assert row["ratio"] == pytest.approx(row["ours"] / row["other"])


def test_the_command_names_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cost"])

    assert "unknown measure cost; there are call" in capsys.readouterr().err


@pytest.mark.parametrize("rounds", ["0", "-1", "two"])
def test_the_command_refuses_a_number_of_rounds_that_measures_nothing(
    rounds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["cast", "--rounds", rounds])

    assert f"{rounds}: how often? A number from 1 on" in capsys.readouterr().err


def test_the_command_refuses_a_file_of_rows_without_a_folder_before_it_measures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["cast", "--json", str(tmp_path / "nowhere" / "rows.json")])

    assert f"there is no folder {tmp_path / 'nowhere'}" in capsys.readouterr().err


def test_the_beginning_of_a_name_stands_for_all_measures_that_begin_so() -> None:
    asked = asked_for(["isolation", "isolation_dict", "call"], all_measures())

    assert asked.names == [
        *(name for name in MEASURES if name.startswith("isolation_")),
        "call",
    ]
    assert len(asked.names) > 2


def test_no_one_is_compared_with_himself_under_another_name() -> None:
    asked = asked_for([], all_measures())

    assert not {"itself", "limit"} & set(asked.against)
    assert set(MEASURES["await_call"].others) == {"asyncio"}
    assert MEASURES["await_call"].at_most == 1.5


ONE = {
    "gives a figure": "print(1.5)",
    "fails": "sys.exit('no figure')",
    "is interrupted at the second": """
if sys.argv[2] == "isolation_tuple":
    print(1.5)
else:
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(60)
""",
}
"""Ways for a form of our code to be measured."""


def standing_in(root: Path, way: str) -> Path:
    """Put a form of our code into a folder."""
    package = root / "tests" / "bench"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "one.py").write_text(f"import os, signal, sys, time\n{ONE[way]}\n")
    return root


def test_a_side_of_ours_that_fails_is_an_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["isolation_tuple", "--rounds", "1"], standing_in(tmp_path, "fails")) == 1

    assert "isolation_tuple, ours: no figure" in capfd.readouterr().err


def test_a_row_without_its_reference_has_no_target(tmp_path: Path) -> None:
    root, rows = standing_in(tmp_path, "gives a figure"), tmp_path / "rows"

    assert main(["isolation_dict", "--against", "pykka", "--json", str(rows)], root) == 0

    row = json.loads(rows.read_text())
    assert (row["ours"], row["other"], row["at_most"], row["aim"]) == (1.5, None, None, None)


def test_a_run_that_is_interrupted_has_written_what_it_has_measured(tmp_path: Path) -> None:
    root, rows = standing_in(tmp_path, "is interrupted at the second"), tmp_path / "rows"
    asked = ["isolation_tuple", "isolation_atom", "--json", str(rows)]
    script = f"""
from pathlib import Path
from tests.bench.command import main
raise SystemExit(main({asked}, Path({str(root)!r})))
"""

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)

    assert done.returncode == 130
    assert [json.loads(row)["name"] for row in rows.read_text().splitlines()] == ["isolation_tuple"]


NAMED = re.compile(
    r"tests\.bench(?:`(?: names?:| names them| measures both:))?[\s#]+([a-z_,\s#]+?)(?:[`.)]|, in turns)"
)
"""A comment that names measures, for who changes what stands there."""


def test_the_measures_that_comments_name_can_be_run() -> None:
    rooms = [path for room in ("actors", "supervisors") for path in (ROOT / room).rglob("*.py")]
    named = {
        name
        for path in rooms
        for names in NAMED.findall(path.read_text())
        for name in re.findall(r"[a-z_]+", names)
    }

    assert {"call", "isolation", "fan_in"} <= named
    assert asked_for(sorted(named), all_measures()).names
