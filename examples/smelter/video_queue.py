"""Which video set is due: the counter of ticks, who is ready for the next one, what it holds."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from examples.smelter.decision import Readiness, summarise
from examples.smelter.offsets import Framerate, Ns
from examples.smelter.sets import Entry, Frame, VideoSet
from examples.smelter.tracks import Input

__all__ = ["VideoQueue"]

V = TypeVar("V")
A = TypeVar("A")


class VideoQueue:
    """The ticks of one queue. A tick is used up whether its set is sent or dropped."""

    def __init__(self, framerate: Framerate, ticks: int = 0) -> None:
        self.framerate = framerate
        self.ticks = ticks

    def next_pts(self, start: Ns) -> Ns:
        """Return the next tick."""
        return start + self.framerate.tick(self.ticks)

    def skip_to(self, now: Ns, start: Ns) -> None:
        """Give up the ticks before `now`."""
        self.ticks = max(self.ticks, self.framerate.first_tick_from(now - start))

    def evaluate(self, inputs: Collection[Input[V, A]], at: Ns, start: Ns) -> Readiness:
        """Return who is missing for the tick at `at`.

        Every input is asked, also after one is found missing: being asked is what lets an input
        take items in and find its anchor.
        """
        asked = [
            (one.required, one.current.video.ready(at, start))
            for one in inputs
            if one.current is not None and one.current.video is not None
        ]
        return summarise(required for required, ready in asked if not ready)

    def form(self, inputs: Collection[Input[V, A]], at: Ns, *, never_drop: bool) -> VideoSet[V]:
        """Take the set of the tick at `at` out of the inputs, and count it."""
        self.ticks += 1
        required = never_drop
        entries: dict[str, Entry[Frame[V]]] = {}
        for one in inputs:
            if one.current is not None and one.current.video is not None:
                entry = entries[one.id] = one.current.video.entry(at)
                # An end of stream must arrive, or nobody downstream would ever stop waiting.
                required = required or one.required or entry.eos
        return VideoSet(at, required, entries)
