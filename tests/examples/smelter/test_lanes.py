from __future__ import annotations

import numpy as np
import pytest

from examples.smelter.lanes import BEHIND, CREDIT, KEPT, WINDOW, SoundLane, VideoLane
from examples.smelter.pictures import Picture, Sound
from examples.smelter.wire import Draw, EncoderUp, Finish, Ready, Sing, Written

PICTURE = Picture.solid(2, 2, (16, 128, 128))


class End:
    """Takes note of what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def __call__(self, message: object) -> None:
        self.told.append(message)

    def ticks(self) -> list[int]:
        return [one.tick for one in self.told if isinstance(one, Draw)]

    def positions(self) -> list[int]:
        return [one.position for one in self.told if isinstance(one, Sing)]


def written(end: int, safe: int) -> Written:
    return Written("out", "video", end, safe)


def filled(*, is_live: bool) -> tuple[VideoLane, End]:
    end = End()
    lane = VideoLane.to(end, is_live=is_live)
    for tick in range(CREDIT):
        assert lane.has_room
        lane.send(tick, PICTURE)
    assert not lane.has_room
    return lane, end


def sound(count: int) -> Sound:
    return np.ones((count, 2), np.float32)


def test_a_lane_has_room_again_when_something_has_been_written() -> None:
    lane, _ = filled(is_live=False)
    lane.written(written(2, 0))

    assert lane.has_room


def test_a_new_encoder_of_a_file_gets_all_that_is_not_in_it() -> None:
    lane, end = filled(is_live=False)
    lane.written(written(4, 1))
    end.told.clear()

    lane.encoder_up(EncoderUp("out", "video", 2))

    assert end.told[0] == Ready()
    assert end.ticks() == [2, 3, 4]


def test_a_new_encoder_of_a_live_output_gets_nothing_old_and_has_room() -> None:
    lane, end = filled(is_live=True)
    end.told.clear()

    lane.encoder_up(EncoderUp("out", "video", 0))

    assert end.told == [Ready()]
    assert lane.has_room


def test_a_tick_that_comes_again_is_not_wanted() -> None:
    lane, _ = filled(is_live=True)

    assert not lane.wants(CREDIT - 1)
    assert lane.wants(CREDIT)
    assert not lane.wants(-1)


@pytest.mark.parametrize("is_live", [True, False])
def test_nothing_is_wanted_after_the_end_and_a_new_encoder_hears_of_it(is_live: bool) -> None:
    lane, end = filled(is_live=is_live)
    lane.finish()
    end.told.clear()

    lane.encoder_up(EncoderUp("out", "video", 0))

    assert not lane.wants(CREDIT)
    assert end.told[-1] == Finish(CREDIT)


def test_samples_that_are_not_safe_are_sent_again_to_a_new_encoder() -> None:
    end = End()
    lane = SoundLane.to(end, 0, is_live=False)
    lane.send(sound(960))
    lane.send(sound(960))
    end.told.clear()

    lane.encoder_up(EncoderUp("out", "audio", 480))

    (again,) = [one for one in end.told if isinstance(one, Sing)]
    assert (again.position, len(again.sound)) == (480, 1440)


def test_a_live_output_that_is_far_behind_gets_no_more_sound_until_it_has_caught_up() -> None:
    end = End()
    lane = SoundLane.to(end, 0, is_live=True)
    for _ in range(2 * BEHIND // 960):
        lane.send(sound(960))
    last = end.positions()[-1]
    lane.written(Written("out", "audio", last + 960, last + 960))
    lane.send(sound(960))

    assert last <= BEHIND + 960
    assert lane.dropped > 0
    # What was left out is silence to the end, by the position of what comes after it.
    assert end.positions()[-1] == 2 * BEHIND // 960 * 960
    assert lane.tail.held <= 8192


def heard(count: int) -> Written:
    return Written("out", "audio", count, count)


def filled_with_sound(count: int) -> tuple[SoundLane, End]:
    end = End()
    lane = SoundLane.to(end, 0, is_live=False)
    for _ in range(count // 960):
        lane.send(sound(960))
    return lane, end


def test_a_file_that_takes_its_time_has_little_sound_under_way_and_loses_none() -> None:
    lane, end = filled_with_sound(10 * WINDOW)
    assert len(end.told) <= WINDOW // 960 + 1
    assert not lane.has_room

    while (last := end.told[-1]) and isinstance(last, Sing) and lane.written_to < 10 * WINDOW:
        lane.written(heard(last.position + len(last.sound)))

    sings = [one for one in end.told if isinstance(one, Sing)]
    ends = [one.position + len(one.sound) for one in sings]
    assert [one.position for one in sings] == [0, *ends[:-1]]
    assert ends[-1] == 10 * WINDOW
    assert (lane.dropped, lane.has_room) == (0, True)


def test_a_file_that_takes_none_costs_no_more_memory_after_a_while() -> None:
    lane, end = filled_with_sound(KEPT * 3)
    assert lane.tail.held <= KEPT + 2 * WINDOW

    lane.encoder_up(EncoderUp("out", "audio", 0))

    (again,) = [one for one in end.told if isinstance(one, Sing)][WINDOW // 960 + 1 :]
    # What is left out is silence to the encoder, by the position of what it does get.
    assert again.position > WINDOW + 960
    assert again.position + len(again.sound) == KEPT * 3


def test_what_waits_is_sent_before_the_end_is_said() -> None:
    lane, end = filled_with_sound(3 * WINDOW)
    lane.finish()

    *_, last, said = end.told
    assert isinstance(last, Sing)
    assert (last.position + len(last.sound), said) == (3 * WINDOW, Finish(3 * WINDOW))


def test_no_sample_is_sent_beyond_the_end() -> None:
    end = End()
    lane = SoundLane.to(end, 0, is_live=False)
    lane.finish(1000)
    lane.send(sound(960))
    lane.send(sound(960))

    assert [len(one.sound) for one in end.told if isinstance(one, Sing)] == [960, 40]
    assert Finish(1000) in end.told
