# How `_envelopes.py` is called when it is compiled.
cimport cython

@cython.locals(sent=tuple)
cpdef tuple request_as_sent(object request)
