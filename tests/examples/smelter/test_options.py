from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from examples.smelter.complaints import MediaError
from examples.smelter.encode import Encoding
from examples.smelter.options import parse
from tests.examples.smelter.films import make_film

OUTPUT = ["--output", "new.mp4"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_not_said_has_a_default() -> None:
    plan = parse(["test:a", "test:b"]).plan

    assert [one.title for one in plan.inputs] == ["1 test:a", "2 test:b"]
    assert plan.encoding == Encoding(640, 360, Fraction(30))
    assert (plan.ticks, plan.samples, plan.chunks) == (600, 960_000, 1000)
    assert (plan.target.path, plan.target.overwrite) == (Path("smelter.mp4"), True)
    assert not plan.offline


def test_options_say_what_is_made(folder: Path) -> None:
    options = ["--size", "64x48", "--rate", "30000/1001", "--duration", "2.5", "--offline"]
    request = parse(["test:", *options, *OUTPUT, "--crash", "--json"])

    assert request.plan.encoding.rate == Fraction(30000, 1001)
    assert (request.plan.ticks, request.plan.samples) == (75, 120_000)
    assert (request.plan.offline, request.json) == (True, True)
    assert [kill.tick for kill in request.kills] == [12, 25, 37, 50, 62]
    assert list(folder.iterdir()) == []


def test_an_input_is_known_by_the_name_of_its_file(folder: Path) -> None:
    (folder / "there").mkdir()
    path = make_film(folder / "there" / "red.mp4", 0.2)

    assert [one.title for one in parse([str(path), *OUTPUT]).plan.inputs] == ["1 red.mp4"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["missing.mp4"], "input missing.mp4: no such file"),
        (["empty.mp4"], "input empty.mp4: is empty"),
        (["text.mp4"], "input text.mp4: not media"),
        (["cut.mp4"], "input cut.mp4: cut off: its index is missing"),
        (["."], "input .: is a directory"),
        (["test:"] * 65, "inputs 65 inputs: at most 64"),
        (["test:", "--size", "0x0"], "size 0x0: a size is"),
        (["test:", "--size", "641x360"], "size 641x360: a size is"),
        (["test:", "--size", "99999x2"], "size 99999x2: a size is"),
        (["test:", "--rate", "0"], "rate 0: a rate is"),
        (["test:", "--rate", "241"], "rate 241: a rate is"),
        (["test:", "--rate", "30/0"], "rate 30/0: a rate is"),
        (["test:", "--rate", "1e999999999"], "rate 1e999999999: a rate is"),
        (["test:", "--duration", "0"], "duration 0: seconds above 0"),
        (["test:", "--duration", "nan"], "duration nan: seconds above 0"),
        (["test:", "--duration", "86401"], "duration 86401: seconds above 0"),
        (["test:", "--duration", "1e999999999"], "duration 1e999999999: seconds above 0"),
        (["test:", "--duration"], "command line argument --duration: expected one argument"),
        (["test:", "--speed"], "command line unrecognized arguments: --speed"),
        (["test:", "--off"], "command line unrecognized arguments: --off"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_refused_in_one_line_and_leaves_nothing(
    folder: Path, argv: list[str], said: str
) -> None:
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("once upon a time")
    film = make_film(folder / "whole.mp4", 0.2).read_bytes()
    (folder / "cut.mp4").write_bytes(film[: len(film) // 2])
    before = sorted(folder.iterdir())

    with pytest.raises(MediaError) as refused:
        parse([*OUTPUT, *argv])

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("there.mp4", "output there.mp4: exists already"),
        ("folder", "output folder: is a directory"),
        ("nowhere/new.mp4", "output nowhere/new.mp4: there is no folder nowhere"),
        ("there.mp4/new.mp4", "output there.mp4/new.mp4: "),
        ("", "output '': no file can have this name"),
        ("input.mp4", "output input.mp4: is one of the inputs"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused(folder: Path, output: str, said: str) -> None:
    (folder / "there.mp4").write_text("precious")
    (folder / "folder").mkdir()
    make_film(folder / "input.mp4", 0.2)

    with pytest.raises(MediaError) as refused:
        parse(["input.mp4", "--output", output])

    assert str(refused.value).startswith(said)
    assert (folder / "there.mp4").read_text() == "precious"


def test_a_file_is_replaced_when_that_is_asked_for(folder: Path) -> None:
    (folder / "there.mp4").write_text("not precious")

    assert parse(["test:", "--output", "there.mp4", "--overwrite"]).plan.target.overwrite


def test_the_help_names_the_other_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as over:
        parse(["--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert over.value.code == 0
    assert "see --serve --help" in said
    assert "see replay --help" in said
