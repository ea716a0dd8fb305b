"""Time and chance in the test's hands, and a few words for asserting on mail.

    run(main, clock=VirtualClock(), choice=SeededChoice(7))

Source: https://hexdocs.pm/ex_unit/ExUnit.Assertions.html, https://trio.readthedocs.io/en/stable/reference-testing.html
"""

from __future__ import annotations

import random
from typing import TypeVar, final, overload

from actors.errors import BadArgument
from actors.messages import Message, TimedOut
from actors.process import Match, check_timeout, receive

__all__ = ["SeededChoice", "VirtualClock", "assert_receive", "refute_receive"]

M = TypeVar("M")


@final
class VirtualClock:
    """A clock that stands still while anything runs and jumps to the next deadline when everybody waits.

    Args:
        start: The first time it shows, in seconds.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     before = process.monotonic()
        ...     process.sleep(3600.0)
        ...     return process.monotonic() - before
        >>> run(main, clock=VirtualClock())
        3600.0
    """

    is_virtual = True

    def __init__(self, start: float = 0.0) -> None:
        if start is None:
            raise BadArgument("start", start, "seconds, 0 or more and finite")
        check_timeout("start", start)
        self._now = start

    def now(self) -> float:
        """Return the present virtual time.

        May be called in any process and does not wait.

        Returns:
            Seconds.

        Example:
            >>> VirtualClock(start=5.0).now()
            5.0

        Source: https://trio.readthedocs.io/en/stable/reference-testing.html#trio.testing.MockClock
        """
        return self._now

    def advance_to(self, deadline: float) -> None:
        """Jump; called by the runtime.

        Runs in no process and does not wait.

        Args:
            deadline: Seconds on this clock; one that has passed changes nothing.

        Example:
            >>> clock = VirtualClock()
            >>> clock.advance_to(60.0)
            >>> clock.now()
            60.0

        Source: https://trio.readthedocs.io/en/stable/reference-testing.html#trio.testing.MockClock
        """
        self._now = max(self._now, deadline)


@final
class SeededChoice:
    """Draw lots which ready process runs next: the same seed, the same run.

    Args:
        seed: Any integer.

    Raises:
        BadArgument: The seed is not accepted: the run could not be repeated.
    """

    def __init__(self, seed: int) -> None:
        if not isinstance(seed, int):
            raise BadArgument("seed", seed, "an integer")
        self._random = random.Random(seed)  # noqa: S311 - a schedule, not a secret

    def pick(self, ready: int) -> int:
        """Return which of `ready` processes runs next.

        Runs in no process and does not wait. Called by the runtime.

        Args:
            ready: How many there are, at least 1.

        Returns:
            A number below it.

        Example:
            >>> SeededChoice(7).pick(1)
            0

        Source: https://www.erlang.org/doc/apps/stdlib/rand.html#uniform/1
        """
        return self._random.randrange(ready)


@overload
def assert_receive(match: type[M] | tuple[type[M], ...], timeout: float = 1.0) -> M: ...
@overload
def assert_receive(match: Match = None, timeout: float = 1.0) -> Message: ...
def assert_receive(match: Match = None, timeout: float = 1.0) -> Message:
    """Return the next message that matches, or fail.

    Runs in the calling process and blocks it, not the loop.

    Args:
        match: As in `receive`.
        timeout: Seconds to wait for it.

    Returns:
        The message.

    Raises:
        AssertionError: None came.

    Example:
        >>> from actors import process, run
        >>> def main():
        ...     process.send(process.self(), "hello")
        ...     return assert_receive(str)
        >>> run(main)
        'hello'

    Source: https://hexdocs.pm/ex_unit/ExUnit.Assertions.html#assert_receive/3
    """
    message = receive(match, timeout)
    if isinstance(message, TimedOut) and message.ref is None:
        wanted = "any message" if match is None else f"a message matching {match!r}"
        text = f"expected {wanted} within {timeout} s, and none came"
        raise AssertionError(text)
    return message


def refute_receive(match: Match = None, timeout: float = 0.1) -> None:
    """Fail if a message that matches comes.

    Runs in the calling process and blocks it for the whole time, not the loop.

    Args:
        match: As in `receive`.
        timeout: Seconds to wait for it.

    Raises:
        AssertionError: One came.

    Example:
        >>> from actors import run
        >>> run(lambda: refute_receive(timeout=0))

    Source: https://hexdocs.pm/ex_unit/ExUnit.Assertions.html#refute_receive/3
    """
    message = receive(match, timeout)
    if not (isinstance(message, TimedOut) and message.ref is None):
        text = f"expected no such message, and {message!r} came"
        raise AssertionError(text)
