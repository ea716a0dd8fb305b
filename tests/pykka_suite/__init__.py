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


def fetched() -> Path | None:
    """Return an unpacked archive of the pinned version, downloaded if need be; `None` if it cannot be."""
    if home().is_dir():
        return home()
    home().parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home().parent) as folder:
        wanted = ["--no-deps", "--no-binary", ":all:", f"pykka=={pinned()}", "--dest", folder]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *wanted]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        [archive] = Path(folder).glob("pykka-*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        # In one step: a run that is broken off leaves no half of it.
        (Path(folder) / home().name).rename(home())
    return home()
