from __future__ import annotations

import pytest

from actors._kernel.cell import Cell
from actors._kernel.clock import MonotonicClock
from actors._kernel.names import Names
from actors._kernel.scheduler import Scheduler
from actors._kernel.wakeup import LockWakeup
from actors.errors import BadArgument, NameTaken
from actors.pid import Pid


def cell(serial: int) -> Cell:
    return Cell(Scheduler(MonotonicClock(), LockWakeup()), Pid(serial), lambda: None, "test")


def test_one_name_a_process_and_one_process_a_name() -> None:
    names = Names()
    one, other = cell(1), cell(2)
    names.register(one, "a")

    for who, name in ((one, "a"), (one, "b"), (other, "a")):
        with pytest.raises(NameTaken):
            names.register(who, name)

    assert names.find("a") is one
    assert names.all() == ["a"]
    assert other.name is None


@pytest.mark.parametrize("name", ["", "nil", "undefined", None, True, False, 7, b"x", ("a", "b")])
def test_what_is_no_name_is_refused(name: object) -> None:
    names = Names()

    with pytest.raises(BadArgument, match="name"):
        names.register(cell(1), name)  # type: ignore[arg-type]

    assert names.all() == []


def test_a_name_given_back_is_free() -> None:
    names = Names()
    one, other = cell(1), cell(2)
    names.register(one, "a")
    names.unregister("a")
    names.register(other, "a")
    names.release(one)

    assert names.find("a") is other
    with pytest.raises(BadArgument):
        names.unregister("unknown")


def test_releasing_a_nameless_process_does_nothing() -> None:
    names = Names()
    names.release(cell(1))

    assert names.all() == []
