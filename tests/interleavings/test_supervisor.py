from __future__ import annotations

from functools import partial

from actors import process
from actors.errors import CallFailed
from actors.gen_server import GenServer
from actors.messages import Down, Exited
from actors.pid import Pid
from actors.process import send_exit, sleep, whereis
from supervisors import ChildError, Supervisor
from supervisors.strategy import Strategy
from tests.interleavings.support import all_of, each, mail, under_choices
from tests.interleavings.trees import worker

NAMES = ["a", "b", "c", "d"]


def ended(name: str, times: int) -> None:
    """Crash whoever has a name, now and then."""
    for _ in range(times):
        pid = whereis(name)
        if pid is not None:
            send_exit(pid, "crash")
        sleep(0)


def asked(top: Pid) -> object:
    """Ask all the time: there is an answer to everything."""
    answers: set[object] = set()
    for _ in range(3):
        Supervisor.which_children(top)
        try:
            Supervisor.restart_child(top, "b")
        except ChildError as error:
            answers.add(error.reason)
        sleep(0)
    return answers


def order_of_starts(top: Pid) -> list[int]:
    children = Supervisor.which_children(top)[::-1]
    assert [child.id for child in children] == NAMES
    pids = [child.pid for child in children]
    assert pids == [whereis(name) for name in NAMES]
    return [pid.serial for pid in pids if isinstance(pid, Pid)]


def stormed(strategy: Strategy) -> list[int]:
    """Crash children from several sides; return the serials of those that are up at the end."""
    children = [worker(name) for name in NAMES]
    top = Supervisor.start_link(children, strategy=strategy, max_restarts=1000)
    storms = [partial(ended, name, 3) for name in ("a", "c", "d", "c")]
    *_, answers = all_of(*storms, partial(asked, top))
    assert isinstance(answers, set)
    assert answers <= {"running", "restarting"}
    sleep(1.0)
    return order_of_starts(top)


@under_choices(200)
def test_after_a_storm_of_crashes_all_children_are_up_and_found() -> None:
    assert len(stormed("one_for_one")) == len(NAMES)


@under_choices(200)
def test_after_a_storm_rest_for_one_has_nobody_older_than_one_before_it() -> None:
    serials = stormed("rest_for_one")
    assert serials == sorted(serials)


@under_choices(200)
def test_after_a_storm_one_for_all_has_all_of_one_age() -> None:
    serials = stormed("one_for_all")
    assert serials == sorted(serials)
    assert len(serials) == len(NAMES)


@under_choices(200)
def test_the_end_of_a_tree_among_crashes_leaves_nobody() -> None:
    inner = {"id": "in", "start": (Supervisor.start_link, ([worker("c"), worker("d")],))}
    top = Supervisor.start_link([worker("a"), inner, worker("b")], max_restarts=2)
    ref = process.monitor(top)
    each(*[partial(ended, name, 2) for name in NAMES])
    sleep(0)
    send_exit(top, "shutdown")

    told = mail()
    ends = [down.reason for down in told if isinstance(down, Down) and down.ref is ref]
    assert ends == ["shutdown"]
    assert [end.pid for end in told if isinstance(end, Exited)] == [top]
    assert process.registered() == []


@under_choices(200)
def test_one_restart_too_many_from_several_sides_is_one_shutdown() -> None:
    top = Supervisor.start_link([worker(name) for name in NAMES], max_restarts=2)
    each(*[partial(ended, name, 1) for name in NAMES])

    told = mail()
    assert [(end.pid, end.reason) for end in told if isinstance(end, Exited)] == [(top, "shutdown")]
    assert process.registered() == []


@under_choices(200)
def test_children_are_added_taken_out_and_asked_by_many_and_the_table_stays_whole() -> None:
    top = Supervisor.start_link([worker("a")], max_restarts=1000)

    def change(name: str) -> object:
        done = []
        spec = worker(name)
        for what in (
            partial(Supervisor.start_child, top, spec),
            partial(Supervisor.terminate_child, top, name),
            partial(Supervisor.delete_child, top, name),
        ):
            try:
                what()
                done.append("ok")
            except ChildError as error:
                reason = error.reason
                done.append(str(reason[0] if isinstance(reason, tuple) else reason))
            except CallFailed as error:  # pragma: no cover - the supervisor must live
                return error
            sleep(0)
        return done

    ends = all_of(*[partial(change, name) for name in ("x", "x", "y")], partial(ended, "a", 3))
    known = {"ok", "already_started", "already_present", "not_found", "running", "restarting"}
    assert {word for end in ends[:3] if isinstance(end, list) for word in end} <= known
    assert ends[2] == ["ok", "ok", "ok"]
    sleep(1.0)
    children = Supervisor.which_children(top)
    assert [child.pid for child in children] == [whereis(str(child.id)) for child in children]
    assert GenServer.call("a", "name") == "a"
