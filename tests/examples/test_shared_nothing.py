"""Which of the five ways lose updates."""

from __future__ import annotations

import pytest

from actors import run
from examples.shared_nothing import WAYS, outcome, refusals

WORKERS, ROUNDS = 4, 300


def test_bare_threads_lose_updates() -> None:
    assert outcome(WAYS["bare threads, one dict"], WORKERS, ROUNDS) < WORKERS * ROUNDS


@pytest.mark.parametrize("name", [name for name in WAYS if name != "bare threads, one dict"])
def test_every_other_way_loses_none(name: str) -> None:
    assert outcome(WAYS[name], WORKERS, ROUNDS) == WORKERS * ROUNDS


def test_what_is_refused_is_told_with_the_way_to_it() -> None:
    assert run(refusals) == [
        "message[1]['lock'] is a lock, which cannot be shared or copied",
        "message[1] is a generator, which cannot be shared or copied",
        "message[1].<captured lock> is a lock, which cannot be shared or copied",
    ]
