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

from collections.abc import Collection, Mapping

from actors.exits import KILL, KILLED, NOPROC, SHUTDOWN, Reason, is_clean, means
from actors.messages import Down, Exited, Message
from actors.pid import Pid, Ref
from actors.process import info, is_alive, monitor, receive, self, send_exit, unlink
from supervisors._children import Child, Children, report
from supervisors.child_spec import ChildSpec, Shutdown

__all__ = ["is_expected", "stop", "stop_all", "stop_each"]


def stop_all(children: Children) -> None:
    """Stop all children, one after the other, the newest first."""
    stop_each(children, [*reversed(children)])


def stop_each(children: Children, group: Collection[Child]) -> None:
    """Stop some children, one after the other, and give up what restarts of them are on their way.

    An end that is not as expected is reported, and that is all: nobody is held up by it.

    Args:
        children: The table they are in.
        group: Which ones, in the order in which to stop them.
    """
    wanted = {child.status for child in group if isinstance(child.status, Pid)}
    heard: dict[Pid, Reason] = {}
    for child in group:
        # Many may have ended at once; looked for one by one, each would cost a walk past the rest.
        _hear(wanted, heard)
        if isinstance(child.status, Pid):
            reason = _end(child.status, child.spec.shutdown, heard)
            if not is_expected(child.spec, reason):
                report(children, "shutdown_error", reason, child)
        children.stopped(child)


def _hear(wanted: set[Pid], heard: dict[Pid, Reason]) -> None:
    """Take what the mailbox knows of the ends of some processes."""

    def is_news(message: Message) -> bool:
        return type(message) is Exited and isinstance(message.pid, Pid) and message.pid in wanted

    while isinstance(exited := receive(is_news, timeout=0), Exited):
        heard[exited.pid] = exited.reason


def _end(pid: Pid, shutdown: Shutdown, heard: Mapping[Pid, Reason]) -> Reason:
    # Anybody can send an `Exited` of a process that lives.
    return heard[pid] if pid in heard and not is_alive(pid) else stop(pid, shutdown)


def stop(pid: Pid, shutdown: Shutdown) -> Reason:
    """End a linked process and wait until it is gone. Blocks the calling process meanwhile.

    Args:
        pid: The process; it may have ended already.
        shutdown: Seconds until it is killed, `None` for no limit, or `"brutal_kill"`.

    Returns:
        The reason of its end: its own when it ended by itself before.
    """
    ref = monitor(pid)
    send_exit(pid, KILL if shutdown == "brutal_kill" else SHUTDOWN)
    limit = None if shutdown == "brutal_kill" else shutdown
    down = receive(lambda message: _is_down_of(message, ref), limit)
    if not isinstance(down, Down):
        send_exit(pid, KILL)
        down = receive(lambda message: _is_down_of(message, ref))
    return _last_word(pid, down.reason if isinstance(down, Down) else None)


def is_expected(spec: ChildSpec, reason: Reason) -> bool:
    """Tell whether a child that was stopped ended as it should. Pure.

    Example:
        >>> lasting = ChildSpec("a", (print, ()))
        >>> [is_expected(lasting, reason) for reason in ("shutdown", "killed", "normal")]
        [True, False, False]
    """
    wanted = KILLED if spec.shutdown == "brutal_kill" else SHUTDOWN
    if means(reason, wanted):
        return True
    return spec.restart != "permanent" and is_clean(reason)


def _last_word(pid: Pid, reason: Reason) -> Reason:
    """Take the link away, and the `Exited` that it has brought; return the true reason."""
    if means(reason, NOPROC) and _is_linked(pid):
        # Told to end by somebody else and not done with it, perhaps on a thread of its own: only
        # when its link is gone is nothing of it left, so that another one may be started.
        exited = receive(lambda message: _is_exit_of(message, pid))
    else:
        unlink(pid)
        exited = receive(lambda message: _is_exit_of(message, pid), timeout=0)
    return exited.reason if isinstance(exited, Exited) else reason


def _is_linked(pid: Pid) -> bool:
    me = info(self())
    return me is not None and pid in me.links


def _is_down_of(message: Message, ref: Ref) -> bool:
    return type(message) is Down and message.ref is ref


def _is_exit_of(message: Message, pid: Pid) -> bool:
    return type(message) is Exited and message.pid is pid
