from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """List the commands of the shell blocks, without comments."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.strip() and not line.startswith("#")]


def module_file(words: list[str]) -> Path | None:
    """Return the file that ``python3 -m MODULE [EXAMPLE]`` starts, None for other commands."""
    if "-m" not in words or words[words.index("-m") + 1] in {"pip", "venv"}:
        return None
    module, *rest = words[words.index("-m") + 1 :]
    folder = ROOT / module.replace(".", "/")
    if module == "examples" and rest and not rest[0].startswith("-"):
        folder = folder / rest[0]
    return folder / "__main__.py" if folder.is_dir() else folder.with_suffix(".py")


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("block", blocks("python"))
def test_every_python_block_runs(block: str) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("command", commands())
def test_every_command_starts_something_that_exists(command: str) -> None:
    file = module_file(shlex.split(command, comments=True))

    assert file is None or file.is_file()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_to_a_file(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_readme_names_both_commands() -> None:
    assert {"python3 -m examples smelter", "python3 -m tests"} <= {
        command.partition("  #")[0].strip() for command in commands()
    }
