"""The bench runs: every measure of each side gives a figure. What it is, is nobody's business here."""

from __future__ import annotations

import pykka
import pytest

from tests.bench import ours, pykka_side


@pytest.mark.parametrize("name", ours.MEASURES)
def test_every_measure_of_ours_gives_a_figure(name: str) -> None:
    assert ours.measure(name, 1) > 0


@pytest.mark.parametrize("name", pykka_side.MEASURES)
def test_every_measure_of_pykka_gives_a_figure(name: str) -> None:
    # So few threads may fit into memory that is there already.
    try:
        assert pykka_side.MEASURES[name](1) >= 0
    finally:
        # Only those of this test: a carrier of a stuck process would never answer.
        for actor in pykka.ActorRegistry.get_by_class(pykka_side.Counter):
            actor.stop(block=False)
