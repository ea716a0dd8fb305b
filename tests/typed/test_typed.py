"""The types that users get: what both type checkers must accept and what they must refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
IGNORED = re.compile(r"  # type: ignore\[([\w, -]+)\]")
ACCEPTED = [
    HERE / "accepted.py",
    *sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_")),
]
REFUSED = (HERE / "refused.py").read_text(encoding="utf-8")


def marked(text: str) -> set[tuple[int, str]]:
    return {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for codes in IGNORED.findall(line)
        for code in codes.split(", ")
    }


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return the misuses without a word to the checkers."""
    copy = tmp_path / "refused_bare.py"
    copy.write_text(IGNORED.sub("", REFUSED), encoding="utf-8")
    return copy


def said(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_mypy_finds_users_types_and_refuses_misuses(bare: Path) -> None:
    pytest.importorskip("mypy", reason="type checkers are part of the checks, not of the suite")

    done = said(
        *(sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"),
        *map(str, [*ACCEPTED, bare]),
    )

    assert done.stderr == ""
    errors = re.findall(r"^(.*?):(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert {Path(file).name for file, _, _ in errors} == {bare.name}, done.stdout
    assert {(int(line), code) for _, line, code in errors} == marked(REFUSED)


def test_pyright_finds_users_types_and_refuses_misuses(bare: Path) -> None:
    pytest.importorskip("pyright", reason="type checkers are part of the checks, not of the suite")
    config = bare.with_name("pyrightconfig.json")
    files = [*map(str, ACCEPTED), str(bare)]
    rules = {"typeCheckingMode": "standard", "enableTypeIgnoreComments": False}
    config.write_text(
        json.dumps({"include": files, "extraPaths": [str(ROOT)], **rules}), encoding="utf-8"
    )

    done = said(
        *(sys.executable, "-m", "pyright", "--outputjson", "--project", str(config)),
        *("--pythonpath", sys.executable),
    )

    assert done.stdout.startswith("{"), done.stderr
    errors = json.loads(done.stdout)["generalDiagnostics"]
    places = {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in errors}
    assert {name for name, _ in places} == {bare.name}, errors
    assert {line for _, line in places} == {line for line, _ in marked(REFUSED)}
