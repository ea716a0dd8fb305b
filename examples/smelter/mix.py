"""Sound of many inputs into one: pure arithmetic on samples.

`Mixer` takes samples that are already cut to the chunk and makes one batch for every output: sum,
volume, then clamp (`sum_clip`) or an automatic gain (`sum_scale`, with a factor of its own for each
output). `SoundMixer` also cuts: it takes the batches of the inputs as they come, brings each to the
clock (`resample`), and mixes for outputs that come and go, each with a count of its own.

Counting is exact. The number of samples delivered up to a chunk's end is always
floor((end - start of the first chunk) * rate / 1 s), in integers; chunks that never came are
filled with silence in front of the next one, so whoever encodes may count samples instead of
reading times. What comes too late for its chunk is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from examples.smelter.pictures import RATE, SECOND, Samples, Sound
from examples.smelter.resample import Resampler

__all__ = [
    "Gain",
    "InputVolume",
    "MixChange",
    "Mixed",
    "MixedOutput",
    "Mixer",
    "MixerState",
    "OutputMix",
    "SoundMixer",
]

Sums = NDArray[np.float64]


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
class MixChange:
    """What is to become of a mix; what is None stays as it is."""

    inputs: tuple[InputVolume, ...]
    """Instead of those before."""
    channels: Literal["stereo", "mono"] | None = None
    strategy: Literal["sum_clip", "sum_scale"] | None = None

    def of(self, mix: OutputMix) -> OutputMix:
        """Return what becomes of a mix.

        Example:
            >>> MixChange((InputVolume("a"),)).of(OutputMix((), "mono")).channels
            'mono'
        """
        channels, strategy = self.channels or mix.channels, self.strategy or mix.strategy
        return replace(mix, inputs=self.inputs, channels=channels, strategy=strategy)


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


class SoundMixer:
    """Mix the batches of all inputs for outputs that come and go, chunk by chunk.

    Plain object, to be used by one process at a time; nothing blocks. A successor whose outputs are
    connected with the `states` of the old one continues their counts of samples; what the old one
    held (up to the look-ahead of the batches) is silence then.

    Example:
        >>> mixer = SoundMixer()
        >>> mixer.connect("film", OutputMix((InputVolume("a"), InputVolume("b"))), MixerState(0, 0))
        >>> tone = Samples(0, np.full((1920, 2), 0.75, np.float32))
        >>> first = mixer.mix(0, 20_000_000, {"a": [tone], "b": [tone]})["film"]
        >>> first.count, float(first.sound[0, 0])
        (960, 1.0)
        >>> mixer.mix(60_000_000, 80_000_000, {})["film"].count
        2880
    """

    def __init__(self) -> None:
        self._inputs: dict[str, Resampler] = {}
        self._outputs: dict[str, Mixer] = {}
        self._end: int | None = None

    @property
    def states(self) -> dict[str, MixerState]:
        """What a successor needs, by output."""
        return {id: one.state for id, one in self._outputs.items() if one.state is not None}

    def connect(self, id: str, mix: OutputMix, state: MixerState) -> None:
        """Mix for an output from here on.

        Args:
            id: of the output.
            mix: what it consists of.
            state: where its count begins (`first`) and how far it has come (`end`).
        """
        self._outputs[id] = Mixer({id: mix}, RATE, state)

    def change(self, id: str, mix: OutputMix) -> None:
        """Let an output consist of something else; its gain stays where it is."""
        state = self._outputs[id].state
        assert state is not None
        self._outputs[id] = Mixer({id: mix}, RATE, state)

    def disconnect(self, id: str) -> None:
        """Mix no more for an output."""
        del self._outputs[id]

    def forget(self, input_id: str) -> None:
        """Let go of an input that is gone."""
        self._inputs.pop(input_id, None)

    def mix(
        self, start: int, end: int, batches: Mapping[str, Sequence[Samples]]
    ) -> dict[str, Samples]:
        """Mix one chunk.

        Args:
            start: of the chunk, in nanoseconds; not before the end of the last one.
            end: of the chunk.
            batches: what came for each input since the last chunk, in the same time as the
                chunk; may reach beyond the chunk and may be late.

        Returns:
            For each output the samples since the end of its last chunk: 960 for 20 ms, more after
            a gap.

        Raises:
            ValueError: the chunk begins before the end of the last one.
        """
        if self._end is not None and start < self._end:
            raise ValueError(f"chunk {start} to {end} does not follow {self._end}")
        self._end = end
        for id, arrived in batches.items():
            one = self._inputs.setdefault(id, Resampler())
            for batch in arrived:
                one.write(batch)
        count = (end - start) * RATE // SECOND
        cut = {id: one.read(start, end, count) for id, one in self._inputs.items()}
        return {id: self._for(id, one, start, end, cut) for id, one in self._outputs.items()}

    def _for(
        self, id: str, mixer: Mixer, start: int, end: int, cut: Mapping[str, Sound]
    ) -> Samples:
        # One that was connected in the middle of a chunk has nothing of it before that.
        state = mixer.state
        begin = start if state is None else max(start, min(end, state.end))
        late = mixer.position(begin) - mixer.position(start)
        mixed = mixer.mix(begin, end, {name: sound[late:] for name, sound in cut.items()})
        samples = mixed.outputs[id].samples
        if samples.shape[1] == 1:
            samples = np.repeat(samples, 2, axis=1)
        return Samples(mixed.pts, samples.astype(np.float32))
