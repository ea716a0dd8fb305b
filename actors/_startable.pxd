# `_startable.py` is compiled as it is.
