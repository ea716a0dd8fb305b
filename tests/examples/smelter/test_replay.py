from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.smelter.replay import Case, cases, main

VECTORS = Path(__file__).parent / "vectors"
ALL = [case for path in sorted(VECTORS.glob("*.json")) for case in cases(path)]
NO_INPUTS = next(case for case in ALL if case.name == "d1-no-inputs")


def a_file(folder: Path, kind: str, *scenarios: object) -> str:
    path = folder / "file.json"
    path.write_text(json.dumps({"format": 1, "kind": kind, "scenarios": scenarios}))
    return str(path)


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_a_scenario_comes_out_to_the_nanosecond(case: Case) -> None:
    assert case.difference() is None


def test_checking_counts_what_matches(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(VECTORS.glob("*.json"))]

    assert main(["--check", *files]) == 0
    assert capsys.readouterr().out == f"{len(ALL)} matched / {len(ALL)}\n"


def test_checking_names_the_first_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = json.loads(json.dumps(NO_INPUTS.scenario))
    scenario["expect"]["sets"][2]["pts"] = "20.000001"

    assert main(["--check", a_file(tmp_path, "queue", scenario, NO_INPUTS.scenario)]) == 1
    assert capsys.readouterr().out == (
        "d1-no-inputs: sets[2].pts: expected 20000001, got 20000000\n1 matched / 2\n"
    )


def test_times_are_compared_as_times_and_open_instants_not_at_all(tmp_path: Path) -> None:
    scenario = json.loads(json.dumps(NO_INPUTS.scenario))
    scenario["expect"]["sets"][2]["pts"] = "20.000"
    scenario["expect"]["sets"][3]["at"] = None
    del scenario["expect"]["sets"][4]["at"]

    assert main(["--check", a_file(tmp_path, "queue", scenario)]) == 0


def test_printing_gives_one_line_a_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = {**NO_INPUTS.scenario, "until": "0"}

    assert main([a_file(tmp_path, "queue", scenario)]) == 0
    empty = {"at": "0", "pts": "0", "required": False, "entries": {}}
    assert json.loads(capsys.readouterr().out) == {
        "name": "d1-no-inputs",
        "sets": [{**empty, "kind": "video"}, {**empty, "kind": "audio"}],
        "events": [],
        "dropped": [],
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"until": 70}, "'until': 70 is not a time"),
        ({"until": "0.0000001"}, "'until': '0.0000001' is not a time"),
        ({"options": {"output_framerate": {"num": 0, "den": 1}}}, "two positive whole numbers"),
        ({"timeline": [{"at": "0", "do": "dance"}]}, "there is no action 'dance'"),
        ({"timeline": [{"at": "0", "do": "abort", "input": "x"}]}, "there is no input 'x'"),
        ({"timeline": [{"at": "-1", "do": "abort", "input": "x"}]}, "before the construction"),
        ({"inputs": [{"id": "x"}, {"id": "x"}]}, "an input 'x' already"),
    ],
)
def test_a_broken_scenario_is_answered_in_words_and_the_next_one_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    broken = {**NO_INPUTS.scenario, **change}

    assert main([a_file(tmp_path, "queue", broken, NO_INPUTS.scenario)]) == 2
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["name"] == "d1-no-inputs"
    assert said in first["error"]
    assert "sets" in second


def test_a_replay_that_would_never_end_is_given_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"output_framerate": {"num": 50, "den": 1}, "ahead_of_time_processing": True}

    assert main([a_file(tmp_path, "queue", {**NO_INPUTS.scenario, "options": options})]) == 2
    assert "it never ends" in capsys.readouterr().out


def test_a_scenario_of_an_unknown_kind_is_an_error_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([a_file(tmp_path, "opera", {"name": "a"})]) == 2
    assert json.loads(capsys.readouterr().out)["name"] == "a"


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2}', '{"format": 1}'])
def test_a_file_that_is_none_is_refused_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "none.json"
    path.write_text(content)

    assert main(["--check", str(path), a_file(tmp_path, "queue", NO_INPUTS.scenario)]) == 2
    said = capsys.readouterr()
    assert str(path) in said.err
    assert said.out == "1 matched / 1\n"


@pytest.mark.parametrize("argv", [[], ["--check"], ["--chekc", "x.json"]])
def test_a_command_without_files_or_with_an_unknown_option_is_refused(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    assert main(argv) == 2
    assert "usage" in capsys.readouterr().err


def test_the_replay_tells_what_it_is_to_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr()
    assert ("--check" in said.out, said.err) == (True, "")
