from __future__ import annotations

import copy
import pickle
import threading
from itertools import pairwise

import pytest

from actors import Pid, Ref, process, spawn
from tests.actors.probes import simulate


def test_a_pid_prints_as_on_the_beam() -> None:
    assert repr(Pid(7)) == "#PID<0.7.0>"
    assert repr(Pid(7, "other@host")) == "#PID<other@host.7.0>"
    assert repr(Ref()).startswith("#Reference<0.")


def test_pids_and_references_are_equal_to_themselves_alone() -> None:
    for one, other in ((Pid(1), Pid(1)), (Ref(), Ref())):
        assert one == one  # noqa: PLR0124 - the point of it
        assert one != other
        assert len({one, other, one}) == 2


def test_copies_are_the_thing_itself_and_nothing_is_pickled() -> None:
    for one in (Pid(1), Ref()):
        assert copy.copy(one) is one
        assert copy.deepcopy([one])[0] is one
        with pytest.raises(TypeError, match="another interpreter"):
            pickle.dumps(one)


def test_pids_are_ordered_by_age_and_never_used_again() -> None:
    def main() -> list[Pid]:
        pids = []
        for _ in range(50):
            pids.append(spawn(lambda: None))
            process.sleep(0.0)
        return pids

    pids = simulate(main)
    assert all(older < younger for older, younger in pairwise(pids))
    assert len(set(pids)) == 50


def test_the_order_of_a_set_of_pids_is_the_same_in_every_run() -> None:
    def main() -> list[int]:
        return [pid.serial for pid in {spawn(lambda: None) for _ in range(200)}]

    assert simulate(main) == simulate(main)


def test_references_are_numbered_in_the_order_of_their_making() -> None:
    early, late = Ref(), Ref()

    assert early.number < late.number
    assert early < late


def test_the_reference_of_a_call_is_numbered_when_somebody_first_looks() -> None:
    early, late = Ref.__new__(Ref), Ref.__new__(Ref)

    assert late.number < early.number
    assert late < early
    assert late.number == late.number


def test_many_threads_see_one_number() -> None:
    def look(ref: Ref, start: threading.Barrier, numbers: list[int]) -> None:
        start.wait(60.0)
        numbers.append(hash(ref))

    for _ in range(50):
        ref, numbers = Ref.__new__(Ref), list[int]()
        args = (ref, threading.Barrier(4), numbers)
        threads = [threading.Thread(target=look, args=args) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)

        assert set(numbers) == {ref.number}
