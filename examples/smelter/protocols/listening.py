"""The latest sound of an output, for whoever listens.

Half a second of it is kept. A call for what follows is answered when there is some; whoever has fallen
further behind than that goes on where it is now.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from actors import Caller, GenServer, Message, NoReply, Reply, call
from examples.smelter.pictures import RATE
from examples.smelter.wire import MIXER, EncoderUp, Finish, Ready, Sing, Written, tell

__all__ = ["Listening"]

KEPT = RATE // 2
"""Samples."""

BEHIND = RATE // 16
"""Samples that a listener begins behind the latest, so that none is late at once."""

MOST_WAITING = 64
"""Calls that may wait for sound."""


class Listening(GenServer[None]):
    """Keeps the latest samples of one output. It keeps its state on itself."""

    def init(self, output: str, viewers: str) -> None:
        """Begin with whatever comes next.

        Args:
            output: whose sound it is.
            viewers: the name of who is told of its end.
        """
        self.output = output
        self.viewers = viewers
        self.kept: deque[Sing] = deque()
        self.end = 0
        self.waiting: list[tuple[Caller, int | None]] = []
        tell(MIXER, EncoderUp(output, "audio", 0))

    @call
    def since(self, state: None, reached: int | None) -> Reply[Sing, None] | NoReply[None]:
        """Return what follows a sample, or the latest; waits for it."""
        found = self._following(reached)
        if found is not None:
            return Reply(found)
        self.waiting.append((self.caller, reached))
        # Some of the oldest have given up waiting long ago.
        del self.waiting[:-MOST_WAITING]
        return NoReply()

    def _following(self, reached: int | None) -> Sing | None:
        if not self.kept or reached == self.end:
            return None
        first = self.kept[0].position
        if reached is None or not first <= reached < self.end:
            # Nobody has been here, or it was in another life, or too long ago.
            reached = max(first, self.end - BEHIND)
        sound = np.concatenate([one.sound for one in self.kept])[reached - first :]
        sound.setflags(write=False)
        return Sing(reached, sound)

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an end is told."""
        match request:
            case Sing(position, sound):
                self._keep(request)
                end = position + len(sound)
                tell(MIXER, Written(self.output, "audio", end, end))
            case Finish(end):
                tell(self.viewers, ("ended", "audio", end))
            case Ready():
                return
            case _:
                raise TypeError(f"a listening end is not told {request!r}")

    def _keep(self, sing: Sing) -> None:
        if sing.position != self.end:
            self.kept.clear()
        self.kept.append(sing)
        self.end = sing.position + len(sing.sound)
        while self.end - self.kept[0].position - len(self.kept[0].sound) > KEPT:
            self.kept.popleft()
        waiting, self.waiting = self.waiting, []
        for caller, reached in waiting:
            found = self._following(reached)
            if found is not None:
                GenServer.reply(caller, found)
