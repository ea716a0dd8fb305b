from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from actors import (
    Crash,
    Deadlock,
    Down,
    Exited,
    GenServer,
    MainExited,
    NotInProcess,
    Pid,
    Runtime,
    process,
    receive,
    run,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)
from actors.errors import ActorsError, BadArgument
from actors.process import Host
from actors.testing import VirtualClock
from tests.actors.probes import probe, simulate
from tests.watching import Flag, Seen

ROOT = Path(__file__).parents[2]


# -- what run returns and raises -------------------------------------------------------------------


def test_run_returns_what_main_returns_as_often_as_one_likes() -> None:
    assert [run(lambda x: x * 2, number) for number in (1, 2, 3)] == [2, 4, 6]


async def coroutine() -> None:
    """Be no main."""


@pytest.mark.parametrize(
    ("main", "advice"),
    [
        (None, r"run\(main\), not run\(main\(\)\)"),
        (1, r"run\(main\), not run\(main\(\)\)"),
        (coroutine, r"without async: actors\.asyncio_bridge runs those"),
    ],
)
def test_what_cannot_be_a_main_is_refused(main: Callable[[], object], advice: str) -> None:
    with pytest.raises(BadArgument, match=advice):
        run(main)


def test_a_class_is_no_clock() -> None:
    with pytest.raises(BadArgument, match="clock: got <class"):
        run(process.self, clock=VirtualClock)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error", [ValueError(1), SystemExit(3), KeyboardInterrupt(), MemoryError()]
)
def test_run_raises_what_main_raises_with_its_traceback(error: BaseException) -> None:
    def main() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        run(main)

    assert raised.value is error
    assert raised.traceback[-1].name == "main"


def test_who_is_linked_to_main_hears_why_it_failed() -> None:
    reasons: list[object] = Seen()

    def listens() -> None:
        process.trap_exit(True)
        told = receive(Exited)
        assert isinstance(told, Exited)
        reasons.append(told.reason)

    def main() -> None:
        spawn_link(listens)
        process.sleep(0.0)
        raise ValueError("main failed")

    with pytest.raises(ValueError, match="main failed"):
        run(main)

    (reason,) = reasons
    assert isinstance(reason, Crash)
    assert "main failed" in str(reason.exception)


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "x")])
def test_a_clean_exit_of_main_is_no_error(reason: object) -> None:
    assert run(process.exit, reason) is None


def test_a_main_that_is_ended_by_a_link_says_why() -> None:
    def fails() -> None:
        raise ValueError("child")

    def main() -> None:
        spawn_link(fails)
        receive()

    with pytest.raises(MainExited, match="child") as raised:
        run(main)

    assert isinstance(raised.value.__cause__, ValueError)


def test_a_main_that_a_server_takes_along_says_what_its_callback_may_return() -> None:
    def main() -> None:
        spawn_link(process.exit, ("bad_return_value", None))
        receive()

    with pytest.raises(
        MainExited, match=r"\('bad_return_value', None\), accepted is from a call Reply, NoReply"
    ):
        run(main)


@pytest.mark.parametrize("reason", ["shutdown", ("shutdown", "x")])
def test_a_main_that_a_link_ends_in_order_has_not_succeeded(reason: object) -> None:
    def main() -> None:
        spawn_link(process.exit, reason)
        receive()

    with pytest.raises(MainExited, match="supervisor that gave up: the log tells more") as raised:
        run(main)

    assert raised.value.reason == reason


def test_a_crash_deep_in_the_reason_is_the_cause_and_shows_its_lines() -> None:
    def fails() -> None:
        raise ValueError("child")

    def main() -> None:
        spawn_link(start_all)
        receive()

    def start_all() -> None:
        _, ref = spawn_monitor(fails)
        down = receive(Down)
        assert isinstance(down, Down)
        assert down.ref == ref
        process.exit(("shutdown", ("failed_to_start_child", "x", down.reason)))

    with pytest.raises(MainExited, match="in fails") as raised:
        run(main)

    assert isinstance(raised.value.__cause__, ValueError)


def test_a_main_that_is_stopped_from_outside_is_no_error() -> None:
    runtime = Runtime()

    def main() -> None:
        runtime.stop()
        receive()

    assert runtime.run(main) is None


def test_a_reason_whose_repr_raises_can_still_be_shown() -> None:
    class Unprintable(Exception):
        def __repr__(self) -> str:
            raise RuntimeError

    def fails() -> None:
        raise Unprintable

    def main() -> None:
        spawn_link(fails)
        receive()

    with pytest.raises(MainExited) as raised:
        run(main)

    assert "Unprintable" in str(raised.value)


def test_run_inside_a_process_is_refused_on_the_loop_and_on_threads() -> None:
    def main(host: Host) -> str:
        def nested() -> None:
            with pytest.raises(NotInProcess, match="inside a process"):
                run(lambda: 1)
            send(boss, "refused")

        boss = process.self()
        spawn_link(nested, host=host)
        return str(receive(timeout=10.0))

    assert run(main, None) == "refused"
    assert run(main, "thread") == "refused"


def test_a_runtime_runs_once() -> None:
    runtime = Runtime()
    assert runtime.run(lambda: 1) == 1

    with pytest.raises(ActorsError, match="runs once"):
        runtime.run(lambda: 2)
    with pytest.raises(ActorsError, match="runs once"):
        runtime.serve(lambda: None)


@pytest.mark.parametrize("driver", ["clock", "choice", "wakeup"])
def test_a_driver_that_is_none_is_refused(driver: str) -> None:
    with pytest.raises(BadArgument, match=driver):
        Runtime(**{driver: object()})  # type: ignore[arg-type]


def test_a_deadlock_is_found_on_a_virtual_clock() -> None:
    def main() -> None:
        spawn(receive)
        receive()

    with pytest.raises(Deadlock, match=r"PID<0.1.0>"):
        simulate(main)


def test_two_runtimes_live_side_by_side_in_two_threads() -> None:
    def main(name: str) -> list[object]:
        process.register(process.self(), "same name")
        server = probe(name)
        got: list[object] = []
        for number in range(200):
            send(server, number)
            got.append(receive(timeout=10.0))
        assert process.whereis("same name") is process.self()
        return got

    results: dict[str, object] = {}
    threads = [
        threading.Thread(target=lambda n=name: results.update({n: run(main, n)})) for name in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)

    assert results == {name: [("got", name, n) for n in range(200)] for name in "ab"}


# -- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [None, "thread"])
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("trap", [False, True])
def test_run_returns_when_main_does_whoever_still_lives(
    host: Host, linked: bool, trap: bool
) -> None:
    cleaned: list[object] = Seen()

    def lives() -> None:
        process.trap_exit(trap)
        send(boss[0], "ready")
        try:
            while True:
                receive()
        finally:
            time.sleep(0.01)
            cleaned.append(1)

    boss: list[Pid] = Seen()

    def main() -> str:
        boss.append(process.self())
        for _ in range(3):
            (spawn_link if linked else spawn)(lives, host=host)
            receive()
        return "done"

    assert run(main, grace=0.05, held=None) == "done"
    assert cleaned == [1, 1, 1]


def test_a_parent_that_ignores_its_end_is_killed_with_its_children() -> None:
    """Only a server in the middle of a callback may make the end wait for its children."""
    ended: list[str] = Seen()

    def ignores() -> None:
        process.trap_exit(True)
        spawn(child)
        while True:
            receive()

    def child() -> None:
        try:
            receive()
        finally:
            ended.append("child")

    class Ignores(GenServer[None]):
        def init(self) -> None:
            process.trap_exit(True)
            spawn(child)

        def handle_info(self, message: object, state: None) -> None:
            return None

    def main() -> str:
        spawn(ignores)
        Ignores.start()
        process.sleep(1.0)
        return "done"

    assert simulate(main) == "done"
    assert ended == ["child", "child"]


def test_a_server_that_stops_its_children_within_its_own_limits_is_waited_for() -> None:
    ended: list[object] = []

    class Boss(GenServer[None]):
        def init(self) -> None:
            process.trap_exit(True)
            spawn_link(slow)

        def terminate(self, reason: object, state: None) -> None:
            child = next(pid for pid in process.processes() if is_child(pid))
            process.send_exit(child, "shutdown")
            ended.append(receive(lambda m: isinstance(m, Exited) and m.pid is child, 60.0))

    def is_child(pid: Pid) -> bool:
        info = process.info(pid)
        return info is not None and info.parent is process.self()

    def slow() -> None:
        process.trap_exit(True)
        receive()
        process.sleep(30.0)

    def main() -> None:
        assert Boss.start_link() is not None
        process.sleep(1.0)

    simulate(main)
    (told,) = ended
    assert isinstance(told, Exited)
    assert told.reason == "normal"


def test_a_thread_that_blocks_does_not_keep_run_from_returning() -> None:
    free = Flag()

    def blocks(trap: bool) -> None:
        process.trap_exit(trap)
        send("boss", "blocking")
        free.wait(60.0)

    def main() -> str:
        process.register(process.self(), "boss")
        for trap in (False, True):
            spawn(blocks, trap, host="thread")
            receive()
        return "done"

    began = time.monotonic()
    try:
        assert run(main, grace=0.05, held=None) == "done"
        assert time.monotonic() - began < 5.0
    finally:
        free.set()


def test_a_thread_that_blocks_does_not_keep_a_simulation_from_returning() -> None:
    free = Flag()

    def blocks() -> None:
        process.trap_exit(True)
        free.wait(60.0)

    def main() -> str:
        spawn(blocks, host="thread")
        return "done"

    began = time.monotonic()
    try:
        assert run(main, grace=0.05, clock=VirtualClock()) == "done"
        assert time.monotonic() - began < 5.0
    finally:
        free.set()


def test_thousands_end_at_once() -> None:
    def main() -> int:
        for _ in range(5_000):
            spawn(receive)
        process.sleep(0.0)
        return len(process.processes())

    began = time.monotonic()
    assert simulate(main) == 5_001
    assert time.monotonic() - began < 10.0


# -- Ctrl-C, and the interpreter's end -------------------------------------------------------------


def program(text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(text)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupted(
    child: subprocess.Popen[str], *times: str, number: int = signal.SIGINT
) -> tuple[str, str, int]:
    """Press Ctrl-C each time the program has printed such a line; its output and exit code."""
    assert child.stdout is not None
    assert child.stderr is not None
    limit = threading.Timer(20.0, child.kill)
    limit.start()
    heard = ""
    for line in times:
        while (said := child.stdout.readline()) and said.strip() != line:
            heard += said
        heard += said
        child.send_signal(number)
    heard += child.stdout.read()
    errors = child.stderr.read()
    code = child.wait()
    limit.cancel()
    child.stdout.close()
    child.stderr.close()
    return heard, errors, code


def test_ctrl_c_ends_the_trees_in_order_and_is_raised_afterwards() -> None:
    child = program("""
        from actors import GenServer, process, receive, run, spawn_link
        class Tidy(GenServer):
            def init(self, name):
                process.trap_exit(True)
                return name
            def terminate(self, reason, state):
                print(state, "ends:", reason)
        def main():
            Tidy.start_link("server")
            spawn_link(receive)
            print("ready")
            receive()
        try:
            run(main)
        finally:
            print("run has ended")
    """)
    out, err, code = interrupted(child, "ready")

    assert out.splitlines() == ["ready", "server ends: shutdown", "run has ended"]
    assert "KeyboardInterrupt" in err
    assert code in {130, -signal.SIGINT}


def test_sigterm_does_the_same_and_its_code_says_so() -> None:
    child = program("""
        import atexit
        from actors import GenServer, process, receive, run
        class Tidy(GenServer):
            def init(self, name):
                process.trap_exit(True)
                return name
            def terminate(self, reason, state):
                print(state, "ends:", reason)
        def main():
            Tidy.start_link("server")
            print("ready")
            receive()
        atexit.register(print, "the interpreter ends")
        run(main)
    """)
    out, err, code = interrupted(child, "ready", number=signal.SIGTERM)

    assert out.splitlines() == ["ready", "server ends: shutdown", "the interpreter ends"]
    assert err == ""
    assert code == 143


def test_run_leaves_a_handler_of_sigterm_that_a_program_has_set() -> None:
    def mine(*_: object) -> None:
        return None

    before = signal.signal(signal.SIGTERM, mine)
    try:
        seen = run(lambda: signal.getsignal(signal.SIGTERM))
        after = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert seen is mine
    assert after is mine
    assert run(lambda: signal.getsignal(signal.SIGTERM)) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_ctrl_c_is_not_delivered_into_a_callback() -> None:
    child = program("""
        import time
        from actors import process, run, spawn
        def works():
            print("ready")
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                pass
            print("worked to the end")
        def main():
            spawn(works)
            process.sleep(30)
        run(main, held=None)
    """)
    out, err, code = interrupted(child, "ready")

    assert out.splitlines() == ["ready", "worked to the end"]
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert code in {130, -signal.SIGINT}


def test_a_second_ctrl_c_ends_at_once_who_refuses_to_end() -> None:
    child = program("""
        from actors import process, receive, run, spawn
        def refuses():
            process.trap_exit(True)
            while True:
                receive()
                print("refused")
        def main():
            spawn(refuses)
            print("ready")
            receive()
        run(main, grace=3600.0)
    """)
    out, err, code = interrupted(child, "ready", "refused")

    assert out.splitlines() == ["ready", "refused"]
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert code in {130, -signal.SIGINT}


def test_a_ctrl_c_that_does_not_end_the_loop_s_sleep_is_heard_all_the_same() -> None:
    """As one that comes in the last moment before the loop sleeps, when Python has looked for signals already."""
    child = program("""
        import _thread, threading, time
        from actors import receive, run
        def press():
            time.sleep(0.2)
            _thread.interrupt_main()
        def main():
            threading.Thread(target=press, daemon=True).start()
            receive()
        run(main)
    """)
    out, err, code = interrupted(child)

    assert out == ""
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert code in {130, -signal.SIGINT}


def test_a_second_ctrl_c_ends_who_holds_the_loop() -> None:
    child = program("""
        import signal, time
        from actors import process, receive, run
        def main():
            first = signal.getsignal(signal.SIGINT)
            def also_print(*args):
                print("pressed")
                first(*args)
            signal.signal(signal.SIGINT, also_print)
            try:
                print("ready")
                while True:
                    time.sleep(0.01)
            finally:
                print("cleaned")
        run(main, held=None)
    """)
    out, err, code = interrupted(child, "ready", "pressed")

    assert out.splitlines() == ["ready", "pressed", "pressed", "cleaned"]
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert code in {130, -signal.SIGINT}


def test_a_third_ctrl_c_leaves_behind_who_swallows_everything() -> None:
    child = program("""
        import signal, time
        from actors import process, receive, run, spawn
        def stubborn():
            while True:
                try:
                    print("ready")
                    while True:
                        time.sleep(0.01)
                except BaseException:
                    print("swallowed")
        def main():
            first = signal.getsignal(signal.SIGINT)
            def also_print(*args):
                print("pressed")
                first(*args)
            signal.signal(signal.SIGINT, also_print)
            spawn(stubborn)
            receive()
        run(main, held=None)
    """)
    out, err, code = interrupted(child, "ready", "pressed", "swallowed")

    said = [line for line in out.splitlines() if line != "ready"]
    # It is pressed again and again until it ends, or is left behind: how often, the machine's load says.
    assert [line for line, _ in groupby(said)] == ["pressed", "swallowed", "pressed"]
    assert said[:2] == ["pressed", "pressed"]
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert code in {130, -signal.SIGINT}


def test_run_leaves_the_handler_of_ctrl_c_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    run(lambda: 1)

    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("left", ["nothing", "a process", "a thread", "a guest"])
def test_the_background_runtime_ends_with_the_interpreter(left: str) -> None:
    child = program(f"""
        import threading, time
        from actors import Exit, process, receive, send, spawn
        process.self()
        def cleans():
            try:
                receive()
            finally:
                print("cleaned")
        def waits():
            try:
                receive()
            except Exit:
                print("told")
        match {left!r}:
            case "a process":
                spawn(cleans)
            case "a thread":
                pid = spawn(cleans, host="thread")
                time.sleep(0.05)
            case "a guest":
                threading.Thread(target=waits, daemon=True).start()
                time.sleep(0.05)
        print("the end")
    """)
    out, err = child.communicate(timeout=80.0)

    assert out.splitlines()[0] == "the end"
    if left in {"a process", "a thread"}:
        assert out.splitlines() == ["the end", "cleaned"]
    assert "Exception ignored" not in err
    assert "Traceback" not in err
    assert child.returncode == 0


def test_a_program_may_use_the_background_and_run() -> None:
    child = program("""
        from actors import process, receive, run, send, spawn
        me = process.self()
        spawn(lambda: send(me, "background"))
        print(receive(timeout=5.0))
        print(run(lambda: "foreground"))
        spawn(lambda: send(process.whereis("me") or me, "again"))
        print(receive(timeout=5.0))
    """)
    out, err = child.communicate(timeout=80.0)

    assert out.splitlines() == ["background", "foreground", "again"]
    assert err == ""
    assert child.returncode == 0


def test_a_forked_child_has_a_background_of_its_own() -> None:
    """It has none of its parent's threads, and would wait for that of the loop for ever."""
    child = program("""
        import os, warnings
        from actors import process, receive, send, spawn
        warnings.simplefilter("ignore")
        parent = process.self()
        if pid := os.fork():
            print("child ended with", os.waitpid(pid, 0)[1], flush=True)
        me = process.self()
        assert pid == 0 or me is parent
        spawn(lambda: send(me, "parent" if pid else "child"))
        print(receive(timeout=5.0))
    """)
    out, err = child.communicate(timeout=80.0)

    assert out.splitlines() == ["child", "child ended with 0", "parent"]
    assert err == ""


FORKS = """
    import os, sys, warnings
    from actors import GenServer, Reply, process, receive, run, spawn_link
    warnings.simplefilter("ignore")
    parent = os.getpid()
    def tell(what):
        whose = "parent" if os.getpid() == parent else "child"
        sys.stdout.write(f"{{what}} in the {{whose}}\\n")
    def bystander():
        try:
            receive()
        finally:
            tell("the bystander ends")
    class Forks(GenServer):
        def init(self):
            process.trap_exit(True)
        def handle_call(self, request, caller, state):
            pid = os.fork()
            return Reply(os.waitpid(pid, 0)[1]) if pid else in_the_child()
        def terminate(self, reason, state):
            tell("the server ends")
    def in_the_child():
        {child}
    def main():
        spawn_link(bystander)
        forks = Forks.start_link(host={host!r})
        tell(f"status {{GenServer.call(forks, 'fork')}}")
    run(main)
    tell("the end")
"""

ENDS_IN_THE_PARENT = {
    "the bystander ends in the parent",
    "the server ends in the parent",
    "the end in the parent",
}


@pytest.mark.parametrize("host", [None, "thread"])
@pytest.mark.parametrize(
    ("in_the_child", "status"),
    [
        ("process.self()", 256),
        ("return Reply('forked')", 256),
        ("raise ValueError('forked')", 256),
        ("os._exit(3)", 768),
    ],
)
def test_nobody_lives_twice_when_a_process_forks(
    in_the_child: str, status: int, host: str | None
) -> None:
    """A forked child goes on in the middle of the callback, with a copy of the whole runtime."""
    child = program(FORKS.format(child=in_the_child, host=host))
    out, err = child.communicate(timeout=80.0)

    if host == "thread" and status == 256:
        status = 0  # a thread that ends, the only one of its program, ends it without a word
    first, *ends = out.splitlines()
    assert first == f"status {status} in the parent"
    assert set(ends) == ENDS_IN_THE_PARENT
    assert len(ends) == len(ENDS_IN_THE_PARENT)
    assert ("NotInProcess: this is a child that" in err) == (status == 256)
    assert child.returncode == 0


@pytest.mark.parametrize("host", [None, "thread"])
def test_a_forked_child_dies_of_a_signal_like_any_other_program(host: str | None) -> None:
    """With the handler of its parent's runtime it would ask for an end that never comes."""
    child = program(f"""
        import os, signal, time, warnings
        from actors import process, receive, run, send, spawn
        warnings.simplefilter("ignore")
        def forks(boss):
            pid = os.fork()
            if pid == 0:
                time.sleep(60.0)
                os._exit(0)
            os.kill(pid, signal.SIGTERM)
            send(boss, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        def main():
            spawn(forks, process.self(), host={host!r})
            print(receive(timeout=15.0))
        run(main, held=None)
    """)
    out, err = child.communicate(timeout=80.0)

    assert (out.strip(), err) == (str(-signal.SIGTERM), "")


def test_an_api_call_in_a_forked_child_is_refused_by_its_reason() -> None:
    child = program("""
        import os, warnings
        from actors import process, run
        from actors.errors import NotInProcess
        warnings.simplefilter("ignore")
        def main():
            if pid := os.fork():
                return print("status", os.waitpid(pid, 0)[1])
            try:
                process.spawn(print)
            except NotInProcess as error:
                print(error, flush=True)
            os._exit(0)
        run(main)
    """)
    out, err = child.communicate(timeout=80.0)

    refusal, status = out.splitlines()
    assert refusal == (
        "this is a child that #PID<0.1.0> has forked: its processes live in the parent only; "
        "end the child with os._exit, or start it with multiprocessing"
    )
    assert status == "status 0"
    assert err == ""


def test_a_callback_that_holds_the_background_is_reported() -> None:
    child = program("""
        import threading
        from actors import process, receive, send, spawn, telemetry
        told = threading.Event()
        telemetry.attach("test", ("actors", "loop", "held"), lambda *_: told.set())
        me = process.self()
        spawn(lambda: send(me, told.wait(10.0)))
        print(receive(timeout=15.0))
    """)
    out, _ = child.communicate(timeout=80.0)

    assert out == "True\n"


def test_importing_starts_no_thread_and_loads_no_bridge() -> None:
    child = program("""
        import sys, threading
        import actors
        print(threading.active_count())
        print(sorted({"structlog", "pykka", "asyncio"} & set(sys.modules)))
    """)
    out, _ = child.communicate(timeout=80.0)

    assert out.splitlines() == ["1", "[]"]
