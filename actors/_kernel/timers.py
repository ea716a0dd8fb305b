"""Deadlines: a heap of timers, and one slot per process for whatever it waits for.

A call has a timeout of five seconds that almost never comes. Pushing and cancelling a heap entry for each
would cost as much as the call. So a process has *one* entry at most, and setting its deadline
later than that entry is only an assignment: when the entry comes up, it looks at the real deadline and,
if that is later, is pushed again. A process that calls without a pause costs one push in five seconds.

Cancelled entries are forgotten in place and swept out when they are more than half of the heap.

Source: the idea of lazy timers is that of the Linux kernel's "timer slack" and of Netty's hashed wheel;
a wheel was refused because a virtual clock needs exact deadlines.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, final

from actors.messages import Message

if TYPE_CHECKING:
    from actors._kernel.cell import Cell
    from actors.pid import Pid, Ref

__all__ = ["Deadlines", "Timer"]

_SMALL = 64
_UNSOUND = 1 << 40


@final
class Timer:
    """One message that will be sent at its time."""

    __slots__ = ("dest", "live", "message", "ref", "when")

    def __init__(self, ref: Ref, when: float, dest: Pid | str, message: Message) -> None:
        self.ref = ref
        self.when = when
        self.dest = dest
        self.message = message
        self.live = True


@final
class Deadlines:
    """Everything that has to happen at a time, soonest first, equal times in order of setting."""

    __slots__ = ("_heap", "_serial", "_stale")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer | Cell]] = []
        self._serial = 0
        self._stale = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, timer: Timer) -> None:
        """Set a timer."""
        try:
            self._push(timer.when, timer)
        except BaseException:
            timer.live = False
            raise

    def arm(self, cell: Cell, deadline: float) -> None:
        """Set the deadline of what a process waits for now."""
        armed = cell.armed
        if armed is None or deadline < armed:
            # First, since it may fail for want of memory or depth: who counts as armed and has no entry is deaf.
            self._push(deadline, cell)
            cell.armed = deadline
            if armed is not None:
                # One that waits long and then briefly, again and again, leaves an entry each time.
                self._forget()
        cell.deadline = deadline

    def cancel(self, timer: Timer) -> None:
        """Forget a timer."""
        timer.live = False
        # Or it would go, and its finalizers run, in the turn of whoever sweeps the heap.
        timer.message = None
        self._forget()

    def disarm(self, cell: Cell) -> None:
        """Forget the entry of a process that has ended."""
        cell.deadline = None
        if cell.armed is not None:
            cell.armed = None
            self._forget()

    def due(self, now: float) -> Timer | Cell | None:
        """Remove and return the next entry whose time has come."""
        # Asked every few turns, and hardly ever is it time for anything. What means nothing any more goes at once.
        if not self._heap or (self._heap[0][0] > now and not self._stale):
            return None
        soonest = self.soonest()
        if soonest is None or soonest > now:
            return None
        _, _, item = heappop(self._heap)
        if not isinstance(item, Timer):
            cell = item
            cell.armed = None
            cell.deadline = None
        return item

    def soonest(self) -> float | None:
        """Return the time of the next entry that still means something."""
        if self._stale >= _UNSOUND:
            self._sweep()
        heap = self._heap
        while heap:
            when, _, item = heap[0]
            if isinstance(item, Timer):
                if item.live:
                    return when
            else:
                cell = item
                if cell.armed == when:
                    deadline = cell.deadline
                    if deadline is None:
                        cell.armed = None
                        self._stale += 1
                    elif deadline <= when:
                        return when
                    else:
                        self._push(deadline, cell)
                        cell.armed = deadline
                        # Still the first: the other is later.
                        heappop(heap)
                        continue
            heappop(heap)
            self._stale -= 1
        return None

    def _push(self, when: float, item: Timer | Cell) -> None:
        self._serial += 1
        try:
            heappush(self._heap, (when, self._serial, item))
        except BaseException:
            # It may be in the heap, and not in its place: who compares needs room on the stack as well. The loop
            # puts that right, which has room.
            self._stale = _UNSOUND
            raise

    def _forget(self) -> None:
        self._stale += 1
        if self._stale > _SMALL and self._stale * 2 > len(self._heap):
            self._sweep()

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if _means_something(entry[0], entry[2])]
        heapify(self._heap)
        self._stale = 0


def _means_something(when: float, item: Timer | Cell) -> bool:
    if isinstance(item, Timer):
        return item.live
    return item.armed == when
