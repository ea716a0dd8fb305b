"""Replays of the kinds that need no clock: `mixer` and `colour`.

Each function takes one scenario of a vector file, as it comes out of JSON, and returns what the
scenario calls `expect`, computed. Colours are compared within one level, samples within a billionth,
however they are cut into runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from examples.smelter.mix import Gain, InputVolume, Mixed, Mixer, OutputMix, Sums
from examples.smelter.pictures import rgb_to_yuv, yuv_to_rgb
from examples.smelter.vectors import Difference, Kind, ReplayError, moment, near, shown

__all__ = ["COLOUR", "MIXER", "guarded", "replay_colour", "replay_mixer"]

Json = dict[str, Any]
"""The border where parsed text comes in; its shape is checked by using it."""

MISSHAPEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def replay_mixer(scenario: Json) -> Json:
    """Mix the chunks of a scenario of the kind ``mixer``."""
    rate = int(scenario["sample_rate"])
    mixer = Mixer({id: _output_mix(o) for id, o in scenario["outputs"].items()}, rate)
    return {"chunks": [_mixed_to_json(_mix_chunk(mixer, c)) for c in scenario["chunks"]]}


def replay_colour(scenario: Json) -> Json:
    """Convert the triples of a scenario of the kind ``colour``."""
    convert = rgb_to_yuv if scenario["direction"] == "rgb_to_yuv" else yuv_to_rgb
    return {"output": [list(convert((a, b, c))) for a, b, c in scenario["input"]]}


def _output_mix(output: Json) -> OutputMix:
    inputs = tuple(InputVolume(entry["id"], entry["volume"]) for entry in output["inputs"])
    return OutputMix(
        inputs, output["channels"], output["strategy"], Gain(**output.get("scale", {}))
    )


def _mix_chunk(mixer: Mixer, chunk: Json) -> Mixed:
    inputs = {id: _from_runs(runs) for id, runs in chunk["inputs"].items()}
    return mixer.mix(moment(chunk["start"]), moment(chunk["end"]), inputs)


def _from_runs(runs: Sequence[Sequence[float]]) -> Sums:
    values = np.array([run[1:] for run in runs], dtype=np.float64)
    return np.repeat(values, [int(run[0]) for run in runs], axis=0)


def _to_runs(samples: Sums) -> list[list[float]]:
    if not len(samples):
        return []
    cuts = np.flatnonzero(np.any(samples[1:] != samples[:-1], axis=1)) + 1
    edges = [0, *cuts.tolist(), len(samples)]
    return [[end - begin, *samples[begin].tolist()] for begin, end in pairwise(edges)]


def _mixed_to_json(mixed: Mixed) -> Json:
    outputs: Json = {}
    for id, output in mixed.outputs.items():
        outputs[id] = {"count": mixed.count, "samples": _to_runs(output.samples)}
        if output.factor is not None:
            outputs[id]["factor"] = output.factor
    return {"pts": shown(mixed.pts), "outputs": outputs}


def guarded(replay: Callable[[Json], Json]) -> Callable[[Json], Json]:
    """Blame the file, in words, for a scenario of the wrong shape."""

    def replayed(scenario: Json) -> Json:
        try:
            return replay(scenario)
        except MISSHAPEN as error:
            raise ReplayError(f"{type(error).__name__}: {error}") from error

    return replayed


def _compare_mixed(expected: Json, got: Json) -> Difference:
    try:
        plain = _without_runs(expected)
    except MISSHAPEN as error:
        raise ReplayError(f"'expect': {type(error).__name__}: {error}") from error
    return near(plain, _without_runs(got), "expect", within=1e-9)


def _without_runs(result: Json) -> Json:
    """Write every sample out; two lists of runs may be cut differently and sound the same."""
    return {
        **result,
        "chunks": [
            {
                **chunk,
                "outputs": {
                    id: {**output, "samples": _from_runs(output["samples"]).tolist()}
                    for id, output in chunk["outputs"].items()
                },
            }
            for chunk in result["chunks"]
        ],
    }


MIXER = Kind(guarded(replay_mixer), _compare_mixed)
COLOUR = Kind(guarded(replay_colour), lambda e, g: near(e, g, "expect", within=1))
