"""pykka's own tests, unmodified, with lightweight processes as another of its runtimes.

    python3 -m tests.pykka_suite            # the source archive of the pinned version, downloaded once
    python3 -m tests.pykka_suite FOLDER     # a checkout

The tests are pykka's (Apache-2.0) and no part of this project; nothing of them is kept in it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

from examples._setup import ROOT

__all__ = ["fetched", "home", "pinned"]


def pinned() -> str:
    """Return the version of pykka that the project is checked with."""
    return metadata.version("pykka")


def home() -> Path:
    """Return where an archive that was downloaded is unpacked."""
    return ROOT / ".letitcrash" / f"pykka-{pinned()}"


def _pythons() -> list[str]:
    """Return the interpreter of this environment, which may have no pip, and the one below it."""
    base = (
        Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    )
    return [sys.executable, str(base)]


def _downloaded(python: str, wanted: list[str]) -> bool:
    command = [python, "-m", "pip", "download", "--quiet", *wanted]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def fetched() -> Path | None:
    """Return an unpacked archive of the pinned version, downloaded if need be; `None` if it cannot be."""
    if home().is_dir():
        return home()
    home().parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home().parent) as folder:
        wanted = ["--no-deps", "--no-binary", "pykka", f"pykka=={pinned()}", "--dest", folder]
        if not any(_downloaded(python, wanted) for python in _pythons()):
            return None
        [archive] = Path(folder).glob("pykka-*.tar.gz")
        with tarfile.open(archive) as tar:
            # Before 3.11.4 there is no filter; what is pinned is trusted that far.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)  # noqa: S202 - with the filter, where there is one
        # In one step: a run that is broken off leaves no half of it.
        (Path(folder) / home().name).rename(home())
    return home()
