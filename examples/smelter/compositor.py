"""The compositor's process: sets in, pictures out to the encoder, on a thread of its own.

It never waits for the encoder. It keeps the pictures that are not safe in the file yet, takes on a
new set only while few are not even written, and sends them again to a new encoder. Its own crash
loses nothing but time: the queue gives the new one the sets that were not done.
"""

from __future__ import annotations

from collections import deque

from actors import GenServer, Message
from examples.smelter.compose import Compositor as Drawing
from examples.smelter.pictures import Picture
from examples.smelter.plan import Plan
from examples.smelter.scene import tiles_of
from examples.smelter.transition import Memory
from examples.smelter.wire import (
    QUEUE,
    VIDEO_ENCODER,
    ConsumerUp,
    Done,
    Draw,
    EncoderUp,
    Finish,
    Job,
    QueueUp,
    Ready,
    Taken,
    Written,
    tell,
)

__all__ = ["Compositor"]

CREDIT = 5
"""Pictures that may be on their way into the file."""


class Compositor(GenServer[None], host="thread"):
    """Draws one picture for each set. It keeps its state on itself."""

    def init(self, plan: Plan) -> None:
        """Say to the queue that somebody is here."""
        scene = tiles_of(tuple(one.id for one in plan.inputs))
        self.rate = plan.framerate
        self.drawing = Drawing(plan.encoding.width, plan.encoding.height, Memory(scene))
        self.waiting: deque[Job] = deque()
        self.unwritten: deque[Draw] = deque()
        self.unsafe: deque[Draw] = deque()
        self.last = -1
        self.is_ready = False
        self.is_ending = False
        tell(VIDEO_ENCODER, Ready())
        tell(QUEUE, ConsumerUp("video"))

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says a compositor is told."""
        match request:
            case Ready():
                self.is_ready = True
            case Job():
                # Until it is ready, older sets are still to come again; this one will be among them.
                if self.is_ready:
                    self.waiting.append(request)
            case Written(end, safe):
                self._forget(end, safe)
            case EncoderUp(end):
                self._send_again(end)
            case QueueUp():
                tell(QUEUE, ConsumerUp("video"))
            case Finish():
                self.is_ending = True
            case _:
                raise TypeError(f"a compositor is not told {request!r}")
        self._work()

    def _work(self) -> None:
        while self.waiting and len(self.unwritten) < CREDIT:
            self._draw(self.waiting.popleft())
        if self.is_ending and not self.waiting:
            tell(VIDEO_ENCODER, Finish(self.last + 1))

    def _draw(self, job: Job) -> None:
        tell(QUEUE, Taken("video", job.number))
        # A new queue may give out a tick again that the old one had sent already.
        if job.number > self.last:
            picture: Picture = self.drawing.render(job.pictures, self.rate.tick(job.number))
            draw = Draw(job.number, picture)
            self.last = job.number
            self.unwritten.append(draw)
            tell(VIDEO_ENCODER, draw)
        tell(QUEUE, Done("video", job.number))

    def _forget(self, end: int, safe: int) -> None:
        while self.unwritten and self.unwritten[0].tick < end:
            self.unsafe.append(self.unwritten.popleft())
        while self.unsafe and self.unsafe[0].tick < safe:
            self.unsafe.popleft()

    def _send_again(self, end: int) -> None:
        self.unwritten.extendleft(reversed(self.unsafe))
        self.unsafe.clear()
        self._forget(end, 0)
        tell(VIDEO_ENCODER, Ready())
        for draw in self.unwritten:
            tell(VIDEO_ENCODER, draw)
