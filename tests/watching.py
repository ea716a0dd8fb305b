"""What a test watches its processes with, from outside.

Processes share nothing, so that a list which a function has captured is another one in the process that runs
it. A test that wants to see what happened in there shares on purpose, and says so by these classes.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TypeVar

from actors.isolation import shareable

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


@shareable
class Seen(list[T]):
    """What was seen, in order."""


@shareable
class Gate(threading.Barrier):
    """Where threads meet that are to do something at once."""


@shareable
class Flag(threading.Event):
    """Something for a thread to wait for that is none of ours."""


@shareable
class Table(dict[K, V]):
    """What was seen, by what it was seen of."""


@shareable
class Counted(Counter[T]):
    """How often what was seen."""
