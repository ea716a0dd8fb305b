"""The tasks that a coroutine starts on its loop, also those that a library starts in its name.

Whoever begins something with a library and is then cancelled cannot end what it does not know. A task
belongs to the family in whose context it was started: a context variable tells, which tasks, callbacks
and sockets inherit, and a task factory writes them down.

Source: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.set_task_factory
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeAlias, TypeVar, cast
from weakref import WeakSet

__all__ = ["Family", "family"]

R = TypeVar("R")

Work: TypeAlias = "Coroutine[Any, Any, R] | Generator[Any, None, R]"

PATIENCE: Final = 2.0
"""Seconds that a cancelled task may take to end."""

_family: ContextVar[Family | None] = ContextVar("family", default=None)


class Family:
    """The tasks that were started in one context."""

    def __init__(self) -> None:
        self._tasks: WeakSet[asyncio.Task[object]] = WeakSet()

    def add(self, task: asyncio.Task[object]) -> None:
        """Write one down."""
        self._tasks.add(task)

    def living(self) -> set[asyncio.Task[object]]:
        """Return those that are not over, but for whoever asks."""
        return {one for one in self._tasks if not one.done()} - {asyncio.current_task()}

    async def end(self) -> None:
        """Cancel whoever still lives, and wait for it a little."""
        if living := self.living():
            for one in living:
                one.cancel()
            await asyncio.wait(living, timeout=PATIENCE)


@contextmanager
def family() -> Iterator[Family]:
    """Write down every task that is started in this block, and by those tasks, on the running loop."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop.get_task_factory(), _Registrar):
        loop.set_task_factory(_Registrar(loop.get_task_factory()))
    found = Family()
    token = _family.set(found)
    try:
        yield found
    finally:
        _family.reset(token)


class _Registrar:
    """A task factory that writes down whose task it is; another one may make it."""

    def __init__(self, before: Callable[..., asyncio.Future[object]] | None) -> None:
        self._before = before

    def __call__(
        self, loop: asyncio.AbstractEventLoop, work: Work[R], /, **options: object
    ) -> asyncio.Future[R]:
        make: Callable[..., asyncio.Future[R]] = asyncio.Task
        if self._before is None:
            task = make(work, loop=loop, **options)
        else:
            task = cast("Callable[..., asyncio.Future[R]]", self._before)(loop, work, **options)
        its_family = _family.get()
        if its_family is not None and isinstance(task, asyncio.Task):
            its_family.add(task)
        return task
