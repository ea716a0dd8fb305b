"""`python3 -m tests.bench`: make sure of what it needs, then run the command; see the package for what it does."""

from __future__ import annotations

import sys

from examples._setup import enter

if __name__ == "__main__":
    enter("dev")
    # Only now is there certainly what the measures import.
    from tests.bench.command import main

    sys.exit(main(sys.argv[1:]))
