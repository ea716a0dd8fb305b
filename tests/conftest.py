"""What every test may use, and what the run says at its end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

Note = Callable[[str], None]

# How long an example takes says more about the machine's other work than about ours.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_NOTES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--failed-check",
        action="append",
        default=[],
        help="a check that failed before the tests began, to be told at the end (python3 -m tests)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_NOTES] = []
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell lets what it runs in the background ignore Ctrl-C, and so would each program that a
        # test starts and then interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def every_report_is_written() -> Iterator[None]:
    """A test must not miss a report because others have made many within the same second."""
    logs = sys.modules.get("actors.logs")
    if logs is None:
        yield
        return
    before = logs.set_burst_limit(None)
    yield
    logs.set_burst_limit(before)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Say something at the end of the run that is to be noticed but fails nothing."""
    return request.config.stash[_NOTES].append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    notes: list[str] = config.stash[_NOTES]
    if notes:
        terminalreporter.section("noticed")
        for line in sorted(notes):
            terminalreporter.write_line(line)
    if failed := config.getoption("--failed-check"):
        terminalreporter.section("failed before the tests", red=True)
        terminalreporter.write_line(", ".join(failed))
