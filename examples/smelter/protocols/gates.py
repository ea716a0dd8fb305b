"""Starting the process behind a reader when the one before it is gone."""

from __future__ import annotations

from actors import Down, GenServer, Message, Pid, process

__all__ = ["start_after"]

LEGACY = 5.0
"""Seconds that the last one gets to end."""


def start_after(server: type[GenServer[None]], *args: object, name: str) -> Pid:
    """Start a process, linked to the caller, after the last holder of its name has ended.

    A source that was killed leaves what it was linked to behind; that ends in order, but the next
    source is there sooner.

    Raises:
        StartError: it does not start, or the name is still held.
    """
    holder = process.whereis(name)
    if holder is not None:
        ref = process.monitor(holder)

        def is_gone(message: Message) -> bool:
            return isinstance(message, Down) and message.ref is ref

        process.receive(is_gone, LEGACY)
        process.demonitor(ref, flush=True)
    started: Pid = server.start_link(*args, name=name)
    return started
