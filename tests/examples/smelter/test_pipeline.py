from __future__ import annotations

from pathlib import Path

import pytest

from actors.runtime import Clock
from actors.testing import VirtualClock
from examples.smelter.events import EVENTS
from examples.smelter.inspection import FileSummary, colour_at
from examples.smelter.layout import PixelRect
from examples.smelter.ledger import LEDGER
from examples.smelter.pictures import RATE, SECOND
from examples.smelter.saboteur import Kill
from examples.smelter.wire import (
    ASSETS,
    COMPOSITOR,
    CONTROL,
    FILM,
    INPUTS,
    MIXER,
    OUTPUTS,
    QUEUE,
    STAGE,
    audio_end_of,
    encoders_of,
    feeder_of,
    input_of,
    muxer_of,
    output_of,
    source_of,
    video_end_of,
)
from tests.examples.smelter.films import BLUE, RED, make_film
from tests.examples.smelter.running import film

LEFT = PixelRect(2, 14, 26, 8)
RIGHT = PixelRect(36, 14, 26, 8)

WORKERS = [
    feeder_of("1"),
    source_of("2"),
    QUEUE,
    COMPOSITOR,
    MIXER,
    muxer_of(FILM),
    video_end_of(FILM),
    audio_end_of(FILM),
    ASSETS,
    CONTROL,
    EVENTS,
]
SUPERVISORS = [LEDGER, OUTPUTS, output_of(FILM), encoders_of(FILM), INPUTS, input_of("1")]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two films of half a second, so that they begin again while they are shown."""
    folder = tmp_path_factory.mktemp("clips")
    red = make_film(folder / "red.mp4", 0.5, RED)
    return red, make_film(folder / "blue.mp4", 0.5, BLUE)


def assert_whole(found: FileSummary | None, seconds: int, lost: int = 0) -> None:
    assert found is not None
    assert found.audio_samples == seconds * RATE
    assert found.audio_is_contiguous
    assert found.video_pts_increase
    assert abs(found.video_duration - seconds * SECOND) <= 2 * SECOND // 30
    assert found.video_frames >= seconds * 30 - lost
    assert not found.is_fragmented


def test_an_offline_film_has_every_picture_and_every_sample(
    tmp_path: Path, clips: tuple[Path, Path]
) -> None:
    made = film(tmp_path, *clips, "--offline")

    assert_whole(made.file, 2)
    assert (made.summary.pictures, made.summary.lost_ticks) == (60, 0)
    assert (made.summary.samples, made.summary.dropped) == (2 * RATE, 0)
    assert made.summary.restarts == {}
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_each_input_is_seen_in_its_tile_all_the_time(
    tmp_path: Path, clips: tuple[Path, Path]
) -> None:
    path = film(tmp_path, *clips, "--offline", "--crash").summary.output

    for at in (0, SECOND // 2, SECOND, 2 * SECOND - 1):
        assert colour_at(path, at, LEFT) == pytest.approx(RED, abs=4)
        assert colour_at(path, at, RIGHT) == pytest.approx(BLUE, abs=4)


def test_two_offline_runs_make_the_same_file(tmp_path: Path, clips: tuple[Path, Path]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = film(tmp_path / "a", *clips, "--offline", seconds=1)
    second = film(tmp_path / "b", *clips, "--offline", seconds=1)

    content = Path(first.summary.output).read_bytes()
    assert content == Path(second.summary.output).read_bytes()


def test_a_live_film_takes_its_length_on_the_runtimes_clock(
    tmp_path: Path, clips: tuple[Path, Path]
) -> None:
    clock = VirtualClock()
    made = film(tmp_path, *clips, clock=clock)

    assert_whole(made.file, 2)
    assert made.summary.lost_ticks == 0
    assert 1.9 < made.summary.wall_seconds < 2.1
    assert clock.now() == made.summary.wall_seconds


@pytest.mark.parametrize(("mode", "clock"), [(["--offline"], None), ([], VirtualClock())])
def test_killing_one_of_each_kind_loses_three_ticks_each_at_the_most(
    tmp_path: Path, clips: tuple[Path, Path], mode: list[str], clock: Clock | None
) -> None:
    made = film(tmp_path, *clips, "--crash", *mode, clock=clock)

    kills = ["source.1", "queue", "compositor", "mixer", "video_encoder"]
    assert made.summary.kills == kills
    assert_whole(made.file, 2, lost=3 * len(kills))
    assert made.summary.lost_ticks <= 3 * len(kills)
    names = ["source 1", "queue", "compositor", "mixer", "video_encoder"]
    assert made.summary.restarts == dict.fromkeys(names, 1)


@pytest.mark.parametrize("victim", WORKERS)
def test_no_worker_is_missed_offline(tmp_path: Path, clips: tuple[Path, Path], victim: str) -> None:
    made = film(tmp_path, *clips, "--offline", kills=[Kill(20, victim), Kill(40, victim)])

    assert len(made.summary.kills) == 2
    assert_whole(made.file, 2)
    assert made.summary.lost_ticks == 0


@pytest.mark.parametrize("victim", SUPERVISORS)
def test_a_killed_supervisor_and_the_ledger_come_back_with_all_below_them(
    tmp_path: Path, clips: tuple[Path, Path], victim: str
) -> None:
    made = film(tmp_path, *clips, "--offline", kills=[Kill(30, victim)])

    assert len(made.summary.kills) == 1
    assert_whole(made.file, 2)
    assert made.summary.lost_ticks == 0
    assert made.summary.failed_inputs == []


def test_a_killed_stage_loses_no_more_than_what_was_on_its_way(
    tmp_path: Path, clips: tuple[Path, Path]
) -> None:
    made = film(tmp_path, *clips, "--offline", kills=[Kill(30, STAGE)])

    assert_whole(made.file, 2, lost=12)


def test_a_storm_is_weathered_by_patient_supervisors(
    tmp_path: Path, clips: tuple[Path, Path]
) -> None:
    storm = [Kill(3 * n, WORKERS[n * 3 % len(WORKERS)]) for n in range(1, 20)]
    made = film(tmp_path, *clips, "--offline", kills=storm, patience=50)

    assert_whole(made.file, 2, lost=3 * len(storm))


def test_a_worker_that_dies_too_often_ends_the_run_and_leaves_a_film_that_plays(
    tmp_path: Path, clips: tuple[Path, Path]
) -> None:
    made = film(
        tmp_path, *clips, "--offline", kills=[Kill(10 * n, muxer_of(FILM)) for n in range(1, 5)]
    )

    assert not made.summary.finished
    assert made.summary.failure == "muxer failed too often; what was made is in film.part.mp4"
    assert [path.name for path in tmp_path.iterdir()] == ["film.part.mp4"]
