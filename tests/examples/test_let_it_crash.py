from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest

from actors import Pid, logs, process, run, telemetry
from actors.testing import SeededChoice, VirtualClock
from examples import let_it_crash
from examples.let_it_crash import HEIGHT, PAUSE, WIDTH, After, Event, Log, Picture, Scene, Tree


@pytest.fixture(autouse=True)
def _the_logs_get_their_reports_back() -> Iterator[None]:
    yield
    telemetry.set_reporter(logs.log_report)


def show(*, seed: int = 0, live: bool = False) -> float:
    """Play everything, and return how long it took by the virtual clock."""

    def main() -> float:
        let_it_crash.show_all(PAUSE, live=live)
        return process.monotonic()

    seconds = run(main, clock=VirtualClock(), choice=SeededChoice(seed))
    assert seconds is not None
    return seconds


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


def test_the_pauses_pass_on_the_virtual_clock() -> None:
    starts, stops, crashes = (9 + 1 + 2 + 3) + (2 + 2 + 2), 1 + 2 + 1, 3 + 3

    # One for each, so that no two of them are shown at the same moment.
    assert show() == pytest.approx(PAUSE * (starts + stops + crashes))


def test_no_crash_report_gets_between_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show()

    shown = capsys.readouterr()
    assert shown.err == ""
    assert "Traceback" not in shown.out


# The picture, on a terminal that knows just what is needed.


class Terminal:
    """What is to be seen after some output, and the highest jump back in it."""

    def __init__(self, output: str) -> None:
        self.lines = [""]
        self.row = 0
        self.highest = 0
        for up, erase, newline, text in re.findall(
            r"\x1b\[(\d+)A|(\x1b\[K)|(\n)|([^\x1b\n]+)", re.sub(r"\x1b\[\d+m", "", output)
        ):
            if up:
                self.highest = max(self.highest, int(up))
                self.row -= int(up)
            elif newline:
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif not erase:
                self.lines[self.row] = text

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)


def test_the_picture_fits_a_usual_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show(live=True)

    terminal = Terminal(capsys.readouterr().out)
    # The line below the picture belongs to the cursor.
    assert terminal.highest < HEIGHT
    assert max(map(len, terminal.lines)) < WIDTH


def test_at_the_end_the_picture_stands_there_once_and_complete(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(live=True)

    text = Terminal(capsys.readouterr().out).text()
    assert text.count("== b crashes") == 2
    assert re.search(r"^one_for_one +rest_for_one +one_for_all$", text, flags=re.MULTILINE)
    for heading in ("before", "what happens", "after"):
        assert len(re.findall(rf"^({heading} *){{3}}$", text, re.MULTILINE)) == 1
        assert len(re.findall(rf"^{heading}$", text, re.MULTILINE)) == 1
    fates = re.findall(r"^ ([abc]) \S+ +(\w+) +\1 \S+ +(\w+) +\1 \S+ +(\w+)$", text, re.MULTILINE)
    assert fates == [
        ("a", "untouched", "untouched", "new"),
        ("b", "new", "new", "new"),
        ("c", "untouched", "new", "new"),
    ]


def test_the_picture_grows_in_its_place() -> None:
    out = io.StringIO()
    picture = Picture(out)
    old, new = Pid(1), Pid(2)

    for news in (
        Scene("once", columns=1),
        Tree("tree", "about", ("b",)),
        Event("started", "b", old),
        Event("crashed", "b", old, "a bug"),
        Event("started", "b", new),
        After({"b": new}),
    ):
        picture.show(news)

    assert Terminal(out.getvalue()).text().splitlines() == [
        "",
        "== once",
        "tree",
        "about",
        "before",
        f" b {old}",
        "what happens",
        " ✗ b crashed: a bug",
        f" ✓ b started {new}",
        "after",
        f" b {new}  new",
    ]


def test_the_log_is_one_line_for_each_piece_of_news() -> None:
    out = io.StringIO()
    log = Log(out)

    for news in (Tree("tree", "about", ("b",)), Event("started", "b", Pid(1))):
        log.show(news)

    assert out.getvalue() == "tree: about\n  b     started  #PID<0.1.0>\n"
