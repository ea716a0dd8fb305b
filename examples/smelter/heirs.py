"""Children that begin only when whoever had their name before is gone."""

from __future__ import annotations

from actors import Down, process
from supervisors import ChildSpec, child_spec, override
from supervisors.child_spec import ChildLike, Start

__all__ = ["heir", "heirs"]

LEGACY = 15.0
"""Seconds that the children of a killed supervisor get to end before their successors try."""


def heirs(*children: ChildLike) -> list[ChildSpec]:
    """Let each child begin when the one that had its name before is gone."""
    return [heir(child) for child in children]


def heir(child: ChildLike) -> ChildSpec:
    """Let a child begin when the one that had its name before is gone."""
    spec = child_spec.of(child)
    return override(spec, start=(_inherit, (spec.start,)))


def _inherit(start: Start) -> object:
    """Start a child, in the supervisor's process, after the last holder of its name has ended.

    A supervisor that was killed leaves its children to themselves. They end in order, because it
    was their parent, but the supervisor that takes its place is there sooner.
    """
    function, arguments, *named = start
    options = named[0] if named else {}
    holder = process.whereis(str(options["name"]))
    if holder is not None:
        ref = process.monitor(holder)
        process.receive(lambda message: isinstance(message, Down) and message.ref is ref, LEGACY)
        process.demonitor(ref, flush=True)
    return function(*arguments, **options)
