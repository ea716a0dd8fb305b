from __future__ import annotations

import re

import pytest

from actors.process import self, send, sleep
from tests.interleavings.support import REPLAY, each, mail, under_choices
from tests.watching import Seen


def test_a_scene_that_fails_names_its_seed_and_that_seed_fails_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[object]] = Seen()

    @under_choices(200)
    def scene() -> None:
        boss = self()
        each(*[lambda n=n: send(boss, n) for n in range(3)])
        seen.append(mail())
        assert seen[-1] == [0, 1, 2]

    monkeypatch.delenv(REPLAY, raising=False)
    with pytest.raises(AssertionError, match=rf"with {REPLAY}=\d+: ") as failed:
        scene()
    found = re.search(rf"{REPLAY}=(\d+)", str(failed.value))
    assert found is not None
    assert seen[0] == [0, 1, 2]
    wrong = seen[-1]
    seen.clear()
    monkeypatch.setenv(REPLAY, found[1])
    with pytest.raises(AssertionError):
        scene()
    assert seen == [wrong]


def test_a_scene_without_concurrency_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    @under_choices(3)
    def scene() -> None:
        sleep(1.0)

    monkeypatch.delenv(REPLAY, raising=False)
    with pytest.raises(AssertionError, match="no interleaving"):
        scene()
