# `_intensity.py` is compiled as it is.
