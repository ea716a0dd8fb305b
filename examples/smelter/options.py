"""What the user asked for on the command line, checked before anything starts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from examples._setup import clips
from examples.smelter.apart import Apart, probe_apart
from examples.smelter.complaints import OptionRefused
from examples.smelter.encode import Encoding, check_rate, check_size, exact_number
from examples.smelter.media import probe
from examples.smelter.muxer import check_output
from examples.smelter.plan import Plan
from examples.smelter.requests import InputPlan
from examples.smelter.saboteur import Kill, evenly

__all__ = ["Request", "parse"]

LONGEST = 24 * 3600
MOST_INPUTS = 64
DEFAULT_OUTPUT = "smelter.mp4"


@dataclass(frozen=True, slots=True)
class Request:
    """A checked command line."""

    plan: Plan
    """What to make."""
    kills: tuple[Kill, ...]
    """Who is killed while it is made."""
    json: bool
    """Whether the summary is one line of JSON."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One line, like every other refusal; `--help` says the rest.
        raise OptionRefused("command line", message, "see --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python3 -m examples smelter",
        description="Compose videos into one, with supervised actors that may be killed meanwhile.",
        epilog="--serve [INPUT ...] serves a live pipeline over HTTP instead, with a page to look at it"
        " and to kill its parts: see --serve --help. replay [--check] FILE ... replays recorded scenarios"
        " of the queue, the mixer and the layout: see replay --help.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="*", help="media files, or test: (test:NAME) for generated pictures")
    add("--size", default="640x360", help="of the output, even numbers (640x360)")
    add("--rate", default="30", help="pictures in a second, such as 30 or 30000/1001 (30)")
    add("--duration", default="20", help="seconds of output (20)")
    add("--output", default=None, help=f"the file to write ({DEFAULT_OUTPUT}, replaced if there)")
    add("--overwrite", action="store_true", help="replace the file to write")
    add("--offline", action="store_true", help="as fast as possible instead of in real time")
    add("--apart", action="store_true", help="read each input in a process of its own")
    add("--crash", action="store_true", help="kill one worker after the other meanwhile")
    add("--json", action="store_true", help="end with the summary as one line of JSON")
    return parser


def parse(argv: Sequence[str]) -> Request:
    """Read and check a command line; opens each input and tries the output's folder.

    Raises:
        MediaError: Something was refused; `str()` of it is one line.
    """
    given = _parser().parse_args(argv)
    width, height = check_size(given.size)
    encoding = Encoding(width, height, check_rate(given.rate))
    duration = _duration(given.duration)
    names = given.inputs or [str(path) for path in clips()] or ["test:left", "test:right"]
    if len(names) > MOST_INPUTS:
        raise OptionRefused("inputs", f"{len(names)} inputs", f"at most {MOST_INPUTS}")
    inputs = tuple(
        _input(str(n), name, required=given.offline, apart=given.apart)
        for n, name in enumerate(names, 1)
    )
    is_default = given.output is None
    target = check_output(
        DEFAULT_OUTPUT if is_default else given.output,
        names,
        overwrite=given.overwrite or is_default,
    )
    plan = Plan(inputs, target, encoding, duration, given.offline)
    return Request(plan, evenly(plan) if given.crash else (), given.json)


def _input(id: str, name: str, *, required: bool, apart: bool) -> InputPlan:
    """Look at an input; apart from this process if it is to be read apart."""
    if not apart:
        return InputPlan.of_file(id, probe(name), required=required)
    plan = InputPlan.of_file(id, probe_apart(name), required=required)
    return replace(plan, spec=replace(plan.spec, supply=Apart(plan.spec.supply)))


def _duration(text: str) -> Fraction:
    accepted = f"seconds above 0, at most {LONGEST}, such as 20 or 2.5"
    duration = exact_number(text)
    if duration is None or not 0 < duration <= LONGEST:
        raise OptionRefused("duration", text, accepted)
    return duration
