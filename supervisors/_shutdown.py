"""Stopping a child, or all of them: ask, wait, kill.

The process is monitored, told to end by an exit signal, and waited for; when its time is over it is
killed and waited for without a limit. The monitor makes this safe against a child that has taken
its link away: it could otherwise end unnoticed and be waited for in vain.

A child may have ended by itself a moment before, so that the monitor finds nobody and its `Down`
says only `"noproc"`. Then the reason is in the `Exited` of the link, which came first. So the link
is removed last, after which no further `Exited` can arrive, and one that is in the mailbox is taken
out and believed. (`test_a_child_that_ends_by_itself_meanwhile_shows_its_own_reason`)

Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html#t:shutdown/0
"""

from __future__ import annotations

from actors.exits import KILL, KILLED, SHUTDOWN, Reason, is_clean
from actors.messages import Down, Exited, Message
from actors.pid import Pid, Ref
from actors.process import monitor, receive, send_exit, unlink
from supervisors._children import Child, Children, report
from supervisors.child_spec import ChildSpec, Shutdown

__all__ = ["is_expected", "stop", "stop_all", "stop_child"]


def stop_all(children: Children) -> None:
    """Stop all children, one after the other, the newest first."""
    for child in [*reversed(children)]:
        stop_child(children, child)


def stop_child(children: Children, child: Child) -> None:
    """Stop the process of a child, if it has one, and give up what restart is on its way.

    An end that is not as expected is reported, and that is all: nobody is held up by it.
    """
    if isinstance(child.status, Pid):
        reason = stop(child.status, child.spec.shutdown)
        if not is_expected(child.spec, reason):
            report(children, "shutdown_error", reason, child)
    children.stopped(child)


def stop(pid: Pid, shutdown: Shutdown) -> Reason:
    """End a linked process and wait until it is gone. Blocks the calling process meanwhile.

    Args:
        pid: The process; it may have ended already.
        shutdown: Seconds until it is killed, `None` for no limit, or `"brutal_kill"`.

    Returns:
        The reason of its end: its own when it ended by itself before.
    """
    ref = monitor(pid)
    if shutdown == "brutal_kill":
        send_exit(pid, KILL)
        down = _wait_down(ref, None)
    else:
        send_exit(pid, SHUTDOWN)
        down = _wait_down(ref, shutdown)
        if down is None:
            send_exit(pid, KILL)
            down = _wait_down(ref, None)
    unlink(pid)
    exited = receive(lambda message: _is_exit_of(message, pid), timeout=0)
    if isinstance(exited, Exited):
        return exited.reason
    return None if down is None else down.reason


def is_expected(spec: ChildSpec, reason: Reason) -> bool:
    """Tell whether a child that was stopped ended as it should. Pure.

    Example:
        >>> lasting = ChildSpec("a", (print, ()))
        >>> [is_expected(lasting, reason) for reason in ("shutdown", "killed", "normal")]
        [True, False, False]
    """
    wanted = KILLED if spec.shutdown == "brutal_kill" else SHUTDOWN
    if isinstance(reason, str) and reason == wanted:
        return True
    return spec.restart != "permanent" and is_clean(reason)


def _wait_down(ref: Ref, seconds: float | None) -> Down | None:
    down = receive(lambda message: isinstance(message, Down) and message.ref is ref, seconds)
    return down if isinstance(down, Down) else None


def _is_exit_of(message: Message, pid: Pid) -> bool:
    return isinstance(message, Exited) and message.pid is pid
