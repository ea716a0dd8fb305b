"""The buffer of a stage: laws, and what GenStage's own buffer does."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from actors.stage.buffer import Buffer, Keep


def test_infos_are_not_counted() -> None:
    buffer = Buffer(10, "last")
    buffer.store([1, 2])

    assert buffer.store_info("info")
    assert len(buffer) == 2


def test_keep_first_drops_what_comes_last() -> None:
    buffer = Buffer(2, "first")

    assert buffer.store([1, 2, 3]) == (1, [])
    assert buffer.store([4]) == (1, [])
    assert buffer.take(5) == ([1, 2], [])


def test_keep_last_drops_what_came_first() -> None:
    buffer = Buffer(2, "last")

    assert buffer.store([1]) == (0, [])
    assert buffer.store([2, 3, 4]) == (2, [])
    assert buffer.take(5) == ([3, 4], [])


def test_without_a_limit_nothing_is_dropped() -> None:
    buffer = Buffer(None, "first")

    assert buffer.store(range(20_000)) == (0, [])
    assert buffer.take(20_000) == (list(range(20_000)), [])


def test_an_info_comes_out_when_the_event_before_it_is_dropped() -> None:
    buffer = Buffer(2, "last")
    buffer.store([1])
    buffer.store_info("after 1")
    buffer.store([2])
    buffer.store_info("after 2")

    assert buffer.store([3]) == (1, ["after 1"])
    assert buffer.store([4, 5]) == (2, ["after 2"])
    assert buffer.take(5) == ([4, 5], [])


def test_an_empty_buffer_has_no_place_for_an_info_and_nothing_to_take() -> None:
    buffer = Buffer(2, "last")

    assert not buffer.store_info("info")
    assert buffer.take(3) == ([], [])


def test_take_stops_at_an_info_and_gives_all_that_stand_there() -> None:
    buffer = Buffer(None, "last")
    buffer.store([1, 2])
    buffer.store_info("one")
    buffer.store_info("two")
    buffer.store([3])
    buffer.store_info("three")

    assert buffer.take(5) == ([1, 2], ["one", "two"])
    assert buffer.take(5) == ([3], ["three"])
    assert buffer.take(5) == ([], [])


Step = tuple[Literal["store", "info", "take"], int]
STEPS = st.lists(st.tuples(st.sampled_from(["store", "info", "take"]), st.integers(0, 6)))


class Model:
    """The same with one plain list, in which an info stands where it came."""

    def __init__(self, size: int | None, keep: Keep) -> None:
        self.size, self.keep = size, keep
        self.line: list[object] = []

    def events(self) -> list[object]:
        return [each for each in self.line if isinstance(each, int)]

    def leading(self) -> list[object]:
        out = []
        while self.line and not isinstance(self.line[0], int):
            out.append(self.line.pop(0))
        return out

    def store(self, events: list[int]) -> tuple[int, list[object]]:
        dropped, infos = 0, []
        for event in events:
            if self.size is not None and len(self.events()) >= self.size:
                dropped += 1
                if self.keep == "first" or not self.size:
                    continue
                self.line.pop(0)
                infos += self.leading()
            self.line.append(event)
        return dropped, infos

    def take(self, count: int) -> tuple[list[object], list[object]]:
        taken = []
        while count and self.line and isinstance(self.line[0], int):
            taken.append(self.line.pop(0))
            count -= 1
        return taken, self.leading() if taken else []


@given(STEPS, st.one_of(st.none(), st.integers(0, 4)), st.sampled_from(["first", "last"]))
def test_it_does_what_a_plain_list_would_do(
    steps: list[Step], size: int | None, keep: Keep
) -> None:
    buffer, model, number = Buffer(size, keep), Model(size, keep), 0
    for what, count in steps:
        if what == "store":
            events = list(range(number, number + count))
            number += count
            assert buffer.store(events) == model.store(events)
        elif what == "info":
            if buffer.store_info(f"info {number}"):
                model.line.append(f"info {number}")
        else:
            assert buffer.take(count) == model.take(count)
        assert len(buffer) == len(model.events())
