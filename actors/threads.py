"""Processes with an OS thread of their own, or with one of a pool, carried by pykka actors.

For code that blocks or computes in C: codecs, numpy, files. The process has the same mailbox, links, monitors and
callbacks as any other and is told apart by nothing but the option; pykka lends the thread, and everything
that makes it a process stays with the loop.

* `host="thread"`: a thread that begins and ends with the process.
* `host="pool"`: one of at most `pool_size()` threads, kept for the next when the process has ended. For many short
  pieces of blocking work; who finds none free waits until there is one. Servers, which keep
  their thread, and pieces that wait for one another belong on threads of their own.

Neither can be freed from a wait in C that never ends; a task's `host="process"` can.

Source: https://pykka.readthedocs.io,
    https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor for the size of a pool
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias, TypeVar, final

import pykka

from actors import process
from actors.errors import BadArgument

__all__ = ["Carrier", "pool_size", "set_pool_size"]

_Code: TypeAlias = Callable[[], None]
_Actor = TypeVar("_Actor", bound=pykka.ThreadingActor)


@final
class Carrier(pykka.ThreadingActor):
    """The pykka actor that lends its thread to one process and stops with it."""

    # A process that hangs in C at the interpreter's exit must not hold the exit up.
    use_daemon_thread = True

    def on_receive(self, message: object) -> None:
        """Run the process's code, from its first line to its end."""
        if callable(message):
            message()
        self.stop()


def carry(code: _Code) -> bool:
    """Start a carrier and have it run a process's code."""
    _begin(Carrier).tell(code)
    return True


def _begin(kind: type[_Actor]) -> pykka.ActorRef[_Actor]:
    """Start a carrier that is not in pykka's registry.

    It is no actor of the program: `ActorRegistry.stop_all` would wait for the process that it carries, and might
    come between its start and its first letter, which would be lost.
    """
    carrier = kind()
    carrier._start_actor_loop()  # noqa: SLF001 - the door to pykka: what `start` does after registering
    return carrier.actor_ref


@final
class _Lasting(pykka.ThreadingActor):
    """A carrier of the pool, which goes on to the next process."""

    use_daemon_thread = True

    def on_receive(self, message: object) -> None:
        while callable(message):
            message()
            message = _pool.next_for(self)


@final
class _Pool:
    """The carriers of the pool: working, or idle."""

    def __init__(self) -> None:
        self.size = min(32, (os.cpu_count() or 1) + 4)
        self._lock = threading.Lock()
        self._working = 0
        self._idle: list[pykka.ActorRef[_Lasting]] = []
        self._waiting: deque[_Code] = deque()

    def carry(self, code: _Code) -> bool:
        """Have a carrier run a process's code; tell whether it begins now, and does not wait."""
        with self._lock:
            if self._working >= self.size:
                self._waiting.append(code)
                return False
            self._working += 1
            idle = self._idle.pop() if self._idle else None
        try:
            self._give(code, idle)
        except BaseException:
            with self._lock:
                self._working -= 1
            raise
        return True

    def _give(self, code: _Code, idle: pykka.ActorRef[_Lasting] | None) -> None:
        (_begin(_Lasting) if idle is None else idle).tell(code)

    def next_for(self, carrier: _Lasting) -> _Code | None:
        """Return what a carrier does next; `None` if it rests."""
        with self._lock:
            if self._waiting and self._working <= self.size:
                return self._waiting.popleft()
            self._working -= 1
            if self._working < self.size:
                self._idle.append(carrier.actor_ref)
            else:
                carrier.stop()
            return None

    def resize(self, size: int) -> None:
        with self._lock:
            self.size = size
            able = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._room()))]
        for code in able:
            self.carry(code)

    def _room(self) -> int:
        return max(self.size - self._working, 0)

    def forget(self) -> None:
        """Begin anew in a forked child, which has no other thread."""
        self.__init__()


def pool_size() -> int:
    """Return how many threads the pool has at most.

    Runs in the caller and does not wait.

    Returns:
        The number; by default four more than the machine has processors, and at most 32.

    Example:
        >>> pool_size() >= 1
        True

    Source: https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
    """
    return _pool.size


def set_pool_size(size: int) -> None:
    """Say how many threads the pool has at most; what runs on one goes on.

    Runs in the caller and does not wait. The pool is that of the whole program.

    Args:
        size: A whole number above 0.

    Raises:
        BadArgument: It is not accepted.

    Example:
        >>> before = pool_size()
        >>> set_pool_size(4)
        >>> pool_size()
        4
        >>> set_pool_size(before)

    Source: https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
    """
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise BadArgument("size", size, "a whole number above 0")
    _pool.resize(size)


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)

process.carriers["thread"] = carry
process.carriers["pool"] = _pool.carry
