"""How programs end: interrupted at any moment, by any door, and with children of the operating system.

Each trial is an interpreter of its own. What must hold: the right exit code, in time, servers ended in
order, the interrupt in nobody's callback, and nothing on stderr but what Python itself says of it.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.endurance.tally import Tally, case

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds after which a program hangs, however busy the machine is."""


@dataclass(frozen=True)
class Ended:
    """What is left of a program."""

    code: int
    out: str
    err: str


def started(text: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(text), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def line_of(child: subprocess.Popen[str]) -> str:
    """Read one line, and nothing of what follows it."""
    assert child.stdout is not None
    read = b""
    while (byte := os.read(child.stdout.fileno(), 1)) not in {b"", b"\n"}:
        read += byte
    return read.decode()


def ended(child: subprocess.Popen[str]) -> Ended:
    try:
        out, err = child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        # With all that it has started: they would hold its pipes open.
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        return Ended(-999, out, f"it hung; {err}")
    return Ended(child.returncode, out, err)


# -- interrupted at any moment ---------------------------------------------------------------------

_RESTLESS = """
    import sys
    from actors import GenServer, NoReply, process, run
    from supervisors import Supervisor

    class Restless(GenServer):
        "Starts, crashes and stops all the time."
        def init(self, number):
            process.trap_exit(True)
            try:
                sum(range(2_000))
            except BaseException as error:
                print("DELIVERED", type(error).__name__)
                raise
            return number
        def handle_cast(self, request, number):
            try:
                sum(range(2_000))
            except BaseException as error:
                print("DELIVERED", type(error).__name__)
                raise
            if number == 3:
                raise ValueError("it crashes now and then")
            return NoReply()

    def main():
        print("ready")
        while True:
            children = [Restless.child_spec(n, id=n, name=f"r{n}") for n in range(6)]
            tree = Supervisor.start_link(children, strategy="one_for_all",
                                         max_restarts=1000, max_seconds=1.0)
            for n in range(6):
                GenServer.cast(f"r{n}", "work")
            process.sleep(0.002)
            Supervisor.stop(tree)

    from actors import telemetry
    telemetry.set_reporter(None)
    run(main)
"""

_CODES: Final = {signal.SIGINT: {130, -signal.SIGINT}, signal.SIGTERM: {143}}


def interrupted(number: signal.Signals, delay: float) -> str | None:
    """Interrupt a program some time after it has begun; return what did not go as it must."""
    child = started(_RESTLESS)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        child.wait(delay)
    except subprocess.TimeoutExpired:
        child.send_signal(number)
    end = ended(child)
    if end.code not in _CODES[number]:
        return f"exit code {end.code}: {end.err[-600:]}"
    if "DELIVERED" in end.out:
        return f"it came into a callback: {end.out[-200:]}"
    said = end.err.strip()
    if number == signal.SIGINT:
        ok = said.startswith("Traceback") and said.endswith("KeyboardInterrupt")
        ok = ok and said.count("Traceback") == 1
    else:
        ok = not said
    return None if ok else f"stderr: {end.err[-600:]}"


@case(short=6, long=1_000)
def interrupts_at_any_moment(size: int, tally: Tally) -> None:
    """SIGINT and SIGTERM while trees start, crash and stop: in order, the right code, in no callback."""
    lots = random.Random(size)  # noqa: S311 - a schedule, not a secret
    trials = [((signal.SIGINT, signal.SIGTERM)[n % 2], lots.uniform(0.0, 0.1)) for n in range(size)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(interrupted, *zip(*trials, strict=True)))
    for (number, delay), failed in zip(trials, results, strict=True):
        tally.check(failed is None, f"{number.name} after {delay * 1000:.1f} ms: {failed}")


# -- interrupted as it begins and as it ends -------------------------------------------------------

_ORDERLY = """
    import sys, time
    print("begun")
    from actors import GenServer, process, run, telemetry
    from supervisors import Supervisor

    class Server(GenServer):
        "Ends in its time, but for the one that hangs in its end."
        def init(self, number):
            process.trap_exit(True)
            return number
        def handle_cast(self, request, number):
            process.sleep(None)
        def terminate(self, reason, number):
            try:
                process.sleep(0.001)
                if number == 7:
                    process.sleep(None)
                print("ended", number)
            except Exception as error:
                print("DELIVERED", type(error).__name__)
                raise
            except KeyboardInterrupt:
                print("DELIVERED KeyboardInterrupt")
                raise

    def main():
        children = [Server.child_spec(n, id=n, shutdown=0.2) for n in range(20)]
        Supervisor.start_link(children)
        print("up")
        if sys.argv[1] == "wait":
            process.sleep(None)

    telemetry.set_reporter(None)
    print("imported")
    try:
        run(main)
    finally:
        print("over", time.monotonic())
"""

_LIMITS: Final = 20 * 0.2
"""The sum of the limits of all servers; one of them reaches its own."""
MOMENTS: Final = {
    "as it starts": ("wait", "begun", 0.6),
    "as main begins": ("wait", "imported", 0.02),
    "as it ends": ("return", "up", 0.25),
    "twice as it ends": ("return", "up", 0.25),
    "twice": ("wait", "up", 0.05),
}
"""Whether main waits or returns, after which word the interrupt comes, and within how many seconds."""


def interrupted_at(
    moment: str, number: signal.Signals, share: float, *, strict: bool
) -> str | None:
    """Interrupt a program as it begins or ends; return what did not go as it must."""
    does, word, within = MOMENTS[moment]
    child = started(_ORDERLY, does)
    before = []
    while (line := line_of(child)) and line != word:
        before.append(line)
    time.sleep(share * within)
    sent = time.monotonic()
    child.send_signal(number)
    twice = moment.startswith("twice")
    if twice:
        time.sleep(share * 0.05)
        child.send_signal(number)
    end = ended(child)
    out = [*before, line, *end.out.splitlines()]
    # Before there is anybody, it ends as every program in Python does.
    codes = {number + 128, -number} | ({0} if does == "return" else set())
    if end.code not in codes:
        return f"exit code {end.code}: {end.err[-600:]}"
    if "imported" not in out:
        return None
    if any(line.startswith("DELIVERED K") or ("DELIVERED" in line and not twice) for line in out):
        return f"it came into a callback: {out[-5:]}"
    if "ignored" in end.err:
        return f"stderr: {end.err[-600:]}"
    return _not_in_order(out, sent, twice=twice, strict=strict)


def _not_in_order(out: list[str], sent: float, *, twice: bool, strict: bool) -> str | None:
    ends = [int(line.split()[1]) for line in out if line.startswith("ended")]
    expected = [n for n in reversed(range(20)) if n != _HANGS]
    if twice:  # the second one ends it at once
        expected = expected[: len(ends)]
    # One that was interrupted before all were up ends those that were.
    if ends != expected and ("up" in out or ends != expected[len(expected) - len(ends) :]):
        return f"servers ended in the order {ends}"
    over = [float(line.split()[1]) for line in out if line.startswith("over")]
    took = over[0] - sent if over else 0.0
    limit = _LIMITS + 1.0 if strict else PATIENCE
    return None if took <= limit else f"it took {took:.1f} s; the limit is {limit:.1f} s"


_HANGS = 7


@case(short=5, long=500)
def interrupts_as_it_begins_and_ends(size: int, tally: Tally) -> None:
    """SIGINT and SIGTERM, also twice, as it starts and ends: servers end in reverse order, within limits."""
    lots = random.Random(size)  # noqa: S311 - a schedule, not a secret
    trials = [
        (list(MOMENTS)[n % len(MOMENTS)], lots.choice(list(_CODES)), lots.random())
        for n in range(size)
    ]
    play = partial(interrupted_at, strict=size >= _OFTEN)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(play, *zip(*trials, strict=True)))
    for (moment, number, share), failed in zip(trials, results, strict=True):
        tally.check(failed is None, f"{number.name} {moment}, at {share:.3f}: {failed}")


_OFTEN = 100
"""Trials from which on times are looked at: what is played in the suite is played on busy machines."""


# -- the interpreter's exit, with 1,000 live processes ---------------------------------------------

_CROWD = """
    import atexit, sys, time
    from actors import GenServer, process, receive, run, spawn, telemetry
    class Server(GenServer):
        def init(self, n):
            return n
    def not_of_a_busy_machine(event, level, fields):
        if event not in {("actors", "loop", "held"), ("actors", "process", "stuck")}:
            log(event, level, fields)
    log = telemetry.set_reporter(not_of_a_busy_machine)
    def crowd():
        for n in range(400):
            Server.start(n)
            spawn(receive)
        for n in range(196):
            spawn(process.sleep, None)
        for n in range(4):
            Server.start(n, host="thread")
        assert process.is_alive(process.self())
    atexit.register(print, "atexit")
    print("mark", time.monotonic(), time.process_time())
"""

EXITS: Final = {
    "main returns": ("def main():\n    crowd()\nrun(main, held=None)", 0, ""),
    "sys.exit": ("def main():\n    crowd()\n    sys.exit(3)\nrun(main, held=None)", 3, ""),
    "an exception": (
        "def main():\n    crowd()\n    raise ValueError('at the end')\nrun(main, held=None)",
        1,
        "ValueError: at the end",
    ),
    "the background, and the script ends": ("crowd()", 0, ""),
    "the background, and sys.exit": ("crowd()\nsys.exit(4)", 4, ""),
}


EXIT: Final = 2.0
"""Seconds that the end of a program with 1,000 processes may take."""


def left(form: str, took: list[float]) -> str | None:
    """End a program in one way; return what did not go as it must, and add how long its end took."""
    last, code, says = EXITS[form]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    end = ended(started(textwrap.dedent(_CROWD) + last))
    now = time.monotonic()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if end.code != code:
        return f"exit code {end.code}, not {code}: {end.err[-600:]}"
    mark, _, rest = end.out.partition("\n")
    if not mark.startswith("mark ") or rest.strip() != "atexit":
        return f"stdout: {end.out[-300:]}"
    if not end.err.strip().endswith(says) or (end.err and not says):
        return f"stderr: {end.err[-600:]}"
    _, moment, used = mark.split()
    took.append(now - float(moment))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - float(used)
    return None if cpu <= EXIT else f"the end took {cpu:.2f} s of the processor"


@case(short=1, long=100)
def exits_in_five_forms(size: int, tally: Tally) -> None:
    """With 1,000 live processes, however the program ends: its exit code, no hang, nothing ignored, within 2 s."""
    took: list[float] = []
    for number in range(size):
        for form in EXITS:
            failed = left(form, took)
            tally.check(failed is None, f"{form}, round {number}: {failed}")
    usual = statistics.median(took) if took else PATIENCE
    if size > 1:  # once, on a busy machine, says nothing; what it used of the processor does
        tally.check(usual <= EXIT, f"an end usually took {usual:.2f} s")
    tally.note(f"an end took {usual:.2f} s usually, {max(took, default=0.0):.2f} s at most")


# -- children of the operating system --------------------------------------------------------------

_PARENT = """
    import multiprocessing, os, sys, threading
    from actors import (
        GenServer, Reply, process, receive, run, send, spawn, spawn_link, telemetry
    )
    from actors.errors import ActorsError

    parent = os.getpid()

    def bystander():
        try:
            receive()
        finally:
            print("bystander", os.getpid() == parent)

    def elsewhere(n):
        return n * n

    def in_the_child(forks, fresh):
        "Use processes in a child, which has none of its parent: each use is a typed error."
        uses = [lambda: GenServer.call(forks, "_exit", 1.0)] if fresh else [
            process.self, lambda: spawn(print, "lives twice"), lambda: receive(timeout=0),
            lambda: send(forks, "x"), lambda: GenServer.call(forks, "_exit", 1.0),
            lambda: process.sleep(0), lambda: process.monitor(forks), Forks.start,
        ]
        refused = 0
        for use in uses:
            try:
                use()
            except ActorsError:
                refused += 1
        os._exit(7 if refused == len(uses) else 8)

    def forked(forks, fresh=False):
        pid = os.fork()
        if pid == 0:
            in_the_child(forks, fresh)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def in_telemetry(forks):
        told = []
        telemetry.attach("forks", ("forks",), lambda *_: told.append(forked(forks)))
        telemetry.emit(("forks",), {}, {})
        return told[0]

    def in_a_thread(forks):
        told = []
        def body():
            process.self()
            # The copy of a thread that was no process may begin anew, without anybody of the parent.
            told.append(forked(forks, fresh=True))
        thread = threading.Thread(target=body)
        thread.start()
        while thread.is_alive():
            process.sleep(0.001)
        return told[0]

    class Forks(GenServer):
        def init(self):
            return None
        def handle_call(self, request, caller, state):
            if request == "_exit":
                return Reply(forked(process.self()))
            if request == "falls through":
                pid = os.fork()
                if pid == 0:
                    os.close(2)
                    return Reply("twice")
                os.waitpid(pid, 0)
                return Reply(7)
            with multiprocessing.get_context(request).Pool(2) as pool:
                return Reply(7 if pool.map(abs, [1, -2]) == [1, 2] else None)

    def main():
        spawn_link(bystander)
        forks = Forks.start_link(host=None if sys.argv[2] == "loop" else "thread")
        ways = {"main": forked, "telemetry": in_telemetry, "a thread": in_a_thread}
        if sys.argv[1] in ways:
            print(ways[sys.argv[1]](forks))
        else:
            print(GenServer.call(forks, sys.argv[1], 60.0))

    if __name__ == "__main__":
        run(main, held=None)
        print("end", os.getpid() == parent)
"""


def forms_of_children() -> Iterator[tuple[str, str]]:
    for way in ("_exit", "falls through", "fork", "spawn"):
        for host in ("loop", "thread"):
            yield way, host
    for way in ("main", "telemetry", "a thread"):
        yield way, "loop"


def had_a_child(way: str, host: str) -> str | None:
    end = ended(started(_PARENT, way, host))
    if end.code or sorted(end.out.splitlines()) != ["7", "bystander True", "end True"]:
        return f"exit code {end.code}: {end.out[-300:]!r} {end.err[-600:]}"
    return None if not end.err else f"stderr: {end.err[-600:]}"


@case(short=1, long=100)
def children_of_the_operating_system(size: int, tally: Tally) -> None:
    """Forks in 5 places and multiprocessing: the child's every use of processes is refused, nobody lives twice."""
    for number in range(size):
        for way, host in forms_of_children():
            failed = had_a_child(way, host)
            tally.check(failed is None, f"{way} on the {host}, round {number}: {failed}")
