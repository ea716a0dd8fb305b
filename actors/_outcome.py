"""The waiting half of a task: its result or its end, taken out of the owner's mailbox.

    (ref, value)   then Down(ref), which is of no interest any more and taken away
    Down(ref)      alone: it ended without a result

Both carry the reference of the task's monitor, which is an alias as well. Giving up the one gives up
the other, so that nothing of a task can arrive that nobody waits for any more.

Source: https://hexdocs.pm/elixir/Task.html#await/2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Generic, Literal, TypeAlias, TypeVar, final

from actors import process
from actors.exits import KILL, KILLED, NOPROC, SHUTDOWN, Reason, means
from actors.messages import Down, Message, TimedOut, reference_of
from actors.pid import Pid, Ref
from actors.process import begin_waiting, check_timeout, end_waiting, receive_of, unwatch

__all__ = ["Awaited", "Circle", "Outcome", "end", "forget", "next_of"]

T = TypeVar("T")

Outcome: TypeAlias = tuple[Literal["ok"], object] | tuple[Literal["exit"], Reason]
"""`("ok", value)` or `("exit", reason)`."""
Limit: TypeAlias = float | Literal["brutal_kill"] | None


def next_of(ref: Ref, timeout: float | None, pid: Pid | None = None) -> Outcome | None:
    """Take a task's result or end out of the mailbox, waiting for it if need be.

    Args:
        ref: Its reference.
        timeout: Seconds.
        pid: Its process, which must not wait for the caller meanwhile; `None` if the caller will ask again.

    Raises:
        BadArgument: The timeout is not accepted.
        Circle: It does.
    """
    check_timeout("timeout", timeout)
    if pid is None:
        return _outcome(receive_of(ref, timeout), ref)
    chain = begin_waiting((pid,))
    if chain is not None:
        raise Circle(chain)
    try:
        return _outcome(receive_of(ref, timeout), ref)
    finally:
        end_waiting()


def forget(ref: Ref) -> None:
    """Give up a task's result: afterwards no message of it is or will be in the mailbox."""
    process.demonitor(ref, flush=True)
    receive_of(ref, 0)


class Circle(Exception):
    """The caller would wait for a task that waits, through others, for the caller."""

    def __init__(self, chain: list[Pid]) -> None:
        super().__init__(chain)
        self.chain = chain


@final
class Awaited(Generic[T]):
    """Several tasks whose outcomes come in until a common deadline.

    Args:
        tasks: Something for each of them, by its reference.
        timeout: Seconds for all of them together.

    Raises:
        BadArgument: The timeout is not accepted.
    """

    def __init__(self, tasks: Mapping[Ref, T], timeout: float | None) -> None:
        check_timeout("timeout", timeout)
        self.pending = dict(tasks)
        """Those that are not done."""
        self.done: dict[Ref, Outcome] = {}
        """What became of the others."""
        self._deadline = None if timeout is None else process.monotonic() + timeout

    def wait(self, pids: Sequence[Pid] = ()) -> tuple[T, Outcome] | None:
        """Return the next one that is done; `None` when all are, or the time is over.

        Args:
            pids: The processes that must not wait for the caller meanwhile, if it is not to be asked again.

        Raises:
            Circle: One of them does.
        """
        if not self.pending:
            return None
        message = self._receive(pids)
        ref = reference_of(message)
        outcome = _outcome(message, ref) if isinstance(ref, Ref) else None
        if outcome is None or not isinstance(ref, Ref):
            return None
        self.done[ref] = outcome
        return self.pending.pop(ref), outcome

    def forget(self) -> None:
        """Give up what is not done."""
        for ref in self.pending:
            forget(ref)

    def _receive(self, pids: Sequence[Pid]) -> Message:
        if not pids:
            return process.receive(self._is_one, self._left())
        chain = begin_waiting(pids)
        if chain is not None:
            raise Circle(chain)
        try:
            return process.receive(self._is_one, self._left())
        finally:
            end_waiting()

    def _left(self) -> float | None:
        return None if self._deadline is None else max(self._deadline - process.monotonic(), 0.0)

    def _is_one(self, message: Message) -> bool:
        ref = reference_of(message)
        return isinstance(ref, Ref) and ref in self.pending


def end(ref: Ref, pid: Pid, timeout: Limit) -> Outcome | None:
    """Unlink a task, end its process, and wait until it is gone.

    Through a monitor of its own: that of the task is gone when its result has been taken before.

    Returns:
        `None` if it ended as it was told.
    """
    process.unlink(pid)
    reason, wanted = _told(process.monitor(pid), pid, timeout)
    if means(reason, NOPROC):
        # Gone before: then the task's own monitor knows why, unless that has been used up.
        down = process.receive(partial(_is_down_of, ref), 0)
        reason = down.reason if isinstance(down, Down) else NOPROC
    process.demonitor(ref, flush=True)
    match receive_of(ref, 0):
        case (_, value):
            return ("ok", value)
        case _ if means(reason, wanted):
            return None
        case _:
            return ("exit", reason)


def _told(ref: Ref, pid: Pid, timeout: Limit) -> tuple[Reason, str]:
    """Have a process end; return how it did, and how it was to end."""
    is_down = partial(_is_down_of, ref)
    if timeout == "brutal_kill":
        process.send_exit(pid, KILL)
        down, wanted = process.receive(is_down), KILLED
    else:
        process.send_exit(pid, SHUTDOWN)
        down, wanted = process.receive(is_down, timeout), SHUTDOWN
        if isinstance(down, TimedOut):
            process.send_exit(pid, KILL)
            down = process.receive(is_down)
    return down.reason if isinstance(down, Down) else NOPROC, wanted


def _outcome(message: Message, ref: Ref) -> Outcome | None:
    if type(message) is Down:
        return ("exit", message.reason)
    if type(message) is TimedOut:
        return None
    # The `Down` that follows a result, if it is there already.
    unwatch(ref, True)
    return ("ok", message[1])  # type: ignore[index]


def _is_down_of(ref: Ref, message: Message) -> bool:
    return type(message) is Down and message.ref is ref
