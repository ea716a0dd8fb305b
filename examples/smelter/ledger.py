"""The ledger: what was asked for, and what has to outlive the workers that write it down.

Two kinds of entries, never media. *What was asked for*: registered inputs, outputs, images and
shaders, under pairs of a kind and an id; everything that runs can be made anew from them. *How far
it is*: positions, counters, anchors, scenes, under names of their owners. It is the first child of
the pipeline, so whoever is started after it finds it alive and, after a crash of its own, reads
there how far its predecessor had come. Writing is a cast: once sent, it is in the ledger's mailbox
and stays there whatever becomes of the sender. When the ledger itself is lost, everything begins
anew with what was registered when the pipeline was started, behind what the files hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from actors import GenServer, NoReply, Reply, call, cast

__all__ = ["LEDGER", "Key", "Ledger"]

LEDGER = "smelter.ledger"
"""The name it is registered under."""

Key: TypeAlias = str | tuple[str, str]
"""A worker's name, or a kind and an id."""

_Table: TypeAlias = dict[Key, object]


class Ledger(GenServer[_Table]):
    """A table of frozen values."""

    def init(self, desired: Mapping[tuple[str, str], object] | None = None) -> _Table:
        """Begin with what is registered from the start."""
        return dict(desired or {})

    @call
    def get(self, state: _Table, key: Key) -> Reply[object, _Table]:
        """Return what was written last, None if nothing was."""
        return Reply(state.get(key))

    @call
    def registered(self, state: _Table, kind: str) -> Reply[dict[str, object], _Table]:
        """Return everything of a kind that was asked for, by id, in the order of asking."""
        return Reply(
            {
                key[1]: value
                for key, value in state.items()
                if not isinstance(key, str) and key[0] == kind
            }
        )

    @cast
    def put(self, state: _Table, key: Key, value: object) -> NoReply[_Table]:
        """Write down."""
        state[key] = value
        return NoReply()

    @cast
    def drop(self, state: _Table, key: Key) -> NoReply[_Table]:
        """Forget; what is not there is no error."""
        state.pop(key, None)
        return NoReply()
