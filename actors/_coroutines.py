"""Coroutines that callbacks return: awaited for the user, by the bridge to asyncio.

A callback written as `async def` returns a coroutine where an outcome is expected. Only there it is looked for,
so that plain callbacks pay nothing.

Source: https://docs.python.org/3/library/asyncio-task.html
"""

from __future__ import annotations

import importlib
from types import CoroutineType
from typing import Protocol
from typing import cast as typed

__all__ = ["is_coroutine_function", "settled"]

_CO_COROUTINE = 0x80


class _Bridge(Protocol):
    def await_(self, awaitable: object) -> object: ...


def settled(outcome: object) -> object:
    """Return what a callback has returned; if that is a coroutine, what comes of it.

    Runs in the process whose callback it was, which waits for it while others go on.
    """
    if type(outcome) is not CoroutineType:
        return outcome
    return typed("_Bridge", importlib.import_module("actors.asyncio_bridge")).await_(outcome)


def is_coroutine_function(fn: object) -> bool:
    """Tell whether a function is written as `async def`, which costs less than calling it to see."""
    code = getattr(fn, "__code__", None)
    return code is not None and bool(code.co_flags & _CO_COROUTINE)
