"""The races at the core, each in very many orders.

The scenes are those of `tests.interleavings`, which the suite plays in 200 orders. A seed that fails is
told as what replays it there: ``INTERLEAVING=17 python3 -m pytest -k its_name``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Final

from tests.endurance.tally import Tally, case
from tests.interleavings.support import play

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

_CHUNK = 500


def scene_of(name: str) -> Callable[[], None]:
    module, _, test = name.partition(".")
    found = import_module(f"tests.interleavings.test_{module}")
    scene: Callable[[], None] = getattr(found, f"test_{test}").__wrapped__
    return scene


def failures(name: str, seeds: range) -> list[str]:
    """Play one scene with some seeds; return what failed, seed by seed."""
    scene = scene_of(name)
    found = []
    for seed in seeds:
        try:
            play(scene, seed)
        except AssertionError as error:
            found.append(f"{name} {error}")
    return found


def chunks(size: int) -> Iterator[tuple[str, range]]:
    """Deal a number of seeds out to the scenes of every race."""
    for race in RACES.values():
        scenes = [f"{module}.{test}" for module, tests in race.items() for test in tests]
        each = -(-size // len(scenes))
        for name in scenes:
            yield from ((name, range(n, min(n + _CHUNK, each))) for n in range(0, each, _CHUNK))


@case(short=100, long=100_000)
def races_in_many_orders(size: int, tally: Tally) -> None:
    """Seven races at the core hold, each in as many orders as there are seeds."""
    work = list(chunks(size))
    names, seeds = zip(*work, strict=True)
    if size <= _CHUNK:
        results = list(map(failures, names, seeds))
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            results = list(pool.map(failures, names, seeds, chunksize=1))
    for lost, (_, tried) in zip(results, work, strict=True):
        for number in range(len(tried)):
            tally.check(number >= len(lost), lost[number] if number < len(lost) else "")
