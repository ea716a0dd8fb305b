"""Tasks whose function runs in an interpreter of its own."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import Crash, Down, Pid, Task, process, receive, run, spawn
from actors.errors import BadArgument
from actors.testing import VirtualClock
from supervisors import TaskSupervisor

ALIVE = 0
"""No signal, but a look whether there is somebody who could get one."""


def reason_of(fn: Callable[..., object], *args: object) -> object:
    """Return how a task fails in an interpreter of its own."""

    def main() -> object:
        sup = TaskSupervisor.start_link()
        task = TaskSupervisor.async_nolink(sup, fn, *args, host="process")
        match Task.yield_(task, 30.0):
            case ("exit", reason):
                return reason
            case other:
                raise AssertionError(other)

    return run(main)


def fails() -> None:
    raise ValueError("in the child")


def leaves() -> None:
    process.exit(("gone", 1))


def breaks() -> None:
    ctypes.string_at(0)


class Odd(Exception):
    def __init__(self, one: object, two: object) -> None:
        super().__init__("odd")


def fails_oddly() -> None:
    raise Odd(1, 2)


async def later(value: int) -> int:
    return value + 1


def sleeps(path: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - the shortest
        file.write(str(os.getpid()))
    time.sleep(600.0)


def says_who() -> tuple[int, str]:
    return os.getpid(), sys.executable


def forks() -> str:
    copy = os.fork()
    if copy:
        os.waitpid(copy, 0)
    return "the child" if copy else "a copy of it"


def leaves_a_copy(path: str) -> None:
    if os.fork() == 0:
        sleeps(path)
    while not (os.path.exists(path) and os.path.getsize(path)):  # noqa: PTH110, PTH202 - the shortest
        time.sleep(0.001)
    os._exit(7)


def hears_nothing(path: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleeps(path)


EXITS = """
import sys
from actors import Task, run
from tests.actors.test_interpreter import hears_nothing, written
Task.start(hears_nothing, sys.argv[1], host="process")
run(written, sys.argv[1])
"""
"""A program that ends while a child of its background runtime works."""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, ALIVE)
    except ProcessLookupError:
        return False
    return True


def written(path: str) -> int:
    """Wait for a child to say who it is."""
    while not (os.path.exists(path) and os.path.getsize(path)):  # noqa: PTH110, PTH202 - the shortest
        process.sleep(0.001)
    with open(path, encoding="ascii") as file:  # noqa: PTH123 - the shortest
        return int(file.read())


def test_a_function_runs_in_another_interpreter_while_others_go_on() -> None:
    def main() -> tuple[object, tuple[int, str]]:
        task = Task.async_(says_who, host="process")
        boss = process.self()
        spawn(lambda: process.send(boss, "others"))
        return receive(str), Task.await_(task, 30.0)

    seen = run(main)
    assert seen is not None
    assert seen[0] == "others"
    assert seen[1][0] != os.getpid()
    assert seen[1][1] == sys.executable


def test_a_coroutine_function_is_awaited_there() -> None:
    assert run(lambda: Task.await_(Task.async_(later, 1, host="process"), 30.0)) == 2


def test_a_stream_may_have_an_interpreter_for_each_task() -> None:
    def main() -> list[object]:
        return list(Task.async_stream([1, 2], pow, 2, host="process", timeout=60.0))

    assert run(main) == [("ok", 1), ("ok", 4)]


def test_what_it_raises_is_the_reason_with_its_place() -> None:
    reason = reason_of(fails)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, ValueError)
    assert reason.stack.entries[-1][2] == "fails"


def test_what_it_exits_with_is_the_reason() -> None:
    assert reason_of(leaves) == ("gone", 1)


def test_an_exception_that_cannot_cross_is_told_in_words() -> None:
    reason = reason_of(fails_oddly)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, RuntimeError)
    assert "Odd" in str(reason.exception)


def test_a_result_that_cannot_cross_is_a_failure() -> None:
    reason = reason_of(threading.Lock)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, TypeError)


def test_an_end_without_a_result_has_the_exit_status() -> None:
    assert reason_of(os._exit, 3) == ("exit_status", 3)


def test_a_fault_in_c_is_a_reason_and_nothing_else_is_harmed() -> None:
    assert reason_of(breaks) == ("signal", signal.SIGSEGV)


def test_a_child_that_somebody_kills_is_told_with_the_signal(tmp_path: object) -> None:
    path = f"{tmp_path}/pid"

    def main() -> object:
        sup = TaskSupervisor.start_link()
        task = TaskSupervisor.async_nolink(sup, sleeps, path, host="process")
        os.kill(written(path), signal.SIGKILL)
        return Task.yield_(task, 30.0)

    assert run(main) == ("exit", ("signal", 9))


@pytest.mark.parametrize("reason", ["kill", "shutdown"])
def test_a_task_that_is_told_to_end_takes_its_child_with_it(tmp_path: object, reason: str) -> None:
    path = f"{tmp_path}/pid"

    def main() -> tuple[object, int]:
        pid = Task.start(sleeps, path, host="process")
        child = written(path)
        ref = process.monitor(pid)
        process.send_exit(pid, reason)
        down = receive(Down, 10.0)
        assert isinstance(down, Down)
        assert down.ref is ref
        return down.reason, child

    ended = run(main)
    assert ended is not None
    assert ended[0] == ("killed" if reason == "kill" else reason)
    while is_alive(ended[1]):
        time.sleep(0.001)


def test_a_child_of_a_runtime_that_ends_is_gone(tmp_path: object) -> None:
    path = f"{tmp_path}/pid"

    def main() -> int:
        Task.start(sleeps, path, host="process")
        return written(path)

    child = run(main)
    assert child is not None
    while is_alive(child):
        time.sleep(0.001)


def test_a_program_that_ends_waits_for_no_child_that_ignores_signals(tmp_path: object) -> None:
    path = f"{tmp_path}/pid"
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", EXITS, path], cwd=root, timeout=60.0, capture_output=True, check=True
    )

    assert done.stderr == b""
    child = int(Path(path).read_text("ascii"))
    while is_alive(child):
        time.sleep(0.001)


def test_a_copy_that_the_function_has_forked_does_not_answer_in_its_place() -> None:
    assert run(lambda: Task.await_(Task.async_(forks, host="process"), 30.0)) == "the child"


def test_a_copy_that_outlives_a_child_does_not_hide_its_death(tmp_path: object) -> None:
    path = f"{tmp_path}/pid"

    assert reason_of(leaves_a_copy, path) == ("exit_status", 7)

    with open(path, encoding="ascii") as file:  # noqa: PTH123 - the shortest
        os.kill(int(file.read()), signal.SIGKILL)


def test_what_cannot_be_sent_is_refused_in_the_caller() -> None:
    def main() -> None:
        before = len(process.processes())
        with pytest.raises(BadArgument, match="interpreter of its own"):
            Task.async_(lambda: 1, host="process")
        with pytest.raises(BadArgument, match="interpreter of its own"):
            Task.start(print, process.self(), host="process")
        with pytest.raises(BadArgument, match="host"):
            Task.async_(print, host="moon")  # type: ignore[call-arg, call-overload]
        assert len(process.processes()) == before

    run(main)


def test_virtual_time_stands_still_while_a_child_works() -> None:
    def main() -> float:
        spawn(process.sleep, 60.0)
        before = process.monotonic()
        Task.await_(Task.async_(says_who, host="process"), 30.0)
        return process.monotonic() - before

    assert run(main, clock=VirtualClock()) == 0.0


def test_a_crash_ends_the_owner_through_the_link() -> None:
    def owner(boss: Pid) -> None:
        Task.await_(Task.async_(fails, host="process"), 30.0)

    def main() -> object:
        _, ref = process.spawn_monitor(owner, process.self())
        down = receive(Down, 30.0)
        assert isinstance(down, Down)
        assert down.ref is ref
        return down.reason

    reason = run(main)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, ValueError)


UNGUARDED = """
from actors import Task, process

def double(number):
    return 2 * number

process.trap_exit(True)
Task.await_(Task.async_(double, 4, host="process"), 60.0)
"""


def test_a_script_that_starts_one_when_it_is_imported_is_told_what_it_lacks(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | path,
        timeout=60.0,
        capture_output=True,
        check=False,
    )

    said = done.stderr.decode()
    assert done.returncode == 1
    assert f"got {str(script)!r}, accepted is work that is started below: if __name__" in said
    assert "freeze_support" not in said
