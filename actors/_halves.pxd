# How `_halves.py` is laid out when it is compiled.
cimport cython
from actors cimport _behaviour

cdef class _Half:
    cdef dict __dict__
    cdef public object method
    cdef public object name
    cdef public object _signature
    cdef public tuple bare
    cdef public tuple told
    cdef public Py_ssize_t _least
    cdef public Py_ssize_t _most

    cpdef ask(self, tuple args, dict kwargs)

@cython.final
cdef class call(_Half):
    cdef public object _client

@cython.final
cdef class cast(_Half):
    cdef public object _sender

@cython.final
cdef class Client:
    cdef dict __dict__
    cdef public _Half _half
    cdef public object _timeout

@cython.final
cdef class Sender:
    cdef dict __dict__
    cdef public _Half _half
