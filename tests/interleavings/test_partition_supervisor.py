from __future__ import annotations

from functools import partial

from actors.agent import Agent
from actors.errors import CallFailed
from actors.naming import Via
from actors.pid import Pid
from actors.process import send_exit, sleep
from supervisors import PartitionSupervisor
from tests.interleavings.support import all_of, under_choices
from tests.watching import Seen


def slot(key: int) -> Via:
    return Via(PartitionSupervisor, ("hits", key))


def hit(count: int) -> int:
    return count + 1


@under_choices(200)
def test_a_partition_that_ends_loses_its_own_count_and_nobody_elses() -> None:
    PartitionSupervisor.start_link((Agent, int), name="hits", partitions=3, max_restarts=1000)

    def client(key: int) -> object:
        failed = 0
        for _ in range(5):
            try:
                Agent.update(slot(key), hit)
            except CallFailed:
                failed += 1
            sleep(0)
        return failed

    def killer() -> None:
        for _ in range(2):
            victim = PartitionSupervisor.whereis_name(("hits", 1))
            if victim is not None:
                send_exit(victim, "kill")
            sleep(0)

    ends = all_of(*[partial(client, key) for key in (0, 0, 1, 2, 2)], killer)
    sleep(1.0)

    assert [ends[0], ends[1], ends[3], ends[4]] == [0] * 4
    assert [Agent.get(slot(key), int) for key in (0, 2)] == [10, 10]
    assert Agent.get(slot(1), int) <= 5
    pids = {child.id: child.pid for child in PartitionSupervisor.which_children("hits")}
    assert pids == {n: PartitionSupervisor.whereis_name(("hits", n)) for n in range(3)}


@under_choices(200)
def test_a_key_is_found_or_refused_while_the_number_of_partitions_changes() -> None:
    PartitionSupervisor.start_link((Agent, int), name="hits", partitions=4)

    def resizer() -> None:
        for number in (2, 1, 3):
            PartitionSupervisor.resize("hits", number)
            sleep(0)

    def client(key: int) -> object:
        ends: list[object] = Seen()
        for _ in range(5):
            try:
                Agent.update(slot(key), hit)
                ends.append("ok")
            except CallFailed as error:
                ends.append(error.why)
            sleep(0)
        return ends

    *ends, _ = all_of(*[partial(client, key) for key in range(4)], resizer)

    assert ends[0] == ["ok"] * 5
    assert {word for end in ends if isinstance(end, list) for word in end} <= {
        "ok",
        "noproc",
        "shutdown",
    }
    assert PartitionSupervisor.partitions("hits") == 3
    found = [PartitionSupervisor.whereis_name(("hits", key)) for key in range(3)]
    assert len({pid for pid in found if isinstance(pid, Pid)}) == 3
