"""Words of what can be asked of a pipeline: its settings, inputs and outputs. Frozen values.

What was asked for is in the ledger from the moment it was granted; whatever runs for it can be made
anew from there. `control` is who is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from actors.isolation import shareable
from examples.smelter.compose import FALLBACK
from examples.smelter.inputs import InputInfo, Supply
from examples.smelter.media import FileSupply
from examples.smelter.mix import OutputMix
from examples.smelter.offsets import Framerate, FromStart, Ns, Offset
from examples.smelter.scene import Component
from supervisors.child_spec import ChildLike

__all__ = [
    "AllInputs",
    "AllOf",
    "AnyInput",
    "AnyOf",
    "AudioPart",
    "Ends",
    "Held",
    "InputPlan",
    "InputSpec",
    "Never",
    "OutputPlan",
    "OutputSpec",
    "Settings",
    "Sink",
    "TrackPlan",
    "VideoPart",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a pipeline treats time; the same for everybody in it."""

    framerate: Framerate = field(default_factory=lambda: Framerate(30))
    """Ticks in a second; every output has this rate."""
    ahead_of_time: bool = False
    """Give a set out as soon as its inputs are ready, not before its time only."""
    never_drop: bool = False
    """Wait for slow consumers instead of leaving sets out."""
    run_late: bool = False
    """Run what was scheduled for a time that has passed, instead of refusing it."""
    fallback: Ns = FALLBACK
    """A frame that is repeated for longer counts as no picture."""
    limit: tuple[int, int] | None = None
    """Ticks and samples after which there is nothing more; None has no end."""
    starts_by_itself: bool = False
    """Begin when all inputs have shown something, or after a few seconds, without being asked."""
    patience: int = 1
    """How many times as many restarts as usual the supervisors allow; for kill storms."""
    snapshot: Path | None = None
    """The file in which what was asked for outlives everybody; None keeps it in memory only."""

    @property
    def offline(self) -> bool:
        """Whether everybody waits for everybody, and no tick is lost."""
        return self.ahead_of_time and self.never_drop


# -- inputs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input as it is asked for."""

    supply: Supply
    """Where it comes from."""
    required: bool = False
    """Whether everybody waits for it."""
    offset: Offset = field(default_factory=lambda: FromStart(0))
    """Where it begins. A live one that floats begins when it is registered."""
    title: str | None = None
    """What people know it by; None is its id."""


@shareable
@dataclass(frozen=True, slots=True)
class TrackPlan:
    """One track of an input: what it plays in one go."""

    number: int
    """Counted from 1, in the order of asking."""
    supply: Supply
    """Where it comes from."""
    offset: Offset
    """Where it begins."""
    epoch: Ns = 0
    """When it was asked for, on the runtime's clock."""
    cuts_in: bool = False
    """Whether it begins as soon as it has something to show; otherwise when the one before ends."""
    is_seek: bool = False
    """Whether it is another place of the track before it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Where an input was paused."""

    track: int
    """The number of the track it played."""
    place: Ns | None
    """In the time of its file; None if it is none, or nothing of it had been seen."""


@shareable
@dataclass(frozen=True, slots=True)
class InputPlan:
    """One registered input, as its processes are started with."""

    id: str
    """Its name inside the pipeline."""
    spec: InputSpec
    """What was asked for."""
    epoch: Ns = 0
    """When it was registered, on the runtime's clock."""
    later: tuple[TrackPlan, ...] = ()
    """What it plays since it was given other tracks: the current one, and those that wait."""
    held: Held | None = None
    """Where it is paused; None if it runs."""

    @property
    def tracks(self) -> tuple[TrackPlan, ...]:
        """What it plays, the current track first; there is always one."""
        return self.later or (TrackPlan(1, self.spec.supply, self.spec.offset, self.epoch),)

    @classmethod
    def of_file(cls, id: str, info: InputInfo, *, required: bool = False) -> InputPlan:
        """Plan an input that is a file, without end."""
        title = f"{id} {Path(info.name).name}"
        return cls(id, InputSpec(FileSupply(info), required, FromStart(0), title))

    @property
    def title(self) -> str:
        """What people know it by."""
        return self.spec.title or self.id


# -- outputs ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Never:
    """The output has no end of its own."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """It ends when one of these inputs has ended or is gone."""

    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """It ends when all of these inputs have ended or are gone."""

    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyInput:
    """It ends when any input has ended or is gone."""


@dataclass(frozen=True, slots=True)
class AllInputs:
    """It ends when all inputs have ended or are gone, and there was one."""


Ends: TypeAlias = Never | AnyOf | AllOf | AnyInput | AllInputs


@dataclass(frozen=True, slots=True)
class VideoPart:
    """The pictures of an output."""

    width: int
    """In pixels, even."""
    height: int
    """In pixels, even."""
    scene: Component
    """What it shows."""
    ends: Ends = field(default_factory=Never)
    """When it ends by itself."""


@dataclass(frozen=True, slots=True)
class AudioPart:
    """The sound of an output."""

    mix: OutputMix
    """What it consists of."""
    ends: Ends = field(default_factory=Never)
    """When it ends by itself."""


class Sink(Protocol):
    """Where an output goes; a frozen value."""

    @property
    def title(self) -> str:
        """What people know it by."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it is for those who watch now: what is missed is not made up for."""
        ...

    def children(self, output: str, spec: OutputSpec, settings: Settings) -> Sequence[ChildLike]:
        """Return its processes, in the order of their start.

        Two of them are registered as `video_end_of` and `audio_end_of`, as far as it has these
        media, and keep to what `wire` says of an end.
        """
        ...


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output as it is asked for."""

    sink: Sink
    """Where it goes."""
    video: VideoPart | None = None
    audio: AudioPart | None = None


@shareable
@dataclass(frozen=True, slots=True)
class OutputPlan:
    """One registered output."""

    id: str
    spec: OutputSpec
