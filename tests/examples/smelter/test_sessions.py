from __future__ import annotations

from collections.abc import Sequence

import pytest

from examples.smelter.offsets import MILLISECOND, SECOND, Media, Ns
from examples.smelter.sessions import Sessions

BUFFER = 200 * MILLISECOND


def test_the_first_item_of_a_session_lies_a_little_later_than_now() -> None:
    sessions = Sessions(BUFFER, epoch=10 * SECOND)

    sessions.begin(777, 12 * SECOND, 0)

    assert sessions.track_time("video", 777, 12 * SECOND) == 2 * SECOND + BUFFER
    assert sessions.track_time("video", 777 + 40, 13 * SECOND) == 2 * SECOND + BUFFER + 40


def test_the_next_session_goes_on_where_the_track_is_then() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    sessions.next_wait(0.0)
    sessions.begin(0, 0, 0)
    sessions.next_wait(30.0)
    sessions.begin(0, 31 * SECOND, 29 * SECOND)

    assert sessions.track_time("video", 0, 31 * SECOND) == 31 * SECOND + BUFFER


def test_a_session_never_goes_back_behind_what_the_track_has() -> None:
    sessions = Sessions(BUFFER, epoch=0)

    sessions.begin(0, SECOND, 5 * SECOND)

    assert sessions.track_time("audio", 0, SECOND) == 5 * SECOND


def test_a_track_without_an_epoch_begins_with_its_first_item() -> None:
    sessions = Sessions(BUFFER, epoch=None)

    sessions.begin(40, 3 * SECOND, 0)

    assert sessions.track_time("audio", 40, 3 * SECOND) == 40
    assert sessions.epoch == 3 * SECOND - 40


def fed(sessions: Sessions, media: Media, times: Sequence[Ns], began: Ns = 0) -> list[Ns]:
    """Let items come every 40 ms."""
    pace = enumerate(times)
    return [sessions.track_time(media, time, began + n * 40 * MILLISECOND) for n, time in pace]


@pytest.mark.parametrize("leap", [47_721 * SECOND, -60 * SECOND, 11 * SECOND])
def test_times_that_leap_begin_anew_where_the_track_is_then(leap: Ns) -> None:
    sessions = Sessions(BUFFER, epoch=0)
    start = 100 * SECOND
    sessions.begin(start, 0, 0)
    even = [n * 40 * MILLISECOND for n in range(6)]
    leapt = [start + one + (leap if one >= even[3] else 0) for one in even]

    assert fed(sessions, "video", leapt) == [BUFFER + one for one in even]


def test_two_media_that_leap_as_far_stay_together() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    sessions.begin(0, 0, 0)
    fed(sessions, "video", [0, 3600 * SECOND])
    # The sound lags behind by 25 ms, as it did before.
    fed(sessions, "audio", [0, 3600 * SECOND - 65 * MILLISECOND])

    at = 10 * SECOND
    video = sessions.track_time("video", 3600 * SECOND + at, at)
    assert sessions.track_time("audio", 3600 * SECOND + at, at) == video


def test_a_medium_that_begins_half_a_day_after_the_other_begins_now() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    sessions.begin(0, 0, 0)
    fed(sessions, "video", [0])

    assert sessions.track_time("audio", 47_721 * SECOND, SECOND) == SECOND + BUFFER


def test_what_comes_late_has_not_leapt() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    sessions.begin(0, 0, 0)
    sessions.track_time("video", 0, 0)

    # Held up for a minute, then all at once, and after that a minute of which nothing was sent.
    late = [sessions.track_time("video", n * SECOND, 60 * SECOND) for n in range(1, 60)]
    assert late == [n * SECOND + BUFFER for n in range(1, 60)]
    assert sessions.track_time("video", 119 * SECOND, 120 * SECOND) == 119 * SECOND + BUFFER


def test_whoever_pushes_from_python_means_what_he_says() -> None:
    sessions = Sessions(0, epoch=0)
    sessions.begin(0, 0, 0)

    assert fed(sessions, "video", [0, 3600 * SECOND]) == [0, 3600 * SECOND]


def test_waits_grow_until_a_session_has_lasted() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    now, waits = 0.0, []
    for _ in range(7):
        waits.append(sessions.next_wait(now))
        now += waits[-1]
    now += 20.0

    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert sessions.next_wait(now) == 0.5
