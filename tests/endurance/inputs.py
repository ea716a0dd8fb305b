"""What is wrong is refused at every door, by name and by value, and before anything starts.

The doors and what is wrong at each are those of `tests.test_refusals`, where a few values are tried at
each.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.endurance.tally import Tally, case
from tests.test_refusals import DOORS, knock

__all__: list[str] = []


def knock_often(name: str, times: int, tally: Tally) -> None:
    argument, values, door = DOORS[name]

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(value=values)
    def often(value: object) -> None:
        try:
            knock(door, argument, value)
        except BaseException as error:
            tally.check(False, f"{name} and {value!r}: {type(error).__name__}: {error}")
            raise
        tally.check(True, "")

    try:
        often()
    except BaseException:  # it is counted by now, and the other doors are tried too
        return


@case(short=2, long=150)
def what_is_wrong_at_every_door(size: int, tally: Tally) -> None:
    """Generated child specs, options, names, timeouts, hosts and functions are all refused, and nothing starts."""
    for name in DOORS:
        knock_often(name, size, tally)
    tally.note(f"{len(DOORS)} doors")
