from __future__ import annotations

import os
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from examples.smelter.complaints import InputRefused, MediaBroken
from examples.smelter.file_reader import FileReader
from examples.smelter.inputs import NOTHING, Item, Source
from examples.smelter.media import open_source, probe
from examples.smelter.pictures import RATE, SECOND, Frame, Samples
from tests.examples.smelter.films import RED, make_film, tone


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films") / "film.mp4", 1)


def read_all(source: Source, most: int = 1000) -> tuple[list[Frame], list[Samples]]:
    items: list[Item] = []
    with source:
        while len(items) < most and (item := source.read()) is not None:
            assert item is not NOTHING
            items.append(item)
    return (
        [item for item in items if isinstance(item, Frame)],
        [item for item in items if isinstance(item, Samples)],
    )


def heard(sound: list[Samples]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.concatenate([batch.sound for batch in sound])


def save_sound(path: Path, codec: str, frame: av.AudioFrame, layout: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, frame.rate, layout=layout)
        assert isinstance(stream, AudioStream)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def save_picture(
    path: Path, codec: str, frame: av.VideoFrame, pix_fmt: str, aspect: Fraction = Fraction(1)
) -> Path:
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, 25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, pix_fmt
        stream.sample_aspect_ratio = aspect
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def wave_file(path: Path, rate: int = 44_100, count: int = 44_100) -> Path:
    wave = (np.sin(np.arange(count) * 2 * np.pi * 441 / rate) * 16000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return save_sound(path, "pcm_s16le", frame, "mono")


# --- looking --------------------------------------------------------------------------------


def test_a_film_is_described(film: Path) -> None:
    info = probe(str(film))

    assert info.video is not None
    assert info.audio is not None
    assert (info.video.codec, info.video.width, info.video.height) == ("h264", 64, 36)
    assert info.video.rate == Fraction(30)
    assert info.video.duration == SECOND
    assert (info.audio.codec, info.audio.rate, info.audio.channels) == ("aac", RATE, 2)
    assert info.duration == info.audio.duration == SECOND


def test_test_pictures_need_no_file() -> None:
    info = probe("test:a")

    assert info.video is not None
    assert info.audio is not None
    assert info.duration is None
    frames, sound = read_all(open_source("test:a"), 20)
    assert frames
    assert sound


def test_sound_alone_is_an_input(tmp_path: Path) -> None:
    info = probe(str(wave_file(tmp_path / "tone.wav")))

    assert info.video is None
    assert info.audio is not None
    assert (info.audio.rate, info.audio.channels, info.duration) == (44_100, 1, SECOND)


def refusal(name: Path | str) -> str:
    with pytest.raises(InputRefused) as refused:
        probe(str(name))
    assert "\n" not in str(refused.value)
    return refused.value.why


def test_what_cannot_be_composed_is_refused_in_one_line(film: Path, tmp_path: Path) -> None:
    empty, text, noise = tmp_path / "empty.mp4", tmp_path / "words.txt", tmp_path / "noise.mp4"
    headless, pipe = tmp_path / "headless.mp4", tmp_path / "pipe"
    empty.touch()
    text.write_text("Once upon a time.\n" * 200)
    noise.write_bytes(np.random.default_rng(3).bytes(20_000))
    headless.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    os.mkfifo(pipe)

    assert refusal(tmp_path / "none.mp4") == "no such file"
    assert refusal(film / "inside.mp4") == "no such file"
    assert refusal(tmp_path / "no\nne.mp4") == "no such file"
    assert refusal(tmp_path) == "is a directory"
    assert refusal(empty) == "is empty"
    assert refusal(pipe) == "is not a regular file"
    assert refusal("a\0b") == "no file can have this name"
    assert "long" in refusal("x" * 5000)
    assert refusal(text) == "not media"
    assert refusal(noise) == "not media"
    assert refusal(headless) == "cut off: its index is missing"
    assert refusal("http://127.0.0.1:1/film.mp4") == "no such file"


def test_a_film_with_its_index_in_front_is_found_cut_off(film: Path, tmp_path: Path) -> None:
    whole = with_index_in_front(film, tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])

    assert refusal(cut).startswith(f"cut off: {len(cut.read_bytes())} of at least ")


def test_a_film_whose_data_is_rubbish_is_refused(film: Path, tmp_path: Path) -> None:
    whole = bytearray(with_index_in_front(film, tmp_path / "whole.mp4").read_bytes())
    begin = whole.index(b"mdat") + 4
    whole[begin:] = np.random.default_rng(5).bytes(len(whole) - begin)
    rubbish = tmp_path / "rubbish.mp4"
    rubbish.write_bytes(whole)

    assert "decoded" in refusal(rubbish)


def test_a_file_one_may_not_read_is_refused(tmp_path: Path, film: Path) -> None:
    closed = tmp_path / "closed.mp4"
    closed.write_bytes(film.read_bytes())
    closed.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65_534)
    try:
        assert refusal(closed) == "permission denied"
    finally:
        if is_root:
            os.seteuid(0)


def test_a_playlist_does_not_reach_for_the_network(tmp_path: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n")

    assert refusal(playlist) == "not media"


def with_index_in_front(film: Path, path: Path) -> Path:
    with (
        av.open(str(film)) as old,
        av.open(str(path), "w", container_options={"movflags": "faststart"}) as new,
    ):
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return path


# --- reading --------------------------------------------------------------------------------


def test_a_film_is_read_whole_and_in_order(film: Path) -> None:
    frames, sound = read_all(open_source(str(film)))

    assert [frame.pts for frame in frames] == [(n * SECOND + 15) // 30 for n in range(30)]
    assert all(a.end == pytest.approx(b.start, abs=1) for a, b in pairwise(sound))
    assert sound[0].start == 0
    assert RATE <= len(heard(sound)) < RATE + 1024
    assert np.abs(heard(sound)[2048:RATE] - tone(2048, RATE - 2048)).max() < 0.02
    y, u, v = (
        plane.mean() for plane in (frames[9].picture.y, frames[9].picture.u, frames[9].picture.v)
    )
    assert (y, u, v) == pytest.approx(RED, abs=2)


def test_video_and_sound_come_interleaved(film: Path) -> None:
    frames, sound = read_all(open_source(str(film)), 30)

    assert abs(frames[-1].pts - sound[-1].end) < SECOND // 2


def test_what_is_read_cannot_be_changed(film: Path) -> None:
    frames, sound = read_all(open_source(str(film)), 10)

    assert not frames[0].picture.packed.flags.writeable
    assert not sound[0].sound.flags.writeable


def test_after_the_end_and_after_closing_there_is_nothing(film: Path) -> None:
    source = open_source(str(film))
    while source.read() is not None:
        pass
    assert source.read() is None

    source = open_source(str(film))
    source.read()
    source.close()
    source.close()
    assert source.read() is None


@pytest.mark.parametrize("start", [1, 100_000_000, 500_000_000, 666_666_667, 990_000_000])
def test_a_successor_goes_on_where_its_predecessor_stopped(film: Path, start: int) -> None:
    frames, sound = read_all(open_source(str(film)))
    later_frames, later_sound = read_all(open_source(str(film), start=start))

    expected = [frame.pts for frame in frames if frame.pts >= start]
    assert [frame.pts for frame in later_frames] == expected
    first = round(start * RATE / SECOND)
    assert 0 <= later_sound[0].start - start < 2 * SECOND // RATE
    rest = heard(sound)[-len(heard(later_sound)) :]
    assert abs(len(heard(sound)) - first - len(heard(later_sound))) <= 1
    assert np.abs(rest - heard(later_sound)).max() < 1e-3


def test_a_start_behind_the_end_gives_nothing(film: Path) -> None:
    assert read_all(open_source(str(film), start=5 * SECOND)) == ([], [])


def test_a_loop_goes_on_with_times_that_increase(film: Path) -> None:
    frames, sound = read_all(open_source(str(film), loop=True), 260)

    assert [frame.pts for frame in frames[:75]] == [
        n // 30 * SECOND + (n % 30 * SECOND + 15) // 30 for n in range(75)
    ]
    assert all(a.start < b.start for a, b in pairwise(sound))
    second = np.concatenate([b.sound for b in sound if SECOND <= b.start < 2 * SECOND])
    assert np.abs(second[2048:RATE] - tone(2048, RATE - 2048)).max() < 0.02


def test_a_loop_can_be_entered_in_any_lap(film: Path) -> None:
    start = 3 * SECOND + SECOND // 2
    frames, sound = read_all(open_source(str(film), start=start, loop=True), 60)

    assert frames[0].pts == start
    assert 0 <= sound[0].start - start < 2 * SECOND // RATE
    assert frames[-1].pts > 4 * SECOND


def test_mono_sound_of_another_rate_becomes_stereo_at_48_kilohertz(tmp_path: Path) -> None:
    _, sound = read_all(open_source(str(wave_file(tmp_path / "tone.wav"))))

    joined = heard(sound)
    assert joined.dtype == np.float32
    assert len(joined) == RATE
    np.testing.assert_array_equal(joined[:, 0], joined[:, 1])
    turns = np.abs(np.fft.rfft(joined[:, 0]))
    assert int(turns.argmax()) == 441


def test_odd_sides_become_even_and_rgb_becomes_limited_bt709(tmp_path: Path) -> None:
    red = np.full((35, 33, 3), (255, 0, 0), np.uint8)
    frame = av.VideoFrame.from_ndarray(red, format="rgb24")
    path = save_picture(tmp_path / "odd.avi", "rawvideo", frame, "bgr24")
    (read, *_), _ = read_all(open_source(str(path)))

    picture = read.picture
    assert (picture.width, picture.height) == (32, 34)
    means = [plane.mean() for plane in (picture.y, picture.u, picture.v)]
    assert means == pytest.approx(RED, abs=2)


def test_full_range_and_oblong_pixels_become_limited_and_square(tmp_path: Path) -> None:
    frame = av.VideoFrame(64, 36, "yuvj420p")
    for plane, value in zip(frame.planes, (255, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    path = save_picture(tmp_path / "wide.mkv", "mjpeg", frame, "yuvj420p", Fraction(2))
    (read, *_), _ = read_all(open_source(str(path)))

    assert (read.picture.width, read.picture.height) == (128, 36)
    assert read.picture.y.mean() == pytest.approx(235, abs=1)


def test_a_file_cut_off_while_it_is_read_says_where(film: Path, tmp_path: Path) -> None:
    path = with_index_in_front(film, tmp_path / "cut.mp4")
    info = probe(str(path))
    size = path.stat().st_size
    os.truncate(path, size * 2 // 3)

    with pytest.raises(MediaBroken, match=r"broken at 0\.\d+ s") as broken:
        read_all(FileReader(info))

    assert SECOND // 4 < broken.value.at < SECOND * 9 // 10
    assert "\n" not in str(broken.value)


def test_rubbish_in_the_middle_says_where_and_can_be_passed(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "scratched.mp4"
    data = bytearray(with_index_in_front(film, path).read_bytes())
    with av.open(str(path)) as container:
        entry = list(container.streams.video[0].index_entries)[20]
    data[entry.pos : entry.pos + entry.size] = b"\xff" * entry.size
    path.write_bytes(data)

    with pytest.raises(MediaBroken) as broken:
        read_all(open_source(str(path)))
    frames, _ = read_all(open_source(str(path), start=broken.value.at))

    assert broken.value.at == pytest.approx(SECOND * 21 / 30, abs=SECOND / 30)
    assert frames
    assert frames[-1].pts == (29 * SECOND + 15) // 30


def test_a_looped_file_that_vanishes_is_broken_where_it_would_begin_again(
    film: Path, tmp_path: Path
) -> None:
    path = tmp_path / "gone.mp4"
    path.write_bytes(film.read_bytes())
    source = open_source(str(path), loop=True)
    path.unlink()

    with pytest.raises(MediaBroken, match="cannot begin again: No such file") as broken:
        read_all(source)

    assert broken.value.at >= SECOND
