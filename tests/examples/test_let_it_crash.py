from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import Crash, Down, Pid, logs, process, receive, run, telemetry
from actors.exits import Stack
from actors.testing import SeededChoice, VirtualClock
from examples._frame import Frame
from examples._screen import HEIGHT, WIDTH, keys_in, save_picture
from examples.let_it_crash import live, script
from examples.let_it_crash.__main__ import SHOWN
from examples.let_it_crash.board import Board, News, Seen, news_of
from examples.let_it_crash.script import Event, Log, Tree


@pytest.fixture(autouse=True)
def _the_logs_get_their_reports_back() -> Iterator[None]:
    yield
    telemetry.set_reporter(logs.log_report)


def show(*, seed: int = 0) -> None:
    run(script.show_all, clock=VirtualClock(), choice=SeededChoice(seed))


def sections(log: str) -> dict[str, list[str]]:
    """Return the lines of each tree, from its first crash on, without pids."""
    found: dict[str, list[str]] = {}
    for line in re.sub(r"#PID<[\d.]+>", "", log).splitlines():
        if title := re.match(r"(\w[\w ]*): ", line):
            lines = found[title[1]] = []
        elif line.startswith("  "):
            lines.append(" ".join(line.split()))
    return {title: from_first_crash(lines) for title, lines in found.items()}


def from_first_crash(lines: list[str]) -> list[str]:
    return lines[lines.index("b crashed ZeroDivisionError: division by zero") :]


@pytest.mark.parametrize("seed", range(10))
def test_each_strategy_stops_and_starts_its_own_children_in_order(
    capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    show(seed=seed)

    log = sections(capsys.readouterr().out)
    crash = "b crashed ZeroDivisionError: division by zero"
    assert log["one_for_one"] == [
        crash,
        "b started",
        "after: a untouched, b new, c untouched",
    ]
    assert log["rest_for_one"] == [
        crash,
        "c stopped shutdown",
        "b started",
        "c started",
        "after: a untouched, b new, c new",
    ]
    assert log["one_for_all"] == [
        crash,
        "c stopped shutdown",
        "a stopped shutdown",
        "a started",
        "b started",
        "c started",
        "after: a new, b new, c new",
    ]


@pytest.mark.parametrize("seed", range(10))
def test_one_crash_too_many_is_handed_up_one_level(
    capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    show(seed=seed)

    crash = "b crashed ZeroDivisionError: division by zero"
    assert sections(capsys.readouterr().out)["restart intensity"] == [
        *[crash, "b started"] * 2,
        crash,
        "inner gives up reached_max_restart_intensity",
        "a stopped shutdown",
        "inner ended shutdown",
        "a started",
        "b started",
        "inner started",
        "after: inner new, a new, b new",
    ]


def test_what_is_called_untouched_has_its_old_pid(capsys: pytest.CaptureFixture[str]) -> None:
    show()

    text = capsys.readouterr().out
    before = re.findall(r"^  c +started +(\S+)$", text, flags=re.MULTILINE)[0]
    assert f"c {before} untouched" in text


def test_no_crash_report_gets_between_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show()

    shown = capsys.readouterr()
    assert shown.err == ""
    assert "Traceback" not in shown.out


def test_the_log_is_one_line_for_each_piece_of_news() -> None:
    out = io.StringIO()
    log = Log(out)

    for news in (Tree("tree", "about", ("b",)), Event("started", "b", Pid(1))):
        log.show(news)

    assert out.getvalue() == "tree: about\n  b     started  #PID<0.1.0>\n"


# -- the live form ---------------------------------------------------------------------------------


def after(keys: str, *, seed: int = 0) -> Frame:
    """Press keys where nobody watches, and return what would be seen."""
    telemetry.set_reporter(live.listen)
    frame = run(live.rehearse, keys, clock=VirtualClock(), choice=SeededChoice(seed))
    assert frame is not None
    return frame


def states(frame: Frame) -> list[str]:
    return [row.cells[2].text for row in frame.rows]


def restarts(frame: Frame) -> list[str]:
    return [row.cells[4].text for row in frame.rows]


def told(frame: Frame) -> str:
    return "\n".join(line.text for line in frame.log)


ORDERS, PIPELINE, SESSION = slice(2, 5), slice(6, 9), slice(10, 13)
SEEDS = pytest.mark.parametrize("seed", range(5))


@SEEDS
@pytest.mark.parametrize("key", ["k", "r"])
@pytest.mark.parametrize(
    ("way", "family", "expected"),
    [
        ("^^^^", ORDERS, ["·", "1", "·"]),
        ("", PIPELINE, ["·", "1", "1"]),
        ("vvvv", SESSION, ["1", "1", "1"]),
    ],
)
def test_one_sees_who_falls_with_the_chosen_one(
    key: str, way: str, family: slice, expected: list[str], seed: int
) -> None:
    frame = after(f"{way}{key}1", seed=seed)

    assert restarts(frame)[family] == expected
    assert sum(each != "·" for each in restarts(frame)) == sum(each != "·" for each in expected)
    assert states(frame).count("new") == sum(each == "1" for each in expected)


def test_one_that_hangs_is_shown_with_its_mail_and_is_killed_when_it_must_end() -> None:
    hung = after("vh2")
    ended = after("vh2^k3")

    assert states(hung)[8] == "hangs"
    assert int(hung.rows[8].cells[3].text) > 5
    assert "pipeline.c did not end when asked: killed" in told(ended)
    assert "hangs" not in states(ended)


@SEEDS
def test_one_failure_too_many_escalates_to_the_next_level(seed: int) -> None:
    three, four = after("r1r1r1", seed=seed), after("r1r1r1r1", seed=seed)

    assert three.rows[5].cells[5].text.split() == ["rest_for_one", "●●●"]
    assert "pipeline gives up: reached_max_restart_intensity" in told(four)
    assert four.rows[5].cells[5].text.split() == ["rest_for_one", "○○○"]
    assert four.rows[0].cells[5].text.split() == ["one_for_one", "●○"]
    assert restarts(four)[5] == "1"


def test_when_the_top_gives_up_the_whole_tree_is_started_anew() -> None:
    frame = after("^" * 7 + "k2")

    assert set(restarts(frame)) == {"1"}
    assert "dead" not in states(frame)


@SEEDS
def test_the_whole_way_up_is_in_sight_and_a_new_tree_counts_anew(seed: int) -> None:
    frame = after("r" * 12 + "1", seed=seed)

    told_of = [line.text.partition(" s  ")[2] for line in frame.log]
    assert told_of == [
        "pipeline gives up: reached_max_restart_intensity",
        "pipeline terminated: shutdown",
        "  factory: more than 2 restarts in 10 s",
        "factory gives up: reached_max_restart_intensity",
        "factory has ended: shutdown",
        "nobody is above it, so that we start it anew",
        "13 processes, factory to session, started again",
    ]
    assert frame.rows[0].cells[5].text.split() == ["one_for_one", "○○"]


def test_a_supervisor_can_be_killed_and_nothing_else() -> None:
    frame = after("^^r1")

    assert "a supervisor can be killed" in told(frame)
    assert set(restarts(frame)) == {"·"}


def test_q_ends_the_director() -> None:
    def main() -> bool:
        director = live.Director.start(draws=False, name=live.DIRECTOR)
        assert director is not None
        process.monitor(director)
        live.Director.press(live.DIRECTOR, "q")
        return isinstance(receive(timeout=60.0), Down)

    assert run(main, clock=VirtualClock())


def test_one_that_holds_the_loop_is_named_with_the_line() -> None:
    event = ("actors", "loop", "held")
    news = news_of(event, {"name": "orders.a", "where": "/x/factory.py:57 in trouble"})

    assert news == News(
        "holds the loop", "orders.a", "the runtime", None, "factory.py:57 in trouble"
    )


def test_the_words_are_those_of_the_report() -> None:
    pid = Pid(7)
    crash = Crash(ValueError("a bug"), Stack(()))
    offender = {"id": "orders.a", "pid": pid}
    fields = {"supervisor": "orders", "offender": offender, "reason": crash}

    news = news_of(("supervisors", "child", "terminated"), fields)

    assert news == News("terminated", "orders.a", "orders", pid, "ValueError: a bug")


def test_an_old_failure_is_forgotten_by_the_window() -> None:
    board, pid = Board(), Pid(7)
    for when in (0.0, 1.0):
        board.hear(News("terminated", "orders.a", "orders", pid, "a bug"), when)

    board.look({"orders": Seen(pid, "waiting", 0)}, 10.5)

    assert board.frame().rows[1].cells[5].text.split() == ["one_for_one", "●○○"]


def test_the_picture_is_always_the_same_small_and_shows_all_there_is(tmp_path: Path) -> None:
    once, twice = tmp_path / "once.svg", tmp_path / "twice.svg"
    for file in (once, twice):
        save_picture(after(SHOWN), file)

    picture = once.read_text(encoding="utf-8")
    assert picture == twice.read_text(encoding="utf-8")
    assert len(picture) < 300_000
    for word in ("hangs", "new", "pipeline", "raise", "●"):
        assert word in picture


def test_the_picture_of_the_readme_is_the_one_the_command_makes(tmp_path: Path) -> None:
    kept = Path(script.__file__).with_name("picture.svg")
    made = tmp_path / "picture.svg"

    save_picture(after(SHOWN), made)

    renewed = f"python3 -m examples let_it_crash --picture {kept.name} makes it anew"
    assert kept.read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), renewed


def test_the_live_form_fits_a_usual_terminal() -> None:
    frame = after("r1")

    borders, heading, foot = 2, 1, 1
    assert borders + heading + len(frame.rows) + frame.log_lines + foot <= HEIGHT
    widest = [max(len(row.cells[n].text) for row in frame.rows) for n in range(len(frame.columns))]
    assert sum(widest) + len(widest) <= WIDTH - 4


@pytest.mark.parametrize(
    ("pressed", "keys"),
    [
        ("k", ["k"]),
        ("\x1b[A\x1b[A\x1bOBq", ["up", "up", "down", "q"]),
        ("\x1b", ["escape"]),
        ("é", ["é"]),
    ],
)
def test_quick_fingers_are_kept_up_with(pressed: str, keys: list[str]) -> None:
    assert keys_in(pressed) == keys


def test_only_the_door_imports_rich() -> None:
    folder = Path(script.__file__).parents[1]
    users = {
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if re.search(r"^\s*(from|import) rich\b", file.read_text("utf-8"), flags=re.MULTILINE)
    }

    assert users == {"_screen.py"}
