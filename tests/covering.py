"""A plug-in for coverage.py, which keeps a stack for each greenlet and hangs when a thread's greenlets die.

It keeps them in a `WeakKeyDictionary`, which has a function of Python called at the death of each key. The
greenlets of a thread that has ended die in a *pending call* of the interpreter, and in CPython 3.11 a traced
function that is called there never gets beyond its first instruction. Here the keys are plain weak
references, whose deaths call nothing; what stays of a dead greenlet is a reference to nothing.

Source: https://coverage.readthedocs.io/en/latest/plugins.html
"""

from __future__ import annotations

import weakref
from threading import RLock
from typing import Any

from coverage.collector import Collector
from coverage.plugin_support import Plugins

__all__ = ["coverage_init"]

_start_tracer = Collector._start_tracer  # noqa: SLF001 - where the dictionary is made

_one_by_one = RLock()


class _Greenlets(dict[Any, Any]):
    """What is known of each greenlet."""

    def __getitem__(self, key: object) -> object:
        return super().__getitem__(weakref.ref(key))

    def __setitem__(self, key: object, value: object) -> None:
        super().__setitem__(weakref.ref(key), value)


def _start_in_peace(self: Collector) -> object:
    with _one_by_one:
        usual = weakref.WeakKeyDictionary
        weakref.WeakKeyDictionary = _Greenlets  # type: ignore[assignment, misc] # for the one made now
        try:
            trace = _start_tracer(self)
            _first_event()
            return trace
        finally:
            weakref.WeakKeyDictionary = usual  # type: ignore[misc]


def _first_event() -> None:
    """Be called, upon which a tracer makes its dictionary."""


def coverage_init(_: Plugins, __: dict[str, str]) -> None:
    """Be loaded; called by coverage.py."""
    Collector._start_tracer = _start_in_peace  # type: ignore[assignment, method-assign] # noqa: SLF001
