"""One stack: make, resume, set aside. The only door to greenlet.

A stack is what straight-line code stands on. The loop runs on one; when the callback it has just called
must wait, the whole stack is set aside for that process and another one goes on being the loop.

Each stack has a `contextvars` context of its own, which is `None` until somebody sets a variable; that
makes it cheap to see whether a process has left anything behind.

Source: https://greenlet.readthedocs.io
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from operator import attrgetter

from greenlet import GreenletExit
from greenlet import getcurrent as current_stack
from greenlet import greenlet as Stack  # noqa: N812 - a type by its role

__all__ = ["Stack", "Unwind", "context_of", "current_stack", "keep_for_ever", "lower", "switch_to"]

switch_to = Stack.switch
"""Go on with another stack until somebody comes back to this one."""

context_of = attrgetter("gr_context")
"""The context of the stack that is asked, which is the one that the caller stands on; `None` if it has none."""

Unwind = GreenletExit
"""Raised in a parked stack that is no longer needed, to take it down."""


def keep_for_ever(stack: Stack) -> None:
    """Never collect a stack, not even at the interpreter's end, so that nothing on it runs again."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(stack))


def lower(steps: int, what: Callable[[], object]) -> int:
    """Do something some kilobytes further down the C stack, so that a stack that is started begins there."""
    if steps:
        # A sort keeps a buffer of more than two kilobytes there while it asks for keys.
        [steps].sort(key=lambda left: lower(left - 1, what))
    else:
        what()
    return steps
