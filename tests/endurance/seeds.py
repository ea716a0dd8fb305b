"""The races at the core, each in very many orders.

The scenes are those of `tests.interleavings`, which the suite plays in 200 orders. A seed that fails is
told as what replays it there: ``INTERLEAVING=17 python3 -m pytest -k its_name``. The choices of a seed are
the same in a fresh interpreter with another hash seed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Final

from tests.endurance.tally import Tally, case
from tests.interleavings.support import drawn, play

__all__ = ["RACES"]

RACES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "call against death": {
        "agent": ("whoever_was_answered_was_counted_also_when_the_agent_is_killed",),
        "gen_server": (
            "each_call_ends_in_one_way_and_leaves_nothing_behind",
            "a_stop_among_calls_and_casts_ends_all_of_them",
        ),
    },
    "link against exit": {
        "process": (
            "a_link_that_is_made_and_taken_away_while_the_other_ends_leaves_no_half",
            "a_ring_of_links_ends_as_a_whole_and_everybody_is_told_once",
            "each_senders_messages_and_exits_keep_their_order",
        ),
    },
    "name against restart": {
        "supervisor": ("after_a_storm_of_crashes_all_children_are_up_and_found",),
        "gen_server": ("of_many_that_start_one_name_one_wins_and_the_others_are_told_who",),
    },
    "registry take-over": {
        "registry": (
            "a_unique_key_has_one_living_owner_at_a_time_and_whoever_has_it_is_told",
            "a_registry_that_ends_takes_along_whoever_is_registered_and_nobody_else",
        ),
    },
    "task against owner": {
        "task": (
            "a_task_that_is_shut_down_as_it_ends_gives_its_result_or_nothing",
            "the_first_failure_ends_the_owner_and_all_of_its_tasks",
        ),
        "task_supervisor": ("every_task_ends_for_its_owner_once_and_there_is_never_one_too_many",),
    },
    "supervisor start against stop": {
        "supervisor": (
            "the_end_of_a_tree_among_crashes_leaves_nobody",
            "one_restart_too_many_from_several_sides_is_one_shutdown",
        ),
        "dynamic_supervisor": (
            "its_end_takes_all_children_along_also_those_that_are_just_being_started",
        ),
    },
    "timer against cancel": {
        "timers": (
            "a_timer_is_cancelled_once_or_fires_once_whoever_is_first",
            "a_message_at_the_very_end_of_a_receive_is_taken_or_left_and_never_lost",
        ),
    },
}
"""Each race, and the scenes of `tests.interleavings` that play it, by module."""

ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 10_000
"""Seeds that one interpreter plays, before another takes over."""
_LIMIT = 120.0
"""Seconds after which a seed hangs: it takes milliseconds."""


def scenes() -> list[str]:
    return [
        f"{module}.{test}"
        for race in RACES.values()
        for module, tests in race.items()
        for test in tests
    ]


def scene_of(name: str) -> Callable[[], None]:
    module, _, test = name.partition(".")
    found = import_module(f"tests.interleavings.test_{module}")
    scene: Callable[[], None] = getattr(found, f"test_{test}").__wrapped__
    return scene


def failures(name: str, seeds: Iterable[int]) -> list[str]:
    """Play one scene with some seeds; return what failed, seed by seed."""
    scene = scene_of(name)
    found = []
    for seed in seeds:
        try:
            play(scene, seed)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an exit that comes out of `run` is a failure like others
            found.append(f"{name} {error!r}, seed {seed}")
    return found


def digest(name: str, seeds: Iterable[int]) -> str:
    """Sum up all choices that one scene has with some seeds."""
    scene = scene_of(name)
    return hashlib.sha256(repr([drawn(scene, seed) for seed in seeds]).encode()).hexdigest()


# -- in an interpreter of its own ------------------------------------------------------------------


def elsewhere(*arguments: str, hash_seed: str = "random") -> str:
    """Run this module in a fresh interpreter; return the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.endurance.seeds", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}: {done.stderr[-2000:]}"


def watched(name: str, seeds: Iterable[int]) -> Iterator[int]:
    """Hand out seeds, and end this interpreter with a word when one of them does not come to its end."""
    now: list[tuple[int, float]] = []

    def watch() -> None:
        while True:
            time.sleep(1.0)
            if now and time.monotonic() - now[-1][1] > _LIMIT:
                say([f"{name}, seed {now[-1][0]}: it hangs"])
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    for seed in seeds:
        now[:] = [(seed, time.monotonic())]
        yield seed


def failed_elsewhere(name: str, seeds: range) -> list[str]:
    said = elsewhere("failures", name, str(seeds.start), str(seeds.stop))
    try:
        found: list[str] = json.loads(said)
    except ValueError:  # it has died
        return [f"{name}, seeds {seeds}: {said}"]
    return found


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(what: str, *arguments: str) -> None:
    if what == "digests":
        seeds = range(int(arguments[0]))
        say({name: digest(name, watched(name, seeds)) for name in scenes()})
    else:
        name, start, stop = arguments
        say(failures(name, watched(name, range(int(start), int(stop)))))


# -- the cases -------------------------------------------------------------------------------------


def chunks(size: int) -> Iterator[tuple[str, range]]:
    """Deal the seeds of each scene out to interpreters."""
    for name in scenes():
        yield from ((name, range(n, min(n + _CHUNK, size))) for n in range(0, size, _CHUNK))


@case(short=40, long=100_000)
def races_in_many_orders(size: int, tally: Tally) -> None:
    """Seven races at the core hold, each of their 18 scenes in as many orders as there are seeds."""
    work = list(chunks(size))
    names, seeds = zip(*work, strict=True)
    if len(work) == len(scenes()):
        results = list(map(failures, names, seeds))
    else:
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(failed_elsewhere, names, seeds))
    for lost, (_, tried) in zip(results, work, strict=True):
        for number in range(len(tried)):
            tally.check(number >= len(lost), lost[number] if number < len(lost) else "")


@case(short=3, long=500)
def a_seed_replays_anywhere(size: int, tally: Tally) -> None:
    """The choices of a seed are the same in a fresh interpreter with another hash seed, in all 18 scenes."""
    said = elsewhere("digests", str(size), hash_seed="12345")
    try:
        there: dict[str, str] = json.loads(said)
    except ValueError:
        there = {}
    for name in scenes():
        here = digest(name, range(size))
        tally.check(there.get(name) == here, f"{name}, {size} seeds: {there.get(name, said)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
