from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from examples.smelter.work import Work


@dataclass(frozen=True, slots=True)
class Thing:
    serial: int
    pts: int = 0


def given_work(count: int, orders: tuple[int, ...] = ()) -> Work[Thing]:
    work: Work[Thing] = Work()
    for serial in range(count):
        work.give([Thing(serial)], is_set=serial not in orders)
    return work


def test_what_is_not_finished_is_given_again_in_order() -> None:
    work = given_work(4)
    assert work.take(0)
    work.finish(0)
    assert work.take(1)

    again = work.again()

    assert [thing.serial for thing in again.things] == [1, 2, 3]
    assert (again.occupied, again.poison) == (1, ())


def test_what_two_consumers_died_of_is_left_out_and_takes_no_place() -> None:
    work = given_work(2)
    work.take(0)
    first = work.again()
    work.take(0)
    second = work.again()

    assert first.poison == ()
    assert [thing.serial for thing in second.poison] == [0]
    assert [thing.serial for thing in second.things] == [1]
    assert second.occupied == 0


def test_what_lay_untouched_at_two_crashes_is_no_poison() -> None:
    work = given_work(2)

    assert all(work.again().poison == () for _ in range(5))


def test_an_order_takes_no_place_and_is_remembered_beyond_the_queue() -> None:
    work = given_work(3, orders=(1,))

    assert not work.take(1)
    assert work.again().occupied == 0
    assert [thing.serial for thing in work.orders()] == [1]


@given(st.lists(st.tuples(st.sampled_from(["take", "finish", "again"]), st.integers(0, 5))))
def test_places_taken_again_never_exceed_those_given_up(steps: list[tuple[str, int]]) -> None:
    work = given_work(6)
    waiting = 6
    for step, serial in steps:
        match step:
            case "take":
                waiting -= work.take(serial)
            case "finish" if serial in work.given and work.given[serial].taken:
                work.finish(serial)
            case "again":
                waiting += work.again().occupied
            case _:
                pass

        assert waiting == sum(not one.taken for one in work.given.values())
