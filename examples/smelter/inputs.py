"""What an input is to the rest: its description, its items, how its reader is made and used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self

from examples.smelter.pictures import Frame, Samples

__all__ = ["NOTHING", "AudioInfo", "InputInfo", "Item", "Nothing", "Source", "Supply", "VideoInfo"]

Item = Frame | Samples
"""What a reader gives."""


class Nothing(Enum):
    """Nothing has come yet; a word of its own, because None is the end."""

    NOTHING = "nothing has come yet"


NOTHING = Nothing.NOTHING
"""What a reader gives that would otherwise keep its process from looking at its mailbox."""


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

    def read(self) -> Item | Nothing | None:
        """Give the next frame or run of samples, `NOTHING`, or None at the end; may block a second."""
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


class Supply(Protocol):
    """Where an input comes from; a frozen value, so that it may be sent and kept."""

    @property
    def title(self) -> str:
        """What people know it by."""
        ...

    @property
    def video(self) -> bool:
        """Whether it has pictures."""
        ...

    @property
    def audio(self) -> bool:
        """Whether it has sound."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it is what happens now: its times are a session's own, and no gap is read later."""
        ...

    @property
    def buffer(self) -> int:
        """Nanoseconds of head start that a live session gets, so that a late packet is in time."""
        ...

    def open(self, start: int) -> Source:
        """Open it and go to a place; in the process of the source, which it may block.

        Args:
            start: nanoseconds to go on from; 0 for a live one.

        Raises:
            Exception: whatever prevents it; the source dies of it and is started again.
        """
        ...
