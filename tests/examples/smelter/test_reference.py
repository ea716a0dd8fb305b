"""Two queues written apart agree to the nanosecond: on all recorded scenarios, and on any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.smelter.replay import Case, cases
from examples.smelter.replay_queue import QUEUE
from tests.examples.smelter.reference import Reference

VECTORS = Path(__file__).parent / "vectors"
Json = dict[str, Any]


def supported(scenario: Json) -> bool:
    """The reference knows no probes, and no change of a paused track."""
    known = {
        "register",
        "queue_track",
        "send",
        "end",
        "abort",
        "pause",
        "resume",
        "remove",
        "schedule",
        "consumer",
    }
    deeds = {action["do"] for action in scenario.get("timeline", [])}
    return deeds <= known


RECORDED = [
    case
    for path in sorted(VECTORS.glob("queue_*.json"))
    for case in cases(path)
    if supported(case.scenario) and case.name != "x-track-change-while-paused"
]


@pytest.mark.parametrize("case", RECORDED, ids=[case.name for case in RECORDED])
def test_the_reference_does_what_is_recorded(case: Case) -> None:
    expected = case.scenario["expect"]
    assert isinstance(expected, dict)
    assert QUEUE.compare(expected, Reference(case.scenario).run()) is None


# -- any scenario ----------------------------------------------------------------------------------

instants = st.integers(-150, 300).map(str) | st.sampled_from(["0.000001", "19.999999", "33.333333"])
offsets = st.one_of(
    st.just({"kind": "none"}),
    st.integers(0, 150).map(lambda v: {"kind": "from_start", "value": str(v)}),
    st.integers(0, 300).map(lambda v: {"kind": "pts", "value": str(v)}),
)


@st.composite
def tracks(draw: st.DrawFn) -> Json:
    media = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
    return {"offset": draw(offsets), "video": media[0], "audio": media[1]}


@st.composite
def producers(draw: st.DrawFn, name: str, track: int, media: str) -> list[Json]:
    """One half of a track: batches of items at growing times, and perhaps an end."""
    about = {"input": name, "track": track, "media": media}
    found: list[Json] = []
    at = draw(st.integers(-150, 200))
    pts, number = draw(st.integers(0, 40)), 0
    for _ in range(draw(st.integers(0, 4))):
        items = []
        for _ in range(draw(st.integers(1, 8))):
            length = draw(st.integers(1, 45))
            item = {"id": number, "pts": str(pts)}
            if media == "audio":
                item["duration"] = str(draw(st.integers(1, 45)))
            items.append(item)
            pts, number = pts + length, number + 1
        found.append({**about, "at": str(at), "do": "send", "items": items})
        at += draw(st.integers(0, 80))
    if draw(st.booleans()):
        found.append({**about, "at": str(at), "do": "end"})
    return found


@st.composite
def later_tracks(draw: st.DrawFn, name: str, number: int) -> list[Json]:
    """A track that is queued while it runs, and perhaps what is sent for it."""
    if draw(st.integers(0, 2)):
        return []
    at = draw(st.integers(-100, 200))
    track = draw(tracks())
    found: list[Json] = [{"at": str(at), "do": "queue_track", "input": name, "track": track}]
    for media in ("video", "audio"):
        if track[media]:
            sent = draw(producers(name, number + 1, media))
            found += [{**one, "at": str(max(at, int(one["at"])))} for one in sent]
    return found


@st.composite
def comings_and_goings(draw: st.DrawFn) -> list[Json]:
    """An input that comes later, one that is removed, a consumer that changes its mind."""
    found: list[Json] = []
    if draw(st.booleans()):
        at = draw(st.integers(-100, 200))
        track = draw(tracks())
        one = {"id": "c", "required": draw(st.booleans()), "tracks": [track]}
        found.append({"at": str(at), "do": "register", "input": one})
        for media in ("video", "audio"):
            if track[media]:
                sent = draw(producers("c", 1, media))
                found += [{**each, "at": str(max(at, int(each["at"])))} for each in sent]
        if draw(st.booleans()):
            gone = draw(st.integers(at, 300))
            found.append({"at": str(gone), "do": "remove", "input": "c"})
    if draw(st.booleans()):
        service = draw(st.sampled_from([None, "10", "45"]))
        media = draw(st.sampled_from(["video", "audio"]))
        at = draw(st.integers(0, 200))
        found.append({"at": str(at), "do": "consumer", "media": media, "service": service})
    return found


@st.composite
def scenarios(draw: st.DrawFn) -> Json:
    inputs, timeline = [], []
    for name in ("a", "b")[: draw(st.integers(1, 2))]:
        own = draw(st.lists(tracks(), min_size=1, max_size=2))
        inputs.append({"id": name, "required": draw(st.booleans()), "tracks": own})
        for number, track in enumerate(own, 1):
            for media in ("video", "audio"):
                if track[media]:
                    timeline += draw(producers(name, number, media))
        timeline += draw(later_tracks(name, len(own)))
        if draw(st.booleans()):
            timeline.append({"at": draw(instants), "do": "abort", "input": name})
        is_alone = len(own) == 1 and not any(one["do"] == "queue_track" for one in timeline)
        if is_alone and draw(st.booleans()):
            first, second = sorted(draw(st.tuples(st.integers(-100, 250), st.integers(-100, 250))))
            timeline.append({"at": str(first), "do": "pause", "input": name})
            timeline.append({"at": str(second), "do": "resume", "input": name})
    timeline += draw(comings_and_goings())
    for number in range(draw(st.integers(0, 4))):
        event = {"at": draw(instants), "do": "schedule", "id": f"e{number}"}
        time = str(draw(st.integers(0, 300)))
        timeline.append({**event, "time": time, "always": draw(st.booleans())})
    rate = draw(st.sampled_from([(50, 1), (30, 1), (25, 1), (30_000, 1_001)]))
    # Without a clock, only consumers that take their time bring it to an end.
    ahead = draw(st.booleans())
    served = ["7", "33", "70"] if ahead else ["0", "0", "7", "33", "70"]
    return {
        "name": "any",
        "start_after": "150",
        "until": "350",
        "options": {
            "output_framerate": {"num": rate[0], "den": rate[1]},
            "ahead_of_time_processing": ahead,
            "never_drop_output_frames": draw(st.booleans()),
            "run_late_scheduled_events": draw(st.booleans()),
        },
        "consumers": {
            "video": draw(st.sampled_from(served)),
            "audio": draw(st.sampled_from(served)),
        },
        "inputs": inputs,
        # Sorted by time; what belongs to one instant keeps its order.
        "timeline": sorted(timeline, key=lambda one: float(one["at"])),
    }


@settings(max_examples=150, deadline=None)
@given(scenarios())
def test_two_queues_written_apart_do_the_same(scenario: Json) -> None:
    assert QUEUE.compare(Reference(scenario).run(), QUEUE.replay(scenario)) is None
