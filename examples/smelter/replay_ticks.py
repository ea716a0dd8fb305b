"""Replays of kind `ticks`: the grid of ticks and chunks, without a queue."""

from __future__ import annotations

from examples.smelter.offsets import Framerate, chunk_start
from examples.smelter.vectors import (
    Difference,
    Json,
    Kind,
    ReplayError,
    Table,
    mapping,
    moment,
    number,
    rows,
    same,
    shown,
    whole,
)

__all__ = ["TICKS", "framerate"]


def framerate(value: Json) -> Framerate:
    """Return a framerate of a file."""
    table = mapping(value, "'output_framerate'")
    try:
        return Framerate(number(table, "num"), number(table, "den"))
    except ValueError as error:
        raise ReplayError(str(error)) from None


def replay(scenario: Table) -> Table:
    """Return when the ticks fall and from when to when the chunks last."""
    rate = framerate(scenario.get("output_framerate"))
    ticks = [_count(n, "a tick") for n in rows(scenario, "ticks")]
    chunks = [_count(m, "a chunk") for m in rows(scenario, "chunks")]
    return {
        "ticks": [shown(rate.tick(n)) for n in ticks],
        "chunks": [[shown(chunk_start(m)), shown(chunk_start(m + 1))] for m in chunks],
    }


def _count(value: Json, where: str) -> int:
    n = whole(value, where)
    if n < 0:
        raise ReplayError(f"{where} is counted from 0, got {n}")
    return n


def compare(expected: Table, got: Table) -> Difference:
    """Compare exactly, as times."""
    return same(_plain(expected), _plain(got), "expect")


def _plain(result: Table) -> Table:
    """Return the result with every time written in one way."""
    chunks: list[Json] = []
    for pair in rows(result, "chunks"):
        if not isinstance(pair, list):
            raise ReplayError(f"a chunk is a pair of times, not {pair!r}")
        chunks.append([moment(t) for t in pair])
    return {"ticks": [moment(t) for t in rows(result, "ticks")], "chunks": chunks}


TICKS = Kind(replay, compare)
