"""What one input has ready for an audio chunk.

A chunk takes every batch that begins before its end plus the look-ahead, whole and once: batches
are never cut, repeated or reordered, and late ones are handed on with their past pts, because only
the mixer can tell what to do with them. An input is ready when its batches cover all of that.
"""

from __future__ import annotations

from typing import TypeVar

from examples.smelter.checkpoint import HalfMark
from examples.smelter.half import Half, Phase, Say
from examples.smelter.offsets import CHUNK, LOOK_AHEAD, SPAN, Anchor, FromStart, Ns, minus
from examples.smelter.sets import Batch, Entry

__all__ = ["AudioInput"]

P = TypeVar("P")


class AudioInput(Half[Batch[P]]):
    """The sound of one track."""

    def __init__(self, anchor: Anchor, say: Say, mark: HalfMark | None = None) -> None:
        super().__init__(anchor, say, mark)
        self._need: Ns = 0

    def refresh(self) -> None:
        """Take in batches until they span the limit."""
        self._take_until(0)

    def _take_until(self, need: Ns) -> None:
        """Take in batches until they span the limit *and* reach beyond `need`.

        A chunk that has to wait for far-away sound must be able to get it, even if that is more
        than the buffer normally holds.
        """
        inbox = self.inbox
        held = inbox.held
        while not inbox.closed:
            if held and held[-1].edge > need and held[-1].edge - held[0].pts >= SPAN:
                return
            if not inbox.take():
                return

    def cleanup(self, now: Ns) -> None:
        """Throw away whole batches that began before now."""
        self.refresh()
        if self.inbox.phase is Phase.NEW:
            return
        self.announce()
        # A track that counts from the start is not old before the start: it waits.
        if not isinstance(self.anchor.offset, FromStart):
            self._pop_before(minus(now, self.anchor.fix(None, now)))
            self.refresh()

    def next_cleanup(self) -> Ns | None:
        """Return when the first batch has begun."""
        held = self.inbox.held
        if isinstance(self.anchor.offset, FromStart) or self.anchor.value is None or not held:
            return None
        return self.anchor.value + held[0].pts + 1

    def ready(self, at: Ns, start: Ns) -> bool:
        """Return whether everything the chunk that begins at `at` may take is here."""
        if self.paused_at is not None:
            return True
        offset = self.resolve(start, at)
        if offset is None:
            return self.ready_without_anchor(at + CHUNK, start)
        return self._covers(minus(at + CHUNK + LOOK_AHEAD, offset))

    def _covers(self, need: Ns) -> bool:
        if self.inbox.closed:
            return True
        self._need = need
        self._take_until(need)
        held = self.inbox.held
        return bool(held) and held[-1].edge >= need

    def entry(self, at: Ns, start: Ns) -> Entry[Batch[P]]:
        """Return what this input hands to the chunk that begins at `at`."""
        if self.paused_at is not None:
            self._last_count, self._last_eos = 0, False
            return Entry()
        offset = self.anchor.value
        batches: list[Batch[P]] = []
        if offset is not None and not self._too_early(at, start):
            batches = self._pop_before(minus(at + CHUNK + LOOK_AHEAD, offset))
        ends = self._account(len(batches), contributes=bool(batches))
        return Entry(tuple(b.at(b.pts + (offset or 0)) for b in batches), ends)

    def _too_early(self, at: Ns, start: Ns) -> bool:
        """Return whether the chunk ends before a track that counts from the start begins.

        The look-ahead would reach into the track already; a promised beginning is kept exactly.
        """
        match self.anchor.offset:
            case FromStart(delay):
                return at + CHUNK < start + delay
            case _:
                return False

    def _pop_before(self, until: Ns) -> list[Batch[P]]:
        """Hand out every batch that begins before track time `until`."""
        if self.inbox.phase is Phase.DONE:
            return []
        self._take_until(until)
        inbox = self.inbox
        popped: list[Batch[P]] = []
        while inbox.held and inbox.held[0].pts < until:
            popped.append(inbox.drop_first())
        return popped

    def _reach(self) -> Ns:
        return self._need
