"""pykka's own tests pass with our runtime as with its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pykka_suite import fetched

ROOT = Path(__file__).resolve().parent.parent


def suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.pykka_suite", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=80,
    )


def test_pykkas_own_tests_pass_on_processes() -> None:
    checkout = fetched()
    if checkout is None:
        pytest.skip("pykka's source archive cannot be downloaded here")

    run = suite(str(checkout), "-q", "-k", "process")

    assert run.returncode == 0, run.stdout[-4000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed is not None
    assert int(passed[1]) >= 100
    assert "skipped" not in run.stdout


def test_a_folder_without_pykkas_tests_is_refused(tmp_path: Path) -> None:
    run = suite(str(tmp_path))

    assert run.returncode == 2
    assert "holds no tests of pykka" in run.stderr
