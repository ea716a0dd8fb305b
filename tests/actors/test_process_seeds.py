"""The races of the kernel under drawn schedules: what holds, holds for every seed."""

from __future__ import annotations

import pytest

from tests.actors.scenarios import SCENARIOS, digest, traces
from tests.afresh import printed

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
    assert printed("tests.actors.scenarios", "digest") == digest()
