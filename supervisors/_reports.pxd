# `_reports.py` is compiled as it is.
