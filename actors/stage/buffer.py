"""What a stage holds back: events that nobody has asked for yet, and the infos that stand among them.

    store ──> [ e e e i e e ] ──> take      e: an event, may be dropped when there are too many
                                            i: an info, is never dropped and never overtakes

An info stands behind the event that was the last one when it came, and comes out with it, whether that
is taken or dropped. Events are counted from the first one ever stored, so that the place of an info is
a number which does not change; the events themselves are a deque and the infos a second one, so that
either costs nothing when it is not there. GenStage keeps the infos of a bounded buffer in a wheel, for
the same reason.

Source: https://hexdocs.pm/gen_stage/GenStage.html#module-buffering
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal, TypeAlias, final

from actors.messages import Message

__all__ = ["Buffer", "Keep"]

Keep: TypeAlias = Literal["first", "last"]
"""Which events stay when there are too many: the oldest or the newest."""


@final
class Buffer:
    """A buffer of one stage; pure, it sends nothing.

    Args:
        size: How many events it holds; `None` for no limit.
        keep: Which of them stay when there are more.

    Example:
        >>> buffer = Buffer(size=3, keep="last")
        >>> buffer.store([1, 2, 3, 4])
        (1, [])
        >>> buffer.store_info("a word"), len(buffer)
        (True, 3)
        >>> buffer.take(2), buffer.take(5), buffer.take(5)
        (([2, 3], []), ([4], ['a word']), ([], []))

    Source: https://hexdocs.pm/gen_stage/GenStage.html#module-buffering
    """

    __slots__ = ("_events", "_infos", "_keep", "_size", "_taken")

    def __init__(self, size: int | None, keep: Keep) -> None:
        self._size = size
        self._keep = keep
        self._events: deque[object] = deque()
        self._infos: deque[tuple[int, Message]] = deque()
        self._taken = 0
        """How many events have left it since it was made."""

    def __len__(self) -> int:
        """Return how many events it holds; infos are not counted."""
        return len(self._events)

    def store(self, events: Sequence[object]) -> tuple[int, list[Message]]:
        """Add events at the end.

        Args:
            events: The events, in order.

        Returns:
            How many were dropped, of these or of older ones, and the infos that came out thereby.

        Example:
            >>> Buffer(size=1, keep="first").store(["a", "b"])
            (1, [])

        Source: https://hexdocs.pm/gen_stage/GenStage.html#module-buffering
        """
        if self._size is None:
            self._events.extend(events)
            return 0, []
        if self._keep == "first":
            room = self._size - len(self._events)
            self._events.extend(events[:room])
            return max(len(events) - room, 0), []
        self._events.extend(events)
        excess = len(self._events) - self._size
        if excess <= 0:
            return 0, []
        self._drop(excess)
        return excess, self._displaced()

    def store_info(self, message: Message) -> bool:
        """Put an info behind the last event.

        Args:
            message: Anything.

        Returns:
            Whether it was stored; in an empty buffer there is nothing that it would have to wait for.

        Example:
            >>> Buffer(size=1, keep="last").store_info("a word")
            False

        Source: https://hexdocs.pm/gen_stage/GenStage.html#sync_info/3
        """
        if not self._events:
            return False
        self._infos.append((self._taken + len(self._events), message))
        return True

    def take(self, count: int) -> tuple[list[object], list[Message]]:
        """Take events from the front, up to the next info.

        Args:
            count: How many at most.

        Returns:
            The events, and the infos that come right after the last of them.

        Example:
            >>> Buffer(size=1, keep="last").take(1)
            ([], [])

        Source: https://hexdocs.pm/gen_stage/GenStage.html#module-buffering
        """
        if self._infos:
            count = min(count, self._infos[0][0] - self._taken)
        if count >= len(self._events):
            taken = list(self._events)
            self._events.clear()
        else:
            taken = [self._events.popleft() for _ in range(count)]
        self._taken += len(taken)
        return taken, self._displaced()

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self._events.popleft()
        self._taken += count

    def _displaced(self) -> list[Message]:
        """Take out the infos whose event has left."""
        out = []
        while self._infos and self._infos[0][0] <= self._taken:
            out.append(self._infos.popleft()[1])
        return out
