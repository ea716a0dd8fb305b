"""Scenes as they were written, kept for people who look: what an output shows now.

The pipeline keeps scenes in its own words; these are the client's. They go the same way as the scene
itself, as text beside it, and are kept from the moment on in which it counts; so whatever begins anew
goes on with both. What a new output shows is kept when it is registered.
"""

from __future__ import annotations

import json

from examples.smelter.keeper import WORDS
from examples.smelter.ledger import LEDGER, Ledger

__all__ = ["remember", "shown", "written"]


def written(scene: object) -> str | None:
    """Return what goes with a scene; None if there is none."""
    return None if scene is None else json.dumps(scene)


def shown(id: str) -> object:
    """Return what an output shows, None if nobody has written it."""
    found = Ledger.get(LEDGER, (WORDS, id))
    return json.loads(found) if isinstance(found, str) else None


def remember(id: str, scene: object) -> None:
    """Keep what an output shows from its beginning on; None if nobody has written it."""
    if scene is None:
        Ledger.drop(LEDGER, (WORDS, id))
    else:
        Ledger.put(LEDGER, (WORDS, id), written(scene))
