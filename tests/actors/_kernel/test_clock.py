from __future__ import annotations

import time

import pytest

from actors._kernel.clock import MonotonicClock, wall_time


def test_real_time_never_goes_back_and_cannot_be_moved() -> None:
    clock = MonotonicClock()
    before = clock.now()

    assert clock.now() >= before
    assert not clock.is_virtual
    with pytest.raises(RuntimeError, match="cannot be moved"):
        clock.advance_to(before + 1.0)


def test_wall_time_is_that_of_the_machine() -> None:
    assert abs(wall_time() - time.time()) < 60.0
