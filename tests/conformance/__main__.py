"""Play twins and show what differs: `python3 -m tests.conformance [--real] [--seeds N] [NAME …]`.

`python3 -m tests.conformance --coverage` shows how many of the tests of OTP and Elixir have tests of ours.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from examples._setup import enter


def main(arguments: list[str]) -> int:
    enter("suite")
    from actors.testing import SeededChoice, VirtualClock
    from tests.conformance.play import compare, traces
    from tests.conformance.tables import totals

    parser = argparse.ArgumentParser(prog="python3 -m tests.conformance", description=__doc__)
    parser.add_argument("--real", action="store_true", help="let the time of the traces pass")
    parser.add_argument(
        "--seeds", type=int, default=0, metavar="N", help="also draw lots who runs next, N times"
    )
    parser.add_argument(
        "--coverage", action="store_true", help="count the tests of OTP and Elixir covered by ours"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="traces; all by default")
    options = parser.parse_args(arguments)
    if options.coverage:
        print(totals())
        return 0
    unknown = sorted(set(options.names) - set(traces()))
    if unknown:
        parser.error(f"no such trace: {', '.join(unknown)}; there are {', '.join(traces())}")
    names = options.names or traces()
    states: Counter[str] = Counter()
    for name in names:
        clock = None if options.real else VirtualClock()
        verdict = compare(name, clock)
        for seed in range(options.seeds):
            if verdict.state == "matched":
                clock = None if options.real else VirtualClock()
                verdict = compare(name, clock, SeededChoice(seed), f"seed {seed}")
        print(f"{verdict.state:>8}  {name}", flush=True)
        if verdict.diff:
            print(verdict.diff, flush=True)
        states[verdict.state] += 1
    print(f"{states['matched']} matched / {len(names)}")
    return int(states["differs"] > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
