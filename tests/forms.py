"""In which form the code runs: plain, or with its hot rooms compiled from the same source."""

from __future__ import annotations

import pytest

from actors._kernel import scheduler

__all__ = ["IS_COMPILED", "needs_lines"]

IS_COMPILED = not str(scheduler.__file__).endswith(".py")

needs_lines = pytest.mark.skipif(
    IS_COMPILED, reason="a compiled kernel has no lines between which something could come"
)
