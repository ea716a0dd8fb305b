from __future__ import annotations

from typing import TypeVar

import pytest

from actors import process
from actors.errors import StartError
from actors.exits import Crash, Exit
from actors.isolation import register
from actors.pid import Pid
from actors.runtime import MainExited, run
from supervisors._children import Children, Failed, Up, start
from supervisors.child_spec import ChildSpec
from tests.watching import Seen

T = TypeVar("T")


def spec(id: object = "a", *, significant: bool = False) -> ChildSpec:
    return ChildSpec(id, (print, ()), restart="transient", significant=significant)


class Raising:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __call__(self, *args: object, **named: object) -> object:
        raise self.error


class HostileId:
    def __hash__(self) -> int:
        return hash("a")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compare somebody else")


def started(function: object, *args: object, **named: object) -> Up | Failed:
    assert callable(function)
    result = run(lambda: start(ChildSpec("x", (function, args, named)).start))
    assert result is not None
    return result


def test_a_child_is_found_by_its_id_and_by_its_pid() -> None:
    children, pid = Children("top"), Pid(1)
    child = children.add(spec())

    children.running(child, pid)

    assert children.get("a") is children.of(pid) is child
    assert child.status is pid


def test_a_child_that_stopped_is_found_by_its_id_only() -> None:
    children, pid = Children("top"), Pid(1)
    child = children.add(spec())
    children.running(child, pid)

    children.stopped(child)

    assert (children.get("a"), children.of(pid), child.status) == (child, None, None)


def test_a_child_that_is_restarting_is_found_by_its_attempt() -> None:
    children, pid = Children("top"), Pid(1)
    child = children.add(spec())
    children.running(child, pid)

    attempt = children.restarting(child, pid)

    assert children.attempted(attempt) is child
    assert (child.status, child.pid, children.of(pid)) == ("restarting", pid, None)


def test_an_attempt_that_was_given_up_is_nobody_s() -> None:
    children = Children("top")
    child = children.add(spec())
    first = children.restarting(child, None)

    children.stopped(child)
    second = children.restarting(child, None)

    assert children.attempted(first) is None
    assert children.attempted(second) is child


def test_a_forgotten_child_leaves_nothing_behind() -> None:
    children, pid = Children("top"), Pid(1)
    child = children.add(spec(significant=True))
    children.running(child, pid)

    children.forget(child)

    assert (len(children), children.of(pid), children.get("a")) == (0, None, None)
    assert not children.has_significant()


def test_the_order_is_that_of_the_starts_whatever_happens_to_the_children() -> None:
    children = Children("top")
    rows = [children.add(spec(id)) for id in "abc"]

    children.restarting(rows[0], None)
    children.running(rows[0], Pid(1))

    assert [child.spec.id for child in children] == ["a", "b", "c"]
    assert [each.id for each in children.specs()] == ["c", "b", "a"]


def test_significant_children_count_while_they_run_or_are_restarted() -> None:
    children = Children("top")
    child = children.add(spec(significant=True))
    seen = [children.has_significant()]

    for change in (
        lambda: children.running(child, Pid(1)),
        lambda: children.restarting(child, None),
        lambda: children.running(child, Pid(2)),
        lambda: children.stopped(child),
        lambda: children.stopped(child),
    ):
        change()
        seen.append(children.has_significant())

    assert seen == [False, True, True, True, False, False]


def test_one_pid_for_two_children_belongs_to_the_later_one() -> None:
    children, pid = Children("top"), Pid(1)
    first, second = children.add(spec("a")), children.add(spec("b"))
    children.running(first, pid)
    children.running(second, pid)

    children.stopped(first)

    assert children.of(pid) is second


@pytest.mark.parametrize("strange", [[], HostileId(), None])
def test_a_strange_id_is_nobody_s(strange: object) -> None:
    children = Children("top")
    children.add(spec("a"))

    assert children.get(strange) is None


@pytest.mark.parametrize("strange", [[], "a", None])
def test_a_strange_pid_or_attempt_is_nobody_s(strange: object) -> None:
    assert (Children("top").of(strange), Children("top").attempted(strange)) == (None, None)


def test_a_start_function_is_called_with_its_arguments() -> None:
    def note(*args: object, **named: object) -> object:
        return (args, named)

    assert started(note, 1, two=2) == Failed(((1,), {"two": 2}))


def test_a_start_function_may_return_a_process_or_a_process_with_a_word_or_none() -> None:
    pid = Pid(7)

    assert started(lambda: pid) == Up(pid, pid)
    assert started(lambda: (pid, "info")) == Up(pid, (pid, "info"))
    assert started(lambda: None) == Up(None, None)


@pytest.mark.parametrize("value", ["junk", (1, 2), [Pid(1), "info"], (Pid(1),), 0, False])
def test_any_other_value_is_the_reason_of_a_failure(value: object) -> None:
    assert started(lambda: value) == Failed(value)


def test_a_start_error_is_a_failure_with_its_reason() -> None:
    assert started(Raising(StartError("no"))) == Failed("no")


def test_an_exit_in_a_start_function_is_marked_as_such() -> None:
    assert started(Raising(Exit("why"))) == Failed(("EXIT", "why"))


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(3), KeyboardInterrupt(), MemoryError(), GeneratorExit()]
)
def test_nothing_that_a_start_function_raises_ends_its_caller(error: BaseException) -> None:
    result = started(Raising(error))

    match result:
        case Failed(("EXIT", Crash(exception, _))):
            assert (type(exception), exception.args) == (type(error), error.args)
        case _:
            pytest.fail(f"{result!r}")


def test_a_caller_that_is_told_to_end_meanwhile_ends() -> None:
    def main() -> None:
        me = process.self()
        process.spawn(process.send_exit, me, "told")
        start(ChildSpec("x", (process.sleep, (None,))).start)

    with pytest.raises(MainExited) as ended:
        run(main)

    assert ended.value.reason == "told"


def test_what_a_child_is_given_is_looked_at_at_each_start() -> None:
    class Given:
        pass

    given, taken = Given(), Seen[Given]()

    def begin(each: Given) -> None:
        taken.append(each)

    def main() -> None:
        how = ChildSpec("x", (begin, (given,))).start
        start(how)
        register(Given, lambda _: Given())
        start(how)

    register(Given, "share")
    run(main)

    assert [each is given for each in taken] == [True, False]
