"""Speed and size as ratios, measured in one sitting beside a named reference.

    python3 -m tests.bench [NAME …] [--json FILE] [--against beam,pykka,asyncio,gevent,…]
                           [--form plain,compiled] [--rounds 5] [--short]

Each round runs every side once, each in a process of its own, one after the other; so a ratio is
taken between two runs that lie side by side on the same machine, and a machine that drifts drifts
for both. Below 1 we are faster or smaller. No figure fails anything; the exit code is 1 when a run of our
own code gave none. A NAME may be a beginning: `isolation` is every measure that begins with `isolation_`.

It makes the environment that it needs, as the other commands do. Other libraries are measured as far as they are
installed, which `pip install --group dev --group peers` does, in an environment that is then taken as it is.

To add a measure, add a file `tests/bench/…_rows.py` with a tuple `ROWS` of `Measure`; it is found
by its name, and `tests/test_bench.py` runs it. References in Elixir stand in a script that takes
the measure's name and a scale and prints a number, such as `beam.exs`.
"""
