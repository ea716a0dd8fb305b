"""Inputs that play one thing after the other, and go to other places of it, in virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors import run
from actors.testing import VirtualClock
from examples.smelter import control, events
from examples.smelter.complaints import NotRegistered, SpecRefused
from examples.smelter.doors import Doors
from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import MILLISECOND, SECOND, Framerate, FromStart
from examples.smelter.playlists import Playlists
from examples.smelter.queue_words import Line
from examples.smelter.requests import AllInputs, InputPlan, InputSpec, Settings
from examples.smelter.scene import Input, Rescaler
from examples.smelter.seek import SeekSupply
from examples.smelter.sets import Options
from examples.smelter.timeline import Timeline
from examples.smelter.tracks import MAX_WAITING
from examples.smelter.wire import QUEUE, SeekInput, feeder_of, source_of
from tests.examples.smelter.rigs import (
    FIFTY,
    Clip,
    Seen,
    among,
    an_input,
    an_output,
    kill,
    shade,
)

RED, GREEN, BLUE = (90, 240), (54, 34), (240, 110)
WHOLE = Rescaler(Input("a"))
OFFLINE = Settings(Framerate(50), ahead_of_time=True, never_drop=True)
TICK = 20 * MILLISECOND


def a_clip(pictures: int | None, colour: tuple[int, int]) -> Clip:
    return Clip(pictures=pictures, colour=colour)


def shown(seen: Seen) -> list[tuple[int, tuple[int, int]]]:
    """Return the number and the colour of what each tick showed; 16 - 20 is nothing."""
    return [(one.colours[0][0] - shade(0), one.colours[0][1:]) for one in seen.pictures["out"]]


def counted(first: int, last: int, colour: tuple[int, int]) -> list[tuple[int, tuple[int, int]]]:
    return [(number, colour) for number in range(first, last)]


def ticks(seen: Seen, count: int) -> None:
    seen.until(lambda: len(seen.ticks("out")) >= count)


def undisturbed(seen: Seen) -> None:
    pass


def with_three(settings: Settings, during: Callable[[Seen], None] = undisturbed) -> Seen:
    """Play three clips one after the other, and look at all that comes out."""

    def body(seen: Seen) -> Seen:
        events.subscribe()
        control.queue_track("a", a_clip(15, GREEN))
        control.queue_track("a", a_clip(5, BLUE))
        control.start()
        during(seen)
        seen.until(lambda: {one.media for one in seen.ended} == {"video", "audio"})
        return seen

    return among(
        body,
        an_input("a", a_clip(10, RED)),
        an_output("out", WHOLE, sound=["a"], ends=AllInputs()),
        settings=settings,
    )


def three() -> list[tuple[int, tuple[int, int]]]:
    return [*counted(0, 10, RED), *counted(0, 15, GREEN), *counted(0, 5, BLUE)]


@pytest.mark.parametrize("settings", [FIFTY, OFFLINE], ids=["live", "offline"])
def test_tracks_follow_each_other_without_a_hole(settings: Settings) -> None:
    seen = with_three(settings)

    assert shown(seen)[:30] == three()
    # The look-ahead of the last track has gone out with the chunk in which it ends.
    assert seen.samples("out") >= 26 * 960


def test_every_track_is_announced_and_has_an_end_of_its_own() -> None:
    seen = with_three(FIFTY)

    told = [one for one in seen.others if getattr(one, "media", None) == "video"]
    once = [
        events.InputDelivered("a", "video"),
        events.InputPlaying("a", "video"),
        events.InputEos("a", "video"),
    ]
    assert told == once * 3


@pytest.mark.parametrize("who", [feeder_of("a"), source_of("a"), QUEUE])
@pytest.mark.parametrize("at", [1, 8, 12, 24])
def test_offline_no_crash_costs_a_picture_of_any_track(who: str, at: int) -> None:
    def during(seen: Seen) -> None:
        ticks(seen, at)
        kill(who)

    assert shown(with_three(OFFLINE, during))[:30] == three()


def plan_of(id: str) -> InputPlan:
    found = Ledger.get(LEDGER, ("input", id))
    assert isinstance(found, InputPlan)
    return found


def test_what_is_over_is_forgotten_and_the_ledger_knows_what_is_left() -> None:
    def body(seen: Seen) -> list[list[int]]:
        control.queue_track("a", a_clip(5, GREEN))
        control.queue_track("a", a_clip(None, BLUE))
        control.start()
        found = [[one.number for one in plan_of("a").tracks]]
        for count in (12, 20):
            ticks(seen, count)
            found.append([one.number for one in plan_of("a").tracks])
        return found

    left = among(body, an_input("a", a_clip(10, RED)), an_output("out", WHOLE))

    assert left == [[1, 2, 3], [2, 3], [3]]


def test_a_sixth_track_that_would_wait_is_refused() -> None:
    def body(seen: Seen) -> str:
        # The first has not begun before anything has come; then it waits no more.
        control.start()
        ticks(seen, 3)
        for _ in range(MAX_WAITING):
            control.queue_track("a", a_clip(5, GREEN))
        with pytest.raises(SpecRefused) as refused:
            control.queue_track("a", a_clip(5, BLUE))
        assert len(plan_of("a").tracks) == 1 + MAX_WAITING
        return str(refused.value)

    assert "one of 5 that may wait" in among(
        body, an_input("a", a_clip(None, RED)), an_output("out", WHOLE)
    )


def test_the_next_track_begins_at_once_and_the_one_before_has_no_end() -> None:
    def body(seen: Seen) -> Seen:
        events.subscribe()
        control.queue_track("a", a_clip(None, GREEN))
        control.start()
        ticks(seen, 10)
        control.next_track("a")
        ticks(seen, 30)
        return seen

    seen = among(body, an_input("a", a_clip(None, RED)), an_output("out", WHOLE))

    numbers = shown(seen)
    seam = next(n for n, (_, colour) in enumerate(numbers) if colour == GREEN)
    assert seam in (10, 11)
    assert numbers == [*counted(0, seam, RED), *counted(0, len(numbers) - seam, GREEN)]
    assert events.InputEos("a", "video") not in seen.others


def test_a_next_track_is_refused_where_none_waits() -> None:
    def body(seen: Seen) -> bool:
        with pytest.raises(SpecRefused, match="one with a track that waits"):
            control.next_track("a")
        with pytest.raises(NotRegistered):
            control.queue_track("b", Clip())
        with pytest.raises(SpecRefused, match="video or audio"):
            control.queue_track("a", Clip(video=False, audio=False))
        return True

    assert among(body, an_input("a", Clip()), an_output("out", WHOLE))


def a_film(pictures: int | None = None) -> tuple[tuple[str, str], InputPlan]:
    spec = InputSpec(SeekSupply(Clip(pictures), 0), required=True, offset=FromStart(0))
    return ("input", "a"), InputPlan("a", spec)


def numbers_of(seen: Seen) -> list[int]:
    return [number for number, _ in shown(seen)]


def test_a_seek_shows_the_other_place_without_a_hole_and_goes_on_from_there() -> None:
    def body(seen: Seen) -> list[int]:
        control.start()
        ticks(seen, 10)
        control.seek_input("a", 3 * SECOND)
        ticks(seen, 30)
        return numbers_of(seen)

    found = among(body, a_film(), an_output("out", WHOLE, sound=["a"]))

    seam = found.index(150)
    assert seam in (10, 11)
    assert found == [*range(seam), *range(150, 150 + len(found) - seam)]


def test_a_seek_at_a_time_takes_place_there_to_the_tick_where_nobody_looks_at_a_clock() -> None:
    def body(seen: Seen) -> list[int]:
        control.seek_input("a", 3 * SECOND, at=10 * TICK)
        control.seek_input("a", SECOND, at=20 * TICK)
        control.start()
        ticks(seen, 30)
        return numbers_of(seen)[:30]

    found = among(body, a_film(), an_output("out", WHOLE, sound=["a"]), settings=OFFLINE)

    # The set of the same time has gone before.
    assert found == [*range(11), *range(150, 160), *range(50, 59)]


def test_only_the_last_of_many_seeks_is_played() -> None:
    def body(seen: Seen) -> list[int]:
        for place in (3, 2, 1):
            control.seek_input("a", place * SECOND, at=10 * TICK)
        control.start()
        ticks(seen, 30)
        assert [one.number for one in plan_of("a").tracks] == [4]
        return numbers_of(seen)[:30]

    found = among(body, a_film(), an_output("out", WHOLE), settings=OFFLINE)

    assert found == [*range(11), *range(50, 69)]


def test_a_paused_input_that_is_sought_shows_the_new_place_and_goes_on_from_it() -> None:
    def body(seen: Seen) -> list[int]:
        control.start()
        ticks(seen, 5)
        control.pause_input("a")
        ticks(seen, 10)
        control.seek_input("a", 3 * SECOND)
        ticks(seen, 20)
        control.resume_input("a")
        ticks(seen, 30)
        return numbers_of(seen)

    found = among(body, a_film(), an_output("out", WHOLE, sound=["a"]))

    held, moving = found[:20], found[20:]
    assert 16 - shade(0) not in found
    assert held[-1] == 150
    assert moving[-1] in range(157, 161)
    assert sorted(found) == found


def test_what_waits_behind_a_seek_follows_it() -> None:
    def body(seen: Seen) -> list[tuple[int, tuple[int, int]]]:
        control.queue_track("a", a_clip(None, GREEN))
        control.start()
        ticks(seen, 5)
        control.seek_input("a", 95 * TICK)
        ticks(seen, 20)
        return shown(seen)

    found = among(body, a_film(100), an_output("out", WHOLE))

    plain = (128, 128)
    seam = found.index((95, plain))
    assert found[:seam] == counted(0, seam, plain)
    after = [*counted(95, 100, plain), *counted(0, 20, GREEN)]
    assert found[seam:] == after[: len(found) - seam]


def test_a_seek_takes_nothing_away_that_was_to_be_next() -> None:
    def body(seen: Seen) -> list[tuple[int, tuple[int, int]]]:
        control.queue_track("a", a_clip(None, GREEN))
        # At one place: first the next one is wanted at once, then another place of this one.
        control.next_track("a", at=10 * TICK)
        control.seek_input("a", 95 * TICK, at=10 * TICK)
        control.start()
        ticks(seen, 25)
        return shown(seen)[:25]

    found = among(body, a_film(100), an_output("out", WHOLE), settings=OFFLINE)

    plain = (128, 128)
    assert found == [*counted(0, 11, plain), *counted(95, 100, plain), *counted(0, 9, GREEN)]


def test_what_is_sought_before_it_has_begun_begins_there() -> None:
    def main() -> tuple[list[int], int | None, int | None]:
        line: Line = Timeline(Options(Framerate(50)))
        playlists = Playlists(line, Doors(line), 0)
        playlists.register(a_film()[1])
        playlists.seek(SeekInput("a", 3 * SECOND), 0)
        (track,) = playlists.tracks("a")
        before = line.playing("a")
        line.step(0)
        assert isinstance(track.supply, SeekSupply)
        return [track.number, track.supply.seek], before, line.playing("a")

    assert run(main, clock=VirtualClock()) == ([2, 3 * SECOND], None, 2)


@pytest.mark.parametrize("who", [QUEUE, feeder_of("a"), source_of("a")])
def test_offline_a_seek_survives_whoever_is_killed_with_it_in_hand(who: str) -> None:
    def body(seen: Seen) -> list[int]:
        control.seek_input("a", 3 * SECOND, at=10 * TICK)
        control.start()
        ticks(seen, 9)
        kill(who)
        ticks(seen, 13)
        kill(who)
        ticks(seen, 25)
        return numbers_of(seen)[:25]

    found = among(body, a_film(), an_output("out", WHOLE), settings=OFFLINE)

    assert found == [*range(11), *range(150, 164)]


def test_a_live_track_may_follow_a_file_and_begins_where_the_line_is_then() -> None:
    def body(seen: Seen) -> list[tuple[int, tuple[int, int]]]:
        control.queue_track("a", Clip(colour=GREEN, is_live=True, buffer=100 * MILLISECOND))
        control.start()
        ticks(seen, 60)
        return shown(seen)[:60]

    found = among(
        body, an_input("a", a_clip(30, RED), required=False), an_output("out", WHOLE, sound=["a"])
    )

    assert found[:30] == counted(0, 30, RED)
    live = [number for number, colour in found[30:] if colour == GREEN]
    # What came before its turn is past; from there on no picture is missing.
    assert live == list(range(live[0], live[0] + len(live)))
    assert len(live) >= 20


def test_what_was_scheduled_and_came_to_nothing_is_told() -> None:
    def body(seen: Seen) -> list[object]:
        events.subscribe()
        for _ in range(MAX_WAITING + 1):
            control.queue_track("a", a_clip(5, GREEN), at=100 * MILLISECOND)
        control.seek_input("a", SECOND, at=300 * MILLISECOND)
        control.unregister_input("a", at=200 * MILLISECOND)
        control.start()
        ticks(seen, 20)
        return [one for one in seen.others if isinstance(one, events.CommandFailed)]

    assert among(body, a_film(), an_output("out", WHOLE)) == [
        events.CommandFailed("AddTrack", 100 * MILLISECOND),
        events.CommandFailed("SeekInput", 300 * MILLISECOND),
    ]


def test_what_is_no_file_is_not_sought_in() -> None:
    def body(seen: Seen) -> bool:
        with pytest.raises(SpecRefused, match="a file"):
            control.seek_input("a", SECOND)
        with pytest.raises(SpecRefused, match="whole nanoseconds"):
            control.seek_input("a", -1)
        with pytest.raises(NotRegistered):
            control.seek_input("b", SECOND)
        return True

    assert among(body, an_input("a", Clip()), an_output("out", WHOLE))


def test_an_input_that_is_given_up_ends_with_all_its_tracks() -> None:
    def body(seen: Seen) -> list[object]:
        events.subscribe()
        control.queue_track("a", Clip(broken_at=tuple(range(10_000))))
        control.start()
        seen.until(lambda: len(seen.ended) >= 1)
        return [one for one in seen.others if isinstance(one, events.InputError)]

    told = among(
        body,
        an_input("a", Clip(pictures=5)),
        an_output("out", WHOLE, ends=AllInputs()),
        settings=OFFLINE,
    )

    assert told == [events.InputError("a")]
