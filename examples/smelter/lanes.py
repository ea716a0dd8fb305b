"""What one output has been sent and not got rid of yet: permission, and what to send again. Pure.

The compositor has a `VideoLane` for each output and the mixer a `SoundLane`. A lane sends without
waiting, and only while little is under way, so nobody's mailbox grows however slow he is. What is not
safe in a file is kept for an encoder that has to begin anew. A live output has no use for what is old:
what it cannot take now is left out, of this output only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from examples.smelter.encode import Tail
from examples.smelter.pictures import RATE, Picture, Sound
from examples.smelter.wire import Draw, EncoderUp, Finish, Ready, Sing, Written

__all__ = ["BEHIND", "CREDIT", "KEPT", "WINDOW", "SoundLane", "Tell", "VideoLane"]

CREDIT = 5
"""Pictures that may be on their way into an output."""

BEHIND = 2 * RATE
"""Samples that may be on their way to a live output."""

WINDOW = RATE
"""Samples that may be on their way into a file; more are kept here until some are written."""

KEPT = 30 * RATE
"""Samples that are kept here for a file that takes none; beyond, they are given up for silence."""

Tell: TypeAlias = Callable[[object], None]
"""Sends to the end of an output, without waiting."""


@dataclass(slots=True)
class VideoLane:
    """The pictures of one output."""

    tell: Tell
    is_live: bool
    unwritten: deque[Draw]
    unsafe: deque[Draw]
    last: int = -1
    dropped: int = 0
    end: int | None = None

    @classmethod
    def to(cls, tell: Tell, *, is_live: bool) -> VideoLane:
        """Make a lane on which nothing is under way."""
        return cls(tell, is_live, deque(), deque())

    @property
    def has_room(self) -> bool:
        """Whether a picture may be sent."""
        return len(self.unwritten) < CREDIT

    def wants(self, tick: int) -> bool:
        """Tell whether a tick belongs to it; a new queue may give out one again."""
        return tick > self.last and tick >= 0 and (self.end is None or tick < self.end)

    def send(self, tick: int, picture: Picture) -> None:
        """Send a picture; the caller has looked whether there is room."""
        draw = Draw(tick, picture)
        self.last = tick
        self.unwritten.append(draw)
        self.tell(draw)

    def drop(self, tick: int) -> None:
        """Leave a picture out, because there is no room."""
        self.last = tick
        self.dropped += 1

    def written(self, news: Written) -> None:
        """Forget what has arrived."""
        while self.unwritten and self.unwritten[0].tick < news.end:
            self.unsafe.append(self.unwritten.popleft())
        while self.unsafe and (self.is_live or self.unsafe[0].tick < news.safe):
            self.unsafe.popleft()

    def encoder_up(self, news: EncoderUp) -> None:
        """Give a new encoder what it needs: all that is not in the file, or what comes next."""
        self.unwritten.extendleft(reversed(self.unsafe))
        self.unsafe.clear()
        if self.is_live:
            self.unwritten.clear()
        while self.unwritten and self.unwritten[0].tick < news.end:
            self.unsafe.append(self.unwritten.popleft())
        self.tell(Ready())
        for draw in self.unwritten:
            self.tell(draw)
        self.say_end()

    def finish(self, end: int | None = None) -> None:
        """Send nothing after a tick, or after what has been sent."""
        if self.end is None:
            self.end = self.last + 1 if end is None else max(0, end)
        self.say_end()

    def say_end(self) -> None:
        """Say again that this is the end, if it is; the end may have died of hearing it."""
        if self.end is not None:
            self.tell(Finish(self.last + 1))


@dataclass(slots=True)
class SoundLane:
    """The sound of one output."""

    tell: Tell
    is_live: bool
    tail: Tail
    sent: int
    """Number of the first sample that was not sent."""
    written_to: int = 0
    dropped: int = 0
    end: int | None = None

    @classmethod
    def to(cls, tell: Tell, position: int, *, is_live: bool) -> SoundLane:
        """Make a lane whose next sample has this position."""
        return cls(tell, is_live, Tail(position), position, position)

    @property
    def has_room(self) -> bool:
        """Whether more samples would be sent at once, or none are wanted."""
        is_over = self.end is not None and self.tail.end >= self.end
        return is_over or (self.sent == self.tail.end and self._may_send)

    @property
    def _may_send(self) -> bool:
        return self.sent - self.written_to <= (BEHIND if self.is_live else WINDOW)

    def send(self, sound: Sound) -> None:
        """Send the next samples, or keep them until there is room; beyond the end, none."""
        if self.end is not None:
            sound = sound[: max(0, self.end - self.tail.end)]
        if not len(sound):
            return
        self.tail.add(sound)
        if self._may_send:
            self._send_all()
        elif self.is_live or self.tail.end - self.sent > KEPT:
            # To the end it is silence, by the position of what comes next.
            self.dropped += self.tail.end - self.sent
            self.sent = self.tail.end
            self.tail.forget(self.tail.end)

    def _send_all(self) -> None:
        if self.sent < self.tail.end:
            position, self.sent = self.sent, self.tail.end
            self.tell(Sing(position, self.tail.since(position)))
        if self.is_live:
            self.tail.forget(self.tail.end)

    def written(self, news: Written) -> None:
        """Forget what has arrived, and send what has waited for that."""
        self.written_to = max(self.written_to, news.end)
        self.tail.forget(news.safe)
        if self._may_send:
            self._send_all()

    def encoder_up(self, news: EncoderUp) -> None:
        """Give a new encoder what it needs."""
        self.tell(Ready())
        if self.is_live:
            self.written_to = self.sent = self.tail.end
        else:
            self.written_to = news.end
            # What is not kept any more is silence; it knows how much by the position.
            self.sent = max(news.end, self.tail.end - self.tail.held)
            self._send_all()
        self.say_end()

    def finish(self, end: int | None = None) -> None:
        """Send nothing after a sample, or after what has been sent."""
        if self.end is None:
            self.end = self.tail.end if end is None else max(0, end)
        # All at once: it is the last time, and nobody may be here to do it later.
        self._send_all()
        self.say_end()

    def say_end(self) -> None:
        """Say again that this is the end, if it is."""
        if self.end is not None:
            self.tell(Finish(self.end))
