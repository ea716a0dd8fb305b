"""One scene under many schedules: first in, first out, and by lot.

    @under_choices(200)
    def test_whatever_holds_in_every_order() -> None:
        ...                      # the first process, trapping exits, on the virtual clock

A scene asserts what must hold whoever runs first. When it does not, the assertion says with which seed,
and one run of that seed alone is `INTERLEAVING=17 python3 -m pytest -k whatever_holds` (or
`INTERLEAVING=fifo` for the plain order). The bugs that were found so are kept in `test_stories`, each as a seed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial, wraps

from actors import telemetry
from actors.messages import Down, Message, TimedOut
from actors.pid import Pid, Ref
from actors.process import Match, receive, sleep, spawn, spawn_monitor, trap_exit
from actors.runtime import run
from actors.testing import SeededChoice, VirtualClock
from tests.watching import Seen

__all__ = ["all_of", "drawn", "each", "mail", "play", "under_choices"]

REPLAY = "INTERLEAVING"
FIFO = "fifo"


class _Lots:
    """Lots that remember whether there was ever anything to draw for, and what was drawn."""

    def __init__(self, seed: int) -> None:
        self._choice = SeededChoice(seed)
        self.drawn: list[tuple[int, int]] = []

    @property
    def widest(self) -> int:
        return max((ready for ready, _ in self.drawn), default=0)

    def pick(self, ready: int) -> int:
        picked = self._choice.pick(ready)
        self.drawn.append((ready, picked))
        return picked


def under_choices(seeds: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Run a scene in the plain order and in as many orders drawn by lot."""

    def decorate(scene: Callable[[], None]) -> Callable[[], None]:
        @wraps(scene)
        def test() -> None:
            wanted = os.environ.get(REPLAY)
            if wanted is None or wanted == FIFO:
                play(scene, None)
            drawn = range(seeds) if wanted is None else [int(wanted)] if wanted != FIFO else []
            widest = max((play(scene, seed) for seed in drawn), default=2)
            assert widest > 1, "no two processes were ever ready at once: there is no interleaving"

        return test

    return decorate


def play(scene: Callable[[], None], seed: int | None) -> int:
    """Run a scene once, in the plain order if there is no seed.

    Returns:
        Among how many processes there was to choose at most.
    """
    lots = None if seed is None else _Lots(seed)
    _played(scene, seed, lots)
    return 0 if lots is None else lots.widest


def drawn(scene: Callable[[], None], seed: int) -> list[tuple[int, int]]:
    """Run a scene once; return each choice: among how many, and which it was.

    Whoever does something else than the last time makes another number of processes ready sooner or later: two
    runs with the same choices are one.
    """
    lots = _Lots(seed)
    _played(scene, seed, lots)
    return lots.drawn


def _played(scene: Callable[[], None], seed: int | None, lots: _Lots | None) -> None:
    def body() -> None:
        trap_exit(True)
        scene()

    before = telemetry.set_reporter(None)
    try:
        run(body, clock=VirtualClock(), choice=lots)
    except Exception as error:
        name = FIFO if seed is None else seed
        text = f"with {REPLAY}={name}: {type(error).__name__}: {error}"
        raise AssertionError(text) from error
    finally:
        telemetry.set_reporter(before)


def mail(seconds: float = 1.0, match: Match = None) -> list[Message]:
    """Let things settle, and take what is in the mailbox."""
    sleep(seconds)
    taken: list[Message] = []
    nothing = TimedOut()
    while (message := receive(match, 0)) != nothing:
        taken.append(message)
    return taken


def each(*bodies: Callable[[], object]) -> list[Pid]:
    """Start a process for each body."""
    return [spawn(body) for body in bodies]


def all_of(*bodies: Callable[[], object]) -> list[object]:
    """Run each body in a process of its own, all at once; return what they returned.

    Raises:
        AssertionError: One of them did not end well.
    """
    results: list[object] = Seen([None] * len(bodies))

    def at(number: int, body: Callable[[], object]) -> None:
        results[number] = body()

    refs = [spawn_monitor(at, number, body)[1] for number, body in enumerate(bodies)]
    for ref in refs:
        down = receive(partial(_is_down_of, ref))
        assert isinstance(down, Down)
        assert down.reason == "normal", down.reason
    return results


def _is_down_of(ref: Ref, message: Message) -> bool:
    return isinstance(message, Down) and message.ref is ref
