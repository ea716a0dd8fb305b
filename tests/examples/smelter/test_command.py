"""The command from outside: exit codes, signals, pipes, limits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import telemetry
from actors.logs import log_report
from examples.smelter.__main__ import main
from examples.smelter.inspection import inspect_output
from examples.smelter.pictures import RATE
from tests.examples.smelter.films import VECTORS, make_film

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def reports() -> Iterator[None]:
    """The command keeps the reports to itself; whoever comes after it wants them back."""
    yield
    telemetry.set_reporter(log_report)


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    clip = make_film(tmp_path / "clip.mp4", 0.5)
    return [str(clip), "--size", "64x36", "--output", str(tmp_path / "film.mp4")]


@contextlib.contextmanager
def started(argv: list[str], *wrapper: str) -> Iterator[Started]:
    command = [*wrapper, sys.executable, "-m", "examples.smelter", *argv]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


Started = subprocess.Popen[str]


def wait_for(process: Started, words: str) -> None:
    assert process.stdout is not None
    assert any(words in line for line in process.stdout), process.communicate()


def test_a_run_ends_with_one_line_of_json(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*options, "--offline", "--duration", "1", "--json"]) == 0

    said = capsys.readouterr()
    told = json.loads(said.out)
    assert said.out.count("\n") == 1
    assert (told["pictures"], told["samples"], told["finished"]) == (30, RATE, True)
    assert "\npipeline\n" in said.err


def test_a_refusal_is_one_line_and_exit_code_2(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*options, "--rate", "0"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_replay_is_the_other_command(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(VECTORS / f"{kind}.json") for kind in ("ticks", "mixer", "layout", "colour")]

    assert main(["replay", "--check", *files]) == 0
    assert " matched / " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_in_the_middle_of_crashes_leaves_a_whole_film(
    options: list[str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with started([*options, "--duration", "6", "--crash"]) as process:
        wait_for(process, "† source 1 is killed")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert err == ""
    assert "interrupted" in out
    found = inspect_output(tmp_path / "film.mp4")
    # On a busy machine pictures are left out; how long it is, its sound tells to the sample.
    assert 25 * 1600 <= found.audio_samples < 90 * 1600
    assert 0 < found.video_frames < 90
    assert found.video_pts_increase
    assert found.audio_is_contiguous
    assert not found.is_fragmented
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "film.mp4"]


def test_a_second_ctrl_c_ends_at_once_and_what_was_written_plays(
    options: list[str], tmp_path: Path
) -> None:
    with started([*options, "--size", "1920x1080", "--duration", "4", "--crash"]) as process:
        wait_for(process, "† compositor is killed")
        process.send_signal(signal.SIGINT)
        wait_for(process, "interrupted")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert process.returncode in {130, -signal.SIGINT}
    assert err == ""
    left = [path for path in tmp_path.iterdir() if path.name != "clip.mp4"]
    assert len(left) == 1
    assert inspect_output(left[0]).video_pts_increase


def test_a_reader_that_goes_away_does_not_stop_the_film(options: list[str], tmp_path: Path) -> None:
    with started([*options, "--duration", "1", "--offline", "--crash"]) as process:
        wait_for(process, "pipeline")
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()

    assert process.wait() == 0
    assert err == ""
    assert inspect_output(tmp_path / "film.mp4").video_frames == 30


def test_a_full_disk_is_one_line_and_leaves_a_film_that_plays(
    options: list[str], tmp_path: Path
) -> None:
    limit = ("sh", "-c", 'ulimit -f 120; exec "$@"', "sh")
    with started([*options, "--duration", "20", "--offline"], *limit) as process:
        _, err = process.communicate(timeout=30)

    assert process.returncode == 1
    path = tmp_path / "film.mp4"
    assert err == f"output {path}: File too large; what was made is in film.part.mp4\n"
    found = inspect_output(tmp_path / "film.part.mp4")
    assert found.video_frames > 30
    assert found.video_pts_increase
    assert found.audio_is_contiguous


def test_a_folder_that_goes_away_is_one_line(options: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "film.mp4"
    with started([*options, "--output", str(path), "--duration", "2"]) as process:
        wait_for(process, "source 1")
        while not (folder / "film.part.mp4").exists():
            os.sched_yield()
        (folder / "film.part.mp4").unlink()
        folder.rmdir()
        _, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert err.startswith(f"output {path}: ")
    assert err.count("\n") == 1
