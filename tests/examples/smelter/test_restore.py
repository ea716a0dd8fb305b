from __future__ import annotations

import pytest

from examples.smelter.offsets import MILLISECOND, Floating, Framerate, FromStart, Ns
from examples.smelter.sets import AudioSet, Entry, Frame, Options, Ran, VideoSet
from examples.smelter.timeline import Timeline
from examples.smelter.tracks import TrackSpec
from tests.examples.smelter.feeding import Feeder, Queue, World, batches, frames

MS = MILLISECOND
LIVE = Options(Framerate(50))
OFFLINE = Options(Framerate(50), ahead_of_time=True, never_drop=True)
PICTURE = TrackSpec(FromStart(0), audio=False)
SOUND = TrackSpec(FromStart(0), video=False)


def after_a_crash(queue: Queue, options: Options, now: Ns) -> Queue:
    return Timeline.restore(queue.snapshot(), options, now)


def pts(queue: Queue, now: Ns) -> list[tuple[str, Ns]]:
    return [(one.media, one.pts // MS) for one in sets(queue, now)]


def sets(queue: Queue, now: Ns) -> list[VideoSet[int] | AudioSet[int]]:
    return [one for one in queue.due(now) if isinstance(one, VideoSet | AudioSet)]


def test_a_live_queue_goes_on_with_the_first_tick_and_chunk_that_are_not_past() -> None:
    queue = Timeline[int, int](Options(Framerate(30)))
    queue.start(10 * MS)
    queue.due(10 * MS)
    restored = after_a_crash(queue, Options(Framerate(30)), 95 * MS)

    assert pts(restored, 95 * MS) == []
    assert pts(restored, 130 * MS) == [("video", 110), ("audio", 110), ("audio", 130)]


def test_a_live_queue_does_not_repeat_the_tick_of_the_very_instant_it_crashed_in() -> None:
    queue = Timeline[int, int](LIVE)
    queue.start(0)
    queue.due(20 * MS)
    restored = after_a_crash(queue, LIVE, 20 * MS)

    assert pts(restored, 20 * MS) == []
    assert pts(restored, 40 * MS) == [("video", 40), ("audio", 40)]


@pytest.mark.parametrize(
    "options",
    [Options(Framerate(50), ahead_of_time=True), Options(Framerate(50), never_drop=True)],
    ids=["ahead of time", "never drop"],
)
def test_where_every_tick_counts_the_counters_go_on_exactly(options: Options) -> None:
    queue = Timeline[int, int](options)
    queue.register("a", required=True, tracks=[PICTURE])
    queue.start(0)
    for frame in frames(0, 20 * MS):
        queue.push_video("a", 1, frame)
    queue.due(0)
    restored = after_a_crash(queue, options, 500 * MS)
    for frame in frames(20 * MS, 40 * MS):
        restored.push_video("a", 1, frame)

    assert pts(restored, 500 * MS) == [("video", 20), ("audio", 20)]


def test_a_queue_that_was_not_started_is_started_later() -> None:
    queue = Timeline[int, int](LIVE)
    queue.schedule("later", 20 * MS)
    restored = after_a_crash(queue, LIVE, 70 * MS)
    restored.start(80 * MS)

    assert pts(restored, 80 * MS) == [("video", 80), ("audio", 80)]


def test_anchors_and_waiting_tracks_survive() -> None:
    queue = Timeline[int, int](LIVE)
    queue.register("a", required=True, tracks=[TrackSpec(Floating(), audio=False), PICTURE])
    queue.push_video("a", 1, Frame(0, 0))
    queue.due(30 * MS)
    queue.start(50 * MS)
    restored = after_a_crash(queue, LIVE, 60 * MS)
    for frame in frames(0, 30 * MS, 60 * MS):
        restored.push_video("a", 1, frame)
    restored.end("a", 1, "video")

    shown = [one.entries["a"] for one in restored.due(90 * MS) if isinstance(one, VideoSet)]
    assert shown == [Entry((Frame(60 * MS, 1),)), Entry((Frame(90 * MS, 2),), eos=True)]
    assert restored.queue_track("a", PICTURE) == 3


def test_commands_of_the_outage_run_before_the_next_set() -> None:
    queue = Timeline[int, int](LIVE)
    queue.start(0)
    queue.schedule("in the outage", 30 * MS)
    queue.schedule("in the outage too", 30 * MS)
    restored = after_a_crash(queue, LIVE, 50 * MS)

    assert restored.due(50 * MS) == [
        Ran(30 * MS, "in the outage"),
        Ran(30 * MS, "in the outage too"),
    ]


def test_a_set_that_waited_for_a_place_is_formed_again_with_all_its_items() -> None:
    options = Options(Framerate(50), never_drop=True, audio_places=0)
    queue = Timeline[int, int](options)
    queue.register("a", required=True, tracks=[SOUND])
    queue.start(0)
    for batch in batches(2):
        queue.push_audio("a", 1, batch)
    queue.end("a", 1, "audio")
    queue.due(0)  # the chunk is formed, with the end of stream, and waits
    assert queue.held("a").audio == 0

    restored = after_a_crash(queue, options, 0)
    assert restored.needed_from("a", 1, "audio") == 0
    for batch in batches(2):
        restored.push_audio("a", 1, batch)
    restored.end("a", 1, "audio")
    restored.freed("audio")
    (sound,) = [one.entries["a"] for one in sets(restored, 0) if isinstance(one, AudioSet)]
    assert [batch.payload for batch in sound.items] == [0, 1]
    assert sound.eos


def test_a_half_that_has_ended_needs_nothing_and_does_not_end_twice() -> None:
    world = World(OFFLINE)
    world.queue.register("a", required=True, tracks=[PICTURE])
    world.feeders["a", 1, "video"] = Feeder(("a", 1, "video"), frames(0), [0])
    world.queue.start(0)
    world.run(0, sets=4)
    restored = after_a_crash(world.queue, OFFLINE, 0)

    assert world.ends("a", "video") == 1
    assert restored.needed_from("a", 1, "video") is None
    (shown, *_) = [one for one in restored.due(0) if isinstance(one, VideoSet)]
    assert shown.entries["a"] == Entry()


def test_a_held_picture_is_found_again_and_the_offset_grows_by_the_whole_pause() -> None:
    queue = Timeline[int, int](LIVE)
    queue.register("a", required=True, tracks=[PICTURE])
    queue.start(0)
    queue.freed("video", 9)
    moving = frames(*(20 * MS * n for n in range(6)))
    for frame in moving:
        queue.push_video("a", 1, frame)
    queue.due(40 * MS)
    queue.pause("a", 50 * MS)  # what was to come next, at 60, is held
    assert queue.needed_from("a", 1, "video") == 3

    restored = after_a_crash(queue, LIVE, 90 * MS)
    restored.freed("video", 9)
    for frame in moving[3:]:
        restored.push_video("a", 1, frame)
    shown = [one.entries["a"] for one in restored.due(100 * MS) if isinstance(one, VideoSet)]
    assert shown == [Entry((Frame(100 * MS, 3),))]
    restored.resume("a", 110 * MS)
    shown = [one.entries["a"] for one in restored.due(140 * MS) if isinstance(one, VideoSet)]
    assert shown == [Entry((Frame(120 * MS, 3),)), Entry((Frame(140 * MS, 4),))]


def test_a_held_picture_that_was_the_last_of_its_track_is_asked_for_again() -> None:
    queue = Timeline[int, int](LIVE)
    queue.register("a", required=True, tracks=[PICTURE])
    queue.start(0)
    for frame in frames(0, 20 * MS):
        queue.push_video("a", 1, frame)
    queue.end("a", 1, "video")
    queue.due(0)
    queue.pause("a", 10 * MS)
    assert queue.held("a").video == 0

    restored = after_a_crash(queue, LIVE, 30 * MS)
    assert restored.needed_from("a", 1, "video") == 1
    restored.push_video("a", 1, Frame(20 * MS, 1))
    restored.end("a", 1, "video")
    (shown,) = [one.entries["a"] for one in restored.due(40 * MS) if isinstance(one, VideoSet)]
    assert shown == Entry((Frame(40 * MS, 1),))
