from __future__ import annotations

from collections import Counter
from functools import partial

from actors import groups
from actors.groups import Joined, Left, NotJoined
from actors.pid import Pid
from actors.process import processes, receive, self, send_exit, sleep, spawn
from tests.interleavings.support import all_of, mail, under_choices
from tests.watching import Seen


@under_choices(200)
def test_what_a_monitor_is_told_added_to_what_it_saw_is_what_there_is() -> None:
    groups.start_link()
    idle = [spawn(receive) for _ in range(3)]

    def changer(pid: Pid, way: str) -> None:
        for step in way:
            if step == "+":
                groups.join("room", [pid, pid])
            elif step == "-":
                try:
                    groups.leave("room", pid)
                except NotJoined:
                    groups.join("room", pid)
            else:
                send_exit(pid, "kill")
            sleep(0)

    def watcher() -> object:
        sleep(0)
        ref, members = groups.monitor("room")
        count = Counter(members)
        sleep(1.0)
        for event in mail(0.0):
            match event:
                case Joined(ref=told, pids=pids):
                    assert told is ref
                    count.update(pids)
                case Left(ref=told, pids=pids):
                    assert told is ref
                    count.subtract(pids)
        return +count == Counter(groups.get_members("room")) and min(count.values(), default=0) >= 0

    ways = zip([*idle, idle[0]], ["+-+", "+x", "-+-x", "+--"], strict=True)
    ends = all_of(*[partial(changer, *way) for way in ways], watcher, watcher)

    assert ends[-2:] == [True, True]
    left = groups.get_members("room")
    assert set(left) == {idle[0]}
    assert groups.which_groups() == ["room"]


@under_choices(200)
def test_a_member_that_dies_as_it_joins_is_in_no_group_in_the_end() -> None:
    groups.start_link()

    def mortal(group: str) -> None:
        groups.join(group, self())
        groups.join("all", self())

    def killer() -> None:
        sleep(0)
        for pid in processes():
            if pid in mortals:
                send_exit(pid, "kill")

    mortals: list[Pid] = Seen()
    mortals.extend(spawn(mortal, f"group {n}") for n in range(4))
    all_of(killer)
    sleep(1.0)
    assert groups.which_groups() == []
