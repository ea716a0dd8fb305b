from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from examples.smelter.complaints import OutputRefused, PacketGap
from examples.smelter.encode import AudioEncoder, Encoding, Packet, Tail, VideoEncoder
from examples.smelter.frames import sound_from_av
from examples.smelter.inspection import colour_at, inspect_output
from examples.smelter.layout import PixelRect
from examples.smelter.muxer import Muxer, Target, check_output, resume
from examples.smelter.offsets import Media
from examples.smelter.pictures import RATE, SECOND, Picture, Sound
from tests.examples.smelter.films import BLUE, RED, SMALL, make_film, tone

WHOLE = PixelRect(0, 0, 64, 36)
SAMPLES_A_TICK = RATE // 30


class Studio:
    """Two encoders and a muxer, any of which can be replaced between two ticks."""

    def __init__(self, target: Target) -> None:
        self.muxer = Muxer(target, SMALL)
        self.video, self.audio = VideoEncoder(SMALL), AudioEncoder(SMALL)
        self.tail = Tail()

    def record(self, ticks: range) -> None:
        for tick in ticks:
            colour = RED if tick < 15 else BLUE
            self.muxer.write(self.video.encode(Picture.solid(64, 36, colour), tick))
            sound = tone(self.tail.end, SAMPLES_A_TICK)
            self.tail.add(sound)
            self.muxer.write(self.audio.encode(sound))
            self.tail.forget(self.muxer.audio_end)

    def replace_encoders(self) -> None:
        self.video = VideoEncoder(SMALL)
        self.audio = AudioEncoder(SMALL, self.muxer.audio_end)
        self.muxer.write(self.audio.encode(self.tail.since(self.audio.position)))

    def finish(self) -> Path:
        self.muxer.write([*self.video.flush(), *self.audio.flush()])
        return self.muxer.finish()


def decoded_sound(path: Path) -> Sound:
    with av.open(str(path)) as container:
        return np.concatenate([sound_from_av(frame) for frame in container.decode(audio=0)])


def test_a_finished_file_is_an_ordinary_film_of_the_exact_length(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4", 1)
    found = inspect_output(path)

    assert (found.width, found.height, found.video_frames) == (64, 36, 30)
    assert found.video_ticks == tuple(Fraction(n, 30) for n in range(30))
    assert (found.video_duration, found.audio_duration) == (SECOND, SECOND)
    assert found.audio_samples == RATE
    assert RATE <= found.audio_decoded < RATE + 1024
    assert found.video_pts_increase
    assert found.audio_is_contiguous
    assert not found.is_fragmented
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


def test_broken_rates_keep_their_exact_times(tmp_path: Path) -> None:
    encoding = Encoding(64, 36, Fraction(30000, 1001))
    found = inspect_output(make_film(tmp_path / "film.mp4", 1, RED, encoding))

    assert found.video_ticks == tuple(Fraction(n * 1001, 30000) for n in range(30))


def test_the_sound_comes_back_in_its_place(tmp_path: Path) -> None:
    heard = decoded_sound(make_film(tmp_path / "film.mp4", 1))

    assert np.abs(heard[2048:RATE] - tone(2048, RATE - 2048)).max() < 0.02


def test_colours_are_found_where_and_when_they_are_shown(tmp_path: Path) -> None:
    studio = Studio(check_output(str(tmp_path / "film.mp4")))
    studio.record(range(30))
    path = studio.finish()

    assert colour_at(path, 0, WHOLE) == pytest.approx(RED, abs=2)
    assert colour_at(path, SECOND * 3 // 4, WHOLE) == pytest.approx(BLUE, abs=2)
    with pytest.raises(ValueError, match="shows nothing"):
        colour_at(path, -1, WHOLE)


@pytest.mark.parametrize("killed_after", [1, 2, 7, 15, 29])
def test_replaced_encoders_go_on_without_a_seam(tmp_path: Path, killed_after: int) -> None:
    studio = Studio(check_output(str(tmp_path / "film.mp4")))
    studio.record(range(killed_after))
    studio.replace_encoders()
    studio.record(range(killed_after, 30))
    found = inspect_output(path := studio.finish())
    heard = decoded_sound(path)

    assert found.video_frames == 30
    assert found.video_pts_increase
    assert found.audio_is_contiguous
    assert found.audio_samples == RATE
    assert np.abs(heard[2048:RATE] - tone(2048, RATE - 2048)).max() < 0.02


def test_encoders_replaced_before_every_picture_still_make_one_film(tmp_path: Path) -> None:
    studio = Studio(check_output(str(tmp_path / "film.mp4")))
    for tick in range(30):
        studio.record(range(tick, tick + 1))
        studio.replace_encoders()
    found = inspect_output(studio.finish())

    assert found.video_frames == 30
    assert found.video_pts_increase
    assert found.audio_is_contiguous
    assert found.audio_samples == RATE


def test_lost_samples_become_silence_and_the_count_stays(tmp_path: Path) -> None:
    studio = Studio(check_output(str(tmp_path / "film.mp4")))
    studio.record(range(15))
    studio.tail = Tail(studio.tail.end)
    studio.replace_encoders()
    studio.record(range(15, 30))
    found = inspect_output(path := studio.finish())

    assert found.audio_samples == RATE
    assert found.audio_is_contiguous
    assert (
        np.abs(decoded_sound(path)[RATE // 2 + 2048 : RATE] - tone(2048, RATE // 2 - 2048)).max()
        < 0.02
    )


def test_pictures_lost_with_an_encoder_leave_the_one_before_standing(tmp_path: Path) -> None:
    studio = Studio(check_output(str(tmp_path / "film.mp4")))
    studio.record(range(10))
    studio.replace_encoders()
    studio.record(range(12, 30))
    found = inspect_output(path := studio.finish())

    assert found.video_ticks == tuple(Fraction(n, 30) for n in [*range(10), *range(12, 30)])
    assert found.video_duration == SECOND
    assert colour_at(path, SECOND * 11 // 30, WHOLE) == pytest.approx(RED, abs=2)


def test_packets_the_file_has_are_dropped_and_a_hole_in_the_sound_is_refused(
    tmp_path: Path,
) -> None:
    video, audio = VideoEncoder(SMALL), AudioEncoder(SMALL)
    with Muxer(check_output(str(tmp_path / "film.mp4")), SMALL) as muxer:
        packets = [*video.encode(Picture.solid(64, 36, RED), 0), *audio.encode(tone(0, 4096))]
        muxer.write(packets)
        end = muxer.audio_end
        muxer.write(packets)

        assert muxer.dropped == len(packets)
        assert (muxer.video_end, muxer.audio_end) == (1, end)
        with pytest.raises(PacketGap, match=f"begin at sample {end}"):
            muxer.write(AudioEncoder(SMALL, end + 1).encode(tone(0, 9000)))


def test_a_muxer_closed_early_leaves_a_playable_part(tmp_path: Path) -> None:
    target = check_output(str(tmp_path / "film.mp4"))
    studio = Studio(target)
    studio.record(range(20))
    studio.muxer.close()
    studio.muxer.close()

    found = inspect_output(target.part)
    assert found.video_frames == 20
    assert not found.is_fragmented
    assert not target.path.exists()


def test_a_muxer_that_died_is_replaced_and_the_film_goes_on(tmp_path: Path) -> None:
    target = check_output(str(tmp_path / "film.mp4"))
    studio = Studio(target)
    studio.record(range(12))
    studio.muxer.close()

    studio.muxer = resume(target, SMALL)
    studio.replace_encoders()
    studio.record(range(studio.muxer.video_end, 30))
    found = inspect_output(path := studio.finish())

    assert found.video_ticks == tuple(Fraction(n, 30) for n in range(30))
    assert found.audio_is_contiguous
    assert found.audio_samples == RATE
    assert np.abs(decoded_sound(path)[2048:RATE] - tone(2048, RATE - 2048)).max() < 0.02
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize("media", ["video", "audio"])
def test_a_film_of_one_medium_is_complete_also_when_its_muxer_has_died(
    tmp_path: Path, media: Media
) -> None:
    target = check_output(str(tmp_path / "film.mp4"))

    def record(muxer: Muxer, end: int) -> Sequence[Packet]:
        """Go on where the file ends; return what the encoder has kept."""
        if media == "video":
            video = VideoEncoder(SMALL)
            for tick in range(muxer.video_end, end):
                muxer.write(video.encode(Picture.solid(64, 36, RED), tick))
            return video.flush()
        audio = AudioEncoder(SMALL, muxer.audio_end)
        muxer.write(audio.encode(tone(audio.position, end * SAMPLES_A_TICK - audio.position)))
        return audio.flush()

    with Muxer(target, SMALL, (media,)) as muxer:
        record(muxer, 20)
        assert muxer.video_safe if media == "video" else muxer.audio_safe
    muxer = resume(target, SMALL, (media,))
    assert muxer.video_end if media == "video" else muxer.audio_end
    muxer.write(record(muxer, 30))

    with av.open(str(muxer.finish())) as container:
        assert [stream.type for stream in container.streams] == [media]
        if media == "video":
            assert sum(1 for _ in container.decode(video=0)) == 30
        else:
            assert sum(frame.samples for frame in container.decode(audio=0)) >= RATE


def test_nothing_to_resume_is_a_new_film(tmp_path: Path) -> None:
    muxer = resume(check_output(str(tmp_path / "film.mp4")), SMALL)
    with muxer:
        assert (muxer.video_end, muxer.audio_end) == (0, 0)


KILLED = """
import os, signal, sys
from examples.smelter.encode import AudioEncoder, VideoEncoder
from examples.smelter.muxer import Muxer, check_output
from examples.smelter.pictures import Picture
from tests.examples.smelter.films import RED, SMALL, tone

video, audio = VideoEncoder(SMALL), AudioEncoder(SMALL)
muxer = Muxer(check_output(sys.argv[1]), SMALL)
for tick in range(int(sys.argv[2])):
    muxer.write(video.encode(Picture.solid(64, 36, RED), tick))
    muxer.write(audio.encode(tone(tick * 1600, 1600)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_film_whose_whole_program_was_killed_plays_and_can_be_resumed(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), "40"], check=False, cwd=Path.cwd()
    )
    assert ended.returncode == -signal.SIGKILL

    target = Target(path, path.with_name("film.part.mp4"), overwrite=False)
    left = inspect_output(target.part)
    assert left.is_fragmented
    assert left.video_frames >= 40 - 6
    assert left.video_pts_increase
    assert left.audio_is_contiguous

    with resume(target, SMALL) as muxer:
        assert muxer.video_end == left.video_frames
        assert muxer.audio_end == left.audio_samples
        muxer.finish()
    assert inspect_output(path).video_frames == left.video_frames
    assert not inspect_output(path).is_fragmented


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    part = tmp_path / "film.part.mp4"
    part.symlink_to(full)
    target = Target(tmp_path / "film.mp4", part, overwrite=True)

    with pytest.raises(OutputRefused, match="No space left on device") as refused:
        Muxer(target, SMALL)

    assert "\n" not in str(refused.value)


FILLED = """
import resource, sys
from examples.smelter.complaints import OutputRefused
from examples.smelter.encode import AudioEncoder, VideoEncoder
from examples.smelter.muxer import Muxer, check_output
from examples.smelter.pictures import Picture
from tests.examples.smelter.films import RED, SMALL, tone

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
video, audio = VideoEncoder(SMALL), AudioEncoder(SMALL)
muxer = Muxer(check_output(sys.argv[1]), SMALL)
for act in (lambda: None, muxer.close, muxer.close):
    try:
        for tick in range(100) if act() is None and muxer.video_end == 0 else ():
            muxer.write(video.encode(Picture.solid(64, 36, RED), tick))
            muxer.write(audio.encode(tone(tick * 1600, 1600)))
    except OutputRefused as refused:
        print(refused.why)
"""


def test_a_disk_that_fills_up_while_recording_leaves_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    ended = subprocess.run(
        [sys.executable, "-c", FILLED, str(path)],
        check=False,
        cwd=Path.cwd(),
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 0, ended.stderr
    assert set(ended.stdout.splitlines()) == {"File too large"}
    left = inspect_output(path.with_name("film.part.mp4"))
    assert left.video_frames > 10
    assert left.video_pts_increase


def test_a_name_taken_while_recording_is_not_overwritten(tmp_path: Path) -> None:
    target = check_output(str(tmp_path / "film.mp4"))
    studio = Studio(target)
    studio.record(range(5))
    target.path.write_text("precious")

    with pytest.raises(OutputRefused, match=r"exists already; what was made is in film\.part\.mp4"):
        studio.finish()

    assert target.path.read_text() == "precious"
    assert inspect_output(target.part).video_frames == 5


def refusal(path: Path | str, *inputs: str, overwrite: bool = False) -> str:
    with pytest.raises(OutputRefused) as refused:
        check_output(str(path), inputs, overwrite=overwrite)
    assert "\n" not in str(refused.value)
    return refused.value.why


def test_outputs_that_cannot_be_written_are_refused_before_anything_starts(tmp_path: Path) -> None:
    existing, folder, left = tmp_path / "is.mp4", tmp_path / "folder.mp4", tmp_path / "a.part.mp4"
    existing.write_text("x")
    folder.mkdir()
    left.write_text("x")

    and_how = '; to replace it: --overwrite, or "overwrite": true in a request'
    assert refusal(existing) == f"exists already{and_how}"
    assert refusal(folder) == refusal(folder, overwrite=True) == "is a directory"
    assert refusal(existing, str(existing), overwrite=True) == "is one of the inputs"
    assert "there is no folder" in refusal(tmp_path / "none" / "film.mp4")
    assert refusal(existing / "film.mp4") == "Not a directory"
    halfway = "a.part.mp4 is left over from a run that did not finish"
    assert refusal(tmp_path / "a.mp4") == f"{halfway}{and_how}"
    assert refusal("") == refusal("a\0b") == "no file can have this name"
    assert "long" in refusal(tmp_path / ("x" * 300 + ".mp4"))
    assert "there is no folder" in refusal(tmp_path / "no\nne" / "film.mp4")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "a.part.mp4",
        "folder.mp4",
        "is.mp4",
    ]


def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        assert refusal("/proc/film.mp4") != ""
        return
    tmp_path.chmod(0o500)
    assert refusal(tmp_path / "film.mp4") == "Permission denied"


def test_existing_files_are_replaced_when_asked_for_and_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_text("old")
    target = check_output(str(path), overwrite=True)
    studio = Studio(target)
    studio.record(range(5))

    assert path.read_text() == "old"
    studio.finish()
    assert inspect_output(path).video_frames == 5
