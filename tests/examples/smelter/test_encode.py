from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from examples.smelter.complaints import OptionRefused
from examples.smelter.encode import (
    LEAD,
    AudioEncoder,
    Encoding,
    Packet,
    Tail,
    VideoEncoder,
    check_rate,
    check_size,
)
from examples.smelter.pictures import Picture
from tests.examples.smelter.films import BLUE, RED, SMALL, tone


@pytest.mark.parametrize(
    "text",
    ["", "x", "640", "640x", "640x361", "641x360", "0x360", "-2x360", "640x-2", "7684x360",
     "640x4322", "99999999999x2", "640x360x2", " 640x360", "640.0x360", "²x2", "nanxnan"],
)  # fmt: skip
def test_a_nonsense_size_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(OptionRefused, match="both even") as refused:
        check_size(text)

    assert "\n" not in str(refused.value)


def test_sizes_up_to_the_limit_are_taken() -> None:
    assert check_size("640x360") == (640, 360)
    assert check_size("2x2") == (2, 2)
    assert check_size("7682x4320") == (7682, 4320)


@pytest.mark.parametrize(
    "text", ["", "0", "-30", "nan", "inf", "241", "30/0", "1e99", "thirty", "1/3000000", "0x10"]
)
def test_a_nonsense_rate_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(OptionRefused, match="30000/1001") as refused:
        check_rate(text)

    assert "\n" not in str(refused.value)


def test_whole_decimal_and_broken_rates_are_taken() -> None:
    assert check_rate("30") == 30
    assert check_rate("29.97") == Fraction(2997, 100)
    assert check_rate("30000/1001") == Fraction(30000, 1001)
    assert check_rate("240") == 240


def test_settings_are_checked_however_they_come() -> None:
    with pytest.raises(OptionRefused):
        Encoding(641, 360)
    with pytest.raises(OptionRefused):
        Encoding(640, 360, Fraction(0))


def test_every_picture_becomes_its_packet_at_once() -> None:
    encoder = VideoEncoder(SMALL)

    made = [encoder.encode(Picture.solid(64, 36, RED), tick) for tick in (0, 1, 5)]

    assert [[(p.pts, p.duration, p.keyframe) for p in packets] for packets in made] == [
        [(0, 1, True)],
        [(1, 1, False)],
        [(5, 1, False)],
    ]
    assert encoder.flush() == ()


def test_a_key_frame_can_be_asked_for() -> None:
    encoder = VideoEncoder(SMALL)
    encoder.encode(Picture.solid(64, 36, RED), 0)

    (forced,) = encoder.encode(Picture.solid(64, 36, BLUE), 1, force_key=True)
    (usual,) = encoder.encode(Picture.solid(64, 36, BLUE), 2)

    assert (forced.keyframe, usual.keyframe) == (True, False)


def test_a_picture_of_another_size_and_a_tick_from_the_past_are_refused() -> None:
    encoder = VideoEncoder(SMALL)
    encoder.encode(Picture.solid(64, 36, RED), 3)

    with pytest.raises(ValueError, match="32x36 for an encoder of 64x36"):
        encoder.encode(Picture.solid(32, 36, RED), 4)
    with pytest.raises(ValueError, match="tick 3 does not come after tick 3"):
        encoder.encode(Picture.solid(64, 36, RED), 3)


def test_equal_settings_give_equal_headers_and_others_do_not() -> None:
    assert VideoEncoder(SMALL).header == VideoEncoder(SMALL).header != b""
    assert AudioEncoder(SMALL).header == AudioEncoder(SMALL).header != b""
    assert VideoEncoder(Encoding(128, 72)).header != VideoEncoder(SMALL).header


@pytest.mark.parametrize("count", [1, 960, 1023, 1024, 1025, 2048, 48_000])
def test_sound_packets_follow_each_other_and_end_with_the_last_sample(count: int) -> None:
    packets = sound_packets(AudioEncoder(SMALL), 0, count)

    assert packets[0].pts == -1024
    assert all(a.end == b.pts for a, b in pairwise(packets))
    assert packets[-1].end == count


@pytest.mark.parametrize("count", [1, 960, 1024, 5000])
def test_a_second_encoder_warms_up_unheard_and_begins_where_the_file_goes_on(count: int) -> None:
    encoder = AudioEncoder(SMALL, first=5120)
    packets = sound_packets(encoder, encoder.position, 5120 - encoder.position + count)

    assert encoder.position == 5120 + count
    assert packets[0].pts == 5120
    assert all(a.end == b.pts for a, b in pairwise(packets))
    assert packets[-1].end == 5120 + count


def test_an_encoder_that_was_given_nothing_flushes_nothing() -> None:
    assert AudioEncoder(SMALL).flush() == ()
    assert AudioEncoder(SMALL, first=1024).encode(np.zeros((0, 2), np.float32)) == ()


def sound_packets(encoder: AudioEncoder, position: int, count: int) -> list[Packet]:
    packets: list[Packet] = []
    for start in range(position, position + count, 960):
        packets += encoder.encode(tone(start, min(960, position + count - start)))
    return [*packets, *encoder.flush()]


def test_a_tail_keeps_what_is_not_yet_in_the_file_and_the_lead_before() -> None:
    tail = Tail()
    for start in range(0, 9600, 960):
        tail.add(tone(start, 960))
    tail.forget(LEAD + 3000)

    assert (tail.end, tail.held) == (9600, 6600)
    np.testing.assert_array_equal(tail.since(3000), tone(3000, 6600))
    np.testing.assert_array_equal(tail.since(8000), tone(8000, 1600))
    assert not tail.since(2500)[:500].any()
    assert len(tail.since(2500)) == 7100


def test_a_tail_that_forgot_everything_still_knows_where_it_is() -> None:
    tail = Tail(100)
    tail.add(tone(100, 50))
    tail.forget(LEAD + 1000)

    assert tail.since(120).shape == (30, 2)
    assert not tail.since(120).any()
    assert tail.since(150).shape == (0, 2)
