"""The acceptance checks of the pipeline that are not rows of tables, each by its number.

Checks 1 to 4 are `test_tables`. Time is virtual unless a test says otherwise; what takes minutes of
the real clock is in `tests.endurance` and `tests.bench`.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from actors import process
from actors.process import info
from examples.smelter import control, events
from examples.smelter.compose import Compositor
from examples.smelter.easing import ease
from examples.smelter.inputs import Item
from examples.smelter.inspection import inspect_output
from examples.smelter.layout import PixelRect
from examples.smelter.mix import InputVolume, MixerState, OutputMix, SoundMixer
from examples.smelter.offsets import (
    CHUNK,
    LOOK_AHEAD,
    MILLISECOND,
    SECOND,
    SPAN,
    Floating,
    Framerate,
    FromStart,
    Ns,
    chunk_start,
)
from examples.smelter.pictures import Frame, Picture, Samples, rgb_to_yuv
from examples.smelter.queue_server import Queue
from examples.smelter.replay import cases
from examples.smelter.requests import AllInputs, Settings
from examples.smelter.resample import Band, band_of
from examples.smelter.scene import (
    Bounce,
    CubicBezier,
    Input,
    Position,
    Rescaler,
    Transition,
    View,
    tiles_of,
)
from examples.smelter.scene_json import scene_of
from examples.smelter.sets import Options
from examples.smelter.sources import ITEMS
from examples.smelter.stock import AHEAD
from examples.smelter.tracks import TrackSpec
from examples.smelter.transition import Memory
from examples.smelter.wire import (
    COMPOSITOR,
    MIXER,
    QUEUE,
    output_of,
    source_of,
    video_end_of,
)
from tests.examples.smelter.feeding import Feeder, World, batches, frames
from tests.examples.smelter.rigs import (
    WATCHER,
    WIDTH,
    Clip,
    ClipReader,
    Eye,
    Seen,
    among,
    an_input,
    an_output,
    kill,
    shade,
)
from tests.examples.smelter.running import film
from tests.examples.smelter.tables import Json, replayed

VECTORS = Path(__file__).parent / "vectors"
OFFLINE = Settings(Framerate(50), ahead_of_time=True, never_drop=True, starts_by_itself=True)
BLACK = (16, 128, 128)


def whole(name: str) -> Rescaler:
    return Rescaler(Input(name))


def matches(file: str, *names: str) -> None:
    """Check that scenarios, by the beginning of their names, come out as they are recorded."""
    found = [case for case in cases(VECTORS / f"{file}.json") if case.name.startswith(names)]
    assert found
    for case in found:
        assert case.difference() is None, case.name


def test_check_05_ticks_and_chunks_do_not_drift() -> None:
    ntsc = Framerate(30_000, 1_001)

    assert [ntsc.tick(n) for n in range(1, 7)] == [
        33366667,
        66733333,
        100100000,
        133466667,
        166833333,
        200200000,
    ]
    assert ntsc.tick(1_000_000) == 33366666666667
    assert [chunk_start(m) for m in (0, 1, 10**6)] == [0, 20_000_000, 2 * 10**13]


def test_check_06_without_inputs_sets_flow_in_the_order_of_their_pts() -> None:
    result = replayed(
        {"name": "a", "until": "100", "options": {"output_framerate": {"num": 30, "den": 1}}}
    )

    order = [f"{one['kind'][0]}{one['pts'].split('.')[0]}" for one in result["sets"]]
    assert order == ["v0", "a0", "a20", "v33", "a40", "a60", "v66", "a80", "v100", "a100"]
    assert not any(one["required"] for one in result["sets"])


def plenty(name: str, count: int, at: str = "0") -> list[Json]:
    about = {"at": at, "input": name, "track": 1, "do": "send"}
    video = [{"id": n, "pts": str(20 * n)} for n in range(count)]
    audio = [{**one, "duration": "20"} for one in video]
    return [
        {**about, "media": "video", "items": video},
        {**about, "media": "audio", "items": audio},
    ]


def test_check_07_a_required_input_that_is_late_holds_everything_and_nothing_is_lost() -> None:
    track = {"offset": {"kind": "from_start", "value": "0"}, "video": True, "audio": False}
    both = {**track, "audio": True}
    late = {"at": "0", "input": "a", "track": 1, "do": "send", "media": "video"}
    first = [{"id": n, "pts": str(20 * n)} for n in range(3)]
    rest = [{"id": n, "pts": str(20 * n)} for n in range(3, 8)]
    result = replayed(
        {
            "name": "a",
            "until": "100",
            "options": {"output_framerate": {"num": 50, "den": 1}},
            "inputs": [
                {"id": "a", "required": True, "tracks": [track]},
                {"id": "b", "required": False, "tracks": [both]},
            ],
            "timeline": [
                {**late, "items": first},
                *plenty("b", 20),
                {**late, "at": "100", "items": rest},
            ],
        }
    )

    came = [(one["at"], one["kind"], one["pts"]) for one in result["sets"]]
    assert came[:4] == [
        ("0", "video", "0"),
        ("0", "audio", "0"),
        ("20", "video", "20"),
        ("20", "audio", "20"),
    ]
    burst = [("100", kind, str(pts)) for pts in (40, 60, 80, 100) for kind in ("video", "audio")]
    assert came[4:] == burst


def test_check_08_an_input_has_a_key_exactly_while_it_has_a_track() -> None:
    matches("queue_inputs", "d3", "x-keys", "x-remove", "x-registered")


def frozen(seen: Seen, seconds: float) -> list[tuple[int, tuple[int, int, int]]]:
    control.start()
    seen.for_seconds(seconds)
    return [(one.tick * 20, one.colours[0]) for one in seen.pictures["out"]]


def test_check_09_a_frozen_source_is_shown_for_three_seconds_and_then_no_more() -> None:
    stops = Clip(pictures=3, then=20 * SECOND, colour=(90, 240), audio=False)
    shown = among(
        lambda seen: frozen(seen, 3.2),
        an_input("a", stops, required=False),
        an_output("out", whole("a")),
    )

    colours = dict(shown)
    assert {colours[pts] for pts in range(20, 3040, 20)} == {(shade(1), 90, 240)}
    assert {colours[pts] for pts in range(3040, 3200, 20)} == {BLACK}


def test_check_09_a_paused_input_is_shown_as_long_as_the_pause_lasts() -> None:
    def body(seen: Seen) -> set[tuple[int, int, int]]:
        control.start()
        seen.for_seconds(0.1)
        control.pause_input("a")
        seen.for_seconds(5.0)
        return {one.colours[0] for one in seen.pictures["out"][10:]}

    assert len(among(body, an_input("a", Clip()), an_output("out", whole("a")))) == 1


def test_check_10_events_run_between_the_sets_in_order() -> None:
    matches("queue_schedule", "d11")


def test_check_10_a_scheduled_scene_shows_from_the_next_set_on_however_many_are_under_way() -> None:
    def body(seen: Seen) -> list[tuple[int, int]]:
        for at, brightness in ((200, 50), (219, 60), (240, 70), (241, 80)):
            grey = View(background=(brightness, brightness, brightness, 255))
            control.update_output("out", scene=grey, at=at * MILLISECOND)
        control.start()
        seen.until(lambda: bool(seen.ticks("out")) and seen.ticks("out")[-1] >= 20)
        return [(one.tick * 20, one.colours[0][0]) for one in seen.pictures["out"]]

    # Each picture takes 55 ms: the lane is full, sets wait, and some find no place at all.
    slow = Eye(slow=0.055)
    shown = among(body, an_output("out", View(), eye=slow))

    wanted = {200: 16, 220: 68, 240: 68, 260: 85}
    assert len(shown) < 21
    for pts, brightness in shown:
        last = max((at for at in wanted if at <= pts), default=200)
        assert brightness == wanted[last], pts
    assert [pts for pts, _ in shown if pts > 200]


def test_check_11_a_late_event_is_refused_to_the_caller_unless_it_may_always_run() -> None:
    matches("queue_schedule", "x-late")


def test_check_12_what_finds_no_place_is_dropped_and_the_rest_keeps_its_pts() -> None:
    matches("queue_consumers", "d9", "x-required-blocks", "x-eos")


def test_check_13_never_drop_keeps_every_set_and_grows_by_nothing() -> None:
    world = World(Options(Framerate(50), never_drop=True), serve_every=25 * MILLISECOND)
    world.queue.register("a", required=True, tracks=[TrackSpec(FromStart(0))])
    world.queue.start(0)
    pictures = frames(*(n * 20 * MILLISECOND for n in range(3001)))
    sounds = batches(3010)
    world.feeders[("a", 1, "video")] = Feeder(("a", 1, "video"), pictures, [0] * len(pictures))
    world.feeders[("a", 1, "audio")] = Feeder(("a", 1, "audio"), sounds, [0] * len(sounds))

    # Consumers take 25 ms for what lasts 20: a minute of media takes longer than a minute. `World`
    # checks at every step that no buffer holds more than 100 ms and one item.
    world.run(80 * SECOND, sets=6000)

    assert world.dropped() == []
    assert world.pts("video") == [n * 20 * MILLISECOND for n in range(len(world.pts("video")))]
    assert len(world.pts("video")) >= 2990


def test_check_14_producers_without_a_clock_are_stopped_and_the_queues_mailbox_stays_small() -> (
    None
):
    names = [f"in{n}" for n in range(8)]

    def body(seen: Seen) -> list[int]:
        lengths = []
        for _ in range(200):
            process.sleep(0.005)
            queue = process.whereis(QUEUE)
            assert queue is not None
            found = info(queue)
            assert found is not None
            lengths.append(found.message_queue_len)
        return lengths

    lengths = among(
        body,
        *(an_input(name, Clip()) for name in names),
        an_output("out", tiles_of(tuple(names)), sound=names),
        settings=Settings(Framerate(50), starts_by_itself=True),
    )

    assert max(lengths) <= 4 * len(names)


@dataclass(frozen=True, slots=True)
class Eager(Clip):
    """Tells the watcher of every item that is read of it."""

    def open(self, start: Ns) -> ClipReader:
        return EagerReader(self, start)


class EagerReader(ClipReader):
    def read(self) -> Item | None:
        item = super().read()
        watcher = process.whereis(WATCHER)
        if watcher is not None and item is not None:
            process.send(watcher, item)
        return item


def test_check_14_a_producer_is_stopped_by_what_the_queue_may_hold_and_goes_on_when_it_may() -> (
    None
):
    def read(seen: Seen) -> tuple[Ns, Ns]:
        pictures = [one.pts for one in seen.others if isinstance(one, Frame)]
        sounds = [one.end for one in seen.others if isinstance(one, Samples)]
        return max(pictures), max(sounds)

    def body(seen: Seen) -> tuple[tuple[Ns, Ns], tuple[Ns, Ns], Ns]:
        seen.for_seconds(10.0)
        before = read(seen)
        control.start()
        seen.for_seconds(10.0)
        return before, read(seen), max(seen.ticks("out")) * 20 * MILLISECOND

    before, after, shown = among(
        body,
        an_input("a", Eager()),
        an_output("out", whole("a"), sound=["a"]),
    )

    # In the queue, in the feeder, and what a source reads before it looks up.
    most = SPAN + AHEAD + (ITEMS + 2) * 20 * MILLISECOND
    assert max(before) <= most
    assert shown >= 9 * SECOND
    assert max(after) <= shown + most + LOOK_AHEAD


def test_check_15_a_pause_shifts_the_offset_by_its_length() -> None:
    matches("queue_pause", "d10")


def test_check_16_an_offline_pipeline_stops_by_itself_at_the_end_of_all_inputs() -> None:
    def body(seen: Seen) -> tuple[list[int], set[tuple[str, int]], bool, float]:
        seen.until(lambda: {one.media for one in seen.ended} == {"video", "audio"})
        began = process.monotonic()
        seen.for_seconds(5.0)
        return (
            seen.ticks("out"),
            {(one.media, one.end) for one in seen.ended},
            Queue.stats(QUEUE).is_over,
            began,
        )

    ticks, ended, is_over, _ = among(
        body,
        an_input("a", Clip(pictures=100)),
        an_input("b", Clip(pictures=50)),
        an_output("out", tiles_of(("a", "b")), sound=["a", "b"], ends=AllInputs()),
        settings=OFFLINE,
    )

    assert ticks == list(range(100))
    assert ("video", 100) in ended
    assert is_over


def test_check_16_two_offline_runs_are_the_same_bit_for_bit(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run = film(tmp_path / name, "test:a", "test:b", "--offline", seconds=1)
        made.append(Path(run.summary.output).read_bytes())
        assert inspect_output(run.summary.output).video_frames == 30

    assert made[0] == made[1]


def test_check_17_every_rectangle_lies_where_it_should() -> None:
    matches("layout", "tiles", "rescaler", "view")


def test_check_18_everything_on_the_way_is_where_it_should_be() -> None:
    matches("transition", "width", "absolute", "update", "tiles", "bounce")
    for easing, time, value in (
        (Bounce(), 0.1, 0.075625),
        (Bounce(), 0.25, 0.472656),
        (Bounce(), 0.75, 0.972656),
        (CubicBezier(0.83, 0.4, 0.17, 1), 0.25, 0.160231),
        (CubicBezier(0.83, 0.4, 0.17, 1), 0.5, 0.65),
        (CubicBezier(0.83, 0.4, 0.17, 1), 0.75, 0.972673),
        (CubicBezier(0.25, 0.1, 0.25, 1), 0.294, 0.5014012915764126),
    ):
        assert ease(easing, time) == pytest.approx(value, abs=1e-6)


def moving(right: float, curve: str) -> View:
    easing: dict[str, object] = {"function_name": curve}
    if curve == "cubic_bezier":
        easing["points"] = [0.83, 0.4, 0.17, 1]
    box = {
        "type": "view",
        "id": "box",
        "width": 200,
        "top": 0,
        "right": right,
        "background_color": "#FF0000FF",
        "transition": {"duration_ms": 5000, "easing_function": easing},
    }
    made = scene_of({"type": "view", "children": [box]})
    assert isinstance(made, View)
    return made


@pytest.mark.parametrize(("curve", "right"), [("linear", 220), ("cubic_bezier", 286)])
def test_check_18_a_movement_is_seen_in_the_pixels(curve: str, right: int) -> None:
    drawing = Compositor(640, 360, Memory(moving(0, curve)))
    drawing.render({}, 0)
    drawing.update(moving(440, curve), 0)

    made = drawing.render({}, 2500 * MILLISECOND)

    red = np.flatnonzero(made.y[180] == 63)
    assert (red[0], red[-1]) == (640 - right - 200, 640 - right - 1)


COLOURS = {
    (0, 0, 0): (16, 128, 128),
    (255, 255, 255): (235, 128, 128),
    (255, 0, 0): (63, 102, 240),
    (0, 255, 0): (173, 42, 26),
    (0, 0, 255): (32, 240, 118),
    (255, 255, 0): (219, 16, 138),
    (128, 128, 128): (126, 128, 128),
}


def test_check_19_colours_and_four_inputs_in_tiles_are_what_was_drawn() -> None:
    for rgb, yuv in COLOURS.items():
        assert rgb_to_yuv(rgb) == pytest.approx(yuv, abs=1)
    names = ("a", "b", "c", "d")
    solids = dict(zip(names, list(COLOURS.values())[2:6], strict=True))
    pictures = {name: Picture.solid(640, 360, colour) for name, colour in solids.items()}

    made = Compositor(640, 360, Memory(tiles_of(names))).render(pictures, 0)

    places = [PixelRect(x, y, 320, 180) for y in (0, 180) for x in (0, 320)]
    for place, colour in zip(places, solids.values(), strict=True):
        cut = made.y[place.top : place.top + 180, place.left : place.left + 320]
        assert float(((cut.astype(float) - colour[0]) ** 2).mean()) <= 1.0
        assert int(cut[90, 160]) == colour[0]


def test_check_20_sums_gains_and_gaps_are_exact() -> None:
    matches("mixer", "mix", "scale", "gap", "count")


def test_check_20_the_count_is_elapsed_time_times_rate_over_ten_thousand_chunks() -> None:
    chance = random.Random(20)  # noqa: S311
    mixer = SoundMixer()
    mixer.connect("out", OutputMix((InputVolume("a"),)), MixerState(0, 0))
    count = end = 0
    for number in range(10_000):
        if chance.random() < 0.2:
            continue
        batch = Samples(number * CHUNK, np.zeros((960, 2), np.float32))
        mixed = mixer.mix(number * CHUNK, (number + 1) * CHUNK, {"a": [batch]})["out"]
        count += mixed.count
        end = number + 1
        assert count == end * 960


def test_check_20_rate_and_channels_may_change_in_mid_stream() -> None:
    mixer = SoundMixer()
    mixer.connect("out", OutputMix((InputVolume("a"),)), MixerState(0, 0))
    shapes = itertools.cycle([(48_000, 2), (44_100, 1), (24_000, 2), (48_000, 1)])
    for number, (rate, channels) in zip(range(40), shapes, strict=False):
        sound = np.full((rate // 50, channels), 0.5, np.float32)
        batch = Samples(number * CHUNK, sound, rate)
        mixed = mixer.mix(number * CHUNK, (number + 1) * CHUNK, {"a": [batch]})["out"]

        assert mixed.count == 960
        assert mixed.sound.max() == 0.5


def test_check_21_drifts_fall_into_their_bands() -> None:
    drifts = {1: "ON_TIME", 5: "STRETCH", 39: "STRETCH", 50: "FILL", -1: "ON_TIME"}
    drifts |= {-5: "SQUASH", -499: "SQUASH", -600: "DROP"}

    assert {ms: band_of(ms * MILLISECOND) for ms in drifts} == {
        ms: Band[name] for ms, name in drifts.items()
    }


def watched(kills: int) -> tuple[dict[int, int], dict[int, int], list[object], list[float]]:
    """Watch two inputs, in outputs of their own, while the source of one is killed now and then."""

    def body(seen: Seen) -> tuple[dict[int, int], dict[int, int], list[object], list[float]]:
        events.subscribe()
        control.start()
        for _ in range(kills):
            seen.for_seconds(2.5)
            kill(source_of("a"))
        seen.for_seconds(21.0 - 2.5 * kills)
        ends = [one for one in seen.others if isinstance(one, events.InputEos | events.InputError)]
        levels = [one.last for one in seen.sounds["a"]]
        return seen.brightness("a"), seen.brightness("b"), list(ends), levels

    return among(
        body,
        an_input("a", Clip(), required=False, offset=Floating()),
        an_input("b", Clip(level=0.125), required=False),
        an_output("a", whole("a"), sound=["a"]),
        an_output("b", whole("b"), sound=["b"]),
        settings=Settings(Framerate(25)),
    )


def test_check_22_a_source_that_is_killed_eight_times_is_a_gap_and_nobody_else_notices() -> None:
    shown, other, ends, levels = watched(8)
    _, undisturbed, _, _ = watched(0)

    assert other == undisturbed
    assert ends == []
    # The offset has not moved: the picture of a tick is the same as if nothing had happened, and
    # the sound has no hole, because the feeder had what was needed meanwhile.
    assert [tick for tick, brightness in shown.items() if brightness != shade(2 * tick)] == []
    assert set(levels) == {0.25}


def test_check_23_each_part_of_the_stage_may_die_while_it_runs() -> None:
    start, end = View(width=10), View(width=50)
    transition = Transition(4 * SECOND)

    def scene(box: View) -> View:
        blue = View(
            width=box.width,
            height=36,
            id="box",
            position=Position(left=0, top=0),
            background=(0, 0, 255, 255),
            transition=transition,
        )
        return View((whole("a"), blue), background=(255, 255, 255, 255))

    def body(seen: Seen) -> tuple[list[int], int, list[tuple[int, int]]]:
        control.start()
        seen.for_seconds(1.0)
        control.update_output("out", scene=scene(end))
        for victim in (QUEUE, COMPOSITOR, MIXER) * 2:
            seen.for_seconds(0.5)
            kill(victim)
        seen.for_seconds(3.0)
        edges = [(one.tick, sum(c[1] == 240 for c in one.colours)) for one in seen.pictures["out"]]
        return seen.ticks("out"), seen.samples("out"), edges

    places = tuple((x, 10) for x in range(0, WIDTH, 2))
    ticks, samples, edges = among(
        body,
        an_input("a", Clip(colour=(128, 128))),
        an_output("out", scene(start), eye=Eye(places), sound=["a"]),
    )

    assert ticks == sorted(set(ticks))
    missing = ticks[-1] + 1 - len(ticks)
    assert missing <= 3 * 6
    assert samples == pytest.approx((ticks[-1] + 1) * 960, abs=2 * 960)
    # Whole chunks, and none counted twice: a position is the sum of all before it.
    assert samples % 960 == 0
    wide = dict(edges)
    assert wide[ticks[0]] == 5
    # The movement began with the picture before tick 51 or so, takes 200 ticks, and arrives then.
    assert 14 <= wide[150] <= 16
    assert wide[ticks[-1]] == 25


def test_check_23_a_set_that_kills_two_compositors_is_left_out_and_reported() -> None:
    def body(seen: Seen) -> tuple[list[int], list[object]]:
        events.subscribe()
        control.start()
        seen.for_seconds(0.5)
        seen.until(lambda: any(isinstance(one, events.SetPoisoned) for one in seen.others))
        seen.for_seconds(0.5)
        poisoned = [one for one in seen.others if isinstance(one, events.SetPoisoned)]
        return seen.ticks("out"), list(poisoned)

    ticks, poisoned = among(
        body,
        an_input("a", Clip(poison_at=10)),
        an_output("out", whole("a")),
        an_output("two", whole("a")),
    )

    assert poisoned == [events.SetPoisoned("video", 200 * MILLISECOND)]
    assert ticks == [tick for tick in range(ticks[-1] + 1) if tick != 10]


def test_check_24_a_stuck_output_and_its_death_touch_no_other() -> None:
    def body(seen: Seen) -> tuple[dict[str, list[int]], list[float], list[object]]:
        events.subscribe()
        control.start()
        seen.for_seconds(5.0)
        for _ in range(8):
            kill(video_end_of("stuck"))
            seen.for_seconds(0.25)
        seen.for_seconds(3.0)
        late = [one.at for one in seen.pictures["one"]]
        lateness = [at - late[0] - 0.02 * n for n, at in enumerate(late)]
        errors = [one for one in seen.others if isinstance(one, events.OutputError)]
        assert process.whereis(output_of("stuck")) is None
        return {name: seen.ticks(name) for name in ("one", "two", "stuck")}, lateness, list(errors)

    ticks, lateness, errors = among(
        body,
        an_input("a", Clip()),
        an_output("one", whole("a"), sound=["a"]),
        an_output("stuck", whole("a"), eye=Eye(stuck=True), sound=["a"]),
        an_output("two", whole("a"), sound=["a"]),
    )

    assert ticks["one"] == list(range(len(ticks["one"])))
    assert ticks["two"] == list(range(len(ticks["two"])))
    assert len(ticks["one"]) >= 490
    assert len(ticks["stuck"]) < 60
    assert max(lateness) < 0.005
    assert errors == [events.OutputError("stuck", "critical")]


def test_check_25_one_child_beyond_its_limit_takes_exactly_its_own_branch() -> None:
    def body(seen: Seen) -> tuple[bool, tuple[str, ...], list[object]]:
        events.subscribe()
        control.start()
        before = {name: process.whereis(name) for name in (QUEUE, COMPOSITOR, MIXER)}
        for _ in range(7):
            seen.for_seconds(0.1)
            kill(source_of("a"))
        seen.for_seconds(2.0)
        after = {name: process.whereis(name) for name in before}
        failed = [one for one in seen.others if isinstance(one, events.InputError)]
        return before == after, Queue.stats(QUEUE).failed_inputs, list(failed)

    same, ended, failed = among(
        body,
        an_input("a", Clip()),
        an_input("b", Clip()),
        an_output("out", tiles_of(("a", "b"))),
    )

    assert same
    assert ended == ("a",)
    assert failed == [events.InputError("a")]
