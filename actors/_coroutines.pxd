# How `_coroutines.py` is called when it is compiled.
cimport cython

cpdef settled(object outcome)
