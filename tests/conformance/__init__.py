"""The twins of traces recorded on the real BEAM: the same scenarios, the same bytes.

`traces/NAME.exs` is a scenario in Elixir, `traces/NAME.expected` what it printed on Elixir 1.14 with OTP 25,
`traces/NAME.py` the same scenario in Python. `python3 -m tests.conformance [NAME …]` plays twins and shows what
differs; `traces/record.sh` plays the originals.

`play` sets the stage, has a twin played and compares; a twin speaks with the words of `support`, `srv` and `kid`;
`differences` says which recorded lines Python or a newer OTP changes, and why.

`coverage/` maps the tests of the real suites, `functions/` the functions of the real modules, each to ours or to a
reason; `tables`, `test_coverage` and `test_functions` check these.

Source: https://www.erlang.org/doc/system/ref_man_processes.html
"""
