"""Where the threads stand: the one thing that is asked of the interpreter with its collector held still.

CPython 3.11 keeps its list of threads locked while it makes the frames for `sys._current_frames`. If that sets
off the collector, and that the callback of a weak reference, another thread may run in between; and if it
then wants the list, as whoever raises an exception in a thread does, both wait for ever.
(`tests.endurance what_does_not_want_to_die`; CPython's issue 106883)
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]

_one_by_one = threading.Lock()
if hasattr(os, "register_at_fork"):
    # Or a child that is forked meanwhile would never collect, and wait for who is not there.
    os.register_at_fork(
        before=_one_by_one.acquire,
        after_in_parent=_one_by_one.release,
        after_in_child=_one_by_one.release,
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the collector still, for whoever looks where threads stand."""
    # Two at once would each find what the other has set.
    with _one_by_one:
        was = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was:
                gc.enable()
