"""What makes a request one that can be granted, whoever asks; checked before anything starts.

What concerns scenes is in `scene_rules`.
"""

from __future__ import annotations

from examples.smelter.complaints import SpecRefused
from examples.smelter.inputs import Supply
from examples.smelter.mix import MixChange, OutputMix
from examples.smelter.offsets import Ns
from examples.smelter.requests import OutputSpec

__all__ = ["check_id", "check_mix", "check_output", "check_supply", "time_of"]


def check_id(id: str) -> None:
    """Refuse an id that cannot be read out or typed."""
    if not id or len(id) > 200 or not id.isprintable():
        raise SpecRefused("id", id, "a printable name of 1 to 200 letters")


def check_supply(supply: Supply) -> None:
    """Refuse what has nothing to give."""
    if not (supply.video or supply.audio):
        raise SpecRefused("supply", supply.title, "an input with video or audio")


def check_output(spec: OutputSpec) -> None:
    """Refuse an output without media, of an impossible size, or of an impossible mix."""
    if spec.video is None and spec.audio is None:
        raise SpecRefused("output", None, "an output with video or audio")
    if spec.video is not None:
        for side in ("width", "height"):
            length = getattr(spec.video, side)
            if not (isinstance(length, int) and 2 <= length <= 7682 and length % 2 == 0):
                raise SpecRefused(f"video.{side}", length, "an even number from 2 to 7682")
    if spec.audio is not None:
        check_mix(spec.audio.mix)


def check_mix(mix: OutputMix | MixChange) -> None:
    """Refuse volumes out of range, and inputs that are listed twice."""
    seen: set[str] = set()
    for number, one in enumerate(mix.inputs):
        if not 0 <= one.volume <= 2:
            raise SpecRefused(f"inputs[{number}].volume", one.volume, "a number from 0 to 2")
        if one.id in seen:
            raise SpecRefused(f"inputs[{number}].input_id", one.id, "listed once")
        seen.add(one.id)


def time_of(at: object, field: str = "time") -> Ns | None:
    """Return a time, None for none; refuse anything else."""
    if at is None:
        return None
    if isinstance(at, bool) or not isinstance(at, int) or at < 0:
        raise SpecRefused(field, at, "whole nanoseconds from the start")
    return at
