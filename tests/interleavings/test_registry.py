from __future__ import annotations

from functools import partial

from actors import process
from actors.pid import Pid
from actors.process import processes, register, self, send_exit, sleep, spawn
from supervisors import AlreadyRegistered, Registry, Supervisor
from tests.interleavings.support import all_of, mail, under_choices
from tests.watching import Seen


@under_choices(200)
def test_a_unique_key_has_one_living_owner_at_a_time_and_whoever_has_it_is_told() -> None:
    register(self(), "listener")
    Registry.start_link(keys="unique", name="names", partitions=2, listeners=["listener"])
    holders: list[Pid] = Seen()

    def claimer() -> object:
        won = 0
        for _ in range(4):
            try:
                Registry.register("names", "key", won)
            except AlreadyRegistered as error:
                # Whom it names was the owner, and is not the caller.
                if error.pid is self():
                    return "told of itself"
            else:
                won += 1
                holders.append(self())
                sleep(0)
                if Registry.lookup("names", "key")[0][0] is not self():
                    return "lost it"
                Registry.unregister("names", "key")
            sleep(0)
        return won

    def mortal() -> None:
        try:
            Registry.register("names", "key", "mortal")
        except AlreadyRegistered:
            return
        holders.append(self())
        sleep(0)

    ends = all_of(claimer, claimer, mortal, claimer, mortal)
    told = [message for message in mail() if isinstance(message, tuple)]
    assert all(isinstance(ends[n], int) for n in (0, 1, 3)), ends
    assert [message[3] for message in told if message[0] == "register"] == holders
    assert Registry.lookup("names", "key") == []
    assert Registry.count("names") == 0


@under_choices(200)
def test_after_deaths_and_cleanups_only_the_living_are_listed_each_key_as_often_as_taken() -> None:
    Registry.start_link(keys="duplicate", name="topics", partitions=2)

    def member(mortal: bool) -> None:
        process.trap_exit(False)
        for topic in ("x", "y", "x"):
            Registry.register("topics", topic, mortal)
            sleep(0)
        if not mortal:
            Registry.unregister("topics", "y")
            sleep(None)

    pids = [spawn(member, number % 2 == 0) for number in range(6)]
    victim = pids[1]
    spawn(send_exit, victim, "kill")
    sleep(1.0)

    alive = {pids[3], pids[5]}
    found = Registry.lookup("topics", "x")
    assert {pid for pid, _ in found} == alive
    assert len(found) == 4
    assert Registry.lookup("topics", "y") == []
    assert [Registry.keys("topics", pid) for pid in pids[3::2]] == [["x", "x"]] * 2
    assert Registry.count("topics") == 4


@under_choices(200)
def test_a_registry_that_ends_takes_along_whoever_is_registered_and_nobody_else() -> None:
    top = Registry.start_link(keys="unique", name="names", partitions=2)
    before = set(processes())

    def member(name: str) -> None:
        process.trap_exit(False)
        try:
            Registry.register("names", name, None)
            sleep(0)
            Registry.unregister("names", name)
            sleep(0)
            Registry.register("names", name, None)
        except ValueError:
            return  # it was gone
        sleep(None)

    def end() -> None:
        sleep(0)
        Supervisor.stop(top)

    all_of(end, *[partial(spawn, member, name) for name in "abc"])
    sleep(1.0)
    assert set(processes()) < before
