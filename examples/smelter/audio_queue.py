"""Which audio set is due: the counter of chunks, who is ready for the next one, what it holds."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from examples.smelter.decision import Readiness, summarise
from examples.smelter.offsets import Ns, chunk_start, first_chunk_from
from examples.smelter.sets import AudioSet, Batch, Entry
from examples.smelter.tracks import Input

__all__ = ["AudioQueue"]

V = TypeVar("V")
A = TypeVar("A")


class AudioQueue:
    """The chunks of one queue. A chunk is used up whether its set is sent or dropped."""

    def __init__(self, chunks: int = 0) -> None:
        self.chunks = chunks

    def next_pts(self, start: Ns) -> Ns:
        """Return where the next chunk begins."""
        return start + chunk_start(self.chunks)

    def skip_to(self, now: Ns, start: Ns) -> None:
        """Give up the chunks that begin before `now`."""
        self.chunks = max(self.chunks, first_chunk_from(now - start))

    def evaluate(self, inputs: Collection[Input[V, A]], at: Ns, start: Ns) -> Readiness:
        """Return who is missing for the chunk at `at`; every input is asked, as for video."""
        asked = [
            (one.required, one.current.audio.ready(at, start))
            for one in inputs
            if one.current is not None and one.current.audio is not None
        ]
        return summarise(required for required, ready in asked if not ready)

    def form(
        self, inputs: Collection[Input[V, A]], at: Ns, start: Ns, *, never_drop: bool
    ) -> AudioSet[A]:
        """Take the set of the chunk at `at` out of the inputs, and count it."""
        self.chunks += 1
        required = never_drop
        entries: dict[str, Entry[Batch[A]]] = {}
        for one in inputs:
            if one.current is not None and one.current.audio is not None:
                entry = entries[one.id] = one.current.audio.entry(at, start)
                required = required or one.required or entry.eos
        return AudioSet(at, required, entries)
