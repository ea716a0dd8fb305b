"""Play the long forms: ``python3 -m tests.endurance [NAME …] [--short]``; one table at the end.

Each case has an interpreter of its own, so that what one leaves behind is not counted for the next. The
exit code is 0 when nothing was lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tests.endurance import every_case
from tests.endurance.tally import Case, Tally

_STORIES = 20


@dataclass(frozen=True)
class Row:
    """One case, when it was played."""

    name: str
    tally: Tally
    seconds: float


def played(case: Case, size: int) -> Row:
    """Play a case in an interpreter of its own."""
    command = [sys.executable, "-m", "tests.endurance", "--alone", case.name, "--size", str(size)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    try:
        tally = Tally(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        # Its interpreter has died, or it raised: nothing of it can be said to have survived.
        tally = Tally(tried=1, lost=[f"exit code {done.returncode}: {done.stderr[-2000:]}"])
    return Row(case.name, tally, seconds)


def table(rows: list[Row]) -> Iterator[str]:
    width = max(len(row.name) for row in rows)
    yield f"{'case':<{width}} {'tried':>10} {'survived':>10} {'lost':>6} {'seconds':>8}"
    for row in rows:
        tally = row.tally
        counts = f"{tally.tried:>10,} {tally.survived:>10,} {len(tally.lost):>6,}"
        yield f"{row.name:<{width}} {counts} {row.seconds:>8.1f}"


def main(argv: list[str]) -> int:
    cases = {case.name: case for case in every_case()}
    options = ArgumentParser("python3 -m tests.endurance")
    options.add_argument("names", nargs="*", metavar="NAME", help="the cases to play; else all")
    options.add_argument("--short", action="store_true", help="play as little as the suite does")
    options.add_argument("--alone", choices=cases, help="play one here, and print what was counted")
    options.add_argument("--size", type=int, help="how often")
    asked = options.parse_args(argv)
    if asked.alone is not None:
        case = cases[asked.alone]
        print(json.dumps(asdict(case.run(asked.size or case.short))))
        return 0
    if unknown := set(asked.names) - set(cases):
        options.error(f"no case {min(unknown)!r}; there are: {', '.join(cases)}")
    rows = []
    for name in asked.names or cases:
        case = cases[name]
        print(f"{case.name}: {case.promise}", flush=True)
        size = asked.size or (case.short if asked.short else case.long)
        rows.append(played(case, size))
        for line in (*rows[-1].tally.lost[:_STORIES], *rows[-1].tally.notes):
            print(f"  {line}", flush=True)
    print("", *table(rows), sep="\n")
    return int(any(row.tally.lost for row in rows))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
