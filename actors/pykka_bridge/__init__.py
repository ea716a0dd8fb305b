"""pykka, at home here."""

from actors.pykka_bridge.actor import ProcessActor, ProcessRef
from actors.pykka_bridge.futures import Event, ProcessFuture
from actors.pykka_bridge.guardian import child_spec, link, monitor, pid_of, ref_of, start_link
from actors.pykka_bridge.refs import ServerRef, StableRef

__all__ = [
    "Event",
    "ProcessActor",
    "ProcessFuture",
    "ProcessRef",
    "ServerRef",
    "StableRef",
    "child_spec",
    "link",
    "monitor",
    "pid_of",
    "ref_of",
    "start_link",
]
