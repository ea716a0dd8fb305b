from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from actors import process
from actors.errors import BadArgument, NoProcess, TaskExited, TaskTimeout
from actors.exits import Crash, Reason
from actors.isolation import moved
from actors.messages import Down, TimedOut
from actors.pid import Pid
from actors.process import is_alive, monitor, receive, send, send_exit, sleep, trap_exit
from actors.task import Task
from actors.testing import SeededChoice
from supervisors import ChildError, Supervisor, which_children
from supervisors.child_spec import BadOption, BadSpec, Restart, Shutdown
from supervisors.dynamic_supervisor import DynamicSupervisor
from supervisors.task_supervisor import TaskSupervisor, TooManyTasks
from tests.supervisors.kids import play
from tests.watching import Seen

TS = TaskSupervisor


def for_ever() -> object:
    return receive(lambda _: False)


def stubborn() -> object:
    trap_exit(True)
    return for_ever()


def fail() -> object:
    raise RuntimeError("oops")


def after(seconds: float, value: object = None) -> object:
    sleep(seconds)
    return value


def nap(seconds: float, word: str) -> tuple[float, str]:
    sleep(seconds)
    return seconds, word


def pid_of(task: Task[object]) -> Pid:
    assert task.pid is not None
    return task.pid


def mail(seconds: float = 1.0) -> list[object]:
    sleep(seconds)
    messages = []
    while not isinstance(message := receive(timeout=0), TimedOut):
        messages.append(message)
    return messages


def links() -> tuple[Pid, ...]:
    info = process.info(process.self())
    assert info is not None
    return info.links


def ended(fn: Callable[[], object]) -> Reason:
    """Run a function in a process that does not trap exits; return the reason of its end."""
    process.spawn_monitor(fn)
    down = receive(Down)
    assert isinstance(down, Down)
    return down.reason


# -- one task --------------------------------------------------------------------------------------


def test_async_is_a_child_of_the_supervisor_and_linked_to_its_caller() -> None:
    def main() -> object:
        sup = TS.start_link()
        task = TS.async_(sup, after, 0.1, "v")
        info = process.info(pid_of(task))
        assert info is not None
        facts = [TS.children(sup) == [task.pid], set(info.links) == {sup, process.self()}]
        seen = mail()
        return facts, seen[:2] == [(task.ref, "v"), Down(task.ref, pid_of(task), "normal")]

    assert play(main) == ([True, True], True)


def test_async_nolink_is_a_child_of_the_supervisor_alone() -> None:
    def main() -> object:
        sup = TS.start_link()
        task = TS.async_nolink(sup, after, 0.1, "v")
        info = process.info(pid_of(task))
        assert info is not None
        seen = mail()
        return info.links == (sup,), seen == [
            (task.ref, "v"),
            Down(task.ref, pid_of(task), "normal"),
        ]

    assert play(main) == (True, True)


def test_a_failure_without_a_link_is_a_result_and_leaves_no_message() -> None:
    def main() -> object:
        trap_exit(False)
        sup = TS.start_link()
        exits = Task.yield_(TS.async_nolink(sup, process.exit, "why"))
        with pytest.raises(TaskExited) as caught:
            Task.await_(TS.async_nolink(sup, fail))
        return exits, isinstance(caught.value.why, Crash), mail(), is_alive(sup)

    assert play(main) == (("exit", "why"), True, [], True)


def test_a_failure_with_a_link_takes_the_caller_along_and_not_the_supervisor() -> None:
    def main() -> object:
        sup = TS.start_link()
        why = ended(lambda: Task.await_(TS.async_(sup, process.exit, "why")))
        return why, is_alive(sup), TS.children(sup)

    assert play(main) == ("why", True, [])


@pytest.mark.parametrize("reason", ["why", "kill"])
def test_the_caller_s_death_ends_a_linked_task_and_no_other(reason: Reason) -> None:
    def main() -> object:
        sup = TS.start_link()
        tasks: list[Task[object]] = Seen()

        def own() -> None:
            tasks.append(TS.async_(sup, for_ever))
            tasks.append(TS.async_nolink(sup, for_ever))
            for_ever()

        owner = process.spawn(own)
        sleep(0.1)
        send_exit(owner, reason)
        sleep(0.1)
        return [is_alive(pid_of(task)) for task in tasks], len(TS.children(sup))

    assert play(main) == ([False, True], 1)


def test_a_caller_that_dies_before_its_errand_leaves_no_task() -> None:
    def main() -> int:
        sup = TS.start_link()

        def linked() -> None:
            TS.async_(sup, for_ever)
            for_ever()

        def alone() -> None:
            TS.async_nolink(sup, after, 0.1)
            for_ever()

        for own in (linked, alone):
            owner = process.spawn(own)
            process.spawn(send_exit, owner, "kill")
        sleep(1.0)
        return len(TS.children(sup))

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == 0, seed


def test_tasks_know_their_callers() -> None:
    def main() -> object:
        sup = TS.start_link()
        here = process.self()
        TS.start_child(sup, lambda: process.send(here, process.get("$callers")))
        return [
            Task.await_(TS.async_(sup, process.get, "$callers")) == [here],
            Task.await_(TS.async_nolink(sup, process.get, "$callers")) == [here],
            receive(list) == [here],
        ]

    assert play(main) == [True] * 3


@pytest.mark.parametrize("start", [TS.async_, TS.async_nolink, TS.start_child])
def test_the_ancestors_of_a_task_are_its_supervisor_and_who_started_that(
    start: Callable[..., object],
) -> None:
    def main() -> bool:
        here, sup = process.self(), TS.start_link()
        Task.start(lambda: start(sup, lambda: send(here, process.get("$ancestors"))))
        return receive(list) == [sup, here]

    assert play(main)


def test_a_new_one_has_no_children() -> None:
    def main() -> object:
        sup = TS.start_link()
        now = TS.count_children(sup)
        return TS.children(sup), (now.specs, now.active, now.supervisors, now.workers)

    assert play(main) == ([], (0, 0, 0, 0))


@pytest.mark.parametrize("start", [TS.async_, TS.async_nolink, TS.start_child])
def test_a_shutdown_of_one_s_own_is_kept_at_the_end(start: Callable[..., object]) -> None:
    def main() -> object:
        sup = TS.start_link()
        start(sup, stubborn, shutdown="brutal_kill")
        sleep(0.1)
        [child] = TS.children(sup)
        ref = monitor(child)
        TS.stop(sup)
        down = receive(lambda m: isinstance(m, Down) and m.ref is ref)
        return down.reason if isinstance(down, Down) else None

    assert play(main) == "killed"


def test_a_terminated_task_shows_its_end() -> None:
    def main() -> object:
        sup = TS.start_link()
        task = TS.async_nolink(sup, for_ever)
        TS.terminate_child(sup, pid_of(task))
        with pytest.raises(ChildError, match="no child"):
            TS.terminate_child(sup, pid_of(task))
        return Task.yield_(task), TS.children(sup), TS.count_children(sup).specs

    assert play(main) == (("exit", "shutdown"), [], 0)


def test_an_await_that_times_out_leaves_neither_a_reply_nor_an_end() -> None:
    def main() -> object:
        sup = TS.start_link()
        task = TS.async_nolink(sup, after, 0.5)
        with pytest.raises(TaskTimeout):
            Task.await_(task, 0.1)
        return mail()

    assert play(main) == []


def test_a_full_supervisor_refuses_and_runs_nothing() -> None:
    def main() -> object:
        sup = TS.start_link(max_children=1)
        TS.start_child(sup, for_ever)
        refused: list[type[BaseException]] = []
        for start in (TS.async_, TS.async_nolink):
            with pytest.raises(TooManyTasks, match="max_children") as caught:
                start(sup, fail)
            refused += [type(caught.value)] if isinstance(caught.value, RuntimeError) else []
        with pytest.raises(ChildError) as plain:
            TS.start_child(sup, fail)
        return len(refused), plain.value.reason, len(TS.children(sup)), mail()

    assert play(main) == (2, "max_children", 1, [])


@pytest.mark.parametrize(
    ("restart", "good", "runs"),
    [
        ("temporary", False, 1),
        ("transient", True, 1),
        ("transient", False, 2),
        ("permanent", True, 4),
    ],
)
def test_a_started_child_runs_again_as_its_restart_says(
    restart: Restart, good: bool, runs: int
) -> None:
    def main() -> int:
        sup = TS.start_link()
        seen: list[int] = Seen()

        def work() -> None:
            seen.append(1)
            if not good and len(seen) == 1:
                process.exit("bad luck")

        TS.start_child(sup, work, restart=restart)
        sleep(0.1)
        return len(seen)

    assert play(main) == runs, "a permanent one runs until it has run too often"


def test_a_started_child_is_linked_to_the_supervisor_alone() -> None:
    def main() -> object:
        here, sup = process.self(), TS.start_link()

        def work(*args: object) -> None:
            send(here, args)
            for_ever()

        child = TS.start_child(sup, work, "a", 1)
        assert isinstance(child, Pid)
        info = process.info(child)
        assert info is not None
        return receive(tuple), info.links == (sup,), TS.children(sup) == [child], mail()

    assert play(main) == (("a", 1), True, True, [])


@pytest.mark.parametrize("start", [TS.async_, TS.async_nolink])
@pytest.mark.parametrize("reason", ["why", "normal"])
def test_an_await_fails_with_the_reason_of_the_task(
    start: Callable[..., Task[object]], reason: str
) -> None:
    def main() -> bool:
        task = start(TS.start_link(), process.exit, reason)
        with pytest.raises(TaskExited) as caught:
            Task.await_(task)
        return caught.value.reason == (reason, ("Task", "await", [task, 5.0]))

    assert play(main)


def test_tasks_may_have_threads_of_their_own() -> None:
    def main() -> list[bool]:
        sup = TS.start_link()
        here = process.self()
        TS.start_child(sup, lambda: process.send(here, threading.get_ident()), host="thread")
        idents = [
            Task.await_(TS.async_(sup, threading.get_ident, host="thread")),
            Task.await_(TS.async_nolink(sup, threading.get_ident, host="thread")),
            receive(int),
        ]
        return [ident != threading.get_ident() for ident in idents]

    assert play(main) == [True] * 3


# -- many ------------------------------------------------------------------------------------------

STREAMS = pytest.mark.parametrize("stream", [TS.async_stream, TS.async_stream_nolink])
WIDTHS = pytest.mark.parametrize("width", [1, 2, 8])
Stream = Callable[..., object]


def outcomes(stream: object) -> list[object]:
    return [
        ("exit", type(why.exception)) if kind == "exit" and isinstance(why, Crash) else (kind, why)
        for kind, why in stream  # type: ignore[attr-defined] # a generator
    ]


@STREAMS
@WIDTHS
def test_a_stream_keeps_order_slowest_first_and_leaves_nothing(stream: Stream, width: int) -> None:
    def main() -> object:
        sup = TS.start_link()
        values = outcomes(stream(sup, [0.3, 0.2, 0.1], nap, "v", max_concurrency=width))
        return values, mail(), links() == (sup,), TS.children(sup)

    assert play(main) == ([("ok", (s, "v")) for s in (0.3, 0.2, 0.1)], [], True, [])


@STREAMS
def test_a_stream_shows_failures_to_a_consumer_that_traps(stream: Stream) -> None:
    def main() -> object:
        sup = TS.start_link()
        ways: list[Callable[[], object]] = [fail, lambda: process.exit("why"), lambda: 1]
        return outcomes(stream(sup, ways, lambda way: way())), mail(), links() == (sup,)

    assert play(main) == ([("exit", RuntimeError), ("exit", "why"), ("ok", 1)], [], True)


def test_failures_harm_a_consumer_that_does_not_trap_by_the_link_alone() -> None:
    def main() -> object:
        sup = TS.start_link()
        lives = ended(lambda: list(TS.async_stream_nolink(sup, ["why"], process.exit)))
        dies = ended(lambda: list(TS.async_stream(sup, ["why"], process.exit)))
        return lives, dies, TS.children(sup)

    assert play(main) == ("normal", "why", [])


@STREAMS
@WIDTHS
def test_an_early_halt_ends_the_tasks_and_leaves_no_message(stream: Stream, width: int) -> None:
    def main() -> object:
        sup = TS.start_link()
        for outcome in stream(sup, [0.1, 9.0, 9.0], after, "v", max_concurrency=width):  # type: ignore[attr-defined]
            first = outcome
            break
        sleep(0.1)
        return first, TS.children(sup), mail(), links() == (sup,)

    assert play(main) == (("ok", "v"), [], [], True)


@STREAMS
def test_a_full_supervisor_ends_a_stream_cleanly(stream: Stream) -> None:
    def main() -> object:
        sup = TS.start_link(max_children=1)
        with pytest.raises(TooManyTasks):
            outcomes(stream(sup, [9.0, 9.0], after, max_concurrency=2))
        sleep(0.1)
        return TS.children(sup), mail(), links() == (sup,)

    assert play(main) == ([], [], True)


@STREAMS
def test_tasks_that_are_late_may_be_outcomes_with_their_input(stream: Stream) -> None:
    def main() -> object:
        sup = TS.start_link()
        return outcomes(
            stream(
                sup,
                [0.1, 9.0],
                after,
                "v",
                timeout=1.0,
                on_timeout="kill_task",
                zip_input_on_exit=True,
            )
        )

    assert play(main) == [("ok", "v"), ("exit", (9.0, "timeout"))]


@STREAMS
def test_a_halt_after_a_failure_that_shows_its_input_leaves_nothing(stream: Stream) -> None:
    def work(n: int) -> int:
        return process.exit(n) if n % 2 else n

    def main() -> object:
        sup = TS.start_link()
        seen = []
        for outcome in stream(sup, range(99), work, max_concurrency=4, zip_input_on_exit=True):  # type: ignore[attr-defined]
            seen.append(outcome)
            if len(seen) == 4:
                break
        sleep(0.1)
        return seen, TS.children(sup), mail(), links() == (sup,)

    expected = [("ok", 0), ("exit", (1, 1)), ("ok", 2), ("exit", (3, 3))]
    assert play(main) == (expected, [], [], True)


@STREAMS
def test_another_process_may_consume(stream: Stream) -> None:
    def main() -> object:
        sup = TS.start_link()
        return Task.await_(Task.async_(outcomes, moved(stream(sup, [0.1], after, "v"))))

    assert play(main) == [("ok", "v")]


@STREAMS
def test_stream_tasks_know_on_whose_behalf_they_run(stream: Stream) -> None:
    def main() -> object:
        sup = TS.start_link()
        here = process.self()
        seen = [outcomes(stream(sup, [key], process.get)) for key in ("$callers", "$ancestors")]
        return seen == [[("ok", [here])], [("ok", [sup, here])]]

    assert play(main)


@STREAMS
@pytest.mark.parametrize(
    "options", [{"shutdown": -1}, {"max_concurrency": 0}, {"timeout": -1}, {"on_timeout": "odd"}]
)
def test_options_of_a_stream_are_refused_when_it_is_made(
    stream: Stream, options: dict[str, object]
) -> None:
    with pytest.raises(BadArgument, match=next(iter(options))):
        play(lambda: stream("nobody is even asked", [1], after, **options))


def test_whatever_the_order_of_turns_a_halt_leaves_no_task() -> None:
    def main() -> object:
        sup = TS.start_link()
        stream = TS.async_stream(sup, [0, 0.1, 0, 9.0], after, "v", max_concurrency=3)
        first = next(stream)
        stream.close()
        sleep(0.1)
        return first, TS.children(sup), mail(), links() == (sup,)

    for seed in range(200):
        assert play(main, SeededChoice(seed)) == (("ok", "v"), [], [], True), seed


# -- the supervisor --------------------------------------------------------------------------------


class Crew(TaskSupervisor, restart="transient", shutdown=1.0):
    pass


def test_it_can_be_supervised_and_is_identified_by_its_name() -> None:
    def main() -> object:
        top = Supervisor.start_link([TS, TS.child_spec(name="crew", max_children=1), Crew])
        with pytest.raises(ChildError) as again:
            Supervisor.start_child(top, TS)
        assert isinstance(again.value.reason, tuple)
        ids = [(info.id, info.type) for info in which_children(top)]
        return ids, again.value.reason[0], Task.await_(TS.async_("crew", pow, 2, 3))

    kinds = [(Crew, "supervisor"), ("crew", "supervisor"), (TS, "supervisor")]
    assert play(main) == (kinds, "already_started", 8)


def test_a_child_specification_has_what_the_class_says_unless_told_otherwise() -> None:
    spec = Crew.child_spec()
    other = Crew.child_spec(id="x", restart="permanent", shutdown=None)

    assert (spec.id, spec.restart, spec.shutdown) == (Crew, "transient", 1.0)
    assert (other.id, other.restart, other.shutdown) == ("x", "permanent", None)
    with pytest.raises(BadArgument, match="often"):
        type("Odd", (TaskSupervisor,), {}, often=True)


@pytest.mark.parametrize(
    "options", [{"max_children": -1}, {"max_restarts": -1}, {"max_seconds": 0}]
)
def test_options_are_refused_before_anything_starts(options: dict[str, int]) -> None:
    start: Callable[..., object] = TS.start_link
    with pytest.raises(BadOption, match=next(iter(options))):
        play(lambda: start(**options))


@pytest.mark.parametrize("start", [TS.async_, TS.async_nolink, TS.start_child])
def test_arguments_of_a_start_are_refused_in_the_caller(start: Callable[..., object]) -> None:
    with pytest.raises(BadArgument, match="fn"):
        play(lambda: start("nobody is even asked", 5))
    with pytest.raises(BadSpec, match="shutdown"):
        play(lambda: start("nobody is even asked", fail, shutdown=-1))
    with pytest.raises(NoProcess):
        play(lambda: start("nobody", fail))


def test_a_bad_host_is_told_and_leaves_nothing() -> None:
    def main() -> object:
        sup = TS.start_link()
        with pytest.raises((BadArgument, ChildError)):
            TS.start_child(sup, fail, host="moon")  # type: ignore[arg-type]
        return TS.children(sup), is_alive(sup)

    assert play(main) == ([], True)


def test_all_tasks_end_with_their_supervisor() -> None:
    def main() -> object:
        sup = TS.start_link()
        limits: list[Shutdown] = [0, 1, None]
        tasks = [TS.async_nolink(sup, for_ever, shutdown=limit) for limit in limits]
        sleep(0.1)
        DynamicSupervisor.stop(sup)
        return [Task.yield_(task, 0) for task in tasks][1:]

    assert play(main) == [("exit", "shutdown")] * 2
