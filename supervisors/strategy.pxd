# `strategy.py` is compiled as it is.
