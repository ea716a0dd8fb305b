"""Run every check: ``python3 -m tests [arguments for pytest]``.

``python3 -m tests --long [NAME …]`` plays the long forms of `tests.endurance` instead, and prints a table.

``python3 -m tests --compiled [arguments]`` compiles the hot rooms in a copy of the project, which wants a C
compiler, and runs the tests of processes and supervisors there.

Format, lint, types and tests are all run, whatever fails; the exit code is 0 when all passed.
"""

from __future__ import annotations

import os
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

IN_BOTH_FORMS = (
    "tests/actors",
    "tests/supervisors",
    "tests/conformance",
    "tests/interleavings",
    "tests/endurance",
    "tests/test_refusals.py",
)


def compiled(arguments: list[str]) -> int:
    print("== compiling", flush=True)
    compiling = [sys.executable, ".ci/compile.py", str(COPY)]
    if subprocess.run(compiling, cwd=ROOT, check=False).returncode:
        return 1
    print("== tests of the compiled form", flush=True)
    pytest = [sys.executable, "-m", "pytest", *(arguments or IN_BOTH_FORMS)]
    environment = {**os.environ, "PYTHONPATH": str(COPY)}
    return subprocess.run(pytest, cwd=COPY, env=environment, check=False).returncode


def main(arguments: list[str]) -> int:
    enter("dev")
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
