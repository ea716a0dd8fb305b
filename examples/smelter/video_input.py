"""What one input has ready for a video tick.

A frame is current from its pts until the next frame's. So an input is ready for a tick when it can
*prove* which frame is current: it holds a frame newer than the tick, or it has ended. A source that
is slow or frozen repeats its newest frame, with the frame's own old pts.
"""

from __future__ import annotations

from typing import TypeVar

from examples.smelter.checkpoint import HalfMark
from examples.smelter.half import Half, Phase, Say
from examples.smelter.offsets import SPAN, Anchor, FromStart, Ns, minus
from examples.smelter.sets import Entry, Frame

__all__ = ["VideoInput"]

P = TypeVar("P")


class VideoInput(Half[Frame[P]]):
    """The pictures of one track."""

    def __init__(self, anchor: Anchor, say: Say, mark: HalfMark | None = None) -> None:
        super().__init__(anchor, say, mark)
        self._shown: tuple[int, Frame[P]] | None = None
        self._frozen: tuple[int, Frame[P]] | None = None
        self._thaw_lost = mark is not None and mark.frozen

    def refresh(self) -> None:
        """Take in frames until their pts span the limit."""
        inbox = self.inbox
        held = inbox.held
        while not inbox.closed:
            if held and held[-1].pts - held[0].pts >= SPAN:
                return
            if not inbox.take():
                return

    def prepare(self, at: Ns) -> None:
        """Throw away every frame that a newer one has replaced by track time `at`."""
        self.refresh()
        while self._drop_replaced(at):
            self.refresh()

    def _drop_replaced(self, at: Ns) -> bool:
        held = self.inbox.held
        before = len(held)
        while len(held) > 1 and held[1].pts <= at:
            self.inbox.drop_first()
        return len(held) < before

    def cleanup(self, now: Ns) -> None:
        """Keep the newest frame that is not newer than now, and what follows it."""
        self.refresh()
        if self.inbox.phase is Phase.NEW:
            return
        self.announce()
        # A track that counts from the start is not old before the start: it waits.
        if not isinstance(self.anchor.offset, FromStart):
            self.prepare(minus(now, self.anchor.fix(None, now)))

    def next_cleanup(self) -> Ns | None:
        """Return when the second frame replaces the first."""
        held = self.inbox.held
        if isinstance(self.anchor.offset, FromStart) or self.anchor.value is None or len(held) < 2:
            return None
        return self.anchor.value + held[1].pts

    def ready(self, at: Ns, start: Ns) -> bool:
        """Return whether it is certain what this input shows at a tick."""
        if self.paused_at is not None:
            self._find_lost_picture()
            return True
        offset = self.resolve(start, at)
        if offset is None:
            return self.ready_without_anchor(at, start)
        return self._proves(minus(at, offset))

    def _proves(self, at: Ns) -> bool:
        if self.inbox.closed:
            return True
        self.prepare(at)
        held = self.inbox.held
        # After `prepare`, a second frame is always newer than `at`.
        return len(held) > 1 or (len(held) == 1 and held[0].pts > at)

    def entry(self, at: Ns) -> Entry[Frame[P]]:
        """Return what this input shows at a tick."""
        if self.paused_at is not None:
            self._last_count, self._last_eos = 0, False
            return self._held_still(at)
        before = self.inbox.gone
        shown = self._current(at)
        self._shown = shown or self._shown
        # Only the last frame of all is handed out for good; replaced ones are no part of the set.
        last = self.inbox.gone - before if self.inbox.phase is Phase.DONE and shown else 0
        ends = self._account(min(last, 1), contributes=shown is not None)
        if shown is None or self.anchor.value is None:
            return Entry(eos=ends)
        _, frame = shown
        return Entry((frame.at(frame.pts + self.anchor.value),), ends)

    def _current(self, at: Ns) -> tuple[int, Frame[P]] | None:
        """Return the current frame and its number. It stays, unless it is the last one."""
        offset = self.anchor.value
        # Not saturating, unlike readiness: before its beginning a track shows nothing.
        if offset is None or at < offset or self.inbox.phase is Phase.DONE:
            return None
        self.prepare(at - offset)
        inbox = self.inbox
        if not inbox.held or inbox.held[0].pts > at - offset:
            return None
        number, frame = inbox.gone, inbox.held[0]
        if inbox.closed and len(inbox.held) == 1:
            inbox.drop_first()
        return number, frame

    def pause(self, position: Ns, start: Ns | None) -> None:
        """Hold the picture of this place of the line."""
        if start is not None:
            self._frozen = self._current(position) or self._last_shown()
        super().pause(position, start)

    def resume(self) -> None:
        """Let the picture go."""
        super().resume()
        self._frozen = None
        self._thaw_lost = False

    def _last_shown(self) -> tuple[int, Frame[P]] | None:
        """Return the frame of the last set.

        Where ticks and chunks do not coincide, looking at the next tick may have thrown away the
        frame at the pause position; the picture people see is then the one to hold.
        """
        return None if self.inbox.phase is Phase.DONE else self._shown

    def _find_lost_picture(self) -> None:
        """After a restart of the queue: find the held picture among what is offered again."""
        if not self._thaw_lost or self.paused_at is None:
            return
        self._frozen = self._current(self.paused_at)
        self._thaw_lost = self._frozen is None

    def _held_still(self, at: Ns) -> Entry[Frame[P]]:
        if self._frozen is None or self.anchor.value is None or self.paused_at is None:
            return Entry()
        _, frame = self._frozen
        # Stamped anew each time, so that nobody takes a pause for a dead source.
        return Entry((frame.at(frame.pts + self.anchor.value + at - self.paused_at),))

    def mark(self, *, undo: bool) -> HalfMark:
        """Return what is to be remembered."""
        plain = super().mark(undo=undo)
        return HalfMark(
            needed_from=plain.needed_from,
            delivered=plain.delivered,
            playing=plain.playing,
            eos=plain.eos,
            frozen=self._frozen is not None or self._thaw_lost,
        )

    def _needed_from(self) -> int:
        # The held picture is needed as long as the pause lasts, even if it left the buffer.
        return self.inbox.gone if self._frozen is None else self._frozen[0]
