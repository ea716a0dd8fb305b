"""Play a twin and compare: what it printed, what the BEAM printed, and what is known to differ."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from difflib import unified_diff
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

from actors import process
from actors._startable import Startable
from actors.runtime import Choice, Clock, run
from tests.conformance import support
from tests.conformance.differences import DIFFERENCES

__all__ = ["Verdict", "compare", "missing_room", "perform", "traces"]

TRACES = Path(__file__).parent / "traces"

ROOMS = {
    "agent": "actors.agent",
    "dynamic_supervisor": "supervisors.dynamic_supervisor",
    "gen_event_handlers": "actors.event_manager",
    "gen_stage_demand": "actors.stage",
    "gen_statem_events": "actors.state_machine",
    "gs_state_and_from": "actors.debug",
    "log_reports": "actors.task",
    "registry_duplicate": "supervisors.registry",
    "sys_functions": "actors.debug",
    "task_await": "actors.task",
    "task_supervisor": "supervisors.task_supervisor",
}
"""Traces of rooms that came later than the others."""

OF_TRACES = ("tests.conformance.", "actors.agent")
"""Where the servers of the traces come from."""


@dataclass(frozen=True)
class Verdict:
    """What came of one trace."""

    name: str
    """The trace."""
    state: str
    """`"matched"`, `"differs"`, or `"room missing"`."""
    diff: str = ""
    """From what should have been printed to what was."""


def traces() -> list[str]:
    """Return the names of all traces."""
    return sorted(path.stem for path in TRACES.glob("*.expected"))


def missing_room(name: str) -> str | None:
    """Return the room that a trace needs and that is not there yet."""
    room = ROOMS.get(name)
    return room if room is not None and find_spec(room) is None else None


def recorded(name: str) -> list[str]:
    """Return what the BEAM printed."""
    return (TRACES / f"{name}.expected").read_text(encoding="utf-8").splitlines()


def due(name: str) -> list[str]:
    """Return what the twin must print: what the BEAM printed, save for the differences."""
    lines = recorded(name)
    for difference in DIFFERENCES:
        lines = difference.apply(name, lines)
    return lines


def perform(name: str, clock: Clock | None = None, choice: Choice | None = None) -> list[str]:
    """Play a twin as a runtime's first process; return the lines that it printed."""
    twin = import_module(f"tests.conformance.traces.{name}")

    def main() -> None:
        support.init()
        twin.main()

    printed = StringIO()
    with redirect_stdout(printed), unlogged():
        run(main, clock=clock, choice=choice)
    return printed.getvalue().splitlines()


@contextmanager
def on_threads() -> Iterator[list[str]]:
    """Give every server of the traces an OS thread of its own, as the class keyword `host` does.

    Yields a list that has one entry for each thread.
    """
    import_module("actors.threads")
    made: list[str] = []
    carry = process.carriers["thread"]

    def counted(code: Callable[[], None]) -> bool:
        made.append("thread")
        return carry(code)

    process.carriers["thread"] = counted
    try:
        with _hosted_by_threads():
            yield made
    finally:
        process.carriers["thread"] = carry


@contextmanager
def _hosted_by_threads() -> Iterator[None]:
    servers = [cls for cls in _subclasses(Startable) if cls.__module__.startswith(OF_TRACES)]
    before = [cls.options for cls in servers]
    for cls in servers:
        cls.options = {**cls.options, "host": "thread"}
    try:
        yield
    finally:
        for cls, options in zip(servers, before, strict=True):
            cls.options = options


def _subclasses(cls: type[Startable]) -> Iterator[type[Startable]]:
    for each in cls.__subclasses__():
        yield each
        yield from _subclasses(each)


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep the crashes of a trace, which are wanted, out of the logs."""
    loggers = [logging.getLogger(name) for name in ("actors", "supervisors")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def compare(
    name: str, clock: Clock | None = None, choice: Choice | None = None, circumstances: str = ""
) -> Verdict:
    """Play a twin and compare it with its trace.

    Args:
        name: The trace.
        clock: Where its time comes from; the machine's clock by default.
        choice: Which ready process runs next; the longest waiting by default.
        circumstances: What to say of these in the head of the diff.
    """
    missing = missing_room(name)
    if missing is not None:
        return Verdict(name, f"room missing: {missing}")
    wanted = due(name)
    try:
        came = perform(name, clock, choice)
    except Exception as error:
        came = [f"{type(error).__name__}: {error}"]
    lines = unified_diff(
        wanted, came, f"{name}.expected", f"{name}.py {circumstances}", lineterm=""
    )
    diff = "\n".join(lines)
    return Verdict(name, "differs" if diff else "matched", diff)
