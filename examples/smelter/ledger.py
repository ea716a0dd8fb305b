"""The ledger: what has to outlive the workers that write it down.

Positions, counters, anchors; never media. It is the first child of the pipeline, so whoever is
started after it finds it alive and, after a crash of its own, reads there how far its predecessor
had come. Writing is a cast: once sent, it is in the ledger's mailbox and stays there whatever
becomes of the sender. When the ledger itself is lost, everybody begins anew behind the file.
"""

from __future__ import annotations

from actors import GenServer, NoReply, Reply, call, cast

__all__ = ["LEDGER", "Ledger"]

LEDGER = "smelter.ledger"
"""The name it is registered under."""


class Ledger(GenServer[dict[str, object]]):
    """A table of words to frozen values."""

    def init(self) -> dict[str, object]:
        """Begin with nothing."""
        return {}

    @call
    def get(self, state: dict[str, object], key: str) -> Reply[object, dict[str, object]]:
        """Return what was written last, None if nothing was."""
        return Reply(state.get(key))

    @cast
    def put(self, state: dict[str, object], key: str, value: object) -> NoReply[dict[str, object]]:
        """Write down."""
        state[key] = value
        return NoReply()
