# How `_startable.py` is called, and calls others, when it is compiled.
from actors._behaviour cimport StartOptions, start
from actors.process cimport are_shared

cpdef tuple _given(tuple args, dict kwargs)

cpdef StartOptions _named(StartOptions usual, object name, object timeout)
