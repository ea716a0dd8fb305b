"""Nothing brings it down: every promise of reliability, tried often, and counted.

In reading order: `tally` says what a case is; `failures` and `places` raise everything everywhere; `stubborn`
kills what does not want to die; `storms` kills many at once; `leaks` looks for what is left behind;
`seeds` plays small races in many orders; `inputs` knocks at every door with what is wrong; `reports`
looks at what the logs say of all that; `restless` collects garbage all the time; `ends` interrupts
whole programs; `crowds` comes from many threads; `compositor` kills parts of a running compositor;
`soak` is everything at once for minutes; `mutants` changes the innermost rooms a little, and waits
for a test to notice.

The suite plays each case in its short form; ``python3 -m tests --long`` plays the long forms, each in
an interpreter of its own, and prints one table.
"""

from __future__ import annotations

import importlib

from tests.endurance.tally import Case, cases_of

__all__ = ["MODULES", "every_case"]

MODULES = (
    "failures",
    "places",
    "stubborn",
    "storms",
    "leaks",
    "seeds",
    "inputs",
    "reports",
    "restless",
    "ends",
    "crowds",
    "compositor",
    "soak",
    "mutants",
)


def every_case() -> list[Case]:
    """Return all cases in reading order."""
    found: list[Case] = []
    for name in MODULES:
        module = importlib.import_module(f"{__name__}.{name}")
        found += cases_of(module.__name__)
    return found
