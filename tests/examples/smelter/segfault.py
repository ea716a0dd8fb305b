"""A supply whose codec really takes its process down, for those who run it apart."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from fractions import Fraction

import av
from av.filter import Graph

from examples.smelter.complaints import MediaBroken
from examples.smelter.inputs import Item
from tests.examples.smelter.rigs import Clip, ClipReader

__all__ = ["BrokenClip", "Segfaulting", "fault"]


def fault() -> None:
    """Push a frame into a filter whose graph has been collected: a use after free."""

    def contexts() -> tuple[object, object]:
        graph = Graph()
        shape = av.VideoFormat("yuv420p")
        source = graph.add_buffer(width=64, height=64, format=shape, time_base=Fraction(1, 30))
        sink = graph.add("buffersink")
        source.link_to(sink)
        graph.configure()
        return source, sink

    source, _ = contexts()
    gc.collect()
    for _ in range(100):
        source.push(av.VideoFrame(64, 64, "yuv420p"))  # type: ignore[attr-defined]


class BrokenClip(Clip):
    """A clip that is broken at a known place."""

    def open(self, start: int) -> ClipReader:
        raise MediaBroken("clip", 123, "as it was made")


@dataclass(frozen=True, slots=True)
class Segfaulting(Clip):
    """A clip whose reader dies of a segmentation fault after some pictures, every time."""

    after: int = 10

    def open(self, start: int) -> SegfaultingReader:
        return SegfaultingReader(self, start)


class SegfaultingReader(ClipReader):
    def __init__(self, clip: Segfaulting, start: int) -> None:
        super().__init__(clip, start)
        self.left = clip.after

    def read(self) -> Item | None:
        if self.left == 0:
            fault()
        self.left -= 1
        return super().read()
