from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import debug, groups, process, telemetry
from actors.errors import BadArgument, NoProcess, StartError
from actors.exits import Stack
from actors.gen_server import GenServer
from actors.groups import Joined, Left, NotJoined
from actors.messages import Exited
from actors.pid import Pid
from tests.actors.schedules import every_schedule, heard, played


@pytest.fixture(autouse=True)
def _unreported() -> Iterator[None]:
    """Many ends here are failures, and meant."""
    before = telemetry.set_reporter(None)
    yield
    telemetry.set_reporter(before)


def member() -> Pid:
    return process.spawn(process.receive)


def test_a_process_joins_as_often_as_it_likes_and_leaves_as_often() -> None:
    def main() -> None:
        groups.start_link()
        p, q = member(), member()
        groups.join("g", p)
        groups.join("g", q)
        groups.join("g", p)
        assert groups.get_members("g") == groups.get_local_members("g") == [p, q, p]
        groups.leave("g", p)
        assert groups.get_members("g") == [q, p]
        with pytest.raises(NotJoined):
            groups.leave("h", p)
        groups.leave("g", [p, p, q])
        assert groups.get_members("g") == []
        assert groups.which_groups() == []
        with pytest.raises(NotJoined):
            groups.leave("g", [p, q])

    played(main)


def test_a_list_joins_at_once_and_in_its_order() -> None:
    def main() -> None:
        groups.start_link()
        p, q = member(), member()
        groups.join("g", q)
        groups.join("g", [p, p, q])
        assert groups.get_members("g") == [p, p, q, q]
        groups.join("empty", [])
        assert groups.which_groups() == ["g"]

    played(main)


def test_who_watches_a_group_is_told_who_comes_and_goes() -> None:
    def main() -> None:
        groups.start_link()
        p, q = member(), member()
        groups.join("other", p)
        ref, members = groups.monitor("g")
        assert members == []
        groups.join("g", [p, p, q])
        groups.join("other", q)
        groups.leave("g", [p, q])
        with pytest.raises(NotJoined):
            groups.leave("g", q)
        assert heard() == [Joined(ref, "g", (p, p, q)), Left(ref, "g", (p, q))]
        assert groups.monitor("g")[1] == [p]

    played(main)


def test_a_death_leaves_all_groups_the_latest_first_once_for_each_membership() -> None:
    def main() -> None:
        groups.start_link()
        p = member()
        groups.join("g", [p, p])
        groups.join("k", p)
        ref, everybody = groups.monitor_scope()
        assert everybody == {"g": [p, p], "k": [p]}
        process.send_exit(p, "kill")
        assert heard() == [Left(ref, "k", (p,)), Left(ref, "g", (p,)), Left(ref, "g", (p,))]
        assert groups.which_groups() == []

    played(main)


def test_who_watches_a_scope_is_told_who_comes_and_goes_in_every_group() -> None:
    def main() -> None:
        groups.start_link()
        p, q = member(), member()
        groups.join("early", q)
        ref, everybody = groups.monitor_scope()
        assert everybody == {"early": [q]}
        groups.join("g", [p, q])
        groups.leave("early", q)
        groups.leave("g", p)
        process.send_exit(q, "kill")
        assert heard() == [
            Joined(ref, "g", (p, q)),
            Left(ref, "early", (q,)),
            Left(ref, "g", (p,)),
            Left(ref, "g", (q,)),
        ]
        assert groups.demonitor(ref) is True
        assert groups.demonitor(ref) is False

    played(main)


def test_after_a_demonitor_nothing_is_told_and_nothing_is_left_in_the_mailbox() -> None:
    def main() -> object:
        groups.start_link()
        ref, _ = groups.monitor("g")
        groups.join("g", process.self())
        first, second = groups.demonitor(ref), groups.demonitor(ref)
        groups.leave("g", process.self())
        return first, second, heard()

    assert played(main) == (True, False, [])


def test_the_end_of_a_watcher_ends_its_watch() -> None:
    def main() -> object:
        scope = groups.start_link()
        watcher = process.spawn(lambda: (groups.monitor("g"), process.receive()))
        process.sleep(0.1)
        process.send_exit(watcher, "kill")
        process.sleep(0.1)
        groups.join("g", process.self())
        watched = process.info(scope)
        assert watched is not None
        return watched.monitors == (process.self(),)

    assert played(main)


def test_a_process_that_is_dead_joins_and_has_left_at_once() -> None:
    def main() -> object:
        groups.start_link()
        dead = process.spawn(lambda: None)
        process.sleep(0.1)
        groups.join("g", dead)
        process.sleep(0.1)
        return groups.get_members("g")

    assert played(main) == []


def test_scopes_do_not_know_each_other() -> None:
    def main() -> object:
        groups.start_link()
        groups.start_link("other")
        groups.join("g", process.self())
        with pytest.raises(StartError, match="already_started"):
            groups.start("other")
        return groups.which_groups(), groups.which_groups(scope="other")

    assert played(main) == (["g"], [])


def test_a_scope_that_starts_again_has_no_members() -> None:
    def main() -> object:
        scope = groups.start()
        groups.join("g", process.self())
        GenServer.stop(scope, "shutdown")
        groups.start()
        return groups.get_members("g")

    assert played(main) == []


def test_an_unknown_scope_is_nobody() -> None:
    def main() -> object:
        with pytest.raises(NoProcess) as failed:
            groups.join("g", process.self(), scope="nope")
        request = ("join_local", "g", (process.self(),))
        expected = ("noproc", ("gen_server", "call", ["nope", request, None]))
        return failed.value.reason == expected

    assert played(main)


@pytest.mark.parametrize("wrong", ["p", None, ["p"], 7])
def test_only_processes_join(wrong: Pid) -> None:
    def main() -> object:
        groups.start_link()
        with pytest.raises(BadArgument, match="processes"):
            groups.join("g", wrong)
        with pytest.raises(BadArgument, match="group"):
            groups.join([], process.self())  # type: ignore[arg-type]
        return groups.which_groups()

    assert played(main) == []


def test_garbage_ends_the_scope() -> None:
    def main() -> list[object]:
        reasons = []
        for kind in ("cast", "info", "call"):
            groups.start_link()
            match kind:
                case "cast":
                    GenServer.cast("pg", "junk")
                case "info":
                    process.send("pg", "junk")
                case _:
                    process.spawn(GenServer.call, "pg", "junk", 5.0)
            [ended] = heard()
            assert isinstance(ended, Exited)
            reasons.append(ended.reason)
        return reasons

    for reason in played(main):
        assert isinstance(reason, tuple)
        assert reason[0] == "badarg"
        assert isinstance(reason[1], Stack)


def test_a_scope_is_a_child_of_a_supervisor_and_can_be_debugged() -> None:
    def main() -> object:
        assert groups.child_spec("rooms")["start"] == (groups.start_link, ("rooms",))
        assert debug.get_state(groups.start_link("rooms")) == {}
        groups.join("g", process.self(), scope="rooms")
        debug.suspend("rooms")
        return debug.get_state("rooms") == {"g": (process.self(),)}

    assert played(main)


def test_a_leave_and_a_death_are_told_once_in_every_schedule() -> None:
    def main() -> object:
        groups.start_link()
        p = member()
        groups.join("g", [p, p])
        ref, _ = groups.monitor("g")
        process.spawn(process.send_exit, p, "kill")
        process.spawn(lambda: groups.leave("g", p))
        events = heard()
        left = [each.pids for each in events if isinstance(each, Left) and each.ref is ref]
        return len(left), {len(pids) for pids in left}, groups.get_members("g")

    assert every_schedule(main) == [(2, {1}, [])]


@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from([0, 1, 2]), max_size=3))))
@settings(max_examples=50, deadline=None)
def test_members_are_those_who_joined_and_did_not_leave(
    steps: list[tuple[bool, list[int]]],
) -> None:
    def main() -> None:
        groups.start_link()
        everybody = [member() for _ in range(3)]
        expected: list[Pid] = []
        for joins, numbers in steps:
            pids = [everybody[number] for number in numbers]
            if joins:
                groups.join("g", pids)
                expected += pids
                continue
            leaving = []
            for pid in pids:
                if expected.count(pid):
                    expected.remove(pid)
                    leaving.append(pid)
            if leaving:
                groups.leave("g", pids)
        assert sorted(groups.get_members("g")) == sorted(expected)
        assert groups.which_groups() == (["g"] if expected else [])

    played(main)
