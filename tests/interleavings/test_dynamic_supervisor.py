from __future__ import annotations

from functools import partial

from actors import process
from actors.gen_server import GenServer
from actors.pid import Pid
from actors.process import send_exit, sleep
from supervisors import ChildError, DynamicSupervisor
from tests.interleavings.support import all_of, each, under_choices
from tests.interleavings.trees import Worker, living
from tests.watching import Seen


def spec(restart: str, slow: float = 0.0) -> dict[str, object]:
    return {"id": "w", "start": (Worker.start_link, ("w", slow)), "restart": restart}


def pid_of(answer: object) -> Pid:
    assert isinstance(answer, Pid)
    return answer


@under_choices(200)
def test_there_is_never_one_child_too_many_whoever_starts_and_ends_them() -> None:
    top = DynamicSupervisor.start_link(max_children=2, max_restarts=1000)
    seen: list[int] = Seen()
    pids: list[Pid] = Seen()

    def customer(end: str) -> object:
        done = []
        for _ in range(3):
            try:
                pid = pid_of(DynamicSupervisor.start_child(top, spec("permanent")))
            except ChildError as error:
                done.append(error.reason)
                sleep(0.1)
                continue
            pids.append(pid)
            seen.append(living(pids))
            if end == "crash":
                GenServer.cast(pid, "crash")
            else:
                # Its restarts have other pids, and none of them is left over.
                DynamicSupervisor.terminate_child(top, pid)
                done.append("ended")
        return done

    ends = all_of(*[partial(customer, "stop")] * 3)
    assert {word for end in ends if isinstance(end, list) for word in end} <= {
        "ended",
        "max_children",
    }
    assert max(seen) <= 2
    assert DynamicSupervisor.count_children(top).active == 0
    all_of(*[partial(customer, "crash")] * 3)
    sleep(1.0)
    children = DynamicSupervisor.which_children(top)
    assert len(children) == 2
    assert all(isinstance(child.pid, Pid) and process.is_alive(child.pid) for child in children)


@under_choices(200)
def test_its_end_takes_all_children_along_also_those_that_are_just_being_started() -> None:
    top = DynamicSupervisor.start_link(max_restarts=1000)
    before = set(process.processes())

    def customer(slow: float) -> None:
        for _ in range(3):
            try:
                pid = pid_of(DynamicSupervisor.start_child(top, spec("permanent", slow)))
            except Exception:
                return
            process.spawn(send_exit, pid, "crash")

    each(*[partial(customer, slow) for slow in (0.0, 0.1, 0.0)])
    sleep(0.05)
    DynamicSupervisor.stop(top)
    sleep(1.0)
    assert set(process.processes()) <= before - {top}
