"""What a feeder keeps of a track costs little, whatever the times are that it was read with."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import SupportsIndex

import numpy as np
import pytest

from actors import Pid, process, run
from actors.testing import VirtualClock
from examples.smelter.half import Credit
from examples.smelter.inputs import Item
from examples.smelter.offsets import FromStart, Media, Ns
from examples.smelter.pictures import SECOND, Frame, Samples
from examples.smelter.requests import TrackPlan
from examples.smelter.stock import APART, FILL, LEAP, Stock
from examples.smelter.wire import Grant, Offer, Piece
from tests.examples.smelter.rigs import Clip, solid

FAR: Ns = 50_000 * SECOND
EVERYTHING = Credit(oldest=None, newest=0, reach=2 * FAR)
LITTLE = Credit(oldest=None, newest=0, reach=0)


def a_stock() -> Stock:
    return Stock("a", TrackPlan(1, Clip(), FromStart(0)))


def shown(*times: Ns) -> tuple[Item, ...]:
    return tuple(Frame(time, solid(60, (90, 240))) for time in times)


def heard(*starts: Ns) -> tuple[Item, ...]:
    sound = np.full((4_800, 2), 0.5, np.float32)
    return tuple(Samples(start, sound) for start in starts)


def offered(stock: Stock, media: Media, credit: Credit = EVERYTHING) -> tuple[Piece, ...]:
    """Let a new queue ask for a medium from its beginning."""

    def main() -> list[Offer]:
        queue: Pid = process.self()
        stock.granted(Grant(queue, 1, media, 0, 0, credit))
        return list(stock.offers(media))

    found = run(main, clock=VirtualClock())
    return found[0].items if found else ()


@pytest.mark.parametrize("far", [FAR, LEAP + SECOND])
@pytest.mark.parametrize("leaping", ["video", "audio"])
def test_a_leap_of_one_medium_costs_one_piece_of_the_other(leaping: Media, far: Ns) -> None:
    stock = a_stock()
    stock.keep((*shown(0), *heard(0)), 0)
    stock.keep(shown(far) if leaping == "video" else heard(far), 0)

    first, filler = offered(stock, "audio" if leaping == "video" else "video")
    assert first.pts == 0
    # It proves that nothing comes before it, which is all that the queue waits for.
    assert far - APART <= filler.edge <= far - APART + 2 * FILL


def test_a_lag_that_grows_is_filled_without_a_hole_however_long() -> None:
    stock = a_stock()
    for n in range(300):
        stock.keep(heard(n * FILL), 0)

    times = [piece.pts for piece in offered(stock, "video")]
    assert times == [n * FILL for n in range(1, len(times) + 1)]
    assert times[-1] >= 300 * FILL - APART - FILL


def test_what_comes_after_a_leap_of_both_media_is_kept() -> None:
    stock = a_stock()
    stock.keep((*shown(0), *heard(0), *shown(FAR), *heard(FAR), *heard(FAR + FILL)), 0)

    assert [piece.pts for piece in offered(stock, "audio")][-2:] == [FAR, FAR + FILL]


class Counting(deque[Piece]):
    """Counts who is looked at."""

    looks = 0

    def __getitem__(self, at: SupportsIndex) -> Piece:  # type: ignore[override]
        Counting.looks += 1
        return super().__getitem__(at)

    def __iter__(self) -> Iterator[Piece]:
        for piece in super().__iter__():
            Counting.looks += 1
            yield piece


def test_a_grant_looks_at_what_may_go_and_not_at_all_that_is_kept() -> None:
    stock = a_stock()
    half = stock._halves["audio"]  # noqa: SLF001 - nothing public tells what is looked at
    half.items = Counting()
    stock.keep(heard(*(n * FILL for n in range(1_000))), 0)
    Counting.looks = 0

    assert len(offered(stock, "audio", LITTLE)) == 1
    assert Counting.looks < 10
