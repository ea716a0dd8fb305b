"""The same in a fresh interpreter, where hashes are others and nothing is left of what ran before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["printed"]

ROOT = Path(__file__).resolve().parent.parent


def printed(room: str, function: str) -> str:
    """Call a function of a room without arguments in a fresh interpreter; return what it returns, as printed."""
    done = subprocess.run(
        [sys.executable, "-c", f"from {room} import {function}; print({function}())"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()
