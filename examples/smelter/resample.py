"""The sound of one input brought to the mixer's clock and rate: pure arithmetic on samples.

Clocks of sources drift. What an input has ready is compared with what is due before every block of
256 samples; a small difference is made up by playing a little slower or faster, a large one by
inserting silence or leaving sound out (`band_of`). So an input that is a few milliseconds off is
pulled in without a click, and one that jumps is where it belongs at once. Small gaps and overlaps of
batches are drift like any other.

Samples are interpolated linearly; while there is nothing to change they go through untouched.
"""

from __future__ import annotations

from enum import Enum
from math import ceil

import numpy as np

from examples.smelter.offsets import LOOK_AHEAD, MILLISECOND, SECOND, Ns
from examples.smelter.pictures import RATE, Samples, Sound

__all__ = ["BLOCK", "Band", "Resampler", "band_of", "ratio_of"]

BLOCK = 256
"""Samples that are made with one ratio."""

ON_TIME: Ns = 2 * MILLISECOND
MOST_EARLY: Ns = 40 * MILLISECOND
MOST_LATE: Ns = 500 * MILLISECOND
STEEPNESS = 2 * 0.041
LARGEST = 1.041
_NOTICED = 0.01


class Band(Enum):
    """What is done about a drift."""

    FILL = "insert silence in front"
    STRETCH = "play slower"
    ON_TIME = "play as it is"
    SQUASH = "play faster"
    DROP = "leave out what is too late"


def band_of(drift: Ns) -> Band:
    """Say what is done about samples that begin so much later than what is due.

    Example:
        >>> [band_of(d * MILLISECOND).name for d in (50, 5, 1, -5, -600)]
        ['FILL', 'STRETCH', 'ON_TIME', 'SQUASH', 'DROP']
    """
    if drift > MOST_EARLY:
        return Band.FILL
    if drift > ON_TIME:
        return Band.STRETCH
    if drift >= -ON_TIME:
        return Band.ON_TIME
    return Band.SQUASH if drift > -MOST_LATE else Band.DROP


def ratio_of(drift: Ns) -> float:
    """Return how many samples are made of one, for a drift that is not filled or dropped."""
    match band_of(drift):
        case Band.STRETCH:
            return min(LARGEST, 1 + STEEPNESS * drift / MOST_EARLY)
        case Band.SQUASH:
            return max(1 / LARGEST, 1 + STEEPNESS * drift / MOST_LATE)
        case _:
            return 1.0


class Resampler:
    """One input of the mixer.

    Args:
        rate: samples in a second that come out.

    Example:
        >>> one = Resampler()
        >>> one.write(Samples(0, np.ones((1920, 2), np.float32)))
        >>> one.read(0, 20 * MILLISECOND, 960).sum()
        np.float32(1920.0)
    """

    def __init__(self, rate: int = RATE) -> None:
        self._rate = rate
        self._kind = (rate, 2)
        self._reset()

    def _reset(self) -> None:
        self._input: Sound = np.zeros((0, 2), np.float32)
        self._end: Ns = 0
        self._phase = 0.0
        self._ratio = 1.0
        self._output: Sound = np.zeros((0, 2), np.float32)
        self._is_lost = True

    @property
    def held(self) -> int:
        """Samples waiting."""
        return len(self._input) + len(self._output)

    def write(self, batch: Samples) -> None:
        """Take in a batch; one that is far behind what came before it is left out.

        A change of rate or channels begins anew.
        """
        if (kind := (batch.rate, batch.sound.shape[1])) != self._kind:
            self._reset()
            self._kind = kind
        if len(self._input) and batch.start + LOOK_AHEAD < self._end:
            return
        sound = batch.sound if kind[1] == 2 else np.repeat(batch.sound, 2, axis=1)
        self._input = np.concatenate([self._input, sound])
        self._end = batch.end

    def read(self, begin: Ns, end: Ns, count: int) -> Sound:
        """Give the samples of an interval, and forget everything before its end.

        Args:
            begin: of the interval; where the last one ended, or later.
            end: of the interval.
            count: how many samples that is.

        Returns:
            Exactly so many, zeros where nothing is known.
        """
        if self._is_lost and not self._find(begin, end):
            left, self._output = self._output[:count], self._output[:0]
            return _padded(left, count)
        while len(self._output) < count:
            due = begin + len(self._output) * SECOND // self._rate
            if not self._make_block(due):
                break
        given, self._output = self._output[:count], self._output[count:]
        return _padded(given, count)

    def _start(self) -> Ns:
        """Return when the first waiting sample sounds."""
        return self._end - round((len(self._input) - self._phase) * SECOND / self._kind[0])

    def _find(self, begin: Ns, end: Ns) -> bool:
        """Find the place again after there was nothing to play; False if there is still nothing."""
        if not len(self._input) or self._start() >= end:
            return False
        early = begin - self._start()
        if early > 0:
            self._skip(early)
        elif early < 0:
            silence = round(-early * self._rate / SECOND)
            self._output = np.concatenate([self._output, np.zeros((silence, 2), np.float32)])
        self._is_lost = not len(self._input)
        return not self._is_lost

    def _skip(self, length: Ns) -> None:
        self._input = self._input[round(length * self._kind[0] / SECOND) :]
        self._phase = 0.0

    def _make_block(self, due: Ns) -> bool:
        """Make the next samples; False if there are not enough for a whole block."""
        drift = self._start() - due
        match band_of(drift):
            case Band.FILL:
                silence = np.zeros((round(drift * self._kind[0] / SECOND), 2), np.float32)
                self._input = np.concatenate([silence, self._input])
            case Band.DROP:
                self._skip(-drift)
        self._change_ratio(ratio_of(drift))
        step = self._kind[0] / self._rate / self._ratio
        possible = self._possible(step)
        made = min(BLOCK, possible)
        self._output = np.concatenate([self._output, self._interpolated(made, step)])
        if made == BLOCK:
            return True
        self._input = self._input[:0]
        self._phase, self._ratio, self._is_lost = 0.0, 1.0, True
        return False

    def _change_ratio(self, ratio: float) -> None:
        # Small changes are not worth the noise they make; that it is right again always is.
        if ratio == 1.0 or self._ratio == 1.0 or abs(ratio - self._ratio) > _NOTICED:
            self._ratio = ratio

    def _possible(self, step: float) -> int:
        """Return how many samples can be made of what is there."""
        return max(0, ceil((len(self._input) - self._phase) / step - 1e-9))

    def _interpolated(self, count: int, step: float) -> Sound:
        if step == 1.0 and self._phase == 0.0:
            made, self._input = self._input[:count], self._input[count:]
            return made
        places = self._phase + step * np.arange(count + 1)
        following, places = float(places[-1]), places[:-1]
        whole = places.astype(np.int64)
        share = (places - whole).astype(np.float32)[:, np.newaxis]
        last = max(0, len(self._input) - 1)
        first, second = (
            self._input[np.minimum(whole, last)],
            self._input[np.minimum(whole + 1, last)],
        )
        passed = min(int(following), len(self._input))
        self._phase = following - passed
        self._input = self._input[passed:]
        made = first + (second - first) * share
        return np.asarray(made, np.float32)


def _padded(sound: Sound, count: int) -> Sound:
    if len(sound) == count:
        return sound
    silence = np.zeros((count - len(sound), 2), np.float32)
    return np.concatenate([sound, silence])
