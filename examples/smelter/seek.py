"""A file that begins in the middle, and what of an input can be gone to another place of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from examples.smelter.apart import Apart
from examples.smelter.inputs import InputInfo, Item, Nothing, Source, Supply
from examples.smelter.media import FileSupply
from examples.smelter.offsets import Ns
from examples.smelter.pictures import Frame

__all__ = ["SeekSupply", "duration_of", "place_in", "sought"]


def sought(supply: Supply, place: Ns) -> Supply | None:
    """Return the same from another place on, in the time of the file; None if it is no file."""
    match supply:
        case FileSupply():
            return SeekSupply(supply, place)
        case SeekSupply(whole):
            return SeekSupply(whole, place)
        case Apart(inner):
            found = sought(inner, place)
            return None if found is None else Apart(found)
        case _:
            return None


def place_in(supply: Supply, at: Ns) -> Ns | None:
    """Return where a time of the input lies in its file; None if it is no file."""
    match supply:
        case FileSupply(info, loop):
            return at % info.duration if loop and info.duration else at
        case SeekSupply(whole, seek):
            found = place_in(whole, at + seek)
            return at + seek if found is None else found
        case Apart(inner):
            return place_in(inner, at)
        case _:
            return None


def duration_of(supply: Supply) -> Ns | None:
    """Return how long the file of a supply is, None if it is none or does not say."""
    match supply:
        case FileSupply(info):
            return info.duration
        case SeekSupply(whole):
            return duration_of(whole)
        case Apart(inner):
            return duration_of(inner)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class SeekSupply:
    """A file from a place on; at its end it may begin again, at its beginning."""

    file: Supply
    """The whole of it, which begins anywhere."""
    seek: Ns
    """The place, in the file's time: zero of the input."""

    @property
    def title(self) -> str:
        """The name of the file."""
        return self.file.title

    @property
    def video(self) -> bool:
        """Whether it has pictures."""
        return self.file.video

    @property
    def audio(self) -> bool:
        """Whether it has sound."""
        return self.file.audio

    @property
    def is_live(self) -> bool:
        """It is not."""
        return False

    @property
    def buffer(self) -> Ns:
        """None."""
        return 0

    def open(self, start: Ns) -> Source:
        """Open the file and go to a place, counted from `seek`."""
        return _Sought(self.file.open(start + self.seek), self.seek)


class _Sought:
    """A reader whose times count from a place."""

    def __init__(self, reader: Source, seek: Ns) -> None:
        self._reader = reader
        self._seek = seek

    @property
    def info(self) -> InputInfo:
        return self._reader.info

    def read(self) -> Item | Nothing | None:
        item = self._reader.read()
        if isinstance(item, Frame):
            return replace(item, pts=item.pts - self._seek)
        if item is None or isinstance(item, Nothing):
            return item
        return replace(item, start=item.start - self._seek)

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
