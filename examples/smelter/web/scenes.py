"""Scenes as they were written, kept for people who look: what an output shows now, and what it will.

The pipeline keeps scenes in its own words; these are the client's. Those that are scheduled become the
one that is shown when their time has come.
"""

from __future__ import annotations

from typing import TypeAlias

from examples.smelter.ledger import LEDGER, Ledger
from examples.smelter.offsets import Ns

__all__ = ["SCENE", "Written", "forget", "remember", "shown"]

SCENE = "scene"
"""The kind under which the ledger keeps them."""

Written: TypeAlias = tuple[tuple[Ns, object], ...]
"""Times from the start, and what is shown from then on."""


def shown(id: str, now: Ns) -> object:
    """Return what an output shows, None if nobody has written it."""
    due = [scene for at, scene in _written(id) if at <= now]
    return due[-1] if due else None


def remember(id: str, scene: object, at: Ns | None, now: Ns) -> None:
    """Keep what an output is to show.

    Args:
        id: of the output.
        scene: as it was written.
        at: from when on; None is now.
        now: from the start.
    """
    kept = _written(id)
    before = [one for one in kept if one[0] <= now][-1:]
    later = [one for one in kept if one[0] > now]
    # Of two for the same time, the one that was asked for last comes last.
    found = sorted([*before, *later, (now if at is None else at, scene)], key=lambda one: one[0])
    Ledger.put(LEDGER, (SCENE, id), tuple(found))


def forget(id: str) -> None:
    """Keep nothing of what an output of this id has shown."""
    Ledger.drop(LEDGER, (SCENE, id))


def _written(id: str) -> Written:
    found = Ledger.get(LEDGER, (SCENE, id))
    return found if isinstance(found, tuple) else ()
