"""Every row of the tables of video, audio, track switches and events, without tolerance."""

from __future__ import annotations

from typing import Any

import pytest

from examples.smelter.vectors import moment, shown
from tests.examples.smelter.tables import (
    BEFORE,
    EARLY,
    Json,
    Send,
    actions,
    check,
    offset,
    replayed,
    scenario,
)

FS60 = offset("from_start", 60)
FS100 = offset("from_start", 100)
AT0 = offset("pts")
AT60 = offset("pts", 60)
ATM40 = offset("pts", -40)
NONE = offset("none")
SIX = (0, 15, 30, 45, 60, 75)
EIGHT = tuple(range(0, 120, 15))
JUST_BEFORE = "-0.000001"
AFTER_50 = "173.456"
EMPTY3 = "0:e 20:e 40:e "

VIDEO: list[tuple[str, bool, Json, list[Send], str, str]] = [
    (
        "V1",
        True,
        FS60,
        [Send(EARLY, SIX)],
        EMPTY3 + "60:0@60 80:1@75 100:2@90 120:4@120 stall",
        BEFORE,
    ),
    (
        "V2",
        False,
        FS60,
        [Send(EARLY, SIX)],
        EMPTY3 + "60:0@60 80:1@75 100:2@90 120:4@120 140:5@135 160:5@135 180:5@135",
        BEFORE,
    ),
    ("V3", True, FS60, [Send(EARLY, (0, 15), end=True)], EMPTY3 + "60:0@60 80:1@75E 100:e", BEFORE),
    (
        "V4",
        False,
        FS60,
        [Send(EARLY, (0, 15), end=True)],
        EMPTY3 + "60:0@60 80:1@75E 100:e",
        BEFORE,
    ),
    ("V5", True, AT0, [Send(EARLY, (), end=True)], "0:eE 20:e", BEFORE),
    ("V6", True, FS60, [Send(EARLY, (), end=True)], "0:eE 20:e", BEFORE),
    ("V7", True, FS60, [Send(58, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 stall", BEFORE),
    ("V8", False, FS60, [Send(58, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 100:2@90", BEFORE),
    ("V9", True, FS60, [Send(200, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 stall", BEFORE),
    (
        "V10",
        False,
        FS60,
        [Send(98, SIX)],
        EMPTY3 + "60:e 80:e 100:2@90 120:4@120",
        BEFORE,
    ),
    ("V11", True, AT60, [Send(EARLY, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 stall", BEFORE),
    ("V12", True, AT60, [Send(58, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 stall", BEFORE),
    (
        "V13",
        True,
        AT60,
        [Send(EARLY, (0, 15)), Send(58, (30,), first=2)],
        EMPTY3 + "60:0@60 80:1@75 stall",
        BEFORE,
    ),
    (
        "V13b",
        True,
        AT60,
        [Send(EARLY, (0, 15)), Send(200, (30, 45), first=2)],
        EMPTY3 + "60:0@60 80:1@75 100:2@90 stall",
        BEFORE,
    ),
    (
        "V13c",
        False,
        AT60,
        [Send(EARLY, (0, 15)), Send(70, (30, 45), first=2)],
        EMPTY3 + "60:0@60 80:1@75 100:2@90",
        BEFORE,
    ),
    ("V14", True, AT60, [Send(200, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 stall", BEFORE),
    ("V15", False, AT60, [Send(58, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 100:2@90", BEFORE),
    ("V16", False, AT60, [Send(78, (0, 15, 30, 45))], EMPTY3 + "60:e 80:1@75 100:2@90", BEFORE),
    (
        "V17",
        True,
        ATM40,
        [Send(EARLY, (0, 15, 30, 45, 60)), Send(50, (75,), first=5)],
        "0:2@-10 20:4@20 stall",
        BEFORE,
    ),
    (
        "V18",
        True,
        ATM40,
        [Send(EARLY, (30, 45, 60)), Send(50, (75,), first=3)],
        "0:0@-10 20:2@20 stall",
        BEFORE,
    ),
    (
        "V19",
        True,
        ATM40,
        [Send(EARLY, (45, 60)), Send(50, (75,), first=2)],
        "0:e 20:1@20 stall",
        BEFORE,
    ),
    (
        "V20",
        True,
        ATM40,
        [Send(EARLY, (40, 60)), Send(50, (100,), first=2)],
        "0:0@0 20:1@20 40:1@20 stall",
        BEFORE,
    ),
    (
        "V21o",
        False,
        AT0,
        [Send(JUST_BEFORE, EIGHT)],
        "0:3@-5 20:4@10 40:6@40",
        AFTER_50,
    ),
    ("V21r", True, AT0, [Send(JUST_BEFORE, EIGHT)], "0:3@-5 20:4@10 40:6@40 stall", AFTER_50),
    ("V22", True, NONE, [Send(58, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 stall", BEFORE),
    ("V23", False, NONE, [Send(58, (0, 15, 30))], EMPTY3 + "60:0@60 80:1@75 100:2@90", BEFORE),
    ("V24o", False, NONE, [Send(58, (5, 15, 30))], EMPTY3 + "60:e 80:1@75 100:2@90", BEFORE),
    ("V24r", True, NONE, [Send(58, (5, 15, 30))], EMPTY3 + "60:e 80:1@75 stall", BEFORE),
    (
        "V25",
        True,
        NONE,
        [Send(58, (0, 5)), Send(90, (25, 30, 45), first=2)],
        EMPTY3 + "60:0@60 80:1@65 100:3@90 stall",
        BEFORE,
    ),
    (
        "V26o",
        False,
        NONE,
        [Send(-20, (0, 15, 30, 45, 65)), Send(30, (75,), first=5)],
        "0:1@-5 20:2@10 40:3@25",
        BEFORE,
    ),
    (
        "V26r",
        True,
        NONE,
        [Send(-20, (0, 15, 30, 45, 65)), Send(30, (75,), first=5)],
        "0:1@-5 20:2@10 40:3@25",
        BEFORE,
    ),
]


@pytest.mark.parametrize(("name", "required", "where", "sends", "row", "before"), VIDEO)
def test_check_01_every_row_of_video_comes_out_exactly(
    name: str, required: bool, where: Json, sends: list[Send], row: str, before: str
) -> None:
    what = scenario("video", where, sends, required=required, start_after=before)

    check(row, replayed(what), "video")


def test_check_01_only_the_set_with_the_end_of_an_optional_input_is_required() -> None:
    result = replayed(scenario("video", FS60, [Send(EARLY, (0, 15), end=True)], required=False))

    flags = {one["pts"]: one["required"] for one in result["sets"] if one["kind"] == "video"}
    assert (flags["60"], flags["80"], flags["100"]) == (False, True, False)


AT103, AT63 = offset("pts", 103), offset("pts", 63)
AUDIO: list[tuple[str, bool, Json, list[Send], str, str]] = [
    (
        "A1",
        True,
        FS100,
        [Send(EARLY, EIGHT)],
        "0:e 20:e 40:e 60:e 80:0@100,1@115,2@130,3@145,4@160,5@175 100:6@190 120:7@205 stall",
        BEFORE,
    ),
    (
        "A2",
        False,
        FS100,
        [Send(EARLY, EIGHT)],
        "0:e 20:e 40:e 60:e 80:0@100,1@115,2@130,3@145,4@160,5@175 100:6@190 120:7@205 140:e 160:e",
        BEFORE,
    ),
    (
        "A3",
        True,
        FS60,
        [Send(EARLY, EIGHT)],
        "0:e 20:e 40:0@60,1@75,2@90,3@105,4@120,5@135 60:6@150 80:7@165 stall",
        BEFORE,
    ),
    (
        "A4",
        True,
        FS60,
        [Send(58, SIX), Send(130, (90,), first=6)],
        "0:e 20:e 40:0@60,1@75,2@90,3@105,4@120,5@135 60:6@150 stall",
        BEFORE,
    ),
    (
        "A5",
        True,
        FS60,
        [Send(200, (*SIX, 90))],
        "0:e 20:e 40:0@60,1@75,2@90,3@105,4@120,5@135 60:6@150 stall",
        BEFORE,
    ),
    (
        "A6",
        True,
        FS60,
        [Send(EARLY, (0,)), Send(58, SIX[1:], first=1)],
        "0:e 20:e 40:0@60,1@75,2@90,3@105,4@120,5@135 stall",
        BEFORE,
    ),
    (
        "A7",
        True,
        AT103,
        [Send(EARLY, EIGHT)],
        "0:e 20:0@103,1@118 40:2@133 60:3@148 80:4@163,5@178 100:6@193 120:7@208 stall",
        BEFORE,
    ),
    (
        "A8",
        False,
        AT103,
        [Send(EARLY, EIGHT)],
        "0:e 20:0@103,1@118 40:2@133 60:3@148 80:4@163,5@178 100:6@193 120:7@208 140:e",
        BEFORE,
    ),
    (
        "A9",
        True,
        AT63,
        [Send(EARLY, EIGHT[:7])],
        "0:0@63,1@78,2@93 20:3@108 40:4@123,5@138 60:6@153 stall",
        BEFORE,
    ),
    (
        "A10",
        True,
        AT103,
        [Send(300, EIGHT)],
        "0:e 20:0@103,1@118 40:2@133 60:3@148 80:4@163,5@178 100:6@193 120:7@208 stall",
        BEFORE,
    ),
    (
        "A11",
        True,
        ATM40,
        [Send(EARLY, tuple(range(0, 150, 15)))],
        "0:3@5,4@20,5@35,6@50,7@65,8@80,9@95 stall",
        BEFORE,
    ),
    (
        "A14",
        False,
        NONE,
        [Send(58, SIX), Send(98, (90,), first=6)],
        EMPTY3 + "60:0@60,1@75,2@90,3@105,4@120,5@135 80:e 100:6@150 120:e",
        BEFORE,
    ),
    (
        "A12",
        False,
        AT0,
        [Send(JUST_BEFORE, tuple(range(0, 165, 15)))],
        "0:4@5,5@20,6@35,7@50,8@65,9@80,10@95",
        "178.456",
    ),
    (
        "A13",
        True,
        NONE,
        [Send(58, (*SIX, 90))],
        EMPTY3 + "60:0@60,1@75,2@90,3@105,4@120,5@135,6@150 stall",
        BEFORE,
    ),
    (
        "A15",
        False,
        NONE,
        [Send(58, (5, 20, 35, 50, 65, 80, 95))],
        EMPTY3 + "60:0@65,1@80,2@95,3@110,4@125,5@140,6@155",
        BEFORE,
    ),
    (
        "A16",
        True,
        NONE,
        [Send(58, (0, 30, 45, 60, 75, 90))],
        EMPTY3 + "60:0@60,1@90,2@105,3@120,4@135,5@150 stall",
        BEFORE,
    ),
    (
        "A17",
        True,
        NONE,
        [Send(38, (0,)), Send(100, (15, 30, 45, 60, 75, 90), first=1)],
        "0:e 20:e 40:0@40,1@55,2@70,3@85,4@100,5@115,6@130 stall",
        BEFORE,
    ),
    (
        "A18",
        False,
        NONE,
        [Send(38, (0,)), Send(98, (15, 30, 45), first=1)],
        "0:e 20:e 40:0@40 60:e 80:e 100:1@55,2@70,3@85",
        BEFORE,
    ),
    (
        "A19",
        False,
        NONE,
        [Send(-25, tuple(range(0, 150, 15)))],
        "0:2@5,3@20,4@35,5@50,6@65,7@80,8@95 20:9@110",
        BEFORE,
    ),
    (
        "A20",
        False,
        FS60,
        [Send(98, SIX)],
        "0:e 20:e 40:e 60:e 80:e 100:0@60,1@75,2@90,3@105,4@120,5@135",
        BEFORE,
    ),
    (
        "A21",
        False,
        NONE,
        [
            Send(58, (0, 15)),
            Send(78, (30,), first=2),
            Send(98, (45,), first=3),
            Send(118, (60, 75), first=4),
        ],
        EMPTY3 + "60:0@60,1@75 80:2@90 100:3@105 120:4@120,5@135 140:e",
        BEFORE,
    ),
    (
        "A22",
        False,
        FS100,
        [Send(EARLY, (0, 15), end=True)],
        "0:e 20:e 40:e 60:e 80:0@100,1@115E 100:e",
        BEFORE,
    ),
    ("A23", True, FS60, [Send(EARLY, (), end=True)], "0:eE 20:e", BEFORE),
]


@pytest.mark.parametrize(("name", "required", "where", "sends", "row", "before"), AUDIO)
def test_check_02_every_row_of_audio_comes_out_exactly(
    name: str, required: bool, where: Json, sends: list[Send], row: str, before: str
) -> None:
    what = scenario("audio", where, sends, required=required, start_after=before)

    check(row, replayed(what), "audio")


def switch(video: Send, audio: Send, until: float = 400) -> Json:
    track = {"offset": {"kind": "none"}, "video": True, "audio": True}
    first = [
        *actions([Send(50, (0, 15, 30), end=True)], "audio"),
        *actions([Send(50, (0, 20, 40, 60), end=True)], "video"),
    ]
    second = [*actions([video], "video", 2), *actions([audio], "audio", 2)]
    return {
        "name": "switch",
        "until": str(until),
        "options": {"output_framerate": {"num": 50, "den": 1}},
        "inputs": [{"id": "a", "required": True, "tracks": [track, track]}],
        "timeline": [*first, *second],
    }


def sent(step: float, count: int = 12, begin: float = 0) -> tuple[float, ...]:
    return tuple(begin + n * step for n in range(count))


COMMON = EMPTY3 + "60:0@60 80:1@80 100:2@100 120:3@120E "
COMMON_AUDIO = EMPTY3 + "60:0@60,1@75,2@90E 80:e 100:e "
THEN = "120:3@140,4@155,5@170,6@185,7@200,8@215"


@pytest.mark.parametrize(
    ("name", "video", "audio", "row", "audio_row"),
    [
        ("T1", sent(20), sent(15), "140:4@140 160:5@160", THEN),
        ("T2", sent(25), sent(15), "140:4@140 160:4@140 180:5@165", THEN),
        ("T3", sent(10), sent(15), "140:4@140 160:6@160", THEN),
        ("T4", sent(20), sent(15, begin=20), "140:4@140 160:5@160", "120:3@160,4@175,5@190,6@205"),
        ("T5", sent(20, begin=20), sent(15), "140:e 160:4@160", THEN),
        ("T6", sent(20, begin=40), sent(15), "140:e 160:e 180:4@180", THEN),
    ],
)
def test_check_03_a_track_begins_with_its_first_frame_after_the_one_before(
    name: str, video: tuple[float, ...], audio: tuple[float, ...], row: str, audio_row: str
) -> None:
    result = replayed(switch(Send(50, video, first=4), Send(50, audio, first=3)))

    check(COMMON + row, result, "video")
    check(COMMON_AUDIO + audio_row, result, "audio")


def test_check_03_a_track_waits_until_the_sound_of_the_one_before_has_ended_too() -> None:
    what = switch(Send(50, sent(20), first=4), Send(50, sent(15), first=20))
    what["timeline"] = [
        *actions([Send(50, sent(15, 20), end=True)], "audio"),
        *(one for one in what["timeline"] if one["media"] == "video" or one["track"] == 2),
    ]
    result = replayed(what)

    empty = " ".join(f"{at}:e" for at in range(140, 280, 20))
    check(f"{COMMON}{empty} 280:4@280 300:5@300", result, "video")
    check(
        EMPTY3 + "60:0@60,1@75,2@90,3@105,4@120,5@135,6@150 80:7@165 100:8@180,9@195 120:10@210 "
        "140:11@225 160:12@240,13@255 180:14@270 200:15@285 220:16@300,17@315 240:18@330 "
        "260:19@345E 280:20@280,21@295,22@310,23@325,24@340,25@355,26@370",
        result,
        "audio",
    )


TWO = [Send(0, (0, 20), end=True)]
TIMELINES: list[tuple[str, bool, str, Json, list[Send], list[tuple[str, str]]]] = [
    (
        "from start",
        True,
        "video",
        FS60,
        TWO,
        [("delivered", "0"), ("playing", "60"), ("eos", "80")],
    ),
    ("pts", True, "video", AT60, TWO, [("delivered", "0"), ("playing", "60"), ("eos", "80")]),
    (
        "none",
        True,
        "video",
        NONE,
        [Send(50, (0, 20), end=True)],
        [("delivered", "50"), ("playing", "60"), ("eos", "80")],
    ),
    (
        "none before start",
        True,
        "video",
        NONE,
        [Send(-23, (0, 20, 40, 60), end=True)],
        [("delivered", "-23"), ("playing", "0"), ("eos", "40")],
    ),
    (
        "audio from start",
        True,
        "audio",
        FS60,
        [Send(0, (0, 15), end=True)],
        [("delivered", "0"), ("playing", "40"), ("eos", "40")],
    ),
    (
        "audio pts",
        True,
        "audio",
        AT60,
        [Send(0, (0, 15), end=True)],
        [("delivered", "0"), ("playing", "0"), ("eos", "0")],
    ),
    (
        "ended",
        True,
        "video",
        FS60,
        [Send(EARLY, (), end=True)],
        [("delivered", EARLY), ("eos", "0")],
    ),
    ("one, required", True, "video", FS60, [Send(0, (0,))], [("delivered", "0")]),
    (
        "one, optional",
        False,
        "video",
        FS60,
        [Send(0, (0,))],
        [("delivered", "0"), ("playing", shown(moment("60") + 1))],
    ),
]


@pytest.mark.parametrize(("name", "required", "media", "where", "sends", "wanted"), TIMELINES)
def test_check_04_each_event_comes_once_at_its_time_and_in_order(
    name: str,
    required: bool,
    media: str,
    where: Json,
    sends: list[Send],
    wanted: list[tuple[str, str]],
) -> None:
    result: dict[str, Any] = replayed(scenario(media, where, sends, required=required))

    assert [(one["event"], one["at"]) for one in result["events"]] == wanted
