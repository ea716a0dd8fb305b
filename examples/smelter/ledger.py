"""The ledger: what was asked for, and what has to outlive the workers that write it down.

Two kinds of entries, never media. *What was asked for*: registered inputs, outputs, images and
shaders, under pairs of a kind and an id; everything that runs can be made anew from them. *How far
it is*: positions, counters, anchors, scenes, under names of their owners. But for its keeper it is the
first child of the pipeline, so whoever is started after it finds it alive and, after a crash of its own,
reads there how far its predecessor had come. Writing is a cast: once sent, it is in the ledger's mailbox
and stays there whatever becomes of the sender. When the ledger itself is lost, the `keeper` still has
what was asked for, and everything begins anew with that, behind what the files hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from actors import GenServer, NoReply, Reply, call, cast, process
from examples.smelter.keeper import KEEPER, Keep, Keeper, Sync, is_asked_for
from examples.smelter.snapshot import Key

__all__ = ["LEDGER", "Key", "Ledger"]

LEDGER = "smelter.ledger"
"""The name it is registered under."""

_Table: TypeAlias = dict[Key, object]


class Ledger(GenServer[_Table]):
    """A table of frozen values."""

    def init(self, desired: Mapping[Key, object] | None = None) -> _Table:
        """Begin with what is asked for: as given, or else as the keeper knows it."""
        return dict(Keeper.desired(KEEPER) if desired is None else desired)

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
        self._keep(state, key)
        return NoReply()

    @cast
    def drop(self, state: _Table, key: Key) -> NoReply[_Table]:
        """Forget; what is not there is no error."""
        state.pop(key, None)
        self._keep(state, key)
        return NoReply()

    @call
    def kept(self, state: _Table) -> Reply[None, _Table] | NoReply[_Table]:
        """Wait until all that was asked for so far would survive this process, and a power cut."""
        if process.whereis(KEEPER) is None:
            return Reply(None)
        GenServer.cast(KEEPER, Sync(self.caller))
        return NoReply()

    def _keep(self, state: _Table, key: Key) -> None:
        if is_asked_for(key):
            GenServer.cast(KEEPER, Keep({k: one for k, one in state.items() if is_asked_for(k)}))
