"""Speed and size as ratios, measured in one sitting beside a named reference.

    python3 -m tests.bench [NAME …] [--against beam,pykka] [--rounds 5] [--short] [--json FILE]

Each round runs every side once, each in a process of its own, one after the other; so a ratio is
taken between two runs that lie side by side on the same machine, and a machine that drifts drifts
for both. `ours` holds the measures, `pykka_side` and `beam.exs` the same ones for the references.
No test fails on a time.
"""
