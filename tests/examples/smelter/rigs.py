"""Whole pipelines for the tests, without files or codecs: counted pictures in, watched outputs out.

A `Clip` gives pictures whose colour tells their number, and sound of one level; an `Eye` is an output
whose two ends tell the watching process what they get. `among` runs a test in the first process of a
runtime with virtual time, beside a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from actors import GenServer, Message, process, run
from actors.testing import VirtualClock
from examples.smelter import tree
from examples.smelter.inputs import InputInfo, Item
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.offsets import MILLISECOND, Framerate, FromStart, Ns, Offset
from examples.smelter.pictures import Colour, Frame, Picture, Samples
from examples.smelter.requests import (
    AudioPart,
    Ends,
    InputPlan,
    InputSpec,
    Never,
    OutputPlan,
    OutputSpec,
    Settings,
    VideoPart,
)
from examples.smelter.scene import Component
from examples.smelter.wire import (
    COMPOSITOR,
    MIXER,
    Draw,
    EncoderUp,
    Finish,
    Ready,
    Sing,
    Written,
    audio_end_of,
    tell,
    video_end_of,
)
from supervisors.child_spec import ChildLike

WATCHER = "test.watcher"
FIFTY = Settings(Framerate(50))
WIDTH, HEIGHT = 64, 36
T = TypeVar("T")


def shade(n: int) -> int:
    """Return the brightness of picture n."""
    return 20 + n % 200


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures and sound made of numbers; a reader that is started again goes on exactly."""

    pictures: int | None = None
    """How many; None has no end."""
    every: Ns = 20 * MILLISECOND
    colour: tuple[int, int] = (128, 128)
    """U and V."""
    level: float = 0.25
    video: bool = True
    audio: bool = True
    is_live: bool = False
    buffer: Ns = 0
    broken_at: tuple[int, ...] = ()
    """Numbers of pictures at which every reader dies."""
    poison_at: int | None = None
    """Number of a picture that nobody can draw."""
    then: Ns | None = None
    """How much later the last of the pictures is than the one before; None keeps the step."""

    @property
    def title(self) -> str:
        return "clip"

    def open(self, start: Ns) -> ClipReader:
        return ClipReader(self, start)


class ClipReader:
    def __init__(self, clip: Clip, start: Ns) -> None:
        self.clip = clip
        self.picture = -(-start // clip.every) if clip.video else 1 << 60
        self.chunk = -(-start // (20 * MILLISECOND)) if clip.audio else 1 << 60

    @property
    def info(self) -> InputInfo:
        return InputInfo("clip", "numbers", None, None, Fraction(0), None)

    def read(self) -> Item | None:
        clip = self.clip
        over = clip.pictures is not None and self.picture >= clip.pictures
        shown = self.picture * clip.every
        if clip.then is not None and self.picture + 1 == clip.pictures:
            shown += clip.then
        heard = self.chunk * 20 * MILLISECOND
        if (
            clip.pictures is not None
            and heard >= clip.pictures * clip.every
            and (over or not clip.video)
        ):
            return None
        if clip.video and not over and shown <= heard:
            if self.picture in clip.broken_at:
                raise RuntimeError(f"broken at picture {self.picture}")
            self.picture += 1
            if self.picture - 1 == clip.poison_at:
                return Frame(shown, poison())
            return Frame(shown, solid(shade(self.picture - 1), clip.colour))
        if not clip.audio:
            return None
        self.chunk += 1
        return Samples(heard, np.full((960, 2), clip.level, np.float32))

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


_SOLIDS: dict[tuple[int, int, int], Picture] = {}


def solid(y: int, colour: tuple[int, int]) -> Picture:
    key = (y, *colour)
    if key not in _SOLIDS:
        _SOLIDS[key] = Picture.solid(WIDTH, HEIGHT, key)
    return _SOLIDS[key]


def poison() -> Picture:
    """Make a picture that has no shape: whoever looks at it dies."""
    picture = Picture.solid(WIDTH, HEIGHT, (16, 128, 128))
    object.__setattr__(picture, "packed", np.zeros(3, np.uint8))
    picture.packed.setflags(write=False)
    return picture


@dataclass(frozen=True, slots=True)
class Saw:
    """A picture has come out."""

    output: str
    tick: int
    colours: tuple[Colour, ...]
    """At the looked-at places."""
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """Samples have come out."""

    output: str
    position: int
    count: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Ended:
    """An output has ended."""

    output: str
    media: str
    end: int


class Lens(GenServer[None]):
    """Takes pictures, and says at once that they are written, unless it is stuck."""

    def init(
        self, output: str, places: tuple[tuple[int, int], ...], stuck: bool, slow: float
    ) -> None:
        self.output, self.places, self.stuck, self.slow = output, places, stuck, slow
        self.free = 0.0
        self.last = -1
        tell(COMPOSITOR, EncoderUp(output, "video", 0))

    def handle_cast(self, request: Message, state: None) -> None:
        match request:
            case Draw(tick) if tick <= self.last:
                # A set that was not done when a compositor died comes again.
                return
            case Draw(tick, picture):
                self.last = tick
                colours = tuple(
                    (
                        int(picture.y[y, x]),
                        int(picture.u[y // 2, x // 2]),
                        int(picture.v[y // 2, x // 2]),
                    )
                    for x, y in self.places
                )
                self._say(Saw(self.output, tick, colours, process.monotonic()))
                if not self.stuck:
                    self._written(Written(self.output, "video", tick + 1, tick + 1))
            case Finish(end):
                self._say(Ended(self.output, "video", end))
            case Ready():
                return
            case _:
                raise TypeError(request)

    def _written(self, news: Written) -> None:
        """Say that it is written, one picture after the other if each takes a while."""
        if not self.slow:
            tell(COMPOSITOR, news)
            return
        self.free = max(self.free, process.monotonic()) + self.slow
        process.send_after(process.self(), news, self.free, absolute=True)

    def handle_info(self, message: Message, state: None) -> None:
        if isinstance(message, Written):
            tell(COMPOSITOR, message)

    def _say(self, message: object) -> None:
        watcher = process.whereis(WATCHER)
        if watcher is not None:
            process.send(watcher, message)


class Ear(GenServer[None]):
    """Takes samples."""

    def init(self, output: str) -> None:
        self.output = output
        self.end = 0
        tell(MIXER, EncoderUp(output, "audio", 0))

    def handle_cast(self, request: Message, state: None) -> None:
        watcher = process.whereis(WATCHER)
        match request:
            case Sing(position, sound):
                sound = sound[max(0, self.end - position) :]
                position = max(position, self.end)
                if not len(sound):
                    return
                self.end = position + len(sound)
                news = Heard(
                    self.output, position, len(sound), float(sound[0, 0]), float(sound[-1, 0])
                )
                if watcher is not None:
                    process.send(watcher, news)
                tell(MIXER, Written(self.output, "audio", self.end, self.end))
            case Finish(end):
                if watcher is not None:
                    process.send(watcher, Ended(self.output, "audio", end))
            case Ready():
                return
            case _:
                raise TypeError(request)


@dataclass(frozen=True, slots=True)
class Eye:
    """An output that is watched."""

    places: tuple[tuple[int, int], ...] = ((WIDTH // 2, HEIGHT // 2),)
    is_live: bool = True
    stuck: bool = False
    slow: float = 0.0
    """Seconds that each picture takes."""

    @property
    def title(self) -> str:
        return "eye"

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildLike]:
        found: list[ChildLike] = []
        if spec.video is not None:
            found.append(
                Lens.child_spec(
                    output,
                    self.places,
                    self.stuck,
                    self.slow,
                    id="lens",
                    name=video_end_of(output),
                )
            )
        if spec.audio is not None:
            found.append(Ear.child_spec(output, id="ear", name=audio_end_of(output)))
        return found


def an_input(
    id: str, clip: Clip, *, required: bool = True, offset: Offset | None = None
) -> tuple[tuple[str, str], InputPlan]:
    spec = InputSpec(clip, required, offset or FromStart(0))
    return ("input", id), InputPlan(id, spec)


def an_output(
    id: str,
    scene: Component,
    *,
    eye: Eye | None = None,
    ends: Ends | None = None,
    sound: Sequence[str] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> tuple[tuple[str, str], OutputPlan]:
    video = VideoPart(*size, scene, ends or Never())
    audio = None
    if sound is not None:
        mix = OutputMix(tuple(InputVolume(name) for name in sound))
        audio = AudioPart(mix, ends or Never())
    return ("output", id), OutputPlan(id, OutputSpec(eye or Eye(), video, audio))


@dataclass(slots=True)
class Seen:
    """What the watcher has seen so far."""

    pictures: dict[str, list[Saw]] = field(default_factory=dict)
    sounds: dict[str, list[Heard]] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)

    def until(self, is_enough: Callable[[], bool], limit: float = 120.0) -> None:
        """Take messages until enough has been seen, in at most so much virtual time."""
        deadline = process.monotonic() + limit
        while not is_enough():
            left = deadline - process.monotonic()
            assert left > 0, "it never came"
            self.take(process.receive(timeout=left))

    def for_seconds(self, seconds: float) -> None:
        """Watch for a while."""
        until = process.monotonic() + seconds
        while (left := until - process.monotonic()) > 0:
            self.take(process.receive(timeout=left))

    def take(self, message: Message) -> None:
        match message:
            case Saw():
                self.pictures.setdefault(message.output, []).append(message)
            case Heard():
                self.sounds.setdefault(message.output, []).append(message)
            case Ended():
                self.ended.append(message)
            case _:
                self.others.append(message)

    def ticks(self, output: str) -> list[int]:
        return [one.tick for one in self.pictures.get(output, [])]

    def brightness(self, output: str) -> dict[int, int]:
        """Return the brightness of every tick at the first place."""
        return {one.tick: one.colours[0][0] for one in self.pictures.get(output, [])}

    def samples(self, output: str) -> int:
        return sum(one.count for one in self.sounds.get(output, []))


def among(
    body: Callable[[Seen], T],
    *registered: tuple[tuple[str, str], object],
    settings: Settings = FIFTY,
) -> T:
    """Run a test beside a pipeline, in virtual time."""

    def main() -> T:
        process.trap_exit(True)
        process.register(process.self(), WATCHER)
        tree.start(settings, dict(registered))
        return body(Seen())

    found: list[T] = []

    def kept() -> None:
        found.append(main())

    run(kept, clock=VirtualClock(), held=None)
    return found[0]


def kill(name: str) -> None:
    """Kill whoever has a name, if somebody has."""
    pid = process.whereis(name)
    if pid is not None:
        process.send_exit(pid, "kill")
