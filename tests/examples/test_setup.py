"""The set-up, run in a copy of the checkout with an installer of its own and no network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from examples import _setup

ROOT = Path(__file__).resolve().parent.parent.parent

STARTER = """#!/bin/sh
exec '{python}' '{script}' "$@"
"""

INSTALLER = """
import pathlib, sys
if sys.argv[1:] == ["--version"]:
    sys.exit(0)
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
{then}
"""

HELD = """
if pathlib.Path({began!r}).exists():
    open({began!r}, "w").close()
    open({go!r}).close()
"""
"""Pipes: the installer's `began` meets the test's, then waits until the test opens `go`."""


class Checkout:
    """A copy of the checkout, in a folder with a space in its name, and a false `uv` on PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.log = folder / "installed"
        self.log.touch()
        self.began = folder / "began"
        self.go = folder / "go"
        self.tools = folder / "tools"
        self.tools.mkdir()
        shutil.copytree(ROOT / "examples", self.root / "examples")
        project = (ROOT / "pyproject.toml").read_text()
        # Whatever the Python of this machine has, it lacks something here.
        wanting = project.replace('core = ["', 'core = ["not-on-this-machine==1", "')
        (self.root / "pyproject.toml").write_text(wanting)
        (self.root / "examples" / "where.py").write_text(
            '"""Say where it runs."""\n'
            "import json, sys\n"
            "def main(argv):\n"
            "    print(json.dumps([sys.prefix, argv]))\n"
            "    return 7\n"
        )

    def installer(self, then: str) -> None:
        script = self.tools / "installer.py"
        script.write_text(INSTALLER.format(log=str(self.log), then=then))
        uv = self.tools / "uv"
        uv.write_text(STARTER.format(python=sys.executable, script=script))
        uv.chmod(0o755)

    def hold_installer(self) -> None:
        os.mkfifo(self.began)
        os.mkfifo(self.go)
        self.installer(HELD.format(began=str(self.began), go=str(self.go)))

    def wait_until_installing(self) -> None:
        self.began.open().close()
        self.began.unlink()

    def release_installer(self) -> None:
        self.go.open("w").close()

    def command(self, *arguments: str) -> list[str]:
        base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
        return [str(base), "-m", "examples", *arguments]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": str(self.tools), "PYTHONPATH": ""}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int | None, str, str]:
        return finish(self.start(*arguments))

    def ready(self) -> list[Path]:
        return list(self.root.glob(".letitcrash/*/ready"))

    def installs(self) -> list[str]:
        """List what was installed, the attempts to get the sample clips left out."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if "--target" not in line]


def finish(process: subprocess.Popen[str]) -> tuple[int | None, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_start_makes_an_environment_and_the_second_uses_it(checkout: Checkout) -> None:
    checkout.installer("")

    code, out, err = checkout.run("where", "--size", "a b")
    again = checkout.run("where")

    assert code == 7
    prefix, arguments = json.loads(out)
    assert Path(prefix).is_relative_to(checkout.root / ".letitcrash")
    assert arguments == ["--size", "a b"]
    assert err.count("setting up") == 1
    assert again == (7, json.dumps([prefix, []]) + "\n", "")
    assert len(checkout.installs()) == 1


def test_clips_that_cannot_be_had_are_told_once(checkout: Checkout) -> None:
    checkout.installer("")

    first = checkout.run("where")
    second = checkout.run("where")

    assert "no sample clips to be had" in first[2]
    assert second[2] == ""


def test_an_installer_that_fails_leaves_nothing_that_looks_ready(checkout: Checkout) -> None:
    checkout.installer('sys.exit("no route to the packages")')
    # pip would ask the network.
    (checkout.root / "pip.py").write_text("import sys; sys.exit('no network here')")
    (checkout.root / "ensurepip.py").write_text("import sys; sys.exit('no network here')")

    code, out, err = checkout.run("where")

    assert (code, out) == (1, "")
    assert "installing failed" in err
    assert "no network here" in err
    assert checkout.ready() == []


def test_a_python_without_pip_and_venv_is_told_the_line_that_helps(checkout: Checkout) -> None:
    hidden = "import sys; sys.modules['pip'] = None; sys.modules['ensurepip'] = None\n"
    (checkout.root / "ensurepip.py").write_text("raise ImportError")
    launcher = hidden + "from examples._setup import enter; enter('examples')"
    command = [checkout.command()[0], "-c", launcher]

    run = subprocess.run(
        command,
        cwd=checkout.root,
        env=checkout.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "apt-get install python3-venv" in run.stderr
    assert checkout.ready() == []


def test_an_interrupted_set_up_is_begun_anew(checkout: Checkout) -> None:
    checkout.hold_installer()
    interrupted = checkout.start("where")
    checkout.wait_until_installing()

    interrupted.send_signal(signal.SIGINT)
    code, _, err = finish(interrupted)

    assert code == 130
    assert "interrupted" in err
    assert checkout.ready() == []
    assert checkout.run("where")[0] == 7


def test_the_installer_of_a_killed_set_up_is_waited_for(checkout: Checkout) -> None:
    checkout.hold_installer()
    killed = checkout.start("where")
    checkout.wait_until_installing()

    killed.kill()
    next_start = checkout.start("where")

    assert next_start.stderr is not None
    assert "waiting for another set-up" in next_start.stderr.readline()
    checkout.release_installer()
    assert finish(next_start)[0] == 7
    assert len(checkout.installs()) == 2
    finish(killed)


def test_two_first_starts_at_the_same_time_install_once(checkout: Checkout) -> None:
    checkout.hold_installer()
    one = checkout.start("where", "one")
    checkout.wait_until_installing()
    two = checkout.start("where", "two")
    assert two.stderr is not None
    assert "waiting for another set-up" in two.stderr.readline()

    checkout.release_installer()

    assert [finish(one)[0], finish(two)[0]] == [7, 7]
    assert len(checkout.installs()) == 1


def test_what_was_needed_before_is_cleared_away(checkout: Checkout) -> None:
    checkout.installer("")
    checkout.run("where")
    [before] = checkout.ready()
    project = checkout.root / "pyproject.toml"
    project.write_text(project.read_text().replace("greenlet==", "greenlet==9."))

    checkout.run("where")

    assert len(checkout.ready()) == 1
    assert not before.exists()
    assert not (before.parent / "env").exists()


def test_listing_and_unknown_names_need_no_set_up(checkout: Checkout) -> None:
    code, out, _ = checkout.run()
    assert code == 0
    assert "where" in out
    assert "Say where it runs." in out

    code, out, err = checkout.run("nowhere")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "'nowhere'" in err
    assert not (checkout.root / ".letitcrash").exists()


def test_an_unknown_group_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"'nothing'; there are: .*examples"):
        _setup.enter("nothing")


@pytest.mark.parametrize(
    ("requirement", "version", "accepted"),
    [
        ("av>=14,<20", "18.1.0", True),
        ("av>=14,<20", "13.9", False),
        ("av>=14,<20", "20.0", False),
        ("numpy>=2.1", "2.10.0", True),
        ("ruff==0.17.6", "0.17.6", True),
        ("ruff==0.17.6", "0.17.60", False),
        ("pykka", "1", True),
    ],
)
def test_versions_are_judged_by_their_numbers(
    requirement: str, version: str, *, accepted: bool
) -> None:
    assert _setup._accepts(requirement, version) is accepted  # noqa: SLF001 - a pure rule
