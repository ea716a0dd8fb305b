from __future__ import annotations

from examples.smelter.offsets import MILLISECOND, SECOND
from examples.smelter.sessions import Sessions

BUFFER = 200 * MILLISECOND


def test_the_first_item_of_a_session_lies_a_little_later_than_now() -> None:
    sessions = Sessions(BUFFER, epoch=10 * SECOND)

    assert sessions.track_time(777, 12 * SECOND, 0) == 2 * SECOND + BUFFER
    assert sessions.track_time(777 + 40, 13 * SECOND, 0) == 2 * SECOND + BUFFER + 40


def test_the_next_session_goes_on_where_the_track_is_then() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    sessions.next_wait(0.0)
    sessions.track_time(0, 0, 0)
    sessions.next_wait(30.0)

    assert sessions.track_time(0, 31 * SECOND, 29 * SECOND) == 31 * SECOND + BUFFER


def test_a_session_never_goes_back_behind_what_the_track_has() -> None:
    sessions = Sessions(BUFFER, epoch=0)

    assert sessions.track_time(0, SECOND, 5 * SECOND) == 5 * SECOND


def test_a_track_without_an_epoch_begins_with_its_first_item() -> None:
    sessions = Sessions(BUFFER, epoch=None)

    assert sessions.track_time(40, 3 * SECOND, 0) == 40
    assert sessions.epoch == 3 * SECOND - 40


def test_waits_grow_until_a_session_has_lasted() -> None:
    sessions = Sessions(BUFFER, epoch=0)
    now, waits = 0.0, []
    for _ in range(7):
        waits.append(sessions.next_wait(now))
        now += waits[-1]
    now += 20.0

    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert sessions.next_wait(now) == 0.5
