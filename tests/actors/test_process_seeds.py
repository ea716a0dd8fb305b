"""The races of the kernel under drawn schedules: what holds, holds for every seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actors.scenarios import SCENARIOS, digest, traces

ROOT = Path(__file__).parents[2]

# Where lots decide what is seen, several outcomes must have come up, or the seeds explore nothing.
OUTCOMES = {
    "link_against_exit": 2,
    "link_before_exit": 2,
    "name_against_restart": 10,
    "monitor_against_death": 10,
    "timer_against_cancel": 1,
    "child_that_dies_at_once": 20,
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_holds_holds_for_every_seed_and_a_seed_is_a_run(name: str) -> None:
    first = traces(name)

    assert traces(name) == first
    assert len(set(first)) >= OUTCOMES[name]


def test_a_fresh_interpreter_with_other_hashes_runs_the_same() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "from tests.actors.scenarios import digest; print(digest())"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert found.stdout.strip() == digest()
