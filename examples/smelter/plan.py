"""What a run is to be: the checked options, as one frozen value that workers are started with."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from examples.smelter.encode import Encoding
from examples.smelter.inputs import InputInfo
from examples.smelter.muxer import Target
from examples.smelter.offsets import CHUNK, Framerate
from examples.smelter.pictures import RATE, SECOND

__all__ = ["InputPlan", "Plan"]


@dataclass(frozen=True, slots=True)
class InputPlan:
    """One input."""

    id: str
    """Its name inside the pipeline; inputs are drawn in the order of the plan."""
    info: InputInfo
    """What was found in it."""

    @property
    def title(self) -> str:
        """What people know it by: its number and the name of its file."""
        return f"{self.id} {Path(self.info.name).name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    inputs: tuple[InputPlan, ...]
    """What is composed."""
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
