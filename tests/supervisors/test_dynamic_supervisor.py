from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import debug, process
from actors.agent import Agent
from actors.errors import BadArgument, NoProcess, StartError
from actors.exits import Crash
from actors.gen_server import Caller, GenServer
from actors.messages import Down, Exited
from actors.naming import Via
from actors.outcomes import Ignore, Reply
from actors.pid import Pid
from actors.process import exit, is_alive, monitor, monotonic, receive, send_exit, sleep
from actors.runtime import run
from actors.task import Task
from actors.testing import SeededChoice
from supervisors import ChildCounts, ChildError, Supervisor, which_children
from supervisors.child_spec import BadOption, BadSpec, ChildSpec, Restart, Shutdown
from supervisors.dynamic_supervisor import Dynamic, DynamicSupervisor
from tests.supervisors.kids import OK, crash, heard, kid, names, pids, play, starts, tell

DS = DynamicSupervisor


def started(**options: object) -> Pid:
    start: Callable[..., Pid] = DS.start_link
    return start(**options)


def counts(sup: Pid) -> tuple[int, int]:
    """Return the children that there are and those that are alive."""
    now = DS.count_children(sup)
    return now.specs, now.active


def refusal(act: Callable[[], object]) -> object:
    with pytest.raises(ChildError) as caught:
        act()
    return caught.value.reason


def sleeper() -> Pid:
    return Task.start_link(process.receive, lambda _: False)


# -- children --------------------------------------------------------------------------------------


def test_children_are_known_by_their_pids_and_their_ids_mean_nothing() -> None:
    def main() -> object:
        sup = started()
        DS.start_child(sup, kid("a", id="same"))
        DS.start_child(sup, kid("b", id="same"))
        infos = DS.which_children(sup)
        return [(i.id, names[i.pid], i.type) for i in infos if isinstance(i.pid, Pid)]

    assert play(main) == [(None, "a.1", "worker"), (None, "b.1", "worker")]


def fixed(answer: object, _: int) -> object:
    return answer


def test_what_a_start_function_returns_is_the_answer() -> None:
    def main() -> list[object]:
        sup = started()
        pid = sleeper()
        plans: list[object] = [pid, (pid, "info"), None]
        answers = [DS.start_child(sup, kid("k", partial(fixed, plan))) for plan in plans]
        return [answers == plans, counts(sup)[0]]

    assert play(main) == [True, 1], "nothing is kept of a child without a process"


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_an_ignored_start_is_not_kept_and_the_supervisor_ends_cleanly(restart: Restart) -> None:
    def main() -> object:
        sup = started()
        for _ in range(3):
            DS.start_child(sup, kid("a", lambda _: None, restart=restart))
        kept = counts(sup)
        DS.stop(sup, "shutdown")
        return kept, heard()[-1] == Exited(sup, "shutdown")

    assert play(main) == ((0, 0), True)


def test_a_child_that_came_with_a_word_is_restarted() -> None:
    def main() -> object:
        sup = started()
        answer = DS.start_child(sup, ChildSpec("x", (lambda: (sleeper(), "word"), ())))
        assert isinstance(answer, tuple)
        first, word = answer
        send_exit(first, "boom")
        sleep(0.05)
        (info,) = DS.which_children(sup)
        assert isinstance(info.pid, Pid)
        return word, info.pid is first, is_alive(info.pid)

    assert play(main) == ("word", False, True)


@pytest.mark.parametrize("type", ["worker", "supervisor"])
def test_hundreds_of_children_are_counted_before_and_after_many_end(
    type: Literal["worker", "supervisor"],
) -> None:
    def main() -> object:
        sup = started()
        spec = ChildSpec("c", (sleeper, ()), restart="temporary", type=type)
        children = [DS.start_child(sup, spec) for _ in range(500)]
        before = DS.count_children(sup)
        for child in children[:200]:
            assert isinstance(child, Pid)
            send_exit(child, "kill")
        sleep(0.05)
        return [
            (now.specs, now.active, now.workers, now.supervisors)
            for now in (before, DS.count_children(sup))
        ]

    workers = type == "worker"
    assert play(main) == [
        (number, number, number * workers, number * (not workers)) for number in (500, 300)
    ]


def test_a_supervisor_ends_while_a_restart_fails_over_and_over() -> None:
    def main() -> object:
        sup = started(max_restarts=1000)
        DS.start_child(sup, kid("bad", failing_after(1)))
        DS.start_child(sup, kid("other"))
        crash("bad")
        sleep(0.05)
        send_exit(sup, "shutdown")
        return heard()[-2:] == [("stop", "other.1", "shutdown"), Exited(sup, "shutdown")]

    assert play(main)


def raising(error: BaseException) -> Callable[[int], object]:
    def plan(_: int) -> object:
        raise error

    return plan


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (raising(StartError("no")), "no"),
        (lambda _: "junk", "junk"),
        (lambda _: exit("y"), "y"),
        (raising(RuntimeError("x")), Crash),
    ],
)
def test_a_start_that_fails_says_why_bare_and_leaves_nothing(
    plan: Callable[[int], object], reason: object
) -> None:
    def main() -> tuple[object, tuple[int, int]]:
        sup = started()
        why = refusal(lambda: DS.start_child(sup, kid("a", plan)))
        return Crash if isinstance(why, Crash) else why, counts(sup)

    assert play(main) == (reason, (0, 0))


def test_a_class_with_its_arguments_may_stand_for_a_child() -> None:
    def main() -> object:
        agent = DS.start_child(started(), (Agent, lambda: 1))
        assert isinstance(agent, Pid)
        return Agent.get(agent, lambda n: n)

    assert play(main) == 1


def test_a_mapping_may_stand_for_a_child() -> None:
    def main() -> object:
        spec = {"id": 1, "start": (Agent.start_link, (lambda: 2,)), "type": "supervisor"}
        sup = started()
        agent = DS.start_child(sup, spec)
        assert isinstance(agent, Pid)
        return Agent.get(agent, lambda n: n), DS.count_children(sup)

    assert play(main) == (2, ChildCounts(specs=1, active=1, supervisors=1, workers=0))


def test_extra_arguments_come_in_front_at_restarts_too() -> None:
    def up(*args: object, **named: object) -> Pid:
        tell((*args, named))
        return sleeper()

    def main() -> list[object]:
        sup = started(extra_arguments=["x1", "x2"])
        spec = ChildSpec("e", (up, ("own",), {"named": 1}))
        child = DS.start_child(sup, spec)
        assert isinstance(child, Pid)
        send_exit(child, "boom")
        return heard()

    assert play(main) == [("x1", "x2", "own", {"named": 1})] * 2


def test_terminated_children_are_gone() -> None:
    def main() -> object:
        sup = started()
        limits: list[Shutdown] = [5.0, "brutal_kill"]
        for limit in limits:
            child = DS.start_child(sup, kid("a", trap=False, shutdown=limit))
            assert isinstance(child, Pid)
            monitor(child)
            DS.terminate_child(sup, child)
            assert refusal(lambda child=child: DS.terminate_child(sup, child)) == "not_found"  # type: ignore[misc]
        return [m.reason for m in heard() if isinstance(m, Down)], counts(sup)

    assert play(main) == (["shutdown", "killed"], (0, 0))


def test_a_pid_that_is_no_child_s_is_not_found() -> None:
    assert play(lambda: refusal(lambda: DS.terminate_child(started(), process.self()))) == (
        "not_found"
    )


def test_what_is_no_pid_is_refused_at_the_door() -> None:
    def main() -> None:
        with pytest.raises(BadArgument, match="pid"):
            DS.terminate_child(started(), "a")  # type: ignore[arg-type]

    play(main)


# -- room ------------------------------------------------------------------------------------------


def test_without_room_the_start_function_is_not_called() -> None:
    def main() -> list[object]:
        sup = started(max_children=2)
        first = DS.start_child(sup, kid("a"))
        DS.start_child(sup, kid("b"))
        full = refusal(lambda: DS.start_child(sup, kid("c")))
        assert isinstance(first, Pid)
        DS.terminate_child(sup, first)
        again = DS.start_child(sup, kid("d"))
        return [full, starts["c"], isinstance(again, Pid)]

    assert play(main) == ["max_children", 0, True]


def test_no_child_at_all_may_be_the_limit() -> None:
    assert play(lambda: refusal(lambda: DS.start_child(started(max_children=0), kid("a")))) == (
        "max_children"
    )


def test_starts_that_bring_no_process_take_no_place() -> None:
    def main() -> tuple[int, int]:
        sup = started(max_children=1)
        DS.start_child(sup, kid("a", lambda _: None))
        refusal(lambda: DS.start_child(sup, kid("b", lambda _: "junk")))
        DS.start_child(sup, kid("c"))
        return counts(sup)

    assert play(main) == (1, 1)


def failing_after(good: int) -> Callable[[int], object]:
    def plan(n: int) -> object:
        if n > good:
            sleep(0.01)
            raise StartError("no")
        return OK

    return plan


@pytest.mark.parametrize("plan", [lambda _: OK, failing_after(1)])
def test_a_child_that_is_restarted_or_tries_to_be_keeps_its_place(
    plan: Callable[[int], object],
) -> None:
    def main() -> object:
        sup = started(max_children=1, max_restarts=1000)
        DS.start_child(sup, kid("a", plan))
        crash("a")
        sleep(0.05)
        return refusal(lambda: DS.start_child(sup, kid("b")))

    assert play(main) == "max_children"


# -- restarts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), "boom", "killed"])
@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_which_ends_lead_to_a_restart(restart: Restart, reason: object) -> None:
    def main() -> tuple[int, tuple[int, int]]:
        sup = started()
        DS.start_child(sup, kid("a", restart=restart))
        crash("a", reason)
        sleep(0.05)
        return starts["a"], counts(sup)

    clean = reason not in ("boom", "killed")
    comes_back = restart == "permanent" or (restart == "transient" and not clean)
    assert play(main) == ((2, (1, 1)) if comes_back else (1, (0, 0)))


def test_a_restart_that_fails_is_tried_again_until_it_works() -> None:
    def plan(n: int) -> object:
        return OK if n in {1, 4} else "junk"

    def main() -> object:
        sup = started(max_restarts=3)
        DS.start_child(sup, kid("a", plan))
        crash("a")
        sleep(0.05)
        return starts["a"], counts(sup), is_alive(pids["a"])

    assert play(main) == (4, (1, 1), True)


def test_between_two_attempts_the_supervisor_answers() -> None:
    def main() -> object:
        sup = started(max_restarts=1000, max_children=2)
        DS.start_child(sup, kid("bad", failing_after(1)))
        old = pids["bad"]
        crash("bad")
        sleep(0.05)
        shown = [info.pid for info in DS.which_children(sup)]
        now = DS.count_children(sup)
        DS.terminate_child(sup, old)
        tried = starts["bad"]
        sleep(0.05)
        return shown, now, DS.which_children(sup), starts["bad"] - tried

    assert play(main) == (["restarting"], ChildCounts(1, 0, 0, 1), [], 0)


def test_a_restart_that_wants_no_process_drops_the_child() -> None:
    def main() -> object:
        sup = started()
        DS.start_child(sup, kid("a", lambda n: OK if n == 1 else None))
        crash("a")
        sleep(0.05)
        return counts(sup), starts["a"]

    assert play(main) == ((0, 0), 2)


@pytest.mark.parametrize(
    ("second", "there", "shown"),
    [
        (sleeper, (1, 1), "alive"),
        (lambda: (sleeper(), "info"), (1, 1), "alive"),
        (lambda: None, (0, 0), None),
        (lambda: raising(StartError("no"))(2), (1, 0), "restarting"),
        (lambda: "junk", (1, 0), "restarting"),
    ],
)
def test_each_value_of_a_restart_shows_in_the_children(
    second: Callable[[], object], there: tuple[int, int], shown: str | None
) -> None:
    def plan(number: int) -> object:
        if number == 1:
            return OK
        sleep(0.01)
        return second()

    def main() -> object:
        sup = started(max_restarts=1000)
        DS.start_child(sup, kid("a", plan))
        crash("a")
        sleep(0.05)
        now = counts(sup)
        infos = [info.pid for info in DS.which_children(sup)]
        alive = ["alive" if isinstance(pid, Pid) and is_alive(pid) else pid for pid in infos]
        return now, alive

    assert play(main) == (there, [] if shown is None else [shown])


@pytest.mark.parametrize("max_restarts", [0, 1, 3])
def test_one_restart_too_many_ends_the_supervisor_and_all_children(max_restarts: int) -> None:
    def main() -> object:
        sup = started(max_restarts=max_restarts)
        DS.start_child(sup, kid("a"))
        DS.start_child(sup, kid("other", restart="temporary"))
        heard(0)
        for _ in range(max_restarts + 1):
            crash("a")
            sleep(0.05)
        told = heard()
        return told[-2:] == [("stop", "other.1", "shutdown"), Exited(sup, "shutdown")], starts["a"]

    assert play(main) == (True, max_restarts + 1)


def test_attempts_that_fail_count_as_restarts() -> None:
    def main() -> object:
        sup = started(max_restarts=5)
        DS.start_child(sup, kid("a", lambda n: OK if n == 1 else "junk"))
        monitor(sup)
        crash("a")
        down = receive(Down)
        return down.reason if isinstance(down, Down) else None, starts["a"]

    assert play(main) == ("shutdown", 6)


def test_restarts_long_ago_do_not_count() -> None:
    def main() -> object:
        sup = started(max_restarts=1, max_seconds=2)
        DS.start_child(sup, kid("a"))
        for _ in range(4):
            crash("a")
            sleep(3.1)
        return counts(sup)

    assert play(main) == (1, 1)


def test_an_end_of_somebody_else_means_nothing() -> None:
    def main() -> object:
        sup = started()
        DS.start_child(sup, kid("a"))
        process.send(sup, Exited(process.spawn(exit, "normal"), "forged"))
        process.send(sup, Exited("junk", "forged"))  # type: ignore[arg-type]
        process.send(sup, "hello")
        GenServer.cast(sup, "hello")
        return counts(sup)

    assert play(main) == (1, 1)


# -- the end ---------------------------------------------------------------------------------------


def test_at_the_end_all_children_are_told_at_once() -> None:
    def main() -> object:
        sup = started()
        for n in range(4):
            DS.start_child(sup, kid(f"k{n}", stop_after=1.0))
        began = monotonic()
        DS.stop(sup)
        return monotonic() - began

    assert play(main) == 1.0


def test_each_child_gets_the_time_it_asked_for_and_they_all_run_together() -> None:
    wanted: list[tuple[str, Shutdown, float]] = [
        ("quick", 5.0, 0.125),
        ("one", 1.0, 9.0),
        ("two", 2.0, 9.0),
        ("also two", 2.0, 9.0),
        ("patient", None, 3.0),
        ("now", "brutal_kill", 9.0),
        ("at once", 0, 9.0),
    ]

    def main() -> object:
        sup = started()
        refs = {}
        for name, shutdown, takes in wanted:
            child = DS.start_child(sup, kid(name, stop_after=takes, shutdown=shutdown))
            assert isinstance(child, Pid)
            refs[monitor(child)] = name
        sleep(0.5)
        began = monotonic()
        Task.start(DS.stop, sup)
        ends = {}
        for _ in wanted:
            down = receive(Down)
            assert isinstance(down, Down)
            ends[refs[down.ref]] = (down.reason, monotonic() - began)
        return ends

    assert play(main) == {
        "quick": ("shutdown", 0.125),
        "one": ("killed", 1.0),
        "two": ("killed", 2.0),
        "also two": ("killed", 2.0),
        "patient": ("shutdown", 3.0),
        "now": ("killed", 0.0),
        "at once": ("killed", 0.0),
    }


@pytest.mark.parametrize("shutdown", [1, None, "brutal_kill"])
def test_children_with_ends_of_their_own_hold_nobody_up(shutdown: Shutdown) -> None:
    def main() -> object:
        sup = started()
        for n, stop_exit in enumerate(["normal", "mine", None]):
            DS.start_child(sup, kid(f"k{n}", stop_exit=stop_exit, shutdown=shutdown))
        DS.stop(sup, "normal")
        return [is_alive(pid) for pid in pids.values()]

    assert play(main) == [False, False, False]


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        ([(None, {}, "brutal_kill")] * 3, ["killed"] * 3),
        ([("shutdown", {}, None)] * 3, ["shutdown"] * 3),
        ([(e, {"stop_exit": e}, None) for e in ("mine", "normal")], ["mine", "normal"]),
        ([("shutdown", {"trap": False}, 1)] * 3, ["shutdown"] * 3),
        ([(e, {"stop_exit": e}, 1) for e in ("mine", "normal")], ["mine", "normal"]),
        (
            [(None, {}, 1), (None, {"stop_after": 2.0}, 1), (None, {}, 1)],
            ["shutdown", "killed", "shutdown"],
        ),
        ([(None, {"stop_exit": "normal", "restart": "permanent"}, 1)] * 2, ["normal"] * 2),
        (
            [(None, {}, "brutal_kill"), (None, {"stop_exit": "mine"}, None), (None, {}, 1)],
            ["killed", "mine", "shutdown"],
        ),
    ],
)
def test_every_child_ends_in_the_way_of_its_shutdown(
    wanted: list[tuple[object, dict[str, object], Shutdown]], reasons: list[object]
) -> None:
    def main() -> object:
        sup = started()
        refs = []
        for number, (_, options, shutdown) in enumerate(wanted):
            spec = kid(f"k{number}", shutdown=shutdown, **options)  # type: ignore[arg-type]
            child = DS.start_child(sup, spec)
            assert isinstance(child, Pid)
            refs.append(monitor(child))
        DS.stop(sup)
        downs = {m.ref: m.reason for m in heard() if isinstance(m, Down)}
        return [downs[ref] for ref in refs]

    assert play(main) == reasons


def test_a_child_that_has_taken_its_link_away_is_stopped_all_the_same() -> None:
    def main() -> object:
        sup = started()
        pid = process.spawn(process.receive, lambda _: False)
        DS.start_child(sup, kid("a", lambda _: pid))
        DS.stop(sup)
        return is_alive(pid)

    assert play(main) is False


def test_the_end_of_the_parent_ends_everybody() -> None:
    def main() -> object:
        def parent() -> None:
            DS.start_child(started(), kid("a"))
            process.receive()

        pid = process.spawn(parent)
        sleep(0.1)
        send_exit(pid, "boom")
        return heard()

    assert play(main) == [("start", "a", 1), ("stop", "a.1", "shutdown")]


def test_thousands_of_children_end_in_reasonable_time() -> None:
    """Each end costs the same whoever else ends."""

    def main() -> object:
        sup = started()
        spec = ChildSpec("s", (sleeper, ()))
        for _ in range(3000):
            DS.start_child(sup, spec)
        DS.stop(sup)
        return len(process.processes())

    assert play(main) == 1


# -- rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"max_children": -1}, ("invalid_max_children", -1)),
        ({"max_children": True}, ("invalid_max_children", True)),
        ({"max_children": 1.5}, ("invalid_max_children", 1.5)),
        ({"strategy": "one_for_all"}, ("invalid_strategy", "one_for_all")),
        ({"max_restarts": -1}, ("invalid_intensity", -1)),
        ({"max_seconds": 0}, ("invalid_period", 0)),
        ({"extra_arguments": "x"}, ("invalid_extra_arguments", "x")),
        ({"extra_arguments": None}, ("invalid_extra_arguments", None)),
    ],
)
def test_rules_that_are_none_are_refused_before_anything_starts(
    options: dict[str, object], reason: object
) -> None:
    class Ruled(DynamicSupervisor):
        def init(self) -> Dynamic:
            make: Callable[..., Dynamic] = Dynamic
            return make(**options)

    def main() -> object:
        with pytest.raises(BadOption) as refused:
            started(**options)
        with pytest.raises(StartError) as failed:
            Ruled.start_link()
        return refused.value.reason, failed.value.reason

    assert play(main) == (reason, ("supervisor_data", reason))


def test_rules_left_out_are_those_of_elixir() -> None:
    rules = Dynamic()

    assert (rules.strategy, rules.max_restarts, rules.max_seconds) == ("one_for_one", 3, 5.0)
    assert (rules.max_children, rules.extra_arguments) == (None, ())


def test_a_named_one_is_linked_and_found_until_it_is_stopped() -> None:
    def main() -> object:
        sup = started(name="named")
        me = process.info(process.self())
        assert me is not None
        seen = [process.whereis("named") is sup, me.links == (sup,)]
        with pytest.raises(StartError) as taken:
            started(name="named")
        DS.stop("named")
        return seen, taken.value.reason == ("already_started", sup), process.whereis("named")

    assert play(main) == ([True, True], True, None)


class Sessions(DynamicSupervisor, restart="transient", shutdown=1.0):
    def init(self, limit: object) -> object:
        return Dynamic(max_children=limit) if isinstance(limit, int) else limit


def test_a_class_may_say_the_rules() -> None:
    def main() -> object:
        sup = Sessions.start_link(1)
        none = Sessions.start_link(Ignore())
        with pytest.raises(StartError) as odd:
            Sessions.start_link("odd")
        assert sup is not None
        DS.start_child(sup, kid("a"))
        return refusal(lambda: DS.start_child(sup, kid("b"))), none, odd.value.reason

    assert play(main) == ("max_children", None, ("bad_return", (Sessions, "init", "odd")))


def test_a_change_of_code_asks_for_the_rules_again_and_leaves_the_children() -> None:
    asked: list[Dynamic | Ignore] = [Dynamic(), Ignore(), Dynamic(max_children=1, max_restarts=0)]

    class Changing(DynamicSupervisor):
        def init(self) -> object:
            return asked.pop(0)

    def main() -> object:
        sup = Changing.start_link()
        assert sup is not None
        for name in ("a", "b"):
            DS.start_child(sup, kid(name))
        debug.suspend(sup)
        debug.change_code(sup)
        debug.change_code(sup)
        debug.resume(sup)
        seen = counts(sup), refusal(lambda: DS.start_child(sup, kid("c")))
        crash("a")
        return seen, Exited(sup, "shutdown") in heard()

    assert play(main) == (((2, 2), "max_children"), True)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"strategy": "odd"}, ("supervisor_data", ("invalid_strategy", "odd"))),
        ({"max_restarts": -1}, ("supervisor_data", ("invalid_intensity", -1))),
        ({"max_children": -1}, ("supervisor_data", ("invalid_max_children", -1))),
        ({"extra_arguments": "x"}, ("supervisor_data", ("invalid_extra_arguments", "x"))),
        (None, "bad_return"),
    ],
)
def test_a_change_of_code_with_rules_that_are_none_is_refused_and_changes_nothing(
    options: dict[str, object] | None, reason: object
) -> None:
    first = [1]

    class Changing(DynamicSupervisor):
        def init(self) -> object:
            make: Callable[..., Dynamic] = Dynamic
            if first:
                return Dynamic(max_children=first.pop())
            return "junk" if options is None else make(**options)

    def main() -> object:
        sup = Changing.start_link()
        assert sup is not None
        debug.suspend(sup)
        with pytest.raises(debug.SystemFailure) as refused:
            debug.change_code(sup)
        debug.resume(sup)
        DS.start_child(sup, kid("a"))
        full = refusal(lambda: DS.start_child(sup, kid("b")))
        assert isinstance(refused.value.reason, tuple)
        return refused.value.reason[2], full

    expected = ("bad_return", (Changing, "init", "junk")) if options is None else reason
    assert play(main) == (expected, "max_children")


def test_unknown_class_keywords_are_refused() -> None:
    with pytest.raises(BadArgument, match="often"):
        type("Odd", (DynamicSupervisor,), {}, often=True)


def test_it_can_be_supervised_and_is_identified_by_its_name() -> None:
    def main() -> object:
        top = Supervisor.start_link([(DS,), DS.child_spec(name="named"), Sessions.child_spec(3)])
        with pytest.raises(ChildError) as again:
            Supervisor.start_child(top, DS)
        assert isinstance(again.value.reason, tuple)
        ids = [(info.id, info.type) for info in which_children(top)]
        return ids, again.value.reason[0], DS.which_children("named")

    kinds = [(Sessions, "supervisor"), ("named", "supervisor"), (DS, "supervisor")]
    assert play(main) == (kinds, "already_started", [])


def test_a_child_specification_has_what_the_class_says_unless_told_otherwise() -> None:
    spec = Sessions.child_spec(3)
    other = Sessions.child_spec(3, id="x", restart="permanent", shutdown=None)

    assert (spec.id, spec.restart, spec.shutdown) == (Sessions, "transient", 1.0)
    assert (other.id, other.restart, other.shutdown) == ("x", "permanent", None)
    assert DS.child_spec(name=Via(DS, ("reg", "key"))).id == ("reg", "key")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        ({}, ("invalid_child_spec", {})),
        ({"id": 1, "start": "x"}, ("invalid_child_spec", {"id": 1, "start": "x"})),
        ({"id": 1, "start": (print, "x")}, ("invalid_mfa", (print, "x"))),
        ({"id": 1, "start": (print, ()), "shutdown": -1}, ("invalid_shutdown", -1)),
        ({"id": 1, "start": (print, ()), "significant": True}, ("invalid_significant", True)),
        ({"id": 1, "start": (print, ()), "restart": "often"}, ("invalid_restart_type", "often")),
        (5, ("invalid_child_spec", 5)),
    ],
)
def test_a_specification_that_is_none_is_refused_in_the_caller(
    child: ChildSpec, reason: object
) -> None:
    with pytest.raises(BadSpec) as caught:
        run(lambda: DS.start_child("nobody is even asked", child))

    assert caught.value.reason == reason


@pytest.mark.parametrize("shutdown", [0, 1, 1.5, None, "brutal_kill"])
def test_every_shutdown_of_a_specification_is_accepted(shutdown: Shutdown) -> None:
    assert isinstance(play(lambda: DS.start_child(started(), kid("a", shutdown=shutdown))), Pid)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: DS.which_children("nobody"),
        lambda: DS.count_children("nobody"),
        lambda: DS.start_child("nobody", kid("a")),
        lambda: DS.stop("nobody"),
    ],
)
def test_nobody_there_fails_the_call(ask: Callable[[], object]) -> None:
    with pytest.raises(NoProcess):
        play(ask)


def test_an_unknown_request_is_answered_with_an_error() -> None:
    def main() -> list[object]:
        sup = started()
        odd: list[object] = ["odd", ("start_child", "no spec"), ("odd", 1), 5]
        return [GenServer.call(sup, request) for request in odd]

    assert play(main) == [("error", "unexpected")] * 4


class Parrot(GenServer[None]):
    def handle_call(self, request: object, caller: Caller, state: None) -> Reply[object, None]:
        return Reply(request)


def test_somebody_who_is_no_dynamic_supervisor_is_named() -> None:
    def main() -> None:
        parrot = Parrot.start()
        assert parrot is not None
        with pytest.raises(BadOption, match="a dynamic supervisor"):
            DS.which_children(parrot)

    play(main)


# -- races and laws --------------------------------------------------------------------------------


def test_whatever_the_order_of_turns_the_end_leaves_nobody() -> None:
    def main() -> int:
        sup = started()
        for n in range(6):
            shutdown: Shutdown = "brutal_kill" if n % 3 == 0 else n / 10
            DS.start_child(sup, kid(f"k{n}", stop_after=0.2, shutdown=shutdown, trap=n % 2 == 0))
        crash("k0")
        send_exit(pids["k1"], "kill")
        DS.stop(sup)
        return len(process.processes())

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == 1, seed


def test_a_termination_races_with_an_end_and_nobody_comes_back() -> None:
    def main() -> tuple[int, int]:
        sup = started()
        child = DS.start_child(sup, kid("a", restart="temporary"))
        assert isinstance(child, Pid)
        crash("a")
        with suppress(ChildError):
            DS.terminate_child(sup, child)
        return counts(sup)

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == (0, 0), seed


Step = Literal["start", "terminate", "crash", "end"]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["start", "terminate", "crash", "end"]), st.integers(0, 7)),
        max_size=20,
    )
)
def test_the_count_is_what_was_started_and_has_not_ended(steps: list[tuple[Step, int]]) -> None:
    def main() -> None:
        sup = started(max_restarts=1000, max_children=5)
        living: list[str] = []
        for number, (step, which) in enumerate(steps):
            if step == "start" and len(living) < 5:
                DS.start_child(sup, kid(f"k{number}", restart="transient"))
                living.append(f"k{number}")
            elif step == "crash" and living:
                crash(living[which % len(living)], "boom")
            elif step == "end" and living:
                crash(living.pop(which % len(living)), "normal")
            elif step == "terminate" and living:
                DS.terminate_child(sup, pids[living.pop(which % len(living))])
            sleep(0.01)
            assert counts(sup) == (len(living), len(living))

    play(main)
