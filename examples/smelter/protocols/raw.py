"""Frames and samples from Python, and to Python.

    register_input("drawn", InputSpec(RawSupply("drawn")))
    push("drawn", Frame(0, picture))               # waits while enough is on its way
    end("drawn")

    register_output("seen", OutputSpec(RawSink(), VideoPart(…)))
    take("seen", "video")                          # the next picture, as `wire.Draw`

Whoever pushes is held up by the pipeline's credit, and whoever takes slowly misses pictures of a live
output; nothing piles up on either side. An array that is pushed becomes read-only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

from actors import Caller, GenServer, Message, NoReply, Reply, call, process
from examples.smelter.heirs import heirs
from examples.smelter.inputs import NOTHING, AudioInfo, InputInfo, Item, Nothing, VideoInfo
from examples.smelter.offsets import Media, Ns
from examples.smelter.pictures import RATE
from examples.smelter.protocols.gates import start_after
from examples.smelter.requests import OutputSpec, Settings
from examples.smelter.wire import (
    COMPOSITOR,
    CONTROL,
    MIXER,
    Draw,
    EncoderUp,
    Finish,
    Finished,
    Ready,
    Sing,
    Written,
    audio_end_of,
    tell,
    video_end_of,
)
from supervisors import ChildSpec

__all__ = ["RawEnd", "RawGate", "RawReader", "RawSink", "RawSupply", "end", "push", "take"]

ROOM = 8
"""Items that may wait in front of an input."""

PATIENCE = 0.5
"""Seconds that a reader waits for an item before it looks at its mailbox."""


OPENING = 5.0
"""Seconds that an input may take to open its gate, at the beginning and after a crash."""

LOOK = 0.01


def gate_of(name: str) -> str:
    """Return the name of the process that items are pushed to."""
    return f"smelter.raw.{name}"


def push(name: str, item: Item, timeout: float | None = None) -> None:
    """Give an input its next frame or samples, in the order of time.

    Waits for room, and a little for an input that is just being started.

    Args:
        name: of the `RawSupply`.
        item: with times in the track's own time.
        timeout: seconds to wait at the most.

    Raises:
        CallFailed: there is no such input just now, or no room in time.
    """
    _wait_for_gate(name)
    RawGate.put.within(timeout)(gate_of(name), item)


def _wait_for_gate(name: str) -> None:
    deadline = process.monotonic() + OPENING
    while process.whereis(gate_of(name)) is None and process.monotonic() < deadline:
        process.sleep(LOOK)


def end(name: str) -> None:
    """Let an input end after what was pushed."""
    _wait_for_gate(name)
    RawGate.put.within(None)(gate_of(name), None)


def take(output: str, media: Media, timeout: float | None = 5.0) -> Draw | Sing | None:
    """Return the next picture or samples of an output, None at its end; waits for it.

    Raises:
        CallFailed: there is no such output.
        TimeoutError: nothing came in time; what comes later is still to be taken.
    """
    name = video_end_of(output) if media == "video" else audio_end_of(output)
    deadline = None if timeout is None else process.monotonic() + timeout
    while True:
        # The other side answers soon in any case, so that nothing is handed to who waits no more.
        item = RawEnd.take.within(None)(name)
        if not isinstance(item, Nothing):
            return item
        if deadline is not None and process.monotonic() >= deadline:
            raise TimeoutError(f"output {output}: no {media} in {timeout:g} s")


# -- in --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawSupply:
    """An input whose items are pushed."""

    name: str
    """What it is pushed to by."""
    video: bool = True
    """Whether frames are pushed."""
    audio: bool = False
    """Whether samples are pushed."""
    buffer: Ns = 0
    """It has a time of its own."""
    is_live: bool = False
    """Items come when they are wanted."""

    @property
    def title(self) -> str:
        """What people know it by."""
        return f"raw {self.name}"

    def open(self, start: Ns) -> RawReader:
        """Open the gate; what was pushed to one before it and not taken is lost."""
        return RawReader(self)


class RawReader:
    """Takes what is pushed."""

    def __init__(self, supply: RawSupply) -> None:
        self._gate = start_after(RawGate, name=gate_of(supply.name))
        video = VideoInfo("raw", 0, 0, None, None) if supply.video else None
        audio = AudioInfo("raw", RATE, 2, None) if supply.audio else None
        self._info = InputInfo(supply.title, "raw", video, audio, Fraction(0), None)

    @property
    def info(self) -> InputInfo:
        """What is being read."""
        return self._info

    def read(self) -> Item | Nothing | None:
        """Give the next item, `NOTHING` if there is none yet, None at the end."""
        return RawGate.get.within(PATIENCE + 5)(self._gate)

    def close(self) -> None:
        """Close the gate."""
        if process.is_alive(self._gate):
            GenServer.stop(self._gate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


class RawGate(GenServer[None]):
    """A few items, those who wait with more, and who waits for one."""

    def init(self) -> None:
        """Begin empty."""
        self.items: deque[Item | None] = deque()
        self.crowd: deque[tuple[Caller, Item | None]] = deque()
        self.reader: Caller | None = None
        self.turn = 0

    @call
    def put(self, state: None, item: Item | None) -> Reply[None, None] | NoReply[None]:
        """Take an item in, when there is room."""
        if self.reader is not None:
            reader, self.reader = self.reader, None
            GenServer.reply(reader, item)
            return Reply(None)
        if len(self.items) < ROOM:
            self.items.append(item)
            return Reply(None)
        self.crowd.append((self.caller, item))
        return NoReply()

    @call
    def get(self, state: None) -> Reply[Item | Nothing | None, None] | NoReply[None]:
        """Give an item out, or wait a little for one."""
        if not self.items:
            self.reader = self.caller
            self.turn += 1
            process.send_after(process.self(), ("nothing", self.turn), PATIENCE)
            return NoReply()
        item = self.items.popleft()
        if self.crowd:
            caller, next_one = self.crowd.popleft()
            self.items.append(next_one)
            GenServer.reply(caller, None)
        if item is None:
            self.items.appendleft(None)  # and from then on
        return Reply(item)

    def handle_info(self, message: Message, state: None) -> None:
        """Tell a reader that has waited long enough."""
        if message == ("nothing", self.turn) and self.reader is not None:
            reader, self.reader = self.reader, None
            GenServer.reply(reader, NOTHING)


# -- out -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawSink:
    """An output that is taken from."""

    title: str = "raw"
    """What people know it by."""
    is_live: bool = True
    """Whether what is not taken in time is left out; otherwise the pipeline waits."""

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildSpec]:
        """Return one process for each medium there is."""
        found: list[ChildSpec] = []
        for media, part, name in (
            ("audio", spec.audio, audio_end_of(output)),
            ("video", spec.video, video_end_of(output)),
        ):
            if part is not None:
                found += heirs(
                    RawEnd.child_spec(output, media, id=f"raw {media} {output}", name=name)
                )
        return found


class RawEnd(GenServer[None]):
    """What is under way to whoever takes it: as much as there is credit for."""

    def init(self, output: str, media: Media) -> None:
        """Begin with whatever comes next."""
        self.output = output
        self.media: Media = media
        self.items: deque[Draw | Sing | None] = deque()
        self.waiting: deque[Caller] = deque()
        self.is_over = False
        tell(self._from(), EncoderUp(output, media, 0))

    def _from(self) -> str:
        return COMPOSITOR if self.media == "video" else MIXER

    @call
    def take(self, state: None) -> Reply[Draw | Sing | Nothing | None, None] | NoReply[None]:
        """Give the next one out, or wait a little for it."""
        if not self.items:
            self.waiting.append(self.caller)
            process.send_after(process.self(), "nothing", PATIENCE)
            return NoReply()
        return Reply(self._hand_out())

    def handle_info(self, message: Message, state: None) -> None:
        """Tell whoever has waited longest that it was long enough."""
        if message == "nothing" and self.waiting and not self.items:
            GenServer.reply(self.waiting.popleft(), NOTHING)

    def _hand_out(self) -> Draw | Sing | None:
        match self.items.popleft():
            case Draw(tick) as item:
                tell(COMPOSITOR, Written(self.output, "video", tick + 1, tick + 1))
                return item
            case Sing(position, sound) as item:
                reached = position + len(sound)
                tell(MIXER, Written(self.output, "audio", reached, reached))
                return item
            case None:
                self.items.appendleft(None)
                return None

    def handle_cast(self, request: Message, state: None) -> None:
        """Handle what `wire` says an end is told."""
        match request:
            case Draw() | Sing():
                self.items.append(request)
            case Finish(reached):
                if not self.is_over:
                    self.is_over = True
                    self.items.append(None)
                    tell(CONTROL, Finished(self.output, "raw", reached, reached, reached))
            case Ready():
                return
            case _:
                raise TypeError(f"an end is not told {request!r}")
        while self.items and self.waiting:
            GenServer.reply(self.waiting.popleft(), self._hand_out())
