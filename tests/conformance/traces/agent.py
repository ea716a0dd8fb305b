"""Agent: values, failures inside functions, names, stop."""

from __future__ import annotations

from collections.abc import Callable
from operator import add

from actors import process
from actors.agent import Agent
from actors.pid import Pid
from actors.process import is_alive, monitor, self, sleep
from tests.conformance.support import (
    Term,
    attempt,
    await_down,
    name,
    ok,
    out,
    result,
    settle,
    show_flush,
    strip,
)
from tests.conformance.traces.monitor_semantics import raises


def main() -> None:
    a = Agent.start(lambda: 1)
    out("get", Agent.get(a, same))
    out("update", ok(Agent.update, a, add, 1))
    out("get_and_update", Agent.get_and_update(a, lambda state: (state, state + 10)))
    out("get", Agent.get(a, same))
    out("cast", ok(Agent.cast, a, lambda state: state * 2))
    out("get after cast", Agent.get(a, same))
    out("get with mfa", Agent.get(a, add, 1))
    out("timeout", strip(attempt(lambda: Agent.get(a, slowly, timeout=0.02))))
    show_flush("no late reply", 0.15)
    for number in range(1, 6):
        Agent.cast(a, add, number)
    out("cast runs in order with calls", Agent.get(a, same))

    out("self is the agent", Agent.get(a, lambda _: self()) is a)

    for label, function in FAILURES.items():
        failure(label, function)
    b = Agent.start(lambda: 1)
    ref = monitor(b)
    out("cast that raises", ok(Agent.cast, b, oops))
    out("  down", await_down(ref))

    out("start raising", result(Agent.start, raises(RuntimeError("oops"))))
    out("start exiting", result(Agent.start, lambda: process.exit("why")))
    out("start timeout", result(Agent.start, sleep, 0.2, timeout=0.02))
    n = name(Agent.start(lambda: 0, name="an_agent"), "an_agent")
    out("name taken", result(Agent.start, lambda: 0, name="an_agent"))
    out("unknown", strip(attempt(lambda: Agent.get("nobody", same))))
    out("cast unknown", ok(Agent.cast, "nobody", same))
    out("stop", ok(Agent.stop, n))
    out("stop again", strip(attempt(lambda: Agent.stop(n))))
    itself = strip(attempt(lambda: Agent.get(a, lambda _: Agent.get(a, same))))
    out("calling itself", itself)


def same(state: Term) -> Term:
    return state


def slowly(state: Term) -> Term:
    sleep(0.1)
    return state


def oops(_: object) -> object:
    raise RuntimeError("oops")


def failure(label: str, function: Callable[[Pid], object]) -> None:
    a = Agent.start(lambda: 1)
    out(label, strip(attempt(lambda: function(a))))
    settle(0.01)
    out("  alive", is_alive(a))


FAILURES: dict[str, Callable[[Pid], object]] = {
    "get_raises": lambda a: Agent.get(a, oops),
    "get_exits": lambda a: Agent.get(a, lambda _: process.exit("why")),
    "update_raises": lambda a: Agent.update(a, oops),
    "bad_get_and_update": lambda a: Agent.get_and_update(a, lambda _: "junk"),  # type: ignore[arg-type,return-value]
    # There a thrown value is a bad return value; here nothing is thrown, and only this can return one.
    "throw_in_get": lambda a: Agent.get_and_update(a, lambda _: "ball"),  # type: ignore[arg-type,return-value]
}
