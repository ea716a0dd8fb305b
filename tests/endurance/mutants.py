"""What the tests of the innermost rooms would notice: nearly every small change to them.

Each change is one mutant: a comparison turned round, an argument left out, a word replaced. A mutant that
no test notices is either a hole in the tests or no change at all; those that were looked at and
found to be none are listed below, each with its reason, by the line and what became of it.

The rooms and the tests are those of `[tool.mutmut]` in `pyproject.toml`. It is played in a copy of the
project, which has no compiled rooms.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from typing import Final

from examples._setup import ROOT
from tests.endurance.tally import Tally, case

__all__: list[str] = []

COPY = ROOT / ".letitcrash" / "mutants"
PARTS = ("actors", "supervisors", "examples", "tests")
PAPERS = ("pyproject.toml", "README.md", "LICENSE")

ORDERS = 5
"""How many orders drawn by lot each scene is played in."""

SURVIVED = {0, 5, 33}
"""Exit codes of `mutmut`: all tests passed, or there was none."""
NOTICED = {1, 3, -24, 24, 36, 152, 255, -9, -11}
"""A test failed, hung, or its interpreter died."""

EQUIVALENT: Final[dict[tuple[str, str], str]] = {
    ("self._aliases.pop(ref, None)", "self._aliases.pop(ref, )"): (
        "one's own table holds an alias only while the common one does"
    ),
    ("owner.monitors.pop(ref, None)", "owner.monitors.pop(ref, )"): (
        "a watcher holds a monitor as long as the watched one does; the default is for the dead"
    ),
    ("other.watchers.pop(ref, None)", "other.watchers.pop(ref, )"): (
        "a watched one holds a monitor as long as its watcher does; the default is for the dead"
    ),
    ("cell.timers.pop(ref, None)", "cell.timers.pop(ref, )"): (
        "a process holds its timers as long as the table of all does"
    ),
    ("cell.timers[timer.ref] = None", 'cell.timers[timer.ref] = ""'): (
        "the table is used as an ordered set; nobody reads its values"
    ),
    ("cell.watchers = None", 'cell.watchers = ""'): (
        "of a process that nobody has seen; both are empty"
    ),
    ("self.release(cell, NORMAL)", "self.release(cell, None)"): (
        "the reason of a process that nobody has seen is told to nobody"
    ),
    ("self.cells.pop(cell.pid.serial, None)", "self.cells.pop(cell.pid.serial, )"): (
        "whoever is discarded was entered a moment ago"
    ),
    ("self.demonitor(cell, alias, False)", "self.demonitor(cell, alias, None)"): ("both are false"),
    ("if near < size:", "if near <= size:"): "the rest of nothing is nothing",
    ("sender.answer = None", 'sender.answer = ""'): "it is set anew before anybody reads it",
    ("self._aliases.pop(alias, None)", "self._aliases.pop(alias, )"): (
        "one's own table holds an alias only while the common one does"
    ),
    ("listed.callers.pop(cell, None)", "listed.callers.pop(cell, )"): (
        "whoever is listed is among the callers; the default is for the dead"
    ),
    ("one.links.pop(other.pid, None)", "one.links.pop(other.pid, )"): "a link is in both tables",
    ("other.links.pop(one.pid, None)", "other.links.pop(one.pid, )"): "a link is in both tables",
    ("timer = self.timers.pop(ref, None)", "timer = self.timers.pop(ref, )"): (
        "a process holds its timers as long as the table of all does"
    ),
    ("cell.timers = None", 'cell.timers = ""'): "nobody sets a timer for the dead",
    (
        "if cell is not None and cell.timers is not None:",
        "if cell is not None or cell.timers is not None:",
    ): "a timer for the dead is in no table, and whoever has one has a table of them",
    ("target.callers[cell] = None", 'target.callers[cell] = ""'): (
        "the table is used as an ordered set; nobody reads its values"
    ),
    ("cell.idle = False", "cell.idle = None"): "both are false",
    ("cell.awaiting = cell.calling = None", 'cell.awaiting = cell.calling = ""'): (
        "of the dead both are only compared with others, and equal none"
    ),
    ("self.signal(cell, sender, KILL, False)", "self.signal(cell, None, KILL, False)"): (
        "whoever is killed is not told by whom"
    ),
    ("self.signal(cell, sender, KILL, False)", "self.signal(cell, sender, KILL, None)"): (
        "both are false"
    ),
    (
        'if kind != "demonitor" and kind in {"reply", "reply_demonitor"}:',
        'if kind != "XXdemonitorXX" and kind in {"reply", "reply_demonitor"}:',
    ): "it is not in the set either; asked first, because it is the kind of nearly every alias",
    (
        'if kind != "demonitor" and kind in {"reply", "reply_demonitor"}:',
        'if kind != "DEMONITOR" and kind in {"reply", "reply_demonitor"}:',
    ): "it is not in the set either; asked first, because it is the kind of nearly every alias",
    (
        'if mail is None or type(mail) is deque or kind == "explicit":',
        'if mail is None and type(mail) is deque or kind == "explicit":',
    ): "`force` delivers to a mailbox that has no bound; it is asked first to save the way there",
    (
        'if mail is None or type(mail) is deque or kind == "explicit":',
        'if mail is None or type(None) is deque or kind == "explicit":',
    ): "`force` delivers to a mailbox that has no bound; it is asked first to save the way there",
    (
        "if other.links is not None and other.links.pop(cell.pid, None) is not None:",
        "if other.links is not None and other.links.pop(cell.pid, ) is not None:",
    ): "a link is in both tables",
    (
        "watched = self._watched.pop(ref, cell.pid) if self._watched else cell.pid",
        "watched = self._watched.pop(ref, cell.pid) if (self._watched) or True else cell.pid",
    ): "an empty table has no such reference; asking first is quicker",
    ('scheduler.answer(sender, ref, "reply", None)', "scheduler.answer(sender, ref, None, None)"): (
        "whoever waits for room looks only whether it was refused"
    ),
    (
        'scheduler.answer(sender, ref, "reply", None)',
        'scheduler.answer(sender, ref, "XXreplyXX", None)',
    ): "whoever waits for room looks only whether it was refused",
    (
        'scheduler.answer(sender, ref, "reply", None)',
        'scheduler.answer(sender, ref, "REPLY", None)',
    ): "whoever waits for room looks only whether it was refused",
    ("self._dropping = False", "self._dropping = None"): "both are false",
    ("if len(self) < self.bound.limit:", "if len(self) <= self.bound.limit:"): (
        "`admit` looks for room itself"
    ),
    (
        "left = self._kept.get(id(message), 0) - 1",
        "left = self._kept.get(id(message), 1) - 1",
    ): "what is not in the table leaves nothing there, be it none left or less",
    (
        "accepts = None if type(wanted) is Ref or isinstance(wanted, _PLAIN) else wanted",
        "accepts = None if type(None) is Ref or isinstance(wanted, _PLAIN) else wanted",
    ): "a reference is among the plain; asked first, because most often it is one",
    ("case _:\nreturn None", ""): "a function that comes to its end returns None",
    ("self.current: Cell | None = None", 'self.current: Cell | None = ""'): (
        "the loop sets it before the first process runs"
    ),
}
"""The mutants that change nothing that anybody could see: the line, the line instead of it, and why."""


def copy() -> None:
    """Copy the project, but nothing that was compiled."""
    shutil.rmtree(COPY, ignore_errors=True)
    leave = shutil.ignore_patterns("__pycache__", "*.so", ".*_cache")
    for part in PARTS:
        shutil.copytree(ROOT / part, COPY / part, ignore=leave)
    for paper in PAPERS:
        shutil.copy(ROOT / paper, COPY / paper)
    # A mutant fails in one of the first orders or in none, and each of a thousand has to go through them.
    orders = COPY / "tests" / "actors" / "schedules.py"
    orders.write_text(
        re.sub(r"SEEDS = range\(\d+\)", f"SEEDS = range({ORDERS})", orders.read_text())
    )


def mutmut(*arguments: str) -> str:
    """Run it in the copy, and return what it prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(
        command, cwd=COPY, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def exit_codes() -> dict[str, int | None]:
    """Return how the tests of each mutant ended."""
    codes: dict[str, int | None] = {}
    for told in sorted((COPY / "mutants").rglob("*.meta")):
        codes.update(json.loads(told.read_text())["exit_code_by_key"])
    return codes


def change(mutant: str) -> tuple[str, str]:
    """Return the lines that a mutant takes away, and those that it puts there."""
    lines = mutmut("show", mutant).splitlines()
    diff = [line for line in lines if not line.startswith(("---", "+++"))]
    return tuple(
        "\n".join(line[1:].strip() for line in diff if line.startswith(sign)) for sign in "-+"
    )  # type: ignore[return-value] # two signs, two texts


def settings() -> dict[str, list[str]]:
    """Return what `pyproject.toml` says of it."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, list[str]] = tomllib.load(file)["tool"]["mutmut"]
        return found


@case(short=0, long=1)
def what_no_test_would_notice(size: int, tally: Tally) -> None:
    """Every small change to signals, links, strategy, intensity and mailbox is noticed, or is listed as none."""
    said = settings()
    tests = said["pytest_add_cli_args_test_selection"]
    for path in (*said["source_paths"], *tests):
        tally.check((ROOT / path).exists(), f"no such file any more: {path}")
    rooms = [(ROOT / path).read_text() for path in said["source_paths"]]
    lines = {line.strip() for room in rooms for line in room.splitlines()}
    for before, after in EQUIVALENT:
        there = all(line in lines for line in before.splitlines())
        tally.check(there, f"no such line any more: {before} (to {after})")
    if not size:
        return
    copy()
    mutmut("run", "--max-children", str(os.cpu_count() or 1))
    codes = exit_codes()
    by_room: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for mutant, code in codes.items():
        room = re.sub(r"\.x[_ǁ].*", "", mutant)
        by_room[room] += 1
        killed[room] += code in NOTICED
        is_same = code in SURVIVED and change(mutant) in EQUIVALENT
        same[room] += is_same
        known = code in NOTICED or is_same
        tally.check(known, f"{mutant}: exit code {code}" if known else _story(mutant, code))
    for room, count in by_room.items():
        share = f"{killed[room] / count:.1%}"
        tally.note(f"{room}: {killed[room]} of {count} killed ({share}), {same[room]} no change")
    total = sum(killed.values())
    share = f"{total / len(codes):.1%}"
    tally.note(f"in all {total} of {len(codes)} killed ({share}), {sum(same.values())} no change")


def _story(mutant: str, code: int | None) -> str:
    before, after = change(mutant)
    return f"{mutant} (exit code {code}): {before}  ->  {after}"
