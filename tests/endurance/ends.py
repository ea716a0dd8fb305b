"""How programs end: interrupted at any moment, by any door, and with children of the operating system.

Each trial is an interpreter of its own. What must hold: the right exit code, in time, servers ended in
order, the interrupt in nobody's callback, and nothing on stderr but what Python itself says of it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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


# -- the interpreter's exit, with 1,000 live processes ---------------------------------------------

_CROWD = """
    import atexit, sys
    from actors import GenServer, process, receive, run, spawn
    class Server(GenServer):
        def init(self, n):
            return n
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


def left(form: str) -> str | None:
    last, code, says = EXITS[form]
    end = ended(started(textwrap.dedent(_CROWD) + last))
    if end.code != code:
        return f"exit code {end.code}, not {code}: {end.err[-600:]}"
    if end.out.strip() != "atexit":
        return f"stdout: {end.out[-300:]}"
    if not end.err.strip().endswith(says) or (end.err and not says):
        return f"stderr: {end.err[-600:]}"
    return None


@case(short=1, long=100)
def exits_in_five_forms(size: int, tally: Tally) -> None:
    """With 1,000 live processes, however the program ends: its exit code, no hang, nothing ignored."""
    for number in range(size):
        for form in EXITS:
            failed = left(form)
            tally.check(failed is None, f"{form}, round {number}: {failed}")


# -- children of the operating system --------------------------------------------------------------

_PARENT = """
    import multiprocessing, os, sys
    from actors import GenServer, Reply, process, receive, run, spawn_link

    parent = os.getpid()

    def bystander():
        try:
            receive()
        finally:
            print("bystander", os.getpid() == parent)

    def elsewhere(n):
        return n * n

    class Forks(GenServer):
        def init(self):
            return None
        def handle_call(self, request, caller, state):
            if request == "_exit":
                pid = os.fork()
                if pid == 0:
                    os._exit(7)
                return Reply(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
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
        print(GenServer.call(forks, sys.argv[1], 60.0))

    if __name__ == "__main__":
        run(main, held=None)
        print("end", os.getpid() == parent)
"""


def forms_of_children() -> Iterator[tuple[str, str]]:
    for way in ("_exit", "falls through", "fork", "spawn"):
        for host in ("loop", "thread"):
            yield way, host


def had_a_child(way: str, host: str) -> str | None:
    end = ended(started(_PARENT, way, host))
    if end.code or sorted(end.out.splitlines()) != ["7", "bystander True", "end True"]:
        return f"exit code {end.code}: {end.out[-300:]!r} {end.err[-600:]}"
    return None if not end.err else f"stderr: {end.err[-600:]}"


@case(short=1, long=100)
def children_of_the_operating_system(size: int, tally: Tally) -> None:
    """A process that forks, whatever the child does, and multiprocessing in one: nobody lives twice."""
    for number in range(size):
        for way, host in forms_of_children():
            failed = had_a_child(way, host)
            tally.check(failed is None, f"{way} on the {host}, round {number}: {failed}")
