# How `_envelopes.py` is called when it is compiled.
cimport cython

cpdef tuple request_as_sent(object request)
