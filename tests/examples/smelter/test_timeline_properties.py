"""What holds for every timeline: any inputs, any consumers, a crash at any step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from examples.smelter.half import Credit
from examples.smelter.offsets import (
    MILLISECOND,
    SECOND,
    AtPts,
    Floating,
    Framerate,
    FromStart,
    Media,
    Ns,
    Offset,
)
from examples.smelter.sets import Batch, Frame, Options
from examples.smelter.tracks import TrackSpec
from tests.examples.smelter.feeding import Deed, Feeder, Key, Piece, World

MS = MILLISECOND

OFFSETS: st.SearchStrategy[Offset] = st.one_of(
    st.just(Floating()),
    st.integers(0, 90).map(lambda ms: FromStart(ms * MS)),
    st.integers(0, 150).map(lambda ms: AtPts(ms * MS)),
)
RATES = st.sampled_from([Framerate(30), Framerate(50), Framerate(30_000, 1_001), Framerate(24)])


@dataclass(frozen=True)
class Made:
    """A track with its items and when they arrive."""

    spec: TrackSpec
    video: tuple[tuple[Piece, Ns], ...]
    audio: tuple[tuple[Piece, Ns], ...]


@st.composite
def tracks(draw: st.DrawFn, *, late: int) -> Made:
    """Make a track; its items arrive up to `late` ms after their own time, in order."""
    has_video, has_audio = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
    spec = TrackSpec(draw(OFFSETS), video=has_video, audio=has_audio)
    gaps = st.lists(st.integers(5, 70), max_size=8)
    return Made(
        spec,
        _arriving(draw, _frames(draw(gaps)), late) if has_video else (),
        _arriving(draw, _batches(draw(gaps)), late) if has_audio else (),
    )


def _frames(gaps: list[int]) -> list[Piece]:
    at, made = 0, list[Piece]()
    for number, gap in enumerate(gaps):
        made.append(Frame(at, number))
        at += gap * MS
    return made


def _batches(lengths: list[int]) -> list[Piece]:
    at, made = 0, list[Piece]()
    for number, length in enumerate(lengths):
        made.append(Batch(at, length * MS, number))
        hole = 13 if length % 7 == 0 else 0
        at += (length + hole) * MS
    return made


def _arriving(draw: st.DrawFn, items: list[Piece], late: int) -> tuple[tuple[Piece, Ns], ...]:
    arrived, times = 0, list[tuple[Piece, Ns]]()
    for item in items:
        if late:
            arrived = max(arrived, item.pts + draw(st.integers(0, late)) * MS)
        times.append((item, arrived))
    return tuple(times)


@st.composite
def worlds(draw: st.DrawFn, options: Options, *, required: bool | None, late: int) -> World:
    """Make up to three inputs with up to three tracks each; `required` None = some of them."""
    world = World(options)
    for name in "abc"[: draw(st.integers(1, 3))]:
        made = draw(st.lists(tracks(late=late), min_size=1, max_size=3))
        needed = draw(st.booleans()) if required is None else required
        world.queue.register(name, required=needed, tracks=[one.spec for one in made])
        for number, one in enumerate(made, start=1):
            if one.spec.video:
                _feed(world, (name, number, "video"), one.video)
            if one.spec.audio:
                _feed(world, (name, number, "audio"), one.audio)
    return world


def _feed(world: World, key: Key, items: tuple[tuple[Piece, Ns], ...]) -> None:
    """Give every item of an input a number that grows over all its tracks."""
    numbered = [replace(item, payload=key[1] * 1_000 + item.payload) for item, _ in items]
    world.feeders[key] = Feeder(key, numbered, [at for _, at in items])


def twin(world: World) -> World:
    """Return the same world before anything has happened."""
    other = World(world.options)
    for mark in world.queue.snapshot().inputs:
        specs = [
            TrackSpec(one.offset, video=one.video is not None, audio=one.audio is not None)
            for one in mark.waiting
        ]
        other.queue.register(mark.id, required=mark.required, tracks=specs)
    for key, feeder in world.feeders.items():
        other.feeders[key] = Feeder(key, feeder.items, feeder.arrives)
    return other


MEDIA: tuple[Media, ...] = ("video", "audio")


def check_times(world: World) -> None:
    """No pts comes twice, or after a later one of its kind; none is both sent and dropped."""
    for media in MEDIA:
        used = world.pts(media)
        assert used == sorted(set(used))
        assert not set(used) & {one.pts for one in world.dropped() if one.media == media}


def check_order(world: World) -> None:
    """Sets are in order of pts, a video set before the audio set of its time."""
    keys = [(one.pts, one.media == "audio") for one in world.sets()]
    assert keys == sorted(keys)


def check_sound(world: World) -> None:
    """Every batch goes out at most once, whole, in order, and none in between is left out."""
    for (name, track, media), feeder in world.feeders.items():
        if media == "audio":
            out = [b for b in world.batches(name) if b.payload // 1_000 == track]
            first = out[0].payload % 1_000 if out else 0
            sent = feeder.items[first : first + len(out)]
            assert [(b.payload, b.edge - b.pts) for b in out] == [
                (b.payload, b.edge - b.pts) for b in sent
            ]


def check_ends(world: World) -> None:
    """The end of every half goes out at most once."""
    for name, media in streams(world):
        halves = [key for key in world.feeders if (key[0], key[2]) == (name, media)]
        assert world.ends(name, media) <= len(halves)


def streams(world: World) -> set[tuple[str, Media]]:
    return {(name, media) for name, _, media in world.feeders}


def check_all(world: World) -> None:
    check_times(world)
    check_order(world)
    check_sound(world)
    check_ends(world)


DEEDS: tuple[Deed, ...] = ("pause", "resume", "abort")
RUN = settings(deadline=None, max_examples=50)


@st.composite
def live_worlds(draw: st.DrawFn) -> World:
    """Make a started world with late items and consumers of some speed."""
    world = draw(worlds(Options(draw(RATES)), required=None, late=60))
    world.serve_every = draw(st.sampled_from([0, 7, 25, 45])) * MS
    start = draw(st.integers(0, 150)) * MS
    world.run(start)
    world.now = start
    world.queue.start(start)
    return world


@RUN
@given(live_worlds())
def test_live(world: World) -> None:
    world.run(700 * MS)

    check_all(world)
    for name, media in streams(world):
        halves = [key for key in world.feeders if (key[0], key[2]) == (name, media)]
        for what in ("delivered", "playing", "eos"):
            assert world.notices(name, media).count(what) <= len(halves)


@RUN
@given(
    live_worlds(),
    st.frozensets(st.integers(1, 120), max_size=5),
    st.integers(0, 130),
    st.lists(st.tuples(st.integers(0, 600), st.sampled_from(DEEDS)), max_size=8),
)
def test_live_with_crashes_pauses_and_aborts(
    world: World, crash_after: frozenset[int], outage: int, deeds: list[tuple[int, Deed]]
) -> None:
    world.crash_after = frozenset(world.steps + n for n in crash_after)
    world.outage = outage * MS
    world.plan = [(at * MS, deed, "a") for at, deed in sorted(deeds)]
    world.run(900 * MS)

    check_all(world)


@RUN
@given(
    worlds(Options(ahead_of_time=True, never_drop=True), required=True, late=0),
    st.sampled_from([0, 5, 30]),
    st.frozensets(st.integers(1, 80), min_size=1, max_size=5),
)
def test_offline_nobody_can_tell_that_the_queue_crashed(
    world: World, service: int, crash_after: frozenset[int]
) -> None:
    other = twin(world)
    other.crash_after = crash_after
    for one in (world, other):
        one.serve_every = service * MS
        one.queue.schedule("now", 0)
        one.queue.schedule("later", 130 * MS)
        one.queue.start(0)
        one.run(SECOND * 60, sets=80)

    check_all(other)
    assert other.crashes
    assert other.sets() == world.sets()
    assert other.ran() == world.ran()


@RUN
@given(worlds(Options(ahead_of_time=True, never_drop=True), required=True, late=0))
def test_a_feeder_that_keeps_to_its_credit_gets_the_same_sets_as_one_that_does_not(
    world: World,
) -> None:
    other = twin(world)
    for feeder in other.feeders.values():
        everything = Credit(oldest=None, newest=0, reach=2**62)
        feeder.send(other.queue, everything, 0)
    other.check_held = lambda: None  # type: ignore[method-assign]
    for one in (world, other):
        one.queue.start(0)
        one.run(0, sets=80)

    assert other.sets() == world.sets()
