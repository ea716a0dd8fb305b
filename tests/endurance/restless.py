"""The core's own tests while the collector runs at nearly every allocation.

Given to pytest as a plugin, this module makes the collector restless: whatever is kept alive by luck alone,
such as a parked stack or a process that only a cycle refers to, dies then in the middle of somebody's turn.
"""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from pathlib import Path

from tests.endurance.tally import Tally, case

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]

CORE = (
    "tests/actors/_kernel/test_scheduler.py",
    "tests/actors/test_process_links.py",
    "tests/actors/_kernel",
    "tests/actors/test_process_aliases.py",
    "tests/actors/test_process_exits.py",
    "tests/actors/test_process_monitors.py",
    "tests/actors/test_process_names.py",
    "tests/actors/test_process_receive.py",
    "tests/actors/test_process_timers.py",
    "tests/actors/test_gen_server.py",
    "tests/actors/test_gen_server_call.py",
    "tests/actors/test_gen_server_start.py",
    "tests/actors/test_task.py",
    "tests/supervisors/test_supervisor.py",
)
"""What is played; the first two in every run of the suite."""


def pytest_runtestloop() -> None:
    """Leave what is there by now out of every later collection, and collect all the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(1)


@case(short=2, long=len(CORE))
def the_core_under_a_restless_collector(size: int, tally: Tally) -> None:
    """The tests of the core pass while garbage is collected at nearly every allocation."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.endurance.restless"]
    command += ["-p", "no:cacheprovider", "--timeout", "900", *CORE[:size]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    for _ in range(counts.get("passed", 0)):
        tally.check(True, "")
    for line in re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.MULTILINE):
        tally.check(False, line)
    tally.check(done.returncode == 0, f"exit code {done.returncode}: {done.stdout[-500:]}")
