"""pykka, at home here."""

from actors.pykka_bridge.actor import ProcessActor, ProcessRef
from actors.pykka_bridge.futures import Event, ProcessFuture

__all__ = ["Event", "ProcessActor", "ProcessFuture", "ProcessRef"]
