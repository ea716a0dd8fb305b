# `supervisor.py` is compiled as it is.
