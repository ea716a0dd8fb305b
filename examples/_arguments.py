"""What the examples accept on their command line."""

from __future__ import annotations

from argparse import ArgumentTypeError

__all__ = ["count", "seconds"]


def count(text: str) -> int:
    """Read how many there are to be."""
    if text.isdecimal() and 0 < (number := int(text)) <= 1_000_000:
        return number
    raise ArgumentTypeError(f"accepted is a whole number from 1 to 1,000,000, got {text!r}")


def seconds(text: str) -> float:
    """Read how long something is to last."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if 0.0 < number <= 3600.0:
        return number
    raise ArgumentTypeError(f"accepted are more than 0 seconds and at most 3600, got {text!r}")
