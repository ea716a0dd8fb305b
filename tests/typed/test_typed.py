"""The types that users get: one run of mypy over what it must accept and what it must refuse."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
IGNORED = re.compile(r"  # type: ignore\[([\w-]+)\]")


def marked(text: str) -> set[tuple[int, str]]:
    return {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in IGNORED.findall(line)
    }


def test_users_types_are_found_and_misuses_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="type checkers are part of the checks, not of the suite")
    text = (HERE / "refused.py").read_text(encoding="utf-8")
    bare = tmp_path / "refused_bare.py"
    bare.write_text(IGNORED.sub("", text), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--hide-error-context",
    ]

    done = subprocess.run(
        [*command, str(HERE / "accepted.py"), str(bare)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    errors = re.findall(r"^(.*?):(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert {Path(file).name for file, _, _ in errors} == {bare.name}, done.stdout
    assert {(int(line), code) for _, line, code in errors} == marked(text)
