from __future__ import annotations

import threading
from collections.abc import Callable
from operator import add
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import debug, process
from actors.agent import Agent
from actors.errors import (
    BadArgument,
    CallTimeout,
    NoProcess,
    ServerExited,
    StartError,
)
from actors.exits import Crash
from actors.gen_server import GenServer
from actors.messages import Down, Exited, TimedOut
from actors.pid import Pid
from actors.runtime import run
from actors.testing import SeededChoice, VirtualClock
from supervisors import Supervisor, which_children

T = TypeVar("T")


class Counter(Agent[int], restart="transient", shutdown=1.0):
    pass


def play(main: Callable[[], T], seed: int | None = None) -> T:
    choice = None if seed is None else SeededChoice(seed)
    values: list[T] = []
    run(lambda: values.append(main()), clock=VirtualClock(), choice=choice)
    return values[0]


def one() -> int:
    return 1


def fail(*_: object) -> int:
    raise RuntimeError("oops")


def junk(_: object) -> tuple[int, int]:
    return "junk"  # type: ignore[return-value] # what it is there to try


def trio(_: object) -> tuple[int, int]:
    return (1, 2, 3)  # type: ignore[return-value] # what it is there to try


def leave(*_: object) -> int:
    process.exit("why")


def mail() -> list[object]:
    process.sleep(1.0)
    messages = []
    while not isinstance(message := process.receive(timeout=0), TimedOut):
        messages.append(message)
    return messages


def test_it_keeps_what_functions_make_of_it() -> None:
    def main() -> list[object]:
        agent = Counter.start_link(one)
        return [
            Counter.get(agent, lambda n: n),
            Counter.update(agent, lambda n: n + 1),
            Counter.get_and_update(agent, lambda n: (n, n + 10)),
            Counter.cast(agent, lambda n: n * 2),
            Counter.get(agent, lambda n: n),
        ]

    assert play(main) == [1, None, 2, None, 24]


def test_functions_get_the_state_first_and_then_what_was_given_along() -> None:
    def main() -> list[int]:
        agent = Counter.start_link(add, 1, 2)
        Counter.update(agent, add, 10)
        Counter.cast(agent, add, 100)
        return [
            Counter.get_and_update(agent, lambda n, m: (n, m), 5),
            Counter.get(agent, add, 1),
        ]

    assert play(main) == [113, 6]


def test_functions_run_in_the_agent_in_the_order_of_their_arrival() -> None:
    def main() -> tuple[bool, list[int]]:
        agent: Pid = Agent.start_link(list)
        for n in range(5):
            Agent[list[int]].cast(agent, lambda seen, n: [*seen, n], n)
        return (
            Agent.get(agent, lambda _: process.self()) is agent,
            Agent[list[int]].get(agent, lambda seen: seen),
        )

    assert play(main) == (True, [0, 1, 2, 3, 4])


def test_any_value_may_be_the_state() -> None:
    from actors.outcomes import KEEP, Ignore, Stop

    values: list[object] = [None, Ignore(), Stop("why"), KEEP, ("reply", 1)]
    for value in values:
        seen = play(lambda value=value: Agent.get(Agent.start_link(lambda: value), lambda s: s))  # type: ignore[misc]

        assert seen == value


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda agent: Agent.get(agent, fail), Crash),
        (lambda agent: Agent.get(agent, leave), "why"),
        (lambda agent: Agent.update(agent, fail), Crash),
        (lambda agent: Agent.get_and_update(agent, junk), ("bad_return_value", "junk")),
        (lambda agent: Agent.get_and_update(agent, trio), ("bad_return_value", (1, 2, 3))),
    ],
)
def test_a_function_that_fails_ends_the_agent_and_its_caller(
    ask: Callable[[Pid], object], why: object
) -> None:
    def main() -> tuple[object, object, bool]:
        agent = Agent.start(one)
        with pytest.raises(ServerExited) as caught:
            ask(agent)
        assert isinstance(caught.value.reason, tuple)
        return caught.value.why, caught.value.reason[1][:2], process.is_alive(agent)

    reason, call, alive = play(main)

    assert reason == why or (why is Crash and isinstance(reason, Crash))
    assert (call, alive) == (("GenServer", "call"), False)


def test_a_cast_that_fails_ends_the_agent_and_nobody_else() -> None:
    def main() -> object:
        agent = Agent.start(one)
        process.monitor(agent)
        Agent.cast(agent, fail)
        return process.receive(Down)

    down = play(main)

    assert isinstance(down, Down)
    assert isinstance(down.reason, Crash)


def test_a_start_that_fails_says_why() -> None:
    def main() -> list[object]:
        reasons = []
        for fn, timeout in ((fail, None), (leave, None), (lambda: process.sleep(1.0), 0.02)):
            with pytest.raises(StartError) as caught:
                Agent.start(fn, timeout=timeout)
            reasons.append(caught.value.reason)
        return reasons

    crash, exit_reason, late = play(main)

    assert isinstance(crash, Crash)
    assert (exit_reason, late) == ("why", "timeout")


def test_without_a_name_it_lives_from_its_start_to_its_stop() -> None:
    def main() -> list[object]:
        process.trap_exit(True)
        agent = Counter.start_link(one)
        info = process.info(process.self())
        assert info is not None
        linked = info.links == (agent,)
        Counter.update(agent, add, 1)
        values = [Counter.get_and_update(agent, lambda n: (n, 5)), Counter.get(agent, add, 0)]
        Counter.stop(agent)
        ends = mail() == [Exited(agent, "normal")]
        return [linked, values, ends, process.is_alive(agent)]

    assert play(main) == [True, [2, 5], True, False]


def test_it_is_found_by_its_name_until_it_is_stopped() -> None:
    def main() -> list[object]:
        agent = Counter.start(one, name="counter")
        with pytest.raises(StartError) as taken:
            Counter.start(one, name="counter")
        seen: list[object] = [
            taken.value.reason == ("already_started", agent),
            Counter.get("counter", add, 1),
        ]
        Counter.stop("counter")
        with pytest.raises(NoProcess) as gone:
            Counter.stop("counter")
        return [*seen, process.whereis("counter"), gone.value.reason]

    assert play(main) == [
        True,
        2,
        None,
        ("noproc", ("GenServer", "stop", ["counter", "normal", None])),
    ]


def test_nobody_there_fails_a_call_and_not_a_cast() -> None:
    def main() -> object:
        Agent.cast("nobody", lambda n: n)
        with pytest.raises(NoProcess) as caught:
            Agent.get("nobody", lambda n: n)
        return caught.value.why

    assert play(main) == "noproc"


def test_a_late_reply_is_never_seen_and_the_function_runs_to_its_end() -> None:
    def slowly(n: int) -> int:
        process.sleep(1.0)
        return n + 1

    def main() -> tuple[list[object], int]:
        agent = Counter.start_link(one)
        with pytest.raises(CallTimeout):
            Counter.update(agent, slowly, timeout=0.02)
        return mail(), Counter.get(agent, lambda n: n)

    assert play(main) == ([], 2)


def test_an_agent_that_asks_itself_is_told_so() -> None:
    def main() -> object:
        agent = Agent.start(one)
        with pytest.raises(ServerExited) as caught:
            Agent.get(agent, lambda _: Agent.get(agent, add, 1))
        return caught.value.why

    why = play(main)

    assert isinstance(why, tuple)
    assert why[0] == "calling_self"


def test_a_linked_agent_takes_its_starter_along() -> None:
    def main() -> object:
        process.trap_exit(True)
        agent = Agent.start_link(one)
        Agent.cast(agent, leave)
        return process.receive(Exited) == Exited(agent, "why")

    assert play(main)


@pytest.mark.parametrize("wrong", [None, 5, "get"])
def test_what_is_no_function_is_refused_at_the_door(wrong: object) -> None:
    def main() -> None:
        agent = Agent.start(one)
        uses: list[Callable[..., object]]
        uses = [Agent.get, Agent.update, Agent.get_and_update, Agent.cast]
        for use in uses:
            with pytest.raises(BadArgument, match="fn"):
                use(agent, wrong)
        with pytest.raises(BadArgument, match="fn"):
            Agent.start(wrong)  # type: ignore[arg-type]
        assert Agent.get(agent, lambda n: n) == 1

    play(main)


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), True, "5"])
def test_a_timeout_that_is_none_is_refused_at_the_door(wrong: float) -> None:
    def main() -> None:
        agent = Agent.start(one)
        with pytest.raises(BadArgument, match="timeout"):
            Agent.get(agent, lambda n: n, timeout=wrong)

    play(main)


def test_messages_that_mean_nothing_are_dropped() -> None:
    def main() -> int:
        agent = Counter.start(one)
        process.send(agent, "hello")
        return Counter.get(agent, lambda n: n)

    assert play(main) == 1


def test_a_strange_request_ends_the_agent_with_an_error_that_names_it() -> None:
    def main() -> object:
        agent = Agent.start(one)
        with pytest.raises(ServerExited) as caught:
            GenServer.call(agent, "strange")
        return caught.value.why

    why = play(main)

    assert isinstance(why, Crash)
    assert "strange" in str(why.exception)


@pytest.mark.parametrize("change", [(add, 10), lambda n: n + 10])
def test_while_it_is_suspended_a_function_may_turn_its_state_into_another(change: object) -> None:
    def main() -> int:
        agent = Counter.start(one)
        debug.suspend(agent)
        debug.change_code(agent, extra=change)
        debug.resume(agent)
        return Counter.get(agent, lambda n: n)

    assert play(main) == 11


@pytest.mark.parametrize("change", [fail, leave, None, ()])
def test_a_change_that_fails_leaves_its_state_as_it_was(change: object) -> None:
    def main() -> int:
        agent = Counter.start(one)
        debug.suspend(agent)
        with pytest.raises(debug.SystemFailure):
            debug.change_code(agent, extra=change)
        debug.resume(agent)
        return Counter.get(agent, lambda n: n)

    assert play(main) == 1


def test_it_can_be_supervised_directly() -> None:
    def main() -> list[object]:
        top = Supervisor.start_link([(Agent, one), Counter.child_spec(one, id="b", name="counter")])
        infos = which_children(top)
        return [[info.id for info in infos], Counter.get("counter", add, 1)]

    assert play(main) == [["b", Agent], 2]


def test_a_child_specification_has_what_the_class_says_unless_told_otherwise() -> None:
    spec = Counter.child_spec(one)
    other = Counter.child_spec(add, 1, 2, id="x", restart="temporary", shutdown=None, name="n")

    assert (spec["id"], spec["restart"], spec["shutdown"]) == (Counter, "transient", 1.0)
    assert spec["start"] == (Counter.start_link, (one,), {})
    assert (other["id"], other["restart"], other["shutdown"]) == ("x", "temporary", None)
    assert other["start"] == (Counter.start_link, (add, 1, 2), {"name": "n"})


def test_unknown_class_keywords_are_refused() -> None:
    with pytest.raises(BadArgument, match="often"):
        type("Odd", (Agent,), {}, often=True)


def test_it_may_have_a_thread_of_its_own() -> None:
    def main() -> bool:
        agent = Agent.start_link(threading.get_ident, host="thread")
        return Agent[int].get(agent, lambda ident: ident == threading.get_ident())

    assert play(main)
    assert not play(
        lambda: (
            threading.get_ident()
            == Agent[int].get(
                Agent.start_link(threading.get_ident, host="thread"), lambda ident: ident
            )
        )
    )


@given(st.lists(st.integers()))
def test_updates_by_many_are_none_lost_and_none_twice(numbers: list[int]) -> None:
    def main() -> int:
        agent = Counter.start_link(lambda: 0)
        for number in numbers:
            process.spawn(lambda number=number: Counter.update(agent, add, number))  # type: ignore[misc]
        process.sleep(1.0)
        return Counter.get(agent, lambda total: total)

    assert play(main, seed=len(numbers)) == sum(numbers)


def test_whatever_the_order_of_turns_each_caller_gets_its_own_answer() -> None:
    def main() -> list[int]:
        agent = Counter.start_link(lambda: 0)
        here = process.self()
        answers: list[object] = []

        def ask() -> None:
            process.send(here, Counter.get_and_update(agent, lambda n: (n, n + 1)))

        for _ in range(5):
            process.spawn(ask)
        answers.extend(process.receive(int) for _ in range(5))
        return sorted(n for n in answers if isinstance(n, int))

    for seed in range(200):
        assert play(main, seed) == [0, 1, 2, 3, 4], seed
