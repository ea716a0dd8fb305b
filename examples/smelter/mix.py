"""Sound of many inputs into one: pure arithmetic on samples.

Two halves. `Mixer` takes samples that are already cut to the chunk and makes one batch for every
output: sum, volume, then clamp (`sum_clip`) or an automatic gain (`sum_scale`). `Timeline` cuts:
it takes the batches of one input as they come, with their times, and gives the samples of any
interval, zeros where there are none. `SoundMixer` puts both together for the common case of one
stereo output.

Counting is exact. The number of samples delivered up to a chunk's end is always
floor((end - start of the first chunk) * rate / 1 s), in integers; chunks that never came are
filled with silence in front of the next one, so whoever encodes may count samples instead of
reading times. What comes too late for its chunk is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from examples.smelter.pictures import RATE, SECOND, Samples, Sound

__all__ = [
    "Gain",
    "InputVolume",
    "Mixed",
    "MixedOutput",
    "Mixer",
    "MixerState",
    "OutputMix",
    "SoundMixer",
    "Timeline",
]

Sums = NDArray[np.float64]

SNAP = 2_000_000
"""Nanoseconds by which a batch may miss the end of the one before and still follow it directly."""


@dataclass(frozen=True, slots=True)
class InputVolume:
    """One input of an output."""

    id: str
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class Gain:
    """The automatic gain of `sum_scale`."""

    down: float = 1.0
    """Louder than this: the factor goes down by ``down_step``."""
    up: float = 0.7
    """Softer than this: the factor goes up by ``up_step``, to 1 at most."""
    down_step: float = 0.02
    up_step: float = 0.01
    start: float = 1.0
    """The factor before the first chunk."""


@dataclass(frozen=True, slots=True)
class OutputMix:
    """What one output consists of."""

    inputs: tuple[InputVolume, ...]
    """Summed in this order."""
    channels: Literal["stereo", "mono"] = "stereo"
    strategy: Literal["sum_clip", "sum_scale"] = "sum_clip"
    gain: Gain = field(default_factory=Gain)
    """Read by `sum_scale` only."""


@dataclass(frozen=True, slots=True)
class MixerState:
    """What a mixer that is started again needs in order to go on; plain values."""

    first: int
    """Start of the very first chunk, in nanoseconds."""
    end: int
    """End of the last chunk mixed, in nanoseconds."""
    factors: tuple[tuple[str, float], ...] = ()
    """Output and factor, for each output that has one."""


@dataclass(frozen=True, slots=True, eq=False)
class MixedOutput:
    """The samples of one output."""

    samples: Sums
    """(count, 2), or (count, 1) for mono."""
    factor: float | None
    """Of `sum_scale`, after this chunk."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """One batch for every output."""

    pts: int
    """In nanoseconds; earlier than the chunk when a gap was filled."""
    count: int
    """Samples per channel; more than the chunk's when a gap was filled."""
    outputs: Mapping[str, MixedOutput]


class Mixer:
    """Mix chunk after chunk for any number of outputs.

    Args:
        outputs: id to what it consists of.
        rate: samples in a second.
        state: where an earlier mixer stopped; None begins anew.
    """

    def __init__(
        self,
        outputs: Mapping[str, OutputMix],
        rate: int = RATE,
        state: MixerState | None = None,
    ) -> None:
        self._outputs = dict(outputs)
        self._rate = rate
        self._first = None if state is None else state.first
        self._end = 0 if state is None else state.end
        kept = {} if state is None else dict(state.factors)
        self._factors = {
            id: kept.get(id, output.gain.start)
            for id, output in self._outputs.items()
            if output.strategy == "sum_scale"
        }

    @property
    def state(self) -> MixerState | None:
        """What a successor needs; None before the first chunk."""
        if self._first is None:
            return None
        return MixerState(self._first, self._end, tuple(self._factors.items()))

    def position(self, time: int) -> int:
        """Count the samples from the first chunk's start to a time in nanoseconds, rounded down."""
        return (time - (self._first or 0)) * self._rate // SECOND

    def mix(self, start: int, end: int, inputs: Mapping[str, Sums | Sound]) -> Mixed:
        """Mix one chunk.

        Args:
            start: of the chunk, in nanoseconds; not before the end of the last one.
            end: of the chunk.
            inputs: samples of this chunk by input, (count, 2) or for mono (count, 1); an input
                that is missing, or short, is silent.

        Returns:
            A batch for every output, with what was missing since the last chunk in front.

        Raises:
            ValueError: the chunk begins before the end of the last one, or ends before it begins.
        """
        if self._first is None:
            self._first = self._end = start
        if not self._end <= start <= end:
            raise ValueError(f"chunk {start} to {end} does not follow {self._end}")
        done, begin, stop = (self.position(time) for time in (self._end, start, end))
        pts, self._end = self._end, end
        stereo = {id: _stereo(samples, stop - begin) for id, samples in inputs.items()}
        outputs = {
            id: self._output(id, output, begin - done, stop - begin, stereo)
            for id, output in self._outputs.items()
        }
        return Mixed(pts, stop - done, outputs)

    def _output(
        self, id: str, output: OutputMix, gap: int, count: int, inputs: Mapping[str, Sums]
    ) -> MixedOutput:
        parts = [self._strategy(id, output, np.zeros((gap, 2)))] if gap else []
        parts.append(self._strategy(id, output, _sum(output.inputs, inputs, count)))
        samples = np.concatenate(parts) if gap else parts[0]
        if output.channels == "mono":
            samples = (samples[:, :1] + samples[:, 1:]) / 2
        return MixedOutput(samples, self._factors.get(id))

    def _strategy(self, id: str, output: OutputMix, total: Sums) -> Sums:
        if output.strategy == "sum_scale":
            before = self._factors[id]
            after = self._factors[id] = _next_factor(output.gain, before, total)
            ramp = before + (after - before) * np.arange(len(total)) / max(1, len(total))
            total = total * ramp[:, np.newaxis]
        return np.clip(total, -1.0, 1.0)


def _sum(volumes: Iterable[InputVolume], inputs: Mapping[str, Sums], count: int) -> Sums:
    total = np.zeros((count, 2))
    for entry in volumes:
        if (samples := inputs.get(entry.id)) is not None:
            total[: len(samples)] += samples * entry.volume
    return total


def _next_factor(gain: Gain, factor: float, total: Sums) -> float:
    loudest = float(np.abs(total).max(initial=0.0)) * factor
    if loudest > gain.down:
        return max(factor - gain.down_step, 0.0)
    if loudest < gain.up:
        return min(factor + gain.up_step, 1.0)
    return factor


def _stereo(samples: Sums | Sound, count: int) -> Sums:
    wide = np.asarray(samples[:count], dtype=np.float64)
    return np.repeat(wide, 2, axis=1) if wide.shape[1] == 1 else wide


class Timeline:
    """The samples of one input, by position.

    Holds what was added and not yet taken or passed; positions are whole samples. A batch that
    begins where the last one ended, give or take `snap`, follows it without a seam; any other
    goes where it says, and what overlaps samples already there is dropped.

    Args:
        snap: in samples.
    """

    def __init__(self, snap: int = SNAP * RATE // SECOND) -> None:
        self._snap = snap
        self._runs: list[tuple[int, Sound]] = []
        self._end: int | None = None
        self._passed: int | None = None

    @property
    def held(self) -> int:
        """Samples waiting."""
        return sum(len(sound) for _, sound in self._runs)

    def add(self, position: int, sound: Sound) -> None:
        """Put a batch where it belongs; what is before the last `take` is dropped.

        Args:
            position: of its first sample.
            sound: (count, 2).
        """
        if self._end is not None and abs(position - self._end) <= self._snap:
            position = self._end
        floor = max((edge for edge in (self._end, self._passed) if edge is not None), default=None)
        if floor is not None and position < floor:
            sound = sound[floor - position :]
            position = floor
        if len(sound):
            self._runs.append((position, sound))
            self._end = position + len(sound)

    def take(self, begin: int, end: int) -> Sound:
        """Cut out an interval and forget everything up to its end.

        Args:
            begin: the first sample.
            end: the sample after the last one.

        Returns:
            Exactly end - begin samples, zeros where nothing is known.
        """
        taken = np.zeros((end - begin, 2), np.float32)
        kept: list[tuple[int, Sound]] = []
        for position, sound in self._runs:
            first, last = max(position, begin), min(position + len(sound), end)
            if first < last:
                taken[first - begin : last - begin] = sound[first - position : last - position]
            if position + len(sound) > end:
                kept.append((position, sound))
        self._runs, self._passed = kept, end
        return taken


class SoundMixer:
    """Mix the batches of all inputs into one stereo stream, chunk by chunk.

    Plain object, to be used by one process at a time; nothing blocks. A successor made with
    `state` continues the count of samples; what the old one held (up to the look-ahead of the
    batches) is silence then.

    Args:
        volumes: input to volume; an input without one has 1.0.
        state: of the mixer that is replaced; None begins anew.

    Example:
        >>> mixer = SoundMixer()
        >>> tone = Samples(0, np.full((1920, 2), 0.75, np.float32))
        >>> first = mixer.mix(0, 20_000_000, {"a": [tone], "b": [tone]})
        >>> first.count, float(first.sound[0, 0])
        (960, 1.0)
        >>> mixer.mix(60_000_000, 80_000_000, {}).count
        2880
    """

    def __init__(
        self, volumes: Mapping[str, float] | None = None, state: MixerState | None = None
    ) -> None:
        self._volumes = dict(volumes or {})
        self._state = state
        self._inputs: dict[str, Timeline] = {}

    @property
    def state(self) -> MixerState | None:
        """What a successor needs; None before the first chunk."""
        return self._state

    def mix(self, start: int, end: int, batches: Mapping[str, Sequence[Samples]]) -> Samples:
        """Mix one chunk.

        Args:
            start: of the chunk, in nanoseconds; not before the end of the last one.
            end: of the chunk.
            batches: what came for each input since the last chunk, in the same time as the
                chunk; may reach beyond the chunk and may be late.

        Returns:
            The samples since the end of the last chunk: 960 for 20 ms, more after a gap.

        Raises:
            ValueError: the chunk begins before the end of the last one.
        """
        first = start if self._state is None else self._state.first
        begin, stop = ((time - first) * RATE // SECOND for time in (start, end))
        for id, arrived in batches.items():
            timeline = self._inputs.setdefault(id, Timeline())
            for batch in arrived:
                timeline.add(_nearest(batch.start - first), batch.sound)
        cut = {id: timeline.take(begin, stop) for id, timeline in self._inputs.items()}
        self._forget_drained(batches)
        mixer = Mixer({"": self._mix_of(cut)}, RATE, self._state)
        mixed = mixer.mix(start, end, cut)
        self._state = mixer.state
        return Samples(mixed.pts, mixed.outputs[""].samples.astype(np.float32))

    def _mix_of(self, ids: Iterable[str]) -> OutputMix:
        # Sorted, so that rounding does not depend on who came first.
        return OutputMix(tuple(InputVolume(id, self._volumes.get(id, 1.0)) for id in sorted(ids)))

    def _forget_drained(self, batches: Mapping[str, Sequence[Samples]]) -> None:
        for id in [id for id in self._inputs if id not in batches]:
            if not self._inputs[id].held:
                del self._inputs[id]


def _nearest(duration: int) -> int:
    return (duration * RATE + SECOND // 2) // SECOND
