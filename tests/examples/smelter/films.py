"""Small films for the tests, made by the rooms under test, and the vectors they replay."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from examples.smelter.encode import AudioEncoder, Encoding, VideoEncoder
from examples.smelter.muxer import Muxer, check_output
from examples.smelter.pictures import RATE, Colour, Picture, Sound

SMALL = Encoding(64, 36)
RED: Colour = (63, 102, 240)
BLUE: Colour = (32, 240, 118)

VECTORS = Path(__file__).parent / "vectors"


def scenarios(kind: str) -> list[dict[str, Any]]:
    """Read the scenarios of one kind."""
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{kind}.json").read_text("utf-8"))[
        "scenarios"
    ]
    return found


def tone(position: int, count: int, pitch: int = 440) -> Sound:
    """Cut a piece out of an endless sine wave."""
    turns = np.arange(position, position + count) % RATE * (pitch / RATE)
    wave = (0.5 * np.sin(2 * np.pi * turns)).astype(np.float32)
    return np.stack([wave, wave], axis=1)


def make_film(
    path: Path, seconds: Fraction | float = 1, colour: Colour = RED, encoding: Encoding = SMALL
) -> Path:
    """Make a film of one colour with a tone."""
    target = check_output(str(path))
    video, audio = VideoEncoder(encoding), AudioEncoder(encoding)
    picture = Picture.solid(encoding.width, encoding.height, colour)
    with Muxer(target, encoding) as muxer:
        for tick in range(round(seconds * encoding.rate)):
            muxer.write(video.encode(picture, tick))
        for start in range(0, round(seconds * RATE), 960):
            muxer.write(audio.encode(tone(start, min(960, round(seconds * RATE) - start))))
        muxer.write([*video.flush(), *audio.flush()])
        return muxer.finish()
