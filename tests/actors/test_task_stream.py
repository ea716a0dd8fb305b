from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from itertools import chain, count, islice, takewhile
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import process
from actors.errors import BadArgument, TaskExited, TaskTimeout
from actors.exits import Crash, Reason
from actors.isolation import Moved, moved
from actors.messages import Down, TimedOut
from actors.pid import Pid, Ref
from actors.runtime import MainExited, run
from actors.task import Outcome, Task
from actors.testing import SeededChoice, VirtualClock

T = TypeVar("T")

WIDTHS = pytest.mark.parametrize("width", [1, 2, 4, 8])


def play(main: Callable[[], T], *, traps: bool = False, seed: int | None = None) -> T:
    choice = None if seed is None else SeededChoice(seed)
    values: list[T] = []

    def body() -> None:
        process.trap_exit(traps)
        values.append(main())

    run(body, clock=VirtualClock(), choice=choice)
    return values[0]


def nap(seconds: float) -> float:
    process.sleep(seconds)
    return seconds


def picky(n: int) -> int:
    """Fail for odd numbers, in three ways."""
    match n % 6:
        case 1:
            process.exit("odd")
        case 3:
            process.exit("normal")
        case 5:
            raise ValueError(n)
    return n


def traces() -> tuple[list[object], tuple[Pid, ...], tuple[Pid, ...], int]:
    """Return the mail, links, monitors and the number of others, once things are settled."""
    process.sleep(20.0)
    mail = []
    while not isinstance(message := process.receive(timeout=0), TimedOut):
        mail.append(message)
    info = process.info(process.self())
    assert info is not None
    return mail, info.links, info.monitors, len(process.processes()) - 1


CLEAN: tuple[list[object], tuple[Pid, ...], tuple[Pid, ...], int] = ([], (), (), 0)


def shown(outcome: Outcome[object]) -> object:
    """Return an outcome with the kind of a crash for its reason."""
    match outcome:
        case ("exit", Crash(exception=error)):
            return "exit", type(error)
        case _:
            return outcome


# -- values and order ------------------------------------------------------------------------------


@WIDTHS
def test_outcomes_come_in_the_order_of_the_inputs_slowest_first(width: int) -> None:
    def main() -> object:
        return list(Task.async_stream([0.4, 0.3, 0.2, 0.1], nap, max_concurrency=width)), traces()

    assert play(main) == ([("ok", s) for s in (0.4, 0.3, 0.2, 0.1)], CLEAN)


def test_or_in_the_order_of_their_completion() -> None:
    def main(width: int) -> list[object]:
        naps = Task.async_stream([0.3, 0.1, 0.2], nap, max_concurrency=width, ordered=False)
        return [value for _, value in naps]

    assert play(lambda: main(3)) == [0.1, 0.2, 0.3]
    assert play(lambda: main(2)) == [0.1, 0.3, 0.2] or play(lambda: main(2)) == [0.1, 0.2, 0.3]
    assert play(lambda: main(1)) == [0.3, 0.1, 0.2]


def test_functions_get_the_input_first_and_then_what_was_given_along() -> None:
    assert play(lambda: list(Task.async_stream([1, 2], pow, 2))) == [("ok", 1), ("ok", 4)]


def test_nothing_starts_before_the_first_outcome_is_asked_for() -> None:
    def main() -> tuple[int, object, int]:
        naps = Task.async_stream(count(), nap, max_concurrency=2)
        before = len(process.processes())
        first = next(naps)
        during = len(process.processes())
        naps.close()
        return before, first, during

    assert play(main) == (1, ("ok", 0), 3)


def test_inputs_are_taken_as_there_is_room() -> None:
    taken: list[int] = []

    def inputs() -> Iterator[int]:
        for n in range(5):
            taken.append(n)
            yield n

    def main() -> list[int]:
        return [len(taken) for _ in Task.async_stream(inputs(), nap, max_concurrency=2)]

    assert play(main) == [2, 3, 4, 5, 5]


def test_a_place_is_free_when_its_task_has_ended_not_when_it_is_delivered() -> None:
    def main() -> tuple[float, list[object]]:
        began = process.monotonic()
        values = [v for _, v in Task.async_stream([3.0, 1.0, 1.0, 1.0], nap, max_concurrency=2)]
        return process.monotonic() - began, values

    assert play(main) == (3.0, [3.0, 1.0, 1.0, 1.0])


def test_an_empty_input_has_no_outcomes() -> None:
    assert play(lambda: (list(Task.async_stream([], nap)), traces())) == ([], CLEAN)


def test_tasks_know_on_whose_behalf_they_run() -> None:
    def main() -> bool:
        [(_, callers)] = Task.async_stream(["$callers"], process.get)
        return callers == [process.self()]

    assert play(main)


def test_another_process_may_consume() -> None:
    def main() -> object:
        naps = Task.async_stream([0.1, 0.2], nap)
        return Task.await_(Task.async_(list, moved(naps))), traces()

    assert play(main) == ([("ok", 0.1), ("ok", 0.2)], CLEAN)


def test_two_streams_may_be_consumed_in_lock_step() -> None:
    def main() -> object:
        left = Task.async_stream(range(4), lambda n: nap((n % 2) / 2), max_concurrency=2)
        right = Task.async_stream(range(3), lambda n: n, max_concurrency=2)
        pairs = [(a, b) for (_, a), (_, b) in zip(left, right, strict=False)]
        left.close()
        return pairs, traces()

    assert play(main) == ([(0.0, 0), (0.5, 1), (0.0, 2)], CLEAN)


def test_tasks_may_have_threads_of_their_own() -> None:
    def main() -> list[bool]:
        idents = Task.async_stream([1, 2], lambda _: threading.get_ident(), host="thread")
        return [ident != threading.get_ident() for _, ident in idents]

    assert play(main) == [True, True]


@WIDTHS
@pytest.mark.parametrize("slow", [0.0, 1.0])
@pytest.mark.parametrize("failing", [True, False])
def test_streams_zipped_with_each_other_keep_their_order_at_any_width(
    width: int, slow: float, failing: bool
) -> None:
    def work(n: int) -> int:
        process.sleep(slow / (n + 1))
        if failing and n % 2:
            process.exit(n)
        return n

    def main() -> object:
        streams = [Task.async_stream(range(4), work, max_concurrency=width) for _ in range(2)]
        return list(zip(*streams, strict=True)), traces()

    expected = [("exit" if failing and n % 2 else "ok", n) for n in range(4)]
    assert play(main, traps=True) == ([(one, one) for one in expected], CLEAN)


@WIDTHS
@pytest.mark.parametrize("slow", [0.0, 1.0])
@pytest.mark.parametrize("failing", [True, False])
def test_an_input_that_comes_to_its_end_by_itself_is_read_to_there(
    width: int, slow: float, failing: bool
) -> None:
    def work(n: int) -> int:
        process.sleep(slow / (n + 1))
        if failing and n % 2:
            process.exit(n)
        return n

    def main() -> object:
        lazy = chain.from_iterable(islice(count(start), 2) for start in (0, 2))
        stopped = takewhile(lambda n: n < 3, lazy)
        return list(Task.async_stream(stopped, work, max_concurrency=width)), traces()

    expected = [("exit" if failing and n % 2 else "ok", n) for n in range(3)]
    assert play(main, traps=True) == (expected, CLEAN)


def test_a_consumer_that_halts_runs_what_it_has_to_do_afterwards_and_so_does_the_input() -> None:
    log: list[str] = []

    def guarded(name: str, items: Generator[T, None, None] | Iterator[T]) -> Iterator[T]:
        try:
            yield from items
        finally:
            log.append(name)

    def main() -> list[str]:
        naps = Task.async_stream(guarded("input", count()), lambda n: n, max_concurrency=2)
        for _ in guarded("consumer", naps):
            break
        return [*log]

    assert sorted(play(main)) == ["consumer", "input"]


# -- failures --------------------------------------------------------------------------------------


@WIDTHS
@pytest.mark.parametrize("ordered", [True, False])
def test_failures_are_outcomes_for_a_consumer_that_traps(width: int, ordered: bool) -> None:
    def main() -> object:
        outcomes = Task.async_stream(range(6), picky, max_concurrency=width, ordered=ordered)
        return [shown(outcome) for outcome in outcomes], traces()

    expected = [("ok", 0), ("exit", "odd"), ("ok", 2), ("exit", "normal"), ("ok", 4)]
    assert play(main, traps=True) == ([*expected, ("exit", ValueError)], CLEAN)


def test_failures_may_be_shown_with_their_input() -> None:
    def main() -> list[object]:
        return list(Task.async_stream([1, 2, 3], picky, zip_input_on_exit=True))

    assert play(main, traps=True) == [("exit", (1, "odd")), ("ok", 2), ("exit", (3, "normal"))]


@pytest.mark.parametrize("why", ["boom", ("shutdown", 1)])
def test_a_failure_takes_a_consumer_that_does_not_trap_along(why: Reason) -> None:
    def work(n: int) -> int:
        process.exit(why) if n else process.sleep(None)
        return n

    def main() -> tuple[object, int]:
        pid, _ = process.spawn_monitor(lambda: list(Task.async_stream([0, 1], work)))
        down = process.receive(Down)
        process.sleep(1.0)
        assert isinstance(down, Down)
        assert down.process is pid
        return down.reason, len(process.processes())

    assert play(main) == (why, 1)


def test_a_normal_end_without_a_result_harms_nobody() -> None:
    assert play(lambda: list(Task.async_stream([3], picky))) == [("exit", "normal")]


def test_time_runs_from_the_start_of_each_task() -> None:
    def main() -> tuple[list[object], float]:
        naps = Task.async_stream(
            [1.0, 9.0, 1.5, 9.0], nap, max_concurrency=2, timeout=2.0, on_timeout="kill_task"
        )
        return list(naps), process.monotonic()

    late = ("exit", "timeout")
    assert play(main) == ([("ok", 1.0), late, ("ok", 1.5), late], 4.0)


@WIDTHS
def test_tasks_that_are_late_may_be_killed(width: int) -> None:
    def main() -> object:
        naps = Task.async_stream(
            [9.0, 0.1, 9.0], nap, max_concurrency=width, timeout=1.0, on_timeout="kill_task"
        )
        return list(naps), traces()

    late = ("exit", "timeout")
    assert play(main) == ([late, ("ok", 0.1), late], CLEAN)


@WIDTHS
def test_a_late_task_shows_its_input_at_its_place(width: int) -> None:
    def main() -> object:
        naps = Task.async_stream(
            [9.0, 0.1, 8.0],
            nap,
            max_concurrency=width,
            timeout=1.0,
            on_timeout="kill_task",
            zip_input_on_exit=True,
        )
        return list(naps), traces()

    late = [("exit", (seconds, "timeout")) for seconds in (9.0, 8.0)]
    assert play(main) == ([late[0], ("ok", 0.1), late[1]], CLEAN)


def test_those_that_are_late_come_last_when_the_order_is_that_of_completion() -> None:
    def main() -> list[object]:
        return list(
            Task.async_stream(
                [9.0, 0.1, 0.2],
                nap,
                max_concurrency=3,
                ordered=False,
                timeout=1.0,
                on_timeout="kill_task",
                zip_input_on_exit=True,
            )
        )

    assert play(main) == [("ok", 0.1), ("ok", 0.2), ("exit", (9.0, "timeout"))]


@pytest.mark.parametrize("traps", [True, False])
@pytest.mark.parametrize("seconds", [0, 1.0])
def test_a_task_that_is_late_fails_the_consumer(traps: bool, seconds: float) -> None:
    def main() -> object:
        with pytest.raises(TaskTimeout) as caught:
            list(Task.async_stream([9.0, 0.5, 9.0], nap, max_concurrency=2, timeout=seconds))
        return caught.value.reason, traces()

    assert play(main, traps=traps) == (
        ("timeout", ("Task.Supervised", "stream", [seconds])),
        CLEAN,
    )


def test_without_a_limit_nobody_is_late() -> None:
    assert play(lambda: list(Task.async_stream([1e6], nap, timeout=None))) == [("ok", 1e6)]


def test_an_input_that_raises_ends_the_stream_and_leaves_nothing() -> None:
    def inputs() -> Iterator[float]:
        yield 9.0
        raise KeyError("input")

    def main() -> object:
        with pytest.raises(KeyError, match="input"):
            list(Task.async_stream(inputs(), nap, max_concurrency=4))
        return traces()

    assert play(main) == CLEAN


def test_the_death_of_the_helper_is_the_stream_s_failure() -> None:
    def main() -> object:
        before = set(process.processes())
        naps = Task.async_stream([0.0, 9.0], nap, max_concurrency=2)
        next(naps)
        helper = min(set(process.processes()) - before)
        process.send_exit(helper, "kill")
        with pytest.raises(TaskExited) as caught:
            next(naps)
        return caught.value.reason, traces()

    assert play(main, traps=True) == (
        ("killed", ("Task.Supervised", "stream", [5.0])),
        CLEAN,
    )


def test_strange_messages_disturb_nobody() -> None:
    strays: list[object] = [Down(Ref(), process_pid, "why") for process_pid in (Pid(9),)]
    strays += [(1, 2), "hello", (Ref(), "value")]

    def main() -> object:
        for stray in strays:
            process.send(process.self(), stray)
        values = list(Task.async_stream([1, 3], nap))
        return values, traces()

    assert play(main) == ([("ok", 1), ("ok", 3)], (strays, (), (), 0))


# -- early halt ------------------------------------------------------------------------------------


@WIDTHS
@pytest.mark.parametrize("traps", [True, False])
def test_an_early_halt_leaves_neither_links_nor_messages(width: int, traps: bool) -> None:
    def first() -> object:
        for outcome in Task.async_stream([0.1, 0.1, 9.0, 0.2, 9.0], nap, max_concurrency=width):
            return outcome
        return None

    assert play(lambda: (first(), traces()), traps=traps) == (("ok", 0.1), CLEAN)


@WIDTHS
@pytest.mark.parametrize("slow", [0.0, 1.0])
@pytest.mark.parametrize("failing", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_consumer_may_halt_after_some_whatever_they_were(
    width: int, slow: float, failing: bool, zipped: bool
) -> None:
    def work(n: int) -> int:
        process.sleep(slow / (n + 1))
        if failing and n % 2:
            process.exit("odd")
        return n

    def main() -> object:
        outcomes = Task.async_stream(count(), work, max_concurrency=width, zip_input_on_exit=zipped)
        seen = [next(outcomes) for _ in range(3)]
        outcomes.close()
        return seen, traces()

    odd: Outcome[int] = ("exit", (1, "odd") if zipped else "odd") if failing else ("ok", 1)
    assert play(main, traps=True) == ([("ok", 0), odd, ("ok", 2)], CLEAN)


def test_a_halt_reaches_tasks_that_trap_exits() -> None:
    def stubborn(n: int) -> int:
        process.trap_exit(True)
        if n:
            process.sleep(None)
        return n

    def main() -> object:
        outcomes = Task.async_stream(range(4), stubborn, max_concurrency=4)
        first = next(outcomes)
        outcomes.close()
        return first, len(process.processes()), traces()

    assert play(main) == (("ok", 0), 1, CLEAN)


def test_an_input_that_is_a_generator_is_closed_with_the_stream() -> None:
    log: list[str] = []

    def inputs() -> Generator[int, None, None]:
        try:
            yield from count()
        finally:
            log.append("closed")

    def main() -> list[str]:
        source = inputs()
        for _ in Task.async_stream(source, nap, max_concurrency=2, timeout=None):
            break
        return [*log]

    assert play(main) == ["closed"]


def test_a_consumer_that_dies_takes_everything_along() -> None:
    def main(reason: Reason) -> int:
        def consume() -> None:
            outcomes = Task.async_stream([0.1, 9.0], nap, max_concurrency=2)
            next(outcomes)
            process.send(process.self(), outcomes)
            process.exit(reason)

        process.spawn(consume)
        process.sleep(1.0)
        return len(process.processes())

    for reason in ("normal", "why", "kill"):
        assert play(lambda reason=reason: main(reason)) == 1  # type: ignore[misc]


def test_a_stream_that_somebody_else_closes_stops_its_tasks() -> None:
    def main() -> int:
        here = process.self()

        def consume() -> None:
            outcomes = Task.async_stream([0.1, 9.0], nap, max_concurrency=2)
            next(outcomes)
            process.send(here, Moved(outcomes))
            process.sleep(None)

        process.spawn(consume)
        outcomes = process.receive(Generator)
        assert isinstance(outcomes, Generator)
        outcomes.close()
        process.sleep(1.0)
        return len(process.processes())

    assert play(main) == 2


def test_uncaught_a_late_task_ends_the_consumer_with_the_reason() -> None:
    def main() -> object:
        process.spawn_monitor(lambda: list(Task.async_stream([9.0], nap, timeout=1.0)))
        down = process.receive(Down)
        return down.reason if isinstance(down, Down) else None

    assert play(main) == ("timeout", ("Task.Supervised", "stream", [1.0]))


def test_whatever_the_order_of_turns_an_early_halt_leaves_nothing() -> None:
    def main() -> object:
        seen = []
        outcomes = Task.async_stream([0, 0.1, 0, 0.1, 0], nap, max_concurrency=3)
        for outcome in outcomes:
            seen.append(outcome)
            if len(seen) == 2:
                break
        outcomes.close()
        return seen, traces()

    for seed in range(200):
        for traps in (True, False):
            assert play(main, traps=traps, seed=seed) == ([("ok", 0), ("ok", 0.1)], CLEAN), seed


def test_whatever_the_order_of_turns_a_failure_ends_everybody() -> None:
    def work(n: int) -> int:
        if n == 2:
            process.exit("boom")
        return n

    def main() -> tuple[object, int]:
        process.spawn_monitor(lambda: list(Task.async_stream(range(4), work, max_concurrency=2)))
        down = process.receive(Down)
        process.sleep(1.0)
        return down.reason if isinstance(down, Down) else None, len(process.processes())

    for seed in range(200):
        assert play(main, seed=seed) == ("boom", 1), seed


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers())),
    st.integers(1, 5),
    st.booleans(),
    st.integers(0, 1000),
)
def test_a_stream_is_map_and_without_order_a_permutation_of_it(
    work: list[tuple[int, int]], width: int, ordered: bool, seed: int
) -> None:
    def act(item: tuple[int, int]) -> int:
        process.sleep(item[0])
        return item[1]

    def main() -> list[Outcome[int]]:
        return list(Task.async_stream(work, act, max_concurrency=width, ordered=ordered))

    outcomes = play(main, seed=seed)
    expected = [("ok", n) for _, n in work]

    assert (
        outcomes == expected
        if ordered
        else sorted(map(repr, outcomes)) == sorted(map(repr, expected))
    )


@settings(max_examples=60)
@given(st.lists(st.integers(0, 3), min_size=1), st.integers(1, 5), st.integers(0, 1000))
def test_never_more_tasks_run_than_there_are_places(work: list[int], width: int, seed: int) -> None:
    now = most = 0

    def act(seconds: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        process.sleep(seconds)
        now -= 1

    play(lambda: list(Task.async_stream(work, act, max_concurrency=width)), seed=seed)

    assert most <= width


# -- the door --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"max_concurrency": -1}, "max_concurrency"),
        ({"max_concurrency": True}, "max_concurrency"),
        ({"max_concurrency": 2.0}, "max_concurrency"),
        ({"on_timeout": "unknown"}, "unknown"),
        ({"on_timeout": ["exit"]}, "on_timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": "5"}, "timeout"),
        ({"ordered": 1}, "ordered"),
        ({"zip_input_on_exit": None}, "zip_input_on_exit"),
        ({"inputs": 5}, "inputs"),
        ({"fn": None}, "fn"),
    ],
)
def test_what_is_not_accepted_is_refused_when_the_stream_is_made(
    options: dict[str, object], named: str
) -> None:
    make: Callable[..., object] = Task.async_stream
    with pytest.raises(BadArgument, match=named):
        play(lambda: make(**{"inputs": [1], "fn": nap, **options}))


def test_a_host_that_there_is_not_fails_the_stream() -> None:
    with pytest.raises((BadArgument, MainExited), match="moon"):
        play(lambda: list(Task.async_stream([1], nap, host="moon")))  # type: ignore[arg-type]
