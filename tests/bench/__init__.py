"""Speed and size as ratios, measured in one sitting beside a named reference.

    python3 -m tests.bench [NAME …] [--json FILE] [--against beam,pykka,asyncio,gevent,…]
                           [--form plain,compiled] [--rounds 5] [--short]

Each round runs every side once, each in a process of its own, one after the other; so a ratio is
taken between two runs that lie side by side on the same machine, and a machine that drifts drifts
for both. Below 1 we are faster or smaller. No test fails on a time.

Other libraries are measured as far as they are installed, which `pip install --group peers` does.

To add a measure, add a file `tests/bench/…_rows.py` with a tuple `ROWS` of `Measure`; it is found
by its name, and `tests/test_bench.py` runs it. References in Elixir stand in a script that takes
the measure's name and a scale and prints a number, such as `beam.exs`.
"""
