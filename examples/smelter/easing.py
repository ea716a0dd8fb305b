"""Curves through time: how far a movement is when some of its time has passed. Pure arithmetic.

Source: CSS Easing Functions (cubic-bezier); R. Penner's equations (the bounce of four parabolas).
"""

from __future__ import annotations

from examples.smelter.scene import Bounce, CubicBezier, Easing, Linear

__all__ = ["ease"]

_STEEP = 7.5625
_PARTS = 2.75
_ROUNDS = 64


def ease(easing: Easing, time: float) -> float:
    """Return the fraction of the way at a fraction of the time.

    Args:
        easing: the curve.
        time: 0 to 1; what lies outside counts as the nearer end.

    Example:
        >>> ease(Bounce(), 0.5), round(ease(CubicBezier(0.83, 0.4, 0.17, 1), 0.5), 6)
        (0.765625, 0.65)
    """
    time = min(1.0, max(0.0, time))
    match easing:
        case Linear():
            return time
        case Bounce():
            return _bounce(time)
        case CubicBezier():
            return _bezier(easing, time)


def _bounce(time: float) -> float:
    for end, middle, low in (
        (1.0, 0.0, 0.0),
        (2.0, 1.5, 0.75),
        (2.5, 2.25, 0.9375),
        (_PARTS, 2.625, 0.984375),
    ):
        if time * _PARTS < end:
            return _STEEP * (time - middle / _PARTS) ** 2 + low
    return 1.0


def _bezier(curve: CubicBezier, time: float) -> float:
    if time in {0.0, 1.0}:
        return time
    low, high = 0.0, 1.0
    # Bisection: x grows with the parameter, and 64 halvings leave nothing of a float's precision.
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if _cubic(curve.x1, curve.x2, middle) < time:
            low = middle
        else:
            high = middle
    return _cubic(curve.y1, curve.y2, (low + high) / 2)


def _cubic(first: float, second: float, t: float) -> float:
    return 3 * first * t * (1 - t) ** 2 + 3 * second * t * t * (1 - t) + t**3
