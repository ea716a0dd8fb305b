from __future__ import annotations

import pytest

from examples.smelter.half import NO_CREDIT
from examples.smelter.offsets import MILLISECOND, AtPts, Floating, Framerate, FromStart, Ns
from examples.smelter.sets import Frame, Notice, Options, VideoSet
from examples.smelter.timeline import Held, NoPlaceForTrack, Timeline
from examples.smelter.tracks import TrackSpec
from tests.examples.smelter.feeding import Feeder, World, batches, frames

MS = MILLISECOND
FIFTY = Options(Framerate(50))
PICTURE = TrackSpec(FromStart(0), audio=False)
SOUND = TrackSpec(FromStart(0), video=False)


def every(step: Ns, count: int) -> list[Frame[int]]:
    return frames(*range(0, step * count, step))


def a_world(options: Options = FIFTY, *tracks: TrackSpec, required: bool = True) -> World:
    world = World(options)
    if tracks:
        world.queue.register("a", required=required, tracks=tracks)
    return world


def test_sets_go_out_in_order_of_pts_video_first_on_a_tie() -> None:
    world = a_world(Options(Framerate(30)))
    world.queue.start(0)
    world.run(105 * MS)

    order = [f"{one.media[0]}{one.pts // MS}" for one in world.sets()]
    assert order == ["v0", "a0", "a20", "v33", "a40", "a60", "v66", "a80", "v100", "a100"]
    assert not any(one.required for one in world.sets())


def test_a_required_input_without_data_holds_up_everything_until_it_comes() -> None:
    world = a_world(FIFTY, PICTURE)
    world.queue.register("b", required=False, tracks=[SOUND])
    world.queue.start(0)
    for frame in frames(0, 20 * MS, 40 * MS):
        world.queue.push_video("a", 1, frame)
    world.run(90 * MS)
    before = len(world.sets())
    world.now = 100 * MS
    for frame in frames(60 * MS, 80 * MS, 100 * MS, 120 * MS):
        world.queue.push_video("a", 1, frame)
    world.run(101 * MS)

    assert before == 4
    assert [one.pts // MS for one in world.sets()[4:]] == [40, 40, 60, 60, 80, 80, 100, 100]


def test_the_queue_says_when_time_alone_will_matter() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=False, tracks=[PICTURE])
    queue.start(0)

    queue.due(0)
    assert queue.next_wakeup(0) == 1  # an optional input is given up strictly after its time
    queue.due(1)
    assert queue.next_wakeup(1) == 20 * MS


def test_a_stall_needs_data_not_time() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[PICTURE])
    queue.start(0)

    assert queue.due(5 * MS) == []
    assert queue.next_wakeup(5 * MS) is None


def test_old_frames_are_thrown_away_before_the_start_at_the_time_the_queue_names() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[TrackSpec(Floating(), audio=False)])
    for frame in frames(0, 30 * MS, 60 * MS):
        queue.push_video("a", 1, frame)

    queue.due(10 * MS)
    assert queue.held("a") == Held(video=3, audio=0)
    assert queue.next_wakeup(10 * MS) == 40 * MS
    queue.due(40 * MS)
    assert queue.held("a") == Held(video=2, audio=0)


def test_sound_thrown_away_before_the_start_makes_room_for_what_waits() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[TrackSpec(Floating(), video=False)])
    for batch in batches(12):
        queue.push_audio("a", 1, batch)

    queue.due(0)
    assert queue.held("a") == Held(video=0, audio=5)
    queue.due(60 * MS)
    assert queue.held("a") == Held(video=0, audio=5)
    assert queue.next_wakeup(60 * MS) == 60 * MS + 1  # the batch at 60 has then begun


def test_a_feeder_is_stopped_at_the_limit_and_goes_on_when_a_tick_frees_space() -> None:
    world = a_world(FIFTY, PICTURE)
    feeder = Feeder(("a", 1, "video"), every(10 * MS, 100), [0] * 100)
    world.feeders[feeder.key] = feeder
    world.queue.start(0)

    world.run(0)
    assert (feeder.sent, world.queue.held("a").video) == (13, 11)  # tick 20 was looked at too
    assert not world.queue.credit("a", 1, "video").open
    world.run(40 * MS)
    assert (feeder.sent, world.queue.held("a").video) == (17, 11)


def test_a_waiting_track_may_be_filled_before_its_turn() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[PICTURE, PICTURE])

    assert [(want.track, want.credit.admits(every(10 * MS, 99))) for want in queue.wants()] == [
        (1, 11),
        (2, 11),
    ]


def test_sound_that_is_far_behind_is_granted_more_than_the_limit() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[TrackSpec(AtPts(0), video=False)])
    queue.start(200 * MS)
    queue.due(200 * MS)

    assert queue.credit("a", 1, "audio").admits(batches(99)) == 16  # beyond 200 + 20 + 80 ms


def test_a_set_without_a_place_is_dropped_at_its_own_time_and_the_next_keeps_its_pts() -> None:
    world = World(FIFTY, serve_every=45 * MS)
    world.queue.start(0)
    world.run(270 * MS)

    lost = [one.pts // MS for one in world.dropped() if one.media == "video"]
    assert lost == [80, 120, 160, 200, 220, 260]


def test_a_required_set_waits_for_its_place() -> None:
    world = World(Options(Framerate(50), never_drop=True), serve_every=45 * MS)
    world.queue.start(0)
    world.run(2_000 * MS)

    assert world.dropped() == []
    assert world.pts("video") == [20 * MS * n for n in range(len(world.pts("video")))]


def test_an_event_is_refused_when_everything_before_it_is_gone() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.start(0)
    queue.due(0)

    assert queue.schedule("in time", 20 * MS)
    assert not queue.schedule("late", 20 * MS - 1)
    assert queue.schedule("late, but asked for", 0, always=True)


def test_a_sixth_waiting_track_has_to_be_asked_for_again() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True)
    queue.queue_track("a", PICTURE)
    queue.due(0)
    for _ in range(5):
        queue.queue_track("a", PICTURE)

    with pytest.raises(NoPlaceForTrack):
        queue.queue_track("a", PICTURE)


def test_items_for_a_track_that_is_gone_are_ignored() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[PICTURE, PICTURE])
    queue.due(0)
    queue.abort("a", 0)

    assert not queue.push_video("a", 1, Frame(0, 0))
    assert not queue.end("a", 1, "video")
    assert queue.credit("a", 1, "video") == NO_CREDIT
    queue.remove("a")
    assert not queue.push_video("a", 2, Frame(0, 0))


def test_items_that_no_track_can_take_are_refused() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True, tracks=[SOUND])

    with pytest.raises(ValueError, match="takes no frame"):
        queue.push_video("a", 1, Frame(0, 0))
    with pytest.raises(ValueError, match="no video to end"):
        queue.end("a", 1, "video")
    with pytest.raises(ValueError, match="has had 1 tracks"):
        queue.push_audio("a", 2, batches(1)[0])


def test_two_inputs_of_one_name_and_a_second_start_are_refused() -> None:
    queue = Timeline[int, int](FIFTY)
    queue.register("a", required=True)
    queue.start(0)

    with pytest.raises(ValueError, match="'a' already"):
        queue.register("a", required=False)
    with pytest.raises(RuntimeError, match="started"):
        queue.start(1)


def test_pausing_where_the_look_ahead_has_passed_holds_the_picture_last_shown() -> None:
    queue = Timeline[int, int](Options(Framerate(30)))
    queue.register("a", required=False, tracks=[PICTURE])
    for frame in every(10 * MS, 8):
        queue.push_video("a", 1, frame)
    queue.start(0)
    queue.due(35 * MS)  # shows 30 ms at tick 33, then looks at tick 66 and drops up to 60 ms
    queue.pause("a", 36 * MS)
    queue.freed("video", 2)

    assert Notice("a", "video", "paused") in queue.collect()
    match queue.due(67 * MS)[-1]:
        case VideoSet(entries=entries):
            assert [frame.payload for frame in entries["a"].items] == [3]
        case other:
            pytest.fail(f"not a picture: {other}")
