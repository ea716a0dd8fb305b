"""What an input is to the rest: its description, its items, and how its reader is used."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self

from examples.smelter.pictures import Frame, Samples

__all__ = ["AudioInfo", "InputInfo", "Item", "Source", "VideoInfo"]

Item = Frame | Samples
"""What a reader gives."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The pictures of an input."""

    codec: str
    """As FFmpeg calls it; ``"generated"`` for test pictures."""
    width: int
    """As encoded, before odd sides and oblong pixels are made even and square."""
    height: int
    """As encoded."""
    rate: Fraction | None
    """Frames in a second on the average, if the file says so."""
    duration: int | None
    """Nanoseconds from the input's zero to the end of the last frame, if the file says so."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The sound of an input."""

    codec: str
    rate: int
    """Samples in a second as stored; readers always give 48,000."""
    channels: int
    """As stored; readers always give two."""
    duration: int | None
    """Nanoseconds from the input's zero to the end of the last sample, if the file says so."""


@dataclass(frozen=True, slots=True)
class InputInfo:
    """What `probe` found; plain values, so it may be sent and kept. One of both media is there."""

    name: str
    """As the user wrote it."""
    container: str
    """As FFmpeg calls it; ``"generated"`` for test pictures."""
    video: VideoInfo | None
    audio: AudioInfo | None
    zero: Fraction
    """The file's own time, in seconds, of what counts as zero here."""
    duration: int | None
    """The longer of both media, in nanoseconds; None if unknown or without end."""


class Source(Protocol):
    """The reader of one input."""

    @property
    def info(self) -> InputInfo:
        """What is being read."""
        ...

    def read(self) -> Item | None:
        """Give the next frame or run of samples, or None at the end; may block."""
        ...

    def close(self) -> None:
        """Give back the file, at any time, more than once if need be."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None: ...
