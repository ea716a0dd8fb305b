from __future__ import annotations

import re

import pytest

from actors import run
from actors.testing import SeededChoice, VirtualClock
from examples import stages


def play(capsys: pytest.CaptureFixture[str], books: int, seed: int) -> list[str]:
    run(stages.pipeline, books, clock=VirtualClock(), choice=SeededChoice(seed))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("seed", range(20))
def test_every_good_page_is_bound_once_and_in_order(
    capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    *books, _ = play(capsys, 20, seed)
    pages = [int(page) for book in books for page in re.findall(r"\d+", book.partition(":")[2])]

    assert pages == [page for page in range(1, pages[-1] + 1) if page % 3 != 0]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("books", [5, 50])
def test_the_press_is_as_far_ahead_after_many_books_as_after_few(
    capsys: pytest.CaptureFixture[str], books: int, seed: int
) -> None:
    last = play(capsys, books, seed)[-1]
    (ahead,) = re.findall(r"(\d+) pages ahead", last)

    assert int(ahead) <= 20
