from __future__ import annotations

import contextvars
import gc
import resource
import weakref
from functools import partial

import pytest

from actors import (
    Crash,
    Down,
    Exited,
    Pid,
    Runtime,
    TimedOut,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    telemetry,
)
from actors._kernel.clock import MonotonicClock
from actors._kernel.current import me, running
from actors.process import Host
from actors.testing import VirtualClock
from tests.actors.probes import inside, mail, probe, simulate
from tests.watching import Seen

VAR: contextvars.ContextVar[str] = contextvars.ContextVar("VAR", default="unset")


# -- who am I, and in which context ----------------------------------------------------------------


def test_self_is_right_at_every_line_also_after_nested_waits() -> None:
    wrong: list[object] = []

    def wait_deep(me: Pid, depth: int) -> None:
        if process.self() is not me:
            wrong.append((me, depth))
        if depth:
            process.sleep(0.001 * (me.serial % 5))
            wait_deep(me, depth - 1)
        receive(timeout=0.001)
        if process.self() is not me:
            wrong.append((me, depth))

    def body() -> None:
        me = process.self()
        wait_deep(me, 6)

    def main() -> None:
        mine = process.self()
        for _ in range(50):
            spawn(body)
            assert process.self() is mine
        process.sleep(10.0)
        assert process.self() is mine

    simulate(main)
    assert wrong == []


@pytest.mark.parametrize("host", [None, "thread"])
def test_a_context_is_inherited_as_a_copy_and_never_leaks(host: Host) -> None:
    seen: list[tuple[str, str]] = Seen()

    def child(name: str) -> None:
        seen.append((name, VAR.get()))
        VAR.set(name)
        process.sleep(1.0)
        seen.append((name, VAR.get()))

    def main() -> None:
        spawn(child, "before", host=host)
        process.sleep(0.5)
        VAR.set("parent")
        spawn(child, "after", host=host)
        process.sleep(0.1)
        VAR.set("changed")
        process.sleep(5.0)
        assert VAR.get() == "changed"

    simulate(main)
    assert seen == [
        ("before", "unset"),
        ("after", "parent"),
        ("before", "before"),
        ("after", "after"),
    ]
    assert VAR.get() == "unset"


def test_a_context_that_was_set_without_waiting_does_not_stay_on_the_loops_stack() -> None:
    def sets() -> None:
        VAR.set("leaked")

    def main() -> list[str]:
        seen: list[str] = Seen()
        for _ in range(3):
            spawn(sets)
            process.sleep(0.0)
            spawn(lambda: seen.append(VAR.get()))
            process.sleep(0.0)
        return seen

    assert simulate(main) == ["unset"] * 3


def test_the_context_of_run_is_a_copy_of_the_callers() -> None:
    def main() -> str:
        inherited = VAR.get()
        VAR.set("inside")
        return inherited

    def outside() -> tuple[str | None, str]:
        VAR.set("outside")
        return run(main), VAR.get()

    assert contextvars.Context().run(outside) == ("outside", "outside")


def test_what_a_listener_sets_on_the_loop_is_nobodys_context() -> None:
    def listener(event: object, numbers: object, fields: object) -> None:
        VAR.set("listener")

    def fails() -> None:
        raise ValueError

    def main() -> str:
        _, ref = spawn_monitor(fails, host="thread")
        receive(lambda m: isinstance(m, Down) and m.ref is ref)
        seen: list[str] = Seen()
        spawn(lambda: seen.append(VAR.get()))
        process.sleep(0.0)
        return seen[0]

    telemetry.attach("sets", ("actors", "process", "crash"), listener)
    try:
        assert simulate(main) == "unset"
    finally:
        telemetry.detach("sets")


def test_a_finally_block_runs_as_its_own_process_and_in_its_own_context() -> None:
    seen: list[object] = Seen()

    def body() -> None:
        VAR.set("mine")
        try:
            receive()
        finally:
            seen.append((process.self(), VAR.get()))

    def main() -> Pid:
        pid, _ = spawn_monitor(body)
        process.sleep(0.0)
        process.send_exit(pid, "stop")
        receive(Down)
        assert VAR.get() == "unset"
        return pid

    pid = simulate(main)
    assert seen == [(pid, "mine")]


# -- the loop lives --------------------------------------------------------------------------------


def test_a_listener_that_raises_anything_does_not_end_the_loop() -> None:
    def listener(event: object, numbers: object, fields: object) -> None:
        raise KeyboardInterrupt

    def fails() -> None:
        raise ValueError

    def main() -> object:
        _, ref = spawn_monitor(fails)
        down = receive(Down)
        assert isinstance(down, Down)
        assert down.ref is ref
        return down.reason

    telemetry.attach("raises", ("actors", "process", "crash"), listener)
    try:
        assert isinstance(simulate(main), Crash)
    finally:
        telemetry.detach("raises")


def test_a_post_that_fails_does_not_end_the_loop() -> None:
    failures: list[object] = []

    def fails() -> None:
        raise SystemExit(1)

    def main() -> str:
        running().post(fails)
        process.sleep(0.01)
        return "alive"

    telemetry.attach("failed", ("actors", "loop", "failed"), lambda *args: failures.append(args[2]))
    try:
        assert run(main) == "alive"
    finally:
        telemetry.detach("failed")
    assert len(failures) == 1


def test_posts_without_end_do_not_keep_processes_from_running() -> None:
    def main() -> int:
        scheduler = running()
        rounds = 0

        def again() -> None:
            if not done:
                scheduler.post(again)

        done: list[int] = []
        again()
        for _ in range(100):
            rounds += 1
            process.sleep(0.0)
        done.append(1)
        return rounds

    assert run(main) == 100


def test_a_process_that_computes_in_many_messages_lets_others_have_turns() -> None:
    def main() -> list[object]:
        boss = process.self()

        def ping_oneself() -> None:
            while True:
                send(process.self(), "again")
                receive()
                process.sleep(0.0)

        spawn(ping_oneself)
        spawn(lambda: send(boss, "heard"))
        return [receive(timeout=60.0)]

    assert run(main) == ["heard"]


# -- many ------------------------------------------------------------------------------------------


def test_twenty_thousand_processes_wait_at_the_same_time() -> None:
    """The C stack must not overflow, and a parked one must stay a matter of kilobytes."""
    count = 20_000

    def waits(boss: Pid) -> None:
        send(boss, receive())

    def main() -> tuple[int, float]:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pids = [spawn(waits, process.self()) for _ in range(count)]
        process.sleep(0.0)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number, pid in enumerate(pids):
            send(pid, number)
        total = 0
        for _ in range(count):
            answer = receive()
            assert isinstance(answer, int)
            total += answer
        return total, (after - before) / count

    total, kilobytes = simulate(main)
    assert total == count * (count - 1) // 2
    assert kilobytes < 16.0


def test_a_hundred_thousand_processes_are_born_and_die_without_a_trace() -> None:
    def nothing() -> None:
        return None

    def main() -> tuple[int, int]:
        spawn(nothing)
        process.sleep(0.0)
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(100):
            for _ in range(1_000):
                spawn(nothing)
            process.sleep(0.0)
        gc.collect()
        return len(gc.get_objects()) - before, len(running().cells)

    objects, cells = simulate(main)
    assert objects < 100
    assert cells == 1


@pytest.mark.parametrize("how", ["returns", "raises", "is killed", "waits"])
def test_nothing_of_a_dead_process_is_kept_alive(how: str) -> None:
    class Thing:
        pass

    def body(thing: Thing) -> None:
        VAR.set("x")
        process.put("thing", thing)
        process.alias()
        send(process.self(), thing)
        if how == "raises":
            raise ValueError(1)
        if how in {"is killed", "waits"}:
            receive(lambda m: m == "go")

    def main() -> object:
        thing = Thing()
        gone = weakref.ref(thing)
        pid, _ = spawn_monitor(body, thing)
        process.link(pid) if how != "raises" else process.monitor(pid)
        process.trap_exit(True)
        del thing
        process.sleep(0.0)
        if how == "is killed":
            process.send_exit(pid, "kill")
        elif how == "waits":
            send(pid, "go")
        found = mail()
        gc.collect()
        return len(found), gone()

    assert simulate(main) == (2, None)


def test_calls_and_exits_of_many_leave_no_entries_in_the_kernels_tables() -> None:
    def main() -> None:
        process.trap_exit(True)
        for _ in range(300):
            pid, ref = spawn_monitor(receive)
            process.link(pid)
            process.register(pid, "it")
            alias = process.alias()
            process.monitor("it")
            process.sleep(0.0)
            process.send_exit(pid, "kill")
            for _ in range(3):
                receive()
            process.unalias(alias)
            process.demonitor(ref)
        scheduler = running()
        mine = me()
        assert not scheduler._aliases  # noqa: SLF001 - what is left behind is the question
        assert not scheduler._watched  # noqa: SLF001
        assert len(scheduler.cells) == 1
        assert not mine.links
        assert not mine.monitors
        assert not mine.aliases
        assert scheduler.names.all() == []

    simulate(main)


def test_stacks_that_nobody_needs_any_more_are_taken_down() -> None:
    def main() -> int:
        pids = [spawn(receive) for _ in range(500)]
        process.sleep(0.0)
        for pid in pids:
            send(pid, "go")
        process.sleep(1.0)
        return len(running()._spare)  # noqa: SLF001 - what is left behind is the question

    assert simulate(main) <= 40


# -- when nobody can run ---------------------------------------------------------------------------


def test_time_jumps_only_when_everybody_waits() -> None:
    def main() -> list[float]:
        times: list[float] = Seen()

        def body(seconds: float) -> None:
            process.sleep(seconds)
            times.append(process.monotonic())

        for seconds in (3.0, 1.0, 2.0, 0.0):
            spawn(body, seconds)
        process.sleep(10.0)
        return [*times, process.monotonic()]

    assert simulate(main) == [0.0, 1.0, 2.0, 3.0, 10.0]


def test_what_a_signal_handler_raises_while_everybody_waits_ends_main_in_order() -> None:
    """The loop is no process: what is raised on it has no other owner than the caller of `run`."""

    class Clock:
        is_virtual = False
        calls = 0

        def now(self) -> float:
            return MonotonicClock.now()

        def advance_to(self, deadline: float) -> None:
            raise AssertionError

    class Wakeup:
        def __init__(self) -> None:
            self.raised = False

        def sleep(self, seconds: float | None) -> None:
            if not self.raised:
                self.raised = True
                raise SystemExit(7)

        def wake(self) -> None:
            return

    seen: list[str] = Seen()

    def main() -> None:
        process.trap_exit(True)
        spawn_link(tidy)
        told = receive(Exited)
        assert isinstance(told, Exited)
        seen.append(str(told.reason))

    def tidy() -> None:
        try:
            receive()
        finally:
            seen.append("tidied")

    with pytest.raises(SystemExit) as ended:
        Runtime(clock=Clock(), wakeup=Wakeup(), grace=0.1).run(main)

    assert ended.value.code == 7
    assert seen == ["shutdown", "tidied"]


def test_a_driver_that_fails_again_and_again_is_heard() -> None:
    class Broken:
        def pick(self, ready: int) -> int:
            raise LookupError("broken choice")

    with pytest.raises(LookupError, match="broken choice"):
        run(lambda: receive(timeout=1.0), choice=Broken(), clock=VirtualClock())


def test_timers_fire_for_processes_that_never_let_the_loop_rest() -> None:
    def main() -> bool:
        process.send_after(process.self(), "tick", 0.01)

        def busy() -> None:
            while True:
                process.sleep(0.0)

        spawn(busy)
        return receive(timeout=60.0) == "tick"

    assert run(main)


def test_a_server_that_holds_two_thousand_messages_is_not_slowed_by_waiting_for_one() -> None:
    def main() -> None:
        boss = process.self()
        for number in range(2_000):
            send(boss, number)
        other = probe("other")
        for number in range(50):
            assert inside(other, partial(int, number)) == number
        assert receive(timeout=0) == 0

    simulate(main)
    assert isinstance(simulate(lambda: receive(timeout=1.0)), TimedOut)
