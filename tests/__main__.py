"""Run every check: ``python3 -m tests [arguments for pytest]``.

``python3 -m tests --long [NAME …]`` plays the long forms of `tests.endurance` instead, and prints a table.

``python3 -m tests --compiled [arguments]`` compiles the hot rooms in a copy of the project, which wants a C
compiler, and runs the tests of processes and supervisors there.

``python3.12 -m tests --coverage [arguments]`` runs the same tests under coverage.py, lists the rooms of `actors`
and `supervisors` that have lines or branches no test takes, and fails below 95 %. It wants Python 3.12 or newer.

``python3 -m tests --repeat N [arguments]`` runs the tests N times, each time in another order, and says which
orders failed; ``python3 -m tests --randomly-seed=…`` plays one of them again.

Format, lint, types and tests are all run, whatever fails; the exit code is 0 when all passed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys

from examples._setup import ROOT, enter

CHECKS = {
    "format": ["ruff", "format", "--check", "--quiet", "--diff", "."],
    "lint": ["ruff", "check", "--quiet", "."],
    "types": ["mypy", "--no-error-summary"],
}


def passes(name: str, command: list[str]) -> bool:
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode == 0


COPY = ROOT / ".letitcrash" / "compiled"
"""Where the copy with compiled rooms stands."""

OF_PROCESSES_AND_SUPERVISORS = (
    "tests/actors",
    "tests/supervisors",
    "tests/conformance",
    "tests/interleavings",
    "tests/endurance",
    "tests/test_refusals.py",
)

DOCS = ("actors", "supervisors")
"""Whose examples are tests."""


def compiled(arguments: list[str]) -> int:
    print("== compiling", flush=True)
    compiling = [sys.executable, ".ci/compile.py", str(COPY)]
    if subprocess.run(compiling, cwd=ROOT, check=False).returncode:
        return 1
    print("== tests of the compiled form", flush=True)
    pytest = [sys.executable, "-m", "pytest", *(arguments or OF_PROCESSES_AND_SUPERVISORS)]
    environment = {**os.environ, "PYTHONPATH": str(COPY)}
    return subprocess.run(pytest, cwd=COPY, env=environment, check=False).returncode


def covered(arguments: list[str]) -> int:
    minor = sys.version_info.minor
    if minor < 12:
        # There a traced function that is called at the death of a greenlet of a thread that has ended, as a
        # pending call of the interpreter, never gets beyond its first instruction: the run hangs.
        print("--coverage wants Python 3.12 or newer; 3.11 hangs under a tracer", file=sys.stderr)
        return 2
    for older in ROOT.joinpath(".letitcrash").glob("coverage*"):
        older.unlink()
    # Under a tracer all takes several times as long; the limit of a test is for those that hang.
    pytest = [
        "-m",
        "pytest",
        "--timeout=600",
        *(arguments or (*DOCS, *OF_PROCESSES_AND_SUPERVISORS)),
    ]
    codes = [
        subprocess.run([sys.executable, "-m", "coverage", *each], cwd=ROOT, check=False).returncode
        for each in (["run", *pytest], ["combine", "--quiet"], ["report"])
    ]
    return next(filter(None, codes), 0)


def repeated(arguments: list[str]) -> int:
    times = arguments[0] if arguments else ""
    if not times.isdecimal() or int(times) == 0:
        print(f"--repeat {times or 'nothing'}: how often? A number from 1 on", file=sys.stderr)
        return 2
    failed = []
    for seed in random.sample(range(2**32), int(times)):
        print(f"== tests in order {seed}", flush=True)
        pytest = ["pytest", "-q", f"--randomly-seed={seed}", *arguments[1:]]
        if subprocess.run([sys.executable, "-m", *pytest], cwd=ROOT, check=False).returncode:
            failed.append(seed)
    print(f"== {int(times) - len(failed)} of {times} orders passed", *failed, flush=True)
    return int(bool(failed))


def main(arguments: list[str]) -> int:
    enter("dev")
    if arguments[:1] == ["--repeat"]:
        return repeated(arguments[1:])
    if "--coverage" in arguments:
        return covered([each for each in arguments if each != "--coverage"])
    if "--compiled" in arguments:
        return compiled([each for each in arguments if each != "--compiled"])
    if arguments[:1] == ["--long"]:
        long = [sys.executable, "-m", "tests.endurance", *arguments[1:]]
        return subprocess.run(long, cwd=ROOT, check=False).returncode
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    print("== tests", flush=True)
    # Handed on so that the closing lines, which people look at, tell of the earlier checks too.
    told = [f"--failed-check={name}" for name in failed]
    pytest = [sys.executable, "-m", "pytest", *told, *arguments]
    code = subprocess.run(pytest, cwd=ROOT, check=False).returncode
    return code or int(bool(failed))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
