# How `messages.py` is laid out when it is compiled.
cimport cython

cdef class Down:
    cdef readonly object ref
    cdef readonly object process
    cdef readonly object reason

cdef class Exited:
    cdef readonly object pid
    cdef readonly object reason

cdef class TimedOut:
    cdef readonly object ref
    cdef readonly object message

cpdef reference_of(object message)
