from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from examples.__main__ import sources
from tests.conformance.guide import renewed

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "examples/README.md", "examples/smelter/API.md")
README, GUIDE, _ = TEXTS = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]


def blocks(language: str) -> list[str]:
    fences = re.compile(rf"^```{language}\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
    return [block for text in TEXTS for block in fences.findall(text)]


def anchors(text: str) -> set[str]:
    """Return where a link into a page may lead: its headings, as they are written in links."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


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
    assert len(README.splitlines()) <= 200


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


def links() -> list[tuple[str, str]]:
    pages = zip(PAGES, TEXTS, strict=True)
    return sorted(
        {(page, to) for page, text in pages for to in re.findall(r"\]\(([^):]+)\)", text)}
    )


@pytest.mark.parametrize(("page", "link"), links())
def test_every_link_leads_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page

    assert target.exists()
    assert not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


def test_every_example_is_on_the_map_and_in_the_guide() -> None:
    examples = sources()

    assert [name for name in examples if f"](examples/{name}" not in README] == []
    assert [name for name in examples if f"`{name}`" not in GUIDE] == []


def test_the_guide_has_them_run_in_the_order_of_the_list() -> None:
    paragraphs = re.findall(r"^Run: (.*?)\n\n", GUIDE, flags=re.DOTALL | re.MULTILINE)
    named = [name for each in paragraphs for name in re.findall(r"`(\w+)`", each)]

    assert [name for name in named if name in sources()] == list(sources())


def test_the_table_of_twins_is_the_one_that_is_tested() -> None:
    assert renewed(GUIDE) == GUIDE, "python3 -m tests.conformance.guide writes it anew"


def test_a_twin_that_is_missing_in_the_guide_is_found_out() -> None:
    assert renewed(GUIDE.replace("`actors.GenServer.call`", "`actors.GenServer.ask`")) == GUIDE


def test_the_readme_names_both_commands() -> None:
    assert {"python3 -m examples smelter", "python3 -m tests"} <= {
        command.partition("  #")[0].strip() for command in commands()
    }
