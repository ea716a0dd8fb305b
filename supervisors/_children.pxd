# `_children.py` is compiled as it is.
