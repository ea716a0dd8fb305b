"""An actor that a test leaves behind fails it."""

from __future__ import annotations

from collections.abc import Iterator

import pykka
import pytest

from tests.actors.pykka_bridge.players import Player, ThreadPlayer


@pytest.fixture(autouse=True)
def _leaves_no_actor() -> Iterator[None]:
    yield
    left = [pykka.ActorRegistry.get_by_class(kind) for kind in (Player, ThreadPlayer)]
    assert left == [[], []]
