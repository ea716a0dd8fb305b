from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from actors import telemetry
from actors.exits import reason_of
from actors.telemetry import Event
from examples.smelter.complaints import OutputRefused
from examples.smelter.options import parse
from examples.smelter.plan import Plan
from examples.smelter.queue_server import QueueStats
from examples.smelter.tree import Branch
from examples.smelter.view import View

STARTED: Event = ("supervisors", "child", "started")
TERMINATED: Event = ("supervisors", "child", "terminated")
INDENT = " " * 11
GIVES_UP: Event = ("supervisors", "supervisor", "shutdown")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ClosedPipe(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    argv = ["test:a", "test:b", "--output", str(tmp_path / "film.mp4"), "--duration", "2"]
    return parse(argv).plan


def lines(out: io.StringIO) -> list[str]:
    return out.getvalue().splitlines()


def died(child: str, reason: object) -> Mapping[str, object]:
    return {"offender": {"id": child}, "reason": reason}


def test_the_tree_is_drawn_with_supervisors_and_workers(plan: Plan) -> None:
    View(plan, out := io.StringIO()).tree(
        [Branch(0, "stage", "#PID<0.2.0>", True), Branch(1, "queue", "#PID<0.3.0>", False)]
    )

    assert lines(out)[0].endswith("film.mp4: 2 s of 640x360, 30 pictures a second, in real time")
    assert [line.split() for line in lines(out)[1:]] == [
        ["pipeline"],
        ["▸", "stage", "#PID<0.2.0>"],
        ["·", "queue", "#PID<0.3.0>"],
    ]


def test_a_death_is_told_with_its_reason_and_the_return_is_counted(plan: Plan) -> None:
    view = View(plan, out := io.StringIO())
    view.hear(STARTED, {"started": {"id": "queue"}})
    view.killed("smelter.queue", 45)
    view.hear(TERMINATED, died("queue", "killed"))
    view.hear(STARTED, {"started": {"id": "queue"}})
    view.hear(TERMINATED, died("mixer", reason_of(ValueError("too loud"))))

    assert lines(out) == [
        "   1.50 s  † queue is killed",
        f"{INDENT}✗ queue died: killed",
        f"{INDENT}✓ queue is back",
        f"{INDENT}✗ mixer died: ValueError: too loud",
    ]
    assert view.summary.restarts == {"queue": 1}
    assert view.summary.kills == ["queue"]


def test_it_hears_what_is_reported_only_while_it_listens(plan: Plan) -> None:
    view = View(plan, out := io.StringIO())
    with view.listening():
        telemetry.emit(TERMINATED, {}, died("queue", "killed"))
    telemetry.emit(TERMINATED, {}, died("queue", "killed"))

    assert lines(out) == [f"{INDENT}✗ queue died: killed"]


def test_progress_is_one_line_on_a_terminal_and_nothing_in_a_log(plan: Plan) -> None:
    stats = QueueStats(ticks=30, video_sets=30, dropped=2)
    View(plan, terminal := Terminal()).progress(stats)
    View(plan, log := io.StringIO()).progress(stats)

    assert terminal.getvalue().startswith("\r\x1b[K   1.00 s  ████████████░░░░░░░░░░░░  50%")
    assert terminal.getvalue().endswith("2 dropped  0 restarts")
    assert "\n" not in terminal.getvalue()
    assert len(terminal.getvalue()) < 80
    assert log.getvalue() == ""


def test_the_sum_names_what_was_given_up_by_its_file(plan: Plan) -> None:
    view = View(plan, out := io.StringIO())
    view.progress(QueueStats(ticks=60, video_sets=60, audio_sets=100, failed_inputs=("2",)))
    view.summary.finished = True
    view.summary.pictures = 59
    view.summary.lost_ticks = 1
    view.end()

    assert lines(out)[0].endswith("film.mp4")
    said = " | ".join(" ".join(line.split()) for line in lines(out)[1:])
    assert said == (
        "video 0.000 s 59 of 60 pictures, 1 lost | audio 0.000 s 0 samples"
        " | sets 60 video, 100 audio, 0 dropped | restarts 0 | given up input 2 test:b"
        " | took 0.000 s"
    )


def test_restarts_are_counted_by_name(plan: Plan) -> None:
    view = View(plan, out := io.StringIO())
    view.summary.restarts = {"source 1": 3, "queue": 1}
    view.end()

    assert "  restarts  4: source 1 x3, queue" in lines(out)


def test_why_a_film_is_not_complete_is_what_made_its_maker_fail(plan: Plan) -> None:
    view = View(plan, out := io.StringIO())
    view.hear(TERMINATED, died("muxer", reason_of(OutputRefused("film.mp4", "No space left"))))
    view.hear(GIVES_UP, died("muxer", "reached_max_restart_intensity"))
    plan.target.part.touch()
    view.end()

    said = "output film.mp4: No space left; what was made is in film.part.mp4"
    assert view.summary.failure == said
    assert lines(out)[2].endswith("film.mp4  is not complete")


def test_an_input_that_was_given_up_before_is_not_blamed_for_it(plan: Plan) -> None:
    view = View(plan, io.StringIO())
    view.hear(TERMINATED, died("source 1", reason_of(ValueError("no picture"))))
    view.hear(GIVES_UP, died("source 1", "reached_max_restart_intensity"))
    view.hear(TERMINATED, died("mixer", "killed"))
    view.hear(GIVES_UP, died("mixer", "reached_max_restart_intensity"))
    view.end()

    assert view.summary.failure == "mixer failed too often"


def test_who_only_passes_on_a_failure_does_not_hide_it(plan: Plan) -> None:
    view = View(plan, io.StringIO())
    view.hear(TERMINATED, died("video_encoder", reason_of(ValueError("too small"))))
    view.hear(GIVES_UP, died("video_encoder", "reached_max_restart_intensity"))
    view.hear(TERMINATED, died("encoders", "shutdown"))
    view.hear(GIVES_UP, died("encoders", "reached_max_restart_intensity"))
    view.end()

    assert view.summary.failure == "ValueError: too small"


def test_the_sum_is_one_line_of_json(plan: Plan) -> None:
    view = View(plan, io.StringIO())
    view.summary.restarts = {"queue": 1}
    view.show_json(out := io.StringIO())

    assert out.getvalue().count("\n") == 1
    told = json.loads(out.getvalue())
    assert told["inputs"] == ["1 test:a", "2 test:b"]
    assert (told["ticks"], told["restarts"], told["finished"]) == (60, {"queue": 1}, False)


def test_a_reader_that_goes_away_disturbs_nothing(plan: Plan) -> None:
    view = View(plan, ClosedPipe())

    view.say("is anybody there?")
    view.progress(QueueStats())
    view.end()
    view.show_json(ClosedPipe())


def test_names_that_a_terminal_would_obey_are_made_harmless(plan: Plan) -> None:
    View(plan, out := io.StringIO()).say("\x1b[2Jgone\nhere")

    assert lines(out) == ["?[2Jgone?here"]
