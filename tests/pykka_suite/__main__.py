"""The command: ``python3 -m tests.pykka_suite [FOLDER] [arguments for pytest]``.

Runs pykka's own tests, unmodified, from a checkout or an unpacked source archive of it, on pykka's threads and on
lightweight processes. Without a folder the archive of the pinned version is downloaded once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.pykka_suite import fetched

INSIDE = Path(__file__).with_name("inside.py")


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments and not arguments[0].startswith("-") else None
    rest = arguments if folder is None else arguments[1:]
    checkout = folder if folder is not None else fetched()
    if checkout is None:
        print("pykka's source archive could not be downloaded; name a checkout", file=sys.stderr)
        return 2
    if not (checkout / "tests" / "conftest.py").is_file():
        print(f"{checkout} holds no tests of pykka", file=sys.stderr)
        return 2
    command = [sys.executable, str(INSIDE), str(checkout), *rest]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
