"""The supervision tree as JSON, and the end of one process in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actors import CallFailed, Pid, process
from examples.smelter.complaints import NotRegistered
from supervisors import which_children

__all__ = ["kill", "tree"]

SOON = 0.05
"""Seconds."""


def tree(root: str, restarts: Mapping[str, int]) -> dict[str, object]:
    """Return the supervisor of a name and all below it, in the order of their start.

    Each has an `id`, a `pid`, a `kind`, how often it was started again, and `children`.
    """
    pid = process.whereis(root)
    return {
        "id": root,
        "pid": "" if pid is None else str(pid),
        "kind": "supervisor",
        "restarts": 0,
        "children": [] if pid is None else list(_below(pid, restarts)),
    }


def _below(supervisor: Pid, restarts: Mapping[str, int]) -> Iterator[dict[str, object]]:
    try:
        children = which_children(supervisor)
    except CallFailed:
        # It is being started again just now; the next look will find it.
        return
    for child in reversed(children):
        is_alive = isinstance(child.pid, Pid)
        yield {
            "id": str(child.id),
            "pid": str(child.pid) if is_alive else "",
            "kind": child.type,
            "restarts": restarts.get(str(child.id), 0),
            "children": list(_below(child.pid, restarts))
            if isinstance(child.pid, Pid) and child.type == "supervisor"
            else [],
        }


def kill(root: str, pid: str) -> str:
    """Kill the process that is shown with a pid, if it is in the tree; return its id.

    Raises:
        NotRegistered: no living process of the tree is shown like this.
    """
    top = process.whereis(root)
    for id, found in _all(top) if top is not None else ():
        if str(found) == pid:
            process.spawn(_kill_soon, found)
            return id
    raise NotRegistered("process", pid)


def _kill_soon(victim: Pid) -> None:
    """Kill when the answer has left: it may be the server itself that is to die."""
    process.sleep(SOON)
    process.send_exit(victim, "kill")


def _all(supervisor: Pid) -> Iterator[tuple[str, Pid]]:
    try:
        children = which_children(supervisor)
    except CallFailed:
        return
    for child in children:
        if isinstance(child.pid, Pid):
            yield str(child.id), child.pid
            if child.type == "supervisor":
                yield from _all(child.pid)
