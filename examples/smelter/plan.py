"""What a run of the command is to be: the checked options, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from examples.smelter.encode import Encoding
from examples.smelter.mix import InputVolume, OutputMix
from examples.smelter.muxer import Target
from examples.smelter.offsets import CHUNK, Framerate
from examples.smelter.pictures import RATE, SECOND
from examples.smelter.requests import (
    AudioPart,
    InputPlan,
    OutputPlan,
    OutputSpec,
    Settings,
    VideoPart,
)
from examples.smelter.scene import tiles_of
from examples.smelter.sinks import FileSink
from examples.smelter.wire import FILM

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    inputs: tuple[InputPlan, ...]
    """What is composed, as tiles in this order."""
    target: Target
    """The file that is written."""
    encoding: Encoding
    """Size, rate and quality of the output."""
    duration: Fraction
    """Seconds of output."""
    offline: bool = False
    """As fast as possible instead of in real time: everybody waits for everybody, and no tick is
    lost."""
    patience: int = 1
    """How many times as many restarts as usual the supervisors allow; for kill storms."""

    @property
    def framerate(self) -> Framerate:
        """The rate of ticks."""
        return Framerate(self.encoding.rate.numerator, self.encoding.rate.denominator)

    @property
    def ticks(self) -> int:
        """How many pictures the output has."""
        return max(1, round(self.duration * self.encoding.rate))

    @property
    def samples(self) -> int:
        """How many samples the output has, per channel."""
        return round(self.duration * RATE)

    @property
    def chunks(self) -> int:
        """How many audio chunks it takes to make them."""
        return -(-round(self.duration * SECOND) // CHUNK)

    @property
    def settings(self) -> Settings:
        """What everybody in the pipeline has to know."""
        return Settings(
            self.framerate,
            ahead_of_time=self.offline,
            never_drop=self.offline,
            limit=(self.ticks, self.samples),
            starts_by_itself=True,
            patience=self.patience,
        )

    @property
    def desired(self) -> Mapping[tuple[str, str], object]:
        """What is registered from the beginning, as the ledger keeps it."""
        names = tuple(one.id for one in self.inputs)
        volumes = tuple(InputVolume(name) for name in sorted(names))
        spec = OutputSpec(
            FileSink(self.target, self.encoding),
            VideoPart(self.encoding.width, self.encoding.height, tiles_of(names)),
            AudioPart(OutputMix(volumes)),
        )
        inputs = {("input", one.id): one for one in self.inputs}
        return {**inputs, ("output", FILM): OutputPlan(FILM, spec)}
