from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import process
from actors.errors import BadArgument, TaskExited, TaskTimeout
from actors.exits import Crash, Exit, Reason
from actors.messages import Down, Exited, TimedOut
from actors.outcomes import Stop
from actors.pid import Pid, Ref
from actors.runtime import run
from actors.task import OnYieldTimeout, Outcome, Task
from actors.testing import SeededChoice, VirtualClock
from supervisors import Supervisor, which_children
from tests.watching import Seen

T = TypeVar("T")
Limit = float | Literal["brutal_kill"]


def play(main: Callable[[], T], *, traps: bool = True, seed: int | None = None) -> T:
    choice = None if seed is None else SeededChoice(seed)
    values: list[T] = []

    def body() -> None:
        process.trap_exit(traps)
        values.append(main())

    run(body, clock=VirtualClock(), choice=choice)
    return values[0]


def after(seconds: float, value: T) -> T:
    process.sleep(seconds)
    return value


def ending(reason: Reason) -> object:
    process.exit(reason)


def fail() -> object:
    raise RuntimeError("oops")


def for_ever() -> object:
    return process.receive(lambda _: False)


def stubborn() -> object:
    process.trap_exit(True)
    return for_ever()


def mail(seconds: float = 1.0) -> list[object]:
    """Let things settle, and return what is in the mailbox."""
    process.sleep(seconds)
    messages = []
    while not isinstance(message := process.receive(timeout=0), TimedOut):
        messages.append(message)
    return messages


def but_exits(messages: list[object]) -> list[object]:
    return [message for message in messages if not isinstance(message, Exited)]


def reason_of_await(task: Task[object], timeout: float = 5.0) -> Reason:
    with pytest.raises((TaskExited, TaskTimeout)) as caught:
        Task.await_(task, timeout)
    assert caught.value.reason == (caught.value.why, ("Task", "await", [task, timeout]))
    return caught.value.why


# -- starting --------------------------------------------------------------------------------------


def test_async_runs_linked_to_its_owner_and_sends_its_result_and_then_its_end() -> None:
    def main() -> list[object]:
        task = Task.async_(after, 0.1, "value")
        assert task.pid is not None
        info = process.info(process.self())
        assert info is not None
        linked = task.pid in info.links
        seen = mail()
        return [
            linked,
            task.owner is process.self(),
            seen[:2] == [(task.ref, "value"), Down(task.ref, task.pid, "normal")],
            seen[2:] == [Exited(task.pid, "normal")],
        ]

    assert play(main) == [True] * 4


def test_a_task_knows_what_it_runs() -> None:
    assert play(lambda: Task.async_(fail).function).endswith("test_task.fail")


def test_a_task_knows_who_has_started_it_and_who_those() -> None:
    def main() -> tuple[list[Pid], list[object]]:
        def outer() -> tuple[Pid, object]:
            inner = Task.async_(process.get, "$callers")
            return process.self(), Task.await_(inner)

        outer_pid, callers = Task.await_(Task.async_(outer))
        return [outer_pid, process.self()], [callers]

    expected, callers = play(main)

    assert callers == [expected]


@pytest.mark.parametrize("start", [Task.start, Task.start_link])
def test_start_tells_nobody_its_result(start: Callable[..., Pid]) -> None:
    def main() -> list[object]:
        start(after, 0.1, "nobody gets this")
        return but_exits(mail())

    assert play(main) == []


def test_start_link_links_and_start_does_not() -> None:
    def main() -> list[object]:
        Task.start(ending, "why")
        linked = Task.start_link(ending, "why")
        return [message == Exited(linked, "why") for message in mail()]

    assert play(main) == [True]


@pytest.mark.parametrize("start", [Task.start, Task.start_link, Task.async_])
def test_a_task_has_ancestors_and_an_initial_call_as_servers_have(
    start: Callable[..., object],
) -> None:
    """Source: https://www.erlang.org/doc/apps/stdlib/proc_lib.html"""

    def main() -> object:
        here = process.self()
        start(lambda: process.send(here, (process.get("$ancestors"), process.get("$initial_call"))))
        found = process.receive(lambda m: isinstance(m, tuple) and isinstance(m[0], list))
        assert isinstance(found, tuple)
        return found[0] == [here], isinstance(found[1], str)

    assert play(main) == (True, True)


@pytest.mark.parametrize("start", [Task.start, Task.start_link])
def test_started_tasks_know_their_callers(start: Callable[..., Pid]) -> None:
    def main() -> bool:
        here = process.self()
        start(lambda: process.send(here, process.get("$callers")))
        return process.receive(list) == [here]

    assert play(main)


def test_completed_is_awaited_without_a_process() -> None:
    def main() -> tuple[object, str]:
        task = Task.completed("v")
        return task.pid, Task.await_(task)

    assert play(main) == (None, "v")


def test_it_may_have_a_thread_of_its_own() -> None:
    def main() -> bool:
        task = Task.async_(threading.get_ident, host="thread")
        return Task.await_(task) != threading.get_ident()

    assert play(main)


@pytest.mark.parametrize("wrong", [None, 5, "run"])
def test_what_is_no_function_is_refused_at_the_door(wrong: object) -> None:
    uses: list[Callable[..., object]] = [Task.async_, Task.start, Task.start_link]
    for use in uses:
        with pytest.raises(BadArgument, match="fn"):
            play(lambda use=use: use(wrong))  # type: ignore[misc]


def test_a_host_that_there_is_not_is_refused_at_the_door() -> None:
    with pytest.raises(BadArgument, match=r"moon.*\['pool', 'process', 'thread'\]"):
        play(lambda: Task.async_(fail, host="moon"))  # type: ignore[call-arg, call-overload]


# -- await -----------------------------------------------------------------------------------------


def test_await_leaves_nothing_behind_but_the_end_of_a_link_that_is_trapped() -> None:
    def main() -> tuple[object, list[object]]:
        task = Task.async_(after, 0.1, "done")
        value = Task.await_(task)
        return value, but_exits(mail())

    assert play(main) == ("done", [])


def test_awaiting_again_waits_for_nothing() -> None:
    def main() -> Reason:
        task: Task[object] = Task.async_(after, 0.0, 1)
        Task.await_(task)
        return reason_of_await(task, 0.02)

    assert play(main) == "timeout"


def test_a_result_that_comes_too_late_is_never_seen() -> None:
    def main() -> tuple[Reason, list[object]]:
        task: Task[object] = Task.async_(after, 0.1, "late")
        return reason_of_await(task, 0.02), but_exits(mail())

    assert play(main) == ("timeout", [])


@pytest.mark.parametrize("reason", ["normal", "why", "shutdown", ("shutdown", 1), "killed"])
def test_await_fails_with_the_reason_of_the_task(reason: Reason) -> None:
    assert play(lambda: reason_of_await(Task.async_(ending, reason))) == reason


def test_await_of_a_task_that_raised_shows_what_it_raised() -> None:
    def main() -> tuple[Reason, BaseException | None]:
        with pytest.raises(TaskExited) as caught:
            Task.await_(Task.async_(fail))
        return caught.value.why, caught.value.__cause__

    why, cause = play(main)

    assert isinstance(why, Crash)
    assert why.exception is cause
    assert why.stack.entries[-1][2] == "fail"


def test_await_of_a_task_that_killed_itself() -> None:
    def suicide() -> None:
        process.send_exit(process.self(), "kill")

    assert play(lambda: reason_of_await(Task.async_(suicide))) == "killed"


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        (lambda: ending("normal"), "normal"),
        (lambda: ending("why"), ("died", "why")),
        (fail, ("died", RuntimeError)),
    ],
)
def test_an_owner_that_does_not_trap_dies_with_its_task(
    fn: Callable[[], object], expected: object
) -> None:
    def main() -> object:
        here = process.self()

        def owner() -> None:
            task: Task[object] = Task.async_(fn)
            process.sleep(0.04)
            process.send(here, reason_of_await(task))

        pid, ref = process.spawn_monitor(owner)
        message = process.receive(lambda m: isinstance(m, str | Down))
        if isinstance(message, Down):
            assert message.process is pid
            assert message.ref is ref
            why = message.reason
            return "died", type(why.exception) if isinstance(why, Crash) else why
        return message

    assert play(main) == expected


def test_the_death_of_the_owner_ends_its_task() -> None:
    def main() -> list[object]:
        tasks: list[Task[object]] = Seen()

        def own() -> None:
            tasks.append(Task.async_(stubborn))
            for_ever()

        owner = process.spawn(own)
        process.sleep(0.1)
        assert tasks[0].pid is not None
        process.monitor(tasks[0].pid)
        process.send_exit(owner, "kill")
        heard = mail()
        process.send_exit(tasks[0].pid, "kill")
        return heard + [down.reason for down in mail() if isinstance(down, Down)]

    assert play(main) == ["killed"], "a task that traps is only told"


@pytest.mark.parametrize(
    "use",
    [
        Task.await_,
        Task.yield_,
        Task.shutdown,
        Task.ignore,
        lambda task: Task.shutdown(task, "brutal_kill"),
        lambda task: Task.await_many([task]),
        lambda task: Task.yield_many([task]),
    ],
)
def test_a_task_is_its_owner_s_alone(use: Callable[[Task[object]], object]) -> None:
    def main() -> str:
        here = process.self()
        process.spawn(lambda: (process.send(here, Task.async_(for_ever)), for_ever()))
        task = process.receive(Task)
        assert isinstance(task, Task)
        with pytest.raises(BadArgument) as caught:
            use(task)
        assert repr(here) in str(caught.value)
        assert repr(task.owner) in str(caught.value)
        return caught.value.what

    assert play(main) == "task"


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), True, "5"])
@pytest.mark.parametrize(
    "use",
    [
        Task.await_,
        Task.yield_,
        Task.shutdown,
        lambda task, timeout: Task.await_many([task], timeout),
        lambda task, timeout: Task.yield_many([task], timeout),
    ],
)
def test_a_timeout_that_is_none_is_refused_at_the_door(
    use: Callable[[Task[object], object], object], wrong: object
) -> None:
    def main() -> bool:
        task = Task.completed(1)
        with pytest.raises(BadArgument, match="timeout"):
            use(task, wrong)
        return Task.await_(task) == 1

    assert play(main)


@pytest.mark.parametrize("wrong", [None, 5, "task"])
def test_what_is_no_task_is_refused_at_the_door(wrong: Task[object]) -> None:
    with pytest.raises(BadArgument, match="a Task"):
        play(lambda: Task.await_(wrong))


def test_a_node_that_went_away_is_the_end_of_the_owner() -> None:
    """No other nodes yet; the message is the one that a monitor of a remote process would bring."""

    def lost(use: Callable[[Task[object]], object]) -> Reason:
        task: Task[object] = Task.async_(for_ever)
        assert task.pid is not None
        process.unlink(task.pid)
        process.send(process.self(), Down(task.ref, task.pid, "noconnection"))
        with pytest.raises(TaskExited) as caught:
            use(task)
        return caught.value.why

    uses: list[Callable[[Task[object]], object]] = [
        Task.await_,
        Task.yield_,
        Task.ignore,
        lambda task: Task.await_many([task]),
        lambda task: Task.yield_many([task]),
    ]

    assert play(lambda: [lost(use) for use in uses]) == [("nodedown", "nonode@nohost")] * 5


@pytest.mark.parametrize("limit", [5.0, "brutal_kill"])
def test_shutdown_on_a_node_that_went_away_is_the_end_of_the_owner_too(limit: Limit) -> None:
    def main() -> bool:
        task = Task.async_(ending, "noconnection")
        process.sleep(0.1)
        with pytest.raises(TaskExited) as caught:
            Task.shutdown(task, limit)
        why = ("nodedown", "nonode@nohost")
        return caught.value.reason == (why, ("Task", "shutdown", [task, limit]))

    assert play(main)


# -- await_many ------------------------------------------------------------------------------------


def test_await_many_keeps_the_input_order() -> None:
    def main() -> list[str]:
        return Task.await_many([Task.async_(after, s, n) for s, n in ((0.6, "a"), (0.1, "b"))])

    assert play(main) == ["a", "b"]


def test_await_many_of_nothing_returns_at_once() -> None:
    assert play(lambda: Task.await_many([])) == []


def test_await_many_leaves_the_messages_of_others() -> None:
    def main() -> tuple[list[int], list[object]]:
        task = Task.async_(after, 0.1, 1)
        strays: list[object] = ["hello", (1, 2), (task.ref, 1, 2)]
        for stray in strays:
            process.send(process.self(), stray)
        values = Task.await_many([task])
        process.send(process.self(), (task.ref, "again"))
        return values, [m == (task.ref, "again") or m in strays for m in but_exits(mail())]

    assert play(main) == ([1], [True] * 4)


@pytest.mark.parametrize("fn", [lambda: ending("bad"), lambda: ending("normal"), fail])
def test_await_many_fails_at_once_and_forgets_the_others(fn: Callable[[], object]) -> None:
    def main() -> tuple[float, list[object], list[object]]:
        began = process.monotonic()
        tasks = [Task.async_(after, 9.0, "slow"), Task.async_(fn)]
        with pytest.raises(TaskExited) as caught:
            Task.await_many(tasks, 40.0)
        took = process.monotonic() - began
        assert isinstance(caught.value.reason, tuple)
        assert caught.value.reason[1] == ("Task", "await_many", [tasks, 40.0])
        return took, but_exits(mail(0.0)), but_exits(mail(20.0))

    assert play(main) == (0.0, [], [])


def test_await_many_has_one_time_for_all() -> None:
    def main() -> tuple[float, Reason, list[object]]:
        began = process.monotonic()
        tasks = [Task.async_(after, seconds, 0) for seconds in (0.2, 0.4, 0.6)]
        with pytest.raises(TaskTimeout) as caught:
            Task.await_many(tasks, 0.5)
        return process.monotonic() - began, caught.value.why, but_exits(mail())

    assert play(main) == (0.5, "timeout", [])


def test_await_many_that_times_out_says_for_what_it_has_waited() -> None:
    def main() -> bool:
        tasks = [Task.async_(for_ever), Task.async_(after, 0.0, 1)]
        with pytest.raises(TaskTimeout) as caught:
            Task.await_many(tasks, 0)
        return caught.value.reason == ("timeout", ("Task", "await_many", [tasks, 0]))

    assert play(main)


# -- yield -----------------------------------------------------------------------------------------


def test_yield_may_be_repeated_until_there_is_a_result() -> None:
    def main() -> list[object]:
        task = Task.async_(after, 0.06, "v")
        return [Task.yield_(task, 0.01), Task.yield_(task, 0.5), Task.yield_(task, 0.01)]

    assert play(main) == [None, ("ok", "v"), None]


@pytest.mark.parametrize("reason", ["normal", "why"])
def test_yield_reports_a_failure(reason: Reason) -> None:
    assert play(lambda: Task.yield_(Task.async_(ending, reason))) == ("exit", reason)


def replying(reason: Reason) -> object:
    ref = process.receive(Ref)
    assert isinstance(ref, Ref)
    process.send(ref, (ref, "result"))
    process.exit(reason)


@pytest.mark.parametrize("reason", ["abnormal", "normal", "shutdown", "killed"])
@pytest.mark.parametrize(
    "use",
    [
        lambda task: ("ok", Task.await_(task)),
        lambda task: ("ok", Task.await_many([task])[0]),
        Task.yield_,
        lambda task: Task.yield_many([task])[0][1],
        Task.shutdown,
        lambda task: Task.shutdown(task, "brutal_kill"),
        Task.ignore,
    ],
)
def test_a_result_wins_over_an_end_that_is_there_as_well(
    use: Callable[[Task[object]], object], reason: Reason
) -> None:
    def main() -> tuple[object, list[object]]:
        task = Task.async_(replying, reason)
        assert task.pid is not None
        process.send(task.pid, task.ref)
        process.sleep(0.1)
        return use(task), but_exits(mail())

    assert play(main) == (("ok", "result"), [])


def many() -> list[Task[object]]:
    return [
        Task.async_(after, 0.0, "quick"),
        Task.async_(after, 4.0, "slow"),
        Task.async_(ending, "bad"),
    ]


def outcomes(pairs: list[tuple[Task[object], Outcome[object] | None]]) -> list[object]:
    return [outcome for _, outcome in pairs]


@pytest.mark.parametrize(
    ("on_timeout", "alive"), [("nothing", True), ("ignore", True), ("kill_task", False)]
)
def test_yield_many_reports_each_and_does_as_told_with_the_late(
    on_timeout: OnYieldTimeout, alive: bool
) -> None:
    def main() -> tuple[list[object], bool, bool]:
        tasks = many()
        pairs = Task.yield_many(tasks, 0.8, on_timeout=on_timeout)
        assert [task for task, _ in pairs] == tasks
        late = tasks[1]
        assert late.pid is not None
        living = process.is_alive(late.pid)
        heard = [m for m in but_exits(mail(9.0)) if isinstance(m, tuple) and m[0] is late.ref]
        return outcomes(pairs), living, bool(heard)

    expected = [("ok", "quick"), None, ("exit", "bad")]
    assert play(main) == (expected, alive, on_timeout == "nothing")


def test_yield_many_returns_as_soon_as_so_many_are_done() -> None:
    def main() -> tuple[list[object], float]:
        began = process.monotonic()
        tasks: list[Task[object]] = [Task.async_(after, seconds, seconds) for seconds in (3, 1, 2)]
        pairs = Task.yield_many(tasks, 9.0, limit=2, on_timeout="kill_task")
        took = process.monotonic() - began
        alive = [process.is_alive(task.pid) for task in tasks if task.pid is not None]
        assert alive == [True, False, False], "a limit that is reached is no timeout"
        return outcomes(pairs), took

    assert play(main) == ([None, ("ok", 1), ("ok", 2)], 2.0)


def test_yield_many_with_a_limit_above_the_number_of_tasks_does_not_hang() -> None:
    def main() -> list[object]:
        return outcomes(Task.yield_many([Task.async_(after, 1, "v")], None, limit=9))

    assert play(main) == [("ok", "v")]


@pytest.mark.parametrize("timeout", [5.0, None])
def test_yield_many_reports_the_end_of_each_that_ended(timeout: float | None) -> None:
    def main() -> list[object]:
        fns: list[Callable[[], object]] = [lambda: ending("normal"), lambda: after(9e9, "at last")]
        tasks = [Task.async_(fn) for fn in fns]
        return outcomes(Task.yield_many(tasks, timeout))

    assert play(main) == [("exit", "normal"), None if timeout else ("ok", "at last")]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"on_timeout": "explode"}, "explode"),
        ({"on_timeout": None}, "on_timeout"),
    ],
)
def test_options_of_yield_many_are_refused_at_the_door(
    options: dict[str, object], named: str
) -> None:
    with pytest.raises(BadArgument, match=named):
        play(lambda: Task.yield_many([], **options))  # type: ignore[arg-type]


# -- shutdown and ignore ---------------------------------------------------------------------------


def asked() -> object:
    process.trap_exit(True)
    message = process.receive(Exited)
    return message.reason if isinstance(message, Exited) else None


@pytest.mark.parametrize(
    ("fn", "limit", "expected"),
    [
        (for_ever, 5.0, None),
        (lambda: after(0.0, "quick"), 5.0, ("ok", "quick")),
        (lambda: ending("why"), 5.0, ("exit", "why")),
        (lambda: ending("normal"), 5.0, ("exit", "normal")),
        (lambda: ending("shutdown"), 5.0, None),
        (lambda: ending("killed"), 5.0, ("exit", "killed")),
        (stubborn, 0.03, ("exit", "killed")),
        (asked, 5.0, ("ok", "shutdown")),
        (for_ever, "brutal_kill", None),
        (stubborn, "brutal_kill", None),
        (lambda: after(0.0, "quick"), "brutal_kill", ("ok", "quick")),
        (lambda: ending("why"), "brutal_kill", ("exit", "why")),
        (lambda: ending("normal"), "brutal_kill", ("exit", "normal")),
        (lambda: ending("shutdown"), "brutal_kill", ("exit", "shutdown")),
        (lambda: ending("killed"), "brutal_kill", None),
    ],
)
def test_shutdown_tells_a_result_an_end_as_told_and_any_other_apart(
    fn: Callable[[], object], limit: Limit, expected: object
) -> None:
    def main() -> tuple[object, list[object]]:
        task = Task.async_(fn)
        process.sleep(0.02)
        outcome = Task.shutdown(task, limit)
        return outcome, but_exits(mail())

    assert play(main) == (expected, [])


@pytest.mark.parametrize("limit", [5.0, "brutal_kill"])
def test_shutdown_of_a_running_task_leaves_no_message_at_all(limit: Limit) -> None:
    def main() -> list[object]:
        Task.shutdown(Task.async_(for_ever), limit)
        return mail()

    assert play(main) == []


@pytest.mark.parametrize("limit", [5.0, "brutal_kill"])
def test_shutdown_of_a_task_whose_result_was_taken(limit: Limit) -> None:
    def main() -> object:
        task = Task.async_(after, 0.0, 1)
        Task.await_(task)
        process.sleep(0.1)
        return Task.shutdown(task, limit)

    assert play(main) == ("exit", "noproc")


def test_shutdown_without_a_process_takes_what_is_there() -> None:
    def main() -> list[object]:
        task = Task.completed("v")
        return [Task.shutdown(task), Task.shutdown(task, "brutal_kill")]

    assert play(main) == [("ok", "v"), None]


def test_ignore_takes_what_is_there_or_never_hears_of_it() -> None:
    def main() -> list[object]:
        done = Task.async_(after, 0.0, "v")
        failed = Task.async_(ending, "why")
        process.sleep(0.1)
        early = [Task.ignore(done), Task.ignore(failed)]
        late: list[Task[object]] = [Task.async_(after, 0.5, "v"), Task.async_(after, 0.5, fail)]
        return [
            *early,
            *(Task.ignore(task) for task in late),
            Task.ignore(Task.completed("w")),
            but_exits(mail()),
        ]

    assert play(main) == [("ok", "v"), ("exit", "why"), None, None, ("ok", "w"), []]


def test_what_was_ignored_cannot_be_awaited_any_more() -> None:
    def main() -> list[Reason]:
        done: Task[object] = Task.async_(after, 0.0, "v")
        late: Task[object] = Task.async_(after, 0.1, "v")
        process.sleep(0.05)
        assert (Task.ignore(done), Task.ignore(late)) == (("ok", "v"), None)
        return [reason_of_await(task, 1.0) for task in (done, late)]

    assert play(main) == ["timeout", "timeout"]


def test_shutdown_without_a_process_takes_an_end_that_is_there() -> None:
    def main() -> list[object]:
        outcomes: list[object] = []
        for reason in ("abnormal", "shutdown"):
            ref = Ref()
            lost: Task[object] = Task(None, ref, process.self(), "lost")
            process.send(process.self(), Down(ref, Pid(9), reason))
            outcomes.append(Task.shutdown(lost))
        return outcomes

    assert play(main) == [("exit", "abnormal"), ("exit", "shutdown")]


def test_an_ignored_task_goes_on_and_its_failure_harms_nobody() -> None:
    def main() -> list[object]:
        here = process.self()
        done: list[str] = Seen()

        def work() -> None:
            process.sleep(0.5)
            done.append("done")
            process.exit("why")

        task = Task.async_(work)
        Task.ignore(task)
        process.sleep(1.0)
        return [*done, process.is_alive(here)]

    assert play(main, traps=False) == ["done", True]


# -- races -----------------------------------------------------------------------------------------


def test_whatever_the_order_of_turns_a_task_gives_one_result_and_leaves_nothing() -> None:
    def main() -> tuple[object, list[object]]:
        tasks = [Task.async_(after, 0.0, n) for n in range(4)]
        results = Task.await_many(tasks)
        return results, but_exits(mail())

    for seed in range(200):
        assert play(main, seed=seed) == ([0, 1, 2, 3], []), seed


def test_a_shutdown_races_with_the_result_and_either_wins_alone() -> None:
    def main() -> tuple[object, list[object]]:
        task = Task.async_(after, 0.1, "v")
        process.sleep(0.1)
        return Task.shutdown(task), but_exits(mail())

    seen = set()
    for seed in range(200):
        outcome, left = play(main, seed=seed)
        assert left == [], seed
        seen.add(outcome)

    assert seen == {None, ("ok", "v")}


def test_an_await_races_with_the_result_and_no_message_is_left() -> None:
    def main() -> tuple[object, list[object]]:
        task = Task.async_(after, 0.1, "v")
        try:
            value: object = Task.await_(task, 0.1)
        except TaskTimeout:
            value = "timeout"
        return value, but_exits(mail())

    seen = set()
    for seed in range(200):
        value, left = play(main, seed=seed)
        assert left == [], seed
        seen.add(value)

    assert seen <= {"v", "timeout"}


def test_an_owner_that_dies_as_its_task_is_done_leaves_no_process() -> None:
    def main() -> list[Pid]:
        def owner() -> None:
            task = Task.async_(after, 0.1, "v")
            process.sleep(0.1)
            process.send(process.self(), task)
            process.exit("why")

        process.spawn(owner)
        process.sleep(1.0)
        return process.processes()

    for seed in range(200):
        assert len(play(main, seed=seed)) == 1, seed


@given(st.lists(st.tuples(st.integers(0, 3), st.integers())))
def test_await_many_is_map_whatever_each_takes(work: list[tuple[int, int]]) -> None:
    def main() -> list[int]:
        return Task.await_many([Task.async_(after, seconds, n) for seconds, n in work])

    assert play(main) == [n for _, n in work]


# -- supervision -----------------------------------------------------------------------------------


class Job(Task[None], restart="transient", shutdown=1.0):
    pass


def test_it_can_be_supervised_directly_and_is_temporary() -> None:
    def main() -> list[object]:
        top = Supervisor.start_link([(Task, for_ever), Task.child_spec(after, 0.1, 1, id="b")])
        before = [info.id for info in which_children(top)]
        process.sleep(1.0)
        return [before, [info.id for info in which_children(top)]]

    assert play(main) == [["b", Task], [Task]]


def test_a_child_specification_has_what_the_class_says_unless_told_otherwise() -> None:
    spec = Job.child_spec(fail)
    other = Job.child_spec(after, 1, 2, id="x", restart="permanent", shutdown=None, host="thread")

    assert Task.child_spec(fail)["restart"] == "temporary"
    assert (spec["id"], spec["restart"], spec["shutdown"]) == (Job, "transient", 1.0)
    assert spec["start"] == (Job.start_link, (fail,), {})
    assert (other["id"], other["restart"], other["shutdown"]) == ("x", "permanent", None)
    assert other["start"] == (Job.start_link, (after, 1, 2), {"host": "thread"})


def test_unknown_class_keywords_are_refused() -> None:
    with pytest.raises(BadArgument, match="often"):
        type("Odd", (Task,), {}, often=True)


def test_an_outcome_is_no_exit_of_the_caller() -> None:
    def main() -> object:
        return Task.await_(Task.async_(lambda: Stop("why")))

    assert play(main) == Stop("why")
    assert not issubclass(TaskExited, Exit)
