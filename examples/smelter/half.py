"""What both halves of a track share: the door for items, the way to the anchor, the flags.

A feeder *offers* items; they wait at the door, in order, and the end of the track waits behind
them. The half *takes* them in only while it looks, and only as many as its rule allows: that is
the back-pressure, and `credit` is how a feeder learns of it before it sends. Numbers of items count
from the beginning of the half, so that a feeder knows what it may forget.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

from examples.smelter.checkpoint import HalfMark
from examples.smelter.offsets import SPAN, Anchor, FromStart, Ns, minus
from examples.smelter.sets import Batch, Frame, What

__all__ = ["NO_CREDIT", "Credit", "Half", "Inbox", "Phase", "Say"]

T = TypeVar("T", bound=Frame[object] | Batch[object])

Say: TypeAlias = Callable[[What], None]


class Phase(Enum):
    """How far a half of a track has come."""

    NEW = "nothing has ever arrived"
    RUNNING = "items have arrived"
    DONE = "it has ended and everything is handed out"


@dataclass(frozen=True, slots=True)
class Credit:
    """What a feeder may send to one half of a track, in track time.

    Example:
        >>> frames = [Frame(n * 20_000_000, n) for n in range(9)]
        >>> Credit(oldest=None, newest=0, reach=0).admits(frames)  # spans 100 ms with the sixth
        6
    """

    oldest: Ns | None
    """Where the buffered media begins; None if nothing is buffered."""
    newest: Ns
    """Up to where it goes."""
    reach: Ns
    """Up to where media is needed, even if it is more than a buffer normally holds."""

    def admits(self, waiting: Iterable[Frame[object] | Batch[object]]) -> int:
        """Return how many of the next items may be sent: until the limit is passed by one item."""
        oldest, newest, count = self.oldest, self.newest, 0
        for item in waiting:
            if oldest is None:
                oldest = item.pts
            elif newest - oldest >= SPAN and newest > self.reach:
                break
            newest = item.edge
            count += 1
        return count

    @property
    def open(self) -> bool:
        """Whether at least one item may be sent."""
        return self.oldest is None or self.newest - self.oldest < SPAN or self.newest <= self.reach


NO_CREDIT = Credit(oldest=0, newest=SPAN, reach=0)
"""Nothing may be sent."""


class Inbox(Generic[T]):
    """Items at the door, items taken in, and the end once it has been noticed."""

    __slots__ = ("_ending", "closed", "gone", "held", "offered")

    def __init__(self, gone: int = 0) -> None:
        self.offered: deque[T] = deque()
        self.held: deque[T] = deque()
        self.gone = gone
        self.closed = False
        self._ending = False

    def offer(self, item: T) -> None:
        """Put an item before the door."""
        if not self._ending:
            self.offered.append(item)

    def end(self) -> None:
        """Let nothing come after what has been offered so far."""
        self._ending = True

    def close(self) -> None:
        """Be over at once: everything there was has been handed out by a queue before this one."""
        self._ending = self.closed = True

    @property
    def ending(self) -> bool:
        """Whether the feeder has nothing more to offer."""
        return self._ending

    def take(self) -> bool:
        """Let one item in; find out about the end if there is none. False if nothing came in."""
        if self.offered:
            self.held.append(self.offered.popleft())
            return True
        self.closed = self._ending
        return False

    def drop_first(self) -> T:
        """Hand out or throw away the oldest item."""
        self.gone += 1
        return self.held.popleft()

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        if self.held:
            return Phase.RUNNING
        if self.closed:
            return Phase.DONE
        return Phase.RUNNING if self.gone else Phase.NEW


class Half(ABC, Generic[T]):
    """One medium of one track. `VideoInput` and `AudioInput` say when it is ready and with what."""

    def __init__(self, anchor: Anchor, say: Say, mark: HalfMark | None = None) -> None:
        mark = mark or HalfMark()
        self.anchor = anchor
        self.inbox: Inbox[T] = Inbox(mark.needed_from)
        self.paused_at: Ns | None = None
        self.eos = mark.eos
        self._delivered = mark.delivered
        self._playing = mark.playing
        self._say = say
        # What the last set took from here, for the case that this set never leaves the queue.
        self._last_count = 0
        self._last_eos = False
        if mark.eos:
            self.inbox.close()

    @abstractmethod
    def refresh(self) -> None:
        """Take in what the rule of this medium allows."""

    @abstractmethod
    def cleanup(self, now: Ns) -> None:
        """Before the start: throw away what is too old to be of use, so that live sources flow."""

    @abstractmethod
    def next_cleanup(self) -> Ns | None:
        """Return when `cleanup` will next have something to throw away, if nothing arrives."""

    @abstractmethod
    def ready(self, at: Ns, start: Ns) -> bool:
        """Return whether the set at this place of the line can be formed. Takes in and anchors."""

    @property
    def held(self) -> int:
        """How many items have been taken in and not been handed out or thrown away."""
        return len(self.inbox.held)

    @property
    def is_played(self) -> bool:
        """Whether something of it has been in a set, since it was last resumed, or all of it."""
        return self._playing or self.eos

    def credit(self) -> Credit:
        """Return what the feeder may send now. The end of the track needs no credit."""
        inbox = self.inbox
        if inbox.ending:
            return NO_CREDIT
        if not inbox.held and not inbox.offered:
            return Credit(None, 0, self._reach())
        oldest = (inbox.held or inbox.offered)[0].pts
        return Credit(oldest, (inbox.offered or inbox.held)[-1].edge, self._reach())

    def _reach(self) -> Ns:
        """Return the track time that must be reached whatever the span; 0 = none."""
        return 0

    def announce(self) -> None:
        """Say once that something has arrived."""
        if not self._delivered:
            self._delivered = True
            self._say("delivered")

    def resolve(self, start: Ns, at: Ns) -> Ns | None:
        """Return where the track begins, deciding it if an item is here. None = not known yet."""
        self.refresh()
        if self.inbox.phase is not Phase.RUNNING:
            return self.anchor.value
        self.announce()
        return self.anchor.fix(start, at)

    def ready_without_anchor(self, until: Ns, start: Ns) -> bool:
        """Return whether a half of which nothing is known may be passed over.

        One that is to begin at a fixed distance holds nobody up before that; one that floats has
        promised nothing at all.
        """
        match self.anchor.offset:
            case FromStart(delay) if self.inbox.phase is Phase.NEW:
                return minus(until, start) < delay
            case _:
                return True

    def pause(self, position: Ns, start: Ns | None) -> None:
        """Hold still from this place of the line on."""
        self.paused_at = position
        self._say("paused")

    def hold_again(self, position: Ns) -> None:
        """Be paused as the queue before this one was, without saying so a second time."""
        self.paused_at = position

    def resume(self) -> None:
        """Go on. The next item in a set is announced again."""
        self.paused_at = None
        self._playing = False

    def _account(self, count: int, *, contributes: bool) -> bool:
        """Book what a set takes from here and announce it; return its end-of-stream flag."""
        if contributes and not self._playing:
            self._playing = True
            self._say("playing")
        ends = self.inbox.phase is Phase.DONE and not self.eos
        if ends:
            self.eos = True
            self._say("eos")
        self._last_count, self._last_eos = count, ends
        return ends

    def mark(self, *, undo: bool) -> HalfMark:
        """Return what is to be remembered; with `undo`, without the last set that was formed."""
        return HalfMark(
            needed_from=self._needed_from() - (self._last_count if undo else 0),
            delivered=self._delivered,
            playing=self._playing,
            eos=self.eos and not (undo and self._last_eos),
        )

    def _needed_from(self) -> int:
        return self.inbox.gone
